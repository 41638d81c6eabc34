"""The bot as a real process that can be killed, between the neighbours of a world; and the bot that comes after it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

from bot.simulator.process import BotProcess, Process
from bot.simulator.slack import Message
from tests.forked import Forked
from tests.talk import APPROVALS, APPROVER, ENVIRON, OPERATOR, OPS, World

T = TypeVar("T")
WITHIN_S = 15.0  # nothing here takes so long; a machine that is busy with other tests may
LOOK = "GET /v1/global-sims/"  # at one SIM, not the list that the check of the alerts reads by itself


class Bot(BotProcess):
    """The bot's process, forked."""

    async def _spawn(self, words: Sequence[str], environ: Mapping[str, str], log: BinaryIO) -> Process:
        return Forked(*words, env=environ, log=log)


class Relay:
    """The way from the bot to SmartHub, which can be cut: a question or its answer is kept back."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._question = self._answer = self._after = ""
        self._kept = asyncio.Event()

    async def start(self) -> None:
        """Listens on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Ends it, with all connections."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def keep(self, *, question: str = "", answer: str = "", after: str = "") -> None:
        """Keeps back the next question with this word in its first line, or the answer to it; where `after` is named,
        only once a question with that word was answered."""
        self._question, self._answer, self._after = question, answer, after
        self._kept.clear()

    async def kept(self) -> None:
        """Returns when something is kept back."""
        async with asyncio.timeout(WITHIN_S):
            await self._kept.wait()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        asked: list[bytes] = []  # the first lines of what came on this connection
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            with contextlib.closing(back), contextlib.closing(writer):
                answers = asyncio.create_task(self._answers(there, writer, asked))
                try:
                    await self._questions(reader, back, asked)
                finally:
                    answers.cancel()
                    await asyncio.gather(answers, return_exceptions=True)
        except OSError:
            return
        finally:
            self._tasks.discard(task)

    async def _questions(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, asked: list[bytes]) -> None:
        while data := await reader.read(65536):
            line = data.split(b"\r\n", 1)[0]
            if line.endswith(b" HTTP/1.1"):
                asked.append(line)
                if self._keeps(self._question, line):
                    await reader.read()  # until whoever asked is gone
                    return
            back.write(data)

    async def _answers(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[bytes]) -> None:
        while data := await there.read(65536):
            if self._keeps(self._answer, asked[-1]):
                return
            if self._after and self._after.encode() in asked[-1]:
                self._after = ""
            writer.write(data)

    def _keeps(self, what: str, line: bytes) -> bool:
        if not what or self._after or what.encode() not in line:
            return False
        self._kept.set()
        return True


class Town(World):
    """A world with the bot as a process of its own, by the clock on the wall. After its death the next bot is one in
    our process: on the same store, with the time held, so that nobody waits for what waits in it.
    """

    def __init__(self, folder: Path, *, ago: timedelta = timedelta(0)) -> None:
        """With `ago` its time is held that long before now, for what came before the process."""
        super().__init__(folder, sims=20, at=datetime.now(UTC) - ago)
        self.settings = {"approvals": {"settle_every": "1s"}}  # so that the process looks after requests every second

    async def start(self) -> None:
        """Starts the neighbours alone."""
        await self.hub.start()
        await self.slack.start()
        self.relay = Relay(urlsplit(self.hub.base_url).port or 0)
        await self.relay.start()
        config, self._port = self.folder / "config.toml", _free_port()
        config.write_text(_toml(self.table() | {"smarthub": self._through_the_relay()}), "utf-8")
        self.process = Bot(config=config, environ=environ(), port=self._port, log=self.folder / "bot.log")

    async def stop(self) -> None:
        """Ends it all."""
        self.process.kill()
        await self.process.wait()
        if hasattr(self, "app"):
            await self.app.stop()
        await self.relay.stop()
        await self.slack.stop()
        await self.hub.stop()

    # --- the process ---

    async def live(self) -> None:
        """Starts the process, and returns when it answers."""
        await self.process.start()
        self.slack.events_url = f"http://127.0.0.1:{self._port}/slack/events"

    async def kill(self) -> None:
        """Kills the process (SIGKILL), and returns when it is dead."""
        self.process.kill()
        await self.process.wait()

    async def die(self) -> None:
        """Kills the process, and starts the next bot with the time held."""
        await self.kill()
        await self.clock.advance(max(0.0, (datetime.now(UTC) - self.clock.now()).total_seconds()))
        await self.start_bot()
        await self.quiet()

    async def asks(self) -> Message:
        """Somebody asks the process for a SIM to be suspended; the card."""
        said = await self.slack.say(f"/sim suspend {self.hub.pick()} because of rain", by=OPERATOR, channel=OPS)
        assert said.ok, said
        return await self.sees(lambda: next(iter(self.cards(APPROVALS)), None))

    async def approves(self, card: Message) -> None:
        """An approver presses Approve; returns when the process has acknowledged that."""
        assert (await self.slack.press(card, "Approve", by=APPROVER)).ok

    async def sees(self, look: Callable[[], T | None]) -> T:
        """What is found in Slack, as soon as it is there."""
        return await self.slack.until(look, within=WITHIN_S)

    def _through_the_relay(self) -> Mapping[str, object]:
        return {**self.table()["smarthub"], "base_url": f"http://127.0.0.1:{self.relay.port}/v1"}


def environ() -> dict[str, str]:
    """Our environment with made-up secrets and none of the real ones."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "SMARTHUB_", "SIMOPS_"))} | ENVIRON


def _toml(table: Mapping[str, object]) -> str:
    """Sections of texts, numbers and lists of texts, which JSON writes as TOML does."""
    sections = (
        [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
        for name, settings in table.items()
        if isinstance(settings, Mapping)
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def _free_port() -> int:
    """A port that is free and stays so: below those that systems give out to whoever asks for any."""
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port
