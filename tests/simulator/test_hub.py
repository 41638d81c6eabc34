"""The simulator's SmartHub: its fleet looks real, its SIMs move as documented, its knobs do what they say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.errors import StoreError
from bot.rules.sims import luhn_holds
from bot.simulator.clock import HeldClock
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.simulator.hub.pushes import EVENTS

KEY = "key-test-not-a-real-one"
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
Ask = Callable[..., Awaitable[tuple[int, object]]]


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(START)


@pytest.fixture
async def hub(clock: HeldClock) -> AsyncIterator[Hub]:
    hub = Hub(key=KEY, fleet=Fleet(200, clock.now), clock=clock)
    await hub.start()
    yield hub
    await hub.stop()


@pytest.fixture
async def ask(hub: Hub) -> AsyncIterator[Ask]:
    """Asks the hub as any HTTP client would; gives the status and the JSON."""
    async with aiohttp.ClientSession(headers={"X-API-Key": KEY}) as session:

        async def send(method: str, path: str, **more: object) -> tuple[int, object]:
            async with session.request(method, hub.base_url + path, **more) as response:
                return response.status, await response.json()

        yield send


@pytest.fixture
async def listener() -> AsyncIterator[tuple[str, list[tuple[str, bytes]]]]:
    """A webhook that keeps what it is sent; its address and what came."""
    came: list[tuple[str, bytes]] = []

    async def take(request: web.BaseRequest) -> web.StreamResponse:
        came.append((request.path, await request.read()))
        return web.json_response({}, status=200 if len(came) < 100 else 500)

    runner = web.ServerRunner(web.Server(take, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/smarthub/secret", came
    await runner.cleanup()


async def until(happened: Callable[[], object]) -> None:
    """Lets everything else run until this is so."""
    while not happened():  # noqa: ASYNC110 - what is waited for is on the other side of a socket
        await asyncio.sleep(0)


# The fleet


def test_a_fleet_is_the_same_every_time():
    """Two fleets with the same start are the same, SIM by SIM."""
    one, other = Fleet(200, lambda: START), Fleet(1_000_000, lambda: START)

    assert [one.sim(n) for n in range(200)] == [other.sim(n) for n in range(200)]


def test_every_number_is_valid_and_unique():
    """ICCIDs and IMEIs carry their check digit, and no number is there twice."""
    fleet = Fleet(2000, lambda: START)
    sims = [fleet.sim(n) for n in range(2000)]

    assert all(luhn_holds(str(s["giccid"])) and len(str(s["giccid"])) == 19 for s in sims)
    assert all(luhn_holds(str(s["imei"])) for s in sims if s["imei"] is not None)
    for key in ("giccid", "imsi", "msisdn", "custom1"):
        assert len({s[key] for s in sims}) == 2000


@pytest.mark.parametrize("n", [0, 1, 199, 123_456, 999_999])
def test_a_sim_is_found_by_its_number(n: int):
    """From a number the SIM is known without a search, in a fleet of any size; a wrong digit is nobody's."""
    fleet = Fleet(1_000_000, lambda: START)
    giccid = fleet.giccid(n)

    assert fleet.number(giccid) == n
    assert fleet.number(giccid[:-1] + str((int(giccid[-1]) + 1) % 10)) is None
    assert fleet.number(giccid[:-1]) is None
    assert Fleet(n, lambda: START).number(giccid) is None


def test_nothing_is_alarming_at_the_start():
    """At the start no SIM is past 70 % of its quota, no plan ends within 60 days, and all kinds are there."""
    fleet = Fleet(1000, lambda: START)
    sims = [fleet.sim(n) for n in range(1000)]
    soon = (START + timedelta(days=60)).isoformat()

    assert all(s["cycleUsageBytes"] <= 0.7 * s["cycleQuotaBytes"] for s in sims)
    assert all(s["servicePackageExpireTime"] is None or s["servicePackageExpireTime"] > soon for s in sims)
    assert len({s["status"] for s in sims}) == 6
    assert len({s["accountName"] for s in sims}) == 4
    assert any(s["sharePool"] for s in sims)
    assert any(s["supplementaryServicePackages"] for s in sims)


# Moves

