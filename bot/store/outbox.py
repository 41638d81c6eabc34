"""What waits for Slack: written together with what it tells of, taken out in order, ticked off when Slack has it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.rules.outbox import Card, Note, Outgoing, Waiting
from bot.store.disk import Disk
from bot.store.moving import stand_in, way
from bot.store.rows import Row, time, when

KEPT = timedelta(days=7)
# The oldest message of each channel, by one step in the index for each channel, however many wait behind it.
LANES = (
    "WITH RECURSIVE channels (channel) AS ("
    " SELECT min(channel) FROM outbox WHERE state IN ('waiting', 'sending')"
    " UNION ALL SELECT (SELECT min(channel) FROM outbox WHERE state IN ('waiting', 'sending')"
    " AND channel > channels.channel) FROM channels WHERE channel IS NOT NULL"
    "), lanes (head) AS ("
    " SELECT (SELECT min(id) FROM outbox WHERE outbox.channel = channels.channel"
    " AND state IN ('waiting', 'sending')) FROM channels WHERE channel IS NOT NULL)"
)

STANDS = "EXISTS (SELECT 1 FROM cards WHERE cards.subject = outbox.subject) AS stands"


@dataclass(frozen=True)
class Place:
    """Where a card stands in Slack: its channel and its message's `ts`; the channel it was `meant_for`, if another."""

    channel: str
    ts: str
    meant_for: str | None = None


def put(db: sqlite3.Connection, messages: Sequence[Outgoing], *, now: datetime) -> None:
    """Puts messages into the outbox, inside the transaction that made them necessary.

    A card whose redraw waits already is not put in twice: it is drawn when it is sent, so the newest state goes out.
    What is meant for a channel that takes nothing goes to the one that stands in for it.
    """
    for message in messages:
        put_one(db, message, made_at=now)


def put_one(db: sqlite3.Connection, message: Outgoing, *, made_at: datetime) -> None:
    """The same for one message, of whichever time."""
    goes = way(db, message, now=made_at)
    if isinstance(message, Card):
        db.execute(
            "INSERT OR IGNORE INTO outbox (channel, meant_for, subject, under, made_at) VALUES (?, ?, ?, ?, ?)",
            (goes.channel, goes.meant_for, message.subject, message.under, when(made_at)),
        )
        return
    seen_in = None if message.unless_in is None else stand_in(db, message.unless_in) or message.unless_in
    db.execute(
        "INSERT INTO outbox (channel, meant_for, under, unless_in, text, blocks, plain, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            goes.channel,
            goes.meant_for,
            message.under,
            seen_in,
            message.text,
            json.dumps(message.blocks),
            None if message.plain is None else json.dumps(message.plain),
            when(made_at),
        ),
    )


