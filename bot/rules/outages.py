"""When SmartHub counts as away, and when as back: one that comes and goes is one outage, told once each way. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

CALM = timedelta(minutes=5)  # how long it has to answer before that is worth a message


@dataclass(frozen=True)
class Outage:
    """SmartHub went away. `since` is not known after a restart; `back_at` is since when it has answered again."""

    since: datetime | None
    back_at: datetime | None = None
    times: int = 1


def gone(outage: Outage | None, now: datetime) -> Outage:
    """After SmartHub went away: a new outage, or the one that is not over yet once more."""
    if outage is None:
        return Outage(since=now)
    return outage if outage.back_at is None else replace(outage, back_at=None, times=outage.times + 1)


def back(outage: Outage, now: datetime) -> Outage:
    """After SmartHub answered."""
    return replace(outage, back_at=now) if outage.back_at is None else outage


def is_over(outage: Outage, now: datetime) -> bool:
    """Whether SmartHub has answered for long enough."""
    # A clock that was put back must not make anybody wait for the good news.
    return outage.back_at is not None and not outage.back_at <= now < outage.back_at + CALM
