"""A request's card says where it stands in words, offers what can be done then, and keeps what others wrote as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.approvals import OPEN, Approval, State
from bot.rules.orders import Before, Order, changed_since
from bot.rules.policies import Policy
from bot.rules.quorum import Vote, Voters, missing
from bot.rules.radius import Radius
from bot.rules.sims import Operation, Sim
from bot.views import approvals as view
from bot.views.parts import Message
from tests.asked import BEFORE, GICCID, NOW, ORDERS, approved, asked, asked_for_many
from tests.views.drawn import buttons, enough, sound, words
from tests.views.requests import (
    BROKEN,
    DAY,
    DECIDED,
    HALF_HOUR,
    PEOPLE,
    REQUEST,
    REQUESTS,
    STATES,
    in_state,
    told,
)

BUTTONS = {
    State.PENDING: {
        "Approve": "approval.approve",
        "Deny": "approval.deny",
        "Withdraw": "approval.withdraw",
        "Break glass…": "approval.break",
    },
    State.COOLING: {"Cancel the retirement": "approval.cancel"},
    State.UNSURE: {
        "Look now": "approval.look",
        "It was done…": "approval.done",
        "It was not done…": "approval.undone",
    },
}


def approve(card: Message) -> Mapping[str, Any]:
    """The button that approves."""
    [row] = [b for b in card.blocks if b["type"] == "actions"]
    return row["elements"][0]  # type: ignore[index, no-any-return] - a row of buttons


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_card(state: State):
    """In each state the card and its fallback say where it stands and who decided, with the buttons that work then."""
    request, said = in_state(state), STATES[state][1]
    card = view.card(request)

    assert said in card.text
    assert card.text.startswith(f"#12 {'Retire' if state is State.COOLING else 'Suspend'} Pump 7: ")
    assert buttons(card.blocks) == BUTTONS.get(state, {})
    for fact in ("Pump 7", GICCID, "acme", "active", "stolen", *(t for t in (request.why, request.outcome) if t)):
        assert fact in words(card)
    sound(card, people=["U1", "U2"])


@pytest.mark.parametrize(
    ("change", "title", "back"),
    [
        (
            Operation.ACTIVATE,
            "Activate Pump 7",
            "Cannot be undone There is nothing to go back to from the state this SIM is in.",
        ),
        (Operation.SUSPEND, "Suspend Pump 7", "Can be undone By a request for the opposite."),
        (Operation.RETIRE, "Retire Pump 7", "Retiring is final A retired SIM can never be used again."),
        (Operation.PLAN, "Change the rate plan to “iot-500”: Pump 7", "Can be undone"),
        (Operation.ADDON, "Order the add-on “addon-100”: Pump 7", "Cannot be undone An add-on cannot be taken back."),
        (Operation.APN, "Switch the APN “corp” on: Pump 7", "Can be undone"),
        (Operation.SET, "Set custom1 to “Pump 8”, custom4 to none: Pump 7", "Can be undone"),
        (Operation.SMS, "Send an SMS: Pump 7", "Cannot be undone An SMS cannot be taken back."),
    ],
)
def test_every_change_has_its_card(change: Operation, title: str, back: str):
    """The card says what is asked for with all it takes, and as long as it is open whether anything takes it back."""
    card = view.card(asked(change))

    assert f"#12 {title}" in told(card)
    assert card.text.startswith(f"#12 {title}: ⏳ Waiting")
    assert back in told(card)
    assert back not in told(view.card(approved(change, state=State.DONE)))
    assert (approve(card)["style"] == "danger") is (change in (Operation.RETIRE, Operation.ADDON, Operation.SMS))
    sound(card, people=["U1", "U2"])


def test_all_of_a_change_is_on_the_card():
    """Who approves sees each custom field as it was and as it is to be, and an SMS word by word, however long."""
    values = tuple((n, f"value {n} ".ljust(150, "x")) for n in range(1, 5))
    card = view.card(asked(Operation.SET, order=Order(Operation.SET, custom=(*values, (5, "")))))

    assert f"custom1 Pump 7 → {values[0][1]}" in told(card)
    assert f"custom4 none → {values[3][1]}" in told(card)
    assert "custom5 none → none" in told(card)
    assert ": Pump 7: ⏳" in card.text
    long = "All of it. " * 90
    assert long in words(view.card(asked(Operation.SMS, order=Order(Operation.SMS, text=long))))
    many = asked_for_many(Operation.SET, order=Order(Operation.SET, custom=((2, "Berlin"),)))
    assert "custom2 Berlin" in told(view.card(many))


@pytest.mark.parametrize(
    ("request_", "question"),
    [
        (asked(), f"Pump 7 ({GICCID}). It is done at once."),
        (asked(Operation.RETIRE), f"Pump 7 ({GICCID}). This is final."),
        (
            asked(Operation.RETIRE, stage=Operation.SUSPEND),
            f"Pump 7 ({GICCID}). Suspended now, retired for good when its time is over.",
        ),
        (asked_for_many(Operation.RETIRE), "200 SIMs. This is final."),
    ],
)
def test_approving_asks_once_more(request_: Approval, question: str):
    """Approve asks once more, naming the SIM or how many; what is final asks in red."""
    button = approve(view.card(request_))

    assert button["confirm"]["text"]["text"] == question
    assert button["confirm"].get("style") == ("danger" if request_.order.final else None)


@pytest.mark.parametrize("field", ["label", "giccid", "account", "reason"])
def test_long_words_hide_nothing(field: str):
    """Whatever a SIM is called, the confirmation still ends in its warning, and the card names number and state."""
    long = asked(Operation.RETIRE, **{field: "x" * 10_000})
    card = view.card(long)

    assert approve(card)["confirm"]["text"]["text"].endswith("This is final.")
    assert "Waiting for an approver" in card.text
    if field != "giccid":
        assert f"({GICCID})" in approve(card)["confirm"]["text"]["text"]
        assert GICCID in words(card)
    sound(card, people=["U1", "U2"])


def test_what_is_not_known_is_said():
    """A request without account or reason says so, and one whose SIM was in no known state says that one's word."""
    card = told(view.card(asked(account=None, before=Before("PAUSED"), reason=None)))

    for said in ("Account unknown", "State when asked PAUSED", "Reason none given"):
        assert said in card


