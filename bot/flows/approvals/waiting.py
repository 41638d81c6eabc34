"""Requests that wait: reminded of, brought before others, and let go when their time is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from bot.flows.approvals.steps import FindVoters, Steps
from bot.rules import approvals as rule
from bot.rules.approvals import Approval, State
from bot.rules.audit import SYSTEM, Deed
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.people import Person
from bot.rules.policies import escalates_at, remind_at
from bot.rules.quorum import missing, who_may
from bot.views import approvals as view
from bot.views.parts import Message

SHOWN = 50
AT_ONCE = 20
LOOKED_THROUGH = 500  # of what waits, for what somebody may decide


@dataclass(frozen=True)
class Waiting:
    """What happens to a request while nobody decides."""

    steps: Steps
    voters_for: FindVoters

    async def lapse(self) -> int:
        """How many requests were let go because their time is over."""
        count = 0
        for approval in self.steps.store.lapsed_by(self.steps.clock.now()):
            count += await self.steps.end(approval, rule.lapse(approval, now=self.steps.clock.now()), by=SYSTEM)
        return count

    async def remind(self) -> int:
        """How many requests somebody was reminded of, or that were brought before others, now."""
        count, now = 0, self.steps.clock.now()
        for approval in self.steps.store.waiting(limit=10_000):
            due = _reminders_due(approval, now)
            others = escalates_at(approval.policy, approval.asked_at)
            if others is not None and not approval.escalated and others <= now:
                count += await self._escalate(approval)
            elif due > approval.reminded:
                count += await self._remind(approval, due)
        return count

    async def _remind(self, approval: Approval, due: int) -> bool:
        after = rule.remind(approval, reminded=due, needs=await self._needs(approval))
        told = view.reminder(after)
        channel, subject = self.steps.settings.channel, f"approval:{approval.id}"
        messages: list[Outgoing] = [Card(subject, channel), Note(channel, told.text, told.blocks, under=subject)]
        return await self.steps.store.swap(approval, after, deed=None, messages=messages, now=self.steps.clock.now())

    async def _escalate(self, approval: Approval) -> bool:
        after = rule.escalate(approval, needs=await self._needs(approval))
        told = view.escalation(after)
        channel, subject = self.steps.settings.channel, f"approval:{approval.id}"
        messages: list[Outgoing] = [Card(subject, channel), Note(channel, told.text, told.blocks, under=subject)]
        messages.append(Note(channel, told.text, told.blocks))
        people = [name for part in approval.policy.parts for name in part.escalate_to if not name.startswith("S")]
        messages += [Note(name, told.text, told.blocks, unless_in=channel) for name in dict.fromkeys(people)]
        deed = Deed(SYSTEM, "escalated", subject)
        return await self.steps.store.swap(approval, after, deed=deed, messages=messages, now=self.steps.clock.now())

    async def _needs(self, approval: Approval) -> str:
        voters = await self.voters_for(approval.policy, approval.asked_by, approval.asked_at, approval.votes)
        return missing(approval.policy, approval.votes, voters)

    async def for_person(self, person: Person) -> tuple[Approval, ...]:
        """What this person may decide now and has not said yes to, the oldest first."""
        waiting = self.steps.store.waiting(limit=LOOKED_THROUGH)
        found = []
        for count, approval in enumerate(waiting, 1):
            if await self._may(approval, person.id):
                found.append(approval)
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)  # others have their turn
        return tuple(found)

    async def _may(self, approval: Approval, user: str) -> bool:
        voters = await self.voters_for(approval.policy, approval.asked_by, approval.asked_at, approval.votes)
        return user in who_may(approval.policy, voters) and all(vote.by != user for vote in approval.votes)

    async def listing(self, person: Person) -> Message:
        """What waits: for this person, from them, and for others."""
        store, now = self.steps.store, self.steps.clock.now()
        return view.waiting(
            store.waiting(),
            person=person,
            now=now,
            for_me=(await self.for_person(person))[:SHOWN],
            count=store.count(State.PENDING),
            mine=store.asked_by(person.id),
            unreviewed=store.unreviewed(),
        )


def _reminders_due(approval: Approval, now: datetime) -> int:
    """How many reminders should have gone out by now; one is sent for all that were missed."""
    count = 0
    while (at := remind_at(approval.policy, approval.asked_at, count)) is not None and at <= now:
        count += 1
    return count
