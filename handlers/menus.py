"""PRESSED: the menu behind `/sim` alone, and the shortcuts in Slack's own menus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from slack_bolt.app.async_app import AsyncApp

from bot.flows.alerts import Alerts
from bot.flows.approvals import Approvals
from bot.flows.home import Home
from bot.flows.intake import Intake
from bot.flows.numbers import Numbers
from bot.flows.people import People
from bot.flows.searches import Searches
from bot.rules.pasted import files_of, words_of
from bot.rules.people import Person, Role, need
from bot.views import help as view
from bot.views import lists as lists_view
from bot.views.parts import Message
from handlers.listening import Body, Listening, user_of

Press = Callable[[Person, Body], Awaitable[Message | None]]


@dataclass(frozen=True)
class Menus:
    """What is asked for without typing."""

    command: str
    people: People
    numbers: Numbers
    searches: Searches
    approvals: Approvals
    alerts: Alerts
    home: Home
    intake: Intake
    checked_at: Callable[[], datetime | None]

    def table(self) -> Mapping[str, Press]:
        """Each button's action id with what it does."""
        return {
            "menu.find": self.ask_words,
            "menu.approvals": self.list_approvals,
            "menu.alerts": self.list_alerts,
            "menu.status": self.status,
            "menu.help": self.help,
        }

    def register(self, app: AsyncApp, listening: Listening) -> None:
        """Lets Bolt bring the buttons, the form and the shortcuts here."""
        for action, press in self.table().items():
            app.action(action)(listening.pressed(self.viewed(press)))
        app.shortcut("simops.find")(listening.shortcut(self.viewed(self.ask_words)))
        app.shortcut("simops.sims_here")(listening.shortcut(self.viewed(self.sims_here)))
        app.view(view.FIND_MODAL)(listening.submitted(self.find, field=view.WORDS))

    def viewed(self, press: Press) -> Callable[[Body], Awaitable[Message | None]]:
        """The press with its person looked up, who has to be a viewer."""

        async def work(body: Body) -> Message | None:
            by = await self.people.who(user_of(body))
            need(by, Role.VIEWER, to="look things up")
            return await press(by, body)

        return work

    async def ask_words(self, _: Person, body: Body) -> None:
        """Opens the form for a search."""
        await self.searches.ask(trigger=str(body["trigger_id"]))

    async def find(self, body: Body) -> Message:
        """The form came back with what to look for."""
        by = await self.people.who(user_of(body))
        need(by, Role.VIEWER, to="look things up")
        values = body["view"]["state"]["values"]
        return await self.searches.find(str(values[view.WORDS][view.WORDS]["value"] or ""), by=by)

    async def sims_here(self, by: Person, body: Body) -> Message:
        """The SIMs in a message, with what leads to changing them, and to changing all of the list that hangs on it."""
        pasted = body.get("message") or {}
        files = files_of(pasted)
        message = await self.numbers.in_text(words_of(pasted), by=by, files=files)
        offer = await self.intake.forms.offer_shared(files, by=by)
        return message if offer is None else lists_view.with_offer(message, offer)

    async def list_approvals(self, by: Person, _: Body) -> Message:
        """What waits for a decision."""
        return await self.approvals.waiting.listing(by)

    async def list_alerts(self, _: Person, _body: Body) -> Message:
        """The alerts that are open."""
        return self.alerts.live(checked_at=self.checked_at())

    async def status(self, _: Person, _body: Body) -> Message:
        """How the bot is."""
        return self.home.health()

    async def help(self, by: Person, _: Body) -> Message:
        """What can be typed."""
        return view.listing(by.role, command=self.command)
