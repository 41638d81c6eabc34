"""Bulk jobs: made together with their SIMs, moved on by compare-and-set together with their audit line, looked up."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from bot.errors import NotFound
from bot.rules.audit import Deed
from bot.rules.events import Push
from bot.rules.job_sims import Entry, is_echo
from bot.rules.jobs import Job, Stage, State
from bot.rules.orders import Order
from bot.rules.outbox import Card, Outgoing
from bot.rules.sims import spellings
from bot.store import outbox
from bot.store.audit import write_down
from bot.store.disk import Disk
from bot.store.rows import Row, time, time_or_none, when, when_or_none

ORDER: TypeAdapter[Order] = TypeAdapter(Order)
OVER = "('done', 'cancelled')"
KEPT = timedelta(days=30)  # the SIMs of a job after its end; its counts stay
REMOVED_AT_ONCE = 2000
ECHOES = ("sim-status-change", "apn-status-change")  # what can only tell of what we did
ECHOES_FOR = timedelta(minutes=10)  # after a job's end a notification may still be on its way
# What a step changes. Everything else is counted, or noted by a method of its own.
STEERED = (
    "state", "released", "tried", "failed", "steered_by", "why", "trouble", "runs_since", "ran_from", "ended_at"
)  # fmt: skip
# The account is the snapshot's: SIMs of one account can be read again in pages of a list.
FILL = (
    "INSERT INTO job_sims (job, n, giccid, label, account, status, plan, own, stage) VALUES (?, ?, ?, ?,"
    " (SELECT f.account FROM sims s JOIN facets f ON f.id = s.facet WHERE s.giccid = ?), ?, ?, ?, 'waiting')"
    " ON CONFLICT (giccid, job) DO NOTHING"
)
INSERT = (
    'INSERT INTO jobs (request, operation, "order", by, count, canary, stop_at_percent, made_at, state, version,'
    " released, filled, tried, failed, ran_from, pushes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0)"
)


class Jobs:
    """The jobs on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    # --- making one ---

    async def begin(self, job: Job, *, deed: Deed) -> tuple[int, bool]:
        """The number of the job, and whether it has to be filled with its SIMs now: it is new, or it was half made.

        A request has one job for each of its steps, so that asked for twice it is made once. With its audit line.
        """

        def work(db: sqlite3.Connection) -> tuple[int, bool]:
            operation = job.order.operation.value
            known = (job.request, operation)
            row = db.execute("SELECT id, state FROM jobs WHERE request = ? AND operation = ?", known).fetchone()
            if row is not None:
                return row["id"], row["state"] == State.MAKING
            values = (*known, order_text(job.order), job.by, job.count, job.canary, job.stop_at_percent)
            made = db.execute(INSERT, (*values, when(job.made_at), job.state, job.version, job.released))
            number = int(made.lastrowid or 0)
            stages = [(number, stage.value) for stage in Stage]
            db.executemany("INSERT INTO job_counts (job, stage, count) VALUES (?, ?, 0)", stages)
            write_down(db, replace(deed, subject=f"job:{number}"), at=job.made_at)
            return number, True

        return await self._disk.write(work)

    async def fill(self, id: int, entries: Sequence[Entry], *, first: int) -> None:
        """Writes these SIMs down, the first of them as the job's `first`; a thousand or so at a time."""

        def work(db: sqlite3.Connection) -> None:
            db.executemany(FILL, [_filled(id, n, entry) for n, entry in enumerate(entries, first)])
            db.execute("UPDATE jobs SET filled = ? WHERE id = ?", (first + len(entries) - 1, id))

        await self._disk.write(work)

    def last_filled(self, id: int) -> str | None:
        """The GICCID of the SIM that was written down last."""
        row = self._db.execute("SELECT giccid FROM job_sims WHERE job = ? ORDER BY n DESC LIMIT 1", (id,)).fetchone()
        return None if row is None else str(row["giccid"])

    async def empty(self, id: int) -> None:
        """Takes the SIMs of a half-made job out again, so that it can be filled anew."""
        while await self._disk.write(lambda db: _remove(db, id)) == REMOVED_AT_ONCE:
            pass

        def work(db: sqlite3.Connection) -> None:
            db.execute("UPDATE job_counts SET count = 0 WHERE job = ?", (id,))
            db.execute("UPDATE jobs SET filled = 0 WHERE id = ?", (id,))

        await self._disk.write(work)

    # --- moving one on ---

    async def swap(self, old: Job, new: Job, *, deed: Deed, messages: Sequence[Outgoing], now: datetime) -> bool:
        """Whether `new` took the place of `old`: only when nobody moved it in between. With its audit line and its
        messages, in one transaction."""

        def work(db: sqlite3.Connection) -> bool:
            names = ", ".join(f"{name} = ?" for name in STEERED)
            statement = f"UPDATE jobs SET {names}, version = ?, card_at = ?, dirty = 0 WHERE id = ? AND version = ?"  # noqa: S608
            values = [_column(getattr(new, name)) for name in STEERED]
            if db.execute(statement, (*values, new.version, when(now), old.id, old.version)).rowcount == 0:
                return False
            write_down(db, deed, at=now)
            outbox.put(db, messages, now=now)
            return True

        return await self._disk.write(work)

    async def trouble(self, id: int, said: str | None) -> None:
        """Notes what holds the job up for now, or that nothing does."""
        statement = "UPDATE jobs SET trouble = ?, dirty = 1 WHERE id = ? AND trouble IS NOT ?"
        await self._disk.write(lambda db: db.execute(statement, (said, id, said)).rowcount)

    async def note_told(self, id: int) -> None:
        """Notes that whoever has to hear of its end has heard."""
        await self._disk.write(lambda db: db.execute("UPDATE jobs SET told = 1 WHERE id = ?", (id,)).rowcount)

    async def note_filed(self, id: int) -> None:
        """Notes that its results were sent as a file, or never will be."""
        await self._disk.write(lambda db: db.execute("UPDATE jobs SET filed = 1 WHERE id = ?", (id,)).rowcount)

    async def show(self, *, channel: str, every: timedelta, now: datetime) -> int:
        """How many cards were put out now because they tell something old, each at most once in `every`."""
        old = [
            row["id"]
            for row in self._db.execute("SELECT id, card_at FROM jobs WHERE dirty = 1")
            if _due(row, now, every)
        ]
        if not old:
            return 0

        def work(db: sqlite3.Connection) -> int:
            shown = [(when(now), job) for job in old]
            db.executemany("UPDATE jobs SET dirty = 0, card_at = ? WHERE id = ?", shown)
            outbox.put(db, [Card(f"job:{job}", channel) for job in old], now=now)
            return len(old)

        return await self._disk.write(work)

    async def forget(self, *, now: datetime) -> int:
        """How many SIMs of jobs that ended long ago were removed, at most two thousand."""
        statement = "SELECT id FROM jobs WHERE ended_at < ? AND ended_at IS NOT NULL AND kept = 1 LIMIT 1"
        row = self._db.execute(statement, (when(now - KEPT),)).fetchone()
        if row is None:
            return 0

        def work(db: sqlite3.Connection) -> int:
            removed = _remove(db, row["id"])
            if removed < REMOVED_AT_ONCE:
                db.execute("UPDATE jobs SET kept = 0 WHERE id = ?", (row["id"],))
            return removed

        return await self._disk.write(work)

    # --- looking ---

    @property
    def _db(self) -> sqlite3.Connection:
        return self._disk.reader

    def get(self, id: int) -> Job:
        """The job with this number. Raises NotFound."""
        row = self._db.execute("SELECT * FROM jobs WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no job #{id} here.")
        return self._job(row)

    def of_request(self, request: int) -> tuple[Job, ...]:
        """The jobs that carry out this request, the first step first."""
        rows = self._db.execute("SELECT * FROM jobs WHERE request = ? ORDER BY id", (request,))
        return tuple(map(self._job, rows))

    def is_kept(self, id: int) -> bool:
        """Whether its SIMs are still here."""
        return self._db.execute("SELECT 1 FROM jobs WHERE id = ? AND kept = 1", (id,)).fetchone() is not None

    def open(self) -> tuple[Job, ...]:
        """The jobs that have not ended, the oldest first."""
        rows = self._db.execute(f"SELECT * FROM jobs WHERE state NOT IN {OVER} ORDER BY id")  # noqa: S608 - constant
        return tuple(map(self._job, rows))

    def recent(self, *, limit: int) -> tuple[Job, ...]:
        """The jobs that have ended, the newest first."""
        statement = f"SELECT * FROM jobs WHERE state IN {OVER} ORDER BY id DESC LIMIT ?"  # noqa: S608 - constant
        return tuple(map(self._job, self._db.execute(statement, (limit,))))

    def to_tell(self) -> tuple[Job, ...]:
        """The jobs of whose end somebody has still to hear."""
        return self._to_close("told")

    def to_file(self) -> tuple[Job, ...]:
        """The jobs whose results have still to be sent."""
        return self._to_close("filed")

    def _to_close(self, what: str) -> tuple[Job, ...]:
        statement = (
            f"SELECT * FROM jobs WHERE ended_at IS NOT NULL AND (told = 0 OR filed = 0) AND {what} = 0 ORDER BY id"  # noqa: S608
        )
        return tuple(map(self._job, self._db.execute(statement)))

    def _job(self, row: Row) -> Job:
        counts = {
            Stage(one["stage"]): one["count"]
            for one in self._db.execute("SELECT stage, count FROM job_counts WHERE job = ?", (row["id"],))
        }
        return replace(_bare(row), counts=counts)


