"""Pages of SIMs whose rows are read only where that is needed: one that is known, and the same as before, says nothing
new. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import msgspec

from bot.rules.calm import mark_of
from bot.rules.sims import Sim
from bot.smarthub.contract import Contract
from bot.smarthub.paging import Page, Skipped, carefully
from bot.smarthub.structs import plain_reader
from bot.smarthub.wire import Rows, Unreadable, no_matter


@dataclass(frozen=True)
class RowPage:
    """A page as it came. `giccids` says of each row whose it is, `marks` what the rows are known by, by giccid: `None`,
    or none, where that cannot be said without reading them."""

    number: int
    rows: Sequence[object]  # msgspec.Raw, or what JSON has where the answer could not be cut
    giccids: Sequence[str | None]
    marks: Mapping[str, int]

    def without(self, known: Container[str]) -> RowPage:
        """The rows of all others."""
        both = zip(self.giccids, self.rows, strict=True)
        left = [(giccid, row) for giccid, row in both if giccid is None or giccid not in known]
        return replace(self, giccids=[giccid for giccid, _ in left], rows=[row for _, row in left])

    def part(self, first: int, count: int) -> RowPage:
        """So many of the rows, from this one on."""
        some = slice(first, first + count)
        return replace(self, giccids=self.giccids[some], rows=self.rows[some])


@dataclass(frozen=True)
class Read:
    """What was read of a page, and the marks of those whose rows are just as we expect them."""

    page: Page
    marks: Mapping[str, int]


def cut(rows: Rows, number: int, contract: Contract, *, salt: bytes) -> RowPage:
    """The page with its marks. A SIM that stands in it twice has none."""
    number_of = _number_reader(contract.keys("sim", "giccid")[0])
    giccids = [number_of(row) if isinstance(row, msgspec.Raw) else None for row in rows.rows]
    marks: dict[str, int] = {}
    twice: set[str] = set()
    for giccid, row in zip(giccids, rows.rows, strict=True):
        if giccid is None or not isinstance(row, msgspec.Raw):
            continue
        if giccid in marks:
            twice.add(giccid)
        marks[giccid] = mark_of(row, salt)
    return RowPage(number, rows.rows, giccids, {g: mark for g, mark in marks.items() if g not in twice})


def read(
    page: RowPage,
    contract: Contract,
    *,
    unreadable: Unreadable = no_matter,
    skipped: Skipped | None = None,
) -> Read:
    """The page with its rows read. A row that cannot be read is counted and left out.

    `unreadable` is told of each field that cannot be read, `skipped` the number of each SIM that is left out, and why.
    """
    found: list[Sim] = []
    marks: dict[str, int] = {}
    plain = plain_reader(contract)
    for giccid, row in zip(page.giccids, page.rows, strict=True):
        sim = plain(row)
        if sim is not None and sim.giccid == giccid and giccid in page.marks:
            marks[giccid] = page.marks[giccid]
        sim = sim or carefully(row, contract, unreadable=unreadable, skipped=skipped)
        if sim is not None:
            found.append(sim)
    return Read(Page(page.number, tuple(found), skipped=len(page.rows) - len(found)), marks)


@lru_cache(maxsize=8)
def _number_reader(key: str) -> Callable[[bytes], str | None]:
    """Takes the number of a SIM out of its row, and nothing else."""
    only: type[Any] = msgspec.defstruct("Only", [("giccid", str)], rename={"giccid": key})  # Any: a type made just now
    decoder = msgspec.json.Decoder(only)

    def number_of(row: bytes) -> str | None:
        try:
            return str(decoder.decode(row).giccid)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None

    return number_of
