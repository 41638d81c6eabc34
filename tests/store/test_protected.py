"""A protected SIM stays protected until somebody lifts that, with who and why in the audit, once each."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.rules.shields import Shield
from bot.store import Store

NOW = datetime(2026, 11, 22, 9, 30, 0, 123_456, tzinfo=UTC)
SHIELD = Shield("8949212600000000142", "Pump 7 <!channel>", "U1", NOW, "the heart; DROP TABLE protected")


def told(store: Store) -> list[tuple[str, str, str, str | int | None]]:
    """Who did what to which SIM, and why, as the audit has it."""
    return [(d.actor, d.action, d.subject, d.detail["reason"]) for d in (line.deed for line in store.audit.lines())]


@pytest.mark.parametrize("why", ["the heart", None])
async def test_it_comes_back(store: Store, why: str | None):
    """Who protected which SIM, when and why is there as it was put, and in the audit; of others there is nothing."""
    shield = replace(SHIELD, why=why)

    assert await store.protected.put(shield)
    assert store.protected.of(shield.giccid) == shield
    assert store.protected.of("1") is None
    assert told(store) == [("U1", "protected", f"sim:{shield.giccid}", why)]


async def test_the_first_one_stands(store: Store):
    """Of many who protect a SIM at once one does; the others change nothing and are not in the audit."""
    results = await asyncio.gather(*(store.protected.put(replace(SHIELD, by=f"U{n}")) for n in range(20)))

    assert results.count(True) == 1
    shield = store.protected.of(SHIELD.giccid)
    assert shield is not None
    assert shield.by == f"U{results.index(True)}"
    assert [line[0] for line in told(store)] == [shield.by]


async def test_it_is_lifted_once(store: Store):
    """Of many who lift it at once one does; a SIM that is not protected has nothing to be lifted."""
    await store.protected.put(SHIELD)

    def lift(by: str):
        return store.protected.lift(SHIELD.giccid, by=by, why="it is replaced", now=NOW)

    results = await asyncio.gather(*(lift(f"U{n}") for n in range(20)))

    assert results.count(True) == 1
    assert store.protected.of(SHIELD.giccid) is None
    assert told(store)[1:] == [
        (f"U{results.index(True)}", "protection lifted", f"sim:{SHIELD.giccid}", "it is replaced")
    ]
    assert not await lift("U1")
    assert await store.protected.put(SHIELD)
    assert store.audit.verify() is None


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1700])
async def test_which_of_a_list_are_protected(store: Store, count: int):
    """Of a list of any length exactly those come back that are protected, however often the list names them."""
    listed = [f"89492126{n:011d}" for n in range(count)]
    shielded = set(listed[::7]) | {"894921269999"}
    for giccid in shielded:
        await store.protected.put(replace(SHIELD, giccid=giccid))

    assert store.protected.among(listed + listed[:3]) == shielded & set(listed)
    assert store.protected.count() == len(shielded)


async def test_the_list_begins_with_the_newest(store: Store):
    """All that are protected are listed, the newest first, up to a limit."""
    shields = [replace(SHIELD, giccid=f"{n:019}", at=NOW + timedelta(minutes=n)) for n in range(5)]
    for shield in shields[::-1]:
        await store.protected.put(shield)

    assert store.protected.all() == tuple(shields[::-1])
    assert store.protected.all(limit=2) == (shields[4], shields[3])
    assert store.protected.count() == 5
