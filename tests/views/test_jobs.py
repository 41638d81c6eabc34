"""A bulk job's card says how far it is in words and numbers, offers what can be done, and keeps text as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.job_sims import Member
from bot.rules.jobs import Job, Stage, State
from bot.rules.orders import Before, Order
from bot.rules.sheets import csv_line
from bot.rules.sims import Operation, quotable
from bot.views import jobs as view
from bot.views.jobs import Facts
from bot.views.parts import Message
from tests.schemas import block_misfits
from tests.views.drawn import (
    COUNT,
    GICCID,
    IDS,
    MAYBE,
    NASTY,
    NOW,
    TEXT,
    TIMES,
    buttons,
    enough,
    known_to_the_sdk,
    sound,
    words,
)

SUSPEND = Order(Operation.SUSPEND)
COUNTS = {Stage.DONE: 1200, Stage.TAKEN: 300, Stage.SENT: 500, Stage.WAITING: 1970, Stage.FAILED: 20, Stage.UNSURE: 3,
          Stage.LOST: 5, Stage.LEFT_OUT: 2}  # fmt: skip
JOB = Job(
    id=12,
    order=SUSPEND,
    by="U1",
    count=4000,
    canary=10,
    stop_at_percent=20,
    made_at=NOW - timedelta(minutes=5),
    state=State.RUNNING,
    released=True,
    filled=4000,
    runs_since=NOW - timedelta(seconds=100),
    counts=COUNTS,
)
BAD = Member(3, GICCID, "Pump 7", Stage.FAILED, Before("active"), code="illegal_status", why="Not in a state for it.")
FACTS = Facts(JOB, NOW, [BAD], undo_within=timedelta(minutes=30))
ENDED = replace(JOB, state=State.DONE, ended_at=NOW, runs_since=None)
JOBS = {
    State.MAKING: replace(JOB, state=State.MAKING, filled=700, counts={}),
    State.RUNNING: JOB,
    State.PAUSED: replace(JOB, state=State.PAUSED, steered_by="U2"),
    State.CANARY: replace(JOB, state=State.CANARY, released=False),
    State.STOPPED: replace(JOB, state=State.STOPPED, why="Too many failed."),
    State.CANCELLING: replace(JOB, state=State.CANCELLING, steered_by="U2"),
    State.DONE: ENDED,
    State.CANCELLED: replace(ENDED, state=State.CANCELLED, steered_by="U2"),
}
BUTTONS = {
    State.RUNNING: {"Pause": "job.pause", "Cancel": "job.cancel"},
    State.PAUSED: {"Resume": "job.resume", "Cancel": "job.cancel"},
    State.CANARY: {"Continue": "job.continue", "Cancel": "job.cancel"},
    State.STOPPED: {"Continue": "job.continue", "Cancel": "job.cancel"},
    State.DONE: {"Ask again for the 20 that failed": "job.retry", "Undo (within 30 min)": "job.undo"},
    State.CANCELLED: {"Ask again for the 20 that failed": "job.retry", "Undo (within 30 min)": "job.undo"},
}


@pytest.mark.parametrize("state", list(State))
def test_each_state_reads_in_words(state: State) -> None:
    """Each state has its words on the card and in its text, and the buttons of what can be done, no others."""
    message = view.card(replace(FACTS, job=JOBS[state]))

    sound(message, people=("U1", "U2"))
    known_to_the_sdk(message)
    assert "Job #12: suspend 4,000 SIMs" in words(message)
    assert view.MARKS[state].split(" ", 1)[1] in words(message)
    assert buttons(message.blocks) == BUTTONS.get(state, {})


def test_how_far_it_is() -> None:
    """The bar is of what has come to its end, and each count stands beside what it counts."""
    said = words(view.card(FACTS))

    assert "██████░░░░░░░░░░░░░░ 30 % of 4,000" in " ".join(said.split())
    for part in ("1,200 confirmed", "300 accepted, not confirmed yet", "500 on their way", "1,970 waiting", "20 failed",
                 "3 unsure", "5 answer lost, being looked up", "2 left out"):  # fmt: skip
        assert part in said
    assert "15 SIMs a second; about 3 min until all are sent" in said


def test_the_first_that_are_not_done() -> None:
    """The first SIMs that failed stand on the card with their reason, and how many more there are."""
    said = words(view.card(FACTS))

    assert f"Pump 7 {GICCID} failed: Not in a state for it." in " ".join(said.split())
    assert "… and 24 more" in said


def test_what_holds_it_up() -> None:
    """A trouble that passes by itself says so; the reason of a stop stands on the card."""
    assert "SmartHub is busy. It goes on by itself." in " ".join(
        words(view.card(replace(FACTS, job=replace(JOB, trouble="SmartHub is busy.")))).split()
    )
    assert "Too many failed." in words(view.card(replace(FACTS, job=JOBS[State.STOPPED])))


@pytest.mark.parametrize(("job", "missing"), [
    (replace(ENDED, counts={Stage.DONE: 9}), "Ask again"),
    (replace(ENDED, counts={Stage.FAILED: 9}), "Undo"),
    (replace(ENDED, ended_at=NOW - timedelta(minutes=30)), "Undo"),
    (replace(ENDED, order=Order(Operation.RETIRE)), "Undo"),
])  # fmt: skip
def test_no_button_that_leads_nowhere(job: Job, missing: str) -> None:
    """A job without failures has none to ask for again; one that is old, final or did nothing is not undone."""
    assert missing not in words(view.card(replace(FACTS, job=job)))


def test_sims_that_are_not_kept() -> None:
    """When its SIMs are gone from the store, a job offers nothing that needs them."""
    assert buttons(view.card(replace(FACTS, job=ENDED, kept=False)).blocks) == {}


@pytest.mark.parametrize("state", list(State))
def test_who_is_told(state: State) -> None:
    """Whoever asked is told when somebody has to press something, and then alone."""
    told = view.news(JOBS[state])

    assert (told is not None) is (state in (State.CANARY, State.STOPPED))
    if told is not None:
        sound(told, people=("U1",))
        assert "Job #12" in words(told)


def test_the_list() -> None:
    """What runs stands first, with how far, by whom and how long still; a message of many is within the limits."""
    running = [replace(JOB, id=n) for n in range(1, 40)]
    message = view.listing(running, [replace(ENDED, id=n) for n in range(90, 100)], now=NOW)

    sound(message, people=("U1",))
    said = " ".join(words(message).split())
    assert "Job #39: suspend 4,000 SIMs ▶️ Running, 30 %, asked by <@U1>" in said
    assert ", 23 not done , about 3 min left" in said
    assert said.index("Under way") < said.index("Ended")


@pytest.mark.parametrize("text", NASTY)
def test_a_sheet_nobody_runs(text: str) -> None:
    """Whatever a label or a reason holds, the row of a SIM is safe to open."""
    one = replace(BAD, label=text, why=text, after=text, since=NOW)
    line = csv_line(view.sheet_row(JOB, one))

    assert not line.startswith(("=", "+", "-", "@"))
    assert all(f",{sign}" not in line for sign in "=+@")


# A sentence of ours names people; what is in it from outside was made harmless where it came in.
OURS = st.one_of(st.none(), TEXT.map(lambda text: f"<@U2> reads: “{quotable(text)}”. " * 20))


def _hostile() -> st.SearchStrategy[Facts]:
    member = st.builds(
        Member, n=st.just(1), giccid=TEXT, label=TEXT, stage=st.sampled_from(list(Stage)),
        before=st.just(Before("active")), code=MAYBE, why=OURS, after=MAYBE,
    )  # fmt: skip
    order = st.builds(
        Order, st.sampled_from(list(Operation)), plan=MAYBE, apn=MAYBE, enabled=st.sampled_from([None, True, False]),
        custom=st.lists(st.tuples(st.integers(1, 5), TEXT), max_size=5).map(tuple), text=MAYBE,
    )  # fmt: skip
    job = st.builds(
        Job, id=IDS, order=order, by=st.just("U1"), count=COUNT, canary=COUNT, stop_at_percent=st.integers(0, 100),
        made_at=TIMES, state=st.sampled_from(list(State)), released=st.booleans(), why=OURS, trouble=OURS,
        steered_by=st.sampled_from([None, "U2"]), runs_since=st.one_of(st.none(), TIMES), pushes=COUNT,
        ended_at=st.one_of(st.none(), TIMES), counts=st.dictionaries(st.sampled_from(list(Stage)), COUNT),
    )  # fmt: skip
    return st.builds(Facts, job, TIMES, st.lists(member, max_size=5), COUNT, COUNT, st.just(timedelta(hours=1)))


@enough
@given(_hostile())
def test_hostile_and_huge(facts: Facts) -> None:
    """Whatever the names, reasons and numbers are, Slack takes the card and nobody else is pinged."""
    for message in _messages(facts):
        sound(message, people=("U1", "U2"))
        assert block_misfits(message.blocks) == []


def _messages(facts: Facts) -> Iterator[Message]:
    yield view.card(facts)
    yield view.listing([facts.job] * 30, [facts.job] * 10, now=facts.now)
    yield view.not_sent(facts.job, "why")
    told = view.news(facts.job)
    if told is not None:
        yield replace(told, blocks=(*told.blocks, view.go_on(facts.job)))
