"""The wrapper round every listener: each command, click and modal is taken once and answered within three seconds."""

from __future__ import annotations

import asyncio
import html
import re
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeVar

import structlog
from slack_bolt.response import BoltResponse

from bot.clock import Clock
from bot.errors import BadInput, BotError, Misfilled, StoreError
from bot.views.forms import options
from bot.views.parts import Block, Message, answer

T = TypeVar("T")
# Any: a payload and Bolt's helpers have Slack's shapes, which Bolt leaves untyped.
Body = Mapping[str, Any]
Ack = Callable[..., Awaitable[Any]]
Respond = Callable[..., Awaitable[Any]]
Listener = Callable[..., Awaitable[None]]
Work = Callable[[Body], Awaitable[Message | None]]
FirstTime = Callable[[str], Awaitable[bool]]
Tell = Callable[[str, Message], Awaitable[None]]
Offer = Callable[[Body], Awaitable[Sequence[tuple[str, str]]]]

# Slack gives three seconds; the answer itself is sent when it is ready by then, and a word before it when it is not.
PATIENCE_S = 1.5
TYPE_AHEAD_S = 2.5  # nothing can come after it, so it is given nearly all there is
PATIENT = answer("One moment, I am looking it up …")
log = structlog.get_logger()


@dataclass(frozen=True)
class Refusal(Message):
    """What went wrong, in words; `problems` where it is the fields of a form, with a sentence for each."""

    problems: Mapping[str, str] = field(default_factory=dict)


