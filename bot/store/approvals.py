"""Requests for changes: asked for, moved on by compare-and-set together with their audit line, looked up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from bot.errors import NotFound, NotPossible
from bot.rules.approvals import OPEN, Approval, State
from bot.rules.audit import Deed
from bot.rules.orders import Before, Order
from bot.rules.outbox import Outgoing
from bot.rules.policies import Policy
from bot.rules.quorum import Vote
from bot.rules.radius import Radius
from bot.rules.sims import Operation
from bot.store import lists, outbox
from bot.store.audit import write_down
from bot.store.disk import Disk
from bot.store.rows import Row, time, time_or_none, when
from bot.store.sms import Messages
from bot.store.sms_limits import refuse_too_many

OPEN_STATES = ", ".join(f"'{state.value}'" for state in sorted(OPEN))
# What a request holds in one column each, as JSON: read and written whole, and never searched by.
WHOLE: dict[str, TypeAdapter[Any]] = {  # Any: each of a type of its own
    "order": TypeAdapter(Order),
    "before": TypeAdapter(Before),
    "policy": TypeAdapter(Policy),
    "radius": TypeAdapter(Radius | None),
    "votes": TypeAdapter(tuple[Vote, ...]),
    "drift": TypeAdapter(tuple[str, ...]),
}
NAMES = tuple(field.name for field in fields(Approval))


class Approvals:
    """The requests on disk."""

    def __init__(self, disk: Disk, sms: Messages | None = None) -> None:
        """`sms` keeps what requests for SMS lead to."""
        self._disk, self._sms = disk, sms or Messages(disk)

    async def add(
        self, approval: Approval, *, deed: Deed, messages: Callable[[Approval], Sequence[Outgoing]]
    ) -> Approval:
        """The request with its number, stored together with its audit line and the messages made of it.

        Raises NotPossible when another change of the same SIM is still open, naming it, and for more SMS than the
        limits allow.
        """

        def work(db: sqlite3.Connection) -> Approval:
            _refuse_second(db, approval)
            refuse_too_many(db, approval, self._sms.limits)
            _refuse_second_undo(db, approval)
            _use_list(db, approval)
            values = {k: v for k, v in _columns(approval).items() if k != "id"}
            # Column names are the dataclass's own.
            names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
            cursor = db.execute(f"INSERT INTO approvals ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608
            stored = replace(approval, id=int(cursor.lastrowid or 0))
            write_down(db, replace(deed, subject=f"approval:{stored.id}"), at=stored.asked_at)
            outbox.put(db, messages(stored), now=stored.asked_at)
            return stored

        return await self._disk.write(work)

    async def swap(
        self, old: Approval, new: Approval, *, deed: Deed | None, messages: Sequence[Outgoing], now: datetime
    ) -> bool:
        """Whether `new` took the place of `old`: only when nobody moved it in between.

        The step, its audit line and the messages it makes are one transaction; when it lost, nothing is written.
        """

        def work(db: sqlite3.Connection) -> bool:
            values = {k: v for k, v in _columns(new).items() if k != "id"}
            names = ", ".join(f'"{name}" = ?' for name in values)
            statement = f"UPDATE approvals SET {names} WHERE id = ? AND version = ? AND state = ?"  # noqa: S608
            if db.execute(statement, (*values.values(), old.id, old.version, old.state)).rowcount == 0:
                return False
            if deed is not None:
                write_down(db, deed, at=now)
            outbox.put(db, messages, now=now)
            self._sms.on_request(db, new, now=now)
            return True

        return await self._disk.write(work)

    def get(self, id: int) -> Approval:
        """The request with this number. Raises NotFound."""
        row = self._disk.reader.execute("SELECT * FROM approvals WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no request #{id} here.")
        return _approval(row)

    def waiting(self, *, limit: int = 50) -> tuple[Approval, ...]:
        """The requests that wait for a decision, the oldest first."""
        return self._in_state(State.PENDING, limit)

    def count(self, *states: State) -> int:
        """How many requests stand in one of these states."""
        marks = ", ".join("?" * len(states))
        statement = f"SELECT count(*) FROM approvals WHERE state IN ({marks})"  # noqa: S608 - question marks
        return int(self._disk.reader.execute(statement, states).fetchone()[0])

    def running(self) -> tuple[Approval, ...]:
        """The requests that were decided and whose outcome is not stored."""
        return self._in_state(State.RUNNING, 10_000)

    def under_way(self, *, limit: int = 10) -> tuple[Approval, ...]:
        """The requests that were decided and are not at their end, the oldest first."""
        rows = self._disk.reader.execute(
            f"SELECT * FROM approvals WHERE state IN ({OPEN_STATES}) AND state != 'pending' ORDER BY id LIMIT ?",  # noqa: S608
            (limit,),
        )
        return tuple(_approval(row) for row in rows)

    def unsure(self) -> tuple[Approval, ...]:
        """The requests whose outcome nobody knows, all of them."""
        return self._in_state(State.UNSURE, 10_000)

    def cooled_by(self, now: datetime) -> tuple[Approval, ...]:
        """The retirements whose cooling-off time is over."""
        return tuple(a for a in self._in_state(State.COOLING, 10_000) if a.cool_until is None or a.cool_until <= now)

    def lapsed_by(self, now: datetime) -> tuple[Approval, ...]:
        """The requests that still wait though their time is over."""
        rows = self._disk.reader.execute(
            "SELECT * FROM approvals WHERE state = 'pending' AND lapses_at <= ? ORDER BY id", (when(now),)
        )
        return tuple(_approval(row) for row in rows)

    def unreviewed(self, *, limit: int = 50) -> tuple[Approval, ...]:
        """The requests for which the glass was broken and nobody has looked at that, the oldest first."""
        rows = self._disk.reader.execute(
            "SELECT * FROM approvals WHERE glass IS NOT NULL AND reviewed_by IS NULL ORDER BY id LIMIT ?", (limit,)
        )
        return tuple(_approval(row) for row in rows)

    def asked_by(self, user: str, *, limit: int = 10) -> tuple[Approval, ...]:
        """What this person asked for and is still open, the oldest first."""
        rows = self._disk.reader.execute(
            f"SELECT * FROM approvals WHERE state IN ({OPEN_STATES}) AND asked_by = ? ORDER BY id LIMIT ?",  # noqa: S608
            (user, limit),
        )
        return tuple(_approval(row) for row in rows)

    def of_sim(self, giccid: str, *, limit: int = 1000) -> tuple[Approval, ...]:
        """All that was ever asked for this SIM, the newest first."""
        rows = self._disk.reader.execute(
            "SELECT * FROM approvals WHERE giccid = ? ORDER BY id DESC LIMIT ?", (giccid, limit)
        )
        return tuple(_approval(row) for row in rows)

    def open_of_sim(self, giccid: str) -> Approval | None:
        """The request for this SIM that is still open; there is one at most, beside SMS."""
        row = self._disk.reader.execute(
            "SELECT * FROM approvals WHERE giccid = ? AND operation != 'sms'"  # noqa: S608 - constant
            f" AND state IN ({OPEN_STATES})",
            (giccid,),
        ).fetchone()
        return None if row is None else _approval(row)

    def sent_since(self, moment: datetime, *, operation: Operation, by: str | None, giccid: str | None) -> int:
        """How many of these were asked for since then, by this person or for this SIM, and not refused by a person."""
        rows = self._disk.reader.execute(
            "SELECT count(*) FROM approvals WHERE operation = ? AND asked_at >= ? AND (asked_by = ? OR giccid = ?)"
            " AND state NOT IN ('denied', 'withdrawn', 'lapsed')",
            (operation.value, when(moment), by, giccid),
        )
        return int(rows.fetchone()[0])

    # --- the file of a list ---

    def to_file(self) -> tuple[Approval, ...]:
        """The requests for a list that wait, under whose card the list as it is now does not stand as a file."""
        rows = self._disk.reader.execute(
            "SELECT * FROM approvals WHERE state = 'pending' AND list IS NOT NULL AND filed IS NOT digest ORDER BY id"
        )
        return tuple(_approval(row) for row in rows)

    async def note_filed(self, id: int, digest: str) -> None:
        """Notes that the list with this digest stands under the card, or never will."""
        await self._disk.write(
            lambda db: db.execute("UPDATE approvals SET filed = ? WHERE id = ?", (digest, id)).rowcount
        )

    # --- what people say under a card ---

    async def comment(self, id: int, *, by: str, text: str, ts: str, now: datetime) -> None:
        """Keeps what somebody wrote under the card of a request, with its audit line; the same message once."""

        def work(db: sqlite3.Connection) -> None:
            kept = db.execute(
                "INSERT OR IGNORE INTO comments (approval, by, text, ts, at) VALUES (?, ?, ?, ?, ?)",
                (id, by, text, ts, when(now)),
            )
            if kept.rowcount:
                write_down(db, Deed(by, "commented", f"approval:{id}", {"comment": text}), at=now)

        await self._disk.write(work)

    def comments(self, id: int) -> tuple[tuple[str, str, datetime], ...]:
        """Who wrote what and when under the card, in order."""
        rows = self._disk.reader.execute("SELECT by, text, at FROM comments WHERE approval = ? ORDER BY ts", (id,))
        return tuple((row["by"], row["text"], time(row["at"])) for row in rows)

    def _in_state(self, state: State, limit: int) -> tuple[Approval, ...]:
        rows = self._disk.reader.execute(
            "SELECT * FROM approvals WHERE state = ? ORDER BY id LIMIT ?", (state.value, limit)
        )
        return tuple(_approval(row) for row in rows)


def _refuse_second(db: sqlite3.Connection, approval: Approval) -> None:
    if approval.giccid is None or approval.operation is Operation.SMS:
        return
    row = db.execute(
        "SELECT id, operation, state FROM approvals WHERE giccid = ? AND operation != 'sms'"  # noqa: S608 - constant
        f" AND state IN ({OPEN_STATES})",
        (approval.giccid,),
    ).fetchone()
    if row is not None:
        raise NotPossible(
            f"Request #{row['id']} ({row['operation']}, {row['state']}) for this SIM is still open. "
            f"Decide, withdraw or cancel that one first."
        )
    job = db.execute(
        "SELECT job FROM job_sims WHERE giccid = ? AND stage IN ('sent', 'taken', 'lost')", (approval.giccid,)
    ).fetchone()
    if job is not None:
        raise NotPossible(f"Job #{job['job']} is changing this SIM right now. Ask again when it has come to its end.")


def _refuse_second_undo(db: sqlite3.Connection, approval: Approval) -> None:
    if approval.undo_of is None:
        return
    row = db.execute(
        "SELECT id, state FROM approvals WHERE undo_of = ?"
        " AND state NOT IN ('denied', 'withdrawn', 'lapsed', 'failed')",
        (approval.undo_of,),
    ).fetchone()
    if row is not None:
        raise NotPossible(
            f"Request #{approval.undo_of} is being undone already: request #{row['id']} ({row['state']})."
        )


def _use_list(db: sqlite3.Connection, approval: Approval) -> None:
    """A list is for one request; and while one made out of a job is open, there is no second one made out of it."""
    if approval.list is None:
        return
    if not lists.use(db, approval.list):
        raise NotPossible("This list is used or discarded already. Send it once more.")
    row = db.execute(
        "SELECT a.id, l.job FROM approvals a JOIN lists l ON l.id = a.list"  # noqa: S608 - constant
        f" WHERE a.state IN ({OPEN_STATES}) AND l.job = (SELECT job FROM lists WHERE id = ?)",
        (approval.list,),
    ).fetchone()
    if row is not None:
        raise NotPossible(
            f"Request #{row['id']} for SIMs of job #{row['job']} is still open. Decide or withdraw it first."
        )


def _columns(approval: Approval) -> dict[str, str | int | None]:
    columns = {name: _column(name, getattr(approval, name)) for name in NAMES}
    return columns | {"operation": approval.operation.value}


def _column(name: str, value: Any) -> str | int | None:  # Any: a field of any of our types
    if name in WHOLE:
        return WHOLE[name].dump_json(value).decode()
    return when(value) if isinstance(value, datetime) else value


def _approval(row: Row) -> Approval:
    values: dict[str, Any] = {name: row[name] for name in NAMES}  # Any: as the columns hold them
    for name, adapter in WHOLE.items():
        values[name] = adapter.validate_json(values[name])
    for name in ("asked_at", "lapses_at", "decided_at", "cool_until", "unsure_since", "next_look_at", "ended_at"):
        values[name] = time_or_none(values[name])
    values["reviewed_at"] = time_or_none(values["reviewed_at"])
    for name in ("accepted", "refused", "escalated"):
        values[name] = bool(values[name])
    return Approval(**values | {"state": State(values["state"]), "stage": Operation(values["stage"])})
