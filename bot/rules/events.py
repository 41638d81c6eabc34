"""The nine notifications SmartHub pushes, and what one says once it is read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from types import MappingProxyType

Fact = str | int | datetime | None
Facts = Mapping[str, Fact]
Gravity = Callable[[Facts, datetime], "Severity"]

# https://apidoc-en.smh.smarthing.com, "Event notification". The address of each is /smarthub/{secret}/{name}.
EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "mo-sms": "SMS from a device",
        "mt-sms-status": "SMS delivery report",
        "cycle-usage": "Usage reached the threshold of the cycle",
        "imei-change": "The device behind a SIM changed",
        "no-session": "No session for long",
        "package-expired": "A prepaid package expired or is about to",
        "package-traffic": "Prepaid traffic reached its threshold",
        "sim-status-change": "The status of a SIM changed",
        "apn-status-change": "The status of an APN changed",
    }
)


# What a device sends or gets is a message of its own: two of them are never one thing that happened twice.
SMS = frozenset({"mo-sms", "mt-sms-status"})


class Severity(IntEnum):
    """How grave something is. What is low can wait for a digest; what is high is told at any hour."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """As people write it."""
        return self.name.lower()


class Fate(StrEnum):
    """What became of a push: nothing yet, a card of its own, a line on a job's or a request's card, held by planned
    work, or part of a conversation of SMS."""

    UNSORTED = ""
    SHOWN = "shown"
    JOB = "job"
    REQUEST = "request"
    MUTED = "muted"
    SMS = "sms"


class Source(StrEnum):
    """Whether SmartHub told of it, or it was found in its change log without ever being told."""

    PUSH = "push"
    LOG = "log"


@dataclass(frozen=True)
class Push:
    """One notification as it arrived and as far as it could be read.

    `key` is what makes a repeat a repeat. `flaw` says what could not be read; such a push is kept and shown all the
    same. `facts` holds what it says under our names; sizes are bytes, times aware UTC.
    """

    name: str
    key: str
    body: bytes
    giccid: str | None = None
    account: str | None = None
    happened_at: datetime | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    flaw: str | None = None


@dataclass(frozen=True)
class Event:
    """A push that is on disk. `repeats` counts how often the same one came again, last at `last_at`.

    `other_body` is what it said last when it came again under its id in other words. `incident` is the one whose card
    shows it, where it has one; `sms` is the one it brought, or tells of, in the conversation with its SIM.
    """

    id: int
    push: Push
    received_at: datetime
    label: str | None = None
    repeats: int = 0
    last_at: datetime | None = None
    other_body: bytes | None = None
    fate: Fate = Fate.SHOWN
    incident: int | None = None
    job: int | None = None
    source: Source = Source.PUSH
    sms: int | None = None


TAC = 8  # digits of an IMEI that name the model: https://www.gsma.com, type allocation code
LONG_SILENCE_H = 7 * 24


def severity_of(push: Push, *, now: datetime) -> Severity:
    """How grave a push is, by what it says alone; one that cannot be read may be anything."""
    if push.flaw is not None:
        return Severity.MEDIUM
    judge = GRAVITY.get(push.name)
    return Severity.MEDIUM if judge is None else judge(push.facts, now)


def same_model(old: Fact, new: Fact) -> bool | None:
    """Whether two IMEIs are of one model; `None` where one of them is not known."""
    if not isinstance(old, str) or not isinstance(new, str) or len(old) < TAC or len(new) < TAC:
        return None
    return old[:TAC] == new[:TAC]


def _device(facts: Facts, _: datetime) -> Severity:
    return Severity.MEDIUM if same_model(facts.get("old"), facts.get("new")) else Severity.HIGH


def _silence(facts: Facts, _: datetime) -> Severity:
    hours = facts.get("hours")
    return Severity.HIGH if isinstance(hours, int) and hours >= LONG_SILENCE_H else Severity.MEDIUM


def _expiry(facts: Facts, now: datetime) -> Severity:
    at = facts.get("expires_at")
    over = isinstance(at, datetime) and at <= now
    soon = isinstance(at, datetime) and at - now > timedelta(days=7)
    return Severity.HIGH if over else Severity.LOW if soon else Severity.MEDIUM


def _traffic(facts: Facts, _: datetime) -> Severity:
    percent = facts.get("percent")
    if not isinstance(percent, int):
        return Severity.MEDIUM
    return Severity.HIGH if percent >= 100 else Severity.MEDIUM if percent >= 90 else Severity.LOW


def _status(facts: Facts, _: datetime) -> Severity:
    return {"retired": Severity.HIGH, "suspended": Severity.MEDIUM}.get(str(facts.get("new")), Severity.LOW)


def _apn(facts: Facts, _: datetime) -> Severity:
    return Severity.LOW if facts.get("new") == "on" else Severity.MEDIUM


def _report(facts: Facts, _: datetime) -> Severity:
    return Severity.MEDIUM if str(facts.get("status", "")).lower() == "failed" else Severity.LOW


GRAVITY: Mapping[str, Gravity] = {
    "mo-sms": lambda _facts, _now: Severity.LOW,
    "mt-sms-status": _report,
    "cycle-usage": lambda _facts, _now: Severity.MEDIUM,
    "imei-change": _device,
    "no-session": _silence,
    "package-expired": _expiry,
    "package-traffic": _traffic,
    "sim-status-change": _status,
    "apn-status-change": _apn,
}
