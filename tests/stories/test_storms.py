"""Much at once: pushes, alerts, commands and clicks together, with Slack and SmartHub having a bad day."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.rules.events import EVENTS
from bot.simulator.slack import Call
from bot.smarthub.contract import ENDPOINTS
from tests.talk import ALERTS, OPERATOR, OPS, VIEWER, World

CHANGES = [endpoint.name for endpoint in ENDPOINTS if endpoint.changes]


def numbers(world: World) -> list[str]:
    """The text of each SMS that stands in the thread of its SIM, in the order of time."""
    threads = (m for m in world.slack.messages(ALERTS) if m.bot and m.thread_ts not in (None, m.ts))
    return [word for message in threads for word in message.words.split() if word.startswith("storm-")]


def quickest(calls: list[Call], channel: str) -> float:
    """The shortest time between two messages that Slack took in a channel, in seconds, after a burst of three."""
    at = [c.at for c in calls if c.method == "chat.postMessage" and c.error is None and c.args["channel"] == channel]
    return min(((b - a).total_seconds() for a, b in pairwise(at[2:])), default=99.0)


async def rest(world: World, **length: float) -> None:
    """Returns when all that waits is in Slack, with as much time as that takes."""
    await world._rest(world._idle, most_s=timedelta(**length).total_seconds())


async def test_a_hundred_pushes_at_once(world: World):
    """A hundred in a moment are all acknowledged, and all stand in the channel, in order, at Slack's pace."""
    world.slack.strict_rate = True
    bodies = [world.hub.payload("mo-sms", messageText=f"storm-{n:03d}") for n in range(100)]

    answers = await asyncio.gather(*(world.hub.push_raw("mo-sms", body) for body in bodies))
    order = [row[0] for row in world.app.store.disk.reader.execute("SELECT facts FROM events ORDER BY id")]
    await rest(world, minutes=10)

    assert answers == [200] * 100
    said = numbers(world)
    assert len(world.cards(ALERTS)) == 1
    assert sorted(said) == [f"storm-{n:03d}" for n in range(100)]
    assert [f'"{word}"' in facts for word, facts in zip(said, order, strict=True)] == [True] * 100
    assert quickest(world.slack.calls, ALERTS) >= 1.0
    assert [c.error for c in world.slack.calls if c.error] == []


async def test_commands_are_answered_in_the_middle_of_a_storm(world: World):
    """While dozens of messages wait for Slack, a command is answered at once and a direct channel is free."""
    for n in range(60):
        await world.hub.push("mo-sms", messageText=f"storm-{n}")
    assert world.app.store.outbox.depth() > 50

    delivery = await world.begin(world.slack.say("/sim status", by=VIEWER, channel=OPS))
    await world._still()

    # Not a moment of the held time has passed: the answer waited for nothing.
    assert delivery.done()
    assert (await delivery).ok
    await rest(world, minutes=10)


async def test_every_sim_alarms_at_once(world: World):
    """When the whole fleet passes limits, each rule and account has one card, and the next checks are quiet."""
    world.slack.strict_rate = True
    for n in range(40):
        world.hub.change(n, status="ACTIVATED")
        world.hub.grow(n, fraction=0.96)
        world.hub.expire_in(n, 0.5)
    await world.run("alerts")
    await world.run("alerts")

    assert Counter("quota" in card.words.splitlines()[0] for card in world.cards(ALERTS)) == {True: 4, False: 4}
    assert world.app.store.alerts.count_live() == 80
    calls = len(world.slack.calls)
    await world.run("alerts")
    assert len(world.slack.calls) == calls


