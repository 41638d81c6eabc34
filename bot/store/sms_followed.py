"""Following SMS until it is known what became of them: which to look at when, what a look told, late reports."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.rules.conversations import ID_WITHIN, SmsMessage, looked, reported
from bot.rules.sms import SmsState
from bot.store.disk import Disk
from bot.store.rows import when
from bot.store.sms import Messages
from bot.store.sms_rows import one, some

SHOWN_AT_ONCE = 200


class Followed:
    """The SMS of which something is still to be found out."""

    def __init__(self, disk: Disk, sms: Messages) -> None:
        self._disk, self._sms = disk, sms

    def due(self, now: datetime, *, limit: int) -> tuple[SmsMessage, ...]:
        """The SMS that are to be looked at by now; those of jobs only behind all others."""
        found: list[SmsMessage] = []
        for which in ("job IS NULL", "job IS NOT NULL"):
            found += some(
                self._disk.reader,
                f"next_look_at IS NOT NULL AND {which} AND next_look_at <= ? ORDER BY next_look_at LIMIT ?",
                when(now),
                limit - len(found),
            )
        return tuple(found)

    async def note_look(
        self, id: int, state: SmsState | None, *, at: datetime | None, answered: bool, now: datetime
    ) -> None:
        """Keeps what a look told: where the SMS stands, or, where it told nothing new, when to look again."""

        def work(db: sqlite3.Connection) -> None:
            message = one(db, "id = ?", id)
            if message is None:
                return
            after = reported(message, state, at=at or now)
            if after is message and message.next_look_at is not None:
                after = looked(message, now=now, answered=answered)
            self._sms.settle(db, message, after, now=now)

        await self._disk.write(work)

    async def show_late_reports(self, *, now: datetime) -> int:
        """How many reports have become notifications of their own: nobody here has sent what they are about."""
        before = when(now - ID_WITHIN)
        late = "SELECT id, event FROM sms_reports WHERE shown = 0 AND received_at <= ? ORDER BY received_at LIMIT ?"
        if self._disk.reader.execute(late, (before, 1)).fetchone() is None:
            return 0

        def work(db: sqlite3.Connection) -> int:
            rows = db.execute(late, (before, SHOWN_AT_ONCE)).fetchall()
            db.executemany(
                "UPDATE events SET fate = '' WHERE id = ? AND fate = 'sms'", [(row["event"],) for row in rows]
            )
            db.executemany("UPDATE sms_reports SET shown = 1 WHERE id = ?", [(row["id"],) for row in rows])
            return len(rows)

        return await self._disk.write(work)
