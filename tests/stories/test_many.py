"""A request for a list of SIMs: its card and its file, approving it, the jobs that carry it out, and its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import NotFound, StoreError
from bot.rules.approvals import State
from bot.rules.jobs import Stage
from bot.simulator.slack.words import read
from tests.stories.forging import answers, click
from tests.stories.forging import send as forge
from tests.stories.jobs import Work, at_work, sound
from tests.stories.listing import nothing_changed, report, send
from tests.stories.listing import said as listed
from tests.stories.many import approve, asked, finish, sheet
from tests.talk import ADMIN, APPROVALS, APPROVER, OPERATOR, OTHER_APPROVER, OTHER_OPERATOR, World, plain


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


async def test_from_a_list_to_its_end(world: World, work: Work):
    """A list is asked for, approved and carried out by one job; the request ends with what came of it, and each SIM was
    changed once."""
    sims = picked(world, 12)
    card = await asked(world, "suspend", sims, reason="winter")

    words = world.now(card)
    for part in ("#1 Suspend 12 SIMs", "States active 12", "Accounts", "Session in the last 24 h", "winter"):
        assert part in words
    assert nothing_changed(world)

    await approve(world, card)
    await finish(world)

    request = world.request()
    assert (request.state, request.outcome) == (State.DONE, "Job #1: 12 of 12 SIMs are done.")
    assert "✅ Ended · approved by" in world.now(card)
    assert work.statuses([(sim,) for sim in sims]) == {"DEACTIVATED"}
    assert work.most_often() == 1
    assert {(row["before"], row["after"], row["result"]) for row in work.sheet()} == {("active", "suspended", "done")}
    deeds = [action for _, action in world.deeds("approval:1")]
    assert deeds == ["asked", "approved", "done"]
    sound(work)


async def test_the_history_of_a_sim_has_its_part(world: World):
    """The history of each SIM tells what a job did to it, in which request and asked for by whom."""
    sims = picked(world, 3)
    card = await asked(world, "suspend", sims)
    world.hub.change(sims[2], status="DEACTIVATED")  # somebody is faster: SmartHub refuses it
    await approve(world, card)
    await finish(world)

    done = plain((await world.say(f"/sim history {sims[0]}")).reply)
    failed = plain((await world.say(f"/sim history {sims[2]}")).reply)
    assert f"Request #1 suspend: done in job #1, asked by <@{OPERATOR}> · It reads suspended since." in done
    assert "Request #1 suspend: failed in job #1" in failed


async def test_the_audit_log_of_a_sim_has_its_part(world: World):
    """Who looks for a SIM in the audit log finds the request and the job that changed it among many, and no others."""
    sims = picked(world, 5)
    await approve(world, await asked(world, "suspend", sims[:3]))
    await finish(world)

    said = plain((await world.say(f"/sim audit {sims[0]}", by=ADMIN)).reply)
    assert all(words in said for words in ("asked request #1", "approved request #1", "ended job #1"))
    assert "sent job" not in said
    assert "0 lines" in plain((await world.say(f"/sim audit {sims[4]}", by=ADMIN)).reply)


async def test_an_old_list_goes_with_its_request(world: World):
    """Thirty days after its request has ended a list is removed; the request stays."""
    await approve(world, await asked(world, "suspend", picked(world, 2)))
    await finish(world)
    await world.later(days=31)
    await world.run("lists")

    with pytest.raises(NotFound):
        world.app.store.lists.get(1)
    assert world.request().count == 2


async def test_the_home_shows_how_far_a_job_is(world: World, work: Work):
    """Who opens the Home sees what runs, how far it is and who asked for it."""
    card = await asked(world, "suspend", picked(world, 20))
    world.hub.world.job_takes_s = 60.0
    await world.press(card, "Approve", by=APPROVER)
    await world.run("jobs")

    drawn = await world.through(world.slack.open_home(by=OPERATOR))
    assert drawn is not None
    said = " ".join(" ".join(read(drawn["blocks"])).split())
    assert "Job #1: suspend 20 SIMs ▶️ Running, 0 %" in said


async def test_the_digest_is_in_the_audit_log(world: World):
    """Who asked, who approved and what came of it all name the same digest and the same number of SIMs."""
    card = await asked(world, "suspend", picked(world, 3))
    await approve(world, card)
    await finish(world)

    found = world.app.store.lists.get(1)
    lines = [line.deed.detail for line in world.app.store.audit.lines(subject="approval:1")]
    assert {line["digest"] for line in lines} == {found.digest}
    assert {line["count"] for line in lines} == {3}


async def test_the_list_as_a_file(world: World):
    """Under the card stands the exact list as a file, once."""
    sims = picked(world, 4)
    card = await asked(world, "suspend", sims)
    for _ in range(3):
        await world.run("files")
        await world.later(seconds=40)

    files = [f.name for m in world.slack.thread(card) for f in m.files]
    assert files == ["request-1.csv"]
    rows = sheet(world, "request-1.csv")
    assert [row["giccid"] for row in rows] == sorted(sims)
    assert {(row["state"], row["change"]) for row in rows} == {("active", "suspend")}


async def test_the_file_while_slack_is_down(world: World):
    """While Slack is down nothing is lost: the card and its file come when it is back, each once."""
    assert (await send(world, "suspend", ids="\n".join(picked(world, 3)))).ok
    await world.press(listed(world), "Ask for approval…", by=OPERATOR)
    world.slack.down = True
    asking = await world.begin(world.slack.submit(by=OPERATOR, values={}))
    for _ in range(3):
        await world.clock.advance(20)
        await world.app.schedule.run("files")
    world.slack.down = False
    await world.through(asking)
    for _ in range(3):
        await world.later(seconds=40)
        await world.run("files")

    [card] = world.cards(APPROVALS)
    assert "#1 Suspend 3 SIMs" in card.words
    assert [f.name for m in world.slack.thread(card) for f in m.files] == ["request-1.csv"]


async def test_the_file_is_sent_once_while_the_store_refuses(world: World):
    """While the store cannot note that the file was sent, it is not sent again."""
    card = await asked(world, "suspend", picked(world, 3))
    noted = world.app.store.approvals.note_filed

    async def refuses(*_: object) -> None:
        raise StoreError("no room")

    world.app.store.approvals.note_filed = refuses  # type: ignore[method-assign, assignment]
    for _ in range(3):
        await world.run("files")
    world.app.store.approvals.note_filed = noted  # type: ignore[method-assign]
    await world.run("files")

    assert [f.name for m in world.slack.thread(card) for f in m.files] == ["request-1.csv"]
    assert world.app.store.approvals.to_file() == ()


async def test_a_policy_that_asks_nobody(world: World, work: Work):
    """Where nobody has to say yes the job is made at once, and whoever asked reads what came of it."""
    world.policies = [{"name": "small ones", "sims": "<=5", "approval": False}]
    await world.restart()
    sims = picked(world, 4)
    assert (await send(world, "suspend", ids="\n".join(sims))).ok
    await world.press(listed(world), "Ask for approval…", by=OPERATOR)
    await world.submit({}, by=OPERATOR)
    await finish(world)

    assert (world.request().state, work.job().at(Stage.DONE)) == (State.DONE, 4)
    assert any("Job #1: 4 of 4 SIMs are done." in said for said in world.told(OPERATOR))
    assert work.most_often() == 1


async def test_who_approves_very_many_reads_at_once_that_it_takes_a_moment(tmp_path: Path):
    """Reading many SIMs again takes longer than anybody waits for a click: that is said before it is done."""
    async with at_work(tmp_path, sims=160, canary=0) as work:
        world = work.world
        await world.restart()  # with the requests in their place
        card = await asked(world, "suspend", picked(world, 60))
        await world.later(minutes=2)
        world.hub.slow = 5.0
        pressing = await world.begin(world.slack.press(card, "Approve", by=APPROVER))

        assert "The 60 SIMs of request #1 are read at SmartHub once more." in world.heard(APPROVER, APPROVALS)
        assert world.request().state is State.PENDING
        world.hub.slow = 0.0
        await world.through(pressing)
        await finish(world)
        assert world.request().state is State.DONE, work.card()


async def test_what_is_left_out_is_on_the_card(world: World):
    """Lines that are not in what is asked for are counted on the card, and a protected SIM is named there."""
    sims = picked(world, 4)
    label = world.hub.sim(sims[0])["custom1"]
    await world.say(f"/sim protect {sims[0]}", by=ADMIN)

    card = await asked(world, "suspend", [*sims, sims[1], "8986031234567890123"])

    words = world.now(card)
    assert "#1 Suspend 3 SIMs" in words
    assert "Left out of the list 1 duplicate, 1 unknown" in words
    assert f"1 protected: {label}" in words


async def test_a_list_that_changed_is_shown_and_asked_again(world: World, work: Work):
    """SIMs that fit no more when it is approved, as SmartHub has them now, are left out and shown; nothing is approved
    until somebody says yes to what is left."""
    sims = picked(world, 5)
    card = await asked(world, "suspend", sims)
    before = world.request().digest
    world.hub.change(sims[2], status="DEACTIVATED")
    await world.later(minutes=2)

    await approve(world, card)

    assert "Nothing was approved: request #1 is not about the same any more." in answers(world, APPROVER)[-1]
    request = world.request()
    assert (request.state, request.count, request.votes) == (State.PENDING, 4, ())
    assert request.digest != before
    label = world.hub.sim(sims[2])["custom1"]
    assert f"1 SIM of the list fits no more and is left out; 4 are left. {label}: This SIM is suspended" in world.now(
        card
    )
    assert "#1 Suspend 4 SIMs" in world.now(card)
    assert nothing_changed(world)

    await world.run("files")
    assert [row["giccid"] for row in sheet(world, "request-1.csv")] == sorted(s for s in sims if s != sims[2])
    await approve(world, card)
    await finish(world)
    assert work.job().at(Stage.DONE) == 4
    assert sims[2] not in [sim for batch in work.batches() for sim in batch]


async def test_protected_meanwhile(world: World):
    """A SIM that was protected after it was asked for is left out and named when the list is approved."""
    sims = picked(world, 3)
    card = await asked(world, "suspend", sims)
    await world.say(f"/sim protect {sims[1]}", by=ADMIN)

    await approve(world, card)

    assert f"{world.hub.sim(sims[1])['custom1']}: This SIM is protected" in world.now(card)
    assert world.request().count == 2


async def test_gone_meanwhile(world: World):
    """A SIM that SmartHub has no more is left out and shown."""
    sims = picked(world, 3)
    card = await asked(world, "suspend", sims)
    world.hub.vanish(sims[0])
    await world.later(minutes=2)

    await approve(world, card)

    assert "This SIM is not known here any more" in world.now(card)
    assert world.request().count == 2


async def test_nothing_of_it_fits_any_more(world: World):
    """When no SIM fits any more nothing can be approved, however often one presses; it can be denied."""
    sims = picked(world, 2)
    card = await asked(world, "suspend", sims)
    for sim in sims:
        world.hub.change(sim, status="DEACTIVATED")
    await world.later(minutes=2)

    for _ in range(2):
        await approve(world, card)
        assert "No SIM of request #1 fits any more" in answers(world, APPROVER)[-1]
    assert world.request().state is State.PENDING
    assert nothing_changed(world)


async def test_smarthub_cannot_be_read(world: World):
    """While SmartHub cannot be read nothing is approved, and who pressed reads why."""
    card = await asked(world, "suspend", picked(world, 2))
    await world.later(minutes=2)
    world.hub.unreachable = True

    await approve(world, card)

    assert world.request().state is State.PENDING
    assert answers(world, APPROVER)
    assert nothing_changed(world)


async def test_ten_approvers_at_once(world: World, work: Work):
    """However many press at once, one job is made and each SIM is sent once."""
    sims = picked(world, 6)
    card = await asked(world, "suspend", sims)

    presses = [world.begin(world.slack.press(card, "Approve", by=u)) for u in (APPROVER, OTHER_APPROVER, ADMIN) * 3]
    for press in presses:
        await press
    await world.quiet()
    await finish(world)

    assert work.most_often() == 1
    assert len(world.app.store.jobs.of_request(1)) == 1
    assert [action for _, action in world.deeds("approval:1")].count("approved") == 1


async def test_retire_in_two_steps(world: World, work: Work):
    """Many are retired in two steps with a job for each: what is active is suspended, what was suspended waits with it,
    and after its time all are retired."""
    active, suspended = picked(world, 3), picked(world, 2, "DEACTIVATED")
    card = await asked(world, "retire", [*active, *suspended], typed="5")
    await approve(world, card)
    await finish(world)

    assert world.request().state is State.COOLING
    assert "🧊 Suspended; retired" in world.now(card)
    assert work.job().count == 3
    assert world.hub.count("batchRetire") == 0

    await world.later(hours=25)
    await world.run("requests")
    await finish(world)

    assert work.job(2).count == 5
    assert work.statuses([(sim,) for sim in (*active, *suspended)]) == {"RETIRED"}
    assert world.request().outcome == "Job #2: 5 of 5 SIMs are done."


async def test_what_was_not_suspended_is_not_retired(world: World, work: Work):
    """A SIM that could not be suspended is not in the second job."""
    sims = picked(world, 3)
    card = await asked(world, "retire", sims, typed="3")
    world.hub.change(sims[1], status="DEACTIVATED")  # somebody is faster: SmartHub refuses it
    await approve(world, card)
    await finish(world)
    await world.later(hours=25)
    await world.run("requests")
    await finish(world)

    assert work.job(1).at(Stage.FAILED) == 1
    assert work.job(2).count == 2
    assert world.hub.sim(sims[1])["status"] == "DEACTIVATED"


async def test_what_was_activated_meanwhile_is_not_retired(world: World, work: Work):
    """A SIM that somebody activated while the list was cooling is read before the second step, left out and named, also
    where SmartHub would have taken it."""
    sims = picked(world, 3)
    card = await asked(world, "retire", sims, typed="3")
    await approve(world, card)
    await finish(world)
    await world.later(hours=25)
    world.hub.change(sims[1], status="ACTIVATED")  # nobody has looked since
    world.hub.down = True
    await world.run("requests")
    assert "its SIMs cannot be read now; they are retired as soon as they can." in world.now(card)
    world.hub.down = False
    await world.later(minutes=10)
    await world.run("outages")
    await world.run("requests")
    await finish(world)

    assert work.found(2)[sims[1]] == ("left out", None, "It reads active by now, so it was not retired.")
    assert sorted(work.batches()[-1]) == sorted({*sims} - {sims[1]})
    assert [world.hub.sim(sim)["status"] for sim in sims] == ["RETIRED", "ACTIVATED", "RETIRED"]


async def test_no_undo_of_a_retirement_that_goes_on(world: World, work: Work):
    """While a list is still to be retired, undoing its first step is refused with what to press before."""
    sims = picked(world, 2)
    card = await asked(world, "retire", sims, typed="2")
    await approve(world, card)
    await finish(world)
    await work.press("Undo (within 30 min)")
    assert "Press Cancel the retirement on its card first, then Undo here." in answers(world, OPERATOR)[-1]

    await world.press(card, "Cancel the retirement", by=OTHER_OPERATOR)
    await world.submit({}, by=OTHER_OPERATOR)
    await work.press("Undo (within 30 min)")
    assert world.request(2).order.words == "activate"


async def test_one_sim_is_one_sim(world: World):
    """A list of one SIM says so in each sentence, and names the number once."""
    card = await asked(world, "suspend", picked(world, 1))
    assert "Asked: #1 Suspend 1 SIM . An approver decides" in report(world)
    await approve(world, card)
    await finish(world)
    assert world.request().outcome == "Job #1: 1 of 1 SIM is done."
    assert "1 SIMs" not in world.now(card)


async def test_all_were_suspended_already(world: World, work: Work):
    """Where nothing has to be suspended the time begins to run at once, without a job."""
    sims = picked(world, 2, "DEACTIVATED")
    card = await asked(world, "retire", sims, typed="2")
    await approve(world, card)

    assert world.request().state is State.COOLING
    assert world.app.store.jobs.of_request(1) == ()
    await world.later(hours=25)
    await world.run("requests")
    await finish(world)
    assert work.statuses([(sim,) for sim in sims]) == {"RETIRED"}


async def test_cancelled_while_it_cools(world: World, work: Work):
    """A retirement that is cancelled in its time retires nothing."""
    sims = picked(world, 2)
    card = await asked(world, "retire", sims, typed="2")
    await approve(world, card)
    await finish(world)

    await world.press(card, "Cancel the retirement", by=OTHER_OPERATOR)
    await world.submit({}, by=OTHER_OPERATOR)
    await world.later(hours=25)
    await world.run("requests")

    assert world.request().state is State.WITHDRAWN
    assert work.statuses([(sim,) for sim in sims]) == {"DEACTIVATED"}


async def test_a_job_that_is_cancelled_on_the_way_retires_nothing(world: World, work: Work):
    """Who cancels the job of the first step ends the retirement."""
    sims = picked(world, 20)
    card = await asked(world, "retire", sims, typed="20")
    await world.press(card, "Approve", by=APPROVER)
    await world.run("jobs")
    await work.press("Pause")
    await work.press("Cancel")
    await finish(world)

    request = world.request()
    assert request.state is State.FAILED
    assert "Cancelled by" in (request.outcome or "")
    await world.later(hours=25)
    await world.run("requests")
    assert "RETIRED" not in work.statuses([(sim,) for sim in sims])


@pytest.mark.parametrize("again", [1, 3])
async def test_restarted_on_the_way(world: World, work: Work, again: int):
    """Stopped and started after it was approved, it goes on where it was, each SIM once, and ends."""
    sims = picked(world, 14)
    card = await asked(world, "suspend", sims)
    await world.press(card, "Approve", by=APPROVER)
    for _ in range(again):
        await world.restart()
        await world.later(seconds=2)
        await world.run("jobs")
    await finish(world)

    assert (world.request().state, work.job().at(Stage.DONE)) == (State.DONE, 14)
    assert work.most_often() == 1


async def test_killed_between_the_decision_and_the_job(world: World, work: Work):
    """A bot that ended after the decision was stored and before its job was made has it made at its next start."""
    sims = picked(world, 4)
    card = await asked(world, "suspend", sims)

    async def nobody(*_: object) -> int:
        raise AssertionError("it ended here")

    world.app.flows.approvals.many.start = nobody
    await world.press(card, "Approve", by=APPROVER)
    assert world.request().state is State.RUNNING
    assert world.app.store.jobs.of_request(1) == ()

    await world.restart()
    await finish(world)
    assert world.request().state is State.DONE
    assert work.most_often() == 1


async def test_partly_done(world: World, work: Work):
    """A job of which some failed ends its request with the counts, and the failed ones can be asked for once more."""
    sims = picked(world, 6)
    card = await asked(world, "suspend", sims)
    world.hub.change(sims[0], status="DEACTIVATED")
    await approve(world, card)
    await finish(world)
    assert world.request().outcome == "Job #1: 5 of 6 SIMs are done, 1 failed."

    world.hub.change(sims[0], status="ACTIVATED")
    await world.run("alerts")
    await work.press("Ask again for the 1 that failed")
    again = world.request(2)
    assert (again.state, again.count, again.undo_of) == (State.PENDING, 1, None)
    await approve(world, next(c for c in world.cards(APPROVALS) if "#2 Suspend 1 SIM\n" in f"{c.words}\n"))
    await finish(world, 2)
    assert world.hub.sim(sims[0])["status"] == "DEACTIVATED"


async def test_undone_as_a_whole(world: World, work: Work):
    """Undo on the card of the job asks for the inverse of what is done, under the same policies, once."""
    sims = picked(world, 5)
    await approve(world, await asked(world, "suspend", sims))
    await finish(world)

    await work.press("Undo (within 30 min)")
    back = world.request(2)
    assert (back.order.words, back.count, back.undo_of) == ("activate", 5, 1)
    await work.press("Undo (within 30 min)")
    assert "is being undone already" in answers(world, OPERATOR)[-1]

    await approve(world, next(c for c in world.cards(APPROVALS) if "#2 Activate 5 SIMs" in c.words))
    await finish(world, 2)
    assert work.statuses([(sim,) for sim in sims]) == {"ACTIVATED"}


async def test_undo_gives_each_sim_its_own_plan_back(world: World, work: Work):
    """Undoing a change of plans gives each SIM the plan it had, which the digest and the file say."""
    sims = picked(world, 6)
    plans = {sim: world.hub.sim(sim)["servicePackage"] for sim in sims}
    wanted = "iot-100"
    await approve(world, await asked(world, "plan", sims, plan=wanted))
    await finish(world)
    changed = [row["giccid"] for row in sheet(world, "job-1.csv")]
    assert len({plans[sim] for sim in changed}) > 1
    await work.press("Undo (within 30 min)")
    await world.run("files")

    rows = {row["giccid"]: row["change"] for row in sheet(world, "request-2.csv")}
    assert rows == {sim: f"change the rate plan to “{plans[sim]}”" for sim in changed}
    await approve(world, next(c for c in world.cards(APPROVALS) if "#2 " in c.words))
    await finish(world, 2)
    assert {sim: world.hub.sim(sim)["servicePackage"] for sim in sims} == plans


@pytest.mark.parametrize(
    ("operation", "values", "since"),
    [("plan", {"plan": "iot-100"}, {"servicePackage": "iot-500"}), ("set", {"custom3": "north"}, {"custom3": "south"})],
)
async def test_undo_leaves_what_was_changed_again(
    world: World, work: Work, operation: str, values: dict[str, str], since: dict[str, str]
):
    """A SIM that somebody has changed since is not part of the undo, and keeps what it has."""
    sims = [sim for sim in picked(world, 20) if world.hub.sim(sim)["servicePackage"] == "pool-5g-eu"][:3]
    await approve(world, await asked(world, operation, sims, **values))
    await finish(world)
    world.hub.change(sims[0], **since)
    await world.run("alerts")
    await work.press("Undo (within 30 min)")

    assert world.request(2).count == len(sims) - 1
    assert "Left out of the list 1 wrong state" in world.now(world.card(APPROVALS))
    await approve(world, world.card(APPROVALS))
    await finish(world, 2)
    assert {key: world.hub.sim(sims[0])[key] for key in since} == since


async def test_changed_again_before_the_undo_is_approved(world: World, work: Work):
    """A SIM that somebody changed after the undo was asked for keeps that: it is left out when it is approved."""
    sims = picked(world, 3)
    await approve(world, await asked(world, "set", sims, custom2="depot"))
    await finish(world)
    await work.press("Undo (within 30 min)")
    assert world.request(2).count == 3
    world.hub.change(sims[1], custom2="by hand")
    await world.later(minutes=2)
    card = next(c for c in world.cards(APPROVALS) if "#2 " in c.words)

    await approve(world, card)
    assert "This SIM was changed again since." in world.now(card)
    await approve(world, card)
    await finish(world, 2)

    assert world.request(2).count == 2
    assert world.hub.sim(sims[1])["custom2"] == "by hand"


async def test_sms_to_many(world: World, work: Work):
    """An SMS to many needs an approval, and goes to each once."""
    sims = picked(world, 4)
    card = await asked(world, "sms", sims, text="reboot")
    assert world.hub.count("sendSms") == 0
    assert "An SMS cannot be taken back." in world.now(card)
    await approve(world, card)
    await finish(world)

    assert sorted(str(sms["toGiccid"]) for sms in world.hub.world.messages.values()) == sorted(sims)
    assert work.job().at(Stage.DONE) == 4


async def test_a_policy_sees_every_kind_of_sim(world: World):
    """A list falls under each policy that one of its SIMs falls under."""
    sims = picked(world, 8)
    accounts = sorted({str(world.hub.sim(sim)["accountName"]) for sim in sims})
    assert len(accounts) > 1
    world.policies = [
        {"name": "its own", "accounts": [accounts[-1]], "quorum": 2},
        {"name": "the others"},
    ]
    await world.restart()

    card = await asked(world, "suspend", sims)

    request = world.request()
    assert request.policy.people == 2
    assert request.policy.title == "its own + the others"
    assert "two approvers" in world.now(card) or "2" in world.now(card)


@pytest.mark.parametrize(("canary", "first"), [(0, 8), (3, 3)])
async def test_a_policy_turns_the_canary_on_or_off(world: World, work: Work, canary: int, first: int):
    """So many SIMs go first as the policy says, whatever is usual; the others wait for Continue."""
    world.settings["bulk"] |= {"canary": 5}
    world.policies = [{"name": "careful", "canary": canary}]
    await world.restart()
    await approve(world, await asked(world, "suspend", picked(world, 8)))
    for _ in range(20):
        await work.go_on(seconds=10)

    assert work.at(Stage.DONE) == first
    assert world.request().state is (State.DONE if canary == 0 else State.RUNNING)


async def test_broken_glass_keeps_to_the_list(world: World, work: Work):
    """An admin who goes without approval has exactly the list carried out, without what is protected by now."""
    sims = picked(world, 3)
    card = await asked(world, "suspend", sims)
    await world.say(f"/sim protect {sims[0]}", by=ADMIN)
    await world.press(card, "Break glass…", by=ADMIN)
    await world.submit({"Reason": "it cannot wait"}, by=ADMIN)
    await finish(world)

    assert work.job().at(Stage.DONE) == 2
    assert world.hub.sim(sims[0])["status"] == "ACTIVATED"
    assert "It is protected by" in str(work.found()[sims[0]])


async def test_undo_stands_on_the_card_of_the_job(world: World):
    """The card of a request for many has no button to undo; one that is forged says where it stands."""
    card = await asked(world, "suspend", picked(world, 2))
    await approve(world, card)
    await finish(world)

    assert not [button for button in world.slack.now_of(card).buttons if "Undo" in button]
    await forge(world, click(world, card, "approval.undo", by=OPERATOR, value="1"))
    assert "press Undo on the card of its job" in answers(world, OPERATOR)[-1]


async def test_a_hostile_label_in_what_changed(world: World):
    """The label of a SIM that fits no more is text on the card and in the answer: it calls nobody."""
    sims = picked(world, 3)
    world.hub.change(sims[0], custom1=f"<@{ADMIN}> <!subteam^S0APPROVERS> `x`")
    await world.run("alerts")
    card = await asked(world, "suspend", sims)
    world.hub.change(sims[0], status="DEACTIVATED")
    await world.later(minutes=2)
    await world.press(card, "Approve", by=APPROVER)

    assert f"‹@{ADMIN}› ‹!subteam^S0APPROVERS› 'x': This SIM is suspended already." in world.now(card)
    assert f"<@{ADMIN}>" not in answers(world, APPROVER)[-1]
    assert not [1 for message in world.slack.dm(OPERATOR) if f"'user_id': '{ADMIN}'" in str(message.blocks)]
