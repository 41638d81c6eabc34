"""`simops replay`: what never reached Slack is listed, and sent again, also beside a running bot."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.rules.outbox import Note
from tests.stories.test_outbox import POST, put, said
from tests.talk import ALERTS, ENVIRON, OPS, World

CONFIG = """
[slack]
approvals_channel = "C1"
alerts_channel = "C2"
[smarthub]
base_url = "https://example.smh.smarthing.com/v1"
[roles]
admins = ["U0ADMIN"]
[store]
path = "STORE"
"""


async def replay(world: World, *words: str) -> Result:
    """What `simops replay …` prints and how it ends, beside the running bot."""
    path = world.folder / "config.toml"
    path.write_text(CONFIG.replace("STORE", str(world.folder / "simops.db")), "utf-8")
    environ = dict(ENVIRON) | {"SIMOPS_CONFIG": str(path)}
    return await asyncio.to_thread(CliRunner().invoke, main, ("replay", *words), env=environ, prog_name="simops")


async def poisoned(world: World) -> None:
    """A message that Slack refused in every form."""
    world.slack.refuse(POST, "invalid_blocks", times=2)
    await put(world, Note(OPS, "poison"))
    await world.quiet()


async def test_what_was_set_aside_is_sent_again(world: World):
    """What Slack refused is listed with its reason; let go again, the running bot sends it at its next look."""
    await poisoned(world)
    listed = await replay(world, "list")
    assert "failed" in listed.output
    assert "poison" in listed.output
    assert "1 messages are not in Slack" in listed.output

    sent = await replay(world, "send", "--id", "1")
    await world.run("pushes")

    assert "1 messages wait again" in sent.output
    assert said(world) == ["poison"]
    assert "0 messages are not in Slack" in (await replay(world, "list")).output


@pytest.mark.parametrize(
    ("words", "freed"),
    [
        (("--channel", OPS), 1),
        (("--channel", ALERTS), 0),
        (("--since", "2026-11-22"), 1),
        (("--until", "2026-11-22"), 0),
        (("--id", "99"), 0),
    ],
)
async def test_which_are_sent_again(world: World, words: tuple[str, ...], freed: int):
    """By number, channel or time: those that fit, and no others."""
    await poisoned(world)

    sent = await replay(world, "send", *words)

    assert f"{freed} messages wait again" in sent.output
    await world.run("pushes")
    await world.quiet()


@pytest.mark.parametrize("words", [("--event", "1"), ("--shown", "--since", "2026-11-22", "--channel", ALERTS)])
async def test_a_card_is_posted_anew(world: World, words: tuple[str, ...]):
    """The card of a notification, by its number or its time, is posted once more, and edited there from then on."""
    await world.push("no-session")

    sent = await replay(world, "send", *words)
    await world.run("pushes")
    await world.push("no-session")

    assert "1 cards will be posted anew" in sent.output
    assert len(world.cards(ALERTS)) == 2
    assert "2 times since" in world.cards(ALERTS)[1].words


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("send",), "Write which"),
        (("send", "--shown", "--channel", "C1"), "With --shown, write the time as well"),
        (("send", "--since", "yesterday"), "is no time"),
        (("list", "--until", "x"), "is no time"),
    ],
)
async def test_what_cannot_be_asked(world: World, words: tuple[str, ...], says: str):
    """A mistake ends in its sentence and exit code 1, and changes nothing."""
    result = await replay(world, *words)

    assert says in result.output
    assert result.exit_code == 1


async def test_without_a_store(tmp_path: Path):
    """Where there is no store, both words say so."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.replace("STORE", str(tmp_path / "none.db")), "utf-8")
    environ = {**os.environ, **ENVIRON, "SIMOPS_CONFIG": str(path)}
    for words in (("list",), ("send", "--id", "1")):
        result = CliRunner().invoke(main, ("replay", *words), env=environ)
        assert "There is no store" in result.output
        assert result.exit_code == 1
