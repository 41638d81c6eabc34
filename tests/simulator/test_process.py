"""The bot's process: started once, killed at any time, and what is said when it does not start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import NotPossible
from tests.simulator.stand_in import StandIn


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[StandIn]:
    one = StandIn(tmp_path)
    yield one
    one.kill()
    await one.wait()


async def begun(bot: StandIn) -> asyncio.Task[bool]:
    """A start that waits for the first answer."""
    task = asyncio.create_task(bot.start())
    async with asyncio.timeout(10):
        while not (bot.starting and bot.running):  # noqa: ASYNC110 - a process tells nobody that it was begun
            await asyncio.sleep(0)
    return task


async def test_however_many_start_it_there_is_one_process(bot: StandIn) -> None:
    """Several starts at once make one process; all of them return when it answers."""
    assert await asyncio.gather(*(bot.start() for _ in range(4))) == [True] * 4

    assert bot.starts == 1
    assert bot.running
    await bot.stop()
    assert not bot.running


async def test_a_start_that_fails_is_said_with_its_own_log(bot: StandIn) -> None:
    """The sentence names how it ended; below it stands what this start logged, and nothing older."""
    bot.log.write_text("An old line.\n", "utf-8")
    bot.becomes("fails")

    with pytest.raises(NotPossible) as problem:
        await bot.start()

    first, *log = str(problem.value).splitlines()
    assert first == f"The bot did not start: it ended with exit code 1. The end of {bot.log}:"
    assert log == ["There is no bread."]
    assert not bot.starting
    bot.recovers()
    assert await bot.start()


async def test_killing_it_while_it_starts_is_no_failure(bot: StandIn) -> None:
    """A start that is cut off by a kill says so and raises nothing; the next one works."""
    bot.becomes("silent")
    start = await begun(bot)

    bot.kill()

    assert await start is False
    assert not bot.running
    bot.recovers()
    assert await bot.start()


async def test_stopping_ends_a_start_that_is_under_way(bot: StandIn) -> None:
    """Stop does not wait for the first answer, and leaves no process behind."""
    bot.becomes("silent")
    start = await begun(bot)

    async with asyncio.timeout(10):
        await bot.stop()

    assert await start is False
    assert not bot.running
