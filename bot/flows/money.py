"""The money at risk in the fleet, at the prices SmartHub names: a call or two for an account, none for a SIM."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import structlog

from bot.clock import Clock
from bot.errors import BotError
from bot.rules.money import AtRisk, Told, at_risk
from bot.smarthub.client import SmartHub
from bot.store import Store

AT_ONCE = 4
ASKED = 100  # accounts, those with most SIMs first; for the others no price is known
log = structlog.get_logger()


class Money:
    """Adding up what may be lost."""

    def __init__(self, *, store: Store, hub: SmartHub, clock: Clock) -> None:
        self._store, self._hub, self._clock = store, hub, clock

    async def at_risk(self, until: datetime) -> AtRisk:
        """What is at risk between now and then. What SmartHub does not tell has no price. Raises StoreError."""
        idle, ending = await self._store.money.groups(now=self._clock.now(), until=until)
        sizes = Counter[str]()
        for group in (*idle, *ending):
            sizes[group.account] += group.count
        told = await self._told((name for name, _ in sizes.most_common(ASKED)), {group.account for group in ending})
        return at_risk(idle, ending, told, until=until)

    async def _told(self, accounts: Iterable[str], ends: set[str]) -> dict[str, Told]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(account: str) -> tuple[str, Told]:
            async with slots:
                try:
                    renewal = (await self._hub.account(account)).renewal if account in ends else None
                    return account, Told(await self._hub.plans(account), renewal)
                except BotError as problem:
                    log.info("prices_not_read", account=account, problem=str(problem))
                    return account, Told()

        return dict(await asyncio.gather(*map(one, accounts)))
