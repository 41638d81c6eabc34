"""SIMs whose rows need not be read again while they stay the same: nothing is to be found of them for a while."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.rules.unjudged import Why, as_bits, from_bits
from bot.store.snapshot import micros

KNOWN = (
    "SELECT s.giccid, s.id, c.mark, c.missing FROM json_each(?) AS wanted"
    " CROSS JOIN sims AS s ON s.giccid = wanted.value JOIN calm AS c ON c.sim = s.id WHERE c.until > ?"
)
NOTE = (
    "INSERT OR REPLACE INTO calm (sim, mark, until, missing) SELECT json_extract(value, '$[0]'),"
    " json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]') FROM json_each(?)"
)


@dataclass(frozen=True)
class Calm:
    """A SIM of which nothing is to be found until then: its number in the snapshot, what its row is known by, and what
    cannot be judged of it."""

    sim: int
    mark: int
    until: datetime
    missing: frozenset[Why]


def known(db: sqlite3.Connection, marks: Mapping[str, int], *, now: datetime) -> dict[str, tuple[int, frozenset[Why]]]:
    """Of rows by the number of their SIM, those that are the same as when they were read, and still say nothing: with
    the number the SIM has in the snapshot, and what cannot be judged of it."""
    rows = db.execute(KNOWN, (json.dumps(list(marks)), micros(now)))
    return {giccid: (sim, from_bits(bits)) for giccid, sim, mark, bits in rows if marks[giccid] == mark}


def note(db: sqlite3.Connection, found: Iterable[Calm]) -> None:
    """Notes that these need not be read again."""
    rows = [(one.sim, one.mark, micros(one.until), as_bits(one.missing)) for one in found]
    db.execute(NOTE, (json.dumps(rows),))


def forget(db: sqlite3.Connection, sims: Iterable[int]) -> None:
    """Has the rows of these SIMs read in any case, the next time."""
    db.execute("DELETE FROM calm WHERE sim IN (SELECT value FROM json_each(?))", (json.dumps(list(sims)),))
