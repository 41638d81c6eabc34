"""How often pushes come at which hour, so that it can be told when they stay away; and how far the log was read."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.rules.outbox import Outgoing
from bot.rules.silence import Hour
from bot.store import outbox
from bot.store.disk import Disk
from bot.store.rows import time, time_or_none, when

KEPT = timedelta(days=35)


class Rhythm:
    """The counts on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def hours(self, *, since: datetime) -> tuple[Hour, ...]:
        """The hours since then in which a push came."""
        rows = self._disk.reader.execute("SELECT * FROM push_hours WHERE hour >= ? ORDER BY hour", (when(since),))
        return tuple(Hour(time(row["hour"]), row["count"], timedelta(seconds=row["gap"])) for row in rows)

    def last_at(self) -> datetime | None:
        """When the newest push came that has been sorted."""
        return self._column("last_at")

    def told_at(self) -> datetime | None:
        """When it was told that pushes stay away, where none has come since."""
        return self._column("told_at")

    def read_to(self) -> datetime | None:
        """Up to when the change log was compared."""
        return self._column("read_to")

    def _column(self, name: str) -> datetime | None:
        row = self._disk.reader.execute(f"SELECT {name} FROM push_watch").fetchone()  # noqa: S608 - ours
        return None if row is None else time_or_none(row[0])

    async def tell(self, messages: Sequence[Outgoing], *, now: datetime) -> None:
        """Notes that it was told, together with what is told."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("UPDATE push_watch SET told_at = ?", (when(now),))
            outbox.put(db, messages, now=now)

        await self._disk.write(work)

    async def told_back(self, messages: Sequence[Outgoing], *, now: datetime) -> None:
        """Notes that pushes come again, together with what is told of it."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("UPDATE push_watch SET told_at = NULL")
            outbox.put(db, messages, now=now)

        await self._disk.write(work)

    async def have_read(self, to: datetime) -> None:
        """Notes up to when the change log was compared."""
        await self._disk.write(lambda db: db.execute("UPDATE push_watch SET read_to = ?", (when(to),)).rowcount)


def count(db: sqlite3.Connection, times: Sequence[datetime]) -> None:
    """Counts pushes that came at these times, in order."""
    last = time_or_none(db.execute("SELECT last_at FROM push_watch").fetchone()[0])
    found: dict[datetime, tuple[int, int]] = {}
    for at in times:
        hour = at.replace(minute=0, second=0, microsecond=0)
        gap = 0 if last is None else max(0, int((at - last).total_seconds()))
        number, longest = found.get(hour, (0, 0))
        found[hour] = (number + 1, max(longest, gap))
        last = at if last is None else max(last, at)
    if last is None or not times:
        return
    db.executemany(
        "INSERT INTO push_hours VALUES (?, ?, ?)"
        " ON CONFLICT (hour) DO UPDATE SET count = count + excluded.count, gap = max(gap, excluded.gap)",
        [(when(hour), number, longest) for hour, (number, longest) in found.items()],
    )
    db.execute("UPDATE push_watch SET last_at = ?", (when(last),))
    db.execute("DELETE FROM push_hours WHERE hour < ?", (when(last - KEPT),))
