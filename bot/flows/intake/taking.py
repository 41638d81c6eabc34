"""Taking a list of SIMs in: fetched, read, looked up, judged line by line, reported."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import structlog

from bot.errors import ProviderError, SimNotFound, SlackError
from bot.flows.intake.judging import Judging
from bot.flows.intake.plans import Plans
from bot.flows.intake.sources import Looked, LookedUp, OnDisk, Readable, Source, Uploaded, in_words
from bot.flows.intake.tally import ASKED_AT_MOST, Tally, judge_all
from bot.rules.bulk import check_owner
from bot.rules.contents import MOST_BYTES
from bot.rules.orders import Order
from bot.rules.outbox import Note
from bot.rules.people import Person, Role, need
from bot.rules.sims import label_of
from bot.rules.snapshot import Listed
from bot.rules.verdicts import judge
from bot.smarthub.client import SmartHub
from bot.store.lists import Numbered, SimList
from bot.views import lists as view
from bot.views.parts import Message

AT_ONCE = 2
DEED = "change many SIMs"
log = structlog.get_logger()


class Taking:
    """Lists on their way in. Every method raises BotErrors; a list that cannot be read whole leaves nothing behind
    that could be asked for.
    """

    def __init__(self, judging: Judging, hub: SmartHub) -> None:
        self._judging, self._hub = judging, hub
        self._store, self._slack, self._clock = judging.store, judging.slack, judging.clock
        self._looked_up = LookedUp(judging.store, judging.clock, judging.label_field)
        self._room = asyncio.Semaphore(AT_ONCE)

    async def take(self, source: Source, order: Order, *, by: Person, reason: str | None = None) -> Message:
        """The report on the list, whose file has gone to the person. Raises BadInput for what holds no list."""
        need(by, Role.OPERATOR, to=DEED)
        async with self._room:
            with tempfile.TemporaryDirectory(prefix="simops-") as folder:
                fetched = await self._fetched(source, Path(folder)) if isinstance(source, Uploaded) else source
                return await self._taken(fetched, order, by=by, reason=reason)

    async def send_csv(self, id: int, *, by: Person) -> Message:
        """Sends the file with every line once more. Raises NotFound, NotAllowed, SlackError, StoreError."""
        need(by, Role.OPERATOR, to=DEED)
        found = self._store.lists.get(id)
        check_owner(found.made_by, by)
        await self._judging.send_csv(found, by=by)
        return view.sent()

    async def recover(self) -> None:
        """Gives up the lists that the bot was stopped over, and tells those who sent them."""
        for found in self._store.lists.left_open():
            said = view.cut_off(found.source)
            await self._store.outbox.add([Note(found.made_by, said.text, said.blocks)], now=self._clock.now())
            await self._store.lists.discard(found.id)

    async def prune(self) -> str | None:
        """Removes the lists that nobody has used for long, a little at a time; how many lines of them, in words."""
        removed = 0
        while some := await self._store.lists.remove_old(now=self._clock.now()):
            removed += some
        return f"{removed:,} lines of old lists removed" if removed else None

    async def _fetched(self, source: Uploaded, folder: Path) -> OnDisk:
        """The file from Slack. Raises SlackError, and BadInput where it is too large."""
        found = await self._slack.file(source.file)
        path = folder / "list"
        await self._slack.download(found, path, most_bytes=MOST_BYTES)
        return OnDisk(path, found.name)

    async def _taken(self, source: Readable, order: Order, *, by: Person, reason: str | None) -> Message:
        lists, tally = self._store.lists, Tally(complete=self._judging.looked_at() is not None)
        number = await lists.begin(order, source=in_words(source), reason=reason, by=by.id, now=self._clock.now())
        try:
            plans = Plans(self._hub, order)
            async with aclosing(self._looked_up.lines(source)) as pieces:
                async for piece in pieces:
                    await self._add(number, piece, order, plans, tally)
            asked = await self._ask_smarthub(number, order, plans, tally)
            tally.check()
            found = await self._judging.close(number)
        except Exception:  # a bot that is stopped meanwhile leaves it open, and says so at its next start
            await lists.discard(number)
            raise
        unsent = await self._send(found, by=by)
        return view.report(await self._judging.report(found, seen_from=tally.seen_from, asked=asked, unsent=unsent))

    async def _add(self, id: int, looked: Sequence[Looked], order: Order, plans: Plans, tally: Tally) -> None:
        """Judges these lines and writes them down."""
        sims = [hit.sim for _, hits in looked for hit in hits]
        await plans.look(sim.account for sim in sims)
        giccids = [sim.giccid for sim in sims]
        first = await self._store.lists.named_before(id, giccids)
        terms = self._judging.terms(order, giccids, without_plan=plans.without)
        rows = await asyncio.to_thread(judge_all, looked, terms, first, tally)
        await self._store.lists.add(id, rows)

    async def _ask_smarthub(self, id: int, order: Order, plans: Plans, tally: Tally) -> int:
        """Looks for unknown ICCIDs at SmartHub itself where they are few; for how many it was asked."""
        if len(tally.unknown) > ASKED_AT_MOST:
            return 0
        asked = 0
        for n, line in tally.unknown:
            try:
                sim = await self._hub.find(line.name)
            except SimNotFound:
                asked += 1
                continue
            except ProviderError:
                return asked  # the rest stays unknown, and the report says how many were asked for
            asked += 1
            await plans.look([sim.account])
            label, now = label_of(sim, self._judging.label_field), self._clock.now()
            listed = Listed(await self._store.sims.remember(sim, label=label, now=now), sim, label, now)
            first = await self._store.lists.named_before(id, [sim.giccid])
            terms = self._judging.terms(order, [sim.giccid], without_plan=plans.without)
            judged = judge(line, (listed,), terms, first=first)
            tally.note_found(judged, listed)
            await self._store.lists.add(id, [Numbered(n, judged)])
        return asked

    async def _send(self, found: SimList, *, by: Person) -> str | None:
        """Sends the file; why Slack did not take it, where it did not: the report stands without it."""
        try:
            await self._judging.send_csv(found, by=by)
        except SlackError as problem:
            log.warning("report_not_sent", list=found.id, problem=problem.code)
            return str(problem)
        return None
