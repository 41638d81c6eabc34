"""Plans, APNs, history, jobs, SMS and accounts through the client: done as asked, once, with good input only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from aiohttp import web

from bot.errors import AddressNotConfirmed, BadInput, NotFound, OutcomeUnknown, ProviderError
from bot.rules.accounts import Charge
from bot.rules.batches import BatchOperation, ItemState, JobState
from bot.rules.changes import ChangeKind
from bot.rules.plans import PlanKind
from bot.rules.sims import Status
from bot.rules.sms import Coding, SmsState
from bot.simulator.clock import HeldClock
from bot.simulator.fleet import ACCOUNTS
from bot.simulator.hub import Hub
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import contract

GICCID = "8949212600000000142"
CHINESE = "深圳智联账户"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
Connect = Callable[..., SmartHub]
Call = Callable[[SmartHub], Awaitable[object]]
Serve = Callable[[Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]], Awaitable[str]]
ServeBytes = Callable[[bytes], Awaitable[tuple[str, list[bytes]]]]


async def all_of(pages: AsyncIterator[object]) -> list[object]:
    return [page async for page in pages]


# One SIM


async def test_plan_addon_and_apn(hub: Hub, client: SmartHub):
    """A change of plan, an addon and an APN switched off and on show in the SIM."""
    giccid = hub.pick()

    await client.change_plan(giccid, "iot-500")
    await client.subscribe_addon(giccid, "addon-500")
    await client.set_apn(giccid, "iot.smarthub", enabled=False)
    sim = await client.sim(giccid)
    assert (sim.plan, sim.addons[-1].name, sim.apns[0].enabled) == ("iot-500", "addon-500", False)

    await client.set_apn(giccid, "iot.smarthub", enabled=True)
    assert (await client.sim(giccid)).apns[0].enabled is True


async def test_the_history_of_a_sim(hub: Hub, client: SmartHub, clock: HeldClock):
    """What was done shows in the change log, latest first, and can be asked for by kind and time."""
    giccid, other = hub.pick(nth=0), hub.pick(nth=1)
    await client.suspend(giccid)
    await client.suspend(other)
    await clock.advance(3600)
    await client.change_plan(giccid, "物联网年包-1G")

    [page] = await all_of(client.change_log(giccid))
    assert [(c.kind, c.new) for c in page.changes] == [
        (ChangeKind.PLAN, "物联网年包-1G"), (ChangeKind.STATUS, "suspended")
    ]  # fmt: skip
    [page] = await all_of(client.change_log(giccid, ChangeKind.STATUS))
    assert [(c.old, c.new) for c in page.changes] == [("active", "suspended")]
    [page] = await all_of(client.change_log(since=clock.now() - timedelta(minutes=1), until=clock.now()))
    assert [c.giccid for c in page.changes] == [giccid]
    assert await all_of(client.change_log(until=clock.now() - timedelta(days=1))) == []


async def test_a_log_is_paged(hub: Hub, client: SmartHub):
    """A long log comes page by page, each change once."""
    for n in range(5):
        hub.change(n, imei=f"35693803564380{n}")

    pages = await all_of(client.change_log(page_size=2))

    assert [page.number for page in pages] == [1, 2, 3]
    assert sorted(str(c.new)[-1] for page in pages for c in page.changes) == list("01234")


async def test_a_page_as_large_as_asked_for(hub: Hub, client: SmartHub):
    """Who needs only a few gets a page of a few."""
    async for page in client.sims(page_size=7):
        assert len(page.sims) == 7
        break

    assert hub.count("listSims") == 1


# Batch jobs


async def test_a_job_runs_later_sim_by_sim(hub: Hub, client: SmartHub, clock: HeldClock):
    """A stored job has changed nothing yet; once it has run, each SIM has a result of its own."""
    good, bad = hub.pick(), hub.pick("RETIRED")
    job_id = await client.batch_suspend([good, bad, good, "8949212600000999996"])
    job = await client.batch_job(job_id)
    assert (job.state, job.operation, job.total, job.is_over) == (JobState.PENDING, BatchOperation.SUSPEND, 3, False)
    assert (await client.sim(good)).status is Status.ACTIVE

    await clock.advance(60)
    job = await client.batch_job(job_id)

    assert [(i.giccid, i.state, i.code) for i in job.items] == [
        (good, ItemState.DONE, None),
        (bad, ItemState.FAILED, "illegal_status"),
        ("8949212600000999996", ItemState.FAILED, "missing"),
    ]
    assert (job.state, job.succeeded, job.failed, job.is_over) == (JobState.FINISHED, 1, 2, True)
    assert job.finished_at == clock.now()
    assert (await client.sim(good)).status is Status.SUSPENDED


async def test_each_kind_of_job(hub: Hub, client: SmartHub, clock: HeldClock):
    """Activating, retiring and changing the plan of many do what they say."""
    fresh, suspended, active = hub.pick("TEST_READY"), hub.pick("DEACTIVATED"), hub.pick()
    await client.batch_activate([fresh])
    await client.batch_retire([suspended])
    await client.batch_change_plan([active], "iot-1g")

    await clock.advance(60)

    assert (await client.sim(fresh)).status is Status.ACTIVE
    assert (await client.sim(suspended)).status is Status.RETIRED
    assert (await client.sim(active)).plan == "iot-1g"


async def test_a_thousand_sims_are_a_job(hub: Hub, client: SmartHub):
    """As many as SmartHub takes are taken, each once."""
    many = [f"{n:019d}" for n in range(1000)]

    job = await client.batch_job(await client.batch_activate(many + many))

    assert [i.giccid for i in job.items] == many


# SMS


async def test_an_sms_is_followed(hub: Hub, client: SmartHub, clock: HeldClock):
    """An SMS is taken over first; only later it is delivered, or has failed for a SIM that is not at work."""
    taken = await client.send_sms(hub.pick(), "重启 \u2705", validity=167)
    lost = await client.send_sms(hub.pick("DEACTIVATED"), "x" * 1000, coding=Coding.BINARY)
    assert (taken.state, taken.giccid, taken.sent_at) == (SmsState.PENDING, hub.pick(), clock.now())

    await clock.advance(3)

    assert (await client.sms(taken.id)).state is SmsState.DELIVERED
    assert (await client.sms(lost.id)).state is SmsState.FAILED


@pytest.mark.parametrize("call", [lambda hub: hub.send_sms(GICCID, "x"), lambda hub: hub.batch_retire([GICCID])])
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\ncut off",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nnot",
        b'HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{"smsMsgId": 7, "jobId": 7}',
        b'HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n{"smsMsgId": "", "jobId": ""}',
        b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_what_was_sent_without_an_id_is_unknown(
    serve_bytes: ServeBytes, connect: Connect, call: Call, answer: bytes
):
    """An SMS or a job whose answer is lost, unreadable or without an id was sent once and is unknown."""
    base_url, received = await serve_bytes(answer)

    with pytest.raises(OutcomeUnknown, match="may or may not"):
        await call(connect(base_url))

    assert len(received) == 1


async def test_a_lost_sms_is_not_sent_again(hub: Hub, client: SmartHub):
    """When the answer is lost, SmartHub has one SMS and no second one."""
    hub.lose_next("sendSms")

    with pytest.raises(OutcomeUnknown, match="not sent again"):
        await client.send_sms(hub.pick(), "reboot")

    assert len(hub.world.messages) == 1


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (lambda hub: hub.sms("sms-1"), {"smsMsgId": "sms-2", "status": "DELIVERED"}),
        (lambda hub: hub.batch_job("job-1"), {"jobId": "job-2", "status": "FINISHED"}),
    ],
)
async def test_what_is_about_another_one_is_not_used(serve: Serve, connect: Connect, call: Call, body: object):
    """The delivery of another SMS, or another job's results, are an error and not an answer."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.json_response(body)

    with pytest.raises(ProviderError, match="another one"):
        await call(connect(await serve(answer)))


