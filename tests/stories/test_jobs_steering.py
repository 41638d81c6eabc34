"""Steering a bulk job: pause, go on, cancel, the canary, stopping by itself, once more and all back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.rules.jobs import Stage, State
from bot.rules.orders import Order
from bot.rules.sims import Operation
from bot.simulator.fleet import written
from tests.stories.forging import answers, click, send
from tests.stories.jobs import ACTIVATE, SUSPEND, Entry, Work, at_work, sound
from tests.talk import (
    ADMIN,
    APPROVER,
    OPERATOR,
    OTHER_APPROVER,
    OTHER_OPERATOR,
    STRANGER,
    VIEWER,
    plain,
)

PLAN = Order(Operation.PLAN, plan="iot-1g")


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    """Batches of five, two at once."""
    async with at_work(tmp_path, sims=60) as made:
        yield made


# --- pause, resume, cancel ---


async def test_paused_and_resumed(work: Work):
    """A paused job sends nothing more, what is under way comes to its end, and it goes on where it was."""
    sims = work.sims()
    await work.start(SUSPEND, sims)

    await work.press("Pause")
    for _ in range(10):
        await work.go_on(seconds=30)
    assert f"Paused by <@{OPERATOR}>" in work.card()
    assert (work.at(Stage.DONE), work.at(Stage.WAITING), len(work.batches())) == (10, len(sims) - 10, 2)
    await work.press("Resume")
    job = await work.finish()

    assert job.at(Stage.DONE) == len(sims)
    assert work.most_often() == 1
    assert [action for _, action in work.world.deeds("job:1") if action in ("paused", "resumed")] == [
        "paused",
        "resumed",
    ]


async def test_cancelled(work: Work):
    """Cancel leaves what is not sent as it is; what is under way is settled; the end says how many were not sent."""
    sims = work.sims()
    await work.start(SUSPEND, sims)

    await work.press("Cancel")
    job = await work.finish()

    assert job.state is State.CANCELLED
    assert (job.at(Stage.DONE), job.at(Stage.WAITING)) == (10, len(sims) - 10)
    assert work.statuses(sims[10:]) == {"ACTIVATED"}
    [(_, outcome)] = work.ended
    assert (outcome.done, outcome.left) == (10, len(sims) - 10)
    assert outcome.sentence == (
        f"Cancelled by <@{OPERATOR}>: 10 of {len(sims)} SIMs are done, {len(sims) - 10} were not sent."
    )
    assert [row["result"] for row in work.sheet()].count("not sent") == len(sims) - 10
    assert f"10 confirmed · {len(sims) - 10} not sent" in work.card()


async def test_paused_when_all_is_sent(work: Work):
    """A job that is paused when nothing is left to send ends when what is under way has."""
    await work.start(SUSPEND, work.sims(most=10))

    await work.press("Pause")
    job = await work.finish()

    assert (job.state, job.at(Stage.DONE)) == (State.DONE, 10)


BUTTONS = {"Pause": "job.pause", "Resume": "job.resume", "Continue": "job.continue", "Cancel": "job.cancel"}


@pytest.mark.parametrize("action", [*BUTTONS.values(), "job.retry", "job.undo"])
async def test_who_may_press(work: Work, action: str):
    """No button of a job does anything for a stranger or a viewer; the answer says which role it takes."""
    await work.start(SUSPEND, work.sims())

    for user in (STRANGER, VIEWER):
        await send(work.world, click(work.world, work.message(), action, by=user, value="1"))
        assert "you have to be an operator" in answers(work.world, user)[-1]

    assert work.job().state is State.RUNNING
    assert work.wished == []


@pytest.mark.parametrize("action", BUTTONS.values())
async def test_an_operator_steers_their_own(work: Work, action: str):
    """An operator steers no job of somebody else's."""
    await work.start(SUSPEND, work.sims())

    await send(work.world, click(work.world, work.message(), action, by=OTHER_OPERATOR, value="1"))
    assert f"was asked for by <@{OPERATOR}> ; they steer it, or an approver." in answers(work.world, OTHER_OPERATOR)[-1]
    assert work.job().state is State.RUNNING


