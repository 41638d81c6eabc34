"""Alerts: raised once, changed by compare-and-set, looked up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from bot.errors import NotFound, NotPossible
from bot.rules import alerts as rule
from bot.rules.alerts import Alert, Announcement, Finding, Kind, State, Telling, Verdict
from bot.rules.audit import Deed
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.sims import Sim
from bot.rules.unjudged import missing
from bot.store import alert_cards, calm, outbox, snapshot
from bot.store.alert_rows import alert_in, alerts_in, insert, write
from bot.store.audit import write_down
from bot.store.disk import Disk
from bot.store.rows import when

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
        now: datetime,
        beside: Callable[[sqlite3.Connection], None] = lambda _: None,
        marks: Mapping[str, int] = MappingProxyType({}),
        calm_until: Callable[[Sim], datetime | None] = lambda _: None,
    ) -> tuple[int, int]:
        """How many alerts one page of SIMs, each with its label, has raised and cleared.

        The snapshot, the alerts and the redraws are one transaction, so a check that is killed and run again raises
        nothing twice. `compare` is the rule: from a SIM and its live alerts to what changes; `beside` is what else
        belongs to the transaction. What was raised is told by `announce`. SIMs with `marks` of which there is nothing
        to say need not be read again while their row has that mark, as long as `calm_until` says.
        """

        def work(db: sqlite3.Connection) -> tuple[int, int]:
            raised = cleared = 0
            seen = list(page)
            numbers = snapshot.remember(db, seen, now=now)
            calm.forget(db, numbers.values())
            beside(db)
            live = _live_of(db, [sim.giccid for sim, _ in seen])
            changed: list[Alert] = []
            quiet: list[calm.Calm] = []
            for sim, _ in seen:
                known = live.get(sim.giccid, ())
                verdict = compare(sim, known)
                if sim.giccid in marks and not known and verdict == NOTHING and (until := calm_until(sim)) is not None:
                    quiet.append(calm.Calm(numbers[sim.giccid], marks[sim.giccid], until, missing(sim)))
                cleared += _carry_out(db, verdict, now)
                raised += len(verdict.announce)
                changed += verdict.change
                if verdict != NOTHING:  # the page may hold the same SIM again
                    live |= _live_of(db, [sim.giccid])
            calm.note(db, quiet)
            alert_cards.redraw(db, (alert.card for alert in changed), now=now)
            return raised, cleared

        return await self._disk.write(work)

    async def look_over_fleet(
        self, found: Sequence[Finding], *, judged: Callable[[Alert], bool], now: datetime
    ) -> tuple[int, int]:
        """The same for what only a look over all SIMs can tell: `found` is all there is now, about SIMs, pools and
        accounts. Alerts that are not `judged`, because what they are about could not be read, are left alone.
        """

        def work(db: sqlite3.Connection) -> tuple[int, int]:
            raised = cleared = 0
            changed: list[Alert] = []
            for live, now_found in _by_subject(_live_of_fleet(db), found, judged):
                verdict = rule.compare(live, now_found, now=now)
                cleared += _carry_out(db, verdict, now)
                raised += len(verdict.announce)
                changed += verdict.change
            alert_cards.redraw(db, (alert.card for alert in changed), now=now)
            return raised, cleared

        return await self._disk.write(work)

    async def any_of_fleet(self) -> bool:
        """Whether an alert is left of what only a look over all SIMs can tell."""
        return await self._disk.read(lambda db: next(_live_of_fleet(db), None) is not None, within_s=10)

    async def announce(
        self, tellings: Sequence[Telling], *, now: datetime, renewals: Mapping[str, str] = MappingProxyType({})
    ) -> int:
        """How many announcements were made: what is open and was never announced, all of a rule and account together.

        `renewals` says for an account what becomes of a package that ends. An alert is announced once for good.
        """
        return await self._disk.write(lambda db: alert_cards.announce(db, tellings, renewals, now=now))

    def to_announce(self, kinds: Iterable[Kind]) -> tuple[str, ...]:
        """The accounts with alerts of these kinds that are open and were not announced."""
        rows = self._disk.reader.execute(
            "SELECT DISTINCT account FROM alerts WHERE card IS NULL AND state = 'open' AND account IS NOT NULL"
            " AND kind IN (SELECT value FROM json_each(?)) ORDER BY account",
            (json.dumps(sorted(kinds)),),
        )
        return tuple(row["account"] for row in rows)

    async def act(self, card: int, step: Callable[[Alert], Alert], *, deed: Deed, now: datetime) -> int:
        """How many alerts of an announcement took this step, with one audit line and a redraw.

        Raises NotAllowed for who may not, NotFound, and NotPossible with the reason of the first where none could.
        """

        def work(db: sqlite3.Connection) -> int:
            announcement, count, problem = alert_cards.get(db, card), 0, None
            for alert in alerts_in(db.execute("SELECT * FROM alerts WHERE card = ? ORDER BY id", (card,))):
                try:
                    count += write(db, step(alert))
                except NotPossible as refused:
                    problem = problem or refused
            if not count:
                raise problem or NotPossible("Nothing of this is open any more.")
            write_down(db, deed, at=now)
            outbox.put(db, [Card(announcement.subject, announcement.channel)], now=now)
            return count

        return await self._disk.write(work)

    def announcement(self, id: int) -> Announcement:
        """The announcement with this number. Raises NotFound."""
        return alert_cards.get(self._disk.reader, id)

    def standing(self, card: int) -> dict[State, int]:
        """How many alerts of an announcement stand where."""
        rows = self._disk.reader.execute("SELECT state, count(*) FROM alerts WHERE card = ? GROUP BY state", (card,))
        return {State(row[0]): row[1] for row in rows}

    def of_card(self, card: int, *, limit: int = 100, live: bool = False) -> tuple[Alert, ...]:
        """The alerts of an announcement, as they were raised; `live` leaves out what is over or taken over."""
        there = " AND state NOT IN ('cleared', 'worsened')" if live else ""
        statement = f"SELECT * FROM alerts WHERE card = ?{there} ORDER BY id LIMIT ?"  # noqa: S608 - ours
        return tuple(alerts_in(self._disk.reader.execute(statement, (card, limit))))

    def sims_of_card(self, card: int) -> tuple[str, ...]:
        """The SIMs of an announcement whose alerts still hold, by GICCID."""
        rows = self._disk.reader.execute(
            "SELECT DISTINCT giccid FROM alerts WHERE card = ? AND about = 'sim'"
            " AND state NOT IN ('cleared', 'worsened') ORDER BY giccid",
            (card,),
        )
        return tuple(row["giccid"] for row in rows)

    async def remind(self, *, say: Callable[[Announcement, int], Note], now: datetime) -> int:
        """How many announcements somebody was reminded of; each at most three times, the wait doubles."""
        return await self._disk.write(lambda db: alert_cards.remind(db, say, now=now))

    async def swap(self, old: Alert, new: Alert, *, deed: Deed, messages: Sequence[Outgoing], now: datetime) -> bool:
        """Whether `new` took the place of `old`, with its audit line and messages; not when somebody was faster."""

        def work(db: sqlite3.Connection) -> bool:
            if not write(db, new, if_version=old.version):
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
        return alert_in(row)

    def live(self, *, limit: int = 50) -> tuple[Alert, ...]:
        """The alerts that still hold and are not taken over by a graver one, the newest first."""
        rows = self._disk.reader.execute(
            "SELECT * FROM alerts WHERE state IN ('open', 'acknowledged', 'snoozed') ORDER BY id DESC LIMIT ?", (limit,)
        )
        return tuple(alert_in(row) for row in rows)

    def count_live(self) -> int:
        """How many alerts still hold and are not taken over by a graver one."""
        row = self._disk.reader.execute(
            "SELECT count(*) FROM alerts WHERE state IN ('open', 'acknowledged', 'snoozed')"
        ).fetchone()
        return int(row[0])

    def live_of_rule(self, rule: str, *, limit: int = 50) -> tuple[Alert, ...]:
        """The same of one rule."""
        rows = self._disk.reader.execute(
            "SELECT * FROM alerts WHERE state IN ('open', 'acknowledged', 'snoozed') AND rule = ? ORDER BY id DESC"
            " LIMIT ?",
            (rule, limit),
        )
        return tuple(alerts_in(rows))

    def of_sim(self, giccid: str, *, limit: int = 1000) -> tuple[Alert, ...]:
        """The alerts of this SIM in every state, the newest first."""
        rows = self._disk.reader.execute(
            "SELECT * FROM alerts WHERE giccid = ? AND about = 'sim' ORDER BY id DESC LIMIT ?", (giccid, limit)
        )
        return tuple(alert_in(row) for row in rows)

    def live_of_sim(self, giccid: str) -> tuple[Alert, ...]:
        """The alerts of this SIM that still hold and are not taken over by a graver one, the newest first."""
        rows = self._disk.reader.execute(
            "SELECT * FROM alerts WHERE giccid = ? AND about = 'sim' AND state NOT IN ('cleared', 'worsened')"
            " ORDER BY id DESC",
            (giccid,),
        )
        return tuple(alert_in(row) for row in rows)

    def snoozed_until(self, now: datetime) -> tuple[Alert, ...]:
        """The alerts whose snooze is over."""
        rows = self._disk.reader.execute(
            "SELECT * FROM alerts WHERE state = 'snoozed' AND until <= ? ORDER BY id", (when(now),)
        )
        return tuple(alert_in(row) for row in rows)


def _live_of(db: sqlite3.Connection, giccids: Sequence[str]) -> dict[str, Sequence[Alert]]:
    """The alerts of these SIMs that are not cleared; a SIM that has none is left out unless it is the only one."""
    found: dict[str, list[Alert]] = {giccids[0]: []} if giccids else {}
    rows = db.execute(
        "SELECT a.* FROM json_each(?) AS wanted CROSS JOIN alerts AS a"
        " ON a.giccid = wanted.value AND a.about = 'sim' AND a.state != 'cleared' ORDER BY a.id",
        (json.dumps(sorted(set(giccids))),),
    )
    for row in rows:
        found.setdefault(row["giccid"], []).append(alert_in(row))
    return dict(found)


def _live_of_fleet(db: sqlite3.Connection) -> Iterator[Alert]:
    """The alerts that are not cleared of what only a look over all SIMs can tell."""
    return alerts_in(
        db.execute("SELECT * FROM alerts WHERE state != 'cleared' AND (about != 'sim' OR kind = 'imei') ORDER BY id")
    )


def _by_subject(
    live: Iterable[Alert], found: Iterable[Finding], judged: Callable[[Alert], bool]
) -> Iterator[tuple[list[Alert], list[Finding]]]:
    """What is live and what was found of each SIM, pool or account."""
    every: dict[tuple[str, str], tuple[list[Alert], list[Finding]]] = {}
    for finding in found:
        every.setdefault((finding.about, finding.giccid), ([], []))[1].append(finding)
    for alert in live:
        if judged(alert):
            every.setdefault((alert.finding.about, alert.finding.giccid), ([], []))[0].append(alert)
    return iter(every.values())


def _carry_out(db: sqlite3.Connection, verdict: Verdict, now: datetime) -> int:
    """How many were cleared, after the verdict is in the store."""
    for alert in verdict.change:  # first, for a new one may take the place of one that is over
        write(db, alert)
    for finding in verdict.announce:
        insert(db, finding, now)
    return sum(alert.state is State.CLEARED for alert in verdict.change)
