"""What a report may make of an SMS, when it is looked at, and how many may be sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NotPossible
from bot.rules.conversations import (
    FIRST_LOOK,
    GIVEN_UP_AFTER,
    LONGEST_WAIT,
    Limits,
    SmsMessage,
    Stand,
    Way,
    check_limits,
    followed_until,
    looked,
    reported,
)
from bot.rules.sms import VALIDITIES, SmsState, lasts

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SENT = SmsMessage(
    id=1, way=Way.OUT, giccid="8949212600000000142", label="Pump 7", stand=Stand.PENDING, made_at=NOW, body="reboot",
    length=6, digest="x", sms_id="sms-1", until=NOW + timedelta(hours=1), next_look_at=NOW + FIRST_LOOK,
)  # fmt: skip
LATER = NOW + timedelta(minutes=5)


@pytest.mark.parametrize("state", [SmsState.DELIVERED, SmsState.FAILED, SmsState.UNKNOWN])
def test_a_report_says_what_became_of_it(state: SmsState):
    """The first report decides, with its time, and nothing is looked at any more."""
    after = reported(SENT, state, at=LATER)

    assert (after.stand.value, after.told_at, after.next_look_at) == (state.value, LATER, None)


@given(st.lists(st.sampled_from([*SmsState, None]), max_size=8))
def test_delivered_never_turns_back(states: list[SmsState | None]):
    """Whatever is told after it in whatever order, what a device has it has; once told, nothing is pending again."""
    message, told = SENT, False
    for state in states:
        message = reported(message, state, at=LATER)
        told = told or state is SmsState.DELIVERED
        assert (message.stand is Stand.DELIVERED) == told
    assert (message.stand is Stand.PENDING) == set(states).issubset({None, SmsState.PENDING})


@pytest.mark.parametrize("stand", [Stand.RECEIVED, Stand.UNSURE, Stand.NOT_SENT, Stand.DELIVERED])
def test_nothing_is_reported_of_what_is_not_on_its_way(stand: Stand):
    """What was never taken over, or has arrived, stays as it is."""
    message = replace(SENT, stand=stand)

    assert [reported(message, state, at=LATER) for state in SmsState] == [message] * 4


def test_looks_come_later_and_later_until_the_validity_ends():
    """Each look is further from the last, none is past the end but the one at the end, and then it is unknown."""
    message, now, looks = replace(SENT, until=NOW + timedelta(days=3)), NOW, []
    while message.next_look_at is not None:
        looks.append(message.next_look_at - now)
        now = message.next_look_at
        message = looked(message, now=now, answered=True)

    assert looks[:4] == [timedelta(seconds=s) for s in (30, 60, 120, 240)]
    assert max(looks) == LONGEST_WAIT
    assert len(looks) < 25
    assert (message.stand, now) == (Stand.UNKNOWN, NOW + timedelta(days=3))
    assert message.why is not None


def test_a_smarthub_that_is_away_ends_nothing():
    """While SmartHub does not answer, an SMS is given up only a day after its validity."""
    message, now = SENT, NOW
    while message.next_look_at is not None:
        now = message.next_look_at
        message = looked(message, now=now, answered=False)

    assert NOW + timedelta(hours=1) + GIVEN_UP_AFTER <= now <= NOW + timedelta(hours=1) + GIVEN_UP_AFTER + LONGEST_WAIT


def test_how_long_it_is_followed():
    """As long as its validity says, and else as long as the setting does."""
    assert followed_until(NOW, None, otherwise=timedelta(days=3)) == NOW + timedelta(days=3)
    for _, validity in VALIDITIES:
        assert followed_until(NOW, validity, otherwise=timedelta(0)) == NOW + lasts(validity)


@pytest.mark.parametrize(
    ("by_person", "to_sim", "because"), [(9, 4, None), (10, 0, "You sent 10 SMS"), (0, 5, "This SIM got 5 SMS")]
)
def test_so_many_in_an_hour(by_person: int, to_sim: int, because: str | None):
    """One more than the limit is refused in words that say which limit and which setting."""
    limits = Limits(by_person=10, to_sim=5)
    if because is None:
        assert check_limits(limits, by_person=by_person, to_sim=to_sim) is None
        return
    with pytest.raises(NotPossible, match=because):
        check_limits(limits, by_person=by_person, to_sim=to_sim)