MOVES = [
    ("INVENTORY", "activate", "ACTIVATED"),
    ("TEST_READY", "activate", "ACTIVATED"),
    ("ACTIVATION_READY", "activate", "ACTIVATED"),
    ("DEACTIVATED", "activate", "ACTIVATED"),
    ("ACTIVATED", "deactivate", "DEACTIVATED"),
    ("DEACTIVATED", "retire", "RETIRED"),
]
STATUSES = ("INVENTORY", "TEST_READY", "ACTIVATION_READY", "ACTIVATED", "DEACTIVATED", "RETIRED")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("verb", ["activate", "deactivate", "retire"])
async def test_each_move_from_each_state(hub: Hub, ask: Ask, status: str, verb: str):
    """A move of the documented table is made, and every other is a 422 `illegal_status` that changes nothing."""
    giccid = hub.pick(status)
    to = next((to for had, how, to in MOVES if (had, how) == (status, verb)), None)

    answered, body = await ask("POST", f"/global-sims/{giccid}/{verb}")

    assert answered == (422 if to is None else 200)
    assert hub.sim(giccid)["status"] == (to or status)
    if to is None:
        assert body["errors"] == [{"resource": "globalSim", "field": "status", "code": "illegal_status"}]


async def test_a_change_is_in_the_log(hub: Hub, ask: Ask):
    """What changed is told by the change log, the latest first, and only for the SIM that was asked for."""
    giccid = hub.pick()
    await ask("POST", f"/global-sims/{giccid}/deactivate")
    hub.change(giccid, imei="356938035643809")
    await ask("POST", f"/global-sims/{hub.pick()}/deactivate")

    _, log = await ask("GET", f"/global-sims/changeLogs?giccid={giccid}")
    _, nothing = await ask("GET", "/global-sims/changeLogs?endTime=2026-11-01T00:00:00%2B0000")

    assert [row["changeType"] for row in log["items"]] == ["IMEI", "STATUS"]
    assert log["items"][1]["oldValue"] == "ACTIVATED"
    assert nothing["total"] == 0


async def test_custom_fields(hub: Hub, ask: Ask):
    """Custom fields are read and set; an unknown one or a long one is refused and nothing is set."""
    where = f"/global-sims/{hub.pick()}/custom-field"
    _, before = await ask("GET", where)

    assert (await ask("PUT", where, json={**before, "custom3": "x"}))[0] == 200
    assert (await ask("GET", where))[1] == {**before, "custom3": "x"}
    assert (await ask("PUT", where, json={"custom6": "x"}))[0] == 422
    assert (await ask("PUT", where, json={"custom3": "x" * 201}))[0] == 422
    assert (await ask("PUT", where, json={"custom3": 3}))[0] == 400
    assert (await ask("PUT", where, data=b"{"))[0] == 400
    assert (await ask("GET", where))[1]["custom3"] == "x"


async def test_filters_see_what_changed(hub: Hub, ask: Ask):
    """A SIM that was changed is found by what it is now, and no more by what it was."""
    giccid = hub.pick()
    imsi, old = hub.sim(giccid)["imsi"], hub.sim(giccid)["imei"]
    hub.change(giccid, imei="356938035643809", status="DEACTIVATED")

    async def found(query: str) -> list[str]:
        return [s["giccid"] for s in (await ask("GET", f"/global-sims?pageSize=1000&{query}"))[1]["items"]]

    assert await found("imei=356938035643809") == [giccid]
    assert await found(f"imei={old}") == []
    assert await found(f"imsi={imsi}&status=ACTIVATED") == []
    assert giccid in await found("status=DEACTIVATED")
    assert giccid not in await found("status=ACTIVATED")


@pytest.mark.parametrize("query", ["page=0", "page=x", "pageSize=1001", "pageSize=", "status=HAPPY", "page=²"])
async def test_a_wrong_page_is_refused(ask: Ask, query: str):
    """A page or status that cannot be is a 422 `invalid`."""
    answered, body = await ask("GET", f"/global-sims?{query}")

    assert (answered, body["errors"][0]["code"]) == (422, "invalid")


async def test_a_job_runs_later_and_fails_sim_by_sim(hub: Hub, ask: Ask, clock: HeldClock):
    """A batch job waits, runs, and tells for each SIM what became of it."""
    good, bad = hub.pick(), hub.pick("RETIRED")
    _, job = await ask("POST", "/batchJobs/global-sims/deactivate", json={"giccids": [good, bad, "nobody"]})
    where = f"/batchJobs/{job['jobId']}"

    assert (await ask("GET", where))[1]["status"] == "PENDING"
    assert hub.sim(good)["status"] == "ACTIVATED"
    await clock.advance(10)
    done = (await ask("GET", where))[1]

    assert (done["status"], done["total"], done["succeeded"], done["failed"]) == ("FINISHED", 3, 1, 2)
    assert [item["code"] for item in done["items"]] == [None, "illegal_status", "missing"]
    assert hub.sim(good)["status"] == "DEACTIVATED"


