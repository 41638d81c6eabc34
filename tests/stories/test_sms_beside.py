"""SMS beside their conversations: the channels that have subscribed them get a card for each, and no other does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.rules.events import Fate
from tests.talk import ALERTS, OPERATOR, OPS, World, plain


async def sms(world: World, text: str = "BATT LOW", **fields: object) -> None:
    """A device sends one."""
    await world.push("mo-sms", world.hub.pick(), messageText=text, **fields)


def stands(world: World) -> tuple[int, int]:
    """How many cards stand in the channel that subscribed, beside the test message, and in that of conversations."""
    return len(world.cards(OPS)) - 1, len(world.cards(ALERTS))


@pytest.mark.parametrize(
    ("wanted", "count"),
    [("mo-sms", 1), ("all", 1), ("all account:ACCOUNT", 1), ("mo-sms account:nobody", 0), ("no-session", 0),
     ("mo-sms severity:high", 0)],
)  # fmt: skip
async def test_who_has_subscribed_gets_a_card(world: World, wanted: str, count: int):
    """An SMS that fits stands as a card in the channel that has subscribed it, with its words and where its
    conversation is; it is in the conversation in any case, and has no card of its own in the channel of that."""
    await world.run("alerts")
    account = world.hub.sim(world.hub.pick())["accountName"]
    await world.say(f"/sim subscribe {wanted.replace('ACCOUNT', str(account))}", by=OPERATOR)

    await sms(world)

    assert stands(world) == (count, 1)
    assert ["BATT LOW" in words for words in world.thread(world.card(ALERTS))] == [True]
    if count:
        assert "BATT LOW" in world.card(OPS).words
        assert f"in the thread of the SIM in <#{ALERTS}>" in plain(world.card(OPS))
        assert "Send SMS …" in world.card(OPS).buttons


async def test_not_twice_in_one_channel(world: World):
    """The channel of the conversations, and one to which a word of it leads, have it already."""
    world.settings["sms"] = {"keywords": [{"channel": OPS, "words": ["fire"]}]}
    await world.restart()
    await world.say("/sim subscribe mo-sms", by=OPERATOR)
    await world.say("/sim subscribe mo-sms", by=OPERATOR, channel=ALERTS)
    await sms(world, "all well")
    assert stands(world) == (1, 2)

    await sms(world, "fire in the pump")

    assert stands(world) == (2, 2)
    assert "because of" in world.card(OPS).words


async def of_ours(world: World) -> None:
    """An SMS of ours, and then the report that it has arrived."""
    await world.say(f"/sim sms {world.hub.pick()} reboot", by=OPERATOR)
    await world.push("mt-sms-status", world.hub.pick(), smsMsgId="sms-000001", status="DELIVERED")


async def before_it_is_known(world: World) -> None:
    """The report of an SMS whose number nobody knows yet, and then that."""
    await world.push("mt-sms-status", world.hub.pick(), smsMsgId="sms-000001", status="DELIVERED")
    assert stands(world)[0] == 0
    await world.say(f"/sim sms {world.hub.pick()} reboot", by=OPERATOR)


@pytest.mark.parametrize("happens", [of_ours, before_it_is_known])
async def test_a_report_on_an_sms_of_ours(world: World, happens: Callable[[World], Awaitable[None]]):
    """What became of an SMS of ours has a card where that is subscribed, whichever is here first."""
    await world.say("/sim subscribe mt-sms-status", by=OPERATOR)

    await happens(world)

    assert stands(world) == (1, 1)
    assert "delivered" in world.card(OPS).words
    assert "✓✓" in world.thread(world.card(ALERTS))[-1]


async def test_the_same_sms_again(world: World):
    """SmartHub tells the same SMS again under another number of its own: it is one, and has one card."""
    await world.say("/sim subscribe mo-sms", by=OPERATOR)

    for number in (1, 2):
        await sms(world, eventId=f"evt-{number}", smsMsgId="one")

    assert stands(world) == (1, 1)
    assert [world.app.store.events.get(n).fate for n in (1, 2)] == [Fate.SMS, Fate.SMS]


async def test_sorted_once(world: World):
    """An SMS that was on disk and not sorted when the bot ended is in its conversation once, and on its card once."""
    await world.say("/sim subscribe mo-sms", by=OPERATOR)
    await sms(world)
    assert world.app.store.sorting.waiting() == 0
    await world.restart()
    await world.quiet()
    assert stands(world) == (1, 1)

    await sms(world, "second")

    assert stands(world) == (2, 1)
    assert len(world.thread(world.card(ALERTS))) == 2
    assert sum(hour.count for hour in world.app.store.rhythm.hours(since=world.clock.now().replace(year=2000))) == 2


async def test_planned_work_holds_the_card_alone(world: World):
    """What planned work holds is in its conversation, has no card, and is counted."""
    await world.say("/sim subscribe mo-sms", by=OPERATOR)
    await world.say("/sim mute mo-sms 2h", by=OPERATOR)

    await sms(world)

    assert stands(world) == (0, 1)
    assert world.app.store.mutes.counts(1) == {"mo-sms": 1}


async def test_the_way_of_it(world: World):
    """The way of one says that it is in the conversation, and where its card is."""
    await world.say("/sim subscribe mo-sms", by=OPERATOR)
    await sms(world)

    said = (await world.say("/sim event 1", by=OPERATOR)).reply

    assert said is not None
    assert "in the conversation with the SIM, and on the card of incident 1" in said.words
    assert "in Slack" in said.words
