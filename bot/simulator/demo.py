"""`simops demo`: the bot as a process of its own, between a SmartHub and a Slack that are built in."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path

from bot.clock import WallClock
from bot.errors import StoreError
from bot.rules.manifest import EVENTS, SCOPES, shortcuts
from bot.simulator import story
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.simulator.process import BotProcess
from bot.simulator.slack import Slack
from bot.smarthub.contract import ENDPOINTS, Basis

# What a demo leaves in its folder; `--fresh` takes away just this.
KEPT = (
    "smarthub.json",
    "slack.json",
    "config.toml",
    "bot.log",
    *(f"simops.db{end}" for end in ("", "-wal", "-shm", ".lock")),
)
FILES = "slack.files"
# Made up, for this machine's demo alone; the bot takes them from its environment as it would take real ones.
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-demo-not-a-secret",
    "SLACK_SIGNING_SECRET": "demo-signing-not-a-secret",
    "SMARTHUB_API_KEY": "demo-key-not-a-secret",
    "SMARTHUB_PUSH_SECRET": "demo-push-secret-not-a-secret",
}


async def run(*, port: int, sims: int, folder: Path, fresh: bool, say: Callable[[str], None]) -> None:
    """Runs until it is interrupted. What happened is kept in the folder, so a demo that was killed goes on.

    Raises StoreError when the folder cannot be used or another demo uses it, and NotPossible when the bot does not
    start.
    """
    with _ours(folder):
        if fresh:
            for name in KEPT:
                (folder / name).unlink(missing_ok=True)
            shutil.rmtree(folder / FILES, ignore_errors=True)
        await _play(port=port, sims=sims, folder=folder, say=say)


async def _play(*, port: int, sims: int, folder: Path, say: Callable[[str], None]) -> None:
    clock = WallClock()
    hub = Hub(
        key=SECRETS["SMARTHUB_API_KEY"],
        fleet=Fleet(sims, clock.now),
        clock=clock,
        journal=folder / "smarthub.json",
    )
    slack = Slack(
        people=story.PEOPLE,
        channels=story.channels(),
        groups=story.GROUPS,
        bot_token=SECRETS["SLACK_BOT_TOKEN"],
        signing_secret=SECRETS["SLACK_SIGNING_SECRET"],
        clock=clock,
        journal=folder / "slack.json",
    )
    slack.events = set(EVENTS)
    slack.scopes = frozenset(SCOPES)
    slack.shortcuts = shortcuts()
    async with AsyncExitStack() as opened:
        opened.push_async_callback(hub.stop)
        await hub.start()
        opened.push_async_callback(slack.stop)
        await slack.start(_free_or_any(port, say))
        bot = _bot(slack, hub, folder)
        opened.push_async_callback(bot.stop)
        told = slack.world = story.Story(hub=hub, slack=slack, bot=bot)
        # The page is there already: whoever kills the bot on it now can also start it there.
        is_up = await bot.start()
        told.watch()
        slack.world_changed()
        say(f"simops demo: {slack.origin}/\nEnd it with Ctrl-C. What the bot says of itself is in {folder}/bot.log.")
        if not is_up:
            say("The bot was killed before it was up; the page can start it.")
        await _interrupted()


@contextmanager
def _ours(folder: Path) -> Iterator[None]:
    """Holds the folder, made where it is missing, so that a second demo leaves its files alone. Raises StoreError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A transaction that is never committed locks on every system, and a killed process lets go of it.
        lock = sqlite3.connect(folder / "demo.lock", isolation_level=None, timeout=0)
    except (OSError, sqlite3.Error) as exc:
        raise StoreError(f"The demo cannot keep anything in {folder}: {exc}. Name another --folder.") from exc
    with closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise StoreError(f"The demo cannot keep anything in {folder}: {exc}. Name another --folder.") from exc
            raise StoreError(
                f"A demo runs in {folder} already; stop that one first, or name another --folder."
            ) from exc
        yield


def _free_or_any(port: int, say: Callable[[str], None]) -> int:
    """This port for the page, or 0 for any free one, which is said, where it cannot be had."""
    with socket.socket() as tried:
        # As the server will ask for it: what a demo that has just ended left behind does not count.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            say(f"Port {port} cannot be had, so the page is on another one.")
            return 0
        return port


def _bot(slack: Slack, hub: Hub, folder: Path) -> BotProcess:
    """The bot's process, configured for these two."""
    port = _free_port()
    slack.events_url = f"http://127.0.0.1:{port}/slack/events"
    hub.push_url = f"http://127.0.0.1:{port}/smarthub/{SECRETS['SMARTHUB_PUSH_SECRET']}"
    settings = story.settings(slack=slack.api_url, smarthub=hub.base_url, store=str(folder / "simops.db"))
    config = folder / "config.toml"
    config.write_text(_toml(settings) + _confirmed(), "utf-8")
    environ = {**os.environ, **SECRETS}
    environ.pop("SLACK_APP_TOKEN", None)
    return BotProcess(config=config, environ=environ, port=port, log=folder / "bot.log")


def _toml(table: Mapping[str, Mapping[str, object]]) -> str:
    """Sections of strings and lists of strings as TOML."""
    lines = []
    for section, settings in table.items():
        lines.append(f"[{section}]")
        # repr-like quoting of JSON is TOML's for strings and lists of strings.
        lines += [f"{key} = {_quoted(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_quoted(v) for v in value) + "]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _confirmed() -> str:
    """The built-in SmartHub serves the assumed addresses, so they count as confirmed here."""
    assumed = [e.name for e in ENDPOINTS if e.changes and e.basis is Basis.ASSUMED]
    return "".join(f"[smarthub.operations.{name}]\nconfirmed = true\n" for name in assumed)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def _interrupted() -> None:
    ended = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    await ended.wait()