async def test_a_large_job_is_done_a_little_at_a_time(ask: Ask, hub: Hub, clock: HeldClock):
    """A job of a thousand SIMs is half done after half its time, and all done after all of it."""
    giccids = [hub.giccid(n % 200) for n in range(1000)]
    _, job = await ask("POST", "/batchJobs/global-sims/activate", json={"giccids": giccids})

    await clock.advance(1 + 25)
    half = (await ask("GET", f"/batchJobs/{job['jobId']}"))[1]
    await clock.advance(25)
    whole = (await ask("GET", f"/batchJobs/{job['jobId']}"))[1]

    assert (half["status"], half["succeeded"] + half["failed"]) == ("RUNNING", 501)
    assert (whole["status"], whole["succeeded"] + whole["failed"]) == ("FINISHED", 1000)
    assert whole["succeeded"] == sum(hub.world.fleet.status(n) not in {"ACTIVATED", "RETIRED"} for n in range(200))


async def test_an_sms_is_delivered_later(
    hub: Hub, ask: Ask, clock: HeldClock, listener: tuple[str, list[tuple[str, bytes]]]
):
    """An SMS is taken over at once, delivered later, and then reported by a push."""
    hub.push_url, came = listener
    giccid = hub.pick()
    _, sms = await ask("POST", "/mt-sms", json={"toGiccid": giccid, "messageText": "reboot"})
    assert sms["status"] == "PENDING"

    await until(clock.next_waking)
    await clock.advance(5)
    await until(lambda: came)

    assert (await ask("GET", f"/mt-sms/{sms['smsMsgId']}"))[1]["status"] == "DELIVERED"
    assert came[0][0] == "/smarthub/secret/mt-sms-status"
    assert json.loads(came[0][1])["smsMsgId"] == sms["smsMsgId"]


# Knobs


async def test_a_slow_change_shows_later(hub: Hub, ask: Ask, clock: HeldClock):
    """With `settle_slowly` an accepted change shows after that time, and the next change is judged by it already."""
    giccid = hub.pick()
    hub.settle_slowly = 60

    assert (await ask("POST", f"/global-sims/{giccid}/deactivate"))[0] == 200
    assert (await ask("POST", f"/global-sims/{giccid}/deactivate"))[0] == 422
    assert hub.sim(giccid)["status"] == "ACTIVATED"
    await clock.advance(61)
    assert hub.sim(giccid)["status"] == "DEACTIVATED"
    assert hub.count("suspendSim", giccid) == 2


async def test_a_lost_answer_was_done(hub: Hub, ask: Ask):
    """`lose_next` breaks the connection after the work; with no name it waits for a change."""
    giccid = hub.pick()
    hub.lose_next()
    assert (await ask("GET", f"/global-sims/{giccid}"))[0] == 200

    with pytest.raises(aiohttp.ClientError):
        await ask("POST", f"/global-sims/{giccid}/deactivate")

    assert hub.sim(giccid)["status"] == "DEACTIVATED"
    assert hub.count("suspendSim", giccid) == 1


async def test_who_is_turned_away_is_not_counted(hub: Hub, ask: Ask):
    """Busy, down and a wrong key turn away before anything is done; what was asked is known all the same."""
    giccid = hub.pick()
    where = f"/global-sims/{giccid}/deactivate"
    hub.busy(retry_after=7)
    assert (await ask("POST", where))[0] == 429
    hub.down = True
    assert (await ask("POST", where))[0] == 503
    hub.down = False
    assert (await ask("POST", where, headers={"X-API-Key": "key-test-wrong"}))[0] == 401

    assert [(a.operation, a.giccid, a.at) for a in hub.asked] == [("suspendSim", giccid, START)] * 3
    assert hub.count("suspendSim") == 0
    assert hub.sim(giccid)["status"] == "ACTIVATED"


async def test_knobs_can_be_put_at_rest(hub: Hub, ask: Ask):
    """After `reset_knobs` the hub behaves, whatever was set."""
    hub.busy(times=9)
    hub.lose_next("getSim")
    hub.refuse_next("invalid")
    hub.broken_next(b"<html>", "text/html")
    hub.slow, hub.down, hub.settle_slowly, hub.unreachable = 99, True, 99, True
    hub.reset_knobs()

    giccid = hub.pick()
    assert (await ask("GET", f"/global-sims/{giccid}"))[1] == hub.sim(giccid)
    assert (await ask("POST", f"/global-sims/{giccid}/deactivate"))[0] == 200
    assert hub.sim(giccid)["status"] == "DEACTIVATED"


async def test_unreachable_is_a_refused_connection(hub: Hub, ask: Ask):
    """While it is unreachable nobody can connect, and afterwards it is at the same address."""
    before = hub.base_url
    hub.unreachable = True
    with pytest.raises(aiohttp.ClientConnectorError):
        await ask("GET", "/enterprise")

    hub.unreachable = False

    assert (await ask("GET", "/enterprise"))[0] == 200
    assert hub.base_url == before