class Listening:
    """Makes listeners out of plain functions from a payload to a message.

    Nothing leaves a listener: what we expect is answered in its own words, what we do not with a number to find it by.
    """

    def __init__(self, *, first_time: FirstTime, tell: Tell, clock: Clock) -> None:
        """`first_time` remembers deliveries; `tell` brings a message to a person when Slack's own way is closed."""
        self._first_time, self._tell, self._clock = first_time, tell, clock
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def busy(self) -> int:
        """How many commands and clicks are being worked on."""
        return len(self._tasks)

    async def drain(self, seconds: float) -> None:
        """Lets what is under way come to its end, for that many seconds at most; what is left then is cut off."""
        if not self._tasks:
            return
        _, left = await asyncio.wait(self._tasks, timeout=seconds)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def command(self, work: Work) -> Listener:
        """A listener for a slash command: the answer is the acknowledgement itself, when it is ready in time.

        One that has plain blocks beside its native ones comes after: of an acknowledgement we never hear whether Slack
        refused the blocks in it.
        """

        async def listener(ack: Ack, body: Body, respond: Respond) -> None:
            task = self._spawn(self._guarded(work, body))
            if not await self._in_time(task):
                await ack(**_shown(PATIENT))
            elif (said := task.result()) is None or said.plain is None:
                await ack(**_shown(said))
                return
            else:
                await ack()
            self._spawn(self._follow_up(task, body, respond))

        return listener

    def pressed(self, work: Work) -> Listener:
        """A listener for a button: acknowledged at once; what it has to say comes after, for the presser alone, or in
        the place of what was pressed where the message says so.
        """

        async def listener(ack: Ack, body: Body, respond: Respond) -> None:
            task = self._spawn(self._guarded(work, body))
            await ack()
            self._spawn(self._follow_up(task, body, respond))

        return listener

    def shortcut(self, work: Work) -> Listener:
        """A listener for a shortcut, global or of a message: acknowledged at once; what it has to say comes after, for
        whoever started it: beside the message, else by direct message.
        """

        async def listener(ack: Ack, body: Body, respond: Respond) -> None:
            task = self._spawn(self._guarded(work, body))
            await ack()
            self._spawn(self._follow_up(task, body, respond if body.get("response_url") else None))

        return listener

    def suggested(self, work: Offer) -> Listener:
        """A listener for what is typed into a menu of ours (`forms.menu`): options as what is read and its value.

        There are none when the work fails or takes too long: Slack has no place for words there. Nothing is noted of
        these deliveries, as there is one for each letter and a second one does no harm.
        """

        async def listener(ack: Ack, body: Body) -> None:
            task = self._spawn(self._offered(work, body))
            if not await self._in_time(task, TYPE_AHEAD_S):
                task.cancel()
                log.warning("type_ahead_late", action=body.get("action_id"))
            await ack(options=task.result() if task.done() else [])

        return listener

    def submitted(self, work: Work, *, field: str, meanwhile: Block | None = None) -> Listener:
        """A listener for a modal: what is wrong is shown at the fields that are, else at the one named, and nothing
        that was typed is lost.

        A form that is right closes; what the work has to say then comes by direct message. Where that takes longer,
        `meanwhile` is shown in the form's place.
        """

        async def listener(ack: Ack, body: Body) -> None:
            task = self._spawn(self._guarded(work, body))
            in_time = await self._in_time(task)
            if in_time and isinstance(problem := task.result(), Refusal):
                problems = problem.problems or {field: problem.text}
                await ack(response_action="errors", errors={at: _plain(text) for at, text in problems.items()})
                return
            if in_time or meanwhile is None:
                await ack()
            else:
                await ack(response_action="update", view=dict(meanwhile))
            self._spawn(self._follow_up(task, body, None))

        return listener

    def event(self, work: Work) -> Listener:
        """A listener for an event of Slack's: nobody waits for an answer, but it is worked on once."""

        async def listener(ack: Ack, body: Body) -> None:
            await ack()
            task = self._spawn(self._guarded(work, body))
            task.add_done_callback(_log_unsaid)

        return listener

    def kept(self, work: Work, *, wanted: Callable[[Body], bool]) -> Callable[..., Awaitable[BoltResponse | None]]:
        """A listener for an event that must not be lost: acknowledged only after the work, so that Slack sends it again
        when the store refuses. It may come more than once, and the work has to stand that.
        """

        async def listener(ack: Ack, body: Body) -> BoltResponse | None:
            if wanted(body) and not await self._spawn(self._was_kept(work, body)):
                return BoltResponse(status=503)  # without it Bolt would acknowledge an event by itself
            await ack()
            return None

        return listener

    async def _was_kept(self, work: Work, body: Body) -> bool:
        try:
            await work(body)
        except StoreError as problem:
            log.error("event_not_kept", problem=str(problem))
            return False
        except BotError as problem:
            log.warning("event_not_handled", said=str(problem))
        except Exception:
            log.exception("event_failed")
        return True

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _in_time(self, task: asyncio.Task[Any], seconds: float = PATIENCE_S) -> bool:
        """Whether the work is done before Slack's patience ends."""
        alarm = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            alarm.cancel()
        return task.done()

    async def _guarded(self, work: Work, body: Body) -> Message | None:
        """What the work has to say, or what went wrong, in words; `None` for a delivery that was taken before."""
        try:
            return await work(body) if await self._is_first_time(body) else None
        except BotError as problem:
            log.info("refused", kind=type(problem).__name__)
            return _refusal(str(problem), problem.problems if isinstance(problem, Misfilled) else {})
        except Exception:
            ref = secrets.token_hex(3)
            log.exception("unexpected", ref=ref)
            return _refusal(f"Something went wrong here (ref {ref}); nothing more was done. Tell whoever runs the bot.")

    async def _offered(self, work: Offer, body: Body) -> list[Mapping[str, object]]:
        """The options, as Slack takes them; none when anything goes wrong."""
        try:
            return options(await work(body))
        except BotError as problem:
            log.info("nothing_offered", kind=type(problem).__name__)
        except Exception:
            log.exception("type_ahead_failed")
        return []

    async def _is_first_time(self, body: Body) -> bool:
        """Whether this delivery is new. When the store cannot say, it is taken: a look-up needs no store, and a change
        cannot be made without one."""
        try:
            return await self._first_time(_delivery(body))
        except StoreError as problem:
            log.error("delivery_not_noted", problem=str(problem))
            return True

    async def _follow_up(self, task: asyncio.Task[Message | None], body: Body, respond: Respond | None) -> None:
        """Brings the answer after the acknowledgement: where it was asked, else by direct message."""
        message = await task
        if message is None or (respond is not None and await self._responded(message, body, respond)):
            return
        try:
            await self._tell(user_of(body), list(_forms(message))[-1])
        except BotError as problem:
            log.error("nobody_told", problem=str(problem))

    async def _responded(self, message: Message, body: Body, respond: Respond) -> bool:
        """Whether Slack took it where it was asked: as it is, or with its plain blocks."""
        for shown in _forms(message):
            try:
                sent = await respond(**_placed(shown, body))
            except Exception as problem:  # noqa: BLE001 - whatever closed this way, the other one is open
                log.warning("response_url_failed", problem=type(problem).__name__)
                return False
            if _taken(sent):
                return True
            log.warning("response_url_refused", status=sent.status_code)
        return False


