"""Who may approve in whose place, and until when."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.rules.audit import Deed
from bot.rules.quorum import Delegation
from bot.store.audit import write_down
from bot.store.disk import Disk
from bot.store.rows import Row, time, when


class Delegations:
    """The delegations on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def add(self, delegation: Delegation, *, now: datetime) -> None:
        """Stores that somebody may approve in another's place; it takes the place of what that one had given before."""

        def work(db: sqlite3.Connection) -> None:
            _take_back(db, delegation.from_user, now)
            db.execute(
                "INSERT INTO delegations (from_user, to_user, until, given_at) VALUES (?, ?, ?, ?)",
                (delegation.from_user, delegation.to_user, when(delegation.until), when(now)),
            )
            detail = {"to": delegation.to_user, "until": delegation.until.isoformat()}
            write_down(db, Deed(delegation.from_user, "delegated", f"person:{delegation.from_user}", detail), at=now)

        await self._disk.write(work)

    async def take_back(self, from_user: str, *, now: datetime) -> bool:
        """Whether this person had given anything, which is taken back now."""

        def work(db: sqlite3.Connection) -> bool:
            if not _take_back(db, from_user, now):
                return False
            write_down(db, Deed(from_user, "delegation taken back", f"person:{from_user}"), at=now)
            return True

        return await self._disk.write(work)

    def since(self, moment: datetime) -> tuple[Delegation, ...]:
        """The delegations that were good at some time since then; one that was taken back was good until it was."""
        rows = self._disk.reader.execute(
            "SELECT from_user, to_user, until, given_at, taken_back FROM delegations WHERE until > ? ORDER BY id",
            (when(moment),),
        )
        return tuple(_delegation(row) for row in rows)


def _take_back(db: sqlite3.Connection, from_user: str, now: datetime) -> int:
    cursor = db.execute(
        "UPDATE delegations SET until = ?, taken_back = 1 WHERE from_user = ? AND until > ?",
        (when(now), from_user, when(now)),
    )
    return cursor.rowcount


def _delegation(row: Row) -> Delegation:
    return Delegation(
        row["from_user"], row["to_user"], time(row["until"]), time(row["given_at"]), over=bool(row["taken_back"])
    )
