"""SmartHub's notifications, from bytes to what they say. Pure; nothing that comes in here ever raises.

https://apidoc-en.smh.smarthing.com, "Event notification". The keys are assumed: the pages name what each one tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Protocol

from bot.errors import BotError
from bot.rules.events import Fact, Push
from bot.smarthub import wire
from bot.smarthub.contract import Contract

Read = Callable[[object], Fact]


def read_push(name: str, body: bytes, contract: Contract) -> Push:
    """The notification of that name; where it cannot be read, its `flaw` says what is wrong and the body is kept."""
    digest = f"digest:{hashlib.sha256(name.encode() + b'/' + body).hexdigest()}"
    try:
        value = wire.read_json(body)
    except BotError:
        return Push(name=name, key=digest, body=body, flaw="It is not JSON.")
    if not isinstance(value, dict):
        return Push(name=name, key=digest, body=body, flaw="It is JSON, but not an object.")
    wrong: list[str] = []
    facts: dict[str, Fact] = {}
    for ours, theirs, read in (*FRAME, *FACTS[name]):
        fact = _fact(value, theirs, partial(read, contract=contract), wrong)
        if fact is not None:
            facts[ours] = fact
    event_id, giccid = facts.pop("event_id", None), facts.pop("giccid", None)
    happened_at, account = facts.pop("happened_at", None), facts.pop("account", None)
    if giccid is None and name != "mt-sms-status":
        wrong.append("it names no SIM (giccid)")
    return Push(
        name=name,
        key=digest if event_id is None else f"id:{name}/{event_id}",
        body=body,
        giccid=None if giccid is None else str(giccid),
        account=None if account is None else str(account),
        happened_at=happened_at if isinstance(happened_at, datetime) else None,
        facts=facts,
        flaw="; ".join(wrong) or None,
    )


def _fact(value: Mapping[str, object], theirs: str, read: Read, wrong: list[str]) -> Fact:
    found = value.get(theirs)
    # An empty text is nothing too: an empty eventId would make all notifications without one the same.
    if found is None or found == "":
        return None
    try:
        return read(found)
    except BotError as exc:
        wrong.append(f"{theirs}: {exc}")
        return None


def _text(value: object, *, contract: Contract) -> Fact:  # noqa: ARG001 - every reader is called alike
    return wire.text(value)


def _count(value: object, *, contract: Contract) -> Fact:  # noqa: ARG001 - every reader is called alike
    return wire.count(value)


def _time(value: object, *, contract: Contract) -> Fact:  # noqa: ARG001 - every reader is called alike
    return wire.read_time(value)


def _status(value: object, *, contract: Contract) -> Fact:
    word = wire.text(value)
    return contract.ours("status", word) or word


def _apn_status(value: object, *, contract: Contract) -> Fact:
    word = wire.text(value)
    return contract.ours("apn_status", word) or word


class Reader(Protocol):
    """How one value is read; raises a BotError when it is not what it should be."""

    def __call__(self, value: object, *, contract: Contract) -> Fact:
        """The fact in the value."""


Table = tuple[tuple[str, str, Reader], ...]

FRAME: Table = (
    ("event_id", "eventId", _text),
    ("happened_at", "eventTime", _time),
    ("giccid", "giccid", _text),
    ("account", "accountName", _text),
)
FACTS: Mapping[str, Table] = {
    "mo-sms": (("text", "messageText", _text), ("sms_id", "smsMsgId", _text), ("happened_at", "receivedTime", _time)),
    "mt-sms-status": (
        ("sms_id", "smsMsgId", _text),
        ("status", "status", _text),
        ("happened_at", "reportTime", _time),
    ),
    "cycle-usage": (
        ("cycle", "cycleName", _text),
        ("usage_bytes", "usageBytes", _count),
        ("threshold_bytes", "thresholdBytes", _count),
    ),
    "imei-change": (("old", "oldImei", _text), ("new", "newImei", _text)),
    "no-session": (("last_session_at", "lastSessionTime", _time), ("hours", "hoursWithoutSession", _count)),
    "package-expired": (("plan", "servicePackage", _text), ("expires_at", "expireTime", _time)),
    "package-traffic": (
        ("plan", "servicePackage", _text),
        ("total_bytes", "totalBytes", _count),
        ("used_bytes", "usedBytes", _count),
        ("percent", "thresholdPercent", _count),
    ),
    "sim-status-change": (("old", "oldStatus", _status), ("new", "newStatus", _status)),
    "apn-status-change": (("apn", "apn", _text), ("old", "oldStatus", _apn_status), ("new", "newStatus", _apn_status)),
}
