"""The figures `/metrics` shows, read from the store when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.clock import Clock
from bot.rules.approvals import State
from bot.store import Store


class Figures(Collector):
    """What waits, and for how long."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges as they are now."""
        oldest = self._store.outbox.oldest()
        age = 0.0 if oldest is None else (self._clock.now() - oldest).total_seconds()
        yield _gauge("simops_outbox_waiting", "Messages that have not reached Slack", self._store.outbox.depth())
        yield _gauge("simops_outbox_oldest_seconds", "Age of the oldest message that has not reached Slack", age)
        yield _gauge("simops_outbox_set_aside", "Messages Slack takes in no form", self._store.outbox.set_aside())
        yield _gauge(
            "simops_requests_waiting", "Requests that wait for a decision", self._store.approvals.count(State.PENDING)
        )
        yield _gauge(
            "simops_requests_unsure", "Changes nobody knows the outcome of", self._store.approvals.count(State.UNSURE)
        )


def watch(registry: CollectorRegistry, *, store: Store, clock: Clock) -> None:
    """Lets this registry show the figures of this store."""
    registry.register(Figures(store, clock))


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)
