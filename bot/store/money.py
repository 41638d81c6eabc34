"""Which SIMs money may be lost with: those that are paid for and idle, and those whose plan ends."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.rules.money import IDLE_FOR, Group
from bot.store.disk import Disk
from bot.store.snapshot import micros

WITHIN_S = 60.0
# The accounts and plans with their SIMs; what SmartHub lists no more costs nothing any more.
ACTIVE = (
    "SELECT f.account, f.plan, count(*) AS count FROM sims AS s JOIN facets AS f ON f.id = s.facet"
    " WHERE f.status = 'active' AND f.account IS NOT NULL AND f.plan IS NOT NULL"
    " AND s.giccid NOT IN (SELECT giccid FROM vanished) AND {} GROUP BY f.account, f.plan ORDER BY count DESC"
)
IDLE = ACTIVE.format(
    "s.usage_bytes = 0 AND coalesce(s.last_session_at, 0) < :week_ago AND coalesce(s.activated_at, 0) < :week_ago"
    " AND coalesce(s.last_session_at, s.activated_at) IS NOT NULL"
)
ENDING = ACTIVE.format("s.plan_expires_at >= :now AND s.plan_expires_at < :until")


class Money:
    """Questions about SIMs that cost."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def groups(self, *, now: datetime, until: datetime) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
        """The SIMs that are paid for and idle, and those whose plan ends until then, by account and plan."""
        values = {"now": micros(now), "until": micros(until), "week_ago": micros(now - IDLE_FOR)}

        def ask(db: sqlite3.Connection, statement: str) -> tuple[Group, ...]:
            return tuple(Group(row["account"], row["plan"], row["count"]) for row in db.execute(statement, values))

        return await self._disk.read(lambda db: (ask(db, IDLE), ask(db, ENDING)), within_s=WITHIN_S)
