"""SIMs of which nothing is to be found for a while: until when a row that does not change breaks no rule. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from bot.rules.alert_rules import AT_WORK, DAY, Rule
from bot.rules.alerts import Kind
from bot.rules.sims import Sim, Status

ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)
MARK_BYTES = 7  # fits SQLite's integer, which has a sign

Until = Callable[[Rule, Sim], datetime]


def calm_until(sim: Sim, rules: Sequence[Rule], *, now: datetime) -> datetime | None:
    """Until when the same row of this SIM, of which nothing is found now, has nothing to be found; `None` where that
    cannot be said, because a rule looks at more than the row.
    """
    if sim.status is Status.RETIRED:
        return ALWAYS
    until = ALWAYS
    for rule in rules:
        if rule.over_fleet or not rule.scope.holds(sim):
            continue
        if rule.kind not in UNTIL:
            return None
        until = min(until, UNTIL[rule.kind](rule, sim))
    return until if until > now else None


def salt_of(*what: object) -> bytes:
    """What marks of rows hang on beside the row: where one of these is another, no row is known any more."""
    return hashlib.blake2b(repr(what).encode("utf-8", "backslashreplace"), digest_size=32).digest()


def mark_of(row: bytes, salt: bytes) -> int:
    """What a row is known by: another row has another mark."""
    return int.from_bytes(hashlib.blake2b(row, digest_size=MARK_BYTES, key=salt).digest(), "big")


def _always(_rule: Rule, _sim: Sim) -> datetime:
    """Where only another row can break the rule."""
    return ALWAYS


def _expiry(rule: Rule, sim: Sim) -> datetime:
    if sim.plan_expires_at is None or not rule.limits:
        return ALWAYS
    return sim.plan_expires_at - max(rule.limits) * DAY


def _addon(rule: Rule, sim: Sim) -> datetime:
    """One that has ended is looked at again and again: SmartHub goes on listing it, and the clock may be set back."""
    ends = [addon.expires_at for addon in sim.addons if addon.expires_at is not None]
    return min(ends) - max(rule.limits) * DAY if ends and rule.limits else ALWAYS


def _silent(rule: Rule, sim: Sim) -> datetime:
    if sim.last_session_at is None or sim.status not in AT_WORK:
        return ALWAYS
    return sim.last_session_at + min(rule.limits) * DAY


def _idle(rule: Rule, sim: Sim) -> datetime:
    since = max((at for at in (sim.activated_at, sim.last_session_at) if at is not None), default=None)
    return ALWAYS if since is None else since + min(rule.limits) * DAY


# What is not here looks at more than the row.
UNTIL: Mapping[Kind, Until] = MappingProxyType(
    {
        Kind.QUOTA: _always, Kind.BYTES: _always, Kind.COUNTRY: _always, Kind.PLAN: _always,
        Kind.EXPIRY: _expiry, Kind.ADDON: _addon, Kind.SILENT: _silent, Kind.IDLE: _idle,
    }
)  # fmt: skip
