"""A report comes at its time on the wall, and compares what was used in one period with the one before."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from bot.errors import BadInput
from bot.rules.reports import Line, Period, Plan, ahead, days_of, due, lines_of, read_period

BERLIN = Plan(Period.DAY, "C1", time(8, 0), "Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "at"),
    [
        (datetime(2026, 11, 22, 6, 59, tzinfo=UTC), datetime(2026, 11, 21, 7, 0, tzinfo=UTC)),
        (datetime(2026, 11, 22, 7, 0, tzinfo=UTC), datetime(2026, 11, 22, 7, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 7, 0, tzinfo=UTC), datetime(2026, 10, 24, 6, 0, tzinfo=UTC)),  # summer
        (datetime(2026, 10, 25, 7, 0, tzinfo=UTC), datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),  # and no longer
    ],
)
def test_it_is_due_by_the_clock_on_the_wall(now: datetime, at: datetime):
    """Eight in the morning is eight in summer as in winter; one that is long over is not made up for."""
    found = due(BERLIN, now)
    assert found == (at if (now - at).total_seconds() < 20 * 3600 else None)


def test_a_week_is_due_on_monday_and_a_cycle_on_the_first():
    """On other days neither is."""
    noon = [datetime(2026, 11, day, 12, 0, tzinfo=UTC) for day in range(1, 31)]
    for period, days in ((Period.WEEK, [2, 9, 16, 23, 30]), (Period.CYCLE, [1])):
        plan = Plan(period, "C1", time(8, 0), "UTC")
        assert [now.day for now in noon if due(plan, now) is not None] == days


def test_usage_of_a_period():
    """What was used is the difference of two counts; a lower count is of the next cycle, an unknown one is unknown."""
    assert lines_of({"a": 30, "b": 5, "c": 1}, {"a": 10, "b": 50}, {"a": 4}) == [
        Line("a", 20, 6, 30),
        Line("b", 5, 50, 5),
        Line("c", 1, 0, 1),
    ]
    assert lines_of({"a": 30}, None, None) == [Line("a", None, None, 30)]


def test_as_far_ahead_as_the_period_is_long():
    """A day and a week ahead; of a cycle to its end, also in December."""
    now = datetime(2026, 12, 31, 9, 30, tzinfo=UTC)
    assert ahead(Period.DAY, now) == datetime(2027, 1, 1, 9, 30, tzinfo=UTC)
    assert ahead(Period.WEEK, now) == datetime(2027, 1, 7, 9, 30, tzinfo=UTC)
    assert ahead(Period.CYCLE, now) == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_days_that_are_compared():
    """A day and a week go back by themselves, a cycle to the day before it began."""
    today = date(2026, 11, 22)
    assert days_of(Period.DAY, today) == (date(2026, 11, 21), date(2026, 11, 20))
    assert days_of(Period.WEEK, today) == (date(2026, 11, 15), date(2026, 11, 8))
    assert days_of(Period.CYCLE, today) == (date(2026, 10, 31), date(2026, 9, 30))
    assert read_period(" Week ") is Period.WEEK
    assert read_period("") is Period.DAY
    with pytest.raises(BadInput, match="report week"):
        read_period("year")
