"""Who somebody is: the role from the configuration's lists and Slack's user groups, asked for at each press."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from bot.clock import Clock
from bot.errors import BadInput, SlackError
from bot.rules.people import Person, Roles, role_of
from bot.slack import Slack

FRESH = timedelta(seconds=60)
BELIEVED = timedelta(minutes=10)
log = structlog.get_logger()


class People:
    """Roles and memberships, read from Slack and kept for a minute."""

    def __init__(self, *, roles: Roles, slack: Slack, clock: Clock, fresh: timedelta = FRESH) -> None:
        """`fresh`: for how long what Slack said of a group or an account is taken for true."""
        self._roles, self._slack, self._clock, self._fresh = roles, slack, clock, fresh
        self._groups: dict[str, tuple[datetime, frozenset[str]]] = {}
        self._accounts: dict[str, tuple[datetime, bool]] = {}
        self._channels: dict[str, tuple[datetime, frozenset[str]]] = {}

    async def who(self, user: str) -> Person:
        """The person with the role they have now.

        While Slack does not tell of a group it counts as last known for ten minutes; after that nobody is in it, and
        the person's role is not sure.
        """
        members = {group: await self.members(group) for group in self._roles.groups()}
        told = {group: found for group, found in members.items() if found is not None}
        return Person(user, role_of(user, self._roles, told), sure=len(told) == len(members))

    async def sees(self, user: str, channel: str) -> bool:
        """Whether the person is in the channel; no, when Slack does not say: better told twice than not at all."""
        known = self._channels.get(channel)
        if known is None or not self._is_younger(known[0], FRESH):
            try:
                found = frozenset([member async for member in self._slack.members(channel)])
            except SlackError as exc:
                log.warning("members_unknown", channel=channel, problem=exc.code)
                found = frozenset()
            known = self._channels[channel] = (self._clock.now(), found)
        return user in known[1]

    def _is_younger(self, at: datetime, age: timedelta) -> bool:
        """Whether that was so short ago; not, when the clock was set back since."""
        return timedelta(0) <= self._clock.now() - at < age

    async def members(self, group: str) -> frozenset[str] | None:
        """Who is in the group; `None` when nobody can say."""
        known = self._groups.get(group)
        if known is not None and self._is_younger(known[0], self._fresh):
            return known[1]
        try:
            found = await self._slack.group(group)
        except SlackError as exc:
            log.warning("group_unknown", group=group, problem=exc.code)
            return known[1] if known is not None and self._is_younger(known[0], BELIEVED) else None
        self._groups[group] = (self._clock.now(), found)
        return found

    async def zone(self, user: str) -> ZoneInfo:
        """The time zone this person has in Slack; UTC where Slack does not say, or says what nobody knows."""
        try:
            return ZoneInfo((await self._slack.person(user)).tz or "UTC")
        except (SlackError, ZoneInfoNotFoundError, ValueError) as problem:
            log.info("zone_unknown", user=user, problem=type(problem).__name__)
            return ZoneInfo("UTC")

    async def must_exist(self, user: str) -> None:
        """Nothing, when this person has an account; raises BadInput where Slack says that there is none."""
        try:
            found = await self._slack.person(user)
        except SlackError as problem:
            if problem.code != "user_not_found":
                log.warning("account_unknown", user=user, problem=problem.code)
                return
            raise BadInput(f"Slack knows nobody with the id {user}.") from problem
        if not found.active:
            raise BadInput(f"The account of <@{user}> is deactivated.")

    async def gone(self, users: Iterable[str]) -> frozenset[str]:
        """Those of these people whose accounts in Slack are deactivated; while Slack does not say, nobody's is."""
        return frozenset([user for user in users if not await self._is_active(user)])

    async def _is_active(self, user: str) -> bool:
        known = self._accounts.get(user)
        if known is not None and self._is_younger(known[0], self._fresh):
            return known[1]
        try:
            active = (await self._slack.person(user)).active
        except SlackError as exc:
            log.warning("account_unknown", user=user, problem=exc.code)
            return known is None or known[1]
        self._accounts[user] = (self._clock.now(), active)
        return active
