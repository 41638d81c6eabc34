"""PRESSED: Send and Discard under replies in the thread of a SIM; TYPED: what stands in the form for an SMS so far."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.flows.people import People
from bot.flows.sms import Sms
from bot.rules.people import Person
from bot.views.parts import Message
from handlers.listening import Body, Listening, id_of, user_of, values_of
from handlers.switchboard import Switchboard

Press = Callable[[int, Person, Body], Awaitable[Message | None]]
COUNTED = ("change.text", "change.coding", "change.template")


@dataclass(frozen=True)
class SmsButtons:
    """What belongs to SMS alone; the form itself is one of a SIM's card."""

    people: People
    sms: Sms

    def table(self) -> Mapping[str, Press]:
        """Each button's action id with what it does."""
        return {"sms.send": self.send, "sms.discard": self.discard}

    def register(self, app: Switchboard, listening: Listening) -> None:
        """Lets Bolt bring them here."""
        for action, press in self.table().items():
            app.action(action)(listening.pressed(self.pressed(press)))
        for action in COUNTED:
            app.action(action)(listening.typing(self.count))

    def pressed(self, press: Press) -> Callable[[Body], Awaitable[Message | None]]:
        """The press with its number and its person looked up."""

        async def work(body: Body) -> Message | None:
            return await press(id_of(body), await self.people.who(user_of(body)), body)

        return work

    async def send(self, id: int, by: Person, _: Body) -> Message | None:
        """A reply becomes an SMS."""
        return await self.sms.replying.send(id, by=by)

    async def discard(self, id: int, by: Person, _: Body) -> None:
        """A reply stays talk."""
        await self.sms.replying.discard(id, by=by)

    async def count(self, body: Body) -> None:
        """Somebody types."""
        await self.sms.counting.typed(body.get("view") or {}, values_of(body))
