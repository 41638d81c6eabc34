"""Whether those who said yes are enough: a person counts once, a right counts once, and who asked never counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NotAllowed
from bot.rules.policies import Policy
from bot.rules.quorum import (
    STRANGER,
    Delegation,
    Vote,
    Voters,
    enough,
    impossible,
    may_decide,
    missing,
    say_people,
    seats,
    taken,
    who_may,
)

ASKED = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
NOW = ASKED + timedelta(minutes=10)
GROUPS = {"SFIN": {"UF1", "UF2", "UBOTH"}, "SOPS": {"UO1", "UO2", "UBOTH"}}
VOTERS = Voters("UASK", ASKED, NOW, by_role=("UA", "SROLE"), members={**GROUPS, "SROLE": {"UR"}})
TWO_GROUPS = Policy("two", one_from_each=(("SFIN",), ("SOPS",)))
THREE = Policy("three", quorum=3, approvers=("SFIN", "SOPS"))


def votes(*people: str) -> list[Vote]:
    """A yes of each of them."""
    return [Vote(user, NOW) for user in people]


def given_on(*pairs: tuple[str, str], until: datetime = NOW + timedelta(days=1)) -> Voters:
    """The voters with these delegations, each from one person to another."""
    return replace(VOTERS, delegations=tuple(Delegation(a, b, until) for a, b in pairs))


# Enough --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "people", "is_enough"),
    [
        (Policy("one"), [], False),
        (Policy("one"), ["UA"], True),
        (Policy("one"), ["UR"], True),
        (Policy("one"), ["UF1"], False),
        (Policy("one"), ["UASK"], False),
        (Policy("none", approval=False), [], True),
        (Policy("named", approvers=("UF1",)), ["UA"], False),
        (Policy("named", approvers=("UF1",)), ["UF1"], True),
        (THREE, ["UF1", "UF2"], False),
        (THREE, ["UF1", "UF2", "UO1"], True),
        (THREE, ["UF1", "UF1", "UF1"], False),
        (TWO_GROUPS, ["UF1", "UF2"], False),
        (TWO_GROUPS, ["UBOTH"], False),
        (TWO_GROUPS, ["UBOTH", "UF1"], True),
        (TWO_GROUPS, ["UBOTH", "UO1"], True),
        (TWO_GROUPS, ["UF1", "UO1"], True),
        (replace(TWO_GROUPS, quorum=3), ["UF1", "UO1"], False),
        (replace(TWO_GROUPS, quorum=3), ["UF1", "UO1", "UF2"], True),
        (replace(TWO_GROUPS, quorum=3, approvers=("UA",)), ["UF1", "UO1", "UF2"], False),
        (replace(TWO_GROUPS, quorum=3, approvers=("UA",)), ["UF1", "UA", "UO1"], True),
        (replace(THREE, also=(Policy("one"),)), ["UF1", "UF2", "UO1"], False),
        (replace(THREE, also=(Policy("one"),)), ["UF1", "UF2", "UO1", "UR"], True),
        (replace(THREE, also=(Policy("free", approval=False),)), ["UF1", "UF2", "UO1"], True),
    ],
)
def test_what_is_enough(policy: Policy, people: list[str], is_enough: bool) -> None:
    """It takes as many different people as the policy wants, from its groups, in whatever order they come."""
    for order in permutations(votes(*people)):
        assert enough(policy, order, VOTERS) is is_enough


def test_whoever_left_does_not_count_any_more() -> None:
    """Who is not in the group now, or whose account is gone, does not count, whenever they said yes."""
    yes = votes("UF1", "UO1")

    assert enough(TWO_GROUPS, yes, VOTERS)
    assert not enough(TWO_GROUPS, yes, replace(VOTERS, members={**GROUPS, "SFIN": {"UF2"}}))
    assert not enough(TWO_GROUPS, yes, replace(VOTERS, gone=frozenset({"UO1"})))
    assert not enough(TWO_GROUPS, yes, replace(VOTERS, members={"SFIN": {"UF1"}}))


def test_the_requester_counts_where_the_policy_says_so() -> None:
    """Who asked counts only where the policy lets them, and as one of the people it names."""
    by_finance = replace(VOTERS, asked_by="UF1")

    assert not enough(TWO_GROUPS, votes("UF1", "UO1"), by_finance)
    assert enough(replace(TWO_GROUPS, requester_counts=True), votes("UF1", "UO1"), by_finance)
    assert not enough(replace(TWO_GROUPS, requester_counts=True), votes("UASK", "UO1"), VOTERS)


# Delegations ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "people", "is_enough"),
    [
        ([("UF1", "UX")], ["UX", "UO1"], True),
        ([("UF1", "UX")], ["UX", "UF1"], False),
        ([("UF1", "UX"), ("UO1", "UX")], ["UX"], False),
        ([("UF1", "UX"), ("UF2", "UX"), ("UO1", "UX")], ["UX", "UF1"], True),
        ([("UF1", "UX"), ("UX", "UY")], ["UY", "UO1"], False),
        ([("UBOTH", "UX")], ["UBOTH", "UX"], False),
        ([("UF1", "UASK")], ["UASK", "UO1"], False),
        ([("UASK", "UF1")], ["UF1", "UO1"], True),
        ([("UNOBODY", "UX")], ["UX", "UO1"], False),
    ],
)
def test_delegations(pairs: list[tuple[str, str]], people: list[str], is_enough: bool) -> None:
    """A delegate stands in for one seat; a right counts once, whoever uses it; nothing is handed on twice, or to who
    asked."""
    for order in permutations(votes(*people)):
        assert enough(TWO_GROUPS, order, given_on(*pairs)) is is_enough


def test_a_right_is_used_once() -> None:
    """Somebody and their delegate are one voice, or two hands raised by one person would be a quorum."""
    two = Policy("two", quorum=2, approvers=("SFIN",))

    assert taken(two, votes("UF1", "UX"), given_on(("UF1", "UX"))) == 1
    assert taken(two, votes("UF1", "UX"), given_on(("UF1", "UX"), ("UF2", "UX"))) == 2


def test_no_delegation_for_ones_own_request() -> None:
    """What an approver asked for is not approved by the delegate of that approver, also where who asks may count."""
    mine = replace(given_on(("UA", "UX")), asked_by="UA")

    assert not enough(Policy("one"), votes("UX"), mine)
    assert not enough(Policy("one", requester_counts=True), votes("UX"), mine)
    assert enough(Policy("one"), votes("UX"), given_on(("UA", "UX")))


def test_no_delegation_to_the_requester() -> None:
    """Who asked gets no right from others, also where who asks may count."""
    back = given_on(("UA", "UASK"))

    assert not enough(Policy("one"), votes("UASK"), back)
    assert not enough(Policy("one", requester_counts=True), votes("UASK"), back)


def test_a_delegation_does_not_reach_back() -> None:
    """A yes from before a delegation was given is not made one by it: it was not said in anybody's place."""
    given = Delegation("UB", "UA", NOW + timedelta(days=1), since=NOW + timedelta(seconds=1))
    pair = Policy("pair", one_from_each=(("UA",), ("UB",)))
    people = replace(VOTERS, delegations=(given,), at=NOW + timedelta(minutes=1))

    assert not enough(pair, [*votes("UA"), Vote("UC", NOW)], people)
    assert enough(replace(pair, one_from_each=(("UB",),)), [Vote("UA", NOW + timedelta(seconds=2))], people)