@pytest.mark.parametrize("user", [OPERATOR, APPROVER, ADMIN])
async def test_an_approver_steers_any(work: Work, user: str):
    """Who asked, an approver and an admin may steer it."""
    await work.start(SUSPEND, work.sims())

    await work.press("Pause", by=user)

    assert work.job().state is State.PAUSED
    assert work.job().steered_by == user


async def test_a_stale_press(work: Work):
    """A button of a card that shows what is over is answered in words, naming who steered it there."""
    await work.start(SUSPEND, work.sims())
    card = work.message()
    await work.world.press(card, "Pause", by=APPROVER)

    await work.world.press(card, "Pause", by=ADMIN, stale=True)

    said = "Job #1 is paused by <@U0APPROVER> already; nothing was changed by your click."
    assert said in answers(work.world, ADMIN)[-1]
    assert answers(work.world, APPROVER) == []


@pytest.mark.parametrize("number", ["2", "0", "999999"])
async def test_a_job_that_is_none(work: Work, number: str):
    """A button with the number of no job is answered in words."""
    await work.start(SUSPEND, work.sims())

    await send(work.world, click(work.world, work.message(), "job.cancel", by=OPERATOR, value=number))

    assert f"There is no job #{number} here." in answers(work.world, OPERATOR)[-1]


async def test_many_press_at_once(work: Work):
    """However many press Pause and Cancel at once, each of the two counts once at most, and the others read who did."""
    await work.start(SUSPEND, work.sims())
    card = work.message()

    people = (APPROVER, OTHER_APPROVER, ADMIN)
    presses = [
        work.world.slack.press(card, button, by=user, stale=True) for user in people for button in ("Pause", "Cancel")
    ]
    await work.world.through(asyncio.gather(*presses))

    deeds = [action for _, action in work.world.deeds("job:1") if action in ("paused", "cancelled")]
    assert deeds in (["cancelled"], ["paused", "cancelled"])
    said = [words for user in people for words in answers(work.world, user)]
    assert len(said) == len(presses) - len(deeds)
    assert all("already; nothing was changed by your click." in words for words in said)
    assert work.job().state is State.CANCELLING


# --- the canary ---


async def test_the_canary_goes_first(work: Work):
    """The first SIMs of the list go alone; when they are confirmed, whoever asked is told, and the others wait."""
    sims = work.sims()

    await work.start(SUSPEND, sims, canary=3)
    for _ in range(20):
        await work.go_on(seconds=30)

    assert work.job().state is State.CANARY
    assert work.batches() == [[sim[0] for sim in sims[:3]]]
    assert work.at(Stage.DONE) == 3
    assert f"The other {len(sims) - 3} wait." in work.card()
    assert "3 of" in work.world.told(OPERATOR)[-1]
    assert "press Continue" in work.world.told(OPERATOR)[-1]


async def test_continue_after_the_canary(work: Work):
    """Continue lets all the others go, and the canary does not come again."""
    sims = work.sims()
    await work.start(SUSPEND, sims, canary=3)
    await work.go_on(seconds=30)
    await work.go_on(seconds=30)

    await work.press("Continue")
    job = await work.finish()

    assert (job.state, job.at(Stage.DONE)) == (State.DONE, len(sims))
    assert [action for _, action in work.world.deeds("job:1")].count("canary reached") == 1
    assert work.most_often() == 1


async def test_continue_by_direct_message(work: Work):
    """Whoever asked and is not in the channel of the card has the buttons with what they are told."""
    sims = work.sims()
    await work.start(SUSPEND, sims, canary=3)
    await work.go_on(seconds=30)
    await work.go_on(seconds=30)
    told = [m for m in work.world.slack.dm(OPERATOR) if "Continue" in m.words][-1]

    await work.world.press(told, "Continue", by=OPERATOR)
    job = await work.finish()

    assert job.at(Stage.DONE) == len(sims)


async def test_cancel_after_the_canary(work: Work):
    """Cancel after the canary leaves all the others as they were."""
    sims = work.sims()
    await work.start(SUSPEND, sims, canary=3)
    await work.go_on(seconds=30)
    await work.go_on(seconds=30)

    await work.press("Cancel")
    job = await work.finish()

    assert (job.state, job.at(Stage.DONE)) == (State.CANCELLED, 3)
    assert work.statuses(sims[3:]) == {"ACTIVATED"}


