"""A channel that takes nothing: all that is to be posted there stands in another one, whole, in order, and at work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.rules.outbox import Note
from bot.simulator.slack import Message
from tests.stories.jobs import SUSPEND
from tests.stories.test_outbox import calls as slack_calls
from tests.stories.test_outbox import passes, put, said, went
from tests.stories.test_routing import lose, mend
from tests.talk import ADMIN, ALERTS, APPROVALS, APPROVER, OPERATOR, OPS, OTHER_APPROVER, World, plain

CLOSED = ("expel", "archive")
FOLLOWS = "What waits for it follows here"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A bot whose alerts, notifications and conversations have another channel to go to than its requests."""
    world = World(tmp_path)
    world.settings = {"push": {"fallback_channel": OPS}}
    await world.start()
    yield world
    await world.stop()


def cards(world: World, channel: str = OPS) -> list[Message]:
    """The messages of the bot in a channel, beside the word that something follows."""
    return [card for card in world.cards(channel) if FOLLOWS not in card.words]


async def opens(world: World, channel: str, how: str) -> None:
    """The channel takes messages again, and the bot looks, beside what waits on."""
    await mend(world, channel, how)
    looking = await world.begin(world.app.schedule.run("channels"))
    await passes(world, minutes=2)
    assert looking.done()


async def filled_up(world: World, *, nth: int = 0) -> None:
    """A SIM has used nearly all it may, and is found."""
    world.hub.grow(world.hub.pick(nth=nth), fraction=0.97)
    await world.run("alerts")


@pytest.mark.parametrize("how", CLOSED)
async def test_a_request_at_night(world: World, how: str):
    """A request that cannot be posted where it belongs is decided in the other channel: it says for which it was
    meant, its card changes there, and that there is one is told before it. Who reads it there is not told it again."""
    lose(world, APPROVALS, how)

    await world.say(f"/sim suspend {world.hub.pick()}", by=OPERATOR)
    await passes(world, seconds=5)

    told = next(card for card in world.cards(OPS) if FOLLOWS in card.words)
    [card] = cards(world)
    assert told.ts < card.ts
    assert "requests: 1" in told.text
    assert f"Meant for <#{APPROVALS}>" in plain(card)
    await world.press(card, "Approve", by=OTHER_APPROVER)
    assert world.hub.count("suspendSim") == 1
    assert "the SIM reads suspended now" in world.now(card)
    assert "Meant for" in world.now(card)
    assert [words for words in world.told(OPERATOR) if "Confirmed" in words] == []
    assert cards(world, APPROVALS) == []
    assert len([words for words in world.told(ADMIN) if "I cannot post in" in words]) == 1


async def test_what_is_new_goes_there_at_once(world: World):
    """Once a channel is known to take nothing, nothing new is tried there, and none of it waits."""
    lose(world, APPROVALS, "expel")
    await world.say(f"/sim suspend {world.hub.pick()}", by=OPERATOR)
    await passes(world, seconds=5)
    tried = len(slack_calls(world, channel=APPROVALS))

    for nth in (1, 2):
        await world.say(f"/sim suspend {world.hub.pick(nth=nth)}", by=OPERATOR)
    await passes(world, minutes=10)

    assert len(cards(world)) == 3
    assert OPS in world.heard(OPERATOR)
    assert len(slack_calls(world, channel=APPROVALS)) == tried == 1
    assert world.app.troubles() == []
    assert sum(FOLLOWS in card.words for card in world.cards(OPS)) == 1
    assert world.app.store.outbox.depth() == 0


async def test_when_it_is_open_again(world: World):
    """What was moved changes where it stands, with what is said under it; what is new is where it belongs again."""
    lose(world, APPROVALS, "expel")
    await world.say(f"/sim suspend {world.hub.pick()}", by=OPERATOR)
    await passes(world, seconds=5)
    [card] = cards(world)

    await mend(world, APPROVALS, "expel")
    await world.run("channels")
    await world.say(f"/sim suspend {world.hub.pick(nth=1)}", by=OPERATOR)
    await world.press(card, "Deny", by=APPROVER)
    await world.submit({"why": "no"}, by=APPROVER)
    await passes(world, seconds=5)

    assert "denied" in world.now(card).lower()
    assert len(cards(world)) == 1
    assert len(cards(world, APPROVALS)) == 1


async def test_in_order(world: World):
    """Notes that waited arrive in their order, each once, and those that come meanwhile behind them."""
    lose(world, ALERTS, "archive")
    await put(world, *(Note(ALERTS, f"note {n}") for n in range(9)))
    await passes(world, seconds=3)
    await put(world, *(Note(ALERTS, f"note {n}") for n in range(9, 12)))
    await passes(world, minutes=2)

    assert [text.splitlines()[0] for text in said(world)[1:]] == [f"note {n}" for n in range(12)]
    assert all(f"Meant for <#{ALERTS}>" in text for text in said(world)[1:])
    assert went(slack_calls(world, channel=ALERTS)) == []


