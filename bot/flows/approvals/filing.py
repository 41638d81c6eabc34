"""The list of a request as a file under its card, so that whoever approves can see each SIM of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.errors import SlackError
from bot.flows.approvals.steps import Steps
from bot.rules.approvals import Approval
from bot.sheets import Rows, sheet
from bot.slack import Slack
from bot.store import Store
from bot.store.outbox import Place
from bot.views import approvals as view

AGAIN = timedelta(seconds=30)
log = structlog.get_logger()


@dataclass(frozen=True)
class Filing:
    """Sends what is not there yet; a list that has changed since is sent once more.

    `sent` is what went out, by request: while the store cannot note that, it does not go out again.
    """

    steps: Steps
    store: Store
    slack: Slack
    rests: dict[int, datetime] = field(default_factory=dict)
    sent: dict[int, str | None] = field(default_factory=dict)

    async def file(self) -> str | None:
        """How many lists were sent now, in words."""
        count = 0
        for approval in self.store.approvals.to_file():
            count += await self._file(approval)
        return f"{count} lists sent" if count else None

    async def _file(self, approval: Approval) -> bool:
        place = self.store.outbox.place(f"approval:{approval.id}")
        if place is None or not self._may(approval.id):
            return False
        if self.sent.get(approval.id) != approval.digest and not await self._send(approval, place):
            return False
        self.sent[approval.id] = approval.digest
        await self.store.approvals.note_filed(approval.id, approval.digest or "")
        self.sent.pop(approval.id)
        return True

    async def _send(self, approval: Approval, place: Place) -> bool:
        """Whether Slack has it, or never will."""
        async with sheet(f"request-{approval.id}.csv", view.SHEET, self._rows(approval)) as path:
            try:
                title = f"#{approval.id} {view.title(approval)}"[:200]
                await self.slack.upload(place.channel, name=path.name, title=title, path=path, thread_ts=place.ts)
            except SlackError as problem:
                log.warning("list_not_sent", approval=approval.id, problem=problem.code)
                if problem.again:
                    self.rests[approval.id] = self.steps.clock.now() + AGAIN
                    return False
        self.rests.pop(approval.id, None)
        return True

    def _may(self, id: int) -> bool:
        at = self.rests.get(id)
        return at is None or not timedelta(0) < at - self.steps.clock.now() <= AGAIN

    async def _rows(self, approval: Approval) -> AsyncGenerator[Rows, None]:
        async with aclosing(self.store.list_sims.entries(approval.list or 0)) as pieces:
            async for piece in pieces:
                yield (view.sheet_row(approval.order, one) for one in piece)
