"""PRESSED: buttons on cards, and the forms they open. A button carries a number; its row says what it means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bot.errors import BadInput, NotFound
from bot.flows.alerts import Alerts
from bot.flows.approvals import Approvals
from bot.flows.people import People
from bot.rules.people import Person
from bot.views.approvals import REASON_AT_MOST, WHY, WHY_MODAL, Why
from bot.views.parts import Message
from handlers.listening import Body, Listening, id_of, user_of
from handlers.switchboard import Switchboard

Press = Callable[[int, Person, Body], Awaitable[Message | None]]


@dataclass(frozen=True)
class Buttons:
    """The buttons under requests and alerts, each a short way to its flow."""

    people: People
    approvals: Approvals
    alerts: Alerts

    def table(self) -> Mapping[str, Press]:
        """Each button's action id with what it does."""
        return {
            "approval.approve": self.approve,
            "approval.deny": partial(self.ask_why, Why.DENY),
            "approval.withdraw": partial(self.ask_why, Why.WITHDRAW),
            "approval.cancel": partial(self.ask_why, Why.CANCEL),
            "approval.break": partial(self.ask_why, Why.BREAK_GLASS),
            "approval.review": partial(self.ask_why, Why.REVIEW),
            "approval.done": partial(self.ask_why, Why.DONE),
            "approval.undone": partial(self.ask_why, Why.NOT_DONE),
            "approval.look": self.look,
            "approval.undo": self.undo,
            "alert.acknowledge": self.acknowledge,
            "alert.snooze": self.snooze,
            "alert.hush": self.hush,
            "alerts.acknowledge": self.acknowledge_all,
            "alerts.snooze": self.snooze_all,
            "alerts.hush": self.hush_all,
            "alerts.csv": self.csv,
        }

    def register(self, app: Switchboard, listening: Listening) -> None:
        """Lets Bolt bring the buttons and the modals here."""
        for action, press in self.table().items():
            app.action(action)(listening.pressed(self.pressed(press)))
        for what in Why:
            app.view(f"{WHY_MODAL}.{what.value}")(listening.submitted(partial(self.said_why, what), field=WHY))

    def pressed(self, press: Press) -> Callable[[Body], Awaitable[Message | None]]:
        """The press with its number and its person looked up."""

        async def work(body: Body) -> Message | None:
            return await press(id_of(body), await self.people.who(user_of(body)), body)

        return work

    async def approve(self, id: int, by: Person, _: Body) -> None:
        """Stores the decision, and only then has the change made."""
        await self.approvals.approve(id, by=by)

    async def ask_why(self, what: Why, id: int, by: Person, body: Body) -> None:
        """Opens the modal for the reason, when this person may do that now."""
        await self.approvals.deciding.ask_why(id, what, by=by, trigger=str(body["trigger_id"]))

    async def said_why(self, what: Why, body: Body) -> None:
        """The modal came back with its reason."""
        number, by = id_of(body), await self.people.who(user_of(body))
        why = _why(body, needed=what not in (Why.WITHDRAW, Why.CANCEL, Why.REVIEW))
        deciding = self.approvals.deciding
        match what:
            case Why.DENY:
                await deciding.deny(number, by=by, why=why)
            case Why.WITHDRAW:
                await deciding.withdraw(number, by=by, why=why)
            case Why.CANCEL:
                await deciding.cancel(number, by=by, why=why)
            case Why.REVIEW:
                await deciding.review(number, by=by, said=why)
            case Why.BREAK_GLASS:
                await self.approvals.break_glass(number, by=by, why=why or "")
            case Why.DONE | Why.NOT_DONE:
                await deciding.settle(number, made=what is Why.DONE, by=by, why=why or "")

    async def look(self, id: int, by: Person, _: Body) -> None:
        """Somebody wants to know now what became of an unsure change."""
        await self.approvals.carrying.look(id, by=by)

    async def undo(self, id: int, by: Person, body: Body) -> Message:
        """Somebody asks for the inverse of what was done."""
        return await self.approvals.undo(id, by=by, channel=channel_of(body))

    async def acknowledge(self, id: int, by: Person, _: Body) -> None:
        """Somebody takes an alert."""
        await self.alerts.acknowledge(id, by=by)

    async def snooze(self, id: int, by: Person, _: Body) -> None:
        """Somebody puts an alert off."""
        await self.alerts.snooze(id, by=by)

    async def hush(self, id: int, by: Person, _: Body) -> None:
        """Somebody puts an alert off until it gets worse."""
        await self.alerts.snooze_until(id, None, by=by)

    async def acknowledge_all(self, id: int, by: Person, _: Body) -> None:
        """Somebody takes all alerts of a card."""
        await self.alerts.acknowledge_all(id, by=by)

    async def snooze_all(self, id: int, by: Person, _: Body) -> None:
        """Somebody puts them off."""
        await self.alerts.snooze_all(id, by=by)

    async def hush_all(self, id: int, by: Person, _: Body) -> None:
        """Somebody puts them off until they get worse."""
        await self.alerts.snooze_all(id, by=by, until_worse=True)

    async def csv(self, id: int, by: Person, _: Body) -> Message:
        """Somebody wants them as a file."""
        return await self.alerts.csv(id, by=by)


def catch_the_rest(app: Switchboard, listening: Listening) -> None:
    """Connects the doors, and answers the buttons that are in no table: another version of simops posted them."""

    async def unknown(_: Body) -> Message | None:
        raise NotFound("This button is from another version of simops and does nothing any more. Use the newest card.")

    app.connect(rest=listening.pressed(unknown))


def channel_of(body: Body) -> str:
    """The channel in which something was pressed; empty in a form or on the Home."""
    return str((body.get("channel") or {}).get("id") or "")


def _why(body: Body, *, needed: bool) -> str | None:
    """The reason in the form. Raises BadInput for none where one is needed, and for more than the form takes."""
    why = str(body["view"]["state"]["values"][WHY][WHY]["value"] or "").strip()
    if len(why) > REASON_AT_MOST or (needed and not why):
        raise BadInput(f"Write a reason of up to {REASON_AT_MOST} characters; whoever asked reads it.")
    return why or None
