"""What of a bulk job is on its way to SmartHub: claimed before it is sent, noted when it was, settled once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.rules.audit import SYSTEM, Deed
from bot.rules.job_sims import Found, Member
from bot.rules.jobs import Stage
from bot.rules.orders import Before, Order
from bot.store.audit import write_down
from bot.store.barred import barred_among
from bot.store.disk import Disk
from bot.store.job_sims import BEFORE, COLUMNS, member
from bot.store.jobs import ORDER, order_or_none, touch
from bot.store.rows import Row, time, when, when_or_none

STOPPED = "The bot was stopped, or its store refused, while this was being sent"
# SQLite would rather go through all SIMs of a job, or all its batches, than along the index of the few it needs.
UNDER_WAY = "job_batches INDEXED BY job_batches_to_see WHERE job = ? AND state IN ('claimed', 'stored')"
CLAIMED = f"SELECT n FROM {UNDER_WAY} AND state = 'claimed'"  # noqa: S608 - constant
CALLED = "job_sims INDEXED BY job_sims_sent WHERE job = ? AND stage = 'sent' AND batch IS NULL"
CHANGES = "SET stage = ?, code = ?, why = ?, since = ?, look_at = ?"
UPDATE = f"UPDATE job_sims {CHANGES}"
UPDATE_SENT = f"UPDATE job_sims INDEXED BY job_sims_sent {CHANGES} WHERE job = ? AND stage = 'sent' AND batch"
WAITING = f"SELECT {COLUMNS} FROM job_sims WHERE job = ? AND stage = 'waiting' AND n <= ?"  # noqa: S608 - names of ours
STORED, SENT = "theirs IS NOT NULL", "stage IN ('taken', 'lost')"
# How far a job may send now; nothing when it does not run.
LIMIT = "SELECT CASE WHEN released THEN count ELSE min(canary, count) END FROM jobs WHERE id = ? AND state = 'running'"


@dataclass(frozen=True)
class Claim:
    """SIMs that nobody else will send: they are sent now, or given back. `n` is the number of the batch in its job."""

    job: int
    n: int
    order: Order
    giccids: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """A batch SmartHub has stored, under its id for it. `looks` counts how often it was asked for since."""

    job: int
    n: int
    theirs: str
    count: int
    claimed_at: datetime
    looks: int


class Batches:
    """Batches, and calls for one SIM each, on disk. Every step is a compare-and-set: it counts once."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    # --- batches ---

    async def claim(self, job: int, order: Order, *, size: int, now: datetime) -> Claim | None:
        """The next SIMs of the job, which are its to send from here on; `None` when it may send none now.

        SIMs that may not be touched now are left out on the way; a claim that holds none has met nothing but those.
        """

        def work(db: sqlite3.Connection) -> Claim | None:
            rows = _waiting(db, job, size)
            if not rows:
                return None
            free = _leave_out(db, job, order, rows, now)
            n = int(db.execute("SELECT coalesce(max(n), 0) + 1 FROM job_batches WHERE job = ?", (job,)).fetchone()[0])
            if free:
                statement = "UPDATE job_sims SET stage = 'sent', batch = ?, since = ? WHERE job = ? AND n = ?"
                db.executemany(statement, [(n, when(now), job, row["n"]) for row in free])
                insert = "INSERT INTO job_batches (job, n, state, count, claimed_at) VALUES (?, ?, 'claimed', ?, ?)"
                db.execute(insert, (job, n, len(free), when(now)))
            touch(db, job)
            return Claim(job, n, order_or_none(rows[0]["own"]) or order, tuple(row["giccid"] for row in free))

        return await self._disk.write(work)

    async def give_back(self, claim: Claim) -> None:
        """Nothing of it was sent: its SIMs wait again."""

        def work(db: sqlite3.Connection) -> None:
            if _settle(db, claim.job, claim.n, old="claimed", new="given back"):
                back = "UPDATE job_sims INDEXED BY job_sims_sent SET stage = 'waiting', batch = NULL, since = NULL"
                db.execute(f"{back} WHERE job = ? AND stage = 'sent' AND batch = ?", (claim.job, claim.n))
                touch(db, claim.job)

        await self._disk.write(work)

    async def stored(self, claim: Claim, theirs: str, *, look_at: datetime, now: datetime) -> None:
        """Notes SmartHub's id of the batch, before anything else happens."""

        def work(db: sqlite3.Connection) -> None:
            statement = "UPDATE job_batches SET state = 'stored', theirs = ?, look_at = ? WHERE job = ? AND n = ?"
            done = db.execute(f"{statement} AND state = 'claimed'", (theirs, when(look_at), claim.job, claim.n))
            if done.rowcount == 1:
                answer = f"stored as {theirs}"
                _write_down(db, "sent", claim.job, claim.n, count=len(claim.giccids), answer=answer, now=now)

        await self._disk.write(work)

    async def lose(self, job: int, n: int, found: Found, *, now: datetime) -> None:
        """Nobody knows what became of the rest of this batch: it is never sent again, its SIMs are read."""
        await self._end(job, n, found, action="lost", look_at=now, now=now)

    async def refuse(self, claim: Claim, found: Found, *, now: datetime) -> None:
        """SmartHub said no to the batch as a whole."""
        await self._end(claim.job, claim.n, found, action="refused", look_at=None, now=now)

    async def _end(
        self, job: int, n: int, found: Found, *, action: str, look_at: datetime | None, now: datetime
    ) -> None:
        def work(db: sqlite3.Connection) -> None:
            if _settle(db, job, n, old="claimed", new=action) or _settle(db, job, n, old="stored", new=action):
                count = _rest(db, job, n, found, look_at=look_at, now=now)
                _write_down(db, action, job, n, count=count, answer=found.why, now=now)
                touch(db, job)

        await self._disk.write(work)

    async def results(
        self, batch: Batch, found: Mapping[str, Found], *, look_at: datetime | None, rest: Found, now: datetime
    ) -> None:
        """Notes what SmartHub says of the SIMs of a batch, by their numbers, and when to ask again; `None`: it is over,
        and `rest` is said of those it said nothing of."""

        def work(db: sqlite3.Connection) -> None:
            statement = f"{UPDATE} WHERE giccid = ? AND job = ? AND batch = ? AND stage = 'sent'"
            rows = [(*_found(one, now, now), giccid, batch.job, batch.n) for giccid, one in found.items()]
            db.executemany(statement, rows)
            if look_at is not None:
                again = "UPDATE job_batches SET look_at = ?, looks = looks + 1 WHERE job = ? AND n = ?"
                db.execute(again, (when(look_at), batch.job, batch.n))
            elif _settle(db, batch.job, batch.n, old="stored", new="over"):
                _rest(db, batch.job, batch.n, rest, look_at=now, now=now)
            touch(db, batch.job)

        await self._disk.write(work)

    def under_way(self, job: int) -> int:
        """How many batches of the job are claimed, or are with SmartHub."""
        count = f"SELECT count(*) FROM {UNDER_WAY}"  # noqa: S608 - constant
        return int(self._disk.reader.execute(count, (job,)).fetchone()[0])

    def due(self, job: int, *, now: datetime) -> Batch | None:
        """The batch SmartHub should be asked for now."""
        row = self._disk.reader.execute(
            f"SELECT * FROM {UNDER_WAY} AND {STORED} AND look_at <= ? ORDER BY look_at LIMIT 1",  # noqa: S608 - constants
            (job, when(now)),
        ).fetchone()
        return None if row is None else _batch(row)

    async def look_now(self, *, now: datetime) -> None:
        """Has all that is looked at again looked at now: the time of some may come from a clock that was set back."""
        for row in self._disk.reader.execute("SELECT id FROM jobs WHERE ended_at IS NULL").fetchall():
            await self._disk.write(partial(_look_now, job=row["id"], now=now, table="job_batches", which=STORED))
            sims = partial(_look_now, job=row["id"], now=now, table="job_sims", which=SENT)
            while await self._disk.write(sims):
                pass

    # --- calls for one SIM each ---

    def waiting(self, job: int, *, limit: int) -> tuple[Member, ...]:
        """The next SIMs of the job, which nobody has claimed yet; none when it may not send now."""
        db = self._disk.reader
        most = db.execute(LIMIT, (job,)).fetchone()
        if most is None:
            return ()
        return tuple(map(member, db.execute(f"{WAITING} ORDER BY n LIMIT ?", (job, most[0], limit))))

    async def claim_call(self, job: int, order: Order, one: Member, *, before: Before, now: datetime) -> bool:
        """Whether the call for this SIM is ours to make; what it was before is kept."""

        def work(db: sqlite3.Connection) -> bool:
            most = db.execute(LIMIT, (job,)).fetchone()
            where = "FROM job_sims WHERE job = ? AND n = ? AND stage = 'waiting'"
            row = db.execute(f"SELECT n, giccid {where}", (job, one.n)).fetchone()
            if most is None or most[0] < one.n or row is None:
                return False
            touch(db, job)
            if not _leave_out(db, job, order, [row], now):
                return False
            kept = BEFORE.dump_json(before).decode()
            statement = "UPDATE job_sims SET stage = 'sent', before = ?, since = ? WHERE job = ? AND n = ?"
            db.execute(statement, (kept, when(now), job, one.n))
            return True

        return await self._disk.write(work)

    async def give_call_back(self, job: int, n: int) -> None:
        """The call was not made: the SIM waits again."""
        statement = "UPDATE job_sims SET stage = 'waiting', since = NULL WHERE job = ? AND n = ? AND stage = 'sent'"
        await self._disk.write(lambda db: db.execute(statement, (job, n)).rowcount)

    async def settle_call(self, job: int, n: int, found: Found, *, now: datetime) -> None:
        """Notes what came of a call, or why none was made."""

        def work(db: sqlite3.Connection) -> None:
            look_at = now if found.stage in (Stage.TAKEN, Stage.LOST) else None
            statement = f"{UPDATE} WHERE job = ? AND n = ? AND stage IN ('waiting', 'sent')"
            db.execute(statement, (*_found(found, now, look_at), job, n))
            touch(db, job)

        await self._disk.write(work)

    # --- what was left behind ---

    async def abandoned(self, job: int, *, sms: bool, now: datetime) -> int:
        """How many SIMs are unsure because nobody knows whether they were sent: claimed, and their sender is gone.

        For whoever sends, at a moment when nothing is being sent. An SMS shows nowhere.
        """
        batches, calls = CLAIMED, f"SELECT 1 FROM {CALLED} LIMIT 1"  # noqa: S608 - constant
        if all(self._disk.reader.execute(left, (job,)).fetchone() is None for left in (batches, calls)):
            return 0

        def work(db: sqlite3.Connection) -> int:
            count = 0
            for row in db.execute(batches, (job,)).fetchall():
                _settle(db, job, row["n"], old="claimed", new="lost")
                lost = _rest(db, job, row["n"], Found(Stage.LOST, why=STOPPED), look_at=now, now=now)
                _write_down(db, "lost", job, row["n"], count=lost, answer=STOPPED, now=now)
                count += lost
            stage = Stage.UNSURE if sms else Stage.LOST
            values = _found(Found(stage, why=STOPPED), now, None if sms else now)
            count += db.execute(f"{UPDATE_SENT} IS NULL", (*values, job)).rowcount
            touch(db, job)
            return count

        return await self._disk.write(work)


