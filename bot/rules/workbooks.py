"""An Excel workbook (.xlsx) as rows of text: a stream from a file that is bounded before it is unpacked. Pure.

Read by the parser alone and never as a tree, so that it costs little memory whatever is in it.
https://learn.microsoft.com/office/open-xml/spreadsheet/structure-of-a-spreadsheetml-document
"""

from __future__ import annotations

import posixpath
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, NoReturn
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile
from zlib import error as BadData  # noqa: N812 - its name in zlib says nothing

from bot.errors import BadInput
from bot.rules.contents import SEND
from bot.rules.lists import LONGEST_LINE, Row, unreadable_line

MOST_UNPACKED_MB = 256
MOST_SHARED_MB = 32  # of the texts that all sheets share, which have to be in memory
MOST_PARTS = 2000
MOST_DIRECTORY = 1 << 20  # bytes of the list of parts
MOST_COLUMNS = 500
MOST_ROWS = 1_048_576  # of a sheet in Excel
MOST_DEPTH = 100  # of elements in one another
EXACT_DIGITS = 15  # what a number in Excel holds
PIECE = 1 << 16
WORKBOOK, SHARED = "xl/workbook.xml", "xl/sharedStrings.xml"
LINKS = "xl/_rels/workbook.xml.rels"
OTHERS = (
    ("xl/workbook.bin", "an Excel workbook in the binary form (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint file"),
    ("content.xml", "an OpenDocument file"),
)
# What a broken or hostile workbook makes of the libraries that read it.
BROKEN = (
    BadZipFile, BadData, struct.error, expat.ExpatError, LookupError, ValueError, EOFError, NotImplementedError,
    RuntimeError,
)  # fmt: skip
END = re.compile(rb"PK\x05\x06.{8}(.{4})", re.DOTALL)  # the end of a ZIP file, with the size of its list of parts
PLACE = re.compile("([A-Z]{1,3})[0-9]+")

Attributes = Mapping[str, str]


def rows_of_workbook(file: BinaryIO) -> Iterator[Row]:
    """The rows of the first sheet to be seen that holds something. Raises BadInput for what is no workbook, one that
    is broken or unpacks to more than is bearable, and one in which rows are hidden.
    """
    try:
        _bound_directory(file)
        with ZipFile(file) as packed:
            _bound(packed)
            texts = _shared_texts(packed)
            for sheet in _sheets(packed):
                count = 0
                for row in _rows(packed, sheet, texts):
                    count += 1
                    yield row
                if count:
                    return
    except BROKEN as exc:
        raise _broken() from exc


def _broken() -> BadInput:
    return BadInput(f"This Excel workbook is broken and cannot be read. Save it once more, or as CSV. {SEND}")


# --- before anything is unpacked ---------------------------------------------------------------------------------


def _bound_directory(file: BinaryIO) -> None:
    """Looks at how long the list of parts is: zipfile reads it whole."""
    file.seek(0, 2)
    file.seek(max(0, file.tell() - PIECE))
    found = END.findall(file.read())
    if not found:
        raise _broken()
    if int.from_bytes(found[-1], "little") > MOST_DIRECTORY:
        raise BadInput(f"This workbook has more parts than are read here. Save the sheet with the list as CSV. {SEND}")


def _bound(packed: ZipFile) -> None:
    """Looks at what the parts say they unpack to; zipfile gives no more of a part than that, whatever is in it."""
    parts = {part.filename: part.file_size for part in packed.infolist()}
    if WORKBOOK not in parts:
        what = next((words for name, words in OTHERS if name in parts), "a packed file (ZIP) and no Excel workbook")
        raise BadInput(f"This file is {what}, which cannot be read here. {SEND}")
    unpacked, shared = sum(parts.values()) / 2**20, parts.get(SHARED, 0) / 2**20
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED_MB or shared > MOST_SHARED_MB:
        raise BadInput(
            f"This workbook unpacks to {unpacked:,.0f} MB in {len(parts):,} parts, more than is read here "
            f"({MOST_UNPACKED_MB} MB, {MOST_SHARED_MB} MB of them texts). Save the sheet with the list as CSV."
        )


# --- its parts ---------------------------------------------------------------------------------------------------


def _sheets(packed: ZipFile) -> list[str]:
    """The parts with the sheets that can be seen, in their order."""
    targets: dict[str, str] = {}

    def link(name: str, given: Attributes) -> None:
        if name == "Relationship" and given.get("Type", "").endswith("/worksheet"):
            targets[given["Id"]] = posixpath.normpath(posixpath.join("/xl", given["Target"])).lstrip("/")

    wanted: list[str] = []

    def sheet(name: str, given: Attributes) -> None:
        if name == "sheet" and not given.get("state", "").lower().endswith("hidden"):
            wanted.append(next((value for key, value in given.items() if _local(key) == "id"), ""))

    for part, start in ((LINKS, link), (WORKBOOK, sheet)):
        for _ in _parsed(packed, part, start=start):
            pass
    return [targets[one] for one in wanted if one in targets]


