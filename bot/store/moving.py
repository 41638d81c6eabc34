"""Which channel a message goes to: the one it is meant for, or the one that stands in while that takes nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from bot.rules.outbox import Card, Outgoing
from bot.store.rows import Row, when


@dataclass(frozen=True)
class Way:
    """The channel a message goes to, and the one it is `meant_for`, where that is another."""

    channel: str
    meant_for: str | None = None


def stand_in(db: sqlite3.Connection, channel: str) -> str | None:
    """The channel that gets what is meant for this one; `None` while it takes messages, or nobody stands in for it."""
    row = db.execute("SELECT moved_to FROM closed_channels WHERE channel = ?", (channel,)).fetchone()
    return None if row is None or row["moved_to"] is None else str(row["moved_to"])


def is_closed(db: sqlite3.Connection, channel: str) -> bool:
    """Whether this channel takes nothing from us for now."""
    return db.execute("SELECT 1 FROM closed_channels WHERE channel = ?", (channel,)).fetchone() is not None


def way(db: sqlite3.Connection, message: Outgoing, *, now: datetime) -> Way:
    """Where this goes. What was moved once is drawn anew where it stands, and what belongs under it follows it, also
    when the channel it was meant for is open again.

    Where it belongs under a card that stands in a channel that takes nothing, that card is posted anew before it: in
    the one that stands in, or where it was meant, once that is open and the one that stood in is closed.
    """
    home = message.channel
    if isinstance(message, Card) and (place := _place(db, message.subject)) is not None:
        elsewhere = place["meant_for"] == home or stand_in(db, home) is not None
        return Way(place["channel"], place["meant_for"]) if elsewhere else Way(home)
    above = None if message.under is None else _place(db, message.under) or _coming(db, message.under)
    target = home if above is None or above["meant_for"] != home else str(above["channel"])
    to = stand_in(db, target)
    if to is None and target != home and is_closed(db, target) and not is_closed(db, home):
        to = home
    goes = Way(target if to is None else to)
    if goes.channel != home:
        goes = Way(goes.channel, home)
    if to is not None and above is not None and above["stands"] and above["channel"] == target:
        _begin_anew(db, str(message.under), goes, now=now)
    return goes


def _place(db: sqlite3.Connection, subject: str) -> Row | None:
    found: Row | None = db.execute(
        "SELECT channel, meant_for, 1 AS stands FROM cards WHERE subject = ?", (subject,)
    ).fetchone()
    return found


def _coming(db: sqlite3.Connection, subject: str) -> Row | None:
    """The card that is on its way to where it will stand."""
    found: Row | None = db.execute(
        "SELECT channel, meant_for, 0 AS stands FROM outbox WHERE subject = ?1 AND state = 'waiting' UNION ALL"
        " SELECT channel, meant_for, 0 FROM outbox WHERE subject = ?1 AND state = 'sending'",
        (subject,),
    ).fetchone()
    return found


def _begin_anew(db: sqlite3.Connection, subject: str, goes: Way, *, now: datetime) -> None:
    """Has a card posted in the other channel, in whose thread the rest will stand."""
    db.execute("DELETE FROM cards WHERE subject = ?", (subject,))
    db.execute("DELETE FROM outbox WHERE subject = ? AND state = 'waiting'", (subject,))
    db.execute(
        "INSERT INTO outbox (channel, meant_for, subject, made_at) VALUES (?, ?, ?, ?)",
        (goes.channel, goes.meant_for, subject, when(now)),
    )
