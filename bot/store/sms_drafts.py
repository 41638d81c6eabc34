"""Replies in the thread of a SIM that may become an SMS: each is asked about, and sent once or not at all."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.errors import NotAllowed, NotFound, NotPossible
from bot.rules.conversations import DRAFTS_KEPT, Draft, DraftState
from bot.rules.outbox import Card
from bot.store import outbox
from bot.store.disk import Disk
from bot.store.rows import Row, time, when


class Drafts:
    """The drafts on disk. Of many who press at once, one gets it."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def wrote(self, thread: int, *, by: str, ts: str, text: str, channel: str, now: datetime) -> None:
        """Keeps what somebody wrote in a thread, with the question about it; the same message once. Written anew while
        it is still a question, it asks about the new words."""

        def work(db: sqlite3.Connection) -> None:
            row = db.execute("SELECT * FROM sms_drafts WHERE thread = ? AND ts = ?", (thread, ts)).fetchone()
            if row is None:
                made = db.execute(
                    "INSERT INTO sms_drafts (thread, by, ts, text, made_at) VALUES (?, ?, ?, ?, ?)",
                    (thread, by, ts, text, when(now)),
                )
                _draw(db, int(made.lastrowid or 0), thread, channel, now)
            elif row["state"] == DraftState.OPEN and row["text"] != text:
                db.execute("UPDATE sms_drafts SET text = ? WHERE id = ?", (text, row["id"]))
                _draw(db, row["id"], thread, channel, now)

        await self._disk.write(work)

    async def take(self, id: int, *, by: str, now: datetime) -> Draft:
        """The draft, which is its taker's to send from now on. Raises NotFound, NotAllowed, NotPossible for one that
        was answered, or is older than a day."""

        def work(db: sqlite3.Connection) -> Draft:
            draft = _open(db, id, by)
            if now - draft.made_at >= DRAFTS_KEPT:
                raise NotPossible("This was written more than a day ago; write it again if it is still to be sent.")
            db.execute("UPDATE sms_drafts SET state = 'taken' WHERE id = ?", (id,))
            return draft

        return await self._disk.write(work)

    async def give_back(self, id: int) -> None:
        """Nothing was asked for: it is a question again."""
        back = "UPDATE sms_drafts SET state = 'open' WHERE id = ? AND state = 'taken' AND request IS NULL"
        await self._disk.write(lambda db: db.execute(back, (id,)).rowcount)

    async def sent(self, id: int, *, request: int, channel: str, now: datetime) -> None:
        """It has become this request."""

        def work(db: sqlite3.Connection) -> None:
            statement = "UPDATE sms_drafts SET state = 'sent', request = ?, text = NULL WHERE id = ?"
            db.execute(statement, (request, id))
            _draw(db, id, _one(db, id).thread, channel, now)

        await self._disk.write(work)

    async def discard(self, id: int, *, by: str, channel: str, now: datetime) -> None:
        """It becomes no SMS. Raises NotFound, NotAllowed, NotPossible."""

        def work(db: sqlite3.Connection) -> None:
            draft = _open(db, id, by)
            db.execute("UPDATE sms_drafts SET state = 'discarded', text = NULL WHERE id = ?", (id,))
            _draw(db, id, draft.thread, channel, now)

        await self._disk.write(work)

    async def recover(self, *, channel: str, now: datetime) -> int:
        """How many were taken when the bot was stopped: whether they were asked for is seen elsewhere, and they are
        never sent again."""

        def work(db: sqlite3.Connection) -> int:
            rows = db.execute("SELECT id, thread FROM sms_drafts WHERE state = 'taken'").fetchall()
            for row in rows:
                db.execute("UPDATE sms_drafts SET state = 'sent', text = NULL WHERE id = ?", (row["id"],))
                _draw(db, row["id"], row["thread"], channel, now)
            return len(rows)

        return await self._disk.write(work)

    def get(self, id: int) -> Draft:
        """The draft with this number. Raises NotFound."""
        return _one(self._disk.reader, id)


def _open(db: sqlite3.Connection, id: int, by: str) -> Draft:
    draft = _one(db, id)
    if draft.by != by:
        raise NotAllowed(f"Only <@{draft.by}>, who wrote this, can send or discard it. Write it yourself to send it.")
    if draft.state is not DraftState.OPEN:
        words = "sent" if draft.state in (DraftState.TAKEN, DraftState.SENT) else "discarded"
        raise NotPossible(f"This was {words} already; nothing was sent by your click.")
    return draft


def _draw(db: sqlite3.Connection, id: int, thread: int, channel: str, now: datetime) -> None:
    outbox.put(db, [Card(f"sms-draft:{id}", channel, under=f"sms-thread:{thread}")], now=now)


def _one(db: sqlite3.Connection, id: int) -> Draft:
    row = db.execute("SELECT * FROM sms_drafts WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no reply {id} here to send or discard.")
    return _draft(row)


def _draft(row: Row) -> Draft:
    return Draft(
        id=row["id"],
        thread=row["thread"],
        by=row["by"],
        ts=row["ts"],
        text=row["text"],
        made_at=time(row["made_at"]),
        state=DraftState(row["state"]),
        request=row["request"],
    )