def _waiting(db: sqlite3.Connection, job: int, size: int) -> list[Row]:
    """The next SIMs the job may send, all with the same to be done to them."""
    most = db.execute(LIMIT, (job,)).fetchone()
    first = None if most is None else db.execute(f"{WAITING} ORDER BY n LIMIT 1", (job, most[0])).fetchone()
    if first is None:
        return []
    return db.execute(f"{WAITING} AND own = ? ORDER BY n LIMIT ?", (job, most[0], first["own"], size)).fetchall()


def _leave_out(db: sqlite3.Connection, job: int, order: Order, rows: Sequence[Row], now: datetime) -> list[Row]:
    """Those of these SIMs that may be touched now; the others are left out, with the reason."""
    barred = barred_among(db, job, order, json.dumps([row["giccid"] for row in rows]))
    values = [
        (*_found(Found(Stage.LEFT_OUT, why=barred[row["giccid"]]), now, None), job, row["n"])
        for row in rows
        if row["giccid"] in barred
    ]
    db.executemany(f"{UPDATE} WHERE job = ? AND n = ?", values)
    return [row for row in rows if row["giccid"] not in barred]


def _settle(db: sqlite3.Connection, job: int, n: int, *, old: str, new: str) -> bool:
    statement = "UPDATE job_batches SET state = ? WHERE job = ? AND n = ? AND state = ?"
    return db.execute(statement, (new, job, n, old)).rowcount == 1


