"""Bulk jobs on bad days: lost answers, a SmartHub that is busy or away, a list that is another, a bot that ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import NotPossible
from bot.flows.jobs import Seams
from bot.rules.audit import SYSTEM, Deed
from bot.rules.jobs import Outcome, Stage, State, new
from bot.rules.orders import Order
from bot.rules.sims import Operation
from tests.stories.jobs import SUSPEND, Entry, Work, at_work, sound
from tests.talk import APPROVALS, OPERATOR, VIEWER, plain

SET = Order(Operation.SET, custom=((3, "north"),))
SMS = Order(Operation.SMS, text="reboot")


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    """Batches of five, two at once."""
    async with at_work(tmp_path) as made:
        yield made


# --- answers that are lost ---


@pytest.mark.parametrize("how", ["lost", "no JSON", "no id"])
async def test_a_lost_batch_that_was_done(work: Work, how: str):
    """A batch whose answer was lost or says nothing is never sent again; reading its SIMs shows that it was done."""
    sims = work.sims(most=10)
    if how == "lost":
        work.world.hub.lose_next("batchSuspend")
    else:
        work.world.hub.broken_next(b"{" if how == "no JSON" else b'{"job": 1}')

    await work.start(SUSPEND, sims)
    job = await work.finish()

    assert job.at(Stage.DONE) == 10
    assert work.most_often() == 1
    assert work.world.hub.count("batchSuspend") == 2
    assert "lost" in [action for _, action in work.world.deeds("job:1")]


async def test_a_lost_batch_while_it_is_unsure(work: Work):
    """While nobody knows, the card says so, and the others go on."""
    work.world.hub.lose_next("batchSuspend")
    work.world.hub.settle_slowly = 120
    await work.start(SUSPEND, work.sims(most=10))
    await work.go_on(seconds=5)
    await work.go_on(seconds=5)

    assert work.at(Stage.LOST) == 5
    assert "5 answer lost, being looked up" in work.card()
    assert work.at(Stage.TAKEN) == 5


async def test_a_batch_of_which_nobody_knows(work: Work):
    """A batch that was claimed by a bot that is gone and never reached SmartHub ends as not done, and is not sent."""
    sims = work.sims(most=10)
    await claimed_by_a_bot_that_died(work, SUSPEND, sims)

    await work.go_on(seconds=2)
    job = await work.finish(minutes=40)

    assert work.batches() == [[sim[0] for sim in sims[5:]]]
    assert (job.at(Stage.DONE), job.at(Stage.FAILED)) == (5, 5)
    assert work.found()[sims[0][0]] == (
        "failed",
        "not_done",
        "The bot was stopped, or its store refused, while this was being sent. The SIM still reads active, "
        "so it was not done.",
    )
    assert work.statuses(sims[:5]) == {"ACTIVATED"}
    sound(work)


async def claimed_by_a_bot_that_died(work: Work, order: Order, sims: list[tuple[str, str, str, str]]) -> None:
    """A job as kill -9 leaves it after the first batch was claimed and before it was sent."""
    store, now = work.world.app.store, work.world.clock.now()
    work.lists[1] = sims
    job = new(1, order, by=OPERATOR, count=len(sims), canary=0, stop_at_percent=100, now=now)
    await store.jobs.begin(job, deed=Deed(SYSTEM, "started", "job:1"))
    await store.jobs.fill(1, [Entry(*sim) for sim in sims], first=1)
    made = store.jobs.get(1)
    await work.flow.making._check(1)
    assert made.filled == len(sims)
    claim = await store.batches.claim(1, order, size=5, now=now)
    assert claim is not None


async def test_one_call_whose_answer_is_lost(work: Work):
    """A call for one SIM whose answer was lost is not made again; the SIM shows that it was done."""
    work.world.hub.lose_next("updateSimCustomFields")

    await work.start(SET, work.sims(most=6))
    job = await work.finish()

    assert job.at(Stage.DONE) == 6
    assert work.most_often() == 1


async def test_an_sms_whose_answer_is_lost(work: Work):
    """Nothing shows whether an SMS was sent: it is unsure for good, and never sent again."""
    work.world.hub.lose_next("sendSms")

    await work.start(SMS, work.sims(most=6))
    job = await work.finish()

    assert (job.at(Stage.DONE), job.at(Stage.UNSURE)) == (5, 1)
    assert len(work.world.hub.world.messages) == 6
    assert "It is not sent again by itself" in str(work.found().values())


async def test_a_batch_smarthub_forgot(work: Work):
    """A batch SmartHub does not know any more is not sent again: its SIMs are read."""
    sims = work.sims(most=5)
    await work.start(SUSPEND, sims)
    work.world.hub.world.jobs.clear()

    await work.finish(minutes=40)

    assert {stage for stage, _, _ in work.found().values()} == {"failed"}
    assert all(
        "SmartHub does not know its batch job-000001 any more" in (why or "") for _, _, why in work.found().values()
    )
    assert work.world.hub.count("batchSuspend") == 1


async def test_a_batch_that_never_ends(work: Work):
    """A batch SmartHub does not finish for hours is not waited for any longer: its SIMs are unsure, in words."""
    work.world.hub.world.job_starts_after_s = 86_400 * 10
    await work.start(SUSPEND, work.sims(most=5))

    for _ in range(7):
        await work.go_on(hours=1)
    await work.finish(minutes=60)

    assert set(work.found().values()) == {
        (
            "unsure",
            "not_finished",
            "SmartHub has not finished its batch job-000001 within 6 hours. The SIM reads active so far.",
        )
    }


# --- SmartHub is busy, away, or says no ---


@pytest.mark.parametrize("order", [SUSPEND, SET], ids=["batches", "calls"])
async def test_smarthub_is_busy(work: Work, order: Order):
    """A 429 is waited for as long as it asks, nothing is lost by it, and the card says what holds it up."""
    sims = work.sims(most=10)
    work.world.hub.busy(times=2, retry_after=40)

    await work.start(order, sims)
    await work.go_on(seconds=20)
    asked = len(work.world.hub.asked)
    card = work.card()
    await work.go_on(seconds=10)
    assert len(work.world.hub.asked) == asked, "it was asked to wait 40 seconds"
    job = await work.finish()

    assert "SmartHub is busy and asks to wait 40 seconds." in card
    assert "It goes on by itself." in card
    assert "It goes on by itself" not in work.card()
    assert job.at(Stage.DONE) == 10
    assert work.most_often() == 1


@pytest.mark.parametrize("order", [SUSPEND, SET], ids=["batches", "calls"])
async def test_smarthub_is_away(work: Work, order: Order):
    """While SmartHub cannot be reached nothing is sent and nothing is lost; it goes on when SmartHub is back."""
    sims = work.sims(most=10)
    work.world.hub.unreachable = True

    await work.start(order, sims)
    for _ in range(10):
        await work.go_on(seconds=20)
    assert work.at(Stage.WAITING) == 10
    assert "It goes on by itself." in work.card()
    work.world.hub.unreachable = False
    for _ in range(4):
        await work.world.later(seconds=30)
        await work.world.run("outages")
    job = await work.finish()

    assert job.at(Stage.DONE) == 10
    assert work.most_often() == 1


async def test_smarthub_goes_away_in_the_middle(work: Work):
    """SmartHub away while batches are with it: they are asked for when it is back, and none is sent again."""
    sims = work.sims()
    await work.start(SUSPEND, sims)
    work.world.hub.down = True
    for _ in range(6):
        await work.go_on(seconds=20)
    work.world.hub.down = False
    for _ in range(4):
        await work.world.later(seconds=30)
        await work.world.run("outages")

    job = await work.finish()

    assert job.at(Stage.DONE) == len(sims)
    assert work.most_often() == 1


async def test_an_address_that_is_only_assumed(tmp_path: Path):
    """Where an operator has not confirmed the address of a change, nothing is sent: the job stops and says where."""
    async with at_work(tmp_path) as work:
        work.world.settings["smarthub"] = {}
        await work.world.restart()
        work.listen()

        await work.start(Order(Operation.PLAN, plan="iot-1g"), work.sims())
        await work.go_on(minutes=5)

        assert work.job().state is State.STOPPED
        assert work.at(Stage.WAITING) == work.job().count
        assert "[smarthub.operations.batchChangeBasicPackage]" in work.card()
        assert work.world.hub.count("batchChangeBasicPackage") == 0


@pytest.mark.parametrize("order", [SUSPEND, SET], ids=["batches", "calls"])
async def test_a_key_that_may_not(work: Work, order: Order):
    """A key that may not do this stops the job, and nothing of it counts as failed; Continue tries again."""
    sims = work.sims(most=10)
    work.world.hub.forbid(times=1)

    await work.start(order, sims)
    assert work.job().state is State.STOPPED
    assert work.at(Stage.FAILED) == 0
    assert "this API key may not do this" in work.job().why
    await work.press("Continue")
    job = await work.finish()

    assert job.at(Stage.DONE) == 10
    assert work.most_often() == 1


async def test_a_batch_that_is_refused(work: Work):
    """A batch SmartHub refuses as a whole fails with its reason; the others go on."""
    sims = work.sims(most=10)
    work.world.hub.refuse_next("invalid")

    await work.start(SUSPEND, sims)
    await work.finish()

    assert [stage for stage, _, _ in work.found().values()].count("failed") == 5
    assert work.found()[sims[0][0]][1] == "invalid"
    assert work.statuses(sims[:5]) == {"ACTIVATED"}
    assert "refused" in [action for _, action in work.world.deeds("job:1")]


# --- the list ---


async def test_a_list_of_another_length(work: Work):
    """When the list has not as many SIMs as were approved, nothing is sent, and the request hears why."""
    await work.start(SUSPEND, work.sims(most=9), count=10)

    assert work.job().state is State.CANCELLED
    assert work.batches() == []
    await work.go_on(seconds=5)
    [(_, outcome)] = work.ended
    assert outcome == Outcome(0, 0, 0, 10, "Its list has 9 SIMs by now and 10 were approved: nothing was sent.")
    assert outcome.sentence in work.card()


async def test_a_list_with_a_sim_twice(work: Work):
    """A list that names a SIM twice is another than was approved: nothing is sent."""
    sims = work.sims(most=9)

    await work.start(SUSPEND, [*sims, sims[-1]])

    assert work.job().state is State.CANCELLED
    assert work.batches() == []


async def test_half_made_and_finished(work: Work):
    """A job that was half made when the bot died is finished from its list, each SIM once."""
    sims = work.sims()
    await half_made(work, sims, 7)

    await work.go_on(seconds=2)
    job = await work.finish()

    assert job.at(Stage.DONE) == len(sims)
    assert sorted(giccid for batch in work.batches() for giccid in batch) == [sim[0] for sim in sims]


@pytest.mark.parametrize("first", [0, 7, 60])
async def test_half_made_of_another_list(work: Work, first: int):
    """What was half made and does not begin as the list does is made anew from the list alone."""
    sims = work.sims()
    await half_made(work, [(f"89492126{n:011d}", "x", "active", "p") for n in range(100)], first)
    work.lists[1] = sims
    await work.world.app.store.disk.write(
        lambda db: db.execute("UPDATE jobs SET count = ? WHERE id = 1", (len(sims),)).rowcount
    )

    await work.go_on(seconds=2)
    job = await work.finish()

    assert job.at(Stage.DONE) == len(sims)
    assert list(work.found()) == [sim[0] for sim in sims]
    sound(work)


async def test_half_made_without_a_list(work: Work):
    """When the list of a half-made job is gone nothing is sent, and the request hears why."""
    await half_made(work, work.sims(), 5)
    work.lists.clear()

    await work.go_on(seconds=2)
    await work.go_on(seconds=2)

    assert work.job().state is State.CANCELLED
    assert work.batches() == []
    assert "The list is gone." in work.ended[0][1].sentence


async def half_made(work: Work, sims: list[tuple[str, str, str, str]], first: int) -> None:
    """A job of which the first SIMs are written down, as kill -9 leaves it."""
    work.lists[1] = sims
    now = work.world.clock.now()
    job = new(1, SUSPEND, by=OPERATOR, count=len(sims), canary=0, stop_at_percent=100, now=now)
    await work.world.app.store.jobs.begin(job, deed=Deed(SYSTEM, "started", "job:1"))
    if first:
        await work.world.app.store.jobs.fill(1, [Entry(*sim) for sim in sims[:first]], first=1)


async def test_started_twice(work: Work):
    """A request whose job is there already gets no second one, while it runs and when it has ended."""
    sims = work.sims(most=10)
    await work.start(SUSPEND, sims)
    await work.start(SUSPEND, sims)
    await work.finish()
    await work.start(SUSPEND, sims)
    await work.go_on(minutes=1)

    assert work.most_often() == 1
    assert [action for _, action in work.world.deeds("job:1")].count("started") == 1


async def test_the_second_step_of_a_request(work: Work):
    """A request that retires in two steps has its second job under the same number when the first has ended."""
    sims = work.sims(most=10)
    await work.start(SUSPEND, sims)
    await work.finish()
    await work.start(Order(Operation.RETIRE), [(*sim[:2], "suspended", sim[3]) for sim in sims])
    job = await work.finish()

    assert job.at(Stage.DONE) == 10
    assert work.statuses(sims) == {"RETIRED"}
    assert [outcome.done for _, outcome in work.ended] == [10, 10]
    assert "Job #1: retire 10 SIMs" in work.card()
    sound(work)


# --- the bot ends, and begins ---


@pytest.mark.parametrize("after", [0, 1, 2, 3, 5])
async def test_restarted_at_any_time(work: Work, after: int):
    """Stopped and started at any step, a job goes on where it was: each SIM is sent once, the card stays one."""
    sims = work.sims()
    await work.start(SUSPEND, sims)
    for _ in range(after):
        await work.go_on(seconds=1)

    for _ in range(3):
        await work.world.restart()
        work.listen()
        await work.go_on(seconds=2)
    job = await work.finish()

    assert job.at(Stage.DONE) == len(sims)
    assert work.most_often() == 1
    assert len([m for m in work.world.cards(APPROVALS) if "Job #1" in m.words]) == 1
    assert [request for request, _ in work.ended] == [1]


@pytest.mark.parametrize("state", ["paused", "canary", "stopped"])
async def test_restarted_while_it_waits(work: Work, state: str):
    """A job that waits for somebody still does after a restart, and goes on when they press."""
    sims = work.sims()
    if state == "stopped":
        work.world.hub.forbid(times=1)
    await work.start(SUSPEND, sims, canary=3 if state == "canary" else 0)
    if state == "paused":
        await work.press("Pause")
    await work.go_on(seconds=30)
    await work.go_on(seconds=30)

    await work.world.restart()
    work.listen()
    for _ in range(5):
        await work.go_on(minutes=1)
    assert work.job().state == state
    await work.press("Resume" if state == "paused" else "Continue")
    job = await work.finish()

    assert job.at(Stage.DONE) == len(sims)
    assert work.most_often() == 1


async def test_a_polite_end_waits_for_what_is_sent(work: Work):
    """A bot that is asked to end lets a call that is on its way come to its end: nothing of it is unsure."""
    work.world.hub.slow = 3
    sims = work.sims(most=6)
    starting = await work.world.begin(work.flow.start(1, SMS, 6, OPERATOR, sims, canary=0, stop_at_percent=100))
    await starting
    work.lists[1] = sims
    stopping = await work.world.begin(work.world.app.stop())
    assert not stopping.done()
    await work.world.clock.advance(3)
    await stopping

    work.world.hub.slow = 0
    await work.world.start_bot()
    work.listen()
    job = await work.finish()

    assert (job.at(Stage.DONE), job.at(Stage.UNSURE)) == (6, 0)
    assert len(work.world.hub.world.messages) == 6


async def test_whoever_waits_for_the_end_hears_it_later(work: Work):
    """When the request cannot hear the end at once, it hears it again, also after a restart; and then no more."""
    heard: list[int] = []

    async def deaf(request: int, _: Outcome) -> None:
        heard.append(request)
        raise NotPossible("Not now.")

    work.flow.seams = Seams(sims_of=work.sims_of, on_end=deaf)
    await work.start(SUSPEND, work.sims(most=5))
    for _ in range(4):
        await work.go_on(seconds=20)
    assert len(heard) >= 2

    await work.world.restart()
    work.listen()
    for _ in range(4):
        await work.go_on(minutes=1)

    assert work.ended == [(1, work.ended[0][1])]
    assert work.ended[0][1].done == 5


async def test_the_clock_is_set_back(work: Work):
    """A clock that is set back by a day in the middle of a job does not keep it waiting for a day."""
    work.world.hub.settle_slowly = 100
    sims = work.sims(most=10)
    await work.start(SUSPEND, sims)
    await work.go_on(seconds=5)
    await work.go_on(seconds=5)
    assert work.at(Stage.TAKEN) == 10

    work.world.hub.settle_slowly = 0
    for sim in sims:
        work.world.hub.change(sim[0], status="DEACTIVATED")
    work.world.clock._now -= timedelta(days=1)
    job = await work.finish(minutes=5)

    assert job.at(Stage.DONE) == 10


async def test_commands_are_answered_meanwhile(work: Work):
    """While a job waits for a slow SmartHub, commands are answered at once and a look-up in its time."""
    await work.start(SUSPEND, work.sims())
    work.world.hub.slow = 1
    ticking = await work.world.begin(work.world.app.schedule.run("jobs"))

    listed = await work.world.begin(work.world.slack.say("/sim jobs", by=VIEWER, channel="C0OPS"))
    assert listed.done()
    assert "Job #1" in plain((await listed).reply)
    looked = await work.world.say(f"/sim {work.world.hub.giccid(0)}", by=VIEWER)

    assert looked.ok
    await work.world.through(ticking)
