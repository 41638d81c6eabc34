"""Noticing what did not come: pushes that stay away for unusually long, and single ones that were never sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.flows.pushes.settings import Settings
from bot.rules.changes import Change, ChangeKind
from bot.rules.events import Push, Source
from bot.rules.outbox import Note
from bot.rules.silence import LOOKS_BACK, is_unusual, slices
from bot.smarthub.client import SmartHub
from bot.store import Store
from bot.store.echoes import ways
from bot.views import watching as view
from bot.views.parts import Message

FOR_GOOD = timedelta(days=3650)
LAG = timedelta(minutes=2)  # a push may come a little after what it tells of
OVERLAP = timedelta(minutes=5)
AROUND = timedelta(minutes=30)  # how far the time of a push and that of the log may be apart
AT_ONCE = 50  # changes compared before others have their turn
EVENTS = {ChangeKind.STATUS: "sim-status-change", ChangeKind.IMEI: "imei-change"}


@dataclass(frozen=True)
class Watching:
    """The watchdog."""

    store: Store
    hub: SmartHub
    clock: Clock
    settings: Settings

    async def look(self) -> str | None:
        """Tells once when pushes stay away for longer than is usual at this hour, and once when they come again."""
        rhythm, now = self.store.rhythm, self.clock.now()
        last_at, told_at = rhythm.last_at(), rhythm.told_at()
        if not self.settings.watch or last_at is None:
            return None
        if told_at is not None:
            return None if last_at <= told_at else await self._tell(rhythm.told_back, view.back(told_at, last_at))
        usual = is_unusual(last_at, rhythm.hours(since=now - LOOKS_BACK), now=now)
        return None if usual is None else await self._tell(rhythm.tell, view.silent(last_at, usual))

    async def _tell(self, note: Callable[..., Awaitable[None]], message: Message) -> str:
        await note([Note(self.settings.alerts_channel, message.text, message.blocks)], now=self.clock.now())
        return message.text.splitlines()[0]

    async def reconcile(self) -> str | None:
        """Compares SmartHub's change log with what came; a change that was never told of is put on disk as if it had
        been. Raises ProviderError.

        The time since the last look is read piece by piece, and how far is noted after each: nothing is passed over,
        however long it was and however much happened, and a restart goes on there.

        Where no push has ever come there is nothing to compare: then SmartHub has no address to send them to.
        """
        rhythm, now = self.store.rhythm, self.clock.now()
        until, since = now - LAG, rhythm.read_to()
        if rhythm.last_at() is None or since is None:
            await rhythm.have_read(until)
            return None
        looked = missed = 0
        for start, end in slices(since, until):
            for kind in EVENTS:
                async for change in self._changes(kind, start - OVERLAP, end):
                    looked += 1
                    missed += await self._compare(change, now)
                    if looked % AT_ONCE == 0:
                        await asyncio.sleep(0)
            await rhythm.have_read(end)
        return f"{looked} changes compared, {missed} of them never told" if looked else None

    async def _changes(self, kind: ChangeKind, since: datetime, until: datetime) -> AsyncIterator[Change]:
        async for page in self.hub.change_log(kind=kind, since=since, until=until):
            for change in page.changes:
                # A filter that SmartHub ignores must not make old changes look new.
                if change.kind is kind and change.changed_at is not None and since <= change.changed_at <= until:
                    yield change

    async def _compare(self, change: Change, now: datetime) -> bool:
        """Whether nobody told of this change; then it is on disk now."""
        if change.kind is None or change.giccid is None or change.changed_at is None:
            return False
        name, at = EVENTS[change.kind], change.changed_at
        if self.store.events.was_told(name, ways(change.giccid), change.new, at=at, around=AROUND):
            return False
        push = Push(
            name=name,
            key=f"log:{name}/{change.giccid}/{at.isoformat()}/{change.new}",
            body=json.dumps(dict(change.raw), ensure_ascii=False, default=str).encode("utf-8", "replace"),
            giccid=change.giccid,
            happened_at=at,
            facts={"old": change.old, "new": change.new},
        )
        await self.store.events.receive(push, window=FOR_GOOD, now=now, source=Source.LOG)
        return True
