"""What only a look over the whole fleet can tell: shared pools, accounts as a whole, device numbers in two SIMs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from bot.clock import Clock
from bot.errors import BotError, ProviderError
from bot.rules.alert_rules import Rule, is_known, judge_account, judge_pool, judge_twins, key_of
from bot.rules.alert_wholes import Whole, can_tell_of_all
from bot.rules.alerts import About, Alert, Finding, Kind
from bot.rules.forecasts import outlook
from bot.smarthub.client import SmartHub
from bot.store import Store
from bot.store.fleet import Filled

AT_ONCE = 4
log = structlog.get_logger()


@dataclass(frozen=True)
class Looked:
    """A look at the whole fleet: the accounts whose pools were read (`None` where no rule needs them), what was found,
    and the figures of each pool and account."""

    read: frozenset[str] | None
    found: tuple[Finding, ...]
    seen: Mapping[tuple[About, str], Whole]


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
        looked = await self.judge(self._rules)
        untold = await self._store.fleet.untold()
        held = {(f.about, f.giccid, f.rule, f.kind) for f in looked.found}

        def judged(alert: Alert) -> bool:
            one = alert.finding
            if one.about is About.POOL and looked.read is not None and one.account not in looked.read:
                return False
            if (one.about, one.giccid, one.rule, one.kind) in held or not is_known(alert, self._rules):
                return True
            if one.kind is Kind.TWIN:
                return one.cycle not in untold
            return can_tell_of_all(looked.seen.get((one.about, one.giccid)), one)

        return await self._store.alerts.look_over_fleet(looked.found, judged=judged, now=self._clock.now())

    async def judge(self, rules: Sequence[Rule]) -> Looked:
        """What these rules find now, and in what. Raises StoreError."""
        found: list[Finding] = []
        seen: dict[tuple[About, str], Whole] = {}
        read: frozenset[str] | None = None
        if any(rule.about is About.POOL for rule in rules):
            now, pools = self._clock.now(), await self.pools()
            read = frozenset(account for account, _ in pools)
            for filled in (one for _, every in pools for one in every):
                account, pool = filled.account, filled.pool
                past = self._store.fleet.past_of_pool(account, pool.name, pool.cycle)
                found += judge_pool(account, pool, rules, now=now, past=past)
                whole = Whole(pool.cycle, pool.used_bytes, pool.total_bytes, pool.expires_at)
                seen[About.POOL, key_of(account, pool.name)] = whole
        if any(rule.about is About.ACCOUNT for rule in rules):
            for total in await self._store.fleet.totals():
                found += judge_account(total, rules)
                seen[About.ACCOUNT, total.account] = Whole(total.cycle, total.used, total.whole)
        if any(rule.kind is Kind.TWIN for rule in rules):
            for device, sims in await self._store.fleet.twins():
                found += judge_twins(device, [(one.sim, one.label) for one in sims], rules)
        return Looked(read, tuple(found), seen)

    async def found(self, rules: Sequence[Rule]) -> tuple[Finding, ...]:
        """What these rules find now. Raises StoreError."""
        return (await self.judge(rules)).found

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
