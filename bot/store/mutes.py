"""Planned work: notifications that are kept and counted, and not shown, until a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.errors import NotFound
from bot.rules.audit import Deed
from bot.rules.mutes import Mute
from bot.rules.outbox import Outgoing
from bot.rules.routes import read_wanted
from bot.store import outbox
from bot.store.audit import write_down
from bot.store.disk import Disk
from bot.store.rows import Row, time, when


class Mutes:
    """The planned work on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def open(self) -> tuple[Mute, ...]:
        """What is held now or whose end has still to be told, the one that ends first in front."""
        return tuple(map(_mute, self._disk.reader.execute("SELECT * FROM mutes WHERE ended = 0 ORDER BY until, id")))

    def get(self, id: int) -> Mute:
        """The one with this number. Raises NotFound."""
        row = self._disk.reader.execute("SELECT * FROM mutes WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no mute {id}.")
        return _mute(row)

    def counts(self, id: int) -> Mapping[str, int]:
        """How many notifications of which event it has held."""
        rows = self._disk.reader.execute("SELECT name, count FROM mute_counts WHERE mute = ? ORDER BY name", (id,))
        return {row["name"]: row["count"] for row in rows}

    async def add(self, mute: Mute, *, now: datetime) -> Mute:
        """The same as it is stored, with its number and its audit line."""

        def work(db: sqlite3.Connection) -> Mute:
            text = mute.wanted.text
            cursor = db.execute(
                "INSERT INTO mutes (wanted, by, channel, at, until, why) VALUES (?, ?, ?, ?, ?, ?)",
                (text, mute.by, mute.channel, when(mute.at), when(mute.until), mute.why),
            )
            number = int(cursor.lastrowid or 0)
            detail = {"what": text, "until": mute.until.isoformat(), "reason": mute.why}
            write_down(db, Deed(mute.by, "muted", f"mute:{number}", detail), at=now)
            return Mute(number, mute.wanted, mute.by, mute.channel, mute.at, mute.until, mute.why)

        return await self._disk.write(work)

    async def end(self, mute: Mute, *, by: str, messages: Sequence[Outgoing], now: datetime) -> bool:
        """Whether it was ended now, with its audit line and what is told of it."""

        def work(db: sqlite3.Connection) -> bool:
            if db.execute("UPDATE mutes SET ended = 1 WHERE id = ? AND ended = 0", (mute.id,)).rowcount != 1:
                return False
            write_down(db, Deed(by, "unmuted", f"mute:{mute.id}", {"what": mute.wanted.text}), at=now)
            outbox.put(db, messages, now=now)
            return True

        return await self._disk.write(work)


def _mute(row: Row) -> Mute:
    return Mute(
        id=row["id"],
        wanted=read_wanted(row["wanted"]),
        by=row["by"],
        channel=row["channel"],
        at=time(row["at"]),
        until=time(row["until"]),
        why=row["why"],
        ended=bool(row["ended"]),
    )