async def test_an_alert_and_what_is_said_under_it(world: World):
    """The announcement of an alert stands in the other channel, the reminder of it under it there."""
    world.settings["alerts"] = {"remind_after": "1h"}
    await world.restart()
    lose(world, ALERTS, "expel")
    await filled_up(world)
    await passes(world, seconds=5)
    [card] = cards(world)
    await passes(world, hours=1)
    await world.run("snoozes")
    await passes(world, seconds=5)

    assert len(world.thread(card)) == 1
    assert "97 %" in card.words
    assert len(cards(world)) == 1


async def test_a_reminder_of_a_card_in_the_closed_channel(world: World):
    """What is said under a card that nobody sees stands in the other channel under the same card, posted anew."""
    world.settings["alerts"] = {"remind_after": "1h"}
    await world.restart()
    await filled_up(world)
    before = world.card(ALERTS)
    lose(world, ALERTS, "expel")
    await passes(world, hours=1)
    await world.run("snoozes")
    await passes(world, minutes=2)

    [card] = cards(world)
    assert card.buttons == before.buttons
    assert len(world.thread(card)) == 1
    await world.press(card, "Acknowledge", by=OPERATOR)
    assert "acknowledged" in world.now(card).lower()


async def test_only_an_edit_waits(world: World):
    """A card that stands in the closed channel is not posted elsewhere because it changes: it changes when it can."""
    await filled_up(world)
    card = world.card(ALERTS)
    lose(world, ALERTS, "archive")
    acknowledging = await world.begin(world.slack.press(card, "Acknowledge", by=OPERATOR))
    await passes(world, minutes=3)
    assert acknowledging.done()
    assert cards(world) == []
    assert world.app.store.outbox.depth() == 1

    await opens(world, ALERTS, "archive")

    assert "acknowledged" in world.now(card).lower()


async def test_a_conversation_goes_on(world: World):
    """An SMS for a closed channel begins its conversation in the other one: what is written there is sent, and what
    becomes of it stands there, also for a conversation that stood in the closed channel before."""
    giccid = world.hub.pick()
    await world.push("mo-sms", giccid, messageText="first")
    old = world.card(ALERTS)
    lose(world, ALERTS, "expel")
    await world.push("mo-sms", giccid, messageText="BATT LOW")
    await passes(world, minutes=2)

    [begun] = cards(world)
    assert begun.ts != old.ts
    assert [("BATT LOW" in words) for words in world.thread(begun)] == [True]
    await world.through(world.slack.say("reboot", by=OPERATOR, channel=OPS, thread_ts=begun.ts))
    question = world.slack.thread(begun)[-1]
    await world.press(question, "Send", by=OPERATOR)
    await passes(world, minutes=2)

    assert world.hub.count("sendSms") == 1
    assert "reboot" in world.now(question)
    assert "Send" not in world.slack.thread(begun)[-1].buttons
    await world.push("mo-sms", giccid, messageText="thanks")
    await passes(world, seconds=5)
    assert "thanks" in world.slack.thread(begun)[-1].words
    assert len(cards(world)) == 1


async def test_a_job(world: World):
    """A job whose channel is closed reports in the other one."""
    lose(world, APPROVALS, "archive")
    sims = [world.hub.sim(world.hub.pick(nth=n)) for n in (8, 9)]
    rows = [(str(sim["giccid"]), str(sim["custom1"]), "active", str(sim["servicePackage"])) for sim in sims]
    await world.through(world.app.flows.jobs.start(1, SUSPEND, 2, OPERATOR, rows, canary=0, stop_at_percent=100))
    await passes(world, minutes=2)
    await world.run("jobs")
    await passes(world, minutes=2)
    await world.run("jobs")
    await passes(world, minutes=2)

    [card] = [card for card in cards(world) if "Job #1" in card.words]
    assert "2 confirmed" in card.words
    assert world.slack.messages(APPROVALS) == []


async def test_where_the_other_channel_is_closed_too(world: World):
    """While the other channel takes nothing either, all waits; the first that opens gets what is its own, in order."""
    lose(world, OPS, "expel")
    await put(world, Note(OPS, "for the other"))
    await passes(world, seconds=3)
    lose(world, ALERTS, "expel")
    await put(world, *(Note(ALERTS, f"note {n}") for n in range(3)))
    await passes(world, minutes=3)
    assert world.app.store.outbox.depth() == 4

    await opens(world, ALERTS, "expel")

    assert said(world, ALERTS) == [f"note {n}" for n in range(3)]
    assert said(world, OPS) == []


async def test_what_waits_in_the_other_one_goes_home(world: World):
    """What moved to a channel that was closed in its turn is posted where it belongs, when that is open before."""
    lose(world, ALERTS, "expel")
    await put(world, Note(ALERTS, "first"))
    await passes(world, seconds=3)
    lose(world, OPS, "expel")
    await put(world, *(Note(ALERTS, f"note {n}") for n in range(3)))
    await passes(world, minutes=3)
    assert world.app.store.outbox.depth() == 3

    await opens(world, ALERTS, "expel")

    assert said(world, ALERTS) == [f"note {n}" for n in range(3)]
    assert world.app.store.outbox.depth() == 0
