"""A request for a change, from asking to its end. A change is sent to SmartHub at most once for each approval."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.approvals.asking import Asking
from bot.flows.approvals.carrying import Carrying
from bot.flows.approvals.commenting import Commenting
from bot.flows.approvals.deciding import Deciding
from bot.flows.approvals.filing import Filing
from bot.flows.approvals.forms import Forms
from bot.flows.approvals.many import Many
from bot.flows.approvals.steps import Settings, Steps
from bot.flows.approvals.waiting import Waiting
from bot.rules.approvals import Approval, State
from bot.rules.orders import Order
from bot.rules.people import Person
from bot.rules.sims import Sim
from bot.views import approvals as view
from bot.views.parts import Message

__all__ = [
    "Approvals",
    "Asking",
    "Carrying",
    "Commenting",
    "Deciding",
    "Filing",
    "Forms",
    "Many",
    "Settings",
    "Steps",
    "Waiting",
]


@dataclass(frozen=True)
class Approvals:
    """Asking, deciding, carrying out, and finding out what came of it. Nothing here waits for Slack but a form."""

    steps: Steps
    asking: Asking
    deciding: Deciding
    carrying: Carrying
    waiting: Waiting
    forms: Forms
    commenting: Commenting
    many: Many
    filing: Filing

    async def ask(self, order: Order, sim: Sim, *, reason: str | None, by: Person, channel: str) -> Message:
        """What whoever asks reads: that it waits, or what came of it where nobody is asked. Raises as `Asking`."""
        asked = await self.asking.ask(order, sim, reason=reason, by=by, channel=channel)
        return await self.asked(asked)

    async def ask_list(self, id: int, by: Person, *, channel: str = "", undo_of: int | None = None) -> Message:
        """The same for a list that is ready. Raises as `Many.ask`."""
        return await self.asked(await self.many.ask(id, by=by, channel=channel, undo_of=undo_of))

    async def undo(self, id: int, *, by: Person, channel: str) -> Message:
        """The same for the inverse of a request that is done."""
        return await self.asked(await self.asking.undo(id, by=by, channel=channel))

    async def asked(self, approval: Approval) -> Message:
        """What whoever asked reads, after what nobody has to approve was carried out."""
        if approval.state is State.RUNNING:
            done = await self.carrying.carry_out(approval)
            return view.outcome(done, undo_within=self.steps.settings.undo_within, now=self.steps.clock.now())
        return view.asked(approval, channel=self.steps.found_in)

    async def approve(self, id: int, *, by: Person) -> None:
        """Stores this person's yes, and has the change made when it was the last one needed. Raises as `Deciding`."""
        approved = await self.deciding.approve(id, by=by)
        if approved.state is State.RUNNING:
            await self.carrying.carry_out(approved)

    async def break_glass(self, id: int, *, by: Person, why: str) -> None:
        """Has the change made without approval. Raises as `Deciding`."""
        await self.carrying.carry_out(await self.deciding.break_glass(id, by=by, why=why))

    async def timed(self) -> str | None:
        """What is done as time passes, in a sentence; `None` when nothing was."""
        done = {
            "lapsed": await self.waiting.lapse(),
            "reminded": await self.waiting.remind(),
            "retired": await self.carrying.resume(),
            "settled": await self.carrying.settle(),
        }
        return ", ".join(f"{count} {word}" for word, count in done.items() if count) or None
