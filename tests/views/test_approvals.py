"""A request's card says where it stands in words, offers what can be done then, and keeps what others wrote as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.approvals import Approval, State
from bot.rules.sims import Operation, Status
from bot.views import approvals as view
from tests.views.drawn import (
    GICCID,
    IDS,
    MAYBE,
    NOW,
    TEXT,
    TIMES,
    buttons,
    enough,
    known_to_the_sdk,
    sound,
    sound_view,
    words,
)

REQUEST = Approval(
    id=12,
    operation=Operation.SUSPEND,
    giccid=GICCID,
    label="Pump 7",
    account="acme",
    status_before=Status.ACTIVE,
    reason="stolen",
    asked_by="U1",
    asked_in="C1",
    asked_at=NOW,
    lapses_at=NOW + timedelta(hours=8),
)
DECIDED = replace(REQUEST, decided_by="U2", decided_at=NOW, version=2)
STATES = {
    State.PENDING: (REQUEST, "⏳ Waiting for an approver until 2026-11-22 17:30 UTC"),
    State.RUNNING: (DECIDED, "▶️ Approved, being carried out · approved by <@U2> 2026-11-22 09:30 UTC"),
    State.DONE: (replace(DECIDED, outcome="It reads suspended."), "✅ Confirmed · approved by <@U2>"),
    State.FAILED: (replace(DECIDED, outcome="SmartHub says no."), "❌ Not done · approved by <@U2>"),
    State.UNSURE: (replace(DECIDED, next_look_at=NOW), "❓ Unsure · approved by <@U2>"),
    State.DENIED: (replace(DECIDED, why="wrong SIM"), "⛔ Denied by <@U2>"),
    State.WITHDRAWN: (replace(DECIDED, decided_by="U1"), "↩️ Withdrawn by <@U1>"),
    State.LAPSED: (replace(REQUEST, ended_at=NOW), "⌛ Lapsed"),
}
BUTTONS = {
    State.PENDING: {"Approve": "approval.approve", "Deny": "approval.deny", "Withdraw": "approval.withdraw"},
    State.UNSURE: {"Look now": "approval.look"},
}


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_card(state: State):
    """In each state the card and its fallback say where it stands and who decided, with the buttons that work then."""
    request, said = STATES[state]
    card = view.card(replace(request, state=state))

    assert said in card.text
    assert card.text.startswith("#12 Suspend Pump 7: ")
    assert buttons(card.blocks) == BUTTONS.get(state, {})
    for told in ("Pump 7", GICCID, "acme", "active", "stolen", *(t for t in (request.why, request.outcome) if t)):
        assert told in words(card)
    sound(card, people=["U1", "U2"])
    known_to_the_sdk(card)


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_news(state: State):
    """The one who asked is named and hears the state, in the text too."""
    request, said = STATES[state]
    news = view.news(replace(request, state=state))

    assert news.text.startswith("<@U1> #12 suspend Pump 7: ")
    assert said in news.text
    assert all(told in news.text for told in (request.why, request.outcome) if told)
    sound(news, people=["U1", "U2"])
    known_to_the_sdk(news)


def test_what_is_not_known_is_said():
    """A request without account, state or reason says so."""
    card = view.card(replace(REQUEST, account=None, status_before=None, reason=None))

    assert "unknown" in words(card)
    assert "none given" in words(card)


def test_retiring_warns():
    """Retiring is final: the card says so, and Approve asks once more in red, naming the SIM."""
    retire = replace(REQUEST, operation=Operation.RETIRE)
    [row] = [b for b in view.card(retire).blocks if b["type"] == "actions"]
    approve = row["elements"][0]  # type: ignore[index] - a row of buttons

    assert "can never be used again" in words(view.card(retire))
    assert approve["style"] == "danger"
    assert approve["confirm"]["style"] == "danger"
    assert approve["confirm"]["text"]["text"] == f"Pump 7 ({GICCID}). Retiring is final."
    assert "final" not in words(view.card(replace(retire, state=State.DONE)))


def test_a_long_label_hides_nothing():
    """Whatever a SIM is called, the confirmation still names its number and the warning, and the text the state."""
    long = replace(REQUEST, operation=Operation.RETIRE, label="x" * 10_000)
    card = view.card(long)
    [row] = [b for b in card.blocks if b["type"] == "actions"]
    question = row["elements"][0]["confirm"]["text"]["text"]  # type: ignore[index] - a row of buttons

    assert question.endswith(f"({GICCID}). Retiring is final.")
    assert "Waiting for an approver" in card.text
    assert GICCID in words(card)


def test_the_modal_asks_why_and_carries_the_number():
    """The modal holds the request's number and nothing else, and asks for one reason."""
    modal = view.deny_modal(REQUEST)

    assert modal["private_metadata"] == "12"
    assert modal["callback_id"] == view.DENY_MODAL
    sound_view(modal, kind="modal")


def test_nothing_waits():
    """An empty list says that it is empty."""
    assert view.waiting([]).text == "Nothing waits for a decision."
    sound(view.waiting([]))


REQUESTS = st.builds(
    Approval,
    id=IDS,
    operation=st.sampled_from(list(Operation)),
    giccid=TEXT,
    label=TEXT,
    account=MAYBE,
    status_before=st.one_of(st.none(), st.sampled_from(list(Status))),
    reason=MAYBE,
    asked_by=st.just("U1"),
    asked_in=st.just("C1"),
    asked_at=TIMES,
    lapses_at=TIMES,
    state=st.sampled_from(list(State)),
    decided_by=st.sampled_from([None, "U2"]),
    decided_at=st.one_of(st.none(), TIMES),
    why=MAYBE,
    outcome=MAYBE,
    next_look_at=st.one_of(st.none(), TIMES),
)


@enough
@given(request=REQUESTS)
def test_whatever_it_holds_slack_takes_it(request: Approval):
    """With hostile and huge text in every field, all that is drawn of a request is taken and harmless."""
    sound(view.card(request), people=["U1", "U2"])
    sound(view.news(request), people=["U1", "U2"])
    sound(view.asked(request, channel="C9"), people=["U1"], links=["C9"])
    sound_view(view.deny_modal(request), kind="modal")
    assert view.MARKS[request.state] in view.card(request).text


@enough
@given(request=REQUESTS, count=st.sampled_from([1, 2, 50]))
def test_however_many_wait_slack_takes_the_list(request: Approval, count: int):
    """Fifty requests with hostile labels are one message, and each is in it."""
    listed = view.waiting([replace(request, id=n) for n in range(count)])

    sound(listed, people=["U1"])
    told = words(listed)
    assert all(f"#{n}" in told for n in range(count))


@pytest.mark.parametrize("label", ["x" * 10_000, "&" * 10_000, "<" * 10_000, "a\n" * 5_000])
def test_the_longest_list_with_the_longest_labels(label: str):
    """Fifty requests whose labels never end are still one message, with who asked in every row."""
    listed = view.waiting([replace(REQUEST, id=n, label=label) for n in range(50)])

    sound(listed, people=["U1"])
    assert words(listed).count(", asked by ") == 50
