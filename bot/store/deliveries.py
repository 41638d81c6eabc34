"""What Slack has delivered already, and when each scheduled job last ran."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from bot.store.disk import Disk
from bot.store.rows import time, when

# Slack's own retries end after an hour, a replayed signature is refused after five minutes.
KEPT = timedelta(days=1)


class Deliveries:
    """The ids of commands, clicks and events that were taken."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def first_time(self, key: str, *, now: datetime) -> bool:
        """Whether this delivery is new; from now on it is not, also after a restart."""

        def work(db: sqlite3.Connection) -> bool:
            db.execute("DELETE FROM deliveries WHERE key IN (SELECT key FROM deliveries WHERE at < ? LIMIT 100)",
                       (when(now - KEPT),))  # fmt: skip
            return (
                db.execute("INSERT OR IGNORE INTO deliveries (key, at) VALUES (?, ?)", (key, when(now))).rowcount == 1
            )

        return await self._disk.write(work)


class Runs:
    """When each scheduled job last ran, and what came of it."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def note(self, name: str, *, said: str, now: datetime) -> None:
        """Notes that the job ran now, with what came of it in a sentence."""
        await self._disk.write(
            lambda db: (
                db.execute(
                    "INSERT INTO runs (name, at, said) VALUES (?, ?, ?)"
                    " ON CONFLICT (name) DO UPDATE SET at = excluded.at, said = excluded.said",
                    (name, when(now), said),
                ).rowcount
            )
        )

    def last(self) -> dict[str, tuple[datetime, str]]:
        """For each job that ever ran: when, and what came of it."""
        rows = self._disk.reader.execute("SELECT name, at, said FROM runs ORDER BY name")
        return {row["name"]: (time(row["at"]), row["said"]) for row in rows}
