"""A SIM's card shows what SmartHub said and no more, says how sure and how old it is, and offers what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st

from bot.rules.naming import read_name
from bot.rules.people import Person, Role
from bot.rules.shields import Shield
from bot.rules.sims import Addon, Apn, Operation, Sim, Status, luhn_holds
from bot.views import sims as view
from bot.views.parts import Message, Units
from bot.views.regions import region
from tests.views.drawn import (
    COUNT,
    GICCID,
    MAYBE,
    NOW,
    TEXT,
    TIMES,
    buttons,
    few,
    known_to_the_sdk,
    parts,
    sound,
    words,
)
from tests.views.requests import REQUEST
from tests.views.test_alerts import ALERT

SIM = Sim(
    giccid=GICCID,
    status=Status.ACTIVE,
    status_word="ACTIVATED",
    imsi="262011234567890",
    imei="356938035643809",
    account="acme",
    sku="IoT Global 4FF",
    plan="iot-100",
    plan_expires_at=NOW + timedelta(days=5),
    addons=(Addon("addon-100", 100_000_000, 42_000_000, NOW + timedelta(days=20)), Addon("roam")),
    pool="acme-eu",
    activated_at=NOW - timedelta(days=400),
    cycle="2026-11",
    usage_bytes=83_000_000,
    quota_bytes=100_000_000,
    sms_count=1234,
    apns=(Apn("iot.smarthub", True), Apn("corp", False), Apn("odd")),
    country="DE",
    last_session_at=NOW - timedelta(minutes=90),
    custom=("Pump 7", None, "", "Berlin", None),
    raw={"giccid": GICCID, "weird": {"a": [1, None]}, "text": "<!channel>"},
)
OPERATOR = Person("U1", Role.OPERATOR)
SEEN = view.Seen(id=7, label="Pump 7", by=OPERATOR, read_at=NOW, now=NOW, asked=read_name(GICCID))
LOOKS = {"History": "sim.history", "Exact numbers": "sim.exact", "Refresh": "sim.refresh"}
CHANGES = {text: f"sim.{operation}" for operation, text in view.BUTTONS.items()}
ANY = {"Change plan", "Order add-on", "Switch APN", "Custom fields"}


def drawn(sim: Sim = SIM, **seen: object) -> Message:
    """The card."""
    return view.card(sim, replace(SEEN, **seen))  # type: ignore[arg-type] - each test names fields as they are


def told(message: Message) -> str:
    """All that is read on it, on one line."""
    return " ".join(words(message).split())


@pytest.mark.parametrize("status", [*Status, None])
def test_every_state_has_its_mark(status: Status | None):
    """Each state is told in card and fallback; one that is in no table is told in SmartHub's word."""
    card = drawn(replace(SIM, status=status, status_word="PAUSED"))
    said = view.MARKS[status] if status is not None else "❔ PAUSED (a state simops does not know)"

    assert f"State {said}" in told(card)
    assert card.text.startswith(f"Pump 7: {said}, 83.0 MB used.\n")
    sound(card)
    known_to_the_sdk(card)


def test_what_is_known_is_shown():
    """Every known value is on the card and in its text, label first, with units and how long it is; a time is one."""
    card = drawn()

    assert words(card).startswith("Pump 7")
    for said in (
        f"ICCID {GICCID}",
        "Account acme",
        "Rate plan iot-100 , until (in 5 d)",
        "Pool acme-eu",
        "Activated (400 d ago)",
        "Usage in 2026-11 83.0 MB of 100.0 MB, 83 %",
        "████████████████░░░░",
        "Add-on addon-100 42.0 MB of 100.0 MB, 42 % , until (in 20 d)",
        "Add-on roam unknown",
        "SMS 1,234",
        "APNs iot.smarthub (on), corp (off), odd (unknown)",
        "IMSI 262011234567890",
        "IMEI 356938035643809",
        "Country Germany (DE)",
        "Last session (1 h 30 min ago)",
        "custom1 Pump 7",
        "custom4 Berlin",
        "Read from SmartHub .",
        "The time zone of a billing cycle is not documented; simops takes it for UTC.",
    ):
        assert said in told(card), said
    for said in (
        "Rate plan  iot-100, until 2026-11-27 09:30 UTC (in 5 d)",
        "APNs  iot",
        "custom4  Berlin",
        "SMS  1,234",
    ):
        assert said in card.text
    for missing in ("custom3", "MSISDN", "GICCID", "Alert", "request"):
        assert missing not in told(card)
    assert _times(card)[0]["timestamp"] == int((NOW + timedelta(days=5)).timestamp())


