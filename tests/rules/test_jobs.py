"""A bulk job moves only where it may and by whom it may; each of its SIMs gets the verdict that is true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, BotError, NotAllowed, NotPossible
from bot.rules import jobs
from bot.rules.batches import Item, ItemState
from bot.rules.events import Push
from bot.rules.job_sims import (
    Entry,
    Found,
    Member,
    Way,
    before_words,
    best_way,
    is_echo,
    is_last_look,
    next_look,
    of_item,
    unreadable,
    verdict,
    way_back,
)
from bot.rules.jobs import Job, Stage, State, Step, outcome, pace, standing, too_many_failed
from bot.rules.orders import Before, Order
from bot.rules.people import Person, Role
from bot.rules.sims import Apn, Operation, Sim, Status

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ASKER, OTHER = Person("U1", Role.OPERATOR), Person("U2", Role.OPERATOR)
APPROVER, VIEWER = Person("U3", Role.APPROVER), Person("U4", Role.VIEWER)
SUSPEND, PLAN = Order(Operation.SUSPEND), Order(Operation.PLAN, plan="iot-10")
JOB = Job(12, SUSPEND, "U1", 100, 10, 20, NOW, state=State.RUNNING, filled=100, runs_since=NOW)

# The picture of the states, written out a second time: whatever is not here must be refused.
ALLOWED = {
    ("making", "fill"): "running",
    ("making", "end"): "cancelled",
    ("running", "pause"): "paused",
    ("running", "reach"): "canary",
    ("running", "stop"): "stopped",
    ("running", "cancel"): "cancelling",
    ("running", "end"): "done",
    ("paused", "resume"): "running",
    ("paused", "cancel"): "cancelling",
    ("paused", "end"): "done",
    ("canary", "continue"): "running",
    ("canary", "cancel"): "cancelling",
    ("canary", "end"): "done",
    ("stopped", "continue"): "running",
    ("stopped", "cancel"): "cancelling",
    ("stopped", "end"): "done",
    ("cancelling", "end"): "cancelled",
}


def take(job: Job, step: Step, *, by: Person = ASKER) -> Job:
    """The job after the step, taken in the way that belongs to it."""
    match step:
        case Step.FILL:
            return jobs.fill(job, now=NOW)
        case Step.REACH:
            return jobs.reach(job)
        case Step.STOP:
            return jobs.stop(job, "why")
        case Step.END if job.state is State.MAKING:
            return jobs.void(job, "why", now=NOW)
        case Step.END:
            return jobs.end(job, now=NOW)
    return jobs.steer(job, step, by=by, now=NOW)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("step", list(Step))
def test_only_the_steps_of_the_picture(state: State, step: Step) -> None:
    """Each step leads where the picture says, with the next version; where it says nothing it is refused in words."""
    job = replace(JOB, state=state)

    if (state, step) in ALLOWED:
        after = take(job, step)
        assert (after.state, after.version) == (ALLOWED[state, step], job.version + 1)
        assert after.open is (after.state not in ("done", "cancelled"))
    else:
        with pytest.raises(NotPossible, match=r"^Job #12 is .+ already"):
            take(job, step)


@pytest.mark.parametrize("state", list(State))
def test_who_comes_too_late_reads_who_was_first(state: State) -> None:
    """The words for a state that somebody steered to name that person."""
    said = standing(replace(JOB, state=state, steered_by="U3"))

    assert said.strip()
    assert ("<@U3>" in said) is (state in (State.RUNNING, State.PAUSED, State.CANCELLING, State.CANCELLED))


def test_who_steers() -> None:
    """An operator steers their own job, an approver any; others are told who may."""
    for person in (ASKER, APPROVER):
        assert jobs.steer(JOB, Step.PAUSE, by=person, now=NOW).steered_by == person.id
    with pytest.raises(NotAllowed, match="asked for by <@U1>"):
        jobs.steer(JOB, Step.PAUSE, by=OTHER, now=NOW)
    with pytest.raises(NotAllowed, match="you have to be an operator"):
        jobs.steer(JOB, Step.PAUSE, by=VIEWER, now=NOW)


@pytest.mark.parametrize(
    ("canary", "count", "goes_first"), [(0, 5, 5), (3, 10, 3), (10, 10, 10), (11, 10, 10), (1, 2, 1)]
)
def test_how_many_go_first(canary: int, count: int, goes_first: int) -> None:
    """So many may be sent before somebody continues; a canary that would be all of them is none."""
    job = jobs.new(1, SUSPEND, by="U1", count=count, canary=canary, stop_at_percent=20, now=NOW)

    assert job.limit == goes_first
    assert job.released is (goes_first == count)


def test_continue_lets_the_others_go() -> None:
    """Continue after the canary releases all; after a stop before the canary's end it does not."""
    canary = replace(JOB, state=State.CANARY, counts={Stage.DONE: 10, Stage.WAITING: 90})
    stopped = replace(JOB, state=State.STOPPED)

    assert jobs.steer(canary, Step.GO_ON, by=ASKER, now=NOW).limit == 100
    assert jobs.steer(stopped, Step.GO_ON, by=ASKER, now=NOW).limit == 10


