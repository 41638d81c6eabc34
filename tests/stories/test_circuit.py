"""SmartHub goes away: the alerts channel hears of it once, and once when it is back, however often that happens."""

from __future__ import annotations

from tests.talk import ALERTS, OPERATOR, World, plain


def said(world: World) -> list[str]:
    """What the alerts channel has read of SmartHub itself."""
    return [words for card in world.cards(ALERTS) if (words := plain(card)).startswith("SmartHub is ")]


async def go_away(world: World) -> None:
    """SmartHub is down, and as many ask for a SIM as it takes for the circuit to open."""
    world.hub.down = True
    while not world.app.hub.left_alone:
        await world.say(f"/sim {world.hub.giccid(0)}")
    await world.quiet()


async def tick(world: World, *, seconds: float = 30, times: int = 1) -> None:
    """The time passes with the job that looks, as often."""
    for _ in range(times):
        await world.later(seconds=seconds)
        await world.run("outages")


async def test_it_is_told_once_when_it_goes_away(world: World):
    """The channel hears at once and once that SmartHub does not answer, and what happens now."""
    await go_away(world)
    await tick(world, times=20)

    assert len(said(world)) == 1
    assert "SmartHub did not answer 5 times in a row. Nothing is sent to it for 30 seconds" in said(world)[0]


async def test_it_is_told_once_when_it_is_back(world: World):
    """It is tried without anybody asking, and the channel hears that it is back when it has answered for a while."""
    await go_away(world)
    world.hub.down = False
    await tick(world, times=2)
    assert not world.app.hub.left_alone
    assert len(said(world)) == 1

    await tick(world, times=7)
    assert len(said(world)) == 1
    await tick(world, times=5)

    assert len(said(world)) == 2
    assert said(world)[1].startswith("SmartHub is back It went away ")
    assert "came and went" not in said(world)[1]


async def test_one_that_flaps_is_told_once_each_way(world: World):
    """When it comes and goes for a long time, there are two messages in all, and the second says how it was."""
    for _ in range(6):
        await go_away(world)
        await tick(world, times=3)
        world.hub.down = False
        await tick(world, times=3)
        assert len(said(world)) == 1
    await tick(world, times=12)

    assert len(said(world)) == 2
    assert "it came and went 6 times" in said(world)[1]


async def test_the_next_outage_is_told_again(world: World):
    """One that is over and comes back is another one."""
    for _ in range(2):
        await go_away(world)
        world.hub.down = False
        await tick(world, times=14)

    assert [words.split(" ")[2] for words in said(world)] == ["away", "back", "away", "back"]


async def test_nothing_is_asked_while_all_is_well(world: World):
    """The job that looks after outages asks SmartHub nothing while there is none."""
    before = len(world.hub.asked)
    await tick(world, times=5)

    assert len(world.hub.asked) == before


async def test_it_shows_in_the_status(world: World):
    """While it is left alone `/sim status` and what watches the bot say so, and no longer."""
    await go_away(world)
    await world.say("/sim status", by=OPERATOR)

    assert "SmartHub does not answer" in world.heard(OPERATOR)
    assert any("SmartHub does not answer" in trouble for trouble in world.app.troubles())

    world.hub.down = False
    await tick(world, times=2)
    assert world.app.troubles() == []


async def test_a_restart_does_not_forget_it(world: World):
    """Who was told that it is away hears that it is back, also from a bot that was started in between, and once."""
    await go_away(world)
    await world.restart()
    await tick(world, times=2)
    assert len(said(world)) == 1

    world.hub.down = False
    await tick(world, times=2)
    await world.restart()
    await tick(world, times=12)
    await world.restart()
    await tick(world, times=12)

    assert [words.split(" ")[2] for words in said(world)] == ["away", "back"]
    assert "went away" not in said(world)[1]


async def test_away_again_after_a_restart(world: World):
    """A bot that is started into the same outage does not tell of it anew."""
    await go_away(world)
    await world.restart()
    await go_away(world)
    await tick(world, times=3)

    assert len(said(world)) == 1


async def test_what_refuses_is_back(world: World):
    """A SmartHub that answers with a refusal is no SmartHub that is away."""
    await go_away(world)
    world.hub.down = False
    world.hub.forbid(times=100)
    await tick(world, times=14)

    assert len(said(world)) == 2


async def test_the_settings_count(world: World):
    """How often and how long are settings."""
    world.settings["smarthub"] = {"circuit_after": 2, "circuit_rest": "2m"}
    await world.restart()
    await go_away(world)

    assert "did not answer 2 times in a row. Nothing is sent to it for 120 seconds" in said(world)[0]
    asked = len(world.hub.asked)
    await tick(world, seconds=29, times=4)
    assert len(world.hub.asked) == asked
    await tick(world, seconds=10)
    assert len(world.hub.asked) == asked + 1
