"""An alert is raised exactly at its limit, once, again when it is worse, and cleared when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import NotAllowed, NotPossible
from bot.rules.alert_rules import Rule, judge, usual
from bot.rules.alerts import Alert, Finding, Kind, State, Verdict, acknowledge, compare, snooze, wake
from bot.rules.people import Person, Role
from bot.rules.sims import Sim, Status

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
LIMITS = usual(quota_percent=(80, 100), expiry_days=(7, 1))
SIM = Sim(giccid="8949212600000000142", status=Status.ACTIVE, status_word="ACTIVATED", cycle="2026-11", plan="iot-100")
OPERATOR = Person("U1", Role.OPERATOR)


def used(usage: int | None, quota: int | None, *, cycle: str | None = "2026-11") -> Sim:
    """The SIM with this usage."""
    return replace(SIM, usage_bytes=usage, quota_bytes=quota, cycle=cycle)


def found(sim: Sim, *, limits: Sequence[Rule] = LIMITS, now: datetime = NOW) -> list[tuple[Kind, int]]:
    """What is judged of it, in short."""
    return [(f.kind, f.threshold) for f in judge(sim, limits, label="Pump 7", now=now)]


@dataclass
class Remembered:
    """A store of alerts in a list, as plain as it can be."""

    alerts: list[Alert] = field(default_factory=list)
    announced: list[Finding] = field(default_factory=list)
    now: datetime = NOW

    @property
    def live(self) -> list[Alert]:
        """What is not cleared."""
        return [a for a in self.alerts if a.state is not State.CLEARED]

    def apply(self, verdict: Verdict) -> None:
        """Stores what a look changed, and refuses what the real store would refuse."""
        for alert in verdict.change:
            at = next(n for n, a in enumerate(self.alerts) if a.id == alert.id)
            assert alert.version == self.alerts[at].version + 1, "a change that would overtake another is lost"
            self.alerts[at] = alert
        for finding in verdict.announce:
            keys = {(a.finding.kind, a.finding.threshold, a.finding.cycle) for a in self.live}
            assert (finding.kind, finding.threshold, finding.cycle) not in keys, "the same fact a second time"
            self.alerts.append(Alert(id=len(self.alerts) + 1, finding=finding, raised_at=self.now))
            self.announced.append(finding)

    def look(self, sim: Sim, *, now: datetime = NOW) -> Verdict:
        """One look at a SIM, stored."""
        self.now = now
        verdict = compare(self.live, judge(sim, LIMITS, label="Pump 7", now=now), now=now)
        self.apply(verdict)
        return verdict

    def states(self) -> list[tuple[int, State]]:
        """Each alert's limit with where it stands."""
        return [(a.finding.threshold, a.state) for a in self.alerts]


# What is found


@pytest.mark.parametrize(
    ("usage", "quota", "limit"),
    [
        (7_999, 10_000, None),
        (8_000, 10_000, 80),
        (9_999, 10_000, 80),
        (10_000, 10_000, 100),
        (50_000, 10_000, 100),
        (8 * 10**17 - 1, 10**18, None),
        (8 * 10**17, 10**18, 80),
        (2, 3, None),
        (0, 1, None),
        (1, 1, 100),
        (2**63 - 1, 1, 100),
        (5, 0, None),
        (5, -1, None),
        (5, None, None),
        (None, 5, None),
        (None, None, None),
    ],
)
def test_a_quota_is_reached_exactly_at_its_limit(usage: int | None, quota: int | None, limit: int | None):
    """79.99 % is nothing and 80 % is, to the byte; without a quota or a usage nothing can be reached."""
    assert found(used(usage, quota)) == ([] if limit is None else [(Kind.QUOTA, limit)])


