"""`simops demo` as a whole: one for each folder, on another port where it has to be, and with a word when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
from pathlib import Path

import aiohttp
import pytest

from bot.errors import NotPossible, StoreError
from bot.simulator import demo
from tests.simulator.stand_in import free_port


def names(folder: Path) -> list[str]:
    """What lies in the folder."""
    return sorted(file.name for file in folder.iterdir())


async def run(folder: Path, *, port: int = 0, fresh: bool = False, said: list[str] | None = None) -> None:
    lines: list[str] = [] if said is None else said
    async with asyncio.timeout(30):
        await demo.run(port=port, sims=10, folder=folder, fresh=fresh, say=lines.append)


async def test_a_second_demo_leaves_the_folder_alone(tmp_path: Path) -> None:
    """While one demo holds the folder, another says so in a sentence and touches nothing, not even to start anew."""
    (tmp_path / "config.toml").write_text("# of the first", "utf-8")
    with contextlib.closing(sqlite3.connect(tmp_path / "demo.lock", isolation_level=None)) as first:
        first.execute("BEGIN EXCLUSIVE")
        before = names(tmp_path)

        for fresh in (False, True):
            with pytest.raises(StoreError) as problem:
                await run(tmp_path, fresh=fresh)
            assert str(problem.value).startswith(f"A demo runs in {tmp_path} already; ")
            assert "\n" not in str(problem.value)

        assert names(tmp_path) == before
        assert (tmp_path / "config.toml").read_text("utf-8") == "# of the first"


@pytest.mark.parametrize("spoilt", ["the folder is a file", "the lock is a folder", "the lock is no database"])
async def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path, spoilt: str) -> None:
    """Where nothing can be kept, a sentence names the folder."""
    folder = tmp_path / "here"
    if spoilt == "the folder is a file":
        folder.touch()
    elif spoilt == "the lock is a folder":
        (folder / "demo.lock").mkdir(parents=True)
    else:
        folder.mkdir()
        (folder / "demo.lock").write_text("words " * 1000, "utf-8")

    with pytest.raises(StoreError, match=f"cannot keep anything in {folder}"):
        await run(folder)


async def test_a_spoilt_slack_ends_the_demo_in_words(tmp_path: Path) -> None:
    """Where what was said in the demo cannot be read, a sentence names the file and what to do; it stays as it was."""
    (tmp_path / "slack.json").write_text('{"version": 1, "mess', "utf-8")

    with pytest.raises(StoreError) as problem:
        await run(tmp_path)

    assert str(problem.value).startswith(f"{tmp_path / 'slack.json'} cannot be read: ")
    assert str(problem.value).endswith("Take it away, or start the demo with --fresh.")
    assert (tmp_path / "slack.json").read_text("utf-8") == '{"version": 1, "mess'


async def test_a_bot_that_does_not_start_ends_the_demo_in_words(tmp_path: Path) -> None:
    """The demo says which port it did not get, and ends with a sentence and this start's log, not an older one's."""
    (tmp_path / "simops.db").mkdir()
    (tmp_path / "bot.log").write_text("An old line.\n", "utf-8")
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(NotPossible) as problem:
            await run(tmp_path, port=port, said=said)

    assert said == [f"Port {port} cannot be had, so the page is on another one."]
    assert str(problem.value).startswith("The bot did not start: it ended with exit code 1.")
    assert "simops.db" in str(problem.value)
    assert "Traceback" not in str(problem.value)
    assert "An old line." not in str(problem.value)
    with contextlib.closing(sqlite3.connect(tmp_path / "demo.lock", timeout=0)) as next_one:
        next_one.execute("BEGIN EXCLUSIVE")  # the folder is free again


async def test_killing_the_bot_while_it_starts_leaves_the_demo(tmp_path: Path) -> None:
    """The page is there before the bot; a kill on it is said, and the page stays."""
    said: list[str] = []
    port = free_port()
    async with aiohttp.ClientSession(base_url=f"http://127.0.0.1:{port}") as browser:
        running = asyncio.create_task(run(tmp_path, port=port, said=said))
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    async with browser.post("/do/world", json={"id": "bot-kill"}) as answer:
                        if (await answer.json()).get("said", "").startswith("The bot was killed."):
                            break
                assert not running.done()
            while len(said) < 2:
                assert not running.done()
                async with browser.get("/do/world") as answer:
                    assert answer.status == 200
        assert said[0].startswith(f"simops demo: http://127.0.0.1:{port}/\n")
        assert said[1] == "The bot was killed before it was up; the page can start it."
        async with browser.get("/do/world") as answer:
            lines = (await answer.json())["state"]["lines"]
        assert lines[0] == {"label": "Bot", "value": "not running"}
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