def test_a_delegation_taken_back_stays_so() -> None:
    """Nobody presses by one that was taken back, also when the clock was set back; what was said before counts."""
    over = Delegation("UB", "UX", NOW + timedelta(minutes=1), since=NOW - timedelta(hours=1), over=True)
    people = replace(VOTERS, delegations=(over,))

    assert who_may(Policy("b", approvers=("UB",)), people) == {"UB"}
    assert enough(Policy("b", approvers=("UB",)), [Vote("UX", NOW - timedelta(minutes=5))], people)


def test_who_has_left_hands_nothing_on() -> None:
    """The right of somebody whose account is deactivated goes with them, whoever they had handed it to."""
    people = replace(given_on(("UB", "UX")), gone=frozenset({"UB"}))

    assert who_may(Policy("b", approvers=("UB",)), people) == set()
    assert not enough(Policy("b", approvers=("UB",)), votes("UX"), people)


def test_a_delegation_ends() -> None:
    """What counts is the time of the yes: one from before the end counts after it, one from then on does not."""
    ended = given_on(("UA", "UX"), until=NOW)

    assert not enough(Policy("one"), votes("UX"), ended)
    assert enough(Policy("one"), [Vote("UX", NOW - timedelta(seconds=1))], ended)
    assert enough(Policy("one"), [Vote("UX", NOW - timedelta(seconds=1)), Vote("UX", NOW)], ended)


