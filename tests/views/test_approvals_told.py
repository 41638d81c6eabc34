"""Whoever has a part in a request hears of it in words: what is asked, what was decided, what came of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from bot.rules.approvals import Approval, State
from bot.rules.policies import Policy
from bot.rules.quorum import Vote
from bot.views import approvals as view
from bot.views.approvals import Why
from tests.asked import GICCID, NOW, asked, asked_for_many
from tests.views.drawn import buttons, enough, sound, sound_view, words
from tests.views.requests import (
    BROKEN,
    HALF_HOUR,
    REQUEST,
    REQUESTS,
    STATES,
    in_state,
)


@pytest.mark.parametrize("state", [state for state in State if state is not State.PENDING])
def test_every_state_has_its_news(state: State):
    """The one who asked is named and hears the state, in the text too."""
    request = in_state(state)
    news = view.news(request, before=REQUEST)

    assert news is not None
    assert news.text.startswith(f"<@U1> #12 {'Retire' if state is State.COOLING else 'Suspend'} Pump 7: ")
    assert STATES[state][1] in news.text
    assert all(said in news.text for said in (request.why, request.outcome) if said)
    sound(news, people=["U1", "U2"])


def test_news_of_what_did_not_end_it():
    """A vote, what was found changed and a review are each told; what is of no interest is not."""
    half = replace(REQUEST, votes=(Vote("U2", NOW),), needs="1 of 2; still one of <@U3>")
    vote = view.news(half, before=REQUEST)
    drift = view.news(replace(REQUEST, drift=("The state was active and is ready.",)), before=REQUEST)
    review = view.news(replace(BROKEN, reviewed_by="U3", reviewed_at=NOW), before=BROKEN)

    assert vote is not None
    assert drift is not None
    assert review is not None
    assert "Suspend Pump 7: <@U2> approved. Approvals  1 of 2; still one of <@U3> (yes: <@U2>)" in vote.text
    assert "changed since it was asked for. The state was active and is ready." in drift.text
    assert "Reviewed  <@U3> 2026-11-22 09:30 UTC" in review.text
    assert view.news(replace(REQUEST, reminded=1), before=REQUEST) is None
    for news in (vote, drift, review):
        sound(news, people=["U1", "U2", "U3"])


def test_the_answer_to_asking():
    """Who asked hears the number, the SIM, where it is decided and until when, and can take it back right there."""
    answer = view.asked(REQUEST, channel="C9")

    assert answer.text == "Asked: #12 Suspend Pump 7. An approver decides in <#C9>."
    assert GICCID in words(answer)
    assert buttons(answer.blocks) == {"Withdraw": "approval.withdraw"}
    sound(answer, people=["U1"], links=["C9"])
    assert "200 SIMs" in words(view.asked(asked_for_many(), channel="C9"))


def test_what_others_hear_of_a_request():
    """Those whom the policy tells, those who may decide, and those it is brought before hear what is asked and why."""
    policy = Policy("one", escalate_to=("S1", "U3"), also=(Policy("two", escalate_to=("S2",)),))
    told_of = view.asked_for(REQUEST)
    direct = view.waits_for_you(REQUEST, channel="C9")
    brought = view.escalation(replace(REQUEST, policy=policy))
    reminder = view.reminder(REQUEST)

    assert told_of.text == "<@U1> asked: #12 Suspend Pump 7. Reason: stolen"
    assert "You may decide it in <#C9>; it lapses 2026-11-22 17:30 UTC." in direct.text
    assert brought.text.startswith("<!subteam^S1>, <@U3> and <!subteam^S2> #12 Suspend Pump 7, asked by <@U1>")
    assert reminder.text == "#12 still waits. 0 of 1; still one of <@U2> It lapses 2026-11-22 17:30 UTC."
    for message in (told_of, direct, brought, reminder):
        sound(message, people=["U1", "U2", "U3", "S1", "S2"], links=["C9"])


def test_a_message_for_groups():
    """The same message for user groups names them first, and says all that it said."""
    news = view.asked_for(REQUEST)
    both = view.to_groups(["S1", "S2"], news)

    assert both.text == f"<!subteam^S1> and <!subteam^S2>: {news.text}"
    assert both.blocks[1:] == news.blocks
    sound(both, people=["U1", "S1", "S2"])


def test_the_outcome_for_who_asked():
    """Where nobody was asked, who asked reads at once what came of it."""
    done = asked(policy=Policy("free", approval=False), state=State.DONE, decided_at=NOW, outcome="It reads suspended.")

    assert view.outcome(done).text.startswith("#12 Suspend Pump 7: ✅ Confirmed · policy “free” asks nobody")
    assert "It reads suspended." in view.outcome(done).text
    undoable = replace(done, ended_at=NOW)
    assert buttons(view.outcome(undoable, undo_within=HALF_HOUR, now=NOW).blocks) == {
        "Undo (within 30 min)": "approval.undo"
    }
    assert buttons(view.outcome(undoable, undo_within=HALF_HOUR, now=NOW + HALF_HOUR).blocks) == {}


def test_broken_glass_is_loud():
    """Everybody hears who went without approval, for which SIM and why, and that it has to be reviewed."""
    loud = view.broken_glass(BROKEN)

    assert loud.text == (
        "🚨 Glass broken: <@U4> has #12 Suspend Pump 7 carried out without approval. "
        "Reason: it burns. An approver has to review it on its card."
    )
    sound(loud, people=["U4"])


@pytest.mark.parametrize(
    ("what", "title", "needed"),
    [
        (Why.DENY, "Deny #12", True),
        (Why.WITHDRAW, "Withdraw #12", False),
        (Why.CANCEL, "Cancel #12", False),
        (Why.BREAK_GLASS, "Break the glass #12", True),
        (Why.REVIEW, "Review #12", False),
        (Why.DONE, "It was done #12", True),
        (Why.NOT_DONE, "It was not done #12", True),
    ],
)
@pytest.mark.parametrize("request_", [REQUEST, asked_for_many()], ids=["one", "many"])
def test_the_modal_asks_why_and_carries_the_number(what: Why, title: str, request_: Approval, *, needed: bool):
    """Each modal says what it is for and of what, holds the request's number and nothing else, and asks one reason."""
    modal = view.why_modal(request_, what)
    [reason] = [b for b in modal["blocks"] if b["type"] == "input"]  # type: ignore[attr-defined] - a list of blocks

    assert modal["title"]["text"] == title  # type: ignore[index] - plain text
    assert (modal["private_metadata"], modal["callback_id"]) == ("12", f"approval.why.{what}")
    assert (reason["block_id"], reason["optional"]) == (view.WHY, not needed)
    assert view.title(request_) in str(modal["blocks"])
    sound_view(modal, kind="modal")


def test_every_kind_of_why_is_there():
    """No kind of reason is without its modal."""
    assert {view.why_modal(REQUEST, what)["callback_id"] for what in Why} == {f"approval.why.{what}" for what in Why}


@enough
@given(request=REQUESTS, before=REQUESTS)
def test_every_step_is_told(request: Approval, before: Approval):
    """Whatever it holds, a request that has moved on is news."""
    news = view.news(request, before=before)

    assert news is not None or request.state is before.state