async def test_what_the_canary_lives(work: Work):
    """Before somebody presses Continue the card tells how many of the first had a session since, or were told of."""
    sims = work.sims()
    order = Order(Operation.SET, custom=((3, "north"),))
    await work.start(order, sims, canary=4)
    await work.go_on(seconds=30)
    assert "0 of the first 4 had a session, and SmartHub has sent other notifications about 0." in work.card()

    await work.go_on(minutes=5)
    for sim in (sims[0], sims[1], sims[30]):
        work.world.hub.change(sim[0], lastSessionTime=written(work.world.clock.now()))
    for sim in sims[4:30]:
        work.world.hub.change(sim[0], lastSessionTime=written(work.world.clock.now()))
    await work.world.push("imei-change", sims[2][0])
    await work.world.run("alerts")

    said = plain((await work.world.say("/sim job 1")).reply)
    assert "of the first 4 had a session, and SmartHub has sent other notifications about 1." in said
    assert int(said.split("Since then ")[1].split()[0]) >= 2


async def test_a_canary_of_all(work: Work):
    """A job with no more SIMs than go first has no canary: it ends by itself."""
    await work.start(SUSPEND, work.sims(most=5), canary=5)

    job = await work.finish()

    assert (job.state, job.at(Stage.DONE)) == (State.DONE, 5)


# --- too many fail ---


async def failing(work: Work, most: int) -> list[tuple[str, str, str, str]]:
    """A list of active SIMs, of which the first so many were suspended by somebody meanwhile."""
    sims = work.sims()
    for sim in sims[:most]:
        work.world.hub.change(sim[0], status="DEACTIVATED")
    return sims


async def test_it_stops_by_itself(work: Work):
    """When more than the given share of what was tried failed, nothing more is sent, and whoever asked reads why."""
    sims = await failing(work, 12)

    await work.start(SUSPEND, sims, stop_at_percent=30)
    for _ in range(20):
        await work.go_on(seconds=30)

    assert work.job().state is State.STOPPED
    assert work.at(Stage.FAILED) == 12
    assert work.at(Stage.WAITING) > 0
    assert "SIMs that were tried failed, which is more than 30 %." in work.card()
    assert "which is more than 30 %" in work.world.told(OPERATOR)[-1]
    assert "stopped" in [action for _, action in work.world.deeds("job:1")]


async def test_continue_after_it_stopped(work: Work):
    """Continue goes on, and what failed before does not stop it again; what fails from there on does."""
    sims = await failing(work, 12)
    await work.start(SUSPEND, sims, stop_at_percent=30)
    for _ in range(3):
        await work.go_on(seconds=30)
    assert work.job().state is State.STOPPED

    await work.press("Continue")
    job = await work.finish()

    assert (job.state, job.at(Stage.FAILED), job.at(Stage.DONE)) == (State.DONE, 12, len(sims) - 12)


async def test_a_few_do_not_stop_it(work: Work):
    """A few that fail, fewer than the share, and any share of very few, stop nothing."""
    sims = await failing(work, 4)

    await work.start(SUSPEND, sims, stop_at_percent=30)
    job = await work.finish()

    assert (job.state, job.at(Stage.FAILED)) == (State.DONE, 4)


# --- once more ---


