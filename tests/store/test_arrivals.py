"""Notifications that come at the same time are written together, and none pays for another."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import StoreError
from bot.rules.events import Push
from bot.store import Store
from bot.store.arrivals import MOST

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
WINDOW = timedelta(hours=1)
PUSH = Push(name="no-session", key="id:no-session/1", body=b"{}", giccid="8949212600000000142")


def numbered(n: int) -> Push:
    """One of many that differ."""
    return replace(PUSH, key=f"id:no-session/{n}", body=b'{"n": %d}' % n)


async def receive(store: Store, *pushes: Push) -> list[int | BaseException]:
    """Their numbers, when all of them come at once; in place of a number, what went wrong with that one."""
    coming = (store.events.receive(push, window=WINDOW, now=NOW) for push in pushes)
    return await asyncio.gather(*coming, return_exceptions=True)


async def test_many_at_once_are_few_statements(store: Store):
    """More than fit into one piece of work are all on disk under numbers of their own, in the order they came, and most
    of them share their statements and their commit."""
    said: list[str] = []
    await store.disk.write(lambda db: db.set_trace_callback(said.append))
    pushes = [numbered(n) for n in range(2 * MOST + 5)]

    numbers = await receive(store, *pushes)

    assert numbers == sorted(set(numbers))
    assert [store.events.get(int(n)).push for n in numbers] == pushes
    assert 1 <= said.count("COMMIT") <= 4
    assert sum(text.startswith("INSERT INTO events") for text in said) <= 4


async def test_the_same_twice_among_those_that_come_at_once(store: Store):
    """What comes again while it is still on its way is counted on itself, in whichever words, and is no second one."""
    other = replace(numbered(2), body=b'{"n": "two"}')

    numbers = await receive(store, numbered(1), numbered(2), numbered(1), other, numbered(3), numbered(1))
    first, second = store.events.get(int(numbers[0])), store.events.get(int(numbers[1]))

    assert [numbers.index(n) for n in numbers] == [0, 1, 0, 1, 4, 0]
    assert (first.repeats, first.other_body) == (2, None)
    assert (second.repeats, second.other_body) == (1, other.body)
    assert store.sorting.waiting() == 3


async def test_one_that_cannot_be_written_takes_no_other_with_it(store: Store):
    """Whoever sent what the store cannot hold hears so; all that came with it is on disk."""
    broken = replace(PUSH, key="id:no-session/broken", account="\ud800")

    found = await receive(store, numbered(1), broken, numbered(2), broken, numbered(3))

    assert [isinstance(one, UnicodeEncodeError) for one in found] == [False, True, False, True, False]
    assert [store.events.get(int(str(found[n]))).push for n in (0, 2, 4)] == [numbered(n) for n in (1, 2, 3)]
    assert store.events.arriving == 0


async def test_a_full_disk_is_told_to_all_who_wait(store: Store):
    """When the disk takes nothing, each of them hears it and nothing of any stands; afterwards they can come again."""
    await receive(store, numbered(0))
    pages = store.disk.reader.execute("PRAGMA page_count").fetchone()[0]
    await store.disk.write(lambda db: db.execute(f"PRAGMA max_page_count={pages}").fetchone()[0])
    big = [replace(numbered(n), body=b"x" * 500_000) for n in (1, 2, 3)]

    assert [type(one) for one in await receive(store, *big)] == [StoreError] * 3
    assert store.disk.reader.execute("SELECT count(*) FROM events").fetchone()[0] == 1

    await store.disk.write(lambda db: db.execute("PRAGMA max_page_count=1000000").fetchone()[0])
    assert [store.events.get(int(str(n))).push for n in await receive(store, *big)] == big


async def test_who_goes_away_takes_nothing_with_him(store: Store):
    """A sender who hangs up stops neither his own notification nor those that wait beside it."""
    leaving = asyncio.ensure_future(store.events.receive(numbered(1), window=WINDOW, now=NOW))
    staying = asyncio.ensure_future(store.events.receive(numbered(2), window=WINDOW, now=NOW))
    await asyncio.sleep(0)
    leaving.cancel()

    assert store.events.get(await staying).push == numbered(2)
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert store.sorting.waiting() == 2
