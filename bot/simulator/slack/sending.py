"""The line to the bot: signed requests as Slack sends them, by HTTP or through a socket."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

import aiohttp

from bot.simulator.slack.shapes import Delivery, Json

FORM = "application/x-www-form-urlencoded"
JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Ack:
    """What the bot answered. `status` 0: nothing in time; -1: it cannot be reached. `took` is real seconds."""

    status: int
    body: str = ""
    content_type: str = ""
    took: float = 0.0


def trouble_of(ack: Ack) -> str | None:
    """Slack's word for what went wrong with a delivery."""
    if ack.status == 0:
        return "operation_timeout"
    return None if ack.status == 200 else "dispatch_failed"


def delivered(ack: Ack) -> Delivery:
    """The body of the answer to a click or an event is ignored, as Slack ignores it."""
    return Delivery(max(ack.status, 0), ack.took, body=ack.body, trouble=trouble_of(ack))


@dataclass(frozen=True)
class Sent:
    """A request as it went out, to be sent again."""

    body: bytes
    headers: Mapping[str, str]


class Socket(Protocol):
    """The other way to the bot, where it has opened one."""

    def connected(self) -> bool:
        """Whether the bot is listening there."""

    async def send(self, kind: str, payload: Json, *, retry: int, within: float) -> Ack:
        """The bot's answer."""


class Line:
    """Sends to `events_url`, signed with the secret; waits `ack_seconds` of real time for the answer."""

    def __init__(self, *, signing_secret: str, events_url: str | None) -> None:
        self.signing_secret = signing_secret
        self.events_url = events_url
        self.ack_seconds = 3.0
        self.socket: Socket | None = None
        self.last: Sent | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def reachable(self) -> bool:
        """Whether there is a bot to send to."""
        return self.events_url is not None or (self.socket is not None and self.socket.connected())

    async def close(self) -> None:
        """Ends the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def command(self, fields: Json) -> Ack:
        """Hands over a slash command."""
        if self.socket is not None and self.socket.connected():
            return await self.socket.send("slash_commands", fields, retry=0, within=self.ack_seconds)
        return await self.post(urlencode(fields).encode(), content_type=FORM)

    async def interaction(self, payload: Json) -> Ack:
        """Hands over a click, a form, a shortcut or a type-ahead."""
        if self.socket is not None and self.socket.connected():
            return await self.socket.send("interactive", payload, retry=0, within=self.ack_seconds)
        return await self.post(urlencode({"payload": json.dumps(payload)}).encode(), content_type=FORM)

    async def event(self, payload: Json, *, retry: int = 0) -> Ack:
        """Hands over an event; `retry` counts its deliveries after the first."""
        if self.socket is not None and self.socket.connected():
            return await self.socket.send("events_api", payload, retry=retry, within=self.ack_seconds)
        again = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        return await self.post(json.dumps(payload).encode(), content_type=JSON, headers=again)

    async def post(
        self,
        body: bytes,
        *,
        content_type: str,
        timestamp: int | None = None,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Ack:
        """Sends these bytes, signed now and with our secret unless told otherwise."""
        at = str(int(time.time()) if timestamp is None else timestamp)
        key = (self.signing_secret if secret is None else secret).encode()
        signature = "v0=" + hmac.new(key, b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        signed = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": signature,
            **(headers or {}),
        }
        self.last = Sent(body, signed)
        return await self.again(self.last)

    async def again(self, sent: Sent) -> Ack:
        """Sends exactly that request once more."""
        if self.events_url is None:
            raise RuntimeError("The built-in Slack does not know where the bot listens: set `events_url` first.")
        if self._session is None:
            self._session = aiohttp.ClientSession()
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.ack_seconds):
                async with self._session.post(self.events_url, data=sent.body, headers=sent.headers) as answer:
                    body = await answer.text()
                    kind = answer.headers.get("Content-Type", "")
                    return Ack(answer.status, body, kind, time.monotonic() - began)
        except TimeoutError:
            return Ack(0, took=time.monotonic() - began)
        except aiohttp.ClientError:
            return Ack(-1, took=time.monotonic() - began)
