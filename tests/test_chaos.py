"""A few days of `./run chaos`, at every check."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.quarter import Quarter


async def test_a_week_in_which_everything_goes_wrong(tmp_path: Path):
    """Through failed, missed, doubled and killed looks, restarts and clocks that are set or change by themselves, what
    is told is what a plain calculation tells."""
    week = Quarter(tmp_path, seed=7, days=7, sims=12, killed=0.2)
    await week.run()

    assert week.expected.total() > 20
    assert week.told == week.expected, str(week)
    assert week.is_right, str(week)
    happened = ("looks", "looks that failed", "killed in their look", "killed after their look", "clocks set")
    assert [what for what in happened if not week.happened[what]] == []
