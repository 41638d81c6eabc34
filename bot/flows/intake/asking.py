"""From the report on a list to asking for it: typed, judged once more, handed on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from bot.errors import BadInput, Misfilled, NotPossible
from bot.flows.intake.judging import Judging
from bot.flows.intake.rereading import Rereading
from bot.flows.intake.taking import DEED
from bot.rules.bulk import COUNT, check_count, check_owner, wants_count
from bot.rules.people import Person, Role, need
from bot.rules.verdicts import Judged
from bot.store.lists import SimList, State
from bot.views import lists as view
from bot.views.parts import Message

# What makes a request out of a list that is ready: its number, and who asks. What comes back is read by who asks.
Ask = Callable[[int, Person], Awaitable[Message]]


@dataclass(frozen=True)
class Again:
    """A list after its SIMs were judged once more: how many fit no more, and the first of them."""

    list: SimList
    changed: int = 0
    first: tuple[Judged, ...] = ()


async def _nobody(_id: int, _by: Person) -> Message:
    raise NotPossible("Nobody can be asked here.")


@dataclass
class Asking:
    """Going on with a list, or discarding it. `ask` is where the approval begins.

    Every method raises NotFound, NotAllowed for whose list it is not, and NotPossible for one that is used already.
    """

    judging: Judging
    rereading: Rereading
    ask: Ask = _nobody

    async def open(self, id: int, *, by: Person, trigger: str) -> None:
        """Opens the form in which the list is asked for. Raises SlackError."""
        found = self._ready(id, by=by)
        if not found.accepted:
            raise NotPossible("No SIM of this list can be asked for.")
        await self.judging.slack.open_modal(trigger=trigger, view=view.asking(await self.judging.report(found)))

    async def submit(self, id: int, *, typed: str | None, reason: str | None, by: Person) -> Message:
        """Asks for the list as it is now; where SIMs of it have changed since the report, the new report instead.

        Raises Misfilled where another number was typed than the SIMs have.
        """
        found = self._ready(id, by=by)
        if wants_count(found.order, found.accepted):
            try:
                check_count(typed or "", count=found.accepted)
            except BadInput as problem:
                raise Misfilled(str(problem), problems={COUNT: str(problem)}) from problem
        if reason != found.reason:
            await self.judging.store.lists.explain(id, reason)
        again = await self.judge_again(id)
        if again.changed:
            report = await self.judging.report(again.list)
            return view.changed(report, since=again.first, count=again.changed)
        return await self.ask(id, by)

    async def look_again(self, id: int) -> Sequence[Judged]:
        """The first SIMs that fit no more, after the list of a request was read at SmartHub and judged once more.

        Those that do not fit are left out, and the list has the digest of the others. Raises ProviderError.
        """
        lists = self.judging.store.lists
        changed, first = await self._judge_again(id, gone=await self.rereading.read(lists.get(id)))
        await lists.recount(id)
        return first if changed else ()

    async def read(self, id: int) -> None:
        """Has the snapshot know the SIMs of a list as they are now. Raises NotFound, ProviderError."""
        await self.rereading.read(self.judging.store.lists.get(id))

    async def judge_again(self, id: int) -> Again:
        """The list with each accepted SIM judged as it is now: those that fit no more are left out, which gives it
        another digest. To be asked for, a list has to come out of this unchanged.
        """
        changed, first = await self._judge_again(id, reopens=True)
        found = self.judging.store.lists.get(id)
        return Again(await self.judging.close(id), changed, tuple(first)) if changed else Again(found)

    async def _judge_again(
        self, id: int, *, reopens: bool = False, gone: Collection[str] = ()
    ) -> tuple[int, list[Judged]]:
        """How many fit no more, and the first of them."""
        lists = self.judging.store.lists
        changed = 0
        first: list[Judged] = []
        found = lists.get(id)
        async with aclosing(lists.stream(id, accepted=True)) as pieces:
            async for piece in pieces:
                judged = await self.judging.once_more(piece, found, gone=gone)
                rows = [row for row in judged if not row.judged.accepted]
                # Before its first line is written it is open: nobody can ask for it while its digest is out of date.
                if rows and not changed and reopens and not await lists.reopen(id):
                    raise _gone(lists.get(id).state)
                if rows:
                    await lists.add(id, rows)
                changed += len(rows)
                first += [row.judged for row in rows[: view.SHOWN - len(first)]]
        return changed, first

    async def show(self, found: SimList) -> Message:
        """The report on a list that was made here, with what goes on from there."""
        return view.report(await self.judging.report(found))

    async def drop(self, id: int, *, by: Person) -> Message:
        """Discards the list."""
        found = self._ready(id, by=by)
        if not await self.judging.store.lists.drop(id):
            raise _gone(self.judging.store.lists.get(id).state)
        return view.dropped(found.order)

    def _ready(self, id: int, *, by: Person) -> SimList:
        need(by, Role.OPERATOR, to=DEED)
        found = self.judging.store.lists.get(id)
        check_owner(found.made_by, by)
        if found.state is not State.READY:
            raise _gone(found.state)
        return found


def _gone(state: State) -> NotPossible:
    if state is State.OPEN:
        return NotPossible("This list is being judged right now; its report comes as a direct message.")
    return NotPossible("This list is used or discarded already. Send it once more.")
