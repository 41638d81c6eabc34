"""The audit log: written together with what it tells of, read page by page, verified line by line."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.errors import StoreError
from bot.rules.audit import FIRST, Anchor, AuditLine, Deed, first_break, seal, writable
from bot.rules.audit_questions import ALL, Wanted
from bot.store.rows import time, when

PAGE = 1000
LOWEST, HIGHEST = -(2**63), 2**63 - 1

# Text is read as bytes: whoever tampered with the file may have left what is no UTF-8.
LINE = """id, CAST(at AS BLOB) AS at, CAST(actor AS BLOB) AS actor, CAST(action AS BLOB) AS action,
    CAST(subject AS BLOB) AS subject, CAST(detail AS BLOB) AS detail, CAST(previous AS BLOB) AS previous,
    CAST(seal AS BLOB) AS seal"""
ANCHOR = """id, first, last, CAST(first_at AS BLOB) AS first_at, CAST(last_at AS BLOB) AS last_at,
    CAST(last_seal AS BLOB) AS last_seal, CAST(at AS BLOB) AS at, CAST(previous AS BLOB) AS previous,
    CAST(seal AS BLOB) AS seal"""
# A request's own steps need not name its SIM; those of one that names many are about a SIM that its job had. Each
# batch of a job is a line of its own, of which there may be hundreds: they stand under the job.
OF_SIM = """id IN (SELECT id FROM audit WHERE giccid IN ({0}) UNION SELECT id FROM audit WHERE giccid IS NULL
    AND subject IN (SELECT subject FROM audit WHERE giccid IN ({0}))
    UNION SELECT id FROM audit WHERE +action != 'sent' AND subject IN (
        SELECT 'job:' || job FROM job_sims WHERE giccid IN ({0})
        UNION SELECT 'approval:' || j.request FROM job_sims s JOIN jobs j ON j.id = s.job WHERE s.giccid IN ({0})
    ))"""


def write_down(db: sqlite3.Connection, deed: Deed, *, at: datetime) -> None:
    """Adds a line to the chain, inside the transaction that does the deed."""
    last = db.execute("SELECT id, seal FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    number, previous = (last["id"] + 1, last["seal"]) if last is not None else (1, FIRST)
    at, deed = time(when(at)), writable(deed)
    db.execute(
        "INSERT INTO audit (id, at, actor, action, subject, detail, previous, seal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            when(at),
            deed.actor,
            deed.action,
            deed.subject,
            _spelled(deed.detail),
            previous,
            seal(id=number, at=at, deed=deed, previous=previous),
        ),
    )


@dataclass(frozen=True)
class Judged:
    """What is wrong with the log, if anything is; what was removed from it, and its first and last line."""

    broken: str | None
    anchors: tuple[Anchor, ...]
    first: AuditLine | None
    last: AuditLine | None


class Audit:
    """The log for those who read it. Every method raises StoreError when the file holds no such log."""

    def __init__(self, reader: sqlite3.Connection) -> None:
        self._reader = reader

    def lines(
        self, wanted: Wanted = ALL, *, subject: str | None = None, newest: int | None = None
    ) -> Iterator[AuditLine]:
        """The lines that are wanted, from the first to the last, or of those the newest so many.

        They are read page by page, so that nothing waits for whoever is slow in taking them.
        """
        wanted = wanted if subject is None else replace(wanted, subject=subject)
        try:
            where, values, after, last = _where(self._reader, wanted)
            if newest is not None:
                after = max(after, self._nth(where, values, newest, last))
            while page := _page(self._reader, where, (*values, after, last)):
                yield from map(_line, page)
                if page[-1]["id"] == HIGHEST:
                    return
                after = page[-1]["id"] + 1
        except sqlite3.Error as exc:
            raise _unreadable(exc) from exc

    def newest(self, wanted: Wanted = ALL, *, limit: int) -> tuple[AuditLine, ...]:
        """The newest lines that are wanted, the newest first."""
        try:
            where, values, after, last = _where(self._reader, wanted)
            statement = f"SELECT {LINE} FROM audit WHERE {where} AND id BETWEEN ? AND ? ORDER BY id DESC LIMIT ?"  # noqa: S608
            return tuple(map(_line, self._reader.execute(statement, (*values, after, last, limit))))
        except sqlite3.Error as exc:
            raise _unreadable(exc) from exc

    def last(self) -> AuditLine | None:
        """The newest line: whoever keeps its seal elsewhere can tell when the end of the log was cut off."""
        return next(iter(self.newest(limit=1)), None)

    def anchors(self) -> tuple[Anchor, ...]:
        """What retention removed, the first removal first."""
        try:
            return tuple(map(_anchor, self._reader.execute(f"SELECT {ANCHOR} FROM audit_anchors ORDER BY id")))  # noqa: S608
        except sqlite3.Error as exc:
            raise _unreadable(exc) from exc

    def verify(self) -> str | None:
        """A sentence naming the first line or removal that was changed or is missing; `None` when the log is whole."""
        return self.judged().broken

    def judged(self) -> Judged:
        """The whole log as it is in one moment, whatever is written or removed meanwhile."""
        own = not self._reader.in_transaction
        try:
            if own:
                self._reader.execute("BEGIN")
            anchors = self.anchors()
            lines = self._reader.execute(f"SELECT {LINE} FROM audit ORDER BY id")  # noqa: S608 - a constant
            broken = first_break(map(_line, lines), anchors)
            first = next(iter(page_from(self._reader, LOWEST, limit=1)), None)
            return Judged(broken, anchors, first, self.last())
        except sqlite3.Error as exc:
            raise _unreadable(exc) from exc
        finally:
            if own and self._reader.in_transaction:
                self._reader.execute("ROLLBACK")

    def _nth(self, where: str, values: Sequence[object], newest: int, last: int) -> int:
        """The number of the line that is so many before the end of those that are wanted."""
        statement = f"SELECT min(id) FROM (SELECT id FROM audit WHERE {where} AND id <= ? ORDER BY id DESC LIMIT ?)"  # noqa: S608
        found = self._reader.execute(statement, (*values, last, newest)).fetchone()[0]
        return LOWEST if found is None else int(found)


def page_from(db: sqlite3.Connection, first: int, *, limit: int) -> list[AuditLine]:
    """So many lines from this one on, in order."""
    return [_line(row) for row in _page(db, "1", (first, HIGHEST), limit=limit)]


def newest_anchors(db: sqlite3.Connection, *, limit: int) -> tuple[Anchor, ...]:
    """The newest removals, the newest first."""
    rows = db.execute(f"SELECT {ANCHOR} FROM audit_anchors ORDER BY id DESC LIMIT ?", (limit,))  # noqa: S608
    return tuple(map(_anchor, rows))


def _page(db: sqlite3.Connection, where: str, values: Sequence[object], *, limit: int = PAGE) -> list[sqlite3.Row]:
    statement = f"SELECT {LINE} FROM audit WHERE {where} AND id BETWEEN ? AND ? ORDER BY id LIMIT ?"  # noqa: S608
    return db.execute(statement, (*values, limit)).fetchall()


def _where(db: sqlite3.Connection, wanted: Wanted) -> tuple[str, Sequence[object], int, int]:
    """The condition, its values, and the numbers between which the lines are; all words of it are constants.

    A plus in front of a column keeps SQLite from its index: the condition before it finds fewer lines.
    """
    found: list[tuple[str, Sequence[object]]] = []
    if wanted.giccids:
        found.append((OF_SIM.format(", ".join("?" * len(wanted.giccids))), wanted.giccids * 4))
    if wanted.subject is not None:
        found.append((f"{'+' if found else ''}subject = ?", (wanted.subject,)))
    if wanted.actor is not None:
        found.append((f"{'+' if found else ''}actor = ?", (wanted.actor,)))
    between = (LOWEST, HIGHEST) if found else _between(db, wanted)
    if wanted.action is not None:
        found.append(("+action = ?", (wanted.action,)))
    if wanted.since is not None:
        found.append(("+at >= ?", (when(wanted.since),)))
    if wanted.until is not None:
        found.append(("+at < ?", (when(wanted.until),)))
    where = " AND ".join(condition for condition, _ in found) or "1"
    return where, [value for _, values in found for value in values], *between


def _between(db: sqlite3.Connection, wanted: Wanted) -> tuple[int, int]:
    """The first and the last line of the days that are wanted: a clock that was set back mixes days, not more."""
    first, last = LOWEST, HIGHEST
    days = "FROM audit INDEXED BY audit_by_day WHERE substr(at, 1, 10)"
    if wanted.since is not None:
        found = db.execute(f"SELECT min(id) {days} >= ?", (when(wanted.since)[:10],)).fetchone()[0]
        first = HIGHEST if found is None else found
    if wanted.until is not None:
        found = db.execute(f"SELECT max(id) {days} <= ?", (when(wanted.until)[:10],)).fetchone()[0]
        last = LOWEST if found is None else found
    return first, last


def _line(row: sqlite3.Row) -> AuditLine:
    actor, action, subject = (_text(row[name]) for name in ("actor", "action", "subject"))
    deed = Deed(actor, action, subject, _detail(_text(row["detail"])))
    previous, seal = _text(row["previous"]), _text(row["seal"])
    return AuditLine(id=row["id"], at=_moment(_text(row["at"])), deed=deed, previous=previous, seal=seal)


def _anchor(row: sqlite3.Row) -> Anchor:
    first_at, last_at, at = (_moment(_text(row[name])) for name in ("first_at", "last_at", "at"))
    last_seal, previous, seal = (_text(row[name]) for name in ("last_seal", "previous", "seal"))
    return Anchor(row["id"], row["first"], row["last"], first_at, last_at, last_seal, at, previous, seal)


def _spelled(detail: object) -> str:
    return json.dumps(detail, ensure_ascii=False, sort_keys=True)


# Whoever tampered with the file may have left what cannot be read, or what reads the same and is spelled differently:
# it stands as a line whose seal does not fit.


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _detail(text: str) -> dict[str, str | int | None]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) and _spelled(found) == text else {"unreadable": text}


def _moment(text: str) -> datetime:
    try:
        found = time(text)
        if when(found) == text:
            return found
    except (ValueError, OverflowError):
        pass
    return datetime.min.replace(tzinfo=UTC)


def _unreadable(exc: sqlite3.Error) -> StoreError:
    return StoreError(f"The audit log cannot be read: {exc}. Is [store] path the store of simops?")
