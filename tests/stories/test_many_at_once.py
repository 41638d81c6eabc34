"""Storms: many SIMs to which the same happens are one card; nothing is lost, and nobody is flooded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.flows.pushes import Settings, Sorter
from bot.rules.events import Push
from bot.rules.routes import About
from bot.simulator.clock import HeldClock
from bot.simulator.slack import Message
from bot.store import Store
from bot.store.judging import Limits, Seams, Verdict
from tests.stories.test_storms import rest
from tests.talk import ALERTS, APPROVALS, OPERATOR, OPS, START, VIEWER, World, plain

MANY = 2_000  # ./run bench push does it with ten thousand


async def storm(world: World, event: str, sims: int, **fields: object) -> None:
    """The same happens to so many SIMs at once."""
    bodies = [world.hub.payload(event, n, **fields) for n in range(sims)]
    await asyncio.gather(*(world.hub.push_raw(event, body) for body in bodies))


def posts(world: World, channel: str = ALERTS) -> int:
    """How many messages were posted in a channel."""
    calls = (c for c in world.slack.calls if c.method == "chat.postMessage" and c.error is None)
    return sum(1 for call in calls if call.args["channel"] == channel)


def the_storm(world: World, channel: str = ALERTS) -> Message:
    """The card of many SIMs."""
    [card] = [card for card in world.cards(channel) if " SIMs" in card.text.splitlines()[0]]
    return card


async def test_thousands_in_a_moment(world: World):
    """Thousands of SIMs at once: every push is on disk and acknowledged, each SIM is counted once, and the channel has
    a handful of messages."""
    pushes = [
        Push("no-session", f"id:{n}", b"{}", giccid=f"8949212600{n:09d}", account=f"a{n % 3}") for n in range(MANY)
    ]
    now, events = world.clock.now(), world.app.store.events
    window = timedelta(minutes=10)

    numbers = await asyncio.gather(
        *(events.receive(p, window=window, now=now + timedelta(milliseconds=n)) for n, p in enumerate(pushes))
    )
    await rest(world, minutes=5)

    assert len(set(numbers)) == MANY
    words = plain(the_storm(world))
    in_storm = world.app.store.incidents.get(max(i for (i,) in rows(world, "SELECT id FROM incidents WHERE storm = 1")))
    shown = {g for (g,) in rows(world, "SELECT giccid FROM incident_sims")}
    assert (in_storm.count, in_storm.sims, len(shown)) == (MANY, MANY, MANY)
    assert "Accounts a0 667, a1 667, a2 666" in words
    assert posts(world) <= 11
    assert len(world.slack.calls) < 60
    assert rows(world, "SELECT count(*) FROM events WHERE fate = 'shown' AND incident IS NOT NULL") == [(MANY,)]


def rows(world: World, statement: str) -> list[tuple[object, ...]]:
    """What the store says."""
    return [tuple(row) for row in world.app.store.disk.reader.execute(statement)]


async def test_a_storm_is_one_card_with_its_cause(world: World):
    """Thirty SIMs of one country: one card that counts them by account, plan and country, and says what they share."""
    for n in range(40):
        world.hub.change(n, countryCode="DE" if n < 12 else "FR")
    await world.run("alerts")

    await storm(world, "no-session", 12)
    await world.quiet()

    words = plain(the_storm(world))
    assert "No session for long: 12 SIMs" in words
    assert "Countries DE 12" in words
    assert "All 12 are in DE: look at the network there. Of the whole fleet it is 30 %." in words
    assert "Severity high" in words
    assert posts(world) < 12


async def test_fewer_than_a_storm_have_their_own_cards(world: World):
    """Nine SIMs within a minute, and ten within an hour, each have their own card."""
    await storm(world, "no-session", 9)
    await rest(world, minutes=5)
    await world.later(minutes=2)
    await world.push("no-session", 9)

    assert len(world.cards(ALERTS)) == 10
    assert rows(world, "SELECT count(*) FROM incidents WHERE storm = 1") == [(0,)]


async def test_cards_that_were_there_lead_to_the_storm(world: World):
    """Cards that stood there when it became a storm say that they are part of it, and have no buttons any more."""
    for n in range(9):
        await world.push("no-session", n)
    await storm(world, "no-session", 20)
    await rest(world, minutes=5)

    singles = [card for card in world.cards(ALERTS) if " SIMs" not in card.text.splitlines()[0]]
    assert len(singles) == 9
    assert all("One of many" in card.words and not card.buttons for card in singles)
    assert "20 SIMs" in the_storm(world).text
    assert world.app.store.incidents.get(10).count == 29


async def test_a_sim_that_comes_again_in_a_storm_is_counted_once(world: World):
    """A SIM that repeats is one of the SIMs still; who comes again and again is named."""
    await storm(world, "no-session", 12)
    for n in range(4):
        await world.push("no-session", 3, hoursWithoutSession=50 + n)
    await rest(world, minutes=5)

    words = plain(the_storm(world))
    assert "12 SIMs" in words
    assert "in 16 notifications" in words
    assert "Again and again" in words


async def test_the_list_comes_under_the_card(world: World):
    """When it has calmed down its list is under its card as CSV, once; more SIMs later bring a new one."""
    await storm(world, "no-session", 12)
    await rest(world, minutes=5)
    await world.run("pushes")
    assert files(world, ALERTS) == []

    await world.later(minutes=2)
    await world.run("pushes")
    await world.run("pushes")

    [content] = files(world, ALERTS)
    assert content.startswith("\ufeffgiccid,label,account,plan,country,notifications")
    assert len(content.splitlines()) == 13
    await world.push("no-session", 20)
    await world.later(minutes=2)
    await world.run("pushes")
    assert len(files(world, ALERTS)) == 2


async def test_anybody_may_have_the_list(world: World):
    """Who presses for the list has it in their own messages."""
    await storm(world, "no-session", 12)
    await rest(world, minutes=5)

    await world.press(the_storm(world), "List as CSV", by=VIEWER)

    assert len(files(world, world.slack.dm_channel(VIEWER))) == 1


async def test_each_audience_has_its_own_storm(world: World):
    """Channels that get other SIMs have other storms: nobody sees what was not for them."""
    await world.run("alerts")
    account = str(world.hub.sim(0)["accountName"])
    await world.say(f'/sim subscribe no-session account:"{account}"', by=OPERATOR)
    mine = [n for n in range(40) if world.hub.sim(n)["accountName"] == account]

    await storm(world, "no-session", 40)
    await rest(world, minutes=5)

    assert f"{len(mine)} SIMs" in the_storm(world, OPS).text if len(mine) >= 10 else len(world.cards(OPS)) > 1
    assert account not in the_storm(world).words


async def test_a_storm_is_looked_after_as_one(world: World):
    """A storm is acknowledged and resolved as one; after that the next SIMs begin anew."""
    await storm(world, "no-session", 12)
    await rest(world, minutes=5)
    await world.press(the_storm(world), "Acknowledge", by=OPERATOR)
    assert "Acknowledged by" in plain(the_storm(world))
    await world.press(the_storm(world), "Resolve …", by=OPERATOR)
    await world.submit({"incident.why": "the mast is up"}, by=OPERATOR)
    before = posts(world)

    await world.push("no-session", 30)

    assert posts(world) == before + 1
    assert world.deeds() == [(OPERATOR, "acknowledged"), (OPERATOR, "resolved")]


async def test_restarted_in_the_middle(world: World):
    """Stopped with most of a storm on disk and not sorted, the next bot sorts it all; none is there twice."""
    world.slack.down = True
    bodies = [world.hub.payload("no-session", n) for n in range(40)]
    answers = [await world.hub.push_raw("no-session", body) for body in bodies]
    world.app.store.disk._writer.execute("UPDATE events SET fate = '', incident = NULL WHERE id > 20")
    await world.app.stop()
    world.slack.down = False

    await world.start_bot()
    await rest(world, minutes=10)

    assert answers == [200] * 40
    assert world.app.store.sorting.waiting() == 0
    assert {len(world.app.store.events.of_sim([str(world.hub.sim(n)["giccid"])])) for n in range(40)} == {1}


class Failing(Sorter):
    """A sorter with a mistake: it breaks at every change of a device."""

    def _seams(self) -> Seams:
        seams = super()._seams()

        def judge(about: About) -> Verdict:
            if about.event == "imei-change":
                raise ZeroDivisionError
            return seams.judge(about)

        return replace(seams, judge=judge)


async def test_a_push_that_cannot_be_sorted_holds_up_no_other(tmp_path: Path):
    """When sorting breaks at one push, that one is shown plainly in the channel, and the others are sorted."""
    store, clock = Store(tmp_path / "simops.db"), HeldClock(START)
    limits = Limits(timedelta(hours=1), 10, timedelta(minutes=1), timedelta(minutes=10))
    settings = Settings(ALERTS, ALERTS, ALERTS, APPROVALS, limits)
    for n, name in enumerate(("no-session", "imei-change", "cycle-usage")):
        push = Push(name, f"id:{n}", b"{}", giccid=f"8949{n}")
        await store.events.receive(push, window=timedelta(minutes=10), now=START)

    await Failing(store=store, clock=clock, settings=settings).sort_all()

    shown = [store.incidents.get(n) for n in (1, 2, 3)]
    assert [(one.event, one.giccid) for one in shown] == [
        *(("no-session", "89490"), ("imei-change", None), ("cycle-usage", "89492"))
    ]
    assert store.outbox.depth() == 3
    store.close()


def files(world: World, channel: str) -> list[str]:
    """The content of each file in a channel, in threads too."""
    return [f.content.decode() for m in world.slack.messages(channel) for f in m.files]
