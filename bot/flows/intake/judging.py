"""Judging the SIMs of a list, and saying what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from bot.clock import Clock
from bot.flows.intake.tally import judge_again
from bot.rules.orders import Order
from bot.rules.people import Person
from bot.rules.sims import Sim
from bot.rules.verdicts import Terms, Verdict
from bot.sheets import Rows, sheet
from bot.slack import Slack
from bot.store import Store
from bot.store.lists import Numbered, SimList
from bot.views import lists as view

Protected = Callable[[Sequence[str]], Collection[str]]


@dataclass(frozen=True)
class Judging:
    """What lists are judged with. `protected` says which of these GICCIDs no bulk change may touch, `suspends_first`
    whether a retirement of this SIM would be in two steps, `looked_at` when the last look over all SIMs ended.
    """

    store: Store
    slack: Slack
    clock: Clock
    label_field: str
    protected: Protected
    suspends_first: Callable[[Sim], bool]
    looked_at: Callable[[], datetime | None]

    def terms(self, order: Order, giccids: Sequence[str], *, without_plan: Collection[str | None] = ()) -> Terms:
        """What these SIMs are judged by."""
        return Terms(order, self.protected(giccids), without_plan, self.suspends_first)

    async def once_more(
        self, rows: Sequence[Numbered], found: SimList, *, gone: Collection[str] = ()
    ) -> list[Numbered]:
        """These accepted lines of a list as they are judged now; `gone` are SIMs that SmartHub knows no more."""
        giccids = [row.judged.giccid or "" for row in rows]
        terms = replace(self.terms(found.order, giccids), undone=self._undone(found))
        hits = await self.store.lists.by_giccids(giccids)
        now = {hit.sim.giccid: hit for hit in hits if hit.sim.giccid not in gone}
        return await asyncio.to_thread(lambda: [judge_again(row, now, terms) for row in rows])

    def _undone(self, found: SimList) -> Order | None:
        """What a job did that this list takes back; one made of what failed in it orders the same."""
        order = None if found.job is None else self.store.jobs.get(found.job).order
        return None if order == found.order else order

    async def close(self, id: int) -> SimList:
        """The list after it was made one that can be asked for, with its digest and its counts."""
        lists = self.store.lists
        await lists.close(id, digest=await lists.digest(id), counts=await lists.counts(id))
        return lists.get(id)

    async def report(
        self, found: SimList, *, seen_from: datetime | None = None, asked: int = 0, unsent: str | None = None
    ) -> view.Report:
        """What is to be said of the list, with the first lines of each verdict."""
        first = {
            verdict: [row.judged for row in await self.store.lists.first(found.id, verdict, limit=view.SHOWN)]
            for verdict in Verdict
            if found.counts.get(verdict)
        }
        return view.Report(
            found.id, found.order, found.source, found.reason, found.counts, found.digest or "", first, seen_from,
            asked, unsent, complete=self.looked_at() is not None,
        )  # fmt: skip

    async def send_csv(self, found: SimList, *, by: Person) -> None:
        """Sends each line with its verdict as a file to this person. Raises SlackError, StoreError."""
        title = f"Report on list {found.id}: {found.order.words}"
        channel = await self.slack.direct(by.id)
        async with sheet(f"report-{found.id}.csv", view.SHEET, self._rows(found)) as path:
            await self.slack.upload(channel, name=path.name, title=title[:200], path=path)

    async def _rows(self, found: SimList) -> AsyncGenerator[Rows, None]:
        async with aclosing(self.store.lists.stream(found.id)) as pieces:
            async for piece in pieces:
                yield (view.row(one.judged) for one in piece)
