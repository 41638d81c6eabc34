"""The client and the bot with a SmartHub nobody here wrote: Prism, made from docs/smarthub-openapi.yaml.

As a mock it answers what the document says; as a proxy it judges what the client asks and the simulator answers.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from bot.clock import WallClock
from bot.errors import BotError
from bot.rules.sims import Status
from bot.rules.sms import Coding
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import ENDPOINTS, contract
from tests.peers.bots import SECRETS, bot
from tests.peers.prism import prism, served
from tests.peers.programs import OPENAPI, said
from tests.peers.workspace import APPROVALS, APPROVER, OPERATOR, workspace

pytestmark = pytest.mark.peer

KEY = SECRETS["SMARTHUB_API_KEY"]
SENTENCE = re.compile(r"(?s)\w.*[.?)]")
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
CHINESE = "深圳智联账户"


@dataclass(frozen=True)
class There:
    """What is there to ask for."""

    active: str = "8949212600000000142"
    ready: str = "8949212600000000142"
    suspended: str = "8949212600000000142"
    job: str = "string"
    sms: str = "string"
    plan: str = "string"
    apn: str = "string"


Call = Callable[[SmartHub, There], Awaitable[object]]


async def drained(pages: AsyncIterator[object]) -> list[object]:
    """All pages of a list."""
    return [page async for page in pages]


# Every operation of the document by its name, with the call that asks for it.
CALLS: Mapping[str, Call] = {
    "listSims": lambda hub, there: drained(hub.sims(account="acme", status=Status.ACTIVE, plan=there.plan)),
    "listSimChangeLogs": lambda hub, there: drained(hub.change_log(there.active, since=SINCE)),
    "getSim": lambda hub, there: hub.sim(there.active),
    "getSimCustomFields": lambda hub, there: hub.custom(there.active),
    "updateSimCustomFields": lambda hub, there: hub.set_custom(there.active, ("Pump <7> & co", None, "", "柏林", None)),
    "subscribeSupplementaryPackage": lambda hub, there: hub.subscribe_addon(there.active, "addon-100"),
    "changeBasicPackage": lambda hub, there: hub.change_plan(there.active, there.plan),
    "changeApnStatus": lambda hub, there: hub.set_apn(there.active, there.apn, False),
    "activateSim": lambda hub, there: hub.activate(there.ready),
    "suspendSim": lambda hub, there: hub.suspend(there.active),
    "retireSim": lambda hub, there: hub.retire(there.suspended),
    "batchActivate": lambda hub, there: hub.batch_activate([there.ready]),
    "batchSuspend": lambda hub, there: hub.batch_suspend([there.active]),
    "batchRetire": lambda hub, there: hub.batch_retire([there.suspended]),
    "batchChangeBasicPackage": lambda hub, there: hub.batch_change_plan([there.active], there.plan),
    "getBatchJob": lambda hub, there: hub.batch_job(there.job),
    "sendSms": lambda hub, there: hub.send_sms(there.active, "hello", coding=Coding.NETWORK, validity=167),
    "getSms": lambda hub, there: hub.sms(there.sms),
    "getEnterprise": lambda hub, _: hub.enterprise(),
    "getAccount": lambda hub, _: hub.account(CHINESE),
    "listServicePackages": lambda hub, _: hub.plans(CHINESE),
    "listSharePools": lambda hub, _: hub.pools("acme"),
    "getCountryStatistics": lambda hub, _: hub.countries("acme", "2026-11"),
}
# The methods that ask for what another one asks for too.
ALSO = {"find"}


def client(base_url: str, *, key: str = KEY) -> SmartHub:
    """Our client of the SmartHub at this address; it tries nothing twice."""
    every = contract(all_confirmed=True)
    return SmartHub(base_url=base_url, key=key, contract=every, clock=WallClock(), tries=1, rate_per_second=1000)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """The simulator's SmartHub, at the time it is."""
    clock = WallClock()
    hub = Hub(key=KEY, fleet=Fleet(200, clock.now), clock=clock)
    hub.announces = False
    await hub.start()
    yield hub
    await hub.stop()


