"""Which policy a request falls under, how long it waits, and that a request keeps the policy it was asked under."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.covering import covers
from bot.rules.hours import read_hours
from bot.rules.kinds import Kind
from bot.rules.policies import (
    DEFAULTS,
    LAST,
    Facts,
    Met,
    Policy,
    When,
    check_reason,
    choose,
    escalated,
    escalates_at,
    fitting,
    found,
    judge,
    remind_at,
)
from bot.rules.policy_data import of_data, to_data
from bot.rules.sims import Operation, Sim, Status

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # a Monday
ACME, BETA = Kind("acme", "iot-100"), Kind("beta", "iot-10")


def facts(operation: Operation = Operation.SUSPEND, count: int = 1, *kinds: Kind, environment: str = "") -> Facts:
    """A request for SIMs of these kinds."""
    return Facts(operation, count, frozenset(kinds or {ACME}), NOW, environment)


def custom(number: int, value: str | None) -> Kind:
    """A SIM of Acme with this in one of its custom fields."""
    return Kind("acme", custom=tuple(value if n == number else None for n in range(1, 6)))


# Choosing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "asked", "met"),
    [
        (When(), facts(), Met.YES),
        (When(operations=(Operation.SUSPEND,)), facts(), Met.YES),
        (When(operations=(Operation.RETIRE, Operation.SMS)), facts(), Met.NO),
        (When(sims=(10, None)), facts(count=10), Met.YES),
        (When(sims=(10, None)), facts(count=9), Met.NO),
        (When(sims=(1, 5)), facts(count=6), Met.NO),
        (When(accounts=("acme",)), facts(), Met.YES),
        (When(accounts=("ACME ",)), facts(), Met.YES),
        (When(accounts=("beta", "gamma")), facts(), Met.NO),
        (When(accounts=("beta",)), facts(Operation.SUSPEND, 1, Kind()), Met.PERHAPS),
        (When(accounts=("beta",), sims=(2, None)), facts(Operation.SUSPEND, 1, Kind()), Met.NO),
        (When(plans=("iot-100",)), facts(), Met.YES),
        (When(plans=("iot-100",)), facts(Operation.SUSPEND, 1, Kind("acme")), Met.NO),
        (When(custom=((2, ("prod",)),)), facts(Operation.SUSPEND, 1, custom(2, "Prod")), Met.YES),
        (When(custom=((2, ("prod",)),)), facts(Operation.SUSPEND, 1, custom(3, "prod")), Met.NO),
        (When(custom=((2, ("prod",)),)), facts(Operation.SUSPEND, 1, custom(2, None)), Met.NO),
        (When(environments=("production",)), facts(environment="production"), Met.YES),
        (When(environments=("production",)), facts(environment="staging"), Met.NO),
        (When(hours=read_hours("Mon-Fri 08:00-18:00 UTC")), facts(), Met.YES),
        (When(hours=read_hours("outside Mon-Fri 08:00-18:00 UTC")), facts(), Met.NO),
    ],
)
def test_each_condition(when: When, asked: Facts, met: Met) -> None:
    """A condition left out asks for nothing; names are compared without case; an account not known is perhaps any."""
    [kind] = asked.kinds

    assert fitting(Policy("x", when), asked, kind) is met


def test_the_first_that_fits_decides() -> None:
    """Of two that fit the one that stands first decides, also where it asks for less."""
    lab = Policy("lab", When(accounts=("acme",)), approval=False)
    many = Policy("many", When(sims=(10, None)), quorum=2)

    assert choose([lab, many], facts(count=100)) == lab
    assert choose([many, lab], facts(count=100)) == many
    assert choose([many, lab], facts(count=9)) == lab
    assert choose([many, lab], facts(Operation.SUSPEND, 9, BETA)) == LAST


def test_each_kind_of_sim_finds_its_policy() -> None:
    """Plans and custom fields decide as accounts do, also where no other policy looks at them."""
    plan, prod = Policy("plan", When(plans=("iot-100",))), Policy("prod", When(custom=((2, ("prod",)),)))

    assert choose([plan], facts()) == plan
    assert choose([plan], facts(Operation.SUSPEND, 1, BETA)) == LAST
    assert choose([prod], facts(Operation.SUSPEND, 1, custom(2, "prod"))) == prod
    assert choose([prod], facts(Operation.SUSPEND, 1, custom(1, "prod"))) == LAST


def test_one_sms_needs_nobody() -> None:
    """Where nothing is configured, one SMS to one SIM needs no approval, and everything else one approver."""
    assert not choose(DEFAULTS, facts(Operation.SMS)).approval
    for asked in (facts(Operation.SMS, 2), *(facts(o) for o in Operation if o is not Operation.SMS)):
        assert choose(DEFAULTS, asked) == LAST
    assert (LAST.people, LAST.requester_counts, LAST.approvers) == (1, False, ())


def test_a_mixed_list_has_to_satisfy_each_of_its_policies() -> None:
    """SIMs that need two people stay SIMs that need two, whatever they are mixed with, and no policy is left out."""
    acme = Policy("acme", When(accounts=("acme",)), approvers=("S1",), notify=("U7",), lives_for=timedelta(hours=2))
    beta = Policy("beta", When(accounts=("beta",)), quorum=2, approvers=("S2",), cooling_off=timedelta(days=3))
    lab = Policy("lab", When(accounts=("lab",)), approval=False)

    both = choose([lab, acme, beta], facts(Operation.RETIRE, 3, ACME, BETA, Kind("lab")))

    assert both.title == "beta + lab + acme"
    assert (both.people, both.approvers) == (2, ("S2",))
    assert both.also == (lab, acme)
    assert both.lives_for == timedelta(hours=2)
    assert both.cooling_off == timedelta(days=3)
    assert both.notify == ("U7",)
    assert both.groups == {"S1", "S2"}
    assert choose([lab, acme, beta], facts(Operation.RETIRE, 3, BETA)) == beta


def test_what_asks_for_nobody_does_not_open_the_door_for_others() -> None:
    """A list that mixes SIMs nobody has to approve with others needs what the others need."""
    lab = Policy("lab", When(accounts=("lab",)), approval=False)

    mixed = choose([lab], facts(Operation.SUSPEND, 2, Kind("lab"), BETA))

    assert mixed.approval
    assert mixed.people == 1
    assert not choose([lab], facts(Operation.SUSPEND, 2, Kind("lab"))).approval


def test_a_sim_without_a_known_account() -> None:
    """What could be any account has to satisfy each policy it could fall under, so that silence opens no door."""
    acme = Policy("acme", When(accounts=("acme",)), quorum=2)
    lab = Policy("lab", When(accounts=("lab",)), approval=False)

    chosen = choose([lab, acme], facts(Operation.SUSPEND, 1, Kind()))

    assert chosen.people == 2
    assert [part.name for part in chosen.also] == ["lab", "everything else"]


NAMES = st.sampled_from(["acme", "beta", "gamma"])
OPERATIONS = st.sampled_from([Operation.SMS, Operation.RETIRE])
RANGES = st.sampled_from([None, (1, 1), (2, None), (1, 50), (10, 20)])
WHENS = st.builds(
    When,
    operations=st.lists(OPERATIONS, max_size=2, unique=True).map(tuple),
    sims=RANGES,
    accounts=st.lists(NAMES, max_size=2, unique=True).map(tuple),
    custom=st.just(()) | st.lists(NAMES, min_size=1, max_size=2, unique=True).map(lambda v: ((2, tuple(v)),)),
)
KINDS = st.builds(Kind, account=NAMES, custom=st.tuples(st.none(), st.none() | NAMES, st.none(), st.none(), st.none()))
ASKED = st.builds(
    Facts,
    operation=OPERATIONS,
    count=st.sampled_from([1, 2, 10, 50, 51]),
    kinds=st.frozensets(KINDS, min_size=1, max_size=3),
    at=st.just(NOW),
)
LISTS = st.lists(st.builds(Policy, st.just("x"), WHENS, quorum=st.integers(1, 3)), max_size=4).map(
    lambda policies: [replace(p, name=f"p{n}") for n, p in enumerate(policies)]
)


@given(LISTS, ASKED)
def test_a_mixed_list_is_never_milder(policies: list[Policy], asked: Facts) -> None:
    """What a list falls under together is what each of its SIMs falls under alone, and asks for as many people."""
    alone = [choose(policies, replace(asked, kinds=frozenset({kind}))) for kind in asked.kinds]
    together = choose(policies, asked)

    assert {p.name for p in found(policies, asked)} == {p.name for p in alone}
    assert together.people == max(p.people for p in alone)
    assert {part.quorum for part in together.parts} == {p.quorum for p in alone}


@given(WHENS, WHENS, ASKED)
def test_what_is_covered_is_never_reached(wide: When, narrow: When, asked: Facts) -> None:
    """Where one policy covers another, nothing fits the second that does not fit the first."""
    if not covers(wide, narrow):
        return
    for kind in asked.kinds:
        if fitting(Policy("narrow", narrow), asked, kind) is Met.YES:
            assert fitting(Policy("wide", wide), asked, kind) is Met.YES


def test_the_facts_of_sims() -> None:
    """Many SIMs of one kind are one kind, counted; the environment goes with them."""
    sim = Sim("1", Status.ACTIVE, "ACTIVATED", account="acme", plan="iot", custom=("a", None, None, None, None))

    asked = Facts.of(Operation.PLAN, (replace(sim, giccid=str(n)) for n in range(5)), at=NOW, environment="lab")

    assert asked.count == 5
    assert asked.kinds == {Kind("acme", "iot", ("a", None, None, None, None))}
    assert asked.environment == "lab"


def test_each_condition_is_said() -> None:
    """A policy says each thing it asks for and what became of it; text from outside can be quoted."""
    hours = read_hours("08:00-18:00 UTC")
    when = When((Operation.RETIRE,), (10, None), ("acme", "b<c"), ("p",), ((2, ("prod",)),), ("lab",), hours)
    policy = Policy("x", when)

    said = judge(policy, facts(Operation.RETIRE, 200, environment="production"), ACME)

    assert [(one.words, one.met) for one in said] == [
        ("the change is retire", Met.YES),
        ("10 SIMs or more, asked for 200", Met.YES),
        ("the account is “acme” or “b‹c”", Met.YES),
        ("the plan is “p”", Met.NO),
        ("custom2 is “prod”", Met.NO),
        ("this bot's environment is “lab”", Met.NO),
        ("the time is in 08:00-18:00 UTC", Met.YES),
    ]


# Reasons -------------------------------------------------------------------------------------------------------------

TICKET = Policy("final", reason_pattern="OPS-[0-9]+.*", reason_hint="a ticket such as OPS-1")


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (Policy("x"), None),
        (Policy("x", reason_required=True), "lost"),
        (TICKET, "OPS-12 lost"),
        (TICKET, "  OPS-12  "),
        (replace(Policy("x"), also=(TICKET,)), "OPS-12"),
    ],
)
def test_a_reason_that_will_do(policy: Policy, reason: str | None) -> None:
    """Where none is wanted none is needed; one that matches will do."""
    check_reason(policy, reason)


@pytest.mark.parametrize(
    ("policy", "reason", "said"),
    [
        (Policy("x", reason_required=True), None, "The policy “x” wants a reason behind “because”."),
        (Policy("x", reason_required=True), "  ", "wants a reason"),
        (TICKET, None, "wants a reason behind “because”: a ticket such as OPS-1."),
        (TICKET, "lost", "wants another reason; it has to be like this: a ticket such as OPS-1."),
        (TICKET, "OPS-1" + "x" * 600, "wants another reason"),
        (replace(TICKET, reason_hint=None), "lost", "`OPS-[0-9]+.*`, and have at most 500 characters."),
        (replace(Policy("x"), also=(TICKET,)), "lost", "The policy “final” wants another reason"),
    ],
)
def test_a_reason_that_will_not(policy: Policy, reason: str | None, said: str) -> None:
    """A reason that is missing or not like the pattern is refused, with what it has to be like."""
    with pytest.raises(BadInput) as refused:
        check_reason(policy, reason)

    assert said in str(refused.value)


# Waiting -------------------------------------------------------------------------------------------------------------


def minutes(policy: Policy, count: int) -> list[int | None]:
    """When each reminder is due, in minutes after asking."""
    times = [remind_at(policy, NOW, n) for n in range(count)]
    return [None if at is None else int((at - NOW).total_seconds()) // 60 for at in times]


def test_reminders_double_up_to_the_most() -> None:
    """Reminders come after 15, 45, 105 minutes and so on, never further apart than the most, none after the end."""
    policy = Policy("x", remind_at_most=timedelta(hours=2))

    assert minutes(policy, 7) == [15, 45, 105, 225, 345, 465, None]
    assert minutes(replace(policy, lives_for=timedelta(minutes=45)), 3) == [15, None, None]
    assert minutes(replace(policy, remind_at_most=timedelta(minutes=1)), 3) == [15, 30, 45]
    assert minutes(replace(policy, remind_after=timedelta(0)), 2) == [None, None]


@given(st.integers(1, 600), st.integers(1, 600), st.integers(1, 3000))
def test_reminders_end(after: int, most: int, lives: int) -> None:
    """Reminders rise, keep the least distance, and end before the request lapses."""
    policy = Policy(
        "x",
        remind_after=timedelta(minutes=after),
        remind_at_most=timedelta(minutes=most),
        lives_for=timedelta(minutes=lives),
    )
    times = [at for n in range(lives + 2) if (at := remind_at(policy, NOW, n)) is not None] if lives < 200 else []

    assert all(later - sooner >= policy.remind_after for sooner, later in pairwise(times))
    assert all(NOW < at < NOW + policy.lives_for for at in times)
    assert remind_at(policy, NOW, lives + 1) is None


def test_escalation() -> None:
    """A request goes to more people from its time on, the first of all its policies', and never without anybody."""
    policy = Policy("x", escalate_after=timedelta(hours=1), escalate_to=("S9",))

    assert not escalated(policy, NOW, NOW + timedelta(minutes=59))
    assert escalated(policy, NOW, NOW + timedelta(hours=1))
    assert escalates_at(Policy("x"), NOW) is None
    assert not escalated(Policy("x"), NOW, NOW + timedelta(days=30))
    assert escalates_at(replace(Policy("y"), also=(policy,)), NOW) == NOW + timedelta(hours=1)