def test_who_is_gone_hands_on_nothing() -> None:
    """The delegate of somebody whose account is gone, or who left the group, does not count; no more does one gone."""
    handed = given_on(("UF1", "UX"))
    one = Policy("one", approvers=("SFIN",))

    assert enough(one, votes("UX"), handed)
    assert not enough(one, votes("UX"), replace(handed, gone=frozenset({"UF1"})))
    assert not enough(one, votes("UX"), replace(handed, gone=frozenset({"UX"})))
    assert not enough(one, votes("UX"), replace(handed, members={"SFIN": {"UF2"}}))


# Escalation ----------------------------------------------------------------------------------------------------------


def test_after_a_time_others_may_as_well() -> None:
    """Those it was escalated to take any seat from that time on, each one of them, and none before."""
    policy = replace(TWO_GROUPS, escalate_after=timedelta(hours=1), escalate_to=("UM1", "UM2"))
    later = replace(VOTERS, at=ASKED + timedelta(hours=1))

    assert not enough(policy, votes("UM1", "UO1"), VOTERS)
    assert enough(policy, votes("UM1", "UO1"), later)
    assert enough(policy, votes("UM1", "UM2"), later)
    assert not enough(policy, votes("UM1"), later)
    assert who_may(policy, later) - who_may(policy, VOTERS) == {"UM1", "UM2"}


# All of it, against trying everything --------------------------------------------------------------------------------

USERS = ["U1", "U2", "U3", "U4", "U5"]
IDS = st.lists(st.sampled_from([*USERS, "S1", "S2"]), min_size=1, max_size=2, unique=True).map(tuple)
POLICIES = st.builds(
    Policy,
    name=st.just("x"),
    quorum=st.integers(1, 3),
    approvers=st.just(()) | IDS,
    one_from_each=st.lists(IDS, max_size=3).map(tuple),
    requester_counts=st.booleans(),
    escalate_after=st.sampled_from([timedelta(0), timedelta(minutes=10), timedelta(hours=1)]),
    escalate_to=st.just(()) | IDS,
)
DELEGATIONS = st.builds(
    Delegation,
    st.sampled_from(USERS),
    st.sampled_from(USERS),
    st.sampled_from([ASKED, NOW - timedelta(minutes=5), NOW + timedelta(days=1)]),
)
PEOPLE = st.builds(
    Voters,
    asked_by=st.sampled_from(USERS),
    asked_at=st.just(ASKED),
    at=st.just(NOW),
    by_role=st.just(()) | IDS,
    members=st.fixed_dictionaries({"S1": st.sets(st.sampled_from(USERS)), "S2": st.sets(st.sampled_from(USERS))}),
    delegations=st.lists(DELEGATIONS, max_size=4).map(tuple),
    gone=st.frozensets(st.sampled_from(USERS), max_size=1),
)
VOTES = st.lists(st.builds(Vote, st.sampled_from(USERS), st.sampled_from([ASKED, NOW])), max_size=5)


