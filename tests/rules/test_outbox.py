"""What goes to Slack goes when its channel is free, and rests as long as Slack asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.outbox import Card, Plan, Waiting, plan, rest

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def head(id: int, channel: str) -> Waiting:
    """The oldest message of a channel."""
    return Waiting(id=id, channel=channel, what=Card(f"approval:{id}", channel), made_at=NOW, tries=0)


def test_nothing_waits():
    """With nothing to send there is no time to wake up at."""
    assert plan([], rests={"C1": NOW + SECOND}, everything=NOW + SECOND, now=NOW) == Plan(now=(), next_at=None)


def test_free_channels_go_side_by_side():
    """All channels that are free send now, also one whose rest ends in this moment."""
    heads = [head(1, "C1"), head(2, "C2"), head(3, "C3")]
    rests = {"C2": NOW, "C3": NOW - SECOND, "C9": NOW + SECOND}

    assert plan(heads, rests=rests, everything=NOW - SECOND, now=NOW) == Plan(now=tuple(heads), next_at=None)


def test_a_resting_channel_holds_up_no_other():
    """Only the resting channel waits, and the next time to look is when the first one is free."""
    heads = [head(1, "C1"), head(2, "C2"), head(3, "C3")]
    rests = {"C1": NOW + 5 * SECOND, "C3": NOW + 2 * SECOND}

    assert plan(heads, rests=rests, everything=None, now=NOW) == Plan(now=(heads[1],), next_at=NOW + 2 * SECOND)


def test_when_slack_asks_for_rest_everything_waits():
    """A rest for everything holds every channel; one that rests longer by itself rests longer."""
    heads = [head(1, "C1"), head(2, "C2")]
    everything = NOW + 30 * SECOND

    assert plan(heads, rests={}, everything=everything, now=NOW) == Plan(now=(), next_at=everything)
    only_later = plan(heads[:1], rests={"C1": NOW + 40 * SECOND}, everything=everything, now=NOW)
    assert only_later == Plan(now=(), next_at=NOW + 40 * SECOND)


SECONDS = st.integers(-5, 5).map(lambda s: NOW + s * SECOND)


@settings(deadline=None)
@given(
    channels=st.lists(st.sampled_from("ABCDE"), unique=True),
    rests=st.dictionaries(st.sampled_from("ABCDE"), SECONDS),
    everything=st.one_of(st.none(), SECONDS),
)
def test_looking_again_when_told_always_gets_on(
    channels: list[str], rests: dict[str, datetime], everything: datetime | None
):
    """Each message is sent now or there is a later time to look; at that time at least one more can go."""
    heads = [head(n, channel) for n, channel in enumerate(channels)]
    first = plan(heads, rests=rests, everything=everything, now=NOW)

    assert (first.next_at is None) is (len(first.now) == len(heads))
    if first.next_at is not None:
        assert first.next_at > NOW
        then = plan(heads, rests=rests, everything=everything, now=first.next_at)
        assert len(then.now) > len(first.now)


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 60), (7, 60), (10_000_000, 60)]
)
def test_rests_grow_to_a_minute(tries: int, seconds: int):
    """Without a word of Slack's the rests double from one second up to a minute, and never beyond."""
    assert rest(tries, retry_after=None) == seconds * SECOND


@pytest.mark.parametrize(("asked", "seconds"), [(0, 1), (0.2, 1), (1, 1), (30, 30), (90, 90), (1e30, 3600)])
def test_what_slack_asks_for_is_kept(asked: float, seconds: int):
    """Slack's own wait counts, however often we tried: at least a second, and an hour at most."""
    assert rest(9, retry_after=asked) == seconds * SECOND
