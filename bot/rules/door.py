"""Who may send us notifications, and how many: networks, proxies and rates. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
HOPS_AT_MOST = 20
WINDOW = timedelta(seconds=1)
SOURCES_AT_MOST = 10_000  # that are counted; a flood from more addresses than that is counted anew


def networks(written: Sequence[str]) -> tuple[Network, ...]:
    """The ranges of the configuration, which has judged them."""
    return tuple(ipaddress.ip_network(text) for text in written)


@lru_cache(1000)
def read_address(text: str | None) -> Address | None:
    """The address in a text, without a port, brackets and zone; `None` for anything else.

    An IPv4 address in IPv6's clothes is the IPv4 address.
    """
    bare = (text or "").strip().partition("%")[0]
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


def source(peer: str | None, forwarded: str, proxies: Sequence[Network]) -> Address | None:
    """Where a request comes from: from whoever is connected, or, where that is a proxy of ours, from whom it names.

    A list of names is read from its end, as far as the ones who wrote it are ours: what stands in front of that anybody
    may have written.
    """
    at = read_address(peer)
    for hop in reversed(forwarded.split(",")[-HOPS_AT_MOST:] if forwarded else []):
        if at is None or not _is_in(at, proxies):
            break
        at = read_address(hop)
    return at


def may_come_from(at: Address | None, allowed: Sequence[Network]) -> bool:
    """Whether a request from there is let in; from anywhere, where nothing is written."""
    return not allowed or (at is not None and _is_in(at, allowed))


@dataclass
class Rate:
    """How many came from one source in the second that began at `since`."""

    since: datetime
    count: int = 0


class Rates:
    """How many requests each source has sent. What it remembers stays small, however many sources there are."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[Address | None, Rate] = {}

    def takes(self, at: Address | None, *, now: datetime) -> bool:
        """Whether one more request of this source is within so many a second; it is counted."""
        rate = self._known.get(at)
        if rate is None or not timedelta(0) <= now - rate.since < WINDOW:
            if len(self._known) >= SOURCES_AT_MOST:
                self._known.clear()
            rate = self._known[at] = Rate(now)
        rate.count += 1
        return rate.count <= self._most


def _is_in(at: Address, ranges: Sequence[Network]) -> bool:
    return any(at in one for one in ranges)
