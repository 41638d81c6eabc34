"""What SmartHub leaves out, lists twice or says anew has nothing told twice, and stops no look."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.stories.test_alert_rules import of_rules
from tests.talk import ALERTS, VIEWER, plain


async def test_two_addons_of_a_name(tmp_path: Path):
    """Two add-ons of a name that end on one day, at different hours and with different rests, are one alert; the look
    comes to its end each time."""
    world = await of_rules(tmp_path, {"name": "add-ons", "kind": "expiry", "of": "package", "days": [3, 2]})
    try:
        start = world.clock.now()
        packages = [
            {"name": "extra", "totalBytes": 100, "usedBytes": n, "expireTime": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
            for n, end in enumerate((start + timedelta(days=2, hours=1), start + timedelta(days=2, hours=-1)))
        ]
        world.hub.change(0, status="ACTIVATED", supplementaryServicePackages=packages)
        for _ in range(3):
            await world.run("alerts")
            done = world.app.store.scans.last()
            assert done is not None
            assert done.sims == world.hub.world.fleet.count
        assert len(world.cards(ALERTS)) == 1
    finally:
        await world.stop()


@pytest.mark.parametrize("every", [timedelta(hours=4), timedelta(days=1)])
async def test_a_jump_in_usage(tmp_path: Path, every: timedelta):
    """A SIM that uses much more on a day than on its days before is told of on that day, once, also where one look a
    day is all there is; on the next day that is over."""
    world = await of_rules(tmp_path, {"name": "jump", "kind": "spike", "times": [5], "at_least": "10 MB"})
    told: list[tuple[int, int]] = []
    try:
        world.hub.change(0, status="ACTIVATED", cycleQuotaBytes=10**12, cycleName="2026-11")
        await world.later(hours=16)
        start, used, before = world.clock.now(), 0, 0
        while world.clock.now() < start + timedelta(days=14):
            day = (world.clock.now() - start).days
            used += int((100_000_000 if day == 11 else 5_000_000) * (every / timedelta(days=1)))
            world.hub.grow(0, to_bytes=used)
            await world.run("alerts")
            count = len([card for card in world.cards(ALERTS) if "on a usual day" in card.words])
            told += [(day, world.app.store.alerts.count_live())] * (count - before)
            before = count
            if day == 11 and count:
                said = plain((await world.say("/sim alerts test jump", by=VIEWER)).reply)
                assert "It would find 1 now; 1 of the first 1 are told of already" in said
            await world.later(seconds=every.total_seconds())
        assert told == [(11, 1)]
        assert world.app.store.alerts.count_live() == 0
    finally:
        await world.stop()
