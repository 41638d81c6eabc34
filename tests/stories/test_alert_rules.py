"""Rules of one's own, told through the real bot: together on one card, at their hours, after a whole look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.simulator.slack import Message
from tests.talk import ALERTS, OPERATOR, OPS, OTHER_OPERATOR, VIEWER, World, plain

QUOTA = {"name": "full", "kind": "quota", "percent": [80, 95]}


async def of_rules(folder: Path, *rules: dict[str, Any], **settings: Any) -> World:
    """A world with these rules."""
    world = World(folder)
    world.settings = {"alerts": {"rules": list(rules), **settings}}
    await world.start()
    return world


def together(world: World, *numbers: int, account: str = "lab-trial", used: float = 0.9) -> None:
    """These SIMs are active, of one account, and have used so much."""
    for n in numbers:
        world.hub.change(n, status="ACTIVATED", accountName=account)
        world.hub.grow(n, fraction=used)


def digest(world: World) -> Message:
    """The newest card."""
    return world.card(ALERTS)


async def test_what_is_found_together_is_one_card(tmp_path: Path):
    """SIMs of one rule and account are one card, those of another account another one; a later look adds a third."""
    world = await of_rules(tmp_path, QUOTA)
    try:
        together(world, 0, 1, 2)
        together(world, 3, 4, account="acme")
        await world.run("alerts")
        await world.restart()
        await world.run("alerts")
        assert sorted(card.words.splitlines()[0] for card in world.cards(ALERTS)) == [
            "🟡 2 SIMs of acme: quota nearly used",
            "🟡 3 SIMs of lab-trial: quota nearly used",
        ]
        together(world, 5)
        await world.run("alerts")
        assert len(world.cards(ALERTS)) == 3

        world.hub.grow(0, fraction=0.1)
        await world.run("alerts")
        [lab] = [card for card in world.cards(ALERTS) if "3 SIMs" in card.words]
        assert "2 open, 1 over" in world.now(lab)
    finally:
        await world.stop()


async def test_what_is_done_for_all_of_a_card(tmp_path: Path):
    """Acknowledge takes all of it once, the second hears who was first; the file and the form are for its SIMs."""
    world = await of_rules(tmp_path, QUOTA)
    try:
        together(world, 0, 1, 2)
        await world.run("alerts")
        await world.press(digest(world), "Acknowledge", by=OPERATOR)
        await world.press(digest(world), "CSV", by=VIEWER)
        assert "3 acknowledged by" in world.now(digest(world))
        assert world.deeds("alerts:1") == [(OPERATOR, "acknowledged")]
        assert "3 alerts is in our direct messages" in world.heard(VIEWER, ALERTS)

        await world.press(digest(world), "Until it gets worse", by=OTHER_OPERATOR)
        assert "3 snoozed" in world.now(digest(world))
        await world.later(days=2)
        await world.run("snoozes")
        assert "3 snoozed" in world.now(digest(world))
        together(world, 0, used=0.96)
        await world.run("alerts")
        assert "95 % of the quota used" in digest(world).words

        [card] = [c for c in world.cards(ALERTS) if "3 SIMs" in c.words]
        await world.press(card, "Suspend…", by=OPERATOR)
        sent = await world.submit({"reason": "too much"}, by=OPERATOR)
        assert sent.ok
        assert "the alerts of “full” for lab-trial" in str(world.slack.dm(OPERATOR)) + str(sent)
    finally:
        await world.stop()


async def test_a_card_is_taken_by_typing(tmp_path: Path):
    """`ack card N` and `snooze card N` do for all of a card what its buttons do, and until any time; the number stands
    on the card, and so does until when it is put off."""
    world = await of_rules(tmp_path, QUOTA)
    try:
        together(world, 0, 1, 2)
        await world.run("alerts")
        assert "(card 1)" in world.now(digest(world))
        assert "You have acknowledged what was open of card 1" in plain((await world.say("/sim ack card 1")).reply)
        assert "3 acknowledged by" in world.now(digest(world))
        answered = (await world.say("/sim snooze CARD #1 3d", by=OTHER_OPERATOR)).reply
        assert answered is not None
        assert "What is open of card 1 is put off until 2026-11-25" in answered.text
        assert "3 snoozed by" in world.now(digest(world))
        assert "until 2026-11-25 08:30 UTC or it gets worse" in digest(world).text
        said = plain((await world.say("/sim snooze card 1 worse")).reply)
        assert said.endswith("is put off until it gets worse.")
        assert world.now(digest(world)).count("until it gets worse") == 1
        await world.say("/sim ack card 1")
        assert [deed for _, deed in world.deeds("alerts:1")] == [
            "acknowledged", "snoozed", "snoozed until worse", "acknowledged",
        ]  # fmt: skip
        for typed, refused in (
            ("ack card 9", "There is no card 9 of alerts here"), ("ack card", "Write its number"),
            ("snooze card 1 yesterday", ""),
        ):  # fmt: skip
            assert refused in plain((await world.say(f"/sim {typed}")).reply)
        assert "3 acknowledged" in world.now(digest(world))
        assert "you have to be an operator" in plain((await world.say("/sim ack card 1", by=VIEWER)).reply)
    finally:
        await world.stop()


async def test_reminders(tmp_path: Path):
    """What nobody takes is reminded of under its card, each time after twice as long, and three times at most."""
    world = await of_rules(tmp_path, QUOTA, remind_after="1h")
    try:
        together(world, 0, 1)
        await world.run("alerts")
        for _ in range(30):
            await world.later(hours=1)
            await world.run("snoozes")
        said = world.thread(digest(world))
        assert len(said) == 3
        assert all("2 alerts here are open since" in plain_words for plain_words in said)
    finally:
        await world.stop()


async def test_it_is_told_at_its_hours(tmp_path: Path):
    """What is found out of hours waits; it is told in hours if it still holds then, and only in its gravest form."""
    world = await of_rules(tmp_path, {**QUOTA, "hours": "Mon-Fri 08:00-18:00 Europe/Berlin", "channel": OPS})
    try:
        together(world, 0, 1)  # it is a Sunday
        await world.run("alerts")
        together(world, 0, used=0.96)
        world.hub.grow(1, fraction=0.1)
        await world.run("alerts")
        assert world.cards(OPS) == []

        await world.later(days=1)
        await world.run("alerts")
        await world.run("alerts")
        assert [card.words.splitlines()[0] for card in world.cards(OPS)] == [
            f"🟡 95 % of the quota used: {world.hub.sim(0)['custom1']}"
        ]
        assert world.cards(ALERTS) == []
    finally:
        await world.stop()


@pytest.mark.parametrize(
    ("begins", "told_at"),
    [
        (datetime(2026, 10, 24, 10, 0, tzinfo=UTC), "2026-10-25 00"),  # this hour comes twice
        (datetime(2027, 3, 27, 10, 0, tzinfo=UTC), "2027-03-29 00"),  # this one is left out on the 28th
    ],
)
async def test_hours_that_come_twice_or_not_at_all(tmp_path: Path, begins: datetime, told_at: str):
    """In the night in which the clocks change, an hour that comes twice has nothing told twice, and one that is left
    out has nothing lost: it is told on the next day."""
    world = World(tmp_path, at=begins)
    world.settings = {"alerts": {"rules": [QUOTA | {"hours": "02:00-03:00 Europe/Berlin"}]}}
    await world.start()
    told: list[str] = []
    try:
        together(world, 0)
        for _ in range(72):
            before = len(world.cards(ALERTS))
            await world.run("alerts")
            told += [f"{world.clock.now():%Y-%m-%d %H}"] * (len(world.cards(ALERTS)) - before)
            await world.later(hours=1)
    finally:
        await world.stop()
    assert told == [told_at]


async def test_another_plan_arms_it_anew(tmp_path: Path):
    """The quota of another rate plan is another quota: the alert of the one before is over, and the same limit is told
    once more, once; a plan that SmartHub leaves out for a look changes nothing."""
    world = await of_rules(tmp_path, QUOTA)
    try:
        together(world, 0)
        plan = str(world.hub.sim(0)["servicePackage"])
        for now, cards in ((plan, 1), (None, 1), (plan, 1), ("iot-500-pool", 2), (None, 2), ("iot-500-pool", 2)):
            world.hub.change(0, servicePackage=now)
            await world.run("alerts")
            await world.restart()
            await world.run("alerts")
            assert len(world.cards(ALERTS)) == cards, now
        assert ["Cleared" in card.words for card in world.cards(ALERTS)] == [True, False]
    finally:
        await world.stop()


async def test_the_fleet_is_judged_after_a_whole_look_only(tmp_path: Path):
    """Pools, accounts and devices are told after a whole look; half of one neither raises nor clears any."""
    pool = {"name": "pools", "kind": "quota", "of": "pool", "percent": [1]}
    account = {"name": "accounts", "kind": "quota", "of": "account", "bytes": ["1 MB"], "accounts": ["lab-trial"]}
    world = await of_rules(tmp_path, pool, account, {"name": "devices", "kind": "imei"})
    try:
        together(world, 0, 1)
        world.hub.change(1, imei=world.hub.sim(0)["imei"])
        world.hub.broken_next(b"<html>")
        await world.run("alerts")
        assert world.cards(ALERTS) == []

        await world.run("alerts")
        await world.run("alerts")
        heads = [card.words.splitlines()[0] for card in world.cards(ALERTS)]
        assert "🔴 2 SIMs of lab-trial: one IMEI in several SIMs" in heads
        assert sum("1.0 MB used: lab-trial" in head for head in heads) == 1
        assert any("of the pool used" in head or "pools of" in head for head in heads)
        before = len(heads)

        world.hub.change(1, imei="356938039999999")
        world.hub.broken_next(b"<html>")
        await world.run("alerts")
        assert not any("✅" in card.words for card in world.cards(ALERTS))
        await world.run("alerts")
        assert sum("✅" in card.words for card in world.cards(ALERTS)) == 1
        assert len(world.cards(ALERTS)) == before
    finally:
        await world.stop()


async def test_addons_that_end(tmp_path: Path):
    """An add-on that ends is told at each of its days once, with its name and what SmartHub does then; SmartHub is
    asked for no SIM alone. One that was renewed is over."""
    rule = {"name": "add-ons", "kind": "expiry", "of": "package", "days": [7, 1]}
    world = await of_rules(tmp_path, rule)
    try:
        world.hub.change(0, status="ACTIVATED", accountName="深圳智联账户")
        giccid = world.hub.giccid(0)

        def until(days: float) -> None:
            end = (world.clock.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
            package = {"name": "extra-100", "totalBytes": 100, "usedBytes": 1, "expireTime": end}
            world.hub.change(0, supplementaryServicePackages=[package])

        until(7.5)
        heads: list[list[str]] = []
        for _ in range(9):
            await world.run("alerts")
            await world.run("alerts")
            heads.append([card.words.splitlines()[0] for card in world.cards(ALERTS)])
            await world.later(days=1)
        label = world.hub.sim(0)["custom1"]
        first, second = f"🔴 Add-on expires within 7 days: {label}", f"🔴 Add-on expires within 1 day: {label}"
        third = f"🔴 Add-on has expired: {label}"
        assert heads == [[], *[[first]] * 6, [first, second], [first, second, third]]
        assert "extra-100, until" in world.cards(ALERTS)[0].words
        assert "DISABLE_CARD" in world.cards(ALERTS)[0].words
        assert [call for call in world.hub.asked if call.operation == "getSim" and giccid in str(call)] == []

        until(37)
        await world.run("alerts")
        assert world.app.store.alerts.count_live() == 0
    finally:
        await world.stop()


async def test_a_rule_is_tried(tmp_path: Path):
    """A dry run shows what would be found and raises nothing; a name nobody gave is answered with those there are."""
    world = await of_rules(tmp_path, {"name": "abroad", "kind": "country", "allowed": ["DE"]}, QUOTA)
    try:
        world.hub.change(0, status="ACTIVATED", countryCode="FR")
        await world.run("alerts")
        open_before = world.app.store.alerts.count_live()
        said = plain((await world.say("/sim alerts test Abroad", by=VIEWER)).reply)
        assert "Nothing is raised by this" in said
        assert "In FR, which is not allowed" in said
        assert world.app.store.alerts.count_live() == open_before
        assert "Did you mean “abroad”?" in plain((await world.say("/sim alerts test abraod", by=VIEWER)).reply)
        assert "Which rule? " in plain((await world.say("/sim alerts test", by=VIEWER)).reply)
        assert "other than DE" in plain((await world.say("/sim alerts rules", by=VIEWER)).reply)
        assert "is nothing here" in plain((await world.say("/sim alerts tset x", by=VIEWER)).reply)
    finally:
        await world.stop()


async def test_alerts_are_taken_by_typing(world: World):
    """`ack` and `snooze` do by number what the buttons do, and call the SIM by all of its label; two numbers at once
    are refused, for one of them would be passed over."""
    giccid = world.hub.pick()
    world.hub.change(giccid, custom1="Pump behind the old mill")
    world.hub.grow(giccid, fraction=0.9)
    await world.run("alerts")

    assert "One at a time" in plain((await world.say("/sim ack 1 2")).reply)
    assert world.deeds("alert:1") == []
    assert "You have acknowledged alert #1: 80 % of the quota used, Pump behind the old mill." in plain(
        (await world.say("/sim ack 1")).reply
    )
    assert "put off until" in plain((await world.say("/sim snooze #1 3d", by=OTHER_OPERATOR)).reply)
    assert "until it gets worse" in plain((await world.say("/sim snooze 1 worse")).reply)
    assert "you have to be an operator" in plain((await world.say("/sim ack 1", by=VIEWER)).reply)
    assert "Write its number" in plain((await world.say("/sim ack")).reply)
    assert "There is no alert 99" in plain((await world.say("/sim snooze 99")).reply)
    assert [deed for _, deed in world.deeds("alert:1")] == ["acknowledged", "snoozed", "snoozed until worse"]
