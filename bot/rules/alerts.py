"""What an alert is, and what becomes of it: raised, worse, put off, over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import NotPossible
from bot.rules.people import Person, Role, need


class Kind(StrEnum):
    """What an alert is about: a quota in percent, a usage in bytes, an expiry, that of an add-on, a SIM without
    sessions, one that is paid for and idle, a jump in usage, a country or a plan on no list, a quota that will not
    last, one IMEI in two SIMs.
    """

    QUOTA = "quota"
    BYTES = "bytes"
    EXPIRY = "expiry"
    ADDON = "add-on"
    SILENT = "no-session"
    IDLE = "idle"
    SPIKE = "spike"
    COUNTRY = "country"
    PLAN = "plan"
    RUN_OUT = "run-out"
    TWIN = "imei"


ENDING = frozenset({Kind.EXPIRY, Kind.ADDON})  # packages, of which SmartHub says what it does when they end
FALLING = ENDING | {Kind.RUN_OUT}  # days left: the fewer, the graver
# What wavers by its nature: while the same cycle lasts it gets graver or stays, so that nothing is told twice.
WAVERING = frozenset({Kind.RUN_OUT, Kind.SPIKE})

# What time alone brings about. A clock that was set back since makes none of it well again, so that nothing is told
# twice; one that was wrong by more than this was never right, and what it brought about is judged anew.
TIMED = frozenset({Kind.EXPIRY, Kind.SILENT, Kind.IDLE, Kind.SPIKE})
SET_BACK_AT_MOST = timedelta(days=2)


class About(StrEnum):
    """Whose alert it is."""

    SIM = "sim"
    POOL = "pool"
    ACCOUNT = "account"


class Severity(StrEnum):
    """How grave an alert is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class State(StrEnum):
    """Where an alert stands. `worsened` has been taken over by a graver alert; `cleared` is over."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    WORSENED = "worsened"
    CLEARED = "cleared"


@dataclass(frozen=True)
class Finding:
    """A limit that was reached. `cycle` is what it holds for: the billing cycle, the date of the expiry, the country …

    `giccid` is the SIM; for a pool or an account (see `about`) it is `key_of` them. For a quota `value` and `whole` are
    bytes used and bytes allowed; where something ends `expires_at` is the moment. `detail` is what else there is to
    say. `rule` is the name of the rule that was broken, `severity` how grave it is where the rule says so.
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
    detail: str | None = None
    rule: str = ""
    about: About = About.SIM
    severity: Severity | None = None

    @property
    def gravity(self) -> int:
        """The higher, the graver: percent used, or fewer days left."""
        return -self.threshold if self.kind in FALLING else self.threshold

    @property
    def grave(self) -> Severity:
        """How grave it is: what the rule says, or what the limit does."""
        if self.severity is not None:
            return self.severity
        if self.kind in FALLING:
            return Severity.CRITICAL if self.threshold <= 1 else Severity.WARNING
        full = self.kind is Kind.QUOTA and self.threshold >= 100
        return Severity.CRITICAL if full or self.kind is Kind.TWIN else Severity.WARNING


@dataclass(frozen=True)
class Alert:
    """A finding that was raised, and what people did about it. Times are aware UTC, people are Slack user ids.

    `card` is the number of the announcement it is part of; `None` while it has not been announced. `gone` says that it
    is cleared because SmartHub does not list the SIM any more.
    """

    id: int
    finding: Finding
    raised_at: datetime
    state: State = State.OPEN
    version: int = 1
    by: str | None = None
    at: datetime | None = None
    until: datetime | None = None
    card: int | None = None
    gone: bool = False


@dataclass(frozen=True)
class Announcement:
    """Alerts of one rule and one account that were announced together. `alert` is the one where it is only one.

    `renewal` is what SmartHub does when a package of the account ends, in its word; `None` where that is not known, or
    nothing ends.
    """

    id: int
    rule: str
    account: str | None
    channel: str
    made_at: datetime
    size: int
    alert: int | None = None
    renewal: str | None = None
    reminded: int = 0

    @property
    def subject(self) -> str:
        """How its card is called."""
        return f"alerts:{self.id}" if self.alert is None else f"alert:{self.alert}"


@dataclass(frozen=True)
class Telling:
    """Where the alerts of a rule are announced now, and after how long somebody is reminded of them (`None`: never)."""

    rule: str
    channel: str
    remind_after: timedelta | None = None


@dataclass(frozen=True)
class Verdict:
    """What one look at a SIM changes: findings to announce, alerts to store with their new state."""

    announce: tuple[Finding, ...] = ()
    change: tuple[Alert, ...] = ()


