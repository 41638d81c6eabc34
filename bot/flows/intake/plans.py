"""Which accounts have the rate plan or the add-on that is ordered: each is asked for once for a list."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from bot.errors import ProviderError
from bot.rules.orders import Order
from bot.rules.plans import PlanKind
from bot.rules.sims import Operation
from bot.smarthub.client import SmartHub

KINDS = {Operation.PLAN: PlanKind.BASIC, Operation.ADDON: PlanKind.ADDON}
MOST_ACCOUNTS = 50  # that SmartHub is asked for; whether the others have it shows when the change is made
log = structlog.get_logger()


class Plans:
    """What is known of the accounts of one list."""

    def __init__(self, hub: SmartHub, order: Order) -> None:
        self._hub, self._order = hub, order
        self._asked: set[str] = set()
        self.without: set[str | None] = set()

    async def look(self, accounts: Iterable[str | None]) -> None:
        """Asks for those that were not asked for yet. One that SmartHub says nothing of counts as one that has it."""
        kind = KINDS.get(self._order.operation)
        if kind is None:
            return
        for account in {account for account in accounts if account is not None} - self._asked:
            if len(self._asked) >= MOST_ACCOUNTS:
                return
            self._asked.add(account)
            try:
                plans = await self._hub.plans(account)
            except ProviderError as problem:
                log.info("plans_not_read", account=account, problem=str(problem))
                continue
            if plans and self._order.plan not in {plan.name for plan in plans if plan.kind in (None, kind)}:
                self.without.add(account)
