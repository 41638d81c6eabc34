"""The SIMs of a list read at SmartHub once more, the cheaper way: one by one, or in the pages of their accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from bot.clock import Clock
from bot.errors import SimNotFound
from bot.rules.sims import Sim, label_of
from bot.smarthub.client import SmartHub
from bot.store import Store
from bot.store.lists import SimList

FRESH = timedelta(minutes=1)
AT_ONCE = 4


@dataclass(frozen=True)
class Rereading:
    """Brings the snapshot up to date for the accepted SIMs of a list. `page_size`: SIMs in a page of a list."""

    store: Store
    hub: SmartHub
    clock: Clock
    label_field: str
    page_size: int

    async def read(self, found: SimList) -> frozenset[str]:
        """Those of its SIMs that SmartHub knows no more. Raises ProviderError when they cannot be read."""
        since = self.clock.now() - FRESH
        for account, count, size in await self.store.list_sims.stale(found.id, since=since):
            if count > ceil(size / self.page_size):
                await self._read_pages(account)
        gone: set[str] = set()
        async with aclosing(self.store.list_sims.stale_sims(found.id, since=since)) as pieces:
            async for piece in pieces:
                gone |= await self._read_singly(piece)
        return frozenset(gone)

    async def _read_pages(self, account: str) -> None:
        async for page in self.hub.sims(account=account, page_size=self.page_size):
            await self._remember(page.sims)

    async def _read_singly(self, giccids: Sequence[str]) -> set[str]:
        gone: set[str] = set()
        for n in range(0, len(giccids), AT_ONCE):
            some = giccids[n : n + AT_ONCE]
            read = await asyncio.gather(*map(self.hub.sim, some), return_exceptions=True)
            await self._remember([sim for sim in read if isinstance(sim, Sim)])
            for giccid, said in zip(some, read, strict=True):
                if isinstance(said, SimNotFound):
                    gone.add(giccid)
                elif isinstance(said, BaseException):
                    raise said
        return gone

    async def _remember(self, sims: Sequence[Sim]) -> None:
        labelled = [(sim, label_of(sim, self.label_field)) for sim in sims]
        if labelled:
            await self.store.sims.remember_all(labelled, now=self.clock.now())
