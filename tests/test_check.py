"""`simops check` against a Slack and a SmartHub on 127.0.0.1: what it says when all is well, and when it is not."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.clock import WallClock
from bot.config import Config
from bot.errors import ConfigError
from bot.flows.checking import UNTRIED
from bot.neighbours import try_all
from bot.rules.manifest import SCOPES
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.simulator.slack import Channel, Person, Slack
from bot.smarthub.contract import ENDPOINTS
from tests.forked import Forked

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
        self.policies: list[dict[str, Any]] = []
        self.environ = dict(ENVIRON)

    def table(self) -> dict[str, dict[str, Any]]:
        """The configuration as it would stand in config.toml."""
        table: dict[str, dict[str, Any]] = {
            "slack": {"api_url": self.slack.api_url, "approvals_channel": APPROVALS, "alerts_channel": ALERTS},
            "smarthub": {"base_url": self.hub.base_url, "tries": 1, "rate_per_second": 1000},
            "roles": {"operators": [CALLED_OUT], "approvers": [APPROVERS]},
        }
        found = {section: values | self.settings.get(section, {}) for section, values in table.items()}
        return found | ({"policies": self.policies} if self.policies else {})

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
        "ok     policies: 2, and each can be satisfied",
        f"ok     SmartHub listSims: {around.hub.base_url}, 30 rows, all 27 fields found",
        "ok     SmartHub getSim: all 27 fields found",
        "ok     SmartHub getSimCustomFields: all 5 fields found",
        "ok     SmartHub listSimChangeLogs: an empty list, so there was nothing to look for fields in",
        "ok     SmartHub getEnterprise: all 6 fields found",
        "ok     SmartHub getAccount: all 7 fields found",
        "ok     SmartHub listServicePackages: 5 rows, all 8 fields found",
        "ok     SmartHub listSharePools: 1 row, all 7 fields found",
        "ok     SmartHub getCountryStatistics: 9 rows, all 3 fields found",
        f"-      SmartHub getBatchJob, getSms: {UNTRIED}",
        "All is well.",
    ]


async def test_nothing_is_changed(around: Neighbours) -> None:
    """Each read that needs no id of a job or an SMS reaches SmartHub once, and no change; Slack is only read too."""
    await around.check()

    reads = {endpoint.name for endpoint in ENDPOINTS if not endpoint.changes}
    asked = [asked.operation for asked in around.hub.asked]
    assert sorted(asked) == sorted(reads - {"getBatchJob", "getSms"})
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
    assert any("listSims" in line and "7 rows" in line for line in said)
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


def policy_for_three(around: Neighbours) -> None:
    around.policies = [{"name": "three", "quorum": 3}]


def policy_of_nobody(around: Neighbours) -> None:
    around.slack.space.groups["S0EMPTY"] = []
    around.policies = [{"name": "night", "operations": ["retire"], "from": ["S0EMPTY"]}]


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
    (empty_group, "user group S0NIGHT", "roles.operators: nobody is in it", 2),
    (empty_group, "policies", "“everything else” cannot be satisfied: it takes 1 person, and whoever asks is none", 2),
    (policy_for_three, "policies", "The policy “three” cannot be satisfied: it takes 3 people", 1),
    (policy_of_nobody, "policies", "The policy “night” names the user group S0EMPTY, and nobody is in it", 2),
    (policy_of_nobody, "user group S0EMPTY", "policies[1]: nobody is in it", 2),
    (wrong_group, "user group S0NOBODY", "roles.admins: Slack knows no such user group", 1),
    (scope_missing, "Slack scopes", "missing: usergroups:read (to know who is in the user groups", 3),
    (wrong_token, "Slack token", "Slack does not accept SLACK_BOT_TOKEN (invalid_auth)", 1),
    (wrong_app_token, "Socket Mode", "Slack does not accept SLACK_APP_TOKEN (invalid_auth)", 1),
    (slack_down, "Slack token", "Slack says http_503. Is slack.api_url right", 1),
    (no_slack, "Slack token", "Slack cannot be reached. Is slack.api_url right", 1),
    (wrong_key, "SmartHub listSims", "SmartHub does not accept the API key. Check SMARTHUB_API_KEY", 1),
    (hub_unreachable, "SmartHub listSims", "is smarthub.base_url right, and may this machine reach it?", 1),
    (wrong_path, "SmartHub listSims", "nothing at /global-sims (404). Is smarthub.base_url right?", 1),
    (no_such_rows, "SmartHub listSims", "2 rows, 0 of 25 fields found", 1),
    (unknown_state, "SmartHub listSims", "1 row, all 27 fields found", 1),
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
    """A tenant without SIMs answers rightly; there is only no SIM to read, and the enterprise names an account."""
    around.hub.broken_next(b"[]")

    well, said = await around.check()

    assert well
    assert (
        f"ok     SmartHub listSims: {around.hub.base_url}, an empty list, so there was nothing to look for" in said[8]
    )
    assert said[9:11] == [
        f"-      SmartHub {name}: not tried, as the reads before it named no SIM"
        for name in ("getSim", "getSimCustomFields")
    ]
    assert "ok     SmartHub getAccount: all 7 fields found" in said


# A SmartHub that calls things otherwise ------------------------------------------------------------------------------


class Otherwise:
    """What SmartHub answers, in other words: keys and words renamed at every depth, by these reads alone with `only`.
    Instead of an answer the reads in `gone` give this status."""

    def __init__(
        self,
        around: Neighbours,
        *,
        names: dict[str, str],
        gone: dict[str, int] | None = None,
        only: set[str] | None = None,
    ) -> None:
        self._right, self._names, self._gone, self._only = around.hub._answer, names, gone or {}, only
        around.hub._answer = self._answer  # type: ignore[method-assign]  # the simulator has no knob for another SmartHub

    async def _answer(self, request: web.Request, handler: Any, operation: str) -> web.StreamResponse:
        if operation in self._gone:
            return web.json_response({"title": "no"}, status=self._gone[operation])
        right = await self._right(request, handler, operation)
        if self._only is not None and operation not in self._only:
            return right
        assert isinstance(right, web.Response)
        assert isinstance(right.body, bytes)
        return web.json_response(self._other(json.loads(right.body)), status=right.status)

    def _other(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._names.get(key, key): self._other(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._other(inner) for inner in value]
        return self._names.get(value, value) if isinstance(value, str) else value


RENAMED = {"giccid": "simNumber", "status": "simState", "cycleQuotaBytes": "quotaInBytes", "accountName": "account"}


async def test_what_is_called_otherwise_is_found_and_can_be_put_right(around: Neighbours) -> None:
    """What needed keys are missing is wrong, and pasting the lines that are printed puts all of it right."""
    Otherwise(around, names=RENAMED)

    well, said = await around.check()

    assert not well
    assert "         sim: NEEDED, missing in 30 of 30 rows: giccid (“giccid”)" in said
    assert "         sim: nice to have, not found: account (“accountName”), quota_bytes (“cycleQuotaBytes”)" in said
    assert any("unknown keys: simNumber (a text), simState (a text)" in line for line in said)
    assert said[-1] == "2 to mend; then try again."
    given = tomllib.loads("\n".join(said[said.index("[smarthub.fields.sim]") : -1]))
    assert given["smarthub"]["fields"]["sim"] == {
        "giccid": ["giccid", "simNumber"],
        "status": ["status", "simState"],
        "account": ["accountName", "account"],
        "quota_bytes": ["cycleQuotaBytes", "quotaInBytes"],
    }

    around.settings["smarthub"] = given["smarthub"]
    well, said = await around.check()
    assert well
    assert said[-1] == "All is well."


async def test_a_word_that_is_in_no_table(around: Neighbours) -> None:
    """A state we have no word for is wrong, and the line to fill in is printed, which is no setting until it is."""
    Otherwise(around, names={"ACTIVATED": "IN USE"})

    well, said = await around.check()

    assert not well
    assert any(line.startswith("         sim: NEEDED, unknown words of status: “IN USE” (") for line in said)
    assert '"IN USE" = "?"  # write one of: active, inventory, ready, retired, suspended, test' in said
    around.settings["smarthub"] = tomllib.loads("\n".join(said[said.index("[smarthub.enums.status]") : -1]))["smarthub"]
    with pytest.raises(ConfigError, match="has to be one of our words"):
        await around.check()
    around.settings["smarthub"] = {"enums": {"status": {"IN USE": "active"}}}
    assert (await around.check())[0]


async def test_what_simops_can_do_without_is_only_noted(around: Neighbours) -> None:
    """A guessed address that is not there and a read the key may not make are notes, with the setting that helps."""
    Otherwise(around, names={}, gone={"listSharePools": 404, "getSimCustomFields": 405, "getCountryStatistics": 403})

    well, said = await around.check()

    notes = [line for line in said if line.startswith("note")]
    assert well
    assert [note.split(":")[0].split()[-1] for note in notes] == [
        "getSimCustomFields",
        "listSharePools",
        "getCountryStatistics",
    ]
    assert "only inferred; write the right one under [smarthub.operations.getSimCustomFields] path" in notes[0]
    assert "[smarthub.operations.listSharePools] path" in notes[1]
    assert said[said.index("[smarthub.operations.listSharePools]") + 1].startswith('path = "?"')
    assert said[-1] == "All that is needed is well; 3 to look at."


@pytest.mark.parametrize(("name", "status"), [("getAccount", 404), ("getEnterprise", 503), ("getSim", 404)])
async def test_a_documented_read_that_fails_is_wrong(around: Neighbours, name: str, status: int) -> None:
    """Where SmartHub's pages say that there is a read, it has to be there."""
    Otherwise(around, names={}, gone={name: status})

    well, said = await around.check()

    assert not well
    assert [line.split(":")[0] for line in said if line.startswith("WRONG")] == [f"WRONG  SmartHub {name}"]


