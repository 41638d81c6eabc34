"""Several bulk jobs at once, and everything at once: fair, each SIM sent at most once, each job to its end."""

from __future__ import annotations

import random
from itertools import groupby
from pathlib import Path

import pytest

from bot.rules.jobs import Stage, State
from bot.rules.orders import Order
from bot.rules.sims import Operation
from bot.simulator.hub import Hub
from tests.stories.forging import click, send
from tests.stories.jobs import SUSPEND, Work, at_work, sound
from tests.talk import ADMIN, APPROVER, OPERATOR

SET = Order(Operation.SET, custom=((3, "north"),))
APN = Order(Operation.APN, apn="iot.smarthub", enabled=False)


async def test_two_jobs_take_turns(tmp_path: Path):
    """Jobs that go SIM by SIM share SmartHub evenly: neither waits for the other to end."""
    async with at_work(tmp_path, sims=120) as work:
        sims = work.sims()
        await work.start(SET, sims[:4], number=1)
        await work.finish(1)
        work.world.hub.asked.clear()
        work.world.hub.busy(times=1, retry_after=10)
        await work.start(SET, sims[4:44], number=2)
        await work.start(APN, sims[44:84], number=3)
        await work.go_on(seconds=15)

        changes = [a.operation for a in work.world.hub.asked if a.operation.startswith(("updateSim", "changeApn"))]
        turns = [len(list(calls)) for _, calls in groupby(changes)]

    assert changes.count("updateSimCustomFields") == changes.count("changeApnStatus") == 40
    assert max(turns) <= 4


async def test_a_broken_job_holds_up_no_other(tmp_path: Path):
    """A job whose store rows make no sense is left alone, and the others go on."""
    async with at_work(tmp_path) as work:
        sims = work.sims()
        work.world.hub.busy(times=1, retry_after=10)
        await work.start(SUSPEND, sims[:5], number=1)
        await work.start(SUSPEND, sims[5:15], number=2)
        await work.world.app.store.disk.write(
            lambda db: db.execute("""UPDATE job_sims SET own = '{"operation": "none"}' WHERE job = 1""").rowcount
        )

        job = await work.finish(2)

    assert job.at(Stage.DONE) == 10
    assert len(work.batches()) == 2


@pytest.mark.parametrize("seed", range(8))
async def test_storms(tmp_path: Path, seed: int):
    """Whatever goes wrong and whoever presses what: each SIM is sent at most once, and every job comes to its end."""
    chance = random.Random(seed)  # noqa: S311 - nothing here is a secret
    async with at_work(tmp_path, sims=90, batch_size=7, at_once=3) as work:
        sims = work.sims()
        orders = {1: SUSPEND, 2: SET, 3: APN}
        parts = {1: sims[:20], 2: sims[20:40], 3: sims[40:55]}
        for number, order in orders.items():
            canary = chance.choice([0, 3])
            await work.start(
                order, parts[number], number=number, canary=canary, stop_at_percent=chance.choice([30, 100])
            )
        for _ in range(60):
            await something(work, chance, sims)
            mishap(work.world.hub, chance)
            await work.go_on(seconds=chance.choice([1, 3, 10, 40]))
        work.world.hub.reset_knobs()
        await end_all(work, orders)

        for number in orders:
            sound(work, number)
            assert sum(work.job(number).counts.values()) == len(parts[number])
        assert work.most_often() <= 1
        assert sorted(number for number, _ in work.ended) == [1, 2, 3]
        done = [giccid for n in orders for giccid, (stage, _, _) in work.found(n).items() if stage == "done"]
        for giccid in done:
            sim = work.world.hub.sim(giccid)
            assert (
                sim["status"] == "DEACTIVATED"
                or sim["custom3"] == "north"
                or sim["apns"] == [{"apn": "iot.smarthub", "status": "DISABLED"}]
            )


async def something(work: Work, chance: random.Random, sims: list[tuple[str, str, str, str]]) -> None:
    """One thing that may happen."""
    hub, number = work.world.hub, chance.choice([1, 2, 3])
    match chance.randrange(5):
        case 0:
            await work.world.restart()
            work.listen()
        case 1:
            action = chance.choice(["job.pause", "job.resume", "job.continue", "job.resume", "job.continue"])
            await send(work.world, click(work.world, work.message(1), action, by=APPROVER, value=str(number)))
        case 2:
            await work.world.say(f"/sim protect {chance.choice(sims)[0]}", by=OPERATOR)
        case 3:
            hub.down = not hub.down
        case 4:
            hub.settle_slowly = chance.choice([0, 0, 20, 100])


def mishap(hub: Hub, chance: random.Random) -> None:
    """One thing that goes wrong with what SmartHub is asked next."""
    match chance.randrange(5):
        case 0:
            hub.lose_next(chance.choice(["batchSuspend", "updateSimCustomFields", "changeApnStatus"]))
        case 1:
            hub.busy(times=chance.randrange(1, 9), retry_after=chance.choice([1, 5, 30]))
        case 2:
            hub.refuse_next("illegal_status")
        case 3:
            hub.broken_next(b"nothing of use")
        case 4:
            hub.forbid(times=chance.randrange(1, 5))


async def end_all(work: Work, orders: dict[int, Order]) -> None:
    """Has every job go on whenever it waits for somebody, until all have ended."""
    for _ in range(400):
        waiting = [n for n in orders if work.job(n).open]
        if not waiting and not work.world.app.store.jobs.to_file():
            return
        for number in waiting:
            state = work.job(number).state
            if state in (State.PAUSED, State.CANARY, State.STOPPED):
                action = "job.resume" if state is State.PAUSED else "job.continue"
                await send(work.world, click(work.world, work.message(1), action, by=ADMIN, value=str(number)))
        await work.world.run("outages")
        await work.go_on(seconds=30)
    raise AssertionError(f"They do not end: {[work.card(n) for n in orders]}")
