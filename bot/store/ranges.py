"""Limits on usage, expiry and silence as stretches of an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.rules.amounts import Limit
from bot.rules.snapshot import Listed
from bot.store.snapshot import DAY, MOST_PERCENT, MUCH_PERCENT, MUCH_SIZE, micros, percent, size_step


@dataclass(frozen=True)
class Range:
    """A limit as a coarse column with an index, and the exact condition for where the coarse one leaves it open.

    `index` is `None` where so many fit that none is kept: there the exact condition is asked alone.
    """

    column: str
    index: str | None
    sign: str
    step: int
    exact: str
    amount: int

    @property
    def falls(self) -> bool:
        """Whether the greatest comes first: who looks for much wants to see the most."""
        return self.sign in (">", ">=") and self.column in ("percent", "size_step")

    @property
    def bound(self) -> tuple[str, tuple[int, ...]]:
        """The stretch of the index, as a condition and what it takes."""
        return f"s.{self.column} {self.sign[0]}= ?", (self.step,)

    @property
    def rest(self) -> tuple[str, tuple[int, ...]]:
        """What has to hold within that stretch."""
        if not self.sign:
            return f"s.{self.column} IS NULL", ()
        exact = f"{self.exact} {self.sign} ?"
        if self.index is None:
            return exact, (self.amount,)
        return f"(s.{self.column} {self.sign[0]} ? OR {exact})", (self.step, self.amount)

    @property
    def whole(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Both conditions."""
        return (self.bound, self.rest) if self.sign and self.index is not None else (self.rest,)


def range_of(limit: Limit, now: datetime) -> Range:
    """How a limit is looked up."""
    sign, at, rises = limit.sign, micros(now) or 0, limit.sign in (">", ">=")
    if limit.field == "share":
        step = min(limit.amount * 100 // 1_000_000, MOST_PERCENT)
        index = "sims_by_percent" if rises and step >= MUCH_PERCENT else None
        return Range("percent", index, sign, step, "share(s.usage_bytes, s.quota_bytes)", limit.compared)
    if limit.field == "usage":
        step = size_step(limit.amount)
        index = "sims_by_size" if rises and step >= MUCH_SIZE else None
        return Range("size_step", index, sign, step, "s.usage_bytes", limit.amount)
    if limit.field == "expires":
        end = at + limit.compared
        return Range("expires_day", "sims_by_expiry" if sign else None, sign, end // DAY, "s.plan_expires_at", end)
    end = at - limit.compared  # idle for longer is last seen earlier
    sign = sign.translate(str.maketrans("<>", "><"))
    return Range("idle_day", "sims_by_idle", sign, end // DAY, "s.last_session_at", end)


def step_of(row: Listed, column: str) -> int:
    """The coarse measure by which a row is ordered."""
    sim = row.sim
    if column == "percent":
        return percent(sim.usage_bytes, sim.quota_bytes) or 0
    if column == "size_step":
        return size_step(sim.usage_bytes or 0)
    return (micros(sim.plan_expires_at if column == "expires_day" else sim.last_session_at) or 0) // DAY
