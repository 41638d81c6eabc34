"""Drawing an incident's card, with all that is known here about its SIM or its SIMs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.clock import Clock
from bot.flows.pushes.settings import Settings
from bot.rules.approvals import Approval
from bot.rules.durations import say_duration
from bot.rules.events import TAC, Event
from bot.rules.incidents import FLAPS, Incident
from bot.rules.snapshot import Listed
from bot.rules.storms import likely_cause
from bot.slack import Slack
from bot.store import Store
from bot.store.echoes import ways
from bot.views import incidents as view
from bot.views.incidents import Known
from bot.views.parts import Message

OURS_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Showing:
    """The cards. Everything is read from the store: nobody waits for SmartHub to see one."""

    store: Store
    slack: Slack
    clock: Clock
    settings: Settings

    def draw(self, copy: int) -> Message:
        """The card with this number. Raises NotFound."""
        return self.card(self.store.incidents.get(self.store.copies.get(copy).incident))

    def card(self, incident: Incident) -> Message:
        """The card of an incident as it stands now."""
        if incident.storm:
            return view.card(incident, self._storm(incident))
        known = self._single(incident)
        if incident.label is None and known.sim is not None:  # nobody had looked at it when the notification came
            incident = replace(incident, label=known.sim.label)
        return view.card(incident, known)

    def _storm(self, incident: Incident) -> Known:
        counts = self.store.incidents.counts(incident.id)
        restless = self.store.incidents.restless(incident.id, at_least=FLAPS)
        return Known(
            counts=counts,
            cause=likely_cause(counts, fleet=self.store.incidents.fleet()),
            restless=[(one.label or one.giccid, one.count) for one in restless],
            snooze_for=say_duration(self.settings.snooze_for),
        )

    def _single(self, incident: Incident) -> Known:
        events = self.store.events.of_incident(incident.id)
        newest = next(iter(events), None)
        listed = None if incident.giccid is None else self.store.sims.by_giccid(incident.giccid)
        twins, model = self._device(newest)
        ours = self._ours(incident)
        return Known(
            events=events,
            sim=listed,
            twins=twins,
            model=model,
            ours=ours,
            link=None if ours is None else self._link(f"approval:{ours.id}"),
            job=None if incident.giccid is None else self.store.job_sims.newest_of(ways(incident.giccid)),
            conversation=None if newest is None else self._conversation(newest.sms),
            snooze_for=say_duration(self.settings.snooze_for),
            units=self.settings.units,
        )

    def _conversation(self, sms: int | None) -> str | None:
        thread = None if sms is None else self.store.sms.get(sms).thread
        return None if thread is None else self.store.closed.reached(self.store.sms.thread(thread).channel)

    def _link(self, subject: str) -> str | None:
        place = self.store.outbox.place(subject)
        return None if place is None else self.slack.link(place.channel, place.ts)

    def _device(self, event: Event | None) -> tuple[tuple[Listed, ...], int | None]:
        """The other SIMs in the device that is new, and how many SIMs are in one of its model."""
        new = None if event is None or event.push.name != "imei-change" else event.push.facts.get("new")
        if event is None or not isinstance(new, str) or len(new) < TAC:
            return (), None
        names = ways(event.push.giccid or "")
        twins = [one for one in self.store.sims.with_imei(new) if one.sim.giccid not in names]
        return tuple(twins), self.store.sims.of_model(new[:TAC])

    def _ours(self, incident: Incident) -> Approval | None:
        """The newest request for this SIM, where it is of the last days."""
        if incident.giccid is None:
            return None
        since = incident.last_at - OURS_FOR
        found = [one for way in ways(incident.giccid) for one in self.store.approvals.of_sim(way, limit=1)]
        return next((one for one in found if (one.ended_at or one.decided_at or one.asked_at) > since), None)
