"""The client against real servers: reads are tried again, changes are sent once, the key goes nowhere else."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
import weakref
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from bot.errors import (
    AddressNotConfirmed,
    BadInput,
    BotError,
    ChangeRefused,
    ConfigError,
    KeyRefused,
    NotFound,
    OutcomeUnknown,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    SimNotFound,
)
from bot.rules.sims import Status
from bot.simulator.clock import HeldClock
from bot.simulator.hub import Hub
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import contract

KEY = "key-test-not-a-real-one"
GICCID = "8949212600000000142"
SIM = {"giccid": GICCID, "status": "ACTIVATED"}
Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Connect = Callable[..., SmartHub]
Serve = Callable[[Answering], Awaitable[str]]
ServeBytes = Callable[[bytes], Awaitable[tuple[str, list[bytes]]]]


async def until(happened: Callable[[], object]) -> None:
    """Lets everything else run until this is so; TimeoutError when it never is."""
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 - what is waited for is a count on the other side of a socket
            await asyncio.sleep(0)


# Reading one SIM


async def test_a_sim_is_read(hub: Hub, client: SmartHub):
    """A SIM comes with its state and its whole answer."""
    sim = await client.sim(hub.pick())

    assert (sim.giccid, sim.status, sim.account) == (hub.pick(), Status.ACTIVE, "acme")
    assert sim.raw == hub.sim(sim.giccid)


async def test_a_sim_there_is_not(hub: Hub, client: SmartHub):
    """An unknown number is a SimNotFound that names it, asked for once."""
    with pytest.raises(SimNotFound, match=GICCID[:10]):
        await client.sim("8949212600000999996")

    assert len(hub.asked) == 1


async def test_a_sim_is_found_without_its_check_digit(hub: Hub, client: SmartHub):
    """An ICCID printed without its check digit, or with spaces, finds the SIM."""
    giccid = hub.pick()

    assert (await client.find(giccid[:-1])).giccid == giccid
    assert (await client.find(f"{giccid[:4]} {giccid[4:]}")).giccid == giccid


async def test_what_was_tried_is_said(hub: Hub, client: SmartHub):
    """When no spelling is known, the sentence names each of them; what is no ICCID is not sent."""
    with pytest.raises(SimNotFound) as caught:
        await client.find("894921260000099999")

    assert all(asked.giccid in str(caught.value) for asked in hub.asked)
    assert len(hub.asked) == 2
    with pytest.raises(BadInput):
        await client.find("hello")
    assert len(hub.asked) == 2


async def test_another_sims_description_is_not_used(serve: Serve, connect: Connect):
    """When SmartHub describes another SIM than the one asked for, that is an error and not an answer."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"giccid": "8986042600000000017", "status": "ACTIVATED"})

    with pytest.raises(ProviderError, match="another one"):
        await connect(await serve(answer)).sim(GICCID)


async def test_a_wrong_key(hub: Hub, connect: Connect):
    """A wrong key is told as such, once, and is not in the sentence."""
    with pytest.raises(KeyRefused) as caught:
        await connect(hub.base_url, key="key-test-wrong").sim(hub.pick())

    assert "key-test-wrong" not in str(caught.value)
    assert len(hub.asked) == 1


# Trying again


async def test_a_read_is_tried_again_while_smarthub_is_down(serve: Serve, connect: Connect):
    """A read goes through when SmartHub works again at the third try."""
    asked = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        return web.json_response(SIM) if len(asked) == 3 else web.Response(status=503, text="<html>")

    assert (await connect(await serve(answer)).sim(GICCID)).giccid == GICCID
    assert len(asked) == 3


async def test_a_read_is_not_tried_for_ever(hub: Hub, client: SmartHub):
    """After the set number of tries it is said that SmartHub does not work."""
    hub.down = True

    with pytest.raises(ProviderDown, match="503"):
        await client.sim(hub.pick())

    assert len(hub.asked) == 4


async def test_a_lost_answer_to_a_read_is_asked_for_again(hub: Hub, client: SmartHub):
    """A connection that breaks under a read costs nothing but another try."""
    hub.lose_next("getSim")

    assert (await client.sim(hub.pick())).status is Status.ACTIVE
    assert hub.count("getSim") == 2


