"""Protecting a SIM: nothing retires it and no bulk change touches it, until somebody lifts that."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import Clock
from bot.errors import NotPossible
from bot.rules.people import Person, Role, need
from bot.rules.shields import Shield
from bot.rules.sims import Sim, label_of, quotable
from bot.store.protected import Protected
from bot.views import protecting as view
from bot.views.parts import Message, answer


@dataclass(frozen=True)
class Protecting:
    """Putting protection on a SIM and lifting it. Everything raises NotAllowed and NotPossible."""

    store: Protected
    clock: Clock
    label_field: str

    async def protect(self, sim: Sim, *, why: str | None, by: Person) -> Message:
        """What whoever protected the SIM reads."""
        need(by, Role.OPERATOR, to="protect SIMs")
        label = label_of(sim, self.label_field)
        if not await self.store.put(Shield(sim.giccid, label, by.id, self.clock.now(), why)):
            shield = self.store.of(sim.giccid)
            raise NotPossible(f"“{quotable(label)}” is protected already{f' by <@{shield.by}>' if shield else ''}.")
        return answer(f"“{quotable(label)}” is protected: no bulk change touches it, and nothing retires it.")

    async def lift(self, sim: Sim, *, why: str | None, by: Person) -> Message:
        """What whoever lifted the protection reads."""
        need(by, Role.APPROVER, to="lift the protection of SIMs")
        label = label_of(sim, self.label_field)
        if not await self.store.lift(sim.giccid, by=by.id, why=why, now=self.clock.now()):
            raise NotPossible(f"“{quotable(label)}” is not protected.")
        return answer(f"“{quotable(label)}” is not protected any more.")

    def listing(self) -> Message:
        """The protected SIMs."""
        return view.listing(self.store.all(), count=self.store.count())
