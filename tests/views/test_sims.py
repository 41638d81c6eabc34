"""A SIM's card shows what SmartHub said and nothing more, and says how sure its number is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.sims import Sim, Status, luhn_holds
from bot.views import sims as view
from tests.views.drawn import COUNT, GICCID, MAYBE, NOW, TEXT, TIMES, enough, known_to_the_sdk, sound, words

SIM = Sim(
    giccid=GICCID,
    status=Status.ACTIVE,
    status_word="ACTIVATED",
    imsi="262011234567890",
    account="acme",
    plan="iot-100",
    plan_expires_at=NOW + timedelta(days=5),
    cycle="2026-11",
    usage_bytes=83_000_000,
    quota_bytes=100_000_000,
    country="DE",
    custom=("Pump 7", None, "", "Berlin", None),
)


def drawn(sim: Sim, *, label: str = "Pump 7", asked: str = GICCID):
    """The card."""
    return view.card(sim, label=label, asked=asked, read_at=NOW)


@pytest.mark.parametrize("status", [*Status, None])
def test_every_state_has_its_mark(status: Status | None):
    """Each state is told in card and fallback; one that is in no table is told in SmartHub's word."""
    card = drawn(replace(SIM, status=status, status_word="PAUSED"))
    said = view.MARKS[status] if status is not None else "❔ PAUSED (a state simops does not know)"

    assert said in words(card)
    assert card.text == f"Pump 7: {said}, 83.0 MB used."
    sound(card)
    known_to_the_sdk(card)


def test_what_is_known_is_shown():
    """Every known value is on the card, an empty custom field is not."""
    told = words(drawn(SIM))

    for value in ("262011234567890", "acme", "iot-100", "DE", "83.0 MB of 100.0 MB, 83 %", "Custom 4", "Berlin"):
        assert value in told
    assert "Custom 3" not in told
    assert "MSISDN" not in told


@pytest.mark.parametrize(
    ("usage", "quota", "said"),
    [
        (None, 100, "unknown"),
        (0, None, "0 Bytes, no quota"),
        (5, 0, "5 Bytes, no quota"),
        (0, 10, "0 Bytes of 10 Bytes, 0 %"),
        (2**63, 10, "9.2 EB of 10 Bytes"),
    ],
)
def test_usage_with_and_without_a_quota(usage: int | None, quota: int | None, said: str):
    """What is not known is not zero, and without a quota there is no share."""
    assert said in words(drawn(replace(SIM, usage_bytes=usage, quota_bytes=quota)))


def test_the_note_on_the_number():
    """The card says when it was read, when another number was found than typed, and when its check digit is odd."""
    assert luhn_holds(GICCID)
    odd = GICCID[:-1] + "3"

    assert words(drawn(SIM)).endswith("Read from SmartHub at 2026-11-22 09:30:00 UTC.")
    assert words(drawn(SIM, asked=odd)).endswith(f"Found for {odd}: the two differ in the check digit.")
    assert "not this number's check digit" in words(drawn(replace(SIM, giccid=odd), asked=odd))


SIMS = st.builds(
    Sim,
    giccid=TEXT,
    status=st.one_of(st.none(), st.sampled_from(list(Status))),
    status_word=TEXT,
    imsi=MAYBE,
    msisdn=MAYBE,
    imei=MAYBE,
    account=MAYBE,
    plan=MAYBE,
    plan_expires_at=st.one_of(st.none(), TIMES),
    cycle=MAYBE,
    usage_bytes=st.one_of(st.none(), COUNT),
    quota_bytes=st.one_of(st.none(), COUNT),
    country=MAYBE,
    last_session_at=st.one_of(st.none(), TIMES),
    custom=st.tuples(MAYBE, MAYBE, MAYBE, MAYBE, MAYBE),
)


@enough
@given(sim=SIMS, label=TEXT)
def test_whatever_it_holds_slack_takes_it(sim: Sim, label: str):
    """With hostile and huge values in every field a SIM's card is taken and harmless."""
    sound(drawn(sim, label=label))
