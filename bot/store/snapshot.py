"""How a page of SIMs gets into the snapshot: only what changed is written, and the counts go with it."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bot.rules.fitting import numbers_of
from bot.rules.sims import Sim
from bot.rules.words import folded, words_of
from bot.store.facets import Facets, Place

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = 86_400_000_000  # microseconds
MUCH_PERCENT = 50  # below, so many fit that no index is kept
MOST_PERCENT = 1000  # above ten times the quota nobody asks how much
MUCH_SIZE = 123  # the step of 1 GB, for the same reason
LAST_SIX = 1_000_000

CONTENT = (
    "facet", "label", "label_key", "iccid", "imsi", "msisdn", "imei", "sku", "cycle", "usage_bytes", "quota_bytes",
    "sms_count", "plan_expires_at", "activated_at", "last_session_at", "custom1", "custom2", "custom3", "custom4",
    "custom5", "percent", "size_step", "expires_day", "idle_day",
)  # fmt: skip
AT = {column: place for place, column in enumerate(CONTENT)}
NUMBERS = slice(AT["iccid"], AT["imei"] + 1)
CUSTOMS = slice(AT["custom1"], AT["custom5"] + 1)
# Which rows are in the snapshot, whatever the order they are asked for in.
KNOWN = (
    f"SELECT s.giccid, s.id, {', '.join('s.' + c for c in CONTENT)}"  # noqa: S608 - names of ours
    " FROM json_each(?) AS wanted CROSS JOIN sims AS s ON s.giccid = wanted.value"
)
# What was used by the end of the day on which each was last seen, where that is over: of a day the last look counts.
CLOSE_DAYS = (
    f"INSERT OR REPLACE INTO usage_days (day, sim, bytes) SELECT l.at / {DAY}, s.id, s.usage_bytes"  # noqa: S608 - a number
    " FROM json_each(?) AS wanted CROSS JOIN seen AS n ON n.sim = wanted.value JOIN looks AS l ON l.id = n.look"
    f" JOIN sims AS s ON s.id = n.sim WHERE l.at < ? AND s.usage_bytes IS NOT NULL"
)
BEFORE = (
    "SELECT n.look, count(*) FROM json_each(?) AS wanted CROSS JOIN seen AS n ON n.sim = wanted.value"
    " WHERE n.look != ? GROUP BY n.look"
)
SEEN = (
    "INSERT OR REPLACE INTO seen (sim, look) SELECT wanted.value, ? FROM json_each(?) AS wanted"
    " LEFT JOIN seen AS n ON n.sim = wanted.value WHERE n.look IS NOT ?"
)
INSERT = f"INSERT INTO sims (id, giccid, {', '.join(CONTENT)}) VALUES (?, ?{', ?' * len(CONTENT)})"  # noqa: S608
INSERT_WORDS = (
    "INSERT INTO sim_words (rowid, custom1, custom2, custom3, custom4, custom5, facet) VALUES (?, ?, ?, ?, ?, ?, ?)"
)

Content = tuple[Any, ...]  # Any: the values of the columns in CONTENT


class Row(NamedTuple):
    """A SIM as the snapshot holds it."""

    giccid: str
    id: int
    content: Content


def remember(db: sqlite3.Connection, page: Iterable[tuple[Sim, str]], *, now: datetime) -> dict[str, int]:
    """Puts the SIMs, each with its label, into the snapshot as they are seen now; gives their numbers by giccid.

    To be called inside the transaction that looks at them. Of a SIM that comes twice the last one counts.
    """
    seen = {sim.giccid: (sim, label) for sim, label in page}
    if not seen:
        return {}
    known = {row.giccid: row for row in _known(db, seen)}
    facets = Facets(db)
    facets.look_up({place_of(sim) for sim, _ in seen.values()})
    fresh: list[Row] = []
    changed: list[tuple[Row, Content]] = []
    following = _last_id(db) + 1
    for giccid, (sim, label) in seen.items():
        old, content = known.get(giccid), content_of(sim, label, facets)
        if old is None:
            fresh.append(Row(giccid, following + len(fresh), content))
            facets.add(content[0], content[AT["usage_bytes"]], 1)
        elif old.content != content:
            changed.append((old, content))
            facets.add(old.content[0], old.content[AT["usage_bytes"]], -1)
            facets.add(content[0], content[AT["usage_bytes"]], 1)
    ids = {row.giccid: row.id for row in (*known.values(), *fresh)}
    still(db, [row.id for row in known.values()], now=now)  # before what they used is another number
    _insert(db, fresh, seen)
    _update(db, changed, seen)
    facets.write()
    still(db, [row.id for row in fresh], now=now)
    return ids


def still(db: sqlite3.Connection, sims: Sequence[int], *, now: datetime) -> None:
    """Notes of SIMs, by their numbers, that they were seen now; a look that no SIM was last seen at is forgotten.

    What they used by the end of a day that is over is kept.
    """
    if not sims:
        return
    at, wanted = micros(now) or 0, json.dumps(sims)
    db.execute(CLOSE_DAYS, (wanted, at // DAY * DAY))
    db.execute("INSERT OR IGNORE INTO looks (at, count) VALUES (?, 0)", (at,))
    look = db.execute("SELECT id FROM looks WHERE at = ?", (at,)).fetchone()[0]
    before = [(count, old) for old, count in db.execute(BEFORE, (wanted, look))]
    moved = db.execute(SEEN, (look, wanted, look)).rowcount
    db.execute("UPDATE looks SET count = count + ? WHERE id = ?", (moved, look))
    db.executemany("UPDATE looks SET count = count - ? WHERE id = ?", before)
    db.executemany("DELETE FROM looks WHERE id = ? AND count = 0", [(old,) for _, old in before])


def _known(db: sqlite3.Connection, seen: Iterable[str]) -> Iterable[Row]:
    cursor = db.cursor()
    cursor.row_factory = None  # plain tuples compare fastest
    for row in cursor.execute(KNOWN, (json.dumps(list(seen)),)):
        yield Row(row[0], row[1], row[2:])


def content_of(sim: Sim, label: str, facets: Facets) -> Content:
    """The values of a SIM's row, in the order of CONTENT."""
    used, expires, session = sim.usage_bytes, micros(sim.plan_expires_at), micros(sim.last_session_at)
    return (
        facets.id(*place_of(sim)),
        label,
        label_key(sim, label),
        sim.iccid, sim.imsi, sim.msisdn, sim.imei, sim.sku, sim.cycle, used, sim.quota_bytes, sim.sms_count,
        expires, micros(sim.activated_at), session, *sim.custom,
        if_much(percent(used, sim.quota_bytes), MUCH_PERCENT),
        if_much(None if used is None else size_step(used), MUCH_SIZE),
        None if expires is None else expires // DAY,
        None if session is None else session // DAY,
    )  # fmt: skip


