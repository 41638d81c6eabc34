"""Searches whose pages people turn: a button carries the number of one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import NotFound
from bot.rules.searches import Cursor
from bot.store.disk import Disk
from bot.store.rows import time, when

KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Search:
    """One page somebody sees: what was searched for, where the page ends, and the number of the page before."""

    id: int
    text: str
    by: str
    after: Cursor | None
    previous: int | None
    made_at: datetime


class Searches:
    """The searches on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def add(self, text: str, *, by: str, after: Cursor | None, previous: int | None, now: datetime) -> int:
        """The number of this page; what is older than thirty days is deleted, a little at a time."""

        def work(db: sqlite3.Connection) -> int:
            db.execute(
                "DELETE FROM searches WHERE id IN"
                " (SELECT id FROM searches WHERE made_at < ? ORDER BY made_at LIMIT 100)",
                (when(now - KEPT),),
            )
            cursor = db.execute(
                "INSERT INTO searches (text, by, after_at, after_id, previous, made_at) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    text,
                    by,
                    None if after is None else after.at,
                    None if after is None else after.id,
                    previous,
                    when(now),
                ),
            )
            return int(cursor.lastrowid or 0)

        return await self._disk.write(work)

    def get(self, id: int) -> Search:
        """The search with this number. Raises NotFound."""
        row = self._disk.reader.execute("SELECT * FROM searches WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound("This search is over 30 days old and gone. Search again.")
        after = None if row["after_id"] is None else Cursor(row["after_at"], row["after_id"])
        return Search(row["id"], row["text"], row["by"], after, row["previous"], time(row["made_at"]))
