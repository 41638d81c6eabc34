"""The bot as a real process that can be killed, between a Slack and a SmartHub that live in the test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
from pathlib import Path
from urllib.parse import urlsplit

from bot.clock import WallClock
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.simulator.process import BotProcess
from bot.simulator.slack import Channel, Delivery, Message, Slack
from bot.store.audit import Audit
from bot.store.disk import read_only
from tests.talk import (
    ALERTS,
    APPROVALS,
    APPROVER,
    APPROVER_GROUP,
    BOT_TOKEN,
    ENVIRON,
    KEY,
    OPERATOR,
    OPS,
    PEOPLE,
    SIGNING_SECRET,
)

WITHIN_S = 15.0  # nothing here takes so long; a machine that is busy with other tests may


class Relay:
    """The way from the bot to SmartHub, which can be cut: the question or its answer is kept back."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self.keeps_question = self.keeps_answer = ""
        self.kept = asyncio.Event()

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

    def heal(self) -> None:
        """Carries everything again."""
        self.keeps_question = self.keeps_answer = ""
        self.kept.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            with contextlib.closing(back), contextlib.closing(writer):
                while question := await reader.read(65536):
                    if self._keeps(self.keeps_question, question):
                        await reader.read()  # until whoever asked is gone
                        return
                    back.write(question)
                    answer = await there.read(65536)
                    if self._keeps(self.keeps_answer, question):
                        await reader.read()
                        return
                    writer.write(answer)
        except OSError:
            return
        finally:
            self._tasks.discard(task)

    def _keeps(self, what: str, question: bytes) -> bool:
        if not what or what.encode() not in question.split(b"\r\n", 1)[0]:
            return False
        self.kept.set()
        return True


class Town:
    """Everybody, by the clock on the wall, with the bot as a process that starts and dies."""

    def __init__(self, folder: Path) -> None:
        clock = WallClock()
        self.store = folder / "simops.db"
        self.hub = Hub(key=KEY, fleet=Fleet(10, clock.now), clock=clock)
        everybody = {p.id for p in PEOPLE}
        self.slack = Slack(
            people=PEOPLE,
            channels=[Channel(c, c.lower(), set(everybody)) for c in (OPS, APPROVALS, ALERTS)],
            groups={APPROVER_GROUP: [APPROVER]},
            bot_token=BOT_TOKEN,
            signing_secret=SIGNING_SECRET,
            clock=clock,
        )
        self._folder = folder

    async def start(self) -> None:
        """Starts Slack, SmartHub and the bot."""
        await self.hub.start()
        await self.slack.start()
        self.relay = Relay(urlsplit(self.hub.base_url).port or 0)
        await self.relay.start()
        port = _free_port()
        self.slack.events_url = f"http://127.0.0.1:{port}/slack/events"
        config = self._folder / "config.toml"
        config.write_text(_toml(self._table()), "utf-8")
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "SMARTHUB_"))} | ENVIRON
        self.bot = BotProcess(config=config, environ=environ, port=port, log=self._folder / "bot.log")
        await self.bot.start()

    async def stop(self) -> None:
        """Ends it all."""
        self.bot.kill()
        await self.bot.wait()
        await self.relay.stop()
        await self.slack.stop()
        await self.hub.stop()

    async def kill(self) -> None:
        """Kills the bot (SIGKILL), and returns when it is dead."""
        self.bot.kill()
        await self.bot.wait()

    async def ask(self) -> Message:
        """Somebody asks for a SIM to be suspended; the card."""
        said = await self.slack.say(f"/sim suspend {self.hub.pick()} because of rain", by=OPERATOR, channel=OPS)
        assert said.ok, said
        return await self.slack.until(lambda: next(iter(self.cards()), None), within=WITHIN_S)

    async def approve(self, card: Message) -> Delivery:
        """An approver presses Approve; returns when that is acknowledged."""
        return await self.slack.press(card, "Approve", by=APPROVER)

    async def reads(self, card: Message, words: str) -> Message:
        """The card as soon as these words stand on it."""

        def look() -> Message | None:
            now = self.slack.now_of(card)
            return now if now is not None and words in " ".join(now.words.split()) else None

        return await self.slack.until(look, within=WITHIN_S)

    async def news(self, card: Message, count: int) -> list[str]:
        """What stands under the card, as soon as it is that much."""

        def look() -> list[str] | None:
            said = [" ".join(m.words.split()) for m in self.slack.thread(card)]
            return said if len(said) >= count else None

        return await self.slack.until(look, within=WITHIN_S)

    async def kept(self) -> None:
        """Returns when the relay keeps what it was told to keep."""
        async with asyncio.timeout(WITHIN_S):
            await self.relay.kept.wait()

    def cards(self) -> list[Message]:
        """The cards in the approvals' channel."""
        return [m for m in self.slack.messages(APPROVALS) if m.bot and m.thread_ts in (None, m.ts)]

    def deeds(self) -> list[str]:
        """What was done, from an audit log that has to be whole; the bot may be running."""
        connection = read_only(self.store)
        with contextlib.closing(connection):
            log = Audit(connection)
            assert log.verify() is None
            return [line.deed.action for line in log.lines()]

    def _table(self) -> dict[str, dict[str, object]]:
        return {
            "slack": {"api_url": self.slack.api_url, "approvals_channel": APPROVALS, "alerts_channel": ALERTS},
            "smarthub": {"base_url": f"http://127.0.0.1:{self.relay.port}/v1", "tries": 1},
            "roles": {"operators": [OPERATOR], "approvers": [APPROVER_GROUP]},
            "approvals": {"settle_every": "1s", "settle_for": "1s"},
            "http": {"host": "127.0.0.1"},
            "store": {"path": str(self.store)},
        }


def _toml(table: dict[str, dict[str, object]]) -> str:
    """Sections of texts, numbers and lists of texts, which JSON writes as TOML does."""
    sections = (
        [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
        for name, settings in table.items()
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def _free_port() -> int:
    """A port that is free and stays so: below those that systems give out to whoever asks for any."""
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port
