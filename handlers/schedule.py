"""TIMED: the jobs, when each runs, and what came of its last run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.errors import BotError

FAILED = "failed"
log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """Something done again and again: `work` returns what came of it, in words, or nothing worth noting."""

    name: str
    every: timedelta
    work: Callable[[], Awaitable[str | None]]


class Schedule:
    """Runs each job on its own, one run at a time; a run that was missed is made up for once."""

    def __init__(self, jobs: Sequence[Job], *, note: Callable[[str, str], Awaitable[None]]) -> None:
        """`note` keeps what came of a run, under the job's name."""
        self._jobs = {job.name: job for job in jobs}
        self._note = note
        self._running: set[str] = set()
        self._well: set[str] = set()  # whose last run is known to stand noted as one that worked
        # That a run takes longer than it is until the next is no news: the next one is left out.
        quiet = logging.getLogger("simops.schedule")
        quiet.setLevel(logging.ERROR)
        self._scheduler = AsyncIOScheduler(timezone="UTC", logger=quiet)
        self._stopped = False
        self._tasks: set[asyncio.Task[Any]] = set()  # Any: what they return is nobody's concern

    @property
    def running(self) -> bool:
        """Whether jobs are started by the clock."""
        return bool(self._scheduler.running) and not self._stopped

    @property
    def busy(self) -> int:
        """How many jobs are being worked on now."""
        return len(self._running)

    def start(self, *, first_at: Callable[[Job], datetime]) -> None:
        """Lets the clock start the jobs, each for the first time at `first_at`."""
        for job in self._jobs.values():
            self._scheduler.add_job(
                self.run,
                "interval",
                args=[job.name],
                seconds=job.every.total_seconds(),
                next_run_time=first_at(job),
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    async def stop(self) -> None:
        """Starts nothing more, and returns when what was running has ended: cut off, it begins anew next time."""
        if self.running:
            self._stopped = True  # the scheduler itself stops only when the loop comes to it
            self._scheduler.shutdown(wait=False)
        under_way = self._tasks - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def run(self, name: str) -> None:
        """One run of one job now; never two of the same at once. What goes wrong in it is noted and ends nothing."""
        if name in self._running:
            return
        self._running.add(name)
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            said = await self._jobs[name].work()
        except BotError as problem:
            said = f"{FAILED}: {problem}"
            log.warning("job_failed", job=name, problem=str(problem))
        except Exception as problem:
            said = f"{FAILED} unexpectedly: {type(problem).__name__}"
            log.exception("job_broke", job=name)
        except asyncio.CancelledError:
            if not self._stopped:
                raise
            return  # begun anew by the next bot
        else:
            # A failed run, of this life or of the one before, stands noted until the job has worked again.
            said = "nothing to do" if said is None and name not in self._well else said
            self._well.add(name)
        finally:
            self._running.discard(name)
        if said is not None:
            await self._keep(name, said)

    async def _keep(self, name: str, said: str) -> None:
        """Notes what came of a run; where the store refuses, it stands in the log alone."""
        if said.startswith(FAILED):
            self._well.discard(name)
        try:
            await self._note(name, said)
        except BotError as problem:
            self._well.discard(name)
            log.warning("run_not_noted", job=name, said=said, problem=str(problem))
