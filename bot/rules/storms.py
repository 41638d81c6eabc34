"""Many SIMs to which the same happens at once: what they have in common that the rest of the fleet has not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

Counts = Mapping[str, Mapping[str, int]]  # for each thing they may share, how many have which
NOTHING: Counts = MappingProxyType({})
NOT_KNOWN = "unknown"
SHARED = 0.8  # of the SIMs of a storm have to share it
STANDS_OUT = 1.5  # times as many as of the whole fleet
# What a storm may be about, the likeliest cause first: one country's network, one customer's doing, one plan's limit.
DIMENSIONS = ("country", "account", "plan", "model", "apn", "new")


@dataclass(frozen=True)
class Member:
    """A SIM in a storm. Times are aware UTC."""

    giccid: str
    label: str | None
    account: str | None
    plan: str | None
    country: str | None
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Cause:
    """What most SIMs of a storm share: `share` of the storm, and `usual` of the fleet where that is known, 0 to 1."""

    what: str
    value: str
    share: float
    usual: float | None


def likely_cause(storm: Counts, *, fleet: Counts = NOTHING) -> Cause | None:
    """What most stands out in the storm against the fleet; `None` where nothing does."""
    found = [cause for what in DIMENSIONS if (cause := _most(what, storm, fleet)) is not None]
    return max(found, key=_weight, default=None)


def top(counts: Mapping[str, int], *, most: int = 5) -> list[tuple[str, int]]:
    """The values with most SIMs, then the alphabet."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]


def tally(rows: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    """Counts by what and value."""
    found: dict[str, dict[str, int]] = {}
    for what, value, count in rows:
        of = found.setdefault(what, {})
        of[value] = of.get(value, 0) + count
    return found


def _most(what: str, storm: Counts, fleet: Counts) -> Cause | None:
    """The value that most of the storm's SIMs have, where it says anything; that it is not known says nothing."""
    here, everywhere = storm.get(what, {}), fleet.get(what, {})
    total, whole = sum(here.values()), sum(everywhere.values())
    known = {value: count for value, count in here.items() if value != NOT_KNOWN}
    if not known:
        return None
    value, count = top(known, most=1)[0]
    share = count / total
    usual = everywhere.get(value, 0) / whole if whole else None
    if share < SHARED or (usual is not None and share < STANDS_OUT * usual):
        return None
    return Cause(what, value, share, usual)


def _weight(cause: Cause) -> float:
    """How much it stands out; where the fleet is not known, only how many share it."""
    return cause.share if cause.usual is None else cause.share + (1 - cause.usual)
