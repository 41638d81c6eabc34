"""The jobs run by the clock, one run of each at a time, whatever comes of a run."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import WallClock
from bot.errors import ProviderDown, StoreError
from bot.rules.runs import Came, Times
from bot.simulator.clock import HeldClock
from handlers.schedule import PATIENCE, Job, Schedule

SOON = timedelta(milliseconds=10)
NEVER = timedelta(days=1000)
WALL = WallClock()


class Notes:
    """What was noted, in order; `full` makes the store refuse."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.full = False

    async def note(self, name: str, came: Came) -> None:
        """Keeps it, or refuses as a full disk does."""
        if self.full:
            raise StoreError("The store is full.")
        assert came.failed is came.said.startswith("failed")
        self.said.append((name, came.said))


class Work:
    """A job whose runs the test ends, or breaks, as it likes."""

    def __init__(self, *, runs: int = 3) -> None:
        self.begun = 0
        self.at_once = 0
        self.most_at_once = 0
        self.enough = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self.problem: Exception | None = None
        self.says: str | None = "done"
        self._runs = runs

    async def __call__(self) -> str | None:
        """One run."""
        self.begun += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.begun >= self._runs:
                self.enough.set()
            await self.go.wait()
            if self.problem is not None:
                raise self.problem
            return self.says
        finally:
            self.at_once -= 1


def at_once(_: Job) -> datetime:
    """The first run is now."""
    return datetime.now(UTC)


async def until(event: asyncio.Event) -> None:
    """Waits for it, not for ever."""
    await asyncio.wait_for(event.wait(), 5)


async def test_the_clock_starts_each_job_again_and_again():
    """By the clock each job runs, and runs again; stopped, nothing starts any more."""
    notes, first, second = Notes(), Work(), Work()
    schedule = Schedule([Job("first", SOON, first), Job("second", SOON, second)], note=notes.note, clock=WALL)
    assert not schedule.running

    schedule.start(first_at=at_once)
    await until(first.enough)
    await until(second.enough)
    assert schedule.running
    await schedule.stop()
    begun = first.begun, second.begun
    await asyncio.sleep(0)

    assert not schedule.running
    assert ("first", "done") in notes.said
    assert ("second", "done") in notes.said
    assert (first.begun, second.begun) == begun


@pytest.mark.parametrize("problem", [ProviderDown("SmartHub is down."), ZeroDivisionError("no"), TimeoutError()])
async def test_a_job_that_raises_ends_nothing(problem: Exception):
    """A run that fails is noted in words, and the job, like its neighbour, is run again by the clock."""
    notes, broken, well = Notes(), Work(runs=4), Work(runs=4)
    broken.problem = problem
    schedule = Schedule([Job("broken", SOON, broken), Job("well", SOON, well)], note=notes.note, clock=WALL)

    schedule.start(first_at=at_once)
    await until(broken.enough)
    await until(well.enough)
    await schedule.stop()

    expected = "failed: SmartHub is down." if isinstance(problem, ProviderDown) else None
    said = {words for name, words in notes.said if name == "broken"}
    assert said == {expected or f"failed unexpectedly: {type(problem).__name__}"}


async def test_what_an_unexpected_error_holds_is_not_shown():
    """The words of an error nobody expected may hold anything; what is noted is its kind."""
    notes, broken = Notes(), Work()
    broken.problem = ValueError("xoxb-test-secret")
    schedule = Schedule([Job("broken", SOON, broken)], note=notes.note, clock=WALL)

    await schedule.run("broken")

    assert notes.said == [("broken", "failed unexpectedly: ValueError")]


async def test_a_job_never_overlaps_itself():
    """While a run lasts, neither the clock nor anybody else starts the same job; its neighbour goes on."""
    notes, slow, quick = Notes(), Work(runs=1), Work(runs=6)
    slow.go.clear()
    schedule = Schedule([Job("slow", SOON, slow), Job("quick", SOON, quick)], note=notes.note, clock=WALL)

    schedule.start(first_at=at_once)
    await until(slow.enough)
    assert schedule.busy >= 1
    await schedule.run("slow")
    await until(quick.enough)
    assert (slow.begun, slow.most_at_once) == (1, 1)

    slow.enough.clear()
    slow.go.set()
    await until(slow.enough)
    await schedule.stop()
    assert slow.most_at_once == 1
    assert schedule.busy == 0


async def test_a_store_that_refuses_the_note_ends_nothing():
    """When what came of a run cannot be noted, the clock goes on, and notes again when it can."""
    notes, work = Notes(), Work(runs=3)
    notes.full = True
    schedule = Schedule([Job("work", SOON, work)], note=notes.note, clock=WALL)

    schedule.start(first_at=at_once)
    await until(work.enough)
    assert notes.said == []
    notes.full = False
    work.enough.clear()
    await until(work.enough)
    work.enough.clear()
    await until(work.enough)
    await schedule.stop()

    assert ("work", "done") in notes.said


async def test_a_failure_does_not_stand_there_for_ever():
    """A job that has nothing to say takes back what was noted of a failed run once it works again, and once only."""
    notes, work = Notes(), Work()
    schedule = Schedule([Job("work", SOON, work)], note=notes.note, clock=WALL)
    work.problem = ProviderDown("SmartHub is down.")
    await schedule.run("work")
    work.problem, work.says = None, None
    for _ in range(3):
        await schedule.run("work")

    assert notes.said == [("work", "failed: SmartHub is down."), ("work", "nothing to do")]


async def test_stopped_before_it_was_started():
    """A schedule that was never started can be stopped, and one that was stopped can be stopped again."""
    schedule = Schedule([], note=Notes().note, clock=WALL)
    await schedule.stop()
    schedule.start(first_at=at_once)
    await schedule.stop()
    await schedule.stop()

    assert not schedule.running