async def test_fifty_clicks_at_once(world: World):
    """Fifty presses of one button, with Slack busy: one deed, one card, and everybody is answered."""
    world.hub.grow(world.hub.pick(), fraction=0.9)
    await world.run("alerts")
    card = world.card(ALERTS)
    world.slack.busy(3, retry_after=2)

    done = await world.through(
        asyncio.gather(*(world.slack.press(card, "Acknowledge", by=OPERATOR, stale=True) for _ in range(50)))
    )

    assert {delivery.ok for delivery in done} == {True}
    assert world.deeds() == [(OPERATOR, "acknowledged")]
    told = [m for m in world.slack.seen(by=OPERATOR, channel=ALERTS) if m.ephemeral_to == OPERATOR]
    assert len(told) == 49
    assert "Acknowledged" in world.card(ALERTS).words
    assert len(world.cards(ALERTS)) == 1


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_a_bad_day(world: World, seed: int):
    """Pushes and alerts through busy, lost, refused and absent Slack, with restarts: each fact once, in order."""
    chance = random.Random(seed)  # noqa: S311 - what goes wrong when is no secret
    sent = 0
    for _ in range(60):
        what = chance.choice(["push", "push", "push", "wait", "wait", "slack", "slack", "restart", "check"])
        if what == "push":
            assert await world.hub.push("mo-sms", messageText=f"storm-{sent:03d}") == 200
            sent += 1
        elif what == "wait":
            await _pass(world, chance.uniform(0.1, 20))
        elif what == "slack":
            await _moody(world, chance)
        elif what == "restart":
            await world.restart()
        else:
            world.hub.grow(chance.randrange(5), fraction=chance.choice([0.1, 0.85, 0.97]))
            await asyncio.gather(world.app.schedule.run("alerts"), world.app.schedule.run("alerts"))
    world.slack.down = False
    await world.slack.invite(ALERTS)
    await rest(world, hours=2)

    assert numbers(world) == [f"storm-{n:03d}" for n in range(sent)]
    alerts = world.app.store.disk.reader.execute("SELECT count(*) FROM alerts").fetchone()[0]
    assert len(world.cards(ALERTS)) == (1 if sent else 0) + alerts
    assert sum(world.hub.count(name) for name in CHANGES) == 0


async def test_all_nine_in_one_storm(world: World):
    """All nine kinds, from several SIMs, twice each: every one stands there once, none is lost. Of SMS there is the
    conversation with each SIM, and the reports that nobody waits for are shown a minute later."""
    bodies = [(event, world.hub.payload(event, n)) for event in EVENTS for n in range(4)]

    for _ in range(2):
        answers = await asyncio.gather(*(world.hub.push_raw(event, body) for event, body in bodies))
        assert answers == [200] * 36
    await rest(world, minutes=5)
    await world.later(minutes=1)
    await world.run("sms")
    await rest(world, minutes=5)

    assert len(world.cards(ALERTS)) == 36
    expected = Counter("💬 SMS" if event == "mo-sms" else EVENTS[event] for event, _ in bodies)
    kinds = ["💬 SMS: ", *EVENTS.values()]
    assert expected == Counter(
        next(words.rstrip(": ") for words in kinds if words in card.words) for card in world.cards(ALERTS)
    )
    assert sum(m.words.startswith("💬 ") and m.thread_ts not in (None, m.ts) for m in world.slack.messages(ALERTS)) == 4


async def _moody(world: World, chance: random.Random) -> None:
    """Slack becomes worse, or better."""
    match chance.choice(["busy", "lose", "lose", "down", "up", "expel"]):
        case "busy":
            world.slack.busy(1, retry_after=chance.randint(1, 20), method="chat.postMessage")
        case "lose":
            world.slack.lose_next(chance.choice(["chat.postMessage", "chat.update"]))
        case "down":
            world.slack.down = True
        case "expel":
            world.slack.expel(ALERTS)
        case "up":
            world.slack.down = False
            await world.slack.invite(ALERTS)


async def _pass(world: World, seconds: float) -> None:
    """That much time passes, and the bot does at each moment what it can."""
    end = world.clock.now() + timedelta(seconds=seconds)
    await world._still()
    while (waking := world.clock.next_waking()) is not None and waking <= end:
        await world.clock.advance((waking - world.clock.now()).total_seconds())
        await world._still()
    await world.clock.advance((end - world.clock.now()).total_seconds())