@pytest.mark.parametrize(("done", "bad", "stops"), [
    (100, 0, False), (81, 19, False), (80, 20, False), (79, 21, True), (0, 19, False), (0, 20, True), (10, 3, False),
])  # fmt: skip
def test_when_it_stops(done: int, bad: int, stops: bool) -> None:
    """More than 20 % of at least twenty that were tried stop it; exactly so many, or of fewer, do not."""
    job = replace(JOB, counts={Stage.DONE: done, Stage.FAILED: bad, Stage.LEFT_OUT: 50, Stage.WAITING: 10})

    assert (too_many_failed(job) is not None) is stops


def test_what_failed_before_continue_does_not_stop_it_again() -> None:
    """After Continue only what is tried from there on counts."""
    job = replace(JOB, state=State.STOPPED, counts={Stage.DONE: 10, Stage.FAILED: 30})

    again = jobs.steer(job, Step.GO_ON, by=ASKER, now=NOW)
    assert too_many_failed(again) is None
    assert too_many_failed(replace(again, counts={Stage.DONE: 40, Stage.FAILED: 37})) is None
    assert "8 of the 38 SIMs" in str(too_many_failed(replace(again, counts={Stage.DONE: 40, Stage.FAILED: 38})))


COUNTS = st.dictionaries(st.sampled_from(list(Stage)), st.integers(0, 10**6))


@given(COUNTS, st.sampled_from(list(State)))
def test_every_sim_is_in_the_outcome(counts: dict[Stage, int], state: State) -> None:
    """Done, failed, unsure, left and what is under way make up all SIMs of a job; the sentence has the first."""
    total = sum(counts.values())
    job = replace(JOB, state=state, count=total, counts=counts)

    said = outcome(job)
    assert said.done + said.failed + said.unsure + said.left + job.at(*jobs.UNDER_WAY) == total
    assert f"{said.done:,} of {total:,} SIMs are done" in said.sentence
    assert jobs.is_over(job) is (
        job.at(*jobs.UNDER_WAY) == 0 and (counts.get(Stage.WAITING, 0) == 0 or state is State.CANCELLING)
    )


def test_how_fast() -> None:
    """The pace is what was answered since it began to run; nothing is said of a job that does not run."""
    job = replace(JOB, counts={Stage.DONE: 50, Stage.TAKEN: 20}, ran_from=10, runs_since=NOW - timedelta(seconds=30))

    assert pace(job, NOW) == 2
    assert pace(replace(job, runs_since=None), NOW) is None
    assert pace(replace(job, runs_since=NOW), NOW) is None
    assert pace(replace(job, runs_since=NOW + timedelta(hours=1)), NOW) is None


