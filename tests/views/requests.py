"""Requests as they are drawn: one in each state, and any at all, with the worst that can be put into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from bot.rules.approvals import Approval, State
from bot.rules.orders import Before, Order
from bot.rules.policies import Policy
from bot.rules.quorum import Vote
from bot.rules.radius import Radius
from bot.rules.sims import Apn, Operation, quotable
from bot.views.parts import Message
from tests.asked import NOW, ORDERS, RADIUS, approved, asked
from tests.views.drawn import COUNT, IDS, MAYBE, TEXT, TIMES, words

DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
REQUEST = asked()
DECIDED = approved()
RETIRING = approved(Operation.RETIRE, stage=Operation.SUSPEND)
BROKEN = replace(DECIDED, votes=(), decided_by="U4", glass="it burns", glass_by="U4", state=State.DONE, ended_at=NOW)
STATES = {
    State.PENDING: (REQUEST, "⏳ Waiting for an approver until 2026-11-22 17:30 UTC"),
    State.RUNNING: (DECIDED, "▶️ Approved, being carried out · approved by <@U2> 2026-11-22 09:30 UTC"),
    State.COOLING: (
        replace(RETIRING, stage=Operation.RETIRE, cool_until=NOW + DAY, outcome="It is suspended."),
        "🧊 Suspended; retired 2026-11-23 09:30 UTC unless somebody cancels",
    ),
    State.DONE: (replace(DECIDED, outcome="It reads suspended."), "✅ Confirmed · approved by <@U2>"),
    State.FAILED: (replace(DECIDED, outcome="SmartHub says no."), "❌ Not done · approved by <@U2>"),
    State.UNSURE: (replace(DECIDED, next_look_at=NOW), "❓ Unsure · approved by <@U2>"),
    State.DENIED: (replace(DECIDED, votes=(), why="wrong SIM"), "⛔ Denied by <@U2>"),
    State.WITHDRAWN: (replace(DECIDED, votes=(), decided_by="U1", why="found it"), "↩️ Withdrawn by <@U1>"),
    State.LAPSED: (replace(REQUEST, ended_at=NOW), "⌛ Lapsed"),
}


def in_state(state: State) -> Approval:
    """A request as it is in this state."""
    return replace(STATES[state][0], state=state)


def told(message: Message) -> str:
    """All that is read in it, on one line."""
    return " ".join(words(message).split())


GROUPS = ["S1", "S2"]
PEOPLE = ["U1", "U2", "U3", *GROUPS]
ORDER = st.one_of(
    st.sampled_from(list(ORDERS.values())),
    st.builds(Order, st.sampled_from([Operation.PLAN, Operation.ADDON]), plan=TEXT),
    st.builds(Order, st.just(Operation.APN), apn=TEXT, enabled=st.booleans()),
    st.builds(Order, st.just(Operation.SMS), text=TEXT),
    st.builds(
        Order,
        st.just(Operation.SET),
        custom=st.lists(TEXT, min_size=1, max_size=5).map(lambda texts: tuple(enumerate(texts, 1))),
    ),
)
BEFORES = st.builds(
    Before,
    TEXT,
    MAYBE,
    st.lists(st.builds(Apn, TEXT, st.sampled_from([True, False, None])), max_size=3).map(tuple),
    st.lists(MAYBE, min_size=5, max_size=5).map(tuple),
)
POLICIES = st.builds(
    Policy,
    TEXT,
    approval=st.booleans(),
    quorum=st.integers(1, 9),
    escalate_to=st.lists(st.sampled_from(PEOPLE), max_size=5).map(tuple),
)
# Sentences of ours, in which what others wrote is quoted.
SENTENCES = TEXT.map(lambda text: f"It reads “{quotable(text)}”; type `x`, or ask <@U2> or <!subteam^S1>.")
COUNTS = st.dictionaries(TEXT, COUNT, max_size=6)
RADII = st.builds(
    Radius, COUNT, COUNTS, COUNTS, COUNTS, COUNTS, COUNT, st.dictionaries(SENTENCES, COUNT, max_size=6), MAYBE
)
REQUESTS = st.builds(
    Approval,
    id=IDS,
    order=ORDER,
    giccid=MAYBE,
    label=TEXT,
    account=MAYBE,
    before=BEFORES,
    reason=MAYBE,
    asked_by=st.just("U1"),
    asked_in=st.just("C1"),
    asked_at=TIMES,
    lapses_at=TIMES,
    policy=POLICIES,
    stage=st.sampled_from(list(Operation)),
    count=COUNT,
    digest=st.sampled_from([None, "5f" * 32]),
    radius=st.one_of(st.none(), st.just(RADIUS), RADII),
    undo_of=st.one_of(st.none(), IDS),
    state=st.sampled_from(list(State)),
    votes=st.lists(st.builds(Vote, st.sampled_from(["U2", "U3"]), TIMES), max_size=2).map(tuple),
    needs=st.sampled_from(["", "0 of 1; still one of <@U2>", "1 of 3; still one of <!subteam^S1> and one of <@U3>"]),
    drift=st.lists(SENTENCES, max_size=4).map(tuple),
    decided_by=st.sampled_from([None, "U2"]),
    decided_at=st.one_of(st.none(), TIMES),
    why=MAYBE,
    cool_until=st.one_of(st.none(), TIMES),
    outcome=st.one_of(st.none(), SENTENCES),
    refused=st.booleans(),
    next_look_at=st.one_of(st.none(), TIMES),
    ended_at=st.one_of(st.none(), TIMES),
    glass=MAYBE,
    glass_by=st.sampled_from([None, "U3"]),
    reviewed_by=st.sampled_from([None, "U3"]),
    reviewed_at=st.one_of(st.none(), TIMES),
    review=MAYBE,
)
