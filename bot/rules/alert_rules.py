"""The rules that alerts come from, as data, and which of them a SIM breaks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.rules.alerts import About, Alert, Finding, Kind, Severity
from bot.rules.forecasts import DayUse, Forecast, forecast, spike_of
from bot.rules.hours import Hours
from bot.rules.pools import Pool
from bot.rules.sims import Sim, Status

DAY = timedelta(days=1)
AT_WORK = frozenset({Status.ACTIVE, Status.TEST, None})


@dataclass(frozen=True)
class Scope:
    """Which SIMs a rule is for; what is left empty fits all. Names are compared without regard to capitals.

    `custom` is the number of a custom field with the values it may have.
    """

    accounts: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    custom: tuple[tuple[int, tuple[str, ...]], ...] = ()

    def holds(self, sim: Sim) -> bool:
        """Whether the SIM is meant; what is not known of it fits no list."""
        if not (self.accounts or self.plans or self.countries or self.custom):  # as most are
            return True
        places = ((self.accounts, sim.account), (self.plans, sim.plan), (self.countries, sim.country))
        customs = ((values, sim.custom[number - 1]) for number, values in self.custom)
        return all(_among(value, wanted) for wanted, value in (*places, *customs) if wanted)

    def holds_of(self, account: str, plan: str | None = None) -> bool:
        """The same for a pool or an account as a whole."""
        return (not self.accounts or _among(account, self.accounts)) and (not self.plans or _among(plan, self.plans))


@dataclass(frozen=True)
class Rule:
    """One rule. `limits` are percent, bytes, days or times, as the kind has them; `allowed` are countries or plans.

    `channel` and `hours` say where and when it is told of, `None` for the usual channel and at any time; it is found at
    any time. `floor_bytes` is what a jump in usage has to amount to.
    """

    name: str
    kind: Kind
    limits: tuple[int, ...] = ()
    about: About = About.SIM
    allowed: tuple[str, ...] = ()
    scope: Scope = Scope()
    severity: Severity | None = None
    channel: str | None = None
    hours: Hours | None = None
    floor_bytes: int = 10_000_000

    @property
    def over_fleet(self) -> bool:
        """Whether it takes all SIMs, or a pool, to see it; then half a look over the fleet says nothing about it."""
        return self.about is not About.SIM or self.kind is Kind.TWIN

    @property
    def wants_past(self) -> bool:
        """Whether it needs to know what was used on the days before."""
        return self.kind in (Kind.SPIKE, Kind.RUN_OUT)


@dataclass(frozen=True)
class Total:
    """What all SIMs of an account used in a cycle, in bytes; `whole` is `None` where one of them has no quota."""

    account: str
    cycle: str | None
    used: int
    whole: int | None


@dataclass(frozen=True)
class Hit:
    """A limit that was reached, before it is known whose it is; the fields are those of a Finding."""

    threshold: int
    cycle: str
    value: int | None = None
    whole: int | None = None
    expires_at: datetime | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Seen:
    """One look at a SIM: when, and what it used on the days before, the oldest first."""

    now: datetime
    past: Sequence[DayUse] = ()


def usual(quota_percent: Sequence[int] = (), expiry_days: Sequence[int] = ()) -> tuple[Rule, ...]:
    """The rules that hold where none are written."""
    quota = Rule("quota", Kind.QUOTA, tuple(quota_percent))
    return (quota, Rule("expiry", Kind.EXPIRY, tuple(expiry_days)))


def judge(
    sim: Sim, rules: Sequence[Rule], *, label: str, now: datetime, past: Sequence[DayUse] = ()
) -> tuple[Finding, ...]:
    """The gravest limit of each rule that this SIM, or each of its add-ons, has reached; a retired SIM reaches none.

    Rules that need the whole fleet are passed over.
    """
    if sim.status is Status.RETIRED:
        return ()
    seen = Seen(now, past)
    found = []
    for rule in rules:
        if rule.over_fleet or not rule.scope.holds(sim):
            continue
        found += [
            found_at(rule, hit, giccid=sim.giccid, label=label, account=sim.account, plan=sim.plan)
            for hit in _hits(rule, sim, seen)
        ]
    return tuple(found)


def judge_pool(
    account: str, pool: Pool, rules: Sequence[Rule], *, now: datetime, past: Sequence[DayUse] = ()
) -> tuple[Finding, ...]:
    """The gravest limit of each rule about pools that this pool of the account has reached."""
    found = []
    for rule in rules:
        if rule.about is not About.POOL or not rule.scope.holds_of(account, pool.plan):
            continue
        hit = _of_pool(rule, pool, now, past)
        if hit is not None:
            key = key_of(account, pool.name)
            found.append(found_at(rule, hit, giccid=key, label=pool.name, account=account, plan=pool.plan))
    return tuple(found)


def judge_account(total: Total, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """The gravest limit of each rule about accounts that this account has reached."""
    found = []
    for rule in rules:
        if rule.about is not About.ACCOUNT or not rule.scope.holds_of(total.account):
            continue
        measure = bytes_hit if rule.kind is Kind.BYTES else quota_hit
        hit = measure(rule, total.used, total.whole, total.cycle)
        if hit is not None:
            account = total.account
            found.append(found_at(rule, hit, giccid=account, label=account, account=account, plan=None))
    return tuple(found)


def judge_twins(device: str, sims: Sequence[tuple[Sim, str]], rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """A finding for each of these SIMs, each with its label, that are in one device, where a rule is for it; none for
    one that is alone in it."""
    found: list[Finding] = []
    if len(sims) < 2:
        return ()
    for rule in rules:
        if rule.kind is not Kind.TWIN:
            continue
        for sim, label in sims:
            if not rule.scope.holds(sim):
                continue
            # Thousands may bear one number: no more of the others is looked at than is said.
            other, name = next((one, name) for one, name in sims[:2] if one is not sim)
            more = f" and {len(sims) - 2} more" if len(sims) > 2 else ""
            hit = Hit(0, device, detail=f"IMEI {sim.imei}, also in {name} ({other.giccid}){more}"[:300])
            found.append(found_at(rule, hit, giccid=sim.giccid, label=label, account=sim.account, plan=sim.plan))
    return tuple(found)


def key_of(account: str, pool: str) -> str:
    """How a pool of an account is called in the store."""
    return f"{account}\n{pool}"


def _of_pool(rule: Rule, pool: Pool, now: datetime, past: Sequence[DayUse]) -> Hit | None:
    match rule.kind:
        case Kind.QUOTA:
            return quota_hit(rule, pool.used_bytes, pool.total_bytes, pool.cycle)
        case Kind.BYTES:
            return bytes_hit(rule, pool.used_bytes, pool.total_bytes, pool.cycle)
        case Kind.EXPIRY:
            return expiry_hit(rule, pool.expires_at, now)
    made = forecast(pool.used_bytes, pool.total_bytes, pool.cycle, now=now, past=past)
    return run_out_hit(rule, made, pool.cycle, now)


def can_tell(sim: Sim, found: Finding, *, now: datetime) -> bool:
    """Whether this look at the SIM says anything about what was found earlier: what is left out is not known.

    A quota or an expiry that is gone together with its rate plan or its cycle is not left out, it is over.
    """
    if found.about is not About.SIM or found.kind is Kind.TWIN:
        return False
    return sim.status is Status.RETIRED or TELLS[found.kind](sim, found, now)


def found_at(rule: Rule, hit: Hit, *, giccid: str, label: str, account: str | None, plan: str | None) -> Finding:
    """The limit that was reached, with whose it is."""
    return Finding(
        giccid=giccid, label=label, account=account, plan=plan, kind=rule.kind, threshold=hit.threshold,
        cycle=hit.cycle, value=hit.value, whole=hit.whole, expires_at=hit.expires_at, detail=hit.detail,
        rule=rule.name, about=rule.about, severity=rule.severity,
    )  # fmt: skip


def is_known(alert: Alert, rules: Sequence[Rule]) -> bool:
    """Whether the rule that raised this is still among them, and still of that kind."""
    found = alert.finding
    return any((r.name, r.kind, r.about) == (found.rule, found.kind, found.about) for r in rules)


def quota_hit(rule: Rule, used: int | None, whole: int | None, cycle: str | None) -> Hit | None:
    """A quota of a SIM, a pool or an account, in percent; none where there is no quota, or a usage below nothing."""
    if used is None or used < 0 or whole is None or whole <= 0:
        return None
    reached = [p for p in rule.limits if used * 100 >= whole * p]
    return Hit(max(reached), cycle or "", value=used, whole=whole) if reached else None


def bytes_hit(rule: Rule, used: int | None, whole: int | None, cycle: str | None) -> Hit | None:
    """The same in bytes."""
    reached = [] if used is None else [b for b in rule.limits if used >= b]
    return Hit(max(reached), cycle or "", value=used, whole=whole) if reached else None


def expiry_hit(rule: Rule, expires_at: datetime | None, now: datetime) -> Hit | None:
    """An expiry that is near, or past."""
    if expires_at is None or not rule.limits:
        return None
    left = expires_at - now
    reached = [0] if left <= timedelta(0) else [d for d in rule.limits if left <= d * DAY]
    return Hit(min(reached), expires_at.date().isoformat(), expires_at=expires_at) if reached else None


def addon_hits(rule: Rule, sim: Sim, now: datetime) -> tuple[Hit, ...]:
    """The same of each add-on, for a day after its end: SmartHub may go on listing what is long over. Of those of a
    name that end on one day, the one that ends first counts for all: to whoever reads it they are one.
    """
    found: dict[str, Hit] = {}
    for addon in sim.addons:
        hit = expiry_hit(rule, addon.expires_at, now)
        if hit is None or addon.expires_at is None or now - addon.expires_at >= DAY:
            continue
        hit = replace(hit, cycle=f"{hit.cycle} {addon.name}", detail=addon.name)
        found[hit.cycle] = min(found.get(hit.cycle, hit), hit, key=lambda one: (one.threshold, one.expires_at))
    return tuple(found.values())


def run_out_hit(rule: Rule, made: Forecast | None, cycle: str | None, now: datetime) -> Hit | None:
    """A quota that will be used up before its cycle ends, within so many days from now."""
    if made is None or made.run_out is None or not made.before_the_end or cycle is None:
        return None
    reached = [0] if made.run_out <= now else [d for d in rule.limits if made.run_out - now <= d * DAY]
    if not reached:
        return None
    return Hit(
        min(reached), cycle, value=made.used, whole=made.whole, expires_at=made.run_out, detail=made.words
    )  # fmt: skip


def _hits(rule: Rule, sim: Sim, seen: Seen) -> tuple[Hit, ...]:
    if rule.kind is Kind.ADDON:
        return addon_hits(rule, sim, seen.now)
    hit = FINDERS[rule.kind](rule, sim, seen)
    return () if hit is None else (hit,)


def _tells_of_an_addon(sim: Sim, found: Finding, now: datetime) -> bool:
    """A SIM that is listed without any may have lost them, or SmartHub leaves them out."""
    return bool(sim.addons) or (found.expires_at is not None and found.expires_at <= now)


def _quota(rule: Rule, sim: Sim, _: Seen) -> Hit | None:
    return quota_hit(rule, sim.usage_bytes, sim.quota_bytes, sim.cycle)


def _bytes(rule: Rule, sim: Sim, _: Seen) -> Hit | None:
    return bytes_hit(rule, sim.usage_bytes, sim.quota_bytes, sim.cycle)


def _expiry(rule: Rule, sim: Sim, seen: Seen) -> Hit | None:
    return expiry_hit(rule, sim.plan_expires_at, seen.now)


def _silent(rule: Rule, sim: Sim, seen: Seen) -> Hit | None:
    """No session for so many days, of a SIM that is at work and had one before."""
    if sim.last_session_at is None or sim.status not in AT_WORK:
        return None
    gone = seen.now - sim.last_session_at
    reached = [d for d in rule.limits if gone >= d * DAY]
    return Hit(max(reached), sim.last_session_at.date().isoformat()) if reached else None


def _idle(rule: Rule, sim: Sim, seen: Seen) -> Hit | None:
    """At work and on a plan for so many days, which is paid for, and nothing used in this cycle nor a session."""
    if sim.status is not Status.ACTIVE or sim.plan is None or sim.usage_bytes != 0:
        return None
    since = max((at for at in (sim.activated_at, sim.last_session_at) if at is not None), default=None)
    reached = [] if since is None else [d for d in rule.limits if seen.now - since >= d * DAY]
    if since is None or not reached:
        return None
    never = "never a session" if sim.last_session_at is None else f"last session {sim.last_session_at:%Y-%m-%d}"
    return Hit(max(reached), since.date().isoformat(), detail=never)


def _spike(rule: Rule, _: Sim, seen: Seen) -> Hit | None:
    """Much more used today than this SIM is used to."""
    jump = spike_of(seen.past, today=seen.now.date())
    if jump is None or jump.today < rule.floor_bytes:
        return None
    reached = [times for times in rule.limits if jump.today >= times * max(jump.typical, 1)]
    day = seen.now.date().isoformat()
    return Hit(max(reached), day, value=jump.today, whole=jump.typical) if reached else None


def _country(rule: Rule, sim: Sim, _: Seen) -> Hit | None:
    if sim.country is None or _among(sim.country, rule.allowed):
        return None
    return Hit(0, sim.country, detail=sim.country)


def _plan(rule: Rule, sim: Sim, _: Seen) -> Hit | None:
    return None if sim.plan is None or _among(sim.plan, rule.allowed) else Hit(0, sim.plan, detail=sim.plan)


def _run_out(rule: Rule, sim: Sim, seen: Seen) -> Hit | None:
    made = forecast(sim.usage_bytes, sim.quota_bytes, sim.cycle, now=seen.now, past=seen.past)
    return run_out_hit(rule, made, sim.cycle, seen.now)


def _tells_of_a_quota(sim: Sim, found: Finding, _: datetime) -> bool:
    if sim.plan != found.plan:
        return True
    return sim.usage_bytes is not None and (sim.quota_bytes is not None or sim.cycle != found.cycle)


def _is_over_for_good(sim: Sim, found: Finding, _: datetime) -> bool:
    """Whether a forecast is over, and does not only waver: the cycle is another one, or the quota has grown."""
    if sim.cycle is not None and sim.cycle != found.cycle:
        return True
    return sim.quota_bytes is not None and found.whole is not None and sim.quota_bytes > found.whole


def _nothing(_rule: Rule, _sim: Sim, _seen: Seen) -> Hit | None:
    return None


FINDERS: Mapping[Kind, Callable[[Rule, Sim, Seen], Hit | None]] = MappingProxyType(
    {
        Kind.QUOTA: _quota, Kind.BYTES: _bytes, Kind.EXPIRY: _expiry, Kind.SILENT: _silent, Kind.IDLE: _idle,
        Kind.SPIKE: _spike, Kind.COUNTRY: _country, Kind.PLAN: _plan, Kind.RUN_OUT: _run_out, Kind.TWIN: _nothing,
    }
)  # fmt: skip
# Of each kind, whether a look at the SIM says anything about what was found earlier.
TELLS: Mapping[Kind, Callable[[Sim, Finding, datetime], bool]] = MappingProxyType(
    {
        Kind.QUOTA: _tells_of_a_quota,
        Kind.BYTES: lambda sim, found, _: sim.plan != found.plan or sim.usage_bytes is not None,
        Kind.EXPIRY: lambda sim, found, _: sim.plan != found.plan or sim.plan_expires_at is not None,
        Kind.ADDON: _tells_of_an_addon,
        Kind.SILENT: lambda sim, _found, _: sim.last_session_at is not None,
        Kind.IDLE: lambda sim, _found, _: sim.usage_bytes is not None,
        Kind.SPIKE: lambda _sim, found, now: found.cycle != now.date().isoformat(),
        Kind.COUNTRY: lambda sim, _found, _: sim.country is not None,
        Kind.PLAN: lambda sim, _found, _: sim.plan is not None,
        Kind.RUN_OUT: _is_over_for_good,
    }
)


def _among(value: str | None, wanted: Sequence[str]) -> bool:
    return value is not None and value.casefold() in {word.casefold() for word in wanted}
