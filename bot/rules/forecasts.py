"""How fast a quota is used, when it will be used up, and how sure that is. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from statistics import fmean, median, stdev

DAY_S = 86_400
LEAST_DAYS = 3  # of a cycle that have to be over before anything is said
LEAST_PAST = 7  # days of a SIM's past that have to be known before a day is called unusual
CYCLE = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
SURE = 1.645  # of ten such days nine are within so many standard deviations, five above and five below


@dataclass(frozen=True)
class DayUse:
    """What was used on one day (UTC), in bytes."""

    day: date
    bytes: int


@dataclass(frozen=True)
class Forecast:
    """What becomes of a quota. Sizes are bytes, times aware UTC; `rate` is bytes a day.

    `run_out` is `None` where nothing is used. `earliest` and `latest` enclose it in nine of ten cases; both are `None`
    where too few days are known one by one, `latest` alone where it may as well never run out.
    """

    used: int
    whole: int
    rate: float
    ends_at: datetime
    run_out: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None

    @property
    def before_the_end(self) -> bool:
        """Whether it is used up before the cycle ends, as it looks now."""
        return self.run_out is not None and self.run_out < self.ends_at

    @property
    def words(self) -> str:
        """When it runs out, for people: the day, and between which days."""
        if self.run_out is None or not self.before_the_end:
            return "lasts to the end of the cycle"
        said = f"runs out about {self.run_out:%Y-%m-%d}"
        if self.earliest is None:
            return said
        if self.latest is None or self.latest >= self.ends_at:
            return f"{said} ({self.earliest:%Y-%m-%d} at the earliest, or not in this cycle)"
        return f"{said} (between {self.earliest:%Y-%m-%d} and {self.latest:%Y-%m-%d})"


@dataclass(frozen=True)
class Jump:
    """A day beside what is typical for it: bytes of today, and of the day in the middle of the days before."""

    today: int
    typical: int


def cycle_of(name: str | None) -> tuple[datetime, datetime] | None:
    """When a cycle like 2026-11 begins and ends; `None` for one that is not a month. UTC, as no zone is documented."""
    match = CYCLE.fullmatch(name or "")
    if match is None or int(match[1]) < 1:
        return None
    year, month = int(match[1]), int(match[2])
    if (year, month) == (9999, 12):
        return None
    return datetime(year, month, 1, tzinfo=UTC), datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def forecast(
    used: int | None, whole: int | None, cycle: str | None, *, now: datetime, past: Sequence[DayUse] = ()
) -> Forecast | None:
    """What becomes of this quota; `None` where there is too little to go on, which `too_little` puts in words.

    `past` are days one by one; those of this cycle that are over make the range.
    """
    span = cycle_of(cycle)
    if used is None or whole is None or span is None or too_little(used, whole, cycle, now=now) is not None:
        return None
    begins, ends = span
    rate = used / ((now - begins).total_seconds() / DAY_S)
    days = [float(d.bytes) for d in past if begins.date() <= d.day < now.date()]
    spread = _spread(days, (ends - now).total_seconds() / DAY_S)
    left = whole - used
    return Forecast(
        used=used,
        whole=whole,
        rate=rate,
        ends_at=ends,
        run_out=_when(left, rate, now),
        earliest=None if spread is None else _when(left, rate + spread, now),
        latest=None if spread is None else _when(left, rate - spread, now),
    )


def too_little(used: int | None, whole: int | None, cycle: str | None, *, now: datetime) -> str | None:
    """Why nothing can be said of this quota yet, in words; `None` where something can."""
    span = cycle_of(cycle)
    if used is None or used < 0:
        return "its usage is not known"
    if whole is None or whole <= 0:
        return "its size is not known"
    if span is None:
        return "its cycle is not a month"
    begins, ends = span
    if not begins <= now < ends:
        return "its cycle is not the present one"
    if now - begins < timedelta(days=LEAST_DAYS) and used < whole:
        return f"fewer than {LEAST_DAYS} days of its cycle are over"
    return None


def outlook(
    used: int | None, whole: int | None, cycle: str | None, *, now: datetime, past: Sequence[DayUse] = ()
) -> str:
    """What becomes of this quota, in words, or why that cannot be said."""
    if used is not None and whole is not None and 0 < whole <= used:
        return "used up"
    made = forecast(used, whole, cycle, now=now, past=past)
    return f"too little to go on: {too_little(used, whole, cycle, now=now)}" if made is None else made.words


def spike_of(past: Sequence[DayUse], *, today: date) -> Jump | None:
    """Today beside the day in the middle of the 28 days before; `None` where fewer than 7 of them are known."""
    before = [d.bytes for d in past if today - timedelta(days=28) <= d.day < today and d.bytes >= 0]
    now = [d.bytes for d in past if d.day == today]
    if len(before) < LEAST_PAST or not now:
        return None
    return Jump(max(now), int(median(before)))


def _spread(days: Sequence[float], left: float) -> float | None:
    """How far the rate of the days to come may be from what it was, in bytes a day; `None` for too few days."""
    if len(days) < LEAST_DAYS or left <= 0 or fmean(days) <= 0:
        return None
    # What was seen is uncertain as a mean of so many days, what comes as one of the days that are left.
    return SURE * stdev(days) * sqrt(1 / len(days) + 1 / max(left, 1.0))


def _when(left: float, rate: float, now: datetime) -> datetime | None:
    """When so many bytes are used at that rate; now where none are left, `None` where that is beyond ten years."""
    if left <= 0:
        return now
    if rate <= 0 or left / rate > 3650:
        return None
    return now + timedelta(days=left / rate)