def _rest(db: sqlite3.Connection, job: int, n: int, found: Found, *, look_at: datetime | None, now: datetime) -> int:
    """How many SIMs of a batch this was said of: all those of which nothing was."""
    return db.execute(f"{UPDATE_SENT} = ?", (*_found(found, now, look_at), job, n)).rowcount


def _look_now(db: sqlite3.Connection, *, job: int, now: datetime, table: str, which: str) -> int:
    """How many rows were still to wait, at most two thousand."""
    later = f"SELECT n FROM {table} WHERE job = ? AND {which} AND look_at > ? LIMIT 2000"  # noqa: S608 - constants
    statement = f"UPDATE {table} SET look_at = ? WHERE job = ? AND n IN ({later})"  # noqa: S608 - constants
    return db.execute(statement, (when(now), job, job, when(now))).rowcount


def _found(found: Found, now: datetime, look_at: datetime | None) -> tuple[object, ...]:
    """The columns of UPDATE; only what SmartHub has taken, or may have, is looked at again."""
    again = look_at if found.stage in (Stage.TAKEN, Stage.LOST) else None
    return (found.stage.value, found.code, found.why, when(now), when_or_none(again))


def _write_down(
    db: sqlite3.Connection, action: str, job: int, n: int, *, count: int, answer: str | None, now: datetime
) -> None:
    order = ORDER.validate_json(db.execute('SELECT "order" FROM jobs WHERE id = ?', (job,)).fetchone()["order"])
    sent = f"batch {n} of the job, to {order.words}"
    write_down(db, Deed(SYSTEM, action, f"job:{job}", {"count": count, "sent": sent, "answer": answer}), at=now)


def _batch(row: Row) -> Batch:
    return Batch(row["job"], row["n"], row["theirs"], row["count"], time(row["claimed_at"]), row["looks"])
