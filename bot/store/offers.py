"""What the form for many SIMs is offered for, a file or a search: a button carries the number of one."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from bot.errors import NotFound
from bot.rules.bulk import Offer, Origin
from bot.store.disk import Disk
from bot.store.rows import when

KEPT = timedelta(days=30)


class Offers:
    """The offers on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def add(self, origin: Origin, value: str, *, name: str, by: str, now: datetime) -> Offer:
        """The offer with its number; those older than thirty days are removed on the way, a little at a time."""

        def work(db: sqlite3.Connection) -> int:
            db.execute(
                "DELETE FROM list_offers WHERE id IN"
                " (SELECT id FROM list_offers WHERE made_at < ? ORDER BY made_at LIMIT 100)",
                (when(now - KEPT),),
            )
            insert = "INSERT INTO list_offers (origin, value, name, made_by, made_at) VALUES (?, ?, ?, ?, ?)"
            return int(db.execute(insert, (origin.value, value, name, by, when(now))).lastrowid or 0)

        return Offer(await self._disk.write(work), origin, value, name, by)

    def get(self, id: int) -> Offer:
        """The offer with this number. Raises NotFound."""
        row = self._disk.reader.execute("SELECT * FROM list_offers WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound("This is over 30 days old and gone. Share the file, or search, once more.")
        return Offer(row["id"], Origin(row["origin"]), row["value"], row["name"], row["made_by"])
