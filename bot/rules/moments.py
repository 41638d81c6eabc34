"""A time to come as people write it: “3d”, “friday”, “2026-12-04”. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import BadInput
from bot.rules.durations import read_duration
from bot.rules.sims import quotable

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LEADING = re.compile(r"(?:for|until|till)\s+", re.IGNORECASE)
ISO = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_until(words: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The end (aware) of what was written: so long from now, or the end of that day in this zone.

    A weekday is the next one that comes, today included. Raises BadInput, saying what to write instead.
    """
    said = LEADING.sub("", words.strip(), count=1).lower()
    here = now.astimezone(zone).date()
    if said in ("today", "tomorrow"):
        return _end_of(here + timedelta(days=said == "tomorrow"), zone)
    if len(said) >= 3 and (day := next((n for n, name in enumerate(DAYS) if name.startswith(said)), None)) is not None:
        return _end_of(here + timedelta(days=(day - here.weekday()) % 7), zone)
    if ISO.fullmatch(said):
        return _end_of(_date(said, after=here), zone)
    try:
        return now + read_duration(said)
    except BadInput as problem:
        raise BadInput(
            f"“{quotable(said)}” is no time to come: write one such as “3d”, “friday” or “2026-12-04”."
        ) from problem


def _date(said: str, *, after: date) -> date:
    try:
        found = date.fromisoformat(said)
    except ValueError:
        raise BadInput(f"There is no day {said}: write one such as “2026-12-04”.") from None
    if found < after:
        raise BadInput(f"{said} is over already: write a day to come.")
    return found


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the day after."""
    try:
        return datetime.combine(day + timedelta(days=1), time(0), zone)
    except OverflowError:
        raise BadInput(f"{day} is too far away: write a day that comes sooner.") from None
