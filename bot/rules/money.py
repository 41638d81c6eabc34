"""The money at risk in a fleet: what is paid for and not used, and what goes off as its plan ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.rules.plans import Plan
from bot.rules.radius import cost_of_many

IDLE_FOR = timedelta(days=7)
# What SmartHub writes where a SIM is switched off as its plan ends: https://apidoc-en.smh.smarthing.com
CUTS_OFF = "DISABLE_CARD"


@dataclass(frozen=True)
class Group:
    """So many SIMs of an account on a plan."""

    account: str
    plan: str
    count: int


@dataclass(frozen=True)
class Stake:
    """The same with what SmartHub says of the plan; `None` where it says nothing."""

    group: Group
    plan: Plan | None


@dataclass(frozen=True)
class AtRisk:
    """`idle`: active SIMs on a plan that used nothing in this cycle and had no session for a week. `ending`: active
    SIMs whose plan ends by `until` (aware UTC), of accounts where the SIM is switched off then.
    """

    until: datetime
    idle: Sequence[Stake] = ()
    ending: Sequence[Stake] = ()


@dataclass(frozen=True)
class Told:
    """What SmartHub says of an account: its plans, and its word for what becomes of one that ends."""

    plans: Sequence[Plan] = ()
    renewal: str | None = None


def at_risk(idle: Iterable[Group], ending: Iterable[Group], told: Mapping[str, Told], *, until: datetime) -> AtRisk:
    """What is at risk, each group at the price of its plan."""
    nothing = Told()

    def stake(group: Group) -> Stake:
        plans = told.get(group.account, nothing).plans
        return Stake(group, next((plan for plan in plans if plan.name == group.plan), None))

    off = (group for group in ending if told.get(group.account, nothing).renewal == CUTS_OFF)
    return AtRisk(until, tuple(map(stake, idle)), tuple(map(stake, off)))


def sum_of(stakes: Iterable[Stake]) -> str | None:
    """What they cost together, in a sentence, each currency by itself; `None` where no price is known."""
    return cost_of_many((stake.group.count, stake.plan) for stake in stakes)