async def test_retry_after_is_honoured(hub: Hub, client: SmartHub):
    """The next try comes no sooner than SmartHub asks for, and it is the only one."""
    hub.busy(times=1, retry_after=1)
    began = time.monotonic()

    await client.sim(hub.pick())

    assert time.monotonic() - began >= 1.0
    assert len(hub.asked) == 2


async def test_retry_after_as_a_date_is_honoured(hub: Hub, client: SmartHub):
    """A date in the past is no wait beyond our own."""
    hub.busy(times=2, retry_after="Sun, 22 Nov 2026 07:59:00 GMT")

    await client.sim(hub.pick())

    assert len(hub.asked) == 3


async def test_a_wait_longer_than_we_have_is_said_at_once(hub: Hub, client: SmartHub):
    """Nobody is kept waiting for a wait that cannot be waited out: the error carries it."""
    hub.busy(times=1, retry_after=3600)

    with pytest.raises(ProviderBusy) as caught:
        await client.sim(hub.pick())

    assert caught.value.retry_after == 3600.0
    assert len(hub.asked) == 1


async def test_a_read_ends_within_its_total_time(hub: Hub, connect: Connect):
    """However slow SmartHub is, a read ends with an error when its time is over."""
    hub.slow = 1000.0

    with pytest.raises(ProviderDown):
        await connect(hub.base_url, total_timeout_s=0.1, read_timeout_s=5.0).sim(hub.pick())


async def test_nobody_there(connect: Connect):
    """Where nobody listens, SmartHub is down, for a read and for a change."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        client = connect(f"http://127.0.0.1:{held.getsockname()[1]}/v1")

        with pytest.raises(ProviderDown):
            await client.sim(GICCID)
        with pytest.raises(ProviderDown, match="nothing was changed"):
            await client.suspend(GICCID)


# Changes


async def test_a_change_is_made(hub: Hub, client: SmartHub):
    """Suspending, activating and retiring reach SmartHub, each once."""
    giccid = hub.pick()

    await client.suspend(giccid)
    assert (await client.sim(giccid)).status is Status.SUSPENDED
    await client.activate(giccid)
    assert (await client.sim(giccid)).status is Status.ACTIVE
    await client.suspend(giccid)
    await client.retire(giccid)
    assert (await client.sim(giccid)).status is Status.RETIRED
    assert [hub.count(n, giccid) for n in ("suspendSim", "activateSim", "retireSim")] == [2, 1, 1]


async def test_a_lost_answer_leaves_a_change_unknown_and_is_not_sent_again(hub: Hub, client: SmartHub):
    """When the answer to a change is lost it was sent once, and nobody claims to know what became of it."""
    giccid = hub.pick()
    hub.lose_next()

    with pytest.raises(OutcomeUnknown):
        await client.suspend(giccid)

    assert hub.count("suspendSim", giccid) == 1
    assert (await client.sim(giccid)).status is Status.SUSPENDED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 408, 500, 502, 503, 504])
async def test_a_change_is_sent_once_whatever_comes_back(serve: Serve, connect: Connect, status: int):
    """A redirect, a time-out or a crash at SmartHub leaves a change unknown; it is not followed or repeated."""
    asked = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/v1/elsewhere", "Retry-After": "0"})

    with pytest.raises(OutcomeUnknown):
        await connect(await serve(answer)).suspend(GICCID)

    assert asked == [f"/v1/global-sims/{GICCID}/deactivate"]


async def test_a_change_without_an_answer_in_time(hub: Hub, connect: Connect):
    """When the answer takes too long the change is unknown, by either time limit, and sent once each."""
    hub.slow = 1000.0
    first, second = hub.pick(nth=0), hub.pick(nth=1)

    with pytest.raises(OutcomeUnknown):
        await connect(hub.base_url, total_timeout_s=0.1, read_timeout_s=5.0).suspend(first)
    with pytest.raises(OutcomeUnknown):
        await connect(hub.base_url, read_timeout_s=0.1).suspend(second)

    assert (hub.count("suspendSim", first), hub.count("suspendSim", second)) == (1, 1)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 banana\r\n\r\n",
        b"\x16\x03\x01\x00\x00",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 900\r\n\r\nshort",
    ],
)
async def test_an_answer_that_makes_no_sense_leaves_a_change_unknown(
    serve_bytes: ServeBytes, connect: Connect, answer: bytes
):
    """Whatever broken thing comes back after a change was sent, it was sent once and is unknown."""
    base_url, received = await serve_bytes(answer)

    with pytest.raises(OutcomeUnknown):
        await connect(base_url).suspend(GICCID)

    assert len(received) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\ncut off",
        b"HTTP/1.1 202 Accepted\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nnot",
    ],
)
async def test_any_2xx_is_accepted(serve_bytes: ServeBytes, connect: Connect, answer: bytes):
    """A change that SmartHub says yes to is accepted, whatever its body is."""
    base_url, received = await serve_bytes(answer)

    await connect(base_url).retire(GICCID)

    assert len(received) == 1


async def test_a_change_has_the_documented_headers(serve_bytes: ServeBytes, connect: Connect):
    """A change without a body says so with a Content-Length of 0, and we say who we are."""
    base_url, received = await serve_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    as_put = contract(operations={"suspendSim": {"method": "PUT", "confirmed": True}})

    await connect(base_url, contract=as_put).suspend(GICCID)

    lines = received[0].decode().lower().split("\r\n")
    assert lines[0] == f"put /v1/global-sims/{GICCID}/deactivate http/1.1"
    assert "content-length: 0" in lines
    assert f"x-api-key: {KEY}" in lines
    assert any(line.startswith("user-agent: simops/") for line in lines)


async def test_custom_fields_are_set_all_five(hub: Hub, client: SmartHub):
    """What is read, changed in one place and sent back is what is there; fewer than five are not sent."""
    giccid = hub.pick()
    label, *others = await client.custom(giccid)
    assert label == hub.sim(giccid)["custom1"]

    await client.set_custom(giccid, ("站点 7 <b>", *others))

    assert await client.custom(giccid) == ("站点 7 <b>", *others)
    for wrong in (("one",), ("x" * 201, None, None, None, None)):
        with pytest.raises(BadInput):
            await client.set_custom(giccid, wrong)
    assert hub.count("updateSimCustomFields", giccid) == 1


async def test_a_refused_change(hub: Hub, client: SmartHub):
    """SmartHub's no to a change comes with its code and field, and is asked for once."""
    giccid = hub.pick("RETIRED")

    with pytest.raises(ChangeRefused) as caught:
        await client.activate(giccid)

    assert (caught.value.code, caught.value.field) == ("illegal_status", "status")
    assert hub.count("activateSim", giccid) == 1


