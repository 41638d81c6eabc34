"""CSV that a spreadsheet opens without running, rounding or splitting anything in it, and a program reads again. Pure.

https://owasp.org/www-community/attacks/CSV_Injection: a cell that begins with = + - @, a tab or a line break may be run
as a formula, so it gets an apostrophe in front. A spreadsheet set to semicolons (Europe) splits our lines at other
places than we do, so what stands behind a semicolon, a tab or a line break inside of a cell is looked at as well.

Numbers of SIMs are text and get the apostrophe too: Excel shows 8949212600000000001 as 8.94921E+18 and forgets the last
digits when it saves. The apostrophe is the one way that holds in every spreadsheet, needs no formula (="8949…" is one)
and can be seen; `read_cell` takes it away again, so a file of ours may be given back to simops as it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

HEAD = "\ufeff"  # a byte order mark: without one Excel takes UTF-8 for the code page of the country
SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # the last four are their full-width forms, which some programs narrow
# What Excel reads as a number and writes differently: more than 11 digits, zeros in front, an E among digits.
CHANGED = r"(?:[0-9]{12,}|0[0-9]+|[0-9]+[eE][0-9]+)\s*\Z"
# At the beginning of a cell, and behind what others split at; spaces, quotes and apostrophes in front hide nothing.
FIRST = rf"(?=[\s\"']*(?:{CHANGED}|[{SIGNS}])|'*[\t\r\n])"
# It looks no further than to the next place where others split, so that a line takes time in proportion.
LATER = rf"(?=(?:[^\S\t\r\n]|[\"'])*[{SIGNS}])"
TO_GUARD = re.compile(rf"\A{FIRST}|(?<=[;\t\r\n]){LATER}")
GUARDED = re.compile(rf"\A'{FIRST}|(?<=[;\t\r\n])'{LATER}")
UNWRITABLE = re.compile("[\x00\ud800-\udfff]")  # no UTF-8 holds halves of characters, and few programs a zero byte


class _Echo:
    """What csv.writer writes to; it gives the line back instead."""

    def write(self, line: str) -> str:
        return line


def csv_line(cells: Sequence[object]) -> str:
    """One line with its line end (RFC 4180). Text is made harmless; numbers stay numbers; `None` is an empty cell;
    times are written in UTC, like 2026-11-22T08:30:00Z.
    """
    return str(csv.writer(_Echo()).writerow([_cell(cell) for cell in cells]))


def csv_lines(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A whole file, line by line, to be written as UTF-8 with `newline=""`."""
    yield HEAD + csv_line(titles)
    yield from map(csv_line, rows)


def read_cell(cell: str) -> str:
    """The text that `csv_line` was given, for a text cell of a file of ours; other cells stay as they are."""
    return GUARDED.sub("", cell)


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return TO_GUARD.sub("'", UNWRITABLE.sub("\ufffd", str(value)))
