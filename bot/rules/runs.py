"""Runs of the scheduled jobs: what came of one, and when a job that fails is worth somebody's attention. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.rules.durations import say_duration

FAILED = "failed"
OFTEN = 3
LONG = timedelta(minutes=5)  # jobs that run every second fail three times before anybody could have read of it


@dataclass(frozen=True)
class Came:
    """What came of a run, in words. `cut_off`: it made no progress, and was ended for that."""

    said: str
    failed: bool = False
    cut_off: bool = False


class Run(NamedTuple):
    """The last run of a job that is worth noting: when it ended, in aware UTC, and what came of it, in words.

    `failed` and `cut_off` count the runs in a row that failed, and were cut off among them; the first was at `since`.
    """

    at: datetime
    said: str
    failed: int = 0
    cut_off: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Times:
    """When a job has last ended in this life of the bot, when the clock starts it next, and since when it runs where
    it does so now; aware UTC."""

    ended_at: datetime | None = None
    next_at: datetime | None = None
    running_since: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """How a job stands: when it ran last, what came of the last run worth noting, when it runs next, and since when it
    runs where it does so now."""

    at: datetime | None = None
    said: str | None = None
    next_at: datetime | None = None
    running_since: datetime | None = None


def standings(runs: Mapping[str, Run], times: Mapping[str, Times]) -> dict[str, Standing]:
    """How each job stands that there is; what is kept of others is left out."""
    made = {}
    for name, when in times.items():
        run = runs.get(name)
        at = when.ended_at or (None if run is None else run.at)
        made[name] = Standing(at, None if run is None else run.said, when.next_at, when.running_since)
    return made


def failed(said: str) -> Came:
    """A run that failed, and why."""
    return Came(f"{FAILED}: {said}", failed=True)


def cut_off(patience: timedelta, *, ended: bool) -> Came:
    """A run that made no progress for so long; one that has not `ended` does not heed that it is to."""
    still = "" if ended else "; it does not end, and is not begun anew before it has"
    return Came(f"{FAILED}: cut off after {say_duration(patience)} without progress{still}", failed=True, cut_off=True)


def troubles(runs: Mapping[str, Run], *, now: datetime) -> list[str]:
    """Of each job that was cut off or keeps failing a sentence that says so."""
    return [_trouble(name, run) for name, run in runs.items() if _is_trouble(run, now)]


def _is_trouble(run: Run, now: datetime) -> bool:
    """Whether it is more than a hiccup. A clock that was set back since makes no trouble smaller."""
    if run.cut_off:
        return True
    return run.failed >= OFTEN and run.since is not None and not run.since <= now < run.since + LONG


def _trouble(name: str, run: Run) -> str:
    """Without what came of it: this is read by whoever asks, and an error may name a SIM."""
    what = "made no progress and was cut off" if run.cut_off else f"has failed {run.failed:,} times in a row"
    since = "" if run.since is None else f", since {run.since:%Y-%m-%d %H:%M} UTC"
    return f"The job “{name}” {what}{since}."
