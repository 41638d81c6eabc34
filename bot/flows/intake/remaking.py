"""A list made out of what came of a job: what failed, to try it once more; what was done, to take it back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from bot.flows.intake.judging import Judging
from bot.flows.intake.tally import judge_known
from bot.rules.job_sims import Entry
from bot.rules.lists import Line
from bot.rules.orders import Order
from bot.rules.people import Person
from bot.rules.verdicts import Judged, Verdict
from bot.store.lists import Numbered, SimList

CHUNK = 1000


@dataclass(frozen=True)
class Remaking:
    """Judges the SIMs as they are known now; those that do not fit are left out, as of any other list."""

    judging: Judging

    async def make(
        self, order: Order, sims: AsyncIterator[Entry], *, job: int, source: str, reason: str | None, by: Person,
        undone: Order | None = None,
    ) -> SimList:  # fmt: skip
        """The list, which can be asked for. `undone` is what the job did where this takes it back: a SIM that was
        changed again since is left out."""
        lists = self.judging.store.lists
        number = await lists.begin(order, source=source, reason=reason, by=by.id, now=self.judging.clock.now(), job=job)
        n, piece = 0, list[Entry]()
        try:
            async for entry in sims:
                piece.append(entry)
                if len(piece) == CHUNK:
                    n, piece = await self._add(number, order, piece, n, undone), []
            await self._add(number, order, piece, n, undone)
            return await self.judging.close(number)
        except Exception:
            await lists.discard(number)
            raise

    async def _add(self, id: int, order: Order, piece: Sequence[Entry], n: int, undone: Order | None) -> int:
        """How many SIMs are written down now."""
        lists, giccids = self.judging.store.lists, [entry.giccid for entry in piece]
        known = {listed.sim.giccid: listed for listed in await lists.by_giccids(giccids)}
        terms = replace(self.judging.terms(order, giccids), undone=undone)
        rows = []
        for number, entry in enumerate(piece, n + 1):
            line, listed = Line(number, entry.giccid, entry.giccid), known.get(entry.giccid)
            if listed is None:
                why = "This SIM is not known here any more."
                judged = Judged(number, entry.giccid, Verdict.UNKNOWN, why, own=entry.own)
            else:
                judged = judge_known(line, listed, terms, own=entry.own, plan=entry.plan)
            rows.append(Numbered(number, judged))
        await lists.add(id, rows)
        return n + len(rows)
