"""What people press on a job: pause, go on, cancel; and what they ask for when it has ended: the rest, or all back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.errors import NotPossible
from bot.flows.jobs.steps import TRIES, Steps, Wish
from bot.rules import jobs as rule
from bot.rules.audit import Deed
from bot.rules.job_sims import Entry, way_back
from bot.rules.jobs import Job, Stage, Step
from bot.rules.orders import Order
from bot.rules.people import Person, Role, need
from bot.rules.sims import TO
from bot.views.parts import Message

DEEDS = {Step.PAUSE: "paused", Step.RESUME: "resumed", Step.GO_ON: "continued", Step.CANCEL: "cancelled"}


@dataclass(frozen=True)
class Steering:
    """Everything raises NotFound, NotAllowed and NotPossible."""

    steps: Steps

    async def steer(self, id: int, step: Step, *, by: Person) -> Job:
        """The job after this press was stored. Whoever comes second looks at what the first one made of it."""
        for _ in range(TRIES):
            before = self.steps.store.jobs.get(id)
            after = rule.steer(before, step, by=by, now=self.steps.now())
            if await self.steps.take(before, after, Deed(by.id, DEEDS[step], f"job:{id}")):
                return after
        raise NotPossible(f"Too many people press at once on job #{id}; look at it and press again.")

    async def retry(self, id: int, *, by: Person, channel: str) -> Message:
        """Asks for a new request for the SIMs that failed."""
        job = self._ended(id, by, to="ask for the rest of a job")
        count = job.at(Stage.FAILED)
        if not count:
            raise NotPossible(f"Nothing failed in job #{id}.")
        reason = f"Once more what failed in #{id}"
        wish = Wish(id, job.order, count, reason, by, channel, None, lambda: self.to_retry(id))
        return await self.steps.seams.ask_again(wish)

    async def undo(self, id: int, *, by: Person, channel: str) -> Message:
        """Asks for a new request that gives each SIM back what it had."""
        job = self._ended(id, by, to="undo a job")
        if (
            job.ended_at is None
            or not timedelta(0) <= self.steps.now() - job.ended_at < self.steps.settings.undo_within
        ):
            raise NotPossible(f"Job #{id} is too old to be undone with one press; ask for the change you want now.")
        count, orders = 0, set[Order]()
        async for entry in self._ways_back(job):
            count += 1
            if entry.own is not None and len(orders) < 2:
                orders.add(entry.own)
        if not count:
            raise NotPossible(f"Nothing takes back job #{id} ({job.order.words}).")
        order = orders.pop() if len(orders) == 1 else _each_its_own(job.order)
        wish = Wish(id, order, count, f"Undo of #{id}", by, channel, id, lambda: self.to_undo(id))
        return await self.steps.seams.ask_again(wish)

    async def to_retry(self, id: int) -> AsyncIterator[Entry]:
        """The SIMs that failed, as they were before; nothing changes in them any more."""
        async with aclosing(self.steps.store.job_sims.stream(id, only=Stage.FAILED)) as pieces:
            async for piece in pieces:
                for one in piece:
                    yield Entry(one.giccid, one.label, one.before.status, one.before.plan, one.own)

    async def to_undo(self, id: int) -> AsyncIterator[Entry]:
        """The SIMs that are done and have a way back, each with what brings back what it had where that differs."""
        job = self.steps.store.jobs.get(id)
        async for entry in self._ways_back(job):
            yield entry._replace(own=None) if job.order.operation in TO else entry

    async def _ways_back(self, job: Job) -> AsyncIterator[Entry]:
        async with aclosing(self.steps.store.job_sims.stream(job.id, only=Stage.DONE)) as pieces:
            async for piece in pieces:
                for one in piece:
                    entry = way_back(one.own or job.order, one)
                    if entry is not None:
                        yield entry

    def _ended(self, id: int, by: Person, *, to: str) -> Job:
        need(by, Role.OPERATOR, to=to)
        job = self.steps.store.jobs.get(id)
        if job.open:
            raise NotPossible(f"Job #{id} is {rule.standing(job)}; wait for its end, or cancel it.")
        if not self.steps.store.jobs.is_kept(id):
            raise NotPossible(f"The SIMs of job #{id} are not kept any more; ask for the change you want now.")
        return job


def _each_its_own(order: Order) -> Order:
    """The order that stands for giving each SIM back its own."""
    return replace(order, plan=None, enabled=None, custom=())
