"""What Slack has delivered already, and when each scheduled job last ran."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.rules.outbox import Outgoing
from bot.rules.runs import Came, Run
from bot.store import outbox
from bot.store.disk import Disk
from bot.store.rows import time, time_or_none, when

# Slack's own retries end after an hour, a replayed signature is refused after five minutes.
KEPT = timedelta(days=1)
NOTE = (
    "INSERT INTO runs (name, at, said, failed, cut_off, since) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET at = excluded.at, said = excluded.said,"
    " failed = iif(excluded.failed, runs.failed + 1, 0),"
    " cut_off = iif(excluded.failed, runs.cut_off + excluded.cut_off, 0),"
    " since = iif(excluded.failed, coalesce(runs.since, excluded.since), NULL)"
)


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

    async def note(self, name: str, came: Came, *, messages: Sequence[Outgoing] = (), now: datetime) -> None:
        """Notes that the job ran now, with what came of it. The messages go out with the first run that is cut off,
        and with none that follows until the job has worked again.
        """

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                NOTE, (name, when(now), came.said, came.failed, came.cut_off, when(now) if came.failed else None)
            )
            row = db.execute("SELECT cut_off FROM runs WHERE name = ?", (name,)).fetchone()
            if came.cut_off and row["cut_off"] == 1:
                outbox.put(db, messages, now=now)

        await self._disk.write(work)

    def last(self) -> dict[str, Run]:
        """For each job that ever ran: when, and what came of it."""
        rows = self._disk.reader.execute("SELECT * FROM runs ORDER BY name")
        return {
            row["name"]: Run(time(row["at"]), row["said"], row["failed"], row["cut_off"], time_or_none(row["since"]))
            for row in rows
        }
