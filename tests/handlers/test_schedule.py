"""The jobs run by the clock, one run of each at a time, whatever comes of a run."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import ProviderDown, StoreError
from handlers.schedule import Job, Schedule

SOON = timedelta(milliseconds=10)


class Notes:
    """What was noted, in order; `full` makes the store refuse."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.full = False

    async def note(self, name: str, said: str) -> None:
        """Keeps it, or refuses as a full disk does."""
        if self.full:
            raise StoreError("The store is full.")
        self.said.append((name, said))


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
    schedule = Schedule([Job("first", SOON, first), Job("second", SOON, second)], note=notes.note)
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
    schedule = Schedule([Job("broken", SOON, broken), Job("well", SOON, well)], note=notes.note)

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
    schedule = Schedule([Job("broken", SOON, broken)], note=notes.note)

    await schedule.run("broken")

    assert notes.said == [("broken", "failed unexpectedly: ValueError")]


async def test_a_job_never_overlaps_itself():
    """While a run lasts, neither the clock nor anybody else starts the same job; its neighbour goes on."""
    notes, slow, quick = Notes(), Work(runs=1), Work(runs=6)
    slow.go.clear()
    schedule = Schedule([Job("slow", SOON, slow), Job("quick", SOON, quick)], note=notes.note)

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
    schedule = Schedule([Job("work", SOON, work)], note=notes.note)

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
    schedule = Schedule([Job("work", SOON, work)], note=notes.note)
    work.problem = ProviderDown("SmartHub is down.")
    await schedule.run("work")
    work.problem, work.says = None, None
    for _ in range(3):
        await schedule.run("work")

    assert notes.said == [("work", "failed: SmartHub is down."), ("work", "nothing to do")]


async def test_stopped_before_it_was_started():
    """A schedule that was never started can be stopped, and one that was stopped can be stopped again."""
    schedule = Schedule([], note=Notes().note)
    await schedule.stop()
    schedule.start(first_at=at_once)
    await schedule.stop()
    await schedule.stop()

    assert not schedule.running
