"""What watches the bot is told the truth: alive, ready or not and why, and the figures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.app import App
from bot.config import Config
from bot.rules.outbox import Note
from tests.talk import ALERTS, APPROVALS, ENVIRON, KEY, OPS, PUSH_SECRET, SIGNING_SECRET, VIEWER, World, plain

FAR = datetime(2099, 1, 1, tzinfo=UTC)


class Timed(World):
    """A world whose scheduler runs as in real life; the held time is so far away that no job falls due."""

    async def start_bot(self) -> None:
        """Starts a bot with its schedule."""
        await self.clock.advance((FAR - self.clock.now()).total_seconds())
        self.app = App(Config.of(self.table(), ENVIRON), clock=self.clock)
        await self.app.start(timed=True)
        self.slack.events_url = f"http://127.0.0.1:{self.app.port}/slack/events"
        self.hub.push_url = f"http://127.0.0.1:{self.app.port}/smarthub/{PUSH_SECRET}"


@pytest.fixture
async def timed(tmp_path: Path) -> AsyncIterator[Timed]:
    """A running bot whose scheduler runs too."""
    world = Timed(tmp_path)
    await world.start()
    yield world
    await world.stop()


async def get(world: World, path: str) -> tuple[int, Any]:
    """The status and what the answer says: JSON read, or text."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{world.app.port}{path}") as response,
    ):
        said = await (response.json() if response.content_type == "application/json" else response.text())
        return response.status, said


async def figures(world: World) -> dict[str, float]:
    """The gauges by name, as Prometheus' own parser reads them."""
    status, text = await get(world, "/metrics")
    assert status == 200
    return {s.name: s.value for family in text_string_to_metric_families(text) for s in family.samples}


async def test_all_is_well(timed: Timed):
    """A bot whose parts all work is alive and ready, a while after its start too."""
    await timed.quiet()
    await timed._still()

    assert (await get(timed, "/healthz"))[0] == 200
    assert await get(timed, "/readyz") == (200, {"ready": True, "troubles": []})


async def test_when_jobs_run_next(timed: Timed):
    """The status says of each job when the clock starts it next; none has run yet, and that is said too."""
    said = plain((await timed.say("/sim status", by=VIEWER)).reply)

    times = timed.app.schedule.times()
    assert {one.next_at for one in times.values()} == {FAR + timedelta(seconds=1), FAR + timedelta(seconds=2),
                                                       FAR + timedelta(seconds=5)}  # fmt: skip
    assert [name for name in times if f"{name} not run yet ; next" not in said] == []


async def test_a_scheduler_that_does_not_run(timed: Timed):
    """Without its scheduler the bot is alive, not ready, and says why."""
    await timed.app.schedule.stop()

    assert (await get(timed, "/healthz"))[0] == 200
    assert await get(timed, "/readyz") == (503, {"ready": False, "troubles": ["The scheduler does not run."]})


async def test_slack_in_trouble(timed: Timed):
    """While messages cannot get to Slack it is not ready, in Slack's word; once they can, it is."""
    timed.slack.expel(ALERTS)
    await timed.app.store.outbox.add([Note(ALERTS, "one")], now=timed.clock.now())
    await timed._still()
    status, said = await get(timed, "/readyz")
    assert (status, said["ready"]) == (503, False)
    assert "not_in_channel" in said["troubles"][0]

    await timed.slack.invite(ALERTS)
    await timed.quiet()

    assert await get(timed, "/readyz") == (200, {"ready": True, "troubles": []})


async def test_a_lost_answer_that_was_found(timed: Timed):
    """An answer that was lost and a message that was found leave no trouble behind."""
    timed.slack.lose_next("chat.postMessage")
    await timed.app.store.outbox.add([Note(OPS, "one")], now=timed.clock.now())
    await timed.quiet()

    assert await get(timed, "/readyz") == (200, {"ready": True, "troubles": []})


async def test_a_part_that_stopped(timed: Timed):
    """A part that broke off is named."""

    async def breaks() -> None:
        raise ZeroDivisionError

    breaks.__qualname__ = "Postman.run"
    timed.app._go(breaks())
    await timed._still()

    status, said = await get(timed, "/readyz")
    assert status == 503
    assert "Postman has stopped." in said["troubles"]


async def test_a_store_that_refuses(timed: Timed):
    """A disk that cannot be written is said, and forgotten when it can be again."""
    timed.app.store.disk._writer.execute("PRAGMA query_only=ON")
    assert await timed.hub.push("no-session") == 503
    status, said = await get(timed, "/readyz")
    assert status == 503
    assert any(trouble.startswith("Store: ") for trouble in said["troubles"])

    timed.app.store.disk._writer.execute("PRAGMA query_only=OFF")
    assert await timed.hub.push("no-session") == 200
    await timed.quiet()

    assert (await get(timed, "/readyz"))[0] == 200


async def test_figures_of_an_empty_bot(world: World):
    """With nothing waiting, every figure is nought."""
    assert await figures(world) == {
        "simops_outbox_waiting": 0,
        "simops_outbox_oldest_seconds": 0,
        "simops_pushes_unsorted": 0,
        "simops_pushes_unsent_oldest_seconds": 0,
        "simops_pushes_held_oldest_seconds": 0,
        "simops_outbox_set_aside": 0,
        "simops_requests_waiting": 0,
        "simops_requests_unsure": 0,
        "simops_scan_sims_unjudged": 0,
    }


async def test_figures_while_slack_is_away(world: World):
    """What waits and for how long can be read from the figures, and requests that wait for a decision."""
    await world.ask()
    world.slack.down = True
    for n in range(3):
        await world.hub.push("no-session", n)
    await world._still()
    await world.clock.advance(120)

    found = await figures(world)

    assert found["simops_outbox_waiting"] == 3
    assert found["simops_outbox_oldest_seconds"] == 120
    assert found["simops_requests_waiting"] == 1
    world.slack.down = False
    await world.quiet()
    assert (await figures(world))["simops_outbox_waiting"] == 0


async def test_no_secret_and_no_number_in_what_anybody_may_read(timed: Timed):
    """The three addresses are open to all, so they hold no secret, no SIM and no person."""
    timed.slack.expel(ALERTS)
    sim = timed.hub.pick()
    await timed.hub.push("no-session", sim)
    await timed._still()
    for path in ("/healthz", "/readyz", "/metrics"):
        said = str((await get(timed, path))[1])
        for word in (*ENVIRON.values(), sim, PUSH_SECRET, KEY, SIGNING_SECRET, APPROVALS):
            assert word not in said
    await timed.slack.invite(ALERTS)
    await timed.quiet()


@pytest.mark.parametrize("path", ["/", "/slack", "/smarthub", "/metrics/", "/healthz/x", "/favicon.ico", "/%2e%2e/etc"])
async def test_nothing_else_is_there(world: World, path: str):
    """Every other address is a plain 404 (or 405), without a word about what runs here."""
    status, said = await get(world, path)

    assert status in (404, 405)
    assert "Traceback" not in str(said)
