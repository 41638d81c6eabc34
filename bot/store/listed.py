"""Rows of the snapshot as SIMs, and which of them have a number with this beginning or end."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from bot.rules.sims import Sim, Status
from bot.rules.snapshot import Listed
from bot.store.rows import Row
from bot.store.snapshot import LAST_SIX, moment

SELECT = "SELECT s.*, f.status, f.status_word, f.account, f.plan, f.country, f.pool, l.at AS seen_at"
BESIDE = (
    " CROSS JOIN facets AS f ON f.id = s.facet CROSS JOIN seen AS n ON n.sim = s.id"
    " CROSS JOIN looks AS l ON l.id = n.look"
)
BY_IDS = f"{SELECT} FROM json_each(?) AS wanted CROSS JOIN sims AS s ON s.id = wanted.value{BESIDE}"
BY_GICCIDS = f"{SELECT} FROM json_each(?) AS wanted CROSS JOIN sims AS s ON s.giccid = wanted.value{BESIDE}"
# The columns with numbers, each with the condition of its index.
NUMBERS = {
    "giccid": "TRUE",
    "iccid": "iccid != giccid",
    "imsi": "imsi IS NOT NULL",
    "msisdn": "msisdn IS NOT NULL",
    "imei": "imei IS NOT NULL",
}
BEYOND_DIGITS = ":"  # the character behind 9


def by_ids(db: sqlite3.Connection, ids: Iterable[int]) -> tuple[Listed, ...]:
    """The SIMs with these numbers, in this order, without those that are not there."""
    return tuple(map(listed, db.execute(BY_IDS, (json.dumps(list(ids)),))))


def by_giccids(db: sqlite3.Connection, giccids: Iterable[str]) -> tuple[Listed, ...]:
    """The SIMs that SmartHub calls so, in this order, without those that are not there."""
    return tuple(map(listed, db.execute(BY_GICCIDS, (json.dumps(list(giccids)),))))


def number_hits(db: sqlite3.Connection, pieces: Sequence[str], *, most: int) -> set[int]:
    """The rows among which are all SIMs with a number that begins or ends so; about `most` of each kind at most."""
    ids: set[int] = set()
    for piece in pieces:
        ids.update(ending(db, piece, most=most))
        for column in NUMBERS:
            ids.update(beginning(db, column, piece, most=most))
    return ids


def ending(db: sqlite3.Connection, piece: str, *, most: int) -> Iterator[int]:
    """The rows among which are all that have a number with this end: alike in the last six digits, or as many."""
    missing = 10 ** max(0, 6 - len(piece))
    step = LAST_SIX // missing
    keys = [before * step + int(piece[-6:]) for before in range(missing)]
    rows = db.execute(
        "SELECT e.sim FROM json_each(?) AS wanted CROSS JOIN ends AS e ON e.last_six = wanted.value LIMIT ?",
        (json.dumps(keys), most + 1),
    )
    return (row[0] for row in rows)


def beginning(db: sqlite3.Connection, column: str, piece: str, *, most: int) -> Iterator[int]:
    """The rows whose number in this column begins so, the smallest first."""
    signs = ("", "+") if column == "msisdn" else ("",)
    for sign in signs:
        rows = db.execute(
            f"SELECT id FROM sims WHERE {column} >= ? AND {column} < ? AND {NUMBERS[column]}"  # noqa: S608 - ours
            f" ORDER BY {column} LIMIT ?",
            (sign + piece, sign + piece + BEYOND_DIGITS, most + 1),
        )
        for row in rows:
            yield row[0]


def seen_between(db: sqlite3.Connection) -> tuple[datetime | None, datetime | None]:
    """When the SIM that was looked at longest ago was seen, and when the newest."""
    ends = [db.execute(f"SELECT at FROM looks ORDER BY at {way} LIMIT 1").fetchone() for way in ("ASC", "DESC")]  # noqa: S608
    oldest, newest = (None if row is None else moment(row[0]) for row in ends)
    return oldest, newest


def listed(row: Row) -> Listed:
    """A row as it was seen."""
    sim = Sim(
        giccid=row["giccid"],
        status=None if row["status"] is None else Status(row["status"]),
        status_word=row["status_word"],
        iccid=row["iccid"],
        imsi=row["imsi"],
        msisdn=row["msisdn"],
        imei=row["imei"],
        account=row["account"],
        sku=row["sku"],
        plan=row["plan"],
        plan_expires_at=moment(row["plan_expires_at"]),
        pool=row["pool"],
        activated_at=moment(row["activated_at"]),
        cycle=row["cycle"],
        usage_bytes=row["usage_bytes"],
        quota_bytes=row["quota_bytes"],
        sms_count=row["sms_count"],
        country=row["country"],
        last_session_at=moment(row["last_session_at"]),
        custom=tuple(row[f"custom{n}"] for n in range(1, 6)),
    )
    seen_at = moment(row["seen_at"])
    return Listed(row["id"], sim, row["label"], seen_at or datetime.fromtimestamp(0, UTC))
