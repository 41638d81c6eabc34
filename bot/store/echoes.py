"""Which request of our own a push only echoes."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from bot.rules.events import Push
from bot.rules.job_sims import is_echo
from bot.rules.orders import Order
from bot.rules.sims import Operation, spellings
from bot.store.jobs import ECHOES, ORDER
from bot.store.rows import Row, when

ECHOES_FOR = timedelta(minutes=10)


def ways(giccid: str) -> tuple[str, ...]:
    """The spellings under which a number may stand elsewhere, its own first."""
    is_iccid = giccid.isascii() and giccid.isdecimal() and 18 <= len(giccid) <= 22
    return tuple(dict.fromkeys((giccid, *(spellings(giccid) if is_iccid else ()))))


def request_of(db: sqlite3.Connection, push: Push, *, now: datetime) -> int | None:
    """The request for this one SIM that did what the push tells: it runs, or ended just now."""
    if push.giccid is None or push.name not in ECHOES:
        return None
    names = ways(push.giccid)
    rows = db.execute(
        'SELECT id, operation, stage, "order" FROM approvals'  # noqa: S608 - question marks
        f" WHERE giccid IN ({', '.join('?' * len(names))}) AND state IN ('running', 'cooling', 'unsure', 'done')"
        " AND (ended_at IS NULL OR ended_at > ?) ORDER BY id DESC LIMIT 10",
        (*names, when(now - ECHOES_FOR)),
    )
    return next((row["id"] for row in rows if any(is_echo(order, push) for order in _orders(row))), None)


def has_card(db: sqlite3.Connection, request: int) -> bool:
    """Whether there is a card to say it under, or one on its way."""
    subject = f"approval:{request}"
    row = db.execute(
        "SELECT 1 FROM cards WHERE subject = ? UNION ALL"
        " SELECT 1 FROM outbox WHERE subject = ? AND state IN ('waiting', 'sending') LIMIT 1",
        (subject, subject),
    ).fetchone()
    return row is not None


def _orders(row: Row) -> list[Order]:
    """What it has had SmartHub do, or will: a retirement may suspend first."""
    order: Order = ORDER.validate_json(row["order"])
    first = [Order(Operation.SUSPEND)] if order.operation is Operation.RETIRE else []
    return [order, *first]
