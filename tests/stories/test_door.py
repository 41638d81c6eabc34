"""The door for notifications: who is let in, behind a proxy too, and what a flood of forged requests costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import App
from bot.config import Config
from tests.handlers.test_health import figures
from tests.stories.test_pushes import address, post, stored
from tests.talk import ENVIRON, World

WORD, OLD_WORD = "test-header-word-01", "test-header-word-02"


class Guarded(World):
    """A bot with a header to check, whose word is just being changed."""

    async def start_bot(self) -> None:
        """Starts it with both words."""
        environ = ENVIRON | (
            {"SMARTHUB_PUSH_HEADER": f"{WORD},{OLD_WORD}"} if "header" in self.settings["push"] else {}
        )
        self.app = App(Config.of(self.table(), environ), clock=self.clock)
        await self.app.start(timed=False)


@pytest.fixture
async def guarded(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A bot with these settings under [push]."""
    world = Guarded(tmp_path)
    world.settings["push"] = request.param
    await world.start()
    yield world
    await world.stop()


def with_push(**settings: Any) -> pytest.MarkDecorator:
    """These settings under [push]."""
    return pytest.mark.parametrize("guarded", [settings], indirect=True)


async def send(world: World, *, n: int = 0, **headers: str) -> int:
    """The status of the answer to a notification with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await post(address(world, "mo-sms"), {"giccid": "1", "eventId": str(n)}, headers=named))[0]


@with_push(header="X-Push-Token")
async def test_a_header_has_to_hold_the_word(guarded: World):
    """Without the header, or with another word, there is nothing there; the new word and the old one are let in."""
    assert await send(guarded) == 404
    assert await send(guarded, X_Push_Token="test-header-word-03") == 404
    assert await send(guarded, X_Push_Token=WORD, n=1) == 200
    assert await send(guarded, X_Push_Token=OLD_WORD, n=2) == 200
    await guarded.quiet()
    assert len(stored(guarded)) == 2


@with_push(sources=["203.0.113.0/24"])
async def test_from_elsewhere_there_is_nothing(guarded: World):
    """Whoever is in none of the ranges finds nothing, whatever they say of themselves."""
    assert await send(guarded) == 404
    assert await send(guarded, X_Forwarded_For="203.0.113.7") == 404
    assert stored(guarded) == []


@with_push(sources=["203.0.113.0/24"], proxies=["127.0.0.0/8"])
async def test_behind_a_proxy(guarded: World):
    """A proxy of ours says where a request comes from; what its sender wrote in front of that counts for nothing."""
    assert await send(guarded, X_Forwarded_For="203.0.113.7") == 200
    assert await send(guarded, X_Forwarded_For="203.0.113.7, 198.51.100.1") == 404
    assert await send(guarded) == 404
    await guarded.quiet()
    assert len(stored(guarded)) == 1


@with_push(proxies=["127.0.0.0/8"], forwarded_header="CF-Connecting-IP", rate_per_source=2)
async def test_each_source_has_its_rate(guarded: World):
    """Who sends more than so many a second is told 429; others are served, and in the next second so are they."""
    statuses = [await send(guarded, n=n, CF_Connecting_IP="203.0.113.7") for n in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert await send(guarded, n=9, CF_Connecting_IP="203.0.113.8") == 200

    await guarded.later(seconds=1)
    assert await send(guarded, n=10, CF_Connecting_IP="203.0.113.7") == 200
    await guarded.quiet()
    assert len(stored(guarded)) == 4


@with_push(read_within="1s")
async def test_who_takes_too_long_is_let_go(guarded: World):
    """A body that does not come within the time of the setting is answered 408, and nothing of it is stored."""
    head = f"POST {address(guarded, 'mo-sms').partition(str(guarded.app.port))[2]} HTTP/1.1\r\nHost: x\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", guarded.app.port)
    writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    await writer.drain()

    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 408 ")
    writer.close()
    await writer.wait_closed()
    assert stored(guarded) == []


@with_push(json_depth=4)
async def test_what_is_nested_too_deep_is_kept_and_not_read(guarded: World):
    """JSON deeper than the setting is acknowledged and shown as it came; what is as deep is read."""
    for n, depth in enumerate((3, 4)):
        body = b'{"giccid": "1", "eventId": "%d", "x": %s}' % (n, b"[" * depth + b"]" * depth)
        assert (await post(address(guarded, "mo-sms"), body))[0] == 200
    await guarded.quiet()

    flaws = [row["flaw"] for row in stored(guarded)]
    assert flaws == [None, "It is nested deeper than 4 levels, so it was not read."]


async def test_a_forged_flood_costs_no_disk(world: World, capsys: pytest.CaptureFixture[str]):
    """Hundreds of requests with wrong secrets write nothing to the store and one line to the log; they are counted."""
    pages = sum(path.stat().st_size for path in world.folder.iterdir())
    async with aiohttp.ClientSession() as session:
        for n in range(300):
            async with session.post(address(world, "mo-sms", f"forged-{n}"), data=b"x" * 1000) as response:
                assert response.status == 404

    assert sum(path.stat().st_size for path in world.folder.iterdir()) == pages
    assert capsys.readouterr().out.count("pushes_turned_away") == 1
    assert (await figures(world))["simops_pushes_refused_total"] == 300


async def test_the_age_of_what_is_not_sent(world: World):
    """How old the oldest notification is that has not reached Slack can be read from the figures."""
    world.slack.down = True
    await world.hub.push("no-session")
    await world._still()
    await world.clock.advance(90)

    assert (await figures(world))["simops_pushes_unsent_oldest_seconds"] == 90
    world.slack.down = False
    await world.quiet()
    assert (await figures(world))["simops_pushes_unsent_oldest_seconds"] == 0
