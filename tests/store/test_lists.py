"""Lists of SIMs on disk: written in pieces, read as streams in the order of their digest, moved by compare-and-set."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import NotFound
from bot.rules.bulk import Offer, Origin
from bot.rules.orders import Order
from bot.rules.sims import Operation
from bot.rules.verdicts import Judged, Verdict, digest
from bot.store import Store
from bot.store.lists import CHUNK, IN_ORDER, NAMED, NEXT, REMOVED_AT_ONCE, Numbered, State, use

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ORDER = Order(Operation.SET, custom=((2, "x"), (4, "")))


async def begin(store: Store, *, order: Order = ORDER, now: datetime = NOW) -> int:
    """The number of a new list."""
    return await store.lists.begin(order, source="pasted numbers", reason="why", by="U1", now=now)


async def use_it(store: Store, number: int) -> bool:
    """Whether somebody who asks for the list gets it."""
    return await store.disk.write(lambda db: use(db, number))


def lines(count: int, *, verdict: Verdict = Verdict.ACCEPTED, first: int = 1) -> Iterator[Numbered]:
    """So many lines, the SIMs in no order."""
    for n in range(first, first + count):
        giccid = f"8949{(n * 7919) % 1_000_003:015d}"
        yield Numbered(n, Judged(n, f"written {n}", verdict, "", giccid, f"label {n}", "active", "iot-1"))


async def fill(store: Store, id: int, rows: Iterator[Numbered]) -> None:
    """Writes the lines and closes the list."""
    await store.lists.add(id, list(rows))
    await store.lists.close(id, digest=await store.lists.digest(id), counts=await store.lists.counts(id))


async def test_a_list_comes_back(store: Store):
    """What was written is read back, with counts and digest, only when it was closed."""
    number = await begin(store)
    assert (store.lists.get(number).state, store.lists.get(number).digest) == (State.OPEN, None)
    rows = [*lines(3), *lines(2, verdict=Verdict.UNKNOWN, first=4)]

    await fill(store, number, iter(rows))

    found = store.lists.get(number)
    assert (found.order, found.source, found.reason, found.made_by, found.made_at) == (
        ORDER, "pasted numbers", "why", "U1", NOW
    )  # fmt: skip
    assert (found.state, found.accepted, found.lines) == (State.READY, 3, 5)
    assert found.counts == {Verdict.ACCEPTED: 3, Verdict.UNKNOWN: 2}
    assert [row async for piece in store.lists.stream(number) for row in piece] == rows
    assert await store.lists.first(number, Verdict.UNKNOWN, limit=1) == (rows[3],)
    with pytest.raises(NotFound):
        store.lists.get(number + 1)


async def test_the_order_of_the_digest(store: Store):
    """The accepted SIMs come in pieces, sorted, each once: just what the digest is over."""
    number, other = await begin(store), await begin(store)
    await store.lists.add(other, list(lines(5)))
    rows = [*lines(2 * CHUNK + 7), *lines(50, verdict=Verdict.DUPLICATE, first=3 * CHUNK)]

    await fill(store, number, iter(rows))

    pieces = [piece async for piece in store.list_sims.giccids(number)]
    assert [len(piece) for piece in pieces] == [CHUNK, CHUNK, 7]
    every = [giccid for piece in pieces for giccid in piece]
    assert every == sorted({row.judged.giccid for row in rows[: 2 * CHUNK + 7]})
    assert store.lists.get(number).digest == digest(ORDER, every)
    behind = store.list_sims.giccids(number, after=every[CHUNK])
    assert [giccid async for piece in behind for giccid in piece] == every[CHUNK + 1 :]
    assert len([row async for piece in store.lists.stream(number, accepted=True) for row in piece]) == len(every)


async def test_a_line_is_written_over(store: Store):
    """A line that is judged once more stands in the place of the old one."""
    number = await begin(store)
    await store.lists.add(number, list(lines(3)))

    await store.lists.add(number, list(lines(1, verdict=Verdict.PROTECTED, first=2)))

    assert await store.lists.counts(number) == {Verdict.ACCEPTED: 2, Verdict.PROTECTED: 1}


async def test_where_a_sim_was_named_first(store: Store):
    """A SIM that stands in the list already is told with its first line, and one of another list is not."""
    number, other = await begin(store), await begin(store)
    [one, two] = lines(2)
    again = Numbered(3, Judged(3, "again", Verdict.DUPLICATE, "", one.judged.giccid))
    await store.lists.add(number, [one, again])
    await store.lists.add(other, [two])

    named = await store.lists.named_before(number, [one.judged.giccid or "", two.judged.giccid or "", "1"])

    assert named == {one.judged.giccid: (1, "written 1")}


@pytest.mark.parametrize(
    "statement", [NAMED, f"SELECT giccid, own {IN_ORDER} LIMIT 1000", f"{NEXT} ORDER BY n LIMIT 1000"]
)
async def test_a_list_is_read_along_its_indexes(store: Store, statement: str):
    """No piece of a list costs a walk through all of it, and none has to be sorted."""
    values = ("[]", 1) if statement == NAMED else (1, "")

    plan = [row["detail"] for row in store.disk.reader.execute(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert not [step for step in plan if "list_sims" in step and "SCAN" in step] + [s for s in plan if "B-TREE" in s]
    assert any("giccid=?" in step or "giccid>?" in step or "n>?" in step for step in plan)


async def test_one_of_many_uses_it(store: Store):
    """Of several that use, drop or reopen a list at once one does."""
    number = await begin(store)
    assert not await use_it(store, number)
    await fill(store, number, lines(1))

    moves = [use_it(store, number), store.lists.drop(number), store.lists.reopen(number), use_it(store, number)]

    assert sorted(await asyncio.gather(*moves)) == [False, False, False, True]


async def test_a_list_that_is_open_again(store: Store):
    """While it is open nobody can use it, and its reason stays; closed, it has its new digest."""
    number = await begin(store)
    await fill(store, number, lines(3))
    before = store.lists.get(number).digest

    assert await store.lists.reopen(number)
    assert not await use_it(store, number)
    await store.lists.explain(number, "another")
    await fill(store, number, lines(1, verdict=Verdict.UNKNOWN))

    found = store.lists.get(number)
    assert (found.state, found.accepted, found.reason) == (State.READY, 2, "why")
    assert found.digest != before
    await store.lists.explain(number, "another")
    assert store.lists.get(number).reason == "another"


async def test_lists_left_open(store: Store):
    """What was begun and neither closed nor given up is found again."""
    open_one, closed, given_up = await begin(store), await begin(store), await begin(store)
    await fill(store, closed, lines(1))
    await store.lists.discard(given_up)
    await store.lists.discard(closed)  # does nothing to one that is ready

    assert [found.id for found in store.lists.left_open()] == [open_one]
    assert store.lists.get(closed).state is State.READY


async def test_old_lists_go(store: Store):
    """Lists nobody used are removed after thirty days, unfinished ones after one, a bounded piece at a time."""
    taken, old = await begin(store), await begin(store)
    await fill(store, taken, lines(2))
    await fill(store, old, lines(REMOVED_AT_ONCE + 5))
    assert await use_it(store, taken)
    unfinished = await begin(store, now=NOW + timedelta(days=29))
    later = NOW + timedelta(days=30, hours=25)

    removed = []
    while some := await store.lists.remove_old(now=later):
        removed.append(some)

    assert removed == [REMOVED_AT_ONCE, 5, 1]
    for gone in (old, unfinished):
        with pytest.raises(NotFound, match="over 30 days old"):
            store.lists.get(gone)
    assert len([row async for piece in store.lists.stream(taken) for row in piece]) == 2


async def test_offers(store: Store):
    """An offer comes back under its number, and is gone after thirty days."""
    offer = await store.offers.add(Origin.SEARCH, "status:active", name="x", by="U1", now=NOW)
    assert offer == Offer(offer.id, Origin.SEARCH, "status:active", "x", "U1")
    assert store.offers.get(offer.id) == offer

    later = await store.offers.add(Origin.FILE, "F1", name="list.csv", by="U2", now=NOW + timedelta(days=31))

    assert later.id > offer.id
    with pytest.raises(NotFound, match="over 30 days old"):
        store.offers.get(offer.id)
