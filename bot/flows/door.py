"""What a request has to be before a notification is read from it. Whoever is turned away costs no disk."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter as Figure

from bot.clock import Clock
from bot.rules.door import Network, Rates, may_come_from, source

TOLD_EVERY = timedelta(minutes=1)
log = structlog.get_logger()


@dataclass(frozen=True)
class Rules:
    """Who is let in. `secrets` stand in the address, `header` names one that has to hold one of `words`; two of each
    may hold at once while one replaces the other. `proxies` are believed what stands in the header `forwarded`."""

    secrets: Sequence[str]
    sources: Sequence[Network] = ()
    proxies: Sequence[Network] = ()
    forwarded: str = "X-Forwarded-For"
    header: str | None = None
    words: Sequence[str] = ()
    rate: int = 5000


@dataclass(frozen=True)
class Comer:
    """A request at the door: the address it comes from, the secret in its own, and its headers by name."""

    peer: str | None
    secret: str
    header: Callable[[str], str]


@dataclass
class Turned:
    """Who was turned away since it was last told, by reason."""

    told_at: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)


class Door:
    """Lets requests in, or turns them away without a word of why."""

    def __init__(self, rules: Rules, *, clock: Clock, figure: Figure) -> None:
        """`figure` counts who is turned away, by the label `why`."""
        self._rules, self._clock, self._figure = rules, clock, figure
        self._rates = Rates(rules.rate)
        self._turned = Turned()

    def turn_away(self, comer: Comer) -> int | None:
        """The status for who may not come in: 404 as if there were nothing, or 429 to who comes too often; else `None`.

        Nothing of the body is read for it, and nothing is written: a flood is one line in the log a minute.
        """
        rules, now = self._rules, self._clock.now()
        at = source(comer.peer, comer.header(rules.forwarded), rules.proxies)
        if not self._rates.takes(at, now=now):
            return self._no("too often", now, 429)
        if not may_come_from(at, rules.sources):
            return self._no("from elsewhere", now, 404)
        if not _is_one_of(comer.secret, rules.secrets):
            return self._no("wrong secret", now, 404)
        if rules.header is not None and not _is_one_of(comer.header(rules.header), rules.words):
            return self._no("wrong header", now, 404)
        return None

    def _no(self, why: str, now: datetime, status: int) -> int:
        self._figure.labels(why=why).inc()
        turned = self._turned
        turned.counts[why] += 1
        if turned.told_at is None or not timedelta(0) <= now - turned.told_at < TOLD_EVERY:
            log.warning(
                "pushes_turned_away", **{name.replace(" ", "_"): count for name, count in turned.counts.items()}
            )
            self._turned = Turned(now)
        return status


def _is_one_of(given: str, known: Sequence[str]) -> bool:
    """Whether this is one of them; takes as long for a wrong one as for a right one."""
    sent = given.encode("utf-8", "surrogateescape")
    return sum(hmac.compare_digest(sent, one.encode()) for one in known) > 0
