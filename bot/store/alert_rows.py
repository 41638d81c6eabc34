"""How an alert stands in its row, and what becomes of the alerts of SIMs that are gone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from bot.rules.alerts import About, Alert, Finding, Kind, Severity, State, gone
from bot.store import alert_cards
from bot.store.rows import Row, time, time_or_none, when, when_or_none

FIELDS = (
    "giccid", "label", "account", "plan", "kind", "threshold", "cycle", "value", "whole", "expires_at", "detail",
    "rule", "about", "severity",
)  # fmt: skip
INSERT = (
    f"INSERT INTO alerts ({', '.join(FIELDS)}, raised_at, state, version)"  # noqa: S608 - names of ours
    f" VALUES ({', '.join('?' * len(FIELDS))}, ?, 'open', 1)"
)


def insert(db: sqlite3.Connection, finding: Finding, now: datetime) -> None:
    """Raises it."""
    of_time = when_or_none(finding.expires_at)
    values = [of_time if name == "expires_at" else getattr(finding, name) for name in FIELDS]
    db.execute(INSERT, (*values, when(now)))


def write(db: sqlite3.Connection, alert: Alert, *, if_version: int | None = None) -> bool:
    """Whether the alert's new state was stored; it follows the version before it."""
    cursor = db.execute(
        "UPDATE alerts SET state = ?, version = ?, by = ?, at = ?, until = ?, gone = ? WHERE id = ? AND version = ?",
        (
            alert.state.value,
            alert.version,
            alert.by,
            when_or_none(alert.at),
            when_or_none(alert.until),
            alert.gone,
            alert.id,
            alert.version - 1 if if_version is None else if_version,
        ),
    )
    return cursor.rowcount == 1


def alerts_in(rows: Iterable[Row]) -> Iterator[Alert]:
    """The alerts of these rows."""
    return map(alert_in, rows)


def alert_in(row: Row) -> Alert:
    """The alert of this row."""
    finding = Finding(
        giccid=row["giccid"],
        label=row["label"],
        account=row["account"],
        plan=row["plan"],
        kind=Kind(row["kind"]),
        threshold=row["threshold"],
        cycle=row["cycle"],
        value=row["value"],
        whole=row["whole"],
        expires_at=time_or_none(row["expires_at"]),
        detail=row["detail"],
        rule=row["rule"],
        about=About(row["about"]),
        severity=None if row["severity"] is None else Severity(row["severity"]),
    )
    return Alert(
        id=row["id"],
        finding=finding,
        raised_at=time(row["raised_at"]),
        state=State(row["state"]),
        version=row["version"],
        by=row["by"],
        at=time_or_none(row["at"]),
        until=time_or_none(row["until"]),
        card=row["card"],
        gone=bool(row["gone"]),
    )


def clear_gone(db: sqlite3.Connection, giccids: Sequence[str], *, now: datetime) -> None:
    """Clears what is left of these SIMs, which SmartHub lists no more, and has the cards say so."""
    rows = db.execute(
        "SELECT a.* FROM json_each(?) AS wanted CROSS JOIN alerts AS a"
        " ON a.giccid = wanted.value AND a.about = 'sim' AND a.state != 'cleared'",
        (json.dumps(list(giccids)),),
    )
    left = [gone(alert, now=now) for alert in alerts_in(rows.fetchall())]
    for alert in left:
        write(db, alert)
    alert_cards.redraw(db, (alert.card for alert in left), now=now)
