"""Notifications on their way to the disk: those that come while others are written are written together after them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.rules.events import Push, Source
from bot.store import rhythm
from bot.store.copies import redraw
from bot.store.disk import Disk
from bot.store.rows import facts_as_text, time, when, when_or_none
from bot.store.sms import Messages, Told

MOST = 256  # in one piece of work
OF_SMS = frozenset({"mo-sms", "mt-sms-status"})
COLUMNS = (
    "id", "name", "key", "giccid", "account", "body", "facts", "flaw", "happened_at", "received_at", "source", "bare",
    "fate",
)  # fmt: skip
INSERT = f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES "  # noqa: S608 - names of ours
PLACES = f"({', '.join('?' * len(COLUMNS))})"
NEWEST = (
    "SELECT key, id, received_at FROM events WHERE id IN"
    " (SELECT (SELECT max(id) FROM events WHERE key = wanted.column1) FROM (VALUES {}) AS wanted)"
)


@dataclass(frozen=True)
class Arrival:
    """A push as it came, and what of it is kept. The same key within `window` is the same push once more.

    `told` says what goes to Slack for an SMS from a device.
    """

    push: Push
    kept: Push
    window: timedelta
    now: datetime
    source: Source
    told: Told


class Arrivals:
    """The way in. Whoever sent a push waits until it is committed, and with it all that came at the same time."""

    def __init__(self, disk: Disk, sms: Messages) -> None:
        """`sms` keeps the SMS that notifications bring, or tell of."""
        self._disk, self._sms = disk, sms
        self._waiting: list[tuple[Arrival, asyncio.Future[int]]] = []
        self._carrier: asyncio.Task[None] | None = None
        self.under_way = 0  # that somebody waits for

    async def put(self, arrival: Arrival) -> int:
        """The number under which it is on disk. Raises StoreError."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, done))
        if self._carrier is None or self._carrier.done():
            self._carrier = asyncio.create_task(self._carry())
        self.under_way += 1
        try:
            return await done
        finally:
            self.under_way -= 1

    async def _carry(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await self._write(some)
            except StoreError as problem:
                _refuse(some, problem)
            except Exception as problem:  # noqa: BLE001 - it is told to whoever sent the one it is about
                await self._write_each(some, problem)

    async def _write(self, some: Sequence[tuple[Arrival, asyncio.Future[int]]]) -> None:
        numbers = await self._disk.write(lambda db: _take(db, [one for one, _ in some], self._sms))
        for number, (_, done) in zip(numbers, some, strict=True):
            if not done.done():
                done.set_result(number)

    async def _write_each(self, some: Sequence[tuple[Arrival, asyncio.Future[int]]], problem: Exception) -> None:
        """Each by itself: one that cannot be written must not take the others with it."""
        if len(some) == 1:
            _refuse(some, problem)
            return
        for one in some:
            try:
                await self._write([one])
            except Exception as its_own:  # noqa: BLE001 - it is told to whoever sent it
                _refuse([one], its_own)


def _refuse(some: Sequence[tuple[Arrival, asyncio.Future[int]]], problem: Exception) -> None:
    for _, done in some:
        if not done.done():
            done.set_exception(problem)


def _take(db: sqlite3.Connection, arrivals: Sequence[Arrival], sms: Messages) -> list[int]:
    """The numbers of these pushes, each on disk once, in the order they came."""
    batch = _Batch(db, sms)
    batch.look_up(arrivals)
    numbers = [batch.take(one) for one in arrivals]
    batch.flush()
    return numbers


class _Batch:
    """One transaction's worth of arrivals. Every statement costs its way to the disk's thread and back, so that those
    that are new are looked up with one, and written with one."""

    def __init__(self, db: sqlite3.Connection, sms: Messages) -> None:
        self._db, self._sms = db, sms
        self._newest: dict[str, tuple[int, datetime]] = {}  # by key: the number, and when it came
        self._fresh: list[tuple[object, ...]] = []
        self._last = 0

    def look_up(self, arrivals: Sequence[Arrival]) -> None:
        """Reads which of them may have been here before, and the last number that was given."""
        keys = dict.fromkeys(one.push.key for one in arrivals)
        statement = NEWEST.format(", ".join(["(?)"] * len(keys)))
        self._newest = {key: (number, time(at)) for key, number, at in self._db.execute(statement, list(keys))}
        last = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        self._last = 0 if last is None else int(last[0])

    def take(self, one: Arrival) -> int:
        """The number of one push: a new one, or that of the same push when it came first."""
        known = self._newest.get(one.push.key)
        if known is not None and known[1] > one.now - one.window:
            self.flush()
            return self._repeat(known[0], one)
        self._last += 1
        number = self._last
        self._newest[one.push.key] = (number, one.now)
        self._fresh.append(_row(number, one))
        if one.push.name in OF_SMS:
            self.flush()
            self._converse(number, one)
        return number

    def flush(self) -> None:
        """Writes those that are new."""
        if self._fresh:
            statement = INSERT + ", ".join([PLACES] * len(self._fresh))
            self._db.execute(statement, [value for row in self._fresh for value in row])
            self._fresh = []

    def _converse(self, number: int, one: Arrival) -> None:
        """What belongs into the conversation with a SIM is there at once."""
        if self._sms.on_push(self._db, one.push, number, one.told, now=one.now):
            # The same SMS once more, or a report that waits for its SMS, is not to be sorted.
            self._db.execute("UPDATE events SET fate = 'sms' WHERE id = ? AND sms IS NULL", (number,))
            rhythm.count(self._db, [one.now])

    def _repeat(self, number: int, one: Arrival) -> int:
        """Counts it on the one that is there already, on its card too."""
        db, at = self._db, when(one.now)
        known = db.execute("SELECT body, incident, sms FROM events WHERE id = ?", (number,)).fetchone()
        db.execute("UPDATE events SET repeats = repeats + 1, last_at = ? WHERE id = ?", (at, number))
        other = known["body"] != one.kept.body
        if other:
            statement = "INSERT INTO event_bodies (event, body, received_at) VALUES (?, ?, ?)"
            db.execute(statement, (number, one.kept.body, at))
        if known["sms"] is not None and other:
            self._sms.on_push(db, one.push, number, one.told, now=one.now)
        if known["incident"] is not None:
            redraw(db, known["incident"], now=one.now)
        return number


def _row(number: int, one: Arrival) -> tuple[object, ...]:
    """The values of COLUMNS. Whoever sent it waits for this, so that whatever can be looked up later is."""
    kept = one.kept
    return (
        number, kept.name, kept.key, kept.giccid, kept.account, kept.body, facts_as_text(kept.facts), kept.flaw,
        when_or_none(kept.happened_at), when(one.now), one.source.value, kept is not one.push, "",
    )  # fmt: skip
