"""Each kind of rule finds what it is for, exactly at its limit, and is told once by any order of looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.rules.alert_rules import (
    Rule,
    Scope,
    Total,
    can_tell,
    judge,
    judge_account,
    judge_pool,
    judge_twins,
    usual,
)
from bot.rules.alerts import About, Alert, Finding, Kind, State, compare
from bot.rules.forecasts import DayUse
from bot.rules.pools import Pool
from bot.rules.sims import Addon, Sim, Status

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
SIM = Sim(
    giccid="8949212600000000142", status=Status.ACTIVE, status_word="ACTIVATED", cycle="2026-11", plan="iot-100",
    account="acme", country="DE", usage_bytes=0, quota_bytes=100, activated_at=NOW - 100 * DAY,
    last_session_at=NOW - 10 * DAY, custom=("Pump 7", "prod", None, None, None), imei="356938030000012",
)  # fmt: skip


def found(one: Rule, sim: Sim = SIM, past: tuple[DayUse, ...] = ()) -> list[int]:
    """The limits that are found."""
    return [f.threshold for f in judge(sim, [one], label="Pump 7", now=NOW, past=past)]


@pytest.mark.parametrize(
    ("one", "sim", "limits"),
    [
        (Rule("r", Kind.BYTES, (50, 90)), replace(SIM, usage_bytes=89), [50]),
        (Rule("r", Kind.BYTES, (50, 90)), replace(SIM, usage_bytes=90, quota_bytes=None), [90]),
        (Rule("r", Kind.BYTES, (50,)), replace(SIM, usage_bytes=None), []),
        (Rule("r", Kind.QUOTA, (80,)), replace(SIM, usage_bytes=-5), []),
        (Rule("r", Kind.SILENT, (7, 14)), SIM, [7]),
        (Rule("r", Kind.SILENT, (7, 10)), SIM, [10]),
        (Rule("r", Kind.SILENT, (11,)), SIM, []),
        (Rule("r", Kind.SILENT, (7,)), replace(SIM, status=Status.SUSPENDED), []),
        (Rule("r", Kind.SILENT, (7,)), replace(SIM, last_session_at=None), []),
        (Rule("r", Kind.IDLE, (10,)), SIM, [10]),
        (Rule("r", Kind.IDLE, (11,)), SIM, []),
        (Rule("r", Kind.IDLE, (90,)), replace(SIM, last_session_at=None), [90]),
        (Rule("r", Kind.IDLE, (10,)), replace(SIM, usage_bytes=1), []),
        (Rule("r", Kind.IDLE, (10,)), replace(SIM, usage_bytes=None), []),
        (Rule("r", Kind.IDLE, (10,)), replace(SIM, plan=None), []),
        (Rule("r", Kind.COUNTRY, allowed=("de", "AT")), SIM, []),
        (Rule("r", Kind.COUNTRY, allowed=("AT",)), SIM, [0]),
        (Rule("r", Kind.COUNTRY, allowed=("AT",)), replace(SIM, country=None), []),
        (Rule("r", Kind.PLAN, allowed=("iot-500",)), SIM, [0]),
        (Rule("r", Kind.PLAN, allowed=("IOT-100",)), SIM, []),
        (Rule("r", Kind.RUN_OUT, (7, 3)), replace(SIM, usage_bytes=90), [3]),
        (Rule("r", Kind.RUN_OUT, (7, 3)), replace(SIM, usage_bytes=50), []),
        (Rule("r", Kind.RUN_OUT, (7, 3)), replace(SIM, usage_bytes=100), [0]),
        (Rule("r", Kind.TWIN), SIM, []),
        (Rule("r", Kind.QUOTA, (1,), about=About.POOL), replace(SIM, usage_bytes=100), []),
    ],
)
def test_each_kind_at_its_limit(one: Rule, sim: Sim, limits: list[int]):
    """Each kind finds exactly from its limit on; what is not known is nothing found."""
    assert found(one, sim) == limits


@pytest.mark.parametrize(
    ("left", "limits"),
    [
        ((30 * DAY, 31 * DAY), [30]),
        ((7 * DAY, 3 * DAY), [7, 3]),
        ((timedelta(0), DAY), [0, 1]),
        ((-DAY + timedelta(seconds=1),), [0]),
        ((-DAY, -100 * DAY), []),
        ((None,), []),
        ((), []),
    ],
)
def test_each_addon_by_its_own_end(left: tuple[timedelta | None, ...], limits: list[int]):
    """Each add-on is told at its days; what has ended a day ago, what has no end, and none at all are not."""
    ends = [None if one is None else NOW + one for one in left]
    sim = replace(SIM, addons=tuple(Addon(f"extra-{n}", expires_at=end) for n, end in enumerate(ends)))
    assert found(Rule("r", Kind.ADDON, (30, 7, 3, 1)), sim) == limits


def test_addons_come_and_go():
    """Two of a name that end on one day are one alert; what another order of them shows is not left out of the list."""
    one, end = Rule("r", Kind.ADDON, (7,)), NOW + 2 * DAY
    sim = replace(SIM, addons=(Addon("extra", expires_at=end), Addon("extra", expires_at=end)))
    [told] = judge(sim, [one], label="Pump 7", now=NOW)
    assert (told.detail, told.expires_at, told.gravity) == ("extra", end, -7)
    assert not can_tell(SIM, told, now=NOW), "none at all may be left out"
    assert can_tell(SIM, told, now=end)
    assert can_tell(replace(SIM, addons=(Addon("other"),)), told, now=NOW)


@given(st.lists(st.tuples(st.integers(-30, 200), st.integers(0, 9)), max_size=5))
def test_addons_that_are_one_to_whoever_reads(bought: list[tuple[int, int]]):
    """However many of a name end on one day, at any hour and with any rest, there is one alert, by the first to end."""
    one = Rule("r", Kind.ADDON, (7, 3, 1))
    sim = replace(SIM, addons=tuple(Addon("x", used_bytes=b, expires_at=NOW + timedelta(hours=h)) for h, b in bought))
    told = judge(sim, [one], label="Pump 7", now=NOW)
    ends = [NOW + timedelta(hours=h) for h, _ in bought if -24 < h <= 7 * 24]
    assert {f.expires_at for f in told} == {min(e for e in ends if e.date() == day) for day in {e.date() for e in ends}}
    assert len({f.cycle for f in told}) == len(told)


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        (Scope(), True),
        (Scope(accounts=("ACME",)), True),
        (Scope(accounts=("other",)), False),
        (Scope(plans=("iot-100",), countries=("DE", "FR")), True),
        (Scope(plans=("iot-100",), countries=("FR",)), False),
        (Scope(custom=((2, ("prod",)),)), True),
        (Scope(custom=((3, ("x",)),)), False),
    ],
)
def test_a_rule_is_for_its_scope(scope: Scope, holds: bool):
    """All that a scope names has to fit; what is not known of a SIM fits no list."""
    assert found(Rule("r", Kind.SILENT, (7,), scope=scope)) == ([7] if holds else [])


def test_a_jump_is_measured_by_the_sims_own_past():
    """Five times the usual day is found from exactly five times on, and not below the least that counts."""
    past = [DayUse((NOW - n * DAY).date(), 10_000_000) for n in range(1, 11)]
    one = Rule("r", Kind.SPIKE, (5, 20))
    for today, limits in ((49_999_999, []), (50_000_000, [5]), (200_000_000, [20])):
        assert found(one, past=(*past, DayUse(NOW.date(), today))) == limits
    tiny = [DayUse((NOW - n * DAY).date(), 1) for n in range(1, 11)]
    assert found(one, past=(*tiny, DayUse(NOW.date(), 9_999_999))) == []
    assert found(one, past=(DayUse(NOW.date(), 10**12),)) == [], "there is too little to go on"


def test_pools_accounts_and_devices():
    """What is about a pool, an account or a device is found by its own look, with whose it is."""
    pool = Pool("eu", used_bytes=90, total_bytes=100, cycle="2026-11")
    of_pool = Rule("p", Kind.QUOTA, (80, 95), about=About.POOL)
    runs_out = Rule("o", Kind.RUN_OUT, (7,), about=About.POOL)
    [quota, forecast] = judge_pool("acme", pool, [of_pool, runs_out], now=NOW)
    assert (quota.threshold, quota.label, quota.account, quota.about) == (80, "eu", "acme", About.POOL)
    assert forecast.expires_at is not None
    assert judge_pool("other", pool, [replace(of_pool, scope=Scope(accounts=("acme",)))], now=NOW) == ()
    of_account = Rule("a", Kind.QUOTA, (80,), about=About.ACCOUNT)
    assert [f.giccid for f in judge_account(Total("acme", "2026-11", 80, 100), [of_account])] == ["acme"]
    assert judge_account(Total("acme", "2026-11", 80, None), [of_account]) == ()
    other = replace(SIM, giccid="2", account="other")
    twins = judge_twins("35693803000001", [(SIM, "Pump 7"), (other, "Pump 8")], [Rule("t", Kind.TWIN)])
    assert [(f.giccid, f.detail) for f in twins] == [
        (SIM.giccid, f"IMEI {SIM.imei}, also in Pump 8 (2)"),
        ("2", f"IMEI {SIM.imei}, also in Pump 7 ({SIM.giccid})"),
    ]


def test_one_number_in_many_devices():
    """Thousands of SIMs with one number are judged as quickly, for each, as two, and each is told how many there are;
    one that is left of them, where the list was cut off, is no twin."""

    class Counted(list[tuple[Sim, str]]):
        """A list that counts how many of it were looked at."""

        looked_at = 0

        def __iter__(self) -> Iterator[tuple[Sim, str]]:
            for one in super().__iter__():
                Counted.looked_at += 1
                yield one

    sims = Counted((replace(SIM, giccid=str(n)), f"Pump {n}") for n in range(300))
    told = judge_twins("35693803000001", sims, [Rule("t", Kind.TWIN)])
    assert Counted.looked_at <= 600
    assert len(told) == 300
    assert [f.detail for f in told[:2]] == [
        f"IMEI {SIM.imei}, also in Pump 1 (1) and 298 more",
        f"IMEI {SIM.imei}, also in Pump 0 (0) and 298 more",
    ]
    assert judge_twins("35693803000001", sims[:1], [Rule("t", Kind.TWIN)]) == ()


# What happens over time, beside a reference that is as plain as can be


@dataclass
class Told:
    """The alerts of one SIM as a store keeps them."""

    alerts: list[Alert] = field(default_factory=list)
    count: int = 0

    def look(self, sim: Sim, rules: tuple[Rule, ...], now: datetime) -> None:
        """One look, stored."""
        live = [a for a in self.alerts if a.state is not State.CLEARED]
        now_found = judge(sim, rules, label="Pump 7", now=now)
        held = {(f.rule, f.kind) for f in now_found}
        told = [a for a in live if (a.finding.rule, a.finding.kind) in held or can_tell(sim, a.finding, now=now)]
        verdict = compare(told, now_found, now=now)
        changed = {a.id: a for a in verdict.change}
        self.alerts = [changed.get(a.id, a) for a in self.alerts]
        for one in verdict.announce:
            self.alerts.append(Alert(len(self.alerts) + 1, one, now))
            self.count += 1

    def standing(self) -> list[Finding]:
        """What is neither over nor taken over."""
        return [a.finding for a in self.alerts if a.state not in (State.CLEARED, State.WORSENED)]


PERCENT = (80, 95, 100)


def test_a_cycle_that_is_left_out():
    """A cycle that SmartHub leaves out for a look is not another one: nothing is told again, nor is it over. The next
    cycle is, also when it comes after such a look."""
    told, full = Told(), replace(SIM, usage_bytes=90, quota_bytes=100)
    for cycle, count in (("2026-11", 1), (None, 1), ("2026-11", 1), (None, 1), ("2026-12", 2), (None, 2)):
        told.look(replace(full, cycle=cycle), usual(PERCENT), NOW)
        assert (told.count, len(told.standing())) == (count, 1), cycle


class Quota(RuleBasedStateMachine):
    """A quota that is used, topped up, put on another plan and begun anew, with looks that fail and are repeated.

    The reference keeps a set of the limits that were told in this cycle and plan. It tells the gravest limit that is
    reached and not in the set; one that is not reached any more is taken out, so that it may be told again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told, self.sim, self.now = Told(), replace(SIM, usage_bytes=0, quota_bytes=100), NOW
        self.count, self.key, self.set = 0, ("2026-11", "iot-100"), set[int]()

    @rule(more=st.integers(0, 30))
    def use(self, more: int) -> None:
        """The SIM uses some."""
        self.sim = replace(self.sim, usage_bytes=(self.sim.usage_bytes or 0) + more)

    @rule(more=st.integers(1, 100))
    def top_up(self, more: int) -> None:
        """Its quota grows."""
        self.sim = replace(self.sim, quota_bytes=(self.sim.quota_bytes or 0) + more)

    @rule()
    def next_cycle(self) -> None:
        """A cycle begins."""
        month = int((self.sim.cycle or "2026-11")[-2:]) % 12 + 1
        self.sim = replace(self.sim, cycle=f"2026-{month:02d}", usage_bytes=0, quota_bytes=100)

    @rule(plan=st.sampled_from(["iot-100", "iot-500"]))
    def change_plan(self, plan: str) -> None:
        """Somebody changes the plan; what was used stays."""
        self.sim = replace(self.sim, plan=plan)

    @rule(times=st.integers(1, 3))
    def look(self, times: int) -> None:
        """A look, some more of the same right after, and a day passes."""
        for _ in range(times):
            self.told.look(self.sim, usual(PERCENT), self.now)
        self.refer()
        self.now += DAY

    @rule()
    def look_without_usage(self) -> None:
        """SmartHub leaves the usage out: nothing follows."""
        if (self.sim.cycle, self.sim.plan) == self.key:
            self.told.look(replace(self.sim, usage_bytes=None), usual(PERCENT), self.now)

    @rule()
    def look_without_its_cycle(self) -> None:
        """SmartHub leaves the cycle out while nothing is new: nothing is told, and what has eased is over."""
        used, whole = self.sim.usage_bytes or 0, self.sim.quota_bytes or 0
        reached = [p for p in PERCENT if used * 100 >= whole * p]
        if (self.sim.cycle, self.sim.plan) == self.key and (not reached or max(reached) in self.set):
            self.told.look(replace(self.sim, cycle=None), usual(PERCENT), self.now)
            self.refer()

    def refer(self) -> None:
        """The plain calculation."""
        key = (self.sim.cycle or "", self.sim.plan or "")
        if key != self.key:
            self.key, self.set = key, set()
        used, whole = self.sim.usage_bytes or 0, self.sim.quota_bytes or 0
        reached = [p for p in PERCENT if used * 100 >= whole * p]
        self.set = {p for p in self.set if p in reached}
        if reached and max(reached) not in self.set:
            self.set.add(max(reached))
            self.count += 1

    @invariant()
    def as_many_as_the_reference_says(self) -> None:
        """What was told is exactly what the reference tells, and one alert stands at most."""
        assert self.told.count == self.count
        assert len(self.told.standing()) == (1 if self.set else 0)
        assert all(f.threshold == max(self.set) for f in self.told.standing())


Quota.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestQuota = Quota.TestCase
