"""The audit log as a chain: each line is sealed together with the one before it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

SYSTEM = "simops"
FIRST = "0" * 64


@dataclass(frozen=True)
class Deed:
    """What somebody did, before it is written: `actor` is a Slack user id, or `simops` for what the bot found out."""

    actor: str
    action: str
    subject: str
    detail: Mapping[str, str | int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class AuditLine:
    """A deed as it stands in the log, with its number, its time (aware UTC) and its two seals (SHA-256, hex)."""

    id: int
    at: datetime
    deed: Deed
    previous: str
    seal: str


def seal(*, id: int, at: datetime, deed: Deed, previous: str) -> str:
    """The SHA-256 over the line and the seal before it, as 64 hex digits."""
    content = [id, at.isoformat(), deed.actor, deed.action, deed.subject, dict(deed.detail), previous]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # A log that was tampered with may hold halves of characters; it is judged all the same.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def first_break(lines: Iterable[AuditLine]) -> str | None:
    """A sentence naming the first line that does not follow from the one before it; `None` when all do."""
    previous, expected = FIRST, 1
    for line in lines:
        if line.id != expected:
            return f"Line {expected} is missing: after it comes line {line.id}."
        if line.previous != previous:
            return f"Line {line.id} does not follow line {line.id - 1}: one of them was changed."
        if line.seal != seal(id=line.id, at=line.at, deed=line.deed, previous=line.previous):
            return f"Line {line.id} was changed after it was written."
        previous, expected = line.seal, expected + 1
    return None
