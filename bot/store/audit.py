"""The audit log: written together with what it tells of, read in order, verified line by line."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.errors import StoreError
from bot.rules.audit import FIRST, AuditLine, Deed, first_break, seal
from bot.store.rows import Row, time, when


def write_down(db: sqlite3.Connection, deed: Deed, *, at: datetime) -> None:
    """Adds a line to the chain, inside the transaction that does the deed."""
    last = db.execute("SELECT id, seal FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    number, previous = (last["id"] + 1, last["seal"]) if last is not None else (1, FIRST)
    at = time(when(at))
    db.execute(
        "INSERT INTO audit (id, at, actor, action, subject, detail, previous, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            when(at),
            deed.actor,
            deed.action,
            deed.subject,
            json.dumps(dict(deed.detail), ensure_ascii=False, sort_keys=True),
            previous,
            seal(id=number, at=at, deed=deed, previous=previous),
        ),
    )


class Audit:
    """The log for those who read it."""

    def __init__(self, reader: sqlite3.Connection) -> None:
        self._reader = reader

    def lines(self, *, subject: str | None = None) -> Iterator[AuditLine]:
        """The lines from the first to the last, all or those about one subject, such as `approval:12`.

        Raises StoreError when the file holds no such log.
        """
        where, values = ("", ()) if subject is None else (" WHERE subject = ?", (subject,))
        # The condition is one of two constants; the value is bound.
        try:
            for row in self._reader.execute(f"SELECT * FROM audit{where} ORDER BY id", values):  # noqa: S608
                yield _line(row)
        except sqlite3.Error as exc:
            raise StoreError(f"The audit log cannot be read: {exc}. Is [store] path the store of simops?") from exc

    def last(self) -> AuditLine | None:
        """The newest line: whoever keeps its seal elsewhere can tell when the end of the log was cut off."""
        row = self._reader.execute("SELECT * FROM audit ORDER BY id DESC LIMIT 1").fetchone()
        return None if row is None else _line(row)

    def verify(self) -> str | None:
        """A sentence naming the first line that was changed or is missing; `None` when the chain is whole."""
        return first_break(self.lines())


def _line(row: Row) -> AuditLine:
    deed = Deed(row["actor"], row["action"], row["subject"], _detail(row["detail"]))
    return AuditLine(id=row["id"], at=_moment(row["at"]), deed=deed, previous=row["previous"], seal=row["seal"])


# Whoever tampered with the file may have left what cannot be read: it stands as a line whose seal does not fit.


def _detail(text: str) -> dict[str, str | int | None]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"unreadable": text}


def _moment(text: str) -> datetime:
    try:
        return time(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