@pytest.mark.parametrize(
    ("left", "limit"),
    [
        (timedelta(days=7, microseconds=1), None),
        (timedelta(days=7), 7),
        (timedelta(days=1, microseconds=1), 7),
        (timedelta(days=1), 1),
        (timedelta(microseconds=1), 1),
        (timedelta(0), 0),
        (timedelta(days=-400), 0),
    ],
)
def test_an_expiry_is_near_exactly_at_its_limit(left: timedelta, limit: int | None):
    """Seven days are seven days to the microsecond, and from the moment itself on it is expired."""
    sim = replace(SIM, plan_expires_at=NOW + left)

    assert found(sim) == ([] if limit is None else [(Kind.EXPIRY, limit)])


def test_what_a_finding_says():
    """A finding carries the figures that the card shows, and what it holds for."""
    sim = replace(used(90, 100), plan_expires_at=NOW + timedelta(hours=3), account="acme")
    quota, expiry = judge(sim, LIMITS, label="Pump 7", now=NOW)

    assert (quota.value, quota.whole, quota.cycle, quota.label, quota.account) == (90, 100, "2026-11", "Pump 7", "acme")
    assert (expiry.expires_at, expiry.cycle, expiry.plan) == (sim.plan_expires_at, "2026-11-22", "iot-100")


def test_a_retired_sim_reaches_nothing():
    """A retired SIM is of no concern, however much it used; one with an unknown state still is."""
    sim = replace(used(100, 100), plan_expires_at=NOW)

    assert found(replace(sim, status=Status.RETIRED)) == []
    assert found(replace(sim, status=None)) == [(Kind.QUOTA, 100), (Kind.EXPIRY, 0)]


def test_without_limits_nothing_is_found():
    """Who configured no limits hears nothing, not even of what has expired."""
    assert found(replace(used(100, 100), plan_expires_at=NOW), limits=usual()) == []


# What follows


def test_announced_once():
    """The first look announces; any number of looks after it change nothing."""
    store = Remembered()
    store.look(used(80, 100))

    assert store.look(used(80, 100)) == store.look(used(99, 100)) == Verdict()
    assert store.states() == [(80, State.OPEN)]


def test_worse_is_announced_again():
    """A graver limit is announced, and the alert it overtakes points to it."""
    store = Remembered()
    store.look(used(80, 100))
    store.look(used(100, 100))

    assert store.states() == [(80, State.WORSENED), (100, State.OPEN)]
    assert len(store.announced) == 2


def test_eased_goes_back_without_a_word():
    """When it eases the graver alert is over and the one before it holds again, without being announced again."""
    store = Remembered()
    for usage in (80, 100, 90):
        store.look(used(usage, 100))

    assert store.states() == [(80, State.OPEN), (100, State.CLEARED)]
    assert len(store.announced) == 2


def test_eased_to_a_limit_nobody_heard_of():
    """From 100 % down to 80 %, never seen before: the graver one is over and the milder one is announced."""
    store = Remembered()
    for usage in (100, 80):
        store.look(used(usage, 100))

    assert store.states() == [(100, State.CLEARED), (80, State.OPEN)]


def test_over_is_cleared_and_may_come_back():
    """What no longer holds is cleared, with what was worsened before it, and is announced anew when it comes back."""
    store = Remembered()
    for usage in (80, 100, 10, 80):
        store.look(used(usage, 100))

    assert store.states() == [(80, State.CLEARED), (100, State.CLEARED), (80, State.OPEN)]
    assert len(store.announced) == 3


def test_a_new_cycle_starts_anew():
    """The same limit in the next cycle is a new fact; the old one is over."""
    store = Remembered()
    store.look(used(80, 100))
    store.look(used(80, 100, cycle="2026-12"))

    assert store.states() == [(80, State.CLEARED), (80, State.OPEN)]


def test_a_renewed_plan_clears_its_expiry():
    """A plan that runs on to another date is over as an alert, and alerts for the new date when that comes near."""
    store = Remembered()
    sim = replace(SIM, plan_expires_at=NOW + timedelta(days=5))
    renewed = replace(SIM, plan_expires_at=NOW + timedelta(days=35))
    store.look(sim)
    store.look(renewed)
    store.look(renewed, now=NOW + timedelta(days=30))

    assert store.states() == [(7, State.CLEARED), (7, State.OPEN)]


