"""Lengths of time: what is read, what is refused, what is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.durations import LONGEST, read_duration, say_duration

READ = {
    "1s": timedelta(seconds=1),
    "90s": timedelta(seconds=90),
    "30m": timedelta(minutes=30),
    "8h": timedelta(hours=8),
    "1d": timedelta(days=1),
    "2w": timedelta(weeks=2),
    "1h30m": timedelta(hours=1, minutes=30),
    "1w2d3h4m5s": timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5),
    " 8H ": timedelta(hours=8),
    "2 h 30 min": timedelta(hours=2, minutes=30),
    "0h5m": timedelta(minutes=5),
    "3650d": LONGEST,
}
REFUSED = [
    *(
        "",
        " ",
        "8",
        "h",
        "8 hourz",
        "8hours",
        "-8h",
        "+8h",
        "1.5h",
        "1,5h",
        "1e3s",
        "30m1h",
        "1h1h",
        "٣h",
        "8h\x00",
        "½h",
    ),
    *("0s", "0h0m", "00d"),
    *("3651d", "522w", "87601h", "999999999w", "9999999999w", "9" * 5000 + "d", "3650d1s"),
]
SAID = {
    timedelta(0): "0 s",
    timedelta(milliseconds=999): "0 s",
    timedelta(seconds=-5): "0 s",
    timedelta(seconds=45): "45 s",
    timedelta(seconds=90): "1 min 30 s",
    timedelta(hours=8): "8 h",
    timedelta(hours=2, minutes=30, seconds=9): "2 h 30 min",
    timedelta(hours=23, minutes=59, seconds=59): "23 h 59 min",
    timedelta(days=1): "1 d",
    timedelta(days=3, seconds=20): "3 d",
    timedelta(weeks=2, hours=1): "14 d 1 h",
}


@pytest.mark.parametrize(("word", "length"), READ.items())
def test_what_is_read(word: str, length: timedelta) -> None:
    """Each way of writing a length of time gives that length."""
    assert read_duration(word) == length


@pytest.mark.parametrize("word", REFUSED, ids=lambda word: word[:12])
def test_what_is_refused(word: str) -> None:
    """What is not a length of time from a second to ten years is refused in a short sentence that shows one."""
    with pytest.raises(BadInput, match="write") as caught:
        read_duration(word)
    assert len(str(caught.value)) < 160


@pytest.mark.parametrize(("length", "words"), SAID.items())
def test_what_is_said(length: timedelta, words: str) -> None:
    """A length of time is said in its two largest neighbouring units."""
    assert say_duration(length) == words


@given(st.text(alphabet="0123456789wdhmsin -+.٣", max_size=12) | st.text())
def test_any_word_is_read_or_refused(word: str) -> None:
    """Whatever is typed becomes a length within the limits or a BadInput, never another error."""
    try:
        length = read_duration(word)
    except BadInput:
        return
    assert timedelta(seconds=1) <= length <= LONGEST


@given(st.integers(1, int(LONGEST.total_seconds())))
def test_what_is_said_can_be_typed(seconds: int) -> None:
    """What we say can be typed back, and is off by less than an hour, or a minute below a day."""
    length = timedelta(seconds=seconds)
    again = read_duration(say_duration(length))

    assert again <= length
    assert length - again < max(
        timedelta(hours=1) if length >= timedelta(days=1) else timedelta(minutes=1), length / 24
    )
    assert say_duration(again) == say_duration(length)
