"""The SIMs somebody has protected: no bulk change touches them, and nothing retires them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.rules.audit import Deed
from bot.rules.shields import Shield
from bot.store.audit import write_down
from bot.store.disk import Disk
from bot.store.rows import Row, time, when


class Protected:
    """The protected SIMs on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def put(self, shield: Shield) -> bool:
        """Whether the SIM is protected now and was not before; with its audit line."""

        def work(db: sqlite3.Connection) -> bool:
            cursor = db.execute(
                "INSERT OR IGNORE INTO protected (giccid, label, by, at, why) VALUES (?, ?, ?, ?, ?)",
                (shield.giccid, shield.label, shield.by, when(shield.at), shield.why),
            )
            if cursor.rowcount == 1:
                detail = {"giccid": shield.giccid, "label": shield.label, "reason": shield.why}
                write_down(db, Deed(shield.by, "protected", f"sim:{shield.giccid}", detail), at=shield.at)
            return cursor.rowcount == 1

        return await self._disk.write(work)

    async def lift(self, giccid: str, *, by: str, why: str | None, now: datetime) -> bool:
        """Whether the SIM was protected and is not any more; with its audit line."""

        def work(db: sqlite3.Connection) -> bool:
            if db.execute("DELETE FROM protected WHERE giccid = ?", (giccid,)).rowcount == 0:
                return False
            detail = {"giccid": giccid, "reason": why}
            write_down(db, Deed(by, "protection lifted", f"sim:{giccid}", detail), at=now)
            return True

        return await self._disk.write(work)

    def of(self, giccid: str) -> Shield | None:
        """Who protects this SIM; `None` when nobody does."""
        row = self._disk.reader.execute("SELECT * FROM protected WHERE giccid = ?", (giccid,)).fetchone()
        return None if row is None else _shield(row)

    def among(self, giccids: Sequence[str]) -> frozenset[str]:
        """Those of these SIMs that are protected."""
        found: set[str] = set()
        for start in range(0, len(giccids), 500):
            some = giccids[start : start + 500]
            marks = ", ".join("?" * len(some))
            rows = self._disk.reader.execute(f"SELECT giccid FROM protected WHERE giccid IN ({marks})", some)  # noqa: S608
            found.update(row["giccid"] for row in rows)
        return frozenset(found)

    def count(self) -> int:
        """How many SIMs are protected."""
        return int(self._disk.reader.execute("SELECT count(*) FROM protected").fetchone()[0])

    def all(self, *, limit: int = 100) -> tuple[Shield, ...]:
        """The protected SIMs, the newest first."""
        rows = self._disk.reader.execute("SELECT * FROM protected ORDER BY at DESC LIMIT ?", (limit,))
        return tuple(_shield(row) for row in rows)


def _shield(row: Row) -> Shield:
    return Shield(row["giccid"], row["label"], row["by"], time(row["at"]), row["why"])