async def test_a_busy_smarthub_does_nothing(hub: Hub, client: SmartHub):
    """429 on a change is told with its wait, and the change is not sent again."""
    giccid = hub.pick()
    hub.busy(times=1, retry_after=9)

    with pytest.raises(ProviderBusy) as caught:
        await client.suspend(giccid)

    assert caught.value.retry_after == 9.0
    assert len(hub.asked) == 1
    assert hub.sim(giccid)["status"] == "ACTIVATED"


@pytest.mark.parametrize("as_404", [True, False])
async def test_a_change_of_a_sim_there_is_not(hub: Hub, client: SmartHub, as_404: bool):
    """A 404 and a 422 with code `missing` both mean that there is no such SIM."""
    giccid = "8949212600000999996" if as_404 else hub.pick()
    if not as_404:
        hub.refuse_next("missing")

    with pytest.raises(SimNotFound, match=giccid):
        await client.suspend(giccid)


async def test_an_unconfirmed_change_is_not_sent(hub: Hub, connect: Connect):
    """A change at an address of the operator's own is refused before anything is sent, until it is confirmed."""
    moved = contract(operations={"suspendSim": {"path": "/sims/{giccid}/pause"}})

    with pytest.raises(AddressNotConfirmed):
        await connect(hub.base_url, contract=moved).suspend(hub.pick())

    assert hub.asked == []


async def test_a_cancelled_change_stays_cancelled(hub: Hub, client: SmartHub):
    """Cancelling a change under way is a cancellation, not an error of ours; it was sent once."""
    giccid = hub.pick()
    hub.slow = 1000.0
    change = asyncio.create_task(client.suspend(giccid))
    await until(lambda: hub.count("suspendSim", giccid))

    change.cancel()

    with pytest.raises(asyncio.CancelledError):
        await change
    assert hub.count("suspendSim", giccid) == 1


