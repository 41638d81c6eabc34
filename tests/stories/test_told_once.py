"""What SmartHub leaves out, lists twice or says anew has nothing told twice, and stops no look."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.stories.test_alert_rules import of_rules
from tests.talk import ALERTS


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