# --- a run that hangs ---


class Hung:
    """A job whose runs go on when the test lets them, and which a cancellation ends, or not."""

    def __init__(self, *, heeds: bool = True) -> None:
        self.begun = 0
        self.cancelled = 0
        self.on = asyncio.Event()
        self._heeds = heeds

    async def __call__(self) -> str:
        """One run."""
        self.begun += 1
        while True:
            try:
                await self.on.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                if self._heeds:
                    raise
            else:
                return "done"


class Held:
    """A schedule with one job, by a clock that is held."""

    def __init__(self, work: Hung, *, every: timedelta = NEVER) -> None:
        self.clock, self.notes = HeldClock(datetime(2026, 11, 22, 8, 30, tzinfo=UTC)), Notes()
        self.schedule = Schedule([Job("work", every, work)], note=self.notes.note, clock=self.clock)

    async def begin(self) -> asyncio.Task[None]:
        """A run that has begun."""
        run = asyncio.create_task(self.schedule.run("work"))
        await still()
        return run

    async def later(self, length: timedelta) -> None:
        """Time passes, and what it wakes goes as far as it can."""
        await still()
        await self.clock.advance(length.total_seconds())
        await still()


async def still() -> None:
    """Whatever is ready goes on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_run_that_hangs_is_cut_off():
    """Without progress a run is ended after its patience and not before; that is said, and the next one begins anew."""
    work = Hung()
    held = Held(work)
    run = await held.begin()
    await held.later(PATIENCE - timedelta(seconds=1))
    assert (work.cancelled, held.schedule.busy) == (0, 1)

    await held.later(timedelta(seconds=1))
    await asyncio.wait_for(run, 5)

    assert held.notes.said == [("work", "failed: cut off after 10 min without progress")]
    assert (work.begun, work.cancelled, held.schedule.busy) == (1, 1, 0)
    work.on.set()
    await held.schedule.run("work")
    assert (work.begun, held.notes.said[-1]) == (2, ("work", "done"))


async def test_progress_keeps_a_run_alive():
    """A run may take as long as it likes while it gets on; what counts is the time since it last did."""
    work = Hung()
    held = Held(work)
    run = await held.begin()
    for _ in range(100):
        await held.later(PATIENCE * 0.9)
        held.schedule.moved("work")
    assert work.cancelled == 0

    await held.later(PATIENCE * 2)
    await asyncio.wait_for(run, 5)
    assert work.cancelled == 1


async def test_a_clock_that_is_set_cuts_nothing_off():
    """A clock that jumps makes no run look longer: what counts is the time that has passed."""
    work = Hung()
    held = Held(work)
    run = await held.begin()
    held.clock.set(held.clock.now() + timedelta(days=2))
    await held.later(PATIENCE - timedelta(seconds=1))
    assert work.cancelled == 0

    held.clock.set(held.clock.now() - timedelta(days=4))
    await held.later(timedelta(seconds=1))
    await asyncio.wait_for(run, 5)
    assert work.cancelled == 1


async def test_one_that_does_not_end():
    """A run that does not heed that it is to end is given up, in words; no other begins beside it, and when it has
    ended the next one does."""
    work = Hung(heeds=False)
    held = Held(work)
    run = await held.begin()
    await held.later(PATIENCE)
    await held.later(timedelta(seconds=30))
    await asyncio.wait_for(run, 5)

    assert held.schedule.busy == 0
    assert held.notes.said == [
        ("work", "failed: cut off after 10 min without progress; it does not end, and is not begun anew before it has")
    ]
    await held.schedule.run("work")
    assert (work.begun, len(held.notes.said)) == (1, 1)

    work.on.set()
    await still()
    await held.schedule.run("work")
    assert (work.begun, held.notes.said[-1]) == (2, ("work", "done"))


async def test_stopped_while_one_hangs():
    """Stopping ends a run that hangs, and notes nothing of it: the next bot begins it anew."""
    work = Hung()
    held = Held(work)
    held.schedule.start(first_at=at_once)
    await asyncio.sleep(0.01)
    await still()
    assert work.begun == 1

    await held.schedule.stop()

    assert (work.cancelled, held.notes.said) == (1, [])


async def test_a_clock_set_back_holds_nothing_up():
    """After the clock was set back by a day, a job does not wait for a day until its time has come again."""
    notes, work = Notes(), Work(runs=1)
    clock = HeldClock(datetime.now(UTC) + timedelta(days=1))
    schedule = Schedule([Job("work", timedelta(minutes=15), work)], note=notes.note, clock=clock)
    schedule.start(first_at=lambda job: clock.now() + job.every)
    await still()
    await clock.advance(120)
    await still()
    assert work.begun == 0, "it is not due before its time"

    clock.set(clock.now() - timedelta(days=1, hours=1))
    await clock.advance(60)

    await until(work.enough)
    await schedule.stop()


async def test_when_each_runs_next():
    """Of each job it is known when it ended last and when the clock starts it next; without a clock, none."""
    clock = HeldClock(datetime(2099, 1, 1, tzinfo=UTC))
    schedule = Schedule([Job("work", timedelta(hours=1), Work())], note=Notes().note, clock=clock)
    assert schedule.times() == {"work": Times()}

    schedule.start(first_at=lambda job: clock.now() + job.every)
    await schedule.run("work")

    assert schedule.times() == {"work": Times(clock.now(), clock.now() + timedelta(hours=1))}
    await schedule.stop()
    assert schedule.times() == {"work": Times(clock.now())}
