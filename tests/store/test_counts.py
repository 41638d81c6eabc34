"""How many a search finds: exact wherever an index can tell, and never too many."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.rules.searches import read_query
from bot.rules.sims import Sim, Status
from bot.store import Store, counts
from tests.store.test_searches import NOW, expected, look, some_sim

FLEET = 6000
ALONG = (
    "idle>1d", "idle>=30h", "idle<400d", "idle:never", "expires<14d", "expires<=7d", "expires>1d",
    "usage>80%", "usage>=80%", "usage>2000%", "usage>1GB", "usage>=2GB", "idle>1d account:acme*", "berlin", "pump",
    "usage>80% account:none", "pump account:acme*",
)  # fmt: skip
BY_LOOKING = ("berlin idle>1d", "usage<80%", "expires:none", "usage>50% idle>1d")


@pytest.fixture
async def store_of_many(store: Store) -> Iterator[tuple[Store, list]]:
    """A store with a fleet that has much in common, and the fleet."""
    return store, await some_fleet(store, FLEET)


async def some_fleet(store: Store, count: int) -> list[Sim]:
    """So many SIMs that have much in common, in the store."""
    dice = random.Random(7)  # noqa: S311 - made-up SIMs
    fleet = [some_sim(dice, n) for n in range(count)]
    await look(store, fleet)
    return fleet


async def test_counts_are_what_a_plain_filter_counts(store_of_many):
    """A count is the one of a plain filter where it claims to be exact, and else no more than that."""
    store, fleet = store_of_many
    large = 0
    for text in (*ALONG, *BY_LOOKING):
        query = read_query(text)
        wanted = sum(expected(query, sim) for sim in fleet)

        found = await store.sims.search(query, limit=1, now=NOW)

        large += wanted > counts.MOST_LOOKED_AT
        assert (found.count == wanted) if found.exact else (found.count <= wanted), text
        assert found.exact or text in BY_LOOKING or wanted > counts.MOST_AT_THE_EDGE, text
    assert large > 5, "the fleet is too small to say anything"


async def test_what_stands_just_at_the_limit(store: Store):
    """Where so many stand just at a limit that not all are looked at, the count says that there may be more."""
    days = [*[2] * (counts.MOST_LOOKED_AT + 100), *[1] * (counts.MOST_AT_THE_EDGE + 100)]
    seen = [NOW - timedelta(days=day, seconds=1) for day in days]
    await look(store, [Sim(f"{n:019}", Status.ACTIVE, "A", last_session_at=at) for n, at in enumerate(seen)])

    found = await store.sims.search(read_query("idle>1d"), limit=1, now=NOW)

    assert not found.exact
    assert found.count == counts.MOST_LOOKED_AT + 100 + counts.MOST_AT_THE_EDGE


async def test_a_file_needs_no_counts(store: Store):
    """What comes as a stream is all that fits, each SIM once, and no piece of it is counted beyond itself."""
    fleet = await some_fleet(store, 1500)
    query = read_query("idle>1d")
    pieces = [piece async for piece in store.sims.stream(query, now=NOW)]
    alone = await store.sims.search(query, limit=10, now=NOW, counted=False)

    assert sorted(row.sim.giccid for piece in pieces for row in piece) == sorted(
        sim.giccid for sim in fleet if expected(query, sim)
    )
    assert (alone.count, alone.exact, alone.usage_bytes) == (10, False, None)
