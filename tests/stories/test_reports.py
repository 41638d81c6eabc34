"""Reports: asked for by anybody, and by themselves, once for each time, through restarts."""

from __future__ import annotations

from datetime import UTC, datetime
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
    assert "is no report" in plain((await world.say("/sim report year", by=VIEWER)).reply)


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
        assert "Nothing is kept yet" in first.words

        await world.later(days=1)
        world.hub.grow(world.hub.pick(), fraction=0.99)
        await world.run("alerts")
        await world.run("reports")
        second = [m for m in world.cards(OPS) if "Report of the day" in m.words][-1]
        assert second.ts != first.ts
        assert "Nothing is kept yet" not in second.words
        assert "raised: 1 quota" in plain(second)
        assert len(world.cards(ALERTS)) == 1
    finally:
        await world.stop()
