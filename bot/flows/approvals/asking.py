"""Asking for a change: what it would touch, which policy it falls under, and whether somebody has to say yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.errors import NotAllowed, NotPossible
from bot.flows.approvals.offers import offered
from bot.flows.approvals.steps import FindPolicy, FindVoters, Steps, directly, summary, under_card
from bot.rules import approvals as rule
from bot.rules.approvals import Approval, State
from bot.rules.audit import Deed
from bot.rules.orders import Before, Order, check, inverse, reads, shows
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.people import Person, Role, need
from bot.rules.policies import Facts, Policy, check_reason
from bot.rules.quorum import Voters, missing, who_may
from bot.rules.radius import radius_of
from bot.rules.sims import Operation, Sim, Status, allow, label_of
from bot.smarthub.client import SmartHub
from bot.smarthub.orders import line
from bot.store.protected import Protected
from bot.views import approvals as view

log = structlog.get_logger()
DECIDERS_AT_MOST = 50  # of a role that everybody has, not everybody is written to


@dataclass(frozen=True)
class Asking:
    """Making requests. `policy_for` says which policy a change falls under."""

    steps: Steps
    hub: SmartHub
    protected: Protected
    policy_for: FindPolicy
    voters_for: FindVoters
    guard: Callable[[Order, Person, Sim], None] = lambda _order, _by, _sim: None

    async def ask(
        self, order: Order, sim: Sim, *, reason: str | None, by: Person, channel: str, undo_of: int | None = None
    ) -> Approval:
        """The request as it is stored: waiting, or running where the policy asks nobody. `sim` was read just now.

        Raises NotAllowed, NotPossible, BadInput for a reason that the policy wants otherwise.
        """
        need(by, Role.OPERATOR, to=deed(order.operation))
        now = self.steps.clock.now()
        policy = self._policy(order.operation, sim)
        self._check(order, sim)
        check_reason(policy, reason)
        stage = rule.first_stage(order, cooling_off=policy.cooling_off)
        for operation in (stage, order.operation):
            line(self.hub, operation)  # nobody is to approve what could not be sent then
        self.guard(order, by, sim)
        plans = await offered(self.hub, order, sim)
        voters = await self.voters_for(policy, by.id, now, ())
        asked = Approval(
            id=0,
            order=order,
            giccid=sim.giccid,
            label=label_of(sim, self.steps.settings.label_field),
            account=sim.account,
            before=Before.of(sim),
            reason=reason,
            asked_by=by.id,
            asked_in=channel,
            asked_at=now,
            lapses_at=now + policy.lives_for,
            policy=policy,
            stage=stage,
            needs=missing(policy, (), voters),
            radius=radius_of(order, [sim], plans=plans, now=now),
            undo_of=undo_of,
        )
        return await self.store(asked, voters)

    async def undo(self, id: int, *, by: Person, channel: str) -> Approval:
        """A request for the inverse of one that is done, from what its SIM was before. Raises as `ask`; NotFound."""
        done = self.steps.store.get(id)
        if done.list is not None:
            raise NotPossible(f"Request #{id} is about many SIMs: press Undo on the card of its job.")
        back = inverse(done.order, done.before)
        if back is None or done.giccid is None:
            raise NotPossible(f"Nothing takes back request #{id} ({done.order.words}).")
        need(by, Role.OPERATOR, to=deed(back.operation))
        if done.undo_of is not None:
            raise NotPossible(f"Request #{id} is an undo itself; ask for the change you want.")
        if done.state is not State.DONE:
            raise NotPossible(f"Request #{id} is {rule.standing(done)}; there is nothing to undo.")
        if not rule.can_undo(done, within=self.steps.settings.undo_within, now=self.steps.clock.now()):
            raise NotPossible(f"Request #{id} is too old to be undone with one press; ask for the change you want now.")
        sim = await self.hub.sim(done.giccid)
        if shows(done.order, done.before, sim) is False:
            raise NotPossible(
                f"This SIM was changed again since request #{id}: it reads {reads(done.order, sim)} now. "
                f"Ask for the change you want."
            )
        # The reason may have to be like the policy wants it, as the first one was.
        reason = done.reason or f"Undo of #{id}"
        return await self.ask(back, sim, reason=reason, by=by, channel=channel, undo_of=id)

    def allow(self, operation: Operation, sim: Sim) -> None:
        """Nothing, when this SIM may be changed so; raises NotPossible or NotAllowed.

        Protection speaks against a retirement. One in two steps suspends on the way, so an active SIM fits it as well.
        """
        retiring = operation is Operation.RETIRE
        shield = self.protected.of(sim.giccid) if retiring else None
        if shield is not None:
            raise NotAllowed(f"This SIM is protected by <@{shield.by}>; nothing retires it until that is lifted.")
        two_steps = retiring and self._policy(operation, sim).cooling_off > timedelta(0)
        if not (two_steps and sim.status is Status.ACTIVE):
            allow(operation, sim)

    def _policy(self, operation: Operation, sim: Sim) -> Policy:
        settings = self.steps.settings
        facts = Facts.of(operation, [sim], at=self.steps.clock.now(), environment=settings.environment)
        return self.policy_for(facts)

    def _check(self, order: Order, sim: Sim) -> None:
        self.allow(order.operation, sim)
        if order.operation is not Operation.RETIRE:
            check(order, sim)

    async def store(self, asked: Approval, voters: Voters) -> Approval:
        """Stores the request; where nobody has to say yes it is running already."""
        if not asked.asks:
            asked = rule.start(asked, now=asked.asked_at)
        settings, found_in = self.steps.settings, self.steps.found_in
        deciders = sorted(who_may(asked.policy, voters)) if settings.tell_approvers and asked.asks else []

        def messages(stored: Approval) -> list[Outgoing]:
            made: list[Outgoing] = [Card(f"approval:{stored.id}", settings.channel)] if stored.asks else []
            if stored.policy.notify:
                told = view.asked_for(stored)
                made += [under_card(told, stored, channel=settings.channel, named=True), *directly(told, stored.policy)]
            waits = view.waits_for_you(stored, channel=found_in)
            return [*made, *(Note(user, waits.text, waits.blocks) for user in deciders[:DECIDERS_AT_MOST])]

        line = Deed(asked.asked_by, "asked", "approval", summary(asked))
        return await self.steps.store.add(asked, deed=line, messages=messages)


def deed(operation: Operation) -> str:
    """What somebody wants who asks for this, for the sentence that says they may not."""
    return {
        Operation.PLAN: "change rate plans",
        Operation.ADDON: "order add-ons",
        Operation.APN: "switch APNs",
        Operation.SET: "set custom fields",
        Operation.SMS: "send SMS",
    }.get(operation, f"ask to {operation} SIMs")