async def test_what_never_left_is_not_unknown(hub: Hub, connect: Connect):
    """A change that had no turn in time, because of our own limit, was not sent and is told so."""
    client = connect(hub.base_url, rate_per_second=1.0, total_timeout_s=0.1)
    await client.suspend(hub.pick())

    with pytest.raises(ProviderBusy, match="nothing was sent"):
        await client.suspend(hub.pick())

    assert hub.count("suspendSim") == 1


async def test_the_hub_becomes_reachable_again(hub: Hub, client: SmartHub):
    """A change while nobody listens was not done; afterwards it goes through."""
    giccid = hub.pick()
    await client.sim(giccid)
    hub.unreachable = True
    with pytest.raises(ProviderDown, match="nothing was changed"):
        await client.suspend(giccid)

    hub.unreachable = False
    await client.suspend(giccid)

    assert hub.count("suspendSim", giccid) == 1


# Bodies that make no sense


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<!DOCTYPE html><html></html>", "text/html"),
        (b'{"giccid": "8949', "application/json"),
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b'{"giccid": 8949212600000000142, "status": "ACTIVATED"}', "application/json"),
    ],
)
async def test_a_body_that_makes_no_sense(hub: Hub, client: SmartHub, body: bytes, content_type: str):
    """A page of HTML, half an object or a wrong type is a ProviderError, and is not asked for again."""
    hub.broken_next(body, content_type)

    with pytest.raises(ProviderError):
        await client.sim(hub.pick())

    assert len(hub.asked) == 1


async def test_a_body_without_an_end_is_not_read(serve: Serve, connect: Connect):
    """An answer past the limit is given up long before it ends."""
    sent = 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"[" * 65_536)
                sent += 65_536
        except ConnectionError:
            return response

    with pytest.raises(ProviderError, match="larger than"):
        await connect(await serve(answer), body_limit_bytes=1_000_000).sim(GICCID)

    assert sent < 50_000_000


