"""Tables: Slack's own block, and the same in characters of one width for where it is refused.

Whatever comes in, what comes out is within Slack's limits; where something had to be left out, it says so.
https://docs.slack.dev/reference/block-kit/blocks/data-table-block
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

from bot.views.parts import TEXT, Block, fit, one_line, verbatim

ROWS, COLUMNS, CHARACTERS, CAPTION = 100, 20, 10_000, 200
WIDTHS = (120, 80, 60, 48, 40, 32, 28, 24, 20, 16, 14, 12)  # of a cell in a native table: the first that fits
NARROW = (32, 24, 16, 10, 6)  # the same in characters
WHOLE, PAGE = 25, 10  # rows: up to how many all are shown, and how many at once where there are more
NONE = "–"


@dataclass(frozen=True)
class Column:
    """A column by its title; `right` for numbers."""

    title: str
    right: bool = False


@dataclass(frozen=True)
class Amount:
    """A cell that is read as `text` and sorted by `value`."""

    value: float
    text: str


Cell = str | Amount
Rows = Sequence[Sequence[Cell]]


def table(caption: str, columns: Sequence[Column], rows: Rows, *, characters: int = CHARACTERS) -> Block:
    """Slack's own table, which its reader can sort, and page through.

    `characters` is what all its cells may hold: all tables of a message together may hold 10,000.
    """
    head, body = _grid(columns, rows)
    shown = _cut(head, body, widths=WIDTHS, most=characters)
    left = len(rows) - len(shown) + 1
    told = f" (the first {len(shown) - 1} of {len(rows)} rows)" if rows and left else ""
    return {
        "type": "data_table",
        "caption": one_line(caption, CAPTION) + told,
        "page_size": len(shown) - 1 if len(shown) <= WHOLE + 1 else PAGE,
        "rows": [[_native(cell) for cell in row] for row in shown],
    }


def text_table(columns: Sequence[Column], rows: Rows, *, characters: int = TEXT) -> Block:
    """The same table in characters of one width, cut to `characters`."""
    head, body = _grid(columns, rows)
    for width in NARROW:
        every = list(_aligned([head, *body], columns, width))
        if len("\n".join(every)) <= characters:
            break
    said = len(rows)
    while len(every) > 1 and len("\n".join([*every, _more(said - len(every) + 1)])) > characters:
        every.pop()
    left = said - (len(every) - 1)
    return verbatim("\n".join([*every, *([_more(left)] if rows and left > 0 else [])]))


def width(text: str) -> int:
    """How many places the text takes where all characters are as wide: East Asian ones take two, marks none."""
    return len(text) if text.isascii() else sum(map(_places, text))


@lru_cache(4096)
def _places(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def pad(text: str, places: int, *, right: bool = False) -> str:
    """The text in so many places; what is longer is cut."""
    if width(text) > places:
        text = _clipped(text, places - 1) + "…"
    room = " " * (places - width(text))
    return room + text if right else text + room


def _clipped(text: str, places: int) -> str:
    taken = 0
    for at, char in enumerate(text):
        taken += _places(char)
        if taken > places:
            return text[:at]
    return text


def _grid(columns: Sequence[Column], rows: Rows) -> tuple[list[Cell], list[list[Cell]]]:
    """The heads, and rows of as many cells each; what Slack does not take in number is gone."""
    heads: list[Cell] = [_clean(c.title) for c in columns[:COLUMNS]] or [NONE]
    wide = len(heads)
    body = [[*map(_clean, row[:wide]), *[NONE] * (wide - len(row))] for row in rows[:ROWS]]
    return heads, body or [[NONE] * wide]


def _clean(cell: Cell) -> Cell:
    if isinstance(cell, Amount):
        return Amount(cell.value, _words(cell.text)) if isfinite(cell.value) else _words(cell.text)
    return _words(cell)


def _words(text: str) -> str:
    """On one line, without the room around it; no cell may be empty."""
    return " ".join(one_line(text).split()) or NONE


def _cut(head: list[Cell], body: list[list[Cell]], *, widths: Sequence[int], most: int) -> list[list[Cell]]:
    """The table with cells of the first width at which it fits, and fewer rows when none does."""
    for limit in widths:
        shown = [[_fitted(cell, limit) for cell in row] for row in [head, *body]]
        if _characters(shown) <= most:
            return shown
    while _characters(shown) > most and len(shown) > 2:
        shown.pop()
    return shown


def _fitted(cell: Cell, limit: int) -> Cell:
    return fit(cell, limit) if isinstance(cell, str) else Amount(cell.value, fit(cell.text, limit))


def _characters(rows: Sequence[Sequence[Cell]]) -> int:
    return sum(len(_said(cell)) for row in rows for cell in row)


def _said(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell.text


def _native(cell: Cell) -> Block:
    if isinstance(cell, str):
        return {"type": "raw_text", "text": cell}
    return {"type": "raw_number", "value": cell.value, "text": cell.text}


def _aligned(rows: Sequence[Sequence[Cell]], columns: Sequence[Column], most: int) -> Iterator[str]:
    """Each row as a line, with cells of at most that many places."""
    said = [[_said(cell) for cell in row] for row in rows]
    widths = [min(most, max(map(width, column))) for column in zip(*said, strict=True)]
    right = [c.right for c in columns[: len(widths)]] or [False]
    for row in said:
        cells = [pad(text, wide, right=to) for text, wide, to in zip(row, widths, right, strict=True)]
        yield "  ".join(cells).rstrip()


def _more(left: int) -> str:
    return f"… and {left} more {'row' if left == 1 else 'rows'}"
