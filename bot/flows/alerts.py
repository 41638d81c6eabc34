"""The scheduled look over all SIMs, and what people do about the alerts it raises."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.clock import Clock
from bot.errors import BadInput, BotError, NotPossible
from bot.rules import alerts as rule
from bot.rules.alert_rules import Rule, can_tell, judge
from bot.rules.alerts import ENDING, Alert, Announcement, Finding, Severity, State, Telling, Verdict
from bot.rules.audit import SYSTEM, Deed
from bot.rules.calm import calm_until
from bot.rules.durations import say_duration
from bot.rules.forecasts import DayUse
from bot.rules.likeness import alike
from bot.rules.moments import read_until
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.people import Person, Role, need
from bot.rules.searches import Query
from bot.rules.sims import Sim, label_of, quotable
from bot.sheets import sheet, whole
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.store import Store
from bot.views import alerts as view
from bot.views.parts import DECIMAL, Message, Units, answer

Past = Callable[[Sequence[Sim]], Awaitable[Mapping[str, Sequence[DayUse]]]]
RENEWAL_KEPT = timedelta(hours=6)
SHEET_ROWS = 200_000
SHOWN = 20
HUSHED = "snoozed until worse"
WORSE = frozenset({"worse", "until worse", "until it gets worse"})
NUMBERED = re.compile(r"(card\s+)?#?([0-9]{1,12})(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)


async def no_past(_: Sequence[Sim]) -> Mapping[str, Sequence[DayUse]]:
    """The past of SIMs where none is kept."""
    return {}


async def nothing_more() -> tuple[int, int]:
    """What a look over all SIMs tells beyond each of them, where nothing is asked."""
    return 0, 0


async def nothing_found(_: Sequence[Rule]) -> tuple[Finding, ...]:
    """The same for a rule that is tried."""
    return ()


@dataclass(frozen=True)
class Settings:
    """What to look for, where to say it, how long Snooze puts an alert off, when somebody is reminded (zero: never)."""

    channel: str
    rules: tuple[Rule, ...]
    snooze_for: timedelta
    label_field: str
    units: Units = DECIMAL
    remind_after: timedelta = timedelta(0)


@dataclass
class Seams:
    """What comes from elsewhere. `past` is what SIMs used day by day, up to what they have used now, by GICCID; `fleet`
    judges what only all SIMs together can tell, and says how many alerts that raised and cleared; `found` is what it
    would raise for some rules.
    """

    past: Past = no_past
    fleet: Callable[[], Awaitable[tuple[int, int]]] = nothing_more
    found: Callable[[Sequence[Rule]], Awaitable[tuple[Finding, ...]]] = nothing_found


@dataclass
class Renewals:
    """What becomes of packages that end, as SmartHub told it of each account, and when it did."""

    known: dict[str, tuple[datetime, str | None]] = field(default_factory=dict)


class Alerts:
    """Checking, telling, acknowledging, snoozing."""

    def __init__(self, *, store: Store, hub: SmartHub, slack: Slack, clock: Clock, settings: Settings) -> None:
        self._everything, self._store = store, store.alerts
        self._hub, self._slack, self._clock, self._settings = hub, slack, clock, settings
        self._renewals = Renewals()
        self.seams = Seams()

    async def look(
        self,
        sims: Sequence[Sim],
        beside: Callable[[sqlite3.Connection], None],
        marks: Mapping[str, int] = MappingProxyType({}),
    ) -> tuple[int, int]:
        """How many alerts these SIMs, read just now, have raised and cleared; `beside` is stored with them. What was
        raised is told by `announce`. `marks` says by giccid what their rows are known by.
        """
        now, rules = self._clock.now(), self._settings.rules
        past = await self.seams.past(sims) if any(r.wants_past for r in rules) else {}
        labelled = [(sim, label_of(sim, self._settings.label_field)) for sim in sims]
        return await self._store.look_over(
            labelled,
            self._compare(now, past),
            now=now,
            beside=beside,
            marks=marks,
            calm_until=lambda sim: calm_until(sim, rules, now=now),
        )

    async def whole(self) -> tuple[int, int]:
        """The same for what is true of the fleet as a whole: to be asked after a look over all SIMs alone."""
        return await self.seams.fleet()

    async def announce(self) -> int:
        """How many announcements were made: of what is open and was never told, where its rule may be told of now."""
        now, settings = self._clock.now(), self._settings
        tellings = [
            Telling(one.name, one.channel or settings.channel, self._remind_after(one))
            for one in settings.rules
            if one.hours is None or one.hours.holds(now)
        ]
        renewals = {name: word for name in self._store.to_announce(ENDING) if (word := await self._renewal(name))}
        return await self._store.announce(tellings, renewals=renewals, now=now)

    async def acknowledge(self, id: int, *, by: Person) -> None:
        """Notes that this person takes the alert. Raises NotFound, NotAllowed, NotPossible."""
        now = self._clock.now()
        await self._act(id, lambda alert: rule.acknowledge(alert, by=by, now=now), by=by.id)

    async def snooze(self, id: int, *, by: Person) -> None:
        """Puts the alert off for the time in the settings. Raises NotFound, NotAllowed, NotPossible."""
        await self.snooze_until(id, self._clock.now() + self._settings.snooze_for, by=by)

    async def snooze_until(self, id: int, until: datetime | None, *, by: Person) -> None:
        """Puts the alert off until then, `None` for until it gets worse. Raises NotFound, NotAllowed, NotPossible."""
        now = self._clock.now()
        await self._act(id, lambda alert: rule.snooze(alert, by=by, until=until, now=now), by=by.id)

    # --- the same for all alerts that were announced together ---

    async def acknowledge_all(self, card: int, *, by: Person) -> None:
        """Notes that this person takes all that is open of it. Raises NotFound, NotAllowed, NotPossible."""
        now = self._clock.now()
        deed = Deed(by.id, "acknowledged", f"alerts:{card}", {"until": None})
        await self._store.act(card, lambda alert: rule.acknowledge(alert, by=by, now=now), deed=deed, now=now)

    async def snooze_all(self, card: int, *, by: Person, until_worse: bool = False) -> None:
        """Puts off all that is open of it, for the time in the settings. Raises NotFound, NotAllowed, NotPossible."""
        until = None if until_worse else self._clock.now() + self._settings.snooze_for
        await self.snooze_all_until(card, until, by=by)

    async def snooze_all_until(self, card: int, until: datetime | None, *, by: Person) -> None:
        """The same until then, `None` for until it gets worse."""
        now = self._clock.now()
        told = None if until is None else until.isoformat()
        deed = Deed(by.id, HUSHED if until is None else "snoozed", f"alerts:{card}", {"until": told})
        await self._store.act(card, lambda alert: rule.snooze(alert, by=by, until=until, now=now), deed=deed, now=now)

    async def csv(self, card: int, *, by: Person) -> Message:
        """Sends all alerts of it as a file to whoever asks. Raises NotFound, NotAllowed, SlackError, StoreError."""
        need(by, Role.VIEWER, to="read alerts")
        found = self._store.announcement(card)
        alerts = self._store.of_card(card, limit=SHEET_ROWS)
        name = f"alerts-{card}-{found.made_at:%Y-%m-%d-%H%M}.csv"
        async with sheet(name, view.SHEET, whole(map(view.sheet_row, alerts))) as path:
            channel = await self._slack.direct(by.id)
            await self._slack.upload(channel, name=path.name, title=f"Alerts: {found.rule}"[:200], path=path)
        return answer(f"The file with {len(alerts):,} alerts is in our direct messages.")

    # --- what the clock does ---

    async def remind(self) -> int:
        """How many announcements somebody was reminded of."""

        def say(found: Announcement, count: int) -> Note:
            told = view.reminder(found, count)
            return Note(found.channel or self._settings.channel, told.text, told.blocks, under=found.subject)

        return await self._store.remind(say=say, now=self._clock.now())

    async def wake(self) -> int:
        """How many alerts were brought back because their snooze is over and they still hold; said once a card."""
        now = self._clock.now()
        count = 0
        told_under: set[str] = set()
        for alert in self._store.snoozed_until(now):
            channel, subject = self._place_of(alert)
            messages: list[Outgoing] = [] if alert.card is None else [Card(subject, channel)]
            if messages and subject not in told_under:
                told = view.snooze_over(alert)
                messages.append(Note(channel, told.text, told.blocks, under=subject))
            deed = Deed(SYSTEM, "snooze over", f"alert:{alert.id}")
            woken = await self._store.swap(
                alert, rule.wake(alert, now=now), deed=deed, messages=messages, now=now
            )  # fmt: skip
            if woken:
                told_under.add(subject)
            count += woken
        return count

    # --- showing ---

    def draw(self, id: int) -> Message:
        """The card of an alert as it stands now."""
        settings, alert = self._settings, self._store.get(id)
        renewal = None if alert.card is None else self._store.announcement(alert.card).renewal
        snooze_for = say_duration(settings.snooze_for)
        return view.card(alert, snooze_for=snooze_for, units=settings.units, renewal=renewal)

    def draw_all(self, card: int) -> Message:
        """The card of alerts that were announced together, as they stand now."""
        settings, store = self._settings, self._store
        return view.digest(
            store.announcement(card),
            store.of_card(card),
            store.standing(card),
            snooze_for=say_duration(settings.snooze_for),
            units=settings.units,
        )

    async def question(self, text: str, *, checked_at: datetime | None) -> Message:
        """What was asked for behind `alerts`: nothing for the list, `rules`, or `test` with a rule. Raises BadInput."""
        word, _, rest = text.strip().partition(" ")
        match word.lower():
            case "":
                return self.live(checked_at=checked_at)
            case "rules":
                return self.rules()
            case "test":
                return await self.test(rest, checked_at=checked_at)
        raise BadInput(f"“{quotable(word)}” is nothing here: type `alerts`, `alerts rules` or `alerts test RULE`.")

    async def typed_ack(self, text: str, *, by: Person) -> Message:
        """Takes the alert, or the card, that was typed. Raises BadInput, NotFound, NotAllowed, NotPossible."""
        is_card, number, rest = _numbered(text, "ack 12")
        if rest:
            raise BadInput(
                "One at a time: write one number, as `ack 12`, or that of a card, as `ack card 4`, for all of it."
            )
        if is_card:
            await self.acknowledge_all(number, by=by)
            return answer(f"You have acknowledged what was open of card {number}.")
        await self.acknowledge(number, by=by)
        return answer(f"You have acknowledged alert #{number}: {self._called(number)}.")

    async def typed_snooze(self, text: str, *, by: Person, zone: ZoneInfo) -> Message:
        """Puts the alert, or the card, off as it was typed. Raises BadInput, NotFound, NotAllowed, NotPossible."""
        is_card, number, rest = _numbered(text, "snooze 12 3d")
        until = None if rest.lower() in WORSE else self._until(rest, zone)
        if is_card:
            await self.snooze_all_until(number, until, by=by)
            return view.card_put_off(number, until)
        if until is None:
            await self.snooze_until(number, None, by=by)
            return answer(f"Alert #{number} is put off until it gets worse: {self._called(number)}.")
        await self.snooze_until(number, until, by=by)
        return view.put_off(self._store.get(number))

    def _until(self, text: str, zone: ZoneInfo) -> datetime:
        now = self._clock.now()
        return read_until(text, now=now, zone=zone) if text else now + self._settings.snooze_for

    def _called(self, id: int) -> str:
        found = self._store.get(id).finding
        return f"{quotable(view.title(found, units=self._settings.units))}, {quotable(found.label)}"

    def live(self, *, checked_at: datetime | None) -> Message:
        """The list of the alerts that still hold."""
        return view.listing(self._store.live(), checked_at=checked_at, count=self._store.count_live())

    def rules(self) -> Message:
        """The rules there are."""
        return view.rules(self._settings.rules, units=self._settings.units)

    async def test(self, name: str, *, checked_at: datetime | None) -> Message:
        """What a rule would find now, in the SIMs as the last look saw them. Nothing is raised. Raises BadInput."""
        one = self._rule(name)
        if one.over_fleet:
            found = list(await self.seams.found([one]))
            count = len(found)
        else:
            found, count = await self._try(one)
        known = {(a.finding.giccid, a.finding.threshold, a.finding.cycle) for a in self._store.live_of_rule(one.name)}
        told = sum((f.giccid, f.threshold, f.cycle) in known for f in found)
        return view.dry_run(
            one, found[:SHOWN], count=count, told=told, checked_at=checked_at, units=self._settings.units
        )

    async def _try(self, one: Rule) -> tuple[list[Finding], int]:
        """The first SIMs that this rule finds, and how many it does."""
        now, count, shown = self._clock.now(), 0, list[Finding]()
        async for piece in self._everything.sims.stream(Query(), now=now):
            past = await self.seams.past([row.sim for row in piece]) if one.wants_past else {}
            gone = self._everything.scans.gone_among([row.sim.giccid for row in piece])
            for row in (row for row in piece if row.sim.giccid not in gone):
                found = judge(row.sim, [one], label=row.label, now=now, past=past.get(row.sim.giccid, ()))
                count += len(found)
                shown += found if len(shown) < view.MOST_TRIED else ()
            await asyncio.sleep(0)
        return shown, count

    def _rule(self, name: str) -> Rule:
        wanted = name.strip().strip('"“”').casefold()
        names = [one.name for one in self._settings.rules]
        for one in self._settings.rules:
            if one.name.casefold() == wanted:
                return one
        near = alike(wanted, names)
        listed = ", ".join(f"“{quotable(one)}”" for one in near or names[:10])
        if not wanted:
            raise BadInput(f"Which rule? Write its name behind `alerts test`; there are {listed}.")
        hint = f"Did you mean {listed}?" if near else f"There are {listed}."
        raise BadInput(f"There is no rule “{quotable(name)}”. {hint}")

    # --- how ---

    def _compare(
        self, now: datetime, past: Mapping[str, Sequence[DayUse]] = MappingProxyType({})
    ) -> Callable[[Sim, Sequence[Alert]], Verdict]:
        rules, label_field = self._settings.rules, self._settings.label_field

        def compare(sim: Sim, live: Sequence[Alert]) -> Verdict:
            found = judge(sim, rules, label=label_of(sim, label_field), now=now, past=past.get(sim.giccid, ()))
            held = {(f.rule, f.kind) for f in found}
            told = [a for a in live if (a.finding.rule, a.finding.kind) in held or can_tell(sim, a.finding, now=now)]
            return rule.compare(told, found, now=now)

        return compare

    def _remind_after(self, one: Rule) -> timedelta | None:
        after = self._settings.remind_after
        return None if after == timedelta(0) or one.severity is Severity.INFO else after

    async def _renewal(self, account: str) -> str | None:
        """What becomes of a package of this account that ends, in SmartHub's word; `None` where it does not say."""
        now, known = self._clock.now(), self._renewals.known
        at, word = known.get(account, (None, None))
        if at is not None and now - at < RENEWAL_KEPT:
            return word
        try:
            known[account] = (now, (await self._hub.account(account)).renewal)
        except BotError:
            return word
        return known[account][1]

    def _place_of(self, alert: Alert) -> tuple[str, str]:
        """The channel and the card where an alert was announced."""
        if alert.card is None:
            return self._settings.channel, f"alert:{alert.id}"
        found = self._store.announcement(alert.card)
        return found.channel or self._settings.channel, found.subject

    async def _act(self, id: int, step: Callable[[Alert], Alert], *, by: str) -> None:
        before = self._store.get(id)
        after = step(before)
        until = None if after.until is None else after.until.isoformat()
        until_worse = after.state is State.SNOOZED and until is None
        deed = Deed(by, HUSHED if until_worse else after.state, f"alert:{id}", {"until": until})
        channel, subject = self._place_of(before)
        cards = [] if before.card is None else [Card(subject, channel)]
        if not await self._store.swap(before, after, deed=deed, messages=cards, now=self._clock.now()):
            raise NotPossible("Somebody else was faster with this alert; look at it again.")


def _numbered(text: str, example: str) -> tuple[bool, int, str]:
    """Whether a card is meant, the number of it or of the alert, and what is typed behind. Raises BadInput."""
    match = NUMBERED.fullmatch(text.strip())
    if match is None:
        verb, _, rest = example.partition(" 12")
        for_all = f"`{verb} card 4{rest}`"
        raise BadInput(
            f"Which alert? Write its number, as `{example}`, or that of a card, as {for_all}; `alerts` lists them."
        )
    return match[1] is not None, int(match[2]), (match[3] or "").strip()
