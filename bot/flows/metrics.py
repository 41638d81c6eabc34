"""The figures `/metrics` shows, read from the store when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.clock import Clock
from bot.rules.approvals import State
from bot.rules.runs import Run
from bot.rules.unjudged import Why
from bot.store import Store


class Figures(Collector):
    """What waits, and for how long."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges as they are now."""
        oldest = self._store.outbox.oldest()
        age = self._age(oldest)
        yield _gauge("simops_outbox_waiting", "Messages that have not reached Slack", self._store.outbox.depth())
        yield _gauge("simops_outbox_oldest_seconds", "Age of the oldest message that has not reached Slack", age)
        unsorted, held = self._store.sorting.oldest(), self._store.copies.oldest_held()
        waits = min((at for at in (oldest, unsorted) if at is not None), default=None)
        yield _gauge("simops_pushes_unsorted", "Notifications that are on no card yet", self._store.sorting.waiting())
        yield _gauge(
            "simops_pushes_unsent_oldest_seconds",
            "Age of the oldest notification or message that has not reached Slack, but for those held on purpose",
            self._age(waits),
        )
        yield _gauge(
            "simops_pushes_held_oldest_seconds",
            "Age of the oldest notification that quiet hours or a digest hold",
            self._age(held),
        )
        yield _failing(self._store.runs.last())
        yield _gauge("simops_outbox_set_aside", "Messages Slack takes in no form", self._store.outbox.set_aside())
        yield _gauge(
            "simops_requests_waiting", "Requests that wait for a decision", self._store.approvals.count(State.PENDING)
        )
        yield _gauge(
            "simops_requests_unsure", "Changes nobody knows the outcome of", self._store.approvals.count(State.UNSURE)
        )

        yield self._looked_over()

    def _looked_over(self) -> GaugeMetricFamily:
        """What the last whole look could not read, or not judge in full."""
        last = self._store.scans.last()
        words = "SIMs that the last whole look could not read, or not judge in full, by why"
        family = GaugeMetricFamily("simops_scan_sims_unjudged", words, labels=["why"])
        family.add_metric(["unreadable"], 0 if last is None else last.skipped)
        for why in Why:
            family.add_metric([why.name.lower()], 0 if last is None else last.unjudged.get(why, 0))
        return family

    def _age(self, at: datetime | None) -> float:
        return 0.0 if at is None else (self._clock.now() - at).total_seconds()


def turned_away(registry: CollectorRegistry) -> Counter:
    """The count of requests that the door for notifications has turned away, by reason."""
    return Counter("simops_pushes_refused", "Requests turned away at the door for notifications", ["why"],
                   registry=registry)  # fmt: skip


def jobs_cut_off(registry: CollectorRegistry) -> Counter:
    """The count of runs that made no progress and were cut off, by job."""
    return Counter("simops_jobs_cut_off", "Runs of scheduled jobs that hung and were cut off", ["job"],
                   registry=registry)  # fmt: skip


def watch(registry: CollectorRegistry, *, store: Store, clock: Clock) -> None:
    """Lets this registry show the figures of this store."""
    registry.register(Figures(store, clock))


def _failing(runs: Mapping[str, Run]) -> GaugeMetricFamily:
    """By job, of those that fail."""
    gauge = GaugeMetricFamily("simops_job_failures", "Runs of a job that failed in a row, up to now", labels=["job"])
    for name, run in runs.items():
        if run.failed:
            gauge.add_metric([name], run.failed)
    return gauge


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)