def rights_of(policy: Policy, given_votes: Sequence[Vote], voters: Voters) -> dict[str, set[str]]:
    """For each who said yes those in whose place they may have done so, written down anew from what is promised."""
    rights: dict[str, set[str]] = {}
    for vote in given_votes:
        if vote.by in voters.gone or (vote.by == voters.asked_by and not policy.requester_counts):
            continue
        mine = rights.setdefault(vote.by, {vote.by})
        for d in voters.delegations:
            if d.to_user == vote.by != voters.asked_by != d.from_user and vote.at < d.until:
                mine.add(d.from_user)
    return {user: owners - voters.gone for user, owners in rights.items()}


def all_ways(rights: Mapping[str, set[str]], listed: Sequence[set[str]], used: frozenset[str]) -> Iterator[int]:
    """How many seats are taken in each way to seat people, by any of their rights, on any seat, or not at all."""
    if not rights or not listed:
        yield 0
        return
    user, *others = rights
    rest = {other: rights[other] for other in others}
    yield from all_ways(rest, listed, used)
    for owner in rights[user] - used:
        for n, there in enumerate(listed):
            if owner in there:
                left = [*listed[:n], *listed[n + 1 :]]
                yield from (1 + more for more in all_ways(rest, left, used | {owner}))


def open_to(policy: Policy, voters: Voters) -> list[set[str]]:
    """Who may take each seat."""
    more = policy.escalate_to if policy.escalate_to and voters.at >= ASKED + policy.escalate_after else ()
    return [voters.named([*(seat or voters.by_role), *more]) for seat in seats(policy)]


@given(POLICIES, VOTES, PEOPLE)
def test_the_seats_are_taken_as_well_as_can_be(policy: Policy, given_votes: list[Vote], voters: Voters) -> None:
    """As many seats are taken as in the best of all ways to seat those who said yes, tried one by one."""
    best = max(all_ways(rights_of(policy, given_votes, voters), open_to(policy, voters), frozenset()))

    assert taken(policy, given_votes, voters) == best
    assert enough(policy, given_votes, voters) is (best >= policy.people)


@given(POLICIES, VOTES, PEOPLE, st.permutations(range(5)))
def test_the_order_does_not_matter(policy: Policy, given_votes: list[Vote], voters: Voters, order: list[int]) -> None:
    """The same voices in another order are as many."""
    shuffled = [given_votes[n] for n in order if n < len(given_votes)]

    assert taken(policy, shuffled, voters) == taken(policy, given_votes, voters)


@given(POLICIES, VOTES, PEOPLE, st.builds(Vote, st.sampled_from(USERS), st.sampled_from([ASKED, NOW])))
def test_one_more_yes_is_never_less(policy: Policy, given_votes: list[Vote], voters: Voters, more: Vote) -> None:
    """Another yes takes one seat or none, and never one away; what was enough stays enough."""
    before, after = taken(policy, given_votes, voters), taken(policy, [*given_votes, more], voters)

    assert before <= after <= before + 1


@given(POLICIES, VOTES, PEOPLE)
def test_who_asked_never_counts(policy: Policy, given_votes: list[Vote], voters: Voters) -> None:
    """Where the policy does not say otherwise, the yes of who asked changes nothing, whatever was handed to them."""
    strict = replace(policy, requester_counts=False)
    without = [vote for vote in given_votes if vote.by != voters.asked_by]

    assert taken(strict, given_votes, voters) == taken(strict, without, voters)
    assert voters.asked_by not in who_may(strict, voters)


@given(POLICIES, PEOPLE)
def test_who_may_is_whose_yes_counts(policy: Policy, voters: Voters) -> None:
    """Exactly those may press whose yes would take a seat if all were free."""
    may = {user for user in USERS if taken(policy, [Vote(user, voters.at)], voters)}

    assert who_may(policy, voters) == may
    for user in USERS:
        if user in may:
            may_decide(policy, user, voters)
            continue
        with pytest.raises(NotAllowed):
            may_decide(policy, user, voters)


