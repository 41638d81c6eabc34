"""Subscriptions of channels, and the channels that take nothing from us for now."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from bot.errors import NotFound
from bot.rules.audit import Deed
from bot.rules.hours import read_hours
from bot.rules.outbox import Outgoing
from bot.rules.quiet import Digest
from bot.rules.routes import Route, Typed, read_wanted
from bot.store import outbox
from bot.store.audit import write_down
from bot.store.disk import Disk
from bot.store.rows import Row, time, when


class Routes:
    """The subscriptions on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def all(self) -> tuple[Route, ...]:
        """Every subscription, the oldest first."""
        return tuple(map(_route, self._disk.reader.execute("SELECT * FROM routes ORDER BY id")))

    def get(self, id: int) -> Route:
        """The subscription with this number. Raises NotFound."""
        row = self._disk.reader.execute("SELECT * FROM routes WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no subscription {id}.")
        return _route(row)

    async def add(self, typed: Typed, *, channel: str, by: str, now: datetime) -> Route:
        """The new subscription, with its audit line. The same one of a channel again takes the place of the first."""

        def work(db: sqlite3.Connection) -> Route:
            wanted = typed.wanted.text
            quiet = None if typed.quiet is None else str(typed.quiet)
            digest = None if typed.digest is None else str(typed.digest)
            db.execute("DELETE FROM routes WHERE channel = ? AND wanted = ?", (channel, wanted))
            cursor = db.execute(
                "INSERT INTO routes (channel, wanted, quiet, digest, by, at) VALUES (?, ?, ?, ?, ?, ?)",
                (channel, wanted, quiet, digest, by, when(now)),
            )
            number = int(cursor.lastrowid or 0)
            detail = {"channel": channel, "what": wanted}
            write_down(db, Deed(by, "subscribed", f"subscription:{number}", detail), at=now)
            return Route(number, channel, typed.wanted, typed.quiet, typed.digest, by=by, at=now)

        return await self._disk.write(work)

    async def remove(self, route: Route, *, by: str, now: datetime) -> bool:
        """Whether the subscription was there, and is gone now, with its audit line."""

        def work(db: sqlite3.Connection) -> bool:
            if db.execute("DELETE FROM routes WHERE id = ?", (route.id,)).rowcount != 1:
                return False
            detail = {"channel": route.channel, "what": route.wanted.text}
            write_down(db, Deed(by, "unsubscribed", f"subscription:{route.id}", detail), at=now)
            return True

        return await self._disk.write(work)

    # --- channels that take nothing ---

    def closed(self) -> Mapping[str, str]:
        """The channels that take nothing from us, with Slack's word for why."""
        rows = self._disk.reader.execute("SELECT channel, code FROM closed_channels ORDER BY channel")
        return {row["channel"]: row["code"] for row in rows}

    async def close(self, channel: str, code: str, *, now: datetime) -> bool:
        """Whether it is news that this channel takes nothing."""

        def work(db: sqlite3.Connection) -> bool:
            statement = "INSERT OR IGNORE INTO closed_channels (channel, code, since) VALUES (?, ?, ?)"
            return db.execute(statement, (channel, code, when(now))).rowcount == 1

        return await self._disk.write(work)

    async def move(self, channel: str, to: str, *, messages: tuple[Outgoing, ...], now: datetime) -> int:
        """How many notifications that wait for one channel go to another now, together with what is said of it.

        What is to be drawn anew in the closed channel is let go: the next state of the same card is drawn there when
        it is open again.
        """

        def work(db: sqlite3.Connection) -> int:
            rows = db.execute(
                "SELECT id, subject, EXISTS (SELECT 1 FROM cards c WHERE c.subject = o.subject) AS stands FROM outbox o"
                " WHERE channel = ? AND state = 'waiting' AND subject LIKE 'notice:%'",
                (channel,),
            ).fetchall()
            moved = sum(_move(db, row, to) for row in rows)
            outbox.put(db, messages, now=now)
            return moved

        return await self._disk.write(work)

    async def open(self, channel: str, *, now: datetime) -> bool:
        """Whether the channel was closed, and takes messages again; its cards of what still goes on are redrawn."""

        def work(db: sqlite3.Connection) -> bool:
            if db.execute("DELETE FROM closed_channels WHERE channel = ?", (channel,)).rowcount != 1:
                return False
            db.execute(
                "INSERT OR IGNORE INTO outbox (channel, subject, made_at)"
                " SELECT p.channel, p.subject, ? FROM cards p JOIN copies c ON p.subject = 'notice:' || c.id"
                " JOIN incidents i ON i.id = c.incident WHERE c.channel = ? AND i.state != 'resolved'"
                " ORDER BY i.id DESC LIMIT 50",
                (when(now), channel),
            )
            return True

        return await self._disk.write(work)


def _move(db: sqlite3.Connection, row: Row, to: str) -> bool:
    """Whether a new card goes to the other channel; where that has one of its own already, it is not needed."""
    number = int(row["subject"].partition(":")[2])
    if row["stands"]:
        db.execute("DELETE FROM outbox WHERE id = ?", (row["id"],))
        return False
    moved = db.execute("UPDATE OR IGNORE copies SET channel = ? WHERE id = ?", (to, number)).rowcount == 1
    if moved:
        db.execute("UPDATE outbox SET channel = ? WHERE id = ?", (to, row["id"]))
        return True
    db.execute("DELETE FROM outbox WHERE id = ?", (row["id"],))
    db.execute("DELETE FROM copies WHERE id = ?", (number,))
    return False


def _route(row: Row) -> Route:
    return Route(
        id=row["id"],
        channel=row["channel"],
        wanted=read_wanted(row["wanted"]),
        quiet=None if row["quiet"] is None else read_hours(row["quiet"]),
        digest=None if row["digest"] is None else Digest.read(row["digest"]),
        by=row["by"],
        at=time(row["at"]),
    )
