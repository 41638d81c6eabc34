"""The simulator's SmartHub, asked what nobody would think of: schemathesis, made from docs/smarthub-openapi.yaml."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.clock import WallClock
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from tests.peers.programs import OPENAPI, SCHEMATHESIS

pytestmark = pytest.mark.peer

KEY = "key-test-not-a-secret"
# Two of its checks say nothing here: the simulator refuses what fits its schema and is not there (ST202), and a SIM
# that is retired is there still.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
)
SECONDS, EXAMPLES = 30, 15


async def test_nothing_breaks_the_simulator(tmp_path: Path):
    """Whatever is asked, the simulator answers as the document says: no 500, no unknown status, no wrong shape."""
    clock = WallClock()
    hub = Hub(key=KEY, fleet=Fleet(200, clock.now), clock=clock)
    hub.announces = False
    await hub.start()
    try:
        process = await asyncio.create_subprocess_exec(
            *(SCHEMATHESIS, "run", OPENAPI, "--url", hub.base_url, "-H", f"X-API-Key:{KEY}"),
            *("--checks", ",".join(CHECKS), "--max-time", str(SECONDS), "--max-examples", str(EXAMPLES)),
            *("--seed", "1", "--generation-database", "none", "--no-color"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(SECONDS * 4):
                said, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
    finally:
        await hub.stop()

    assert process.returncode == 0, said.decode()[-6000:]
    assert len(hub.asked) > 500
