"""A time of the week as people write it, "Mon-Fri 08:00-18:00 Europe/Berlin", and whether a moment lies in it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import BadInput

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_MINUTES = 24 * 60
WISH = "write hours such as “Mon-Fri 08:00-18:00 Europe/Berlin” or “outside Mon-Fri 08:00-18:00 Europe/Berlin”"
WRITTEN = re.compile(
    r"(?P<outside>outside\s+)?(?:(?P<days>[a-z]{3}(?:[-,][a-z]{3})*)\s+)?"
    r"(?P<start>[0-9]{2}:[0-9]{2})\s*-\s*(?P<end>[0-9]{2}:[0-9]{2})\s+(?P<zone>[A-Za-z0-9_+/-]{1,60})",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Hours:
    """The same hours on some days of each week, in one zone; `outside` means all the rest of the time.

    `start` and `end` are minutes of the day; an end that is not behind the start is on the next day, and those hours
    belong to the day they begin on. `days` counts from Monday, 0.
    """

    days: tuple[int, ...]
    start: int
    end: int
    zone: str
    outside: bool = False

    def holds(self, at: datetime) -> bool:
        """Whether the moment lies in it. What counts is the clock on the wall of the zone, in summer as in winter."""
        there = at.astimezone(ZoneInfo(self.zone))
        minute, day = there.hour * 60 + there.minute, there.weekday()
        if self.end > self.start:
            inside = day in self.days and self.start <= minute < self.end
        else:
            began_yesterday = (day - 1) % 7 in self.days and minute < self.end
            inside = began_yesterday or (day in self.days and minute >= self.start)
        return inside is not self.outside

    def __str__(self) -> str:
        days = "" if len(self.days) == 7 else ",".join(DAYS[day] for day in self.days) + " "
        return f"{'outside ' if self.outside else ''}{days}{_clock(self.start)}-{_clock(self.end)} {self.zone}"


def read_hours(text: str) -> Hours:
    """The hours in this text. Raises BadInput, saying what to write instead."""
    match = WRITTEN.fullmatch(text.strip())
    if match is None:
        raise BadInput(WISH)
    start, end = _minutes(match["start"]), _minutes(match["end"])
    if start in (end, DAY_MINUTES):
        raise BadInput(f"{WISH}; these hours begin where they end, the whole day is 00:00-24:00")
    return Hours(_days(match["days"]), start, end, _zone(match["zone"]), outside=match["outside"] is not None)


def _minutes(clock: str) -> int:
    hours, minutes = map(int, clock.split(":"))
    if minutes > 59 or hours * 60 + minutes > DAY_MINUTES:
        raise BadInput(f"{WISH}; {clock} is on no clock")
    return hours * 60 + minutes


def _days(written: str | None) -> tuple[int, ...]:
    """The days of "Mon-Fri", "Sat,Sun" or "Fri-Mon"; every day where none is written."""
    found: set[int] = set()
    for piece in (written or "Mon-Sun").title().split(","):
        first, *rest = piece.split("-")
        last = rest[0] if rest else first
        if first not in DAYS or last not in DAYS or len(rest) > 1:
            raise BadInput(f"{WISH}; the days are {', '.join(DAYS)}")
        begin, end = DAYS.index(first), DAYS.index(last)
        found.update((begin + n) % 7 for n in range((end - begin) % 7 + 1))
    return tuple(sorted(found))


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as "Europe"
        raise BadInput(f"{WISH}; there is no such time zone as the last word, one is written “Europe/Berlin”") from None
    return name


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
