"""What the parts of a bulk job share: the store, the time, the settings, and storing a step with all it brings."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import NotPossible
from bot.rules import jobs as rule
from bot.rules.audit import SYSTEM, Deed
from bot.rules.job_sims import Entry, Member
from bot.rules.jobs import Job, Outcome, State
from bot.rules.orders import Order
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.people import Person
from bot.store import Store
from bot.views import jobs as view
from bot.views.parts import Message

# So many people do not press in one moment; it only keeps a mistake from going round for ever.
TRIES = 50
NAMED = 5  # of the SIMs that are not done, on the card

Given = tuple[str, str, str | None, str | None] | Entry
Sims = AsyncIterable[Given] | Iterable[Given]


@dataclass(frozen=True)
class Settings:
    """`at_once`: how many batches, or calls for one SIM each, are under way at most. `settle_every` and `settle_for`:
    when a SIM is read again that does not show its change yet, and for how long. `page_size`: SIMs in a page of a list.
    """

    channel: str
    batch_size: int
    at_once: int
    card_every: timedelta
    settle_every: timedelta
    settle_for: timedelta
    undo_within: timedelta
    page_size: int


@dataclass(frozen=True)
class Wish:
    """What somebody wants a new request for, made out of what came of a job: the order, and each time it is asked for
    the same SIMs in the same order. `undo_of` is the job when it is to be taken back."""

    job: int
    order: Order
    count: int
    reason: str
    by: Person
    channel: str
    undo_of: int | None
    sims: Callable[[], AsyncIterator[Entry]]


async def _nobody_asked(_: Wish) -> Message:
    raise NotPossible("Requests for many SIMs cannot be made here yet.")


async def _nobody_told(_request: int, _outcome: Outcome) -> None:
    """Where nobody waits for the end of a job."""


def _no_list(_: int) -> Sims:
    raise NotPossible("The list of this job is not known any more.")


@dataclass(frozen=True)
class Seams:
    """What a job needs of the request it carries out. `sims_of`: the SIMs of its list once more, in the order of the
    list's digest; `on_end` hears what came of it, again after a restart if it was not noted that it did; `ask_again`
    makes a new request and says what whoever wants it reads."""

    sims_of: Callable[[int], Sims] = _no_list
    on_end: Callable[[int, Outcome], Awaitable[None]] = _nobody_told
    ask_again: Callable[[Wish], Awaitable[Message]] = _nobody_asked


class Steps:
    """The store, the time, the settings, and the steps of a job."""

    def __init__(self, *, store: Store, clock: Clock, settings: Settings) -> None:
        self.store, self.clock, self.settings = store, clock, settings
        self.seams = Seams()

    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()

    async def take(self, before: Job, after: Job, deed: Deed) -> bool:
        """Whether the step was stored; nobody may have moved the job in between."""
        channel, subject = self.settings.channel, f"job:{after.id}"
        messages: list[Outgoing] = [Card(subject, channel)]
        told = view.news(after) if after.state is not before.state else None
        if told is not None:
            messages.append(Note(channel, told.text, told.blocks, under=subject))
            # Who is not in that channel has no card to press on.
            messages.append(Note(after.by, told.text, (*told.blocks, view.go_on(after)), unless_in=channel))
        return await self.store.jobs.swap(before, after, deed=deed, messages=messages, now=self.now())

    async def stop(self, id: int, why: str) -> None:
        """Stops a job that runs; one that does not any more stays as it is."""
        for _ in range(TRIES):
            job = self.store.jobs.get(id)
            if job.state is not State.RUNNING:
                return
            if await self.take(job, rule.stop(job, why), Deed(SYSTEM, "stopped", f"job:{id}", {"why": why})):
                return

    async def onward(self, id: int) -> bool:
        """Whether the job came to its end now, to its canary's, or was stopped because too many failed."""
        job, subject = self.store.jobs.get(id), f"job:{id}"
        if job.state is State.MAKING or not job.open:
            return False
        if rule.is_over(job):
            ended = rule.end(job, now=self.now())
            return await self.take(job, ended, _told("ended", ended, job.count))
        if job.state is not State.RUNNING:
            return False
        if (why := rule.too_many_failed(job)) is not None:
            return await self.take(job, rule.stop(job, why), Deed(SYSTEM, "stopped", subject, {"why": why}))
        if not job.released and job.at(*rule.UNDER_WAY) == 0 and not self.store.batches.waiting(id, limit=1):
            return await self.take(job, rule.reach(job), _told("canary reached", job, job.canary))
        return False

    def draw(self, id: int) -> Message:
        """The card of a job as it stands now."""
        return view.card(self.facts(id))

    def facts(self, id: int) -> view.Facts:
        """All that its card tells."""
        job, sims = self.store.jobs.get(id), self.store.job_sims
        lives = (0, 0)
        if job.state is State.CANARY:
            lives = sims.lives(id, first=job.canary, since=job.made_at)
        return view.Facts(
            job,
            now=self.now(),
            not_done=sims.not_done(id, limit=NAMED),
            sessions=lives[0],
            pushes=lives[1],
            undo_within=self.settings.undo_within,
            kept=self.store.jobs.is_kept(id),
        )


def _told(action: str, job: Job, count: int) -> Deed:
    return Deed(SYSTEM, action, f"job:{job.id}", {"count": count, "outcome": rule.outcome(job).sentence})


def order_of(job: Job, one: Member) -> Order:
    """What is to be done to this SIM."""
    return one.own or job.order
