"""Reading SIMs again: only what is seen there counts as done. One by one, or in pages of a list where that is cheaper.

A single read costs one call a SIM. A list of the SIMs of an account, narrowed to those that show what was ordered where
SmartHub can filter by it, costs one call for some hundred: for many SIMs that is what makes reading them all bearable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

import structlog

from bot.errors import BotError, ProviderBusy, ProviderDown, StoreError
from bot.flows.jobs.steps import Steps, order_of
from bot.rules.job_sims import (
    WORTH_A_PAGE,
    Found,
    Member,
    Way,
    best_way,
    is_last_look,
    next_look,
    unreadable,
    verdict,
)
from bot.rules.jobs import Job, Stage, State
from bot.rules.orders import Order, reads, shows
from bot.rules.sims import TO, Operation, Sim
from bot.smarthub.client import SmartHub
from bot.store.job_sims import Due

log = structlog.get_logger()
WAITS = (ProviderBusy, ProviderDown, StoreError)
CHUNK = 1000
TRIES = 3
MORE_PAGES = 3  # times as many as expected are read at most: others change SIMs as well


@dataclass
class Settling:
    """SIMs that were sent and not seen since. Raises ProviderBusy and ProviderDown."""

    steps: Steps
    hub: SmartHub
    passes: dict[int, AsyncGenerator[None, None]] = field(default_factory=dict)
    pages: dict[int, int] = field(default_factory=dict)  # how many the last look at it took a list of the job to have
    without_list: set[int] = field(default_factory=set)
    failures: dict[int, int] = field(default_factory=dict)

    async def look(self, job: Job) -> bool:
        """Whether something was read: a page, or as many SIMs as may be asked for at once."""
        if job.id in self.passes:
            return await self._turn(job)
        now, settings = self.steps.now(), self.steps.settings
        due = self.steps.store.job_sims.to_see(job.id, now=now, limit=settings.at_once)
        if not due or self._is_early(job):
            return False
        last = [one for one in due if is_last_look(one, now=now, longest=settings.settle_for)]
        way, accounts = (Way.SINGLY, []) if last else await self._way(job, now)
        if way is Way.LATER:
            return False
        if way is Way.SINGLY:
            await self._singly(job, last or due)
            return True
        self.passes[job.id] = self._read_pages(job, accounts, due_at=now)
        return await self._turn(job)

    async def close(self) -> None:
        """Lets go of what is being read."""
        for reading in self.passes.values():
            await reading.aclose()
        self.passes.clear()

    # --- which way ---

    def _coming(self, job: Job) -> int:
        """How many SIMs are still to come that will have to be read as well."""
        unsent = self.steps.store.batches.waiting(job.id, limit=1) if job.state is State.RUNNING else ()
        return job.at(Stage.SENT) + (job.limit - unsent[0].n + 1 if unsent else 0)

    def _is_early(self, job: Job) -> bool:
        """Whether it is certain without a closer look that a list is cheaper, and not worth its pages yet."""
        pages, at_most = self.pages.get(job.id), job.at(Stage.TAKEN, Stage.LOST)
        if pages is None or job.id in self.without_list or at_most >= WORTH_A_PAGE * pages:
            return False
        return best_way(at_most, coming=self._coming(job), pages=pages) is Way.LATER

    async def _way(self, job: Job, now: datetime) -> tuple[Way, list[tuple[Due, int]]]:
        """How to read those that are due, and where it is pages, how many of which accounts."""
        status, plan = narrowed(job.order)
        found = await self.steps.store.job_sims.due(job.id, now=now, status=status, plan=plan)
        accounts = [(one, self._expected(one, status, plan)) for one in found if one.account is not None]
        if not accounts or job.id in self.without_list:
            return Way.SINGLY, []
        self.pages[job.id] = sum(pages for _, pages in accounts)
        due = sum(one.count for one in found)
        way = best_way(due, coming=self._coming(job), pages=self.pages[job.id])
        worth = [(one, pages) for one, pages in accounts if one.count > pages]
        return (way, worth) if worth or way is not Way.PAGES else (Way.SINGLY, [])

    def _expected(self, one: Due, status: str | None, plan: str | None) -> int:
        size = one.in_status if status is not None else one.on_plan if plan is not None else one.all
        more = 0 if status is None and plan is None else one.count + one.done  # the snapshot is older than the job
        return ceil(max(1, size + more) / self.steps.settings.page_size)

    # --- one by one ---

    async def _singly(self, job: Job, ones: Sequence[Member]) -> None:
        read = await asyncio.gather(*(self.hub.sim(one.giccid) for one in ones), return_exceptions=True)
        judged = [
            (one.n, self._judged(job, one, said))
            for one, said in zip(ones, read, strict=True)
            if isinstance(said, Sim) or (isinstance(said, BotError) and not isinstance(said, WAITS))
        ]
        sims = self.steps.store.job_sims
        found = [(n, said) for n, said in judged if isinstance(said, Found)]
        await sims.settle(job.id, found, now=self.steps.now())
        await sims.look_later(job.id, [(n, at) for n, at in judged if isinstance(at, datetime)])
        for said in read:
            if isinstance(said, WAITS) or (isinstance(said, BaseException) and not isinstance(said, BotError)):
                raise said

    def _judged(self, job: Job, one: Member, said: Sim | BotError) -> Found | datetime:
        """What became of the SIM, or when to look at it again."""
        order, now, settings = order_of(job, one), self.steps.now(), self.steps.settings
        if isinstance(said, Sim) and shows(order, one.before, said):
            return Found(Stage.DONE, after=reads(order, said))
        if is_last_look(one, now=now, longest=settings.settle_for):
            return verdict(order, one, said) if isinstance(said, Sim) else unreadable(one, str(said))
        return next_look(one, now=now, every=settings.settle_every, longest=settings.settle_for)

    # --- in pages ---

    async def _turn(self, job: Job) -> bool:
        """Reads one more page."""
        reading = self.passes.pop(job.id)
        try:
            await anext(reading)
        except StopAsyncIteration:
            self.failures.pop(job.id, None)
            return True
        except WAITS as problem:
            self.failures[job.id] = self.failures.get(job.id, 0) + isinstance(problem, ProviderDown)
            if self.failures[job.id] >= TRIES:  # a list may be too much for it when a SIM is not
                self.without_list.add(job.id)
            raise
        except BotError as problem:
            log.warning("no_list_of_sims", job=job.id, problem=str(problem))
            self.without_list.add(job.id)
            return True
        self.passes[job.id] = reading
        return True

    async def _read_pages(
        self, job: Job, accounts: Sequence[tuple[Due, int]], *, due_at: datetime
    ) -> AsyncGenerator[None, None]:
        """Goes through the lists of these accounts; what was due and is not seen there is looked at again later."""
        status, plan = narrowed(job.order)
        for one, pages in accounts:
            account = one.account or ""
            wanted = TO.get(job.order.operation) if status is not None else None
            size = self.steps.settings.page_size
            async for page in self.hub.sims(account=account, status=wanted, plan=plan, page_size=size):
                await self._see(job, page.sims)
                yield
                left = await self.steps.store.job_sims.unseen(job.id, account, before=due_at, limit=1)
                if not left or page.number >= pages * MORE_PAGES:
                    break
            await self._put_off(job, account, due_at)

    async def _see(self, job: Job, sims: Sequence[Sim]) -> None:
        """Notes the SIMs of the job that show on this page what was ordered."""
        now = {sim.giccid: sim for sim in sims}
        ones = self.steps.store.job_sims.among(job.id, now)
        found = [
            (one.n, Found(Stage.DONE, after=reads(order, now[one.giccid])))
            for one in ones
            if shows(order := order_of(job, one), one.before, now[one.giccid])
        ]
        await self.steps.store.job_sims.settle(job.id, found, now=self.steps.now())

    async def _put_off(self, job: Job, account: str, due_at: datetime) -> None:
        settings, sims = self.steps.settings, self.steps.store.job_sims
        while ones := await sims.unseen(job.id, account, before=due_at, limit=CHUNK):
            now = self.steps.now()
            looks = [
                (one.n, next_look(one, now=now, every=settings.settle_every, longest=settings.settle_for))
                for one in ones
            ]
            await sims.look_later(job.id, looks)


def narrowed(order: Order) -> tuple[str | None, str | None]:
    """The status or the plan a SIM shows when the order is carried out: what a list can be narrowed to."""
    status = TO.get(order.operation)
    return (None if status is None else status.value, order.plan if order.operation is Operation.PLAN else None)
