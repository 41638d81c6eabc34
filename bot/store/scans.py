"""Looks over all SIMs: how far each is, what each SIM used on each day, and which SIMs are listed no more."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType

from bot.rules.forecasts import DayUse
from bot.rules.outbox import Outgoing
from bot.rules.scans import Scan, Vanished
from bot.rules.unjudged import Why
from bot.store import calm, outbox, snapshot
from bot.store.alert_rows import clear_gone
from bot.store.disk import Disk
from bot.store.fleet import uses_of
from bot.store.rows import Row, time, time_or_none, when
from bot.store.snapshot import DAY, micros, moment

REMOVED_AT_ONCE = 2000
PATIENCE_S = 30.0
# Not seen by the last two whole looks: one may have missed it, as SIMs move among the pages while they are read.
# Whether any of them was not told of. That is counted: to find them, all of the snapshot is gone through once.
ANY_MISSED = (
    "SELECT (SELECT coalesce(sum(count), 0) FROM looks WHERE at < ?) > (SELECT count(*) FROM vanished v"
    " CROSS JOIN sims s ON s.giccid = v.giccid CROSS JOIN seen n ON n.sim = s.id CROSS JOIN looks l ON l.id = n.look"
    " WHERE l.at < ?)"
)
MISSED = (
    "SELECT s.giccid, s.label, f.account, l.at FROM sims s JOIN seen n ON n.sim = s.id JOIN looks l ON l.id = n.look"
    " JOIN facets f ON f.id = s.facet WHERE l.at < ? AND s.giccid NOT IN (SELECT giccid FROM vanished) LIMIT 10000"
)
PAST = (
    "WITH RECURSIVE days(day) AS (SELECT ? UNION ALL SELECT day + 1 FROM days WHERE day < ?)"
    " SELECT s.giccid, u.day, u.bytes FROM json_each(?) AS w CROSS JOIN sims AS s ON s.giccid = w.value"
    " CROSS JOIN days AS d CROSS JOIN usage_days AS u ON u.day = d.day AND u.sim = s.id ORDER BY s.giccid, u.day"
)
# The day on which each was last seen, where that is over: it is closed only when the SIM is seen again.
LAST = (
    f"SELECT s.giccid, l.at / {DAY} AS day, s.usage_bytes AS bytes FROM json_each(?) AS w"  # noqa: S608 - a number
    " CROSS JOIN sims AS s ON s.giccid = w.value CROSS JOIN seen AS n ON n.sim = s.id CROSS JOIN looks AS l"
    f" ON l.id = n.look WHERE s.usage_bytes IS NOT NULL AND l.at / {DAY} >= ? AND l.at / {DAY} < ?"
)
EPOCH_DAY = date(1970, 1, 1)
BACK = (
    "DELETE FROM vanished WHERE giccid IN (SELECT v.giccid FROM vanished v CROSS JOIN sims s ON s.giccid = v.giccid"
    " CROSS JOIN seen n ON n.sim = s.id CROSS JOIN looks l ON l.id = n.look WHERE l.at >= ?)"
)


class Scans:
    """The looks on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def begin(self, account: str | None, *, way: str, now: datetime) -> tuple[Scan, bool]:
        """The look that is to be gone on with, and whether that is one that was begun before. `way` is what it hangs
        on: with other rules, or pages of another size, the pages before have not been looked at.
        """

        def work(db: sqlite3.Connection) -> tuple[Scan, bool]:
            row = db.execute(
                "SELECT * FROM scans WHERE account IS ? AND ended_at IS NULL ORDER BY id DESC LIMIT 1", (account,)
            ).fetchone()
            if row is not None and row["way"] == way and (open_ := _scan(row)).goes_on(now):
                return open_, open_.page > 0
            db.execute("DELETE FROM scans WHERE account IS ? AND ended_at IS NULL", (account,))
            statement = "INSERT INTO scans (account, started_at, way) VALUES (?, ?, ?)"
            made = db.execute(statement, (account, when(now), way))
            return Scan(int(made.lastrowid or 0), account, now), False

        return await self._disk.write(work)

    def calm(self, marks: Mapping[str, int], *, now: datetime) -> dict[str, tuple[int, frozenset[Why]]]:
        """Of the rows of a page, those that need not be read: see `store/calm.py`."""
        return calm.known(self._disk.reader, marks, now=now)

    def turned(
        self,
        id: int,
        *,
        page: int,
        sims: int,
        skipped: int,
        still: Sequence[int],
        unjudged: Mapping[Why, int],
        now: datetime,
    ) -> Callable[[sqlite3.Connection], None]:
        """What notes, in the transaction that stores a page, that it is stored, and that these are as they were."""
        statement = (
            "UPDATE scans SET page = ?, sims = sims + ?, skipped = skipped + ?, unjudged = ? WHERE id = ? AND page < ?"
        )

        def note(db: sqlite3.Connection) -> None:
            snapshot.still(db, still, now=now)
            row = db.execute("SELECT unjudged FROM scans WHERE id = ?", (id,)).fetchone()
            before = {} if row is None else json.loads(row["unjudged"])
            all_of_it = json.dumps(Counter(before) + Counter(unjudged))
            db.execute(statement, (page, sims, skipped, all_of_it, id, page))

        return note

    def get(self, id: int) -> Scan:
        """The look with this number, as it stands."""
        return _scan(self._disk.reader.execute("SELECT * FROM scans WHERE id = ?", (id,)).fetchone())

    async def pass_over(self, scan: Scan, page: int) -> None:
        """Notes that this page cannot be read, and that the look goes on behind it."""
        values = (page, json.dumps([*scan.passed, page]), scan.id)
        statement = "UPDATE scans SET page = ?, passed = ? WHERE id = ?"
        await self._disk.write(lambda db: db.execute(statement, values).rowcount)

    async def drop(self, id: int) -> None:
        """Has the next look begin anew, for this one was not whole."""
        await self._disk.write(lambda db: db.execute("DELETE FROM scans WHERE id = ?", (id,)).rowcount)

    async def end(self, id: int, *, now: datetime) -> Scan:
        """The look after it has gone through all pages."""

        def work(db: sqlite3.Connection) -> Scan:
            db.execute("UPDATE scans SET ended_at = ? WHERE id = ?", (when(now), id))
            return _scan(db.execute("SELECT * FROM scans WHERE id = ?", (id,)).fetchone())

        return await self._disk.write(work)

    def last(self, account: str | None = None) -> Scan | None:
        """The newest look that was whole."""
        row = self._disk.reader.execute(
            "SELECT * FROM scans WHERE account IS ? AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1", (account,)
        ).fetchone()
        return None if row is None else _scan(row)

    def under_way(self) -> Scan | None:
        """The look over all SIMs that has begun and not come to its end; also one that was cut off."""
        row = self._disk.reader.execute(
            "SELECT * FROM scans WHERE account IS NULL AND ended_at IS NULL ORDER BY id DESC LIMIT 1"
        ).fetchone()
        return None if row is None else _scan(row)

    # --- SIMs that are listed no more ---

    async def vanished(self, *, now: datetime) -> tuple[Vanished, ...]:
        """SIMs that the last two whole looks have not found, each once until it comes back: ten thousand at most.

        To be told of by whoever asks: with `note_vanished` they are not told again.
        """
        rows = self._disk.reader.execute(
            "SELECT started_at FROM scans WHERE account IS NULL AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 2"
        ).fetchall()
        if len(rows) < 2:
            return ()
        # The earlier of both: by a clock that was set back between them, that is not the older one.
        before = micros(min(time(row["started_at"]) for row in rows))
        await self._disk.write(lambda db: db.execute(BACK, (before,)).rowcount)

        def work(db: sqlite3.Connection) -> list[Row]:
            any_missed = db.execute(ANY_MISSED, (before, before)).fetchone()[0]
            return db.execute(MISSED, (before,)).fetchall() if any_missed else []

        found = await self._disk.read(work, within_s=PATIENCE_S)
        return tuple(Vanished(r["giccid"], r["label"], r["account"], moment(r["at"]) or now) for r in found)

    def gone_among(self, giccids: Sequence[str]) -> frozenset[str]:
        """Those of these SIMs that were told of as gone and have not come back."""
        statement = "SELECT giccid FROM vanished WHERE giccid IN (SELECT value FROM json_each(?))"
        return frozenset(row["giccid"] for row in self._disk.reader.execute(statement, (json.dumps(list(giccids)),)))

    async def note_vanished(self, gone: Sequence[Vanished], messages: Sequence[Outgoing], *, now: datetime) -> None:
        """Notes that somebody hears of them, with the messages that say so; their alerts are over with that."""

        def work(db: sqlite3.Connection) -> None:
            db.executemany("INSERT OR IGNORE INTO vanished VALUES (?, ?)", [(one.giccid, when(now)) for one in gone])
            clear_gone(db, [one.giccid for one in gone], now=now)
            outbox.put(db, messages, now=now)

        await self._disk.write(work)

    # --- what was used on which day ---

    async def past(
        self, giccids: Sequence[str], *, since: datetime, used: Mapping[str, int] = MappingProxyType({}), now: datetime
    ) -> dict[str, tuple[DayUse, ...]]:
        """What each of these SIMs used on each day since then of which that is known, the oldest first: on today as
        well, so far, where `used` has what it has used in its cycle by now (bytes).
        """
        wanted, first, today = json.dumps(list(giccids)), _day(since), _day(now)

        def work(db: sqlite3.Connection) -> dict[str, tuple[DayUse, ...]]:
            ends: dict[str, dict[int, int]] = {}
            for row in db.execute(PAST, (first, self._newest_day(), wanted)):
                ends.setdefault(row["giccid"], {})[row["day"]] = row["bytes"]
            for row in db.execute(LAST, (wanted, first, today)):
                ends.setdefault(row["giccid"], {})[row["day"]] = row["bytes"]
            for giccid in ends.keys() & used.keys():
                ends[giccid][today] = used[giccid]
            return {giccid: tuple(uses_of(_dated(of_it))) for giccid, of_it in ends.items()}

        return await self._disk.read(work, within_s=PATIENCE_S)

    async def forget(self, *, keep: timedelta, now: datetime) -> int:
        """How many days of SIMs were removed because they are older than that, two thousand rows at most."""
        oldest = _day(now - keep)

        def work(db: sqlite3.Connection) -> int:
            db.execute("DELETE FROM scans WHERE ended_at < ?", (when(now - keep),))
            return db.execute(
                "DELETE FROM usage_days WHERE (day, sim) IN (SELECT day, sim FROM usage_days WHERE day < ? LIMIT ?)",
                (oldest, REMOVED_AT_ONCE),
            ).rowcount

        return await self._disk.write(work)

    def _newest_day(self) -> int:
        row = self._disk.reader.execute("SELECT max(day) FROM usage_days").fetchone()
        return int(row[0] or 0)


def _dated(ends: Mapping[int, int]) -> list[tuple[date, int]]:
    return [(EPOCH_DAY + timedelta(days=day), used) for day, used in sorted(ends.items())]


def _day(at: datetime) -> int:
    return (micros(at) or 0) // DAY


def _scan(row: Row) -> Scan:
    return Scan(
        row["id"], row["account"], time(row["started_at"]), row["page"], row["sims"], row["skipped"],
        time_or_none(row["ended_at"]), {Why(why): count for why, count in json.loads(row["unjudged"]).items()},
        tuple(json.loads(row["passed"])),
    )  # fmt: skip