@pytest.mark.parametrize(("word", "number"), [("12", 12), ("#12", 12), (" 7 ", 7)])
def test_a_number(word: str, number: int) -> None:
    """A job is named by its number, with or without a sign before it."""
    assert jobs.read_number(word) == number


@pytest.mark.parametrize("word", ["", "#", "x", "-1", "1.5", "９", "1 2", "1" * 16])
def test_no_number(word: str) -> None:
    """Anything else is refused with what to write."""
    with pytest.raises(BadInput, match="Which job"):
        jobs.read_number(word)


# --- one SIM ---

ACTIVE = Sim("8949", Status.ACTIVE, "ACTIVATED", plan="iot-1", apns=(Apn("m2m", True),))
SENT = Member(1, "8949", "Pump 7", Stage.TAKEN, Before("active", "iot-1"), since=NOW)
LOST = replace(SENT, stage=Stage.LOST, why="The answer was lost")


@pytest.mark.parametrize(("item", "found"), [
    (Item("1", ItemState.DONE), Found(Stage.TAKEN)),
    (Item("1", ItemState.PENDING), None),
    (Item("1", None, "PARKED"), None),
    (Item("1", ItemState.FAILED, code="illegal_status"),
     Found(Stage.FAILED, "illegal_status", "The SIM is not in a state that allows it.")),
    (Item("1", ItemState.FAILED, code="no_luck", message="Try <!here>"),
     Found(Stage.FAILED, "no_luck", "SmartHub says “no_luck” (“Try ‹!here›”).")),
    (Item("1", ItemState.FAILED), Found(Stage.FAILED, None, "SmartHub refused it and did not say why.")),
])  # fmt: skip
def test_what_a_batch_says_of_a_sim(item: Item, found: Found | None) -> None:
    """SmartHub's result of a SIM is its next stage, with its code and a sentence; what says nothing yet is none."""
    assert of_item(item) == found


@pytest.mark.parametrize(("order", "member", "stage", "said"), [
    (SUSPEND, SENT, Stage.UNSURE, "SmartHub said that it was done, and the SIM still reads active."),
    (SUSPEND, LOST, Stage.FAILED, "The answer was lost. The SIM still reads active, so it was not done."),
    (PLAN, SENT, Stage.DONE, "SmartHub accepted it; the SIM still reads rate plan “iot-1”. It may count from the next "
                             "cycle on."),
    (PLAN, LOST, Stage.FAILED, "The answer was lost. The SIM still reads rate plan “iot-1”, so it was not done."),
    (SUSPEND, replace(LOST, code="not_finished"), Stage.UNSURE, "The answer was lost. The SIM reads active so far."),
])  # fmt: skip
def test_the_verdict(order: Order, member: Member, stage: Stage, said: str) -> None:
    """What is said of a SIM that does not show the change after all this time."""
    found = verdict(order, member, ACTIVE)

    assert (found.stage, found.why) == (stage, said)


def test_what_could_not_be_read() -> None:
    """A SIM that could not be read in all this time is unsure, with the reason."""
    assert unreadable(SENT, "Gone.").stage is Stage.UNSURE
    assert "could not be read since: Gone." in str(unreadable(LOST, "Gone.").why)


@given(st.integers(0, 40), st.integers(-100, 10_000))
def test_looks_come_to_an_end(looks: int, waited: int) -> None:
    """Each look is later than now, none is further off than the time for looking, and there is a last one."""
    every, longest = timedelta(seconds=30), timedelta(minutes=15)
    member = replace(SENT, looks=looks, since=NOW - timedelta(seconds=waited))

    at = next_look(member, now=NOW, every=every, longest=longest)
    assert NOW < at <= NOW + timedelta(seconds=max(900 - waited, 30))
    assert is_last_look(member, now=NOW, longest=longest) is (looks > 0 and (waited >= 900 or looks >= 20))