def _shared_texts(packed: ZipFile) -> list[str]:
    """The texts that cells name by their number. Those beside them that say how a word is read aloud are left out."""
    if SHARED not in packed.namelist():
        return []
    texts: list[str] = []
    pieces: list[str] = []
    inside: list[str] = []

    def start(name: str, _: Attributes) -> None:
        _deeper(inside, name)

    def said(text: str) -> None:
        if inside[-1] == "t" and "rPh" not in inside:
            pieces.append(text)

    def end(name: str) -> None:
        inside.pop()
        if name == "si":
            texts.append("".join(pieces))
            pieces.clear()

    for _ in _parsed(packed, SHARED, start=start, said=said, end=end):
        pass
    return texts


def _rows(packed: ZipFile, part: str, texts: Sequence[str]) -> Iterator[Row]:
    """The rows of a sheet that hold something, each with its number."""
    sheet = _Sheet(texts)
    for _ in _parsed(packed, part, start=sheet.start, said=sheet.said, end=sheet.end):
        yield from sheet.taken()
    yield from sheet.taken()


@dataclass
class _Cell:
    """A cell that is being read: its column from 0, and the kind of what it holds."""

    at: int
    kind: str
    text: str = ""


class _Sheet:
    """What the parser tells of a sheet, put together as rows."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._rows: list[Row] = []
        self._number = 0
        self._hidden = False
        self._next = 0  # the column of a cell that does not name its own
        self._cells: dict[int, str] = {}
        self._cell: _Cell | None = None
        self._inside: list[str] = []

    def taken(self) -> list[Row]:
        """The rows that have come since this was asked last."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, given: Attributes) -> None:
        """An element begins."""
        _deeper(self._inside, name)
        if name == "row":
            self._row(given)
        elif name == "c":
            named = PLACE.fullmatch(given.get("r", ""))
            at = self._next if named is None else _column(named[1])
            self._next = at + 1
            self._cell = _Cell(at, given.get("t", "n"))

    def said(self, text: str) -> None:
        """Text inside of it: in `v`, or in the `t` of a text that is written in the cell itself."""
        if self._cell is not None and self._inside[-1] in ("v", "t") and "rPh" not in self._inside:
            self._cell.text += text
            if len(self._cell.text) > LONGEST_LINE:
                raise self._too_long()

    def end(self, name: str) -> None:
        """An element ends."""
        self._inside.pop()
        if name == "c" and self._cell is not None:
            if self._cell.text and self._cell.at < MOST_COLUMNS:
                self._cells[self._cell.at] = self._read(self._cell)
            self._cell = None
        elif name == "row" and self._cells:
            self._finish()

    def _row(self, given: Attributes) -> None:
        self._number = int(given.get("r", self._number + 1))
        self._hidden = given.get("hidden", "0") in ("1", "true")
        self._next, self._cells = 0, {}
        if not 0 < self._number <= MOST_ROWS:
            raise _broken()

    def _finish(self) -> None:
        if self._hidden:
            raise BadInput(
                f"Row {self._number:,} of this workbook is hidden, by a filter or by hand, and nobody can tell whether "
                f"its SIM is meant. Show all rows, or copy those that are meant into a new workbook. Nothing of this "
                f"list is used."
            )
        if sum(map(len, self._cells.values())) > LONGEST_LINE:
            raise self._too_long()
        self._rows.append((self._number, [self._cells.get(at, "") for at in range(max(self._cells) + 1)]))

    def _too_long(self) -> BadInput:
        why = f"it has more than {LONGEST_LINE:,} characters, the most of a line here."
        return unreadable_line(self._number, why)

    def _read(self, cell: _Cell) -> str:
        if cell.kind == "s":
            return self._texts[int(cell.text)]
        return as_shown(cell.text) if cell.kind == "n" else cell.text


def as_shown(number: str) -> str:
    """A number as text. One with more digits than Excel keeps is written as Excel shows it: 8.98603E+19."""
    if number.isascii() and number.isdecimal() and len(number) <= EXACT_DIGITS:  # as nearly all are
        return number
    value = float(number)
    if abs(value) >= 10**EXACT_DIGITS:
        return f"{value:.5E}"
    return str(int(value)) if value == int(value) else repr(value)


# --- parsing -----------------------------------------------------------------------------------------------------


def _parsed(
    packed: ZipFile,
    part: str,
    *,
    start: Callable[[str, Attributes], None],
    said: Callable[[str], None] | None = None,
    end: Callable[[str], None] | None = None,
) -> Iterable[None]:
    """Has the part parsed, a piece at each step; elements are told by their names without what they belong to."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, given: start(_local(name), given)
    if said is not None:
        parser.CharacterDataHandler = said
    if end is not None:
        parser.EndElementHandler = lambda name: end(_local(name))
    parser.StartDoctypeDeclHandler = _refuse_doctype
    with packed.open(part) as content:
        while piece := content.read(PIECE):
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)


def _deeper(inside: list[str], name: str) -> None:
    inside.append(name)
    if len(inside) > MOST_DEPTH:
        raise _broken()


def _refuse_doctype(*_: object) -> NoReturn:
    """No workbook has one, and entities of all sizes could be defined in it."""
    raise _broken()


@lru_cache(maxsize=1000)
def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _column(letters: str) -> int:
    at = 0
    for letter in letters:
        at = at * 26 + ord(letter) - ord("A") + 1
    return at - 1