@given(POLICIES, VOTES, PEOPLE)
def test_what_is_missing_is_said(policy: Policy, given_votes: list[Vote], voters: Voters) -> None:
    """Nothing is missing exactly when it is enough; else the words begin with how many of how many there are."""
    said = missing(policy, given_votes, voters)

    assert (said == "") is enough(policy, given_votes, voters)
    if said:
        assert said.startswith(f"{taken(policy, given_votes, voters)} of {policy.people}; still ")


# Words ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "people", "said"),
    [
        (Policy("one"), [], "0 of 1; still one of <@UA> or <!subteam^SROLE>"),
        (Policy("one"), ["UA"], ""),
        (THREE, ["UF1"], "1 of 3; still 2 of <!subteam^SFIN> or <!subteam^SOPS>"),
        (TWO_GROUPS, [], "0 of 2; still one of <!subteam^SFIN> and one of <!subteam^SOPS>"),
        (TWO_GROUPS, ["UF1"], "1 of 2; still one of <!subteam^SOPS>"),
        (TWO_GROUPS, ["UF1", "UF2"], "1 of 2; still one of <!subteam^SOPS>"),
        (TWO_GROUPS, ["UBOTH"], "1 of 2; still one of <!subteam^SFIN> or <!subteam^SOPS>"),
        (
            replace(TWO_GROUPS, quorum=3, approvers=("UA", "UR")),
            ["UO1"],
            "1 of 3; still one of <!subteam^SFIN> and one of <@UA> or <@UR>",
        ),
        (
            replace(THREE, also=(Policy("role"),)),
            ["UF1", "UF2", "UO1"],
            "0 of 1; still one of <@UA> or <!subteam^SROLE>",
        ),
        (
            replace(TWO_GROUPS, also=(Policy("role"),)),
            ["UF1"],
            "1 of 2; still one of <!subteam^SOPS>; and 0 of 1; still one of <@UA> or <!subteam^SROLE>",
        ),
    ],
)
def test_the_words_for_what_is_missing(policy: Policy, people: list[str], said: str) -> None:
    """How many there are, how many it takes, and of whom the rest has to be; where that is open, all who would do."""
    assert missing(policy, votes(*people), VOTERS) == said


def test_people_in_words() -> None:
    """People and groups stand as Slack writes them."""
    assert say_people([]) == "nobody"
    assert say_people(["U1"]) == "<@U1>"
    assert say_people(["U1", "S1", "W2"], "and") == "<@U1>, <!subteam^S1> and <@W2>"


@pytest.mark.parametrize(
    ("policy", "user", "voters", "said"),
    [
        (Policy("one"), "UASK", VOTERS, "Someone else has to approve what you asked for yourself."),
        (
            Policy("one"),
            "UF1",
            VOTERS,
            "You may not approve this: its policy “one” asks other people, named on its card.",
        ),
        (Policy("one", requester_counts=True), "UASK", VOTERS, "You may not approve this"),
        (TWO_GROUPS, "UF1", replace(VOTERS, members={}), "Slack does not say right now who may approve this"),
        (TWO_GROUPS, "UF1", replace(VOTERS, gone=frozenset({"UF1"})), "You may not approve this"),
    ],
)
def test_who_may_not_is_told_why(policy: Policy, user: str, voters: Voters, said: str) -> None:
    """Who asked, who is not named, and who cannot be judged because Slack does not tell, each hear their reason."""
    with pytest.raises(NotAllowed) as refused:
        may_decide(policy, user, voters)

    assert said in str(refused.value)


def test_denying_has_words_of_its_own() -> None:
    """Who asked is told that there is a way to withdraw."""
    with pytest.raises(NotAllowed, match="You can withdraw, not deny, what you asked for yourself"):
        may_decide(Policy("one"), "UASK", VOTERS, to="deny")


# Policies nobody can satisfy -----------------------------------------------------------------------------------------


