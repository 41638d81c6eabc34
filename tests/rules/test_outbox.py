"""What goes to Slack goes when its channel is free, and rests as long as Slack asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.outbox import EDIT, FOLDED, LATE, POST, WORKSPACE, Card, Note, Pace, Plan, Waiting, fold, plan, rest

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


def test_people_come_before_channels():
    """With room for less than what waits, what is for a person goes first, then what is oldest."""
    heads = [head(1, "C1"), head(2, "C2"), head(3, "U1")]
    pace = WORKSPACE[POST]
    full = {POST: NOW + (pace.burst - 2) * pace.every}

    first = plan(heads, rests={}, everything=None, now=NOW, full=full)

    assert [one.id for one in first.now] == [3, 1]
    assert first.next_at is not None
    assert NOW < first.next_at <= NOW + pace.every


def test_a_method_rests_alone():
    """While Slack wants no posts, cards that stand there are drawn anew, and the other way round."""
    heads = [head(1, "C1"), replace(head(2, "C2"), stands=True)]
    rests = {POST: NOW + 30 * SECOND}

    assert plan(heads, rests={}, everything=None, now=NOW, methods=rests) == Plan((heads[1],), NOW + 30 * SECOND)
    rests = {EDIT: NOW + 30 * SECOND}
    assert plan(heads, rests={}, everything=None, now=NOW, methods=rests) == Plan((heads[0],), NOW + 30 * SECOND)


@given(st.lists(st.floats(0, 5), max_size=60))
def test_a_pace_is_kept(waits: list[float]):
    """However they come, never more than the burst and one for each step of time go."""
    pace, full, now, went = Pace(SECOND, burst=3), None, NOW, 0
    for wait in waits:
        now += timedelta(seconds=wait)
        if pace.room(full, now) > 0:
            assert pace.free_at(full, now) == now
            full, went = pace.after(full, now), went + 1
        else:
            assert pace.free_at(full, now) > now
        assert went <= 3 + (now - NOW) / SECOND


def test_what_goes_together():
    """Behind a late note go the notes for the same place, up to the first that is another thing; behind a new one,
    none."""
    late = Waiting(1, "C1", Note("C1", "a"), NOW - LATE, 0)
    behind = [Waiting(n, "C1", Note("C1", "b"), NOW, 0) for n in (2, 3)]
    under = Waiting(4, "C1", Note("C1", "c", under="alert:1"), NOW, 0)
    button = Waiting(5, "C1", Note("C1", "d", ({"type": "actions"},)), NOW, 0)
    card = Waiting(6, "C1", Card("alert:1", "C1"), NOW, 0)
    of_another = replace(behind[0], meant_for="C2")

    title = Waiting(
        7, "C1", Note("C1", "e", ({"type": "header", "text": {"type": "plain_text", "text": "e"}},)), NOW, 0
    )
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "f" * 9_000}]}
    huge = Waiting(8, "C1", Note("C1", "f", ({"type": "rich_text", "elements": [section]},)), NOW, 0)
    wordy = Waiting(9, "C1", Note("C1", "g" * 301), NOW, 0)

    for stop in (under, button, card, of_another, title, huge, wordy):
        assert fold(late, [*behind, stop, behind[0]], now=NOW) == tuple(behind)
    assert fold(late, behind * 30, now=NOW) == tuple((behind * 30)[: FOLDED - 1])
    assert fold(replace(late, made_at=NOW), behind, now=NOW) == ()
    assert fold(replace(late, what=card.what), behind, now=NOW) == ()
