"""Announcements: alerts of one rule and account that were raised together are told once, on one card."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.errors import NotFound
from bot.rules.alerts import Announcement, Telling
from bot.rules.outbox import Card, Note
from bot.store import outbox
from bot.store.rows import Row, time, when

REMINDERS = 3  # of one announcement; after them it stands in the list of alerts alone
WAITING = "card IS NULL AND state = 'open'"


def announce(db: sqlite3.Connection, tellings: Sequence[Telling], renewals: Mapping[str, str], *, now: datetime) -> int:
    """How many announcements were made for the rules that may be told of now."""
    made = 0
    for telling in tellings:
        groups = db.execute(
            f"SELECT account, count(*) AS size, min(id) AS first FROM alerts WHERE rule = ? AND {WAITING}"  # noqa: S608
            " GROUP BY account ORDER BY first",
            (telling.rule,),
        ).fetchall()
        for group in groups:
            _announce(db, telling, group, renewals.get(group["account"] or ""), now)
            made += 1
    return made


def redraw(db: sqlite3.Connection, cards: Iterable[int | None], *, now: datetime) -> None:
    """Has these announcements drawn again; alerts that were never announced have none."""
    wanted = sorted({card for card in cards if card is not None})
    rows = db.execute(
        "SELECT c.* FROM json_each(?) AS wanted JOIN alert_cards AS c ON c.id = wanted.value", (json.dumps(wanted),)
    )
    outbox.put(db, [Card(found.subject, found.channel) for found in map(_announcement, rows)], now=now)


def get(db: sqlite3.Connection, id: int) -> Announcement:
    """The announcement with this number. Raises NotFound."""
    row = db.execute("SELECT * FROM alert_cards WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no card {id} of alerts here.")
    return _announcement(row)


def remind(db: sqlite3.Connection, say: Callable[[Announcement, int], Note], *, now: datetime) -> int:
    """How many announcements somebody was reminded of, because alerts of theirs are open that nobody has taken."""
    reminded = 0
    for row in db.execute("SELECT * FROM alert_cards WHERE remind_at <= ? ORDER BY id", (when(now),)).fetchall():
        count = db.execute("SELECT count(*) FROM alerts WHERE card = ? AND state = 'open'", (row["id"],)).fetchone()[0]
        if count:
            outbox.put(db, [say(_announcement(row), count)], now=now)
            reminded += 1
        done = row["reminded"] + bool(count)
        wait = timedelta(seconds=row["remind_after"] * 2**done)
        following = when(now + wait) if done < REMINDERS else None
        db.execute("UPDATE alert_cards SET reminded = ?, remind_at = ? WHERE id = ?", (done, following, row["id"]))
    return reminded


def _announce(db: sqlite3.Connection, telling: Telling, group: Row, renewal: str | None, now: datetime) -> None:
    after, alone = telling.remind_after, group["size"] == 1
    cursor = db.execute(
        "INSERT INTO alert_cards (rule, account, channel, made_at, size, alert, renewal, remind_at, remind_after)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            telling.rule,
            group["account"],
            telling.channel,
            when(now),
            group["size"],
            group["first"] if alone else None,
            renewal,
            None if after is None else when(now + after),
            None if after is None else int(after.total_seconds()),
        ),
    )
    number = int(cursor.lastrowid or 0)
    db.execute(
        f"UPDATE alerts SET card = ? WHERE rule = ? AND account IS ? AND {WAITING}",  # noqa: S608 - ours
        (number, telling.rule, group["account"]),
    )
    subject = f"alert:{group['first']}" if alone else f"alerts:{number}"
    outbox.put(db, [Card(subject, telling.channel)], now=now)


def _announcement(row: Row) -> Announcement:
    return Announcement(
        id=row["id"],
        rule=row["rule"],
        account=row["account"],
        channel=row["channel"],
        made_at=time(row["made_at"]),
        size=row["size"],
        alert=row["alert"],
        renewal=row["renewal"],
        reminded=row["reminded"],
    )