# Accounts


async def test_the_enterprise_and_its_accounts(hub: Hub, client: SmartHub):
    """The enterprise lists its accounts, and each of them can be looked into by its name."""
    found = await client.enterprise()

    assert sum(member.sim_count or 0 for member in found.accounts) == 200
    for member, made in zip(found.accounts, ACCOUNTS, strict=True):
        account = await client.account(member.name)
        assert (account.name, account.charge, account.plans) == (made.name, member.charge, made.plans)
        assert {p.name for p in await client.plans(member.name) if p.kind is PlanKind.BASIC} == set(account.plans)


async def test_plans_and_pools_of_an_account(hub: Hub, client: SmartHub):
    """Plans come with size and exact price, addons among them; a pool's size is that of its SIMs' plans."""
    [plan, *addons] = await client.plans(CHINESE)
    assert (plan.name, plan.charge, plan.price, plan.currency) == (
        "物联网年包-1G", Charge.PREPAID, Decimal("10.00"), "EUR"
    )  # fmt: skip
    assert {addon.kind for addon in addons} == {PlanKind.ADDON}
    assert await client.pools(CHINESE) == ()

    [pool] = await client.pools("acme")
    assert pool.total_bytes == 5 * 10**9 * (pool.sim_count or 0)
    assert pool.part_used is not None
    assert 0 < pool.part_used < 1


