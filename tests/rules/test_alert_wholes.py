"""A pool or an account whose figures waver, or are left out for a look, is told of once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.rules.alert_wholes import Whole, can_tell_of_all
from bot.rules.alerts import About, Finding, Kind

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def raised(kind: Kind) -> Finding:
    """What was found of a pool."""
    return Finding("acme\neu", "eu", "acme", None, kind, 7, "2026-11", value=90, whole=100, about=About.POOL)


@pytest.mark.parametrize(
    ("kind", "seen", "over"),
    [
        *((kind, None, True) for kind in (Kind.QUOTA, Kind.BYTES, Kind.EXPIRY, Kind.RUN_OUT)),
        *((kind, Whole(None, None, None), False) for kind in (Kind.QUOTA, Kind.BYTES, Kind.EXPIRY, Kind.RUN_OUT)),
        (Kind.QUOTA, Whole("2026-11", 10, 100), True),
        (Kind.QUOTA, Whole("2026-11", 10, None), False),
        (Kind.QUOTA, Whole("2026-12", 10, None), True),
        (Kind.QUOTA, Whole(None, 10, None), False),
        (Kind.QUOTA, Whole("2026-12", None, 100), False),
        (Kind.BYTES, Whole("2026-11", 10, None), True),
        (Kind.EXPIRY, Whole("2026-11", 10, 100, NOW + timedelta(days=400)), True),
        (Kind.RUN_OUT, Whole("2026-11", 90, 100), False),
        (Kind.RUN_OUT, Whole("2026-11", 90, 101), True),
        (Kind.RUN_OUT, Whole("2026-12", 0, 100), True),
        (Kind.RUN_OUT, Whole("2026-11", 90, None), False),
    ],
)
def test_what_is_over(kind: Kind, seen: Whole | None, over: bool):
    """What is left out says nothing, a forecast ends with its cycle or a greater quota, and what is gone is over."""
    assert can_tell_of_all(seen, raised(kind)) == over