def job_of(db: sqlite3.Connection, push: Push, *, now: datetime) -> int | None:
    """The job this notification is an echo of: it runs, or ended just now, and did to this SIM what is told."""
    if push.giccid is None or push.name not in ECHOES:
        return None
    is_iccid = push.giccid.isascii() and push.giccid.isdecimal() and 18 <= len(push.giccid) <= 22
    ways = tuple(dict.fromkeys((push.giccid, *(spellings(push.giccid) if is_iccid else ()))))
    marks = ", ".join("?" * len(ways))
    rows = db.execute(
        'SELECT j.id, j."order", s.own FROM job_sims s JOIN jobs j ON j.id = s.job'  # noqa: S608 - question marks
        f" WHERE s.giccid IN ({marks}) AND s.stage IN ('sent', 'taken', 'lost', 'done')"
        " AND (j.ended_at IS NULL OR j.ended_at > ?) ORDER BY j.id DESC",
        (*ways, when(now - ECHOES_FOR)),
    )
    return next((row["id"] for row in rows if is_echo(ORDER.validate_json(row["own"] or row["order"]), push)), None)


def count_push(db: sqlite3.Connection, id: int) -> None:
    """Counts a notification on the job's card."""
    db.execute("UPDATE jobs SET pushes = pushes + 1, dirty = 1 WHERE id = ?", (id,))


