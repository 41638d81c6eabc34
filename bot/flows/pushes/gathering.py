"""What is told of together: digests, what quiet hours held, what came while Slack was away, and the lists of storms."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.clock import Clock
from bot.errors import SlackError
from bot.flows.pushes.settings import Settings
from bot.rules.incidents import TO, Incident
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.people import Person, Role, need
from bot.rules.quiet import is_over
from bot.sheets import Rows, sheet
from bot.slack import Slack
from bot.store import Store
from bot.store.copies import Copy, Held
from bot.views import digests as view
from bot.views import sheets
from bot.views.incidents import title
from bot.views.parts import Message, answer

ALONE = 5  # so many have their own cards when a quiet time is over; more are one message
AT_ONCE = 500
LATE = "late"
LATE_AFTER, LATE_MANY = timedelta(minutes=10), 10
CALM = timedelta(minutes=1)
AGAIN = timedelta(minutes=1)
log = structlog.get_logger()


@dataclass(frozen=True)
class Gathering:
    """Telling later, and together. `gets_through` says whether messages reach a channel now."""

    store: Store
    slack: Slack
    clock: Clock
    settings: Settings
    gets_through: Callable[[str], bool]
    rests: dict[int, datetime] = field(default_factory=dict)

    async def release(self) -> int:
        """How many incidents that waited are told of now, because their time has come."""
        now, told = self.clock.now(), 0
        for held in self.store.copies.held():
            if is_over(held.hold, since=held.since, now=now):
                told += await self._release(held, now)
        return told

    async def fold_late(self) -> int:
        """How many cards that have waited long for Slack are told of together, once Slack is back."""
        now, folded = self.clock.now(), 0
        for channel in self.store.copies.late(before=now - LATE_AFTER, at_least=LATE_MANY):
            if self.gets_through(channel):
                folded += await self.store.copies.hold_late(channel, LATE, now=now)
        return folded

    async def _release(self, held: Held, now: datetime) -> int:
        kind = held.hold.partition(" ")[0]
        copies = self.store.copies.waiting(held.channel, held.hold, limit=AT_ONCE)
        incidents = [self.store.incidents.get(copy.incident) for copy in copies]
        alone = kind == "quiet" and held.count <= ALONE
        messages: list[Outgoing] = [Card(copy.subject, copy.channel) for copy in copies] if alone else []
        if not alone:
            told = view.digest(kind, incidents, count=len(copies))
            messages = [Note(held.channel, told.text, told.blocks)]
        await self.store.copies.release(copies, messages, digested=not alone, now=now)
        return len(copies)

    # --- the lists of storms ---

    async def file(self) -> int:
        """How many lists of storms that have calmed down were put under their cards."""
        now, count = self.clock.now(), 0
        for incident in self.store.incidents.to_file(quiet_since=now - CALM):
            rests = self.rests.get(incident.id)
            if rests is None or not timedelta(0) < rests - now <= AGAIN:
                count += await self._file(incident, now)
        return count

    async def _file(self, incident: Incident, now: datetime) -> bool:
        """Whether the list is in each thread now; a channel that will never take it is not waited for."""
        if self.store.copies.on_their_way(incident.id):
            return False  # the list goes under its card; where a digest told of it there is none
        copies = self.store.copies.of(incident.id)
        async with self._list_of(incident) as path:
            for copy in copies:
                try:
                    await self._upload(incident, copy, path)
                except SlackError as problem:
                    log.warning("storm_not_filed", incident=incident.id, channel=copy.channel, problem=problem.code)
                    if problem.again:
                        self.rests[incident.id] = now + AGAIN
                        return False
        await self.store.incidents.filed(incident.id, incident.sims)
        return True

    async def _upload(self, incident: Incident, copy: Copy, path: Path) -> None:
        place = self.store.outbox.place(copy.subject)
        if place is None:
            return
        said = f"The list of the {incident.sims:,} SIMs."
        await self.slack.upload(
            place.channel, name=path.name, title=title(incident)[:200], path=path, comment=said, thread_ts=place.ts
        )

    async def csv(self, id: int, *, by: Person) -> Message:
        """Sends the list of a storm to whoever wants it. Raises NotAllowed, NotFound, SlackError, StoreError."""
        need(by, Role.VIEWER, to=TO)
        incident = self.store.incidents.get(id)
        async with self._list_of(incident) as path:
            await self.slack.upload(by.id, name=path.name, title=title(incident)[:200], path=path)
        return answer(f"The list of {incident.sims:,} SIMs is in your messages with me.")

    def _list_of(self, incident: Incident) -> AbstractAsyncContextManager[Path]:
        """The file with its SIMs. Raises StoreError."""
        return sheet(f"incident-{incident.id}.csv", sheets.MEMBERS, self._rows(incident))

    async def _rows(self, incident: Incident) -> AsyncGenerator[Rows, None]:
        for members in self.store.incidents.members(incident.id):
            yield map(sheets.member_row, members)
