"""The cards of an incident: one in each channel that gets it, shown at once or held until later."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.errors import NotFound
from bot.rules.outbox import Card, Outgoing
from bot.rules.routes import Target
from bot.store import outbox
from bot.store.disk import Disk
from bot.store.rows import Row, time, time_or_none, when


@dataclass(frozen=True)
class Copy:
    """An incident in one channel. `hold` says what it waits for; `digest_at` when a digest has told of it."""

    id: int
    incident: int
    channel: str
    hold: str = ""
    held_at: datetime | None = None
    digest_at: datetime | None = None

    @property
    def subject(self) -> str:
        """What the outbox and the places of cards know it by."""
        return f"notice:{self.id}"


@dataclass(frozen=True)
class Held:
    """What waits for one reason in one channel: how many cards, since when the first."""

    channel: str
    hold: str
    count: int
    since: datetime


class Copies:
    """The cards on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def get(self, id: int) -> Copy:
        """The card with this number. Raises NotFound."""
        row = self._disk.reader.execute("SELECT * FROM copies WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no card {id} here.")
        return _copy(row)

    def of(self, incident: int) -> tuple[Copy, ...]:
        """The cards of an incident."""
        rows = self._disk.reader.execute("SELECT * FROM copies WHERE incident = ? ORDER BY id", (incident,))
        return tuple(map(_copy, rows))

    async def redraw(self, incident: int, *, now: datetime) -> None:
        """Has the cards of an incident drawn anew."""
        await self._disk.write(lambda db: redraw(db, incident, now=now))

    def held(self) -> tuple[Held, ...]:
        """What waits, by channel and reason."""
        rows = self._disk.reader.execute(
            "SELECT channel, hold, count(*) AS count, min(held_at) AS since FROM copies WHERE hold != ''"
            " GROUP BY channel, hold ORDER BY channel, hold"
        )
        return tuple(Held(row["channel"], row["hold"], row["count"], time(row["since"])) for row in rows)

    def oldest_held(self) -> datetime | None:
        """When the first of those that are held began to wait."""
        return min((held.since for held in self.held()), default=None)

    def waiting(self, channel: str, hold: str, *, limit: int) -> tuple[Copy, ...]:
        """The oldest cards that wait in a channel for one reason."""
        rows = self._disk.reader.execute(
            "SELECT * FROM copies WHERE channel = ? AND hold = ? AND hold != '' ORDER BY id LIMIT ?",
            (channel, hold, limit),
        )
        return tuple(map(_copy, rows))

    def late(self, *, before: datetime, at_least: int) -> tuple[str, ...]:
        """The channels for which so many new cards have waited for Slack since before that time."""
        rows = self._disk.reader.execute(
            "SELECT o.channel, count(*) AS count FROM outbox o WHERE o.state = 'waiting' AND o.subject LIKE 'notice:%'"
            " AND o.made_at < ? AND NOT EXISTS (SELECT 1 FROM cards c WHERE c.subject = o.subject)"
            " GROUP BY o.channel HAVING count(*) >= ?",
            (when(before), at_least),
        )
        return tuple(row["channel"] for row in rows)

    def on_their_way(self, incident: int) -> bool:
        """Whether a card of an incident waits for Slack."""
        row = self._disk.reader.execute(
            "SELECT 1 FROM copies c JOIN outbox o ON o.subject = 'notice:' || c.id"
            " WHERE c.incident = ? AND o.state IN ('waiting', 'sending') LIMIT 1",
            (incident,),
        ).fetchone()
        return row is not None

    async def hold_late(self, channel: str, hold: str, *, now: datetime) -> int:
        """How many new cards that wait for Slack in a channel were taken out of its queue, to be told of together."""

        def work(db: sqlite3.Connection) -> int:
            late = (
                "SELECT o.id, o.subject FROM outbox o WHERE o.channel = ? AND o.state = 'waiting'"
                " AND o.subject LIKE 'notice:%' AND NOT EXISTS (SELECT 1 FROM cards c WHERE c.subject = o.subject)"
            )
            rows = db.execute(late, (channel,)).fetchall()
            numbers = [(hold, when(now), int(row["subject"].partition(":")[2])) for row in rows]
            db.executemany("UPDATE copies SET hold = ?, held_at = ? WHERE id = ?", numbers)
            db.executemany("DELETE FROM outbox WHERE id = ?", [(row["id"],) for row in rows])
            return len(rows)

        return await self._disk.write(work)

    async def release(
        self, copies: Sequence[Copy], messages: Sequence[Outgoing], *, digested: bool, now: datetime
    ) -> None:
        """Lets these wait no longer: they are told of by the messages, all of them in one where they are `digested`."""

        def work(db: sqlite3.Connection) -> None:
            told = when(now) if digested else None
            db.executemany(
                "UPDATE copies SET hold = '', digest_at = ? WHERE id = ?", [(told, copy.id) for copy in copies]
            )
            outbox.put(db, messages, now=now)

        await self._disk.write(work)


def add(db: sqlite3.Connection, incident: int, targets: Sequence[Target], *, now: datetime) -> None:
    """Makes the cards of a new incident: those that need not wait are on their way to Slack with it."""
    for target in targets:
        cursor = db.execute(
            "INSERT OR IGNORE INTO copies (incident, channel, hold, held_at) VALUES (?, ?, ?, ?)",
            (incident, target.channel, target.hold, when(now) if target.hold else None),
        )
        if cursor.rowcount and not target.hold:
            subject = f"notice:{cursor.lastrowid}"
            outbox.put(db, [Card(subject, target.channel)], now=now)
            if target.meant_for is not None:
                meant_for = "UPDATE outbox SET meant_for = ? WHERE subject = ? AND state = 'waiting'"
                db.execute(meant_for, (target.meant_for, subject))


def redraw(db: sqlite3.Connection, incident: int, *, now: datetime) -> None:
    """Has the cards of an incident drawn anew. What waits is drawn when its time comes; what only a digest has told of
    gets no card because somebody did something about it."""
    rows = db.execute(
        "SELECT id, channel FROM copies WHERE incident = ? AND hold = '' AND digest_at IS NULL", (incident,)
    ).fetchall()
    outbox.put(db, [Card(f"notice:{row['id']}", row["channel"]) for row in rows], now=now)


def withdraw(db: sqlite3.Connection, incident: int) -> bool:
    """Whether the cards of an incident could be taken back: none of them is in Slack, or on its way there."""
    shown = db.execute(
        "SELECT 1 FROM copies c WHERE c.incident = ? AND (c.digest_at IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM cards p WHERE p.subject = 'notice:' || c.id)"
        " OR EXISTS (SELECT 1 FROM outbox o WHERE o.state = 'sending' AND o.subject = 'notice:' || c.id))",
        (incident,),
    ).fetchone()
    if shown is not None:
        return False
    db.execute(
        "DELETE FROM outbox WHERE state = 'waiting' AND subject IN"
        " (SELECT 'notice:' || id FROM copies WHERE incident = ?)",
        (incident,),
    )
    db.execute("DELETE FROM copies WHERE incident = ?", (incident,))
    return True


def _copy(row: Row) -> Copy:
    return Copy(
        id=row["id"],
        incident=row["incident"],
        channel=row["channel"],
        hold=row["hold"],
        held_at=time_or_none(row["held_at"]),
        digest_at=time_or_none(row["digest_at"]),
    )
