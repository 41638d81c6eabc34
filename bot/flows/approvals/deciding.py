"""Deciding: who may, whether it still fits, and one outcome however many press at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from bot.errors import BotError, NotPossible, ProviderError, SlackError
from bot.flows.approvals.many import Many
from bot.flows.approvals.offers import offered
from bot.flows.approvals.steps import FindVoters, Steps
from bot.rules import approvals as rule
from bot.rules.approvals import Approval, State
from bot.rules.audit import Deed
from bot.rules.orders import Before, changed_since, check, reads, shows
from bot.rules.people import Person
from bot.rules.plans import Plan
from bot.rules.quorum import Voters
from bot.rules.radius import radius_of
from bot.rules.sims import Operation, Sim, Status
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.store.protected import Protected
from bot.views import approvals as view

# So many people do not press in one moment; it only keeps a mistake from going round for ever.
TRIES = 50
PATIENT_FROM = 50  # SIMs: fewer are read within the three seconds in which a click is answered
log = structlog.get_logger()


@dataclass(frozen=True)
class Deciding:
    """What people press on a request. Everything raises NotFound, NotAllowed and NotPossible."""

    steps: Steps
    hub: SmartHub
    slack: Slack
    protected: Protected
    voters_for: FindVoters
    many: Many
    looking: dict[int, asyncio.Lock] = field(default_factory=dict)

    async def approve(self, id: int, *, by: Person) -> Approval:
        """The request after this person's yes was stored: running when it was the last one needed, and then whoever
        called carries it out; of many at once only one gets that.

        The SIM is read again first: when it is not any more as it was when this was asked for, the card says so and
        nothing is approved. Raises ProviderError when it cannot be read.
        """
        if self.steps.store.get(id).list is None:
            return await self._approve(id, by=by)
        # Nobody judges a list again while another yes has its job made.
        async with self.looking.setdefault(id, asyncio.Lock()):
            return await self._approve(id, by=by)

    async def _approve(self, id: int, *, by: Person) -> Approval:
        seen = await self._look_again(id, by=by)

        def step(approval: Approval, voters: Voters, now: datetime) -> Approval:
            after = rule.approve(approval, by=by, voters=voters, now=now)
            if (approval.drift, approval.digest) != (seen.drift, seen.digest):  # found by somebody else meanwhile
                raise _other_than_before(approval, approval.drift)
            return after

        return await self._take(id, step, Deed(by.id, "approved", f"approval:{id}"))

    async def deny(self, id: int, *, by: Person, why: str | None) -> Approval:
        """The request after this person's no was stored."""

        def step(approval: Approval, voters: Voters, now: datetime) -> Approval:
            return rule.deny(approval, by=by, why=why, voters=voters, now=now)

        return await self._take(id, step, Deed(by.id, "denied", f"approval:{id}", {"why": why}))

    async def withdraw(self, id: int, *, by: Person, why: str | None = None) -> Approval:
        """The request after whoever asked took it back."""

        def step(approval: Approval, _: Voters, now: datetime) -> Approval:
            return rule.withdraw(approval, by=by, why=why, now=now)

        return await self._take(id, step, Deed(by.id, "withdrawn", f"approval:{id}", {"why": why}))

    async def cancel(self, id: int, *, by: Person, why: str | None = None) -> Approval:
        """The request after somebody stopped a retirement that waits its time."""

        def step(approval: Approval, _: Voters, now: datetime) -> Approval:
            return rule.cancel(approval, by=by, why=why, now=now)

        return await self._take(id, step, Deed(by.id, "cancelled", f"approval:{id}", {"why": why}))

    async def break_glass(self, id: int, *, by: Person, why: str) -> Approval:
        """The request, running without approval; whoever called carries it out. Everybody hears of it.

        Protection holds all the same.
        """
        if self.steps.store.get(id).list is None:
            return await self._break_glass(id, by=by, why=why)
        async with self.looking.setdefault(id, asyncio.Lock()):  # as above
            return await self._break_glass(id, by=by, why=why)

    async def _break_glass(self, id: int, *, by: Person, why: str) -> Approval:
        asked = self.steps.store.get(id)
        rule.break_glass(asked, by=by, why=why, now=self.steps.clock.now())  # who may not, waits for nothing
        if (shield := self._shield(asked)) is not None:
            raise NotPossible(shield)
        before = await self._before(asked)

        def step(approval: Approval, _: Voters, now: datetime) -> Approval:
            return replace(rule.break_glass(approval, by=by, why=why, now=now), before=before or approval.before)

        return await self._take(id, step, Deed(by.id, "broke the glass", f"approval:{id}", {"why": why}))

    async def _before(self, approval: Approval) -> Before | None:
        """What the SIM is now, which an undo goes back to; `None` where SmartHub does not tell in an emergency."""
        try:
            return None if approval.giccid is None else Before.of(await self.hub.sim(approval.giccid))
        except ProviderError:
            return None

    async def review(self, id: int, *, by: Person, said: str | None = None) -> Approval:
        """The request after somebody looked at the broken glass."""

        def step(approval: Approval, _: Voters, now: datetime) -> Approval:
            return rule.review(approval, by=by, said=said, now=now)

        return await self._take(id, step, Deed(by.id, "reviewed", f"approval:{id}", {"review": said}))

    async def settle(self, id: int, *, made: bool, by: Person, why: str) -> Approval:
        """The unsure request after somebody who found out elsewhere said what became of it.

        A SIM that shows the change speaks against “not done”: raises NotPossible.
        """
        await self._hear_the_sim(self.steps.store.get(id), made=made)

        def step(approval: Approval, _: Voters, now: datetime) -> Approval:
            return rule.settle(approval, by=by, made=made, why=why, now=now)

        said = "said done" if made else "said not done"
        return await self._take(id, step, Deed(by.id, said, f"approval:{id}", {"why": why}))

    async def _hear_the_sim(self, approval: Approval, *, made: bool) -> None:
        if made or approval.state is not State.UNSURE or approval.giccid is None:
            return
        try:
            sim = await self.hub.sim(approval.giccid)
        except ProviderError:
            return  # then the word of a person is all there is
        if shows(approval.call, approval.before, sim):
            raise NotPossible(
                f"The SIM reads {reads(approval.call, sim)} now, so request #{approval.id} was done. Press Look now."
            )

    async def ask_why(self, id: int, what: view.Why, *, by: Person, trigger: str) -> None:
        """Opens the modal that asks for the reason, when this person may do that now. Raises SlackError as well."""
        approval, now = self.steps.store.get(id), self.steps.clock.now()
        match what:
            case view.Why.DENY:
                rule.deny(approval, by=by, why=None, voters=await self._voters(approval), now=now)
            case view.Why.WITHDRAW:
                rule.withdraw(approval, by=by, now=now)
            case view.Why.CANCEL:
                rule.cancel(approval, by=by, now=now)
            case view.Why.BREAK_GLASS:
                rule.break_glass(approval, by=by, why="", now=now)
            case view.Why.REVIEW:
                rule.review(approval, by=by, said=None, now=now)
            case view.Why.DONE | view.Why.NOT_DONE:
                rule.settle(approval, by=by, made=what is view.Why.DONE, why=None, now=now)
        await self.slack.open_modal(trigger=trigger, view=view.why_modal(approval, what))

    async def _take(self, id: int, step: Callable[[Approval, Voters, datetime], Approval], deed: Deed) -> Approval:
        """The request after the step was stored. Whoever comes second looks at what the first one made of it."""
        for _ in range(TRIES):
            before = self.steps.store.get(id)
            after = step(before, await self._voters(before), self.steps.clock.now())
            if await self.steps.take(before, after, deed):
                return after
        raise NotPossible(f"Too many people press at once on request #{id}; look at it and press again.")

    async def _voters(self, approval: Approval) -> Voters:
        return await self.voters_for(approval.policy, approval.asked_by, approval.asked_at, approval.votes)

    # --- whether it still fits ---

    async def _look_again(self, id: int, *, by: Person) -> Approval:
        """The request whose SIM is as it was when it was asked for; else NotPossible, and the card says why."""
        approval = self.steps.store.get(id)
        voters = await self._voters(approval)
        # Who may not is told so without waiting for SmartHub.
        rule.approve(approval, by=by, voters=voters, now=self.steps.clock.now())
        if approval.giccid is None:
            return await self._look_at_list(approval, voters, by=by)
        sim = await self.hub.sim(approval.giccid)
        changed, why_not = changed_since(approval.order, approval.before, sim), _why_not(approval, sim)
        plans: Sequence[Plan] = ()
        try:
            plans = await offered(self.hub, approval.order, sim)
        except NotPossible as gone:
            why_not.append(str(gone))
        if (shield := self._shield(approval)) is not None:
            why_not.append(shield)
        drift = (*changed, *why_not)
        if not set(drift) <= set(approval.drift) and not await self._note(approval, drift, sim, plans, by=by):
            return await self._look_again(id, by=by)  # somebody was faster, and what is different may be their doing
        if why_not:
            raise NotPossible(
                f"Request #{approval.id} does not fit any more: {' '.join(drift)} Deny it, or have it withdrawn."
            )
        if changed:
            raise _other_than_before(approval, changed)
        return approval

    async def _look_at_list(self, approval: Approval, voters: Voters, *, by: Person) -> Approval:
        noted, _ = await asyncio.gather(self.many.look(approval, voters), self._ask_for_patience(approval, by=by))
        if noted is not None:
            deed = Deed(by.id, "found changed", f"approval:{approval.id}", {"drift": " ".join(noted.drift)})
            if not await self.steps.take(approval, noted, deed):
                return await self._look_again(approval.id, by=by)
        now = noted or approval
        if not now.count:
            raise NotPossible(f"No SIM of request #{approval.id} fits any more. Deny it, or have it withdrawn.")
        if noted is not None:
            raise _other_than_before(noted, noted.drift)
        return approval

    async def _ask_for_patience(self, approval: Approval, *, by: Person) -> None:
        """Says at once to who approves many SIMs that they are being read: that takes longer than anybody waits."""
        if approval.count < PATIENT_FROM:
            return
        said = view.reading(approval)
        try:
            await self.slack.whisper(self.steps.found_in, by.id, text=said.text, blocks=said.blocks)
        except SlackError as problem:
            log.info("patience_not_asked_for", problem=problem.code)

    def _shield(self, approval: Approval) -> str | None:
        """Why this SIM must not be retired, where somebody has protected it since."""
        if approval.operation is not Operation.RETIRE or approval.giccid is None:
            return None
        shield = self.protected.of(approval.giccid)
        return None if shield is None else f"The SIM was protected by <@{shield.by}> meanwhile; nothing retires it."

    async def _note(
        self, approval: Approval, drift: Sequence[str], sim: Sim, plans: Sequence[Plan], *, by: Person
    ) -> bool:
        """Whether what changed was put on the card; from here on that is what people say yes to."""
        radius = radius_of(approval.order, [sim], plans=plans, now=self.steps.clock.now())
        voters = await self._voters(approval)
        noted = rule.note_drift(approval, drift=drift, before=Before.of(sim), radius=radius, voters=voters)
        deed = Deed(by.id, "found changed", f"approval:{approval.id}", {"drift": " ".join(drift)})
        return await self.steps.take(approval, noted, deed)


def _other_than_before(approval: Approval, changed: Sequence[str]) -> NotPossible:
    return NotPossible(
        f"Nothing was approved: request #{approval.id} is not about the same any more. {' '.join(changed)} "
        f"Look at its card, and press again if it is still right."
    )


def _why_not(approval: Approval, sim: Sim) -> list[str]:
    """Why SmartHub would refuse this now; nothing when it fits."""
    on_the_way = approval.operation is Operation.RETIRE and approval.stage is Operation.SUSPEND
    if on_the_way and sim.status in (Status.ACTIVE, Status.SUSPENDED):
        return []
    try:
        check(approval.order, sim)
    except BotError as why:
        return [str(why)]
    return []
