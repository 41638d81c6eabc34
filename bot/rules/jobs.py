"""A bulk job: one order for many SIMs, carried out a piece at a time; what may happen to it and to each SIM. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.errors import BadInput, NotAllowed, NotPossible
from bot.rules.orders import Order
from bot.rules.people import Person, Role, need
from bot.rules.sims import Operation

# https://apidoc-en.smh.smarthing.com: SmartHub takes these for many SIMs in one call; the others go SIM by SIM.
BATCHED = frozenset({Operation.ACTIVATE, Operation.SUSPEND, Operation.RETIRE, Operation.PLAN})
LEAST_TRIED = 20  # before so many SIMs were tried, a share of them that failed says little


class State(StrEnum):
    """Where a job stands. Only the last two are its end."""

    MAKING = "making"
    RUNNING = "running"
    PAUSED = "paused"
    CANARY = "canary"
    STOPPED = "stopped"
    CANCELLING = "cancelling"
    DONE = "done"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What can happen to a job: the first four are pressed by people, the rest is found out."""

    PAUSE = "pause"
    RESUME = "resume"
    GO_ON = "continue"
    CANCEL = "cancel"
    FILL = "fill"
    REACH = "reach"
    STOP = "stop"
    END = "end"


class Stage(StrEnum):
    """Where one SIM of a job stands: not sent, sent, SmartHub said yes, the answer was lost; the last four are ends."""

    WAITING = "waiting"
    SENT = "sent"
    TAKEN = "taken"
    LOST = "lost"
    DONE = "done"
    FAILED = "failed"
    UNSURE = "unsure"
    LEFT_OUT = "left out"


OPEN = frozenset(State) - {State.DONE, State.CANCELLED}
UNDER_WAY = (Stage.SENT, Stage.TAKEN, Stage.LOST)
ENDS = (Stage.DONE, Stage.FAILED, Stage.UNSURE, Stage.LEFT_OUT)
PRESSED = frozenset({Step.PAUSE, Step.RESUME, Step.GO_ON, Step.CANCEL})
HALTED = (State.PAUSED, State.CANARY, State.STOPPED)
MOVES: Mapping[tuple[State, Step], State] = MappingProxyType(
    {
        (State.MAKING, Step.FILL): State.RUNNING,
        (State.MAKING, Step.END): State.CANCELLED,
        (State.RUNNING, Step.PAUSE): State.PAUSED,
        (State.RUNNING, Step.REACH): State.CANARY,
        (State.RUNNING, Step.STOP): State.STOPPED,
        (State.RUNNING, Step.END): State.DONE,
        (State.PAUSED, Step.RESUME): State.RUNNING,
        (State.CANARY, Step.GO_ON): State.RUNNING,
        (State.STOPPED, Step.GO_ON): State.RUNNING,
        (State.CANCELLING, Step.END): State.CANCELLED,
        **{(state, Step.CANCEL): State.CANCELLING for state in (State.RUNNING, *HALTED)},
        # What was under way when it was halted may have been all there was left.
        **{(state, Step.END): State.DONE for state in HALTED},
    }
)
NOTHING: Mapping[Stage, int] = MappingProxyType({})