async def test_a_confirmed_address_has_to_be_there(around: Neighbours) -> None:
    """What an operator has confirmed is no guess any more."""
    around.settings["smarthub"] = {"operations": {"listSharePools": {"confirmed": True}}}
    Otherwise(around, names={}, gone={"listSharePools": 404})

    assert not (await around.check())[0]


async def test_another_sim_than_was_asked_for(around: Neighbours) -> None:
    """A read of one SIM that describes another one is wrong, whatever fields it has."""
    asked, other = around.hub.sim(0), around.hub.sim(1)
    Otherwise(around, names={str(asked[key]): str(other[key]) for key in ("giccid", "iccid")}, only={"getSim"})

    well, said = await around.check()

    assert not well
    assert "WRONG  SmartHub getSim: SmartHub was asked for one SIM and described another one." in said


async def test_nothing_of_a_customer_is_printed(around: Neighbours) -> None:
    """However little of an answer is understood, what is printed of it are keys and words of lists, never a value."""
    values: set[str] = set()
    for n in range(30):
        row = around.hub.sim(n)
        values |= {str(row[key]) for key in ("giccid", "iccid", "imsi", "msisdn", "imei", "accountName", "custom1")}
    around.settings["smarthub"] = {"fields": {"sim": {"status": ["msisdn"], "usage_bytes": ["imsi"]}}}
    Otherwise(around, names={"imei": "460001234567890", "iccid": "someNumber"})

    _, said = await around.check()

    shown = "\n".join(said)
    assert any(line.startswith("WRONG  SmartHub listSims") for line in said)
    assert [value for value in values - {"None"} if value in shown] == []
    assert "460001234567890" not in shown


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

    environ = plain | ENVIRON | {"SIMOPS_CONFIG": str(tmp_path / "config.toml")}
    with closing(Forked("-m", "bot", "check", env=environ)) as done:
        lines, complaints = done.stdout.read().decode().splitlines(), done.stderr.read()
        done.join()

    assert done.returncode == 1
    assert complaints == b""
    assert [line.split(":")[0] for line in lines] == [
        "ok     configuration",
        "WRONG  Slack token",
        "WRONG  SmartHub listSims",
        "2 to mend; then try again.",
    ]
