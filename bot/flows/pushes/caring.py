"""What people do about incidents, and what is done for those that nobody does anything about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.errors import NotPossible
from bot.flows.pushes.settings import Settings
from bot.rules import incidents as rule
from bot.rules.audit import SYSTEM, Deed
from bot.rules.durations import say_duration
from bot.rules.events import Severity
from bot.rules.incidents import Incident
from bot.rules.outbox import Note, Outgoing
from bot.rules.people import Person, Role, need
from bot.slack import Slack
from bot.store import Store
from bot.views import caring as form
from bot.views import digests as view

EXPECTED = "expected swap"
Step = Callable[[Incident], Incident]


@dataclass(frozen=True)
class Caring:
    """Taking, giving, putting off, ending. Everything raises NotFound, NotAllowed, NotPossible."""

    store: Store
    slack: Slack
    clock: Clock
    settings: Settings

    async def acknowledge(self, id: int, *, by: Person) -> None:
        """Notes that this person takes it."""
        now = self.clock.now()
        await self._act(id, lambda one: rule.acknowledge(one, by=by, now=now), by=by.id)

    async def snooze(self, id: int, *, by: Person) -> None:
        """Puts it off for the time in the settings."""
        now = self.clock.now()
        until = now + self.settings.snooze_for
        await self._act(id, lambda one: rule.snooze(one, by=by, until=until, now=now), by=by.id)

    async def assign(self, id: int, to: str, *, by: Person) -> None:
        """Gives it to somebody, who hears of it."""
        now = self.clock.now()
        told = form.assigned(self.store.incidents.get(id), by=by.id)
        note = [] if to == by.id else [Note(to, told.text, told.blocks)]
        await self._act(id, lambda one: rule.assign(one, to, by=by, now=now), by=by.id, to=to, messages=note)

    async def resolve(self, id: int, *, by: Person, why: str | None) -> None:
        """Ends it; what happens next is a new incident."""
        now = self.clock.now()
        await self._act(id, lambda one: rule.resolve(one, by=by, why=why, now=now), by=by.id)

    async def expected(self, id: int, *, by: Person) -> None:
        """Ends it as a swap of devices that was planned."""
        await self.resolve(id, by=by, why=EXPECTED)

    async def ask(self, what: str, id: int, *, by: Person, trigger: str) -> None:
        """Opens the form for `assign` or `resolve`. Raises SlackError as well."""
        need(by, Role.OPERATOR, to=rule.TO)
        incident = self.store.incidents.get(id)
        if not incident.live:
            raise NotPossible("This is over already; if it happens again there will be a new card.")
        await self.slack.open_modal(trigger=trigger, view=form.FORMS[what](incident))

    async def wake(self) -> int:
        """How many were brought back because their snooze is over."""
        now, count = self.clock.now(), 0
        for incident in self.store.incidents.snoozed_until(now):
            told = form.snooze_over(incident)
            notes: list[Outgoing] = [
                Note(copy.channel, told.text, told.blocks, under=copy.subject)
                for copy in self.store.copies.of(incident.id)
            ]
            deed = Deed(SYSTEM, "snooze over", f"incident:{incident.id}")
            count += await self.store.incidents.swap(
                incident, rule.wake(incident, now=now), deed=deed, messages=notes, now=now
            )
        return count

    async def remind(self) -> int:
        """How many grave ones nobody has taken for long; each channel is reminded of them once."""
        after = self.settings.remind_after
        if not after:
            return 0
        now = self.clock.now()
        waiting = self.store.incidents.nobodys(before=now - after, severity=Severity.HIGH)
        by_channel: dict[str, list[Incident]] = {}
        for incident in waiting:
            for copy in self.store.copies.of(incident.id):
                if not copy.hold:
                    by_channel.setdefault(copy.channel, []).append(incident)
        notes = []
        for channel, incidents in by_channel.items():
            told = view.nobodys(incidents, lasting=say_duration(after))
            notes.append(Note(channel, told.text, told.blocks))
        if waiting:
            await self.store.incidents.reminded([one.id for one in waiting], notes, now=now)
        return len(waiting)

    async def _act(
        self, id: int, step: Step, *, by: str, to: str | None = None, messages: list[Note] | None = None
    ) -> None:
        before = self.store.incidents.get(id)
        after = step(before)
        until = None if after.until is None else after.until.isoformat()
        action = "assigned" if to is not None else after.state.value
        detail = {"giccid": before.giccid, "label": before.label, "until": until, "to": to, "why": after.why}
        deed = Deed(by, action, f"incident:{id}", {key: value for key, value in detail.items() if value is not None})
        if not await self.store.incidents.swap(before, after, deed=deed, messages=messages or [], now=self.clock.now()):
            raise NotPossible("Somebody else was faster with this; look at the card again.")
