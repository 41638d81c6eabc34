"""A request moves only where it may, by whom it may, and is approved at most once whatever anybody tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.errors import BotError, NotAllowed, NotPossible
from bot.rules import approvals
from bot.rules.approvals import Approval, State, Step, decide, standing
from bot.rules.people import Person, Role
from bot.rules.sims import Operation, Status

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ASKER = Person("U1", Role.ADMIN)
APPROVER = Person("U2", Role.APPROVER)

PENDING = Approval(
    id=12,
    operation=Operation.SUSPEND,
    giccid="8949212600000000142",
    label="Pump 7",
    account="acme",
    status_before=Status.ACTIVE,
    reason="stolen",
    asked_by=ASKER.id,
    asked_in="C1",
    asked_at=NOW - timedelta(hours=1),
    lapses_at=NOW + timedelta(hours=1),
)

# The picture of the states, written out a second time: whatever is not here must be refused.
ALLOWED = {
    ("pending", "approve"): "running",
    ("pending", "deny"): "denied",
    ("pending", "withdraw"): "withdrawn",
    ("pending", "lapse"): "lapsed",
    ("running", "succeed"): "done",
    ("running", "fail"): "failed",
    ("running", "lose"): "unsure",
    ("unsure", "succeed"): "done",
    ("unsure", "fail"): "failed",
}
ENDS = {"done", "failed", "denied", "withdrawn", "lapsed"}


def take(approval: Approval, step: Step, *, by: Person | None = None, now: datetime = NOW) -> Approval:
    """The request after the step, taken in the way that belongs to it."""
    later = now + timedelta(minutes=5)
    found_out: dict[Step, Callable[[], Approval]] = {
        Step.LAPSE: lambda: approvals.lapse(approval, now=now),
        Step.SUCCEED: lambda: approvals.succeed(approval, outcome="It reads suspended.", now=now),
        Step.FAIL: lambda: approvals.fail(approval, outcome="It says no.", now=now),
        Step.LOSE: lambda: approvals.lose(approval, outcome="Who knows.", now=now, next_look_at=later),
    }
    if step in found_out:
        return found_out[step]()
    person = by or (ASKER if step is Step.WITHDRAW else APPROVER)
    return decide(approval, step, by=person, now=now)


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("state", list(State))
def test_every_pair_of_state_and_step(state: State, step: Step):
    """A step leads where the picture says, one version on; every other pair is refused and says where it stands."""
    before = replace(PENDING, state=state, version=4)
    if (state, step) in ALLOWED:
        after = take(before, step)

        assert after.state == ALLOWED[state, step]
        assert after.version == 5
        assert after.open is (after.state not in ENDS)
        assert (after.ended_at == NOW) is (after.state in ENDS)
    else:
        with pytest.raises(NotPossible, match=r"Request #12 is .* already"):
            take(before, step)


@pytest.mark.parametrize("step", [Step.LAPSE, Step.SUCCEED, Step.FAIL, Step.LOSE])
@pytest.mark.parametrize("state", list(State))
def test_nobody_can_press_what_is_only_found_out(state: State, step: Step):
    """No button, however forged, lets a person lapse a request or say what came of it."""
    with pytest.raises(NotPossible):
        decide(replace(PENDING, state=state), step, by=Person("U9", Role.ADMIN), now=NOW)


def test_what_a_decision_keeps():
    """Approving notes who and when and leaves the rest of the request as it was asked."""
    after = decide(PENDING, Step.APPROVE, by=APPROVER, now=NOW)

    assert after == replace(PENDING, state=State.RUNNING, version=2, decided_by="U2", decided_at=NOW)


def test_a_denial_keeps_its_reason():
    """Denying ends the request and keeps why."""
    after = decide(PENDING, Step.DENY, by=APPROVER, why="wrong SIM", now=NOW)

    assert (after.state, after.why, after.ended_at, after.decided_by) == (State.DENIED, "wrong SIM", NOW, "U2")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step.APPROVE, "Someone else has to approve what you asked for yourself."),
        (Step.DENY, "You can withdraw, not deny, what you asked for yourself."),
    ],
)
def test_nobody_decides_what_he_asked_for(role: Role, step: Step, words: str):
    """The requester can neither approve nor deny, whatever the role; from approver up the sentence says why."""
    with pytest.raises(NotAllowed) as refusal:
        decide(PENDING, step, by=Person(ASKER.id, role), now=NOW)

    if role >= Role.APPROVER:
        assert str(refusal.value) == words


@pytest.mark.parametrize("role", [Role.NOBODY, Role.VIEWER, Role.OPERATOR])
@pytest.mark.parametrize("step", [Step.APPROVE, Step.DENY])
def test_it_takes_an_approver(role: Role, step: Step):
    """Below approver nobody approves or denies, and the refusal names the role it takes."""
    with pytest.raises(NotAllowed, match=f"to {step} requests you have to be an approver"):
        decide(PENDING, step, by=Person("U9", role), now=NOW)


@pytest.mark.parametrize("role", list(Role))
def test_only_the_requester_withdraws(role: Role):
    """Withdrawing takes being the one who asked, also with a role lost since; nobody else can, not even an admin."""
    assert decide(PENDING, Step.WITHDRAW, by=Person(ASKER.id, role), now=NOW).state is State.WITHDRAWN
    with pytest.raises(NotAllowed) as refusal:
        decide(PENDING, Step.WITHDRAW, by=Person("U9", role), now=NOW)
    hint = " You can deny it." if role >= Role.APPROVER else ""
    assert str(refusal.value) == f"Only the person who asked can withdraw this.{hint}"


@pytest.mark.parametrize("step", [Step.APPROVE, Step.DENY, Step.WITHDRAW])
def test_too_late_to_the_microsecond(step: Step):
    """A request can be decided until its time is over, and not in the very moment it is."""
    last = PENDING.lapses_at - timedelta(microseconds=1)

    assert take(PENDING, step, now=last).version == 2
    with pytest.raises(NotPossible) as refusal:
        take(PENDING, step, now=PENDING.lapses_at)
    assert str(refusal.value) == "Request #12 waited too long and has lapsed; ask again if it is still wanted."


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.RUNNING, "Request #12 is approved by <@U2> and being carried out already"),
        (State.DONE, "Request #12 is approved by <@U2> and done already"),
        (State.FAILED, "Request #12 is approved by <@U2> and failed already"),
        (State.UNSURE, "Request #12 is approved by <@U2>, and its outcome is being looked up, already"),
        (State.DENIED, "Request #12 is denied by <@U2> already"),
        (State.WITHDRAWN, "Request #12 is withdrawn by <@U2> already"),
        (State.LAPSED, "Request #12 is lapsed already"),
    ],
)
def test_who_comes_too_late_hears_who_was_faster(state: State, words: str):
    """A click on a decided request is answered with where it stands, who decided, and that nothing was changed."""
    decided_by = None if state is State.LAPSED else "U2"
    with pytest.raises(NotPossible) as refusal:
        decide(replace(PENDING, state=state, decided_by=decided_by), Step.APPROVE, by=APPROVER, now=NOW)

    assert str(refusal.value) == f"{words}; nothing was changed by your click."


def test_every_state_has_its_words():
    """Each state can be said in words of its own."""
    assert len({standing(replace(PENDING, state=state)) for state in State}) == len(State)


def test_an_unsure_request_is_looked_at_again():
    """A later look is a new version with its time; the moment it became unsure stays."""
    lost = take(take(PENDING, Step.APPROVE), Step.LOSE)
    later = approvals.look_later(lost, outcome="Still active.", next_look_at=NOW + timedelta(hours=1))

    assert (later.state, later.version, later.unsure_since) == (State.UNSURE, lost.version + 1, NOW)
    assert later.next_look_at == NOW + timedelta(hours=1)
    assert take(later, Step.SUCCEED).next_look_at is None


class AnyOrder(RuleBasedStateMachine):
    """All sequences of steps by all kinds of people at all times."""

    def __init__(self) -> None:
        super().__init__()
        self.approval = PENDING
        self.now = PENDING.asked_at
        self.approved = 0
        self.ended: Approval | None = None

    @rule(
        step=st.sampled_from(list(Step)),
        by=st.builds(Person, id=st.sampled_from(["U1", "U2", "U3"]), role=st.sampled_from(list(Role))),
        minutes=st.integers(0, 40),
    )
    def take(self, step: Step, by: Person, minutes: int) -> None:
        """Somebody does something, now or a little later."""
        self.now += timedelta(minutes=minutes)
        try:
            after = take(self.approval, step, by=by, now=self.now)
        except BotError:
            return
        assert after.version == self.approval.version + 1
        if step is Step.APPROVE:
            self.approved += 1
            assert by.role >= Role.APPROVER
            assert by.id != self.approval.asked_by
            assert self.now < self.approval.lapses_at
        self.approval = after

    @invariant()
    def approved_once(self) -> None:
        """At most one Approve counts, and what ran was approved."""
        assert self.approved <= 1
        ran = self.approval.state in {State.RUNNING, State.UNSURE, State.DONE, State.FAILED}
        assert ran is (self.approved == 1)

    @invariant()
    def ends_are_final(self) -> None:
        """Once it is over it stays as it is."""
        assert self.ended is None or self.ended == self.approval
        if not self.approval.open:
            assert self.approval.ended_at is not None
            self.ended = self.approval


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=100, stateful_step_count=12, deadline=None)