@dataclass(frozen=True)
class Job:
    """A bulk job, under the number of the request it carries out. Times are aware UTC, people are Slack user ids.

    `counts` tells how many of its SIMs stand where. Until `released`, only the first `canary` SIMs may be sent. What
    was `tried` and had `failed` before somebody said to go on does not stop it again. `trouble` is what holds it up for
    now, `why` what stopped or ended it. It has run without a break since `runs_since`, when `ran_from` SIMs had been
    answered. `pushes` counts the notifications it caused. `version` goes up by one with each step.
    """

    id: int
    order: Order
    by: str
    count: int
    canary: int
    stop_at_percent: int
    made_at: datetime
    state: State = State.MAKING
    version: int = 1
    released: bool = False
    filled: int = 0
    tried: int = 0
    failed: int = 0
    steered_by: str | None = None
    why: str | None = None
    trouble: str | None = None
    runs_since: datetime | None = None
    ran_from: int = 0
    pushes: int = 0
    ended_at: datetime | None = None
    counts: Mapping[Stage, int] = field(default_factory=lambda: NOTHING)

    def at(self, *stages: Stage) -> int:
        """How many of its SIMs stand at one of these stages."""
        return sum(self.counts.get(stage, 0) for stage in stages)

    @property
    def open(self) -> bool:
        """Whether something can still happen to it."""
        return self.state in OPEN

    @property
    def ended(self) -> int:
        """How many of its SIMs have come to an end."""
        return self.at(*ENDS)

    @property
    def answered(self) -> int:
        """How many of its SIMs something is known of: what was left out is not among them."""
        return self.at(Stage.TAKEN, Stage.LOST, Stage.DONE, Stage.FAILED, Stage.UNSURE)

    @property
    def limit(self) -> int:
        """Up to which SIM it may send now, in their order."""
        return self.count if self.released else min(self.canary, self.count)


@dataclass(frozen=True)
class Outcome:
    """What came of a job: how many SIMs are done, failed, nobody knows of, and were not sent; and it all in words."""

    done: int
    failed: int
    unsure: int
    left: int
    sentence: str


def new(id: int, order: Order, *, by: str, count: int, canary: int, stop_at_percent: int, now: datetime) -> Job:
    """A job of which nothing has been sent. A canary that would be all of its SIMs is none."""
    is_whole = not 0 < canary < count
    return Job(id, order, by, count, 0 if is_whole else canary, stop_at_percent, now, released=is_whole)


# --- what people press -------------------------------------------------------------------------------------------


def steer(job: Job, step: Step, *, by: Person, now: datetime) -> Job:
    """The job after this person's press. Raises NotAllowed for a job that is not theirs to steer, and NotPossible when
    it does not fit where the job stands by now."""
    may_steer(job, by)
    moved = replace(_move(job, step), steered_by=by.id)
    if step is Step.CANCEL:
        return moved
    if step is Step.PAUSE:
        return replace(moved, runs_since=None)
    released = job.released or job.state is State.CANARY
    return replace(_running(moved, now), released=released, why=None, tried=tried(job), failed=failed(job))


def may_steer(job: Job, person: Person) -> None:
    """Nothing, when this person may steer this job: an operator their own, an approver any. Raises NotAllowed."""
    need(person, Role.OPERATOR, to="steer bulk jobs")
    if person.id != job.by and person.role < Role.APPROVER:
        raise NotAllowed(f"Job #{job.id} was asked for by <@{job.by}>; they steer it, or an approver.")


# --- what is found out -------------------------------------------------------------------------------------------


def fill(job: Job, *, now: datetime) -> Job:
    """The job when all of its SIMs are written down: it runs."""
    return _running(_move(job, Step.FILL), now)


def void(job: Job, why: str, *, now: datetime) -> Job:
    """The job when its SIMs are not those it was asked for: nothing of it is sent."""
    return replace(_move(job, Step.END), why=why, ended_at=now)


def reach(job: Job) -> Job:
    """The job when its first SIMs have come to their end: somebody has to look at them."""
    return replace(_move(job, Step.REACH), runs_since=None)


def stop(job: Job, why: str) -> Job:
    """The job when it is better not to go on by itself."""
    return replace(_move(job, Step.STOP), why=why, runs_since=None)


def end(job: Job, *, now: datetime) -> Job:
    """The job when nothing of it is under way and nothing more is to be sent."""
    return replace(_move(job, Step.END), ended_at=now, trouble=None, runs_since=None)


def tried(job: Job) -> int:
    """How many of its SIMs were tried so far, as far as something is known of them."""
    return job.at(Stage.TAKEN, Stage.DONE, Stage.FAILED, Stage.UNSURE)


