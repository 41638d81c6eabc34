"""Limits in a search, such as `usage>80%`, `expires<14d` or `idle:never`, and the amounts in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from operator import ge, gt, le, lt
from types import MappingProxyType

from bot.errors import BadInput
from bot.rules.durations import read_duration
from bot.rules.sims import Sim, quotable

SIGNS: Mapping[str, str] = MappingProxyType({"=>": ">=", "≥": ">=", "=<": "<=", "≤": "<="})
COMPARE = MappingProxyType({">": gt, ">=": ge, "<": lt, "<=": le})
DECIMAL = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
BINARY = {"ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
UNITS = DECIMAL | BINARY
AMOUNT = re.compile(r"([0-9]{1,15}(?:[.,][0-9]{1,9})?)\s*(%|[kmgt]i?b?|b)", re.IGNORECASE)
WHOLE = 1_000_000  # a quota in its millionths
LARGEST = 2**62  # a limit beyond any number of bytes
NOTHING_SET = {"idle": ("never", "none"), "expires": ("never", "none")}


@dataclass(frozen=True)
class Limit:
    """One limit. `field` is usage (bytes), share (millionths of the quota), expires or idle (seconds).

    `sign` is one of > >= < <=, or "" for where there is no such time at all; `word` is the amount as it was typed.
    """

    field: str
    sign: str
    amount: int
    word: str

    @property
    def text(self) -> str:
        """The limit as it can be typed again."""
        key = "usage" if self.field == "share" else self.field
        return f"{key}{self.sign or ':'}{self.word}"

    def holds(self, sim: Sim, now: datetime) -> bool:
        """Whether this SIM is within the limit; what is not known is not."""
        if not self.sign:
            return (sim.last_session_at if self.field == "idle" else sim.plan_expires_at) is None
        value = measured(self.field, sim, now)
        return value is not None and bool(COMPARE[self.sign](value, self.compared))

    @property
    def compared(self) -> int:
        """The amount in the unit `measured` speaks of."""
        return 2 * self.amount if self.field == "share" else self.amount * 1_000_000 if self.is_time else self.amount

    @property
    def is_time(self) -> bool:
        """Whether it is about a moment."""
        return self.field in ("expires", "idle")


def measured(field: str, sim: Sim, now: datetime) -> int | None:
    """What a limit is compared with: bytes, twice the millionths of the quota, or microseconds from now or ago."""
    if field == "usage":
        return sim.usage_bytes
    if field == "share":
        return share(sim.usage_bytes, sim.quota_bytes)
    at = sim.plan_expires_at if field == "expires" else sim.last_session_at
    if at is None:
        return None
    return (at - now if field == "expires" else now - at) // timedelta(microseconds=1)


def share(used: int | None, quota: int | None) -> int | None:
    """How much of the quota is used: twice the whole millionths, and one more where something is left over.

    So every comparison with whole millionths is exact without a fraction. `None` where there is no quota.
    """
    if used is None or quota is None or quota <= 0:
        return None
    millionths, rest = divmod(used * WHOLE, quota)
    return min(2 * millionths + (rest > 0), LARGEST)


def read_limit(key: str, sign: str, value: str) -> Limit:
    """The limit after `usage`, `expires` or `idle`. Raises BadInput, saying what is wrong with it."""
    word = "".join(value.split())
    sign = SIGNS.get(sign, sign)
    if sign == ":" and (inner := re.match(r">=|<=|>|<|≥|≤", word)):
        sign, word = SIGNS.get(inner[0], inner[0]), word[inner.end() :]
    if sign == ":" and word.lower() in NOTHING_SET.get(key, ()):
        return Limit(key, "", 0, NOTHING_SET[key][0] if key == "idle" else "none")
    if sign not in COMPARE:
        raise BadInput("write > or < before the amount.")
    return _usage(sign, word) if key == "usage" else _time(key, sign, word)


def _usage(sign: str, word: str) -> Limit:
    match = AMOUNT.fullmatch(word)
    if match is None:
        raise BadInput(f"“{quotable(word)}” is no amount with a unit.")
    number, unit = Decimal(match[1].replace(",", ".")), match[2].lower()
    if unit == "%":
        return Limit("share", sign, int(number * WHOLE / 100), f"{match[1]}%")
    scale = UNITS[unit.removesuffix("b")]
    return Limit("usage", sign, min(int(number * scale), LARGEST), word)


def _time(key: str, sign: str, word: str) -> Limit:
    if word.startswith("-"):
        raise BadInput("a length of time cannot be negative.")
    return Limit(key, sign, int(read_duration(word).total_seconds()), word.lower())
