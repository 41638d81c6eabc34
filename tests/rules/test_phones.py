"""Phone numbers are read as the world writes them, and what no plan has is doubted, not refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.phones import doubt, read_phone


@pytest.mark.parametrize(
    ("typed", "written", "known"),
    [
        ("+491701234567", "+49 170 1234567", True),
        ("0049 (170) 123-4567", "+49 170 1234567", True),
        ("<tel:+491701234567|+49 170 1234567>", "+49 170 1234567", True),
        ("+883510000012345", "+883 510 000 012 345", True),
        ("+8821234567890", "+882 1234567890", False),
        ("+46719123456789", "+46 719123456789", False),
        ("+9999999999", "+9999999999", False),
    ],
)
def test_a_number_with_its_country(typed: str, written: str, known: bool):
    """A number with its country code is written as people write it, and known or not, in IoT ranges too."""
    phone = read_phone(typed)

    assert phone is not None
    assert (phone.written, phone.known) == (written, known)
    assert (doubt(typed) is None) == known


@pytest.mark.parametrize("typed", ["Pump 7", "8949212600000000142", "0170 1234567", "+", "+49", "", "+4917o1234567"])
def test_what_is_none(typed: str):
    """Labels, ICCIDs and numbers without a country code are no such numbers, and nothing is said of them."""
    assert read_phone(typed) is None
    assert doubt(typed) is None


@given(st.text(alphabet="+0123456789 ()-.<>tel:|", max_size=40))
def test_nothing_that_is_typed_breaks_it(typed: str):
    """Whatever is typed, it is a number or it is none."""
    phone = read_phone(typed)

    assert phone is None or phone.written
