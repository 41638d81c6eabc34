"""Incidents: what one card tells of, changed by compare-and-set, looked up, counted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.errors import NotFound
from bot.rules.audit import Deed
from bot.rules.events import Severity
from bot.rules.incidents import Incident, State
from bot.rules.outbox import Outgoing
from bot.rules.storms import Counts, Member, tally
from bot.store import outbox
from bot.store.audit import write_down
from bot.store.copies import redraw
from bot.store.disk import Disk
from bot.store.rows import Row, time, time_or_none, when, when_or_none

PIECE = 1000


@dataclass(frozen=True)
class Place:
    """What pushes have to share to be on one card: `audience` are the channels as JSON."""

    name: str
    giccid: str | None
    audience: str


class Incidents:
    """The incidents on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    @property
    def _db(self) -> sqlite3.Connection:
        return self._disk.reader

    def get(self, id: int) -> Incident:
        """The incident with this number. Raises NotFound."""
        row = self._db.execute("SELECT * FROM incidents WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no incident {id} here. Use the newest card.")
        return incident_of(row)

    async def swap(
        self, old: Incident, new: Incident, *, deed: Deed, messages: Sequence[Outgoing] = (), now: datetime
    ) -> bool:
        """Whether `new` took the place of `old`, with its audit line and its cards redrawn; not when somebody was
        faster. The pushes that come meanwhile are no step: their counts stay."""

        def work(db: sqlite3.Connection) -> bool:
            cursor = db.execute(
                "UPDATE incidents SET state = ?, version = ?, by = ?, at = ?, assignee = ?, until = ?, why = ?"
                " WHERE id = ? AND version = ?",
                (
                    new.state.value,
                    new.version,
                    new.by,
                    when_or_none(new.at),
                    new.assignee,
                    when_or_none(new.until),
                    new.why,
                    old.id,
                    old.version,
                ),
            )
            if cursor.rowcount != 1:
                return False
            write_down(db, deed, at=now)
            redraw(db, old.id, now=now)
            outbox.put(db, messages, now=now)
            return True

        return await self._disk.write(work)

    def snoozed_until(self, now: datetime) -> tuple[Incident, ...]:
        """Those whose snooze is over. What became part of a storm is looked after there."""
        rows = self._db.execute(
            "SELECT * FROM incidents WHERE state = 'snoozed' AND storm_id IS NULL AND until <= ? ORDER BY id LIMIT 100",
            (when(now),),
        )
        return tuple(map(incident_of, rows))

    def nobodys(self, *, before: datetime, severity: Severity, limit: int = 50) -> tuple[Incident, ...]:
        """Those at least so grave that nobody has taken since before that time, of which nobody was reminded."""
        rows = self._db.execute(
            "SELECT * FROM incidents WHERE state = 'open' AND reminded = 0 AND storm_id IS NULL AND first_at < ?"
            " AND severity >= ? ORDER BY first_at LIMIT ?",
            (when(before), severity.value, limit),
        )
        return tuple(map(incident_of, rows))

    async def reminded(self, ids: Sequence[int], messages: Sequence[Outgoing], *, now: datetime) -> None:
        """Notes that people were reminded of these, together with the messages that do it."""

        def work(db: sqlite3.Connection) -> None:
            db.executemany("UPDATE incidents SET reminded = 1 WHERE id = ?", [(one,) for one in ids])
            outbox.put(db, messages, now=now)

        await self._disk.write(work)

    def counts(self, id: int) -> Counts:
        """Of the SIMs of a storm, how many share what."""
        rows = self._db.execute("SELECT what, value, count FROM incident_counts WHERE incident = ?", (id,))
        return tally((row["what"], row["value"], row["count"]) for row in rows)

    def fleet(self) -> Counts:
        """The same of all SIMs, from the last look over them."""
        rows = self._db.execute("SELECT account, plan, country, count FROM facets")
        found: list[tuple[str, str, int]] = []
        for row in rows:
            found += [(what, row[what] or "none", row["count"]) for what in ("account", "plan", "country")]
        return tally(found)

    def restless(self, id: int, *, at_least: int, limit: int = 5) -> tuple[Member, ...]:
        """The SIMs of a storm that came again and again, the worst first."""
        rows = self._db.execute(
            "SELECT * FROM incident_sims WHERE incident = ? AND count >= ? ORDER BY count DESC, giccid LIMIT ?",
            (id, at_least, limit),
        )
        return tuple(map(_member, rows))

    def to_file(self, *, quiet_since: datetime) -> tuple[Incident, ...]:
        """The storms that have calmed down and whose list nobody has yet, or only in part."""
        rows = self._db.execute(
            "SELECT * FROM incidents WHERE storm = 1 AND filed < sims AND last_at < ? ORDER BY id LIMIT 20",
            (when(quiet_since),),
        )
        return tuple(map(incident_of, rows))

    async def filed(self, id: int, sims: int) -> None:
        """Notes that the list of so many SIMs was sent."""
        await self._disk.write(
            lambda db: db.execute("UPDATE incidents SET filed = ? WHERE id = ?", (sims, id)).rowcount
        )

    def members(self, id: int) -> Iterator[tuple[Member, ...]]:
        """The SIMs of a storm, a thousand at a time."""
        after = ""
        while True:
            rows = self._db.execute(
                "SELECT * FROM incident_sims WHERE incident = ? AND giccid > ? ORDER BY giccid LIMIT ?",
                (id, after, PIECE),
            ).fetchall()
            if not rows:
                return
            yield tuple(map(_member, rows))
            after = rows[-1]["giccid"]


def incident_of(row: Row) -> Incident:
    """The incident in a row."""
    return Incident(
        id=row["id"],
        event=row["name"],
        severity=Severity(row["severity"]),
        first_at=time(row["first_at"]),
        last_at=time(row["last_at"]),
        audience=tuple(json.loads(row["audience"])),
        giccid=row["giccid"],
        label=row["label"],
        account=row["account"],
        storm=bool(row["storm"]),
        storm_id=row["storm_id"],
        count=row["count"],
        sims=row["sims"],
        state=State(row["state"]),
        version=row["version"],
        by=row["by"],
        at=time_or_none(row["at"]),
        assignee=row["assignee"],
        until=time_or_none(row["until"]),
        why=row["why"],
    )


def _member(row: Row) -> Member:
    return Member(
        row["giccid"],
        row["label"],
        row["account"],
        row["plan"],
        row["country"],
        row["count"],
        time(row["first_at"]),
        time(row["last_at"]),
    )


def begin(
    db: sqlite3.Connection,
    place: Place,
    at: str,
    *,
    severity: Severity,
    storm: bool = False,
    label: str | None = None,
    account: str | None = None,
) -> int:
    """The number of a new incident that began at this time, as rows have it; a storm counts its SIMs as they join."""
    count = 0 if storm else 1
    cursor = db.execute(
        "INSERT INTO incidents (name, giccid, label, account, audience, severity, storm, count, sims, first_at,"
        " last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (place.name, place.giccid, label, account, place.audience, severity.value, int(storm), count, count, at, at),
    )
    return int(cursor.lastrowid or 0)
