"""Starts somebody else's program, waits until it listens, and ends it by its number."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NODE = HERE / "node_modules" / ".bin" / "node"
PRISM = HERE / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
EMULATE = HERE / "node_modules" / "emulate" / "dist" / "index.js"
SCHEMATHESIS = HERE / ".venv-schemathesis" / "bin" / "schemathesis"
OPENAPI = ROOT / "docs" / "smarthub-openapi.yaml"
LISTENS_WITHIN_S = 60.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def said(log: Path) -> str:
    """What a program has said so far."""
    return log.read_text("utf-8", "replace")


@asynccontextmanager
async def running(*command: str | Path, port: int, log: Path) -> AsyncIterator[None]:
    """The program, listening on that port of 127.0.0.1; what it says goes to the file `log`. It ends with the block.

    Raises RuntimeError with the end of its log when it does not come to listen.
    """
    with log.open("wb") as words:
        # A session of its own, so that what it starts ends with it.
        program = await asyncio.create_subprocess_exec(
            *map(str, command), stdin=asyncio.subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True
        )
    try:
        if not await _listens(program, port):
            raise RuntimeError(f"{command[1]} does not listen:\n{said(log)[-2000:]}")
        yield
    finally:
        await _end(program)


async def _listens(program: asyncio.subprocess.Process, port: int) -> bool:
    """Whether somebody answers at that port before the program ends or the time is up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LISTENS_WITHIN_S):
            while program.returncode is None:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    await writer.wait_closed()
                    return True
                await asyncio.sleep(0.1)  # another process tells of nothing
    return False


async def _end(program: asyncio.subprocess.Process) -> None:
    for word in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(program.pid, word)
        with suppress(TimeoutError):
            await asyncio.wait_for(program.wait(), 5)
            return
