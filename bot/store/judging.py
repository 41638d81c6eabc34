"""How a push is judged, by whoever knows the routes and the planned work: what sorting is told from above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.rules.events import Event, Severity
from bot.rules.outbox import Note
from bot.rules.routes import About, Target

SEPARATE_TIMES = 5


@dataclass(frozen=True)
class Verdict:
    """Where a push belongs: the planned work that holds it (its number), else the channels that get it."""

    targets: tuple[Target, ...] = ()
    mute: int | None = None


@dataclass(frozen=True)
class Limits:
    """When pushes share a card.

    `fold_for`: how long after the last one the same event of the same SIM counts on its card. So many SIMs within
    `storm_window` are a storm, which lasts until there was none for `storm_calm`. `separate` are the events of which
    two are never the same.
    """

    fold_for: timedelta
    storm_sims: int
    storm_window: timedelta
    storm_calm: timedelta
    separate: frozenset[str] = frozenset()

    def of_storm(self, event: str) -> int:
        """How many SIMs make a storm. What each says for itself is shown for itself for longer."""
        return self.storm_sims * (SEPARATE_TIMES if event in self.separate else 1)


@dataclass(frozen=True)
class Seams:
    """What the store is told: how a push is judged, how grave it is, and what is said of it under a request's card.

    `beside` judges one that stands in the conversation with its SIM, in this channel: who gets it as well.
    """

    grave: Callable[[Event], Severity]
    judge: Callable[[About], Verdict]
    beside: Callable[[About, Event, str | None], Verdict]
    told: Callable[[int, Event], Note]
