"""The conversations as Slack shows them, and the texts that stand for what somebody typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.errors import BadInput, BotError
from bot.rules.conversations import Draft, DraftState, SmsMessage, Thread, Way
from bot.rules.keywords import Keyword, hits
from bot.rules.orders import Order
from bot.rules.outbox import Note, Outgoing
from bot.rules.sims import Sim
from bot.rules.sms import TEXT_AT_MOST
from bot.rules.templates import chosen, filled
from bot.rules.texts import Size, size_of
from bot.store import Store
from bot.views import sms as view
from bot.views.parts import Message

NEWEST = 20


@dataclass(frozen=True)
class Settings:
    """`templates` by their names."""

    channel: str
    label_field: str
    templates: Mapping[str, str] = field(default_factory=dict)
    keywords: Sequence[Keyword] = ()


class Conversations:
    """Drawing, and looking things up."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self.settings = store, settings

    def told(self, message: SmsMessage, thread: Thread) -> list[Outgoing]:
        """What goes to Slack for an SMS from a device: into its thread, and to the channels its words lead to."""
        shown = view.incoming(message)
        notes: list[Outgoing] = [Note(thread.channel, shown.text, shown.blocks, under=f"sms-thread:{thread.id}")]
        for hit in hits(message.body or "", self.settings.keywords):
            shown = view.keyword(message, hit)
            # Nothing stands above it there. By this it is known as an SMS, whose text goes when its time is over.
            notes.append(Note(hit.channel, shown.text, shown.blocks, under=f"sms:{message.id}"))
        return notes

    def draw_thread(self, id: int) -> Message:
        """The first message of a conversation."""
        thread = self._store.sms.thread(id)
        listed = self._store.sims.by_giccid(thread.giccid)
        last = self._store.sms.last_of_thread(id)
        return view.thread(thread, last, sim=None if listed is None else listed.id)

    def draw(self, id: int) -> Message:
        """An SMS in its thread."""
        message = self._store.sms.get(id)
        return view.incoming(message) if message.way is Way.IN else view.outgoing(message)

    def draw_draft(self, id: int) -> Message:
        """A reply in a thread: the question about it, what became of that, and at last the SMS itself."""
        draft = self._store.sms_drafts.get(id)
        if draft.request is not None:
            message = self._store.sms.of_request(draft.request)
            if message is not None:
                return view.outgoing(message)
            return view.answered(draft, self._store.approvals.get(draft.request))
        if draft.state is not DraftState.OPEN:
            return view.answered(draft, None)
        thread = self._store.sms.thread(draft.thread)
        try:
            return view.question(draft, thread, said=f"{view.size(self.judged(draft))}.", sendable=True)
        except BotError as problem:
            return view.question(draft, thread, said=str(problem), sendable=False)

    def judged(self, draft: Draft) -> Size:
        """How large a reply is. Raises BadInput where it cannot be sent as it stands."""
        text = draft.text or ""
        chosen(text, self.settings.templates)
        if not 1 <= len(text) <= TEXT_AT_MOST:
            raise BadInput(f"The text has {len(text):,} characters; an SMS takes {TEXT_AT_MOST:,}.")
        return size_of(text)

    def completed(self, order: Order, sim: Sim) -> Order:
        """The order with the text of the template it names, filled from this SIM. Raises BadInput."""
        template = chosen(order.text or "", self.settings.templates)
        if template is None:
            return order
        return replace(order, text=filled(template, sim, label_field=self.settings.label_field))

    def status(self, number: str) -> Message:
        """One SMS by its number, or the newest ones. Raises BadInput, NotFound."""
        bare = number.strip().lstrip("#")
        if not bare:
            return view.newest(self._store.sms.newest(limit=NEWEST))
        if not bare.isascii() or not bare.isdigit() or len(bare) > 15:
            raise BadInput("The number of an SMS is needed, as its card has it: `sms status 12`.")
        return view.status(self._store.sms.get(int(bare)))
