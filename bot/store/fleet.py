"""What only the whole fleet tells: device numbers in two SIMs, what accounts use together, how full pools were."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise

from bot.rules.alert_rules import Total
from bot.rules.forecasts import DayUse
from bot.rules.pools import Pool
from bot.rules.snapshot import Listed
from bot.store.disk import Disk
from bot.store.listed import by_ids

WITHIN_S = 60.0
POOL_DAYS_KEPT = timedelta(days=400)
DEVICE = 14  # digits of an IMEI that name the device; what follows is a check digit or the version of its software
# A device that was moved leaves its number in the SIM it was in: what is retired, on the shelf or gone does not count.
TWINS = (
    "WITH devices AS (SELECT s.id, substr(s.imei, 1, 14) AS device FROM sims AS s JOIN facets AS f ON f.id = s.facet"
    " WHERE s.imei IS NOT NULL AND length(s.imei) >= 14 AND f.status IS NOT 'retired' AND f.status IS NOT 'inventory'"
    " AND s.imei NOT LIKE '00000000000000%' AND s.giccid NOT IN (SELECT giccid FROM vanished))"
    " SELECT id, device FROM devices WHERE device IN"
    " (SELECT device FROM devices GROUP BY device HAVING count(*) > 1) ORDER BY device, id LIMIT ?"
)
# What SmartHub lists no more is in no cycle any more: it would hold an account in the last one it was in.
TOTALS = (
    "SELECT f.account, s.cycle, count(*) AS count, total(max(s.usage_bytes, 0)) AS used,"
    " total(max(s.quota_bytes, 0)) AS whole, sum(s.quota_bytes IS NULL OR s.quota_bytes <= 0) AS without"
    " FROM sims AS s JOIN facets AS f ON f.id = s.facet"
    " WHERE f.account IS NOT NULL AND f.status IS NOT 'retired' AND s.usage_bytes IS NOT NULL"
    " AND s.giccid NOT IN (SELECT giccid FROM vanished)"
    " GROUP BY f.account, s.cycle"
)
# Devices that were told of, where SmartHub says no more which device one of the SIMs at work is in.
UNTOLD = (
    "SELECT DISTINCT a.cycle FROM alerts AS a JOIN sims AS s ON s.giccid = a.giccid JOIN facets AS f ON f.id = s.facet"
    " WHERE a.state != 'cleared' AND (a.about != 'sim' OR a.kind = 'imei') AND a.kind = 'imei' AND s.imei IS NULL"
    " AND f.status IS NOT 'retired' AND f.status IS NOT 'inventory' AND s.giccid NOT IN (SELECT giccid FROM vanished)"
)
MOST_TWINS = 20_000


@dataclass(frozen=True)
class Filled:
    """How much of a pool of an account is used."""

    account: str
    pool: Pool


class Fleet:
    """Questions about all SIMs together."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def twins(self) -> tuple[tuple[str, tuple[Listed, ...]], ...]:
        """Each device number that is in several SIMs at work, with those SIMs."""

        def work(db: sqlite3.Connection) -> tuple[tuple[str, tuple[Listed, ...]], ...]:
            rows = db.execute(TWINS, (MOST_TWINS,)).fetchall()
            groups = groupby(rows, key=lambda row: str(row["device"]))
            return tuple((device, by_ids(db, [row["id"] for row in every])) for device, every in groups)

        return await self._disk.read(work, within_s=WITHIN_S)

    async def untold(self) -> frozenset[str]:
        """The devices with an alert of which nothing can be said, as one of their SIMs is listed without a device."""
        found = await self._disk.read(lambda db: db.execute(UNTOLD).fetchall(), within_s=WITHIN_S)
        return frozenset(row["cycle"] for row in found)

    async def totals(self) -> tuple[Total, ...]:
        """What the SIMs of each account used in a cycle, and may use; of a cycle with most SIMs where there are two."""

        def work(db: sqlite3.Connection) -> tuple[Total, ...]:
            found: dict[str, tuple[int, Total]] = {}
            for row in db.execute(TOTALS):
                whole = None if row["without"] else int(row["whole"])
                total = Total(row["account"], row["cycle"], int(row["used"]), whole)
                if row["count"] > found.get(row["account"], (0, total))[0]:
                    found[row["account"]] = (row["count"], total)
            return tuple(total for _, total in found.values())

        return await self._disk.read(work, within_s=WITHIN_S)

    async def note_pools(self, pools: Iterable[Filled], *, now: datetime) -> None:
        """Remembers how full these pools are today; of a day the last look counts."""
        rows = [
            (filled.account, filled.pool.name, now.date().isoformat(), filled.pool.cycle or "", filled.pool.used_bytes)
            for filled in pools
            if filled.pool.used_bytes is not None and 0 <= filled.pool.used_bytes < 2**63
        ]

        def work(db: sqlite3.Connection) -> None:
            db.executemany("INSERT OR REPLACE INTO pool_days VALUES (?, ?, ?, ?, ?)", rows)
            db.execute("DELETE FROM pool_days WHERE day < ?", ((now - POOL_DAYS_KEPT).date().isoformat(),))

        await self._disk.write(work)

    def past_of_pool(self, account: str, pool: str, cycle: str | None) -> tuple[DayUse, ...]:
        """What was used of it on each day of the cycle of which that is known, the oldest first."""
        rows = self._disk.reader.execute(
            "SELECT day, used_bytes FROM pool_days WHERE account = ? AND pool = ? AND cycle = ? ORDER BY day",
            (account, pool, cycle or ""),
        ).fetchall()
        return tuple(uses_of([(date.fromisoformat(row["day"]), row["used_bytes"]) for row in rows]))


def uses_of(ends: Sequence[tuple[date, int]]) -> Iterable[DayUse]:
    """What was used on each day whose day before is known too."""
    for (before, was), (day, used) in pairwise(ends):
        if day - before == timedelta(days=1) and used >= was:
            yield DayUse(day, used - was)
