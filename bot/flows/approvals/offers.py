"""The rate plans and add-ons an account offers: whether what was asked for is among them, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

import structlog

from bot.errors import NotPossible, ProviderError
from bot.rules.orders import Order
from bot.rules.plans import Plan, PlanKind
from bot.rules.sims import Operation, Sim, quotable
from bot.smarthub.client import SmartHub

log = structlog.get_logger()
KINDS: Mapping[Operation, PlanKind] = MappingProxyType(
    {Operation.PLAN: PlanKind.BASIC, Operation.ADDON: PlanKind.ADDON}
)


async def offered(hub: SmartHub, order: Order, sim: Sim) -> Sequence[Plan]:
    """The plans of the SIM's account, where the order names one; nothing where SmartHub does not tell them.

    Raises NotPossible when it is not among them.
    """
    if order.operation not in KINDS or sim.account is None:
        return ()
    try:
        plans = await hub.plans(sim.account)
    except ProviderError as problem:
        log.info("plans_not_read", account=sim.account, problem=str(problem))
        return ()
    fitting = [p.name for p in plans if p.kind in (None, KINDS[order.operation])]
    if plans and order.plan not in fitting:
        near = get_close_matches(order.plan or "", fitting, n=3, cutoff=0.3) or fitting[:3]
        there = ", ".join(f"“{quotable(name)}”" for name in near)
        raise NotPossible(
            f"The account “{quotable(sim.account)}” has no {_kind(order)} “{quotable(order.plan or '')}”"
            f"{f'; it has {there}' if there else ''}."
        )
    return plans


def _kind(order: Order) -> str:
    return "add-on" if order.operation is Operation.ADDON else "rate plan"
