"""TYPED: what follows `/sim`, each verb to its flow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.errors import NotOneSim
from bot.flows.accounts import Accounts
from bot.flows.alerts import Alerts
from bot.flows.approvals import Approvals
from bot.flows.audit import Audit
from bot.flows.delegating import Delegating
from bot.flows.history import Histories
from bot.flows.home import Home
from bot.flows.intake import Intake
from bot.flows.jobs import Jobs
from bot.flows.people import People
from bot.flows.policies import Policies
from bot.flows.protecting import Protecting
from bot.flows.pushes import Pushes
from bot.flows.reports import Reports
from bot.flows.scanning import Scanning
from bot.flows.searches import Searches
from bot.flows.sims import Sims
from bot.flows.sms import Sms
from bot.rules.audit_questions import read_target
from bot.rules.commands import CHANGES, DEEDS, STATUS, VERBS, Command, read_change, read_command
from bot.rules.people import Person, Role, need
from bot.rules.phones import doubt
from bot.rules.sims import Operation
from bot.views import help as help_view
from bot.views.parts import Message, noted
from handlers.listening import Body, Listening, user_of
from handlers.switchboard import Switchboard


@dataclass(frozen=True)
class Typed:
    """A command with who typed it and where."""

    command: Command
    by: Person
    channel: str
    trigger: str = ""

    @property
    def named(self) -> str:
        """How the SIM was named; the parser gives that with every verb that takes one."""
        if self.command.named is None:
            raise AssertionError("read_command gave no SIM")
        return self.command.named


Run = Callable[[Typed], Awaitable[Message | None]]


@dataclass(frozen=True)
class Commands:
    """The verbs, each a short way to its flow. `checked_at` says when the last check of the alerts ran."""

    name: str
    people: People
    sims: Sims
    histories: Histories
    searches: Searches
    accounts: Accounts
    approvals: Approvals
    jobs: Jobs
    protecting: Protecting
    delegating: Delegating
    policies: Policies
    alerts: Alerts
    audit: Audit
    home: Home
    intake: Intake
    sms: Sms
    scanning: Scanning
    reports: Reports
    checked_at: Callable[[], datetime | None]
    pushes: Pushes

    def verbs(self) -> Mapping[str, Run]:
        """Each verb with what answers it."""
        return {
            "menu": self.menu,
            "help": self.help,
            "show": self.show,
            "find": self.find,
            "history": self.history,
            "protect": self.protect,
            "unprotect": self.unprotect,
            "protected": self.protected,
            "pool": self.pool,
            "account": self.account,
            "plans": self.plans,
            "countries": self.countries,
            "approvals": self.list_approvals,
            "jobs": self.list_jobs,
            "job": self.job,
            "refresh": self.refresh,
            "delegate": self.delegate,
            "policy": self.policy,
            "alerts": self.list_alerts,
            "ack": self.ack,
            "snooze": self.snooze,
            "report": self.report,
            "audit": self.list_audit,
            "bulk": self.bulk,
            "status": self.status,
            STATUS: self.sms_status,
            "subscribe": self.subscribe,
            "subscriptions": self.subscriptions,
            "unsubscribe": self.unsubscribe,
            "mute": self.mute,
            "unmute": self.unmute,
            "event": self.event,
            **dict.fromkeys(CHANGES, self.change),
        }

    def register(self, app: Switchboard, listening: Listening) -> None:
        """Lets Bolt bring the command here."""
        app.command(self.name)(listening.command(self.run))

    async def run(self, body: Body) -> Message | None:
        """The answer to what was typed; `None` where a form has opened. Raises BotError, whose words are the answer
        then."""
        command = read_command(unescape(str(body.get("text") or "")), name=self.name)
        by = await self.people.who(user_of(body))
        role = VERBS[command.verb].role if command.verb in VERBS else Role.NOBODY
        need(by, role, to=f"use `{self.name} {command.verb}`")
        typed = Typed(command, by, str(body["channel_id"]), str(body.get("trigger_id") or ""))
        message = await self._answer(typed)
        if message is None:
            return None
        return replace(message, public=command.here and not message.private and command.verb not in DEEDS)

    async def _answer(self, typed: Typed) -> Message | None:
        """What the verb answers; where it wants one SIM and something else was named, which there are."""
        try:
            return await self.verbs()[typed.command.verb](typed)
        except NotOneSim:
            return await self.sims.which(typed.named, by=typed.by, verb=typed.command.verb)

    async def menu(self, typed: Typed) -> Message:
        """What one may press instead of typing."""
        return help_view.menu(typed.by, command=self.name)

    async def help(self, typed: Typed) -> Message:
        """What can be typed, and who may."""
        return help_view.listing(typed.by.role, command=self.name)

    async def show(self, typed: Typed) -> Message:
        """The SIM's card."""
        return await self.sims.show(typed.named, by=typed.by, exact=typed.command.exact)

    async def find(self, typed: Typed) -> Message:
        """The first page of what was found."""
        exact = " --exact" if typed.command.exact else ""
        return await self.searches.find(typed.command.rest + exact, by=typed.by)

    async def history(self, typed: Typed) -> Message:
        """What happened to a SIM."""
        listed = await self.sims.listed(typed.named)
        return await self.histories.show(listed.id, by=typed.by)

    async def change(self, typed: Typed) -> Message:
        """A request for a change; it is carried out at once where the policy asks nobody."""
        command = typed.command
        if command.order is None:
            raise AssertionError("read_command gave no order")
        _, sim = await self.sims.one(typed.named)
        order = self.sms.conversations.completed(command.order, sim)
        said = await self.approvals.ask(order, sim, reason=command.reason, by=typed.by, channel=typed.channel)
        doubtful = doubt(typed.named) if command.verb == Operation.SMS else None
        return said if doubtful is None else noted(said, doubtful)

    async def sms_status(self, typed: Typed) -> Message:
        """What became of an SMS."""
        return self.sms.conversations.status(typed.command.rest)

    async def bulk(self, typed: Typed) -> None:
        """Opens the form for many SIMs."""
        await self.intake.forms.open(by=typed.by, trigger=typed.trigger, operation=read_change(typed.command.rest))

    async def protect(self, typed: Typed) -> Message:
        """A SIM is kept out of bulk changes."""
        _, sim = await self.sims.one(typed.named)
        return await self.protecting.protect(sim, why=typed.command.reason, by=typed.by)

    async def unprotect(self, typed: Typed) -> Message:
        """That is lifted again."""
        _, sim = await self.sims.one(typed.named)
        return await self.protecting.lift(sim, why=typed.command.reason, by=typed.by)

    async def protected(self, _: Typed) -> Message:
        """The protected SIMs."""
        return self.protecting.listing()

    async def pool(self, typed: Typed) -> Message:
        """Share pools."""
        return await self.accounts.pools(typed.command.rest or None, exact=typed.command.exact)

    async def account(self, typed: Typed) -> Message:
        """The enterprise or an account."""
        return await self.accounts.account(typed.command.rest or None)

    async def plans(self, typed: Typed) -> Message:
        """The rate plans of an account."""
        return await self.accounts.plans(typed.command.rest, exact=typed.command.exact)

    async def countries(self, typed: Typed) -> Message:
        """Traffic and SIMs by country."""
        return await self.accounts.countries(typed.command.rest, exact=typed.command.exact)

    async def list_approvals(self, typed: Typed) -> Message:
        """What waits for a decision."""
        return await self.approvals.waiting.listing(typed.by)

    async def refresh(self, typed: Typed) -> Message:
        """Reads the SIMs of one account anew."""
        return await self.scanning.refresh(typed.command.rest, by=typed.by)

    async def list_jobs(self, _: Typed) -> Message:
        """The bulk jobs."""
        return self.jobs.listing()

    async def job(self, typed: Typed) -> Message:
        """One of them."""
        return self.jobs.show(typed.command.rest)

    async def delegate(self, typed: Typed) -> Message:
        """Somebody stands in for somebody."""
        return await self.delegating.typed(typed.command.rest, by=typed.by)

    async def policy(self, typed: Typed) -> Message:
        """Which policy would match."""
        return await self.policies.question(typed.command.rest)

    async def list_alerts(self, typed: Typed) -> Message:
        """The alerts that are open, the rules, or what one of them would find."""
        return await self.alerts.question(typed.command.rest, checked_at=self.checked_at())

    async def ack(self, typed: Typed) -> Message:
        """Somebody takes an alert."""
        return await self.alerts.typed_ack(typed.command.rest, by=typed.by)

    async def snooze(self, typed: Typed) -> Message:
        """Somebody puts an alert off."""
        return await self.alerts.typed_snooze(typed.command.rest, by=typed.by, zone=await self.people.zone(typed.by.id))

    async def report(self, typed: Typed) -> Message:
        """The fleet in a day, a week or a cycle."""
        return await self.reports.asked(typed.command.rest, by=typed.by)

    async def list_audit(self, typed: Typed) -> Message:
        """Who did what."""
        need(typed.by, Role.ADMIN, to="read the audit log")
        return await self.audit.show(read_target(typed.command.rest), by=typed.by)

    async def subscribe(self, typed: Typed) -> Message:
        """A channel gets notifications."""
        return await self.pushes.routing.subscribe(typed.command.rest, by=typed.by, channel=typed.channel)

    async def subscriptions(self, typed: Typed) -> Message:
        """Which channel gets which."""
        return await self.pushes.routing.listing(typed.command.rest, by=typed.by)

    async def unsubscribe(self, typed: Typed) -> Message:
        """A channel gets them no longer."""
        return await self.pushes.routing.unsubscribe(typed.command.rest, by=typed.by)

    async def mute(self, typed: Typed) -> Message:
        """Planned work begins."""
        return await self.pushes.muting.mute(typed.command.rest, by=typed.by, channel=typed.channel)

    async def unmute(self, typed: Typed) -> Message:
        """It ends."""
        return await self.pushes.muting.unmute(typed.command.rest, by=typed.by)

    async def event(self, typed: Typed) -> Message:
        """The way of one notification."""
        return self.pushes.event(typed.command.rest, by=typed.by)

    async def status(self, _: Typed) -> Message:
        """How the bot is."""
        return self.home.health()


def unescape(text: str) -> str:
    """What was typed: Slack sends these three characters escaped.

    https://docs.slack.dev/interactivity/implementing-slash-commands
    """
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