def troubles(policy: Policy, *, askers: set[str] = frozenset({"UASK"}), **members: set[str]) -> list[str]:  # type: ignore[assignment]
    """What is said of this policy with these groups."""
    groups: Mapping[str, set[str]] = {**GROUPS, "SROLE": {"UR"}, **members}
    return impossible(policy, by_role=("UA", "SROLE"), askers=askers, members=groups, at=NOW)


@pytest.mark.parametrize(
    ("policy", "askers"),
    [
        (Policy("one"), {"UASK"}),
        (Policy("one"), {"UA"}),
        (Policy("none", approval=False), set()),
        (TWO_GROUPS, {"UF1"}),
        (replace(THREE, quorum=5), {"UASK", "UF1"}),
        (Policy("one", approvers=("UA",)), {"UA", "UASK"}),
        (Policy("one", approvers=("UA",), requester_counts=True), {"UA"}),
        (Policy("unknown", approvers=("SNEW",)), {"UA"}),
    ],
)
def test_policies_that_can_be_satisfied(policy: Policy, askers: set[str]) -> None:
    """A policy that somebody's request could pass is well; one with a group Slack does not tell of is not judged."""
    assert troubles(policy, askers=askers) == []


@pytest.mark.parametrize(
    ("policy", "askers", "said"),
    [
        (
            replace(THREE, quorum=6),
            {"UASK"},
            "The policy “three” cannot be satisfied: it takes 6 people, and whoever asks is none of them, and 5 could "
            "approve. Add people, or ask for fewer.",
        ),
        (replace(THREE, quorum=5), {"UF1", "UO1"}, "it takes 5 people, and whoever asks is none of them, and 5 could"),
        (
            Policy("one", approvers=("UA",)),
            {"UA"},
            "The policy “one” cannot be satisfied: it takes 1 person, and whoever asks is none of them, and 1 could "
            "approve. Add people, or ask for fewer.",
        ),
        (
            Policy("self", quorum=2, approvers=("UA",), requester_counts=True),
            {"UA"},
            "The policy “self” cannot be satisfied: it takes 2 people, and 1 could approve.",
        ),
        (
            Policy("same", one_from_each=(("UF1",), ("UF1",)), quorum=2),
            {"UASK"},
            "The policy “same” cannot be satisfied: it takes 2 people",
        ),
        (
            Policy("apart", one_from_each=(("UA",), ("UA",), ("SFIN",))),
            {"UASK"},
            "The policy “apart” cannot be satisfied: its groups are the same people, so that one from each of them "
            "cannot be found, and whoever asks is none of them.",
        ),
    ],
)
def test_policies_that_cannot(policy: Policy, askers: set[str], said: str) -> None:
    """A policy that nobody's request could ever pass is named, with what it takes and what there is."""
    [sentence] = troubles(policy, askers=askers)

    assert said in sentence


@pytest.mark.parametrize(
    "policy",
    [
        Policy("x", approvers=("SEMPTY", "UA")),
        Policy("x", one_from_each=(("SEMPTY",), ("UA",))),
        Policy("x", escalate_to=("SEMPTY",), escalate_after=timedelta(hours=1)),
        Policy("x", notify=("SEMPTY",)),
        Policy("x", approval=False, notify=("SEMPTY",)),
    ],
)
def test_an_empty_group_is_named(policy: Policy) -> None:
    """A group with nobody in it is a mistake wherever a policy names it, by the name of both."""
    assert troubles(policy, SEMPTY=set()) == [
        "The policy “x” names the user group SEMPTY, and nobody is in it. Add people to it."
    ]


def test_one_person_alone_can_approve_for_a_stranger() -> None:
    """Where it is not known who may ask, somebody who is in no list is counted on."""
    policy = Policy("one", approvers=("UA",))

    assert troubles(policy, askers={"UA"}) != []
    assert troubles(policy, askers={"UA", STRANGER}) == []
    assert troubles(policy, askers=set()) == []