def test_expiry_gets_worse_as_the_day_comes():
    """Seven days, one day, expired: three announcements, the last of which stays."""
    store = Remembered()
    sim = replace(SIM, plan_expires_at=NOW + timedelta(days=7))
    for day in (0, 1, 5, 6, 6.5, 7, 8, 100):
        store.look(sim, now=NOW + timedelta(days=day))

    assert store.states() == [(7, State.WORSENED), (1, State.WORSENED), (0, State.OPEN)]


ENDS = replace(SIM, plan_expires_at=NOW + timedelta(days=30))


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1), timedelta(days=2)])
@pytest.mark.parametrize("limit", [7, 1, 0])
def test_a_clock_set_back_takes_nothing_back(limit: int, back: timedelta):
    """What an expiry brought about stays as it is while a clock that was set back catches up: nothing is told twice."""
    store, at = Remembered(), NOW + timedelta(days=30 - limit, seconds=1)
    for before in (8, limit + 0.5):
        store.look(ENDS, now=NOW + timedelta(days=30 - before))
    store.look(ENDS, now=at)
    told, states = list(store.announced), [a.state for a in store.alerts]

    for hours in range(0, 72, 7):
        store.look(ENDS, now=at - back + timedelta(hours=hours) * (back / timedelta(days=3)))
        assert (store.announced, [a.state for a in store.alerts]) == (told, states)


def test_a_clock_that_was_never_right():
    """What a clock found that was wrong by years is over once it is right, and its time comes yet."""
    store = Remembered()
    store.look(ENDS, now=NOW + timedelta(days=3650))
    store.look(ENDS, now=NOW)
    assert store.live == []

    store.look(ENDS, now=NOW + timedelta(days=24))
    assert [f.threshold for f in store.announced] == [0, 7]


def test_a_quota_is_no_matter_of_time():
    """Where the clock was set back, a quota that is used no more is over all the same."""
    store = Remembered()
    store.look(used(90, 100), now=NOW)
    store.look(used(10, 100), now=NOW - timedelta(hours=1))

    assert store.live == []


@pytest.mark.parametrize("state", [State.ACKNOWLEDGED, State.SNOOZED])
def test_quieted_alerts_worsen_all_the_same(state: State):
    """Acknowledging or snoozing 80 % does not silence 100 %; while it stays the same it stays quiet."""
    store = Remembered()
    store.look(used(80, 100))
    store.alerts[0] = replace(store.alerts[0], state=state, by="U1", until=NOW + timedelta(days=1), version=2)

    assert store.look(used(85, 100)) == Verdict()
    store.look(used(100, 100))
    assert store.states() == [(80, State.WORSENED), (100, State.OPEN)]
    assert store.alerts[0].until is None


def test_quota_and_expiry_do_not_touch_each_other():
    """An alert of one kind is neither worsened nor cleared by a finding of the other."""
    store = Remembered()
    store.look(replace(used(80, 100), plan_expires_at=NOW + timedelta(days=5)))
    store.look(replace(used(100, 100), plan_expires_at=NOW + timedelta(days=5)))

    assert sorted(store.states()) == [(7, State.OPEN), (80, State.WORSENED), (100, State.OPEN)]


LOOKS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 130)),
        st.sampled_from([None, 0, 100]),
        st.sampled_from(["2026-11", "2026-12", None]),
        st.one_of(st.none(), st.integers(-3, 12)),
        st.booleans(),
    ),
    max_size=12,
)


def expected(usage: int | None, quota: int | None, days: int | None, *, retired: bool) -> set[tuple[Kind, int]]:
    """What holds, worked out a second time in the plainest way."""
    if retired:
        return set()
    holds = set()
    if usage is not None and quota == 100 and usage >= 80:
        holds.add((Kind.QUOTA, 100 if usage >= 100 else 80))
    if days is not None and days <= 7:
        holds.add((Kind.EXPIRY, 0 if days <= 0 else 1 if days == 1 else 7))
    return holds


