"""Lengths of time as people write them, "8h" or "1h30m", and as we say them, "1 h 30 min". Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.errors import BadInput

LONGEST = timedelta(days=3650)

# From long to short: that is the order in which they may be written. "min" is what we say ourselves.
SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
SAID = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}

# [0-9] and not \d, which takes the digits of every script. Nine of them are more than any unit needs below ten years.
WRITTEN = re.compile("".join(rf"(?:(?P<{u}>[0-9]{{1,9}})\s*{u}{'(?:in)?' if u == 'm' else ''}\s*)?" for u in SECONDS))


def read_duration(word: str) -> timedelta:
    """The length of time in "90s", "30m", "8h", "1d", "2w" or "1h30m", from one second to ten years.

    Raises BadInput, saying what to write instead.
    """
    match = WRITTEN.fullmatch(word.strip().lower())
    counts = {unit: int(count) for unit, count in match.groupdict().items() if count is not None} if match else {}
    if not counts:
        raise BadInput(f"“{_short(word)}” is not a length of time: write one such as “30m”, “8h”, “1d” or “1h30m”.")
    seconds = sum(count * SECONDS[unit] for unit, count in counts.items())
    if seconds == 0:
        raise BadInput(f"“{_short(word)}” is no time at all: write one second or more, such as “30m”.")
    if seconds > LONGEST.total_seconds():
        raise BadInput(f"“{_short(word)}” is longer than ten years: write less, such as “2w”.")
    return timedelta(seconds=seconds)


def say_duration(length: timedelta) -> str:
    """The length in words for people: "45 s", "2 h 30 min", "3 d". At most two neighbouring units; the rest is cut.

    What is shorter than a second, or lies behind us, is "0 s". What is said can be read again by `read_duration`.
    """
    left = max(0, int(length.total_seconds()))
    said: list[str] = []
    for unit, size in SAID.items():
        count, left = divmod(left, size)
        if count:
            said.append(f"{count} {unit}")
        # Only neighbours stand together: "3 d 20 s" promises more than anybody wants to know.
        if said and (len(said) == 2 or not count):
            break
    return " ".join(said) or "0 s"


def _short(word: str) -> str:
    return word if len(word) <= 40 else word[:37] + "…"
