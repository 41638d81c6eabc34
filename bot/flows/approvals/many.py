"""A request for a list of SIMs: asked for, looked at again, and carried out by jobs, one for each of its steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

import structlog

from bot.errors import NotPossible, ProviderError
from bot.flows.approvals.asking import Asking, deed
from bot.flows.approvals.steps import Steps
from bot.rules import approvals as rule
from bot.rules.approvals import Approval, State
from bot.rules.audit import SYSTEM
from bot.rules.job_sims import Entry
from bot.rules.jobs import Job, Outcome
from bot.rules.jobs import State as JobState
from bot.rules.kinds import Kinds
from bot.rules.orders import Before, Order
from bot.rules.people import Person, Role, need
from bot.rules.plans import Plan
from bot.rules.policies import Facts, check_reason
from bot.rules.quorum import Voters, missing
from bot.rules.radius import Radius, Survey, cost_of_many
from bot.rules.sims import Operation, Status, quotable
from bot.rules.verdicts import Judged, Verdict
from bot.smarthub.client import SmartHub
from bot.smarthub.orders import line
from bot.store import Store
from bot.store.lists import SimList

log = structlog.get_logger()
PRICED = 20  # accounts whose offers are read for what a list costs
NAMED = 3  # SIMs that a sentence names
# Judges the SIMs of a list once more, and says which are left out by it: some of the first.
LookAgain = Callable[[int], Awaitable[Sequence[Judged]]]
# Reads the SIMs of a list at SmartHub once more, for the snapshot to know them as they are. Raises ProviderError.
ReadAgain = Callable[[int], Awaitable[object]]
# Makes the job of the step a request is at, of so many SIMs, unless it is there already; its number. Raises StoreError.
Start = Callable[[Approval, int, AsyncIterator[Entry]], Awaitable[int]]


async def _not_read(_: int) -> None:
    """Where nobody can read a list again."""


async def _no_jobs(_: Approval, _count: int, _sims: AsyncIterator[Entry]) -> int:
    raise NotPossible("There are no jobs here that could carry this out.")


class Many:
    """What is different about a request for a list. `start` makes its jobs, `reread` reads its SIMs."""

    def __init__(
        self, *, store: Store, hub: SmartHub, asking: Asking, kinds: Callable[[], Kinds], look_again: LookAgain
    ) -> None:
        """`kinds` gathers what the policies tell SIMs apart by."""
        self.steps: Steps = asking.steps
        self.start: Start = _no_jobs
        self.reread: ReadAgain = _not_read
        self._store, self._hub, self._asking, self._kinds = store, hub, asking, kinds
        self._look_again = look_again

    # --- asking ---

    async def ask(self, id: int, *, by: Person, channel: str, undo_of: int | None = None) -> Approval:
        """The request for the list as it is: waiting, or running where the policy asks nobody.

        Raises NotFound, NotAllowed, NotPossible, and BadInput for a reason that the policy wants otherwise.
        """
        found = self._store.lists.get(id)
        operation = found.order.operation
        need(by, Role.OPERATOR, to=deed(operation))
        if not found.accepted:
            raise NotPossible("No SIM of this list can be asked for.")
        kinds = self._kinds()
        radius = await self._radius(found, kinds)
        now, environment = self.steps.clock.now(), self.steps.settings.environment
        policy = self._asking.policy_for(Facts(operation, found.accepted, kinds.found, now, environment))
        check_reason(policy, found.reason)
        stage = rule.first_stage(found.order, cooling_off=policy.cooling_off)
        for one in (stage, operation):
            line(self._hub, one)  # nobody is to approve what could not be sent then
        voters = await self._asking.voters_for(policy, by.id, now, ())
        asked = Approval(
            id=0,
            order=found.order,
            giccid=None,
            label=f"{found.accepted:,} SIMs",
            account=None,
            before=Before(""),
            reason=found.reason,
            asked_by=by.id,
            asked_in=channel,
            asked_at=now,
            lapses_at=now + policy.lives_for,
            policy=policy,
            stage=stage,
            count=found.accepted,
            digest=found.digest,
            needs=missing(policy, (), voters),
            radius=radius,
            undo_of=undo_of,
            list=id,
        )
        return await self._asking.store(asked, voters)

    async def _radius(self, found: SimList, kinds: Kinds) -> Radius:
        """What the list touches, gathered a thousand SIMs at a time."""
        survey = Survey(found.order, now=self.steps.clock.now(), judged=True)
        async with aclosing(self._store.list_sims.giccids(found.id)) as pieces:
            async for piece in pieces:
                for listed in await self._store.lists.by_giccids(piece):
                    survey.add(listed.sim)
                    kinds.add(listed.sim)
                await asyncio.sleep(0)  # others have their turn
        cost = await self._cost(found.order, survey.accounts)
        return survey.radius(cost=cost, left_out=await self._left_out(found))

    async def _cost(self, order: Order, accounts: Mapping[str, int]) -> str | None:
        if order.operation not in (Operation.PLAN, Operation.ADDON) or order.gives_back or len(accounts) > PRICED:
            return None
        return cost_of_many([(count, await self._offer(account, order)) for account, count in accounts.items()])

    async def _offer(self, account: str, order: Order) -> Plan | None:
        try:
            return next((plan for plan in await self._hub.plans(account) if plan.name == order.plan), None)
        except ProviderError as problem:
            log.info("plans_not_read", account=account, problem=str(problem))
            return None

    async def _left_out(self, found: SimList) -> dict[str, int]:
        """What of the list is not in it, and which SIMs are protected."""
        out = {verdict.value: count for verdict, count in found.counts.items() if verdict is not Verdict.ACCEPTED}
        shields = out.pop(Verdict.PROTECTED.value, 0)
        if shields:
            first = await self._store.lists.first(found.id, Verdict.PROTECTED, limit=NAMED)
            names = ", ".join(row.judged.label or row.judged.giccid or "" for row in first)
            out[f"{Verdict.PROTECTED.value}: {names}{' and more' if shields > len(first) else ''}"] = shields
        return out

    # --- looking again ---

    async def look(self, approval: Approval, voters: Voters) -> Approval | None:
        """The request with what is different about its list now; `None` when its SIMs all fit as they did.

        Raises ProviderError when the SIMs cannot be read.
        """
        first = await self._look_again(approval.list or 0)
        found = self._store.lists.get(approval.list or 0)
        if found.digest == approval.digest:
            return None
        drift = [_difference(approval, found, first)]
        radius = await self._radius(found, self._kinds())
        noted = rule.note_drift(
            approval, drift=drift, before=approval.before, radius=radius, voters=voters, count=found.accepted,
            digest=found.digest,
        )  # fmt: skip
        return replace(noted, label=f"{found.accepted:,} SIMs")

    def check_undo(self, request: Approval) -> None:
        """Nothing, when a job of this request may be undone. Raises NotPossible while it is to retire the SIMs yet."""
        if request.operation is Operation.RETIRE and request.open:
            raise NotPossible(
                f"Request #{request.id} is still to retire these SIMs. "
                f"Press Cancel the retirement on its card first, then Undo here."
            )

    async def read_again(self, approval: Approval) -> None:
        """Has its SIMs read before the step that is final. Raises ProviderError."""
        await self.reread(approval.list or 0)

    # --- carrying out ---

    async def carry_out(self, approval: Approval) -> None:
        """Has the job of this step made. Raises StoreError, and then it is made later."""
        if approval.list is None or await self._store.lists.digest(approval.list) != approval.digest:
            await self._fail(approval, "Its list is not any more the one that was approved; nothing was sent.")
            return
        count = 0
        async for _ in self._sims(approval, approval.stage):
            count += 1
        if not count:
            await self._nothing_to_send(approval)
            return
        number = await self.start(approval, count, self._sims(approval, approval.stage))
        said = f"Job #{number} carries it out; its card shows how far it is."
        await self.steps.take(approval, rule.look_later(approval, outcome=said, next_look_at=None), None)

    async def _nothing_to_send(self, approval: Approval) -> None:
        if approval.stage is approval.operation:
            await self._fail(approval, "No SIM of it is left that this could be done to; nothing was sent.")
            return
        moved = rule.move_on(approval, outcome="They were suspended already.", now=self.steps.clock.now())
        await self.steps.end(approval, moved, by=SYSTEM)

    async def _fail(self, approval: Approval, why: str) -> None:
        await self.steps.end(approval, rule.fail(approval, outcome=why, now=self.steps.clock.now()), by=SYSTEM)

    def sims_of(self, job: Job) -> AsyncIterator[Entry]:
        """The SIMs of a job once more, in the order of the list's digest. Raises NotFound, NotPossible."""
        approval = self.steps.store.get(job.request)
        if approval.list is None or self._store.lists.get(approval.list).digest != approval.digest:
            raise NotPossible("Its list is not any more the one that was approved.")
        return self._sims(approval, job.order.operation)

    async def _sims(self, approval: Approval, operation: Operation) -> AsyncIterator[Entry]:
        """All SIMs; of a retirement in two steps first those that are active, and then those that were suspended."""
        first = rule.first_stage(approval.order, cooling_off=approval.policy.cooling_off)
        async with aclosing(self._store.list_sims.entries(approval.list or 0)) as pieces:
            async for piece in pieces:
                some = piece
                if first is not approval.operation:
                    some = await self._at_this_step(approval, operation, piece)
                for entry in some:
                    yield entry

    async def _at_this_step(
        self, approval: Approval, operation: Operation, piece: Sequence[Entry]
    ) -> tuple[Entry, ...]:
        if operation is not approval.operation:
            return tuple(entry for entry in piece if entry.status == Status.ACTIVE)
        suspended: frozenset[str] = frozenset()
        for job in self._store.jobs.of_request(approval.id):
            if job.order.operation is not approval.operation:
                suspended = await self._store.job_sims.done_among(job.id, [entry.giccid for entry in piece])
        now = [entry for entry in piece if entry.status != Status.ACTIVE or entry.giccid in suspended]
        return tuple(entry._replace(status=Status.SUSPENDED.value) for entry in now)

    async def recover(self, approval: Approval) -> None:
        """Has the job made of a request that was decided when the bot was stopped; what is there goes on by itself."""
        if not any(job.order.operation is approval.stage for job in self._store.jobs.of_request(approval.id)):
            await self.carry_out(approval)

    async def on_end(self, job: Job, outcome: Outcome) -> None:
        """Ends the step of the request that this job was: told twice, it counts once."""
        approval = self.steps.store.get(job.request)
        if approval.state is not State.RUNNING or approval.stage is not job.order.operation:
            return
        now, said = self.steps.clock.now(), f"Job #{job.id}: {outcome.sentence}"
        goes_on = approval.stage is approval.operation or job.state is JobState.DONE
        if goes_on and (outcome.done or await self._anything_left(approval)):
            after = rule.move_on(approval, outcome=said, now=now)
        else:
            after = rule.fail(approval, outcome=said, now=now)
        detail = {"job": job.id, "done": outcome.done, "failed": outcome.failed, "unsure": outcome.unsure}
        await self.steps.end(approval, after, by=SYSTEM, detail={**detail, "left": outcome.left})

    async def _anything_left(self, approval: Approval) -> bool:
        """Whether SIMs of the list were suspended before, so that they are retired though nothing was suspended."""
        if approval.stage is approval.operation:
            return False
        async for _ in self._sims(approval, approval.operation):
            return True
        return False


def _difference(approval: Approval, found: SimList, first: Sequence[Judged]) -> str:
    gone = approval.count - found.accepted
    named = " ".join(f"{quotable(one.label or one.giccid or one.written)}: {one.why}" for one in first[:NAMED])
    are = "1 SIM of the list fits no more and is" if gone == 1 else f"{gone:,} SIMs of the list fit no more and are"
    return f"{are} left out; {found.accepted:,} {'is' if found.accepted == 1 else 'are'} left. {named}".rstrip()
