"""Replies in the thread of a SIM: asked about, and sent once, by who wrote them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.errors import BotError, NotPossible, SimNotFound
from bot.flows.sms.conversations import Conversations
from bot.rules.approvals import Approval, State
from bot.rules.orders import Order
from bot.rules.people import Person, Role
from bot.rules.sims import Operation, Sim
from bot.rules.texts import as_typed
from bot.smarthub.client import SmartHub
from bot.store import Store
from bot.views.parts import Message

TEXT_AT_MOST = 40_000  # what a message may hold: https://docs.slack.dev/reference/methods/chat.postMessage
# Asking for an SMS to a SIM that was read just now, by this person, in that channel.
Ask = Callable[[Order, Sim, Person, str], Awaitable[Approval]]


@dataclass(frozen=True)
class Replying:
    """What is written in threads. `ask` makes a request; `asked` has it carried out where nobody has to say yes."""

    store: Store
    hub: SmartHub
    clock: Clock
    conversations: Conversations
    who: Callable[[str], Awaitable[Person]]
    ask: Ask
    asked: Callable[[Approval], Awaitable[Message]]

    async def heard(self, *, channel: str, thread: str, by: str, text: str, ts: str) -> None:
        """Asks whoever wrote this in the thread of a SIM whether it is to be sent; `text` is as Slack has it.

        What is written elsewhere, or by who may not send SMS, is talk. The same message, by its `ts`, is asked about
        once, and once more when it was edited before it was answered.
        """
        kind, _, number = (self.store.outbox.shown_at(channel, thread) or "").partition(":")
        typed = as_typed(text).strip()[:TEXT_AT_MOST]
        if kind != "sms-thread" or not typed or (await self.who(by)).role < Role.OPERATOR:
            return
        about = self.store.sms.thread(int(number))
        listed = self.store.sims.by_giccid(about.giccid)
        if listed is not None:
            typed = self._completed(typed, listed.sim)
        now = self.clock.now()
        await self.store.sms_drafts.wrote(about.id, by=by, ts=ts, text=typed, channel=channel, now=now)

    def _completed(self, typed: str, sim: Sim) -> str:
        """What a template stands for; where it cannot be filled, the question says why."""
        try:
            return self.conversations.completed(Order(Operation.SMS, text=typed), sim).text or typed
        except BotError:
            return typed

    async def send(self, id: int, *, by: Person) -> Message | None:
        """Sends a reply: asked for once, however often somebody presses; what is to be said, where it is not done.

        Raises NotFound, NotAllowed, NotPossible, BadInput and ProviderError; nothing was asked for then.
        """
        draft = await self.store.sms_drafts.take(id, by=by.id, now=self.clock.now())
        channel = self.conversations.settings.channel
        try:
            self.conversations.judged(draft)
            sim = await self.hub.sim(self.store.sms.thread(draft.thread).giccid)
            asked = await self.ask(Order(Operation.SMS, text=draft.text), sim, by, channel)
        except SimNotFound as gone:
            await self.store.sms_drafts.give_back(id)
            raise NotPossible(f"{gone} Nothing was sent.") from gone
        except BotError:
            await self.store.sms_drafts.give_back(id)
            raise
        await self.store.sms_drafts.sent(id, request=asked.id, channel=channel, now=self.clock.now())
        said = await self.asked(asked)
        return None if self.store.approvals.get(asked.id).state is State.DONE else said

    async def discard(self, id: int, *, by: Person) -> None:
        """Makes a reply mere talk. Raises NotFound, NotAllowed, NotPossible."""
        channel = self.conversations.settings.channel
        await self.store.sms_drafts.discard(id, by=by.id, channel=channel, now=self.clock.now())

    async def recover(self) -> None:
        """After a start: what was just being sent is not sent again."""
        await self.store.sms_drafts.recover(channel=self.conversations.settings.channel, now=self.clock.now())
