"""A look that is cut off within a page, and pages that SmartHub sorts anew, shortens or fills twice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bot.errors import ProviderDown
from bot.flows.scanning import PIECE, Beside
from bot.rules.sims import Sim
from bot.rules.unjudged import Why
from tests.talk import ALERTS, World

SIMS = 2 * PIECE + 20


def counts_are_right(world: World) -> bool:
    """Whether each look says of how many SIMs it is the last that saw them."""
    wrong = world.app.store.disk.reader.execute(
        "SELECT l.id FROM looks l WHERE l.count != (SELECT count(*) FROM seen n WHERE n.look = l.id) OR l.count = 0"
    ).fetchall()
    return not wrong


@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize("first_look", [False, True])
async def test_cut_off_within_a_page(tmp_path: Path, before: int, first_look: bool):
    """However many pieces of a page are stored when the bot ends, the next one counts each SIM once, what could not be
    read and what could not be judged as well, and tells of each that is to be told of once."""
    world = World(tmp_path, sims=SIMS)
    world.settings = {"smarthub": {"page_size": 1000}}
    await world.start()
    try:
        if not first_look:
            await world.run("alerts")
            await world.later(days=1)
        told = len(world.cards(ALERTS))
        for n in (1, PIECE + 1, 2 * PIECE + 1):
            world.hub.change(n, status="ACTIVATED", accountName="lab-trial", cycleQuotaBytes=None)
            world.hub.change(n + 1, status="ACTIVATED", accountName=f"account {n}")
            world.hub.grow(n + 1, fraction=0.9)
            world.hub.change(n + 2, status="")
        look, pieces = world.app.flows.alerts.look, 0

        async def until_it_is_gone(sims: Sequence[Sim], beside: Beside, marks: Mapping[str, int]) -> tuple[int, int]:
            nonlocal pieces
            if pieces == before:
                raise ProviderDown("it is gone")
            pieces += 1
            return await look(sims, beside, marks)

        world.app.flows.alerts.look = until_it_is_gone  # type: ignore[method-assign]
        await world.run("alerts")
        assert pieces == before
        assert world.app.store.scans.last() is None or not first_look
        assert counts_are_right(world)
        await world.restart()

        await world.run("alerts")

        done = world.app.store.scans.last()
        assert done is not None
        assert (done.sims, done.skipped, done.unjudged[Why.QUOTA]) == (SIMS - 3, 3, 3)
        assert counts_are_right(world)
        assert len(world.cards(ALERTS)) == told + 3
    finally:
        await world.stop()


async def test_pages_that_are_sorted_anew(tmp_path: Path):
    """A SIM that stands on two pages, or twice on one, with the same or another state each time, is one SIM: the last
    row counts, it is told of once, and no row stands for the other at the next look."""
    world = World(tmp_path)
    world.settings = {"smarthub": {"page_size": 10, "concurrency": 1}}
    await world.start()
    try:
        rows = [world.hub.sim(n) for n in range(10)]
        usual = {"status": "ACTIVATED", "cycleQuotaBytes": 100, "accountName": "lab-trial", "servicePackage": "iot-100"}
        low, high = ({**rows[3], **usual, "cycleUsageBytes": used} for used in (1, 90))
        for page, standing in (
            ([*rows[:3], low, *rows[4:], high], 1),
            ([*rows[:3], low, *rows[4:], high], 1),
            ([*rows[:3], high, *rows[4:], low], 0),
            ([*rows[:3], high, *rows[4:], high], 1),
            ([*rows[:3], high, *rows[4:]], 1),
        ):
            whole = {"items": page, "page": 1, "pageSize": len(page), "total": len(page)}
            world.hub.broken_next(json.dumps(whole).encode())
            await world.run("alerts")
            listed = [a for a in world.app.store.alerts.live() if a.finding.giccid == low["giccid"]]
            assert len(listed) == standing, page[-1]
            assert counts_are_right(world)
            await world.later(minutes=15)
    finally:
        await world.stop()
