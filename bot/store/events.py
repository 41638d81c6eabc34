"""SmartHub's notifications: each on disk before it is acknowledged, the same one twice kept as one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.errors import NotFound
from bot.rules.events import Event, Push
from bot.rules.outbox import Card
from bot.store import jobs, outbox, sims
from bot.store.disk import Disk
from bot.store.rows import Row, facts_as_text, facts_from_text, time, time_or_none, when, when_or_none


class Events:
    """The notifications on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def receive(self, push: Push, *, window: timedelta, card_in: str, now: datetime) -> int:
        """The number under which this push is on disk, together with the card it becomes.

        A push with the same key within the window counts up the one that is there already, on its card too. What a
        bulk job has caused has no card of its own: it counts on the job's.
        """

        def work(db: sqlite3.Connection) -> int:
            known = db.execute(
                "SELECT id, body, job FROM events WHERE key = ? AND received_at > ? ORDER BY id DESC LIMIT 1",
                (push.key, when(now - window)),
            ).fetchone()
            if known is not None:
                db.execute(
                    "UPDATE events SET repeats = repeats + 1, last_at = ? WHERE id = ?", (when(now), known["id"])
                )
                if known["body"] != push.body:
                    statement = "INSERT INTO event_bodies (event, body, received_at) VALUES (?, ?, ?)"
                    db.execute(statement, (known["id"], push.body, when(now)))
                if known["job"] is None:
                    outbox.put(db, [Card(f"event:{known['id']}", card_in)], now=now)
                return int(known["id"])
            job = jobs.job_of(db, push, now=now)
            number = _insert(db, push, now, job=job)
            if job is None:
                outbox.put(db, [Card(f"event:{number}", card_in)], now=now)
            else:
                jobs.count_push(db, job)
            return number

        return await self._disk.write(work)

    def get(self, id: int) -> Event:
        """The notification with this number. Raises NotFound."""
        row = self._disk.reader.execute("SELECT * FROM events WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no notification {id} here.")
        other = self._disk.reader.execute(
            "SELECT body FROM event_bodies WHERE event = ? ORDER BY id DESC LIMIT 1", (id,)
        ).fetchone()
        return _event(row, other_body=None if other is None else other["body"])

    def of_sim(self, giccids: Sequence[str], *, limit: int = 1000) -> tuple[Event, ...]:
        """The notifications about the SIM with these spellings of its number, the newest first."""
        marks = ", ".join("?" * len(giccids))
        rows = self._disk.reader.execute(
            f"SELECT * FROM events WHERE giccid IN ({marks}) ORDER BY id DESC LIMIT ?",  # noqa: S608 - question marks
            (*giccids, limit),
        )
        return tuple(_event(row, other_body=None) for row in rows)

    def last_received_at(self) -> datetime | None:
        """When the newest notification came."""
        row = self._disk.reader.execute("SELECT received_at FROM events ORDER BY id DESC LIMIT 1").fetchone()
        return None if row is None else time(row[0])


def _insert(db: sqlite3.Connection, push: Push, now: datetime, *, job: int | None) -> int:
    """The new row's number; the SIM's label is taken from the snapshot, where it is known."""
    label, account = sims.named(db, push.giccid)
    cursor = db.execute(
        "INSERT INTO events (name, key, giccid, account, body, facts, flaw, label, happened_at, received_at, job)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            push.name,
            push.key,
            push.giccid,
            push.account or account,
            push.body,
            facts_as_text(push.facts),
            push.flaw,
            label,
            when_or_none(push.happened_at),
            when(now),
            job,
        ),
    )
    return int(cursor.lastrowid or 0)


def _event(row: Row, *, other_body: bytes | None) -> Event:
    push = Push(
        name=row["name"],
        key=row["key"],
        body=row["body"],
        giccid=row["giccid"],
        account=row["account"],
        happened_at=time_or_none(row["happened_at"]),
        facts=facts_from_text(row["facts"]),
        flaw=row["flaw"],
    )
    return Event(
        id=row["id"],
        push=push,
        received_at=time(row["received_at"]),
        label=row["label"],
        repeats=row["repeats"],
        last_at=time_or_none(row["last_at"]),
        other_body=other_body,
    )
