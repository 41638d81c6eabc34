"""Sorting what has come: each push onto a card, its own or one it shares, with the messages that follow from it.

A push is on disk before anything here happens to it, and is sorted in one transaction with what shows it: whatever
ends the bot in between, it is sorted once.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.rules.events import TAC, Event, Fate, Severity, Source
from bot.rules.routes import About, Target
from bot.rules.snapshot import Listed
from bot.rules.storms import NOT_KNOWN
from bot.store import copies, echoes, jobs, outbox, rhythm
from bot.store.disk import Disk
from bot.store.events import event_of
from bot.store.incidents import Place, begin
from bot.store.judging import Limits, Seams
from bot.store.listed import by_giccids
from bot.store.rows import time, when


class Sorting:
    """The pushes that are on disk and on no card yet."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def waiting(self) -> int:
        """How many there are."""
        return int(self._disk.reader.execute("SELECT count(*) FROM events WHERE fate = ''").fetchone()[0])

    def oldest(self) -> datetime | None:
        """When the one that waits longest came."""
        row = self._disk.reader.execute("SELECT received_at FROM events WHERE fate = '' ORDER BY id LIMIT 1").fetchone()
        return None if row is None else time(row[0])

    async def sort(self, seams: Seams, limits: Limits, *, most: int, now: datetime) -> int:
        """How many of the oldest were sorted now, together with their cards."""

        def work(db: sqlite3.Connection) -> int:
            rows = db.execute("SELECT * FROM events WHERE fate = '' ORDER BY id LIMIT ?", (most,)).fetchall()
            events = [event_of(row) for row in rows]
            batch = _Batch(db, seams, limits, now)
            batch.look_up(events)
            for event in events:
                batch.take(event)
            batch.end(events)
            return len(events)

        return await self._disk.write(work)

    async def put_plainly(self, target: Target, *, now: datetime) -> bool:
        """Whether the oldest push got a card of its own without anything being judged: the way out for one of which
        sorting fails, so that it is shown and holds up no other."""

        def work(db: sqlite3.Connection) -> bool:
            row = db.execute("SELECT * FROM events WHERE fate = '' ORDER BY id LIMIT 1").fetchone()
            if row is None:
                return False
            if row["sms"] is not None:  # it stands in a conversation, and is seen there
                return db.execute("UPDATE events SET fate = 'sms' WHERE id = ?", (row["id"],)).rowcount == 1
            place = Place(row["name"], None, json.dumps([target.channel]))
            number = begin(db, place, row["received_at"], severity=Severity.MEDIUM)
            copies.add(db, number, [target], now=now)
            db.execute("UPDATE events SET fate = 'shown', incident = ? WHERE id = ?", (number, row["id"]))
            return True

        return await self._disk.write(work)


@dataclass
class _Open:
    """An incident that more may be added to, with what this batch adds."""

    id: int
    severity: Severity
    last_at: str
    storm: bool = False
    more: int = 0
    more_sims: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)


