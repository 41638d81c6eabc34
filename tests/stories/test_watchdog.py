"""What did not come: pushes that stay away are noticed, and changes that were never told are found in the log."""

from __future__ import annotations

from datetime import timedelta

import pytest

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
