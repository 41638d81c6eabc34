"""`simops sim` and `simops sims`: what they print, what they refuse, and how they end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.rules.sims import Addon, Apn, Sim
from bot.simulator.clock import HeldClock
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.views import terminal
from tests.forked import Forked, reader
from tests.talk import ALERTS, APPROVALS, ENVIRON, KEY, START

Simops = Callable[..., Awaitable[Result]]
EVIL = "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202eeerht\u2028two\r\nthree\u200b"
STEERS = {chr(n) for n in (*range(0x20), *range(0x7F, 0xA0))} - {"\n"} | set("\u202e\u2028\u200b")


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """A SmartHub with 1,200 SIMs."""
    clock = HeldClock(START)
    hub = Hub(key=KEY, fleet=Fleet(1200, clock.now), clock=clock)
    await hub.start()
    yield hub
    await hub.stop()


@pytest.fixture
def config(hub: Hub, tmp_path: Path) -> Path:
    """A configuration that leads to it."""
    return lead(tmp_path / "config.toml", hub.base_url)


def lead(path: Path, base_url: str) -> Path:
    """Writes a configuration with this SmartHub."""
    path.write_text(
        f'[slack]\napprovals_channel = "{APPROVALS}"\nalerts_channel = "{ALERTS}"\n[roles]\nadmins = ["U0ADMIN"]\n'
        f'[smarthub]\nbase_url = "{base_url}"\nrate_per_second = 1000\ntries = 1\npage_size = 250\n',
        "utf-8",
    )
    return path


@pytest.fixture
def simops(config: Path) -> Simops:
    """Runs the command line, beside the SmartHub; only its key is in the environment."""

    def run(words: tuple[str, ...], environ: Mapping[str, str]) -> Result:
        nothing = dict.fromkeys((*ENVIRON, "SLACK_APP_TOKEN", "PORT"))
        result = CliRunner().invoke(main, words, env={**nothing, "SIMOPS_CONFIG": str(config), **environ})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert KEY not in result.output
        return result

    async def beside(*words: str, environ: Mapping[str, str] | None = None) -> Result:
        return await asyncio.to_thread(run, words, {"SMARTHUB_API_KEY": KEY} if environ is None else environ)

    return beside


# --- one SIM ---


async def test_a_sim_for_people(hub: Hub, simops: Simops):
    """A SIM comes label first, with sizes in units and times in UTC, its values below one another."""
    hub.change(0, custom1="Berlin 物联网 7", cycleUsageBytes=54_000_000, cycleQuotaBytes=100_000_000)
    result = await simops("sim", hub.giccid(0))

    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr, lines[0]) == (0, "", "Berlin 物联网 7")
    values = dict(line.split("  ", 1) for line in lines[1:])
    assert values["Usage in 2026-11"].strip() == "54.0 MB of 100.0 MB, 54 %"
    assert values["State"].strip() == "active"
    assert values["ICCID"].strip() == hub.giccid(0)
    assert values["Last session"].endswith(" UTC")
    assert values["Custom 3"].strip() == "–"
    broad = max(len(title) for title in values)
    assert all(line[broad : broad + 2] == "  " and line[broad + 2] != " " for line in lines[1:])


async def test_a_sim_for_programs(hub: Hub, simops: Simops):
    """As JSON it is one object with our words, bytes and UTC; as SmartHub's own it is what SmartHub sent."""
    record = json.loads((await simops("sim", hub.giccid(0), "--json")).stdout)
    raw = json.loads((await simops("sim", hub.giccid(0), "--raw")).stdout)

    assert raw == hub.sim(0)
    assert (record["status"], record["status_word"]) == ("active", "ACTIVATED")
    assert record["usage_bytes"] == raw["cycleUsageBytes"]
    assert record["last_session_at"] == raw["lastSessionTime"].replace("+0000", "Z")
    assert record["apns"] == [{"name": "iot.smarthub", "enabled": True}]
    assert record["label"] == record["custom"][0] == raw["custom1"]


@pytest.mark.parametrize("key", ["iccid", "imsi", "msisdn", "imei"])
async def test_a_sim_by_each_of_its_numbers(hub: Hub, simops: Simops, key: str):
    """A SIM is found by any of its numbers, and SmartHub is asked for that SIM alone."""
    result = await simops("sim", str(hub.sim(7)[key]), "--json")

    assert json.loads(result.stdout)["giccid"] == hub.giccid(7)
    assert {asked.operation for asked in hub.asked} <= {"getSim", "listSims"}


