"""Requests for changes: asked for, moved on by compare-and-set together with their audit line, looked up."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from bot.errors import NotFound, NotPossible
from bot.rules.approvals import Approval, State
from bot.rules.audit import Deed
from bot.rules.outbox import Card, Outgoing
from bot.rules.sims import Operation, Status
from bot.store import outbox
from bot.store.audit import write_down
from bot.store.disk import Disk
from bot.store.rows import Row, time, time_or_none, when

OPEN = "('pending', 'running', 'unsure')"


class Approvals:
    """The requests on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def add(self, approval: Approval, *, card_in: str) -> Approval:
        """The request with its number, stored together with its audit line and its card for the channel `card_in`.

        Raises NotPossible when another change of the same SIM is still open, naming it.
        """

        def work(db: sqlite3.Connection) -> Approval:
            _refuse_second(db, approval)
            values = {k: v for k, v in _columns(approval).items() if k != "id"}
            # Column names are the dataclass's own.
            names, marks = ", ".join(values), ", ".join("?" * len(values))
            cursor = db.execute(f"INSERT INTO approvals ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608
            stored = replace(approval, id=int(cursor.lastrowid or 0))
            subject = f"approval:{stored.id}"
            detail = {"operation": stored.operation, "giccid": stored.giccid, "reason": stored.reason}
            write_down(db, Deed(stored.asked_by, "asked", subject, detail), at=stored.asked_at)
            outbox.put(db, [Card(subject, card_in)], now=stored.asked_at)
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
            names = ", ".join(f"{name} = ?" for name in values)
            statement = f"UPDATE approvals SET {names} WHERE id = ? AND version = ? AND state = ?"  # noqa: S608
            if db.execute(statement, (*values.values(), old.id, old.version, old.state)).rowcount == 0:
                return False
            if deed is not None:
                write_down(db, deed, at=now)
            outbox.put(db, messages, now=now)
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

    def unsure(self) -> tuple[Approval, ...]:
        """The requests whose outcome nobody knows, all of them."""
        return self._in_state(State.UNSURE, 10_000)

    def lapsed_by(self, now: datetime) -> tuple[Approval, ...]:
        """The requests that still wait though their time is over."""
        rows = self._disk.reader.execute(
            "SELECT * FROM approvals WHERE state = 'pending' AND lapses_at <= ? ORDER BY id", (when(now),)
        )
        return tuple(_approval(row) for row in rows)

    def asked_by(self, user: str, *, limit: int = 10) -> tuple[Approval, ...]:
        """What this person asked for and is still open, the oldest first."""
        rows = self._disk.reader.execute(
            f"SELECT * FROM approvals WHERE state IN {OPEN} AND asked_by = ? ORDER BY id LIMIT ?",  # noqa: S608 - constant
            (user, limit),
        )
        return tuple(_approval(row) for row in rows)

    def _in_state(self, state: State, limit: int) -> tuple[Approval, ...]:
        rows = self._disk.reader.execute(
            "SELECT * FROM approvals WHERE state = ? ORDER BY id LIMIT ?", (state.value, limit)
        )
        return tuple(_approval(row) for row in rows)


def _refuse_second(db: sqlite3.Connection, approval: Approval) -> None:
    row = db.execute(
        f"SELECT id, operation, state FROM approvals WHERE giccid = ? AND state IN {OPEN}",  # noqa: S608 - constant
        (approval.giccid,),
    ).fetchone()
    if row is not None:
        raise NotPossible(
            f"Request #{row['id']} ({row['operation']}, {row['state']}) for this SIM is still open. "
            f"Decide or withdraw that one first."
        )


def _columns(approval: Approval) -> dict[str, str | int | None]:
    return {k: when(v) if isinstance(v, datetime) else v for k, v in asdict(approval).items()}


def _approval(row: Row) -> Approval:
    return Approval(
        id=row["id"],
        operation=Operation(row["operation"]),
        giccid=row["giccid"],
        label=row["label"],
        account=row["account"],
        status_before=None if row["status_before"] is None else Status(row["status_before"]),
        reason=row["reason"],
        asked_by=row["asked_by"],
        asked_in=row["asked_in"],
        asked_at=time(row["asked_at"]),
        lapses_at=time(row["lapses_at"]),
        state=State(row["state"]),
        version=row["version"],
        decided_by=row["decided_by"],
        decided_at=time_or_none(row["decided_at"]),
        why=row["why"],
        outcome=row["outcome"],
        refused=bool(row["refused"]),
        unsure_since=time_or_none(row["unsure_since"]),
        next_look_at=time_or_none(row["next_look_at"]),
        ended_at=time_or_none(row["ended_at"]),
    )