def test_many_sims_with_all_they_are():
    """Before anybody presses, the card of a list shows what it touches, what will be refused and why, what it costs."""
    card = view.card(asked_for_many())

    for said in (
        "#12 Suspend 200 SIMs",
        "States active 150, suspended 50",
        "Rate plan iot-100 200",
        "Accounts acme 200",
        "Countries DE 120, FR 80",
        "Session in the last 24 h 42 of 200",
        "Will be refused 50 50: This SIM is suspended already.",
        "Cost 1.50 EUR for each SIM, 300.00 EUR for 200.",
        "Exactly this list 5f5f5f5f5f5f5f5f as a file in the thread",
    ):
        assert said in told(card)
    assert "State when asked" not in told(card)
    sound(card, people=["U1", "U2"])


def test_one_sim_with_what_it_is():
    """Of one SIM the card adds its plan, its country and whether it is in use, and counts nothing."""
    one = Radius(1, {"active": 1}, {"iot-100": 1}, {"acme": 1}, {"DE": 1}, in_session=1, cost="1.50 EUR.")
    card = told(view.card(asked(radius=one)))

    for said in ("Rate plan iot-100 Country DE", "Session in the last 24 h yes", "Cost 1.50 EUR."):
        assert said in card
    for absent in ("States", "Accounts", "Will be refused", "iot-100 1"):
        assert absent not in card
    assert "Session in the last 24 h no" in told(view.card(asked(radius=replace(one, in_session=0))))


def test_what_changed_stands_on_the_card():
    """What is not any more as it was stands on the card, and stays there once it is decided."""
    drift = ("The state was active and is suspended.", "The rate plan was “iot-100” and is none.")
    card = view.card(asked(drift=drift))

    assert f"⚠️ Changed since it was asked for {' '.join(drift)}" in told(card)
    assert "Changed since" in told(view.card(approved(state=State.RUNNING, drift=drift)))
    assert "State when asked" not in told(card)
    sound(card, people=["U1", "U2"])


def test_what_smarthub_calls_a_state_cannot_ping():
    """A state or plan in SmartHub's own words stands on the card as words, whatever it is called."""
    evil = Sim(GICCID, None, "<@U0STRANGER> `x`", plan="<!subteam^S0STRANGERS>")
    drift = tuple(changed_since(ORDERS[Operation.SUSPEND], BEFORE, evil))
    card = view.card(asked(drift=drift, before=Before.of(evil)))

    assert len(drift) == 2
    assert "‹@U0STRANGER›" in told(card)
    sound(card, people=["U1", "U2"])


