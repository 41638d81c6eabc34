"""Bulk jobs on disk: each SIM claimed once, each result counted once, whatever happens side by side."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import NotFound
from bot.rules import jobs as rule
from bot.rules.audit import SYSTEM, Deed
from bot.rules.job_sims import Entry, Found
from bot.rules.jobs import Job, Stage, State
from bot.rules.orders import Before, Order
from bot.rules.outbox import Card
from bot.rules.shields import Shield
from bot.rules.sims import Operation, Sim, Status
from bot.store import Store
from bot.store.batches import Batch

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
SUSPEND = Order(Operation.SUSPEND)
PLAN = Order(Operation.PLAN, plan="iot-10")
DEED = Deed(SYSTEM, "started", "job:1")
LOST = Found(Stage.LOST, why="lost")


def giccid(n: int) -> str:
    """The number of the nth SIM."""
    return f"{8949 * 10**15 + n}"


async def made(
    store: Store, count: int = 10, *, order: Order = SUSPEND, canary: int = 0, number: int = 1, first: int = 1
) -> Job:
    """A job that runs, with so many SIMs."""
    job = rule.new(number, order, by="U1", count=count, canary=canary, stop_at_percent=20, now=NOW)
    await store.jobs.begin(job, deed=DEED)
    entries = [Entry(giccid(n), f"SIM {n}", "active", "iot-1") for n in range(first, first + count)]
    await store.jobs.fill(number, entries, first=1)
    filled = store.jobs.get(number)
    assert await store.jobs.swap(filled, rule.fill(filled, now=NOW), deed=DEED, messages=(), now=NOW)
    return store.jobs.get(number)


def stages(store: Store, number: int = 1) -> dict[Stage, int]:
    """How many SIMs stand where, counted anew."""
    rows = store.disk.reader.execute("SELECT stage, count(*) FROM job_sims WHERE job = ? GROUP BY stage", (number,))
    return {Stage(row[0]): row[1] for row in rows}


def counted(store: Store, number: int = 1) -> dict[Stage, int]:
    """The same as the job tells it."""
    return {stage: count for stage, count in store.jobs.get(number).counts.items() if count}


async def test_a_job_comes_back_as_it_was(store: Store):
    """What was written is what is read: the order, who asked, and how many SIMs wait."""
    job = await made(store, 3, order=PLAN, canary=2)

    assert (job.order, job.by, job.count, job.canary, job.state) == (PLAN, "U1", 3, 2, State.RUNNING)
    assert job.counts[Stage.WAITING] == 3
    with pytest.raises(NotFound, match="There is no job #2 here"):
        store.jobs.get(2)


async def test_begun_once(store: Store):
    """A job that is there is not begun again, one that is half made goes on, and one that has ended stays ended."""
    job = rule.new(1, SUSPEND, by="U1", count=2, canary=0, stop_at_percent=20, now=NOW)

    assert await store.jobs.begin(job, deed=DEED)
    assert await store.jobs.begin(job, deed=DEED)
    await store.jobs.fill(1, [Entry(giccid(1), "one", "active", None)], first=1)
    half = store.jobs.get(1)
    await store.jobs.swap(half, rule.fill(half, now=NOW), deed=DEED, messages=(), now=NOW)
    assert not await store.jobs.begin(job, deed=DEED)
    running = store.jobs.get(1)
    await store.jobs.swap(running, rule.end(running, now=NOW), deed=DEED, messages=(), now=NOW)
    assert not await store.jobs.begin(job, deed=DEED)
    assert await store.jobs.begin(replace(job, order=PLAN), deed=DEED)
    assert store.jobs.get(1).state is State.MAKING


async def test_a_step_counts_once(store: Store):
    """Of many who move a job from the same version one does, with its audit line and its card; the others do not."""
    job = await made(store)
    lines = len(list(store.audit.lines()))

    def pause(user: str) -> object:
        after = replace(job, state=State.PAUSED, steered_by=user, version=job.version + 1)
        deed = Deed(user, "paused", "job:1")
        return store.jobs.swap(job, after, deed=deed, messages=[Card("job:1", "C1")], now=NOW)

    won = await asyncio.gather(*(pause(f"U{n}") for n in range(10)))  # type: ignore[arg-type]

    assert sum(won) == 1
    assert len(list(store.audit.lines())) == lines + 1
    assert store.outbox.depth() == 1


async def test_claimed_once(store: Store):
    """However many claim at once, each SIM is in one claim, in the order of the list, and none is left."""
    await made(store, 25)

    claims = await asyncio.gather(*(store.batches.claim(1, SUSPEND, size=4, now=NOW) for _ in range(10)))

    given_out = [one for claim in claims if claim is not None for one in claim.giccids]
    assert sorted(given_out) == [giccid(n) for n in range(1, 26)]
    assert [len(claim.giccids) for claim in claims if claim is not None] == [4, 4, 4, 4, 4, 4, 1]
    assert counted(store) == {Stage.SENT: 25} == stages(store)


@pytest.mark.parametrize("state", [state for state in State if state is not State.RUNNING])
async def test_nothing_is_claimed_unless_it_runs(store: Store, state: State):
    """A job that does not run gives out nothing, neither for batches nor for calls."""
    await made(store)
    await store.disk.write(lambda db: db.execute("UPDATE jobs SET state = ?", (state.value,)).rowcount)

    assert await store.batches.claim(1, SUSPEND, size=4, now=NOW) is None
    assert store.batches.waiting(1, limit=4) == ()


async def test_only_the_canary_is_claimed(store: Store):
    """Until it is released, a job gives out its first SIMs and no others, in batches and for calls."""
    await made(store, 10, canary=3)

    assert len(store.batches.waiting(1, limit=9)) == 3
    first = await store.batches.claim(1, SUSPEND, size=9, now=NOW)
    assert first is not None
    assert first.giccids == tuple(giccid(n) for n in (1, 2, 3))
    assert await store.batches.claim(1, SUSPEND, size=9, now=NOW) is None
    assert store.batches.waiting(1, limit=9) == ()


async def test_given_back(store: Store):
    """What was claimed and not sent waits again, once; what SmartHub has stored cannot be given back."""
    await made(store, 4)
    claim = await store.batches.claim(1, SUSPEND, size=4, now=NOW)
    assert claim is not None

    await store.batches.give_back(claim)
    await store.batches.give_back(claim)
    assert counted(store) == {Stage.WAITING: 4}
    again = await store.batches.claim(1, SUSPEND, size=4, now=NOW)
    assert again is not None
    await store.batches.stored(again, "job-7", look_at=LATER, now=NOW)
    await store.batches.give_back(again)

    assert counted(store) == {Stage.SENT: 4}
    batch = store.batches.due(1, now=LATER)
    assert batch == Batch(1, again.n, "job-7", 4, NOW, 0)
    assert store.batches.due(1, now=NOW) is None


async def test_a_batch_is_settled_once(store: Store):
    """A batch that is lost, refused or over is so once; what came late changes nothing any more."""
    await made(store, 4)
    claim = await store.batches.claim(1, SUSPEND, size=4, now=NOW)
    assert claim is not None

    await store.batches.lose(1, claim.n, LOST, now=NOW)
    await store.batches.refuse(claim, Found(Stage.FAILED, "no"), now=NOW)
    await store.batches.stored(claim, "job-7", look_at=LATER, now=NOW)
    await store.batches.give_back(claim)

    assert counted(store) == {Stage.LOST: 4} == stages(store)
    assert store.batches.under_way(1) == 0
    assert [line.deed.action for line in store.audit.lines()].count("lost") == 1


async def test_results_count_once(store: Store):
    """The same results told twice count once, a result for a SIM of another batch not at all, and the rest is said at
    the end."""
    await made(store, 6)
    first, second = [await store.batches.claim(1, SUSPEND, size=3, now=NOW) for _ in range(2)]
    assert first is not None
    assert second is not None
    for claim in (first, second):
        await store.batches.stored(claim, f"job-{claim.n}", look_at=NOW, now=NOW)
    batch = Batch(1, first.n, "job-1", 3, NOW, 0)
    found = {giccid(1): Found(Stage.TAKEN), giccid(2): Found(Stage.FAILED, "no", "No."), giccid(4): Found(Stage.TAKEN)}

    for _ in range(3):
        await store.batches.results(batch, found, look_at=LATER, rest=LOST, now=NOW)
    assert counted(store) == {Stage.TAKEN: 1, Stage.FAILED: 1, Stage.SENT: 4}
    for _ in range(2):
        await store.batches.results(batch, found, look_at=None, rest=LOST, now=NOW)

    assert counted(store) == {Stage.TAKEN: 1, Stage.FAILED: 1, Stage.LOST: 1, Stage.SENT: 3} == stages(store)
    assert store.batches.under_way(1) == 1


async def test_a_call_is_claimed_once(store: Store):
    """Of many who want to make the call for a SIM one may, and what the SIM was before is kept."""
    await made(store, 2)
    [one, _] = store.batches.waiting(1, limit=2)
    before = Before("active", "iot-1", custom=("a", None, None, None, None))

    won = await asyncio.gather(*(store.batches.claim_call(1, SUSPEND, one, before=before, now=NOW) for _ in range(5)))

    assert sum(won) == 1
    await store.batches.settle_call(1, one.n, Found(Stage.TAKEN), now=NOW)
    [seen] = store.job_sims.to_see(1, now=NOW, limit=5)
    assert seen.before == before


async def test_what_was_left_behind_is_lost(store: Store):
    """What is claimed and not settled when nobody sends is lost, in batches and calls, and is read from now on; what
    SmartHub has stored is not touched."""
    await made(store, 7)
    stored, claimed = [await store.batches.claim(1, SUSPEND, size=3, now=NOW) for _ in range(2)]
    assert stored is not None
    assert claimed is not None
    await store.batches.stored(stored, "job-1", look_at=LATER, now=NOW)
    [one] = store.batches.waiting(1, limit=1)
    assert await store.batches.claim_call(1, SUSPEND, one, before=Before("active"), now=NOW)

    assert await store.batches.abandoned(1, sms=False, now=NOW) == 4
    assert await store.batches.abandoned(1, sms=False, now=NOW) == 0

    assert counted(store) == {Stage.SENT: 3, Stage.LOST: 4} == stages(store)
    assert len(store.job_sims.to_see(1, now=NOW, limit=9)) == 4


async def test_what_may_not_be_touched_is_left_out(store: Store):
    """Protected SIMs and those another job is changing are left out as they are claimed, each with its reason."""
    await made(store, 3, number=1)
    await made(store, 5, number=2)
    await store.protected.put(Shield(giccid(4), "SIM 4", "U9", NOW, None))
    assert await store.batches.claim(1, SUSPEND, size=2, now=NOW) is not None

    claim = await store.batches.claim(2, SUSPEND, size=9, now=NOW)

    assert claim is not None
    assert claim.giccids == (giccid(3), giccid(5))
    assert [(one.giccid, one.why) for one in store.job_sims.not_done(2, limit=9)] == [
        (giccid(1), "Job #1 is changing this SIM."),
        (giccid(2), "Job #1 is changing this SIM."),
        (giccid(4), "It is protected by <@U9>."),
    ]


async def test_a_batch_holds_one_order(store: Store):
    """Where SIMs have orders of their own, a batch holds those of one order, and all of them come to be sent."""
    job = rule.new(1, replace(PLAN, plan=None), by="U1", count=9, canary=0, stop_at_percent=20, now=NOW)
    await store.jobs.begin(job, deed=DEED)
    own = [replace(PLAN, plan=f"iot-{n % 3}") for n in range(9)]
    await store.jobs.fill(1, [Entry(giccid(n), "x", "active", "p", own[n]) for n in range(9)], first=1)
    filled = store.jobs.get(1)
    await store.jobs.swap(filled, rule.fill(filled, now=NOW), deed=DEED, messages=(), now=NOW)

    claims = [await store.batches.claim(1, job.order, size=9, now=NOW) for _ in range(4)]

    assert claims[3] is None
    assert [(c.order.plan, len(c.giccids)) for c in claims if c] == [("iot-0", 3), ("iot-1", 3), ("iot-2", 3)]


async def test_the_account_is_the_snapshots(store: Store):
    """SIMs that are to be read again are counted by the account the snapshot knows, with the size of a list of it."""
    for n in range(1, 5):
        sim = Sim(giccid(n), Status.SUSPENDED if n == 4 else Status.ACTIVE, "X", account="acme", plan="iot-1")
        await store.sims.remember(sim, label=f"SIM {n}", now=NOW)
    await made(store, 5)
    claim = await store.batches.claim(1, SUSPEND, size=5, now=NOW)
    assert claim is not None
    await store.batches.lose(1, claim.n, LOST, now=NOW)

    due = {one.account: one for one in await store.job_sims.due(1, now=NOW, status="suspended", plan=None)}

    assert (due["acme"].count, due["acme"].all, due["acme"].in_status) == (4, 4, 1)
    assert due[None].count == 1


async def test_shown_no_more_often_than_allowed(store: Store):
    """A card that tells something old is put out once in the time allowed, and not at all when nothing changed."""
    await made(store)
    every = timedelta(seconds=5)
    assert await store.jobs.show(channel="C1", every=every, now=LATER) == 0
    await store.batches.claim(1, SUSPEND, size=2, now=LATER)

    shown = [await store.jobs.show(channel="C1", every=every, now=LATER + timedelta(seconds=s)) for s in (0, 1, 4, 5)]
    assert shown == [1, 0, 0, 0]
    await store.batches.claim(1, SUSPEND, size=2, now=LATER)
    shown = [await store.jobs.show(channel="C1", every=every, now=LATER + timedelta(seconds=s)) for s in (1, 4, 5, 6)]
    assert shown == [0, 0, 1, 0]


async def test_streamed_in_order(store: Store):
    """All SIMs of a job, or those at one stage, come in the order of the list, a thousand at a time."""
    await made(store, 2500)
    await store.batches.claim(1, SUSPEND, size=1000, now=NOW)

    pieces = [piece async for piece in store.job_sims.stream(1)]
    waiting = [one.n async for piece in store.job_sims.stream(1, only=Stage.WAITING) for one in piece]

    assert [len(piece) for piece in pieces] == [1000, 1000, 500]
    assert [one.n for piece in pieces for one in piece] == list(range(1, 2501))
    assert waiting == list(range(1001, 2501))


async def test_old_jobs_let_their_sims_go(store: Store):
    """Long after its end a job's SIMs are removed a little at a time; its counts stay, and so do other jobs."""
    await made(store, 2500)
    await made(store, 10, number=2, first=5000)
    job = store.jobs.get(1)
    await store.jobs.swap(job, rule.end(job, now=NOW), deed=DEED, messages=(), now=NOW)

    assert await store.jobs.forget(now=NOW + timedelta(days=29)) == 0
    assert await store.jobs.forget(now=NOW + timedelta(days=31)) == 2000
    assert store.jobs.is_kept(1)
    assert await store.jobs.forget(now=NOW + timedelta(days=31)) == 500
    assert await store.jobs.forget(now=NOW + timedelta(days=31)) == 0

    assert not store.jobs.is_kept(1)
    assert store.jobs.get(1).at(Stage.WAITING) == 2500
    assert stages(store, 2) == {Stage.WAITING: 10}