class Outbox:
    """The queue for the one flow that empties it."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def add(self, messages: Sequence[Outgoing], *, now: datetime) -> None:
        """Puts messages in that no other change goes with."""
        await self._disk.write(lambda db: put(db, messages, now=now))

    def heads(self) -> tuple[Waiting, ...]:
        """The oldest message of each channel that has not been tried or can be tried again, in the order they came."""
        rows = self._disk.reader.execute(
            f"{LANES} SELECT outbox.*, {STANDS} FROM lanes JOIN outbox ON outbox.id = lanes.head"  # noqa: S608 - constant
            " WHERE outbox.state = 'waiting' ORDER BY outbox.id"
        )
        return tuple(_waiting(row, stands=row["stands"]) for row in rows)

    def behind(self, head: Waiting, *, limit: int) -> tuple[Waiting, ...]:
        """The messages behind this one in its channel, in order."""
        rows = self._disk.reader.execute(
            "SELECT * FROM outbox WHERE channel = ? AND state IN ('waiting', 'sending') AND id > ? ORDER BY id LIMIT ?",
            (head.channel, head.id, limit),
        )
        return tuple(_waiting(row) for row in rows)

    def left_sending(self) -> tuple[Waiting, ...]:
        """Messages that were on their way when the bot was killed or Slack's answer was lost."""
        rows = self._disk.reader.execute("SELECT * FROM outbox WHERE state = 'sending' ORDER BY id")
        return tuple(_waiting(row) for row in rows)

    def depth(self) -> int:
        """How many messages have not reached Slack."""
        row = self._disk.reader.execute("SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending')").fetchone()
        return int(row[0])

    def depth_of(self, channel: str) -> int:
        """The same for one channel or person."""
        row = self._disk.reader.execute(
            "SELECT count(*) FROM outbox WHERE channel = ? AND state IN ('waiting', 'sending')", (channel,)
        ).fetchone()
        return int(row[0])

    def oldest(self) -> datetime | None:
        """When the longest-waiting message was made."""
        row = self._disk.reader.execute(
            f"{LANES} SELECT min(made_at) FROM lanes JOIN outbox ON outbox.id = lanes.head"  # noqa: S608 - constant
        ).fetchone()
        return None if row[0] is None else time(row[0])

    def set_aside(self) -> int:
        """How many messages Slack refused in every form, or have nobody left to read them."""
        row = self._disk.reader.execute("SELECT count(*) FROM outbox WHERE state = 'failed'").fetchone()
        return int(row[0])

    def mark(self, waiting: Waiting) -> str:
        """What this message is known by in Slack, whichever store or bot wrote the messages around it."""
        name = self._disk.reader.execute("SELECT name FROM identity").fetchone()["name"]
        return f"{name}/{waiting.id}"

    def place(self, subject: str) -> Place | None:
        """Where this subject's card stands; `None` when it was never posted."""
        row = self._disk.reader.execute("SELECT * FROM cards WHERE subject = ?", (subject,)).fetchone()
        return None if row is None else Place(row["channel"], row["ts"], row["meant_for"])

    def shown_at(self, channel: str, ts: str) -> str | None:
        """Whose card this message is; `None` when it is no card of ours."""
        row = self._disk.reader.execute(
            "SELECT subject FROM cards WHERE channel = ? AND ts = ?", (channel, ts)
        ).fetchone()
        return None if row is None else str(row["subject"])

    async def begin(self, waiting: Waiting, folded: Sequence[Waiting] = ()) -> bool:
        """Notes that this message is on its way, with those that are `folded` into it, so that a restart knows to look
        for it before sending any of them again.

        Whether it still is to be sent: meanwhile a card may have been taken back.
        """

        def work(db: sqlite3.Connection) -> bool:
            if db.execute("UPDATE outbox SET state = 'sending' WHERE id = ?", (waiting.id,)).rowcount != 1:
                return False
            _let_go(db, waiting)  # of an earlier try
            together = "UPDATE outbox SET sent_with = ? WHERE id = ?"
            db.executemany(together, [(waiting.id, one.id) for one in folded])
            return True

        return await self._disk.write(work)

    async def sent(self, waiting: Waiting, place: Place, *, now: datetime, said: str | None = None) -> None:
        """Notes that Slack has it, and where, with those that went with it; a card's place is remembered for its next
        redraw. `said` is what Slack had against how it was meant.
        """

        def work(db: sqlite3.Connection) -> None:
            statement = (
                "UPDATE outbox SET state = 'sent', sent_at = ?, ts = ?, text = NULL, blocks = NULL,"
                " plain = NULL, error = coalesce(?, error) WHERE "
            )
            for whose in ("id = ?", "sent_with = ? AND state = 'waiting'"):
                db.execute(statement + whose, (when(now), place.ts, said, waiting.id))
            if isinstance(waiting.what, Card):
                db.execute(
                    "INSERT INTO cards (subject, channel, ts, posted_at, meant_for) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT (subject) DO UPDATE SET channel = excluded.channel, ts = excluded.ts",
                    (waiting.what.subject, place.channel, place.ts, when(now), waiting.meant_for),
                )
            _forget_old(db, now)

        await self._disk.write(work)

    async def not_needed(self, waiting: Waiting, *, now: datetime) -> None:
        """Notes that nobody has to be told this any more."""
        await self._mark(waiting.id, "UPDATE outbox SET state = 'sent', sent_at = ? WHERE id = ?", when(now))

    async def again(self, waiting: Waiting, *, error: str) -> None:
        """Puts a message back that did not get through, at its old place in the queue, with the reason."""

        def work(db: sqlite3.Connection) -> None:
            # A newer redraw of the same card may wait by now. This one will say all that it would have said, and has to
            # keep its place: what stands in the thread of a card must not come before the card.
            if isinstance(waiting.what, Card):
                elsewhere = "SELECT 1 FROM outbox WHERE subject = ? AND state = 'waiting' AND channel != ?"
                if db.execute(elsewhere, (waiting.what.subject, waiting.channel)).fetchone() is not None:
                    # Its channel takes nothing, and meanwhile it was begun anew in another one.
                    db.execute("DELETE FROM outbox WHERE id = ?", (waiting.id,))
                    return
                newer = "DELETE FROM outbox WHERE subject = ? AND state = 'waiting' AND id != ?"
                db.execute(newer, (waiting.what.subject, waiting.id))
            db.execute(
                "UPDATE outbox SET state = 'waiting', tries = tries + 1, error = ? WHERE id = ?", (error, waiting.id)
            )
            _let_go(db, waiting)

        await self._disk.write(work)

    async def give_up(self, waiting: Waiting, *, error: str) -> None:
        """Sets a message aside that Slack refuses in every form, so that it does not hold up the others."""
        await self._mark(waiting.id, "UPDATE outbox SET state = 'failed', error = ? WHERE id = ?", error)

    async def forget_place(self, subject: str) -> None:
        """Forgets a card that is gone from Slack, so that its next drawing is posted anew."""
        await self._disk.write(lambda db: db.execute("DELETE FROM cards WHERE subject = ?", (subject,)).rowcount)

    async def _mark(self, id: int, statement: str, *values: str) -> None:
        await self._disk.write(lambda db: db.execute(statement, (*values, id)).rowcount)


def _let_go(db: sqlite3.Connection, waiting: Waiting) -> None:
    """Those that were to go with it go for themselves."""
    db.execute("UPDATE outbox SET sent_with = NULL WHERE sent_with = ? AND state = 'waiting'", (waiting.id,))


def _forget_old(db: sqlite3.Connection, now: datetime) -> None:
    """Takes away a few of those that reached Slack long ago; their cards' places are kept apart."""
    db.execute(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state = 'sent' AND sent_at < ? LIMIT 20)",
        (when(now - KEPT),),
    )


def what_of(row: Row, *, channel: str) -> Outgoing:
    """The message in a row, for this channel."""
    if row["subject"] is not None:
        return Card(subject=row["subject"], channel=channel, under=row["under"])
    return Note(
        channel=channel,
        text=row["text"],
        blocks=tuple(json.loads(row["blocks"])),
        under=row["under"],
        unless_in=row["unless_in"],
        plain=None if row["plain"] is None else tuple(json.loads(row["plain"])),
    )


def _waiting(row: Row, *, stands: bool = False) -> Waiting:
    return Waiting(
        id=row["id"],
        channel=row["channel"],
        what=what_of(row, channel=row["channel"]),
        made_at=time(row["made_at"]),
        tries=row["tries"],
        error=row["error"],
        stands=bool(stands),
        meant_for=row["meant_for"],
    )
