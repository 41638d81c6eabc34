"""Where the next page of a list is: by SmartHub's link, else by counting, until there is no more. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from bot.errors import ProviderError
from bot.rules.changes import Change
from bot.rules.sims import Sim
from bot.smarthub.contract import Contract
from bot.smarthub.sims import number_in, read_change, read_sim, same_sim
from bot.smarthub.structs import plain_reader
from bot.smarthub.wire import Rows, Unreadable, no_matter, read_json

Skipped = Callable[[str | None, ProviderError], None]


@dataclass(frozen=True)
class Page:
    """One page of SIMs. `number` counts from 1; `skipped` rows could not be read and are in `sims` no more."""

    number: int
    sims: tuple[Sim, ...]
    skipped: int = 0


@dataclass(frozen=True)
class LogPage:
    """One page of the change log. `skipped` rows could not be read, or are about another SIM than was asked for."""

    number: int
    changes: tuple[Change, ...]
    skipped: int = 0


@dataclass(frozen=True)
class Place:
    """Where a page is: its number, and the address SmartHub gave for it, where it gave one."""

    number: int
    link: str | None = None


class Pager:
    """Goes from page to page; holds one page's rows at a time, to see when SmartHub repeats itself."""

    def __init__(self, *, page_size: int, max_pages: int, first: int = 1) -> None:
        self._asked = page_size
        self._max = max_pages
        self._before: Sequence[object] | None = None
        self._links = False
        self._most = 0
        self._seen = (first - 1) * page_size

    def ahead(self, here: Place, rows: Rows, *, link: str | None, most: int) -> range:
        """The numbers of the pages behind this one that are certain to be there, `most` of them at most; none where
        SmartHub does not count its rows, or links to the next page."""
        if link is not None or rows.total is None or here.link is not None or len(rows.rows) < self._asked:
            return range(0)
        last = min(-(-rows.total // self._asked), self._max)
        return range(here.number + 1, min(here.number + most, last) + 1)

    def is_new(self, rows: Rows) -> bool:
        """Whether these rows are another page than the one before."""
        new = rows.rows != self._before
        self._before = rows.rows
        return new

    def after(self, here: Place, rows: Rows, *, link: str | None) -> Place | None:
        """The place of the next page, `None` when this was the last. Raises ProviderError past the allowed pages."""
        self._seen += len(rows.rows)
        self._links = self._links or link is not None
        more = link is not None if self._links else self._is_full(rows)
        self._most = max(self._most, len(rows.rows))
        if not more:
            return None
        if here.number >= self._max:
            raise ProviderError(f"SmartHub's list has more than {self._max} pages; that cannot be right.")
        return Place(here.number + 1, link)

    def _is_full(self, rows: Rows) -> bool:
        """Whether more may follow. SmartHub may put fewer rows on a page than we ask for: few alone say little."""
        have = len(rows.rows)
        if have == 0 or have < self._most:
            return False
        complete = rows.total is not None and self._seen >= rows.total
        return have >= self._asked or not (complete or rows.page_size == self._asked)


def read_page(
    rows: Rows,
    number: int,
    contract: Contract,
    *,
    unreadable: Unreadable = no_matter,
    skipped: Skipped | None = None,
) -> Page:
    """A page of SIMs; a row that cannot be read is counted and left out, so that one bad row does not hide the rest.

    `unreadable` is told of each field that cannot be read, `skipped` the number of each SIM that is left out, and why.
    """
    plain = plain_reader(contract)
    read = (plain(row) or carefully(row, contract, unreadable=unreadable, skipped=skipped) for row in rows.rows)
    found = tuple(sim for sim in read if sim is not None)
    return Page(number, found, skipped=len(rows.rows) - len(found))


def carefully(
    row: object, contract: Contract, *, unreadable: Unreadable = no_matter, skipped: Skipped | None = None
) -> Sim | None:
    """The SIM in a row that is not just as we expect it, field by field; `None`, of which `skipped` is told, where it
    cannot be read."""
    value: object = None
    try:
        value = read_json(bytes(row)) if isinstance(row, msgspec.Raw) else row
        return read_sim(value, contract, keep_raw=False, unreadable=unreadable)
    except ProviderError as error:
        if skipped is not None:
            skipped(number_in(value, contract), error)
        return None


def read_log_page(rows: Rows, number: int, contract: Contract, *, giccid: str | None) -> LogPage:
    """A page of the change log. What is about another SIM than `giccid` is left out too: the filter may be ignored."""
    found: list[Change] = []
    for row in rows.rows:
        try:
            found.append(read_change(row, contract))
        except ProviderError:
            continue
    ours = [c for c in found if giccid is None or c.giccid is None or same_sim(c.giccid, giccid)]
    return LogPage(number, tuple(ours), skipped=len(rows.rows) - len(ours))
