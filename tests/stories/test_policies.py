"""Policies at work: the answer to a question, who there is to decide, and what is wrong before anybody asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import BadInput
from bot.flows.policies import Policies
from bot.rules.kinds import Kind
from bot.rules.people import Roles
from bot.rules.policies import DEFAULTS, Facts, Policy, When
from bot.rules.questions import read_question
from bot.rules.quorum import Delegation, who_may
from bot.rules.sims import Operation
from bot.simulator.clock import HeldClock
from tests.views.test_policies import said

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ACME = Policy("acme", When(accounts=("acme",), environments=("production",)), quorum=2, approvers=("S1", "U9"))


@dataclass
class Groups:
    """Slack's user groups, as far as it tells of them, and which ones it was asked for."""

    members: Mapping[str, Collection[str] | None]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, group: str) -> Collection[str] | None:
        """Who is in it."""
        self.asked.append(group)
        return self.members.get(group)


def policies(*listed: Policy, environment: str = "production", **members: Collection[str] | None) -> Policies:
    """The policies of a bot with one operator, one approver and these groups."""
    return Policies(
        policies=listed or DEFAULTS,
        environment=environment,
        roles=Roles(operators=("UO",), approvers=("UA",), admins=("S9",)),
        members=Groups({"S1": {"U1", "U2"}, "S9": {"UM"}, **members}),
        clock=HeldClock(NOW),
    )


def facts(account: str) -> Facts:
    """A request for a SIM of this account."""
    return Facts(Operation.RETIRE, 1, frozenset({Kind(account)}), NOW)


def test_where_this_bot_works_counts() -> None:
    """A policy of another environment is not for this bot, whatever the request says of it."""
    assert policies(ACME).for_request(facts("acme")) == ACME
    assert policies(ACME, environment="lab").for_request(facts("acme")).name == "everything else"
    assert policies(ACME).for_request(replace(facts("acme"), environment="lab")) == ACME


async def test_who_there_is_to_decide() -> None:
    """The groups of the policy and of the roles are asked for now; delegations and who is gone come with them."""
    asked = NOW - timedelta(minutes=5)
    until = NOW + timedelta(days=1)

    voters = await policies(ACME).voters(
        ACME, asked_by="U1", asked_at=asked, delegations=[Delegation("U2", "UX", until)], gone={"U9"}
    )

    assert (voters.at, voters.asked_at) == (NOW, asked)
    assert voters.by_role == ("UA", "S9")
    assert who_may(ACME, voters) == {"U2", "UX"}
    assert who_may(Policy("any"), voters) == {"UA", "UM"}


async def test_a_question_is_answered() -> None:
    """`policy test` tells the policy, its people, and how many of them there are."""
    answer = await policies(ACME).question("retire 200 account:ACME")

    assert "“acme” decides" in said(answer)
    assert "2 people: 2 of <!subteam^S1> or <@U9>" in said(answer)
    assert "3 people could approve now" in said(answer)


async def test_a_question_while_slack_does_not_tell() -> None:
    """Without a group's members no number is guessed, and no trouble is made of it."""
    answer = await policies(ACME, S1=None).question("retire account:acme")

    assert "could approve now" not in said(answer)
    assert "⚠️" not in said(answer)


async def test_a_question_shows_what_is_impossible() -> None:
    """A policy that nobody can satisfy says so when it is asked about."""
    answer = await policies(ACME, S1=()).question("retire account:acme")

    assert "⚠️ The policy “acme” names the user group S1, and nobody is in it." in said(answer)


async def test_a_check_names_each_policy_that_cannot_be() -> None:
    """Each policy that nobody can satisfy is named, with its empty groups; those that can are not."""
    never = Policy("never", When(sims=(5, None)), quorum=9, approvers=("S1",))

    assert await policies().check() == []
    assert await policies(ACME, never, S1=()).check() == [
        "The policy “acme” names the user group S1, and nobody is in it. Add people to it.",
        "The policy “never” names the user group S1, and nobody is in it. Add people to it.",
    ]
    [said_of_it] = await policies(ACME, never).check()
    assert said_of_it.startswith("The policy “never” cannot be satisfied: it takes 9 people")
    assert await policies(ACME, never, S1=None).check() == []


