"""Socket Mode: the same stories over a connection that the bot opens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.talk import APPROVER, World


@pytest.fixture
async def wired(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose bot has an app token and no signing secret."""
    world = World(tmp_path, socket=True)
    await world.start()
    try:
        await world.quiet()
        assert world.slack.socket_mode.connected()
        yield world
    finally:
        await world.stop()


async def test_a_change_over_the_socket(wired: World) -> None:
    """A command, a press and the change they lead to work without a public address."""
    sim = wired.hub.pick()

    await wired.say(f"/sim suspend {sim} because stolen")
    await wired.press(wired.card(), "Approve", by=APPROVER)

    assert "Confirmed" in wired.card().words
    assert wired.hub.count("suspendSim", sim) == 1


async def test_signed_requests_are_not_taken_beside_the_socket(wired: World) -> None:
    """With a socket there is no `/slack/events` that a forged request could be sent to."""
    status, _ = await wired.slack.deliver(b"command=%2Fsim", content_type="application/x-www-form-urlencoded")

    assert status == 404


async def test_a_socket_that_stays_silent_ends_the_bot(wired: World) -> None:
    """While Slack answers and the socket stays away for two minutes, the bot gives up, to be started again."""
    assert wired.app.troubles() == []
    await wired.slack.socket_mode.cut()
    await wired.quiet()

    for _ in range(4):
        assert not wired.app.gave_up.is_set()
        await wired.app.schedule.run("socket")

    assert wired.app.troubles() == ["The socket to Slack is not connected."]
    assert wired.app.gave_up.is_set()


async def test_while_slack_is_away_the_bot_stays(wired: World) -> None:
    """When Slack itself does not answer, a new process would not help, and SmartHub's notifications go on coming in."""
    await wired.slack.stop()

    for _ in range(10):
        await wired.app.schedule.run("socket")

    assert not wired.app.gave_up.is_set()
    assert await wired.hub.push("imei-change") == 200
    await wired.slack.start()
