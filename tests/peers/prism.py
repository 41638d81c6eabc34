"""Prism: a SmartHub made from the document, or a judge between two sides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from yarl import URL

from tests.peers.programs import NODE, PRISM, free_port, running

FORWARDED = {"x-api-key", "content-type", "accept", "retry-after"}


@dataclass(frozen=True)
class Judge:
    """Prism at its address, and what it had against what went through."""

    address: str
    objections: list[str]


@asynccontextmanager
async def prism(kind: str, *words: str | Path, log: Path, prefer: str | None = None) -> AsyncIterator[Judge]:
    """Prism on a free port, strict about both sides; `prefer` is a word to the mock about the answer one would like.

    It objects in its answers alone, so they are looked through on their way.
    """
    port = free_port()
    command = (NODE, PRISM, kind, "--errors", "-h", "127.0.0.1", "-p", str(port), *words)
    objections: list[str] = []
    async with running(*command, port=port, log=log), aiohttp.ClientSession() as session:

        async def forward(request: web.Request) -> web.Response:
            headers = {k: v for k, v in request.headers.items() if k.lower() in FORWARDED}
            headers |= {"Prefer": prefer} if prefer is not None else {}
            url, body = URL(f"http://127.0.0.1:{port}{request.raw_path}", encoded=True), await request.read()
            async with session.request(request.method, url, data=body or None, headers=headers) as answer:
                said = await answer.read()
                kept = {k: v for k, v in answer.headers.items() if k.lower() in FORWARDED}
            if "sl-violations" in answer.headers or b"stoplight.io/prism/errors" in said:
                objections.append(f"{request.method} {request.path}: {said.decode()}")
            return web.Response(status=answer.status, body=said, headers=kept)

        async with served(forward) as origin:
            yield Judge(origin, objections)


@asynccontextmanager
async def served(handler: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """This function at every address of a free port."""
    runner = web.ServerRunner(web.Server(handler, access_log=None), shutdown_timeout=0.5)  # type: ignore[arg-type] - it wants a BaseRequest
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
