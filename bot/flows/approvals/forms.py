"""The forms in which a change of one SIM is asked for: opened from its card, filled with what there is, read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.errors import ProviderError
from bot.flows.approvals.asking import Asking, deed
from bot.flows.approvals.offers import KINDS
from bot.rules.approvals import Approval
from bot.rules.orders import Order
from bot.rules.people import Person, Role, need
from bot.rules.plans import Plan
from bot.rules.sims import Operation, Sim, label_of
from bot.rules.wishes import from_form
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.store.sims import Sims
from bot.views import orders as view
from bot.views.parts import DECIMAL, Units

log = structlog.get_logger()
FRESH = timedelta(minutes=5)


@dataclass(frozen=True)
class Forms:
    """Opening and reading the forms. A SIM is named by its number in the snapshot; `completed` fills the template, one
    of `templates`, that an SMS is to be made of."""

    asking: Asking
    sims: Sims
    hub: SmartHub
    slack: Slack
    units: Units = DECIMAL
    templates: Sequence[str] = ()
    completed: Callable[[Order, Sim], Order] = lambda order, _sim: order
    known: dict[str, tuple[datetime, Sequence[Plan]]] = field(default_factory=dict)

    async def open(self, operation: Operation, id: int, *, by: Person, trigger: str) -> None:
        """Opens the form, when this person may ask for this change of this SIM.

        Raises NotFound, NotAllowed, NotPossible, SlackError. The SIM is read first, so that the form shows it as it is.
        """
        need(by, Role.OPERATOR, to=deed(operation))
        listed = self.sims.get(id)
        sim = await self.hub.sim(listed.sim.giccid)
        self.asking.allow(operation, sim)
        label = label_of(sim, self.asking.steps.settings.label_field)
        await self.slack.open_modal(
            trigger=trigger, view=view.form(operation, sim, id=id, label=label, templates=self.templates)
        )

    async def submit(
        self, operation: Operation, id: int, values: Mapping[str, str], *, showed: Mapping[str, str], by: Person
    ) -> Approval:
        """The request that was filled in; `showed` is what its fields held at first. Raises as `Asking.ask`, and
        NotFound.
        """
        sim = await self.hub.sim(self.sims.get(id).sim.giccid)
        order = from_form(operation, values, custom=[showed.get(f"custom{n}", "") for n in range(1, 6)])
        order = self.completed(order, sim)
        return await self.asking.ask(order, sim, reason=values.get("reason") or None, by=by, channel="")

    async def plans(self, operation: Operation, id: int, typed: str) -> Sequence[tuple[str, str]]:
        """The plans of the SIM's account that fit what was typed, as what is read and the value."""
        account = self.sims.get(id).sim.account
        if account is None:
            return ()
        fitting = [p for p in await self._plans(account) if p.kind in (None, KINDS[operation])]
        return [
            (view.plan_words(p, units=self.units), p.name) for p in fitting if typed.casefold() in p.name.casefold()
        ]

    async def _plans(self, account: str) -> Sequence[Plan]:
        now = self.asking.steps.clock.now()
        found = self.known.get(account)
        if found is not None and timedelta(0) <= now - found[0] < FRESH:
            return found[1]
        try:
            plans = await self.hub.plans(account)
        except ProviderError as problem:
            log.warning("plans_not_read", problem=str(problem))
            return () if found is None else found[1]
        self.known[account] = (now, plans)
        return plans
