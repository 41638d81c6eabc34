"""What only a look over the whole fleet can tell: shared pools, accounts as a whole, device numbers in two SIMs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.clock import Clock
from bot.errors import BotError, ProviderError
from bot.rules.alert_rules import Rule, judge_account, judge_pool, judge_twins
from bot.rules.alerts import About, Alert, Finding, Kind
from bot.rules.forecasts import outlook
from bot.smarthub.client import SmartHub
from bot.store import Store
from bot.store.fleet import Filled

AT_ONCE = 4
log = structlog.get_logger()


class Fleet:
    """Judging what no single SIM shows. To be asked after a look over all SIMs that came to its end."""

    def __init__(self, *, store: Store, hub: SmartHub, clock: Clock, rules: Sequence[Rule]) -> None:
        self._store, self._hub, self._clock = store, hub, clock
        self._rules = tuple(rule for rule in rules if rule.over_fleet)

    async def look(self) -> tuple[int, int]:
        """How many alerts this raised and cleared. What cannot be read now neither raises nor clears any.

        Raises StoreError; what SmartHub does not tell is left for the next look.
        """
        if not self._rules and not await self._store.alerts.any_of_fleet():
            return 0, 0
        read, found = await self.judge(self._rules)

        def judged(alert: Alert) -> bool:
            about = alert.finding.about
            return about is not About.POOL or read is None or alert.finding.account in read

        return await self._store.alerts.look_over_fleet(found, judged=judged, now=self._clock.now())

    async def judge(self, rules: Sequence[Rule]) -> tuple[frozenset[str] | None, tuple[Finding, ...]]:
        """Which accounts' pools were read (`None` where no rule needs them), and what these rules find now.

        Raises StoreError.
        """
        found: list[Finding] = []
        read: frozenset[str] | None = None
        if any(rule.about is About.POOL for rule in rules):
            now, pools = self._clock.now(), await self.pools()
            read = frozenset(account for account, _ in pools)
            for filled in (one for _, every in pools for one in every):
                past = self._store.fleet.past_of_pool(filled.account, filled.pool.name, filled.pool.cycle)
                found += judge_pool(filled.account, filled.pool, rules, now=now, past=past)
        if any(rule.about is About.ACCOUNT for rule in rules):
            for total in await self._store.fleet.totals():
                found += judge_account(total, rules)
        if any(rule.kind is Kind.TWIN for rule in rules):
            for device, sims in await self._store.fleet.twins():
                found += judge_twins(device, [(one.sim, one.label) for one in sims], rules)
        return read, tuple(found)

    async def found(self, rules: Sequence[Rule]) -> tuple[Finding, ...]:
        """What these rules find now. Raises StoreError."""
        return (await self.judge(rules))[1]

    async def outlooks(self, limit: int = 5) -> list[tuple[str, str, str]]:
        """Account, name and outlook of the fullest pools."""
        now, past = self._clock.now(), self._store.fleet.past_of_pool
        every = [one for _, found in await self.pools() for one in found]
        fullest = sorted(every, key=lambda one: -(one.pool.part_used or 0.0))[:limit]
        return [
            (
                one.account,
                one.pool.name,
                outlook(
                    one.pool.used_bytes,
                    one.pool.total_bytes,
                    one.pool.cycle,
                    now=now,
                    past=past(one.account, one.pool.name, one.pool.cycle),
                ),
            )
            for one in fullest
        ]

    async def pools(self) -> list[tuple[str, list[Filled]]]:
        """The pools of each account that could be read; how full they are is remembered for the days to come."""
        try:
            members = (await self._hub.enterprise()).accounts
        except ProviderError as problem:
            log.warning("pools_not_read", problem=str(problem))
            return []
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(account: str) -> tuple[str, list[Filled]] | None:
            async with slots:
                try:
                    return account, [Filled(account, pool) for pool in await self._hub.pools(account)]
                except BotError as problem:
                    log.warning("pools_not_read", account=account, problem=str(problem))
                    return None

        told = [answer for answer in await asyncio.gather(*(one(m.name) for m in members)) if answer is not None]
        await self._store.fleet.note_pools((f for _, every in told for f in every), now=self._clock.now())
        return told