def _times(message: Message) -> list[Mapping[str, Any]]:
    return [part for part in parts(message.blocks) if part.get("type") == "date"]


def test_what_is_not_known_is_not_made_up():
    """Of a SIM of which nothing but its number is known the card says so, and still offers what can be done."""
    card = drawn(Sim(GICCID, Status.ACTIVE, "ACTIVATED"))

    for said in ("Account unknown", "Rate plan none", "Usage in this billing cycle unknown"):
        assert said in told(card)
    for missing in ("SMS", "APNs", "Country", "session", "Pool", "Activated", "time zone"):
        assert missing not in told(card).replace("Send SMS", "")
    sound(card)


@pytest.mark.parametrize(
    ("usage", "quota", "said"),
    [
        (None, 100, "unknown of 100 Bytes"),
        (None, None, "unknown"),
        (0, None, "0 Bytes, no quota"),
        (5, 0, "5 Bytes of 0 Bytes"),
        (0, 10, "0 Bytes of 10 Bytes, 0 %"),
        (2**63, 10, "9.2 EB of 10 Bytes"),
    ],
)
def test_usage_with_and_without_a_quota(usage: int | None, quota: int | None, said: str):
    """What is not known is not zero, and without a quota there is no share."""
    assert f"Usage in 2026-11 {said}" in told(drawn(replace(SIM, usage_bytes=usage, quota_bytes=quota)))


def test_what_is_over():
    """What has ended says for how long, and what lies ahead by a wrong clock is not in the past."""
    card = drawn(replace(SIM, plan_expires_at=NOW - timedelta(days=3), last_session_at=NOW + timedelta(hours=2)))

    assert "Rate plan iot-100 , until (over for 3 d)" in told(card)
    assert "Last session (in 2 h)" in told(card)


def test_the_units_are_as_configured():
    """In binary units every amount on the card is in them."""
    card = drawn(units=Units(binary=True))

    assert "79.2 MiB of 95.4 MiB, 83 %" in told(card)
    assert " MB" not in told(card)


@pytest.mark.parametrize(
    ("asked", "sim", "said"),
    [
        (GICCID, SIM, None),
        (GICCID[:-1], SIM, f"Found for {GICCID[:-1]}: the two differ in the check digit."),
        (GICCID[:-1] + "3", replace(SIM, giccid=GICCID[:-1] + "3"), "The last digit is not this number's check digit"),
        ("262011234567890", SIM, "Found by its IMSI."),
        ("35-693803-564380-9", SIM, "Found by its IMEI."),
        ("+49 1511", replace(SIM, msisdn="491511"), "Found by its MSISDN."),
        ("000142", SIM, "Found for “000142”: no other SIM fits."),
        ("pump  7", SIM, None),
        ("pum", SIM, "Found for “pum”: no other SIM fits."),
    ],
)
def test_by_what_it_was_found(asked: str, sim: Sim, said: str | None):
    """The card says by what the SIM was found where that is not plain, and when its check digit is odd."""
    assert luhn_holds(GICCID)
    card = told(drawn(sim, asked=read_name(asked)))

    assert said is None or said in card
    assert ("Found " in card or "check digit" in card) is (said is not None)
    assert "Found" not in told(drawn(sim, asked=None))


def test_two_numbers():
    """Where the number on the card and SmartHub's own differ both are shown."""
    card = told(drawn(replace(SIM, iccid=GICCID[:-1])))

    assert f"ICCID {GICCID[:-1]} GICCID {GICCID}" in card


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        (Status.ACTIVE, {"Suspend", "Send SMS"} | ANY),
        (Status.SUSPENDED, {"Activate", "Retire"} | ANY),
        (Status.INVENTORY, {"Activate"} | ANY),
        (Status.READY, {"Activate"} | ANY),
        (Status.TEST, {"Activate", "Send SMS"} | ANY),
        (Status.RETIRED, set()),
        (None, set()),
    ],
)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.ADMIN])
def test_only_what_may_be_done_is_offered(status: Status | None, offered: set[str], role: Role):
    """Who may change something is offered what this state allows and nothing else; who may not only looks."""
    card = drawn(replace(SIM, status=status), by=Person("U1", role))
    changes = {text: CHANGES[text] for text in offered} if role >= Role.OPERATOR else {}

    assert buttons(card.blocks) == {**changes, **LOOKS}
    assert {p["value"] for p in _pressed(card)} == {"7"}
    assert [p["text"]["text"] for p in _pressed(card) if p.get("style") == "danger"] == ["Retire"] * (
        "Retire" in changes
    )


