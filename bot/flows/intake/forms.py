"""The form for many SIMs: offered, opened, drawn again when the change is chosen, read when it comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from bot.clock import Clock
from bot.errors import BadInput, Misfilled, NotAllowed, NotPossible, SlackError
from bot.flows.intake.sources import Pasted, Searched, Source, Uploaded, Valued
from bot.flows.intake.taking import DEED, Taking
from bot.rules.bulk import FILE, IDS, REASON, SEARCH, Form, Offer, Origin, read_form
from bot.rules.outbox import Note
from bot.rules.people import Person, Role, need
from bot.rules.sims import Operation
from bot.slack import Slack
from bot.store import Store
from bot.views import bulk as view
from bot.views import lists as lists_view
from bot.views.parts import Message

NAMES = (".csv", ".tsv", ".xlsx", ".xls")  # of files that are worth asking about
log = structlog.get_logger()


@dataclass(frozen=True)
class Forms:
    """The form and what it is offered for. Every method raises NotAllowed for who may not change SIMs."""

    taking: Taking
    store: Store
    slack: Slack
    clock: Clock

    # --- offering it ---

    async def ask_about(self, file: str, *, channel: str, by: Person) -> None:
        """Asks somebody who shared a file, and nobody else, whether its SIMs are to be changed. Raises SlackError."""
        offer = await self.offer_file(file, by=by)
        if offer is None:
            return
        said = lists_view.offered(offer)
        try:
            await self.slack.whisper(channel, by.id, text=said.text, blocks=said.blocks)
        except SlackError as problem:
            log.info("offer_not_whispered", problem=problem.code)
            await self.store.outbox.add([Note(by.id, said.text, said.blocks)], now=self.clock.now())

    async def offer_file(self, file: str, *, by: Person) -> Offer | None:
        """An offer for the SIMs in a file; `None` where it is no list by its name, and for who may not change any.

        Raises SlackError.
        """
        if by.role < Role.OPERATOR:
            return None
        found = await self.slack.file(file)
        if not found.name.lower().endswith(NAMES):
            return None
        return await self._offer(Origin.FILE, file, name=found.name, by=by)

    async def offer_shared(self, files: Sequence[str], *, by: Person) -> Offer | None:
        """An offer for the first of these files that is a list; `None` where none is, nor can be asked about."""
        for file in files:
            try:
                offer = await self.offer_file(file, by=by)
            except SlackError as problem:
                log.info("file_not_offered", problem=problem.code)
                return None
            if offer is not None:
                return offer
        return None

    async def _offer(self, origin: Origin, value: str, *, name: str, by: Person) -> Offer:
        return await self.store.offers.add(origin, value, name=name, by=by.id, now=self.clock.now())

    # --- opening it ---

    async def open(self, *, by: Person, trigger: str, operation: Operation | None = None) -> None:
        """Opens the form, empty but for the change where one is named. Raises SlackError."""
        need(by, Role.OPERATOR, to=DEED)
        await self.slack.open_modal(trigger=trigger, view=view.form(operation))

    async def open_offer(self, id: int, *, by: Person, trigger: str) -> None:
        """Opens the form for what it was offered for. Raises NotFound, SlackError."""
        need(by, Role.OPERATOR, to=DEED)
        await self.slack.open_modal(trigger=trigger, view=view.form(offer=self._offered(id, by=by)))

    async def open_search(self, id: int, *, by: Person, trigger: str) -> None:
        """Opens the form for all that a search finds when the form comes back. Raises NotFound, SlackError."""
        need(by, Role.OPERATOR, to=DEED)
        text = self.store.searches.get(id).text
        offer = await self._offer(Origin.SEARCH, text, name=text, by=by)
        await self.slack.open_modal(trigger=trigger, view=view.form(offer=offer))

    async def open_alerts(self, card: int, operation: Operation, *, by: Person, trigger: str) -> None:
        """Opens the form for the SIMs of alerts that were announced together, as far as those still hold when it comes
        back. Raises NotFound, NotPossible, SlackError.
        """
        need(by, Role.OPERATOR, to=DEED)
        found = self.store.alerts.announcement(card)
        if not self.store.alerts.sims_of_card(card):
            raise NotPossible("Nothing of this holds any more, so there is no SIM to change.")
        name = f"the alerts of “{found.rule}” for {found.account or 'no account'}"[:200]
        offer = await self._offer(Origin.ALERTS, str(card), name=name, by=by)
        await self.slack.open_modal(trigger=trigger, view=view.form(operation, offer=offer))

    async def open_alert(self, id: int, operation: Operation, *, by: Person, trigger: str) -> None:
        """The same for the alert with this number alone."""
        found = self.store.alerts.get(id)
        if found.card is None:
            raise NotPossible("This alert has not been announced yet; ask for the change by the SIM's number.")
        await self.open_alerts(found.card, operation, by=by, trigger=trigger)

    async def redraw(self, modal: str, operation: Operation, id: int, *, by: Person) -> None:
        """Shows the fields of the change that was chosen in the form that is open. Raises NotFound, SlackError."""
        need(by, Role.OPERATOR, to=DEED)
        offer = self._offered(id, by=by) if id else None
        await self.slack.update_modal(modal, view=view.form(operation, offer=offer))

    def _offered(self, id: int, *, by: Person) -> Offer:
        offer = self.store.offers.get(id)
        if offer.by != by.id:
            raise NotAllowed(f"This was offered to <@{offer.by}>. Type `bulk`, or share the file yourself.")
        return offer

    # --- reading it ---

    async def submit(
        self, operation: Operation, id: int, given: Mapping[str, str | None], *, chosen: str | None, by: Person
    ) -> Message:
        """The report on the list that the form asks for. `chosen` is the change that stands in its menu.

        Raises Misfilled, with a sentence for each field that is wrong, and as `Taking.take`.
        """
        need(by, Role.OPERATOR, to=DEED)
        if chosen != operation.value:
            raise BadInput("The form still showed the fields of another change. Look at them once more, and send it.")
        offer = self._offered(id, by=by) if id else None
        form = read_form(operation, given, offered=offer is not None)
        if form.order is None:
            raise Misfilled(" ".join(dict.fromkeys(form.problems.values())), problems=form.problems)
        field, source = _source(form) if offer is None else (REASON, self._source_of(offer))
        try:
            return await self.taking.take(source, form.order, by=by, reason=form.reason)
        except BadInput as problem:
            raise Misfilled(str(problem), problems={field: str(problem)}) from problem

    def _source_of(self, offer: Offer) -> Source:
        match offer.origin:
            case Origin.FILE:
                return Uploaded(offer.value)
            case Origin.SEARCH:
                return Searched(offer.value)
        return Pasted("\n".join(self.store.alerts.sims_of_card(int(offer.value))), offer.name)


def _source(form: Form) -> tuple[str, Source]:
    """Where the list comes from, and the field that says so."""
    if form.file is not None:
        return FILE, Uploaded(form.file)
    if form.of_field is not None:
        return SEARCH, Valued(*form.of_field)
    if form.search is not None:
        return SEARCH, Searched(form.search)
    return IDS, Pasted(form.ids or "")
