"""Delegation: somebody approves in another's place for a while."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.clock import Clock
from bot.errors import BadInput, NotPossible
from bot.rules.durations import say_duration
from bot.rules.moments import read_until
from bot.rules.outbox import Note
from bot.rules.people import Person, Role, need
from bot.rules.quorum import Delegation
from bot.store.delegations import Delegations
from bot.store.outbox import Outbox
from bot.views import delegating as view
from bot.views.parts import Message, answer

LONGEST = timedelta(days=90)
USUAL = "1d"
TYPED = re.compile(r"(?:<@)?([UW][A-Z0-9]+)(?:\|[^>]*)?>?(?:\s+(\S.*))?")


@dataclass(frozen=True)
class Delegating:
    """Giving one's approvals to somebody else, and taking them back. Everything raises NotAllowed."""

    store: Delegations
    outbox: Outbox
    clock: Clock
    zone: Callable[[str], Awaitable[ZoneInfo]]
    must_exist: Callable[[str], Awaitable[None]]
    command: str

    async def typed(self, words: str, *, by: Person) -> Message:
        """What `/sim delegate …` did, or who stands in for whom when nothing stands behind it. Raises BadInput."""
        need(by, Role.APPROVER, to="delegate approvals")
        if not words:
            return view.listing(self.store.since(self.clock.now()), command=self.command)
        if words.lower() in ("off", "stop", "back"):
            return await self.take_back(by=by)
        said = TYPED.fullmatch(words.strip())
        if said is None:
            raise BadInput(
                f"Write who, and until when: `{self.command} delegate U0123456789 until friday`, or `… 3d`. The id is "
                f"in the person's profile, under ⋮, “Copy member ID”. `{self.command} delegate off` takes it back."
            )
        until = read_until(said[2] or USUAL, now=self.clock.now(), zone=await self.zone(by.id))
        return await self.give(said[1], until=until, by=by)

    async def give(self, to: str, *, until: datetime, by: Person) -> Message:
        """What whoever delegates reads; the other one hears of it. Raises BadInput."""
        need(by, Role.APPROVER, to="delegate approvals")
        if to == by.id:
            raise BadInput("You cannot stand in for yourself.")
        now = self.clock.now()
        if until - now > LONGEST:
            raise BadInput(f"A delegation lasts at most {say_duration(LONGEST)}.")
        await self.must_exist(to)
        delegation = Delegation(by.id, to, until.astimezone(UTC))
        await self.store.add(delegation, now=now)
        told = view.given(delegation)
        await self.outbox.add([Note(to, told.text, told.blocks)], now=now)
        return told

    async def take_back(self, *, by: Person) -> Message:
        """What whoever takes it back reads. Raises NotPossible when there is nothing."""
        if not await self.store.take_back(by.id, now=self.clock.now()):
            raise NotPossible("You have delegated nothing.")
        return answer("From now on you decide yourself again.")
