"""A quarter of a year: quotas are used, cycles turn, looks fail, are missed, repeated, made twice at once and killed,
and clocks are set back, by somebody or for the winter."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.simulator.slack.workspace import Change
from tests.chaos.lives import FAKETIME, Life
from tests.chaos.reference import Fact, Limits, Reference
from tests.talk import ALERTS, World

START = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)  # the clocks change on 4, 25 October and 1 November, each elsewhere
PAGE = 10
RULES = (
    Limits("full", "quota", (80, 95, 100)),
    Limits("by day", "quota", (90, 100), ("08:00", "20:00", "Europe/Berlin")),
    Limits("by night", "quota", (85, 99), ("07:00", "19:00", "America/New_York"), outside=True),
    Limits("ends", "expiry", (30, 14, 7, 3, 1)),
    Limits("ends there", "expiry", (20, 2), ("02:00", "10:00", "Australia/Sydney")),
)


class Quarter:
    """The bot in that quarter. Afterwards `told` is what it told, and `expected` what the calculation tells."""

    def __init__(
        self, folder: Path, *, seed: int, days: int = 92, sims: int = 24, killed: float = 0.08, faked: float = 0.0
    ) -> None:
        """`killed` is the part of the looks that are killed; `faked` the part of those whose clock is faketime's."""
        self._world = World(folder, sims=sims, at=START)
        self._world.settings = {
            "smarthub": {"page_size": PAGE},
            "alerts": {"remind_after": "never", "rules": [rule.table() for rule in RULES]},
        }
        self._chance, self._days, self._count, self.seed = random.Random(seed), days, sims, seed  # noqa: S311
        self._killed, self._faked = killed, faked if FAKETIME else 0.0
        self._reference = Reference(RULES)
        self.told: Counter[Fact] = Counter()
        self.happened: Counter[str] = Counter()
        self._bad: set[int] = set()  # pages that this bot could not read the last time
        self.announced = self.cards = 0

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
        happened = ", ".join(f"{count} {what}" for what, count in sorted(self.happened.items()))
        lost, twice = (self.expected - self.told).total(), (self.told - self.expected).total()
        wrong = "" if self.is_right else f"; {lost} not told, {twice} too many, {self.announced} announcements"
        return (
            f"seed {self.seed}: {self._days} days, {self._count} SIMs ({happened}); {self.told.total()} limits told on"
            f" {self.cards} cards, {same} the calculation says ({self.expected.total()}){wrong}"
        )

    async def run(self) -> None:
        """Lives through it."""
        world = self._world
        await world.start()
        try:
            for n in range(self._count):
                world.hub.change(n, status="ACTIVATED")
                if n % 2:  # nothing of these changes between two looks, unless it is changed here
                    world.hub.change(n, lastSessionTime=world.hub.sim(n)["lastSessionTime"])
            for _ in range(3 * self._days):
                await self._hours()
            await world.quiet()
            with closing(world.app.store.disk._idle_reader()) as db:
                rows = db.execute("SELECT rule, giccid, threshold, cycle FROM alerts WHERE card IS NOT NULL").fetchall()
                self.announced = db.execute("SELECT count(*) FROM alert_cards").fetchone()[0]
            self.cards = len(world.cards(ALERTS))
            self.told = Counter((row[0], row[1], row[2], row[3]) for row in rows)
        finally:
            await world.stop()

    async def _hours(self) -> None:
        """Some eight hours: some SIMs change, and somebody looks, or something is in the way."""
        world, chance = self._world, self._chance
        for n in range(self._count):
            self._change(n)
        if chance.random() < 0.15:
            world.bots.by = -chance.choice((timedelta(0), timedelta(hours=1), timedelta(days=1)))
            self.happened["clocks set"] += 1
        what = chance.random()
        if what < 0.1:
            await self._fails()
        elif what < 0.1 + self._killed:
            await self._dies()
        elif what > 0.1 + self._killed + 0.1:  # between them: the run is missed
            for _ in range(chance.choice((1, 1, 2))):
                await world.through(asyncio.gather(*(world.app.schedule.run("alerts") for _ in range(2))))
                self._refer(self._count)
        if chance.random() < 0.05:
            await world.restart()
            self._bad = set()
            self.happened["restarts"] += 1
        await world.later(hours=8, minutes=chance.randint(-90, 90))

    async def _fails(self) -> None:
        """A look of which one page cannot be read; sometimes the next one goes on where it was."""
        world, chance = self._world, self._chance
        page = chance.randint(1, (self._count - 1) // PAGE + 1)
        world.hub.broken_next(b"<html>Sign in</html>", page=page)
        await world.run("alerts")
        self.happened["looks that failed"] += 1
        if page in self._bad:  # the bot remembers it, and passes it over
            self._refer(self._count, without=page)
        else:
            self._refer(PAGE * (page - 1))
            self._bad = {one for one in self._bad if one > page} | {page}
        if chance.random() < 0.5:
            await world.run("alerts")
            self._refer(self._count)

    async def _dies(self) -> None:
        """A look by processes that are killed at any moment, until one of them comes to its end and is killed then."""
        world, chance = self._world, self._chance
        await world.app.stop()
        fake = chance.random() < self._faked
        for _ in range(chance.choice((1, 2, 3))):
            await self._life(fake=fake, dies_after_s=chance.random() * 0.08, dies_at_message=chance.choice((0, 1, 2)))
        await self._life(fake=fake, dies_after_s=None, dies_at_message=0)
        await world.start_bot()
        await world.quiet()
        self._refer(self._count)

    async def _life(self, *, fake: bool, dies_after_s: float | None, dies_at_message: int) -> None:
        """One that is killed so long after its start, or when Slack has so many messages of it, or after its look."""
        world = self._world
        life = Life(world.table(), world.bots.now(), fake=fake)
        seen = 0

        def kill(change: Change) -> None:
            nonlocal seen
            seen += change.kind == "message"
            if seen == dies_at_message:
                life.kill()

        if dies_at_message:
            world.slack.space.watchers.append(kill)
        try:
            await life.begin()
            if dies_after_s is None:
                await life.looks()
            else:
                await asyncio.sleep(dies_after_s)  # whatever moment that is for the other process
        finally:
            looked = await life.end()
        if dies_at_message:
            world.slack.space.watchers.remove(kill)
        self.happened["killed after their look" if looked or dies_after_s is None else "killed in their look"] += 1
        self.happened["of them by faketime"] += fake

    def _change(self, n: int) -> None:
        hub, chance = self._world.hub, self._chance
        what = chance.random()
        if what < 0.15:
            hub.grow(n, fraction=chance.choice((0.1, 0.5, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0, 1.4)))
        elif what < 0.18:
            quota = hub.sim(n)["cycleQuotaBytes"]
            hub.change(n, cycleQuotaBytes=min(int(str(quota)) * 2, 10**15))
        elif what < 0.21:
            hub.expire_in(hub.giccid(n), chance.choice((2, 5, 10, 20, 40, 370)))

    def _refer(self, count: int, *, without: int | None = None) -> None:
        """A look at the first SIMs, but for those on one page, by the calculation."""
        world = self._world
        now = world.bots.now()
        for n in range(count):
            if without is not None and n // PAGE == without - 1:
                continue
            row = world.hub.sim(n)
            ends = row["servicePackageExpireTime"]
            self._reference.look(
                world.hub.giccid(n),
                used=int(str(row["cycleUsageBytes"])),
                whole=int(str(row["cycleQuotaBytes"])),
                cycle=str(row["cycleName"]),
                ends=None if ends is None else datetime.fromisoformat(str(ends)),
                now=now,
            )
        self._reference.tell(now)
        if count == self._count:
            self._bad = set() if without is None else {without}
            self.happened["looks"] += 1
