"""Stands between the bot and `emulate`: turns reads by GET into the POST that alone it takes, and keeps what was said.

Slack takes the arguments of its reads by GET and in the query, and slack_sdk sends them so; `emulate` does not.
https://docs.slack.dev/apis/web-api/#post_bodies
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web


@dataclass(frozen=True)
class Call:
    """A call of the Web API that went through, and what was said to it."""

    method: str
    said: dict[str, Any]


@dataclass
class Relay:
    """What went through, and what came to a `response_url`."""

    origin: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def lose_next(self, method: str) -> None:
        """Lets the next call of this method through, and breaks the connection instead of answering."""
        self.losses.append(method)

    def said(self, method: str) -> list[dict[str, Any]]:
        """What was answered to the calls of this method, in order."""
        return [call.said for call in self.calls if call.method == method]

    def refused(self) -> list[tuple[str, str]]:
        """Each method that was refused, with Slack's word."""
        return [(call.method, str(call.said.get("error"))) for call in self.calls if not call.said.get("ok")]


@asynccontextmanager
async def relaying(slack: str) -> AsyncIterator[Relay]:
    """A relay on a free port of 127.0.0.1 to the Slack at this origin."""
    relay = Relay()
    async with aiohttp.ClientSession() as session:

        async def call(request: web.Request) -> web.StreamResponse:
            method = request.match_info["method"]
            async with session.post(f"{slack}/api/{method}", **await _as_post(request)) as response:
                body = await response.read()
            relay.calls.append(Call(method, json.loads(body)))
            if method in relay.losses:
                relay.losses.remove(method)
                assert request.transport is not None
                request.transport.close()
            return web.Response(status=response.status, body=body, content_type="application/json")

        async def answer(request: web.Request) -> web.Response:
            relay.answers.append(await request.json())
            return web.Response(text="ok")

        app = web.Application()
        app.add_routes([web.route("*", "/api/{method}", call), web.post("/response", answer)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        relay.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield relay
        finally:
            await runner.cleanup()


async def _as_post(request: web.Request) -> dict[str, Any]:
    """The arguments of the call, wherever they stood, as they are sent on in a body."""
    kept = {k: v for k, v in request.headers.items() if k in ("Authorization", "Content-Type")}
    if not request.query:
        return {"data": await request.read(), "headers": kept}
    kept.pop("Content-Type", None)
    form = {name: str(value) for name, value in (await request.post()).items()}
    return {"data": {**request.query, **form}, "headers": kept}
