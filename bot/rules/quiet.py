"""When a notification may wait: quiet hours, and digests for what is of low severity. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import BadInput
from bot.rules.events import Severity
from bot.rules.hours import Hours, read_hours
from bot.rules.sims import quotable

WRITTEN = re.compile(r"(daily|weekly)(?:[ @]+([0-9]{2}):([0-9]{2}))?(?:\s+(\S+))?", re.IGNORECASE)
USUAL = "08:00"
MONDAY = 0


@dataclass(frozen=True)
class Digest:
    """Once a day, or once a week on Mondays, at that minute of the day in that zone."""

    weekly: bool
    minute: int
    zone: str

    @staticmethod
    def read(text: str, *, zone: str = "UTC") -> Digest:
        """The digest in “daily”, “weekly 07:30” or “daily 08:00 Europe/Berlin”. Raises BadInput."""
        match = WRITTEN.fullmatch(text.strip())
        if match is None or int(match[2] or 0) > 23 or int(match[3] or 0) > 59:
            raise BadInput(f"“{quotable(text)}” is no digest: write `daily`, `weekly` or `daily@07:30`.")
        hour, minute = (match[2], match[3]) if match[2] else USUAL.split(":")
        return Digest(match[1].lower() == "weekly", int(hour) * 60 + int(minute), _zone(match[4] or zone))

    def __str__(self) -> str:
        return f"{'weekly' if self.weekly else 'daily'} {self.minute // 60:02d}:{self.minute % 60:02d} {self.zone}"

    def next_after(self, at: datetime) -> datetime:
        """The first time of a digest behind this moment."""
        there = at.astimezone(ZoneInfo(self.zone))
        first = there.replace(hour=self.minute // 60, minute=self.minute % 60, second=0, microsecond=0)
        days = 0 if first > there else 1
        if self.weekly:
            days += (MONDAY - (first + timedelta(days=days)).weekday()) % 7
        return first + timedelta(days=days)


def now_or_later(quiet: Hours | None, digest: Digest | None, severity: Severity, *, now: datetime) -> str:
    """Empty where it is to be told now; else what it waits for, which `is_over` reads. What is high never waits."""
    if severity is Severity.HIGH:
        return ""
    if digest is not None and severity is Severity.LOW:
        return f"digest {digest}"
    return f"quiet {quiet}" if quiet is not None and quiet.holds(now) else ""


def urgency(hold: str) -> int:
    """How soon it is told, of two holds of one notification: the smaller is sooner."""
    waits = ("", "quiet", "digest daily", "digest weekly")
    return max(rank for rank, word in enumerate(waits) if hold.startswith(word))


def is_over(hold: str, *, since: datetime, now: datetime) -> bool:
    """Whether what has waited since then waits no longer. A hold that cannot be read is over."""
    kind, _, text = hold.partition(" ")
    try:
        if kind == "quiet":
            return not read_hours(text).holds(now)
        return kind != "digest" or now >= Digest.read(text).next_after(since)
    except BadInput:
        return True


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"There is no time zone “{quotable(name)}”; one is written “Europe/Berlin”.") from None
    return name
