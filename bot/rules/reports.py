"""What a report is about: a day, a week or the cycle, and its figures beside those of the time before. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.errors import BadInput
from bot.rules.money import AtRisk
from bot.rules.sims import quotable

DAY = timedelta(days=1)
LATE = timedelta(hours=20)  # a report that was missed for longer is not made up for


class Period(StrEnum):
    """How long a report looks back."""

    DAY = "day"
    WEEK = "week"
    CYCLE = "cycle"


@dataclass(frozen=True)
class Plan:
    """A report that comes by itself: which, where, and at which time of a day; a week on Mondays, a cycle on its first
    day.
    """

    period: Period
    channel: str
    at: time
    zone: str


@dataclass(frozen=True)
class Figures:
    """The fleet on one day: SIMs by state, and bytes used in the cycle by account and by country."""

    day: date
    states: Mapping[str, int] = field(default_factory=dict)
    accounts: Mapping[str, int] = field(default_factory=dict)
    countries: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """What an account, or a country, used in the period and in the one before; `None` where that is not known."""

    name: str
    now: int | None
    before: int | None
    so_far: int


@dataclass(frozen=True)
class Top:
    """A SIM that used much in this cycle."""

    label: str
    giccid: str
    account: str | None
    used: int


@dataclass(frozen=True)
class Report:
    """All that a report says. `alerts` counts those raised in the period by rule, `approvals` requests by state."""

    period: Period
    since: date
    until: date
    states: Mapping[str, int]
    accounts: Sequence[Line]
    countries: Sequence[Line]
    top: Sequence[Top]
    alerts: Mapping[str, int]
    open_alerts: int
    approvals: Mapping[str, int]
    pools: Sequence[tuple[str, str, str]] = ()
    money: AtRisk | None = None


def read_period(text: str) -> Period:
    """The period that was typed; a day where none was. Raises BadInput."""
    word = text.strip().lower() or "day"
    if word not in list(Period):
        raise BadInput(f"“{quotable(word)}” is no report: write `report day`, `report week` or `report cycle`.")
    return Period(word)


def days_of(period: Period, today: date) -> tuple[date, date]:
    """The day from whose end on the period counts, and that of the period before. Of a cycle both are days on which
    nothing was used yet, as its usage begins at nothing.
    """
    if period is Period.CYCLE:
        first = today.replace(day=1)
        return first - DAY, (first - DAY).replace(day=1) - DAY
    length = DAY if period is Period.DAY else 7 * DAY
    return today - length, today - 2 * length


def ahead(period: Period, now: datetime) -> datetime:
    """As far ahead as the period is long; of a cycle to its end."""
    if period is Period.CYCLE:
        month = now.date().replace(day=1)
        following = (month + 32 * DAY).replace(day=1)
        return datetime.combine(following, time(0), UTC)
    return now + (DAY if period is Period.DAY else 7 * DAY)


def lines_of(now: Mapping[str, int], then: Mapping[str, int] | None, before: Mapping[str, int] | None) -> list[Line]:
    """What each used since `then`, and between `before` and then, those that used most first."""
    made = [
        Line(
            name,
            _used(used, None if then is None else then.get(name, 0)),
            None if then is None or before is None else _used(then.get(name, 0), before.get(name, 0)),
            used,
        )
        for name, used in now.items()
    ]
    return sorted(made, key=lambda line: (-(line.so_far if line.now is None else line.now), line.name))


def due(plan: Plan, now: datetime) -> datetime | None:
    """The last time this report was due, unless that is too long ago; by the clock on the wall of its zone."""
    here = now.astimezone(ZoneInfo(plan.zone))
    for back in range(2):
        day = here.date() - back * DAY
        moment = datetime.combine(day, plan.at, ZoneInfo(plan.zone))
        if moment <= now and now - moment < LATE and _is_its_day(plan.period, day):
            return moment
    return None


def _is_its_day(period: Period, day: date) -> bool:
    return period is Period.DAY or (day.weekday() == 0 if period is Period.WEEK else day.day == 1)


def _used(now: int, then: int | None) -> int | None:
    """What was used between two counts of a cycle; a count that is lower belongs to the next cycle."""
    return None if then is None else now - then if now >= then else now