async def test_looks_of_a_clock_that_was_set_back(store: Store):
    """What was put off to a time that a clock set back has moved far away is looked at now."""
    await made(store, 4)
    for theirs in ("job-1", None):
        claim = await store.batches.claim(1, SUSPEND, size=2, now=NOW)
        assert claim is not None
        if theirs is None:
            await store.batches.lose(1, claim.n, LOST, now=NOW)
        else:
            await store.batches.stored(claim, theirs, look_at=NOW, now=NOW)
    yesterday = NOW - timedelta(days=1)
    assert store.batches.due(1, now=yesterday) is None
    assert store.job_sims.to_see(1, now=yesterday, limit=9) == ()

    await store.batches.look_now(now=yesterday)

    assert store.batches.due(1, now=yesterday) is not None
    assert len(store.job_sims.to_see(1, now=yesterday, limit=9)) == 2


DEEDS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 30)), max_size=30)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_whatever_is_done_the_counts_are_true(tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[int, int]]):
    """After any sequence of claims, results, looks and returns, the counts of a job are those of its rows."""
    asyncio.run(_any_sequence(tmp_path_factory.mktemp("jobs"), deeds))


async def _any_sequence(folder: Path, deeds: list[tuple[int, int]]) -> None:
    store = Store(folder / "simops.db")
    try:
        await made(store, 30)
        for what, n in deeds:
            await _do(store, what, n)
        assert counted(store) == stages(store)
        assert sum(counted(store).values()) == 30
        twice = Counter(row[0] for row in store.disk.reader.execute("SELECT giccid FROM job_sims"))
        assert max(twice.values()) == 1
    finally:
        store.close()


