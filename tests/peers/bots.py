"""The real bot as a process of its own, in somebody else's Slack."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.simulator.process import BotProcess
from tests.peers.programs import ROOT, free_port
from tests.peers.workspace import ALERTS, APPROVALS, APPROVER, OPERATOR, SIGNING_SECRET, TOKEN, Workspace

SECRETS = {
    "SLACK_BOT_TOKEN": TOKEN,
    "SLACK_SIGNING_SECRET": SIGNING_SECRET,
    "SMARTHUB_API_KEY": "key-test-not-a-secret",
    "SMARTHUB_PUSH_SECRET": "push-test-not-a-secret-0001",
}


@asynccontextmanager
async def bot(slack: Workspace, *, smarthub: str) -> AsyncIterator[BotProcess]:
    """The real bot between this Slack and the SmartHub at this address."""
    port = free_port()
    process = BotProcess(
        config=configured(slack, smarthub=smarthub), environ=environ(), port=port, log=slack.folder / "bot.log"
    )
    slack.line.events_url = f"http://127.0.0.1:{port}/slack/events"
    try:
        await process.start()
        yield process
    finally:
        await process.stop()


def environ() -> dict[str, str]:
    """What the bot's process gets: our environment, with made-up secrets and none of the real ones."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "SMARTHUB_", "SIMOPS_"))} | SECRETS


def configured(slack: Workspace, *, smarthub: str) -> Path:
    """The config.toml of this bot."""
    config = slack.folder / "config.toml"
    config.write_text(
        f"""
[slack]
api_url = "{slack.relay.origin}/api/"
approvals_channel = "{slack.channels[APPROVALS]}"
alerts_channel = "{slack.channels[ALERTS]}"
[smarthub]
base_url = "{smarthub}"
tries = 2
[roles]
viewers = ["{slack.users[OPERATOR]}", "{slack.users[APPROVER]}"]
operators = ["{slack.users[OPERATOR]}"]
approvers = ["{slack.users[APPROVER]}"]
[http]
host = "127.0.0.1"
[store]
path = "{slack.folder / "simops.db"}"
""",
        "utf-8",
    )
    return config


async def command_line(slack: Workspace, *words: str, smarthub: str) -> tuple[int, str]:
    """`simops …` with this bot's configuration: how it ended, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        cwd=ROOT,
        env=environ() | {"SIMOPS_CONFIG": str(configured(slack, smarthub=smarthub))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()
