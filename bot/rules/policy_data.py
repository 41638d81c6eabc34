"""A policy as flat data that JSON can hold, so that a request keeps the one it was asked under. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

from bot.rules.hours import Hours, read_hours
from bot.rules.policies import Policy, When
from bot.rules.sims import Operation

# Any: what JSON gives back; each value was written by `to_data`.
Data = dict[str, Any]


def to_data(policy: Policy) -> Data:
    """The policy as numbers, texts, lists and tables; lengths of time are seconds."""
    when = {f.name: _flat(getattr(policy.when, f.name)) for f in fields(When)}
    own = {f.name: _flat(getattr(policy, f.name)) for f in fields(Policy) if f.name not in ("when", "also")}
    return {**own, "when": when, "also": [to_data(part) for part in policy.also]}


def of_data(data: Mapping[str, Any]) -> Policy:
    """The policy that `to_data` wrote; what is missing has its default."""
    own = {f.name: _same_kind(data[f.name], f.default) for f in fields(Policy) if f.name in data and f.name != "when"}
    also = tuple(of_data(part) for part in data.get("also", ()))
    return Policy(**{**own, "also": also, "when": _when(data.get("when", {}))})


def _when(data: Mapping[str, Any]) -> When:
    kept = {name: _tuples(value) for name, value in data.items() if name in When.__dataclass_fields__}
    kept["operations"] = tuple(map(Operation, data.get("operations", ())))
    kept["hours"] = None if data.get("hours") is None else read_hours(data["hours"])
    return When(**kept)


def _flat(value: object) -> object:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Hours):
        return str(value)
    return [_flat(item) for item in value] if isinstance(value, tuple) else value


def _same_kind(value: Any, default: object) -> Any:
    return timedelta(seconds=value) if isinstance(default, timedelta) else _tuples(value)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
