"""What may happen to a request for a change, and who may make it happen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.errors import NotAllowed, NotPossible
from bot.rules.people import Person, Role, need
from bot.rules.sims import Operation, Status


class State(StrEnum):
    """Where a request stands. Only `pending`, `running` and `unsure` are still open."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNSURE = "unsure"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Step(StrEnum):
    """What can happen to a request: the first three are pressed by people, the rest is found out."""

    APPROVE = "approve"
    DENY = "deny"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    SUCCEED = "succeed"
    FAIL = "fail"
    LOSE = "lose"


MOVES: Mapping[tuple[State, Step], State] = MappingProxyType(
    {
        (State.PENDING, Step.APPROVE): State.RUNNING,
        (State.PENDING, Step.DENY): State.DENIED,
        (State.PENDING, Step.WITHDRAW): State.WITHDRAWN,
        (State.PENDING, Step.LAPSE): State.LAPSED,
        (State.RUNNING, Step.SUCCEED): State.DONE,
        (State.RUNNING, Step.FAIL): State.FAILED,
        (State.RUNNING, Step.LOSE): State.UNSURE,
        (State.UNSURE, Step.SUCCEED): State.DONE,
        (State.UNSURE, Step.FAIL): State.FAILED,
    }
)

OPEN = frozenset({State.PENDING, State.RUNNING, State.UNSURE})
PRESSED = frozenset({Step.APPROVE, Step.DENY, Step.WITHDRAW})


@dataclass(frozen=True)
class Approval:
    """A request for one change of one SIM, from asking to its end. Times are aware UTC, people are Slack user ids.

    `refused` tells a failure that is SmartHub's no from every other one.
    `version` goes up by one with each stored step; who stores a step names the version it started from.
    """

    id: int
    operation: Operation
    giccid: str
    label: str
    account: str | None
    status_before: Status | None
    reason: str | None
    asked_by: str
    asked_in: str
    asked_at: datetime
    lapses_at: datetime
    state: State = State.PENDING
    version: int = 1
    decided_by: str | None = None
    decided_at: datetime | None = None
    why: str | None = None
    outcome: str | None = None
    refused: bool = False
    unsure_since: datetime | None = None
    next_look_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether something can still happen to it."""
        return self.state in OPEN


def decide(approval: Approval, step: Step, *, by: Person, why: str | None = None, now: datetime) -> Approval:
    """The request after a person pressed Approve, Deny or Withdraw.

    Raises NotPossible when it is decided or too old, NotAllowed when this person may not.
    """
    if step not in PRESSED or (approval.state, step) not in MOVES:
        raise NotPossible(f"Request #{approval.id} is {standing(approval)} already; nothing was changed by your click.")
    if step is Step.WITHDRAW:
        if by.id != approval.asked_by:
            hint = " You can deny it." if by.role >= Role.APPROVER else ""
            raise NotAllowed(f"Only the person who asked can withdraw this.{hint}")
    elif by.id == approval.asked_by:
        other = "Someone else has to approve" if step is Step.APPROVE else "You can withdraw, not deny,"
        raise NotAllowed(f"{other} what you asked for yourself.")
    else:
        need(by, Role.APPROVER, to=f"{step} requests")
    if now >= approval.lapses_at:
        raise NotPossible(f"Request #{approval.id} waited too long and has lapsed; ask again if it is still wanted.")
    moved = replace(_move(approval, step), decided_by=by.id, decided_at=now, why=why)
    return moved if moved.open else replace(moved, ended_at=now)


def lapse(approval: Approval, *, now: datetime) -> Approval:
    """The request after its time ran out with nobody deciding."""
    return replace(_move(approval, Step.LAPSE), ended_at=now)


def succeed(approval: Approval, *, outcome: str, now: datetime) -> Approval:
    """The request after the SIM was seen in the state that was asked for."""
    return replace(_move(approval, Step.SUCCEED), outcome=outcome, ended_at=now, next_look_at=None)


def fail(approval: Approval, *, outcome: str, refused: bool = False, now: datetime) -> Approval:
    """The request after it is certain that the change was not made; `refused` when SmartHub said no to it."""
    return replace(_move(approval, Step.FAIL), outcome=outcome, refused=refused, ended_at=now, next_look_at=None)


def lose(approval: Approval, *, outcome: str, now: datetime, next_look_at: datetime) -> Approval:
    """The request when nobody can say whether the change was made: it is looked after, and never sent again."""
    return replace(_move(approval, Step.LOSE), outcome=outcome, unsure_since=now, next_look_at=next_look_at)


def look_later(approval: Approval, *, outcome: str, next_look_at: datetime) -> Approval:
    """The same unsure request, with the time of the next look."""
    return replace(approval, version=approval.version + 1, outcome=outcome, next_look_at=next_look_at)


def standing(approval: Approval) -> str:
    """The state in words for the person who comes too late, naming who decided."""
    by = f" by <@{approval.decided_by}>" if approval.decided_by is not None else ""
    words = {
        State.PENDING: "waiting",
        State.RUNNING: f"approved{by} and being carried out",
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
