"""PRESSED: the buttons of a SIM's card, of lists, searches and histories, and the forms for changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from slack_bolt.app.async_app import AsyncApp

from bot.errors import BadInput
from bot.flows.approvals import Approvals
from bot.flows.history import Histories
from bot.flows.people import People
from bot.flows.searches import Searches
from bot.flows.sims import Sims
from bot.rules.history import Kind
from bot.rules.people import Person, Role, need
from bot.rules.sims import Operation
from bot.views.orders import FORM
from bot.views.parts import Message
from handlers.listening import Body, Listening, id_of, user_of

Press = Callable[[int, Person, Body], Awaitable[Message | None]]


@dataclass(frozen=True)
class Cards:
    """What people press on what they looked up. Whoever presses has to be a viewer."""

    people: People
    sims: Sims
    histories: Histories
    searches: Searches
    approvals: Approvals

    def table(self) -> Mapping[str, Press]:
        """Each button's or menu's action id with what it does."""
        return {
            "sim.show": self.show,
            "sim.pick": self.show,
            "find.sim": self.show,
            "sim.refresh": self.refresh,
            "sim.exact": self.exact,
            "sim.history": self.history,
            "search.open": self.search,
            "search.next": partial(self.turn, 1),
            "search.back": partial(self.turn, -1),
            "search.csv": self.search_csv,
            "history.csv": self.history_csv,
            "history.all": partial(self.narrow, None),
            **{f"history.{kind.value}": partial(self.narrow, kind) for kind in Kind},
            **{f"sim.{operation.value}": partial(self.form, operation) for operation in Operation},
        }

    def register(self, app: AsyncApp, listening: Listening) -> None:
        """Lets Bolt bring them here."""
        for action, press in self.table().items():
            app.action(action)(listening.pressed(self.pressed(press)))
        app.options("find.sim")(listening.suggested(self.suggest))
        for operation in Operation:
            field = "change.text" if operation is Operation.SMS else "change.reason"
            app.view(f"{FORM}.{operation.value}")(listening.submitted(partial(self.submit, operation), field=field))
        for operation in (Operation.PLAN, Operation.ADDON):
            app.options(f"change.{operation.value}")(listening.suggested(partial(self.plans, operation)))

    def pressed(self, press: Press) -> Callable[[Body], Awaitable[Message | None]]:
        """The press with its number and its person looked up."""

        async def work(body: Body) -> Message | None:
            by = await self.people.who(user_of(body))
            need(by, Role.VIEWER, to="look things up")
            return await press(id_of(body), by, body)

        return work

    async def show(self, id: int, by: Person, _: Body) -> Message:
        """The card of a SIM in a list or a menu."""
        return await self.sims.show_listed(id, by=by)

    async def refresh(self, id: int, by: Person, _: Body) -> Message:
        """The same card, read anew."""
        return await self.sims.refresh(id, by=by)

    async def exact(self, id: int, by: Person, _: Body) -> Message:
        """All that SmartHub says of it."""
        return await self.sims.exact(id, by=by)

    async def history(self, id: int, by: Person, _: Body) -> Message:
        """What happened to it."""
        return await self.histories.show(id, by=by)

    async def narrow(self, kind: Kind | None, id: int, by: Person, _: Body) -> Message:
        """The same, of one kind."""
        return await self.histories.narrow(id, by=by, kind=kind)

    async def history_csv(self, id: int, by: Person, _: Body) -> Message:
        """All of it, as a file."""
        return await self.histories.csv(id, by=by)

    async def search(self, id: int, by: Person, _: Body) -> Message:
        """The first page of a search that was made for what stands in a message."""
        return await self.searches.open(id, by=by)

    async def turn(self, step: int, id: int, by: Person, _: Body) -> Message:
        """Another page of a search."""
        return await self.searches.page(id, step, by=by)

    async def search_csv(self, id: int, by: Person, _: Body) -> Message:
        """All that a search finds, as a file."""
        return await self.searches.csv(id, by=by)

    async def form(self, operation: Operation, id: int, by: Person, body: Body) -> None:
        """Opens the form for a change."""
        await self.approvals.forms.open(operation, id, by=by, trigger=str(body["trigger_id"]))

    async def submit(self, operation: Operation, body: Body) -> Message:
        """The form came back."""
        by = await self.people.who(user_of(body))
        return await self.approvals.asked(
            await self.approvals.forms.submit(operation, id_of(body), values_of(body), showed=starts_of(body), by=by)
        )

    async def suggest(self, body: Body) -> Sequence[tuple[str, str]]:
        """The SIMs that fit what is typed into a menu."""
        need(await self.people.who(user_of(body)), Role.VIEWER, to="look things up")
        return await self.sims.suggest(typed_of(body))

    async def plans(self, operation: Operation, body: Body) -> Sequence[tuple[str, str]]:
        """The plans that fit what is typed into a menu."""
        need(await self.people.who(user_of(body)), Role.VIEWER, to="look things up")
        return await self.approvals.forms.plans(operation, id_of(body), typed_of(body))


def typed_of(body: Body) -> str:
    """What stands in the menu so far."""
    return str(body.get("value") or "")


def starts_of(body: Body) -> dict[str, str]:
    """What the text fields held when the form was opened, by the same names."""
    elements = [block.get("element") or {} for block in body.get("view", {}).get("blocks") or ()]
    return {e["action_id"].rpartition(".")[2]: str(e["initial_value"]) for e in elements if e.get("initial_value")}


def values_of(body: Body) -> dict[str, str]:
    """What was filled in, by the last word of each field's name. Raises BadInput for a form in no shape of ours."""
    found: dict[str, str] = {}
    for fields in body.get("view", {}).get("state", {}).get("values", {}).values():
        for name, said in fields.items():
            value = said.get("value") or (said.get("selected_option") or {}).get("value")
            if value is not None and not isinstance(value, str):
                raise BadInput("This form cannot be read.")
            if value is not None:
                found[name.rpartition(".")[2]] = value
    return found
