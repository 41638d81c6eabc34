"""Bulk jobs: one order for many SIMs, carried out a piece at a time through any restart, each SIM sent at most once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.errors import ProviderBusy, ProviderDown, StoreError
from bot.flows.jobs.closing import Closing, Sees
from bot.flows.jobs.making import Making
from bot.flows.jobs.polling import Polling
from bot.flows.jobs.sending import Sending
from bot.flows.jobs.settling import Settling
from bot.flows.jobs.steering import Steering
from bot.flows.jobs.steps import Seams, Settings, Sims, Steps, Wish
from bot.rules import jobs as rule
from bot.rules.job_sims import Entry
from bot.rules.jobs import Job, State, Step
from bot.rules.orders import Order
from bot.rules.people import Person
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.store import Store
from bot.views import jobs as view
from bot.views.parts import Message

__all__ = ["Entry", "Jobs", "Seams", "Settings", "Wish"]

REST_S = 10.0  # after SmartHub did not answer, or was busy and did not say for how long
LONGEST_REST_S = 300.0
RECENT = 10
log = structlog.get_logger()


def _nobody() -> None:
    """Who is told that there is something to do until somebody wants to know."""


class Jobs:
    """Making jobs, carrying them on, steering and showing them.

    All jobs are carried on by `tick`, in turns of one small piece each, so that they share what SmartHub takes and
    nothing else has to wait for them. `wake` is called when there is something to do at once, `moved` after each piece.
    """

    def __init__(
        self, *, store: Store, hub: SmartHub, slack: Slack, sees: Sees, clock: Clock, settings: Settings
    ) -> None:
        """`sees` says whether a person is in a channel."""
        self.steps = Steps(store=store, clock=clock, settings=settings)
        self.making = Making(self.steps)
        self.sending = Sending(self.steps, hub)
        self.polling = Polling(self.steps, hub)
        self.settling = Settling(self.steps, hub)
        self.steering = Steering(self.steps)
        self.closing = Closing(self.steps, slack, sees)
        self.wake: Callable[[], None] = _nobody
        self.moved: Callable[[], None] = _nobody
        self._rests_until: datetime | None = None
        self._ticked_at: datetime | None = None
        self._broken: set[int] = set()

    @property
    def seams(self) -> Seams:
        """What the requests are to the jobs."""
        return self.steps.seams

    @seams.setter
    def seams(self, seams: Seams) -> None:
        self.steps.seams = seams

    # --- carrying on ---

    async def start(
        self, request: int, order: Order, count: int, by: str, sims: Sims, *, canary: int, stop_at_percent: int
    ) -> int:
        """The number of the job of this step of a request, made and carried on at once unless it is there already.

        The SIMs come in the order of the list's digest. Raises StoreError; then the job is made later, from
        `Seams.sims_of`, or `start` was for nothing.
        """
        now = self.steps.now()
        job = rule.new(request, order, by=by, count=count, canary=canary, stop_at_percent=stop_at_percent, now=now)
        number = await self.making.start(job, sims)
        self.wake()
        return number

    async def tick(self) -> str | None:
        """Carries every job on as far as it can go now."""
        self._broken.clear()
        now = self.steps.now()
        if self._ticked_at is None or now < self._ticked_at:  # the bot was started, or the clock was set back
            await self.steps.store.batches.look_now(now=now)
        self._ticked_at = now
        while await self._round():
            pass
        await self.steps.store.jobs.forget(now=self.steps.now())
        return None

    async def drain(self, seconds: float) -> None:
        """For the end of the bot, when nobody ticks any more: lets what is on its way to SmartHub be settled."""
        await self.sending.drain(seconds)
        await self.settling.close()

    async def _round(self) -> bool:
        """Whether any job was carried on by a piece."""
        moved = False
        for job in self.steps.store.jobs.open():
            if not self._resting() and job.id not in self._broken:
                moved = await self._turn(job) or moved
                self.moved()
        every, channel = self.steps.settings.card_every, self.steps.settings.channel
        await self.steps.store.jobs.show(channel=channel, every=every, now=self.steps.now())
        await self.closing.close()
        return moved

    async def _turn(self, job: Job) -> bool:
        """Whether this job was carried on; what goes wrong with it holds up none of the others."""
        try:
            moved = await self._carry_on(job)
        except (ProviderBusy, ProviderDown) as problem:
            await self._rest(job, problem)
            return False
        except StoreError:
            raise
        except Exception:
            log.exception("job_unexpected", job=job.id)
            self._broken.add(job.id)
            return False
        if moved and job.trouble is not None:
            await self.steps.store.jobs.trouble(job.id, None)
        return moved

    async def _carry_on(self, job: Job) -> bool:
        if job.state is State.MAKING:
            return await self.making.go_on(job)
        moved = await self.sending.pick_up(job)
        moved = await self.polling.poll(job) or moved
        moved = await self.sending.send(job) or moved
        moved = await self.settling.look(self.steps.store.jobs.get(job.id)) or moved
        return await self.steps.onward(job.id) or moved

    async def _rest(self, job: Job, problem: ProviderBusy | ProviderDown) -> None:
        """Leaves SmartHub alone for a while; nothing is lost by it."""
        asked = problem.retry_after if isinstance(problem, ProviderBusy) else None
        seconds = min(max(asked or REST_S, 1.0), LONGEST_REST_S)
        self._rests_until = self.steps.now() + timedelta(seconds=seconds)
        log.info("jobs_rest", job=job.id, seconds=seconds, problem=str(problem))
        await self.steps.store.jobs.trouble(job.id, str(problem))

    def _resting(self) -> bool:
        """Whether SmartHub is left alone; not, when the clock was set back since."""
        if self._rests_until is None:
            return False
        return timedelta(0) < self._rests_until - self.steps.now() <= timedelta(seconds=LONGEST_REST_S)

    # --- what people press ---

    async def steer(self, id: int, step: Step, *, by: Person) -> None:
        """Pauses a job, lets it go on, or cancels what is not sent. Raises NotFound, NotAllowed, NotPossible."""
        await self.steering.steer(id, step, by=by)
        self.wake()

    async def retry(self, id: int, *, by: Person, channel: str) -> Message:
        """What whoever asks for the SIMs that failed reads. Raises as `steer`, and what asking raises."""
        return await self.steering.retry(id, by=by, channel=channel)

    async def undo(self, id: int, *, by: Person, channel: str) -> Message:
        """The same for whoever wants all of it taken back."""
        return await self.steering.undo(id, by=by, channel=channel)

    def to_retry(self, id: int) -> AsyncIterator[Entry]:
        """The SIMs of a job that failed, for the request that tries them again."""
        return self.steering.to_retry(id)

    def to_undo(self, id: int) -> AsyncIterator[Entry]:
        """The SIMs of a job with what brings each back, for the request that undoes it."""
        return self.steering.to_undo(id)

    # --- showing ---

    def draw(self, id: int) -> Message:
        """The card of a job."""
        return self.steps.draw(id)

    def listing(self) -> Message:
        """The jobs that are under way, and the newest of the others."""
        jobs = self.steps.store.jobs
        return view.listing(jobs.open(), jobs.recent(limit=RECENT), now=self.steps.now())

    def show(self, text: str) -> Message:
        """The card of the job that is named. Raises BadInput and NotFound."""
        return self.draw(rule.read_number(text))
