"""The command line: what it prints, how it ends, what it never says."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.rules.audit import Deed
from bot.rules.manifest import SCOPES
from bot.store import Store
from bot.store.audit import write_down
from tests.forked import Forked, reader
from tests.talk import ALERTS, APPROVALS, ENVIRON, OPERATOR, OPS, PUSH_SECRET, SIGNING_SECRET, VIEWER, World

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CONFIG = f"""
[slack]
approvals_channel = "{APPROVALS}"
alerts_channel = "{ALERTS}"
command = "/sims"
[smarthub]
base_url = "https://example.smh.smarthing.com/v1"
[roles]
admins = ["U0ADMIN"]
[store]
path = "STORE"
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with five lines in its audit log, and a configuration beside it."""
    path = tmp_path / "simops.db"
    open_store = Store(path)

    async def fill() -> None:
        for number in range(1, 6):
            deed = Deed(f"U{number}", "asked", f"approval:{number % 2}", {"reason": f"Grund № {number} <!channel>"})
            await open_store.disk.write(lambda db, deed=deed: write_down(db, deed, at=NOW))

    asyncio.run(fill())
    open_store.close()
    (tmp_path / "config.toml").write_text(CONFIG.replace("STORE", str(path)), "utf-8")
    return path


def simops(*words: str, beside: Path | None = None, environ: Mapping[str, str] = ENVIRON) -> Result:
    """What this command line prints and how it ends; the configuration is the one beside that file."""
    config = {} if beside is None else {"SIMOPS_CONFIG": str(beside.parent / "config.toml")}
    nothing = dict.fromkeys((*ENVIRON, "SLACK_APP_TOKEN", "PORT"))
    result = CliRunner().invoke(main, words, env=nothing | dict(environ) | config, prog_name="simops")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert [value for value in ENVIRON.values() if value in result.output] == []
    return result


def tampered(store: Path, statement: str) -> None:
    """Changes the file behind the bot's back."""
    with sqlite3.connect(store) as db:
        db.execute(statement)
    db.close()


# --- help and manifest ---


def test_help_lists_every_word():
    """`simops --help` names each command with what it does; each has help of its own."""
    result = simops("--help")

    assert result.exit_code == 0
    for word in ("run", "demo", "check", "sim", "sims", "manifest", "audit"):
        assert f"\n  {word} " in result.output
        assert simops(word, "--help").exit_code == 0
    assert "with-parent" not in simops("run", "--help").output


def test_version():
    """`simops --version` says which one."""
    assert simops("--version").output.startswith("simops, version 0.")


def test_a_word_there_is_not():
    """A word that is none ends with 2 and says so."""
    result = simops("rnu")

    assert result.exit_code == 2
    assert "No such command" in result.output


def test_manifest(store: Path):
    """The manifest is JSON with the configured command, the addresses and exactly the scopes that are explained."""
    made = json.loads(simops("manifest", "--url", "https://simops.example.com/", beside=store).stdout)

    [command] = made["features"]["slash_commands"]
    assert (command["command"], command["url"]) == ("/sims", "https://simops.example.com/slack/events")
    assert made["oauth_config"]["scopes"]["bot"] == sorted(SCOPES)
    assert made["settings"]["socket_mode_enabled"] is False


def test_manifest_for_socket_mode(store: Path):
    """With an app token there is no address in it, and none is asked for."""
    environ = ENVIRON | {"SLACK_APP_TOKEN": "xapp-test-000000"}
    result = simops("manifest", beside=store, environ=environ)

    assert "http" not in json.dumps(json.loads(result.stdout)["settings"])
    assert "xapp-test" not in result.output


def test_manifest_without_an_address(store: Path):
    """Neither address nor app token: it says what to give."""
    result = simops("manifest", beside=store)

    assert result.exit_code == 1
    assert "public address" in result.output


def test_manifest_explained():
    """Each scope has its reason, without any configuration."""
    result = simops("manifest", "--explain", environ={})

    lines = result.output.strip().splitlines()
    assert result.exit_code == 0
    assert [line.split()[0] for line in lines] == sorted(SCOPES)
    assert all(len(line.split()) > 3 for line in lines)


# --- audit ---


def test_audit_list(store: Path):
    """A line for each deed, oldest first; one subject alone where it is asked for."""
    lines = simops("audit", "list", beside=store).output.splitlines()

    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4", "5"]
    assert lines[0] == "1  2026-11-22 09:30:00  U1  asked  approval:1  because Grund № 1 <!channel>"
    assert len(simops("audit", "list", "--subject", "approval:0", beside=store).output.splitlines()) == 2
    assert simops("audit", "list", "--subject", "x' OR 1=1 --", beside=store).output == ""


