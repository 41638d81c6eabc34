"""When it is unusual that no push has come for so long, and in which pieces to look for what was missed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LOOKS_BACK = timedelta(days=28)
LEAST_DAYS = 3  # on which pushes came at such an hour, before anything is called usual
SHORTEST = timedelta(minutes=15)
SLICE = timedelta(hours=1)
TIMES = 3  # as long as the longest usual pause is unusual


@dataclass(frozen=True)
class Hour:
    """An hour in which pushes came: how many, and the longest pause that ended in it. `at` is aware UTC."""

    at: datetime
    count: int
    gap: timedelta


def usual_pause(hours: Sequence[Hour], *, now: datetime) -> timedelta | None:
    """The longest pause that is usual at this hour of the day, UTC; `None` where too little is known to say.

    One hour out of ten is left out as an accident: an outage of last week must not make this one look usual.
    """
    alike = sorted(hour.gap for hour in hours if hour.at.hour == now.hour and now - LOOKS_BACK < hour.at < _this(now))
    if len(alike) < LEAST_DAYS:
        return None
    return alike[min(len(alike) - 1, int(len(alike) * 0.9))]


def is_unusual(last_at: datetime, hours: Sequence[Hour], *, now: datetime) -> timedelta | None:
    """The pause that is usual at this hour, where it has been far longer than that since the last push."""
    usual = usual_pause(hours, now=now)
    if usual is None or now - last_at <= max(SHORTEST, TIMES * usual):
        return None
    return usual


def _this(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def slices(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time between these two in pieces of an hour at most, one behind the other, up to the very end; one piece
    where the end is before the beginning, because the clock was set back."""
    start = since
    while until - start > SLICE:
        yield start, start + SLICE
        start += SLICE
    yield min(start, until), until
