"""When a SIM's quota or expiry is worth an alert, and what becomes of an alert afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import NotPossible
from bot.rules.people import Person, Role, need
from bot.rules.sims import Sim, Status

DAY = timedelta(days=1)


class Kind(StrEnum):
    """What an alert is about."""

    QUOTA = "quota"
    EXPIRY = "expiry"


class State(StrEnum):
    """Where an alert stands. `worsened` has been taken over by a graver alert; `cleared` is over."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    WORSENED = "worsened"
    CLEARED = "cleared"


SAME_CLICK = timedelta(seconds=10)


@dataclass(frozen=True)
class Limits:
    """When to alert: percent of the cycle's quota used, and days left before the plan expires."""

    quota_percent: tuple[int, ...] = ()
    expiry_days: tuple[int, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A limit that a SIM has reached. `cycle` is what it holds for: the billing cycle, or the date of the expiry.

    For a quota `value` and `whole` are bytes used and bytes allowed; for an expiry `expires_at` is the moment.
    """

    giccid: str
    label: str
    account: str | None
    plan: str | None
    kind: Kind
    threshold: int
    cycle: str
    value: int | None = None
    whole: int | None = None
    expires_at: datetime | None = None

    @property
    def gravity(self) -> int:
        """The higher, the graver: percent used, or fewer days left."""
        return self.threshold if self.kind is Kind.QUOTA else -self.threshold


@dataclass(frozen=True)
class Alert:
    """A finding that was announced, and what people did about it. Times are aware UTC, people are Slack user ids."""

    id: int
    finding: Finding
    raised_at: datetime
    state: State = State.OPEN
    version: int = 1
    by: str | None = None
    at: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """What one look at a SIM changes: findings to announce, alerts to store with their new state."""

    announce: tuple[Finding, ...] = ()
    change: tuple[Alert, ...] = ()


def judge(sim: Sim, limits: Limits, *, label: str, now: datetime) -> tuple[Finding, ...]:
    """The gravest limit of each kind that this SIM has reached; a retired SIM reaches none."""
    if sim.status is Status.RETIRED:
        return ()
    found = (_quota(sim, limits, label), _expiry(sim, limits, label, now))
    return tuple(f for f in found if f is not None)


def can_tell(sim: Sim, found: Finding) -> bool:
    """Whether this look at the SIM says anything about what was found earlier: what is left out is not known.

    A quota or an expiry that is gone together with its rate plan or its cycle is not left out, it is over.
    """
    if sim.status is Status.RETIRED or sim.plan != found.plan:
        return True
    if found.kind is Kind.EXPIRY:
        return sim.plan_expires_at is not None
    return sim.usage_bytes is not None and (sim.quota_bytes is not None or sim.cycle != found.cycle)


def compare(live: Sequence[Alert], found: Iterable[Finding], *, now: datetime) -> Verdict:
    """What follows for one SIM, given its alerts that are not cleared and what was found just now.

    The same limit in the same cycle is announced once; a graver one is announced again; what is over is cleared.
    """
    announce: list[Finding] = []
    change: list[Alert] = []
    held: set[int] = set()
    for finding in found:
        same = [a for a in live if a.finding.kind is finding.kind and a.finding.cycle == finding.cycle]
        held.update(a.id for a in same)
        known = next((a for a in same if a.finding.threshold == finding.threshold), None)
        for alert in same:
            change.extend(_beside(alert, finding, now=now))
        if known is None:
            announce.append(finding)
        elif known.state is State.WORSENED:
            change.append(_to(known, State.OPEN, now=now))
    change.extend(_to(a, State.CLEARED, now=now) for a in live if a.id not in held)
    return Verdict(announce=tuple(announce), change=tuple(change))


def acknowledge(alert: Alert, *, by: Person, now: datetime) -> Alert:
    """The alert after somebody took it."""
    _still_open(alert, by, "acknowledge")
    if alert.state is State.ACKNOWLEDGED:
        raise NotPossible(f"<@{alert.by}> has acknowledged this already.")
    return replace(_to(alert, State.ACKNOWLEDGED, now=now), by=by.id)


def snooze(alert: Alert, *, by: Person, until: datetime, now: datetime) -> Alert:
    """The alert put off until a moment, or until it gets worse. A second click a moment later is none: NotPossible."""
    _still_open(alert, by, "snooze")
    if alert.state is State.SNOOZED and alert.until is not None and abs(until - alert.until) < SAME_CLICK:
        raise NotPossible("This alert was put off just now; nothing was changed by your click.")
    return replace(_to(alert, State.SNOOZED, now=now), by=by.id, until=until)


def wake(alert: Alert, *, now: datetime) -> Alert:
    """The alert after its snooze is over and it still holds."""
    return _to(alert, State.OPEN, now=now)


def _still_open(alert: Alert, by: Person, verb: str) -> None:
    """Nothing, when this person may act on this alert now; else NotAllowed or NotPossible."""
    need(by, Role.OPERATOR, to=f"{verb} alerts")
    if alert.state is State.CLEARED:
        raise NotPossible("This alert is over already; there is nothing left to do about it.")
    if alert.state is State.WORSENED:
        raise NotPossible("This got worse since: act on the newer alert for the same SIM.")


def _to(alert: Alert, state: State, *, now: datetime) -> Alert:
    return replace(alert, state=state, version=alert.version + 1, by=None, at=now, until=None)


def _beside(alert: Alert, finding: Finding, *, now: datetime) -> tuple[Alert, ...]:
    """An alert of the same kind and cycle, beside what is found now: taken over by a graver one, or eased."""
    if alert.finding.gravity < finding.gravity and alert.state is not State.WORSENED:
        return (_to(alert, State.WORSENED, now=now),)
    if alert.finding.gravity > finding.gravity:
        return (_to(alert, State.CLEARED, now=now),)
    return ()


def _quota(sim: Sim, limits: Limits, label: str) -> Finding | None:
    if sim.usage_bytes is None or sim.quota_bytes is None or sim.quota_bytes <= 0:
        return None
    reached = [p for p in limits.quota_percent if sim.usage_bytes * 100 >= sim.quota_bytes * p]
    if not reached:
        return None
    return Finding(
        giccid=sim.giccid,
        label=label,
        account=sim.account,
        plan=sim.plan,
        kind=Kind.QUOTA,
        threshold=max(reached),
        cycle=sim.cycle or "",
        value=sim.usage_bytes,
        whole=sim.quota_bytes,
    )


def _expiry(sim: Sim, limits: Limits, label: str, now: datetime) -> Finding | None:
    if sim.plan_expires_at is None or not limits.expiry_days:
        return None
    left = sim.plan_expires_at - now
    reached = [0] if left <= timedelta(0) else [d for d in limits.expiry_days if left <= d * DAY]
    if not reached:
        return None
    return Finding(
        giccid=sim.giccid,
        label=label,
        account=sim.account,
        plan=sim.plan,
        kind=Kind.EXPIRY,
        threshold=min(reached),
        cycle=sim.plan_expires_at.date().isoformat(),
        expires_at=sim.plan_expires_at,
    )
