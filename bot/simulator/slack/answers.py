"""Answers that do not come through the Web API: to a `response_url`, and in the body of an acknowledgement."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

from aiohttp import web

from bot.simulator.slack.limits import check_message
from bot.simulator.slack.shapes import Json, Message, Refused
from bot.simulator.slack.trouble import Trouble
from bot.simulator.slack.workspace import AnswerAddress, Change, Workspace

USES = 5
LIFE_SECONDS = 30 * 60


class Answers:
    """The `response_url`s of one workspace. https://docs.slack.dev/interactivity/handling-user-interaction"""

    def __init__(self, space: Workspace, trouble: Trouble, *, origin: Callable[[], str]) -> None:
        self.space = space
        self.trouble = trouble
        self.origin = origin

    def new_url(self, *, channel: str, user: str, source: Message | None = None, thread_ts: str | None = None) -> str:
        """A new `response_url` for what this person did there. `source` is the message of the bot's they did it in:
        it can be replaced, and its thread is where answers go, unless another is named.
        """
        token = secrets.token_urlsafe(18)
        ts, thread = (source.ts, source.thread_ts) if source is not None else (None, None)
        self.space.answers[token] = AnswerAddress(channel, user, self.space.now(), ts, thread_ts or thread)
        self.space.changed(Change("kept"))
        return f"{self.origin()}/response/{token}"

    async def receive(self, request: web.Request) -> web.Response:
        """What Slack says to a post to a `response_url`."""
        if self.trouble.down:
            return web.Response(status=503, text="Service Unavailable")
        try:
            body = json.loads(await request.text())
        except ValueError:
            return _no("invalid_payload", status=400)
        try:
            self.take(request.match_info["token"], body if isinstance(body, dict) else {})
        except Refused as refusal:
            gone = refusal.code in {"used_url", "expired_url"}
            return _no(refusal.code, status=404 if gone else 400)
        return web.Response(text="ok")

    def take(self, token: str, body: Json) -> Message | None:
        """The message made from this answer; raises Refused when the address is used up or the message too large."""
        address = self.space.answers.get(token)
        if address is None:
            raise Refused("expired_url")
        if (self.space.now() - address.at).total_seconds() > LIFE_SECONDS:
            raise Refused("expired_url")
        if address.uses >= USES:
            raise Refused("used_url")
        message = self.write(address, body)
        address.uses += 1
        self.space.changed(Change("kept"))
        return message

    def write(self, address: AnswerAddress, body: Json) -> Message | None:
        """Writes, replaces or deletes, as the answer says. A command has no original to replace; then it is new."""
        source = self.space.find(address.channel, address.source) if address.source is not None else None
        if _said(body, "delete_original"):
            if source is not None:
                self.space.remove(source)
            return None
        text = str(body.get("text") or "")
        self.trouble.check_known(body.get("blocks"))
        check_message(text=text, blocks=body.get("blocks"), attachments=body.get("attachments"))
        blocks, attachments = body.get("blocks") or [], body.get("attachments") or []
        if _said(body, "replace_original") and source is not None:
            return self.space.edit(source, text=text, blocks=blocks, attachments=attachments)
        ephemeral = body.get("response_type") != "in_channel"
        return self.space.post(
            channel=address.channel,
            user=self.space.ids.bot_user_id,
            text=text,
            blocks=blocks,
            attachments=attachments,
            thread_ts=body.get("thread_ts") or self._thread(address),
            ephemeral_to=address.user if ephemeral else None,
        )

    def _thread(self, address: AnswerAddress) -> str | None:
        """The thread the answer goes to, as long as its first message is there."""
        there = address.thread_ts is not None and self.space.find(address.channel, address.thread_ts) is not None
        return address.thread_ts if there else None

    def from_ack(self, body: str, content_type: str, *, channel: str, user: str) -> Message | None:
        """The message in the body of a command's acknowledgement, where there is one; raises Refused."""
        if not body.strip():
            return None
        address = AnswerAddress(channel, user, self.space.now())
        if "json" not in content_type:
            return self.write(address, {"text": body})
        said = json.loads(body)
        if isinstance(said, str):
            said = {"text": said}
        return self.write(address, said) if said else None


def _said(body: Json, key: str) -> bool:
    return body.get(key) in (True, "true")


def _no(code: str, *, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": code}, status=status)
