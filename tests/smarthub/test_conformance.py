"""Client and simulator against the OpenAPI document, each operation, judged by a validator we did not write."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

import aiohttp
import pytest
from aiohttp import web
from openapi_core.testing.requests import MockRequest
from openapi_core.testing.responses import MockResponse

from bot.errors import AccessForbidden, BotError, ChangeRefused, KeyRefused, NotFound, ProviderBusy, SimNotFound
from bot.rules.changes import ChangeKind
from bot.rules.sims import Status
from bot.rules.sms import Coding
from bot.simulator.hub import Hub
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import ENDPOINTS, contract
from tests.openapi import document

CHINESE = "深圳智联账户"
NOBODY = "8949212600000999996"
SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
Call = Callable[[SmartHub, str], Awaitable[object]]


async def all_of(pages: AsyncIterator[object]) -> list[object]:
    return [page async for page in pages]


# Each operation of the document with the method that calls it; the second argument is the SIM, job, SMS or account.
CALLS: Mapping[str, Call] = {
    "listSims": lambda hub, what: all_of(hub.sims(account=what, status=Status.ACTIVE, plan="iot-100")),
    "listSimChangeLogs": lambda hub, what: all_of(hub.change_log(what, ChangeKind.PLAN, SINCE, UNTIL)),
    "getSim": lambda hub, what: hub.sim(what),
    "getSimCustomFields": lambda hub, what: hub.custom(what),
    "updateSimCustomFields": lambda hub, what: hub.set_custom(what, ("站点 7", None, "", None, None)),
    "activateSim": lambda hub, what: hub.activate(what),
    "suspendSim": lambda hub, what: hub.suspend(what),
    "retireSim": lambda hub, what: hub.retire(what),
    "subscribeSupplementaryPackage": lambda hub, what: hub.subscribe_addon(what, "addon-100"),
    "changeBasicPackage": lambda hub, what: hub.change_plan(what, "iot-500"),
    "changeApnStatus": lambda hub, what: hub.set_apn(what, "iot.smarthub", enabled=False),
    "batchActivate": lambda hub, what: hub.batch_activate([what]),
    "batchSuspend": lambda hub, what: hub.batch_suspend([what]),
    "batchRetire": lambda hub, what: hub.batch_retire([what]),
    "batchChangeBasicPackage": lambda hub, what: hub.batch_change_plan([what], "iot-500"),
    "getBatchJob": lambda hub, what: hub.batch_job(what),
    "sendSms": lambda hub, what: hub.send_sms(what, "reboot", coding=Coding.ASCII, validity=11),
    "getSms": lambda hub, what: hub.sms(what),
    "getEnterprise": lambda hub, _: hub.enterprise(),
    "getAccount": lambda hub, what: hub.account(what),
    "listServicePackages": lambda hub, what: hub.plans(what),
    "listSharePools": lambda hub, what: hub.pools(what),
    "getCountryStatistics": lambda hub, what: hub.countries(what, "2026-11"),
}
OF_ACCOUNTS = ("listSims", "getAccount", "listServicePackages", "listSharePools", "getCountryStatistics")
OPERATIONS = pytest.mark.parametrize("name", list(CALLS))


def something(hub: Hub, name: str) -> str:
    """What is there to call this operation with."""
    if name in OF_ACCOUNTS:
        return CHINESE
    if name == "getBatchJob":
        return hub.world.add_job("RETIRE", [hub.giccid(0), hub.giccid(1)])
    if name == "getSms":
        return str(hub.world.add_message(hub.giccid(0))["smsMsgId"])
    return hub.pick({"retireSim": "DEACTIVATED", "activateSim": "TEST_READY"}.get(name, "ACTIVATED"))


@dataclass
class Relay:
    """Stands between client and simulator and has the validator judge both."""

    url: str = ""
    to: str = ""
    judged: int = 0

    async def pass_on(self, request: web.BaseRequest) -> web.StreamResponse:
        data = await request.read() or None
        headers = {k: v for k, v in request.headers.items() if k.lower() not in {"host", "content-length"}}
        target = self.to + request.path_qs.removeprefix("/v1")
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, target, data=data, headers=headers) as answer,
        ):
            body, status, kind = await answer.read(), answer.status, answer.content_type
            wait = {"Retry-After": answer.headers["Retry-After"]} if "Retry-After" in answer.headers else {}
        asked = MockRequest(
            "https://xxx.smh.smarthing.com",
            request.method,
            unquote(request.path),
            args=dict(request.query),
            headers=dict(request.headers),
            data=data,
        )
        try:
            document().validate_request(asked)
            document().validate_response(asked, MockResponse(body, status_code=status, content_type=kind))
        except Exception as exc:  # noqa: BLE001 - whatever the validator says is what the test is to show
            return web.Response(status=418, text=json.dumps({"title": f"{exc!r} {exc.__cause__!r}"}))
        self.judged += 1
        return web.Response(body=body, status=status, content_type=kind, headers=wait)


@pytest.fixture
async def relay(hub: Hub, serve: Callable[..., Awaitable[str]]) -> Relay:
    relay = Relay(to=hub.base_url)
    relay.url = await serve(relay.pass_on)
    return relay


def test_there_is_a_method_for_each_operation():
    """Whatever the document offers can be called by a method of the client."""
    assert set(CALLS) == {e.name for e in ENDPOINTS}


@OPERATIONS
async def test_each_method_calls_its_operation(hub: Hub, relay: Relay, connect: Callable[..., SmartHub], name: str):
    """What each method sends fits the document, and so does what the simulator answers; it is sent once."""
    await CALLS[name](connect(relay.url), something(hub, name))

    assert [asked.operation for asked in hub.asked] == [name]
    assert relay.judged == 1


@OPERATIONS
async def test_each_operation_is_turned_away_as_documented(
    hub: Hub, relay: Relay, connect: Callable[..., SmartHub], name: str
):
    """401, 403 and 429 fit the document at each operation, and are told as what they mean."""
    what = something(hub, name)
    with pytest.raises(KeyRefused):
        await CALLS[name](connect(relay.url, key="key-test-wrong"), what)
    client = connect(relay.url)
    hub.forbid()
    with pytest.raises(AccessForbidden):
        await CALLS[name](client, what)
    hub.busy(times=1, retry_after=3600)
    with pytest.raises(ProviderBusy, match="3600 seconds"):
        await CALLS[name](client, what)

    assert relay.judged == 3
    assert hub.count(name) == 0


THERE_IS_NO: Mapping[type[BotError], tuple[str, ...]] = {
    SimNotFound: (
        "getSim", "getSimCustomFields", "updateSimCustomFields", "activateSim", "suspendSim", "retireSim",
        "subscribeSupplementaryPackage", "changeBasicPackage", "changeApnStatus", "sendSms",
    ),
    NotFound: (
        "getBatchJob", "getSms", "getAccount", "listServicePackages", "listSharePools", "getCountryStatistics",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in THERE_IS_NO.items() for name in names])
async def test_what_is_not_there(relay: Relay, connect: Callable[..., SmartHub], kind: type[BotError], name: str):
    """A SIM, a job, an SMS or an account there is not: the refusal fits the document, and the error names it."""
    with pytest.raises(kind, match=NOBODY):
        await CALLS[name](connect(relay.url), NOBODY)

    assert relay.judged == 1


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda hub, sim: hub.activate(sim), "illegal_status"),
        (lambda hub, sim: hub.retire(sim), "illegal_status"),
        (lambda hub, sim: hub.change_plan(sim, "no-such-plan"), "missing"),
        (lambda hub, sim: hub.subscribe_addon(sim, "no-such-addon"), "missing"),
        (lambda hub, sim: hub.set_apn(sim, "no.such.apn", enabled=True), "missing"),
    ],
)
async def test_what_is_refused(hub: Hub, relay: Relay, connect: Callable[..., SmartHub], call: Call, code: str):
    """A change that does not fit the SIM is refused as documented, with SmartHub's code."""
    with pytest.raises(ChangeRefused) as caught:
        await call(connect(relay.url), hub.pick())

    assert caught.value.code == code
    assert relay.judged == 1


async def test_the_judge_would_notice(hub: Hub, relay: Relay, connect: Callable[..., SmartHub]):
    """A request with a member the document does not know does not pass, and neither does such an answer."""
    astray = contract(all_confirmed=True, fields={"body": {"plan": ["ratePlan"]}})
    with pytest.raises(BotError, match="servicePackage"):
        await connect(relay.url, contract=astray).change_plan(hub.pick(), "iot-500")
    hub.broken_next(b'{"smsMsgId": 7}')
    with pytest.raises(BotError, match="is not of type"):
        await connect(relay.url).sms(something(hub, "getSms"))

    assert relay.judged == 0
