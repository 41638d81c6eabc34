"""The facets: how many SIMs share a status, account, plan, country and pool, counted as their rows are written."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.rules.fitting import fits_places
from bot.rules.searches import PLACES, Query

Place = tuple[str | None, ...]
KNOWN = (
    "SELECT wanted.key, f.id FROM json_each(?) AS wanted CROSS JOIN facets AS f"
    " ON f.account IS json_extract(wanted.value, '$[2]') AND f.plan IS json_extract(wanted.value, '$[3]')"
    " AND f.country IS json_extract(wanted.value, '$[4]') AND f.status IS json_extract(wanted.value, '$[0]')"
    " AND f.status_word = json_extract(wanted.value, '$[1]') AND f.pool IS json_extract(wanted.value, '$[5]')"
)
LOW = 32  # bits of the lower part of a sum


@dataclass(frozen=True)
class Facet:
    """One of them, with how many SIMs are in it and what they used together, in bytes."""

    id: int
    count: int
    usage_bytes: int


class Facets:
    """What one transaction does to the facets."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._ids: dict[Place, int] = {}
        self._more: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])

    def look_up(self, places: Iterable[Place]) -> None:
        """Reads the numbers of these at once: a page of SIMs has a hundred of them. SQLite's JSON would cut a text at
        a NUL; for these `id` looks by itself."""
        wanted = [place for place in places if not any("\0" in (text or "") for text in place)]
        for at, number in self._db.execute(KNOWN, (json.dumps(wanted),)):
            self._ids[wanted[at]] = number

    def id(self, *place: str | None) -> int:
        """The number of the facet with this status (ours), status (SmartHub's), account, plan, country and pool."""
        found = self._ids.get(place)
        if found is None:
            found = self._ids[place] = self._look_up(place)
        return found

    def add(self, id: int, usage_bytes: int | None, count: int) -> None:
        """Counts a SIM in (1) or out (-1)."""
        more, used = self._more[id], usage_bytes or 0
        more[0] += count
        more[1] += count * (used >> LOW)
        more[2] += count * (used & ((1 << LOW) - 1))

    def write(self) -> None:
        """Writes the counts; a facet nobody is in any more is gone."""
        rows = [(*more, facet) for facet, more in self._more.items() if any(more)]
        self._db.executemany(
            "UPDATE facets SET count = count + ?, used_high = used_high + ?, used_low = used_low + ? WHERE id = ?", rows
        )
        self._db.executemany("DELETE FROM facets WHERE id = ? AND count = 0", [(facet,) for facet in self._more])

    def _look_up(self, place: Place) -> int:
        row = self._db.execute(
            "SELECT id FROM facets WHERE status IS ? AND status_word = ? AND account IS ? AND plan IS ?"
            " AND country IS ? AND pool IS ?",
            place,
        ).fetchone()
        if row is not None:
            return int(row[0])
        cursor = self._db.execute(
            "INSERT INTO facets (status, status_word, account, plan, country, pool, count, used_high, used_low)"
            " VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0)",
            place,
        )
        return int(cursor.lastrowid or 0)


def matching(db: sqlite3.Connection, query: Query) -> list[Facet]:
    """The facets that fit the search, in the order of their numbers; all where it names no place."""
    return [facet for facet, places in _all(db) if fits_places(query, places)]


def with_places(db: sqlite3.Connection, query: Query) -> Iterator[tuple[Facet, dict[str, str | None]]]:
    """The same, each with its places by name."""
    return ((facet, places) for facet, places in _all(db) if fits_places(query, places))


def values(db: sqlite3.Connection, key: str) -> list[str]:
    """What there is of one place: all accounts, plans …, those with most SIMs first."""
    counts: dict[str, int] = defaultdict(int)
    for facet, places in _all(db):
        if (value := places[key]) is not None:
            counts[value] += facet.count
    return sorted(counts, key=lambda value: (-counts[value], value))


def _all(db: sqlite3.Connection) -> Iterator[tuple[Facet, dict[str, str | None]]]:
    for row in db.execute("SELECT * FROM facets ORDER BY id"):
        used = (row["used_high"] << LOW) + row["used_low"]
        yield Facet(row["id"], row["count"], used), {key: row[key] for key in PLACES}
