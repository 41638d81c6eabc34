"""What Slack delivers twice is taken once, and each job's last run is known."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.rules.outbox import Note
from bot.rules.runs import Came, Run, cut_off, failed
from bot.store import Store
from bot.store.deliveries import KEPT

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def count(store: Store) -> int:
    """How many deliveries are remembered."""
    return int(store.disk.reader.execute("SELECT count(*) FROM deliveries").fetchone()[0])


async def test_of_many_at_once_one_is_the_first(store: Store):
    """The same delivery over many connections is new exactly once, and never again."""
    results = await asyncio.gather(*(store.deliveries.first_time("T1", now=NOW) for _ in range(50)))

    assert results.count(True) == 1
    assert not await store.deliveries.first_time("T1", now=NOW + KEPT)
    assert await store.deliveries.first_time("T2", now=NOW)


async def test_it_is_known_after_a_restart(store: Store):
    """What was taken before a restart is not taken again."""
    await store.deliveries.first_time("T1", now=NOW)
    path = store.disk._path
    store.close()
    again = Store(path)

    assert not await again.deliveries.first_time("T1", now=NOW)
    again.close()


async def test_the_old_ones_are_forgotten_bit_by_bit(store: Store):
    """After a day a delivery is forgotten, at most a hundred with each new one, and nothing younger."""
    await asyncio.gather(*(store.deliveries.first_time(f"old{n}", now=NOW) for n in range(150)))
    later = NOW + KEPT + timedelta(seconds=1)
    await store.deliveries.first_time("young", now=NOW + timedelta(hours=1))

    await store.deliveries.first_time("new1", now=later)
    assert count(store) == 50 + 2
    await store.deliveries.first_time("new2", now=later)
    assert count(store) == 3
    assert await store.deliveries.first_time("old1", now=later)
    assert not await store.deliveries.first_time("young", now=later)


async def test_the_last_run_of_each_job(store: Store):
    """Of each job the newest run is kept with what came of it; before any there are none."""
    assert store.runs.last() == {}
    await store.runs.note("check", Came("first"), now=NOW)
    await store.runs.note("settle", Came("nothing"), now=NOW)
    await store.runs.note("check", Came("2 alerts raised"), now=NOW + timedelta(hours=1))

    assert store.runs.last() == {
        "check": Run(NOW + timedelta(hours=1), "2 alerts raised"),
        "settle": Run(NOW, "nothing"),
    }


async def test_runs_that_fail_are_counted(store: Store):
    """Runs that fail in a row are counted with when the first did, those cut off among them too; one that works ends
    that."""
    hung, down = cut_off(timedelta(minutes=10), ended=True), failed("SmartHub is down.")
    found = []
    for hour, came in enumerate((down, hung, hung, down, Came("done"), hung)):
        await store.runs.note("check", came, now=NOW + timedelta(hours=hour))
        run = store.runs.last()["check"]
        found.append((run.failed, run.cut_off, run.since))

    later = NOW + timedelta(hours=5)
    assert found == [(1, 0, NOW), (2, 1, NOW), (3, 2, NOW), (4, 2, NOW), (0, 0, None), (1, 1, later)]


async def test_what_is_said_of_a_job_that_hangs_goes_out_once(store: Store):
    """The message goes out with the first run that is cut off, and not again until the job has worked."""
    hung, note = cut_off(timedelta(minutes=10), ended=True), Note("C1", "it hangs")
    told = []
    for came in (failed("no"), hung, hung, failed("no"), hung, Came("done"), failed("no"), hung):
        await store.runs.note("check", came, messages=[note], now=NOW)
        told.append(store.outbox.depth())

    assert told == [0, 1, 1, 1, 1, 1, 1, 2]
