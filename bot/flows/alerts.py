"""The scheduled look over all SIMs, and what people do about the alerts it raises."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import NotPossible
from bot.rules import alerts as rule
from bot.rules.alerts import Alert, Limits, Verdict
from bot.rules.audit import SYSTEM, Deed
from bot.rules.durations import say_duration
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.people import Person
from bot.rules.sims import Sim, label_of
from bot.smarthub.client import SmartHub
from bot.store.alerts import Alerts as Stored
from bot.views import alerts as view
from bot.views.parts import DECIMAL, Message, Units


@dataclass(frozen=True)
class Settings:
    """What to look for, where to say it, and how long Snooze puts an alert off."""

    channel: str
    limits: Limits
    snooze_for: timedelta
    label_field: str
    units: Units = DECIMAL


class Alerts:
    """Checking, acknowledging, snoozing."""

    def __init__(self, *, store: Stored, hub: SmartHub, clock: Clock, settings: Settings) -> None:
        self._store, self._hub, self._clock, self._settings = store, hub, clock, settings

    async def look(self, sims: Sequence[Sim], beside: Callable[[sqlite3.Connection], None]) -> tuple[int, int]:
        """How many alerts these SIMs, read just now, have raised and cleared; `beside` is stored with them."""
        now = self._clock.now()
        labelled = [(sim, label_of(sim, self._settings.label_field)) for sim in sims]
        channel = self._settings.channel
        return await self._store.look_over(labelled, self._compare(now), card_in=channel, now=now, beside=beside)

    async def acknowledge(self, id: int, *, by: Person) -> None:
        """Notes that this person takes the alert. Raises NotFound, NotAllowed, NotPossible."""
        now = self._clock.now()
        await self._act(id, lambda alert: rule.acknowledge(alert, by=by, now=now), by=by.id)

    async def snooze(self, id: int, *, by: Person) -> None:
        """Puts the alert off for the time in the settings. Raises NotFound, NotAllowed, NotPossible."""
        now = self._clock.now()
        until = now + self._settings.snooze_for
        await self._act(id, lambda alert: rule.snooze(alert, by=by, until=until, now=now), by=by.id)

    async def wake(self) -> int:
        """How many alerts were brought back because their snooze is over and they still hold."""
        now = self._clock.now()
        count = 0
        for alert in self._store.snoozed_until(now):
            told = view.snooze_over(alert)
            subject = f"alert:{alert.id}"
            messages: list[Outgoing] = [
                Card(subject, self._settings.channel),
                Note(self._settings.channel, told.text, told.blocks, under=subject),
            ]
            deed = Deed(SYSTEM, "snooze over", subject)
            count += await self._store.swap(
                alert, rule.wake(alert, now=now), deed=deed, messages=messages, now=now
            )  # fmt: skip
        return count

    def draw(self, id: int) -> Message:
        """The card of an alert as it stands now."""
        settings = self._settings
        return view.card(self._store.get(id), snooze_for=say_duration(settings.snooze_for), units=settings.units)

    def live(self, *, checked_at: datetime | None) -> Message:
        """The list of the alerts that still hold."""
        return view.listing(self._store.live(), checked_at=checked_at, count=self._store.count_live())

    def _compare(self, now: datetime) -> Callable[[Sim, Sequence[Alert]], Verdict]:
        limits, field = self._settings.limits, self._settings.label_field

        def compare(sim: Sim, live: Sequence[Alert]) -> Verdict:
            found = rule.judge(sim, limits, label=label_of(sim, field), now=now)
            return rule.compare([a for a in live if rule.can_tell(sim, a.finding)], found, now=now)

        return compare

    async def _act(self, id: int, step: Callable[[Alert], Alert], *, by: str) -> None:
        before = self._store.get(id)
        after = step(before)
        subject = f"alert:{id}"
        until = None if after.until is None else after.until.isoformat()
        deed = Deed(by, after.state, subject, {"until": until})
        card = Card(subject, self._settings.channel)
        if not await self._store.swap(before, after, deed=deed, messages=[card], now=self._clock.now()):
            raise NotPossible("Somebody else was faster with this alert; look at it again.")
