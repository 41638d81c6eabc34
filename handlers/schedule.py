"""TIMED: the jobs, when each runs, and what came of its last run."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.clock import Clock
from bot.errors import BotError
from bot.rules.runs import Came, Times, cut_off, failed

PATIENCE = timedelta(minutes=10)
ENDS_WITHIN_S = 30.0  # of the clock that is held in tests: how long a run may take to end once it is told to
STOPS_WITHIN_S = 20.0
MINDS_THE_CLOCK_EVERY_S = 60.0
log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """Something done again and again: `work` returns what came of it, in words, or nothing worth noting.

    A run that makes no progress for as long as `patience` is cut off; with progress it may take as long as it likes.
    """

    name: str
    every: timedelta
    work: Callable[[], Awaitable[str | None]]
    patience: timedelta = PATIENCE


class Schedule:
    """Runs each job on its own, one run at a time; a run that was missed is made up for once."""

    def __init__(self, jobs: Sequence[Job], *, note: Callable[[str, Came], Awaitable[None]], clock: Clock) -> None:
        """`note` keeps what came of a run, under the job's name."""
        self._jobs = {job.name: job for job in jobs}
        self._note, self._clock = note, clock
        self._running: dict[str, datetime] = {}  # since when
        self._well: set[str] = set()  # whose last run is known to stand noted as one that worked
        self._ended_at: dict[str, datetime] = {}
        self._moves = Counter[str]()  # the progress each job has made
        # That a run takes longer than it is until the next is no news: the next one is left out.
        quiet = logging.getLogger("simops.schedule")
        quiet.setLevel(logging.ERROR)
        self._scheduler = AsyncIOScheduler(timezone="UTC", logger=quiet)
        self._stopped = False
        # Any: what they return is nobody's concern
        self._tasks: set[asyncio.Task[Any]] = set()
        self._hanging: dict[str, asyncio.Future[Any]] = {}  # runs that were cut off and have not ended

    @property
    def running(self) -> bool:
        """Whether jobs are started by the clock."""
        return bool(self._scheduler.running) and not self._stopped

    @property
    def busy(self) -> int:
        """How many jobs are being worked on now."""
        return len(self._running)

    def times(self) -> Mapping[str, Times]:
        """Of each job when it ended last, when it runs next (`None` where no clock starts it), and since when it runs
        now."""
        planned = {one.id: one.next_run_time for one in self._scheduler.get_jobs()} if self.running else {}
        ended, since = self._ended_at, self._running
        return {name: Times(ended.get(name), planned.get(name), since.get(name)) for name in self._jobs}

    def moved(self, name: str) -> None:
        """Says that the job of this name has made progress."""
        self._moves[name] += 1

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
        self._keep_task(asyncio.create_task(self._mind_the_clock()))

    async def stop(self) -> None:
        """Starts nothing more, and returns when what was running has ended: cut off, it begins anew next time.

        Whoever does not heed that it is to end is left behind after twenty seconds.
        """
        if self.running:
            self._stopped = True  # the scheduler itself stops only when the loop comes to it
            self._scheduler.shutdown(wait=False)
        under_way = (self._tasks | set(self._hanging.values())) - {asyncio.current_task()}
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way, timeout=STOPS_WITHIN_S)

    async def run(self, name: str) -> None:
        """One run of one job now; never two of the same at once. What goes wrong in it is noted and ends nothing."""
        if name in self._running or self._still_hangs(name):
            return
        self._running[name] = self._clock.now()
        task = asyncio.current_task()
        if task is not None:
            self._keep_task(task)
        try:
            came = await self._watched(self._jobs[name])
        except asyncio.CancelledError:
            if not self._stopped:
                raise
            return  # begun anew by the next bot
        finally:
            self._running.pop(name, None)
        self._ended_at[name] = self._clock.now()
        if came is not None:
            await self._keep(name, came)

    async def _watched(self, job: Job) -> Came | None:
        """What came of a run, which is ended when it hangs or nobody waits for it any more."""
        work = asyncio.ensure_future(job.work())
        try:
            if await _ends_before(work, self._until_it_hangs(job)):
                return self._came(job, work)
            return await self._cut_off(job, work)
        except asyncio.CancelledError:
            work.cancel()
            await asyncio.wait({work}, timeout=STOPS_WITHIN_S)
            raise

    async def _until_it_hangs(self, job: Job) -> None:
        """Returns when the job has made no progress for as long as it may. Asks no clock for the time: one that is
        set makes no run look longer or shorter than it is."""
        before = -1
        while self._moves[job.name] != before:
            before = self._moves[job.name]
            await self._clock.sleep(job.patience.total_seconds())

    async def _cut_off(self, job: Job, work: asyncio.Future[str | None]) -> Came:
        """Ends a run that hangs. One that does not heed it stays known, so that no other begins beside it."""
        work.cancel()
        ended = await _ends_before(work, self._grace())
        if ended:
            _hear(work)
        else:
            self._hanging[job.name] = work
        log.error("job_cut_off", job=job.name, patience_s=job.patience.total_seconds(), ended=ended)
        return cut_off(job.patience, ended=ended)

    async def _grace(self) -> None:
        await self._clock.sleep(ENDS_WITHIN_S)

    def _still_hangs(self, name: str) -> bool:
        """Whether a run that was cut off has not ended; it is told once more to."""
        work = self._hanging.get(name)
        if work is None:
            return False
        if not work.done():
            work.cancel()
            return True
        del self._hanging[name]
        _hear(work)
        return False

    def _came(self, job: Job, work: asyncio.Future[str | None]) -> Came | None:
        """What came of a run that has ended; nothing where that is not worth noting."""
        try:
            said = work.result()
        except BotError as problem:
            log.warning("job_failed", job=job.name, problem=str(problem))
            return failed(str(problem))
        except (Exception, asyncio.CancelledError) as problem:
            log.exception("job_broke", job=job.name)
            return Came(f"failed unexpectedly: {type(problem).__name__}", failed=True)
        # A failed run, of this life or of the one before, stands noted until the job has worked again.
        if said is None and job.name in self._well:
            return None
        self._well.add(job.name)
        return Came("nothing to do" if said is None else said)

    async def _keep(self, name: str, came: Came) -> None:
        """Notes what came of a run; where the store refuses, it stands in the log alone."""
        if came.failed:
            self._well.discard(name)
        try:
            await self._note(name, came)
        except BotError as problem:
            self._well.discard(name)
            log.warning("run_not_noted", job=name, said=came.said, problem=str(problem))

    async def _mind_the_clock(self) -> None:
        """Has no job wait until a clock that was set back has caught up. Never returns."""
        while True:
            await self._clock.sleep(MINDS_THE_CLOCK_EVERY_S)
            now = self._clock.now()
            for name, job in self._jobs.items():
                planned = self._scheduler.get_job(name)
                if planned is not None and planned.next_run_time > now + job.every + timedelta(seconds=1):
                    log.info("clock_set_back", job=name)
                    planned.modify(next_run_time=now)

    def _keep_task(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _ends_before(work: asyncio.Future[str | None], other: Coroutine[Any, Any, None]) -> bool:
    """Whether the work has ended, when it or the other has. Any: a coroutine is sent nothing here."""
    watch = asyncio.create_task(other)
    ended = asyncio.Event()
    for one in (work, watch):
        one.add_done_callback(lambda _: ended.set())
    try:
        await ended.wait()
    finally:
        watch.cancel()
    return work.done()


def _hear(work: asyncio.Future[str | None]) -> None:
    """Whatever a run says after it was cut off changes nothing."""
    if not work.cancelled():
        work.exception()
