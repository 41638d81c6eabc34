"""The list of what waits says what waits for whom, and how much of it there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.approvals import Approval, State
from bot.rules.orders import Order
from bot.rules.people import Person, Role
from bot.rules.quorum import Vote
from bot.rules.sims import Operation
from bot.views import approvals as view
from bot.views.parts import Message
from tests.asked import NOW
from tests.views.drawn import enough, sound, words
from tests.views.requests import (
    BROKEN,
    REQUEST,
    REQUESTS,
    in_state,
    told,
)

APPROVER = Person("U2", Role.APPROVER)


def listing(
    waiting: Sequence[Approval], *, person: Person = APPROVER, count: int | None = None, **others: Sequence[Approval]
) -> Message:
    """The list as it is two hours later; `count` is how many wait in all, where these are not all."""
    count = len(waiting) if count is None else count
    return view.waiting(waiting, person=person, now=NOW + timedelta(hours=2), count=count, **others)


def test_nothing_waits():
    """An empty list says that it is empty."""
    empty = listing([])

    assert empty.text == "Nothing waits for a decision."
    sound(empty)


def test_what_waits_for_whom():
    """What one may decide, what one asked for, what waits for others and what is to be reviewed stand apart."""
    mine = replace(REQUEST, id=13, asked_by="U2")
    cooling = replace(in_state(State.COOLING), id=14, asked_by="U2")
    for_me = replace(REQUEST, votes=(Vote("U3", NOW),))
    drawn = listing([for_me, mine], count=5, for_me=[for_me], mine=[mine, cooling], unreviewed=[BROKEN])
    listed = told(drawn)

    for said in (
        "5 waiting For you #12 Suspend Pump 7, asked by <@U1> 2 h ago , 1 of 1 approved, lapses",
        "From you #13 Suspend Pump 7, asked by <@U2>",
        "#14 Retire Pump 7 (cooling), asked by <@U2> 2 h ago",
        "To review #12 Suspend Pump 7 (done), asked by <@U1> 2 h ago",
        "… and 3 more.",
    ):
        assert said in listed
    assert listed.count("#13") == 1
    assert "#13 Suspend Pump 7" in drawn.text
    assert "For others #12" in told(listing([REQUEST], person=Person("U9", Role.VIEWER)))
    sound(drawn, people=["U1", "U2", "U3"])


@pytest.mark.parametrize("label", ["x" * 10_000, "&" * 10_000, "<" * 10_000, "a\n" * 5_000])
def test_the_longest_list_with_the_longest_labels(label: str):
    """Fifty requests whose labels never end are still one message, with who asked in every row."""
    listed = listing([replace(REQUEST, id=n, label=label) for n in range(50)])

    sound(listed, people=["U1"])
    assert words(listed).count(", asked by ") == 50


def test_more_than_a_message_holds():
    """Of more requests than one message holds the first are listed, and it says how many there are beyond."""
    custom = tuple((n, "long " * 40) for n in range(1, 6))
    many = [replace(REQUEST, id=n, order=Order(Operation.SET, custom=custom), label="x" * 99) for n in range(50)]
    listed = listing(many, count=1050, mine=[replace(one, id=one.id + 50) for one in many], unreviewed=many)

    shown = words(listed).count(", asked by ")
    assert 20 < shown < 150
    assert f"… and {1150 - shown:,} more." in words(listed)
    sound(listed, people=["U1"])


@enough
@given(
    request=REQUESTS, count=st.sampled_from([1, 2, 50]), person=st.builds(Person, st.sampled_from(["U1", "U9"]),
    st.sampled_from(list(Role))),
)  # fmt: skip
def test_however_many_wait_slack_takes_the_list(request: Approval, count: int, person: Person):
    """Fifty requests with hostile labels are one message, and what is not in it is counted."""
    many = [replace(request, id=n) for n in range(count)]
    listed = listing(many, person=person, for_me=many[:5], mine=many[5:10], unreviewed=many)
    shown = words(listed).count(", asked by ")
    there = min(10, count) + (0 if person.id == "U1" else max(0, count - 10)) + count

    sound(listed, people=["U1"])
    assert shown == there or f"… and {there - shown:,} more." in words(listed)
