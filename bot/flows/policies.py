"""Policies at work: which one a request falls under, who may decide it now, and whether it can be satisfied at all."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.clock import Clock
from bot.rules.kinds import Kinds
from bot.rules.people import Roles
from bot.rules.policies import LAST, Facts, Policy, choose, distinctions
from bot.rules.questions import explain, read_question
from bot.rules.quorum import STRANGER, Delegation, Voters, impossible, who_may
from bot.views import policies as view
from bot.views.parts import Message

TEST = re.compile(r"\s*test(?!\S)", re.IGNORECASE)
# Who is in a user group now; `None` when Slack does not tell.
Members = Callable[[str], Awaitable[Collection[str] | None]]


class Policies:
    """The list of policies of this bot, with the people there are."""

    def __init__(
        self, *, policies: Sequence[Policy], environment: str, roles: Roles, members: Members, clock: Clock
    ) -> None:
        """`environment` is what this bot looks after, as a policy may ask for it."""
        self._policies, self._environment, self._members, self._clock = tuple(policies), environment, members, clock
        self._by_role = tuple(dict.fromkeys((*roles.approvers, *roles.admins)))
        self._may_ask = tuple(dict.fromkeys((*roles.operators, *self._by_role)))

    def for_request(self, facts: Facts) -> Policy:
        """The policy a request falls under, whatever environment the facts name."""
        return choose(self._policies, replace(facts, environment=self._environment))

    def kinds(self) -> Kinds:
        """What gathers the kinds of SIMs in a list, as far as these policies tell them apart."""
        return Kinds(distinctions((*self._policies, LAST)))

    async def voters(
        self,
        policy: Policy,
        *,
        asked_by: str,
        asked_at: datetime,
        delegations: Iterable[Delegation] = (),
        gone: Collection[str] = (),
    ) -> Voters:
        """Who there is to decide a request under this policy, asked of Slack now."""
        members = await self._known({*policy.groups, *_groups(self._by_role)})
        return Voters(
            asked_by, asked_at, self._clock.now(), self._by_role, members, tuple(delegations), frozenset(gone)
        )

    async def question(self, text: str) -> Message:
        """The answer to what stands behind `policy`, with or without `test`. Raises BadInput."""
        facts = read_question(TEST.sub("", text), now=self._clock.now(), environment=self._environment)
        policy = self.for_request(facts)
        groups = {*policy.groups, *_groups(self._by_role)}
        voters = await self.voters(policy, asked_by=STRANGER, asked_at=self._clock.now())
        return view.answer(
            facts,
            policy,
            explain(self._policies, facts),
            may=len(who_may(policy, voters)) if groups <= voters.members.keys() else None,
            troubles=await self._troubles(policy.parts),
        )

    @property
    def count(self) -> int:
        """How many policies there are, with the one that closes the list."""
        return len(self._policies)

    async def check(self) -> list[str]:
        """A sentence for each policy that nobody can satisfy, and for each empty group that one names.

        What Slack does not tell of a group is not judged.
        """
        return await self._troubles(self._policies)

    async def _troubles(self, policies: Iterable[Policy]) -> list[str]:
        judged = list(policies)
        groups = set(_groups(self._may_ask)).union(*(policy.groups for policy in judged))
        members = await self._known(groups)
        now = self._clock.now()
        askers = Voters("", now, now, members=members).named(self._may_ask)
        if not members.keys() >= set(_groups(self._may_ask)):
            askers.add(STRANGER)
        found = (impossible(p, by_role=self._by_role, askers=askers, members=members, at=now) for p in judged)
        return [sentence for sentences in found for sentence in sentences]

    async def _known(self, groups: Iterable[str]) -> dict[str, frozenset[str]]:
        """The members of the groups that Slack tells of."""
        found = {group: await self._members(group) for group in sorted(groups)}
        return {group: frozenset(members) for group, members in found.items() if members is not None}


def _groups(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith("S")]
