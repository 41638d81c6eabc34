"""SIMs that a look passes over in part, because what SmartHub says of them is nothing to judge by. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache

from bot.rules.forecasts import cycle_of
from bot.rules.sims import Sim, Status


class Why(StrEnum):
    """What cannot be judged: a quota that is not there or is nothing, a usage that is not known or below nothing, a
    cycle that is not a month, of which nothing is forecast.
    """

    QUOTA = "without a quota"
    USAGE = "without a usage that can be read"
    CYCLE = "with a cycle that is not a month"


def unjudged(sims: Iterable[Sim]) -> Counter[Why]:
    """How many of these SIMs cannot be judged, by what is missing; a retired SIM misses nothing."""
    return Counter(why for sim in sims if sim.status is not Status.RETIRED for why in _missing(sim))


def in_words(counts: Mapping[Why, int]) -> str:
    """The same for people; nothing where all can be judged."""
    return ", ".join(f"{counts[why]:,} {why}" for why in Why if counts.get(why))


def _missing(sim: Sim) -> Iterable[Why]:
    if sim.quota_bytes is None or sim.quota_bytes <= 0:
        yield Why.QUOTA
    if sim.usage_bytes is None or sim.usage_bytes < 0:
        yield Why.USAGE
    if sim.cycle is not None and not _is_month(sim.cycle):
        yield Why.CYCLE


@lru_cache(100)
def _is_month(cycle: str) -> bool:
    return cycle_of(cycle) is not None
