"""A SmartHub to talk to: the simulator's, and one that answers whatever a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bot.simulator.clock import HeldClock
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import contract

KEY = "key-test-not-a-real-one"
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

Connect = Callable[..., SmartHub]
Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


@pytest.fixture
def clock() -> HeldClock:
    """A clock that stands still."""
    return HeldClock(START)


@pytest.fixture
async def hub(clock: HeldClock) -> AsyncIterator[Hub]:
    """The simulator's SmartHub with 200 SIMs."""
    hub = Hub(key=KEY, fleet=Fleet(200, clock.now), clock=clock)
    await hub.start()
    yield hub
    await hub.stop()


@pytest.fixture
async def connect(clock: HeldClock) -> AsyncIterator[Connect]:
    """Makes a client for an address, quick to try again; they are closed at the end."""
    async with AsyncExitStack() as stack:

        def make(base_url: str, **settings: object) -> SmartHub:
            quick = {"backoff_initial_s": 0.001, "backoff_max_s": 0.01, "rate_per_second": 10_000.0, "key": KEY}
            quick |= {"contract": contract(all_confirmed=True), **settings}
            client = SmartHub(base_url=base_url, clock=clock, **quick)
            stack.push_async_callback(client.close)
            return client

        yield make


@pytest.fixture
async def client(hub: Hub, connect: Connect) -> SmartHub:
    """A client of the simulator's SmartHub."""
    return connect(hub.base_url)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves one function at every address of a free port; gives the base address."""
    async with AsyncExitStack() as stack:

        async def start(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
            runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            return f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

        yield start


@pytest.fixture
async def serve_bytes() -> AsyncIterator[Callable[[bytes], Awaitable[tuple[str, list[bytes]]]]]:
    """Answers every connection with these bytes and closes it; gives the base address and what was received."""
    async with AsyncExitStack() as stack:

        async def start(answer: bytes) -> tuple[str, list[bytes]]:
            received: list[bytes] = []

            async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                received.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer)
                await writer.drain()
                writer.close()

            server = await asyncio.start_server(meet, "127.0.0.1", 0)
            stack.callback(server.close)
            return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", received

        yield start