def test_audit_export(store: Path):
    """Every line as JSON, with its seals, so that somebody else can check the chain."""
    lines = [json.loads(line) for line in simops("audit", "export", beside=store).output.splitlines()]

    assert [line["id"] for line in lines] == [1, 2, 3, 4, 5]
    assert [line["previous"] for line in lines[1:]] == [line["seal"] for line in lines[:-1]]
    assert lines[2]["detail"] == {"reason": "Grund № 3 <!channel>"}
    assert lines[0]["at"] == "2026-11-22T09:30:00+00:00"


def test_audit_verify(store: Path):
    """A whole chain is confirmed with its length and its last seal."""
    last = json.loads(simops("audit", "export", beside=store).output.splitlines()[-1])
    result = simops("audit", "verify", beside=store)

    assert result.exit_code == 0
    assert result.output == f"5 lines, all whole. Last seal: {last['seal']}\n"


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE audit SET actor = 'U9' WHERE id = 3", "Line 3 was changed"),
        ("UPDATE audit SET detail = '{}' WHERE id = 1", "Line 1 was changed"),
        ("UPDATE audit SET detail = 'no json' WHERE id = 2", "Line 2 was changed"),
        ('UPDATE audit SET detail = \'{"reason": "\\ud800"}\' WHERE id = 2', "Line 2 was changed"),
        ("UPDATE audit SET at = 'yesterday' WHERE id = 5", "Line 5 was changed"),
        ("UPDATE audit SET seal = previous WHERE id = 4", "Line 4 "),
        ("UPDATE audit SET previous = seal WHERE id = 4", "Line 4 does not follow line 3"),
        ("DELETE FROM audit WHERE id = 2", "Line 2 is missing"),
        ("DELETE FROM audit WHERE id = 1", "Line 1 is missing"),
        ("UPDATE audit SET id = id + 10 WHERE id >= 4", "Line 4 is missing"),
    ],
)
def test_audit_verify_names_the_line(store: Path, statement: str, says: str):
    """Whatever was changed behind the bot's back, verify ends with 1 and names the first line that is wrong."""
    tampered(store, statement)
    result = simops("audit", "verify", beside=store)

    assert result.exit_code == 1
    assert says in result.output


def test_audit_of_an_empty_log(tmp_path: Path, store: Path):
    """A log without lines is empty, and that is no error."""
    tampered(store, "DELETE FROM audit")

    assert simops("audit", "verify", beside=store).output == "The log is empty.\n"
    assert simops("audit", "list", beside=store).output == ""


@pytest.mark.parametrize("word", ["list", "export", "verify"])
@pytest.mark.parametrize("content", [None, b"", b"this is no database, it only looks long enough to be one" * 20])
def test_audit_of_what_is_no_store(store: Path, word: str, content: bytes | None):
    """No file, an empty one, or something else: a sentence and exit code 1; no file is made."""
    store.unlink()
    if content is not None:
        store.write_bytes(content)
    result = simops("audit", word, beside=store)

    assert result.exit_code == 1
    assert "[store] path" in result.output
    assert "Traceback" not in result.output
    assert store.exists() == (content is not None)


def test_audit_beside_a_running_bot(store: Path):
    """While a bot has the store open, the log can be read all the same."""
    running = Store(store)
    try:
        assert simops("audit", "verify", beside=store).exit_code == 0
    finally:
        running.close()


# --- a configuration that cannot be used ---


@pytest.mark.parametrize("words", [["run"], ["check"], ["audit", "verify"], []])
def test_every_mistake_at_once(tmp_path: Path, words: list[str]):
    """All that is wrong is said in one go, with exit code 1, and no secret among it."""
    config = tmp_path / "config.toml"
    config.write_text('[slack]\nalerts_channel = "#alerts"\n[smarthub]\nbase_url = "ftp://x"\n[http]\nprot = 1\n')
    environ = {"SLACK_BOT_TOKEN": "xoxp-test-wrong-kind-0001", "SMARTHUB_PUSH_SECRET": "short-one-77"}
    result = simops(*words, beside=config, environ=environ)

    assert result.exit_code == 1
    for what in ("approvals_channel", "alerts_channel", "base_url", "prot", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET",
                 "SMARTHUB_API_KEY", "SMARTHUB_PUSH_SECRET", "admins"):  # fmt: skip
        assert what in result.output, what
    for value in environ.values():
        assert value not in result.output


def test_no_configuration_at_all(tmp_path: Path):
    """Where there is no file it says which one to make, and which secrets are missing."""
    result = simops("run", beside=tmp_path / "x", environ={})

    assert result.exit_code == 1
    assert "config.example.toml" in result.output
    assert "SLACK_BOT_TOKEN" in result.output


# --- the real process ---


@dataclass
class Ran:
    """A process that was started: how it ended and what it said."""

    code: int
    said: str
    seconds: float


