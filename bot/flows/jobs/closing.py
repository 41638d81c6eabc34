"""The end of a job: whoever waits for it hears what came of it, and its results go out as a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.errors import BotError, SlackError, StoreError
from bot.flows.jobs.steps import Steps
from bot.rules.jobs import Job, outcome
from bot.rules.outbox import Note
from bot.sheets import Rows, sheet
from bot.slack import Slack
from bot.store.outbox import Place
from bot.views import jobs as view

Sees = Callable[[str, str], Awaitable[bool]]
AGAIN = timedelta(seconds=30)
CARD_WITHIN = timedelta(minutes=1)  # the file goes under the card, which may still be on its way
log = structlog.get_logger()


@dataclass(frozen=True)
class Closing:
    """What is noted as done is not done again; what is not is, also after a restart."""

    steps: Steps
    slack: Slack
    sees: Sees
    rests: dict[tuple[str, int], datetime] = field(default_factory=dict)
    sent: set[tuple[int, str]] = field(default_factory=set)

    async def close(self) -> None:
        """Tells of every job that has ended, and sends its results."""
        for job in self.steps.store.jobs.to_tell():
            if self._may("tell", job):
                await self._tell(job)
        for job in self.steps.store.jobs.to_file():
            if self._may("file", job):
                await self._file(job)

    def _may(self, what: str, job: Job) -> bool:
        rests_until = self.rests.get((what, job.id))
        return rests_until is None or not timedelta(0) < rests_until - self.steps.now() <= AGAIN

    async def _tell(self, job: Job) -> None:
        try:
            await self.steps.seams.on_end(job, outcome(job))
        except StoreError:
            raise
        except BotError as problem:
            log.warning("end_not_told", job=job.id, problem=str(problem))
            self.rests["tell", job.id] = self.steps.now() + AGAIN
            return
        await self.steps.store.jobs.note_told(job.id)

    async def _file(self, job: Job) -> None:
        """Sends the results under the card, and to whoever asked where they cannot read them there."""
        if not job.ended:
            await self.steps.store.jobs.note_filed(job.id)
            return
        place = self.steps.store.outbox.place(f"job:{job.id}")
        is_new = job.ended_at is not None and timedelta(0) <= self.steps.now() - job.ended_at < CARD_WITHIN
        if place is None and is_new:
            return
        async with sheet(f"job-{job.id}.csv", view.SHEET, self._rows(job)) as path:
            if await self._send(job, path, place):
                await self.steps.store.jobs.note_filed(job.id)

    async def _send(self, job: Job, path: Path, place: Place | None) -> bool:
        """Whether it has come where it goes, or never will; whoever asked has it then, or is told why not."""
        problem: SlackError | None = None
        if place is not None:
            problem = await self._upload(job, path, place.channel, place.ts)
        if place is None or problem is not None or not await self.sees(job.by, place.channel):
            problem = await self._upload(job, path, job.by, None)
        if problem is not None and problem.again:
            self.rests["file", job.id] = self.steps.now() + AGAIN
            return False
        if problem is not None:
            told = view.not_sent(job, str(problem))
            await self.steps.store.outbox.add([Note(job.by, told.text, told.blocks)], now=self.steps.now())
        return True

    async def _upload(self, job: Job, path: Path, channel: str, thread: str | None) -> SlackError | None:
        """What Slack had against it; nothing is sent to the same place twice by this bot."""
        if (job.id, channel) in self.sent:
            return None
        try:
            await self.slack.upload(
                channel, name=path.name, title=view.title(job)[:200], path=path, comment=outcome(job).sentence,
                thread_ts=thread,
            )  # fmt: skip
        except SlackError as problem:
            log.warning("results_not_sent", job=job.id, channel=channel, problem=problem.code)
            return problem
        self.sent.add((job.id, channel))
        return None

    async def _rows(self, job: Job) -> AsyncGenerator[Rows, None]:
        async with aclosing(self.steps.store.job_sims.stream(job.id)) as pieces:
            async for piece in pieces:
                yield (view.sheet_row(job, one) for one in piece)
