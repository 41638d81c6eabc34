"""PRESSED: the buttons under notifications, and the forms they open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bot.errors import BadInput
from bot.flows.accounts import Accounts
from bot.flows.people import People
from bot.flows.pushes import Pushes
from bot.flows.sims import Sims
from bot.rules.people import Person
from bot.views.caring import ASSIGN, RESOLVE, TO, WHY, WHY_AT_MOST
from bot.views.parts import Message
from handlers.listening import Body, Listening, id_of, user_of
from handlers.switchboard import Switchboard

Press = Callable[[int, Person, Body], Awaitable[Message | None]]


@dataclass(frozen=True)
class PushButtons:
    """What people press under a notification. What changes a SIM is asked for in the forms of its card."""

    people: People
    pushes: Pushes
    sims: Sims
    accounts: Accounts

    def table(self) -> Mapping[str, Press]:
        """Each button's action id with what it does."""
        return {
            "incident.acknowledge": self.acknowledge,
            "incident.snooze": self.snooze,
            "incident.assign": partial(self.ask, "assign"),
            "incident.resolve": partial(self.ask, "resolve"),
            "incident.expected": self.expected,
            "incident.sim": self.sim,
            "incident.refresh": self.refresh,
            "incident.account": self.account,
            "incident.csv": self.csv,
        }

    def register(self, app: Switchboard, listening: Listening) -> None:
        """Lets Bolt bring them here."""
        for action, press in self.table().items():
            app.action(action)(listening.pressed(self.pressed(press)))
        app.view(ASSIGN)(listening.submitted(self.assigned, field=TO))
        app.view(RESOLVE)(listening.submitted(self.resolved, field=WHY))

    def pressed(self, press: Press) -> Callable[[Body], Awaitable[Message | None]]:
        """The press with its number and its person looked up."""

        async def work(body: Body) -> Message | None:
            return await press(id_of(body), await self.people.who(user_of(body)), body)

        return work

    async def acknowledge(self, id: int, by: Person, _: Body) -> None:
        """Somebody takes it."""
        await self.pushes.caring.acknowledge(id, by=by)

    async def snooze(self, id: int, by: Person, _: Body) -> None:
        """Somebody puts it off."""
        await self.pushes.caring.snooze(id, by=by)

    async def expected(self, id: int, by: Person, _: Body) -> None:
        """The swap of devices was planned."""
        await self.pushes.caring.expected(id, by=by)

    async def ask(self, what: str, id: int, by: Person, body: Body) -> None:
        """Opens a form."""
        await self.pushes.caring.ask(what, id, by=by, trigger=str(body["trigger_id"]))

    async def assigned(self, body: Body) -> None:
        """The form came back with whose it is."""
        to = _field(body, TO).get("selected_user")
        if not isinstance(to, str) or not to:
            raise BadInput("Choose somebody.")
        await self.people.must_exist(to)
        await self.pushes.caring.assign(id_of(body), to, by=await self.people.who(user_of(body)))

    async def resolved(self, body: Body) -> None:
        """The form came back with what came of it."""
        why = str(_field(body, WHY).get("value") or "").strip()
        if len(why) > WHY_AT_MOST:
            raise BadInput(f"Write at most {WHY_AT_MOST} characters.")
        await self.pushes.caring.resolve(id_of(body), by=await self.people.who(user_of(body)), why=why or None)

    async def sim(self, id: int, by: Person, _: Body) -> Message:
        """The SIM, read now, with all that may be asked for."""
        return await self.sims.show(self.pushes.sim_of(id, by=by), by=by)

    async def refresh(self, id: int, by: Person, _: Body) -> None:
        """The SIM is read now, and the card says what it has used."""
        await self.sims.one(self.pushes.sim_of(id, by=by))
        await self.pushes.redraw(id)

    async def account(self, id: int, by: Person, _: Body) -> Message:
        """The account, read now."""
        return await self.accounts.account(self.pushes.account_of(id, by=by))

    async def csv(self, id: int, by: Person, _: Body) -> Message:
        """The list of a storm's SIMs."""
        return await self.pushes.gathering.csv(id, by=by)


def _field(body: Body, name: str) -> Body:
    """What is in one field of a form. Raises BadInput for a form in no shape of ours."""
    found = body.get("view", {}).get("state", {}).get("values", {}).get(name, {}).get(name)
    if not isinstance(found, dict):
        raise BadInput("This form cannot be read.")
    return found
