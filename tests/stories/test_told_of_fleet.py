"""What is told of pools and accounts as a whole: once, though figures waver or are left out, while they have SIMs."""

from __future__ import annotations

from pathlib import Path

from tests.stories.test_alert_rules import of_rules, together
from tests.talk import ALERTS, World


def standing(world: World) -> list[str]:
    """What the alerts are about that are not over."""
    return [alert.finding.label for alert in world.app.store.alerts.live()]


async def test_a_quota_that_is_left_out(tmp_path: Path):
    """While SmartHub leaves the quota of one SIM out, nothing can be said of its account: what was told stands, and is
    not told again. What is used less is over, and a rule that is taken out has nothing left."""
    rule = {"name": "accounts", "kind": "quota", "of": "account", "percent": [80], "accounts": ["lab-trial"]}
    world = await of_rules(tmp_path, rule)
    try:
        of_it = [n for n in range(40) if n < 2 or world.hub.sim(n)["accountName"] == "lab-trial"]
        together(world, *of_it)
        quota = world.hub.sim(0)["cycleQuotaBytes"]
        for now in (quota, None, quota, None, quota):
            world.hub.change(0, cycleQuotaBytes=now)
            await world.run("alerts")
            assert standing(world) == ["lab-trial"]
        assert len(world.cards(ALERTS)) == 1
        together(world, *of_it, used=0.1)
        await world.run("alerts")
        assert standing(world) == []

        together(world, *of_it)
        await world.run("alerts")
        assert standing(world) == ["lab-trial"]
        world.hub.change(0, cycleQuotaBytes=None)
        world.settings["alerts"]["rules"] = [rule | {"name": "another", "percent": [99]}]
        await world.restart()
        await world.run("alerts")
        assert standing(world) == []
    finally:
        await world.stop()


async def test_a_device_that_is_left_out(tmp_path: Path):
    """While SmartHub leaves the IMEI of one of two SIMs out, what was told of both stands and is not told again; with
    another IMEI it is over."""
    world = await of_rules(tmp_path, {"name": "devices", "kind": "imei"})
    try:
        for imei, count in (("356938035643809", 2), (None, 2), ("356938035643809", 2), ("356938039999999", 0)):
            world.hub.change(0, status="ACTIVATED", accountName="lab-trial", imei="356938035643809")
            world.hub.change(1, status="ACTIVATED", accountName="lab-trial", imei=imei)
            await world.run("alerts")
            assert len(standing(world)) == count, imei
        assert len(world.cards(ALERTS)) == 1
    finally:
        await world.stop()


async def test_sims_that_went_hold_no_account(tmp_path: Path):
    """With its SIMs an account's alert goes; what it used before they went is not told again and again."""
    rule = {"name": "accounts", "kind": "quota", "of": "account", "percent": [80], "accounts": ["lab-trial"]}
    world = await of_rules(tmp_path, rule)
    try:
        of_it = [n for n in range(40) if n < 2 or world.hub.sim(n)["accountName"] == "lab-trial"]
        together(world, *of_it)
        await world.run("alerts")
        assert standing(world) == ["lab-trial"]
        for n in of_it:
            world.hub.vanish(n)
        for _ in range(4):
            await world.later(minutes=15)
            await world.run("alerts")
        assert standing(world) == []
    finally:
        await world.stop()