@settings(deadline=None)
@given(looks=LOOKS)
def test_whatever_happens_the_live_alerts_are_what_holds(
    looks: Sequence[tuple[int | None, int | None, str | None, int | None, bool]],
):
    """After every look exactly the alerts that hold stand, and looking twice changes nothing the second time."""
    store = Remembered()
    for usage, quota, cycle, days, retired in looks:
        expires = None if days is None else NOW + timedelta(days=days)
        sim = replace(
            used(usage, quota, cycle=cycle),
            plan_expires_at=expires,
            status=Status.RETIRED if retired else Status.ACTIVE,
        )
        store.look(sim)
        standing = {(a.finding.kind, a.finding.threshold) for a in store.live if a.state is not State.WORSENED}

        assert standing == expected(usage, quota, days, retired=retired)
        assert store.look(sim) == Verdict()


# What people do


ALERT = Alert(id=3, finding=judge(used(85, 100), LIMITS, label="Pump 7", now=NOW)[0], raised_at=NOW)


@pytest.mark.parametrize("role", list(Role))
def test_it_takes_an_operator_to_act(role: Role):
    """Acknowledging and snoozing take an operator; who is less hears so."""
    person, until = Person("U1", role), NOW + timedelta(days=1)
    if role >= Role.OPERATOR:
        taken = acknowledge(ALERT, by=person, now=NOW)
        assert (taken.state, taken.by, taken.at, taken.version) == (State.ACKNOWLEDGED, "U1", NOW, 2)
        put_off = snooze(ALERT, by=person, until=until, now=NOW)
        assert (put_off.state, put_off.by, put_off.until, put_off.version) == (State.SNOOZED, "U1", until, 2)
        return
    with pytest.raises(NotAllowed, match="to acknowledge alerts you have to be an operator"):
        acknowledge(ALERT, by=person, now=NOW)
    with pytest.raises(NotAllowed, match="to snooze alerts you have to be an operator"):
        snooze(ALERT, by=person, until=until, now=NOW)


@pytest.mark.parametrize(("state", "words"), [(State.CLEARED, "over already"), (State.WORSENED, "got worse since")])
def test_nothing_to_do_about_what_is_over(state: State, words: str):
    """A stale button on a cleared or overtaken alert is refused with the reason."""
    alert = replace(ALERT, state=state)
    with pytest.raises(NotPossible, match=words):
        acknowledge(alert, by=OPERATOR, now=NOW)
    with pytest.raises(NotPossible, match=words):
        snooze(alert, by=OPERATOR, until=NOW, now=NOW)


def test_acknowledged_once():
    """A second Acknowledge hears who has it; snoozing it and taking it back is allowed."""
    taken = acknowledge(ALERT, by=OPERATOR, now=NOW)
    with pytest.raises(NotPossible, match="<@U1> has acknowledged this already"):
        acknowledge(taken, by=Person("U2", Role.ADMIN), now=NOW)

    put_off = snooze(taken, by=Person("U2", Role.ADMIN), until=NOW + timedelta(days=1), now=NOW)
    assert acknowledge(put_off, by=OPERATOR, now=NOW).until is None


def test_a_double_click_snoozes_once():
    """Put off twice in a moment is once; put off again later is longer."""
    until = NOW + timedelta(days=1)
    put_off = snooze(ALERT, by=OPERATOR, until=until, now=NOW)

    with pytest.raises(NotPossible, match="has put this off already"):
        snooze(put_off, by=OPERATOR, until=until + timedelta(seconds=1), now=NOW + timedelta(seconds=1))
    assert snooze(put_off, by=OPERATOR, until=until + timedelta(hours=1), now=NOW).until == until + timedelta(hours=1)


def test_a_snooze_that_is_over():
    """An alert that wakes is open again, with nobody's name and no end on it."""
    awake = wake(snooze(ALERT, by=OPERATOR, until=NOW, now=NOW), now=NOW)

    assert (awake.state, awake.by, awake.until, awake.version) == (State.OPEN, None, None, 3)
