"""The way of each push from its coming to its place in Slack, and sending again what never got there."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.store.rows import Row, time, time_or_none, when


@dataclass(frozen=True)
class Step:
    """Where an incident's card is, in one channel: held, waiting, tried so often with this error, or in Slack."""

    channel: str
    state: str
    at: datetime | None
    tries: int = 0
    error: str | None = None


@dataclass(frozen=True)
class Stuck:
    """A message that is not in Slack. `what` is its subject, or the beginning of its words."""

    id: int
    channel: str
    state: str
    what: str
    made_at: datetime
    tries: int
    error: str | None


STEPS = (
    "SELECT c.channel, c.hold, c.held_at, c.digest_at, p.posted_at, p.ts, o.state, o.made_at, o.tries, o.error"
    " FROM copies c LEFT JOIN cards p ON p.subject = 'notice:' || c.id"
    " LEFT JOIN outbox o ON o.id = (SELECT max(id) FROM outbox WHERE subject = 'notice:' || c.id AND state != 'sent')"
    " WHERE c.incident = ? ORDER BY c.id"
)


def steps(db: sqlite3.Connection, incident: int) -> tuple[Step, ...]:
    """Where the cards of an incident are."""
    return tuple(map(_step, db.execute(STEPS, (incident,))))


def stuck(
    db: sqlite3.Connection, *, channel: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> tuple[Stuck, ...]:
    """The messages that wait, are on their way or were set aside, the oldest first."""
    where, values = between(channel, since, until, column="made_at")
    statement = f"SELECT * FROM outbox WHERE state != 'sent'{where} ORDER BY id LIMIT 1000"  # noqa: S608 - ours
    rows = db.execute(statement, values)
    return tuple(_stuck(row) for row in rows)


def unsorted(db: sqlite3.Connection) -> int:
    """How many pushes are on no card yet."""
    return int(db.execute("SELECT count(*) FROM events WHERE fate = ''").fetchone()[0])


def free(
    db: sqlite3.Connection,
    *,
    ids: Sequence[int] = (),
    channel: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """How many messages that were set aside wait again, at their old place."""
    where, values = between(channel, since, until, column="made_at")
    if ids:
        where += f" AND id IN ({', '.join('?' * len(ids))})"
        values += [*map(str, ids)]
    cursor = db.execute(
        "UPDATE OR IGNORE outbox SET state = 'waiting', tries = 0 WHERE state = 'failed'" + where,  # noqa: S608 - ours
        values,
    )
    return cursor.rowcount


def between(
    channel: str | None, since: datetime | None, until: datetime | None, *, column: str
) -> tuple[str, list[str]]:
    """The conditions for rows of this channel and time, with their values."""
    given = (("channel = ?", channel), (f"{column} >= ?", since), (f"{column} < ?", until))
    parts = [(text, when(value) if isinstance(value, datetime) else value) for text, value in given if value]
    return "".join(f" AND {text}" for text, _ in parts), [value for _, value in parts]


def _step(row: Row) -> Step:
    if row["hold"]:
        return Step(row["channel"], f"held: {row['hold']}", time_or_none(row["held_at"]))
    if row["state"] is not None and row["ts"] is None:
        state = {"failed": "set aside", "sending": "on its way"}.get(row["state"], "waiting")
        return Step(row["channel"], state, time(row["made_at"]), row["tries"], row["error"])
    if row["ts"] is not None:
        return Step(row["channel"], "in Slack", time_or_none(row["posted_at"]))
    if row["digest_at"] is not None:
        return Step(row["channel"], "told in a digest", time(row["digest_at"]))
    return Step(row["channel"], "not in Slack", None)


def _stuck(row: Row) -> Stuck:
    what = row["subject"] or " ".join((row["text"] or "").split())[:60]
    return Stuck(row["id"], row["channel"], row["state"], what, time(row["made_at"]), row["tries"], row["error"])
