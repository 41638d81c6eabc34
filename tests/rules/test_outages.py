"""One that comes and goes is one outage: when SmartHub counts as away, and when as back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.rules.outages import CALM, Outage, back, gone, is_over

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def test_gone_once_and_again():
    """The first time begins an outage; going away again while it lasts is the same one, counted."""
    first = gone(None, NOW)

    assert first == Outage(since=NOW)
    assert gone(first, LATER) == first
    assert gone(back(first, LATER), LATER) == Outage(since=NOW, times=2)


def test_over_only_after_a_while():
    """It is over when SmartHub has answered for the whole time, counted from its first answer."""
    again = back(back(Outage(since=NOW), LATER), LATER + CALM / 2)

    assert again.back_at == LATER
    assert not is_over(Outage(since=NOW), NOW + CALM * 9)
    assert not is_over(again, LATER + CALM - timedelta(seconds=1))
    assert is_over(again, LATER + CALM)


def test_a_clock_that_is_put_back():
    """Nobody waits longer for the good news because a clock was put back."""
    assert is_over(back(Outage(since=NOW), NOW), NOW - timedelta(hours=1))
