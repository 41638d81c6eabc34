"""Who gets which notifications: subscribed by typing, routed by the configuration, and never lost with a channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stories.test_outbox import passes
from tests.talk import ADMIN, ALERTS, APPROVALS, OPERATOR, OPS, OTHER_OPERATOR, VIEWER, World


async def known(world: World) -> str:
    """The first SIM at work, which the snapshot knows."""
    await world.run("alerts")
    return str(world.hub.pick())


def heads(world: World, channel: str) -> list[str]:
    """The first line of each card in a channel."""
    return [card.text.splitlines()[0] for card in world.cards(channel)]


async def test_a_channel_is_subscribed(world: World):
    """Who subscribes a channel reads so, a test message with their name stands there, and what fits follows it."""
    giccid = await known(world)
    await world.say("/sim subscribe no-session severity:medium", by=OPERATOR)
    assert "A test message is on its way" in world.heard(OPERATOR)
    [test] = world.cards(OPS)
    assert f"<@{OPERATOR}> has subscribed this channel" in test.text
    assert "no-session severity:medium" in test.words

    await world.push("no-session", giccid)
    await world.push("imei-change", giccid)

    assert [head.partition(":")[0] for head in heads(world, OPS)[1:]] == ["No session for long"]
    assert [head.partition(":")[0] for head in heads(world, ALERTS)] == ["The device behind a SIM changed"]
    assert world.deeds() == [(OPERATOR, "subscribed")]


async def test_the_account_decides(world: World):
    """With a filter a channel gets what is of that account, plan and country alone, with its SIM looked up."""
    giccid = await known(world)
    sim = world.hub.sim(giccid)
    await world.say(f'/sim subscribe all account:"{sim["accountName"]}" plan:{sim["servicePackage"]}', by=OPERATOR)
    await world.say("/sim subscribe all account:nobody", by=OTHER_OPERATOR, channel=APPROVALS)

    await world.push("no-session", giccid)

    assert len(world.cards(OPS)) == 2
    assert len(world.cards(APPROVALS)) == 1
    assert world.cards(ALERTS) == []


async def test_subscriptions_are_listed_tried_and_ended(world: World):
    """The list says what and by whom; a test goes where it says; an ended one gets nothing more."""
    await world.say("/sim subscribe imei-change", by=OPERATOR)
    said = (await world.say("/sim subscriptions", by=VIEWER)).reply
    assert said is not None
    assert "imei-change" in said.words
    assert f"<@{OPERATOR}>" in said.text
    await world.say("/sim subscriptions test 1", by=OPERATOR)
    assert world.cards(OPS)[-1].text.startswith("Test of subscription 1")

    await world.say("/sim unsubscribe 1", by=OPERATOR)
    await world.push("imei-change")

    assert len(world.cards(OPS)) == 2
    assert len(world.cards(ALERTS)) == 1
    assert world.deeds() == [(OPERATOR, "subscribed"), (OPERATOR, "unsubscribed")]


@pytest.mark.parametrize(
    ("text", "by", "says"),
    [
        ("subscribe", OPERATOR, "Write which notifications"),
        ("subscribe nonsense", OPERATOR, "is no notification"),
        ("subscribe all", VIEWER, "you have to be an operator"),
        ("unsubscribe", OPERATOR, "Write the number"),
        ("unsubscribe 7", OPERATOR, "There is no subscription 7"),
        ("subscriptions test 7", OPERATOR, "There is no subscription 7"),
    ],
)
async def test_what_is_refused(world: World, text: str, by: str, says: str):
    """A mistake is told in words, and nothing is stored."""
    await world.say(f"/sim {text}", by=by)

    assert says in world.heard(by)
    assert world.deeds() == []


async def test_a_channel_without_the_bot_is_told_to_invite_it(world: World):
    """Where the bot is not, nobody can subscribe: the answer says to invite it."""
    world.slack.expel(OPS)

    await world.say("/sim subscribe all", by=OPERATOR)

    assert "/invite @simops" in world.heard(OPERATOR)
    assert world.app.store.routes.all() == ()


@pytest.fixture
async def routed(tmp_path: Path) -> AsyncIterator[World]:
    """A bot with a route in its configuration."""
    world = World(tmp_path)
    world.routes = [{"name": "devices", "channel": OPS, "events": ["imei-change"]}]
    await world.start()
    yield world
    await world.stop()


async def test_routes_of_the_configuration(routed: World):
    """A route of the configuration gets what fits, is listed by its name, can be tried, and is not ended by typing."""
    await routed.push("imei-change")
    await routed.push("no-session")
    assert (len(routed.cards(OPS)), len(routed.cards(ALERTS))) == (1, 1)

    said = (await routed.say("/sim subscriptions", by=VIEWER)).reply
    assert said is not None
    assert "“devices”" in said.words
    await routed.say("/sim subscriptions test devices", by=OPERATOR)
    assert "Test of the route “devices”" in routed.cards(OPS)[-1].text
    await routed.say("/sim unsubscribe devices", by=OPERATOR)
    assert "stands in the configuration" in routed.heard(OPERATOR)


# --- channels that take nothing ---


@pytest.mark.parametrize(("gone", "says"), [("expel", "/invite @simops"), ("archive", "archived")])
async def test_a_channel_that_takes_nothing(routed: World, gone: str, says: str):
    """What is meant for a channel without the bot, or an archived one, stands in the other channel; admins hear once
    how to mend it; when it is mended, what comes goes there again."""
    lose(routed, OPS, gone)
    for n in range(3):
        await routed.push("imei-change", n)
    await passes(routed, seconds=5)

    assert [head.startswith("I cannot post in") for head in heads(routed, ALERTS)] == [True, False, False, False]
    [told] = routed.told(ADMIN)
    assert "I cannot post in" in told
    assert says in told

    await mend(routed, OPS, gone)
    await routed.run("channels")
    await routed.push("imei-change", 3)

    assert len(routed.cards(OPS)) == 1
    assert len(routed.cards(ALERTS)) == 4
    assert len(routed.told(ADMIN)) == 2
    assert "again" in routed.told(ADMIN)[-1]


async def test_the_card_in_a_closed_channel_catches_up(routed: World):
    """What changed on a card while its channel was closed is drawn when that is open again."""
    await routed.push("imei-change", 1)
    lose(routed, OPS, "expel")
    await routed.push("imei-change", 1)
    await passes(routed, seconds=5)

    await mend(routed, OPS, "expel")
    await routed.run("channels")
    await routed.quiet()

    assert "2 times since" in routed.card(OPS).words
    assert len(routed.cards(ALERTS)) == 0


def lose(world: World, channel: str, how: str) -> None:
    """The bot is put out of the channel, or that is archived."""
    if how == "expel":
        world.slack.expel(channel)
    else:
        world.slack.space.channels[channel] = replace(world.slack.space.channels[channel], archived=True)


async def mend(world: World, channel: str, how: str) -> None:
    """The opposite."""
    if how == "expel":
        await world.slack.invite(channel)
    else:
        world.slack.space.channels[channel] = replace(world.slack.space.channels[channel], archived=False)