async def _do(store: Store, what: int, n: int) -> None:
    """One of the things that happen to the SIMs of a job."""
    batches, claim = store.batches, None
    if what in (0, 1, 2, 3):
        claim = await batches.claim(1, SUSPEND, size=n % 5 + 1, now=NOW)
    if claim is not None and what == 1:
        await batches.give_back(claim)
    elif claim is not None and what == 2:
        await batches.lose(1, claim.n, LOST, now=NOW)
    elif claim is not None and what == 3:
        await batches.stored(claim, "job-1", look_at=NOW, now=NOW)
        batch, found = (
            Batch(1, claim.n, "job-1", 1, NOW, 0),
            {giccid(n): Found(Stage.FAILED), giccid(n + 1): Found(Stage.TAKEN)},
        )
        await batches.results(batch, found, look_at=None if n % 2 else NOW, rest=LOST, now=NOW)
    elif what == 4:
        await batches.abandoned(1, sms=bool(n % 2), now=NOW)
    elif what == 5:
        await store.job_sims.settle(1, [(n, Found(Stage.DONE)), (n + 1, Found(Stage.UNSURE))], now=NOW)
    elif what == 6:
        await batches.settle_call(1, n, Found(Stage.LEFT_OUT), now=NOW)
    elif what == 7:
        await store.job_sims.look_later(1, [(n, LATER)])
