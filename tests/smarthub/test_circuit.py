"""The circuit: a SmartHub that is down is left alone, tried with one question, and it is said once each way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ChangeRefused, OutcomeUnknown, ProviderBusy, ProviderDown, ProviderError, SimNotFound
from bot.simulator.clock import HeldClock
from bot.simulator.hub import Hub
from bot.smarthub.circuit import Circuit, Gate
from bot.smarthub.client import SmartHub

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
REST = timedelta(seconds=30)
CLOSED = Circuit(3, REST)
OPEN = Circuit(3, REST, failures=3, opened_at=NOW)
Connect = Callable[..., SmartHub]
Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def until(happened: Callable[[], object]) -> None:
    """Lets everything else run until this is so; TimeoutError when it never is."""
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 - what is waited for is a count on the other side of a socket
            await asyncio.sleep(0)


# The rule


def test_it_opens_after_so_many_failures_in_a_row():
    """One failure fewer than the number leaves it closed, and an answer in between begins the count anew."""
    twice = CLOSED.failed(NOW, probe=False).failed(NOW, probe=False)

    assert not twice.is_open
    assert twice.failed(NOW, probe=False) == OPEN
    assert not twice.answered().failed(NOW, probe=False).failed(NOW, probe=False).is_open


@pytest.mark.parametrize(
    ("circuit", "now", "may_read", "left"),
    [
        (CLOSED, NOW, True, 0),
        (OPEN, NOW, False, 30),
        (OPEN, later(29.9), False, 0.1),
        (OPEN, later(30), True, 0),
        (OPEN.probed(), later(31), False, 0),
        (OPEN, later(-3600), True, 0),  # the clock was put back
    ],
)
def test_when_a_question_may_be_sent(circuit: Circuit, now: datetime, may_read: bool, left: float):
    """While it rests nothing is sent, after the rest one question, and no second one while that is under way."""
    assert circuit.lets_read(now) is may_read
    assert circuit.left(now) == timedelta(seconds=left)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (OPEN.probed().answered(), CLOSED),
        (OPEN.probed().failed(later(31), probe=True), Circuit(3, REST, failures=3, opened_at=later(31))),
        (OPEN.probed().dropped(probe=True), OPEN),
        (OPEN.answered(), CLOSED),  # a late answer is an answer
        (OPEN.failed(later(9), probe=False), OPEN),  # a late failure does not make the rest longer
        (OPEN.probed().failed(later(31), probe=False), OPEN.probed()),
        (OPEN.probed().dropped(probe=False), OPEN.probed()),
        (CLOSED.failed(NOW, probe=True), Circuit(3, REST, failures=1)),
    ],
)
def test_what_becomes_of_it(after: Circuit, expected: Circuit):
    """An answer closes it, a failed probe begins the rest anew, and what was under way before changes nothing more."""
    assert after == expected


STEPS = st.lists(st.tuples(st.sampled_from(["answer", "fail", "drop", "late failure"]), st.floats(0, 90)), max_size=30)


@settings(deadline=None)
@given(STEPS)
def test_it_never_stays_shut_for_ever(steps: list[tuple[str, float]]):
    """Whatever happened before, one rest later a question may be sent, or one is on its way; never two are."""
    circuit, now = CLOSED, NOW
    for what, seconds in steps:
        now += timedelta(seconds=seconds)
        probe = circuit.is_open and what != "late failure"
        if probe:
            if not circuit.lets_read(now):
                continue
            circuit = circuit.probed()
            assert not circuit.lets_read(now)
        circuit = {
            "answer": circuit.answered(),
            "drop": circuit.dropped(probe=probe),
        }.get(what, circuit.failed(now, probe=probe))
        assert not circuit.probing
        assert circuit.lets_read(now + REST)
        assert circuit.is_open is (circuit.failures >= 3)


# The gate


@pytest.mark.parametrize(
    ("outcome", "opens"),
    [
        (ProviderDown("x"), True),
        (OutcomeUnknown("x"), True),
        (ProviderBusy("x"), False),
        (SimNotFound("x"), False),
        (ChangeRefused("x", code="invalid"), False),
        (ProviderError("x"), False),
        (ZeroDivisionError(), False),
        (asyncio.CancelledError(), False),
    ],
)
def test_what_counts_as_a_failure(outcome: BaseException, opens: bool):
    """No answer counts; a refusal is an answer, and neither our own mistakes nor our giving up say anything."""
    gate = Gate(Circuit(1, REST), now=lambda: NOW, tell=None)

    with pytest.raises(type(outcome)), gate.turn(out_of_time=lambda: False):
        raise outcome

    assert gate.is_open is opens


def test_a_time_limit_counts_as_a_failure():
    """Being cancelled by our own time limit means that SmartHub was too slow."""
    gate = Gate(Circuit(1, REST), now=lambda: NOW, tell=None)

    with pytest.raises(asyncio.CancelledError), gate.turn(out_of_time=lambda: True):
        raise asyncio.CancelledError

    assert gate.is_open


# Through the client


async def opened(hub: Hub, client: SmartHub) -> int:
    """Lets reads fail until the circuit opens; how many requests that took."""
    hub.down = True
    before = len(hub.asked)
    while True:
        with pytest.raises(ProviderDown) as caught:
            await client.sim(hub.pick())
        if "left alone" in str(caught.value):
            return len(hub.asked) - before


async def test_reads_fail_at_once_while_it_is_open(hub: Hub, connect: Connect):
    """After five failures nothing more is sent, and the sentence says when it will be tried again."""
    client = connect(hub.base_url)

    assert await opened(hub, client) == 5
    for _ in range(20):
        with pytest.raises(ProviderDown, match="tried again in 30 seconds"):
            await client.sim(hub.pick())
    assert len(hub.asked) == 5


async def test_changes_are_never_sent_while_it_is_open(hub: Hub, connect: Connect, clock: HeldClock):
    """A change is not what tries whether SmartHub is back: nothing is sent, also when the rest is over."""
    client = connect(hub.base_url)
    await opened(hub, client)
    hub.down = False

    for _ in range(2):
        with pytest.raises(ProviderDown, match="nothing was sent"):
            await client.suspend(hub.pick())
        await clock.advance(31)

    assert hub.count("suspendSim") == 0
    await client.sim(hub.pick())
    await client.suspend(hub.pick())
    assert hub.count("suspendSim") == 1


async def test_one_probe_after_the_rest(hub: Hub, connect: Connect, clock: HeldClock):
    """Of many who ask after the rest one is sent; while it is down that costs one request a rest."""
    client = connect(hub.base_url)
    await opened(hub, client)
    for _ in range(3):
        await clock.advance(30)
        before = len(hub.asked)
        said = await asyncio.gather(*(client.sim(hub.giccid(n)) for n in range(10)), return_exceptions=True)
        assert all(isinstance(error, ProviderDown) for error in said)
        assert len(hub.asked) == before + 1


async def test_it_is_told_once_each_way(hub: Hub, connect: Connect, clock: HeldClock):
    """Who wants to know hears once that it opened and once that it closed, failed probes in between or not."""
    told: list[tuple[bool, str]] = []
    client = connect(hub.base_url, on_circuit=lambda is_open, words: told.append((is_open, words)))
    await opened(hub, client)
    await clock.advance(30)
    with pytest.raises(ProviderDown):
        await client.sim(hub.pick())
    assert [is_open for is_open, _ in told] == [True]
    assert "5 times in a row" in told[0][1]

    hub.down = False
    await clock.advance(30)
    assert (await client.sim(hub.pick())).giccid == hub.pick()

    await until(lambda: len(told) == 2)
    assert told[1] == (False, "SmartHub answers again.")


async def test_who_is_told_cannot_break_a_change(hub: Hub, connect: Connect, caplog: pytest.LogCaptureFixture):
    """A change that went through stays one that went through, even when telling somebody goes wrong."""

    def broken(is_open: bool, words: str) -> None:
        raise ZeroDivisionError

    client = connect(hub.base_url, on_circuit=broken, circuit_after=1)
    hub.lose_next("suspendSim")

    with pytest.raises(OutcomeUnknown):
        await client.suspend(hub.pick())
    await until(lambda: "ZeroDivisionError" in caplog.text)


async def test_a_cancelled_probe_gives_way_to_the_next(hub: Hub, connect: Connect, clock: HeldClock):
    """When whoever sent the probe goes away, the next question is the probe, and its answer closes the circuit."""
    client = connect(hub.base_url)
    await opened(hub, client)
    hub.down = False
    hub.slow = 1000.0
    await clock.advance(30)
    before = hub.count("getSim")
    probe = asyncio.create_task(client.sim(hub.pick()))
    await until(lambda: hub.count("getSim") > before)
    with pytest.raises(ProviderDown, match="being tried again now"):
        await client.sim(hub.pick())

    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    hub.slow = 0.0

    assert (await client.sim(hub.pick())).giccid == hub.pick()


async def test_too_slow_is_as_good_as_down(hub: Hub, connect: Connect):
    """Reads that run into our time limit open the circuit too."""
    client = connect(hub.base_url, total_timeout_s=0.05, circuit_after=2)
    hub.slow = 1000.0

    for _ in range(2):
        with pytest.raises(ProviderDown, match="within"):
            await client.sim(hub.pick())
    with pytest.raises(ProviderDown, match="left alone"):
        await client.sim(hub.pick())


@pytest.mark.parametrize("status", [301, 401, 403, 404, 422, 429])
async def test_a_refusal_is_an_answer(serve: Serve, connect: Connect, status: int):
    """However often SmartHub refuses, it is there: the circuit stays closed for reads and for changes."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Retry-After": "3600", "Location": "/v1/elsewhere"})

    client = connect(await serve(answer), circuit_after=1)
    for _ in range(3):
        for call in (client.sim, client.suspend):
            with pytest.raises(ProviderError) as caught:
                await call("8949212600000000142")
            assert "left alone" not in str(caught.value)
            assert "not answering" not in str(caught.value)


async def test_changes_that_fail_open_it_too(hub: Hub, connect: Connect):
    """A change whose answer is lost and one that meets a 503 count like any other failure."""
    client = connect(hub.base_url, circuit_after=2)
    hub.lose_next("suspendSim")
    with pytest.raises(OutcomeUnknown):
        await client.suspend(hub.pick())
    hub.down = True
    with pytest.raises(OutcomeUnknown):
        await client.suspend(hub.pick())

    with pytest.raises(ProviderDown, match="nothing was sent"):
        await client.suspend(hub.pick())
    assert hub.count("suspendSim") == 1
