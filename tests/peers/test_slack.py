"""The real bot in a Slack that nobody here wrote: `emulate`, with the scopes of our manifest and no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from bot.clock import WallClock
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.simulator.process import BotProcess
from tests.peers.bots import SECRETS, bot, command_line
from tests.peers.workspace import ALERTS, APPROVALS, APPROVER, OPERATOR, STRANGER, Workspace, buttons, workspace

pytestmark = pytest.mark.peer


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """The simulator's SmartHub, at the time it is."""
    clock = WallClock()
    hub = Hub(key=SECRETS["SMARTHUB_API_KEY"], fleet=Fleet(40, clock.now), clock=clock)
    hub.announces = False
    await hub.start()
    yield hub
    await hub.stop()


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[Workspace]:
    """The Slack of somebody else."""
    async with workspace(tmp_path) as made:
        yield made


@pytest.fixture
async def process(slack: Workspace, hub: Hub) -> AsyncIterator[BotProcess]:
    """The real bot between the two."""
    async with bot(slack, smarthub=hub.base_url) as made:
        yield made


def says(words: str) -> Callable[[list[dict]], bool]:
    """Whether one of the messages says this."""
    return lambda messages: any(words in message["text"] for message in messages)


async def card_saying(slack: Workspace, words: str, channel: str = APPROVALS) -> dict:
    """The newest card in the channel, once it says this."""

    async def newest() -> dict:
        cards = await slack.messages(channel)
        return cards[-1] if cards else {}

    return await slack.until(newest, lambda card: words in card.get("text", ""))


async def test_asked_approved_and_done(slack: Workspace, hub: Hub, process: BotProcess):
    """A request becomes a card; approved it is done once, the card is redrawn, and its thread and asker hear of it."""
    giccid = hub.pick()

    said = await slack.say(f"suspend {giccid} because the site is closed", by=OPERATOR)
    card = await card_saying(slack, "Waiting for an approver")

    assert said["text"].startswith("Asked: #1 suspend")
    assert said["response_type"] == "ephemeral"
    assert buttons(card) == ["Approve", "Deny", "Withdraw"]
    assert hub.count("suspendSim") == 0

    await slack.press(APPROVALS, card, "Approve", by=APPROVER)
    done = await card_saying(slack, "Confirmed")

    assert done["ts"] == card["ts"]
    assert done["edited"]["user"]
    assert buttons(done) == []
    assert hub.count("suspendSim", giccid) == 1
    await slack.until(lambda: slack.thread(APPROVALS, card), says("Confirmed"))
    await slack.until(lambda: slack.told(OPERATOR), says("Confirmed"))
    assert slack.relay.refused() == []


async def test_denied_with_a_reason(slack: Workspace, hub: Hub, process: BotProcess):
    """Deny opens a modal that this Slack takes; with a reason in it the request is denied, and its asker told why."""
    await slack.say(f"suspend {hub.pick()}", by=OPERATOR)
    card = await card_saying(slack, "Waiting")

    await slack.press(APPROVALS, card, "Deny", by=APPROVER)

    async def opened() -> list[dict]:
        return slack.relay.said("views.open")

    view = (await slack.until(opened))[0]["view"]
    assert view["type"] == "modal"
    assert await slack.submit(view, {("why", "why"): "It is the wrong SIM."}, by=APPROVER) == ""
    denied = await card_saying(slack, "Denied")
    await slack.until(lambda: slack.told(OPERATOR), says("It is the wrong SIM."))

    assert buttons(denied) == []
    assert hub.count("suspendSim") == 0
    assert slack.relay.refused() == []


async def test_the_wrong_person_is_told(slack: Workspace, hub: Hub, process: BotProcess):
    """Whoever may not do it hears why, alone: by command at once, by button at the address Slack gives for it."""
    refused = await slack.say(f"suspend {hub.pick()}", by=STRANGER)
    await slack.say(f"suspend {hub.pick()}", by=OPERATOR)
    card = await card_saying(slack, "Waiting")

    await slack.press(APPROVALS, card, "Approve", by=OPERATOR)
    answer = await slack.answer()

    assert refused["response_type"] == answer["response_type"] == "ephemeral"
    assert refused["text"]
    assert answer["text"]
    assert answer["replace_original"] is False
    assert hub.count("suspendSim") == 0
    assert slack.relay.refused() == []


async def test_look_ups_and_the_home(slack: Workspace, hub: Hub, process: BotProcess):
    """A SIM's card, the help and the health are answered, and the Home is taken."""
    giccid = hub.pick()

    assert str(hub.sim(giccid)["custom1"] or giccid) in (await slack.say(giccid, by=OPERATOR))["text"]
    assert "/sim help" in (await slack.say("help", by=OPERATOR))["text"]
    assert "SmartHub" in (await slack.say("status", by=OPERATOR))["text"]
    await slack.open_home(by=OPERATOR)

    async def published() -> list[dict]:
        return slack.relay.said("views.publish")

    assert (await slack.until(published))[0]["view"]["type"] == "home"
    assert slack.relay.refused() == []


async def test_a_notification_reaches_its_channel(slack: Workspace, hub: Hub, process: BotProcess):
    """What SmartHub pushes is acknowledged and stands in the channel."""
    assert slack.line.events_url is not None
    url = slack.line.events_url.replace("/slack/events", f"/smarthub/{SECRETS['SMARTHUB_PUSH_SECRET']}/no-session")
    async with aiohttp.ClientSession() as session, session.post(url, data=hub.payload("no-session")) as response:
        assert response.status == 200

    async def cards() -> list[str]:
        return [m["text"] for m in await slack.messages(ALERTS) if m["text"].startswith("No session")]

    await slack.until(cards)
    assert slack.relay.refused() == []


async def test_a_lost_answer_posts_nothing_twice(slack: Workspace, hub: Hub, process: BotProcess):
    """When Slack's answer to a post is lost, the message is looked for and found, and stands there once."""
    slack.relay.lose_next("chat.postMessage")
    await slack.say(f"suspend {hub.pick()}", by=OPERATOR)
    card = await card_saying(slack, "Waiting")

    async def looked() -> list[dict]:
        return slack.relay.said("conversations.history")

    await slack.until(looked)
    await slack.press(APPROVALS, card, "Approve", by=APPROVER)
    done = await card_saying(slack, "Confirmed")

    assert done["ts"] == card["ts"]
    assert len(await slack.messages(APPROVALS)) == 1
    assert slack.relay.refused() == []


async def test_killed_and_started_again(slack: Workspace, hub: Hub, process: BotProcess):
    """A bot that was killed and started again redraws the card that stands there."""
    await slack.say(f"suspend {hub.pick()}", by=OPERATOR)
    card = await card_saying(slack, "Waiting")

    process.kill()
    await process.wait()
    await process.start()
    await slack.press(APPROVALS, card, "Approve", by=APPROVER)
    done = await card_saying(slack, "Confirmed")

    assert done["ts"] == card["ts"]
    assert len(await slack.messages(APPROVALS)) == 1
    assert hub.count("suspendSim") == 1


async def test_simops_check(slack: Workspace, hub: Hub):
    """`simops check` finds nothing wrong with what works, and says what is wrong where the bot was not invited."""
    code, said = await command_line(slack, "check", smarthub=hub.base_url)
    assert code == 0, said
    assert f"#{APPROVALS}" in said

    slack.channels[ALERTS] = slack.channels["general"]
    code, said = await command_line(slack, "check", smarthub=hub.base_url)

    assert code == 1
    assert "the bot is not in #general. Type /invite" in said
