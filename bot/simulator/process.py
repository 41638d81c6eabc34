"""The bot as a process of its own, so that it can be killed as a machine would kill it, and started again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp

READY_WITHIN_S = 20.0


class BotProcess:
    """`simops run` with its own configuration. It ends with us, however we end: it watches its standard input."""

    def __init__(self, *, config: Path, environ: Mapping[str, str], port: int, log: Path) -> None:
        """`environ` is the whole environment of the process, secrets included; its words go to the file `log`."""
        self._config, self._environ, self._port, self._log = config, dict(environ), port, log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._lives()

    @property
    def pid(self) -> int | None:
        """Its number, while it lives."""
        return self._process.pid if self._process is not None and self.running else None

    async def start(self) -> None:
        """Starts it and returns when it answers. Raises RuntimeError with the end of its log when it does not."""
        if self.running:
            return
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run", "--with-parent"),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environ | {"SIMOPS_CONFIG": str(self._config), "PORT": str(self._port)},
            )
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                while self._lives() and not await self._answers():  # noqa: ASYNC110 - another process tells of nothing
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self.kill()
        if not self.running:
            raise RuntimeError(f"The bot did not start. The end of {self._log}:\n{_end_of(self._log)}")

    def kill(self) -> None:
        """Kills it at once, without a word of warning (SIGKILL)."""
        if self._process is not None and self.running:
            self._process.kill()

    async def stop(self) -> None:
        """Asks it to end, and returns when it has."""
        if self._process is None:
            return
        if self.running:
            self._process.terminate()
        await self._process.wait()

    async def wait(self) -> None:
        """Returns when the process has ended."""
        if self._process is not None:
            await self._process.wait()

    def _lives(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _answers(self) -> bool:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{self._port}/healthz") as response,
            ):
                return response.status == 200
        except aiohttp.ClientError:
            return False


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-20:])
