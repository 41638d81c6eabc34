"""Which SIMs of a fleet fit a filter, in the order of their numbers: found, not searched for. No I/O.

The made-up fleet repeats itself in status, account and plan, so its part of any page can be worked out; only the SIMs
that something happened to are looked at one by one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from bot.simulator.fleet import KINDS, Fleet

EXACT = ("iccid", "imsi", "msisdn", "imei")


class Made:
    """The SIMs that were made with this status, account and plan; none of them is listed."""

    def __init__(self, fleet: Fleet, filters: Mapping[str, str]) -> None:
        wanted = [(KINDS.index(key), word) for key, word in filters.items()]
        self._round = max(1, len(fleet.kinds))
        self._at = [n for n, kind in enumerate(fleet.kinds) if all(kind[at] == word for at, word in wanted)]
        self.total = self.before(fleet.count)

    def before(self, n: int) -> int:
        """How many of them have a smaller number than n."""
        rounds, rest = divmod(n, self._round)
        return rounds * len(self._at) + bisect_left(self._at, rest)

    def nth(self, place: int) -> int:
        """The number of the one at this place, counted from 0."""
        rounds, rest = divmod(place, len(self._at))
        return rounds * self._round + self._at[rest]


@dataclass(frozen=True)
class Fitting:
    """The SIMs that fit a filter: those made so, without some that are gone, and with some that have come."""

    made: Made
    gone: list[int]
    come: list[int]

    @property
    def total(self) -> int:
        """How many there are."""
        return self.made.total - len(self.gone) + len(self.come)

    def page(self, fleet: Fleet, *, first: int, size: int) -> list[int]:
        """Their numbers, from the `first` on, at most `size`."""
        return list(islice(_from(fleet, self.made, self.gone, self.come, first), size))


def fitting(
    fleet: Fleet,
    filters: Mapping[str, str],
    changed: Mapping[int, Collection[str]],
    fits: Callable[[int], bool],
) -> Fitting:
    """The SIMs that fit. `changed` are the SIMs something happened to, with the keys it happened to; `fits` looks at
    one of them as it is."""
    unchanged = Made(fleet, filters)
    touched = {n for n, keys in changed.items() if not filters.keys().isdisjoint(keys)}
    gone = sorted(n for n in touched if _is_in(unchanged, n) and not fits(n))
    come = sorted(n for n in touched if not _is_in(unchanged, n) and fits(n))
    return Fitting(unchanged, gone, come)


def called(
    fleet: Fleet, filters: Mapping[str, str], changed: Mapping[int, Collection[str]], fits: Callable[[int], bool]
) -> list[int] | None:
    """The numbers of the SIMs that fit a filter with a number in it; `None` for a filter without."""
    exact = next((key for key in EXACT if key in filters), None)
    if exact is None:
        return None
    made = fleet.number_by(exact, filters[exact])
    candidates = {made, *(n for n, keys in changed.items() if exact in keys)}
    return sorted(n for n in candidates if n is not None and fits(n))


def _is_in(made: Made, n: int) -> bool:
    return made.before(n + 1) > made.before(n)


def _from(fleet: Fleet, made: Made, gone: list[int], come: list[int], first: int) -> Iterator[int]:
    """Those made so, without those gone and with those come, from the `first` on."""

    def up_to(n: int) -> int:
        return made.before(n + 1) - bisect_left(gone, n + 1) + bisect_left(come, n + 1)

    begin = bisect_left(range(fleet.count), first + 1, key=up_to) if first else 0
    without = frozenset(gone)
    kept = (n for n in map(made.nth, range(made.before(begin), made.total)) if n not in without)
    return merge(kept, come[bisect_left(come, begin) :])