class _Batch:
    """One transaction's worth of pushes. What is found or made in it is kept, and counted up once at its end."""

    def __init__(self, db: sqlite3.Connection, seams: Seams, limits: Limits, now: datetime) -> None:
        self._db, self._seams, self._limits, self._now = db, seams, limits, now
        self._known: dict[str, Listed] = {}
        self._singles: dict[Place, _Open] = {}
        self._storms: dict[Place, _Open] = {}
        self._touched: dict[int, _Open] = {}
        self._muted: Counter[tuple[int, str]] = Counter()

    def look_up(self, events: Sequence[Event]) -> None:
        """Reads what the snapshot knows of all their SIMs at once."""
        giccids = dict.fromkeys(event.push.giccid for event in events if event.push.giccid is not None)
        self._known |= {listed.sim.giccid: listed for listed in by_giccids(self._db, giccids)}

    def take(self, event: Event) -> None:
        """Finds the place of one push."""
        push = event.push
        if event.sms is not None:
            self._beside(event, event.sms)
            return
        # What the log tells of may be found long after it happened.
        at = push.happened_at or event.received_at if event.source is Source.LOG else event.received_at
        job = jobs.job_of(self._db, push, now=at)
        if job is not None:
            jobs.count_push(self._db, job)
            self._note(event, Fate.JOB, job=job)
            return
        request = echoes.request_of(self._db, push, now=at)
        if request is not None:
            if echoes.has_card(self._db, request):
                outbox.put(self._db, [self._seams.told(request, event)], now=self._now)
            self._note(event, Fate.REQUEST)
            return
        about = self._about(event)
        verdict = self._seams.judge(about)
        if verdict.mute is not None:
            self._muted[verdict.mute, push.name] += 1
            self._note(event, Fate.MUTED)
            return
        self._note(event, Fate.SHOWN, incident=self._show(event, about, verdict.targets))

    def _beside(self, event: Event, sms: int) -> None:
        """Finds those who get an SMS beside the conversation it stands in; often there are none."""
        about = self._about(event)
        found = self._db.execute(
            "SELECT channel FROM sms JOIN sms_threads t ON t.id = sms.thread WHERE sms.id = ?", (sms,)
        ).fetchone()
        verdict = self._seams.beside(about, event, None if found is None else found["channel"])
        if verdict.mute is not None:
            self._muted[verdict.mute, event.push.name] += 1
        shown = self._show(event, about, verdict.targets) if verdict.targets else None
        self._note(event, Fate.SMS, incident=shown)

    def end(self, events: Sequence[Event]) -> None:
        """Counts up what was added, and has the cards of it drawn anew."""
        for one in self._touched.values():
            self._db.execute(
                "UPDATE incidents SET count = count + ?, sims = sims + ?, last_at = max(last_at, ?), severity = ?"
                " WHERE id = ?",
                (one.more, one.more_sims, one.last_at, one.severity.value, one.id),
            )
            self._db.executemany(
                "INSERT INTO incident_counts (incident, what, value, count) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (incident, what, value) DO UPDATE SET count = count + excluded.count",
                [(one.id, *key, count) for key, count in one.counts.items()],
            )
            copies.redraw(self._db, one.id, now=self._now)
        self._db.executemany(
            "INSERT INTO mute_counts (mute, name, count) VALUES (?, ?, ?)"
            " ON CONFLICT (mute, name) DO UPDATE SET count = count + excluded.count",
            [(*key, count) for key, count in self._muted.items()],
        )
        # What stands in conversations was counted when it came.
        alone = [event for event in events if event.source is Source.PUSH and event.sms is None]
        rhythm.count(self._db, [event.received_at for event in alone])

    # --- one push ---

    def _about(self, event: Event) -> About:
        listed = self._known.get(event.push.giccid or "")
        places: dict[str, str | None] = {"account": event.push.account, "sim": event.push.giccid}
        if listed is not None:
            sim = listed.sim
            places |= {"plan": sim.plan, "country": sim.country, "label": listed.label}
            places |= {f"custom{n}": value for n, value in enumerate(sim.custom, 1)}
            places["account"] = event.push.account or sim.account
        return About(event.push.name, self._seams.grave(event), places)

    def _note(self, event: Event, fate: Fate, *, incident: int | None = None, job: int | None = None) -> None:
        listed = self._known.get(event.push.giccid or "")
        self._db.execute(
            "UPDATE events SET fate = ?, incident = ?, job = ?, label = ?, account = coalesce(account, ?) WHERE id = ?",
            (
                fate.value,
                incident,
                job,
                None if listed is None else listed.label,
                None if listed is None else listed.sim.account,
                event.id,
            ),
        )

    def _show(self, event: Event, about: About, targets: Sequence[Target]) -> int:
        """The incident whose card shows this push: one that is there already, or a new one."""
        audience = json.dumps([target.channel for target in targets])
        place = Place(event.push.name, event.push.giccid, audience)
        everybody = Place(event.push.name, None, audience)
        single = None if event.push.name in self._limits.separate else self._single(place, event)
        if single is not None and about.severity <= single.severity:
            return self._add(single, event)
        if event.push.giccid is not None and (storm := self._storm(everybody, event)) is not None:
            return self._join(storm, event, about)
        if single is not None:
            self._db.execute(
                "UPDATE incidents SET state = 'resolved', version = version + 1, at = ?, why = ? WHERE id = ?",
                (when(self._now), "It got worse: there is a newer card.", single.id),
            )
            copies.redraw(self._db, single.id, now=self._now)
        return self._begin(place, everybody, event, about, targets)

    def _begin(self, place: Place, everybody: Place, event: Event, about: About, targets: Sequence[Target]) -> int:
        """A new incident, of this SIM alone or, where it is one SIM too many, of all of them."""
        late = self._late(everybody, event) if event.push.giccid is not None else []
        sims = {row["giccid"] for row in late} | {event.push.giccid}
        if len(sims) < self._limits.of_storm(place.name):
            at = when(event.received_at)
            label, account = about.places.get("label"), about.places.get("account")
            number = begin(self._db, place, at, severity=about.severity, label=label, account=account)
            copies.add(self._db, number, targets, now=self._now)
            self._singles[place] = _Open(number, about.severity, at)
            return number
        storm = self._make_storm(everybody, event, about, targets)
        for row in late:
            self._absorb(storm, row)
        return self._join(storm, event, about)

    def _add(self, one: _Open, event: Event) -> int:
        one.more += 1
        one.last_at = when(event.received_at)
        self._touched[one.id] = one
        return one.id

    # --- finding ---

    def _single(self, place: Place, event: Event) -> _Open | None:
        """The incident of this SIM that is still going on."""
        since = when(event.received_at - self._limits.fold_for)
        found = self._singles.get(place)
        if found is None:
            row = self._db.execute(
                "SELECT id, severity, last_at FROM incidents WHERE giccid IS ? AND name = ? AND storm = 0"
                " AND state != 'resolved' AND storm_id IS NULL AND audience = ? ORDER BY id DESC LIMIT 1",
                (place.giccid, place.name, place.audience),
            ).fetchone()
            if row is None:
                return None
            found = self._singles[place] = _Open(row["id"], Severity(row["severity"]), row["last_at"])
        return found if found.last_at > since else None

    def _storm(self, place: Place, event: Event) -> _Open | None:
        """The storm that is still going on."""
        since = when(event.received_at - self._limits.storm_calm)
        found = self._storms.get(place)
        if found is None:
            row = self._db.execute(
                "SELECT id, severity, last_at FROM incidents WHERE name = ? AND audience = ? AND storm = 1"
                " AND last_at > ? AND state != 'resolved' ORDER BY last_at DESC LIMIT 1",
                (place.name, place.audience, since),
            ).fetchone()
            if row is None:
                return None
            found = self._storms[place] = _Open(row["id"], Severity(row["severity"]), row["last_at"], storm=True)
        return found if found.last_at > since else None

    def _late(self, place: Place, event: Event) -> list[sqlite3.Row]:
        """The incidents of other SIMs that have begun within the window."""
        since = when(event.received_at - self._limits.storm_window)
        return self._db.execute(
            "SELECT id, giccid, label, account, count, severity, state, first_at, last_at FROM incidents"
            " WHERE name = ? AND audience = ? AND storm = 0 AND storm_id IS NULL AND first_at > ?"
            " AND giccid IS NOT NULL ORDER BY first_at DESC LIMIT ?",
            (place.name, place.audience, since, 4 * self._limits.of_storm(place.name)),
        ).fetchall()

    # --- storms ---

    def _make_storm(self, place: Place, event: Event, about: About, targets: Sequence[Target]) -> _Open:
        """What happens to many is graver than the same happening to one."""
        severity = Severity(min(Severity.HIGH, about.severity + 1))
        at = when(event.received_at)
        number = begin(self._db, place, at, severity=severity, storm=True)
        loud = [target if severity is not Severity.HIGH else replace(target, hold="") for target in targets]
        copies.add(self._db, number, loud, now=self._now)
        storm = self._storms[place] = self._touched[number] = _Open(number, severity, at, storm=True)
        return storm

    def _absorb(self, storm: _Open, row: sqlite3.Row) -> None:
        """Takes the incident of one SIM into the storm. Its card is taken back, where nobody has seen it."""
        self._db.execute("UPDATE incidents SET storm_id = ?, version = version + 1 WHERE id = ?", (storm.id, row["id"]))
        self._touched.pop(row["id"], None)
        for place, one in list(self._singles.items()):
            if one.id == row["id"]:
                storm.more += one.more
                del self._singles[place]
        if not copies.withdraw(self._db, row["id"]):
            copies.redraw(self._db, row["id"], now=self._now)
        storm.more += row["count"]
        event = self._db.execute(
            "SELECT * FROM events WHERE incident = ? ORDER BY id DESC LIMIT 1", (row["id"],)
        ).fetchone()
        if event is not None:
            self.look_up([absorbed := event_of(event)])
            self._member(storm, absorbed, row["count"])

    def _join(self, storm: _Open, event: Event, about: About) -> int:
        """Adds a push to a storm, and its SIM where it is a new one there."""
        storm.severity = Severity(max(storm.severity, about.severity))
        self._member(storm, event, 1)
        return self._add(storm, event)

    def _member(self, storm: _Open, event: Event, count: int) -> None:
        giccid, at = event.push.giccid or "", when(event.received_at)
        known = self._db.execute(
            "UPDATE incident_sims SET count = count + ?, last_at = ? WHERE incident = ? AND giccid = ?",
            (count, at, storm.id, giccid),
        )
        if known.rowcount:
            return
        listed = self._known.get(giccid)
        sim = None if listed is None else listed.sim
        account = event.push.account or (None if sim is None else sim.account)
        plan, country = (None, None) if sim is None else (sim.plan, sim.country)
        self._db.execute(
            "INSERT INTO incident_sims VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (storm.id, giccid, None if listed is None else listed.label, account, plan, country, count, at, at),
        )
        storm.more_sims += 1
        storm.counts.update(
            {("account", account or NOT_KNOWN): 1, ("plan", plan or NOT_KNOWN): 1, ("country", country or NOT_KNOWN): 1}
        )
        storm.counts.update(_shared(event))


def _shared(event: Event) -> dict[tuple[str, str], int]:
    """What else pushes may have in common: the model of the device, the APN, and what it is now."""
    facts, found = event.push.facts, {}
    if event.push.name == "imei-change" and isinstance(facts.get("new"), str):
        found["model", str(facts["new"])[:TAC]] = 1
    if event.push.name == "apn-status-change" and facts.get("apn"):
        found["apn", str(facts["apn"])] = 1
    if event.push.name in ("apn-status-change", "sim-status-change") and facts.get("new"):
        found["new", str(facts["new"])] = 1
    return found
