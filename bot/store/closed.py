"""Channels that take nothing from us for now, and what waits for them: it goes to another one meanwhile."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.rules.outbox import Outgoing
from bot.store import outbox
from bot.store.disk import Disk
from bot.store.moving import is_closed, stand_in
from bot.store.rows import Row, time, when

# What is said when a channel closes: by whether that is news, by how many messages wait for it, and by how many of each
# kind go elsewhere, as their subjects begin; "" is all the rest.
Say = Callable[[bool, int, Mapping[str, int]], Sequence[Outgoing]]


class Closed:
    """The closed channels on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def all(self) -> Mapping[str, str]:
        """The channels that take nothing from us, with Slack's word for why."""
        rows = self._disk.reader.execute("SELECT channel, code FROM closed_channels ORDER BY channel")
        return {row["channel"]: row["code"] for row in rows}

    def reached(self, channel: str) -> str:
        """Where somebody finds what is posted for this channel now."""
        return stand_in(self._disk.reader, channel) or channel

    async def close(self, channel: str, code: str, *, to: str | None, say: Say, now: datetime) -> int:
        """Notes that this channel takes nothing, and what is said of it. How many messages that wait to be posted there
        go to the one that stands in now, in their order, after that; whatever is meant for it goes there from now on.

        Where none stands in, only what was meant for a channel that is open goes, to that.
        What is to be drawn anew where it stands in the closed channel stays: a notification is let go, because the
        next state of its card is drawn when the channel is open again, and the rest waits for that.
        """

        def work(db: sqlite3.Connection) -> int:
            statement = "INSERT OR IGNORE INTO closed_channels (channel, code, since) VALUES (?, ?, ?)"
            is_news = db.execute(statement, (channel, code, when(now))).rowcount == 1
            if to is not None:
                moved = "UPDATE closed_channels SET moved_to = ?1 WHERE channel = ?2 OR moved_to = ?2"
                db.execute(moved, (to, channel))
            waiting = _waiting(db, channel)
            rows = [row for row in waiting if _goes(db, row, to)]
            outbox.put(db, say(is_news, len(waiting), Counter(map(_kind, rows))), now=now)
            for row in rows:
                _put_again(db, row)
            return len(rows)

        return await self._disk.write(work)

    async def open(self, channel: str, *, now: datetime) -> bool:
        """Whether the channel was closed, and takes messages again; its cards of what still goes on, or ended
        meanwhile, are redrawn, and what was meant for it and waits for another closed one is its own again."""

        def work(db: sqlite3.Connection) -> bool:
            since = db.execute("DELETE FROM closed_channels WHERE channel = ? RETURNING since", (channel,)).fetchone()
            if since is None:
                return False
            db.execute(
                "INSERT OR IGNORE INTO outbox (channel, subject, made_at)"
                " SELECT p.channel, p.subject, ? FROM cards p JOIN copies c ON p.subject = 'notice:' || c.id"
                " JOIN incidents i ON i.id = c.incident WHERE c.channel = ?"
                " AND (i.state != 'resolved' OR i.at >= ?) ORDER BY i.id DESC LIMIT 50",
                (when(now), channel, since["since"]),
            )
            back = (
                "WHERE o.meant_for = ? AND o.state = 'waiting' AND o.channel IN (SELECT channel FROM closed_channels)"
            )
            for row in [row for row in _rows(db, back, channel) if _goes(db, row, None)]:
                _put_again(db, row)
            return True

        return await self._disk.write(work)


def _waiting(db: sqlite3.Connection, channel: str) -> list[Row]:
    """What waits for the channel. What was on its way, and cannot be looked for there now, is among it: it is rather
    said twice than never."""
    return _rows(db, "WHERE o.channel = ? AND o.state IN ('waiting', 'sending')", channel)


def _rows(db: sqlite3.Connection, where: str, channel: str) -> list[Row]:
    """Some messages, with where their cards stand."""
    return db.execute(
        "SELECT o.*, c.channel AS stands_in FROM outbox o LEFT JOIN cards c ON c.subject = o.subject"  # noqa: S608 - ours
        f" {where} ORDER BY o.id",
        (channel,),
    ).fetchall()


def _goes(db: sqlite3.Connection, row: Row, stands_in: str | None) -> bool:
    """Whether this is to be posted elsewhere: where it was meant, if that is open, or where another stands in. A
    notification whose card is in that channel too needs none there."""
    notice = _kind(row) == "notice" and row["subject"] is not None
    stands = row["stands_in"] == row["channel"]
    to = row["meant_for"] if row["meant_for"] is not None and not is_closed(db, row["meant_for"]) else stands_in
    if to is None or not notice:
        return to is not None and not stands
    number = int(row["subject"].partition(":")[2])
    if not stands and db.execute("UPDATE OR IGNORE copies SET channel = ? WHERE id = ?", (to, number)).rowcount:
        return True
    db.execute("DELETE FROM outbox WHERE id = ?", (row["id"],))
    if not stands:
        db.execute("DELETE FROM copies WHERE id = ?", (number,))
    return False


def _put_again(db: sqlite3.Connection, row: Row) -> None:
    """Takes a message out and puts it in once more, behind what waits already: now it finds its other way."""
    db.execute("DELETE FROM outbox WHERE id = ?", (row["id"],))
    message = outbox.what_of(row, channel=row["meant_for"] or row["channel"])
    outbox.put_one(db, message, made_at=time(row["made_at"]))


def _kind(row: Row) -> str:
    return str(row["subject"] or row["under"] or "").partition(":")[0]
