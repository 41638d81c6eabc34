"""The pieces in which the change log is read."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from bot.rules.silence import SLICE, slices
from tests.asked import NOW


@pytest.mark.parametrize("minutes", [0, 1, 59, 60, 61, 600, 601.5])
def test_the_pieces_are_the_whole(minutes: float):
    """One behind the other, none longer than an hour, from the beginning to the very end."""
    until = NOW + timedelta(minutes=minutes)

    pieces = list(slices(NOW, until))

    assert (pieces[0][0], pieces[-1][1]) == (NOW, until)
    assert all(end - start <= SLICE for start, end in pieces)
    assert all(before[1] == after[0] for before, after in pairwise(pieces))
    assert len(pieces) == max(1, -(-minutes // 60))


def test_the_clock_was_set_back():
    """Where the end is before the beginning there is one empty piece, which ends there."""
    until = NOW - timedelta(hours=5)

    assert list(slices(NOW, until)) == [(until, until)]
