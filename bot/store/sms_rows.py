"""How an SMS stands in its row, and how rows are found."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime

from bot.rules.conversations import SmsMessage, Stand, Way
from bot.store.rows import Row, time_or_none, when_or_none

COLUMNS = (
    "way", "giccid", "label", "stand", "made_at", "body", "length", "digest", "thread", "sms_id", "coding", "validity",
    "by", "request", "job", "event", "draft", "told_at", "until", "next_look_at", "looks", "why",
)  # fmt: skip
TIMES = ("made_at", "told_at", "until", "next_look_at")
# The names of the columns are ours.
INSERT = f"INSERT INTO sms ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608
UPDATE = f"UPDATE sms SET {', '.join(f'{name} = ?' for name in COLUMNS)} WHERE id = ?"  # noqa: S608


def added(db: sqlite3.Connection, message: SmsMessage) -> SmsMessage:
    """The SMS with its number, in a row of its own now."""
    return replace(message, id=int(db.execute(INSERT, _values(message)).lastrowid or 0))


def save(db: sqlite3.Connection, message: SmsMessage) -> None:
    """Puts the SMS as it is into its row."""
    db.execute(UPDATE, (*_values(message), message.id))


def _values(message: SmsMessage) -> tuple[str | int | None, ...]:
    values = (getattr(message, name) for name in COLUMNS)
    return tuple(when_or_none(value) if isinstance(value, datetime) else value for value in values)


def one(db: sqlite3.Connection, where: str, *values: str | int) -> SmsMessage | None:
    """The one for which this holds; `None` where there is none."""
    return next(iter(some(db, f"{where} LIMIT 1", *values)), None)


def some(db: sqlite3.Connection, where: str, *values: str | int) -> tuple[SmsMessage, ...]:
    """All for which this holds."""
    rows = db.execute(f"SELECT * FROM sms WHERE {where}", values)  # noqa: S608 - our own conditions
    return tuple(_message(row) for row in rows)


def _message(row: Row) -> SmsMessage:
    values = {name: row[name] for name in ("id", *COLUMNS)}
    values |= {name: time_or_none(row[name]) for name in TIMES}
    return SmsMessage(**values | {"way": Way(row["way"]), "stand": Stand(row["stand"])})