def user_of(body: Body) -> str:
    """The Slack user id of whoever sent this. Raises BadInput when there is none."""
    event = body.get("event", {})
    user = body.get("user_id") or body.get("user") or event.get("user") or event.get("user_id")
    named = user.get("id") if isinstance(user, Mapping) else user
    if not isinstance(named, str) or not re.fullmatch("[UW][A-Z0-9]+", named):
        raise BadInput("Slack did not say who this is from.")
    return named


def id_of(body: Body) -> int:
    """The number a button, an option or a modal carries. Raises BadInput for anything else: a card can be forged."""
    actions: Sequence[Body] = body.get("actions") or ()
    value = _pressed_value(actions[0]) if actions else body.get("view", {}).get("private_metadata")
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 15:
        raise BadInput("This button carries nothing that is known here. Use the newest card.")
    return int(value)


def _pressed_value(action: Body) -> object:
    """What a button carries, or the option that was chosen in a menu."""
    return (action.get("selected_option") or action).get("value")


def _delivery(body: Body) -> str:
    """What makes this delivery itself: Slack uses each of these once."""
    return str(body.get("event_id") or body.get("trigger_id") or secrets.token_hex(16))


def _log_unsaid(task: asyncio.Task[Message | None]) -> None:
    """What went wrong where nobody waits for an answer stands in the log at least."""
    if not task.cancelled() and task.exception() is None and (said := task.result()) is not None:
        log.warning("event_not_handled", said=said.text)


def _plain(text: str) -> str:
    """A message's text for where Slack reads no signs, and nobody can be named."""
    return html.unescape(re.sub("<@[UW][A-Z0-9]+>", "somebody else", text))


def _refusal(text: str, problems: Mapping[str, str] = MappingProxyType({})) -> Refusal:
    said = answer(text)
    return Refusal(said.text, said.blocks, problems=problems)


def _forms(message: Message) -> Iterator[Message]:
    """The message as it is meant, and, where it has them, with its plain blocks."""
    yield message
    if message.plain is not None:
        yield replace(message, blocks=message.plain, plain=None)


def _taken(sent: Any) -> bool:  # Any: Bolt leaves it untyped
    """Whether Slack took it: it says no by a status, or in the body behind a 200."""
    no = re.search(r'"ok"\s*:\s*false', str(getattr(sent, "body", None) or ""))
    return getattr(sent, "status_code", 200) == 200 and no is None


def _placed(message: Message, body: Body) -> dict[str, Any]:
    """What goes to a `response_url`: a message of its own, or one in the place of that which was pressed.

    The place stays what it was: seen by one, or by the channel. What was pressed in a thread is answered there.
    """
    where = body.get("container") or {}
    if not message.replace or where.get("type") != "message":
        return {**_shown(message), "replace_original": False, **_thread_of(body)}
    return {**_shown(replace(message, public=not where.get("is_ephemeral", True))), "replace_original": True}


def _thread_of(body: Body) -> dict[str, str]:
    """The thread in which something was pressed, or the message stands that somebody points at."""
    where, message = body.get("container") or {}, body.get("message") or {}
    thread = where.get("thread_ts") or message.get("thread_ts")
    first = thread in (where.get("message_ts"), message.get("ts"))  # who presses there may not have the thread open
    return {"thread_ts": thread} if isinstance(thread, str) and not first else {}


def _shown(message: Message | None) -> dict[str, Any]:
    if message is None:
        return {}
    seen_by = "in_channel" if message.public else "ephemeral"
    return {"response_type": seen_by, "text": message.text, "blocks": [dict(b) for b in message.blocks]}
