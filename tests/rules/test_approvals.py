"""A request moves only where it may, by whom it may, and is approved at most once whatever anybody tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.errors import BotError, NotAllowed, NotPossible
from bot.rules import approvals
from bot.rules.approvals import Approval, State, Step, can_undo, first_stage, standing
from bot.rules.orders import Before, Order
from bot.rules.people import Person, Role
from bot.rules.policies import Policy
from bot.rules.quorum import Voters, enough
from bot.rules.sims import Operation
from tests.asked import NOW, asked

ASKER = Person("U1", Role.ADMIN)
APPROVER = Person("U2", Role.APPROVER)
OTHER = Person("U3", Role.APPROVER)
ADMIN = Person("U4", Role.ADMIN)
TWO = Policy("two", quorum=2)

LIFE = {"asked_at": NOW - timedelta(hours=1), "lapses_at": NOW + timedelta(hours=1), "needs": ""}
PENDING = asked(**LIFE)
RETIRE = asked(Operation.RETIRE, stage=Operation.SUSPEND, **LIFE)
VOTERS = Voters(ASKER.id, PENDING.asked_at, NOW, by_role=("U1", "U2", "U3", "U4"))

# The picture of the states, written out a second time: whatever is not here must be refused.
ALLOWED = {
    ("pending", "approve"): "running",
    ("pending", "break glass"): "running",
    ("pending", "deny"): "denied",
    ("pending", "withdraw"): "withdrawn",
    ("pending", "lapse"): "lapsed",
    ("running", "rest"): "cooling",
    ("running", "succeed"): "done",
    ("running", "fail"): "failed",
    ("running", "lose"): "unsure",
    ("cooling", "resume"): "running",
    ("cooling", "cancel"): "withdrawn",
    ("unsure", "rest"): "cooling",
    ("unsure", "succeed"): "done",
    ("unsure", "fail"): "failed",
}
ENDS = {"done", "failed", "denied", "withdrawn", "lapsed"}
PRESSED = (Step.APPROVE, Step.DENY, Step.WITHDRAW, Step.BREAK_GLASS)


def take(approval: Approval, step: Step, *, by: Person | None = None, now: datetime = NOW) -> Approval:
    """The request after the step, taken in the way that belongs to it."""
    later, voters = now + timedelta(minutes=5), replace(VOTERS, at=now)
    usual = {Step.WITHDRAW: ASKER, Step.BREAK_GLASS: ADMIN}.get(step, APPROVER)
    person = by or usual
    ways: dict[Step, Callable[[], Approval]] = {
        Step.APPROVE: lambda: approvals.approve(approval, by=person, voters=voters, now=now),
        Step.DENY: lambda: approvals.deny(approval, by=person, why="wrong SIM", voters=voters, now=now),
        Step.WITHDRAW: lambda: approvals.withdraw(approval, by=person, now=now),
        Step.BREAK_GLASS: lambda: approvals.break_glass(approval, by=person, why="it burns", now=now),
        Step.CANCEL: lambda: approvals.cancel(approval, by=person, now=now),
        Step.LAPSE: lambda: approvals.lapse(approval, now=now),
        Step.REST: lambda: approvals.rest(approval, until=later, outcome="It is suspended."),
        Step.RESUME: lambda: approvals.resume(approval),
        Step.SUCCEED: lambda: approvals.succeed(approval, outcome="It reads suspended.", now=now),
        Step.FAIL: lambda: approvals.fail(approval, outcome="It says no.", now=now),
        Step.LOSE: lambda: approvals.lose(approval, outcome="Who knows.", now=now, next_look_at=later),
    }
    return ways[step]()


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


def test_what_a_decision_keeps():
    """Approving notes who and when and leaves the rest of the request as it was asked."""
    after = take(PENDING, Step.APPROVE)

    assert [vote.by for vote in after.votes] == ["U2"]
    assert after == replace(PENDING, state=State.RUNNING, version=2, votes=after.votes, decided_by="U2", decided_at=NOW)


def test_a_denial_keeps_its_reason():
    """Denying ends the request and keeps why; one no is enough, however many have said yes."""
    half = take(replace(PENDING, policy=TWO), Step.APPROVE)
    after = take(half, Step.DENY, by=OTHER)

    assert (after.state, after.why, after.ended_at, after.decided_by) == (State.DENIED, "wrong SIM", NOW, "U3")


def test_a_quorum_of_two():
    """The first of two leaves the request waiting and says who is missing; the same person cannot be the second."""
    asked = replace(PENDING, policy=TWO)
    half = take(asked, Step.APPROVE)

    assert (half.state, half.version, half.decided_by) == (State.PENDING, 2, None)
    assert half.needs == "1 of 2; still one of <@U1>, <@U2>, <@U3> or <@U4>"
    with pytest.raises(NotPossible, match="You have approved request #12 already"):
        take(half, Step.APPROVE)
    assert take(half, Step.APPROVE, by=OTHER).state is State.RUNNING


def test_what_changed_takes_the_votes_back():
    """Who said yes said it to something else: after a drift the request begins to count anew."""
    half = take(replace(PENDING, policy=TWO), Step.APPROVE)
    noted = approvals.note_drift(half, drift=["The plan …"], before=Before("ready"), radius=None, voters=VOTERS)

    assert (noted.votes, noted.before, noted.drift, noted.version) == ((), Before("ready"), ("The plan …",), 3)
    assert take(take(noted, Step.APPROVE), Step.APPROVE, by=OTHER).state is State.RUNNING


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step.APPROVE, "Someone else has to approve what you asked for yourself."),
        (Step.DENY, "You can withdraw, not deny, what you asked for yourself."),
    ],
)
def test_nobody_decides_what_he_asked_for(step: Step, words: str):
    """The requester can neither approve nor deny, whatever the role."""
    with pytest.raises(NotAllowed) as refusal:
        take(PENDING, step, by=ASKER)

    assert str(refusal.value) == words


@pytest.mark.parametrize("step", [Step.APPROVE, Step.DENY])
def test_it_takes_one_whom_the_policy_names(step: Step):
    """Who has no right to a yes has none to a no; the refusal names the policy, and wakes nobody by a mention."""
    with pytest.raises(NotAllowed, match=f"You may not {step} this: its policy “one” asks other people"):
        take(PENDING, step, by=Person("U9", Role.ADMIN))


@pytest.mark.parametrize("role", list(Role))
def test_only_the_requester_withdraws(role: Role):
    """Withdrawing takes being the one who asked, also with a role lost since; nobody else can, not even an admin."""
    assert take(PENDING, Step.WITHDRAW, by=Person(ASKER.id, role)).state is State.WITHDRAWN
    with pytest.raises(NotAllowed) as refusal:
        take(PENDING, Step.WITHDRAW, by=Person("U9", role))
    hint = " You can deny it." if role >= Role.APPROVER else ""
    assert str(refusal.value) == f"Only the person who asked can withdraw this.{hint}"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_admin_breaks_the_glass(role: Role):
    """Below admin nobody goes without approval."""
    with pytest.raises(NotAllowed, match="to go without approval you have to be an admin"):
        take(PENDING, Step.BREAK_GLASS, by=Person("U4", role))


def test_broken_glass_is_reviewed_by_somebody_else():
    """It runs with its reason and stays to be reviewed: not by who broke it, not by who asked, and once."""
    broken = take(PENDING, Step.BREAK_GLASS)

    assert (broken.state, broken.glass, broken.decided_by, broken.unreviewed) == (State.RUNNING, "it burns", "U4", True)
    for person in (ADMIN, ASKER):
        with pytest.raises(NotAllowed, match="Somebody else has to review this"):
            approvals.review(broken, by=person, said=None, now=NOW)
    reviewed = approvals.review(broken, by=APPROVER, said="fine", now=NOW)
    assert (reviewed.reviewed_by, reviewed.review, reviewed.unreviewed) == ("U2", "fine", False)
    with pytest.raises(NotPossible):
        approvals.review(reviewed, by=OTHER, said=None, now=NOW)


@pytest.mark.parametrize("step", PRESSED)
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
        (State.COOLING, "Request #12 is approved by <@U2> and waiting for its time already"),
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
        take(replace(PENDING, state=state, decided_by=decided_by), Step.APPROVE)

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


def test_a_retirement_in_two_steps():
    """It suspends first, rests, and only then retires; without a time to cool off it retires at once."""
    day = timedelta(hours=24)
    assert first_stage(Order(Operation.RETIRE), cooling_off=day) is Operation.SUSPEND
    assert first_stage(Order(Operation.RETIRE), cooling_off=timedelta(0)) is Operation.RETIRE
    assert first_stage(Order(Operation.ACTIVATE), cooling_off=day) is Operation.ACTIVATE

    running = take(RETIRE, Step.APPROVE)
    assert running.call == Order(Operation.SUSPEND)
    rested = take(running, Step.REST)
    assert (rested.state, rested.stage, rested.cool_until) == (
        State.COOLING,
        Operation.RETIRE,
        NOW + timedelta(minutes=5),
    )
    resumed = take(rested, Step.RESUME)
    assert (resumed.state, resumed.call, resumed.cool_until) == (State.RUNNING, Order(Operation.RETIRE), None)


def test_a_policy_that_asks_nobody():
    """Such a request runs as soon as it is asked for, with nobody's name on the decision."""
    started = approvals.start(replace(PENDING, policy=Policy("free", approval=False)), now=NOW)

    assert (started.state, started.decided_by, started.asks) == (State.RUNNING, None, False)


