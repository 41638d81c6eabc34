"""Making a job: its SIMs are written down as they come out of the list, and it runs when they are all there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

import structlog

from bot.errors import BotError, StoreError
from bot.flows.jobs.steps import TRIES, Given, Sims, Steps
from bot.rules import jobs as rule
from bot.rules.audit import SYSTEM, Deed
from bot.rules.job_sims import Entry
from bot.rules.jobs import Job, Stage, State

CHUNK = 1000
log = structlog.get_logger()


class _Otherwise(Exception):
    """The list does not begin with what is written down already."""


@dataclass(frozen=True)
class Making:
    """Jobs while they are made. One that was half made when the bot was stopped is finished from its list."""

    steps: Steps
    under_way: set[int] = field(default_factory=set)

    async def start(self, job: Job, sims: Sims) -> None:
        """Makes a job, unless it is there already. Raises StoreError, and then it is made later."""
        detail = {"operation": job.order.operation.value, "what": job.order.words, "count": job.count}
        deed = Deed(SYSTEM, "started", f"job:{job.id}", {**detail, "asked_by": job.by})
        if await self.steps.store.jobs.begin(job, deed=deed) and job.id not in self.under_way:
            await self._make(job.id, lambda: sims)

    async def go_on(self, job: Job) -> bool:
        """Whether a job was finished that nobody is making: its maker is gone."""
        if job.id in self.under_way:
            return False
        await self._make(job.id, lambda: self.steps.seams.sims_of(job.id))
        return True

    async def _make(self, id: int, source: Callable[[], Sims]) -> None:
        self.under_way.add(id)
        try:
            await self._fill(self.steps.store.jobs.get(id), source)
        except StoreError:
            raise
        except BotError as problem:
            await self._void(id, f"Its list could not be read again, so nothing was sent: {problem}")
        finally:
            self.under_way.discard(id)

    async def _fill(self, job: Job, source: Callable[[], Sims]) -> None:
        jobs = self.steps.store.jobs
        last = jobs.last_filled(job.id)
        if (job.filled == 0) is not (last is None):  # of an earlier step of the same request, or taken out half-way
            await jobs.empty(job.id)
            job, last = jobs.get(job.id), None
        try:
            await self._write(job, source(), last)
        except _Otherwise:
            log.warning("job_made_anew", job=job.id)
            await jobs.empty(job.id)
            await self._write(jobs.get(job.id), self.steps.seams.sims_of(job.id), None)
        await self._check(job.id)

    async def _write(self, job: Job, sims: Sims, last: str | None) -> None:
        """Writes down what is not there yet. Raises _Otherwise where that does not go on what is."""
        n = 0
        async for piece in _pieces(sims):
            there = min(max(job.filled - n, 0), len(piece))
            if there and n + there == job.filled and piece[there - 1].giccid != last:
                raise _Otherwise
            if piece[there:]:
                await self.steps.store.jobs.fill(job.id, piece[there:], first=n + there + 1)
            n += len(piece)
        if n < job.filled:
            raise _Otherwise

    async def _check(self, id: int) -> None:
        """Lets the job run when its SIMs are as many as were approved, each once; else nothing of it is sent."""
        job = self.steps.store.jobs.get(id)
        if job.filled == job.count == job.at(Stage.WAITING):
            await self.steps.take(job, rule.fill(job, now=self.steps.now()), Deed(SYSTEM, "ready", f"job:{id}"))
            return
        found = min(job.at(Stage.WAITING), job.filled)
        await self._void(id, f"Its list has {found:,} SIMs by now and {job.count:,} were approved: nothing was sent.")

    async def _void(self, id: int, why: str) -> None:
        for _ in range(TRIES):
            job = self.steps.store.jobs.get(id)
            if job.state is not State.MAKING:
                return
            voided = rule.void(job, why, now=self.steps.now())
            if await self.steps.take(job, voided, Deed(SYSTEM, "ended", f"job:{id}", {"why": why})):
                return


async def _pieces(sims: Sims) -> AsyncIterator[list[Entry]]:
    """The SIMs a thousand at a time."""
    if isinstance(sims, Iterable):
        each = iter(sims)
        while piece := [Entry(*one) for one in islice(each, CHUNK)]:
            yield piece
        return
    waiting: list[Given] = []
    async for one in sims:
        waiting.append(one)
        if len(waiting) == CHUNK:
            yield [Entry(*given) for given in waiting]
            waiting = []
    if waiting:
        yield [Entry(*given) for given in waiting]