@pytest.mark.parametrize(("due", "coming", "pages", "way"), [
    (3, 0, None, Way.SINGLY), (3, 0, 3, Way.SINGLY), (4, 0, 3, Way.PAGES), (4, 100_000, 200, Way.LATER),
    (4, 10, 200, Way.SINGLY), (40_000, 60_000, 200, Way.PAGES), (39_000, 60_000, 200, Way.LATER),
    (100, 0, 200, Way.SINGLY), (100_000, 0, 200, Way.PAGES),
])  # fmt: skip
def test_the_cheaper_way(due: int, coming: int, pages: int | None, way: Way) -> None:
    """SIMs are read one by one where that costs fewer calls than the pages of a list, and in pages when that is worth
    it; while more are on their way, a list waits until it is."""
    assert best_way(due, coming=coming, pages=pages) is way


@pytest.mark.parametrize(("order", "before", "said"), [
    (SUSPEND, Before("active"), "active"),
    (PLAN, Before("active", "iot-1"), "rate plan “iot-1”"),
    (Order(Operation.APN, apn="m2m", enabled=False), Before("active", apns=(Apn("m2m", True),)), "APN “m2m” on"),
    (Order(Operation.SET, custom=((2, "x"),)), Before("active", custom=(None, "Berlin", None, None, None)),
     "custom2 “Berlin”"),
    (Order(Operation.ADDON, plan="extra"), Before("active", addons=("extra",)), "1 of the add-on “extra”"),
    (Order(Operation.SMS, text="hi"), Before("active"), "active"),
])  # fmt: skip
def test_what_it_was(order: Order, before: Before, said: str) -> None:
    """The old state of a SIM is told where the order shows."""
    assert before_words(order, before) == said


def test_the_way_back() -> None:
    """What undoes a SIM of a job names its state after the job and the order that brings back what it had."""
    assert way_back(SUSPEND, SENT) == Entry("8949", "Pump 7", "suspended", "iot-1", Order(Operation.ACTIVATE))
    assert way_back(PLAN, SENT) == Entry("8949", "Pump 7", "active", "iot-10", replace(PLAN, plan="iot-1"))
    assert way_back(Order(Operation.RETIRE), SENT) is None
    assert way_back(SUSPEND, replace(SENT, before=Before("suspended"))) is None


@pytest.mark.parametrize(("order", "name", "facts", "is_ours"), [
    (SUSPEND, "sim-status-change", {"new": "suspended"}, True),
    (SUSPEND, "sim-status-change", {"new": "active"}, False),
    (SUSPEND, "sim-status-change", {}, False),
    (PLAN, "sim-status-change", {"new": "suspended"}, False),
    (Order(Operation.APN, apn="m2m", enabled=True), "apn-status-change", {"apn": "m2m", "new": "on"}, True),
    (Order(Operation.APN, apn="m2m", enabled=True), "apn-status-change", {"apn": "m2m", "new": "off"}, False),
    (Order(Operation.APN, apn="m2m", enabled=True), "apn-status-change", {"apn": "x", "new": "on"}, False),
    (SUSPEND, "no-session", {"new": "suspended"}, False),
])  # fmt: skip
def test_an_echo(order: Order, name: str, facts: dict[str, str], is_ours: bool) -> None:
    """Only a notification that says what the order did is taken for its echo."""
    assert is_echo(order, Push(name, "k", b"", giccid="8949", facts=facts)) is is_ours


@given(st.lists(st.tuples(st.sampled_from(list(Step)), st.sampled_from([ASKER, OTHER, APPROVER, VIEWER])), max_size=12))
def test_any_order_of_steps(steps: list[tuple[Step, Person]]) -> None:
    """In whatever order things happen, versions only go up, an end stays one, and nobody but those who may steers."""
    job = replace(JOB, state=State.MAKING)
    for step, by in steps:
        try:
            after = take(job, step, by=by)
        except BotError:
            continue
        assert after.version == job.version + 1
        assert job.open
        if step in jobs.PRESSED:
            assert after.steered_by in ("U1", "U3")
        job = after
