"""What the simulator's SmartHub answers is judged by a validator we did not write, against the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiohttp
import jsonschema
import pytest
from openapi_core import OpenAPI
from openapi_core.testing.requests import MockRequest
from openapi_core.testing.responses import MockResponse

from bot.simulator.clock import HeldClock
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.simulator.hub.pushes import EVENTS
from bot.smarthub.contract import ENDPOINTS
from tests.openapi import FILE, document, spec

KEY = "key-test-not-a-real-one"


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    clock = HeldClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    hub = Hub(key=KEY, fleet=Fleet(100, clock.now), clock=clock)
    await hub.start()
    yield hub
    await hub.stop()


async def judged(hub: Hub, method: str, path: str, *, json_body: object = None, key: str = KEY) -> tuple[int, object]:
    """The status and body of an answer that the validator has nothing against."""
    data = None if json_body is None else json.dumps(json_body).encode()
    headers = {"X-API-Key": key} | ({"Content-Type": "application/json"} if data is not None else {})
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, hub.base_url + path, data=data, headers=headers) as response,
    ):
        body, status, kind = await response.read(), response.status, response.content_type
    parts = urlsplit(path)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&")) if parts.query else {}
    asked = MockRequest(
        "https://xxx.smh.smarthing.com", method, "/v1" + unquote(parts.path), args=query, headers=headers, data=data
    )
    document().validate_response(asked, MockResponse(body, status_code=status, content_type=kind))
    return status, json.loads(body)


BODIES: Mapping[str, object] = {
    "updateSimCustomFields": {"custom1": "a", "custom2": None, "custom3": None, "custom4": None, "custom5": None},
    "subscribeSupplementaryPackage": {"servicePackage": "addon-100"},
    "changeBasicPackage": {"servicePackage": "iot-500"},
    "changeApnStatus": {"apn": "iot.smarthub", "status": "DISABLED"},
    "batchChangeBasicPackage": {"giccids": ["8949212600000000001"], "servicePackage": "iot-500"},
    "sendSms": {"toGiccid": "8949212600000000001", "messageText": "hello"},
    **{name: {"giccids": ["8949212600000000001"]} for name in ("batchActivate", "batchSuspend", "batchRetire")},
}


def filled(hub: Hub, name: str, path: str) -> str:
    """The address of an operation with something that is there in its braces."""
    fitting = {"retireSim": "DEACTIVATED", "activateSim": "TEST_READY"}
    job = hub.world.add_job("ACTIVATE", [hub.giccid(0)])
    sms = hub.world.add_message(hub.giccid(0))["smsMsgId"]
    return path.format(
        giccid=hub.pick(fitting.get(name, "ACTIVATED")), jobId=job, smsMsgId=sms, name="acme", accountName="acme"
    )


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.name)
async def test_each_operation_answers_as_documented(hub: Hub, endpoint):
    """Every operation is served, and its 200 and its 401 fit the document."""
    path = filled(hub, endpoint.name, endpoint.path)

    status, _ = await judged(hub, endpoint.method, path, json_body=BODIES.get(endpoint.name))
    refused, body = await judged(hub, endpoint.method, path, json_body=BODIES.get(endpoint.name), key="wrong")

    assert (status, refused) == (200, 401)
    assert body["title"] == "Invalid api key"


NOBODY = "8949212600000999996"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"/global-sims/{NOBODY}", None, 404),
        ("GET", f"/global-sims/{'8' * 33}", None, 422),
        ("GET", "/global-sims?pageSize=5000", None, 422),
        ("GET", "/global-sims/changeLogs?startTime=yesterday", None, 422),
        ("GET", f"/global-sims/changeLogs?giccid={'8' * 33}", None, 422),
        ("GET", "/global-sims/changeLogs?changeType=COLOUR", None, 422),
        ("GET", f"/global-sims/{NOBODY}/custom-field", None, 404),
        ("PUT", "/global-sims/8949212600000000001/custom-field", {"custom1": 3}, 400),
        ("PUT", "/global-sims/8949212600000000001/custom-field", [], 400),
        ("POST", f"/global-sims/{NOBODY}/activate", None, 404),
        ("POST", "/global-sims/8949212600000000001/activate", None, 422),
        ("POST", "/global-sims/8949212600000000001/retire", None, 422),
        ("PUT", "/global-sims/8949212600000000001/servicePackage", {"servicePackage": "none"}, 422),
        ("PUT", "/global-sims/8949212600000000001/servicePackage", {}, 422),
        ("PUT", "/global-sims/8949212600000000001/apnStatus", {"apn": "x", "status": "ENABLED"}, 422),
        ("POST", "/global-sims/8949212600000000001/supplementaryServicePackages", {"servicePackage": 1}, 400),
        ("POST", "/batchJobs/global-sims/retire", {"giccids": []}, 422),
        ("POST", "/batchJobs/global-sims/retire", {"giccids": "x"}, 400),
        ("GET", "/batchJobs/nothing", None, 404),
        ("POST", "/mt-sms", {"toGiccid": NOBODY, "messageText": "x"}, 422),
        ("POST", "/mt-sms", {"toGiccid": "8949212600000000001", "messageText": "x", "dataCoding": True}, 400),
        ("GET", "/mt-sms/nothing", None, 404),
        ("GET", "/account/nobody", None, 422),
        ("GET", "/nobody/servicePackages", None, 422),
        ("GET", "/nobody/sharePools", None, 422),
        ("GET", "/statistics/country-codes?accountName=nobody", None, 422),
        ("GET", "/statistics/country-codes?cycleName=November", None, 422),
    ],
)
async def test_each_refusal_is_as_documented(hub: Hub, method: str, path: str, body: object, status: int):
    """What is not there or makes no sense is refused with the documented status and words."""
    assert (await judged(hub, method, path, json_body=body))[0] == status


async def test_busy_is_as_documented(hub: Hub):
    """429 fits the document, and carries a Retry-After."""
    hub.busy()

    assert (await judged(hub, "GET", "/global-sims"))[0] == 429


@pytest.mark.parametrize("status", ["INVENTORY", "ACTIVATED", "DEACTIVATED", "RETIRED"])
async def test_every_kind_of_sim_fits(hub: Hub, status: str):
    """SIMs in each state, with and without plan, pool and device, fit the document."""
    _, page = await judged(hub, "GET", f"/global-sims?status={status}&pageSize=1000")

    assert page["items"]


async def test_a_chinese_account_is_found(hub: Hub):
    """A name in Chinese, percent-encoded as UTF-8, is an account like any other."""
    _, account = await judged(hub, "GET", "/account/%E6%B7%B1%E5%9C%B3%E6%99%BA%E8%81%94%E8%B4%A6%E6%88%B7")

    assert account["prepaidRenewType"] == "DISABLE_CARD"


@pytest.mark.parametrize("event", EVENTS)
def test_each_push_is_as_documented(event: str):
    """The body of each notification fits its schema in the document."""
    clock = HeldClock(datetime(2026, 11, 22, 8, 0, tzinfo=UTC))
    hub = Hub(key=KEY, fleet=Fleet(100, clock.now), clock=clock)
    schema = spec()["webhooks"][event]["post"]["requestBody"]["content"]["application/json"]["schema"]

    body = json.loads(hub.payload(event))

    jsonschema.Draft202012Validator({**schema, "components": spec()["components"]}).validate(body)
    assert body["giccid"] == hub.pick()


async def test_the_documented_account_is_what_the_document_says():
    """The provider's own example of an account fits the document too, so both are about the same thing."""
    sample = (Path(__file__).parents[1] / "samples" / "smarthub" / "account-documented.200.json").read_bytes()
    asked = MockRequest("https://xxx.smh.smarthing.com", "GET", "/v1/account/x", headers={"X-API-Key": KEY})

    document().validate_response(asked, MockResponse(sample))


def test_the_document_is_one():
    """What everything here is judged by is a valid OpenAPI document itself."""
    OpenAPI.from_file_path(str(FILE))
