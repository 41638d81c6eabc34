"""What may happen to a request for a change, and who may make it happen. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.errors import NotAllowed, NotPossible
from bot.rules.orders import Before, Order
from bot.rules.people import Person, Role, need
from bot.rules.policies import Policy
from bot.rules.quorum import Vote, Voters, counted, enough, may_decide, missing
from bot.rules.radius import Radius
from bot.rules.sims import Operation


class State(StrEnum):
    """Where a request stands. Only the first four are still open."""

    PENDING = "pending"
    RUNNING = "running"
    COOLING = "cooling"
    UNSURE = "unsure"
    DONE = "done"
    FAILED = "failed"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Step(StrEnum):
    """What can happen to a request: the first five are pressed by people, the rest is found out."""

    APPROVE = "approve"
    DENY = "deny"
    WITHDRAW = "withdraw"
    BREAK_GLASS = "break glass"
    CANCEL = "cancel"
    LAPSE = "lapse"
    REST = "rest"
    RESUME = "resume"
    SUCCEED = "succeed"
    FAIL = "fail"
    LOSE = "lose"


MOVES: Mapping[tuple[State, Step], State] = MappingProxyType(
    {
        (State.PENDING, Step.APPROVE): State.RUNNING,
        (State.PENDING, Step.BREAK_GLASS): State.RUNNING,
        (State.PENDING, Step.DENY): State.DENIED,
        (State.PENDING, Step.WITHDRAW): State.WITHDRAWN,
        (State.PENDING, Step.LAPSE): State.LAPSED,
        (State.RUNNING, Step.REST): State.COOLING,
        (State.RUNNING, Step.SUCCEED): State.DONE,
        (State.RUNNING, Step.FAIL): State.FAILED,
        (State.RUNNING, Step.LOSE): State.UNSURE,
        (State.COOLING, Step.RESUME): State.RUNNING,
        (State.COOLING, Step.CANCEL): State.WITHDRAWN,
        (State.UNSURE, Step.REST): State.COOLING,
        (State.UNSURE, Step.SUCCEED): State.DONE,
        (State.UNSURE, Step.FAIL): State.FAILED,
    }
)

OPEN = frozenset({State.PENDING, State.RUNNING, State.COOLING, State.UNSURE})


@dataclass(frozen=True)
class Approval:
    """A request for a change, from asking to its end. Times are aware UTC, people are Slack user ids.

    It is about one SIM (`giccid`), or about the `count` SIMs of a `list`: then `giccid` is `None`, `digest` seals the
    list, and jobs carry it out. `stage` is the call that belongs to this moment: a retire in two steps suspends first.
    `accepted` tells that SmartHub has said yes, `refused` that a failure is its no. `needs` says who is still missing.
    `decided_by` is `None` where the policy asks nobody, `glass_by` who went without approval. `taken_as` is SmartHub's
    id of the SMS it took over. `version` goes up by one with each stored step; who stores a step names the version it
    started from.
    """

    id: int
    order: Order
    giccid: str | None
    label: str
    account: str | None
    before: Before
    reason: str | None
    asked_by: str
    asked_in: str
    asked_at: datetime
    lapses_at: datetime
    policy: Policy
    stage: Operation
    count: int = 1
    digest: str | None = None
    radius: Radius | None = None
    undo_of: int | None = None
    state: State = State.PENDING
    version: int = 1
    votes: tuple[Vote, ...] = ()
    needs: str = ""
    drift: tuple[str, ...] = ()
    decided_by: str | None = None
    decided_at: datetime | None = None
    why: str | None = None
    cool_until: datetime | None = None
    accepted: bool = False
    outcome: str | None = None
    refused: bool = False
    unsure_since: datetime | None = None
    next_look_at: datetime | None = None
    ended_at: datetime | None = None
    glass: str | None = None
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    review: str | None = None
    reminded: int = 0
    escalated: bool = False
    glass_by: str | None = None
    list: int | None = None
    taken_as: str | None = None

    @property
    def operation(self) -> Operation:
        """What was asked for."""
        return self.order.operation

    @property
    def call(self) -> Order:
        """What SmartHub is asked for at this stage."""
        return self.order if self.stage is self.operation else Order(self.stage)

    @property
    def open(self) -> bool:
        """Whether something can still happen to it."""
        return self.state in OPEN

    @property
    def asks(self) -> bool:
        """Whether somebody has to say yes."""
        return any(part.people for part in self.policy.parts)

    @property
    def fresh(self) -> bool:
        """Whether nothing has happened to it since it was asked for; where nobody is asked it is started with that."""
        return self.version == (1 if self.asks else 2)

    @property
    def unreviewed(self) -> bool:
        """Whether the glass was broken for it, and nobody has looked at that yet."""
        return self.glass is not None and self.reviewed_by is None


# --- what people press -------------------------------------------------------------------------------------------


def approve(approval: Approval, *, by: Person, voters: Voters, now: datetime) -> Approval:
    """The request with this person's yes: carried out when that is enough, else waiting for the next one.

    Raises NotPossible when it is decided or too old, or this person said yes before; NotAllowed when they may not.
    """
    _pressable(approval, Step.APPROVE, now=now)
    may_decide(approval.policy, by.id, voters, to="approve")
    again = any(vote.by == by.id for vote in approval.votes)
    votes = approval.votes if again else (*approval.votes, Vote(by.id, now))
    if again and not enough(approval.policy, votes, voters):
        raise NotPossible(f"You have approved request #{approval.id} already; it waits for somebody else.")
    if not enough(approval.policy, votes, voters):
        needs = missing(approval.policy, votes, voters)
        return replace(approval, votes=votes, needs=needs, version=approval.version + 1)
    votes = counted(approval.policy, votes, voters)
    return replace(_move(approval, Step.APPROVE), votes=votes, needs="", decided_by=by.id, decided_at=now)


def start(approval: Approval, *, now: datetime) -> Approval:
    """A request for which the policy asks nobody, as it is carried out at once."""
    return replace(_move(approval, Step.APPROVE), decided_at=now)


def deny(approval: Approval, *, by: Person, why: str | None, voters: Voters, now: datetime) -> Approval:
    """The request after one of those who may approve it said no. Raises NotPossible, NotAllowed."""
    _pressable(approval, Step.DENY, now=now)
    if by.id == approval.asked_by:
        raise NotAllowed("You can withdraw, not deny, what you asked for yourself.")
    may_decide(approval.policy, by.id, voters, to="deny")
    return replace(_move(approval, Step.DENY), decided_by=by.id, decided_at=now, why=why, ended_at=now)


def withdraw(approval: Approval, *, by: Person, why: str | None = None, now: datetime) -> Approval:
    """The request after whoever asked took it back. Raises NotPossible, NotAllowed."""
    _pressable(approval, Step.WITHDRAW, now=now)
    if by.id != approval.asked_by:
        hint = " You can deny it." if by.role >= Role.APPROVER else ""
        raise NotAllowed(f"Only the person who asked can withdraw this.{hint}")
    return replace(_move(approval, Step.WITHDRAW), decided_by=by.id, decided_at=now, why=why, ended_at=now)


def break_glass(approval: Approval, *, by: Person, why: str, now: datetime) -> Approval:
    """The request after an admin went without approval: carried out, and to be reviewed. Raises as the others."""
    _pressable(approval, Step.BREAK_GLASS, now=now)
    need(by, Role.ADMIN, to="go without approval")
    return replace(_move(approval, Step.BREAK_GLASS), decided_by=by.id, decided_at=now, glass=why, glass_by=by.id)


def review(approval: Approval, *, by: Person, said: str | None, now: datetime) -> Approval:
    """The request after an approver looked at the broken glass. Raises NotPossible, NotAllowed."""
    if not approval.unreviewed:
        raise NotPossible(f"Nothing of request #{approval.id} waits for a review.")
    need(by, Role.APPROVER, to="review requests")
    if by.id in (approval.glass_by, approval.asked_by):
        raise NotAllowed("Somebody else has to review this.")
    version = approval.version + 1
    return replace(approval, reviewed_by=by.id, reviewed_at=now, review=said, version=version)


def cancel(approval: Approval, *, by: Person, why: str | None = None, now: datetime) -> Approval:
    """The request after somebody stopped a retire that waits its time: operators and up may, it is the safe side."""
    if (approval.state, Step.CANCEL) not in MOVES:
        raise NotPossible(f"Request #{approval.id} is {standing(approval)} already; nothing was changed by your click.")
    need(by, Role.OPERATOR, to="cancel a retirement")
    outcome = "Cancelled in time: nothing is retired. What was suspended on the way stays suspended."
    moved = replace(_move(approval, Step.CANCEL), why=why, outcome=outcome, ended_at=now)
    return replace(moved, decided_by=by.id, decided_at=now, cool_until=None)


def settle(approval: Approval, *, by: Person, made: bool, why: str | None, now: datetime) -> Approval:
    """The unsure request after an approver who found out elsewhere said what became of it. Raises as the others."""
    if approval.state is not State.UNSURE:
        raise NotPossible(f"Request #{approval.id} is {standing(approval)} already; nothing was changed by your click.")
    need(by, Role.APPROVER, to="say what became of an unsure request")
    outcome = f"<@{by.id}> says that it was {'done' if made else 'not done'}."
    after = move_on(approval, outcome=outcome, now=now) if made else fail(approval, outcome=outcome, now=now)
    return replace(after, why=why)


def note_drift(
    approval: Approval,
    *,
    drift: Sequence[str],
    before: Before,
    radius: Radius | None,
    voters: Voters,
    count: int = 1,
    digest: str | None = None,
) -> Approval:
    """The request with what is different since it was asked for: who said yes said it to something else."""
    needs = missing(approval.policy, (), voters)
    noted = replace(approval, drift=tuple(drift), before=before, radius=radius, votes=(), needs=needs)
    return replace(noted, count=count, digest=digest, version=approval.version + 1)


def _pressable(approval: Approval, step: Step, *, now: datetime) -> None:
    if (approval.state, step) not in MOVES:
        raise NotPossible(f"Request #{approval.id} is {standing(approval)} already; nothing was changed by your click.")
    if now >= approval.lapses_at:
        raise NotPossible(f"Request #{approval.id} waited too long and has lapsed; ask again if it is still wanted.")


# --- what is found out -------------------------------------------------------------------------------------------


def lapse(approval: Approval, *, now: datetime) -> Approval:
    """The request after its time ran out with nobody deciding."""
    return replace(_move(approval, Step.LAPSE), ended_at=now)


def rest(approval: Approval, *, until: datetime, outcome: str) -> Approval:
    """A retire in two steps after the first: the SIM is suspended, and its time runs."""
    moved = replace(_move(approval, Step.REST), cool_until=until, outcome=outcome)
    return replace(moved, stage=approval.operation, accepted=False, next_look_at=None, unsure_since=None)


def resume(approval: Approval) -> Approval:
    """A retire in two steps when its time is over: the second is carried out."""
    return replace(_move(approval, Step.RESUME), cool_until=None)


def move_on(approval: Approval, *, outcome: str, now: datetime) -> Approval:
    """The request after its stage was done: over, or a retire in two steps whose time runs now."""
    if approval.stage is approval.operation:
        return succeed(approval, outcome=outcome, now=now)
    return rest(approval, until=now + approval.policy.cooling_off, outcome=outcome)


def succeed(approval: Approval, *, outcome: str, now: datetime) -> Approval:
    """The request after the SIM was seen as it was asked for."""
    return replace(_move(approval, Step.SUCCEED), outcome=outcome, ended_at=now, next_look_at=None)


def fail(approval: Approval, *, outcome: str, refused: bool = False, now: datetime) -> Approval:
    """The request after it is certain that the change was not made; `refused` when SmartHub said no to it."""
    return replace(_move(approval, Step.FAIL), outcome=outcome, refused=refused, ended_at=now, next_look_at=None)


def lose(
    approval: Approval, *, outcome: str, accepted: bool = False, now: datetime, next_look_at: datetime
) -> Approval:
    """The request when nobody can say whether the change was made: it is looked after, and never sent again.

    `accepted`: SmartHub said yes, and the SIM does not show it.
    """
    moved = replace(_move(approval, Step.LOSE), outcome=outcome, accepted=accepted)
    return replace(moved, unsure_since=now, next_look_at=next_look_at)


def look_later(approval: Approval, *, outcome: str, next_look_at: datetime | None) -> Approval:
    """The same request, unsure or put off, with the time of the next look; `None`: nothing says when."""
    return replace(approval, version=approval.version + 1, outcome=outcome, next_look_at=next_look_at)


def remind(approval: Approval, *, reminded: int, needs: str) -> Approval:
    """The same request after who is missing now was reminded; `reminded`: how many reminders were due by now."""
    return replace(approval, reminded=reminded, needs=needs, version=approval.version + 1)


def escalate(approval: Approval, *, needs: str) -> Approval:
    """The same request after it was brought before others, who are among those it waits for from now on."""
    return replace(approval, escalated=True, needs=needs, version=approval.version + 1)


def first_stage(order: Order, *, cooling_off: timedelta) -> Operation:
    """The first call of an order: a retire with a cooling-off time suspends first."""
    two_steps = order.operation is Operation.RETIRE and cooling_off > timedelta(0)
    return Operation.SUSPEND if two_steps else order.operation


def can_undo(approval: Approval, *, within: timedelta, now: datetime) -> bool:
    """Whether what was done may still be taken back with one press."""
    if approval.state is not State.DONE or approval.ended_at is None or approval.undo_of is not None:
        return False
    return timedelta(0) <= now - approval.ended_at < within


def standing(approval: Approval) -> str:
    """The state in words for the person who comes too late, naming who decided."""
    by = f" by <@{approval.decided_by}>" if approval.decided_by is not None else ""
    words = {
        State.PENDING: "waiting",
        State.RUNNING: f"approved{by} and being carried out",
        State.COOLING: f"approved{by} and waiting for its time",
        State.DONE: f"approved{by} and done",
        State.FAILED: f"approved{by} and failed",
        State.UNSURE: f"approved{by}, and its outcome is being looked up,",
        State.DENIED: f"denied{by}",
        State.WITHDRAWN: f"withdrawn{by}",
        State.LAPSED: "lapsed",
    }
    return words[approval.state]


def _move(approval: Approval, step: Step) -> Approval:
    """The next state and version; NotPossible when this step cannot follow."""
    if (approval.state, step) not in MOVES:
        raise NotPossible(f"Request #{approval.id} is {standing(approval)} already.")
    return replace(approval, state=MOVES[approval.state, step], version=approval.version + 1)
