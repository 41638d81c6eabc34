"""The nine notifications SmartHub pushes, and what one says once it is read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

Fact = str | int | datetime | None

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

    `other_body` is what it said last when it came again under its id in other words.
    """

    id: int
    push: Push
    received_at: datetime
    label: str | None = None
    repeats: int = 0
    last_at: datetime | None = None
    other_body: bytes | None = None