def test_every_operation_is_asked_for():
    """Each operation of the document stands in the table above, and each method of the client is used in it."""
    assert CALLS.keys() == {endpoint.name for endpoint in ENDPOINTS}
    names = {name for call in CALLS.values() for name in call.__code__.co_names}
    public = {name for name, _ in inspect.getmembers(SmartHub, inspect.isfunction) if not name.startswith("_")}

    assert public - names - ALSO == {"close"}


async def test_neither_side_breaks_the_contract(hub: Hub, tmp_path: Path):
    """For every operation Prism has nothing against what the client asks, nor against what the simulator answers."""
    active = hub.pick(nth=3)
    there = There(
        active=active,
        ready=hub.pick("TEST_READY"),
        suspended=hub.pick("DEACTIVATED"),
        job=hub.world.add_job("ACTIVATE", [hub.giccid(0)]),
        sms=str(hub.world.add_message(hub.giccid(0))["smsMsgId"]),
        plan="iot-500",
        apn=str(hub.sim(active)["apns"][0]["apn"]),
    )

    async with (
        prism("proxy", OPENAPI, hub.base_url, log=tmp_path / "prism.log") as judge,
        client(judge.address) as asking,
    ):
        refused = {}
        for name, call in CALLS.items():
            try:
                await call(asking, there)
            except BotError as problem:
                refused[name] = str(problem)

    assert refused == {}
    assert judge.objections == []
    assert {asked.operation for asked in hub.asked} == CALLS.keys()


async def test_refusals_keep_the_contract(hub: Hub, tmp_path: Path):
    """What the simulator refuses, it refuses as the document says, and the client says why in words."""
    nobody = There(*["8949212600000999996"] * 3, job="nothing", sms="nothing", plan="none", apn="none")

    async with (
        prism("proxy", OPENAPI, hub.base_url, log=tmp_path / "prism.log") as judge,
        client(judge.address) as asking,
    ):
        for name in CALLS.keys() - {"listSims", "listSimChangeLogs", "getEnterprise", "getAccount", "listSharePools"}:
            if name.startswith("batch") or name in ("listServicePackages", "getCountryStatistics"):
                continue  # a batch is taken over whatever is in it; the rest is asked for by account
            with pytest.raises(BotError, match=r"\w+.*\."):
                await CALLS[name](asking, nobody)
        with pytest.raises(BotError):
            await asking.suspend(hub.pick("RETIRED"))
        for name in ("nobody", "account"):
            with pytest.raises(BotError):
                await asking.account(name)
        hub.busy()
        with pytest.raises(BotError):
            await asking.sim(hub.pick())
        async with client(judge.address, key="wrong") as wrong:
            with pytest.raises(BotError):
                await wrong.sim(hub.pick())

    assert judge.objections == []


async def test_prism_objects(hub: Hub, tmp_path: Path):
    """An answer and a question that break the contract are objected to: the judge above is awake."""
    giccid = hub.pick()

    async def broken(_: web.Request) -> web.Response:
        return web.json_response({"giccid": giccid, "status": "PAUSED", "cycleUsageBytes": "many"})

    async with (
        served(broken) as upstream,
        prism("proxy", OPENAPI, upstream, log=tmp_path / "prism.log") as judge,
        client(judge.address) as asking,
    ):
        with pytest.raises(BotError):
            await asking.sim(giccid)
        # Our client would not ask for this, so it is asked without it.
        async with aiohttp.ClientSession(headers={"X-API-Key": KEY}) as session:
            await session.get(f"{judge.address}/global-sims?status=PAUSED")

    answers, questions = judge.objections
    assert "cycleUsageBytes must be integer" in answers
    assert "PAUSED" in questions or "status" in questions


