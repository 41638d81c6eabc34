"""What cannot be read of SmartHub's answers hides nothing else, and is told to the log once, without its value."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from aiohttp import web
from structlog.testing import capture_logs

from bot.errors import ProviderError
from bot.smarthub.client import SmartHub
from bot.smarthub.unread import AT_MOST, Unread

GICCID = "8949212600000000142"
Connect = Callable[..., SmartHub]
Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


async def answering(serve: Serve, value: object) -> str:
    """Where every question is answered with this."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=json.dumps(value), content_type="application/json")

    return await serve(answer)


async def test_an_odd_sim_is_read_and_told_once(serve: Serve, connect: Connect):
    """A SIM with an odd custom field and a secret in it is read; the log names the field and the SIM, one time."""
    odd = {"giccid": GICCID, "status": "ACTIVATED", "custom1": ["secret"], "cycleUsageBytes": 5}
    client = connect(await answering(serve, odd))

    with capture_logs() as lines:
        found = [await client.sim(GICCID), await client.sim(GICCID)]

    assert [(sim.custom[0], sim.usage_bytes) for sim in found] == [(None, 5), (None, 5)]
    assert lines == [
        {"event": "field_unreadable", "log_level": "warning", "field": "sim.custom1", "giccid": GICCID},
    ]


async def test_rows_left_out_are_told(serve: Serve, connect: Connect):
    """The SIMs missing from a page stand in the log by their number, with the reason."""
    rows = [{"giccid": GICCID, "status": 3}, {"giccid": 5}, {"giccid": "8986", "status": "ACTIVATED", "imei": 3}]
    client = connect(await answering(serve, rows))

    with capture_logs() as lines:
        pages = [page async for page in client.sims()]

    assert [(len(page.sims), page.skipped) for page in pages] == [(1, 2)]
    assert [(line["event"], line["giccid"]) for line in lines] == [
        ("sim_unreadable", GICCID),
        ("sim_unreadable", None),
        ("field_unreadable", "8986"),
    ]
    assert "(in “status”)." in lines[0]["why"]


async def test_an_odd_price_hides_no_plan(serve: Serve, connect: Connect):
    """A list of plans with one price that cannot be read arrives whole, that price not known."""
    client = connect(await answering(serve, [{"name": "a", "price": 12.5}, {"name": "b", "price": "3.20"}]))

    with capture_logs() as lines:
        plans = await client.plans("acme")

    assert [(plan.name, plan.price and str(plan.price)) for plan in plans] == [("a", None), ("b", "3.20")]
    assert [(line["event"], line["field"], line["name"]) for line in lines] == [("field_unreadable", "plan.price", "a")]


async def test_odd_counts_hide_no_pool_and_no_country(serve: Serve, connect: Connect):
    """A negative count in a pool or a country is not known, and the rest of the list arrives."""
    pools = connect(await answering(serve, [{"name": "a", "simCount": -1, "totalBytes": 7}, {"name": "b"}]))
    countries = connect(await answering(serve, [{"countryCode": "DE", "simCount": -1}, {"countryCode": "CN"}]))

    found = [(pool.name, pool.sim_count) for pool in await pools.pools("acme")]

    assert found == [("a", None), ("b", None)]
    assert [(c.code, c.sim_count) for c in await countries.countries()] == [("DE", None), ("CN", None)]


def test_the_log_is_not_flooded():
    """Where every SIM is odd, a thousand lines are told and no more, also when they are read again."""
    unread = Unread()
    with capture_logs() as lines:
        for _ in range(2):
            for n in range(AT_MOST + 50):
                unread.of_sim("sim.imei", str(n))
                unread.row(str(n), ProviderError("It has no status."))

    assert len(lines) == AT_MOST == 1000