async def test_a_body_that_is_cut_off_is_asked_for_again(serve_bytes: ServeBytes, connect: Connect):
    """Half an answer is no answer."""
    base_url, received = await serve_bytes(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"giccid": ')

    with pytest.raises(ProviderDown):
        await connect(base_url, tries=2).sim(GICCID)

    assert len(received) == 2


# Redirects


async def test_a_move_for_good_is_remembered(serve: Serve, connect: Connect):
    """After a 301 the new address is asked at once; after a 302 or 307 the old one is asked again."""
    asked = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        moves = {"1": 301, "2": 302, "3": 307}
        giccid = request.path.rsplit("/", 1)[1]
        if request.path.startswith("/v1/"):
            return web.Response(status=moves[giccid[-1]], headers={"Location": f"/v2/global-sims/{giccid}"})
        return web.json_response({"giccid": giccid, "status": "ACTIVATED"})

    client = connect(await serve(answer))
    for giccid in ("SIM-1", "SIM-1", "SIM-2", "SIM-2", "SIM-3"):
        assert (await client.sim(giccid)).giccid == giccid

    v1, v2 = "/v1/global-sims/SIM-", "/v2/global-sims/SIM-"
    assert asked == [v1 + "1", v2 + "1", v2 + "1", v1 + "2", v2 + "2", v1 + "2", v2 + "2", v1 + "3", v2 + "3"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_the_key_never_goes_to_another_host(serve: Serve, connect: Connect, status: int):
    """A redirect to another port is not followed, and nobody there is asked anything."""
    elsewhere = []

    async def other(request: web.BaseRequest) -> web.StreamResponse:
        elsewhere.append(request.headers.get("X-API-Key"))
        return web.json_response(SIM)

    trap = await serve(other)

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": f"{trap}/global-sims/{GICCID}"})

    with pytest.raises(ProviderError, match="not SmartHub"):
        await connect(await serve(answer)).sim(GICCID)

    assert elsewhere == []


@pytest.mark.parametrize(
    "location", ["https://127.0.0.1/v1", "//evil.test/v1", "http://u@127.0.0.1/", "http://[", "ftp:x", ""]
)
async def test_a_redirect_to_nowhere_good(serve: Serve, connect: Connect, location: str):
    """Another scheme, another host, a user in the address or nonsense: all are refused."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": location})

    with pytest.raises(ProviderError):
        await connect(await serve(answer)).sim(GICCID)


@pytest.mark.parametrize("status", [301, 302])
async def test_redirects_in_a_circle_end(serve: Serve, connect: Connect, status: int):
    """After five redirects it is enough, the next time too."""
    asked = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": request.path + "x"})

    client = connect(await serve(answer))
    for _ in range(2):
        with pytest.raises(ProviderError, match="again and again"):
            await client.sim(GICCID)
    assert len(asked) == 12


# The key


async def test_the_key_is_in_no_error_and_no_log(serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture):
    """Even a service that repeats the key to us does not get it into a sentence, a repr or the log."""
    caplog.set_level(logging.DEBUG)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        key = request.headers["X-API-Key"]
        status = 422 if request.method == "POST" else 503
        return web.json_response(
            {"title": key, "errors": [{"code": key, "field": key, "resource": key}]}, status=status
        )

    client = connect(await serve(answer))
    said: list[BotError] = []
    for call in (client.sim, client.suspend):
        with pytest.raises(BotError) as caught:
            await call(GICCID)
        said.append(caught.value)

    assert all("It said" in str(error) for error in said)
    assert KEY not in "".join([repr(client), str(client), *map(repr, said), *(str(vars(e)) for e in said)])
    assert "request" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "schlüssel"])
def test_a_key_that_is_none(connect: Connect, key: str):
    """What cannot stand in a header is refused at the start, without repeating it."""
    with pytest.raises(ConfigError) as caught:
        connect("https://trial.api.smh.smarthing.com/v1", key=key)

    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "trial.smh", "ftp://a/v1", "https://user:pw@a/v1", "https://a/v1?x=1", "https://a:99999/v1", "http://["]
)
def test_an_address_that_is_none(connect: Connect, url: str):
    """What is no address of an API is refused at the start, naming the setting."""
    with pytest.raises(ConfigError, match=r"smarthub\.base_url"):
        connect(url)


# Our own limits


async def test_no_more_at_once_than_allowed(serve: Serve, connect: Connect):
    """However many ask, SmartHub sees at most the set number of requests at once."""
    now, most = 0, 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        giccid = request.path.rsplit("/", 1)[1]
        return web.json_response({"giccid": giccid, "status": "ACTIVATED"})

    client = connect(await serve(answer), concurrency=3)
    await asyncio.gather(*(client.sim(f"SIM-{n}") for n in range(20)))

    assert most == 3


async def test_no_more_a_second_than_allowed(hub: Hub, connect: Connect):
    """Past the burst of one second, requests go out at the set rate."""
    client = connect(hub.base_url, rate_per_second=50.0)
    began = time.monotonic()

    await asyncio.gather(*(client.sim(hub.giccid(n)) for n in range(60)))

    assert time.monotonic() - began >= 0.18


# Lists


async def test_every_sim_once(hub: Hub, connect: Connect):
    """All pages together are the whole fleet, each SIM once, in order."""
    pages = [page async for page in connect(hub.base_url, page_size=60).sims()]

    assert [p.number for p in pages] == [1, 2, 3, 4]
    assert [s.giccid for p in pages for s in p.sims] == [hub.giccid(n) for n in range(200)]
    assert hub.count("listSims") == 4


async def test_filters_are_sent(hub: Hub, client: SmartHub):
    """Asking for suspended SIMs of an account gives these and no others."""
    found = [s async for p in client.sims(status=Status.SUSPENDED, account="acme") for s in p.sims]

    assert found
    assert all(s.status is Status.SUSPENDED and s.account == "acme" for s in found)
    assert [s async for p in client.sims(imsi=found[0].imsi) for s in p.sims] == [found[0]]
    assert [p async for p in client.sims(account="深圳智联账户", status=Status.TEST, plan="iot-100")] == []


def pages_of(
    *pages: object, headers: dict[str, str] | None = None
) -> tuple[Callable[..., Awaitable[web.Response]], list[str]]:
    """A service whose list has these pages, then empty ones, and what it was asked."""
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(request.path_qs)
        n = int(request.query["page"]) - 1
        return web.json_response(pages[n] if n < len(pages) else [], headers=headers)

    return answer, asked


def rows(*names: str) -> list[dict[str, str]]:
    return [{"giccid": name, "status": "ACTIVATED"} for name in names]


@pytest.mark.parametrize(
    ("pages", "asked_pages", "found"),
    [
        ([], 1, 0),
        ([rows("a", "b"), rows("c", "d")], 3, 4),  # full to the end: an empty page ends it
        ([rows("a", "b"), rows("c")], 2, 3),  # a short page ends it
        ([rows("a", "b"), rows("a", "b"), rows("c", "d")], 2, 2),  # the page number is ignored there
        ([rows("a"), rows("b"), rows("c")], 4, 3),  # fewer to a page than we asked for, and still more to come
        ([{"items": rows("a"), "pageSize": 2}], 1, 1),  # short by its own account
        ([{"items": rows("a"), "total": 1}], 1, 1),
    ],
)
async def test_where_a_list_ends(serve: Serve, connect: Connect, pages: list[object], asked_pages: int, found: int):
    """A list ends at an empty page, a short one, or one that repeats the one before, and not sooner."""
    answer, asked = pages_of(*pages)

    got = [s async for p in connect(await serve(answer), page_size=2).sims() for s in p.sims]

    assert (len(asked), len(got)) == (asked_pages, found)
    assert asked[0] == "/v1/global-sims?page=1&pageSize=2"


async def test_links_are_followed_on_the_same_host_only(serve: Serve, connect: Connect):
    """SmartHub's own link to the next page is followed; a link elsewhere is not, pages are counted instead."""
    asked = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path_qs)
        following = {"/v1/global-sims?page=1&pageSize=2": "/v1/global-sims?cursor=x", "/v1/global-sims?cursor=x": None}
        link = following[request.path_qs]
        headers = {} if link is None else {"Link": f'<{link}>; rel="next"'}
        return web.json_response(rows("a" if link else "b"), headers=headers)

    found = [s.giccid async for p in connect(await serve(answer), page_size=2).sims() for s in p.sims]
    assert (found, len(asked)) == (["a", "b"], 2)

    away, counted = pages_of(rows("a", "b"), rows("c"), headers={"Link": '<http://evil.test/v1>; rel="next"'})
    found = [s.giccid async for p in connect(await serve(away), page_size=2).sims() for s in p.sims]
    assert (found, len(counted)) == (["a", "b", "c"], 2)


async def test_a_list_without_an_end_is_an_error(serve: Serve, connect: Connect):
    """Past the allowed number of pages it is said so: a part is not taken for the whole."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response(rows(f"a{request.query['page']}", f"b{request.query['page']}"))

    client = connect(await serve(answer), page_size=2, max_pages=5)
    got = []

    async def read() -> None:
        async for page in client.sims():
            got.append(page.number)

    with pytest.raises(ProviderError, match="more than 5 pages"):
        await read()
    assert got == [1, 2, 3, 4, 5]


async def test_pages_come_one_by_one(hub: Hub, connect: Connect):
    """Who stops after the first page has caused one request: nothing is fetched ahead or collected."""
    async for page in connect(hub.base_url, page_size=20).sims():
        assert len(page.sims) == 20
        break

    assert hub.count("listSims") == 1


async def test_earlier_pages_are_not_kept(hub: Hub, connect: Connect):
    """Going through a list holds one page at a time, however long the list is."""
    first_of_each = []
    async for page in connect(hub.base_url, page_size=20).sims():
        first_of_each.append(weakref.ref(page.sims[0]))
        alive = [seen for seen in first_of_each if seen() is not None]
        assert len(alive) == 1

    assert len(first_of_each) == 10


async def test_accounts_are_read(client: SmartHub):
    """An account is found by its name in any script; one there is not is a NotFound that names it."""
    assert (await client.account("深圳智联账户")).renewal == "DISABLE_CARD"
    with pytest.raises(NotFound, match="no account nobody"):
        await client.account("nobody")


async def test_a_page_is_tried_again(hub: Hub, connect: Connect):
    """A list goes on where a page failed for a moment."""
    hub.lose_next("listSims")
    hub.busy(times=1, retry_after=0)

    found = [s async for p in connect(hub.base_url, page_size=100).sims() for s in p.sims]

    assert len(found) == 200


async def test_a_held_clock_holds_a_slow_answer(hub: Hub, client: SmartHub, clock: HeldClock):
    """The hub's slowness passes on the clock it was given."""
    hub.slow = 30.0
    asking = asyncio.create_task(client.sim(hub.pick()))
    await until(clock.next_waking)

    await clock.advance(30.0)

    assert (await asking).status is Status.ACTIVE
