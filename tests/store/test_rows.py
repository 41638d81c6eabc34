"""Values go into columns and come back the same, and the text of times sorts as the times do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.store.rows import facts_as_text, facts_from_text, time, time_or_none, when, when_or_none

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001 - zones come from there


@settings(deadline=None)
@given(one=TIMES, other=TIMES)
def test_times(one: datetime, other: datetime):
    """A time of any zone comes back as the same moment in UTC, and earlier text is an earlier time."""
    assert time(when(one)) == one
    assert time(when(one)).utcoffset() == timedelta(0)
    assert (when(one) < when(other)) is (one < other)
    assert len(when(one)) == len(when(other))


def test_no_time():
    """No time stays no time."""
    assert when_or_none(None) is None
    assert time_or_none(None) is None
    assert time_or_none(when_or_none(datetime(2026, 1, 1, tzinfo=UTC))) == datetime(2026, 1, 1, tzinfo=UTC)


FACTS = st.one_of(st.none(), st.text(), st.integers(0, 2**63 - 1), TIMES)


@settings(deadline=None)
@given(facts=st.dictionaries(st.text(), FACTS, max_size=5))
def test_facts(facts: dict[str, str | int | datetime | None]):
    """Facts of every kind come back, a text that looks like a time as the text it is."""
    assert facts_from_text(facts_as_text(facts)) == facts
