"""From the disk to the cards: what has come is sorted as soon as it is there, many at a time when many come."""

from __future__ import annotations

import asyncio

import structlog

from bot.clock import Clock
from bot.errors import BotError, StoreError
from bot.flows.pushes.settings import Settings
from bot.rules.events import Event, severity_of
from bot.rules.keywords import hits
from bot.rules.mutes import held_by
from bot.rules.outbox import Note
from bot.rules.routes import About, Target, aim, moved, routed
from bot.store import Store
from bot.store.judging import Seams, Verdict
from bot.views import events as view

AT_ONCE = 200  # pushes in one transaction: whoever sends more is answered in between
FEW = 4  # that wait for the disk: more are a flood
GIVES_WAY, GIVES_WAY_S = 20, 0.1
RESTS_S = 10.0
log = structlog.get_logger()


class Sorter:
    """Sorts for as long as the bot runs. What cannot be judged is shown plainly, and holds up nothing."""

    def __init__(self, *, store: Store, clock: Clock, settings: Settings) -> None:
        self._store, self._clock, self._settings = store, clock, settings
        self._news = asyncio.Event()
        self.trouble: str | None = None

    def wake(self) -> None:
        """Says that something may have come."""
        self._news.set()

    async def run(self) -> None:
        """Never returns; a store that refuses is tried again."""
        while True:
            self._news.clear()
            try:
                await self.sort_all()
                self.trouble = None
            except Exception as problem:  # noqa: BLE001 - whatever it is, what has come waits for the next try
                self.trouble = str(problem) if isinstance(problem, BotError) else type(problem).__name__
                log.error("not_sorted", problem=self.trouble)
                await self._clock.sleep(RESTS_S)
                continue
            await self._news.wait()

    async def sort_all(self) -> None:
        """Returns when nothing waits to be sorted. Raises StoreError."""
        while self._store.sorting.oldest() is not None:
            await self._give_way()
            await self._sort_some()

    async def _give_way(self) -> None:
        """Lets those be served first who wait for their notification to be on disk; not for ever, or none was shown."""
        for _ in range(GIVES_WAY):
            if self._store.events.arriving <= FEW:
                return
            await self._clock.sleep(GIVES_WAY_S)

    async def _sort_some(self) -> None:
        seams, limits, now = self._seams(), self._settings.limits, self._clock.now()
        try:
            await self._store.sorting.sort(seams, limits, most=AT_ONCE, now=now)
        except StoreError:
            raise
        except Exception:
            log.exception("batch_not_sorted")
            await self._sort_one(seams)

    async def _sort_one(self, seams: Seams) -> None:
        """The oldest alone; where it is the one that cannot be sorted, it is shown plainly."""
        now = self._clock.now()
        try:
            await self._store.sorting.sort(seams, self._settings.limits, most=1, now=now)
        except StoreError:
            raise
        except Exception:
            log.exception("push_not_sorted")
            await self._store.sorting.put_plainly(self._default(), now=now)

    def _default(self) -> Target:
        settings = self._settings
        if settings.channel not in self._store.closed.all() or settings.channel == settings.fallback:
            return Target(settings.channel)
        return Target(settings.fallback, meant_for=settings.channel)

    def _seams(self) -> Seams:
        """How a push is judged. Called in the store's own thread, it reads nothing but what was read here."""
        settings, now = self._settings, self._clock.now()
        closed, mutes, default = self._store.closed.all(), self._store.mutes.open(), self._default()
        routes = moved((*settings.routes, *self._store.routes.all()), closed, to=settings.fallback)

        def judge(about: About) -> Verdict:
            mute = held_by(mutes, about, now=now)
            return Verdict(aim(routes, about, default=default, now=now) if mute is None else (), mute)

        def beside(about: About, event: Event, channel: str | None) -> Verdict:
            mute = held_by(mutes, about, now=now)
            text = event.push.facts.get("text")
            has = {channel, *(hit.channel for hit in hits(text if isinstance(text, str) else "", settings.keywords))}
            there = has | {settings.fallback for one in has if one in closed}
            targets = [one for one in routed(routes, about, now=now) if one.channel not in there]
            return Verdict(tuple(targets) if mute is None else (), mute)

        def told(request: int, event: Event) -> Note:
            said = view.echo(event)
            return Note(settings.approvals_channel, said.text, said.blocks, under=f"approval:{request}")

        return Seams(grave=lambda event: severity_of(event.push, now=now), judge=judge, beside=beside, told=told)
