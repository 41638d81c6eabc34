"""A time to come is read as people write it, in their own zone, and what is none is refused in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.errors import BadInput
from bot.rules.moments import read_until

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # a Thursday in Berlin already


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("3d", NOW + timedelta(days=3)),
        ("for 2h30m", NOW + timedelta(hours=2, minutes=30)),
        ("thursday", datetime(2026, 11, 26, 23, 0, tzinfo=UTC)),
        ("today", datetime(2026, 11, 26, 23, 0, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 11, 27, 23, 0, tzinfo=UTC)),
        ("until Fri", datetime(2026, 11, 27, 23, 0, tzinfo=UTC)),
        ("till wednesday", datetime(2026, 12, 2, 23, 0, tzinfo=UTC)),
        ("2026-11-26", datetime(2026, 11, 26, 23, 0, tzinfo=UTC)),
        ("2027-03-27", datetime(2027, 3, 27, 23, 0, tzinfo=UTC)),
        ("2027-03-28", datetime(2027, 3, 28, 22, 0, tzinfo=UTC)),
    ],
)
def test_what_is_written(written: str, end: datetime) -> None:
    """A length of time counts from now, a day ends at midnight where its writer is, also when the clocks change."""
    assert read_until(written, now=NOW, zone=BERLIN) == end


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-11-25", "is over already"),
        ("2026-02-30", "There is no day 2026-02-30"),
        ("9999-12-31", "too far away"),
        ("fr", "is no time to come"),
        ("soon", "is no time to come"),
        ("", "is no time to come"),
        ("<!channel>", "is no time to come"),
        ("０３ｄ", "is no time to come"),
    ],
)
def test_what_is_no_time(written: str, said: str) -> None:
    """What is no time, or over, is refused with what to write instead."""
    with pytest.raises(BadInput, match=said) as refused:
        read_until(written, now=NOW, zone=BERLIN)

    assert "<!" not in str(refused.value)
