"""Processes of ours without their start: a server that has imported everything forks one whenever one is wanted.

To import it all takes a second and a half each time. What is forked is a process like any other: it has a number, an
environment, ends of its own, and is killed as any other. The server ends with us.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import BinaryIO

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["bot.__main__", __name__])


NOTHING: BinaryIO = io.BytesIO()


class Forked:
    """`python WORDS…`: a module with `-m`, or a program with `-c`, and what stands behind it.

    Its standard input is a pipe. Its output is one too, and so are its errors, which are `merged` with it or not; or
    both go to the file `log`.
    """

    def __init__(
        self, *words: str, env: Mapping[str, str] | None = None, log: BinaryIO | None = None, merged: bool = False
    ) -> None:
        given, stdin = os.pipe()
        self.stdin, self.stdout, self.stderr = os.fdopen(stdin, "wb", 0), NOTHING, NOTHING
        if log is not None:
            out = os.dup(log.fileno())
        else:
            stdout, out = os.pipe()
            self.stdout = os.fdopen(stdout, "rb")
        if log is not None or merged:
            err = os.dup(out)
        else:
            stderr, err = os.pipe()
            self.stderr = os.fdopen(stderr, "rb")
        # multiprocessing hands over an end of a connection, whatever is behind it.
        ends = [Connection(given, writable=False), Connection(out, readable=False), Connection(err, readable=False)]
        environ = dict(os.environ if env is None else env)
        self._process = SERVER.Process(target=_become, args=(words, environ, ends), daemon=True)
        self._process.start()
        for end in ends:
            end.close()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended: below zero by that signal; `None` while it lives."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Sends it a signal, while it lives."""
        if self.returncode is None:
            with suppress(ProcessLookupError):  # its server may have seen its end before we have
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kills it without a word of warning (SIGKILL)."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Asks it to end (SIGTERM)."""
        self.send_signal(signal.SIGTERM)

    async def wait(self) -> None:
        """Returns when it has ended."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        if self.returncode is None:
            loop.add_reader(self._process.sentinel, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(self._process.sentinel)
        self.stdin.close()

    def join(self) -> None:
        """The same for who has nothing else to do; whoever lives on after ten seconds is killed."""
        self._process.join(10)
        self.kill()
        self._process.join()

    def close(self) -> None:
        """Kills it, and lets go of its pipes."""
        self.kill()
        self._process.join()
        for end in (self.stdin, self.stdout, self.stderr):
            end.close()


async def reader(pipe: BinaryIO) -> asyncio.StreamReader:
    """What is said there, as it comes."""
    made = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(made), pipe)
    return made


def _become(words: Sequence[str], environ: Mapping[str, str], ends: Sequence[Connection]) -> None:
    """In the new process: takes its place."""
    for number, end in enumerate(ends):
        os.dup2(end.fileno(), number)
        end.close()
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environ)
    kind, what, *more = words
    sys.argv = [what if kind == "-m" else kind, *more]
    if kind == "-m":
        sys.modules.pop(f"{what}.__main__", None)
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(what, {"__name__": "__main__"})  # noqa: S102 - a program of the test that asks for it
