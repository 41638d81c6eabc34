"""What reports are made of: figures of each day, those that used most, alerts and requests of a time; what was sent."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.rules.outbox import Outgoing
from bot.rules.reports import Figures, Plan, Top
from bot.rules.searches import Query
from bot.store import facets, outbox
from bot.store.disk import Disk
from bot.store.rows import when

KEPT = timedelta(days=400)
WITHIN_S = 30.0
NEAR = timedelta(days=2)  # figures of a day that was missed are taken from so long before
TOP = (
    "SELECT s.label, s.giccid, f.account, s.usage_bytes FROM sims AS s JOIN facets AS f ON f.id = s.facet"
    " WHERE s.usage_bytes > 0 AND f.status IS NOT 'retired' AND s.giccid NOT IN (SELECT giccid FROM vanished)"
    " ORDER BY s.usage_bytes DESC, s.id LIMIT ?"
)

# The SIMs that SmartHub lists no more. What they used stays in the sums: it was used, and a sum that falls would be
# taken for that of the next cycle.
GONE = (
    "SELECT f.status, count(*) AS count FROM vanished AS v CROSS JOIN sims AS s ON s.giccid = v.giccid"
    " JOIN facets AS f ON f.id = s.facet GROUP BY f.status"
)


class Reports:
    """Figures and what was sent, on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def keep(self, *, now: datetime) -> Figures:
        """The figures of today, after they are kept; of a day the last ones count."""
        found = await self._disk.read(lambda db: _figures(db, now.date()), within_s=WITHIN_S)
        body = json.dumps([found.states, found.accounts, found.countries])

        def work(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO report_days VALUES (?, ?)", (found.day.isoformat(), body))
            db.execute("DELETE FROM report_days WHERE day < ?", ((now - KEPT).date().isoformat(),))

        await self._disk.write(work)
        return found

    def on(self, day: date) -> Figures | None:
        """The figures of this day, or of one shortly before; `None` where none were kept."""
        row = self._disk.reader.execute(
            "SELECT * FROM report_days WHERE day <= ? AND day >= ? ORDER BY day DESC LIMIT 1",
            (day.isoformat(), (day - NEAR).isoformat()),
        ).fetchone()
        return None if row is None else Figures(date.fromisoformat(row["day"]), *json.loads(row["body"]))

    async def top(self, limit: int) -> tuple[Top, ...]:
        """The SIMs that used most in their cycle."""
        rows = await self._disk.read(lambda db: db.execute(TOP, (limit,)).fetchall(), within_s=WITHIN_S)
        return tuple(Top(row["label"], row["giccid"], row["account"], row["usage_bytes"]) for row in rows)

    async def happened(self, since: datetime) -> tuple[dict[str, int], dict[str, int]]:
        """How many alerts were raised since, by rule, and how many requests were made, by where they stand now."""

        def work(db: sqlite3.Connection) -> tuple[dict[str, int], dict[str, int]]:
            alerts = db.execute("SELECT rule, count(*) FROM alerts WHERE raised_at >= ? GROUP BY rule", (when(since),))
            asked = db.execute(
                "SELECT state, count(*) FROM approvals WHERE asked_at >= ? GROUP BY state", (when(since),)
            )
            return {row[0]: row[1] for row in alerts}, {row[0]: row[1] for row in asked}

        return await self._disk.read(work, within_s=WITHIN_S)

    async def send(self, plan: Plan, due: datetime, *, messages: Sequence[Outgoing], now: datetime) -> bool:
        """Whether this report goes out now, with its messages: not when it went out for that time already."""

        def work(db: sqlite3.Connection) -> bool:
            values = (f"{plan.period}:{plan.channel}", when(due))
            if not db.execute("INSERT OR IGNORE INTO reports_sent VALUES (?, ?)", values).rowcount:
                return False
            outbox.put(db, messages, now=now)
            return True

        return await self._disk.write(work)

    def was_sent(self, plan: Plan, due: datetime) -> bool:
        """Whether this report went out for that time."""
        values = (f"{plan.period}:{plan.channel}", when(due))
        found = self._disk.reader.execute("SELECT 1 FROM reports_sent WHERE name = ? AND due = ?", values).fetchone()
        return found is not None


def _figures(db: sqlite3.Connection, day: date) -> Figures:
    states, accounts, countries = Counter[str](), Counter[str](), Counter[str]()
    for facet, places in facets.with_places(db, Query()):
        states[places["status"] or "unknown"] += facet.count
        accounts[places["account"] or "no account"] += facet.usage_bytes
        countries[places["country"] or "unknown"] += facet.usage_bytes
    gone = {row["status"] or "unknown": row["count"] for row in db.execute(GONE)}
    return Figures(day, states - Counter(gone), accounts, countries)
