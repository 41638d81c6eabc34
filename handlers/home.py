"""OPENED: the App Home, drawn whenever somebody looks at it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.home import Home
from bot.flows.people import People
from handlers.listening import Body, Listening, user_of
from handlers.switchboard import Switchboard


@dataclass(frozen=True)
class Opened:
    """The listener for `app_home_opened`."""

    people: People
    home: Home

    def register(self, app: Switchboard, listening: Listening) -> None:
        """Lets Bolt bring the event here."""
        app.event("app_home_opened")(listening.event(self.opened))

    async def opened(self, body: Body) -> None:
        """Draws the Home of whoever opened it; the other tab of the app needs nothing."""
        if body.get("event", {}).get("tab", "home") == "home":
            await self.home.show(await self.people.who(user_of(body)))
