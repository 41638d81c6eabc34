"""Runs of the scheduled jobs: what is said of them, and when one that fails is a trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.rules.runs import Run, Standing, Times, cut_off, failed, standings, troubles

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
MINUTES = {minutes: NOW - timedelta(minutes=minutes) for minutes in (-60, 0, 4, 5, 90)}


def test_what_is_said_of_a_run():
    """Each says in words what came of it, and whether that is a failure."""
    came = failed("SmartHub is down.")
    assert (came.said, came.failed, came.cut_off) == ("failed: SmartHub is down.", True, False)
    assert cut_off(timedelta(minutes=90), ended=True).said == "failed: cut off after 1 h 30 min without progress"
    assert "it does not end" in cut_off(timedelta(minutes=10), ended=False).said


@pytest.mark.parametrize(
    ("failures", "minutes", "is_one"),
    [(0, 90, False), (1, 90, False), (2, 90, False), (3, 0, False), (3, 4, False), (3, 5, True), (3, -60, True)],
)
def test_a_job_that_keeps_failing(failures: int, minutes: int, is_one: bool):
    """Three runs in a row over five minutes are a trouble; a clock that was set back since makes it none the less."""
    run = Run(NOW, "failed: secret", failures, since=MINUTES[minutes])
    said = troubles({"alerts": run}, now=NOW)

    since = f"{MINUTES[minutes]:%Y-%m-%d %H:%M} UTC"
    assert said == ([f"The job “alerts” has failed 3 times in a row, since {since}."] if is_one else [])


def test_a_job_that_was_cut_off():
    """One that hung is a trouble at once, until it has worked again."""
    runs = {"alerts": Run(NOW, "failed: cut off", 1, 1, NOW), "texts": Run(NOW, "done")}

    assert troubles(runs, now=NOW) == ["The job “alerts” made no progress and was cut off, since 2026-11-22 09:30 UTC."]


@pytest.mark.parametrize(
    ("run", "times", "expected"),
    [
        (None, Times(), Standing()),
        (None, Times(None, LATER), Standing(None, None, LATER)),
        (Run(NOW, "done"), Times(None, LATER), Standing(NOW, "done", LATER)),
        (Run(NOW, "done"), Times(LATER, None), Standing(LATER, "done", None)),
        (None, Times(None, LATER, NOW), Standing(None, None, LATER, NOW)),
    ],
)
def test_how_a_job_stands(run: Run | None, times: Times, expected: Standing):
    """The newer of both counts as its last run; a job that there is no more is left out."""
    runs = {"gone": Run(NOW, "done"), **({} if run is None else {"alerts": run})}

    assert standings(runs, {"alerts": times}) == {"alerts": expected}
