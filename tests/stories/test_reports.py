"""Reports: asked for by anybody, and by themselves, once for each time, through restarts."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.talk import ALERTS, OPS, VIEWER, World, plain


async def test_a_report_that_is_asked_for(world: World):
    """Its words come as an answer, and the file as a direct message; another period is refused with those there are."""
    world.hub.grow(world.hub.pick(), fraction=0.9)
    await world.run("alerts")
    said = await world.say("/sim report week", by=VIEWER)
    text = plain(said.reply) + world.heard(VIEWER)

    assert "Report of the week" in text
    assert "Nothing is kept yet of the time before" in text
    assert any(file for message in world.slack.dm(VIEWER) for file in message.files)
    assert "The figures as a file are in our direct messages." in text
    assert "is no report" in plain((await world.say("/sim report year", by=VIEWER)).reply)


async def test_a_report_leaves_out_who_is_gone(world: World):
    """A SIM that SmartHub lists no more is in no state, and not among those that used most."""
    world.hub.change(0, status="ACTIVATED", custom1="Great eater")
    world.hub.grow(0, to_bytes=10**12)
    await world.run("alerts")

    async def said() -> str:
        return plain((await world.say("/sim report week", by=VIEWER)).reply) + world.heard(VIEWER)

    before = await world.app.store.reports.keep(now=world.clock.now())
    assert "Great eater" in await said()
    world.hub.vanish(0)
    for _ in range(3):
        await world.later(minutes=15)
        await world.run("alerts")
    after = await world.app.store.reports.keep(now=world.clock.now())
    assert "Great eater" not in await said()
    assert after.states["active"] == before.states["active"] - 1


async def test_money_at_risk(world: World):
    """What is paid for and idle, and what goes off as its plan ends, is named at its plan's price; SmartHub is asked
    for accounts and never for SIMs. What it names no price for is counted apart."""

    def at(days: float) -> str:
        return (world.clock.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def active(n: int, account: str, plan: str, ends: str | None = None, *, used: int = 0, session: int = -8) -> None:
        world.hub.change(
            n, status="ACTIVATED", accountName=account, servicePackage=plan, servicePackageExpireTime=ends,
            activatedTime=at(-90), lastSessionTime=at(session), cycleUsageBytes=used,
        )  # fmt: skip

    for n in range(40):
        world.hub.change(n, status="DEACTIVATED")
    for n in range(3):
        active(n, "acme", "iot-100")
    active(3, "acme", "iot-100", session=-6)
    active(4, "acme", "sold no more")
    for n, days in enumerate((1, 6, 8), 5):
        active(n, "深圳智联账户", "物联网年包-1G", at(days), used=5)
    active(8, "nordwind-logistics", "iot-1g", at(3), used=5)
    await world.run("alerts")
    world.hub.asked.clear()
    await world.say("/sim report week", by=VIEWER)

    said = world.heard(VIEWER)
    assert "paid for and idle: 3.00 EUR for 3 SIMs; no price is known for 1 more." in said
    assert "switched off by 2026-11-29, when their plan ends: 20.00 EUR for 2 SIMs." in said
    asked = Counter(call.operation for call in world.hub.asked)
    assert (asked["listServicePackages"], asked["getAccount"], asked["getSim"], asked["listSims"]) == (3, 2, 0, 0)


async def test_a_report_that_comes_by_itself(tmp_path: Path):
    """It is posted once for each time it is due, also after a restart, and compares with the day before."""
    world = World(tmp_path, at=datetime(2026, 11, 22, 7, 59, tzinfo=UTC))
    world.reports = [{"period": "day", "channel": OPS, "at": "08:00 UTC"}]
    await world.start()
    try:
        await world.run("alerts")
        await world.run("reports")
        assert [m for m in world.cards(OPS) if "Report of the day" in m.words] == []
        for _ in range(2):
            await world.later(minutes=2)
            await world.run("reports")
            await world.restart()
        [first] = [m for m in world.cards(OPS) if "Report of the day" in m.words]
        assert "data_visualization" in [block["type"] for block in first.blocks]
        assert "Nothing is kept yet" in first.words

        world.slack.unknown_blocks.add("data_visualization")
        await world.later(days=1)
        world.hub.grow(world.hub.pick(), fraction=0.99)
        await world.run("alerts")
        await world.run("reports")
        second = [m for m in world.cards(OPS) if "Report of the day" in m.words][-1]
        assert second.ts != first.ts
        assert {block["type"] for block in second.blocks} == {"header", "rich_text"}
        assert "█" in plain(second), "what Slack refuses to draw stands there in characters"
        assert [file.name for m in world.slack.thread(first) for file in m.files] == []
        [picture] = [file for m in world.slack.thread(second) for file in m.files]
        assert (picture.name, picture.title) == ("chart.png", "Usage by account")
        assert "Nothing is kept yet" not in second.words
        assert "raised: 1 quota" in plain(second)
        assert len(world.cards(ALERTS)) == 1
    finally:
        await world.stop()
