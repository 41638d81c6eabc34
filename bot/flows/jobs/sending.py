"""Sending what a job wants: many SIMs in a batch where SmartHub takes them so, else one call a SIM; each once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

import structlog

from bot.errors import (
    BadInput,
    BotError,
    ChangeRefused,
    NotFound,
    NotPossible,
    OutcomeUnknown,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    SimNotFound,
)
from bot.flows.jobs.steps import Steps, order_of
from bot.rules.job_sims import Found, Member
from bot.rules.jobs import BATCHED, Job, Stage
from bot.rules.orders import Before, Order, check, merged
from bot.rules.sims import Operation
from bot.smarthub.client import SmartHub
from bot.smarthub.orders import call, store_batch
from bot.store.batches import Claim

T = TypeVar("T")
log = structlog.get_logger()
FIRST_POLL = timedelta(seconds=1)
WAITS = (ProviderBusy, ProviderDown)  # nothing was sent, and it may be tried again
REFUSALS = (ChangeRefused, SimNotFound, NotFound, NotPossible, BadInput)  # it is no for these SIMs, not for all


@dataclass(frozen=True)
class Sending:
    """Claims SIMs in the store, sends them, and notes what came of it. Raises WAITS when SmartHub takes nothing now."""

    steps: Steps
    hub: SmartHub
    under_way: set[asyncio.Task[Any]] = field(default_factory=set)  # Any: what they return is nobody's concern

    async def pick_up(self, job: Job) -> bool:
        """Whether something was found that was claimed and not settled: by a bot that is gone, or by us when the store
        refused. It is never sent again."""
        if self.under_way:
            return False
        sms = job.order.operation is Operation.SMS
        return await self.steps.store.batches.abandoned(job.id, sms=sms, now=self.steps.now()) > 0

    async def send(self, job: Job) -> bool:
        """Whether something was sent, or left out: one batch, or as many calls as may be under way at once."""
        if job.order.operation in BATCHED:
            return await self._send_batch(job)
        ones = self.steps.store.batches.waiting(job.id, limit=self.steps.settings.at_once)
        await _all(self._send_one(job, one) for one in ones)
        return bool(ones)

    async def drain(self, seconds: float) -> None:
        """Lets what is on its way to SmartHub come to its end."""
        if self.under_way:
            await asyncio.wait(set(self.under_way), timeout=seconds)

    async def _for_sure(self, work: Coroutine[None, None, T]) -> T:
        """Does it to its end, also when nobody waits for it any more: what is claimed is sent, and settled."""
        task = asyncio.create_task(work)
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        task.add_done_callback(_heard)
        return await asyncio.shield(task)

    # --- in batches ---

    async def _send_batch(self, job: Job) -> bool:
        if self.steps.store.batches.under_way(job.id) >= self.steps.settings.at_once:
            return False
        return await self._for_sure(self._claim_batch(job))

    async def _claim_batch(self, job: Job) -> bool:
        size = self.steps.settings.batch_size
        claim = await self.steps.store.batches.claim(job.id, job.order, size=size, now=self.steps.now())
        if claim is not None and claim.giccids:
            await self._store_batch(claim)
        return claim is not None

    async def _store_batch(self, claim: Claim) -> None:
        store = self.steps.store.batches
        try:
            theirs = await store_batch(self.hub, claim.giccids, claim.order)
        except OutcomeUnknown as lost:
            await self._lose(claim, str(lost))
        except WAITS:
            await store.give_back(claim)
            raise
        except REFUSALS as no:
            await store.refuse(claim, _refused(no), now=self.steps.now())
        except ProviderError as problem:
            await store.give_back(claim)
            await self.steps.stop(claim.job, f"SmartHub takes none of this: {problem}")
        except Exception as unexpected:
            log.exception("batch_unexpected", job=claim.job, batch=claim.n)
            await self._lose(claim, f"Something unexpected came in between ({type(unexpected).__name__})")
        else:
            now = self.steps.now()
            await store.stored(claim, theirs, look_at=now + FIRST_POLL, now=now)

    async def _lose(self, claim: Claim, why: str) -> None:
        found = Found(Stage.LOST, why=why.rstrip("."))
        await self.steps.store.batches.lose(claim.job, claim.n, found, now=self.steps.now())

    # --- one by one ---

    async def _send_one(self, job: Job, one: Member) -> None:
        """Looks at the SIM, claims it, and makes the call; one that does not fit any more is left out."""
        store, order = self.steps.store.batches, order_of(job, one)
        try:
            before = await self._before(order, one)
        except WAITS:
            raise
        except NotPossible as why:
            await store.settle_call(job.id, one.n, Found(Stage.LEFT_OUT, why=str(why)), now=self.steps.now())
            return
        except REFUSALS as no:
            await store.settle_call(job.id, one.n, _refused(no), now=self.steps.now())
            return
        except ProviderError as problem:
            await self.steps.stop(job.id, f"SmartHub takes none of this: {problem}")
            return
        await self._for_sure(self._call(job, one, order, before))

    async def _before(self, order: Order, one: Member) -> Before:
        """What the SIM is just before the call. Raises NotPossible when the order does not fit it any more."""
        if order.operation is Operation.SMS:
            return one.before
        if order.operation is Operation.SET:
            now = await self.hub.custom(one.giccid)
            if merged(order, now) == tuple(value or None for value in now):
                raise NotPossible("These custom fields read like this already.")
            return replace(one.before, custom=tuple(now))
        sim = await self.hub.sim(one.giccid)
        check(order, sim)
        return Before.of(sim)

    async def _call(self, job: Job, one: Member, order: Order, before: Before) -> None:
        store = self.steps.store.batches
        if not await store.claim_call(job.id, order, one, before=before, now=self.steps.now()):
            return
        try:
            said = await call(self.hub, one.giccid, order, custom=before.custom or None)
        except OutcomeUnknown as lost:
            found = _lost(str(lost), order)
        except WAITS:
            await store.give_call_back(job.id, one.n)
            raise
        except REFUSALS as no:
            found = _refused(no)
        except ProviderError as problem:
            await store.give_call_back(job.id, one.n)
            await self.steps.stop(job.id, f"SmartHub takes none of this: {problem}")
            return
        except Exception as unexpected:
            log.exception("call_unexpected", job=job.id, sim=one.n)
            found = _lost(f"Something unexpected came in between ({type(unexpected).__name__})", order)
        else:
            # A SIM does not show an SMS: SmartHub's word is all there is.
            found = Found(Stage.DONE, why=said) if order.operation is Operation.SMS else Found(Stage.TAKEN)
        await store.settle_call(job.id, one.n, found, now=self.steps.now())


def _refused(no: BotError) -> Found:
    return Found(Stage.FAILED, getattr(no, "code", None), str(no))


def _lost(why: str, order: Order) -> Found:
    """Nobody knows whether it was done. An SMS shows nowhere, so of one nobody ever will."""
    return Found(Stage.UNSURE if order.operation is Operation.SMS else Stage.LOST, why=why.rstrip("."))


def _heard(task: asyncio.Task[Any]) -> None:  # Any: as above
    """Whoever waited for it may be gone: what went wrong is known to the store."""
    if not task.cancelled():
        task.exception()


async def _all(works: Iterable[Coroutine[None, None, None]]) -> None:
    """Does all of it side by side, and raises what went wrong when all have ended."""
    ended = await asyncio.gather(*works, return_exceptions=True)
    problems = [problem for problem in ended if problem is not None]
    if problems:
        raise next((problem for problem in problems if not isinstance(problem, WAITS)), problems[0])
