"""Subscriptions of channels."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.errors import NotFound
from bot.rules.audit import Deed
from bot.rules.hours import read_hours
from bot.rules.quiet import Digest
from bot.rules.routes import Route, Typed, read_wanted
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