async def test_traffic_by_country(hub: Hub, client: SmartHub):
    """By country, of one account and of all; the parts are not more than the whole."""
    everywhere, ours = await client.countries(), await client.countries("acme", cycle="2026-11")

    whole = {country.code: country for country in everywhere}
    assert whole["DE"].traffic_bytes is not None
    assert all((c.traffic_bytes or 0) <= (whole[c.code].traffic_bytes or 0) for c in ours)
    assert hub.count("getCountryStatistics") == 2


async def test_a_list_in_several_answers(serve: Serve, connect: Connect):
    """Where SmartHub links to more, a list that is asked for whole comes whole; a link elsewhere is not followed."""
    links = {"/v1/acme/servicePackages": "/v1/more?x=2", "/v1/more?x=2": "http://evil.test/v1"}

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        link = f'<{links[request.path_qs]}>; rel="next"'
        return web.json_response([{"name": request.path_qs}], headers={"Link": link})

    assert [plan.name for plan in await connect(await serve(answer)).plans("acme")] == list(links)


# Bad input


async def changed(hub: SmartHub, giccid: str) -> None:
    await hub.change_plan(giccid, "iot-500")


WRONG_NUMBERS = ["", "a/b", "89 49", "8" * 200, "٨٩٤٩٢١٢٦٠٠", "８９４９", "8949?x", "..", "-1", "8949\n"]
BY_NUMBER: dict[str, Callable[[SmartHub, str], Awaitable[object]]] = {
    "sim": lambda hub, g: hub.sim(g),
    "history": lambda hub, g: all_of(hub.change_log(g)),
    "suspend": lambda hub, g: hub.suspend(g),
    "plan": changed,
    "apn": lambda hub, g: hub.set_apn(g, "a", enabled=True),
    "custom": lambda hub, g: hub.custom(g),
    "sms": lambda hub, g: hub.send_sms(g, "x"),
    "batch": lambda hub, g: hub.batch_suspend([GICCID, g]),
}


@pytest.mark.parametrize("name", BY_NUMBER)
async def test_what_names_no_sim_is_not_sent(hub: Hub, client: SmartHub, name: str):
    """A slash, a space, 200 digits, foreign digits: refused before anything is sent, wherever a SIM is named."""
    for giccid in WRONG_NUMBERS:
        with pytest.raises(BadInput, match="not the number of a SIM"):
            await BY_NUMBER[name](client, giccid)

    assert hub.asked == []


async def test_the_change_log_is_no_sim(hub: Hub, client: SmartHub):
    """A SIM called like another address is not asked for: it would read the change log of all."""
    with pytest.raises(BadInput, match="a SIM called “changeLogs”"):
        await client.sim("changeLogs")

    assert hub.asked == []


@pytest.mark.parametrize(
    "call",
    [
        lambda hub: all_of(hub.sims(page_size=0)),
        lambda hub: all_of(hub.sims(page_size=1001)),
        lambda hub: all_of(hub.change_log(page_size=-1)),
        lambda hub: all_of(hub.sims(account="")),
        lambda hub: all_of(hub.sims(imsi="\ud800")),
        lambda hub: all_of(hub.change_log(since=datetime(2026, 11, 22))),  # noqa: DTZ001
        lambda hub: all_of(hub.change_log(until=datetime(2026, 11, 22))),  # noqa: DTZ001
        lambda hub: all_of(hub.change_log(since=NOON, until=NOON - timedelta(seconds=1))),
        lambda hub: hub.change_plan(GICCID, ""),
        lambda hub: hub.change_plan(GICCID, "x" * 201),
        lambda hub: hub.subscribe_addon(GICCID, "a\nb"),
        lambda hub: hub.set_apn(GICCID, "", enabled=True),
        lambda hub: hub.set_custom(GICCID, ["one"]),
        lambda hub: hub.batch_activate([]),
        lambda hub: hub.batch_suspend([f"{n:019d}" for n in range(1001)]),
        lambda hub: hub.batch_retire(GICCID),
        lambda hub: hub.batch_change_plan([GICCID], ""),
        lambda hub: hub.batch_job(""),
        lambda hub: hub.batch_job("global-sims"),
        lambda hub: hub.batch_job("x" * 201),
        lambda hub: hub.send_sms(GICCID, ""),
        lambda hub: hub.send_sms(GICCID, "x" * 1001),
        lambda hub: hub.send_sms(GICCID, "half \ud83d"),
        lambda hub: hub.send_sms(GICCID, "ü", coding=Coding.ASCII),
        lambda hub: hub.send_sms(GICCID, "x", coding=2),
        lambda hub: hub.send_sms(GICCID, "x", validity=-1),
        lambda hub: hub.send_sms(GICCID, "x", validity=256),
        lambda hub: hub.sms("a\x00"),
        lambda hub: hub.account(".."),
        lambda hub: hub.plans("account"),
        lambda hub: hub.pools("account"),
        lambda hub: hub.pools("mt-sms"),
        lambda hub: hub.countries(""),
        lambda hub: hub.countries(cycle="2026-13"),
        lambda hub: hub.countries(cycle="11/2026"),
        lambda hub: hub.countries(cycle="2026-11\n"),
        lambda hub: hub.countries(cycle="٢٠٢٦-11"),
    ],
)
async def test_bad_input_is_not_sent(hub: Hub, client: SmartHub, call: Call):
    """What cannot be meant is refused in a sentence of ours before anything is sent."""
    with pytest.raises(BadInput, match=r"\.$"):
        await call(client)

    assert hub.asked == []


