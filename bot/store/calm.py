"""SIMs whose rows need not be read again while they stay the same: nothing is to be found of them for a while."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.store.snapshot import micros

KNOWN = (
    "SELECT s.giccid, s.id, c.mark FROM json_each(?) AS wanted CROSS JOIN sims AS s ON s.giccid = wanted.value"
    " JOIN calm AS c ON c.sim = s.id WHERE c.until > ?"
)
NOTE = (
    "INSERT OR REPLACE INTO calm (sim, mark, until) SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
    " json_extract(value, '$[2]') FROM json_each(?)"
)


def known(db: sqlite3.Connection, marks: Mapping[str, int], *, now: datetime) -> dict[str, int]:
    """Of rows by the number of their SIM, those that are the same as when they were read, and still say nothing: with
    the number the SIM has in the snapshot."""
    rows = db.execute(KNOWN, (json.dumps(list(marks)), micros(now)))
    return {giccid: sim for giccid, sim, mark in rows if marks[giccid] == mark}


def note(db: sqlite3.Connection, rows: Iterable[tuple[int, int, datetime]]) -> None:
    """Notes of SIMs, by their number in the snapshot, what their row is known by and until when it says nothing."""
    db.execute(NOTE, (json.dumps([(sim, mark, micros(until)) for sim, mark, until in rows]),))


def forget(db: sqlite3.Connection, sims: Iterable[int]) -> None:
    """Has the rows of these SIMs read in any case, the next time."""
    db.execute("DELETE FROM calm WHERE sim IN (SELECT value FROM json_each(?))", (json.dumps(list(sims)),))
