"""Carries what waits in the outbox to Slack, in order, at Slack's pace, until each message is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.errors import BotError, SlackError, StoreError
from bot.rules.outbox import CHANNEL, FOLDED, WORKSPACE, Card, Note, Outgoing, Waiting, fold, plan, rest
from bot.slack import LOST, Posted, Slack
from bot.store.outbox import Outbox as Stored
from bot.store.outbox import Place
from bot.views import late as late_view
from bot.views import routes as route_view
from bot.views.parts import Message, fit

Draw = Callable[[int], Message]
Sees = Callable[[str, str], Awaitable[bool]]
Closed = Callable[[str, str], Awaitable[None]]
Picture = Callable[[Posted, Sequence[Mapping[str, object]]], Awaitable[None]]
log = structlog.get_logger()

# Slack says no to the message itself, however often it is tried: its plain text goes instead.
POISON = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "no_text"})
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found"})
# The person has no account any more; nobody can mend that.
NOBODY = frozenset({"user_not_found", "users_not_found", "user_disabled", "cannot_dm_bot"})
NO_THREAD = frozenset({"thread_not_found", "cannot_reply_to_message", "message_not_found"})
CLOSED = frozenset({"not_in_channel", "is_archived"})
NO_CHANNEL = CLOSED | {"channel_not_found"}
# Slack says no to the place or to us; somebody has to mend it, and then the message goes.
TO_MEND_S = 60.0
STORE_RESTS_S = 10.0
RATED = "ratelimited"
PLAINLY = "Slack refused its blocks; its words alone were sent."
PLAIN_LIMIT = 3900
ALL = ""


async def no_picture(_thread: Posted, _blocks: Sequence[Mapping[str, object]]) -> None:
    """Where no charts are drawn."""


class Outbox:
    """The postman: one message a second and channel, a round for all channels that are free, nothing dropped."""

    def __init__(
        self,
        *,
        store: Stored,
        slack: Slack,
        sees: Sees,
        clock: Clock,
        draw: Mapping[str, Draw],
        closed: Closed,
        picture: Picture = no_picture,
    ) -> None:
        """`draw` says for each kind of card (`approval`, `event`, `alert`) how it is drawn from its number.

        `sees` says whether a person is in a channel. `closed` hears of a channel that takes nothing, with Slack's word.
        `picture` hears of blocks that Slack refused, and of the thread in which their chart may stand.
        """
        self._sees, self._closed, self._picture = sees, closed, picture
        self._refused: dict[int, tuple[Posted, Message]] = {}  # what was posted in other blocks, and its thread
        self._store, self._slack, self._clock, self._draw = store, slack, clock, draw
        self._rests: dict[str, datetime] = {}
        self._methods: dict[str, datetime] = {}  # until when Slack wants each left alone
        self._full: dict[str, datetime] = {}  # when each channel and each method has all of its burst again
        self._plainly: set[int] = set()  # messages of which Slack took the words alone
        self._everything: datetime | None = None
        self._stepped_at = clock.now()
        self._news = asyncio.Event()
        # When to look for what was on its way when its answer was lost or the bot was stopped; `None`: nothing was.
        self._look_at: datetime | None = clock.now()
        self._troubles: dict[str, str] = {}  # by channel; under ALL what stands in the way of everything

    @property
    def trouble(self) -> str | None:
        """What keeps messages from their place now, in a sentence."""
        return next(iter(self._troubles.values()), None)

    def gets_through(self, channel: str) -> bool:
        """Whether nothing is known to keep messages from this channel."""
        return ALL not in self._troubles and channel not in self._troubles

    def wake(self) -> None:
        """Says that something new may wait."""
        self._news.set()

    async def run(self) -> None:
        """Sends for as long as the bot runs, also when the store refuses for a while."""
        while True:
            self._news.clear()
            try:
                next_at = await self.step()
            except Exception as problem:  # noqa: BLE001 - whatever it is, messages wait behind it
                next_at = self._broke(problem)
            await self._until(next_at)

    async def step(self) -> datetime | None:
        """Sends what may go now and says when the next may (`None`: when something new comes)."""
        self._mind_the_clock()
        if self._look_at is not None and self._look_at <= self._clock.now():
            await self._find_lost()
        now = self._clock.now()
        todo = plan(
            self._store.heads(),
            rests=self._rests,
            everything=self._everything,
            now=now,
            methods=self._methods,
            full=self._full,
        )
        if not todo.now:
            # What may be on its way holds up its channel, so that the plan says nothing of it.
            return min((at for at in (todo.next_at, self._look_at) if at is not None), default=None)
        # All come to their end, also beside one that broke: what is being sent must not be looked for as lost.
        for waiting in todo.now:
            pace = WORKSPACE[waiting.method]
            self._full[waiting.method] = pace.after(self._full.get(waiting.method), now)
        ended = await asyncio.gather(*(self._send(waiting) for waiting in todo.now), return_exceptions=True)
        for problem in ended:
            if problem is not None:
                raise problem
        return self._clock.now()

    def _mind_the_clock(self) -> None:
        """When the clock was set back, no rest of before says anything: else messages would wait for as long again."""
        now = self._clock.now()
        if now < self._stepped_at:
            self._rests.clear()
            self._methods.clear()
            self._full.clear()
            self._everything = None
            self._look_at = now
        self._stepped_at = now

    def _broke(self, problem: Exception) -> datetime:
        """When to go on after something that is not Slack's; what was being sent is looked for first."""
        words = str(problem) if isinstance(problem, BotError) else type(problem).__name__
        log.error("outbox_broke", problem=words, exc_info=None if isinstance(problem, BotError) else problem)
        self._troubles[ALL] = f"nothing can be sent: {words}"
        self._everything = self._look_at = self._clock.now() + timedelta(seconds=STORE_RESTS_S)
        return self._everything

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
        if await self._needless(waiting.what):
            await self._store.not_needed(waiting, now=self._clock.now())
            return
        folded = fold(waiting, self._store.behind(waiting, limit=FOLDED), now=self._clock.now())
        if not await self._store.begin(waiting, folded):
            return
        try:
            posted = await (self._together(waiting, folded) if folded else self._deliver(waiting))
        except SlackError as problem:
            await self._not_through(waiting, problem)
        except StoreError:
            raise  # it stays "on its way" until the store can be written
        except BotError as problem:
            await self._set_aside(waiting, str(problem))
        except Exception as problem:
            log.exception("message_not_drawn", outbox=waiting.id)
            await self._set_aside(waiting, f"It could not be drawn: {type(problem).__name__}")
        else:
            self._well(waiting.channel)
            self._gone(waiting.channel)
            said = PLAINLY if waiting.id in self._plainly else None
            self._plainly.discard(waiting.id)
            place, now = Place(posted.channel, posted.ts), self._clock.now()
            await self._store.sent(waiting, place, now=now, said=said)
            if (refused := self._refused.pop(waiting.id, None)) is not None:
                await self._picture(refused[0], refused[1].blocks)

    def _gone(self, channel: str) -> None:
        """One message has gone to this channel; after a few at once the next one waits a second."""
        now = self._clock.now()
        full_at = self._full[channel] = CHANNEL.after(self._full.get(channel), now)
        self._rests[channel] = CHANNEL.free_at(full_at, now)

    async def _together(self, waiting: Waiting, folded: Sequence[Waiting]) -> Posted:
        """One message for several that could not be sent for long, each with its own time."""
        notes = [(one.made_at, one.what) for one in (waiting, *folded) if isinstance(one.what, Note)]
        told = late_view.together(notes)
        first = replace(notes[0][1], text=told.text, blocks=told.blocks)
        return await self._deliver(replace(waiting, what=first, made_at=self._clock.now()))

    async def _needless(self, what: Outgoing) -> bool:
        """Whether this is for somebody who reads it in the channel anyway."""
        if not isinstance(what, Note) or what.unless_in is None:
            return False
        return await self._sees(what.channel, what.unless_in)

    async def _deliver(self, waiting: Waiting) -> Posted:
        match waiting.what:
            case Card(subject=subject):
                kind, _, number = subject.partition(":")
                return await self._show(waiting, subject, self._draw[kind](int(number)))
            case Note() as note:
                channel = await self._channel(note.channel)
                message = self._for_another(self._dated(waiting, note), waiting.meant_for)
                return await self._post_under(waiting, channel, message)

    def _dated(self, waiting: Waiting, note: Note) -> Message:
        """The message of a note, with the time it was written where that is long ago."""
        message = Message(note.text, note.blocks, plain=note.plain)
        return late_view.dated(message, waiting.made_at) if waiting.is_late(self._clock.now()) else message

    def _for_another(self, message: Message, channel: str | None) -> Message:
        """The message with the channel it was meant for, where that is another one."""
        return message if channel is None else route_view.meant_for(message, channel)

    async def _post_under(self, waiting: Waiting, channel: str, message: Message) -> Posted:
        """Posts it in the thread it belongs to; in the channel where somebody deleted the card that began it."""
        thread = self._thread(waiting.what, channel)
        try:
            return await self._post(waiting, channel, message, thread=thread)
        except SlackError as problem:
            if thread is None or problem.code not in NO_THREAD:
                raise
        return await self._post(waiting, channel, message)

    def _thread(self, what: Outgoing, channel: str) -> str | None:
        """The card this stands under, where that has one in this channel."""
        place = None if what.under is None else self._store.place(what.under)
        return place.ts if place is not None and place.channel == channel else None

    def _well(self, channel: str) -> None:
        """Slack took something for this channel, so nothing is wrong with it any more."""
        self._troubles.pop(channel, None)
        self._troubles.pop(ALL, None)

    async def _show(self, waiting: Waiting, subject: str, message: Message) -> Posted:
        """The card in its place: edited where it stands, posted where it does not stand any more, or yet."""
        place = self._store.place(subject)
        message = self._for_another(message, waiting.meant_for if place is None else place.meant_for)
        if place is not None:
            try:
                return await self._edit(waiting, Posted(place.channel, place.ts), message)
            except SlackError as problem:
                if problem.code not in GONE:
                    raise
                await self._store.forget_place(subject)
        return await self._post_under(waiting, await self._channel(waiting.channel), message)

    async def _post(self, waiting: Waiting, channel: str, message: Message, *, thread: str | None = None) -> Posted:
        async def post(shown: Message) -> Posted:
            posted = await self._slack.post(
                channel, text=shown.text, blocks=shown.blocks, thread_ts=thread, mark=self._store.mark(waiting)
            )
            if shown is not message:
                self._refused[waiting.id] = Posted(posted.channel, thread or posted.ts), message
            return posted

        return await self._until_taken(waiting, post, message)

    async def _edit(self, waiting: Waiting, at: Posted, message: Message) -> Posted:
        async def edit(shown: Message) -> Posted:
            return await self._slack.edit(at, text=shown.text, blocks=shown.blocks)

        return await self._until_taken(waiting, edit, message)

    async def _until_taken(
        self, waiting: Waiting, send: Callable[[Message], Awaitable[Posted]], message: Message
    ) -> Posted:
        """Sends the message; where Slack refuses its blocks, its plain ones, and at last its text alone, which is
        written down."""
        plain = [] if message.plain is None else [replace(message, blocks=message.plain)]
        for shown in (message, *plain):
            try:
                return await send(shown)
            except SlackError as problem:
                if problem.code not in POISON:
                    raise
                log.error("slack_refused_blocks", problem=str(problem), outbox=waiting.id)
        self._plainly.add(waiting.id)
        return await send(Message(fit(message.text, PLAIN_LIMIT), ()))

    async def _channel(self, name: str) -> str:
        """Where to post for this channel or person."""
        return await self._slack.direct(name) if name.startswith(("U", "W")) else name

    async def _not_through(self, waiting: Waiting, problem: SlackError) -> None:
        """Slack did not take it: wait as it asks and try again, or set aside what it will never take."""
        gone = problem.code == "channel_not_found" and waiting.channel.startswith(("U", "W"))
        if gone or problem.code in POISON or problem.code in NOBODY:
            await self._set_aside(waiting, str(problem))
            return
        if problem.again:
            self._troubles[ALL] = str(problem)
        else:
            self._troubles[waiting.channel] = f"{problem} (for {waiting.channel}; is the bot in there?)"
        log.warning("message_not_through", outbox=waiting.id, channel=waiting.channel, problem=problem.code)
        now = self._clock.now()
        if not problem.again:
            self._rests[waiting.channel] = now + timedelta(seconds=TO_MEND_S)
        elif problem.code == RATED and problem.method is not None and problem.method in WORKSPACE:
            self._methods[problem.method] = now + rest(waiting.tries, retry_after=problem.retry_after)
        else:
            self._everything = now + rest(waiting.tries, retry_after=problem.retry_after)
        if problem.code == LOST:
            self._look_at = self._everything  # it stays "on its way" until Slack says whether it has it
        else:
            await self._store.again(waiting, error=str(problem))
        if problem.code in NO_CHANNEL:
            await self._shut(waiting.channel, problem.code)

    async def _shut(self, channel: str, code: str) -> None:
        """A channel takes nothing; where another one has all of it now, nothing is in the way any more."""
        if channel.startswith(("U", "W")):
            return
        await self._closed(channel, code)
        if not self._store.depth_of(channel):
            self._troubles.pop(channel, None)

    async def _set_aside(self, waiting: Waiting, error: str) -> None:
        log.error("message_set_aside", outbox=waiting.id, channel=waiting.channel, problem=error)
        self._troubles.pop(waiting.channel, None)
        await self._store.give_up(waiting, error=error)

    async def _find_lost(self) -> None:
        """Settles what was on its way when an answer was lost or the bot was killed.

        What Slack has is ticked off, the rest goes again. While Slack says nothing, nothing is settled.
        """
        self._look_at = None
        try:
            for waiting in self._store.left_sending():
                await self._settle(waiting)
        except SlackError as problem:
            self._troubles[ALL] = str(problem)
            self._everything = self._look_at = self._clock.now() + rest(3, retry_after=problem.retry_after)
        else:
            self._troubles.pop(ALL, None)

    async def _settle(self, waiting: Waiting) -> None:
        """Ticks off one message that was on its way, or lets it go again. Raises SlackError when Slack is away."""
        try:
            posted = await self._found(waiting)
        except SlackError as problem:
            if problem.again:
                raise
            # Its channel is closed to us, for looking as for posting: it waits until somebody mends that, or goes to
            # another channel with all that is behind it.
            self._troubles[waiting.channel] = f"{problem} (for {waiting.channel}; is the bot in there?)"
            self._look_at = self._clock.now() + timedelta(seconds=TO_MEND_S)
            await self._shut(waiting.channel, problem.code)
            return
        if posted is None:
            await self._store.again(waiting, error="It was on its way when the answer was lost.")
        else:
            self._well(waiting.channel)
            await self._store.sent(waiting, Place(posted.channel, posted.ts), now=self._clock.now())

    async def _found(self, waiting: Waiting) -> Posted | None:
        """Where Slack has this message; `None` when it has not, or when we may post there but not look."""
        if isinstance(waiting.what, Card) and self._store.place(waiting.what.subject) is not None:
            return None  # drawing it again in its place does no harm
        try:
            channel = await self._channel(waiting.channel)
            thread = self._thread(waiting.what, channel)
            return await self._slack.find(channel, mark=self._store.mark(waiting), thread_ts=thread)
        except SlackError as problem:
            if problem.again or problem.code in CLOSED:
                raise
            return None
