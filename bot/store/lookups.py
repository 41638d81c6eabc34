"""Many names looked up in the snapshot at once, by index: what one asks `Sims.named` for, a thousand at a time."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.rules.fitting import numbers_of
from bot.rules.naming import SHORTEST_PIECE, Named
from bot.rules.snapshot import Listed
from bot.store.listed import NUMBERS, beginning, by_ids

MOST_ALIKE = 20  # SIMs of one name: that it is not one is enough to know
BY_END = (
    "SELECT DISTINCT e.sim FROM json_each(?) AS wanted CROSS JOIN ends AS e ON e.last_six = wanted.value LIMIT 100000"
)


def look_up(db: sqlite3.Connection, names: Sequence[Named | None]) -> list[tuple[Listed, ...]]:
    """For each name the SIMs that are called exactly so, at most twenty; pieces of a name find nothing."""
    ids = [dict.fromkeys(_labelled(db, named)) if named is not None else {} for named in names]
    numbered = _numbered(db, [named for named in names if named is not None and named.digits is not None])
    for named, mine in zip(names, ids, strict=True):
        if named is not None and named.digits is not None:
            mine.update(dict.fromkeys(row for number in named.numbers for row in numbered.get(number, ())))
        if named is not None and named.device is not None:
            mine.update(dict.fromkeys(beginning(db, "imei", named.device, most=MOST_ALIKE)))
    rows = {row.id: row for row in by_ids(db, dict.fromkeys(one for mine in ids for one in mine))}
    return [tuple(rows[one] for one in mine if one in rows)[:MOST_ALIKE] for mine in ids]


def _labelled(db: sqlite3.Connection, named: Named) -> Iterable[int]:
    rows = db.execute("SELECT id FROM sims WHERE label_key = ? LIMIT ?", (named.text, MOST_ALIKE)).fetchall()
    if named.digits is None:  # a number of SmartHub's that is no digits
        rows += db.execute("SELECT id FROM sims WHERE giccid = ?", (named.typed.strip(),)).fetchall()
    return (row[0] for row in rows)


def _numbered(db: sqlite3.Connection, names: Sequence[Named]) -> Mapping[str, list[int]]:
    """The rows by each number that is asked for."""
    found: dict[str, list[int]] = defaultdict(list)
    wanted = json.dumps(list(dict.fromkeys(number for named in names for number in named.numbers)))
    for column, there in NUMBERS.items():
        statement = (
            f"SELECT wanted.value, s.id FROM json_each(?) AS wanted CROSS JOIN sims AS s"  # noqa: S608 - names of ours
            f" ON s.{column} = wanted.value WHERE {there}"
        )
        for number, row in db.execute(statement, (wanted,)):
            found[number].append(row)
    _otherwise_written(db, [n for n in names if not any(number in found for number in n.numbers)], found)
    return found


def _otherwise_written(db: sqlite3.Connection, names: Sequence[Named], found: dict[str, list[int]]) -> None:
    """Those whose number SmartHub writes with a plus, spaces or dashes: alike in their last six digits."""
    asked = {number for named in names for number in named.numbers if len(number) >= SHORTEST_PIECE}
    ends = json.dumps(list({int(number[-6:]) for number in asked}))
    ids = [row[0] for row in db.execute(BY_END, (ends,))]
    for at in range(0, len(ids), 1000):
        for row in by_ids(db, ids[at : at + 1000]):
            for number in asked.intersection(numbers_of(row.sim)):
                found[number].append(row.id)
