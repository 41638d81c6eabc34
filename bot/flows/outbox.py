"""Carries what waits in the outbox to Slack, in order, at Slack's pace, until each message is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.errors import BotError, SlackError
from bot.rules.outbox import BETWEEN, Card, Note, Waiting, plan, rest
from bot.slack import LOST, Posted, Slack
from bot.store.outbox import Outbox as Stored
from bot.store.outbox import Place
from bot.views.parts import Message, fit

Draw = Callable[[int], Message]
log = structlog.get_logger()

# Slack says no to the message itself, however often it is tried: its plain text goes instead.
POISON = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text"})
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found"})
# Slack says no to the place or to us; somebody has to mend it, and then the message goes.
TO_MEND_S = 60.0
PLAIN_LIMIT = 3900


class Outbox:
    """The postman: one message a second and channel, different channels side by side, nothing dropped."""

    def __init__(self, *, store: Stored, slack: Slack, clock: Clock, draw: Mapping[str, Draw]) -> None:
        """`draw` says for each kind of card (`approval`, `event`, `alert`) how it is drawn from its number."""
        self._store, self._slack, self._clock, self._draw = store, slack, clock, draw
        self._rests: dict[str, datetime] = {}
        self._everything: datetime | None = None
        self._news = asyncio.Event()
        self._lost = True  # until it is known what was on its way when the bot was last stopped
        self.trouble: str | None = None

    def wake(self) -> None:
        """Says that something new may wait."""
        self._news.set()

    async def run(self) -> None:
        """Sends for as long as the bot runs."""
        while True:
            self._news.clear()
            next_at = await self.step()
            await self._until(next_at)

    async def step(self) -> datetime | None:
        """Sends what may go now and says when the next may (`None`: when something new comes)."""
        if self._lost and (not self._everything or self._everything <= self._clock.now()):
            await self._find_lost()
        todo = plan(self._store.heads(), rests=self._rests, everything=self._everything, now=self._clock.now())
        if not todo.now:
            return todo.next_at
        await asyncio.gather(*(self._send(waiting) for waiting in todo.now))
        return self._clock.now()

    async def _until(self, next_at: datetime | None) -> None:
        """Returns at that time, or earlier when something new comes."""
        if next_at is None:
            await self._news.wait()
            return
        seconds = (next_at - self._clock.now()).total_seconds()
        if seconds <= 0:
            return
        alarm = asyncio.ensure_future(self._clock.sleep(seconds))
        news = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait({alarm, news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            alarm.cancel()
            news.cancel()

    async def _send(self, waiting: Waiting) -> None:
        """One message to Slack, with all that can come of it noted in the store."""
        await self._store.begin(waiting)
        try:
            posted = await self._deliver(waiting)
        except SlackError as problem:
            await self._not_through(waiting, problem)
        except BotError as problem:
            await self._set_aside(waiting, str(problem))
        except Exception as problem:
            log.exception("message_not_drawn", outbox=waiting.id)
            await self._set_aside(waiting, f"It could not be drawn: {type(problem).__name__}")
        else:
            self.trouble = None
            self._rests[waiting.channel] = self._clock.now() + BETWEEN
            await self._store.sent(waiting, Place(posted.channel, posted.ts), now=self._clock.now())

    async def _deliver(self, waiting: Waiting) -> Posted:
        match waiting.what:
            case Card(subject=subject):
                kind, _, number = subject.partition(":")
                return await self._show(waiting, subject, self._draw[kind](int(number)))
            case Note(under=under) as note:
                channel = await self._channel(note.channel)
                place = None if under is None else self._store.place(under)
                thread = place.ts if place is not None and place.channel == channel else None
                return await self._post(waiting, channel, Message(note.text, note.blocks), thread=thread)

    async def _show(self, waiting: Waiting, subject: str, message: Message) -> Posted:
        """The card in its place: edited where it stands, posted where it does not stand any more, or yet."""
        place = self._store.place(subject)
        if place is not None:
            try:
                return await self._edit(Posted(place.channel, place.ts), message)
            except SlackError as problem:
                if problem.code not in GONE:
                    raise
                await self._store.forget_place(subject)
        return await self._post(waiting, await self._channel(waiting.channel), message)

    async def _post(self, waiting: Waiting, channel: str, message: Message, *, thread: str | None = None) -> Posted:
        try:
            return await self._slack.post(
                channel, text=message.text, blocks=message.blocks, thread_ts=thread, mark=waiting.id
            )
        except SlackError as problem:
            if problem.code not in POISON:
                raise
            log.error("slack_refused_blocks", outbox=waiting.id, problem=str(problem))
        return await self._slack.post(channel, text=fit(message.text, PLAIN_LIMIT), thread_ts=thread, mark=waiting.id)

    async def _edit(self, at: Posted, message: Message) -> Posted:
        try:
            return await self._slack.edit(at, text=message.text, blocks=message.blocks)
        except SlackError as problem:
            if problem.code not in POISON:
                raise
            log.error("slack_refused_blocks", at=at.ts, problem=str(problem))
        return await self._slack.edit(at, text=fit(message.text, PLAIN_LIMIT), blocks=())

    async def _channel(self, name: str) -> str:
        """Where to post for this channel or person."""
        return await self._slack.direct(name) if name.startswith(("U", "W")) else name

    async def _not_through(self, waiting: Waiting, problem: SlackError) -> None:
        """Slack did not take it: wait as it asks and try again, or set aside what it will never take."""
        if problem.code in POISON:
            await self._set_aside(waiting, str(problem))
            return
        self.trouble = str(problem)
        log.warning("message_not_through", outbox=waiting.id, channel=waiting.channel, problem=problem.code)
        now = self._clock.now()
        if not problem.again:
            self._rests[waiting.channel] = now + timedelta(seconds=TO_MEND_S)
        else:
            self._everything = now + rest(waiting.tries, retry_after=problem.retry_after)
        if problem.code == LOST:
            self._lost = True  # it stays "on its way" until Slack says whether it has it
        else:
            await self._store.again(waiting, error=str(problem))

    async def _set_aside(self, waiting: Waiting, error: str) -> None:
        log.error("message_set_aside", outbox=waiting.id, channel=waiting.channel, problem=error)
        await self._store.give_up(waiting, error=error)

    async def _find_lost(self) -> None:
        """Settles what was on its way when an answer was lost or the bot was killed.

        What Slack has is ticked off, the rest goes again. While Slack says nothing, nothing is settled.
        """
        try:
            for waiting in self._store.left_sending():
                posted = await self._found(waiting)
                if posted is None:
                    await self._store.again(waiting, error="It was on its way when the answer was lost.")
                else:
                    await self._store.sent(waiting, Place(posted.channel, posted.ts), now=self._clock.now())
        except SlackError as problem:
            self.trouble = str(problem)
            self._everything = self._clock.now() + rest(3, retry_after=problem.retry_after)
        else:
            self._lost = False

    async def _found(self, waiting: Waiting) -> Posted | None:
        """Where Slack has this message; `None` when it has not, or when it will not tell us, being asked."""
        if isinstance(waiting.what, Card) and self._store.place(waiting.what.subject) is not None:
            return None  # drawing it again in its place does no harm
        under = waiting.what.under if isinstance(waiting.what, Note) else None
        place = None if under is None else self._store.place(under)
        try:
            channel = await self._channel(waiting.channel)
            return await self._slack.find(channel, mark=waiting.id, thread_ts=None if place is None else place.ts)
        except SlackError as problem:
            if problem.again:
                raise
            return None
