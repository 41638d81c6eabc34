"""A request for a change, from asking to its end. A change is sent to SmartHub at most once for each approval."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.errors import (
    AccessForbidden,
    BotError,
    ChangeRefused,
    KeyRefused,
    NotPossible,
    OutcomeUnknown,
    ProviderError,
    SimNotFound,
    StoreError,
)
from bot.rules import approvals as rule
from bot.rules.approvals import Approval, State, Step
from bot.rules.audit import SYSTEM, Deed
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.people import Person, Role, need
from bot.rules.sims import TO, Operation, Sim, allow, label_of
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.store.approvals import Approvals as Stored
from bot.views import approvals as view
from bot.views.parts import Message

log = structlog.get_logger()

# After SmartHub accepts a change, the SIM may take a moment to show it.
CONFIRM_AFTER_S = (0.0, 1.0, 3.0)
# A decided request that nobody carries out for this long never will be: the store did not take its outcome.
REFUSALS = (ChangeRefused, SimNotFound, KeyRefused, AccessForbidden)
STUCK_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Settings:
    """`settle_for`: how long the SIM of an unsure change has to read unchanged before the change counts as not made."""

    channel: str
    lives_for: timedelta
    settle_every: timedelta
    settle_for: timedelta
    label_field: str


class Approvals:
    """Asking, deciding, carrying out, and finding out what came of it. Nothing here waits for Slack."""

    def __init__(self, *, store: Stored, hub: SmartHub, slack: Slack, clock: Clock, settings: Settings) -> None:
        self._slack = slack
        self._store, self._hub, self._clock, self._settings = store, hub, clock, settings
        self._change: Mapping[Operation, Callable[[str], Awaitable[None]]] = {
            Operation.ACTIVATE: hub.activate,
            Operation.SUSPEND: hub.suspend,
            Operation.RETIRE: hub.retire,
        }
        self._under_way: set[int] = set()

    async def ask(self, operation: Operation, iccid: str, *, reason: str | None, by: Person, channel: str) -> Message:
        """What the requester reads after the request is stored; the SIM is read first, and has to allow the change.

        Raises NotAllowed, NotPossible, ProviderError.
        """
        need(by, Role.OPERATOR, to=f"ask to {operation} SIMs")
        sim = await self._hub.find(iccid)
        allow(operation, sim)
        now = self._clock.now()
        request = Approval(
            id=0,
            operation=operation,
            giccid=sim.giccid,
            label=label_of(sim, self._settings.label_field),
            account=sim.account,
            status_before=sim.status,
            reason=reason,
            asked_by=by.id,
            asked_in=channel,
            asked_at=now,
            lapses_at=now + self._settings.lives_for,
        )
        stored = await self._store.add(request, card_in=self._settings.channel)
        return view.asked(stored, channel=self._settings.channel)

    async def ask_why(self, id: int, *, by: Person, trigger: str) -> None:
        """Opens the modal that asks for the reason of a denial, when this person may deny this now.

        Raises NotFound, NotAllowed, NotPossible, SlackError.
        """
        approval = self._store.get(id)
        rule.decide(approval, Step.DENY, by=by, now=self._clock.now())
        await self._slack.open_modal(trigger=trigger, view=view.deny_modal(approval))

    async def decide(self, id: int, step: Step, *, by: Person, why: str | None = None) -> Approval:
        """The request after this person's Approve, Deny or Withdraw was stored; of many at once only one gets here.

        Raises NotFound, NotAllowed, NotPossible.
        """
        approval = self._store.get(id)
        decided = rule.decide(approval, step, by=by, why=why, now=self._clock.now())
        deed = Deed(by.id, decided.state if step is not Step.APPROVE else "approved", f"approval:{id}", {"why": why})
        if not await self._store_step(before=approval, after=decided, deed=deed):
            raise NotPossible(f"Request #{id} is {rule.standing(self._store.get(id))} already; your click came second.")
        return decided

    async def carry_out(self, approval: Approval) -> None:
        """Sends the change of the request that `decide` returned, once; reads the SIM again; stores what came of it.

        Raises NotPossible, with nothing sent, for a request that is not running or is being carried out already.
        """
        if self._store.get(approval.id) != approval or approval.state is not State.RUNNING:
            raise NotPossible(f"Request #{approval.id} is not one to carry out now; nothing was sent.")
        if approval.id in self._under_way:
            raise NotPossible(f"Request #{approval.id} is being carried out already.")
        self._under_way.add(approval.id)
        try:
            await self._send(approval)
        except StoreError as problem:
            raise StoreError(
                f"The change may have been made, and what came of it is looked up later. {problem}"
            ) from problem
        finally:
            self._under_way.discard(approval.id)

    async def _send(self, approval: Approval) -> None:
        try:
            await self._change[approval.operation](approval.giccid)
        except OutcomeUnknown as lost:
            await self._lose(approval, str(lost))
        except ProviderError as problem:
            no = isinstance(problem, REFUSALS)
            failed = rule.fail(approval, outcome=str(problem), refused=no, now=self._clock.now())
            await self._end(before=approval, after=failed)
        except Exception as unexpected:
            log.exception("change_unexpected", approval=approval.id)
            await self._lose(approval, f"Something unexpected came in between ({type(unexpected).__name__}).")
        else:
            await self._confirm(approval)

    async def recover(self) -> None:
        """After a start: what was decided and has no outcome may have been sent. It is unsure, and is looked up."""
        for approval in self._store.running():
            await self._lose(approval, "The bot was stopped while this was being carried out.", settle_now=True)

    async def settle(self) -> int:
        """How many unsure requests were settled now, by reading their SIMs."""
        await self._lose_stuck()
        due = [a for a in self._store.unsure() if self._is_due(a)]
        return sum(await asyncio.gather(*(self._settle(approval) for approval in due)))

    def _is_due(self, approval: Approval) -> bool:
        """Whether its next look has come; one further off than any ever is was noted before the clock was set back."""
        if approval.next_look_at is None:
            return True
        ahead = approval.next_look_at - self._clock.now()
        return ahead <= timedelta(0) or ahead > self._settings.settle_every

    async def look(self, id: int, *, by: Person) -> None:
        """Settles one unsure request now, when somebody asks. Raises NotFound, NotAllowed, NotPossible."""
        need(by, Role.OPERATOR, to="look after requests")
        approval = self._store.get(id)
        if approval.state is not State.UNSURE:
            raise NotPossible(f"Request #{id} is {rule.standing(approval)} already.")
        await self._settle(approval)

    async def lapse(self) -> int:
        """How many requests were let go because their time is over."""
        count = 0
        for approval in self._store.lapsed_by(self._clock.now()):
            lapsed = rule.lapse(approval, now=self._clock.now())
            deed = Deed(SYSTEM, "lapsed", f"approval:{approval.id}")
            count += await self._store_step(before=approval, after=lapsed, deed=deed)
        return count

    def draw(self, id: int) -> Message:
        """The card of a request as it stands now."""
        return view.card(self._store.get(id))

    def waiting(self) -> Message:
        """The list of what waits for a decision."""
        return view.waiting(self._store.waiting(), count=self._store.count(State.PENDING))

    async def _confirm(self, approval: Approval) -> None:
        """Reads the SIM after SmartHub accepted the change: only what is seen there counts as done."""
        seen: Sim | None = None
        for wait in CONFIRM_AFTER_S:
            await self._clock.sleep(wait)
            try:
                seen = await self._hub.sim(approval.giccid)
            except ProviderError as problem:
                log.warning("not_confirmed_yet", approval=approval.id, problem=str(problem))
                continue
            if seen.status is TO[approval.operation]:
                outcome = f"SmartHub took it, and the SIM reads {seen.status} now."
                done = rule.succeed(approval, outcome=outcome, now=self._clock.now())
                await self._end(before=approval, after=done)
                return
        reads = "could not be read since" if seen is None else f"still reads {seen.status or seen.status_word}"
        await self._lose(approval, f"SmartHub took it, but the SIM {reads}.")

    async def _lose_stuck(self) -> None:
        """What was decided and is stuck is unsure, as after a restart."""
        now = self._clock.now()
        for approval in self._store.running():
            stuck = approval.decided_at is None or abs(now - approval.decided_at) >= STUCK_AFTER
            if stuck and approval.id not in self._under_way:
                await self._lose(approval, "What came of it could not be written down.", settle_now=True)

    async def _lose(self, approval: Approval, outcome: str, *, settle_now: bool = False) -> None:
        now = self._clock.now()
        next_look_at = now if settle_now else now + self._settings.settle_every
        lost = rule.lose(approval, outcome=outcome, now=now, next_look_at=next_look_at)
        deed = Deed(SYSTEM, "unsure", f"approval:{approval.id}", {"outcome": outcome})
        await self._store_step(before=approval, after=lost, deed=deed)

    async def _end(self, *, before: Approval, after: Approval) -> bool:
        deed = Deed(SYSTEM, after.state, f"approval:{after.id}", {"outcome": after.outcome})
        return await self._store_step(before=before, after=after, deed=deed)

    async def _settle(self, approval: Approval) -> bool:
        """Whether reading the SIM told what became of the change; if not, there will be another look."""
        now = self._clock.now()
        later = now + self._settings.settle_every
        try:
            sim = await self._hub.sim(approval.giccid)
        except BotError as problem:
            await self._look_later(approval, f"The SIM could not be read: {problem}", later)
            return False
        if sim.status is TO[approval.operation]:
            outcome = f"Looked up: the SIM reads {sim.status}, so it was done."
            return await self._end(before=approval, after=rule.succeed(approval, outcome=outcome, now=now))
        reads = sim.status or sim.status_word
        if approval.unsure_since is not None and now - approval.unsure_since >= self._settings.settle_for:
            outcome = f"Looked up: the SIM still reads {reads}, so it was not done. Ask again if it is still wanted."
            return await self._end(before=approval, after=rule.fail(approval, outcome=outcome, now=now))
        await self._look_later(approval, f"The SIM reads {reads} so far.", later)
        return False

    async def _look_later(self, approval: Approval, outcome: str, at: datetime) -> None:
        later = rule.look_later(approval, outcome=outcome, next_look_at=at)
        card = Card(f"approval:{approval.id}", self._settings.channel)
        await self._store.swap(approval, later, deed=None, messages=[card], now=self._clock.now())

    async def _store_step(self, *, before: Approval, after: Approval, deed: Deed) -> bool:
        """Whether the step was stored; with it go the redrawn card and the news for whoever asked."""
        told = view.news(after)
        under = f"approval:{after.id}"
        messages: list[Outgoing] = [Card(under, self._settings.channel)]
        messages.append(Note(self._settings.channel, told.text, told.blocks, under=under))
        messages.append(Note(after.asked_by, told.text, told.blocks, unless_in=self._settings.channel))
        return await self._store.swap(before, after, deed=deed, messages=messages, now=self._clock.now())
