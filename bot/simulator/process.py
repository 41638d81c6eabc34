"""The bot as a process of its own, so that it can be killed as a machine would kill it, and started again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import aiohttp

from bot.errors import NotPossible

READY_WITHIN_S = 20.0


class Process(Protocol):
    """What is needed of a process."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """How it ended; `None` while it lives."""

    def kill(self) -> None:
        """Sends SIGKILL."""

    def terminate(self) -> None:
        """Sends SIGTERM."""

    async def wait(self) -> object:
        """Returns when it has ended."""


class BotProcess:
    """`simops run` with its own configuration. It ends with us, however we end: it watches its standard input."""

    def __init__(self, *, config: Path, environ: Mapping[str, str], port: int, log: Path) -> None:
        """`environ` is the whole environment of the process, secrets included; its words go to the file `log`."""
        self._config, self._environ, self._port, self._log = config, dict(environ), port, log
        self._process: Process | None = None
        # Whoever starts or stops does so alone, or a second process would take the place of the first one.
        self._alone = asyncio.Lock()
        self._starting = False
        self._unwanted = False

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._lives()

    @property
    def starting(self) -> bool:
        """Whether somebody waits for its first answer."""
        return self._starting

    @property
    def pid(self) -> int | None:
        """Its number, while it lives."""
        return self._process.pid if self._process is not None and self.running else None

    async def start(self) -> bool:
        """Starts it, unless it runs, and returns when it answers; False when it was killed or stopped before that.

        Raises NotPossible when it does not answer: a sentence, and below it the end of what this start has logged.
        """
        async with self._alone:
            if self.running:
                return True
            self._starting, self._unwanted = True, False
            try:
                return await self._start()
            finally:
                self._starting = False

    async def _start(self) -> bool:
        with self._log.open("ab") as log:
            begin = log.tell()
            environ = self._environ | {"SIMOPS_CONFIG": str(self._config), "PORT": str(self._port)}
            self._process = await self._spawn(("-m", "bot", "run", "--with-parent"), environ, log)
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                while self._lives() and not await self._answers():  # noqa: ASYNC110 - another process tells of nothing
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            why = f"it did not answer within {READY_WITHIN_S:g} s"
        else:
            if self.running or self._unwanted:
                return self.running
            why = f"it ended with exit code {self._process.returncode}"
        said = _end_of(self._log, begin)
        where = f"The end of {self._log}:\n{said}" if said else f"{self._log} says nothing about it."
        raise NotPossible(f"The bot did not start: {why}. {where}")

    async def _spawn(self, words: Sequence[str], environ: Mapping[str, str], log: BinaryIO) -> Process:
        """Python with these words, its standard input a pipe."""
        return await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=asyncio.subprocess.PIPE, stdout=log, stderr=log, env=environ
        )

    def kill(self) -> None:
        """Kills it at once, without a word of warning (SIGKILL)."""
        self._unwanted = True
        if self._process is not None and self.running:
            self._process.kill()

    async def stop(self) -> None:
        """Asks it to end, and returns when it has; a start that is under way ends with it."""
        self._terminate()
        async with self._alone:
            self._terminate()
            await self.wait()

    def _terminate(self) -> None:
        self._unwanted = True
        if self._process is not None and self.running:
            self._process.terminate()

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


def _end_of(log: Path, begin: int) -> str:
    """The last lines that were written after the first `begin` bytes."""
    with log.open("rb") as file:
        file.seek(begin)
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-20:])
