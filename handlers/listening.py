"""The wrapper round every listener: each command, click and modal is taken once and answered within three seconds."""

from __future__ import annotations

import asyncio
import html
import re
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import structlog

from bot.clock import Clock
from bot.errors import BadInput, BotError, StoreError
from bot.views.parts import Message, answer

# Any: a payload and Bolt's helpers have Slack's shapes, which Bolt leaves untyped.
Body = Mapping[str, Any]
Ack = Callable[..., Awaitable[Any]]
Respond = Callable[..., Awaitable[Any]]
Listener = Callable[..., Awaitable[None]]
Work = Callable[[Body], Awaitable[Message | None]]
FirstTime = Callable[[str], Awaitable[bool]]
Tell = Callable[[str, Message], Awaitable[None]]

# Slack gives three seconds; the answer itself is sent when it is ready by then, and a word before it when it is not.
PATIENCE_S = 1.5
PATIENT = answer("One moment, I am looking it up …")
log = structlog.get_logger()


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
        """A listener for a slash command: the answer is the acknowledgement itself, when it is ready in time."""

        async def listener(ack: Ack, body: Body, respond: Respond) -> None:
            task = self._spawn(self._guarded(work, body))
            if await self._in_time(task):
                await ack(**_shown(task.result()))
                return
            await ack(**_shown(PATIENT))
            self._spawn(self._follow_up(task, body, respond))

        return listener

    def pressed(self, work: Work) -> Listener:
        """A listener for a button: acknowledged at once; what it has to say comes after, for the presser alone."""

        async def listener(ack: Ack, body: Body, respond: Respond) -> None:
            task = self._spawn(self._guarded(work, body))
            await ack()
            self._spawn(self._follow_up(task, body, respond))

        return listener

    def submitted(self, work: Work, *, field: str) -> Listener:
        """A listener for a modal: what is wrong is shown at the field named, and nothing that was typed is lost."""

        async def listener(ack: Ack, body: Body) -> None:
            task = self._spawn(self._guarded(work, body))
            if not await self._in_time(task):
                await ack()
                self._spawn(self._follow_up(task, body, None))
            elif (problem := task.result()) is None:
                await ack()
            else:
                await ack(response_action="errors", errors={field: _plain(problem.text)})

        return listener

    def event(self, work: Work) -> Listener:
        """A listener for an event of Slack's: nobody waits for an answer, but it is worked on once."""

        async def listener(ack: Ack, body: Body) -> None:
            await ack()
            task = self._spawn(self._guarded(work, body))
            task.add_done_callback(_log_unsaid)

        return listener

    def _spawn(self, work: Coroutine[Any, Any, Message | None]) -> asyncio.Task[Message | None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _in_time(self, task: asyncio.Task[Message | None]) -> bool:
        """Whether the work is done before Slack's patience ends."""
        alarm = asyncio.ensure_future(self._clock.sleep(PATIENCE_S))
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
            return answer(str(problem))
        except Exception:
            ref = secrets.token_hex(3)
            log.exception("unexpected", ref=ref)
            return answer(f"Something went wrong here (ref {ref}); nothing more was done. Tell whoever runs the bot.")

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
        if message is None:
            return
        try:
            if respond is not None:
                sent = await respond(replace_original=False, **_shown(message))
                if getattr(sent, "status_code", 200) == 200:
                    return
                log.warning("response_url_refused", status=sent.status_code)
        except Exception as problem:  # noqa: BLE001 - whatever closed this way, the other one is open
            log.warning("response_url_failed", problem=type(problem).__name__)
        try:
            await self._tell(user_of(body), message)
        except BotError as problem:
            log.error("nobody_told", problem=str(problem))


def user_of(body: Body) -> str:
    """The Slack user id of whoever sent this. Raises BadInput when there is none."""
    user = body.get("user_id") or body.get("user") or body.get("event", {}).get("user")
    named = user.get("id") if isinstance(user, Mapping) else user
    if not isinstance(named, str) or not re.fullmatch("[UW][A-Z0-9]+", named):
        raise BadInput("Slack did not say who this is from.")
    return named


def id_of(body: Body) -> int:
    """The number a button or a modal carries. Raises BadInput for anything else: a card can be forged, its row not."""
    actions: Sequence[Body] = body.get("actions") or ()
    value = actions[0].get("value") if actions else body.get("view", {}).get("private_metadata")
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 15:
        raise BadInput("This button carries nothing that is known here. Use the newest card.")
    return int(value)


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


def _shown(message: Message | None) -> dict[str, Any]:
    if message is None:
        return {}
    seen_by = "in_channel" if message.public else "ephemeral"
    return {"response_type": seen_by, "text": message.text, "blocks": [dict(b) for b in message.blocks]}
