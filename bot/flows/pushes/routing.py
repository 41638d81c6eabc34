"""Who gets which notifications: subscriptions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.clock import Clock
from bot.errors import BadInput, NotFound, NotPossible, SlackError
from bot.flows.pushes.settings import Settings
from bot.rules.outbox import Note
from bot.rules.people import Person, Role, need
from bot.rules.routes import EXAMPLE, Route, read_typed, strangers
from bot.slack import Slack
from bot.store import Store
from bot.views import routes as view
from bot.views.parts import Message

TO = "subscribe channels"
BOT = "@simops"


@dataclass(frozen=True)
class Routing:
    """Subscribing and its opposite. `zone` is a person's time zone."""

    store: Store
    slack: Slack
    clock: Clock
    settings: Settings
    zone: Callable[[str], Awaitable[ZoneInfo]]

    async def subscribe(self, text: str, *, by: Person, channel: str) -> Message:
        """What whoever subscribed this channel reads; a test message goes there. Raises NotAllowed, BadInput."""
        need(by, Role.OPERATOR, to=TO)
        if not text.strip():
            raise BadInput(f"Write which notifications this channel is to get, such as {EXAMPLE}, or `all`.")
        typed = read_typed(text, zone=str(await self.zone(by.id)))
        await self._must_be_in(channel)
        now = self.clock.now()
        route = await self.store.routes.add(typed, channel=channel, by=by.id, now=now)
        said = view.subscribed(route)
        await self.store.outbox.add([Note(channel, said.text, said.blocks)], now=now)
        return view.made(route, strangers(typed.wanted, self.store.sims.values))

    async def listing(self, text: str, *, by: Person) -> Message:
        """All routes, or with `test N` a test message for one. Raises BadInput, NotFound, NotAllowed."""
        words = text.split()
        if words[:1] == ["test"]:
            return await self._test(self._named(" ".join(words[1:])), by=by)
        return view.listing(
            (*self.settings.routes, *self.store.routes.all()),
            default=self.settings.channel,
            closed=self.store.closed.all(),
            command=self.settings.command,
        )

    async def unsubscribe(self, text: str, *, by: Person) -> Message:
        """What whoever ended a subscription reads. Raises NotAllowed, BadInput, NotFound, NotPossible."""
        need(by, Role.OPERATOR, to=TO)
        route = self._named(text)
        if route.id == 0:
            raise NotPossible("This one stands in the configuration; an admin takes it out of [[routes]] there.")
        if not await self.store.routes.remove(route, by=by.id, now=self.clock.now()):
            raise NotFound(f"There is no subscription {route.id} any more.")
        return view.removed(route)

    async def _test(self, route: Route, *, by: Person) -> Message:
        need(by, Role.OPERATOR, to=TO)
        said = view.test(route, by=by.id)
        await self.store.outbox.add([Note(route.channel, said.text, said.blocks)], now=self.clock.now())
        return view.made(route)

    def _named(self, text: str) -> Route:
        """The route with this number, or the name it has in the configuration."""
        word = text.strip().lstrip("#")
        by_name = next((route for route in self.settings.routes if route.name.casefold() == word.casefold()), None)
        if by_name is not None:
            return by_name
        if not word.isascii() or not word.isdigit() or len(word) > 9:
            raise BadInput(f"Write the number of a subscription; `{self.settings.command} subscriptions` lists them.")
        return self.store.routes.get(int(word))

    async def _must_be_in(self, channel: str) -> None:
        """Raises BadInput where the bot could not post, saying how to let it in."""
        if channel.startswith("D"):
            raise BadInput("Subscribe a channel: type this in the channel that is to get them.")
        try:
            found = await self.slack.channel(channel)
        except SlackError as problem:
            if problem.again:
                raise
            found = {}
        if found.get("is_archived"):
            raise BadInput("This channel is archived; nobody can post here.")
        if not found.get("is_member"):
            raise BadInput(f"I am not in this channel. Invite me: type `/invite {BOT}` here, then subscribe again.")
