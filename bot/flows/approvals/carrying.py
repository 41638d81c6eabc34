"""Carrying out: the change is sent to SmartHub at most once, and what came of it is read from the SIM."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

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
from bot.flows.approvals.steps import NOTHING, Detail, Steps
from bot.rules import approvals as rule
from bot.rules.approvals import Approval, State
from bot.rules.audit import SYSTEM, Deed
from bot.rules.orders import Order, reads, shows
from bot.rules.people import Person, Role, need
from bot.rules.sims import Operation, Sim, Status
from bot.smarthub.client import SmartHub
from bot.smarthub.orders import call, line
from bot.store.protected import Protected

log = structlog.get_logger()

# After SmartHub accepts a change, the SIM may take a moment to show it.
CONFIRM_AFTER_S = (0.0, 1.0, 3.0)
REFUSALS = (ChangeRefused, SimNotFound, KeyRefused, AccessForbidden)
# A decided request that nobody carries out for this long never will be: the store did not take its outcome.
STUCK_AFTER = timedelta(minutes=1)
# What SmartHub may have accepted for the next cycle: that it does not show yet says nothing.
FOR_LATER = frozenset({Operation.PLAN, Operation.ADDON})


@dataclass(frozen=True)
class Carrying:
    """Sending what was decided, and finding out what came of it."""

    steps: Steps
    hub: SmartHub
    protected: Protected
    under_way: set[int] = field(default_factory=set)

    async def carry_out(self, approval: Approval) -> Approval:
        """Sends the change of a request that was just decided, once, and reads the SIM again; the request after that.

        Raises NotPossible, with nothing sent, for a request that is not running or is being carried out already.
        """
        if approval.state is not State.RUNNING or self.steps.store.get(approval.id) != approval:
            raise NotPossible(f"Request #{approval.id} is not one to carry out now; nothing was sent.")
        if approval.id in self.under_way:
            raise NotPossible(f"Request #{approval.id} is being carried out already.")
        self.under_way.add(approval.id)
        try:
            await self._send(approval)
        except StoreError as problem:
            raise StoreError(
                f"The change may have been made, and what came of it is looked up later. {problem}"
            ) from problem
        finally:
            self.under_way.discard(approval.id)
        return self.steps.store.get(approval.id)

    async def _send(self, approval: Approval) -> None:
        if approval.operation is Operation.RETIRE and (shield := self.protected.of(approval.giccid or "")) is not None:
            await self._not_sent(approval, f"The SIM was protected by <@{shield.by}> meanwhile, so it was not retired.")
            return
        sent: Detail = NOTHING
        try:
            if await self._is_suspended(approval):
                said = "It was suspended already"
            else:
                sent = {"sent": line(self.hub, approval.stage)}
                said = await call(self.hub, approval.giccid or "", approval.call)
        except OutcomeUnknown as lost:
            await self._lose(approval, str(lost), detail={**sent, "answer": "lost"})
        except BotError as problem:
            no = isinstance(problem, REFUSALS)
            failed = rule.fail(approval, outcome=str(problem), refused=no, now=self.steps.clock.now())
            await self.steps.end(approval, failed, by=SYSTEM, detail={**sent, "answer": str(problem)})
        except Exception as unexpected:
            log.exception("change_unexpected", approval=approval.id)
            lost_to = f"Something unexpected came in between ({type(unexpected).__name__})."
            await self._lose(approval, lost_to, detail=sent)
        else:
            await self._confirm(approval, said, {**sent, "answer": said})

    async def _is_suspended(self, approval: Approval) -> bool:
        """Whether the first of two steps has nothing to do, for a SIM that was suspended. Raises ProviderError."""
        if approval.stage is approval.operation or approval.before.status != Status.SUSPENDED:
            return False
        return (await self.hub.sim(approval.giccid or "")).status is Status.SUSPENDED

    async def _confirm(self, approval: Approval, said: str, detail: Detail) -> None:
        """Reads the SIM after SmartHub accepted the change: only what is seen there counts as done."""
        seen: Sim | None = None
        for wait in CONFIRM_AFTER_S:
            if approval.operation is Operation.SMS:
                await self._made(approval, said, detail)  # a SIM does not show an SMS: SmartHub's word is all there is
                return
            await self.steps.clock.sleep(wait)
            try:
                seen = await self.hub.sim(approval.giccid or "")
            except ProviderError as problem:
                log.warning("not_confirmed_yet", approval=approval.id, problem=str(problem))
                continue
            if shows(approval.call, approval.before, seen):
                is_now = reads(approval.call, seen)
                await self._made(approval, f"{said}, and the SIM reads {is_now} now.", {**detail, "after": is_now})
                return
        what = "could not be read since" if seen is None else f"still reads {reads(approval.call, seen)}"
        await self._lose(approval, f"{said}, but the SIM {what}.", accepted=True, detail=detail)

    async def _made(self, approval: Approval, outcome: str, detail: Detail = NOTHING) -> bool:
        """Stores that this stage is done: the end of it, or the time that runs before the SIM is retired."""
        after = rule.move_on(approval, outcome=outcome, now=self.steps.clock.now())
        return await self.steps.end(approval, after, by=SYSTEM, detail=detail)

    # --- retirements whose time is over ---

    async def resume(self) -> int:
        """How many retirements were carried out because their cooling-off time is over."""
        count = 0
        for approval in self.steps.store.cooled_by(self.steps.clock.now()):
            count += await self._resume(approval)
        return count

    async def _resume(self, approval: Approval) -> bool:
        """Whether it was carried out; a SIM that somebody brought back or protected meanwhile is not retired."""
        sim: Sim | None = None
        try:
            sim = await self.hub.sim(approval.giccid or "")
        except SimNotFound:
            log.warning("retirement_of_nothing", approval=approval.id)
        except ProviderError as problem:
            log.warning("retirement_waits", approval=approval.id, problem=str(problem))
            await self._put_off(approval)
            return False
        resumed = rule.resume(approval)
        if not await self.steps.take(approval, resumed, Deed(SYSTEM, "cooling-off over", f"approval:{approval.id}")):
            return False
        if sim is None or sim.status is not Status.SUSPENDED:
            found = "is gone from SmartHub" if sim is None else f"reads {reads(Order(Operation.SUSPEND), sim)}"
            await self._not_sent(resumed, f"The SIM {found} by now, so it was not retired.")
            return False
        return (await self.carry_out(resumed)).state is not State.FAILED

    async def _put_off(self, approval: Approval) -> None:
        """Says on the card, once, that a retirement comes later than it says there."""
        outcome = "Its time is over, but the SIM cannot be read now; it is retired as soon as it can."
        if approval.outcome != outcome:
            await self._look_later(approval, outcome, None)

    async def _not_sent(self, approval: Approval, why: str) -> None:
        """Stores that a decided change was not even sent."""
        failed = rule.fail(approval, outcome=why, now=self.steps.clock.now())
        await self.steps.end(approval, failed, by=SYSTEM)

    # --- what nobody knows ---

    async def recover(self) -> None:
        """After a start: what was decided and has no outcome may have been sent. It is unsure, and is looked up."""
        for approval in self.steps.store.running():
            await self._lose(approval, "The bot was stopped while this was being carried out.", settle_now=True)

    async def settle(self) -> int:
        """How many unsure requests were settled now, by reading their SIMs."""
        await self._lose_stuck()
        due = [a for a in self.steps.store.unsure() if self._is_due(a)]
        return sum([await self._settle(approval) for approval in due])

    def _is_due(self, approval: Approval) -> bool:
        """Whether its next look has come; one further off than any ever is was noted before the clock was set back."""
        if approval.next_look_at is None:
            return approval.operation is not Operation.SMS
        ahead = approval.next_look_at - self.steps.clock.now()
        return ahead <= timedelta(0) or ahead > self.steps.settings.settle_every

    async def look(self, id: int, *, by: Person) -> Approval:
        """Settles one unsure request now, when somebody asks. Raises NotFound, NotAllowed, NotPossible."""
        need(by, Role.OPERATOR, to="look after requests")
        approval = self.steps.store.get(id)
        if approval.state is not State.UNSURE:
            raise NotPossible(f"Request #{id} is {rule.standing(approval)} already.")
        await self._settle(approval)
        return self.steps.store.get(id)

    async def _lose_stuck(self) -> None:
        """What was decided and is stuck is unsure, as after a restart."""
        now = self.steps.clock.now()
        for approval in self.steps.store.running():
            stuck = approval.decided_at is None or abs(now - approval.decided_at) >= STUCK_AFTER
            if stuck and approval.id not in self.under_way:
                await self._lose(approval, "What came of it could not be written down.", settle_now=True)

    async def _lose(
        self, approval: Approval, outcome: str, *, settle_now: bool = False, accepted: bool = False,
        detail: Detail = NOTHING,
    ) -> None:  # fmt: skip
        now = self.steps.clock.now()
        next_look_at = now if settle_now else now + self.steps.settings.settle_every
        lost = rule.lose(approval, outcome=outcome, accepted=accepted, now=now, next_look_at=next_look_at)
        await self.steps.end(approval, lost, by=SYSTEM, detail=detail)

    async def _settle(self, approval: Approval) -> bool:
        """Whether reading the SIM told what became of the change; if not, there will be another look."""
        now = self.steps.clock.now()
        if approval.operation is Operation.SMS:
            nowhere = "Nothing shows whether it was sent. Ask the device, then say so here."
            await self._look_later(approval, nowhere, None)
            return False
        later = now + self.steps.settings.settle_every
        try:
            sim = await self.hub.sim(approval.giccid or "")
        except BotError as problem:
            await self._look_later(approval, f"The SIM could not be read: {problem}", later)
            return False
        is_now = reads(approval.call, sim)
        if shows(approval.call, approval.before, sim):
            found = {"after": is_now}
            return await self._made(approval, f"Looked up: the SIM reads {is_now}, so it was done.", found)
        if approval.unsure_since is None or now - approval.unsure_since < self.steps.settings.settle_for:
            await self._look_later(approval, f"The SIM reads {is_now} so far.", later)
            return False
        if approval.accepted and approval.call.operation in FOR_LATER:
            outcome = f"SmartHub accepted it; the SIM still reads {is_now}. It may count from the next cycle on."
            return await self._made(approval, outcome)
        outcome = f"Looked up: the SIM still reads {is_now}, so it was not done. Ask again if it is still wanted."
        failed = rule.fail(approval, outcome=outcome, now=now)
        return await self.steps.end(approval, failed, by=SYSTEM, detail={"after": is_now})

    async def _look_later(self, approval: Approval, outcome: str, at: datetime | None) -> None:
        later = rule.look_later(approval, outcome=outcome, next_look_at=at)
        await self.steps.take(approval, later, None)
