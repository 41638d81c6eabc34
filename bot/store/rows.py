"""How our values stand in SQLite's columns, and how they come back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.rules.events import Fact

AS_TEXT = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
Row = Mapping[str, Any]  # Any: a column holds what its table says; each reader names the type it makes of it


def when(at: datetime) -> str:
    """An aware time as UTC text of one fixed width, so that text order is time order."""
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")


def when_or_none(at: datetime | None) -> str | None:
    """The same for a time that may be missing."""
    return None if at is None else when(at)


def time(text: str) -> datetime:
    """The aware UTC time in a column."""
    return datetime.fromisoformat(text)


def time_or_none(text: str | None) -> datetime | None:
    """The same for a column that may be empty."""
    return None if text is None else time(text)


def facts_as_text(facts: Mapping[str, Fact]) -> str:
    """Facts as JSON; a time is written as `{"time": …}` so that it comes back as one."""
    plain = {k: {"time": when(v)} if isinstance(v, datetime) else v for k, v in facts.items()}
    return AS_TEXT.encode(plain)


def facts_from_text(text: str) -> dict[str, Fact]:
    """The facts that were written."""
    return {k: time(v["time"]) if isinstance(v, dict) else v for k, v in json.loads(text).items()}
