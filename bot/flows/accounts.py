"""What people ask about the enterprise and its accounts: themselves, their pools, plans and traffic by country."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.clock import Clock
from bot.errors import BadInput, BotError, NotFound, ProviderError
from bot.rules.accounts import Account, Enterprise
from bot.rules.countries import read_wanted
from bot.rules.forecasts import DayUse, outlook
from bot.rules.likeness import alike
from bot.rules.pools import Pool
from bot.rules.sims import quotable
from bot.smarthub.client import SmartHub
from bot.views import accounts as view
from bot.views import countries as countries_view
from bot.views import plans as plans_view
from bot.views import pools as pools_view
from bot.views.parts import DECIMAL, Message, Units

AT_ONCE = 8
# The rest would fit into no table of Slack's; asking for a hundred takes about five seconds at the usual rate.
ASKED_AT_MOST = 100
T = TypeVar("T")
Past = Callable[[str, str, str | None], Sequence[DayUse]]


def no_past(_account: str, _pool: str, _cycle: str | None) -> Sequence[DayUse]:
    """The past of pools where none is kept."""
    return ()


@dataclass(frozen=True)
class Told(Generic[T]):
    """What SmartHub said of each account, and why of the others it did not."""

    answers: Sequence[tuple[str, T]]
    failures: Sequence[tuple[str, str]]


class Accounts:
    """Looking at accounts. Nothing is kept: every figure is read from SmartHub when it is asked for."""

    def __init__(self, *, hub: SmartHub, clock: Clock, units: Units = DECIMAL, past: Past = no_past) -> None:
        """`past` is what was used of a pool of an account on each day of a cycle, as far as that is known."""
        self._past = past
        self._hub, self._clock, self._units = hub, clock, units

    async def account(self, name: str | None = None) -> Message:
        """One account, or the enterprise with all of them where none is named. Raises NotFound, ProviderError."""
        if name is None or not name.strip():
            return await self._enterprise()
        found = await self._of(name, self._hub.account)
        return view.card(found, read_at=self._clock.now())

    async def pools(self, account: str | None = None, *, exact: bool = False) -> Message:
        """The shared pools of an account, or of all accounts where none is named. Raises NotFound, ProviderError."""
        now, units = self._clock.now(), self._units.to_the_byte(exact)
        if account is None or not account.strip():
            enterprise = await self._hub.enterprise()
            told = await self._each(enterprise, self._hub.pools)
            pools = [(name, pool) for name, found in told.answers for pool in found]
            left_out = len(enterprise.accounts) - ASKED_AT_MOST
            return pools_view.listing(
                _by_use(pools), failures=told.failures, left_out=left_out, read_at=now, units=units,
                outlooks=self._outlooks(pools),
            )  # fmt: skip
        found = [(account.strip(), pool) for pool in await self._of(account, self._hub.pools)]
        outlooks = self._outlooks(found)
        return pools_view.listing(_by_use(found), account=account.strip(), read_at=now, units=units, outlooks=outlooks)

    def _outlooks(self, pools: Sequence[tuple[str, Pool]]) -> dict[tuple[str, str], str]:
        """What becomes of each pool, by its account and its name."""
        now = self._clock.now()
        return {
            (account, pool.name): outlook(
                pool.used_bytes, pool.total_bytes, pool.cycle, now=now, past=self._past(account, pool.name, pool.cycle)
            )
            for account, pool in pools
        }

    async def plans(self, account: str, *, exact: bool = False) -> Message:
        """The rate plans of an account. Raises BadInput, NotFound, ProviderError."""
        if not account.strip():
            raise BadInput("The name of an account is missing here: `plans ACCOUNT`. `account` lists them all.")
        found = await self._of(account, self._hub.plans)
        units = self._units.to_the_byte(exact)
        return plans_view.listing(found, account=account.strip(), read_at=self._clock.now(), units=units)

    async def countries(self, text: str = "", *, exact: bool = False) -> Message:
        """Traffic and SIMs by country for what was typed, `[YYYY-MM] [account:NAME]`. Raises BadInput, NotFound,
        ProviderError.
        """
        wanted = read_wanted(text)
        if wanted.account is None:
            found = await self._hub.countries(cycle=wanted.cycle)
        else:
            found = await self._of(wanted.account, lambda name: self._hub.countries(name, wanted.cycle))
        now, units = self._clock.now(), self._units.to_the_byte(exact)
        return countries_view.listing(found, cycle=wanted.cycle, account=wanted.account, read_at=now, units=units)

    async def _enterprise(self) -> Message:
        enterprise = await self._hub.enterprise()
        told = await self._each(enterprise, self._hub.account)
        known: dict[str, Account] = dict(told.answers)
        return view.overview(enterprise, known=known, failures=told.failures, read_at=self._clock.now())

    async def _of(self, name: str, ask: Callable[[str], Awaitable[T]]) -> T:
        """What SmartHub says of the account of that name. Raises NotFound with the names that look like it."""
        try:
            return await ask(name.strip())
        except NotFound as missing:
            try:
                known = [member.name for member in (await self._hub.enterprise()).accounts]
            except ProviderError:
                raise missing from None
            if name.strip() in known:
                raise NotFound(f"{missing} And yet SmartHub lists this account: is the address right?") from None
            raise NotFound(_no_account(name.strip(), known)) from None

    async def _each(self, enterprise: Enterprise, ask: Callable[[str], Awaitable[T]]) -> Told[T]:
        """What SmartHub says of each account, the biggest accounts first. One that fails does not hide the others; when
        all fail, there is nothing to show and the first reason is raised.
        """
        members = sorted(enterprise.accounts, key=lambda m: -(m.sim_count or 0))[:ASKED_AT_MOST]
        # A call's patience runs from when it is made, so no more of them are made than can be on their way.
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> T | BotError:
            async with slots:
                try:
                    return await ask(name)
                except BotError as problem:
                    return problem

        names = [member.name for member in members]
        answers = list(zip(names, await asyncio.gather(*map(one, names)), strict=True))
        failed = [(name, problem) for name, problem in answers if isinstance(problem, BotError)]
        if failed and len(failed) == len(names):
            raise failed[0][1]
        good = [(name, answer) for name, answer in answers if not isinstance(answer, BotError)]
        return Told(good, [(name, str(problem)) for name, problem in failed])


def _by_use(pools: Sequence[tuple[str, Pool]]) -> list[tuple[str, Pool]]:
    """The pools, the fullest first; those of which it is not known last."""
    return sorted(pools, key=lambda p: -1.0 if p[1].part_used is None else p[1].part_used, reverse=True)


def _no_account(name: str, known: Sequence[str]) -> str:
    near = alike(name, known)
    if near:
        return f"SmartHub has no account “{quotable(name)}”. Did you mean {_listed(near)}?"
    if not known:
        return f"SmartHub has no account “{quotable(name)}”, and none at all for this key."
    more = "" if len(known) <= 10 else f" and {len(known) - 10} more"
    return f"SmartHub has no account “{quotable(name)}”. There are {_listed(known[:10])}{more}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"“{quotable(name)}”" for name in names)
