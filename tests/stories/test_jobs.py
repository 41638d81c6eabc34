"""A bulk job from its list to its end: sent once, confirmed by reading, told where people look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.rules.jobs import Stage, State
from bot.rules.orders import Order
from bot.rules.sheets import read_cell
from bot.rules.sims import Operation
from tests.stories.jobs import ACTIVATE, SUSPEND, Work, at_work, sound
from tests.talk import ALERTS, APPROVALS, OPERATOR, VIEWER, plain


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    """Batches of five, two at once."""
    async with at_work(tmp_path) as made:
        yield made


BATCHED = {
    "activate": (ACTIVATE, "DEACTIVATED", ("status", "ACTIVATED")),
    "suspend": (SUSPEND, "ACTIVATED", ("status", "DEACTIVATED")),
    "retire": (Order(Operation.RETIRE), "DEACTIVATED", ("status", "RETIRED")),
    "plan": (Order(Operation.PLAN, plan="iot-1g"), "ACTIVATED", ("servicePackage", "iot-1g")),
}


@pytest.mark.parametrize("name", BATCHED)
async def test_in_batches(work: Work, name: str):
    """Where SmartHub takes batches, the list is cut into them; each SIM is in one, and ends as it was asked for."""
    order, status, (field, wanted) = BATCHED[name]
    sims = work.sims(status)

    await work.start(order, sims)
    job = await work.finish()

    assert job.state is State.DONE
    assert work.at(Stage.DONE) == len(sims)
    assert {work.world.hub.sim(sim[0])[field] for sim in sims} == {wanted}
    assert sorted(giccid for batch in work.batches() for giccid in batch) == [sim[0] for sim in sims]
    assert [len(batch) for batch in work.batches()[:-1]] == [5] * (len(work.batches()) - 1)
    sound(work)


async def test_two_batches_at_once(work: Work):
    """Not more batches are with SmartHub at once than the setting says; the next goes when one is over."""
    await work.start(SUSPEND, work.sims())

    assert len(work.batches()) == 2
    assert work.at(Stage.SENT) == 10
    await work.go_on(seconds=0.5)
    assert len(work.batches()) == 2
    await work.go_on(seconds=5)
    assert len(work.batches()) == 4


ONE_BY_ONE = {
    "set": (Order(Operation.SET, custom=((3, "north"),)), "updateSimCustomFields", ("custom3", "north")),
    "addon": (Order(Operation.ADDON, plan="addon-500"), "subscribeSupplementaryPackage", None),
    "apn": (Order(Operation.APN, apn="iot.smarthub", enabled=False), "changeApnStatus", None),
}


@pytest.mark.parametrize("name", ONE_BY_ONE)
async def test_one_by_one(work: Work, name: str):
    """Where SmartHub has no batch there is one call for each SIM, and the SIM is read again before it counts."""
    order, call, shown = ONE_BY_ONE[name]
    sims = work.sims(most=12)

    await work.start(order, sims)
    await work.finish()

    assert work.at(Stage.DONE) == 12
    assert work.world.hub.count(call) == 12
    assert work.most_often() == 1
    if shown is not None:
        assert {work.world.hub.sim(sim[0])[shown[0]] for sim in sims} == {shown[1]}
    sound(work)


async def test_other_custom_fields_stay(work: Work):
    """Setting one custom field of many SIMs sends back the other four as they are at that moment."""
    sims = work.sims(most=4)
    work.world.hub.change(sims[0][0], custom4="changed meanwhile")
    before = {sim[0]: work.world.hub.sim(sim[0]) for sim in sims}

    await work.start(Order(Operation.SET, custom=((3, "north"),)), sims)
    await work.finish()

    for giccid, was in before.items():
        now = work.world.hub.sim(giccid)
        assert [now[f"custom{n}"] for n in (1, 2, 4, 5)] == [was[f"custom{n}"] for n in (1, 2, 4, 5)]


async def test_sms_to_many(work: Work):
    """An SMS is sent once to each; what SmartHub said is all there is, since no SIM shows it."""
    sims = work.sims(most=7)

    await work.start(Order(Operation.SMS, text="reboot"), sims)
    await work.finish()

    sent = [str(message["toGiccid"]) for message in work.world.hub.world.messages.values()]
    assert sorted(sent) == [sim[0] for sim in sims]
    assert work.at(Stage.DONE) == 7
    assert all("SmartHub took it over as SMS" in (why or "") for _, _, why in work.found().values())
    assert work.world.hub.count("getSim") == 0


async def test_what_smarthub_refuses(work: Work):
    """A SIM that SmartHub refuses fails with its code and its reason in words; the others are done."""
    sims = work.sims()
    work.world.hub.change(sims[2][0], status="DEACTIVATED")

    await work.start(SUSPEND, sims)
    await work.finish()

    stage, code, why = work.found()[sims[2][0]]
    assert (stage, code) == ("failed", "illegal_status")
    assert why == "The SIM is not in a state that allows it (“status: illegal_status”)."
    assert work.at(Stage.DONE) == len(sims) - 1
    assert "1 failed" in work.card()
    assert f"{sims[2][0]} failed: The SIM is not in a state that allows it" in work.card()


async def test_done_is_what_is_seen(work: Work):
    """What SmartHub calls done counts when the SIM shows it: until then it is accepted and no more."""
    work.world.hub.settle_slowly = 90
    sims = work.sims(most=5)

    await work.start(SUSPEND, sims)
    await work.go_on(seconds=5)
    assert (work.at(Stage.TAKEN), work.at(Stage.DONE)) == (5, 0)
    assert "5 accepted, not confirmed yet" in work.card()
    job = await work.finish()

    assert job.at(Stage.DONE) == 5
    assert work.statuses(sims) == {"DEACTIVATED"}


async def test_what_never_shows(work: Work):
    """A SIM that SmartHub called done and that does not show it in all this time is unsure, in words."""
    work.world.hub.settle_slowly = 86_400
    sims = work.sims(most=5)

    await work.start(SUSPEND, sims)
    await work.finish(minutes=30)

    assert set(work.found().values()) == {
        ("unsure", "not_shown", "SmartHub said that it was done, and the SIM still reads active.")
    }
    assert "5 unsure" in work.card()
    assert work.most_often() == 1


async def test_many_are_read_in_pages(tmp_path: Path):
    """Many SIMs are read again in pages of a list, which costs a few calls; one SIM is read by itself."""
    async with at_work(tmp_path, sims=300, batch_size=500) as work:
        sims = work.sims()
        work.world.hub.asked.clear()
        await work.start(SUSPEND, sims)
        await work.finish()
        many = [one.operation for one in work.world.hub.asked]

        work.world.hub.asked.clear()
        await work.start(ACTIVATE, [(*sims[0][:2], "suspended", sims[0][3])], number=2)
        await work.finish(2)
        few = [one.operation for one in work.world.hub.asked]

    assert len(sims) > 150
    assert many.count("getSim") == 0
    assert many.count("listSims") <= 12
    assert few.count("getSim") == 1
    assert few.count("listSims") == 0


async def test_smarthub_cannot_list(work: Work):
    """Where a list cannot be had, the SIMs are read one by one instead, and the job still ends."""
    sims = work.sims()
    work.world.settings["smarthub"]["operations"]["listSims"] = {"path": "/no-such-list"}
    await work.world.restart()
    work.listen()

    await work.start(SUSPEND, sims)
    await work.finish()

    assert work.at(Stage.DONE) == len(sims)
    assert work.world.hub.count("getSim") == len(sims)


# --- what may not be touched ---


async def test_protected_sims_are_left_out(work: Work):
    """A SIM that is protected by the time it would be sent is left out and named; nothing is sent for it."""
    sims = work.sims(most=12)
    await work.world.say(f"/sim protect {sims[7][0]} because of the audit")

    await work.start(SUSPEND, sims)
    await work.finish()

    assert work.found()[sims[7][0]] == ("left out", None, f"It is protected by <@{OPERATOR}>.")
    assert sims[7][0] not in [giccid for batch in work.batches() for giccid in batch]
    assert work.at(Stage.DONE) == 11
    assert "1 left out" in work.card()
    assert sims[7][0] in work.card()


async def test_protected_in_the_middle(work: Work):
    """Protection counts at the moment of sending: what is protected while the job runs is left out as well."""
    sims = work.sims()
    await work.start(SUSPEND, sims)
    last = sims[-1][0]
    assert work.found()[last][0] == "waiting"

    await work.world.say(f"/sim protect {last}")
    await work.finish()

    assert work.found()[last][0] == "left out"
    assert work.world.hub.sim(last)["status"] == "ACTIVATED"


async def test_a_sim_with_an_open_request(work: Work):
    """A SIM for which somebody asks for a change of its own is left out, with the number of that request."""
    sims = work.sims(most=8)
    await work.world.ask("suspend", sims[3][0])

    await work.start(SUSPEND, sims, number=77)
    await work.finish()

    assert work.found()[sims[3][0]] == ("left out", None, "Request #1 for this SIM is still open.")
    assert work.at(Stage.DONE) == 7


async def test_two_jobs_about_one_sim(work: Work):
    """A SIM that another job is changing is left out of this one, with the number of that job."""
    sims = work.sims(most=5)
    await work.start(SUSPEND, sims, number=1)
    await work.start(ACTIVATE, sims, number=2)

    await work.finish(1)
    await work.finish(2)

    assert work.statuses(sims) == {"DEACTIVATED"}
    assert set(work.found(2).values()) == {("left out", None, "Job #1 is changing this SIM.")}


async def test_one_by_one_looks_first(work: Work):
    """Before a call of its own each SIM is read: one that is already so, or cannot be, is left out with the reason."""
    sims = work.sims(most=4)
    work.world.hub.change(sims[0][0], apns=[{"apn": "iot.smarthub", "status": "DISABLED"}])
    work.world.hub.change(sims[1][0], status="RETIRED")

    await work.start(Order(Operation.APN, apn="iot.smarthub", enabled=False), sims)
    await work.finish()

    assert work.found()[sims[0][0]][::2] == ("left out", "The APN “iot.smarthub” of this SIM is off already.")
    assert work.found()[sims[1][0]][::2] == ("left out", "This SIM is retired, and that is final.")
    assert work.world.hub.count("changeApnStatus") == 2


# --- where people look ---


async def test_the_card_tells_how_far_it_is(work: Work):
    """The card has the bar, the counts, who asked, the buttons, and at the end how it ended; it is one message."""
    sims = work.sims(most=10)

    work.world.hub.settle_slowly = 60
    await work.start(SUSPEND, sims)
    await work.go_on(seconds=5)
    await work.go_on(seconds=5)
    first = work.card()
    await work.finish()
    last = work.card()

    assert "Job #1: suspend 10 SIMs" in first
    assert "Running" in first
    assert "10 accepted, not confirmed yet" in first
    assert "Pause Cancel" in first
    assert "████████████████████ 100 % of 10" in last
    assert "Ended" in last
    assert "10 confirmed" in last
    assert f"<@{OPERATOR}>" in last
    assert len([m for m in work.world.cards(APPROVALS) if "Job #1" in m.words]) == 1


async def test_the_card_is_not_redrawn_too_often(tmp_path: Path):
    """However much happens, the card of a running job is redrawn no more often than the setting, and at each step."""
    async with at_work(tmp_path, sims=120, card_every="10s") as work:
        await work.start(SUSPEND, work.sims())
        for _ in range(120):
            await work.go_on(seconds=1)
            if not work.job().open:
                break

        assert work.job().state is State.DONE
        gaps = work.edits()
        assert len(gaps) >= 3
        assert all(gap >= 9.9 for gap in gaps[:-1])


async def test_the_results_as_a_file(work: Work):
    """At the end the results lie under the card as a file: each SIM with its old and its new state, safe to open."""
    evil = '=HYPERLINK("http://evil.example")'
    sims = work.sims(most=6)
    sims[0] = (sims[0][0], evil, *sims[0][2:])
    work.world.hub.change(sims[5][0], status="DEACTIVATED")

    await work.start(SUSPEND, sims)
    await work.finish()

    rows = work.sheet()
    assert [read_cell(row["giccid"]) for row in rows] == [sim[0] for sim in sims]
    assert rows[0]["label"] == "'" + evil
    assert (rows[0]["before"], rows[0]["after"], rows[0]["result"]) == ("active", "suspended", "done")
    assert (rows[5]["result"], rows[5]["code"]) == ("failed", "illegal_status")
    assert "5 of 6 SIMs are done, 1 failed." in " ".join(work.world.thread(work.message()))
    assert [f.name for m in work.world.slack.dm(OPERATOR) for f in m.files] == ["job-1.csv"], "not in the channel"
    assert [m for m in work.world.slack.messages(ALERTS) if m.files] == []


async def test_the_file_without_a_card(work: Work):
    """Where the card can be posted in no channel, the file goes to whoever asked."""
    for channel in (APPROVALS, ALERTS):
        work.world.slack.channels[channel].archived = True
    sims = work.sims(most=5)

    await (await work.world.begin(work.flow.start(1, SUSPEND, 5, OPERATOR, sims, canary=0, stop_at_percent=100)))
    for _ in range(12):
        await work.world.clock.advance(10)
        await (await work.world.begin(work.world.app.schedule.run("jobs")))

    [file] = [f for m in work.world.slack.dm(OPERATOR) for f in m.files]
    assert file.name == "job-1.csv"


async def test_who_waits_for_the_end_hears_it(work: Work):
    """The request hears what came of its job once, with the counts and a sentence."""
    sims = work.sims(most=6)
    work.world.hub.change(sims[1][0], status="DEACTIVATED")

    await work.start(SUSPEND, sims, number=41)
    await work.finish()
    for _ in range(3):
        await work.go_on(minutes=1)

    [(request, outcome)] = work.ended
    assert request == 41
    assert (outcome.done, outcome.failed, outcome.unsure, outcome.left) == (5, 1, 0, 0)
    assert outcome.sentence == "5 of 6 SIMs are done, 1 failed."


async def test_jobs_lists_them(work: Work):
    """`jobs` lists what runs and what has ended, by whom and how far; `job N` is the card with its buttons."""
    empty = await work.world.say("/sim jobs", by=VIEWER)
    sims = work.sims()
    await work.start(SUSPEND, sims[:5], number=3)
    await work.finish(1)
    await work.start(SUSPEND, sims[5:], number=8)

    listed = plain((await work.world.say("/sim jobs", by=VIEWER)).reply)
    one = plain((await work.world.say("/sim job 2", by=VIEWER)).reply)
    same = plain((await work.world.say("/sim job #1", by=VIEWER)).reply)

    assert "There are no bulk jobs yet." in plain(empty.reply)
    assert f"Under way Job #2: suspend {len(sims) - 5} SIMs ▶️ Running, 0 %, asked by <@{OPERATOR}>" in listed
    assert "Ended Job #1: suspend 5 SIMs ✅ Ended, 100 %" in listed
    assert "Job #2" in one
    assert "in request #8" in one
    assert "Pause" in one
    assert "Job #1" in same


@pytest.mark.parametrize(("typed", "said"), [
    ("", "Which job?"), ("twelve", "Which job?"), ("12", "There is no job #12 here."), ("-1", "Which job?"),
    ("9" * 30, "Which job?"), ("１２", "Which job?"),
])  # fmt: skip
async def test_a_job_there_is_not(work: Work, typed: str, said: str):
    """A number that is none, or nobody's, is answered with what to write."""
    delivery = await work.world.say(f"/sim job {typed}", by=VIEWER)

    assert said in plain(delivery.reply)


async def test_the_audit_log_tells_each_step(work: Work):
    """Each step of a job stands in the log: made, each batch with SmartHub's id for it, the end and what came of it."""
    await work.start(SUSPEND, work.sims(most=10))
    await work.finish()

    lines = list(work.world.app.store.audit.lines(subject="job:1"))
    assert [line.deed.action for line in lines] == ["started", "ready", "sent", "sent", "ended"]
    assert [line.deed.detail.get("answer") for line in lines[2:4]] == ["stored as job-000001", "stored as job-000002"]
    assert lines[0].deed.detail["count"] == 10
    assert lines[0].deed.detail["asked_by"] == OPERATOR
    assert lines[-1].deed.detail["outcome"] == "10 of 10 SIMs are done."