async def test_a_page_size_of_none_in_the_settings(hub: Hub, connect: Connect):
    """A page size of 0 is refused where it comes from the settings too."""
    with pytest.raises(BadInput, match="1 to 1000"):
        await all_of(connect(hub.base_url, page_size=0).sims())

    assert hub.asked == []


async def test_strange_names_are_sent_safely(serve_bytes: ServeBytes, connect: Connect):
    """A slash, a question mark and Chinese in a name stay one segment of the address."""
    base_url, received = await serve_bytes(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    client = connect(base_url)
    for call in (client.plans("A/B & C?"), client.account("账户"), client.sms("sms/../1")):
        with pytest.raises(NotFound, match="SmartHub has no"):
            await call

    assert [line.split(b" ")[1].decode() for line in received] == [
        "/v1/A%2FB%20%26%20C%3F/servicePackages", "/v1/account/%E8%B4%A6%E6%88%B7", "/v1/mt-sms/sms%2F..%2F1"
    ]  # fmt: skip


async def test_an_account_called_account_can_be_read(hub: Hub, client: SmartHub):
    """What stands behind /account/ is a name, whatever it is; only a name that comes first can be another address."""
    with pytest.raises(NotFound, match="no account account"):
        await client.account("account")

    assert hub.asked[-1].operation == "getAccount"


@pytest.mark.parametrize(
    "call",
    [
        lambda hub: hub.change_plan(GICCID, "a"),
        lambda hub: hub.subscribe_addon(GICCID, "a"),
        lambda hub: hub.set_apn(GICCID, "a", enabled=True),
        lambda hub: hub.batch_change_plan([GICCID], "a"),
    ],
)
async def test_a_guessed_address_is_not_tried_with_a_change(hub: Hub, connect: Connect, call: Call):
    """A change at an assumed address is refused before anything is sent, naming the setting."""
    with pytest.raises(AddressNotConfirmed, match=r"\[smarthub\.operations\."):
        await call(connect(hub.base_url, contract=contract()))

    assert hub.asked == []


async def test_the_operators_words_are_sent(serve: Serve, connect: Connect):
    """What the operator knows better about names and words is what SmartHub gets."""
    asked = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append((request.path_qs, await request.text()))
        return web.json_response([] if request.method == "GET" else {"id": "7"})

    own = contract(
        all_confirmed=True,
        fields={
            "body": {"sms_text": ["text"], "apn_status": ["state"]},
            "query": {"since": ["from"]},
            "sms": {"id": ["id"]},
        },
        enums={"apn_status": {"ON": "on"}, "change_kind": {"DEVICE": "imei"}},
    )
    client = connect(await serve(answer), contract=own)
    assert (await client.send_sms(GICCID, "x")).id == "7"
    await client.set_apn(GICCID, "a", enabled=True)
    await all_of(client.change_log(kind=ChangeKind.IMEI, since=NOON, page_size=5))

    assert [body for _, body in asked[:2]] == [
        f'{{"toGiccid": "{GICCID}", "text": "x"}}', '{"apn": "a", "state": "ON"}'
    ]  # fmt: skip
    assert asked[2][0] == (
        "/v1/global-sims/changeLogs?changeType=DEVICE&from=2026-11-22T12%3A00%3A00%2B0000&page=1&pageSize=5"
    )