@pytest.mark.parametrize("dynamic", [False, True], ids=["examples", "made-up"])
async def test_whatever_a_mock_answers_is_read_or_refused_in_words(tmp_path: Path, dynamic: bool):
    """Answers made from the document alone, plain or made up, are read or become errors of ours, and nothing else."""
    words = ["--dynamic", "--seed", "7"] if dynamic else []
    refused: dict[str, str] = {}
    read = set()

    async with prism("mock", *words, OPENAPI, log=tmp_path / "prism.log") as judge, client(judge.address) as asking:
        for name in [*CALLS] * (5 if dynamic else 1):
            try:
                await CALLS[name](asking, There())
            except BotError as problem:
                refused[name] = str(problem)
            else:
                read.add(name)

    assert judge.objections == []
    assert [name for name, problem in refused.items() if not SENTENCE.fullmatch(problem)] == []
    # What is asked for by its number comes back with another one and is not taken for it; "string" is no price.
    assert dynamic or CALLS.keys() - read <= {"getSim", "getBatchJob", "getSms", "listServicePackages"}


async def test_each_documented_refusal_in_words(tmp_path: Path):
    """Each operation, refused with each status that the document has for it, raises an error of ours in words."""
    document = yaml.safe_load(OPENAPI.read_text("utf-8"))
    statuses = {
        operation["operationId"]: sorted(status for status in operation["responses"] if status != "200")
        for path in document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "operationId" in operation
    }
    tried = 0

    for status in sorted({status for each in statuses.values() for status in each}):
        async with (
            prism("mock", OPENAPI, log=tmp_path / "prism.log", prefer=f"code={status}") as judge,
            client(judge.address) as asking,
        ):
            for name in (name for name, each in statuses.items() if status in each):
                with pytest.raises(BotError) as refused:
                    await CALLS[name](asking, There())
                assert SENTENCE.fullmatch(str(refused.value)), name
                tried += 1
        assert judge.objections == []

    assert tried == sum(len(each) for each in statuses.values())


@pytest.mark.parametrize("known", [False, True], ids=["as-it-is", "with-our-sim"])
async def test_the_bot_on_a_mock(tmp_path: Path, known: bool):
    """Between a Slack and a SmartHub that are not ours, the bot answers everything in words and goes on running.

    The mock never remembers a change: a suspended SIM still reads active, and the bot must not say it is done.
    """
    giccid = "8949212600000000142"
    document = tmp_path / "openapi.yaml"
    document.write_text(OPENAPI.read_text("utf-8") if not known else with_sim(giccid), "utf-8")
    async with (
        prism("mock", document, log=tmp_path / "prism.log") as judge,
        workspace(tmp_path) as slack,
        bot(slack, smarthub=judge.address) as process,
    ):
        looked = await slack.say(giccid, by=OPERATOR)
        asked = await slack.say(f"suspend {giccid}", by=OPERATOR)
        if known:
            assert looked["text"].startswith("Pump 7: 🟢 active")
            card = (await slack.until(lambda: slack.messages(APPROVALS)))[0]
            await slack.press(APPROVALS, card, "Approve", by=APPROVER)
            ended = await slack.until(
                lambda: slack.messages(APPROVALS),
                lambda cards: "Unsure" in cards[0]["text"] or "Not" in cards[0]["text"],
            )
            assert "Confirmed" not in ended[0]["text"]
            assert said(tmp_path / "prism.log").count("post /global-sims/" + giccid + "/deactivate") >= 1
        else:
            assert "described another one" in looked["text"]
            assert "described another one" in asked["text"]
        assert "SmartHub" in (await slack.say("status", by=OPERATOR))["text"]
        assert process.running
        assert slack.relay.refused() == []
    for trouble in ("Traceback", "Something went wrong"):
        assert trouble not in said(tmp_path / "bot.log")


def with_sim(giccid: str) -> str:
    """The document with an example of this SIM in it, active, as Prism then tells it."""
    document = yaml.safe_load(OPENAPI.read_text("utf-8"))
    later = (datetime.now(UTC) + timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    row: dict[str, Any] = {"giccid": giccid, "status": "ACTIVATED", "custom1": "Pump 7"}
    row |= {"servicePackage": "iot-100", "servicePackageExpireTime": later}
    answer = document["paths"]["/global-sims/{giccid}"]["get"]["responses"]["200"]
    answer["content"]["application/json"]["example"] = row
    return yaml.safe_dump(document, allow_unicode=True)