def test_a_quorum_is_counted():
    """While approvals are missing the card says who has said yes and who is missing, groups too; then who said yes."""
    needs = "1 of 3; still one of <!subteam^S1> and one of <@U3>"
    half = view.card(asked(votes=(Vote("U2", NOW),), needs=needs))

    assert "Approvals 1 of 3; still one of <!subteam^S1> and one of <@U3> (yes: <@U2> ) · policy “one”" in told(half)
    sound(half, people=["U1", "U2", "U3", "S1"])
    whole = approved(state=State.RUNNING, votes=(Vote("U3", NOW), Vote("U2", NOW)))
    assert "· approved by <@U3>, <@U2> 2026-11-22 09:30 UTC" in view.card(whole).text


def test_hundreds_who_may_approve():
    """However many may approve, the card names some of them and how many more there are, and wakes no others."""
    many = tuple(f"U{n:09}" for n in range(400))
    voters = Voters("U1", NOW, NOW, by_role=many)
    request = asked(needs=missing(REQUEST.policy, (), voters))

    for drawn in (view.card(request), view.reminder(request)):
        assert "or 380 more" in told(drawn)
        sound(drawn, people=["U1", *many[:20]])


def test_where_nobody_is_asked():
    """A request that needed nobody's yes names the policy that says so, and no person."""
    free = asked(policy=Policy("one SMS", approval=False), state=State.DONE, decided_at=NOW)

    assert "✅ Confirmed · policy “one SMS” asks nobody 2026-11-22 09:30 UTC" in view.card(free).text


def test_broken_glass_stands_out():
    """What was done without approval says so with its reason, and stays to be reviewed until somebody has."""
    card = view.card(BROKEN)
    reviewed = replace(BROKEN, reviewed_by="U3", reviewed_at=NOW, review="fine by me")

    assert "✅ Confirmed · without approval, by <@U4> 2026-11-22 09:30 UTC" in card.text
    assert "🚨 Glass broken by <@U4> it burns An approver has to review this." in told(card)
    assert buttons(card.blocks) == {"Review…": "approval.review"}
    sound(card, people=["U1", "U4"])
    assert "Reviewed <@U3> : fine by me" in told(view.card(reviewed))
    assert buttons(view.card(reviewed).blocks) == {}
    for state in (State.UNSURE, State.COOLING):
        assert "Review…" in buttons(view.card(replace(BROKEN, state=state)).blocks)


def test_undo_is_offered_in_time():
    """What is done can be undone with one press inside the window, unless nothing takes it back or it is an undo."""
    done = replace(DECIDED, state=State.DONE, ended_at=NOW)

    def offered(request: Approval, *, after: timedelta = timedelta(0)) -> bool:
        card = view.card(request, undo_within=HALF_HOUR, now=NOW + after)
        return buttons(card.blocks) == {"Undo (within 30 min)": "approval.undo"}

    assert offered(done)
    assert offered(done, after=HALF_HOUR - timedelta(seconds=1))
    assert not offered(done, after=HALF_HOUR)
    assert not offered(replace(done, undo_of=3))
    assert not offered(replace(done, order=ORDERS[Operation.RETIRE]))
    assert not offered(replace(done, state=State.FAILED))
    assert "Undoes request #3" in told(view.card(replace(done, undo_of=3)))


def marked(request: Approval) -> str:
    """The sign and the word of where it stands."""
    if request.state is State.WITHDRAWN and request.outcome is not None:
        return "↩️ Retirement cancelled"
    return "❌ Refused" if request.refused else view.MARKS[request.state]


@enough
@given(request=REQUESTS, window=st.sampled_from([timedelta(0), HALF_HOUR, 4000 * DAY]))
def test_whatever_it_holds_slack_takes_the_card(request: Approval, window: timedelta):
    """With hostile and huge text in every field the card is taken and harmless, and says where the request stands."""
    card = view.card(request, undo_within=window, now=request.ended_at or NOW)

    sound(card, people=PEOPLE)
    assert marked(request) in card.text
    assert bool(buttons(card.blocks).get("Approve")) is (request.state is State.PENDING)


def test_what_is_open_says_what_takes_it_back():
    """In every state that is still open, and in no other, the card says whether there is a way back."""
    for state in State:
        assert ("undone" in words(view.card(replace(REQUEST, state=state)))) is (state in OPEN)