async def test_a_check_counts_who_may_ask() -> None:
    """One person alone can approve what others ask for, and nobody where there are no others."""
    alone = Policies(
        policies=DEFAULTS,
        environment="x",
        roles=Roles(approvers=("UA",)),
        members=Groups({}),
        clock=HeldClock(NOW),
    )
    unknown = Policies(
        policies=DEFAULTS,
        environment="x",
        roles=Roles(operators=("S5",), approvers=("UA",)),
        members=Groups({}),
        clock=HeldClock(NOW),
    )

    [said_of_it] = await alone.check()
    assert "“everything else” cannot be satisfied" in said_of_it
    assert await unknown.check() == []


# What can be asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "operation", "count", "kinds"),
    [
        ("retire", Operation.RETIRE, 1, {("", "", "")}),
        ("Retire 200", Operation.RETIRE, 200, {("", "", "")}),
        ("suspend 1,200 SIMs", Operation.SUSPEND, 1200, {("", "", "")}),
        ("retire 200 account:acme", Operation.RETIRE, 200, {("acme", "", "")}),
        ("account:acme plan 3", Operation.PLAN, 3, {("acme", "", "")}),
        ('sms 2 account:"Acme Ltd" custom2:prod', Operation.SMS, 2, {("Acme Ltd", "", "prod")}),
        ("sms 2 account: “Acme Ltd” Plan:x", Operation.SMS, 2, {("Acme Ltd", "x", "")}),
        ("set 2 account:a account:b plan:x", Operation.SET, 2, {("a", "x", ""), ("b", "x", "")}),
    ],
)
def test_what_is_asked(text: str, operation: Operation, count: int, kinds: set[tuple[str, str, str]]) -> None:
    """A change, a number and filters in any order; a filter given twice means SIMs of both kinds."""
    asked = read_question(text, now=NOW, environment="lab")

    assert (asked.operation, asked.count, asked.environment, asked.at) == (operation, count, "lab", NOW)
    assert {(kind.account, kind.plan, kind.custom[1]) for kind in asked.kinds} == kinds


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("retire at:22:00", datetime(2026, 11, 23, 22, tzinfo=UTC)),
        ("retire at:2026-12-24T18:30", datetime(2026, 12, 24, 18, 30, tzinfo=UTC)),
        ("retire at:2026-12-24T18:30+01:00", datetime(2026, 12, 24, 17, 30, tzinfo=UTC)),
    ],
)
def test_when_it_is_asked_for(text: str, at: datetime) -> None:
    """A time of today or of any day, UTC unless it says otherwise."""
    assert read_question(text, now=NOW).at == at


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "What is it about?"),
        ("200", "“200” is no change; there are activate"),
        ("delete 200", "“delete” is no change"),
        ("retire many", "“many” is no number of SIMs"),
        ("retire 0", "“0” is no number of SIMs: write one from 1 to 1,000,000"),
        ("retire 8949212600000000001", "is no number of SIMs"),
        ("retire 2 3", "“3” is too much"),
        ("retire colour:red", "“colour:” is no filter; there are account:, plan:"),
        ('retire account:""', "A filter has nothing behind it"),
        ("retire at:never", "Write one time"),
        ("retire at:22:00 at:23:00", "Write one time"),
        ("retire " + " ".join(f"account:{n}" for n in range(51)), "These filters make 51 kinds of SIMs"),
    ],
)
def test_what_cannot_be_asked(text: str, sentence: str) -> None:
    """What is not understood is refused with what can be written instead."""
    with pytest.raises(BadInput) as refused:
        read_question(text, now=NOW)

    assert sentence in str(refused.value)
