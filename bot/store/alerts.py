"""Alerts: raised once, changed by compare-and-set, looked up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from bot.errors import NotFound
from bot.rules.alerts import Alert, Finding, Kind, State, Verdict
from bot.rules.audit import Deed
from bot.rules.outbox import Card, Outgoing
from bot.rules.sims import Sim
from bot.store import outbox, snapshot
from bot.store.audit import write_down
from bot.store.disk import Disk
from bot.store.rows import Row, time, time_or_none, when, when_or_none

NOTHING = Verdict()

Compare = Callable[[Sim, Sequence[Alert]], Verdict]


class Alerts:
    """The alerts on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def look_over(
        self,
        page: Iterable[tuple[Sim, str]],
        compare: Compare,
        *,
        card_in: str,
        now: datetime,
        beside: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> tuple[int, int]:
        """How many alerts one page of SIMs, each with its label, has raised and cleared.

        The snapshot, the alerts and the messages are one transaction, so a check that is killed and run again
        announces nothing twice. `compare` is the rule: from a SIM and its live alerts to what changes; `beside` is what
        else belongs to the transaction.
        """

        def work(db: sqlite3.Connection) -> tuple[int, int]:
            raised = cleared = 0
            seen = list(page)
            snapshot.remember(db, seen, now=now)
            beside(db)
            live = _live_of(db, [sim.giccid for sim, _ in seen])
            for sim, _ in seen:
                verdict = compare(sim, live.get(sim.giccid, ()))
                for alert in verdict.change:
                    _write(db, alert)
                    outbox.put(db, [Card(f"alert:{alert.id}", card_in)], now=now)
                    cleared += alert.state is State.CLEARED
                for finding in verdict.announce:
                    number = _insert(db, finding, now)
                    outbox.put(db, [Card(f"alert:{number}", card_in)], now=now)
                    raised += 1
                if verdict != NOTHING:  # the page may hold the same SIM again
                    live |= _live_of(db, [sim.giccid])
            return raised, cleared

        return await self._disk.write(work)

    async def swap(self, old: Alert, new: Alert, *, deed: Deed, messages: Sequence[Outgoing], now: datetime) -> bool:
        """Whether `new` took the place of `old`, with its audit line and messages; not when somebody was faster."""

        def work(db: sqlite3.Connection) -> bool:
            if not _write(db, new, if_version=old.version):
                return False
            write_down(db, deed, at=now)
            outbox.put(db, messages, now=now)
            return True

        return await self._disk.write(work)

    def get(self, id: int) -> Alert:
        """The alert with this number. Raises NotFound."""
        row = self._disk.reader.execute("SELECT * FROM alerts WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no alert {id} here.")
        return _alert(row)

    def live(self, *, limit: int = 50) -> tuple[Alert, ...]:
        """The alerts that still hold and are not taken over by a graver one, the newest first."""
        rows = self._disk.reader.execute(
            "SELECT * FROM alerts WHERE state IN ('open', 'acknowledged', 'snoozed') ORDER BY id DESC LIMIT ?", (limit,)
        )
        return tuple(_alert(row) for row in rows)

    def count_live(self) -> int:
        """How many alerts still hold and are not taken over by a graver one."""
        row = self._disk.reader.execute(
            "SELECT count(*) FROM alerts WHERE state IN ('open', 'acknowledged', 'snoozed')"
        ).fetchone()
        return int(row[0])

    def of_sim(self, giccid: str, *, limit: int = 1000) -> tuple[Alert, ...]:
        """The alerts of this SIM in every state, the newest first."""
        rows = self._disk.reader.execute(
            "SELECT * FROM alerts WHERE giccid = ? ORDER BY id DESC LIMIT ?", (giccid, limit)
        )
        return tuple(_alert(row) for row in rows)

    def live_of_sim(self, giccid: str) -> tuple[Alert, ...]:
        """The alerts of this SIM that still hold and are not taken over by a graver one, the newest first."""
        rows = self._disk.reader.execute(
            "SELECT * FROM alerts WHERE giccid = ? AND state != 'cleared' AND state != 'worsened' ORDER BY id DESC",
            (giccid,),
        )
        return tuple(_alert(row) for row in rows)

    def snoozed_until(self, now: datetime) -> tuple[Alert, ...]:
        """The alerts whose snooze is over."""
        rows = self._disk.reader.execute(
            "SELECT * FROM alerts WHERE state = 'snoozed' AND until <= ? ORDER BY id", (when(now),)
        )
        return tuple(_alert(row) for row in rows)


def _live_of(db: sqlite3.Connection, giccids: Sequence[str]) -> dict[str, Sequence[Alert]]:
    """The alerts of these SIMs that are not cleared; a SIM that has none is left out unless it is the only one."""
    found: dict[str, list[Alert]] = {giccids[0]: []} if giccids else {}
    rows = db.execute(
        "SELECT a.* FROM json_each(?) AS wanted CROSS JOIN alerts AS a"
        " ON a.giccid = wanted.value AND a.state != 'cleared' ORDER BY a.id",
        (json.dumps(sorted(set(giccids))),),
    )
    for row in rows:
        found.setdefault(row["giccid"], []).append(_alert(row))
    return dict(found)


def _insert(db: sqlite3.Connection, finding: Finding, now: datetime) -> int:
    cursor = db.execute(
        "INSERT INTO alerts (giccid, label, account, plan, kind, threshold, cycle, value, whole, expires_at, raised_at,"
        " state, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', 1)",
        (
            finding.giccid,
            finding.label,
            finding.account,
            finding.plan,
            finding.kind.value,
            finding.threshold,
            finding.cycle,
            finding.value,
            finding.whole,
            when_or_none(finding.expires_at),
            when(now),
        ),
    )
    return int(cursor.lastrowid or 0)


def _write(db: sqlite3.Connection, alert: Alert, *, if_version: int | None = None) -> bool:
    """Whether the alert's new state was stored; it follows the version before it."""
    cursor = db.execute(
        "UPDATE alerts SET state = ?, version = ?, by = ?, at = ?, until = ? WHERE id = ? AND version = ?",
        (
            alert.state.value,
            alert.version,
            alert.by,
            when_or_none(alert.at),
            when_or_none(alert.until),
            alert.id,
            alert.version - 1 if if_version is None else if_version,
        ),
    )
    return cursor.rowcount == 1


def _alert(row: Row) -> Alert:
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
    )