async def test_a_number_in_any_spelling(hub: Hub, simops: Simops):
    """Spaces, dashes, a trailing F, a missing check digit or a plus do no harm."""
    iccid, phone = hub.giccid(7), str(hub.sim(7)["msisdn"])
    spelled = [f"{iccid[:4]} {iccid[4:10]}-{iccid[10:]}F", iccid[:-1], f"+{phone}", f"+{phone[:2]} {phone[2:]}"]
    for word in spelled:
        assert json.loads((await simops("sim", word, "--json")).stdout)["giccid"] == iccid


async def test_a_number_two_sims_have(hub: Hub, simops: Simops):
    """Where a number is not one SIM's, it says how to list them."""
    hub.change(1, imei="990000862471854")
    hub.change(2, imei="990000862471854")
    result = await simops("sim", "990000862471854")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "2 SIMs" in result.stderr
    listed = await simops("sims", "--imei", "990000862471854", "--json")
    assert [json.loads(line)["giccid"] for line in listed.stdout.splitlines()] == [hub.giccid(1), hub.giccid(2)]


# --- many ---


async def test_sims_for_people(hub: Hub, simops: Simops):
    """The table has one head and a line for each SIM, and its columns stand below one another in wide letters too."""
    result = await simops("sims", "--account", "深圳智联账户", "--status", "active")

    head, *lines = result.stdout.splitlines()
    rows = hub.world.sims({"accountName": "深圳智联账户", "status": "ACTIVATED"}, first=0, size=1000)[0]
    assert (result.exit_code, result.stderr, len(lines)) == (0, "", len(rows))
    places = [terminal.width(line[: line.index(rows[n]["giccid"])]) for n, line in enumerate(lines)]
    assert set(places) == {head.index("ICCID")}
    sizes = [re.search(r"[0-9.]+ [kMG]?B(?:ytes)? +[0-9.]+ [MG]B", line) for line in lines]
    assert {terminal.width(line[: at.end()]) for line, at in zip(lines, sizes, strict=True) if at is not None} == {
        head.index("QUOTA") + len("QUOTA")
    }
    assert all("深圳智联账户" in line for line in lines)


async def test_sims_for_programs(hub: Hub, simops: Simops):
    """As JSON Lines every SIM of every page is there, each once and in order."""
    result = await simops("sims", "--json")

    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["giccid"] for record in records] == [hub.giccid(n) for n in range(1200)]
    assert len(hub.asked) == 5


async def test_sims_up_to_a_limit(hub: Hub, simops: Simops):
    """A limit ends the list there, and no page is asked for that is not needed."""
    result = await simops("sims", "--limit", "3", "--json")
    more = await simops("sims", "--limit", "11", "--page-size", "5", "--json")

    assert (len(result.stdout.splitlines()), len(more.stdout.splitlines())) == (3, 11)
    assert len(hub.asked) == 1 + 3


async def test_nothing_fits(simops: Simops):
    """Where no SIM fits, that is said, on standard error and without a table."""
    result = await simops("sims", "--account", "nobody")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "SmartHub has no SIM that fits.\n")


# --- what is refused ---

WRONG = [
    (("sim", "8949/212600000000001"), "is not a digit"),
    (("sim", "٨٩٤٩٢١٢٦٠٠٠٠٠٠٠٠٠٠١"), "is not a digit"),
    (("sim", "8" * 200), "200 digits"),
    (("sim", "12345"), "5 digits"),
    (("sim", "+12"), "2 digits"),
    (("sim", "+" + "1" * 30), "30 digits"),
    (("sim", " "), "is missing"),
    (("sim", "\x1b[2Jx"), "is not an ICCID"),
    (("sims", "--limit", "0"), "1 or more"),
    (("sims", "--limit", "-1"), "1 or more"),
    (("sims", "--page-size", "0"), "1 to 1000"),
    (("sims", "--page-size", "1001"), "1 to 1000"),
    (("sims", "--status", "ACTIVATED!"), "no status of a SIM; there are inventory"),
    (("sims", "--status", "\x1b[2J"), "no status of a SIM"),
    (("sims", "--iccid", "89/49"), "is not a digit"),
    (("sims", "--imsi", "26/2"), "is no IMSI"),
    (("sims", "--imei", ""), "is no IMEI"),
    (("sims", "--msisdn", "١٢٣٤٥٦٧"), "is no MSISDN"),
    (("sims", "--imei", "1" * 200), "is no IMEI"),
    (("sims", "--account", ""), "cannot be looked up"),
    (("sims", "--plan", "\x1b[31m"), "cannot be looked up"),
    (("sims", "--plan", "x" * 201), "cannot be looked up"),
]


