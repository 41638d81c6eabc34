"""What somebody wants to see of the audit log: about a SIM, a request, a person, a time. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.errors import BadInput
from bot.rules.audit import SYSTEM
from bot.rules.durations import read_duration
from bot.rules.sims import quotable, read_iccid, spellings

PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>|@?([UW][A-Z0-9]{1,30})")
LIKE_PERSON = re.compile("[UW][A-Z0-9]{6,30}")  # a shorter word may as well be something else
REQUEST = re.compile("#?([0-9]{1,18})")
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Wanted:
    """The lines that are asked for; what is empty or `None` does not matter.

    `giccids` are the spellings of one SIM. `since` is the first moment that counts, `until` the first that does not.
    """

    giccids: tuple[str, ...] = ()
    subject: str | None = None
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


ALL = Wanted()


def about_sim(giccid: str) -> Wanted:
    """The lines that name this SIM in one of its spellings, and those about requests that do."""
    return Wanted(giccids=tuple(spellings(giccid)) if re.fullmatch("[0-9]{18,22}", giccid) else (giccid,))


def about_request(number: int) -> Wanted:
    """The lines about this request."""
    return Wanted(subject=f"approval:{number}")


def about_person(user: str) -> Wanted:
    """What this person did, by Slack user id."""
    return Wanted(actor=user)


def read_person(word: str) -> str:
    """The Slack user id in `<@U…>` or `U…`, or `simops` for the bot itself. Raises BadInput."""
    match = PERSON.fullmatch(word.strip())
    if match is not None:
        return str(match[1] or match[2])
    if word.strip().lower() == SYSTEM:
        return SYSTEM
    raise BadInput(f"“{quotable(word)}” is nobody's Slack user id: write one such as U0123456789, or simops.")


def read_request(word: str) -> int:
    """The number in `#12` or `12`. Raises BadInput."""
    match = REQUEST.fullmatch(word.strip())
    if match is None:
        raise BadInput(f"“{quotable(word)}” is not the number of a request: write one such as #12.")
    return int(match[1])


def read_sim(word: str) -> Wanted:
    """The lines about the SIM with this number; a word that is no ICCID is taken for SmartHub's number as it is."""
    try:
        return about_sim(read_iccid(word))
    except BadInput:
        return about_sim(word.strip())


def read_target(text: str) -> Wanted:
    """What somebody means by an ICCID, `#12`, `@somebody` or nothing. Raises BadInput, saying what to type."""
    word = text.strip()
    if not word:
        return ALL
    if word.startswith("#"):
        return about_request(read_request(word))
    if word.startswith(("<@", "@")) or word.lower() == SYSTEM or LIKE_PERSON.fullmatch(word):
        return about_person(read_person(word))
    return about_sim(read_iccid(word))


def read_moment(word: str, *, now: datetime, end: bool = False) -> datetime:
    """The moment in "7d" (so long ago), "2026-11-22" or "2026-11-22T09:30"; UTC, unless it names another zone.

    A day means its beginning; as an `end` it is the beginning of the next, so that the day is in. Raises BadInput.
    """
    word = word.strip()
    try:
        if DAY.fullmatch(word):
            return datetime.fromisoformat(word).replace(tzinfo=UTC) + timedelta(days=end)
        if word[:1].isdigit() and "-" in word:
            at = datetime.fromisoformat(word)
            return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
        return now - read_duration(word)
    except (ValueError, OverflowError, BadInput):
        raise BadInput(
            f"“{quotable(word)}” is no time: write a day (2026-11-22), a time in UTC (2026-11-22T09:30), or how long "
            "ago (7d)."
        ) from None
