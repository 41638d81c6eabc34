"""The SIMs of bulk jobs: read again after they were sent, settled, streamed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from bot.rules.job_sims import Found, Member, Part
from bot.rules.jobs import Stage
from bot.rules.orders import Before
from bot.store.disk import Disk
from bot.store.jobs import ORDER, order_or_none, touch
from bot.store.rows import Row, time, time_or_none, when

BEFORE: TypeAdapter[Before] = TypeAdapter(Before)
COLUMNS = "n, giccid, label, status, plan, own, before, stage, code, why, after, since, looks"
TO_SEE = f"SELECT {COLUMNS} FROM job_sims INDEXED BY job_sims_to_see WHERE job = ? AND stage IN ('taken', 'lost')"  # noqa: S608
CHUNK = 1000
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Due:
    """SIMs of one account that are to be read again (`None`: their account is not known), how many of the job's are
    done, and how many SIMs the snapshot has in that account, by what a list can be narrowed to."""

    account: str | None
    count: int
    done: int
    all: int
    in_status: int
    on_plan: int


class JobSims:
    """The SIMs of the jobs on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def newest_of(self, giccids: Sequence[str]) -> int | None:
        """The newest job this SIM, by one of its spellings, was in; as long as its SIMs are kept."""
        marks = ", ".join("?" * len(giccids))
        statement = f"SELECT max(job) FROM job_sims WHERE giccid IN ({marks})"  # noqa: S608 - question marks
        found: int | None = self._disk.reader.execute(statement, tuple(giccids)).fetchone()[0]
        return found

    # --- reading again ---

    def to_see(self, job: int, *, now: datetime, limit: int) -> tuple[Member, ...]:
        """SIMs that are to be read again now, those that have waited longest first."""
        statement = f"{TO_SEE} AND look_at <= ? ORDER BY look_at, n LIMIT ?"
        return tuple(map(member, self._disk.reader.execute(statement, (job, when(now), limit))))

    async def unseen(self, job: int, account: str, *, before: datetime, limit: int) -> tuple[Member, ...]:
        """SIMs of this account that were to be read again before then and were not seen."""
        statement = f"{TO_SEE} AND look_at <= ? AND account = ? LIMIT ?"

        def work(db: sqlite3.Connection) -> tuple[Member, ...]:
            return tuple(map(member, db.execute(statement, (job, when(before), account, limit))))

        return await self._disk.read(work, within_s=PATIENCE_S)

    async def due(self, job: int, *, now: datetime, status: str | None, plan: str | None) -> tuple[Due, ...]:
        """How many SIMs are to be read again now, account by account."""
        statement = (
            "SELECT account, count(*) AS count FROM job_sims WHERE job = ? AND stage IN ('taken', 'lost')"
            " AND look_at <= ? GROUP BY account"
        )
        done = "SELECT account, count(*) FROM job_sims WHERE job = ? AND stage = 'done' GROUP BY account"
        sizes = (
            'SELECT coalesce(sum(count), 0) AS "all",'
            " coalesce(sum(CASE WHEN status = ? THEN count END), 0) AS in_status,"
            " coalesce(sum(CASE WHEN plan = ? THEN count END), 0) AS on_plan FROM facets WHERE account = ?"
        )

        def work(db: sqlite3.Connection) -> tuple[Due, ...]:
            rows = db.execute(statement, (job, when(now))).fetchall()
            seen = dict(db.execute(done, (job,)).fetchall()) if rows else {}
            return tuple(
                Due(
                    row["account"],
                    row["count"],
                    seen.get(row["account"], 0),
                    *db.execute(sizes, (status, plan, row["account"])).fetchone(),
                )
                for row in rows
            )

        return await self._disk.read(work, within_s=PATIENCE_S)

    def among(self, job: int, giccids: Iterable[str]) -> tuple[Member, ...]:
        """Those of these SIMs that the job has sent and nobody has seen since."""
        statement = (
            f"SELECT {', '.join(f's.{name.strip()}' for name in COLUMNS.split(','))} FROM json_each(?) AS w"  # noqa: S608
            " CROSS JOIN job_sims s ON s.giccid = w.value AND s.job = ? WHERE s.stage IN ('taken', 'lost')"
        )
        return tuple(map(member, self._disk.reader.execute(statement, (json.dumps(list(giccids)), job))))

    def of_sim(self, giccid: str, *, limit: int = 1000) -> tuple[Part, ...]:
        """What was done to this SIM in jobs, the newest first."""
        rows = self._disk.reader.execute(
            'SELECT j.id, j.request, j."order", j.by, j.made_at, s.own, s.stage, s.why, s.after, s.since'
            " FROM job_sims s JOIN jobs j ON j.id = s.job WHERE s.giccid = ? ORDER BY j.id DESC LIMIT ?",
            (giccid, limit),
        )
        return tuple(map(_part, rows))

    async def done_among(self, job: int, giccids: Iterable[str]) -> frozenset[str]:
        """Those of these SIMs for which the job has done what was ordered."""
        wanted = json.dumps(list(giccids))
        statement = (
            "SELECT s.giccid FROM json_each(?) AS w CROSS JOIN job_sims s ON s.giccid = w.value AND s.job = ?"
            " WHERE s.stage = 'done'"
        )
        rows = await self._disk.read(lambda db: db.execute(statement, (wanted, job)).fetchall(), within_s=PATIENCE_S)
        return frozenset(row["giccid"] for row in rows)

    async def settle(self, job: int, found: Sequence[tuple[int, Found]], *, now: datetime) -> int:
        """How many SIMs came to their end with what was found out about them."""

        def work(db: sqlite3.Connection) -> int:
            statement = (
                "UPDATE job_sims SET stage = ?, code = ?, why = ?, after = ?, since = ?, look_at = NULL"
                " WHERE job = ? AND n = ? AND stage IN ('taken', 'lost')"
            )
            values = [(one.stage.value, one.code, one.why, one.after, when(now), job, n) for n, one in found]
            count = db.executemany(statement, values).rowcount
            touch(db, job)
            return count

        return await self._disk.write(work) if found else 0

    async def look_later(self, job: int, looks: Sequence[tuple[int, datetime]]) -> None:
        """Notes when to read these SIMs again."""
        statement = (
            "UPDATE job_sims SET looks = looks + 1, look_at = ? WHERE job = ? AND n = ? AND stage IN ('taken', 'lost')"
        )
        values = [(when(at), job, n) for n, at in looks]
        if values:
            await self._disk.write(lambda db: db.executemany(statement, values).rowcount)

    # --- telling ---

    def not_done(self, job: int, *, limit: int) -> tuple[Member, ...]:
        """The first SIMs that failed, are unsure or were left out."""
        statement = (
            f"SELECT {COLUMNS} FROM job_sims INDEXED BY job_sims_not_done"  # noqa: S608 - names of ours
            " WHERE job = ? AND stage IN ('failed', 'unsure', 'left out') ORDER BY n LIMIT ?"
        )
        return tuple(map(member, self._disk.reader.execute(statement, (job, limit))))

    def lives(self, job: int, *, first: int, since: datetime) -> tuple[int, int]:
        """Of the `first` SIMs of a job, how many had a session since then, and how many SmartHub told something of that
        was not the job's doing."""
        sessions = (
            "SELECT count(*) FROM job_sims j JOIN sims s ON s.giccid = j.giccid"
            " WHERE j.job = ? AND j.n <= ? AND s.last_session_at >= ?"
        )
        pushes = (
            "SELECT count(*) FROM job_sims j WHERE j.job = ? AND j.n <= ? AND EXISTS (SELECT 1 FROM events e"
            " WHERE e.giccid = j.giccid AND e.received_at >= ? AND e.job IS NULL)"
        )
        moment = int(since.timestamp() * 1_000_000)
        db = self._disk.reader
        had = db.execute(sessions, (job, first, moment)).fetchone()[0]
        return int(had), int(db.execute(pushes, (job, first, when(since))).fetchone()[0])

    async def stream(self, job: int, *, only: Stage | None = None) -> AsyncGenerator[tuple[Member, ...], None]:
        """The SIMs of the job in their order, a thousand at a time; only those at one stage where it is named."""
        after, narrowed = 0, "" if only is None else f" AND stage = '{only.value}'"
        statement = f"SELECT {COLUMNS} FROM job_sims WHERE job = ? AND n > ?{narrowed} ORDER BY n LIMIT {CHUNK}"  # noqa: S608
        while True:

            def work(db: sqlite3.Connection, after: int = after) -> tuple[Member, ...]:
                return tuple(map(member, db.execute(statement, (job, after))))

            rows = await self._disk.read(work, within_s=PATIENCE_S)
            if rows:
                yield rows
            if len(rows) < CHUNK:
                return
            after = rows[-1].n


def member(row: Row) -> Member:
    """A row as a SIM of a job."""
    kept = row["before"]
    before = Before(row["status"] or "unknown", row["plan"]) if kept is None else BEFORE.validate_json(kept)
    return Member(
        n=row["n"],
        giccid=row["giccid"],
        label=row["label"],
        stage=Stage(row["stage"]),
        before=before,
        own=order_or_none(row["own"]),
        code=row["code"],
        why=row["why"],
        after=row["after"],
        since=time_or_none(row["since"]),
        looks=row["looks"],
    )


def _part(row: Row) -> Part:
    order = order_or_none(row["own"]) or ORDER.validate_json(row["order"])
    at = time_or_none(row["since"]) or time(row["made_at"])
    return Part(row["id"], row["request"], order, row["by"], Stage(row["stage"]), row["why"], row["after"], at)