def touch(db: sqlite3.Connection, id: int) -> None:
    """Notes that the card tells something old now."""
    db.execute("UPDATE jobs SET dirty = 1 WHERE id = ? AND dirty = 0", (id,))


def order_or_none(text: str) -> Order | None:
    """The order in a column that is empty where there is none."""
    return ORDER.validate_json(text) if text else None


def order_text(order: Order | None) -> str:
    """The same the other way round."""
    return "" if order is None else ORDER.dump_json(order).decode()


def _filled(id: int, n: int, entry: Entry) -> tuple[object, ...]:
    own = order_text(entry.own)
    return (id, n, entry.giccid, entry.label, entry.giccid, entry.status, entry.plan, own)


def _remove(db: sqlite3.Connection, id: int) -> int:
    statement = "DELETE FROM job_sims WHERE job = ? AND n IN (SELECT n FROM job_sims WHERE job = ? LIMIT ?)"
    return db.execute(statement, (id, id, REMOVED_AT_ONCE)).rowcount


def _due(row: Row, now: datetime, every: timedelta) -> bool:
    """Whether a card may be put out again; at once, when the clock was set back since."""
    shown = time_or_none(row["card_at"])
    return shown is None or not timedelta(0) <= now - shown < every


def _column(value: object) -> object:
    return when_or_none(value) if isinstance(value, datetime) else value


def _bare(row: Row) -> Job:
    return Job(
        id=row["id"],
        request=row["request"],
        order=ORDER.validate_json(row["order"]),
        by=row["by"],
        count=row["count"],
        canary=row["canary"],
        stop_at_percent=row["stop_at_percent"],
        made_at=time(row["made_at"]),
        state=State(row["state"]),
        version=row["version"],
        released=bool(row["released"]),
        filled=row["filled"],
        tried=row["tried"],
        failed=row["failed"],
        steered_by=row["steered_by"],
        why=row["why"],
        trouble=row["trouble"],
        runs_since=time_or_none(row["runs_since"]),
        ran_from=row["ran_from"],
        pushes=row["pushes"],
        ended_at=time_or_none(row["ended_at"]),
    )
