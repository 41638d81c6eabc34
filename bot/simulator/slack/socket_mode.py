"""Socket Mode: the bot opens a WebSocket and is handed everything through it."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable

from aiohttp import WSMsgType, web

from bot.simulator.slack.sending import Ack
from bot.simulator.slack.shapes import Json
from bot.simulator.slack.workspace import Ids

MOST_CONNECTIONS = 10


class SocketMode:
    """The open connections, and the envelopes that wait for an answer.

    https://docs.slack.dev/apis/events-api/using-socket-mode
    """

    def __init__(self, ids: Ids, *, origin: Callable[[], str]) -> None:
        self.ids = ids
        self.origin = origin
        self._tickets: set[str] = set()
        self._open: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._turn = 0
        self._cut = False

    def new_url(self) -> str:
        """An address that is good for one connection."""
        ticket = secrets.token_urlsafe(12)
        self._tickets.add(ticket)
        return self.origin().replace("http://", "ws://") + f"/link/{ticket}"

    async def cut(self) -> None:
        """Closes every connection and takes no new one."""
        self._cut = True
        for socket in list(self._open):
            await socket.close()

    def connected(self) -> bool:
        """Whether the bot is listening."""
        return bool(self._open)

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """One connection, from its hello to its end."""
        ticket = request.match_info["ticket"]
        if self._cut or ticket not in self._tickets or len(self._open) >= MOST_CONNECTIONS:
            return web.Response(status=403, text="This address is not good (any more).")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._open.append(socket)
        await socket.send_json(
            {"type": "hello", "num_connections": len(self._open), "connection_info": {"app_id": self.ids.app_id}}
        )
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._answered(message.data)
        finally:
            self._open.remove(socket)
        return socket

    def _answered(self, text: str) -> None:
        said = json.loads(text) if text.startswith("{") else {}
        waiting = self._waiting.get(str(said.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(said)

    async def send(self, kind: str, payload: Json, *, retry: int, within: float) -> Ack:
        """Hands over one envelope and waits for its acknowledgement; the connections take turns."""
        envelope: Json = {"envelope_id": secrets.token_hex(16), "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind != "events_api"
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": "timeout" if retry else ""}
        self._turn += 1
        socket = self._open[self._turn % len(self._open)]
        waiting = self._waiting[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
        began = time.monotonic()
        try:
            async with asyncio.timeout(within):
                await socket.send_json(envelope)
                said = await waiting
        except TimeoutError:
            return Ack(0, took=time.monotonic() - began)
        except ConnectionError:
            return Ack(-1, took=time.monotonic() - began)
        finally:
            del self._waiting[envelope["envelope_id"]]
        body = json.dumps(said["payload"]) if said.get("payload") else ""
        return Ack(200, body, "application/json", time.monotonic() - began)

    async def close(self) -> None:
        """Ends all connections; the bot will open new ones when it can."""
        for socket in tuple(self._open):
            await socket.close()