class Process:
    """`simops run` as a process, between the neighbours of a world."""

    def __init__(self, world: World, *, log: str, environ: Mapping[str, str]) -> None:
        self.world, self.environ = world, environ
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.config = world.folder / f"config-{self.port}.toml"
        table = world.table() | {"log": {"level": "debug", "format": log}}
        sections = (
            "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items())])
            for name, section in table.items()
        )
        self.config.write_text("\n".join(sections), "utf-8")

    async def start(self) -> None:
        """Starts it; its words are read as they come."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "SMARTHUB_"))}
        own = {"SIMOPS_CONFIG": str(self.config), "PORT": str(self.port)}
        self.process = Forked("-m", "bot", "run", "--with-parent", env=clean | dict(self.environ) | own, merged=True)
        self._said = await reader(self.process.stdout)

    async def ready(self) -> str:
        """What it says until it says that it has started."""
        said = ""
        while "started" not in said:
            line = (await asyncio.wait_for(self._said.readline(), 40)).decode()
            assert line, said
            said += line
        return said

    async def ended(self) -> Ran:
        """How it ends, and all it says until then."""
        began = time.monotonic()
        said = await asyncio.wait_for(self._said.read(), 40)
        await self.process.wait()
        assert self.process.returncode is not None
        return Ran(self.process.returncode, said.decode(), time.monotonic() - began)


@pytest.fixture
async def around(tmp_path: Path) -> AsyncIterator[World]:
    """A Slack and a SmartHub without a bot between them."""
    world = World(tmp_path)
    await world.hub.start()
    await world.slack.start()
    yield world
    await world.slack.stop()
    await world.hub.stop()


WRONG = ENVIRON | {"SLACK_BOT_TOKEN": "xoxb-test-that-slack-does-not-know", "SMARTHUB_API_KEY": "key-nobody-knows-42"}


async def test_a_life_full_of_errors_without_a_secret(around: World):
    """With keys nobody accepts and everything going wrong at log level debug, no secret stands in any log or message;
    SIGTERM then ends it in seconds, with 0."""
    bot = Process(around, log="json", environ=WRONG)
    await bot.start()
    said = await bot.ready()
    around.slack.events_url = f"http://127.0.0.1:{bot.port}/slack/events"
    around.hub.push_url = f"http://127.0.0.1:{bot.port}/smarthub/{PUSH_SECRET}"

    assert await around.hub.push("mo-sms") == 200
    assert await around.hub.push_raw("mo-sms", b"\xff not json") == 200
    shown = await around.slack.say(f"/sim show {around.hub.pick()}", by=VIEWER, channel=OPS)
    asked = await around.slack.say(f"/sim suspend {around.hub.pick()} because", by=OPERATOR, channel=OPS)
    assert await around.slack.open_home(by=VIEWER) is None
    forged = await around.slack.deliver(b"{}", content_type="application/json", secret="wrong-signing-secret")
    await _broken_requests(bot.port)
    bot.process.send_signal(signal.SIGTERM)
    ended = await bot.ended()
    said += ended.said

    assert shown.ok
    assert asked.ok
    assert shown.reply is not None
    assert "key" in shown.reply.words
    assert forged[0] == 401
    assert "invalid_auth" in said
    everything = said + "".join(m.words for m in around.slack.seen(by=VIEWER, channel=OPS)) + forged[1]
    assert [value for value in {*WRONG.values(), *ENVIRON.values()} if value in everything] == []
    stored = b"".join(path.read_bytes() for path in around.folder.glob("simops.db*"))
    assert [value for value in WRONG.values() if value.encode() in stored] == []
    assert (ended.code, ended.seconds < 8) == (0, True)
    assert "Traceback" not in said
    assert "Unclosed" not in said


async def test_what_stands_in_the_way_of_a_start(around: World):
    """A store that is in use, or a port that is taken: a sentence and exit code 1."""
    in_use = Process(around, log="text", environ=ENVIRON)
    holds_it = Store(around.folder / "simops.db")
    around.settings = {"store": {"path": str(around.folder / "other.db")}}
    taken = Process(around, log="text", environ=ENVIRON)
    with socket.socket() as has_it:
        has_it.bind(("127.0.0.1", taken.port))
        has_it.listen()
        await asyncio.gather(in_use.start(), taken.start())
        ends = await asyncio.gather(in_use.ended(), taken.ended())
    holds_it.close()

    for end, words in zip(ends, ["in use by another simops", "cannot listen there"], strict=True):
        assert end.code == 1
        assert words in end.said
        assert "Traceback" not in end.said
        assert "Unclosed" not in end.said


async def _broken_requests(port: int) -> None:
    """Requests that the web server stumbles over, with the secret in their address, and honest mistakes."""
    path = f"/smarthub/{PUSH_SECRET}/mo-sms"
    for sent in (f"POST {path} HTTP/9.9\r\n\r\n", f"POST {path}\x00 HTTP/1.1\r\n\r\n", f"BREW {path}\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent.encode())
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 5)
        writer.close()
    async with aiohttp.ClientSession() as session:
        for address in (path + "x", path + "/x", f"/smarthub/{SIGNING_SECRET}/mo-sms", "/slack/events"):
            async with session.post(f"http://127.0.0.1:{port}{address}", data=b"{}") as response:
                assert response.status in (401, 404)
