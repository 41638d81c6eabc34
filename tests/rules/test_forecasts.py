"""A forecast says when a quota is used up, how sure that is, and says nothing where there is too little to go on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.forecasts import DayUse, cycle_of, forecast, spike_of, too_little

NOW = datetime(2026, 11, 11, tzinfo=UTC)  # ten of thirty days are over
GB = 10**9


TODAY = NOW.date()


def days(*amounts: int, before: date = TODAY) -> tuple[DayUse, ...]:
    """Days one after another up to the one before this."""
    first = before - timedelta(days=len(amounts))
    return tuple(DayUse(first + timedelta(days=n), amount) for n, amount in enumerate(amounts))


def test_it_runs_out_on_the_day_the_rate_says():
    """5 GB in ten days leave 5 GB for ten more: it is used up on the 21st, before the cycle ends."""
    made = forecast(5 * GB, 10 * GB, "2026-11", now=NOW)

    assert made is not None
    assert made.run_out == datetime(2026, 11, 21, tzinfo=UTC)
    assert made.before_the_end
    assert made.words == "runs out about 2026-11-21"


def test_what_lasts_is_said_to_last():
    """What runs out on the last day or later lasts to the end of the cycle."""
    for used in (0, 1, 3 * GB):
        made = forecast(used, 10 * GB, "2026-11", now=NOW)
        assert made is not None
        assert not made.before_the_end
        assert made.words == "lasts to the end of the cycle"


def test_steady_days_make_a_narrow_range_and_wild_ones_a_wide_one():
    """The range comes from how different the days were; the middle is the same."""
    steady = forecast(5 * GB, 10 * GB, "2026-11", now=NOW, past=days(*[GB // 2] * 10))
    wild = forecast(5 * GB, 10 * GB, "2026-11", now=NOW, past=days(*[0, GB] * 5))
    assert steady is not None
    assert wild is not None

    assert steady.earliest == steady.run_out == steady.latest == wild.run_out
    assert wild.earliest is not None
    assert wild.run_out is not None
    assert wild.earliest < wild.run_out < (wild.latest or datetime.max.replace(tzinfo=UTC))
    assert wild.words == "runs out about 2026-11-21 (2026-11-16 at the earliest, or not in this cycle)"
    assert steady.words == "runs out about 2026-11-21 (between 2026-11-21 and 2026-11-21)"


@pytest.mark.parametrize(
    ("used", "whole", "cycle", "now", "why"),
    [
        (None, GB, "2026-11", NOW, "its usage is not known"),
        (-1, GB, "2026-11", NOW, "its usage is not known"),
        (1, None, "2026-11", NOW, "its size is not known"),
        (1, 0, "2026-11", NOW, "its size is not known"),
        (1, GB, "November", NOW, "its cycle is not a month"),
        (1, GB, "2026-13", NOW, "its cycle is not a month"),
        (1, GB, None, NOW, "its cycle is not a month"),
        (1, GB, "9999-12", NOW, "its cycle is not a month"),
        (1, GB, "2026-10", NOW, "its cycle is not the present one"),
        (1, GB, "2026-11", datetime(2026, 11, 2, tzinfo=UTC), "fewer than 3 days of its cycle are over"),
    ],
)
def test_too_little_to_go_on(used: int | None, whole: int | None, cycle: str | None, now: datetime, why: str):
    """Where nothing can be said, the reason is, and there is no forecast."""
    assert too_little(used, whole, cycle, now=now) == why
    assert forecast(used, whole, cycle, now=now) is None


@given(
    used=st.integers(0, 2**62),
    whole=st.integers(1, 2**62),
    hours=st.integers(72, 29 * 24),
    past=st.lists(st.integers(0, 10**12), max_size=28),
)
def test_the_range_encloses_the_middle(used: int, whole: int, hours: int, past: list[int]):
    """Whatever the figures: nothing breaks, nothing is in the past, and the middle lies between the ends."""
    now = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hours)
    made = forecast(used, whole, "2026-11", now=now, past=days(*past, before=now.date()))
    assert made is not None
    assert made.words
    if made.run_out is not None:
        assert made.run_out >= now
        assert made.earliest is None or now <= made.earliest <= made.run_out
        assert made.latest is None or made.run_out <= made.latest


def test_a_cycle_has_its_own_length():
    """February is shorter, and a year turns at the end of December."""
    assert cycle_of("2027-02") == (datetime(2027, 2, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))
    assert cycle_of("2026-12") == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def test_a_spike_is_measured_by_the_days_before():
    """Today is compared with the day in the middle of those before; with fewer than seven nothing is said."""
    today = NOW.date()
    jump = spike_of((*days(1, 2, 3, 4, 5, 6, 100), DayUse(today, 40)), today=today)
    assert jump is not None
    assert (jump.today, jump.typical) == (40, 4)
    assert spike_of((*days(1, 2, 3, 4, 5, 6), DayUse(today, 40)), today=today) is None
    assert spike_of(days(*[1] * 9), today=today) is None
