"""Planned work: what is kept and not shown until a time, as it is typed. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import BadInput
from bot.rules.durations import say_duration
from bot.rules.events import Severity
from bot.rules.routes import About, Wanted, read_typed

LONGEST = timedelta(days=14)
USAGE = "`mute account:acme 2h because firmware update`"
BECAUSE = re.compile(r"(?<!\S)because\b\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Mute:
    """What is held until when, and by whom. `channel` is where it was typed, and where its end is told."""

    id: int
    wanted: Wanted
    by: str
    channel: str
    at: datetime
    until: datetime
    why: str | None = None
    ended: bool = False


@dataclass(frozen=True)
class Asked:
    """What was typed: what to hold, the words for how long, and why."""

    wanted: Wanted
    lasting: str
    why: str | None


def read_mute(text: str) -> Asked:
    """What stands behind `mute`; the last word says how long. Raises BadInput."""
    said, *why = BECAUSE.split(text, maxsplit=1)
    what, _, lasting = said.strip().rpartition(" ")
    if not what:
        raise BadInput(f"Write what to hold and for how long: {USAGE}.")
    typed = read_typed(what, zone="UTC")
    wanted = typed.wanted
    if not wanted.places and not wanted.events:
        raise BadInput(f"That would hold everything of everybody; name an account, a plan or a notification: {USAGE}.")
    if wanted.severity is not Severity.LOW or typed.quiet is not None or typed.digest is not None:
        raise BadInput("Planned work holds whatever it causes: no severity, quiet hours or digest can be named here.")
    return Asked(wanted, lasting, why[0].strip()[:500] if why and why[0].strip() else None)


def check_length(length: timedelta) -> None:
    """Nothing, for a time that planned work may take; raises BadInput for a longer one."""
    if length > LONGEST:
        raise BadInput(f"Planned work can be muted for {say_duration(LONGEST)} at most; it can be muted again.")


def held_by(mutes: Sequence[Mute], about: About, *, now: datetime) -> int | None:
    """The number of the planned work that holds this one."""
    return next((mute.id for mute in mutes if now < mute.until and mute.wanted.fits(about)), None)
