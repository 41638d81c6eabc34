"""What is done about channels that take nothing: archived, gone, or without the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.errors import SlackError
from bot.flows.pushes.settings import Settings
from bot.rules.outbox import Note
from bot.slack import Slack
from bot.store import Store
from bot.views import routes as view

ADMINS_AT_MOST = 20
LATELY = timedelta(hours=1)
FREELY = 2  # times in that, a channel may open without being left alone for longer when it closes again
BOT = "@simops"
log = structlog.get_logger()


@dataclass(frozen=True)
class Closing:
    """Another channel stands in until they take messages again. `members` says who is in a user group."""

    store: Store
    slack: Slack
    clock: Clock
    settings: Settings
    members: Callable[[str], Awaitable[frozenset[str] | None]]
    opened: dict[str, list[datetime]] = field(default_factory=dict)
    rests: dict[str, datetime] = field(default_factory=dict)

    async def closed(self, channel: str, code: str) -> None:
        """A channel takes nothing: what is to be posted there goes to another one, where it is said how much that is;
        admins hear of the channel once."""
        known, fallback = self.store.closed.all(), self.settings.fallback
        to = None if channel == fallback or fallback in known else fallback
        admins = () if channel in known else await self._admins()
        now = self.clock.now()
        if channel not in known:
            self.rests[channel] = now + self._patience(channel, now)

        def say(is_news: bool, waiting: int, counts: Mapping[str, int]) -> tuple[Note, ...]:
            news = view.closed(channel, code, moved_to=to, waiting=waiting, bot=BOT)
            told = tuple(Note(user, news.text, news.blocks) for user in admins) if is_news else ()
            if to is None or not counts:
                return told
            moved = view.moved(channel, code, counts)
            return (*told, Note(to, moved.text, moved.blocks))

        moved = await self.store.closed.close(channel, code, to=to, say=say, now=now)
        log.warning("channel_closed", channel=channel, code=code, moved=moved)

    async def probe(self) -> str | None:
        """Looks whether channels that took nothing take messages again; at one that opens and closes all the time less
        and less often, so that nobody is told of each. What came of it, in words."""
        now = self.clock.now()
        looked = [one for one in self.store.closed.all() if not timedelta(0) < self.rests.get(one, now) - now <= LATELY]
        opened = [channel for channel in looked if await self._is_open(channel)]
        for channel in opened:
            now = self.clock.now()
            self.opened.setdefault(channel, []).append(now)
            if await self.store.closed.open(channel, now=now):
                told = view.opened(channel)
                notes = [Note(user, told.text, told.blocks) for user in await self._admins()]
                await self.store.outbox.add(notes, now=now)
        return f"{len(opened)} channels can be written to again" if opened else None

    def _patience(self, channel: str, now: datetime) -> timedelta:
        """How long one that closes is not looked at: longer, the more often it was opened lately."""
        lately = [at for at in self.opened.get(channel, ()) if timedelta(0) <= now - at < LATELY]
        self.opened[channel] = lately
        return timedelta(0) if len(lately) <= FREELY else min(timedelta(minutes=2 ** len(lately)), LATELY)

    async def _is_open(self, channel: str) -> bool:
        try:
            found = await self.slack.channel(channel)
        except SlackError:
            return False
        return bool(found.get("is_member")) and not found.get("is_archived")

    async def _admins(self) -> tuple[str, ...]:
        people: list[str] = []
        for name in self.settings.admins:
            people += sorted(await self.members(name) or ()) if name.startswith("S") else [name]
        return tuple(dict.fromkeys(people[:ADMINS_AT_MOST]))
