"""Reading a list of SIMs out of what somebody gives: a pasted text, or a file, whatever it turns out to be. Pure.

What comes back is a stream; the whole list is never in memory. Nothing in it is guessed: what cannot be read for sure
ends the reading with an explanation.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from bot.rules.contents import Content, content_of, encoding_of
from bot.rules.lists import LONGEST_LINE, Line, checked, lines_of_rows, lines_of_text
from bot.rules.workbooks import rows_of_workbook


def read_paste(text: str) -> Iterator[Line]:
    """The lines of a pasted text: numbers with whatever between them, labels, or a table. Raises BadInput."""
    return lines_of_text(io.StringIO(text.removeprefix("\ufeff"), newline=None))


def read_file(file: BinaryIO) -> Iterator[Line]:
    """The lines of a CSV, of another text, or of an Excel workbook. Raises BadInput, also while it is read."""
    if content_of(file) is Content.WORKBOOK:
        return checked(lines_of_rows(rows_of_workbook(file)))
    return lines_of_text(_text_lines(file))


def _text_lines(file: BinaryIO) -> Iterator[str]:
    text = io.TextIOWrapper(file, encoding_of(file), errors="replace", newline=None)
    try:
        first = True
        while line := text.readline(LONGEST_LINE + 1):
            yield line.removeprefix("\ufeff") if first else line
            first = False
    finally:
        text.detach()  # the file is whoever's who opened it
