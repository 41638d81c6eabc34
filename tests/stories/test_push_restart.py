"""The real bot, killed again and again while pushes pour in: what was acknowledged is in Slack, once."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.simulator.slack import Message
from bot.simulator.slack.workspace import Change
from tests.stories.processes import Bot, environ
from tests.talk import ALERTS, OPS, PUSH_SECRET, World

PUSHES = 200


class Killed(World):
    """A world in which the bot is a process of its own; at the end one on a held clock says what is left to say."""

    async def start(self) -> None:
        """Starts the neighbours alone."""
        await self.hub.start()
        await self.slack.start()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        config = self.folder / "config.toml"
        self.routes = [{"name": "beside", "channel": OPS, "events": ["mo-sms"]}]
        config.write_text("".join(_section(name, table) for name, table in self.table().items()), "utf-8")
        self.bot = Bot(config=config, environ=environ(), port=port, log=self.folder / "bot.log")
        self.hub.push_url = f"http://127.0.0.1:{port}/smarthub/{PUSH_SECRET}"
        self.acknowledged: list[int] = []
        self.enough: int | None = None

    async def stop(self) -> None:
        """Ends the neighbours; the bot is dead by now."""
        self.bot.kill()
        await self.bot.wait()
        await self.slack.stop()
        await self.hub.stop()

    async def pour(self, numbers: range) -> None:
        """Pushes these, eight at a time, until the bot is dead; what was answered 200 counts as acknowledged."""
        waiting = iter(numbers)

        async def sender() -> None:
            for number in waiting:
                with suppress(aiohttp.ClientError):
                    if await self.hub.push("mo-sms", eventId=f"evt-{number}", messageText=f"push-{number}") == 200:
                        self.acknowledged.append(number)
                if len(self.acknowledged) == self.enough:
                    self.bot.kill()

        await asyncio.gather(*(sender() for _ in range(8)))

    async def say_the_rest(self) -> None:
        """Lets a bot on a held clock bring what still waits to Slack."""
        await self.start_bot()
        await self._rest(self._idle, most_s=timedelta(hours=2).total_seconds())
        await self.app.stop()

    def said(self) -> list[int]:
        """The numbers of the pushes that stand in Slack, in the conversation."""
        return self._numbers([m for m in self.slack.messages(ALERTS) if m.thread_ts])

    def beside(self) -> list[int]:
        """The same in the channel that has them routed there."""
        return self._numbers(self.cards(OPS))

    def _numbers(self, messages: list[Message]) -> list[int]:
        words = [word for m in messages for word in m.words.split()]
        return [int(word.removeprefix("push-")) for word in words if word.startswith("push-")]


@pytest.fixture
async def killed(tmp_path: Path) -> AsyncIterator[Killed]:
    """Neighbours whose bot is a process."""
    world = Killed(tmp_path)
    await world.start()
    yield world
    await world.stop()


async def test_killed_while_two_hundred_pushes_arrive(killed: Killed):
    """Killed in the midst of them with Slack down, told all again by SmartHub, killed when Slack has a message and has
    not said so: whatever was acknowledged is in Slack once, in the end, and once where it is routed to."""
    killed.slack.down, killed.enough = True, 100
    await killed.bot.start()
    await killed.pour(range(PUSHES))
    await killed.bot.wait()
    first = len(killed.acknowledged)
    assert 100 <= first < PUSHES
    assert killed.said() == []

    def kill(change: Change) -> None:
        if change.kind == "message" and killed.said() and len(killed.acknowledged) >= first + 50:
            killed.bot.kill()

    killed.slack.space.watchers.append(kill)
    killed.slack.down, killed.enough = False, None
    await killed.bot.start()
    await killed.pour(range(PUSHES))
    await asyncio.wait_for(killed.bot.wait(), 20)
    killed.slack.space.watchers.remove(kill)
    assert killed.said() != []
    await killed.say_the_rest()

    for said in (killed.said(), killed.beside()):
        assert [number for number, count in Counter(said).items() if count > 1] == []
        assert set(killed.acknowledged) <= set(said)


def _section(name: str, table: dict[str, object] | list[dict[str, object]]) -> str:
    """A section of TOML, or several of one name; JSON writes strings, numbers and lists of them alike."""
    if isinstance(table, list):
        return "".join(_section(f"[{name}]", one) for one in table)
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]) + "\n"