def test_how_long_it_can_be_undone():
    """What is done can be undone until its time is over; an undo itself cannot."""
    done = take(take(PENDING, Step.APPROVE), Step.SUCCEED)
    half_hour = timedelta(minutes=30)

    assert can_undo(done, within=half_hour, now=NOW + timedelta(minutes=29))
    assert not can_undo(done, within=half_hour, now=NOW + half_hour)
    assert not can_undo(done, within=half_hour, now=NOW - timedelta(seconds=1))
    assert not can_undo(replace(done, undo_of=3), within=half_hour, now=NOW)
    assert not can_undo(PENDING, within=half_hour, now=NOW)


class AnyOrder(RuleBasedStateMachine):
    """All sequences of steps by all kinds of people at all times, under a policy of two."""

    def __init__(self) -> None:
        super().__init__()
        self.approval = replace(RETIRE, policy=TWO)
        self.now = PENDING.asked_at
        self.started = 0
        self.ended: Approval | None = None

    @rule(
        step=st.sampled_from(list(Step)),
        by=st.builds(Person, id=st.sampled_from(["U1", "U2", "U3", "U9"]), role=st.sampled_from(list(Role))),
        minutes=st.integers(0, 20),
    )
    def take(self, step: Step, by: Person, minutes: int) -> None:
        """Somebody does something, now or a little later."""
        self.now += timedelta(minutes=minutes)
        before = self.approval
        try:
            after = take(before, step, by=by, now=self.now)
        except BotError:
            return
        assert after.version == before.version + 1
        if before.state is State.PENDING and after.state is State.RUNNING:
            self.started += 1
            assert self.now < after.lapses_at
            assert by.role is Role.ADMIN or enough(TWO, after.votes, replace(VOTERS, at=self.now))
        self.approval = after

    @invariant()
    def decided_once(self) -> None:
        """At most one decision lets it run, and what ran was approved by two others or with the glass broken."""
        assert self.started <= 1
        ran = self.approval.decided_at is not None and self.approval.state not in {State.DENIED, State.WITHDRAWN}
        assert not ran or self.started == 1
        if self.started and self.approval.glass is None:
            people = {vote.by for vote in self.approval.votes}
            assert len(people) == len(self.approval.votes) == 2
            assert not people & {"U1", "U9"}

    @invariant()
    def ends_are_final(self) -> None:
        """Once it is over it stays as it is."""
        assert self.ended is None or self.ended == self.approval
        if not self.approval.open:
            assert self.approval.ended_at is not None
            self.ended = self.approval


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=100, stateful_step_count=14, deadline=None)
