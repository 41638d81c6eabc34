"""Where a request comes from, whom a proxy may speak for, and how often is too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules import door
from bot.rules.door import Rates, may_come_from, networks, read_address, source

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
PROXIES = networks(["10.0.0.0/8", "fd00::/8"])


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7:4711 ", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", None),
        ("", None),
        (None, None),
        ("203.0.113.7.8", None),
    ],
)
def test_addresses_as_they_come(text: str | None, address: str | None) -> None:
    """An address is read with or without a port; what is none is nothing."""
    found = read_address(text)

    assert (None if found is None else str(found)) == address


@pytest.mark.parametrize(
    ("peer", "forwarded", "at"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # nobody we believe
        ("10.1.1.1", "198.51.100.1", "198.51.100.1"),
        ("10.1.1.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the first was written by whoever came
        ("10.1.1.1", "6.6.6.6, 198.51.100.1, 10.2.2.2", "198.51.100.1"),
        ("10.1.1.1", "", "10.1.1.1"),
        ("10.1.1.1", "nonsense", "None"),
        ("10.1.1.1", "6.6.6.6, nonsense", "None"),
        (None, "198.51.100.1", "None"),
    ],
)
def test_whom_a_proxy_speaks_for(peer: str | None, forwarded: str, at: str) -> None:
    """What a proxy of ours says is believed, as far as our own proxies have written it."""
    assert str(source(peer, forwarded, PROXIES)) == at


def test_who_is_let_in() -> None:
    """From the ranges that are written, and from anywhere where none is; from nowhere is never in a range."""
    allowed = networks(["203.0.113.0/24"])

    assert may_come_from(read_address("203.0.113.9"), allowed)
    assert not may_come_from(read_address("203.0.114.9"), allowed)
    assert not may_come_from(None, allowed)
    assert may_come_from(None, ())


def test_so_many_a_second() -> None:
    """Each source has its own count, and a new one each second, also when the clock goes back."""
    rates = Rates(2)

    assert [rates.takes("a", now=NOW) for _ in range(3)] == [True, True, False]
    assert rates.takes("b", now=NOW)
    assert rates.takes("a", now=NOW + timedelta(seconds=1))
    assert [rates.takes("a", now=NOW - timedelta(hours=1)) for _ in range(3)] == [True, True, False]


def test_what_is_remembered_stays_small() -> None:
    """However many sources come, no more than so many are remembered."""
    rates = Rates(1)
    for n in range(2 * door.SOURCES_AT_MOST + 1):
        rates.takes(str(n), now=NOW)

    assert len(rates._known) <= door.SOURCES_AT_MOST


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_is_read(peer: str, forwarded: str) -> None:
    """Whatever stands in them, an address comes out or nothing."""
    found = source(peer, forwarded, PROXIES)

    assert found is None or read_address(str(found)) == found
