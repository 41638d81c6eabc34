"""What did not come: pushes that stay away are noticed, and changes that were never told are found in the log."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from bot.errors import ProviderError
from tests.stories.test_outbox import passes
from tests.talk import ALERTS, APPROVER, START, World, plain


async def usual_days(world: World, days: int = 5) -> None:
    """On some days before this one a push came every five minutes of this hour."""
    at = START.replace(minute=0) - timedelta(days=days)
    rows = [((at + timedelta(days=n)).isoformat(timespec="microseconds"), 12, 300) for n in range(days)]
    await world.app.store.disk.write(
        lambda db: db.executemany("INSERT INTO push_hours VALUES (?, ?, ?)", rows).rowcount
    )


async def test_pushes_stay_away(world: World):
    """Far longer than is usual at this hour without a push is told once, and once that they come again; a restart
    tells neither anew."""
    await usual_days(world)
    await world.push("no-session")
    before = len(world.cards(ALERTS))
    await world.later(minutes=14)
    await world.run("watchdog")
    assert len(world.cards(ALERTS)) == before

    await world.later(minutes=2)
    await world.run("watchdog")
    await world.restart()
    await world.run("watchdog")
    [silent] = world.cards(ALERTS)[before:]
    assert "SmartHub sends no notifications" in silent.words
    assert "longest usual pause is 5 min" in silent.words

    await world.later(seconds=1)
    await world.push("imei-change")
    await world.run("watchdog")
    await world.run("watchdog")
    assert len(world.cards(ALERTS)) == before + 3
    assert "sends notifications again" in world.card(ALERTS).words


async def test_an_sms_is_a_sign_of_life_too(world: World):
    """What stands in a conversation, and is on no card of a notification, counts as having come."""
    await usual_days(world)
    await world.push("no-session")
    await world.later(minutes=10)
    await world.push("mo-sms")
    before = len(world.cards(ALERTS))

    await world.later(minutes=14)
    await world.run("watchdog")
    assert len(world.cards(ALERTS)) == before

    await world.later(minutes=2)
    await world.run("watchdog")
    assert "SmartHub sends no notifications" in world.card(ALERTS).words


async def test_without_days_to_compare_nothing_is_unusual(world: World):
    """A new bot, to which pushes have come for a day or not at all, says nothing of silence."""
    await world.run("watchdog")
    await world.push("no-session")
    await world.later(days=1)
    await world.run("watchdog")

    assert len(world.cards(ALERTS)) == 1


async def reconciled(world: World) -> None:
    """The change log is compared for the first time; from now on what is missed is found."""
    await world.push("no-session", 30)
    await world.run("change log")
    await passes(world, minutes=5)


async def test_a_change_that_was_never_told(world: World):
    """A change of status, and one of the device, that no push told of has its card, which says so; it is found once."""
    await reconciled(world)
    world.hub.change(3, status="RETIRED")
    world.hub.change(4, imei="356938035643809")
    await passes(world, minutes=5)

    await world.run("change log")
    await world.run("change log")
    await passes(world, minutes=5)
    await world.run("change log")

    status, device = world.cards(ALERTS)[1:]
    assert "The status of a SIM changed" in status.words
    assert "→ retired" in plain(status)
    assert "found in its change log" in status.words
    assert "→ 356938035643809" in plain(device)


def from_the_log(world: World) -> list[str]:
    """What the SIMs have become by the change log alone, in the order in which it was found."""
    rows = world.app.store.disk.reader.execute("SELECT facts FROM events WHERE source = 'log' ORDER BY id")
    return [json.loads(row["facts"])["new"] for row in rows]


async def test_a_long_time_of_many_changes(world: World):
    """However long it was since the last look and however many pages it fills, each change is found, and found once."""
    world.settings["smarthub"] = {"page_size": 5}
    await world.restart()
    await reconciled(world)
    for hour in range(3):
        for nth in range(12):
            world.hub.change(nth + 1, imei=f"3569380356{hour}{nth:02}00")
        await passes(world, hours=1, minutes=10)

    for _ in range(2):
        await world.run("change log")
        await passes(world, minutes=5)

    assert sorted(from_the_log(world)) == [f"3569380356{hour}{nth:02}00" for hour in range(3) for nth in range(12)]


async def test_it_goes_on_where_it_was(world: World):
    """What was read is not read again after a failure and a restart, and what was not, is."""
    await reconciled(world)
    for hour in range(3):
        world.hub.change(3, imei=f"35693803564{hour}000")
        await passes(world, hours=1)
    world.hub.broken_next(b"no JSON")  # for the first kind of the first hour
    with pytest.raises(ProviderError):
        await world.through(world.app.flows.pushes.watching.reconcile())
    assert from_the_log(world) == []
    before = world.app.store.rhythm.read_to()

    reading = asyncio.ensure_future(world.app.flows.pushes.watching.reconcile())
    while world.app.store.rhythm.read_to() == before:  # noqa: ASYNC110 - to be stopped right then
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await world.restart()
    asked = len(world.hub.asked)
    assert from_the_log(world) == ["356938035640000"]
    await world.run("change log")

    assert from_the_log(world) == [f"35693803564{hour}000" for hour in range(3)]
    assert len(world.hub.asked) - asked == 2 * 3


async def test_to_and_fro(world: World):
    """A SIM whose state changes and changes back, all of it missed, is told of each change."""
    await reconciled(world)
    for status in ("DEACTIVATED", "ACTIVATED", "DEACTIVATED"):
        world.hub.change(3, status=status)
        await passes(world, hours=1)

    await world.run("change log")

    assert from_the_log(world) == ["suspended", "active", "suspended"]
    assert "3 times since" in world.card(ALERTS).words


@pytest.mark.parametrize("early", [False, True])
async def test_a_push_that_tells_of_another_time(world: World, *, early: bool):
    """A push tells of the change at its own time, however late it comes, and not of an older one like it."""
    await reconciled(world)
    at = world.clock.now()
    world.hub.change(3, status="DEACTIVATED")
    await passes(world, hours=2)
    told = at if early else world.clock.now()
    await world.push("sim-status-change", 3, oldStatus="ACTIVATED", newStatus="DEACTIVATED", eventTime=told.isoformat())
    await passes(world, minutes=5)

    await world.run("change log")

    assert from_the_log(world) == ([] if early else ["suspended"])


async def test_what_was_told_is_not_told_again(world: World):
    """A change that a push told of is compared and left alone."""
    await reconciled(world)
    world.hub.change(3, status="RETIRED")
    await world.push("sim-status-change", 3, oldStatus="ACTIVATED", newStatus="RETIRED")
    await passes(world, minutes=5)

    await world.run("change log")

    assert len(world.cards(ALERTS)) == 2
    assert "1 changes compared, 0 of them never told" in world.app.store.runs.last()["change log"][1]


async def test_what_we_did_is_no_news(world: World):
    """A change that was approved here and never told stands in the thread of its request, and has no card."""
    await reconciled(world)
    request = await world.ask("suspend")
    await world.press(request, "Approve", by=APPROVER)
    await passes(world, minutes=5)

    await world.run("change log")
    await world.quiet()

    assert len(world.cards(ALERTS)) == 1
    assert any("SmartHub has told of it" in words for words in world.thread(request))


@pytest.mark.parametrize("pushes", [0, 1])
async def test_where_no_push_ever_came(world: World, pushes: int):
    """Where SmartHub has no address to send to, the log is not told instead; nor is what lies before the first look."""
    for n in range(pushes):
        await world.push("no-session", n)
    world.hub.change(3, status="RETIRED")
    await passes(world, minutes=5)

    await world.run("change log")

    assert len(world.cards(ALERTS)) == pushes
