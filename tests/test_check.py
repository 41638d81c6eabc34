"""`simops check` against a Slack and a SmartHub on 127.0.0.1: what it says when all is well, and when it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.clock import WallClock
from bot.config import Config
from bot.errors import ConfigError
from bot.neighbours import try_all
from bot.rules.manifest import SCOPES
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.simulator.slack import Channel, Person, Slack
from bot.smarthub.contract import ENDPOINTS

ROOT = Path(__file__).parent.parent
ENVIRON = {
    "SLACK_BOT_TOKEN": "xoxb-test-check-000001",
    "SLACK_SIGNING_SECRET": "test-signing-check-01",
    "SMARTHUB_API_KEY": "test-key-check-01",
    "SMARTHUB_PUSH_SECRET": "test-push-secret-check-000001",
}
APP_TOKEN = "xapp-test-check-000001"
APPROVALS, ALERTS, APPROVERS, CALLED_OUT = "C0APPROVALS", "C0ALERTS", "S0APPROVERS", "S0NIGHT"


class Neighbours:
    """A Slack and a SmartHub, and a configuration that names them."""

    def __init__(self) -> None:
        clock = WallClock()
        self.hub = Hub(key=ENVIRON["SMARTHUB_API_KEY"], fleet=Fleet(30, clock.now), clock=clock)
        self.slack = Slack(
            people=[Person("U0ANA", "ana", "Ana"), Person("U0OMAR", "omar", "Omar")],
            channels=[Channel(APPROVALS, "sim-approvals", {"U0ANA"}), Channel(ALERTS, "sim-alerts", {"U0ANA"})],
            groups={APPROVERS: ["U0ANA"], CALLED_OUT: ["U0ANA", "U0OMAR"]},
            bot_token=ENVIRON["SLACK_BOT_TOKEN"],
            signing_secret=ENVIRON["SLACK_SIGNING_SECRET"],
            app_token=APP_TOKEN,
            clock=clock,
        )
        self.slack.scopes = frozenset(SCOPES)  # as an app made from the manifest has them
        self.settings: dict[str, dict[str, Any]] = {}
        self.environ = dict(ENVIRON)

    def table(self) -> dict[str, dict[str, Any]]:
        """The configuration as it would stand in config.toml."""
        table: dict[str, dict[str, Any]] = {
            "slack": {"api_url": self.slack.api_url, "approvals_channel": APPROVALS, "alerts_channel": ALERTS},
            "smarthub": {"base_url": self.hub.base_url, "tries": 1, "rate_per_second": 1000},
            "roles": {"operators": [CALLED_OUT], "approvers": [APPROVERS]},
        }
        return {section: values | self.settings.get(section, {}) for section, values in table.items()}

    async def check(self) -> tuple[bool, list[str]]:
        """Whether all was well, and the lines that were said."""
        said: list[str] = []
        well = await try_all(Config.of(self.table(), self.environ), say=said.append)
        return well, said


@pytest.fixture
async def around() -> AsyncIterator[Neighbours]:
    """The two, started."""
    made = Neighbours()
    await made.hub.start()
    await made.slack.start()
    try:
        yield made
    finally:
        await made.slack.stop()
        await made.hub.stop()


async def test_all_is_well(around: Neighbours) -> None:
    """Where nothing is wrong, each thing has its line, a channel that is named twice only one, and all are ok."""
    well, said = await around.check()

    assert well
    assert said == [
        "ok     configuration",
        "ok     Slack token: simops in the workspace “simops-demo”",
        f"ok     Slack scopes: all {len(SCOPES)} are there",
        "ok     channel C0APPROVALS: slack.approvals_channel: #sim-approvals, and the bot is in it",
        "ok     channel C0ALERTS: slack.alerts_channel and slack.events_channel: #sim-alerts, and the bot is in it",
        "ok     user group S0APPROVERS: roles.approvers: 1 person",
        "ok     user group S0NIGHT: roles.operators: 2 people",
        f"ok     SmartHub listSims: {around.hub.base_url}, 30 SIMs on the first page, all readable",
        f"ok     SmartHub getSim: SIM {around.hub.giccid(0)} is active",
        "All is well.",
    ]


async def test_nothing_is_changed(around: Neighbours) -> None:
    """Only reads reach SmartHub, two of them, and nothing is written in Slack."""
    await around.check()

    reads = {endpoint.name for endpoint in ENDPOINTS if not endpoint.changes}
    assert [asked.operation for asked in around.hub.asked] == ["listSims", "getSim"]
    assert {"listSims", "getSim"} <= reads
    assert {call.method for call in around.slack.calls} == {
        "auth.test",
        "conversations.info",
        "usergroups.users.list",
    }


async def test_only_one_page_is_read(around: Neighbours) -> None:
    """However large the fleet is, its first page is enough."""
    around.settings["smarthub"] = {"page_size": 7}

    well, said = await around.check()

    assert well
    assert "7 SIMs on the first page" in said[-3]
    assert around.hub.count("listSims") == 1


Spoil = Callable[[Neighbours], None]


def bot_outside(around: Neighbours) -> None:
    around.slack.channels[APPROVALS].bot_in = False


def private_and_outside(around: Neighbours) -> None:
    around.slack.channels[ALERTS].bot_in = False
    around.slack.channels[ALERTS].private = True


def archived(around: Neighbours) -> None:
    around.slack.channels[ALERTS].archived = True


def wrong_channel(around: Neighbours) -> None:
    around.settings["slack"] = {"events_channel": "C0NOWHERE"}


def empty_group(around: Neighbours) -> None:
    around.slack.space.groups[CALLED_OUT] = []


def wrong_group(around: Neighbours) -> None:
    around.settings["roles"] = {"admins": ["S0NOBODY"]}


def scope_missing(around: Neighbours) -> None:
    around.slack.scopes -= {"usergroups:read"}


def wrong_token(around: Neighbours) -> None:
    around.environ["SLACK_BOT_TOKEN"] = "xoxb-test-another-one"


def wrong_app_token(around: Neighbours) -> None:
    around.environ["SLACK_APP_TOKEN"] = "xapp-test-another-one"


def slack_down(around: Neighbours) -> None:
    around.slack.down = True


def no_slack(around: Neighbours) -> None:
    around.settings["slack"] = {"api_url": "http://127.0.0.1:9/api/"}


def wrong_key(around: Neighbours) -> None:
    around.environ["SMARTHUB_API_KEY"] = "test-key-of-another"


def hub_unreachable(around: Neighbours) -> None:
    url = around.hub.base_url
    around.settings["smarthub"] = {"base_url": url}
    around.hub.unreachable = True


def wrong_path(around: Neighbours) -> None:
    around.settings["smarthub"] = {"base_url": around.hub.base_url + "/beside"}


def no_such_rows(around: Neighbours) -> None:
    around.hub.broken_next(json.dumps([{"number": "1"}, {"number": "2"}]).encode())


def unknown_state(around: Neighbours) -> None:
    row = dict(around.hub.sim(0)) | {"status": "FROZEN"}
    around.hub.broken_next(json.dumps([row]).encode())


WRONG: list[tuple[Spoil, str, str, int]] = [
    (bot_outside, "channel C0APPROVALS", "not in #sim-approvals. Type /invite @simops there", 1),
    (private_and_outside, "channel C0ALERTS", "slack.events_channel: Slack shows us no such channel. Check the id", 1),
    (archived, "channel C0ALERTS", "#sim-alerts is archived", 1),
    (wrong_channel, "channel C0NOWHERE", "slack.events_channel: Slack shows us no such channel", 1),
    (empty_group, "user group S0NIGHT", "roles.operators: nobody is in it", 1),
    (wrong_group, "user group S0NOBODY", "roles.admins: Slack knows no such user group", 1),
    (scope_missing, "Slack scopes", "missing: usergroups:read (to know who is in the user groups", 3),
    (wrong_token, "Slack token", "Slack does not accept SLACK_BOT_TOKEN (invalid_auth)", 1),
    (wrong_app_token, "Socket Mode", "Slack does not accept SLACK_APP_TOKEN (invalid_auth)", 1),
    (slack_down, "Slack token", "Slack says http_503. Is slack.api_url right", 1),
    (no_slack, "Slack token", "Slack cannot be reached. Is slack.api_url right", 1),
    (wrong_key, "SmartHub listSims", "SmartHub does not accept the API key. Check SMARTHUB_API_KEY", 1),
    (hub_unreachable, "SmartHub listSims", "is smarthub.base_url right, and may this machine reach it?", 1),
    (wrong_path, "SmartHub listSims", "nothing at /global-sims (404). Is smarthub.base_url right?", 1),
    (no_such_rows, "SmartHub listSims", "2 of 2 SIMs cannot be read", 1),
    (unknown_state, "SmartHub listSims", "States that are in no table here: “FROZEN”", 1),
]


@pytest.mark.parametrize(("spoil", "what", "sentence", "wrong"), WRONG, ids=[spoil.__name__ for spoil, *_ in WRONG])
async def test_what_is_wrong_is_said(around: Neighbours, spoil: Spoil, what: str, sentence: str, wrong: int) -> None:
    """What is wrong stands on its line with what to do; only what hangs on it is wrong too, and no secret is shown."""
    spoil(around)

    well, said = await around.check()

    lines = [line for line in said if line.startswith("WRONG")]
    assert not well
    assert any(line.startswith(f"WRONG  {what}: ") and sentence in line for line in lines), said
    assert len(lines) == wrong, said
    assert said[-1] == f"{wrong} to mend; then try again."
    assert not [secret for secret in around.environ.values() if secret in "\n".join(said)]


async def test_a_slack_that_fails_does_not_hide_smarthub(around: Neighbours) -> None:
    """Without a token that works SmartHub is tried all the same, and the other way round."""
    wrong_token(around)
    _, without_slack = await around.check()
    around.environ = dict(ENVIRON)
    wrong_key(around)
    _, without_hub = await around.check()

    assert any(line.startswith("ok     SmartHub getSim") for line in without_slack)
    assert any(line.startswith("ok     user group") for line in without_hub)


async def test_an_app_token_is_tried(around: Neighbours) -> None:
    """With Socket Mode the app token is tried, and no socket is opened by it."""
    around.environ["SLACK_APP_TOKEN"] = APP_TOKEN

    well, said = await around.check()

    assert well
    assert "ok     Socket Mode: Slack would open a socket" in said
    assert around.slack.count("apps.connections.open") == 1
    assert not around.slack.socket_mode.connected()


async def test_an_empty_smarthub_is_no_mistake(around: Neighbours) -> None:
    """A tenant without SIMs answers rightly; there is only no SIM to read."""
    around.hub.broken_next(b"[]")

    well, said = await around.check()

    assert well
    assert (
        said[-2]
        == f"ok     SmartHub listSims: {around.hub.base_url} answers and lists no SIM, so no single one was read"
    )


async def test_an_operation_nobody_knows_is_said(around: Neighbours) -> None:
    """What is wrong below [smarthub.operations] is said as the mistake in the configuration that it is."""
    around.settings["smarthub"] = {"operations": {"unheardOf": {"confirmed": True}}}

    with pytest.raises(ConfigError, match=r"smarthub\.operations\.unheardOf is no operation"):
        await around.check()

    assert around.slack.calls == []


NOWHERE = """
[slack]
api_url = "http://127.0.0.1:9/api/"
approvals_channel = "C0APPROVALS"
alerts_channel = "C0ALERTS"
[smarthub]
base_url = "http://127.0.0.1:9/v1"
tries = 1
[roles]
approvers = ["U0ANA"]
"""


def test_the_word_exits_with_1(tmp_path: Path) -> None:
    """`simops check` exits 1 when something failed, with its lines on standard output and nothing else."""
    (tmp_path / "config.toml").write_text(NOWHERE, "utf-8")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK", "SMARTHUB", "SIMOPS"))}

    done = subprocess.run(
        [sys.executable, "-m", "bot", "check"],
        cwd=ROOT,
        env=plain | ENVIRON | {"SIMOPS_CONFIG": str(tmp_path / "config.toml")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert done.stderr == ""
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "ok     configuration",
        "WRONG  Slack token",
        "WRONG  SmartHub listSims",
        "2 to mend; then try again.",
    ]