def failed(job: Job) -> int:
    """How many of them did not become what was asked for, or nobody knows."""
    return job.at(Stage.FAILED, Stage.UNSURE)


def too_many_failed(job: Job) -> str | None:
    """Why it should not go on by itself: more failed than it may, of what was tried since somebody last looked."""
    new_tried, new_failed = tried(job) - job.tried, failed(job) - job.failed
    if new_tried < LEAST_TRIED or new_failed * 100 <= new_tried * job.stop_at_percent:
        return None
    return (
        f"{new_failed:,} of the {new_tried:,} SIMs that were tried failed, which is more than {job.stop_at_percent} %. "
        f"Look at the reasons, then press Continue or Cancel."
    )


def is_over(job: Job) -> bool:
    """Whether nothing of it is under way any more, and nothing is left to send."""
    return job.at(*UNDER_WAY) == 0 and (job.at(Stage.WAITING) == 0 or job.state is State.CANCELLING)


def outcome(job: Job) -> Outcome:
    """What came of it. Nothing but its end makes this final."""
    done, bad, unsure = (job.at(stage) for stage in (Stage.DONE, Stage.FAILED, Stage.UNSURE))
    out = job.at(Stage.LEFT_OUT)
    unsent = job.count - done - bad - unsure - out - job.at(*UNDER_WAY)
    parts = [f"{done:,} of {job.count:,} SIMs are done"]
    parts += [f"{count:,} {words}" for count, words in ((bad, "failed"), (unsure, "are unsure")) if count]
    parts += [f"{out:,} {'was' if out == 1 else 'were'} left out"] if out else []
    goes_on = job.open and job.state is not State.CANCELLING
    parts += [f"{unsent:,} {_unsent(unsent, goes_on=goes_on)}"] if unsent else []
    sentence = ", ".join(parts) + "."
    if job.why is not None and not job.open:
        sentence = job.why
    elif job.state in (State.CANCELLING, State.CANCELLED):
        sentence = f"Cancelled by <@{job.steered_by}>: {sentence}"
    return Outcome(done, bad, unsure, unsent + out, sentence)


def _unsent(count: int, *, goes_on: bool) -> str:
    if goes_on:
        return "waits" if count == 1 else "wait"
    return "was not sent" if count == 1 else "were not sent"


def pace(job: Job, now: datetime) -> float | None:
    """SIMs a second since it last began to run; `None` while nothing can be said."""
    if job.runs_since is None:
        return None
    seconds, count = (now - job.runs_since).total_seconds(), job.answered - job.ran_from
    return count / seconds if seconds > 0 and count > 0 else None


def standing(job: Job) -> str:
    """The state in words for the person who comes too late, naming who steered it there."""
    by = f" by <@{job.steered_by}>" if job.steered_by is not None else ""
    words = {
        State.MAKING: "being made ready",
        State.RUNNING: f"running, set going again{by}," if by else "running",
        State.PAUSED: f"paused{by}",
        State.CANARY: "waiting after its first SIMs",
        State.STOPPED: "stopped",
        State.CANCELLING: f"cancelled{by}",
        State.CANCELLED: f"cancelled{by}",
        State.DONE: "done",
    }
    return words[job.state]


def read_number(word: str) -> int:
    """The number of a job in “12” or “#12”. Raises BadInput."""
    digits = word.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 15):
        raise BadInput("Which job? Write its number, for example `job 12`; `jobs` lists them.")
    return int(digits)


def _running(job: Job, now: datetime) -> Job:
    return replace(job, runs_since=now, ran_from=job.answered)


def _move(job: Job, step: Step) -> Job:
    """The next state and version; NotPossible when this step cannot follow."""
    if (job.state, step) not in MOVES:
        too_late = "; nothing was changed by your click" if step in PRESSED else ""
        raise NotPossible(f"Job #{job.id} is {standing(job)} already{too_late}.")
    return replace(job, state=MOVES[job.state, step], version=job.version + 1)
