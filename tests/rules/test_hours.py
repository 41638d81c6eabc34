"""Hours of the week: what the clock on the wall says counts, over midnight and over the change of the clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.hours import DAYS, Hours, read_hours

BERLIN = ZoneInfo("Europe/Berlin")


def holds(hours: str, at: str, zone: ZoneInfo = BERLIN) -> bool:
    """Whether this moment on the wall there lies in these hours."""
    return read_hours(hours).holds(datetime.fromisoformat(at).replace(tzinfo=zone).astimezone(UTC))


@pytest.mark.parametrize(
    ("hours", "at", "inside"),
    [
        ("Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-23T08:00", True),
        ("Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-23T07:59", False),
        ("Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-27T17:59", True),
        ("Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-27T18:00", False),
        ("Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-28T12:00", False),
        ("outside Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-28T12:00", True),
        ("outside Mon-Fri 08:00-18:00 Europe/Berlin", "2026-11-23T12:00", False),
        ("mon,wed 08:00-18:00 Europe/Berlin", "2026-11-25T12:00", True),
        ("Mon,Wed 08:00-18:00 Europe/Berlin", "2026-11-24T12:00", False),
        ("Sat-Mon 08:00-18:00 Europe/Berlin", "2026-11-22T12:00", True),
        ("Sat-Mon 08:00-18:00 Europe/Berlin", "2026-11-27T12:00", False),
        ("00:00-24:00 UTC", "2026-11-27T12:00", True),
        # Over midnight: the hours after it belong to the day before.
        ("Fri 22:00-06:00 Europe/Berlin", "2026-11-27T23:00", True),
        ("Fri 22:00-06:00 Europe/Berlin", "2026-11-28T05:59", True),
        ("Fri 22:00-06:00 Europe/Berlin", "2026-11-27T05:59", False),
        ("Fri 22:00-06:00 Europe/Berlin", "2026-11-28T22:30", False),
        ("Sun 22:00-06:00 Europe/Berlin", "2026-11-23T03:00", True),
        ("22:00-00:00 Europe/Berlin", "2026-11-23T23:59", True),
        ("22:00-00:00 Europe/Berlin", "2026-11-23T00:00", False),
    ],
)
def test_what_lies_in_the_hours(hours: str, at: str, inside: bool) -> None:
    """The first minute is in, the last is out, days are those the hours begin on, `outside` is the rest."""
    assert holds(hours, at) is inside


@pytest.mark.parametrize("day", ["2026-03-28", "2026-03-29", "2026-03-30", "2026-10-24", "2026-10-25", "2026-10-26"])
def test_the_change_of_the_clocks(day: str) -> None:
    """Eight in the morning is eight in the morning, the day before the clocks change, that day, and the day after."""
    assert not holds("08:00-18:00 Europe/Berlin", f"{day}T07:59")
    assert holds("08:00-18:00 Europe/Berlin", f"{day}T08:00")
    assert not holds("08:00-18:00 Europe/Berlin", f"{day}T18:00")


def test_the_hour_that_comes_twice() -> None:
    """In autumn 02:30 comes twice, and lies both times in hours that hold it."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    hours = read_hours("02:00-03:00 Europe/Berlin")

    assert [hours.holds(first + timedelta(hours=n)) for n in (-1, 0, 1, 2)] == [False, True, True, False]


HOURS = st.builds(
    Hours,
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    start=st.integers(0, 1439),
    end=st.integers(0, 1440),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"]),
    outside=st.booleans(),
).filter(lambda hours: hours.start != hours.end)


@given(HOURS, st.integers(0, 525_600))
def test_hours_are_read_as_they_are_said(hours: Hours, minutes: int) -> None:
    """What hours say of themselves can be read again, and outside is where inside is not."""
    other = replace(hours, outside=not hours.outside)
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    assert read_hours(str(hours)) == hours
    assert hours.holds(at) is not other.holds(at)


@pytest.mark.parametrize(
    "text",
    [
        "", "always", "08:00-18:00", "8:00-18:00 UTC", "08:00-18:60 UTC", "08:00-24:01 UTC", "24:00-06:00 UTC",
        "10:00-10:00 UTC", "Mo-Fr 08:00-18:00 UTC", "Mon-Wed-Fri 08:00-18:00 UTC", "Mon- 08:00-18:00 UTC",
        "08:00-18:00 Nowhere/City", "08:00-18:00 ../etc/passwd", "08:00-18:00 Europe", "08:00-18:00 UTC " * 50,
    ],
)  # fmt: skip
def test_what_are_no_hours(text: str) -> None:
    """What is no day, no time or no zone is refused with an example of what would be right."""
    with pytest.raises(BadInput, match="Mon-Fri 08:00-18:00 Europe/Berlin"):
        read_hours(text)


def test_days_have_their_names() -> None:
    """The days are said in order from Monday, and all seven are not said at all."""
    assert str(read_hours("Sun,mon,Sat 08:00-18:00 UTC")) == "Mon,Sat,Sun 08:00-18:00 UTC"
    assert str(read_hours("Mon-Sun 08:00-18:00 UTC")) == "08:00-18:00 UTC"
    assert len(DAYS) == 7
