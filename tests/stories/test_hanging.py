"""A look over all SIMs that hangs: cut off, said once, and begun anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.flows.scanning import Beside
from bot.rules.sims import Sim
from tests.handlers.test_health import get
from tests.talk import ALERTS, VIEWER, World, plain

PATIENCE_S = timedelta(minutes=30).total_seconds()


def slow(world: World, seconds: float) -> None:
    """From now on each page of a look takes so long."""
    look = world.app.flows.alerts.look

    async def slowly(sims: Sequence[Sim], beside: Beside, marks: Mapping[str, int]) -> tuple[int, int]:
        await world.clock.sleep(seconds)
        return await look(sims, beside, marks)

    world.app.flows.alerts.look = slowly  # type: ignore[method-assign]


async def hang(world: World) -> None:
    """A look that never gets on, until it is cut off."""
    run = await world.begin(world.app.schedule.run("alerts"))
    await world.clock.advance(PATIENCE_S - 1)
    await world._still()
    assert not run.done(), "its time is not over"
    await world.clock.advance(1)
    await world._still()
    assert run.done()
    await world.quiet()


def told(world: World) -> list[str]:
    """What the alerts channel reads of jobs that hang."""
    return [plain(card) for card in world.cards(ALERTS) if "hangs" in card.words]


async def failures(world: World) -> list[str]:
    """What the figures say of jobs that fail."""
    _, text = await get(world, "/metrics")
    names = ("simops_job_failures{", "simops_jobs_cut_off_total{")
    return [line for line in text.splitlines() if line.startswith(names)]


async def test_a_look_that_hangs(world: World):
    """A look without progress is cut off and said in the channel once, in the status, to who watches, and in the
    figures; the next one works, and all is well again. When it hangs after that, it is said again."""
    slow(world, 10 * PATIENCE_S)
    for n in (1, 2):
        await hang(world)
        assert told(world) == [
            "The job “alerts” hangs Its run failed: cut off after 30 min without progress. It is begun anew at its next"
            " time; the status shows what comes of it."
        ]
        assert await failures(world) == [
            f'simops_jobs_cut_off_total{{job="alerts"}} {n}.0',
            f'simops_job_failures{{job="alerts"}} {n}.0',
        ]
    assert world.app.busy == 0
    status = plain((await world.say("/sim status", by=VIEWER)).reply)
    assert "failed: cut off after 30 min without progress" in status
    trouble = "The job “alerts” made no progress and was cut off, since 2026-11-22 09:00 UTC."
    assert await get(world, "/readyz") == (503, {"ready": False, "troubles": [trouble]})
    assert trouble in status

    await world.restart()
    assert (await get(world, "/readyz"))[0] == 503, "it has not worked yet"
    await world.run("alerts")

    assert await get(world, "/readyz") == (200, {"ready": True, "troubles": []})
    assert "cut off" not in plain((await world.say("/sim status", by=VIEWER)).reply)
    assert await failures(world) == []
    slow(world, 10 * PATIENCE_S)
    await hang(world)
    assert len(told(world)) == 2


async def test_a_long_look_is_not_cut_off(world: World):
    """A look that takes hours, but gets on page by page, comes to its end."""
    world.settings["smarthub"] = {"page_size": 10}
    await world.restart()
    slow(world, PATIENCE_S * 0.9)
    run = await world.begin(world.app.schedule.run("alerts"))
    for _ in range(4):
        assert not run.done()
        await world.clock.advance(PATIENCE_S * 0.9)
        await world._still()
    await world.through(run)

    assert world.app.store.runs.last()["alerts"].said == "40 SIMs; 0 alerts raised, 0 cleared"
    assert told(world) == []
