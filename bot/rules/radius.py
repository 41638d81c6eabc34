"""The blast radius of a change: how many SIMs it touches and what they are, before anybody presses. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from bot.errors import BotError
from bot.rules.orders import Order, check
from bot.rules.plans import Plan
from bot.rules.sims import Operation, Sim, quotable

RECENT = timedelta(hours=24)
SHOWN = 5  # of each kind of value; the rest is counted
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Radius:
    """What a change would touch: SIMs by state, rate plan, account and country, how many had a session in the last day,
    how many would be refused and why, and what it costs. Each count names its value as SmartHub does. `left_out` counts
    the lines of a list that are not among them, by what is said of them."""

    count: int
    states: Mapping[str, int] = field(default_factory=dict)
    plans: Mapping[str, int] = field(default_factory=dict)
    accounts: Mapping[str, int] = field(default_factory=dict)
    countries: Mapping[str, int] = field(default_factory=dict)
    in_session: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    cost: str | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)


class Survey:
    """Gathers a radius SIM by SIM, so that a list of any length is never held."""

    def __init__(self, order: Order, *, now: datetime, judged: bool = False) -> None:
        """`judged`: each SIM was found to fit before, and is not looked at for that once more."""
        self._order, self._now, self._judged = order, now, judged
        self._count = self._in_session = 0
        self._states: Counter[str] = Counter()
        self._plans: Counter[str] = Counter()
        self._accounts: Counter[str] = Counter()
        self._countries: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    def add(self, sim: Sim) -> None:
        """One more SIM, as it was last read."""
        self._count += 1
        self._states[sim.status_word if sim.status is None else sim.status.value] += 1
        self._plans[sim.plan or UNKNOWN] += 1
        self._accounts[sim.account or UNKNOWN] += 1
        self._countries[sim.country or UNKNOWN] += 1
        last = sim.last_session_at
        self._in_session += last is not None and self._now - last < RECENT
        if not self._judged and (why := refusal(self._order, sim)) is not None:
            self._refused[why] += 1

    @property
    def accounts(self) -> Mapping[str, int]:
        """How many SIMs of each account there are, all of them."""
        return self._accounts

    def radius(self, *, cost: str | None = None, left_out: Mapping[str, int] | None = None) -> Radius:
        """What was gathered."""
        counters = (self._states, self._plans, self._accounts, self._countries)
        states, plans, accounts, countries = (_top(counter) for counter in counters)
        refused = _top(self._refused)
        return Radius(
            self._count,
            states,
            plans,
            accounts,
            countries,
            self._in_session,
            refused,
            cost=cost,
            left_out=dict(left_out or {}),
        )


def radius_of(order: Order, sims: Iterable[Sim], *, plans: Sequence[Plan] = (), now: datetime) -> Radius:
    """The radius of an order over these SIMs; `plans` are the account's, for what it costs."""
    survey = Survey(order, now=now)
    for sim in sims:
        survey.add(sim)
    radius = survey.radius()
    return survey.radius(cost=cost(order, plans, count=radius.count))


def refusal(order: Order, sim: Sim) -> str | None:
    """Why this SIM would be refused, `None` when nothing speaks against it."""
    try:
        check(order, sim)
    except BotError as why:
        return str(why)
    return None


def cost(order: Order, plans: Sequence[Plan], *, count: int) -> str | None:
    """What the plan or add-on costs, in a sentence; `None` where no price is known."""
    if order.operation not in (Operation.PLAN, Operation.ADDON):
        return None
    plan = next((p for p in plans if p.name == order.plan), None)
    if plan is None or plan.price is None:
        return None
    currency = f" {quotable(plan.currency)}" if plan.currency else ""
    total = plan.price * Decimal(count)
    each = f"{plan.price}{currency}"
    return f"{each} for each SIM, {total}{currency} for {count:,}." if count > 1 else f"{each}."


def cost_of_many(prices: Iterable[tuple[int, Plan | None]]) -> str | None:
    """What the plan or add-on costs for a list: each account's number of SIMs, with its offer where that is known.

    `None` where no price is known.
    """
    totals: dict[str, Decimal] = {}
    priced = free = 0
    for count, plan in prices:
        if plan is None or plan.price is None:
            free += count
            continue
        currency = plan.currency or ""
        totals[currency] = totals.get(currency, Decimal(0)) + plan.price * count
        priced += count
    if not totals:
        return None
    sums = " and ".join(f"{total} {quotable(currency)}".strip() for currency, total in totals.items())
    rest = f"; no price is known for {free:,} more" if free else ""
    return f"{sums} for {priced:,} SIM{'' if priced == 1 else 's'}{rest}."


def _top(counter: Counter[str]) -> dict[str, int]:
    """The most frequent values, the rest under one name."""
    top = dict(counter.most_common(SHOWN))
    if (rest := counter.total() - sum(top.values())) > 0:
        top["others"] = top.get("others", 0) + rest
    return top
