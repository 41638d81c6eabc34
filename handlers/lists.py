"""PRESSED: the form for many SIMs, the report on a list, and files that are shared where simops is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bot.errors import BadInput
from bot.flows.intake import Intake
from bot.flows.people import People
from bot.rules.bulk import COUNT, REASON
from bot.rules.people import Person
from bot.rules.sims import Operation
from bot.views.bulk import CALLBACK, CHOOSE, reading
from bot.views.lists import ASK
from bot.views.parts import Message
from handlers.listening import Body, Listening, id_of, user_of
from handlers.switchboard import Switchboard

Press = Callable[[int, Person, Body], Awaitable[Message | None]]


@dataclass(frozen=True)
class Lists:
    """Everything about lists that is not typed."""

    people: People
    intake: Intake

    def table(self) -> Mapping[str, Press]:
        """Each button's action id with what it does."""
        return {
            "list.open": self.open_offer,
            "search.change": self.open_search,
            "alert.suspend": partial(self.open_alert, Operation.SUSPEND),
            "alert.plan": partial(self.open_alert, Operation.PLAN),
            "alerts.suspend": partial(self.open_alerts, Operation.SUSPEND),
            "alerts.plan": partial(self.open_alerts, Operation.PLAN),
            ASK: self.open_asking,
            "list.csv": self.csv,
            "list.drop": self.drop,
        }

    def register(self, app: Switchboard, listening: Listening) -> None:
        """Lets Bolt bring them here."""
        for action, press in self.table().items():
            app.action(action)(listening.pressed(self.pressed(press)))
        app.shortcut("simops.bulk")(listening.shortcut(self.open))
        app.action(CHOOSE)(listening.pressed(self.chosen))
        for operation in Operation:
            work = partial(self.submit, operation)
            app.view(f"{CALLBACK}.{operation.value}")(listening.submitted(work, field=REASON, meanwhile=reading()))
        app.view(ASK)(listening.submitted(self.ask, field=REASON, meanwhile=reading()))
        app.event("file_shared")(listening.event(self.shared))

    def pressed(self, press: Press) -> Callable[[Body], Awaitable[Message | None]]:
        """The press with its number and its person looked up."""

        async def work(body: Body) -> Message | None:
            return await press(id_of(body), await self.people.who(user_of(body)), body)

        return work

    # --- the form ---

    async def open(self, body: Body) -> None:
        """Opens the form, for the shortcut."""
        await self.intake.forms.open(by=await self.people.who(user_of(body)), trigger=str(body["trigger_id"]))

    async def open_offer(self, id: int, by: Person, body: Body) -> None:
        """Opens it for a file."""
        await self.intake.forms.open_offer(id, by=by, trigger=str(body["trigger_id"]))

    async def open_search(self, id: int, by: Person, body: Body) -> None:
        """Opens it for what a search finds."""
        await self.intake.forms.open_search(id, by=by, trigger=str(body["trigger_id"]))

    async def open_alert(self, operation: Operation, id: int, by: Person, body: Body) -> None:
        """Opens it for the SIM of an alert."""
        await self.intake.forms.open_alert(id, operation, by=by, trigger=str(body["trigger_id"]))

    async def open_alerts(self, operation: Operation, id: int, by: Person, body: Body) -> None:
        """Opens it for the SIMs of alerts that were announced together."""
        await self.intake.forms.open_alerts(id, operation, by=by, trigger=str(body["trigger_id"]))

    async def chosen(self, body: Body) -> None:
        """The change was chosen in the form: it is drawn again with its fields."""
        by = await self.people.who(user_of(body))
        view = body.get("view") or {}
        await self.intake.forms.redraw(str(view.get("id")), _operation(body), _number(body), by=by)

    async def submit(self, operation: Operation, body: Body) -> Message:
        """The form came back."""
        by = await self.people.who(user_of(body))
        given = fields_of(body)
        return await self.intake.forms.submit(operation, id_of(body), given, chosen=given.get(CHOOSE), by=by)

    async def shared(self, body: Body) -> None:
        """A file was shared where simops is."""
        event = body["event"]
        by = await self.people.who(user_of(body))
        await self.intake.forms.ask_about(str(event.get("file_id")), channel=str(event.get("channel_id")), by=by)

    # --- the report ---

    async def open_asking(self, id: int, by: Person, body: Body) -> None:
        """Opens the form in which a list is asked for."""
        await self.intake.asking.open(id, by=by, trigger=str(body["trigger_id"]))

    async def ask(self, body: Body) -> Message:
        """That form came back."""
        by, given = await self.people.who(user_of(body)), fields_of(body)
        return await self.intake.asking.submit(id_of(body), typed=given.get(COUNT), reason=given.get(REASON), by=by)

    async def csv(self, id: int, by: Person, _: Body) -> Message:
        """The file with every line once more."""
        return await self.intake.taking.send_csv(id, by=by)

    async def drop(self, id: int, by: Person, _: Body) -> Message:
        """Discards a list."""
        return await self.intake.asking.drop(id, by=by)


def fields_of(body: Body) -> dict[str, str | None]:
    """What was filled in or chosen in a form, by the names of its fields; of a file the id that Slack gave it.

    Raises BadInput for a form in no shape of ours.
    """
    found: dict[str, str | None] = {}
    for fields in body["view"]["state"]["values"].values():
        for name, said in fields.items():
            files = said.get("files") or [{}]
            value = said.get("value") or (said.get("selected_option") or {}).get("value") or files[0].get("id")
            if value is not None and not isinstance(value, str):
                raise BadInput("This form cannot be read.")
            found[name] = value
    return found


def _operation(body: Body) -> Operation:
    """The change that was chosen. Raises BadInput for anything else: a form can be forged."""
    chosen = (body["actions"][0].get("selected_option") or {}).get("value")
    try:
        return Operation(str(chosen))
    except ValueError:
        raise BadInput("There is no such change. Open the form once more.") from None


def _number(body: Body) -> int:
    """The number that the form carries, in which a menu was used."""
    return id_of({"view": body.get("view") or {}})