# Kept with the request -----------------------------------------------------------------------------------------------

IDS = st.lists(st.sampled_from(["U1", "U2", "S1", "S2"]), max_size=3, unique=True).map(tuple)
TIMES = st.integers(0, 10**7).map(lambda seconds: timedelta(seconds=seconds))
HOURS = st.none() | st.sampled_from(["Mon-Fri 08:00-18:00 Europe/Berlin", "outside 22:00-06:00 UTC"]).map(read_hours)
PLAIN = st.builds(
    Policy,
    name=st.text(min_size=1),
    when=st.builds(
        When,
        operations=st.lists(st.sampled_from(Operation), unique=True).map(tuple),
        sims=RANGES,
        accounts=st.lists(st.text()).map(tuple),
        plans=st.lists(st.text()).map(tuple),
        custom=st.lists(st.tuples(st.integers(1, 5), st.lists(st.text()).map(tuple)), max_size=2).map(tuple),
        environments=st.lists(st.text()).map(tuple),
        hours=HOURS,
    ),
    approval=st.booleans(),
    quorum=st.integers(1, 9),
    approvers=IDS,
    one_from_each=st.lists(IDS, max_size=3).map(tuple),
    requester_counts=st.booleans(),
    reason_required=st.booleans(),
    reason_pattern=st.none() | st.text(),
    reason_hint=st.none() | st.text(),
    lives_for=TIMES,
    remind_after=TIMES,
    remind_at_most=TIMES,
    escalate_after=TIMES,
    escalate_to=IDS,
    notify=IDS,
    cooling_off=TIMES,
)


@given(PLAIN, st.lists(PLAIN, max_size=2))
def test_a_policy_comes_back_as_it_went(policy: Policy, also: list[Policy]) -> None:
    """What a request keeps of its policy is the whole of it, also after it was written down as JSON."""
    whole = replace(policy, also=tuple(also))

    assert of_data(json.loads(json.dumps(to_data(whole)))) == whole


def test_a_policy_from_an_earlier_version() -> None:
    """What an older version did not write down has its default."""
    kept = {k: v for k, v in to_data(Policy("x", quorum=2)).items() if k in ("name", "quorum")}

    assert of_data({**kept, "of_a_later_version": 1}) == Policy("x", quorum=2)
