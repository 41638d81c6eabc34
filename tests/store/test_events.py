"""Every notification is on disk with its card before it counts as received, and the same one twice is one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.errors import NotFound
from bot.rules.alerts import Verdict
from bot.rules.events import Push
from bot.rules.outbox import Card
from bot.rules.sims import Sim, Status
from bot.store import Store

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
WINDOW = timedelta(hours=1)
GICCID = "8949212600000000142"
PUSH = Push(
    name="no-session",
    key="id:no-session/1",
    body=b'{"a": "\xff\x00"}',
    giccid=GICCID,
    account="acme",
    happened_at=NOW - timedelta(minutes=1),
    facts={"last_session_at": NOW - timedelta(days=2), "hours": 48, "text": "Tür 😀 {'time': 1}", "big": 2**63 - 1},
    flaw="eventTime: broken",
)


async def receive(store: Store, push: Push = PUSH, *, now: datetime = NOW) -> int:
    """Receives a push."""
    return await store.events.receive(push, window=WINDOW, card_in="C1", now=now)


async def test_it_comes_back_as_it_was_pushed(store: Store):
    """Body, facts of every kind, times and flaw survive the disk, and the card waits for Slack."""
    number = await receive(store)
    event = store.events.get(number)

    assert event.push == PUSH
    assert (event.id, event.received_at, event.repeats, event.last_at, event.label) == (number, NOW, 0, None, None)
    assert [head.what for head in store.outbox.heads()] == [Card(f"event:{number}", "C1")]


async def test_times_of_another_zone_are_the_same_moment(store: Store):
    """A time in another zone comes back as the same moment."""
    away = NOW.astimezone(timezone(timedelta(hours=8)))
    event = store.events.get(await receive(store, replace(PUSH, happened_at=away, facts={"at": away})))

    assert event.push.happened_at == NOW
    assert event.push.facts == {"at": NOW}


async def test_a_push_that_says_nothing_is_kept_too(store: Store):
    """A body nobody could read is on disk as it came, whatever bytes it holds."""
    bare = Push(name="mo-sms", key="digest:1", body=bytes(range(256)), flaw="It is not JSON.")

    assert store.events.get(await receive(store, bare)).push == bare


@pytest.mark.parametrize("key", ["id:no-session/1", "digest:abc"])
async def test_the_same_again_within_the_window(store: Store, key: str):
    """By id or by digest: the same within the window is counted on the first one, and makes no second card."""
    push = replace(PUSH, key=key)
    first = await receive(store, push)
    again = [await receive(store, push, now=NOW + minutes * timedelta(minutes=1)) for minutes in (0, 30, 59)]
    event = store.events.get(first)

    assert again == [first] * 3
    assert (event.repeats, event.last_at) == (3, NOW + timedelta(minutes=59))
    assert event.received_at == NOW
    assert store.outbox.depth() == 1


async def test_the_same_again_after_the_window_is_new(store: Store):
    """Once the window has passed since it came first, to the microsecond, it is a new notification with its card."""
    first = await receive(store)
    just = await receive(store, now=NOW + WINDOW - timedelta(microseconds=1))
    second = await receive(store, now=NOW + WINDOW)

    assert just == first
    assert second != first
    assert store.events.get(second).repeats == 0
    assert store.outbox.depth() == 2
    assert await receive(store, now=NOW + WINDOW + timedelta(minutes=1)) == second


async def test_who_goes_on_repeating_is_heard_again(store: Store):
    """A device that says the same for hours is not one message for ever: each window begins with a new one."""
    numbers = [await receive(store, now=NOW + n * timedelta(minutes=50)) for n in range(5)]

    assert len(set(numbers)) == 3
    assert [store.events.get(n).repeats for n in sorted(set(numbers))] == [1, 1, 0]


async def test_a_clock_that_goes_back_makes_nothing_new(store: Store):
    """When the clock was set back a repeat is still a repeat."""
    first = await receive(store)

    assert await receive(store, now=NOW - timedelta(minutes=5)) == first


async def test_many_at_once_are_one(store: Store):
    """The same push over many connections at once is one event, with the rest counted, and one card."""
    numbers = await asyncio.gather(*(receive(store) for _ in range(60)))

    assert len(set(numbers)) == 1
    assert store.events.get(numbers[0]).repeats == 59
    assert store.outbox.depth() == 1


async def test_different_ones_at_once_are_all_there(store: Store):
    """Hundreds of different pushes at once each get their own number and card."""
    numbers = await asyncio.gather(*(receive(store, replace(PUSH, key=f"id:{n}")) for n in range(300)))

    assert len(set(numbers)) == 300
    assert store.outbox.depth() == 300


async def test_it_is_still_the_same_after_a_restart(store: Store):
    """What was received before the bot was restarted is known afterwards."""
    first = await receive(store)
    path = store.disk.reader.execute("PRAGMA database_list").fetchone()["file"]
    store.close()
    again = Store(type(store.disk._path)(path))

    assert await receive(again) == first
    again.close()


async def test_the_label_is_taken_from_the_last_look(store: Store):
    """A SIM that was seen before is called by its label, and by its account where the push names none."""
    sim = Sim(GICCID, Status.ACTIVE, "ACTIVATED", account="from the list")
    await store.alerts.look_over([(sim, "Pump 7")], lambda _, __: Verdict(), now=NOW)
    named = store.events.get(await receive(store))
    unnamed = store.events.get(await receive(store, replace(PUSH, key="id:2", account=None)))
    nobody = store.events.get(await receive(store, replace(PUSH, key="id:3", giccid=None)))

    assert (named.label, named.push.account) == ("Pump 7", "acme")
    assert (unnamed.label, unnamed.push.account) == ("Pump 7", "from the list")
    assert nobody.label is None


async def test_what_is_not_there(store: Store):
    """An unknown number is told in words; before the first push there is no last one."""
    assert store.events.last_received_at() is None
    with pytest.raises(NotFound, match="There is no notification 5 here"):
        store.events.get(5)

    await receive(store)
    await receive(store, replace(PUSH, key="id:2"), now=NOW + timedelta(minutes=2))
    assert store.events.last_received_at() == NOW + timedelta(minutes=2)
