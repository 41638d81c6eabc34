"""The numbers of SIMs are found in whatever is pasted, and what only looks like one is left alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.rules.naming import NumberKind as Kind
from bot.rules.numbers import AT_MOST, Number, numbers_in
from bot.rules.sims import luhn_digit, luhn_holds

ICCID = "8949212600000000142"
LONG = "89492126000000001420"
IMEI = "356938035643809"
IMSI = "262011234567890"


def sure(text: str) -> list[str]:
    """The numbers that are a SIM's without a doubt."""
    return [number.digits for number in numbers_in(text) if number.sure]


@pytest.mark.parametrize(
    "text",
    [
        ICCID,
        f"the SIM {ICCID} is down.",
        f"{ICCID}F",
        f"{ICCID}f,",
        f"<{ICCID}>",
        f"`{ICCID}`",
        f"sim_{ICCID}.json",
        f'{{"iccid":"{ICCID}","at":1763800200000}}',
        f'{{"iccid":{ICCID},"n":3}}',
        f"1,{ICCID},ACTIVATED,2026-11-22T08:30:00Z",
        f"error.log:12:{ICCID} no answer",
        f"2026-11-22 08:30:00,123 INFO {ICCID}",
        f"2026-11-22 08:30:00 {ICCID} 10.20.30.40",
        f"1763800200 {ICCID} 1763800201",
        "8949 2126 0000 0000 142",
        "89-49-2126-0000-0000-142",
        "89\u00a04921260000\u00a00000142",
        "2026-11-22 8949 2126 0000 0000 142 7",
    ],
)
def test_an_iccid_wherever_it_stands(text: str):
    """An ICCID is found in sentences, logs, JSON and CSV, in groups and filled up, and nothing beside it is sure."""
    assert sure(text) == [ICCID]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22 08:30:00.123456",
        "2026-11-22T08:30:00+0100",
        "08:30:00 +0100 1234567",
        "192.168.100.200:8080",
        "100.200.100.200 255.255.255.255",
        "1763800200 1763800200123 1763800200123456 1763800200123456789",
        "550e8400-e29b-41d4-a716-446655440000",
        "a89492126000000001420b",
        f"x{ICCID}",
        f"{ICCID}x",
        f"1.{ICCID}",
        f"{ICCID}.5",
        "89" * 12,
        "order 4711, 12 pieces, 3.50 EUR",
        "",
    ],
)
def test_what_only_looks_like_one(text: str):
    """Times, addresses, parts of words and of other numbers are no SIMs for sure."""
    assert sure(text) == []


@pytest.mark.parametrize("text", ["192.168.100.200", "10:20:30", "12345678.5", "2026-11-22T08:30:00.12345678Z"])
def test_what_cannot_be_one_is_not_even_looked_up(text: str):
    """An address and a time are left out altogether."""
    assert numbers_in(text) == ()


@pytest.mark.parametrize(
    ("text", "digits", "kinds", "certain"),
    [
        (IMEI, IMEI, (Kind.IMEI, Kind.IMSI, Kind.MSISDN), True),
        (IMSI, IMSI, (Kind.IMSI, Kind.IMEI, Kind.MSISDN), True),
        ("35-693803-564380-9", IMEI, (Kind.IMEI,), True),
        ("35693803 564380 9", IMEI, (Kind.IMEI,), True),
        ("262 01 1234567890", IMSI, (Kind.IMSI,), False),
        ("+49 151 23456789", "4915123456789", (Kind.MSISDN,), True),
        ("+4915123456789", "4915123456789", (Kind.MSISDN,), True),
        ("4915123456789", "4915123456789", (Kind.MSISDN,), False),
        ("3569380356438091", "3569380356438091", (Kind.IMEI,), False),
        ("26201123456789", "26201123456789", (Kind.IMSI, Kind.IMEI, Kind.MSISDN), False),
        ("1763800200123456789", "1763800200123456789", (Kind.ICCID,), False),
    ],
)
def test_what_a_number_can_be(text: str, digits: str, kinds: tuple[Kind, ...], certain: bool):
    """A number says what it can be, the likeliest first: fifteen digits with a check digit are an IMEI before all."""
    assert numbers_in(f"see {text}, please") == (Number(digits, kinds, certain),)


def test_a_phone_number_ends_where_the_next_thing_begins():
    """Behind a phone number with a plus, in one group or in several, the next number is another one."""
    assert sure(f"+4915123456789 {ICCID}") == ["4915123456789", ICCID]
    assert sure(f"+49 151 2345678 {ICCID}") == ["491512345678", ICCID]


def test_groups_end_with_the_check_digit():
    """Where more digits follow in groups, the number ends with the group that makes its check digit right."""
    assert sure("8949 2126 0000 0000 142 12") == [ICCID]
    assert sure(f"{ICCID} 142") == [ICCID]
    assert sure(f"{ICCID} {ICCID} {LONG}") == [ICCID, LONG]


def test_each_once_in_order():
    """A number that comes again is counted once, at the first place, and as sure as it was anywhere."""
    text = f"{LONG} 4915123456789 {ICCID} {LONG} +4915123456789"

    assert [(n.digits, n.sure) for n in numbers_in(text)] == [(LONG, True), ("4915123456789", True), (ICCID, True)]


def test_endless_text_has_an_end():
    """Of very many numbers the first thousand are taken."""
    text = "\n".join(f"89{n:017d}" for n in range(5000))

    found = numbers_in(text)

    assert len(found) == AT_MOST
    assert found[-1].digits == f"89{AT_MOST - 1:017d}"


NOISE = st.text("0123456789abF+-., :\n\"'/", max_size=60)


@given(before=NOISE, after=NOISE)
def test_lines_do_not_disturb_each_other(before: str, after: str):
    """Whatever stands on the lines above and below, the number on its own line is found."""
    assert ICCID in sure(f"{before}\n{ICCID}\n{after}")


@given(body=st.text("0123456789", min_size=16, max_size=19), cuts=st.lists(st.integers(1, 20), max_size=5))
def test_however_it_is_grouped(body: str, cuts: list[int]):
    """An ICCID with its check digit is found however it is cut into groups, unless the first one is an ICCID itself, or
    its beginning happens to have a right check digit of its own."""
    whole = "89" + body + luhn_digit("89" + body)
    assume(not any(luhn_holds(whole[:length]) for length in range(18, len(whole))))
    at = sorted({2 + cut for cut in cuts if 2 + cut < len(whole)})
    assume(not at or at[0] < 18)
    grouped = " ".join(whole[a:b] for a, b in zip([0, *at], [*at, None], strict=True))

    assert whole in sure(grouped)


@given(text=st.text())
def test_any_text_can_be_looked_through(text: str):
    """No text breaks it, and what it finds is digits of ASCII."""
    assert all(n.digits.isascii() and n.digits.isdigit() and n.kinds for n in numbers_in(text))


def test_very_many_groups_take_time_in_proportion():
    """A text of nothing but short groups is read to its end; each place looks only as far ahead as a number goes."""
    took = []
    for groups in (4_000, 16_000):
        began = time.process_time()
        assert numbers_in("1 " * groups) == ()
        took.append(time.process_time() - began)

    assert took[1] < took[0] * 9
