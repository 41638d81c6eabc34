"""PUSHED: SmartHub's notifications, and what watches the bot. A push is answered 200 when it is on disk, not before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from bot.errors import StoreError
from bot.flows.door import Comer, Door
from bot.flows.events import Events
from bot.rules.events import EVENTS

READ_WITHIN_S = 10.0
log = structlog.get_logger()


@dataclass(frozen=True)
class Webhook:
    """The nine addresses `/smarthub/{secret}/{event}`. Who may send there is the door's business."""

    events: Events
    door: Door
    limit_bytes: int
    read_within_s: float = READ_WITHIN_S

    def routes(self) -> list[web.RouteDef]:
        """For the aiohttp application."""
        return [web.post("/smarthub/{secret}/{event}", self.pushed)]

    async def pushed(self, request: web.Request) -> web.Response:
        """404 for a wrong secret or event, with nothing read or stored; else 200 when it is on disk."""
        headers = request.headers
        comer = Comer(request.remote, request.match_info["secret"], lambda name: ",".join(headers.getall(name, ())))
        status = self.door.turn_away(comer)
        if status is not None:
            return web.Response(status=status, headers={"Retry-After": "1"} if status == 429 else None)
        event = request.match_info["event"]
        if event not in EVENTS:
            return web.Response(status=404)
        body = await self._body(request)
        if isinstance(body, web.Response):
            return body
        try:
            number = await self.events.receive(event, body)
        except StoreError as problem:
            log.error("push_not_stored", problem=str(problem))
            return _problem(503, "The notification could not be stored; send it again.")
        return web.Response(body=b'{"stored": true, "id": %d}' % number, content_type="application/json")

    async def _body(self, request: web.Request) -> bytes | web.Response:
        """What was sent, or the answer for what is too long (413), too slow (408) or broken on its way (400)."""
        try:
            body = await self._read(request)
        except TimeoutError:
            return _problem(408, "The notification did not arrive in time; send it again.")
        except web.RequestPayloadError:
            return _problem(400, "The notification is not what its headers say; send it again.")
        return _problem(413, f"A notification has at most {self.limit_bytes} bytes.") if body is None else body

    async def _read(self, request: web.Request) -> bytes | None:
        """The body; `None` when it is longer than the limit, however long it says it is. Raises TimeoutError."""
        limit, content = self.limit_bytes, request.content
        if (request.content_length or 0) > limit:
            return None
        if content.is_eof():  # as most are: it came together with its head
            body = content.read_nowait()
            return body if len(body) <= limit else None
        async with asyncio.timeout(self.read_within_s):
            return await _read_slowly(request, limit)


async def _read_slowly(request: web.Request, limit: int) -> bytes | None:
    """The body as it comes in; `None` as soon as it is longer than the limit."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _problem(status: int, text: str) -> web.Response:
    return web.json_response({"stored": False, "problem": text}, status=status)


@dataclass(frozen=True)
class Watch:
    """`/healthz`: alive. `/readyz`: every part works, or which does not. `/metrics`: for Prometheus."""

    troubles: Callable[[], Sequence[str]]
    registry: CollectorRegistry

    def routes(self) -> list[web.RouteDef]:
        """For the aiohttp application."""
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def alive(self, _: web.Request) -> web.Response:
        """200 as long as the loop turns."""
        return web.json_response({"alive": True})

    async def ready(self, _: web.Request) -> web.Response:
        """200 when all is well; 503 with what is not."""
        troubles = list(self.troubles())
        return web.json_response({"ready": not troubles, "troubles": troubles}, status=503 if troubles else 200)

    async def metrics(self, _: web.Request) -> web.Response:
        """The figures in Prometheus' text format."""
        return web.Response(body=generate_latest(self.registry), headers={"Content-Type": "text/plain; version=0.0.4"})
