"""The SIMs of a list that are accepted, in the order of its digest: as a stream, and which were not read of late."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import TypeVar

from bot.rules.job_sims import Entry
from bot.store.disk import Disk
from bot.store.jobs import order_or_none
from bot.store.rows import Row
from bot.store.snapshot import micros

T = TypeVar("T")
CHUNK = 1000
PATIENCE_S = 30.0
IN_ORDER = (
    "FROM list_sims WHERE list = ? AND giccid IS NOT NULL AND giccid > ? AND verdict = 'accepted' ORDER BY giccid"
)
STALE = (
    "SELECT f.account, count(*), (SELECT coalesce(sum(count), 0) FROM facets WHERE account = f.account)"
    " FROM list_sims s JOIN sims m ON m.giccid = s.giccid JOIN facets f ON f.id = m.facet"
    " JOIN seen n ON n.sim = m.id JOIN looks l ON l.id = n.look"
    " WHERE s.list = ? AND s.verdict = 'accepted' AND l.at < ? AND f.account IS NOT NULL GROUP BY f.account"
)
STALE_SIMS = (
    "SELECT s.giccid FROM list_sims s INDEXED BY list_sims_by_sim LEFT JOIN sims m ON m.giccid = s.giccid"
    " LEFT JOIN seen n ON n.sim = m.id LEFT JOIN looks l ON l.id = n.look WHERE s.list = ? AND s.giccid IS NOT NULL"
    " AND s.giccid > ? AND s.verdict = 'accepted' AND coalesce(l.at, 0) < ? ORDER BY s.giccid LIMIT 1000"
)


class ListSims:
    """The accepted SIMs of the lists on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def giccids(self, id: int, *, after: str = "") -> AsyncGenerator[tuple[str, ...], None]:
        """Their numbers, behind this one, in pieces of a thousand."""
        return self._pieces(f"SELECT giccid {IN_ORDER} LIMIT {CHUNK}", (id,), _giccid, after=after)

    def entries(self, id: int) -> AsyncGenerator[tuple[Entry, ...], None]:
        """All of them as a job takes them, in pieces of a thousand."""
        return self._pieces(f"SELECT giccid, label, status, plan, own {IN_ORDER} LIMIT {CHUNK}", (id,), _entry)

    async def stale(self, id: int, *, since: datetime) -> list[tuple[str, int, int]]:
        """The accounts with SIMs that nobody has read since: how many, and how many SIMs it has in all."""
        rows = await self._disk.read(lambda db: db.execute(STALE, (id, micros(since))).fetchall(), within_s=PATIENCE_S)
        return [(row[0], row[1], row[2]) for row in rows]

    def stale_sims(self, id: int, *, since: datetime) -> AsyncGenerator[tuple[str, ...], None]:
        """The numbers of those that nobody has read since then, in pieces of a thousand."""
        return self._pieces(STALE_SIMS, (id,), _giccid, micros(since))

    async def _pieces(
        self, statement: str, before: tuple[object, ...], made: Callable[[Row], T], *behind: object, after: str = ""
    ) -> AsyncGenerator[tuple[T, ...], None]:
        """What the rows of a statement are made into, a piece at a time: it takes the last GICCID of the one before."""
        while True:

            def work(db: sqlite3.Connection, after: str = after) -> tuple[list[T], str]:
                rows = db.execute(statement, (*before, after, *behind)).fetchall()
                return [made(row) for row in rows], rows[-1]["giccid"] if rows else after

            some, after = await self._disk.read(work, within_s=PATIENCE_S)
            if some:
                yield tuple(some)
            if len(some) < CHUNK:
                return


def _giccid(row: Row) -> str:
    return str(row["giccid"])


def _entry(row: Row) -> Entry:
    return Entry(row["giccid"], row["label"], row["status"], row["plan"], order_or_none(row["own"]))
