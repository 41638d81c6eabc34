"""Asking SmartHub what became of a batch it has stored, less often the longer it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.errors import BotError, NotFound, ProviderBusy, ProviderDown
from bot.flows.jobs.steps import Steps
from bot.rules.batches import BatchJob, JobState
from bot.rules.job_sims import NOT_FINISHED, Found, of_item
from bot.rules.jobs import Job, Stage
from bot.rules.sims import quotable
from bot.smarthub.client import SmartHub
from bot.store.batches import Batch

log = structlog.get_logger()
SHORTEST_S, LONGEST_S = 1.0, 10.0
PATIENCE = timedelta(hours=6)  # a batch that has not ended by then is not waited for any longer


@dataclass(frozen=True)
class Polling:
    """The batches that are with SmartHub. Raises ProviderBusy and ProviderDown."""

    steps: Steps
    hub: SmartHub

    async def poll(self, job: Job) -> bool:
        """Whether SmartHub was asked for a batch of this job: the one that has waited longest, when its time is up."""
        now = self.steps.now()
        batch = self.steps.store.batches.due(job.id, now=now)
        if batch is None:
            return False
        try:
            await self._note(batch, await self.hub.batch_job(batch.theirs))
        except (ProviderBusy, ProviderDown):
            raise
        except NotFound:
            found = Found(Stage.LOST, why=f"SmartHub does not know its batch {quotable(batch.theirs)} any more")
            await self.steps.store.batches.lose(job.id, batch.n, found, now=now)
        except BotError as problem:
            log.warning("batch_not_read", job=job.id, batch=batch.theirs, problem=str(problem))
            await self._note(batch, None)
        return True

    async def _note(self, batch: Batch, said: BatchJob | None) -> None:
        """Notes the results that are there, and when to ask for the others."""
        now = self.steps.now()
        found = {item.giccid: one for item in (said.items if said else ()) if (one := of_item(item)) is not None}
        over = said is not None and said.is_over
        tired = not timedelta(0) <= now - batch.claimed_at < PATIENCE
        look_at = None if over or tired else now + _wait(batch, len(found), now - batch.claimed_at)
        await self.steps.store.batches.results(batch, found, look_at=look_at, rest=_rest(batch, said), now=now)


def _wait(batch: Batch, ended: int, since: timedelta) -> timedelta:
    """When to ask again: when all may have ended, going by those that have; while none has, later each time."""
    if 0 < ended < batch.count:
        seconds = since.total_seconds() * (batch.count - ended) / ended
    else:
        seconds = 2.0 ** min(batch.looks + 1, 10)
    return timedelta(seconds=min(max(seconds, SHORTEST_S), LONGEST_S))


def _rest(batch: Batch, said: BatchJob | None) -> Found:
    """What is to be said of SIMs of which a batch said nothing to the end."""
    name = quotable(batch.theirs)
    if said is None or not said.is_over:
        why = f"SmartHub has not finished its batch {name} within {PATIENCE.total_seconds() / 3600:.0f} hours"
        return Found(Stage.LOST, NOT_FINISHED, why)
    ended = "failed" if said.state is JobState.FAILED else "ended"
    return Found(Stage.LOST, why=f"SmartHub's batch {name} {ended} and said nothing of this SIM")