@pytest.mark.parametrize(("words", "says"), WRONG, ids=[repr(words)[:60] for words, _ in WRONG])
async def test_what_cannot_be_asked(hub: Hub, simops: Simops, words: tuple[str, ...], says: str):
    """What makes no sense is refused in a sentence on standard error, with 1, before anything is sent."""
    result = await simops(*words)

    assert (result.exit_code, result.stdout) == (1, "")
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert not STEERS & set(result.stderr)
    assert hub.asked == []


async def test_what_smarthub_refuses(hub: Hub, simops: Simops):
    """A SIM there is not, a wrong key or a SmartHub that is away: a sentence and 1, and no traceback."""
    missing = await simops("sim", Fleet(1300, lambda: START).giccid(1299))
    nobody = await simops("sim", "262030000009999")
    stranger = await simops("sims", environ={"SMARTHUB_API_KEY": "key-nobody-knows"})
    hub.unreachable = True
    away = await simops("sims")

    for result, says in ((missing, "no SIM"), (nobody, "no SIM with the"), (stranger, "key"), (away, "reached")):
        assert (result.exit_code, result.stdout) == (1, "")
        assert says in result.stderr
        assert "Traceback" not in result.stderr
    assert "key-nobody-knows" not in stranger.output


async def test_a_configuration_that_is_not_there(simops: Simops):
    """It says which file it looked for."""
    result = await simops("sims", environ={"SMARTHUB_API_KEY": KEY, "SIMOPS_CONFIG": "/nowhere/config.toml"})

    assert (result.exit_code, result.stdout) == (1, "")
    assert "/nowhere/config.toml" in result.stderr


async def test_only_the_key_of_smarthub_is_needed(simops: Simops):
    """Without it the sentence names it, and none of the variables that only the bot needs."""
    result = await simops("sims", environ={})

    assert result.exit_code == 1
    assert "SMARTHUB_API_KEY" in result.stderr
    assert "SLACK" not in result.stderr
    assert "PUSH" not in result.stderr


# --- text from outside ---


async def test_text_from_outside_cannot_steer_the_terminal(hub: Hub, simops: Simops):
    """Escape sequences, line breaks and turned-around text in names and fields stay what they are: text on one line."""
    hub.change(0, custom1=EVIL, custom2=EVIL, accountName=EVIL, servicePackage=EVIL, status=EVIL, countryCode=EVIL,
               apns=[{"apn": EVIL, "status": EVIL}])  # fmt: skip
    for words in (("sim", hub.giccid(0)), ("sims", "--limit", "1")):
        result = await simops(*words)
        assert not STEERS & set(result.output)
        assert "pwned" in result.stdout
    for words in (
        ("sim", hub.giccid(0), "--json"),
        ("sim", hub.giccid(0), "--raw"),
        ("sims", "--limit", "1", "--json"),
    ):
        result = await simops(*words)
        assert not STEERS & set(result.output)
        assert EVIL in json.loads(result.stdout).values()


FULL = Sim(
    giccid="8949212600000000001",
    status=None,
    status_word="FROZEN",
    iccid="8949212600000000002",
    plan="物" * 40,
    plan_expires_at=datetime(2027, 1, 2, 23, 59, 59, 5, tzinfo=UTC),
    addons=(Addon("addon-100", 100_000_000, 0, datetime(2027, 1, 1, tzinfo=UTC)), Addon("free")),
    quota_bytes=0,
    sms_count=12_000,
    apns=(Apn("iot", True), Apn("more", None)),
    custom=("e\u0301te\u0301", "\ud800", None, None, None),
)  # fmt: skip