def place_of(sim: Sim) -> Place:
    """What a facet is made of."""
    return sim.status, sim.status_word, sim.account, sim.plan, sim.country, sim.pool


def label_key(sim: Sim, label: str) -> str | None:
    """The label as it is looked up; `None` where it is but the SIM's number."""
    return None if label in (sim.giccid, sim.iccid) else folded(label)


def micros(at: datetime | None) -> int | None:
    """A time as whole microseconds since 1970."""
    return None if at is None else (at - EPOCH) // MICROSECOND


def moment(at: int | None) -> datetime | None:
    """The aware UTC time of so many microseconds."""
    return None if at is None else EPOCH + timedelta(microseconds=at)


def percent(used: int | None, quota: int | None) -> int | None:
    """Whole percents of the quota, cut off at ten times of it; `None` where there is no quota."""
    if used is None or quota is None or quota <= 0:
        return None
    return min(used * 100 // quota, MOST_PERCENT)


def if_much(measure: int | None, least: int) -> int | None:
    """A measure that is worth its place in an index."""
    return None if measure is None or measure < least else measure


def size_step(used: int) -> int:
    """A coarse measure of a number of bytes that never falls while they grow: four steps between a power of two."""
    bits = used.bit_length()
    return used if bits <= 2 else bits * 4 + (used >> (bits - 3) & 3)


def ends_of(sim: Sim) -> set[int]:
    """The last six digits of each number."""
    return {int(digits[-6:]) for digits in numbers_of(sim)}


def _last_id(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'sims'").fetchone()
    return 0 if row is None else int(row[0])


def _insert(db: sqlite3.Connection, fresh: Sequence[Row], seen: Mapping[str, tuple[Sim, str]]) -> None:
    if not fresh:
        return
    db.executemany(INSERT, [(row.id, row.giccid, *row.content) for row in fresh])
    db.executemany(INSERT_WORDS, [(row.id, *words_in(row.content)) for row in fresh])
    ends = sorted((end, row.id) for row in fresh for end in ends_of(seen[row.giccid][0]))
    db.executemany("INSERT INTO ends (last_six, sim) VALUES (?, ?)", ends)


def words_in(content: Content) -> tuple[str | None, ...]:
    """What is looked through for words: plain ASCII is cut by the index itself just as we would."""
    customs = (c if c is None or (c.isascii() and len(c) < 500) else " ".join(words_of(c)) for c in content[CUSTOMS])
    return (*customs, str(content[0]))


def _update(
    db: sqlite3.Connection, changed: Sequence[tuple[Row, Content]], seen: Mapping[str, tuple[Sim, str]]
) -> None:
    """Writes the columns that changed and no other: an index is written when its column is named, changed or not.
    Whatever their rows were known by, they are read anew the next time.
    """
    if not changed:
        return
    ids = json.dumps([old.id for old, _ in changed])
    db.execute("DELETE FROM calm WHERE sim IN (SELECT value FROM json_each(?))", (ids,))
    alike: dict[tuple[int, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for old, content in changed:
        columns = tuple(at for at, value in enumerate(content) if value != old.content[at])
        alike[columns].append((*(content[at] for at in columns), old.id))
        if old.content[NUMBERS] != content[NUMBERS]:
            _move_ends(db, old, seen[old.giccid][0])
        if old.content[0] != content[0] or old.content[CUSTOMS] != content[CUSTOMS]:
            _move_words(db, old.id, content)
    for columns, rows in alike.items():
        changes = ", ".join(f"{CONTENT[at]} = ?" for at in columns)
        db.executemany(f"UPDATE sims SET {changes} WHERE id = ?", rows)  # noqa: S608 - names of ours


def _move_ends(db: sqlite3.Connection, old: Row, sim: Sim) -> None:
    iccid, imsi, msisdn, imei = old.content[NUMBERS]
    before = Sim(old.giccid, None, "", iccid=iccid, imsi=imsi, msisdn=msisdn, imei=imei)
    db.executemany("DELETE FROM ends WHERE last_six = ? AND sim = ?", [(end, old.id) for end in ends_of(before)])
    db.executemany("INSERT INTO ends (last_six, sim) VALUES (?, ?)", [(end, old.id) for end in ends_of(sim)])


def _move_words(db: sqlite3.Connection, id: int, content: Content) -> None:
    db.execute("DELETE FROM sim_words WHERE rowid = ?", (id,))
    db.execute(INSERT_WORDS, (id, *words_in(content)))
