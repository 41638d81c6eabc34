"""What a look says of the alerts of a pool or an account as a whole: what is left out is not over. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.rules.alerts import Finding, Kind


@dataclass(frozen=True)
class Whole:
    """The figures of a pool or an account, `None` where not known: sizes in bytes, times aware UTC."""

    cycle: str | None
    used: int | None
    whole: int | None
    expires_at: datetime | None = None


def can_tell_of_all(seen: Whole | None, found: Finding) -> bool:
    """Whether these figures, by which this is not found any more, say that it is over. They do where the pool or the
    account is not there any more; a forecast that wavers, and what is left out, do not.
    """
    if seen is None:
        return True
    in_another_cycle = seen.cycle is not None and seen.cycle != found.cycle
    match found.kind:
        case Kind.EXPIRY:
            return seen.expires_at is not None
        case Kind.RUN_OUT:
            has_grown = seen.whole is not None and found.whole is not None and seen.whole > found.whole
            return in_another_cycle or has_grown
        case Kind.QUOTA:
            return seen.used is not None and (seen.whole is not None or in_another_cycle)
    return seen.used is not None
