"""The conversation with each SIM: made with its first SMS, and found under every spelling of its number."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.errors import NotFound
from bot.rules.conversations import Thread, Way
from bot.rules.sims import spellings
from bot.store.listed import by_giccids
from bot.store.rows import Row, time, when

Called = tuple[str, str, str | None]


def sim_called(db: sqlite3.Connection, giccid: str) -> Called:
    """The number, label and account of the SIM that a notification names, in whichever spelling: as the snapshot has
    it, else as an earlier conversation has; else the number itself."""
    ways = _ways(giccid)
    for listed in by_giccids(db, ways):
        return listed.sim.giccid, listed.label, listed.sim.account
    marks = ", ".join("?" * len(ways))
    row = db.execute(f"SELECT * FROM sms_threads WHERE giccid IN ({marks}) LIMIT 1", ways).fetchone()  # noqa: S608
    return (giccid, giccid, None) if row is None else (row["giccid"], row["label"], row["account"])


def _ways(giccid: str) -> Sequence[str]:
    is_iccid = giccid.isascii() and giccid.isdecimal() and 18 <= len(giccid) <= 22
    return tuple(dict.fromkeys((giccid, *(spellings(giccid) if is_iccid else ()))))


def thread_for(db: sqlite3.Connection, sim: Called, *, channel: str, now: datetime) -> Thread:
    """The conversation with this SIM, begun where there was none; where another channel is meant by now, it begins
    anew there."""
    giccid, label, account = sim
    row = db.execute("SELECT * FROM sms_threads WHERE giccid = ?", (giccid,)).fetchone()
    if row is None:
        made = db.execute(
            "INSERT INTO sms_threads (giccid, label, account, channel, begun_at, last_at) VALUES (?, ?, ?, ?, ?, ?)",
            (giccid, label, account, channel, when(now), when(now)),
        )
        return Thread(int(made.lastrowid or 0), giccid, label, account, channel, now, now)
    if row["channel"] != channel:
        db.execute("DELETE FROM cards WHERE subject = ?", (f"sms-thread:{row['id']}",))
    if (row["channel"], row["label"], row["account"]) != (channel, label, account or row["account"]):
        db.execute(
            "UPDATE sms_threads SET channel = ?, label = ?, account = coalesce(?, account) WHERE id = ?",
            (channel, label, account, row["id"]),
        )
    return thread_of(db, row["id"])


def counted(db: sqlite3.Connection, id: int, way: Way, *, now: datetime) -> None:
    """One more came, or went."""
    column = "received" if way is Way.IN else "sent"
    db.execute(f"UPDATE sms_threads SET {column} = {column} + 1, last_at = ? WHERE id = ?", (when(now), id))  # noqa: S608


def thread_of(db: sqlite3.Connection, id: int) -> Thread:
    """The conversation with this number. Raises NotFound."""
    row = db.execute("SELECT * FROM sms_threads WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no conversation {id} here.")
    return _thread(row)


def _thread(row: Row) -> Thread:
    return Thread(
        id=row["id"],
        giccid=row["giccid"],
        label=row["label"],
        account=row["account"],
        channel=row["channel"],
        begun_at=time(row["begun_at"]),
        last_at=time(row["last_at"]),
        received=row["received"],
        sent=row["sent"],
    )
