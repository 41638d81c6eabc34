"""Whether one SIM is what a search looks for: by its numbers, whole or in pieces, and by where it stands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.rules.fitting import fits, has_number, is_place
from bot.rules.naming import read_name
from bot.rules.searches import read_query
from bot.rules.sims import Sim, Status, luhn_digit

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BARE = "894921260000000014"
ICCID = BARE + luhn_digit(BARE)
SIM = Sim(
    giccid=ICCID,
    status=Status.ACTIVE,
    status_word="ACTIVATED",
    imsi="262031234567890",
    msisdn="+491701234567",
    imei="356938035643809",
)


def sought(typed: str, sim: Sim = SIM) -> bool:
    """Whether a search with these words fits the SIM."""
    return fits(read_query(typed), sim, now=NOW)


@pytest.mark.parametrize(
    ("typed", "is_it"),
    [
        (f"iccid:{ICCID}", True),
        (f"iccid:{BARE}", True),
        (f"iccid:{ICCID}{luhn_digit(ICCID)}", True),
        (f"iccid:{ICCID[:9]}", True),
        (f"iccid:{ICCID[-5:]}", True),
        (f"iccid:{ICCID[4:10]}", False),
        (f"iccid:8986000000,{ICCID}", True),
        ("iccid:8986000000,8986000001", False),
        (f"iccid:{ICCID},8986000000 imsi:26202", False),
        (f"iccid:{ICCID},8986000000 imsi:26202,26203", True),
        ("imei:35693803564380", True),
        ("imei:356938035643801", True),
        ("imei:3569380356438010", True),
        ("imei:356938035643819", False),
        ("msisdn:+491701234567", True),
        ("1234567", True),
    ],
)
def test_its_numbers(typed: str, is_it: bool):
    """A number fits by its beginning, its end, or whole in any of its spellings; of several any may."""
    assert sought(typed) is is_it


def test_neighbours_of_a_whole_number_do_not_fit():
    """Where ICCIDs are numbered without check digits, a whole one means its own SIM and none of those beside it."""
    neighbours = [Sim(giccid=f"{BARE}{n}", status=None, status_word="") for n in range(10)]

    assert [sim.giccid for sim in neighbours if sought(f"iccid:{BARE}7", sim)] == [f"{BARE}7"]


@pytest.mark.parametrize(
    ("typed", "is_it"),
    [
        (ICCID, True),
        (BARE, True),
        (ICCID[:-3], False),
        ("+49 170 1234567", True),
        ("00491701234567", True),
        ("35693803564380", True),
        ("3569380356438077", True),
        ("35693803564381", False),
        ("pump", False),
    ],
)
def test_a_whole_number(typed: str, is_it: bool):
    """What was typed is a whole number of the SIM in any spelling, and not just a piece of one."""
    assert has_number(SIM, read_name(typed)) is is_it


@pytest.mark.parametrize(
    ("wanted", "place", "is_it"),
    [
        ("ACME", "acme", True),
        ("acme*", "Acme Germany", True),
        ("acme", "acme germany", False),
        ("none", None, True),
        ("acme", None, False),
    ],
)
def test_a_place(wanted: str, place: str | None, is_it: bool):
    """A filter names a place by all of its name or by its beginning, in any case, or the lack of one."""
    assert is_place(wanted, place) is is_it
