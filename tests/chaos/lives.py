"""Lives of the bot as a process: it looks over all SIMs once, and is killed (SIGKILL) wherever that finds it.

With `faketime` the clock of the whole process is set. Without, the process is handed a clock that stands still.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.app import App
from bot.clock import Clock, WallClock
from bot.config import Config
from bot.simulator.process import Process
from tests.forked import Forked, reader
from tests.stories.processes import environ
from tests.talk import ENVIRON

WITHIN_S = 30.0
FAKETIME = shutil.which("faketime")
SAYS_ITS_LIBRARY = ("-m", "-f", "+0", sys.executable, "-c", "import os; print(os.environ['LD_PRELOAD'])")
UP, LOOKED = "up", "looked"


class Standing:
    """A clock that shows one moment, while those who sleep sleep as long as they want."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """That moment."""
        return self._at

    async def sleep(self, seconds: float) -> None:
        """Returns after that many seconds."""
        await asyncio.sleep(seconds)


@functools.cache
def library() -> str:
    """Where faketime's library is. Its command would stand between us and the process, and be killed in its place."""
    assert FAKETIME is not None
    return subprocess.check_output([FAKETIME, *SAYS_ITS_LIBRARY], text=True).strip()


def set_to(at: datetime) -> dict[str, str]:
    """What sets the clock of a process to that moment; its timers go on as they are."""
    shown = at.astimezone(UTC).strftime("@%Y-%m-%d %H:%M:%S")
    return {"LD_PRELOAD": library(), "FAKETIME": shown, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}


async def live(table: Mapping[str, object], clock: Clock) -> None:
    """Starts, looks over all SIMs, and waits for its death; says how far it is."""
    app = App(Config.of(dict(table), ENVIRON), clock=clock)
    await app.start(timed=False)
    sys.stdout.write(f"{UP}\n")
    sys.stdout.flush()
    await app.schedule.run("alerts")
    sys.stdout.write(f"{LOOKED}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)  # until whoever is to kill it is dead
    os._exit(0)


class Life:
    """One life, on the store that the configuration names."""

    def __init__(self, table: Mapping[str, object], at: datetime, *, fake: bool) -> None:
        """`at` is the time it has; `fake`: by faketime, which has to be there."""
        self._words = (json.dumps(table), "" if fake else at.isoformat())
        self._at, self._fake = at, fake
        self._process: Process | None = None

    async def begin(self) -> None:
        """Returns when it is up."""
        if self._fake:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", __name__, *self._words),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environ() | set_to(self._at),
            )
            assert process.stdout is not None
            self._said, self._process = process.stdout, process
        else:
            program = f"import sys; from {__name__} import main; main(sys.argv[1:])"
            forked = Forked("-c", program, *self._words, env=environ())
            self._said, self._process = await reader(forked.stdout), forked
        await self._says(UP)

    async def looks(self) -> None:
        """Returns when its look has ended."""
        await self._says(LOOKED)

    def kill(self) -> None:
        """Kills it at once."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def end(self) -> bool:
        """Whether its look had ended, when it is dead."""
        self.kill()
        assert self._process is not None
        async with asyncio.timeout(WITHIN_S):
            said = await self._said.read()
            await self._process.wait()
        if isinstance(self._process, Forked):
            self._process.close()
        return LOOKED.encode() in said

    async def _says(self, word: str) -> None:
        async with asyncio.timeout(WITHIN_S):
            while (line := (await self._said.readline()).decode().strip()) != word:
                assert line or not self._said.at_eof(), f"it ended before it was {word}"


def main(words: list[str]) -> None:
    """The process: its configuration as JSON, and the moment its clock shows, or nothing for the one on the wall."""
    table, at = words
    asyncio.run(live(json.loads(table), Standing(datetime.fromisoformat(at)) if at else WallClock()))


if __name__ == "__main__":
    main(sys.argv[1:])
