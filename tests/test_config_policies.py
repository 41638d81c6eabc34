"""[[policies]] in the configuration: what the rules get of them, and a sentence for every mistake."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.config.policies import Policy, rules_of
from bot.rules.hours import read_hours
from bot.rules.policies import DEFAULTS, LAST, When
from bot.rules.policies import Policy as Rule
from bot.rules.sims import Operation
from tests.test_config import EXAMPLE, load, mistakes


def rules(more: str) -> tuple[Rule, ...]:
    """What the rules get of a configuration with these policies."""
    config = load(more)
    return rules_of(config.policies, config.approvals)


def policy(settings: str) -> str:
    """A policy with these settings, below one that is well."""
    return f'[[policies]]\nname = "a"\noperations = ["sms"]\n[[policies]]\nname = "b"\n{settings}'


def test_without_policies_there_are_the_defaults() -> None:
    """With none in the file, one SMS to one SIM needs nobody, and everything else one approver who did not ask."""
    assert rules("") == DEFAULTS
    assert not DEFAULTS[0].approval
    assert DEFAULTS[0].when == When((Operation.SMS,), (1, 1))
    assert (LAST.quorum, LAST.requester_counts, LAST.approvers) == (1, False, ())


def test_a_list_is_closed() -> None:
    """What fits no policy of the file needs one approver; a list that fits everything gets nothing put behind it."""
    assert rules(policy('operations = ["retire"]'))[-1] == LAST
    assert [rule.name for rule in rules(policy(""))] == ["a", "b"]


def test_every_setting_arrives() -> None:
    """Each setting of a policy stands in the rule, the times in the place of those of [approvals]."""
    [rule, _] = rules("""
        [[policies]]
        name = "all of it"
        operations = ["retire", "plan"]
        sims = ">=10"
        accounts = ["acme", "Beta Ltd"]
        plans = ["iot-100"]
        custom2 = ["prod"]
        environment = ["staging"]
        hours = "Sat,Sun 22:00-06:00 Europe/Berlin"
        quorum = 3
        from = ["S1"]
        one_from_each = [["S2"], ["U1", "S3"]]
        requester_counts = true
        reason_required = true
        reason_pattern = "OPS-[0-9]+.*"
        reason_hint = "a ticket"
        lives_for = "2h"
        remind_after = "never"
        remind_at_most = "1h"
        cooling_off = "none"
        escalate_after = "30m"
        escalate_to = ["S4"]
        notify = ["U9"]
    """)

    hours = read_hours("Sat,Sun 22:00-06:00 Europe/Berlin")
    assert rule == Rule(
        name="all of it",
        when=When(
            operations=(Operation.RETIRE, Operation.PLAN),
            sims=(10, None),
            accounts=("acme", "Beta Ltd"),
            plans=("iot-100",),
            custom=((2, ("prod",)),),
            environments=("staging",),
            hours=hours,
        ),
        quorum=3,
        approvers=("S1",),
        one_from_each=(("S2",), ("U1", "S3")),
        requester_counts=True,
        reason_required=True,
        reason_pattern="OPS-[0-9]+.*",
        reason_hint="a ticket",
        lives_for=timedelta(hours=2),
        remind_after=timedelta(0),
        remind_at_most=timedelta(hours=1),
        cooling_off=timedelta(0),
        escalate_after=timedelta(minutes=30),
        escalate_to=("S4",),
        notify=("U9",),
    )


def test_the_usual_times_are_those_of_approvals() -> None:
    """A policy that names no times has those of [approvals], and so have the defaults."""
    usual = '[approvals]\nlives_for = "2h"\nremind_after = "5m"\nremind_at_most = "1h"\ncooling_off = "none"\n'

    for rule in (*rules(usual), *rules(usual + policy('operations = ["plan"]'))):
        assert (rule.lives_for, rule.remind_after) == (timedelta(hours=2), timedelta(minutes=5))
        assert (rule.remind_at_most, rule.cooling_off) == (timedelta(hours=1), timedelta(0))


@pytest.mark.parametrize(
    ("written", "sims"),
    [
        ('">=10"', (10, None)),
        ('">10"', (11, None)),
        ('"<=5"', (1, 5)),
        ('"<5"', (1, 4)),
        ('"1"', (1, 1)),
        ("7", (7, 7)),
        ('" 2 - 50 "', (2, 50)),
    ],
)
def test_numbers_of_sims(written: str, sims: tuple[int, int | None]) -> None:
    """A number of SIMs can be written in these ways."""
    assert rules(policy(f"sims = {written}"))[1].when.sims == sims


SENTENCES = {
    "quorum = 0": "policies[2].quorum = 0: write a whole number of people from 1 to 20, without quotes.",
    "quorum = true": "policies[2].quorum = true: write a whole number",
    "quorom = 2": "policies[2].quorom is not a setting: did you mean policies[2].quorum?",
    'fro = ["U1"]': "did you mean policies[2].from?",
    'from = ["bob"]': 'policies[2].from (entry 1) = "bob": write a member id',
    'from = ["everyone"]': '"everyone" can stand under viewers only',
    "from = []": "policies[2].from = []: write something into this list, or leave the setting out.",
    'from = ["U1", "U1"]': "write each of them once",
    'from = "U1"': 'policies[2].from = "U1": write a list in square brackets.',
    'one_from_each = ["S1"]': "policies[2].one_from_each (entry 1)",
    "one_from_each = []": "write a list of lists",
    "one_from_each = [[]]": "policies[2].one_from_each (entry 1) = []: write something into this list",
    'one_from_each = [["S1"], ["S2"]]\nquorum = 2\nfrom = ["U1"]': "nobody is left to approve by `from`",
    'operations = ["delete"]': 'policies[2].operations (entry 1) = "delete": write "activate" or "suspend"',
    'sims = "many"': 'policies[2].sims = "many": write a number of SIMs such as',
    'sims = "5-2"': "there is no such number of SIMs",
    'sims = "0"': "there is no such number of SIMs",
    'sims = "<1"': "there is no such number of SIMs",
    'sims = ">=2-5"': "write a number of SIMs such as",
    "sims = true": "policies[2].sims = true: write a number of SIMs",
    'accounts = [""]': "policies[2].accounts (entry 1)",
    'environment = "production"': "write a list in square brackets",
    'environment = ["Big One"]': "write a word in small letters",
    'hours = "Mon-Fri 8-18"': "write hours such as “Mon-Fri 08:00-18:00 Europe/Berlin”",
    'hours = "Mon-Fri 08:00-18:00 Europe/Bonn"': "there is no such time zone",
    'hours = "Mon-Fri 08:00-18:00 Europe"': "there is no such time zone",
    'hours = "Mon-Fry 08:00-18:00 UTC"': "the days are Mon, Tue",
    'hours = "08:00-08:00 UTC"': "begin where they end",
    'hours = "08:00-25:00 UTC"': "25:00 is on no clock",
    "hours = 3": "policies[2].hours = 3: write hours",
    'reason_pattern = "(a+)+"': "a group in brackets cannot be repeated here",
    'reason_pattern = "(a"': "write a regular expression that Python can read",
    'lives_for = "8 hourz"': 'policies[2].lives_for = "8 hourz": write a duration',
    'remind_after = "sometimes"': 'from 1 min to 30 d, or "never".',
    'cooling_off = "never"': 'from 1 min to 30 d, or "none".',
    'escalate_to = ["S1"]': "write when, under escalate_after, or leave it out",
    'escalate_after = "1h"': "policies[2].escalate_to is missing: write who may approve after escalate_after.",
    'escalate_after = "9h"\nescalate_to = ["S1"]': "policies[2].escalate_after: write less than lives_for",
    "approval = false\nquorum = 2": "policies[2].quorum = 2: leave it out, since with approval = false",
    'approval = false\nfrom = ["U1"]': 'policies[2].from = ["U1"]: leave it out',
    'approval = "no"': 'policies[2].approval = "no": write true or false, without quotes.',
    "operations = ['sms']": "policies[2] (“b”) is never reached: policies[1] (“a”) stands above it",
}


@pytest.mark.parametrize(("more", "sentence"), SENTENCES.items(), ids=lambda text: text[:60])
def test_a_mistake_gets_its_sentence(more: str, sentence: str) -> None:
    """One mistake gives one sentence, with the path of the setting and what would be right."""
    [said] = mistakes(policy(more))

    assert sentence in said
    assert said.endswith((".", "?"))


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("[[policies]]\nquorum = 1", "policies[1].name is missing: write a name of 1 to 60 characters"),
        ('[[policies]]\nname = " "', "write a name of 1 to 60 characters on one line"),
        ('[policies]\nname = "a"', "policies = {…}: write each policy as a table under [[policies]]"),
        ("policies = 3", "policies = 3: write each policy as a table under [[policies]]"),
        ("policies = [3]", "write each policy as a table under [[policies]], with two brackets."),
        ("[approvals]\nquorum = 2", "approvals.quorum is not a setting: it belongs under [[policies]]."),
        (
            policy("").replace('"b"', '"A"'),
            "policies[2].name = “A”: policies[1] is called so already.",
        ),
        (
            '[[policies]]\nname = "everything else"\nsims = "1"',
            "policies[1].name = “everything else”: so is called what holds where no policy fits.",
        ),
    ],
)
def test_a_mistake_of_the_list_gets_its_sentence(more: str, sentence: str) -> None:
    """What is wrong with the list of policies as a whole is said in one sentence too."""
    [said] = mistakes(more)

    assert sentence in said


SHADOWS = [
    ("", 'operations = ["sms"]', True),
    ('operations = ["sms", "retire"]', 'operations = ["sms"]', True),
    ('operations = ["sms"]', 'operations = ["sms", "retire"]', False),
    ('operations = ["sms"]', "", False),
    ('sims = ">=10"', 'sims = "10-20"', True),
    ('sims = ">=10"', 'sims = "9-20"', False),
    ('sims = "1-50"', 'sims = ">=20"', False),
    ('sims = "1-50"', "", False),
    ('sims = ">=1"', 'accounts = ["acme"]', True),
    ('accounts = ["ACME", "beta"]', 'accounts = ["acme"]', True),
    ('accounts = ["acme"]', 'plans = ["iot"]', False),
    ('plans = ["iot"]', 'plans = ["iot"]\naccounts = ["acme"]', True),
    ('custom2 = ["prod", "live"]', 'custom2 = ["prod"]', True),
    ('custom2 = ["prod"]', 'custom3 = ["prod"]', False),
    ('environment = ["production"]', "", False),
    ('environment = ["production"]', 'environment = ["production"]', True),
    ('hours = "08:00-18:00 UTC"', 'hours = "08:00-18:00 UTC"\nsims = "1"', True),
    ('hours = "08:00-18:00 UTC"', 'hours = "09:00-17:00 UTC"', False),
    ('hours = "08:00-18:00 UTC"', "", False),
]


@pytest.mark.parametrize(("above", "below", "shadowed"), SHADOWS)
def test_a_policy_that_is_never_reached(above: str, below: str, shadowed: bool) -> None:
    """A policy below one that fits whatever it fits is refused; where something is left for it, it stays."""
    text = f'[[policies]]\nname = "a"\n{above}\n[[policies]]\nname = "b"\n{below}'
    if not shadowed:
        assert len(load(text).policies) == 2
        return
    [said] = mistakes(text)

    assert said == (
        "policies[2] (“b”) is never reached: policies[1] (“a”) stands above it and fits whatever this one fits. "
        "Move it up, or take it out."
    )


def test_the_example_shows_every_setting() -> None:
    """The first policy of the example has every setting there is; what it shows of the defaults is right."""
    text = re.sub(r"^#(?=[\[\w])", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    shown = tomllib.loads(text)["policies"][0]
    plain = rules_of([Policy(name="x")], load().approvals)[0]
    made = rules_of([Policy(**shown)], load().approvals)[0]

    assert set(shown) == {field.alias or name for name, field in Policy.model_fields.items()}
    for name in ("approval", "requester_counts", "reason_required", "lives_for", "remind_after", "remind_at_most"):
        assert getattr(made, name) == getattr(plain, name)
    assert made.cooling_off == plain.cooling_off


def test_the_second_example_is_the_default() -> None:
    """The short policy of the example says what holds without any."""
    text = re.sub(r"^#(?=[\[\w])", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)
    config = load()
    [_, short, _] = rules_of([Policy(**p) for p in tomllib.loads(text)["policies"]], config.approvals)

    assert replace(short, name="one SMS") == DEFAULTS[0]
