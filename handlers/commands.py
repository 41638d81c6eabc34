"""TYPED: what follows `/sim`, each verb to its flow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from slack_bolt.app.async_app import AsyncApp

from bot.flows.alerts import Alerts
from bot.flows.approvals import Approvals
from bot.flows.home import Home
from bot.flows.people import People
from bot.flows.sims import Sims
from bot.rules.commands import CHANGES, VERBS, Command, read_command
from bot.rules.people import Person, need
from bot.rules.sims import Operation
from bot.views import help as help_view
from bot.views.parts import Message
from handlers.listening import Body, Listening, user_of


@dataclass(frozen=True)
class Typed:
    """A command with who typed it and where."""

    command: Command
    by: Person
    channel: str


@dataclass(frozen=True)
class Commands:
    """The verbs, each a short way to its flow. `checked_at` says when the last check of the alerts ran."""

    name: str
    people: People
    sims: Sims
    approvals: Approvals
    alerts: Alerts
    home: Home
    checked_at: Callable[[], datetime | None]
    verbs: Mapping[str, Callable[[Typed], Awaitable[Message]]] = field(init=False)

    def __post_init__(self) -> None:
        changes = dict.fromkeys(CHANGES, self.change)
        verbs = {
            "help": self.help,
            "show": self.show,
            "approvals": self.list_approvals,
            "alerts": self.list_alerts,
            "status": self.status,
        }
        object.__setattr__(self, "verbs", verbs | changes)

    def register(self, app: AsyncApp, listening: Listening) -> None:
        """Lets Bolt bring the command here."""
        app.command(self.name)(listening.command(self.run))

    async def run(self, body: Body) -> Message:
        """The answer to what was typed. Raises BotError, whose words are the answer then."""
        command = read_command(unescape(str(body.get("text") or "")), name=self.name)
        by = await self.people.who(user_of(body))
        need(by, VERBS[command.verb].role, to=f"use `{self.name} {command.verb}`")
        message = await self.verbs[command.verb](Typed(command, by, str(body["channel_id"])))
        return replace(message, public=command.here and command.verb not in CHANGES)

    async def help(self, typed: Typed) -> Message:
        """What can be typed, and who may."""
        return help_view.listing(typed.by.role, command=self.name)

    async def show(self, typed: Typed) -> Message:
        """The SIM's card."""
        return await self.sims.show(_iccid(typed))

    async def change(self, typed: Typed) -> Message:
        """A request for activate, suspend or retire."""
        operation = Operation(typed.command.verb)
        reason, channel = typed.command.reason, typed.channel
        return await self.approvals.ask(operation, _iccid(typed), reason=reason, by=typed.by, channel=channel)

    async def list_approvals(self, _: Typed) -> Message:
        """What waits for a decision."""
        return self.approvals.waiting()

    async def list_alerts(self, _: Typed) -> Message:
        """The alerts that are open."""
        return self.alerts.live(checked_at=self.checked_at())

    async def status(self, _: Typed) -> Message:
        """How the bot is."""
        return self.home.health()


def unescape(text: str) -> str:
    """What was typed: Slack sends these three characters escaped.

    https://docs.slack.dev/interactivity/implementing-slash-commands
    """
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _iccid(typed: Typed) -> str:
    """The SIM's number; the parser gives one with every verb that takes one."""
    if typed.command.iccid is None:
        raise AssertionError("read_command gave no ICCID")
    return typed.command.iccid
