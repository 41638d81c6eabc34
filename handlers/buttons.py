"""PRESSED: every button and modal, each to its flow. What one means, and who may press it, is looked up now."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from slack_bolt.app.async_app import AsyncApp

from bot.errors import BadInput, NotFound
from bot.flows.alerts import Alerts
from bot.flows.approvals import Approvals
from bot.flows.people import People
from bot.rules.approvals import Step
from bot.rules.commands import REASON_LIMIT
from bot.rules.people import Person
from bot.views.approvals import DENY_MODAL, WHY
from bot.views.parts import Message
from handlers.listening import Body, Listening, id_of, user_of

Press = Callable[[int, Person, Body], Awaitable[Message | None]]


@dataclass(frozen=True)
class Buttons:
    """The buttons by their `action_id`. A press that works says nothing: its card shows it."""

    people: People
    approvals: Approvals
    alerts: Alerts

    def table(self) -> Mapping[str, Press]:
        """Every button there is."""
        return {
            "approval.approve": self.approve,
            "approval.deny": self.ask_why,
            "approval.withdraw": self.withdraw,
            "approval.look": self.look,
            "alert.acknowledge": self.acknowledge,
            "alert.snooze": self.snooze,
        }

    def register(self, app: AsyncApp, listening: Listening) -> None:
        """Lets Bolt bring the buttons and the modal here."""
        for action, press in self.table().items():
            app.action(action)(listening.pressed(self._of(press)))
        # What is in no table was posted by another version of simops; its row may be gone, the answer is not.
        app.action(re.compile(""))(listening.pressed(self.unknown))
        app.view(DENY_MODAL)(listening.submitted(self.deny, field=WHY))

    def _of(self, press: Press) -> Callable[[Body], Awaitable[Message | None]]:
        """The press with its number and its person looked up."""

        async def work(body: Body) -> Message | None:
            return await press(id_of(body), await self.people.who(user_of(body)), body)

        return work

    async def unknown(self, _: Body) -> Message | None:
        """A button of another version."""
        raise NotFound("This button is from another version of simops and does nothing any more. Use the newest card.")

    async def approve(self, id: int, by: Person, _: Body) -> None:
        """Stores the decision, and only then has the change made."""
        await self.approvals.carry_out(await self.approvals.decide(id, Step.APPROVE, by=by))

    async def ask_why(self, id: int, by: Person, body: Body) -> None:
        """Opens the modal for the reason, when this person may deny this now."""
        await self.approvals.ask_why(id, by=by, trigger=str(body["trigger_id"]))

    async def deny(self, body: Body) -> None:
        """The modal came back with its reason."""
        why = _why(body)
        await self.approvals.decide(id_of(body), Step.DENY, by=await self.people.who(user_of(body)), why=why)

    async def withdraw(self, id: int, by: Person, _: Body) -> None:
        """The requester takes it back."""
        await self.approvals.decide(id, Step.WITHDRAW, by=by)

    async def look(self, id: int, by: Person, _: Body) -> None:
        """Somebody wants to know now what became of an unsure change."""
        await self.approvals.look(id, by=by)

    async def acknowledge(self, id: int, by: Person, _: Body) -> None:
        """Somebody takes an alert."""
        await self.alerts.acknowledge(id, by=by)

    async def snooze(self, id: int, by: Person, _: Body) -> None:
        """Somebody puts an alert off."""
        await self.alerts.snooze(id, by=by)


def _why(body: Body) -> str:
    """The reason in the form. Raises BadInput for none, and for more than the form takes."""
    why = str(body["view"]["state"]["values"][WHY][WHY]["value"] or "").strip()
    if not 0 < len(why) <= REASON_LIMIT:
        raise BadInput(f"Write a reason of up to {REASON_LIMIT} characters; whoever asked reads it.")
    return why