def _pressed(message: Message) -> list[Mapping[str, Any]]:
    return [e for b in message.blocks if b["type"] == "actions" for e in b["elements"]]  # type: ignore[attr-defined] - rows of buttons


def test_no_switch_without_an_apn():
    """Where no APN is known there is none to switch."""
    assert "Switch APN" not in buttons(drawn(replace(SIM, apns=())).blocks)


def test_every_change_has_its_button():
    """No change is forgotten."""
    assert set(view.BUTTONS) == set(Operation)


def test_what_is_open_on_it():
    """An open request is shown, and nothing more can be asked for until it is decided; open alerts are shown too."""
    card = drawn(request=REQUEST, alerts=[ALERT] * 9)

    assert "Open request #12 suspend, pending, asked by <@U1>" in told(card)
    assert told(card).count("Alert 80 % of the quota used, open, since") == view.LISTED
    assert buttons(card.blocks) == LOOKS
    sound(card, people=["U1"])


def test_what_the_policies_say_of_it():
    """What can be asked for beside what the state says is offered, and what cannot is not; who protects it is told."""
    shield = Shield(GICCID, "Pump 7", "U2", NOW, "the boss's car")
    card = drawn(fits=lambda operation, _: operation in (Operation.RETIRE, Operation.SET), shield=shield)

    assert buttons(card.blocks) == {"Retire": "sim.retire", "Custom fields": "sim.set", **LOOKS}
    assert "Protected by <@U2> : the boss's car" in told(card)
    sound(card, people=["U2"])


def test_a_card_that_is_not_live():
    """While SmartHub tells nothing the card says first that it is old, how old and why, and changes nothing."""
    then = NOW - timedelta(minutes=12)
    card = drawn(problem="SmartHub cannot be reached.", read_at=then)
    said = "⚠️ This is not live. SmartHub cannot be reached. What follows is as of (12 min ago) ."

    assert told(card).startswith(f"Pump 7 {said}")
    assert "Read from SmartHub" not in told(card)
    assert _times(card)[0]["timestamp"] == int(then.timestamp())
    assert buttons(card.blocks) == {"History": "sim.history", "Refresh": "sim.refresh"}
    assert "This is not live" in card.text
    sound(card)


def test_a_card_without_a_number_has_no_buttons():
    """A SIM that could not be stored here is shown all the same, without buttons."""
    assert buttons(drawn(id=None).blocks) == {}


def test_a_country_by_its_name():
    """A code gets its name; one that is in no list, and a name, stay as they are."""
    assert [region(code) for code in ("DE", "de", "CN", "XX", "Narnia")] == [
        "Germany (DE)", "Germany (DE)", "China (CN)", "XX", "Narnia",
    ]  # fmt: skip


def test_exact_numbers():
    """To the byte, what is not known as unknown, and below it SmartHub's own answer with every key as it came."""
    card = view.exact(SIM, label="Pump 7", read_at=NOW)

    for said in (
        "Pump 7 in exact numbers",
        "Usage 83,000,000 bytes",
        "Quota 100,000,000 bytes",
        "addon-100, used 42,000,000 bytes",
        "roam, total unknown",
        'weird: {"a": [1, null]} text: "<!channel>"',
    ):
        assert said in told(card)
    assert "Usage  83,000,000 bytes" in card.text
    sound(card)
    known_to_the_sdk(card)


def test_an_endless_answer_is_cut():
    """Of a huge answer as much is shown as fits, and how much is not."""
    card = view.exact(replace(SIM, raw={"x": "y" * 100_000}), label="Pump 7", read_at=NOW)

    assert "(cut: 97," in words(card)
    sound(card)


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
    addons=few(
        st.builds(
            Addon,
            name=TEXT,
            total_bytes=st.one_of(st.none(), COUNT),
            used_bytes=st.one_of(st.none(), COUNT),
            expires_at=st.one_of(st.none(), TIMES),
        ),
        times=(1, 10),
    ).map(tuple),
    apns=few(st.builds(Apn, name=TEXT, enabled=st.sampled_from([True, False, None])), times=(1, 10)).map(tuple),
    pool=MAYBE,
    iccid=MAYBE,
    sms_count=st.one_of(st.none(), COUNT),
    activated_at=st.one_of(st.none(), TIMES),
    raw=st.dictionaries(TEXT, st.one_of(TEXT, COUNT, st.lists(TEXT, max_size=3)), max_size=5),
    country=MAYBE,
    last_session_at=st.one_of(st.none(), TIMES),
    custom=st.tuples(MAYBE, MAYBE, MAYBE, MAYBE, MAYBE),
)
