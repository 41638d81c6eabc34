"""SmartHub's notifications, from bytes to what they say. Pure; nothing that comes in here ever raises.

https://apidoc-en.smh.smarthing.com, "Event notification". The pages name what each one tells; the keys are assumed and
stand in tables.py as "push" (what all share) and "push-mo-sms" …, where an operator can correct them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.errors import BotError
from bot.rules.events import Fact, Push
from bot.smarthub import wire
from bot.smarthub.contract import FIELDS, Contract

# A text as far as it goes, or a bracket.
BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[][{}]', re.DOTALL)
PIECES: Mapping[bytes, int] = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


def read_push(name: str, body: bytes, contract: Contract, *, depth: int = 32) -> Push:
    """The notification of that name; where it cannot be read, its `flaw` says what is wrong and the body is kept.

    What is nested deeper than `depth` is not read.
    """
    if is_deeper(body, depth):
        return _unread(name, body, f"It is nested deeper than {depth} levels, so it was not read.")
    try:
        value = wire.read_json(body)
    except BotError:
        return _unread(name, body, "It is not JSON.")
    if not isinstance(value, dict):
        return _unread(name, body, "It is JSON, but not an object.")
    wrong: list[str] = []
    facts: dict[str, Fact] = {}
    for table, facts_of_it in (("push", FRAME), (f"push-{name}", FACTS[name])):
        for ours, _, read in facts_of_it:
            fact = _fact(value, contract.keys(table, ours), read, contract, wrong)
            if fact is not None:
                facts[ours] = fact
    event_id, giccid = facts.pop("event_id", None), facts.pop("giccid", None)
    happened_at, account = facts.pop("happened_at", None), facts.pop("account", None)
    if giccid is None and name != "mt-sms-status":
        wrong.append("it names no SIM (giccid)")
    return Push(
        name=name,
        key=_digest(name, body) if event_id is None else f"id:{name}/{event_id}",
        body=body,
        giccid=None if giccid is None else str(giccid),
        account=None if account is None else str(account),
        happened_at=happened_at if isinstance(happened_at, datetime) else None,
        facts=facts,
        flaw="; ".join(wrong) or None,
    )


def _unread(name: str, body: bytes, flaw: str) -> Push:
    return Push(name=name, key=_digest(name, body), body=body, flaw=flaw)


def _digest(name: str, body: bytes) -> str:
    """What a notification without an id of its own is known by."""
    return f"digest:{hashlib.sha256(name.encode() + b'/' + body).hexdigest()}"


def is_deeper(body: bytes, most: int) -> bool:
    """Whether its brackets are nested deeper than that; those in its texts are none."""
    if body.count(b"[") + body.count(b"{") <= most:
        return False
    depth = 0
    for piece in BRACKETS.finditer(body):
        depth += PIECES.get(piece[0], 0)
        if depth > most:
            return True
    return False


def _fact(value: Mapping[str, object], keys: Sequence[str], read: Reader, contract: Contract, wrong: list[str]) -> Fact:
    for theirs in keys:
        found = value.get(theirs)
        # An empty text is nothing too: an empty eventId would make all notifications without one the same.
        if found is None or found == "":
            continue
        try:
            return read(found, contract=contract)
        except BotError as exc:
            wrong.append(f"{theirs}: {exc}")
            return None
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


def _sms_state(value: object, *, contract: Contract) -> Fact:
    word = wire.text(value)
    return contract.ours("sms_state", word) or word


class Reader(Protocol):
    """How one value is read; raises a BotError when it is not what it should be."""

    def __call__(self, value: object, *, contract: Contract) -> Fact:
        """The fact in the value."""


Table = tuple[tuple[str, str, Reader], ...]


def _table(name: str, readers: Mapping[str, Reader]) -> Table:
    """Each fact with the key under which it is looked for, unless the operator says otherwise, and how it is read."""
    return tuple((ours, FIELDS[name][ours][0], read) for ours, read in readers.items())


FRAME: Table = _table("push", {"event_id": _text, "happened_at": _time, "giccid": _text, "account": _text})
FACTS: Mapping[str, Table] = {
    name: _table(f"push-{name}", readers)
    for name, readers in {
        "mo-sms": {"text": _text, "sms_id": _text, "happened_at": _time},
        "mt-sms-status": {"sms_id": _text, "status": _sms_state, "happened_at": _time},
        "cycle-usage": {"cycle": _text, "usage_bytes": _count, "threshold_bytes": _count},
        "imei-change": {"old": _text, "new": _text},
        "no-session": {"last_session_at": _time, "hours": _count},
        "package-expired": {"plan": _text, "expires_at": _time},
        "package-traffic": {"plan": _text, "total_bytes": _count, "used_bytes": _count, "percent": _count},
        "sim-status-change": {"old": _status, "new": _status},
        "apn-status-change": {"apn": _text, "old": _apn_status, "new": _apn_status},
    }.items()
}
