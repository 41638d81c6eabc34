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


WHYS = tuple(Why)  # only ever added to


def missing(sim: Sim) -> frozenset[Why]:
    """What is missing of a SIM; of a retired one nothing."""
    return frozenset() if sim.status is Status.RETIRED else frozenset(_missing(sim))


def counted(found: Iterable[Iterable[Why]]) -> Counter[Why]:
    """How many SIMs miss what."""
    return Counter(why for of_one in found for why in of_one)


def as_bits(found: Iterable[Why]) -> int:
    """What is missing as one number, for where a million SIMs have one."""
    return sum(1 << WHYS.index(why) for why in found)


def from_bits(bits: int) -> frozenset[Why]:
    """What was missing, from that number."""
    return frozenset(why for at, why in enumerate(WHYS) if bits >> at & 1)


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
