"""Lists and their jobs under attack: no SIM is sent twice, and no job is made of another list than the approved one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.rules.approvals import State
from bot.rules.jobs import Stage
from bot.rules.jobs import State as JobState
from tests.stories.forging import after, answers, click, form, sending
from tests.stories.forging import send as forge
from tests.stories.jobs import Work, at_work, sound
from tests.stories.listing import nothing_changed
from tests.stories.many import approve, asked, finish
from tests.talk import ADMIN, APPROVALS, APPROVER, OPERATOR, OTHER_APPROVER, OTHER_OPERATOR, VIEWER, World


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    """A world with jobs as they are, and requests in their place."""
    async with at_work(tmp_path, canary=0, stop_at_percent=100) as work:
        await work.world.restart()
        yield work


@pytest.fixture
def world(work: Work) -> World:
    """The world of it."""
    return work.world


def picked(world: World, count: int, status: str = "ACTIVATED") -> list[str]:
    """So many SIMs with this status at SmartHub."""
    return [world.hub.pick(status, nth=n) for n in range(count)]


async def test_who_asked_for_a_list_does_not_approve_it(world: World):
    """An approver who asked for a list says yes to it in no way, not by a forged click or form either."""
    card = await asked(world, "suspend", picked(world, 3), by=APPROVER)
    for action in ("approval.approve", "approval.break"):
        await forge(world, click(world, card, action, by=APPROVER, value="1"))
    await forge(world, form(world, "1", "now", by=APPROVER, what="break"))

    assert world.request().state is State.PENDING
    assert nothing_changed(world)


@pytest.mark.parametrize("turns", range(0, 60, 15))
async def test_two_approvers_while_the_list_drifts(world: World, work: Work, turns: int):
    """Two say yes in one moment to a list of which a SIM fits no more: neither says yes to what nobody has seen."""
    sims = picked(world, 6)
    card = await asked(world, "suspend", sims)
    world.hub.change(sims[0], status="DEACTIVATED")
    await world.later(minutes=2)
    clicks = [
        sending(world, click(world, card, "approval.approve", by=by, value="1")) for by in (APPROVER, OTHER_APPROVER)
    ]
    await world.through(asyncio.gather(clicks[0], after(turns, clicks[1])))
    await world.run("jobs")

    request = world.request()
    # The second may have come after the first was shown the difference; nobody else has been sent anything.
    if request.state is State.PENDING:
        assert nothing_changed(world)
        await approve(world, card)
    await finish(world)
    assert world.request().count == 5
    assert sims[0] not in [sim for batch in work.batches() for sim in batch]
    assert work.most_often() == 1
    assert world.app.store.jobs.get(1).count == 5


@pytest.mark.parametrize("turns", range(0, 200, 40))
async def test_glass_broken_while_the_list_is_looked_at(world: World, work: Work, turns: int):
    """An admin who breaks the glass while an approval reads the list has one whole list carried out, never a part of
    one: what the digest on the card says is what was sent."""
    sims = picked(world, 6)
    card = await asked(world, "suspend", sims)
    world.hub.change(sims[0], status="DEACTIVATED")
    await world.later(minutes=2)
    looks = sending(world, click(world, card, "approval.approve", by=APPROVER, value="1"))
    breaks = sending(world, form(world, "1", "it burns", by=ADMIN, what="break"))
    await world.through(asyncio.gather(looks, after(turns, breaks)))
    await finish(world)

    request, found = world.request(), world.app.store.lists.get(1)
    assert request.state is State.DONE, request.outcome
    assert request.digest == found.digest == await world.app.store.lists.digest(1)
    assert work.job().count == request.count
    assert work.most_often() == 1


async def test_a_list_half_judged_when_the_bot_was_killed(world: World, work: Work):
    """What an approval has left out of a list when the bot was killed over it is not carried out unseen: broken glass
    sends nothing of a list that is not the one on the card."""
    sims = picked(world, 4)
    card = await asked(world, "suspend", sims)
    await world.app.store.disk.write(
        lambda db: (
            db.execute(
                "UPDATE list_sims SET verdict = 'wrong state' WHERE list = 1 AND giccid = ?", (sims[0],)
            ).rowcount
        )
    )
    await world.restart()
    await world.press(card, "Break glass…", by=ADMIN)
    await world.submit({"Reason": "it burns"}, by=ADMIN)
    await world.run("jobs")

    assert world.request().state is State.FAILED
    assert "not any more the one that was approved; nothing was sent" in (world.request().outcome or "")
    assert work.batches() == []


async def test_the_same_list_twice(world: World, work: Work):
    """Two requests for the same SIMs, approved in one moment: each SIM is given to SmartHub once."""
    sims = picked(world, 6)
    first = await asked(world, "suspend", sims)
    second = await asked(world, "suspend", sims, by=OTHER_OPERATOR)
    await world.through(
        asyncio.gather(
            sending(world, click(world, first, "approval.approve", by=APPROVER, value="1")),
            sending(world, click(world, second, "approval.approve", by=OTHER_APPROVER, value="2")),
        )
    )
    await world.run("jobs")
    for number in (1, 2):
        if world.request(number).state is State.RUNNING:
            await finish(world, number)

    assert work.statuses([(sim,) for sim in sims]) == {"DEACTIVATED"}
    assert work.most_often() == 1


async def test_one_sim_of_a_job_that_is_under_way(world: World, work: Work):
    """While a job is changing a SIM nobody can ask for another change of it alone, and is told why."""
    sims = picked(world, 3)
    world.hub.world.job_takes_s = 60.0
    await approve(world, await asked(world, "suspend", sims))
    said = await world.say(f"/sim suspend {sims[0]}", by=OTHER_OPERATOR)

    assert said.reply is not None
    assert "Job #1 is changing this SIM right now. Ask again when it has come to its end." in said.reply.words
    await finish(world)
    assert work.most_often() == 1


async def test_one_sim_that_waits_for_its_own_request(world: World, work: Work):
    """A SIM for which a request of its own is open is left out of the job, and is sent once when that is approved."""
    sims = picked(world, 3)
    card = await asked(world, "suspend", sims)
    own = await world.ask("suspend", sims[0])
    await approve(world, card)
    await world.press(own, "Approve", by=APPROVER)
    await finish(world)

    assert work.found()[sims[0]][0] == "left out"
    assert world.hub.count("suspendSim", sims[0]) == 1
    assert work.statuses([(sim,) for sim in sims]) == {"DEACTIVATED"}


@pytest.mark.parametrize("turns", range(0, 40, 10))
async def test_continue_and_cancel_at_once(work: Work, world: World, turns: int):
    """Continue and Cancel in one moment: one of them wins, the job stands where it says, and no SIM goes twice."""
    world.settings["bulk"] |= {"canary": 2}
    await world.restart()
    sims = picked(world, 8)
    await approve(world, await asked(world, "suspend", sims))
    for _ in range(6):
        await work.go_on(seconds=5)
    assert work.job().state is JobState.CANARY
    card = work.message()
    presses = [
        sending(world, click(world, card, f"job.{what}", by=by, value="1"))
        for what, by in (("continue", APPROVER), ("cancel", OTHER_APPROVER))
    ]
    await world.through(asyncio.gather(presses[0], after(turns, presses[1])))
    await finish(world)

    assert work.job().state in (JobState.DONE, JobState.CANCELLED)
    sent = sum(len(batch) for batch in work.batches())
    assert sent == work.at(Stage.DONE)
    assert work.most_often() == 1
    sound(work)


async def test_forged_numbers(tmp_path: Path):
    """A number that stands on no card leads nowhere, and is answered in words."""
    world = World(tmp_path, sims=5)
    await world.start()
    card = await world.ask()
    world.hub.asked.clear()
    for action in ("job.continue", "job.cancel", "job.retry", "job.undo", "list.ask", "list.drop"):
        for value in ("0", "-1", "2", "9" * 21, "1 OR 1=1", "1.0", "", "１", None, ["1"]):
            said = len(answers(world, APPROVER))
            await forge(world, click(world, card, action, by=APPROVER, value=value))
            assert len(answers(world, APPROVER)) > said, (action, value)
            assert "went wrong" not in answers(world, APPROVER)[-1], (action, value)
    assert world.hub.asked == []
    assert world.request().state is State.PENDING
    await world.stop()


async def test_a_viewer_steers_nothing(world: World, work: Work):
    """No button of a job does anything for a viewer, nor for an operator who did not ask for it."""
    world.settings["bulk"] |= {"canary": 2}
    await world.restart()
    await approve(world, await asked(world, "suspend", picked(world, 6)))
    for _ in range(6):
        await work.go_on(seconds=5)
    before = work.job()
    for by in (VIEWER, OTHER_OPERATOR):
        for what in ("pause", "resume", "continue", "cancel", "retry", "undo"):
            await forge(world, click(world, work.message(), f"job.{what}", by=by, value="1"))
    assert work.job() == before
    assert len(work.batches()) == 1


async def test_an_undo_of_an_undo(world: World, work: Work):
    """An undo can be undone; each is asked for and approved by itself, and each SIM goes once for each."""
    sims = picked(world, 3)
    await approve(world, await asked(world, "suspend", sims))
    await finish(world)
    for number, (undone, status) in enumerate([(1, "ACTIVATED"), (2, "DEACTIVATED")], 2):
        await work.press("Undo (within 30 min)", number=undone)
        await approve(
            world, next(c for c in world.cards(APPROVALS) if f"#{number} " in c.words and "Job" not in c.words)
        )
        await finish(world, number)
        assert work.statuses([(sim,) for sim in sims]) == {status}
        await work.press("Undo (within 30 min)", number=undone)
        assert "None of 3 lines is accepted" in answers(world, OPERATOR)[-1]
    assert len(work.batches()) == 3


async def test_protected_between_two_batches(world: World, work: Work):
    """A SIM that is protected while the job runs is left out from then on, and named."""
    sims = sorted(picked(world, 20))
    world.hub.world.job_takes_s = 30.0
    await approve(world, await asked(world, "suspend", sims))
    last = next(sim for sim in sims if work.found()[sim][0] == "waiting")
    await world.say(f"/sim protect {last}", by=OPERATOR)
    await finish(world)
    assert work.found()[last] == ("left out", None, f"It is protected by <@{OPERATOR}>.")
    assert world.hub.sim(last)["status"] == "ACTIVATED"


@pytest.mark.parametrize("after_s", [0, 1, 3, 8])
async def test_the_store_refuses_in_the_middle(world: World, work: Work, after_s: int):
    """A store that refuses to write for a while in the middle of a job costs no SIM a second change, and it goes on."""
    sims = picked(world, 14)
    card = await asked(world, "suspend", sims)
    await world.press(card, "Approve", by=APPROVER)
    writer = world.app.store.disk._writer
    await world.later(seconds=after_s)
    writer.execute("PRAGMA query_only=ON")
    for _ in range(3):
        await world.through(world.app.schedule.run("jobs"))
        await world.clock.advance(5)
    writer.execute("PRAGMA query_only=OFF")
    await finish(world)
    assert work.most_often() == 1
    assert work.at(Stage.DONE) == 14
    sound(work)


async def test_approved_while_the_store_refuses(world: World, work: Work):
    """An approval that cannot be stored is none, and says so; pressed again it counts."""
    card = await asked(world, "suspend", picked(world, 3))
    writer = world.app.store.disk._writer
    writer.execute("PRAGMA query_only=ON")
    ack = await world.begin(sending(world, click(world, card, "approval.approve", by=APPROVER, value="1")))
    await world.clock.advance(1)
    writer.execute("PRAGMA query_only=OFF")
    await world.through(ack)
    assert world.request().state in (State.PENDING, State.RUNNING)
    if world.request().state is State.PENDING:
        await approve(world, card)
    await finish(world)
    assert work.most_often() == 1


async def test_killed_between_the_end_of_the_job_and_that_of_its_request(world: World, work: Work):
    """A bot that ended after its job had, and before the request heard of it, has it told at its next start, once."""
    sims = picked(world, 4)
    card = await asked(world, "retire", sims, typed="4")

    async def nobody(*_: object) -> None:
        raise AssertionError("it ended here")

    await world.press(card, "Approve", by=APPROVER)
    world.app.flows.jobs.seams = replace(world.app.flows.jobs.seams, on_end=nobody)
    for _ in range(5):
        await work.go_on(seconds=5)
    assert work.job().state is JobState.DONE
    assert world.request().state is State.RUNNING
    await world.restart()
    await finish(world)
    assert world.request().state is State.COOLING
    assert world.hub.count("batchRetire") == 0


async def test_policies_that_change_between_asking_and_approving(world: World, work: Work):
    """A request keeps the policy it was asked under, also when the new ones would ask nobody, or more people."""
    world.policies = [{"name": "two", "quorum": 2}]
    await world.restart()
    card = await asked(world, "suspend", picked(world, 3))
    world.policies = [{"name": "nobody", "approval": False}]
    await world.restart()

    await approve(world, card)
    assert world.request().state is State.PENDING
    await approve(world, card, by=OTHER_APPROVER)
    await finish(world)
    assert world.request().state is State.DONE


async def test_a_clock_set_back_while_a_list_cools(world: World, work: Work):
    """Set back, the clock lets nobody be retired before the time that stands on the card."""
    sims = picked(world, 3)
    await approve(world, await asked(world, "retire", sims, typed="3"))
    await finish(world)
    world.clock._now -= timedelta(hours=30)
    await world.run("requests")
    await world.later(hours=50)
    await world.run("requests")
    await world.run("jobs")
    assert world.request().state is State.COOLING
    assert work.statuses([(sim,) for sim in sims]) == {"DEACTIVATED"}