def test_what_is_not_known_is_not_made_up():
    """What SmartHub did not say is a dash for people and null for programs; a word nobody knows is shown as it came."""
    sheet, record = terminal.sheet(FULL, label="x"), terminal.record(FULL, label="x")

    assert "FROZEN?" in sheet
    assert "8949212600000000002 (SmartHub calls it 8949212600000000001)" in sheet
    assert "more: unknown" in sheet
    assert "addon-100: 0 Bytes of 100.0 MB, 0 %, until 2027-01-01 00:00:00 UTC" in sheet
    assert record["status"] is record["usage_bytes"] is record["activated_at"] is None
    assert record["plan_expires_at"] == "2027-01-02T23:59:59.000005Z"
    assert record["quota_bytes"] == 0
    assert list(record) == [
        *("giccid", "label", "status", "status_word", "iccid", "imsi", "msisdn", "imei", "account", "sku", "plan"),
        *("plan_expires_at", "addons", "pool", "activated_at", "cycle", "usage_bytes", "quota_bytes", "sms_count"),
        *("apns", "country", "last_session_at", "custom"),
    ]
    assert json.loads(terminal.written(record)) == record
    terminal.written(record).encode()
    sheet.encode()


@pytest.mark.parametrize("label", ["", "x", "x" * 500, "物" * 40, "e\u0301" * 40, "👩‍🚀" * 30, "\t\n", "\ud800"])
def test_every_line_has_its_columns_where_the_head_has_them(label: str):
    """However wide a label's characters are, the next column begins where its title does."""
    row = terminal.table_row(FULL, label=label)

    assert terminal.width(row[: row.index(FULL.giccid)]) == terminal.table_head().index("ICCID")
    assert row.isprintable()


# --- as a process ---


class Halting:
    """A SmartHub that answers its first page, and waits with the second one until it may go on."""

    def __init__(self) -> None:
        self.asked_again, self.go_on, self.breaks = asyncio.Event(), asyncio.Event(), False

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """One page."""
        page, size = int(request.query["page"]), int(request.query["pageSize"])
        if page == 2:
            self.asked_again.set()
            await self.go_on.wait()
        if self.breaks and page == 2:
            return web.Response(status=500)
        fleet = Fleet(2 * size, lambda: START)
        return web.json_response([fleet.sim(n) for n in range(fleet.count)][(page - 1) * size : page * size])


@pytest.fixture
async def halting(config: Path) -> AsyncIterator[Halting]:
    """The configuration leads there."""
    there = Halting()
    runner = web.ServerRunner(web.Server(there.answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    lead(config, f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
    yield there
    there.go_on.set()
    await runner.cleanup()


@pytest.fixture
def start(config: Path) -> Iterator[Callable[..., Forked]]:
    """Starts `simops` with some words, as somebody's shell does."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "SMARTHUB_"))}
    env = {**clean, "SIMOPS_CONFIG": str(config), "SMARTHUB_API_KEY": KEY}
    started: list[Forked] = []

    def start(*words: str) -> Forked:
        started.append(Forked("-m", "bot", *words, env=env))
        return started[-1]

    yield start
    for process in started:
        process.close()


async def test_pages_are_printed_as_they_come(halting: Halting, start: Callable[..., Forked]):
    """The first page stands there while SmartHub still works on the second one; an interrupt then ends it at once, with
    130 and without a word."""
    process = start("sims", "--json", "--page-size", "20")
    out, err = await reader(process.stdout), await reader(process.stderr)
    async with asyncio.timeout(40):
        lines = [json.loads(await out.readline()) for _ in range(20)]
        await halting.asked_again.wait()
        process.send_signal(signal.SIGINT)
        rest, said = await out.read(), await err.read()
        await process.wait()

    assert lines[19]["giccid"] == Fleet(20, lambda: START).giccid(19)
    assert (process.returncode, rest, said) == (130, b"", b"")


async def test_a_list_that_breaks_off(halting: Halting, simops: Simops):
    """What came before SmartHub failed is printed; then its sentence, on standard error, and 1."""
    halting.breaks = True
    halting.go_on.set()
    result = await simops("sims", "--json", "--page-size", "20")

    assert (result.exit_code, result.stdout.count("\n")) == (1, 20)
    assert "SmartHub" in result.stderr
    assert result.stderr.count("\n") == 1


async def test_a_closed_pipe_ends_it_quietly(halting: Halting, start: Callable[..., Forked]):
    """Whoever has read enough, as `head` does, hears no complaint."""
    process = start("sims", "--page-size", "20")
    err = await reader(process.stderr)
    async with asyncio.timeout(40):
        head = await asyncio.to_thread(process.stdout.readline)
        await halting.asked_again.wait()
        process.stdout.close()
        halting.go_on.set()
        said = await err.read()
        await process.wait()

    assert head.startswith(b"LABEL")
    assert said == b""
