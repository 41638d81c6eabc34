"""SIMs whose rows stay the same are not read again, and nothing that is to be told of them is missed by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.rules.sims import label_of
from bot.rules.unjudged import Why
from tests.talk import ALERTS, World, plain

QUIET = 1  # the number of a SIM that is at work


def hush(world: World) -> None:
    """The quiet SIM does nothing any more: SmartHub says the same of it again and again."""
    assert world.hub.sim(QUIET)["status"] == "ACTIVATED"
    world.hub.change(QUIET, lastSessionTime=world.hub.sim(QUIET)["lastSessionTime"])


@pytest.fixture
async def still(world: World) -> World:
    """A bot that has looked over its fleet, of which one SIM does nothing any more."""
    hush(world)
    await world.run("alerts")
    return world


def left_alone(world: World) -> set[str]:
    """The SIMs whose rows the next look will not read, if they are as they were."""
    rows = world.app.store.disk.reader.execute("SELECT s.giccid FROM calm c JOIN sims s ON s.id = c.sim")
    return {row["giccid"] for row in rows}


def told(world: World) -> list[str]:
    """What the alerts channel was told of the quiet SIM."""
    name = str(world.hub.sim(QUIET)["custom1"])
    return [plain(message) for message in world.cards(ALERTS) if name in plain(message)]


def seen_at(world: World) -> object:
    """When the quiet SIM was last seen."""
    listed = world.app.store.sims.by_giccid(world.hub.giccid(QUIET))
    assert listed is not None
    return listed.seen_at


async def test_what_stays_the_same_is_seen_all_the_same(still: World):
    """The SIM is left alone, counts as seen by each look, and what it used by the end of a day is kept."""
    giccid, start = still.hub.giccid(QUIET), still.clock.now()
    assert giccid in left_alone(still)

    for _ in range(3):
        await still.later(days=1)
        await still.run("alerts")
        assert seen_at(still) == still.clock.now()
        assert giccid in left_alone(still)

    done = still.app.store.scans.last()
    assert done is not None
    assert done.sims == still.hub.world.fleet.count
    past = await still.app.store.scans.past([giccid], since=start, now=still.clock.now())
    assert [day.bytes for day in past[giccid]] == [0, 0]


async def test_what_cannot_be_judged_is_counted_each_time(still: World):
    """A SIM without a quota that is left alone counts among those that cannot be judged, at every look."""
    still.hub.change(QUIET, cycleQuotaBytes=None)
    await still.run("alerts")
    first = still.app.store.scans.last()
    await still.later(minutes=15)
    assert still.hub.giccid(QUIET) in left_alone(still)

    await still.run("alerts")

    again = still.app.store.scans.last()
    assert first is not None
    assert again is not None
    assert again.unjudged == first.unjudged
    assert again.unjudged[Why.QUOTA] >= 1


async def test_an_expiry_comes_near_while_the_row_stays_the_same(still: World):
    """The alert comes on its day, though SmartHub says the same as ever."""
    still.hub.expire_in(QUIET, 31.5)
    await still.run("alerts")
    assert still.hub.giccid(QUIET) in left_alone(still)
    assert told(still) == []

    await still.later(days=1)
    await still.run("alerts")
    assert told(still) == []
    await still.later(days=1)
    await still.run("alerts")
    assert len(told(still)) == 1
    assert still.hub.giccid(QUIET) not in left_alone(still)


async def test_what_changes_is_read(still: World):
    """A SIM that was left alone and uses up its quota alarms at the next look."""
    still.hub.grow(QUIET, fraction=0.96)
    await still.later(minutes=15)
    await still.run("alerts")

    assert len(told(still)) == 1
    assert still.hub.giccid(QUIET) not in left_alone(still)


async def test_what_was_read_by_itself_meanwhile(still: World):
    """A SIM that somebody read as another, and that is listed as ever, is read anew: the list has the last word."""
    giccid, store = still.hub.giccid(QUIET), still.app.store
    listed = store.sims.by_giccid(giccid)
    assert listed is not None
    other = replace(listed.sim, plan="another plan")
    await store.sims.remember(other, label=label_of(other, "custom1"), now=still.clock.now())
    assert giccid not in left_alone(still)

    await still.later(minutes=15)
    await still.run("alerts")

    again = store.sims.by_giccid(giccid)
    assert again is not None
    assert again.sim.plan == listed.sim.plan
    assert giccid in left_alone(still)


async def test_other_rules_are_for_all(still: World):
    """After a start with other rules every SIM is read anew, and what they find is told."""
    await still.run("alerts")
    still.settings["alerts"] = {"rules": [{"name": "Plans", "kind": "plan", "allowed": ["no such plan"]}]}
    await still.restart()

    await still.run("alerts")

    assert len(told(still)) == 1


async def test_a_rule_that_looks_at_the_past_leaves_nobody_alone(world: World):
    """Where a jump in usage is looked for, every SIM is read every time."""
    world.settings["alerts"] = {"rules": [{"name": "Jumps", "kind": "spike", "times": [3]}]}
    await world.restart()
    hush(world)

    await world.run("alerts")

    assert left_alone(world) == set()