async def test_once_more_what_failed(work: Work):
    """The button asks for a new request for exactly the SIMs that failed, with the same order."""
    sims = await failing(work, 3)
    await work.start(SUSPEND, sims)
    await work.finish()

    pressed = await work.press("Ask again for the 3 that failed")

    assert pressed.ok
    [wish] = work.wished
    assert (wish.order, wish.count, wish.by.id, wish.undo) == (SUSPEND, 3, OPERATOR, False)
    assert wish.reason == "Once more what failed in job #1"
    assert [entry async for entry in wish.sims()] == [Entry(*sim) for sim in sims[:3]]
    assert "Asked for 3 SIMs." in answers(work.world, OPERATOR)[-1]
    assert len(work.batches()) == -(-len(sims) // 5), "nothing is sent by asking"


async def test_nothing_failed(work: Work):
    """Where nothing failed, or the job still runs, asking for what failed is answered in words."""
    await work.start(SUSPEND, work.sims(most=10))
    await send(work.world, click(work.world, work.message(), "job.retry", by=OPERATOR, value="1"))
    assert "Job #1 is running; wait for its end, or cancel it." in answers(work.world, OPERATOR)[-1]
    await work.finish()

    await send(work.world, click(work.world, work.message(), "job.retry", by=OPERATOR, value="1"))

    assert "Nothing failed in job #1." in answers(work.world, OPERATOR)[-1]
    assert work.wished == []


# --- all back ---


async def test_undo_in_one_job(work: Work):
    """Undo asks for one new request that does the opposite for the SIMs that are done, and for no other."""
    sims = await failing(work, 2)
    await work.start(SUSPEND, sims)
    await work.finish()

    await work.press("Undo (within 30 min)")
    [wish] = work.wished
    assert (wish.order, wish.count, wish.undo) == (ACTIVATE, len(sims) - 2, True)
    back = [entry async for entry in wish.sims()]
    assert [(e.giccid, e.status, e.own) for e in back] == [(sim[0], "suspended", None) for sim in sims[2:]]
    await work.start(wish.order, back, number=2)
    job = await work.finish(2)

    assert job.at(Stage.DONE) == len(sims) - 2
    assert work.statuses(sims[2:]) == {"ACTIVATED"}
    assert work.statuses(sims[:2]) == {"DEACTIVATED"}


async def test_undo_gives_each_its_own(work: Work):
    """Where SIMs had different plans, one job gives each back its own."""
    sims = work.sims()
    plans = {sim[0]: sim[3] for sim in sims}
    assert len(set(plans.values())) > 2
    await work.start(PLAN, sims)
    await work.finish()

    await work.press("Undo (within 30 min)")
    [wish] = work.wished
    assert wish.order.words == "give back the rate plan from before"
    await work.start(wish.order, [entry async for entry in wish.sims()], number=2)
    job = await work.finish(2)

    assert job.at(Stage.DONE) == wish.count == work.at(Stage.DONE)
    assert {giccid: work.world.hub.sim(giccid)["servicePackage"] for giccid in plans} == plans
    assert "give back the rate plan from before" in work.card(2)
    sound(work, 2)


async def test_undo_custom_fields(work: Work):
    """An undo of custom fields gives each SIM back the text it had at the moment it was changed."""
    sims = work.sims(most=4)
    order = Order(Operation.SET, custom=((2, "moved"),))
    for n, sim in enumerate(sims):
        work.world.hub.change(sim[0], custom2=None if n == 0 else f"site {n % 2}")
    await work.start(order, sims)
    await work.finish()

    await work.press("Undo (within 30 min)")
    [wish] = work.wished
    await work.start(wish.order, [entry async for entry in wish.sims()], number=2)
    await work.finish(2)

    assert [work.world.hub.sim(sim[0])["custom2"] for sim in sims] == [None, "site 1", "site 0", "site 1"]


async def test_too_old_to_undo(work: Work):
    """After the time for it there is no button, and an old one is answered in words."""
    await work.start(SUSPEND, work.sims(most=5))
    await work.finish()
    card = work.message()
    assert "Undo" in work.card()
    await work.go_on(minutes=31)

    await work.world.press(card, "Undo (within 30 min)", by=APPROVER, stale=True)

    assert "Job #1 is too old to be undone with one press" in answers(work.world, APPROVER)[-1]
    assert "Undo" not in plain((await work.world.say("/sim job 1")).reply)
    assert work.wished == []


async def test_what_is_final_has_no_undo(work: Work):
    """A job that retired SIMs has no button to undo it, and a forged one is answered in words."""
    await work.start(Order(Operation.RETIRE), work.sims("DEACTIVATED", most=4))
    await work.finish()

    assert "Undo" not in work.card()
    await send(work.world, click(work.world, work.message(), "job.undo", by=OPERATOR, value="1"))
    assert "Nothing takes back job #1 (retire)." in answers(work.world, OPERATOR)[-1]
