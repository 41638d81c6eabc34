"""A clock that stands still until it is told to go on: what every test tells the time by."""

from __future__ import annotations

import asyncio
import heapq
from datetime import datetime, timedelta
from itertools import count


class HeldClock:
    """A `bot.clock.Clock` whose time passes only by `advance`; who sleeps is woken in the order of the times."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._order = count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The held moment, aware, in UTC."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Returns when the clock has been advanced by that many seconds."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), waiting))
        await waiting

    async def advance(self, seconds: float) -> None:
        """Lets that many seconds pass, waking each sleeper at its own moment."""
        end = self._now + timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, waiting = heapq.heappop(self._sleepers)
            self._now = max(self._now, due)
            if not waiting.done():
                waiting.set_result(None)
                await asyncio.sleep(0)
        self._now = max(self._now, end)
        await asyncio.sleep(0)

    def set(self, to: datetime) -> None:
        """Sets the clock, as one on the wall is set: no time passes, and who sleeps sleeps as long as before."""
        by, self._now = to - self._now, to
        self._sleepers = [(due + by, order, waiting) for due, order, waiting in self._sleepers]

    def next_waking(self) -> datetime | None:
        """When the next sleeper wants to be woken; `None` when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None


class Askew:
    """A `bot.clock.Clock` that is wrong by so much, and whose time passes as that of another one."""

    def __init__(self, clock: HeldClock) -> None:
        self._clock = clock
        self.by = timedelta(0)

    def now(self) -> datetime:
        """The moment it shows, aware, in UTC."""
        return self._clock.now() + self.by

    async def sleep(self, seconds: float) -> None:
        """Returns after that many seconds, whatever it shows."""
        await self._clock.sleep(seconds)
