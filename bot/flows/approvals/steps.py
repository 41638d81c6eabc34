"""Storing a step of a request: with its audit line, its redrawn card and the news for whoever has to hear."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.clock import Clock
from bot.rules.approvals import Approval, State
from bot.rules.audit import Deed
from bot.rules.orders import was
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.policies import Facts, Policy
from bot.rules.quorum import Vote, Voters
from bot.rules.texts import digest_of
from bot.store.approvals import Approvals as Stored
from bot.views import approvals as view
from bot.views.parts import Message

Detail = Mapping[str, str | int | None]
NOTHING: Detail = MappingProxyType({})
FindPolicy = Callable[[Facts], Policy]
# Who there is to decide a request under this policy, asked for by this person at that time, with these votes so far.
FindVoters = Callable[[Policy, str, datetime, Sequence[Vote]], Awaitable[Voters]]


@dataclass(frozen=True)
class Settings:
    """`settle_for`: how long the SIM of an unsure change has to read unchanged before the change counts as not made."""

    channel: str
    settle_every: timedelta
    settle_for: timedelta
    label_field: str
    environment: str = ""
    undo_within: timedelta = timedelta(0)
    tell_approvers: bool = False


class Steps:
    """What asking, deciding and carrying out share: the store, the time, the settings."""

    def __init__(self, *, store: Stored, clock: Clock, settings: Settings, reached: Callable[[str], str]) -> None:
        """`reached` says where one finds what is posted for a channel now."""
        self.store, self.clock, self.settings, self._reached = store, clock, settings, reached

    @property
    def found_in(self) -> str:
        """The channel in which a new request is found now."""
        return self._reached(self.settings.channel)

    async def take(self, before: Approval, after: Approval, deed: Deed | None) -> bool:
        """Whether the step was stored; nobody may have moved the request in between."""
        written = None if deed is None else replace(deed, detail={**summary(after), **deed.detail})
        return await self.store.swap(
            before, after, deed=written, messages=self._messages(before, after), now=self.clock.now()
        )

    async def end(self, before: Approval, after: Approval, *, by: str, detail: Detail = NOTHING) -> bool:
        """The same for a step that somebody or something took without more to do than what it led to."""
        return await self.take(before, after, Deed(by, after.state.value, f"approval:{after.id}", detail))

    def draw(self, id: int) -> Message:
        """The card of a request as it stands now."""
        settings = self.settings
        return view.card(self.store.get(id), undo_within=settings.undo_within, now=self.clock.now())

    def _messages(self, before: Approval, after: Approval) -> list[Outgoing]:
        """The redrawn card, and who hears the news: its thread, whoever asked, and whom the policy names."""
        # Where nobody is asked and it is over at once there is no card: who asked reads the outcome.
        if not after.asks and before.fresh and not after.open:
            return []
        channel, subject = self.settings.channel, f"approval:{after.id}"
        messages: list[Outgoing] = [Card(subject, channel)]
        told = view.news(after, before=before)
        if told is None:
            return messages
        moved = before.state is not after.state
        messages.append(under_card(told, after, channel=channel, named=moved))
        if moved:
            messages.append(Note(after.asked_by, told.text, told.blocks, unless_in=channel))
            messages += directly(told, after.policy)
        if after.glass is not None and before.glass is None:
            loud = view.broken_glass(after)
            messages.append(Note(channel, loud.text, loud.blocks))
        return messages


def under_card(told: Message, approval: Approval, *, channel: str, named: bool) -> Note:
    """News in the thread of the card; the user groups that are to hear of such a request are `named` there."""
    groups = [name for name in approval.policy.notify if name.startswith("S")] if named else []
    said = view.to_groups(groups, told) if groups else told
    return Note(channel, said.text, said.blocks, under=f"approval:{approval.id}")


def directly(told: Message, policy: Policy) -> list[Note]:
    """The same to each person who is to hear of such a request."""
    return [Note(name, told.text, told.blocks) for name in policy.notify if not name.startswith("S")]


def summary(approval: Approval) -> Detail:
    """What an auditor wants to know of a request in each of its lines."""
    text = approval.order.text  # never itself: of an SMS there is its length and what it is known by
    carried_out = approval.decided_at is not None and approval.state not in (State.DENIED, State.WITHDRAWN)
    return {
        "operation": approval.operation.value,
        "what": approval.order.words,
        "giccid": approval.giccid,
        "label": approval.label,
        "count": approval.count,
        "digest": approval.digest,
        "length": None if text is None else len(text),
        "text_digest": None if text is None else digest_of(text),
        "asked_by": approval.asked_by,
        "decided_by": approval.decided_by,
        "executed_by": (approval.decided_by or approval.asked_by) if carried_out else None,
        "channel": approval.asked_in,
        "reason": approval.reason,
        "policy": approval.policy.name,
        "votes": ", ".join(vote.by for vote in approval.votes) or None,
        "before": was(approval.call, approval.before) if approval.list is None else None,
        "outcome": approval.outcome,
    }
