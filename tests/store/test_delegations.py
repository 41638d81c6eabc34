"""A delegation is stored with its audit line, takes the place of the one before, and a past one still counts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.rules.quorum import Delegation
from bot.store import Store

NOW = datetime(2026, 11, 22, 9, 30, 0, 123_456, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


async def give(store: Store, to: str, *, by: str = "U1", lasts: timedelta = DAY, now: datetime = NOW) -> Delegation:
    """Somebody approves in another's place from now on."""
    given = Delegation(by, to, now + lasts)
    await store.delegations.add(given, now=now)
    return given


def told(store: Store) -> list[tuple[str, str, str | int | None]]:
    """Who did what, and whom it is about, as the audit has it."""
    lines = [line.deed for line in store.audit.lines()]
    assert {deed.subject for deed in lines} <= {f"person:{deed.actor}" for deed in lines}
    return [(deed.actor, deed.action, deed.detail.get("to")) for deed in lines]


async def test_it_comes_back_until_it_ends(store: Store):
    """A delegation is there until its time is over, to the microsecond; the audit says to whom and how long."""
    given = await give(store, "U2")

    assert store.delegations.since(NOW) == store.delegations.since(given.until - TICK) == (given,)
    assert store.delegations.since(given.until) == ()
    [line] = store.audit.lines()
    assert line.deed.detail == {"to": "U2", "until": given.until.isoformat()}
    assert told(store) == [("U1", "delegated", "U2")]


async def test_the_newest_counts(store: Store):
    """Who gives it to somebody else takes it from the one before, from then on; what others gave stays."""
    other = await give(store, "U9", by="U8")
    await give(store, "U2")
    later = NOW + timedelta(hours=1)
    new = await give(store, "U3", now=later)

    assert store.delegations.since(later) == (other, new)
    assert store.delegations.since(NOW) == (other, Delegation("U1", "U2", later), new)


async def test_it_is_taken_back(store: Store):
    """What is taken back held until then, so that a yes from before counts; taking back nothing writes nothing."""
    await give(store, "U2")
    later = NOW + timedelta(hours=1)

    assert await store.delegations.take_back("U1", now=later)
    assert store.delegations.since(later) == ()
    assert store.delegations.since(later - TICK) == (Delegation("U1", "U2", later),)
    assert not await store.delegations.take_back("U1", now=later)
    assert not await store.delegations.take_back("U9", now=later)
    assert told(store) == [("U1", "delegated", "U2"), ("U1", "delegation taken back", None)]


async def test_what_has_ended_is_not_taken_back(store: Store):
    """A delegation that is over keeps its end, whatever its giver does afterwards."""
    ended = await give(store, "U2")

    assert not await store.delegations.take_back("U1", now=ended.until)
    await give(store, "U3", now=ended.until + DAY)
    assert ended in store.delegations.since(NOW)


async def test_of_many_at_once_one_stands(store: Store):
    """However often somebody delegates in one moment, one person stands in for them afterwards, and all are audited."""
    await asyncio.gather(*(give(store, f"U{n}") for n in range(2, 12)))

    assert len(store.delegations.since(NOW)) == 1
    assert len(told(store)) == 10
    assert store.audit.verify() is None


async def test_it_is_there_after_a_restart(tmp_path: Path):
    """A restart takes nothing back."""
    first = Store(tmp_path / "simops.db")
    given = await give(first, "U2")
    first.close()
    second = Store(tmp_path / "simops.db")

    assert second.delegations.since(NOW) == (given,)
    second.close()