def compare(live: Sequence[Alert], found: Iterable[Finding], *, now: datetime) -> Verdict:
    """What follows for one SIM, pool or account, given its alerts that are not cleared and what was found just now.

    The same limit in the same cycle is announced once; a graver one is announced again; what is over is cleared. A
    clock that was set back takes nothing back that time has brought about.
    """
    announce: list[Finding] = []
    change: list[Alert] = []
    held: set[int] = set()
    for finding in found:
        same = [a for a in live if _same_fact(a.finding, finding)]
        held.update(a.id for a in same)
        if any(a.finding.gravity > finding.gravity and _stays(a, now) for a in same):
            continue
        known = next((a for a in same if a.finding.threshold == finding.threshold), None)
        for alert in same:
            change.extend(_beside(alert, finding, now=now))
        if known is None:
            announce.append(finding)
        elif known.state is State.WORSENED:
            change.append(_to(known, State.OPEN, now=now))
    change.extend(_to(a, State.CLEARED, now=now) for a in live if a.id not in held and not _is_ahead(a, now))
    return Verdict(announce=tuple(announce), change=tuple(change))


def acknowledge(alert: Alert, *, by: Person, now: datetime) -> Alert:
    """The alert after somebody took it."""
    _still_open(alert, by, "acknowledge")
    if alert.state is State.ACKNOWLEDGED:
        raise NotPossible(f"<@{alert.by}> has acknowledged this already.")
    return replace(_to(alert, State.ACKNOWLEDGED, now=now), by=by.id)


def snooze(alert: Alert, *, by: Person, until: datetime | None, now: datetime) -> Alert:
    """The alert put off until a moment, or until it gets worse; with no moment, until it gets worse alone. A second
    click a moment later is none: NotPossible.
    """
    _still_open(alert, by, "snooze")
    if alert.state is State.SNOOZED and _are_close(alert.until, until):
        raise NotPossible(f"<@{alert.by}> has put this off already.")
    return replace(_to(alert, State.SNOOZED, now=now), by=by.id, until=until)


def wake(alert: Alert, *, now: datetime) -> Alert:
    """The alert after its snooze is over and it still holds."""
    return _to(alert, State.OPEN, now=now)


def gone(alert: Alert, *, now: datetime) -> Alert:
    """The alert after its SIM is listed no more: over, whatever it was."""
    return replace(_to(alert, State.CLEARED, now=now), gone=True)


def _are_close(one: datetime | None, other: datetime | None) -> bool:
    """Whether two clicks on the same button would mean these."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < timedelta(minutes=1)


def _still_open(alert: Alert, by: Person, verb: str) -> None:
    """Nothing, when this person may act on this alert now; else NotAllowed or NotPossible."""
    need(by, Role.OPERATOR, to=f"{verb} alerts")
    if alert.state is State.CLEARED:
        raise NotPossible("This alert is over already; there is nothing left to do about it.")
    if alert.state is State.WORSENED:
        raise NotPossible("This got worse since: act on the newer alert for the same SIM.")


def _to(alert: Alert, state: State, *, now: datetime) -> Alert:
    return replace(alert, state=state, version=alert.version + 1, by=None, at=now, until=None)


def _stays(alert: Alert, now: datetime) -> bool:
    """Whether a lesser finding of the same fact leaves it as it is."""
    return alert.finding.kind in WAVERING or _is_ahead(alert, now)


def _is_ahead(alert: Alert, now: datetime) -> bool:
    """Whether time brought it about, by a clock that has been set back since."""
    return alert.finding.kind in TIMED and timedelta(0) < alert.raised_at - now <= SET_BACK_AT_MOST


def _same_fact(one: Finding, other: Finding) -> bool:
    """Whether both tell of the same thing, with the same or another limit. Another plan or cycle is another quota; one
    that SmartHub leaves out is not.
    """
    if (one.rule, one.kind) != (other.rule, other.kind):
        return False
    if one.kind not in (Kind.QUOTA, Kind.BYTES):
        return one.cycle == other.cycle
    return _fits(one.cycle, other.cycle) and _fits(one.plan, other.plan)


def _fits(one: str | None, other: str | None) -> bool:
    """Whether both are the same, as far as both are known."""
    return not one or not other or one == other


def _beside(alert: Alert, finding: Finding, *, now: datetime) -> tuple[Alert, ...]:
    """An alert of the same kind and cycle, beside what is found now: taken over by a graver one, or eased."""
    if alert.finding.gravity < finding.gravity and alert.state is not State.WORSENED:
        return (_to(alert, State.WORSENED, now=now),)
    if alert.finding.gravity > finding.gravity:
        return (_to(alert, State.CLEARED, now=now),)
    return ()