# Growing, expiring, pushing


async def test_usage_grows_and_ends_with_the_cycle(hub: Hub, clock: HeldClock):
    """`grow` sets usage to a part of the quota or to bytes; the next cycle begins low again."""
    giccid = hub.pick()
    hub.grow(giccid, fraction=0.9)
    assert hub.sim(giccid)["cycleUsageBytes"] == int(hub.sim(giccid)["cycleQuotaBytes"] * 0.9)
    hub.grow(giccid, to_bytes=12)
    assert hub.sim(giccid)["cycleUsageBytes"] == 12

    hub.grow(giccid, fraction=0.99)
    await clock.advance(15 * 86_400)

    sim = hub.sim(giccid)
    assert (sim["cycleName"], sim["cycleUsageBytes"] < 0.5 * sim["cycleQuotaBytes"]) == ("2026-12", True)


async def test_a_plan_can_be_made_to_end(hub: Hub):
    """`expire_in` sets the end of the plan, counted from now; an unknown SIM or field is an error of the test."""
    hub.expire_in(hub.pick(), 3)
    assert hub.sim(hub.pick())["servicePackageExpireTime"] == "2026-11-25T08:00:00+0000"
    with pytest.raises(KeyError):
        hub.change("nobody", status="RETIRED")
    with pytest.raises(KeyError):
        hub.change(hub.pick(), state="RETIRED")


@pytest.mark.parametrize("event", EVENTS)
async def test_each_event_can_be_pushed(hub: Hub, listener: tuple[str, list[tuple[str, bytes]]], event: str):
    """Each of the nine notifications goes to its own address, about the SIM, with an id and the time."""
    hub.push_url, came = listener

    assert await hub.push(event, hub.pick(), duplicate=True, accountName="other") == 200
    assert await hub.push(event) == 200

    (where, first), (_, again), (_, third) = came
    assert where == f"/smarthub/secret/{event}"
    body = json.loads(first)
    assert (body["giccid"], body["accountName"]) == (hub.pick(), "other")
    assert body.get("eventTime") == "2026-11-22T08:00:00+0000"
    assert first == again
    assert json.loads(third)["eventId"] != body["eventId"]


async def test_anything_can_be_pushed(hub: Hub, listener: tuple[str, list[tuple[str, bytes]]]):
    """`push_raw` sends bytes as they are, and a change of state is announced where that is switched on."""
    hub.push_url, came = listener
    await hub.push_raw("mo-sms", b"not json")
    assert came == [("/smarthub/secret/mo-sms", b"not json")]

    hub.announces = True
    giccid = hub.pick()
    async with aiohttp.ClientSession(headers={"X-API-Key": KEY}) as session:
        await session.post(f"{hub.base_url}/global-sims/{giccid}/deactivate")
    await until(lambda: len(came) > 1)

    body = json.loads(came[1][1])
    assert (body["oldStatus"], body["newStatus"]) == ("ACTIVATED", "DEACTIVATED")


# Surviving


async def test_a_killed_hub_comes_back_with_the_same_world(tmp_path: Path, clock: HeldClock):
    """With a journal, what happened is there again after a start on another day, and nothing else differs."""
    where = tmp_path / "hub.json"
    first = Hub(key=KEY, fleet=Fleet(50, clock.now), clock=clock, journal=where)
    giccid = first.pick("DEACTIVATED")
    first.change(giccid, status="ACTIVATED", custom1="Łódź ☂ \ud800")
    expiries = [first.sim(n)["servicePackageExpireTime"] for n in range(50)]

    await clock.advance(86_400)
    second = Hub(key=KEY, fleet=Fleet(50, clock.now), clock=clock, journal=where)

    assert (second.sim(giccid)["status"], second.sim(giccid)["custom1"]) == ("ACTIVATED", "Łódź ☂ \ud800")
    assert [second.sim(n)["servicePackageExpireTime"] for n in range(50)] == expiries
    assert second.world.log == first.world.log
    assert list(map(str, tmp_path.glob("*"))) == [str(where)]  # noqa: ASYNC240 - a test may look


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 9}', '{"version": 1, "world": {}}'])
def test_a_journal_that_is_none(tmp_path: Path, clock: HeldClock, content: str):
    """A file that is no journal is said to be none, with what to do about it."""
    where = tmp_path / "hub.json"
    where.write_text(content, encoding="utf-8")

    with pytest.raises(StoreError, match="move it away"):
        Hub(key=KEY, fleet=Fleet(5, clock.now), clock=clock, journal=where)
