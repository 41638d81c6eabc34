"""A quarter of a year: quotas are used, cycles turn, and looks fail, are missed, repeated and made twice at once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tests.talk import ALERTS, World

PERCENT = (80, 95, 100)
DAYS = (30, 14, 7, 3, 1)
START = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)  # the clocks of Europe go back on the 25th
Fact = tuple[str, str, int, str]  # kind, SIM, limit, cycle or day


class Reference:
    """What has to be told, worked out as plainly as can be: the gravest limit that is reached and was not told since
    it was last not reached, in this cycle.
    """

    def __init__(self) -> None:
        self.told: Counter[Fact] = Counter()
        self.held: dict[tuple[str, str], tuple[str, set[int]]] = {}

    def quota(self, sim: str, used: int, whole: int, cycle: str) -> None:
        """A look at a quota."""
        self._look("quota", sim, cycle, [p for p in PERCENT if used * 100 >= whole * p], max)

    def expiry(self, sim: str, ends: datetime | None, now: datetime) -> None:
        """A look at an expiry."""
        left = None if ends is None else (ends - now).total_seconds() / 86_400
        reached = [] if left is None else [0] if left <= 0 else [d for d in DAYS if left <= d]
        self._look("expiry", sim, "" if ends is None else ends.date().isoformat(), reached, min)

    def _look(self, kind: str, sim: str, cycle: str, reached: list[int], gravest: object) -> None:
        was, held = self.held.get((kind, sim), (cycle, set()))
        held = {limit for limit in held if limit in reached} if was == cycle else set()
        if reached:
            limit = max(reached) if gravest is max else min(reached)
            if limit not in held:
                held.add(limit)
                self.told[kind, sim, limit, cycle] += 1
        self.held[kind, sim] = (cycle, held)


class Quarter:
    """The bot in that quarter. Afterwards `told` is what it told, and `expected` what the calculation tells."""

    def __init__(self, folder: Path, *, seed: int, days: int = 92, sims: int = 24) -> None:
        self._world = World(folder, sims=sims, at=START)
        self._world.settings = {"smarthub": {"page_size": 10}, "alerts": {"remind_after": "never"}}
        self._chance, self._days, self._count, self.seed = random.Random(seed), days, sims, seed  # noqa: S311
        self._reference = Reference()
        self.told: Counter[Fact] = Counter()
        self.looks = self.failures = self.restarts = self.announced = self.cards = 0

    @property
    def is_right(self) -> bool:
        """Whether it told exactly what had to be told, each announcement on a card of its own in Slack."""
        return self.told == self.expected and self.announced == self.cards

    @property
    def expected(self) -> Counter[Fact]:
        """What had to be told."""
        return self._reference.told

    def __str__(self) -> str:
        same = "exactly what" if self.told == self.expected else "NOT what"
        return (
            f"seed {self.seed}: {self._days} days, {self._count} SIMs, {self.looks} looks, {self.failures} that failed,"
            f" {self.restarts} restarts; {self.told.total()} limits told on {self.cards} cards, {same} the"
            f" calculation says ({self.expected.total()})"
        )

    async def run(self) -> None:
        """Lives through it."""
        world = self._world
        await world.start()
        try:
            for n in range(self._count):
                world.hub.change(n, status="ACTIVATED")
            for _ in range(self._days):
                for _ in range(3):
                    await self._hours()
                await world.later(seconds=1)
            await world.quiet()
            with closing(world.app.store.disk._idle_reader()) as db:
                rows = db.execute("SELECT kind, giccid, threshold, cycle FROM alerts WHERE card IS NOT NULL").fetchall()
                self.announced = db.execute("SELECT count(*) FROM alert_cards").fetchone()[0]
            self.cards = len(world.cards(ALERTS))
            self.told = Counter((row[0], row[1], row[2], row[3]) for row in rows)
        finally:
            await world.stop()

    async def _hours(self) -> None:
        """Eight hours: some SIMs change, and somebody looks, or something is in the way."""
        world, chance = self._world, self._chance
        for n in range(self._count):
            self._change(n)
        what = chance.random()
        if what < 0.1:
            world.hub.broken_next(b"<html>Sign in</html>")
            await world.run("alerts")
            self.failures += 1
        elif what > 0.2:  # between them: the run is missed
            for _ in range(chance.choice((1, 1, 2))):
                await world.through(asyncio.gather(*(world.app.schedule.run("alerts") for _ in range(2))))
            self.looks += 1
            self._refer()
        if chance.random() < 0.05:
            await world.restart()
            self.restarts += 1
        await world.later(hours=8)

    def _change(self, n: int) -> None:
        hub, chance = self._world.hub, self._chance
        what = chance.random()
        if what < 0.15:
            hub.grow(n, fraction=chance.choice((0.1, 0.5, 0.8, 0.85, 0.95, 0.99, 1.0, 1.4)))
        elif what < 0.18:
            quota = hub.sim(n)["cycleQuotaBytes"]
            hub.change(n, cycleQuotaBytes=min(int(str(quota)) * 2, 10**15))
        elif what < 0.21:
            hub.expire_in(hub.giccid(n), chance.choice((2, 5, 10, 20, 40, 370)))

    def _refer(self) -> None:
        """The same look, by the calculation."""
        world = self._world
        now = world.clock.now()
        for n in range(self._count):
            sim = world.hub.giccid(n)
            row = world.hub.sim(n)
            ends = row["servicePackageExpireTime"]
            self._reference.quota(
                sim, int(str(row["cycleUsageBytes"])), int(str(row["cycleQuotaBytes"])), str(row["cycleName"])
            )
            self._reference.expiry(sim, None if ends is None else datetime.fromisoformat(str(ends)), now)
