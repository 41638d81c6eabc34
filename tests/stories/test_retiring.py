"""Retiring in two steps: suspended now, retired when its time is over, unless something speaks against it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.simulator.slack import Message
from tests.stories.changes import approved, break_the_glass, cooling, looked_after, over, says_why, with_settings
from tests.stories.forging import answers
from tests.stories.processes import Town
from tests.talk import (
    APPROVALS,
    APPROVER,
    OPERATOR,
    OTHER_APPROVER,
    OTHER_OPERATOR,
    VIEWER,
    World,
    plain,
)


def at(moment: datetime) -> str:
    """A time as it reads beside a card, for who cannot see the card itself."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def beside(world: World, card: Message) -> str:
    """The words that go beside a card."""
    now = world.slack.now_of(card)
    assert now is not None
    return now.text


def status(world: World) -> object:
    """What SmartHub calls the state of the SIM of the first request."""
    return world.hub.sim(world.request().giccid or "")["status"]


# --- the first step, and the second ---


async def test_suspended_now_and_retired_later(world: World):
    """Approving suspends the SIM at once and retires nothing; the card says when it will be, and lets one cancel."""
    approved_at = world.clock.now()

    card = await cooling(world)

    assert (world.hub.count("suspendSim"), world.hub.count("retireSim")) == (1, 0)
    assert status(world) == "DEACTIVATED"
    until = at(approved_at + timedelta(hours=24))
    assert f"Suspended; retired {until} unless somebody cancels" in beside(world, card)
    assert world.slack.now_of(card).buttons == ["Cancel the retirement"]
    assert f"Suspended; retired {until} unless somebody cancels" in world.slack.dm(OPERATOR)[-1].text
    assert world.deeds() == [(OPERATOR, "asked"), (APPROVER, "approved"), ("simops", "cooling")]


async def test_suspended_already(world: World):
    """A SIM that is suspended already needs no first step: nothing is sent, and its time runs."""
    await cooling(world, world.hub.pick("DEACTIVATED"))

    assert (world.hub.count("suspendSim"), world.hub.count("retireSim")) == (0, 0)
    await over(world)
    assert (world.hub.count("suspendSim"), world.hub.count("retireSim")) == (0, 1)


async def test_suspended_when_it_was_asked_for_and_not_any_more(world: World):
    """Who breaks the glass for a SIM that was brought back since has it suspended: the card says no word too much."""
    card = await world.ask("retire", world.hub.pick("DEACTIVATED"))
    world.hub.change(world.request().giccid, status="ACTIVATED")

    await break_the_glass(world, card)

    assert world.request().state == "cooling"
    assert status(world) == "DEACTIVATED"
    assert world.hub.count("suspendSim") == 1


async def test_retired_when_its_time_is_over(world: World):
    """It is retired once, not a minute early; the card then says that it is, and who approved it when."""
    approved_at = world.clock.now()
    card = await cooling(world)
    await world.later(hours=23, minutes=59)
    await world.run("requests")
    assert world.hub.count("retireSim") == 0

    await world.later(minutes=1)
    for _ in range(3):
        await world.run("requests")

    assert world.hub.count("retireSim") == 1
    assert status(world) == "RETIRED"
    assert f"Confirmed · approved by <@U0APPROVER> {at(approved_at)}" in beside(world, card)
    assert "the SIM reads retired now" in world.now(card)
    assert world.slack.now_of(card).buttons == []
    assert [what for _, what in world.deeds()] == ["asked", "approved", "cooling", "cooling-off over", "done"]
    assert "Confirmed" in world.told(OPERATOR)[-1]


async def test_without_a_time_to_cool_off(world: World):
    """Where no cooling-off time is set a suspended SIM is retired at once, and an active one cannot be asked for."""
    await with_settings(world, cooling_off="none")

    said = await world.say(f"/sim retire {world.hub.pick()}")
    card = await approved(world, "retire")

    assert "suspend" in plain(said.reply)
    assert "Confirmed" in world.now(card)
    assert world.hub.count("retireSim") == 1
    assert world.hub.count("suspendSim") == 0


async def test_nobody_is_asked_and_it_can_be_cancelled_all_the_same(world: World):
    """Where the policy asks nobody, a retirement that waits its time has a card too: somebody has to be able to stop
    it, and the card ends up true."""
    world.policies = [{"name": "free", "operations": ["retire"], "approval": False}]
    await with_settings(world)
    sims = [world.hub.pick(nth=n) for n in range(2)]

    for sim in sims:
        await world.say(f"/sim retire {sim} because of rain")
    first, second = world.cards(APPROVALS)
    await says_why(world, first, "Cancel the retirement", by=OTHER_OPERATOR)
    await over(world)

    assert "Retirement cancelled by <@U0OPERATOR2>" in world.now(first)
    assert "Confirmed · policy “free” asks nobody" in world.now(second)
    assert [world.hub.sim(sim)["status"] for sim in sims] == ["DEACTIVATED", "RETIRED"]
    assert world.hub.count("retireSim") == 1


# --- what speaks against it ---


async def test_cancelled_in_time(world: World):
    """An operator stops it before its time: nothing is retired, however long one waits, and the SIM is free again."""
    card = await cooling(world)
    await world.later(hours=23)

    await says_why(world, card, "Cancel the retirement", by=OTHER_OPERATOR, why="it was the wrong one")
    await over(world)

    assert "Retirement cancelled by <@U0OPERATOR2>" in world.now(card)
    assert "Because it was the wrong one" in world.now(card)
    assert "nothing is retired. What was suspended on the way stays suspended." in world.now(card)
    assert world.slack.now_of(card).buttons == []
    assert (world.hub.count("retireSim"), status(world)) == (0, "DEACTIVATED")
    assert world.deeds()[-1] == (OTHER_OPERATOR, "cancelled")
    assert "it was the wrong one" in world.told(OPERATOR)[-1]
    assert "#2 Activate" in plain(await world.ask("activate", world.request().giccid))


async def test_cancelled_without_a_reason(world: World):
    """Stopping it is the safe side, so no reason is asked of who does."""
    card = await cooling(world)

    await says_why(world, card, "Cancel the retirement", by=OTHER_OPERATOR, why="")

    assert world.request().state == "withdrawn"
    assert "Because" not in world.now(card)


async def test_who_stopped_it_is_named_alone(world: World):
    """When one of two who approved it stops it, the card says that this one did, not both."""
    world.policies = [{"name": "two", "quorum": 2}]
    await with_settings(world)
    card = await world.ask("retire", world.hub.pick())
    await world.press(card, "Approve", by=APPROVER)
    await world.press(card, "Approve", by=OTHER_APPROVER)

    await says_why(world, card, "Cancel the retirement", by=OTHER_APPROVER)

    assert "Retirement cancelled by <@U0APPROVER2> 2" in beside(world, card)


async def test_a_viewer_cannot_stop_it(world: World):
    """It takes an operator; a viewer reads that, and its time runs on."""
    card = await cooling(world)

    await world.press(card, "Cancel the retirement", by=VIEWER)

    assert "you have to be an operator" in answers(world, VIEWER)[-1]
    assert world.slack.modal(VIEWER) is None
    await over(world)
    assert world.hub.count("retireSim") == 1


async def test_stopped_too_late(world: World):
    """Who has the form open when its time is over reads that it is too late; what was done stands."""
    card = await cooling(world)
    await world.press(card, "Cancel the retirement", by=OTHER_OPERATOR)
    await over(world)

    late = await world.submit({}, by=OTHER_OPERATOR)

    assert late.errors is not None
    assert "Request #1 is approved by somebody else and done already" in late.errors["why"]
    assert world.request().state == "done"


async def test_stopped_in_the_moment_it_begins(world: World):
    """Of a stop and the second step that fall together one wins: stopped it is not retired, else it is, once."""
    card = await cooling(world)
    await world.press(card, "Cancel the retirement", by=OTHER_OPERATOR)
    await world.later(hours=24)
    world.hub.slow = 1
    running = await world.begin(world.app.schedule.run("requests"))  # the SIM is being looked at
    world.hub.slow = 0

    await world.submit({}, by=OTHER_OPERATOR)
    await world.through(running)
    await over(world)

    assert world.request().state == "withdrawn"
    assert "Retirement cancelled by <@U0OPERATOR2>" in world.now(card)
    assert (world.hub.count("retireSim"), status(world)) == (0, "DEACTIVATED")


@pytest.mark.parametrize("back", ["ACTIVATED", "RETIRED"])
async def test_changed_elsewhere_meanwhile(world: World, back: str):
    """A SIM that somebody brought back, or retired, elsewhere is not retired by us; the card says what it reads."""
    card = await cooling(world)
    world.hub.change(world.request().giccid, status=back)

    await over(world)

    ours = {"ACTIVATED": "active", "RETIRED": "retired"}[back]
    assert "Not done · approved by <@U0APPROVER>" in world.now(card)
    assert f"The SIM reads {ours} by now, so it was not retired." in world.now(card)
    assert f"The SIM reads {ours} by now" in world.told(OPERATOR)[-1]
    assert world.hub.count("retireSim") == 0
    assert world.deeds()[-2:] == [("simops", "cooling-off over"), ("simops", "failed")]


async def test_gone_meanwhile(world: World):
    """A SIM that SmartHub does not have any more ends its retirement, in words, and is not looked for for ever."""
    card = await cooling(world)
    world.hub.world.fleet.count = 0

    await over(world)

    assert "The SIM is gone from SmartHub by now, so it was not retired." in world.now(card)
    assert world.request().state == "failed"


async def test_smarthub_is_down_at_that_time(world: World):
    """While the SIM cannot be read nothing is retired, which the card says once; it is retired when it can be."""
    card = await cooling(world)
    world.hub.down = True
    await over(world)
    await looked_after(world, minutes=10)
    assert "Its time is over, but the SIM cannot be read now; it is retired as soon as it can." in world.now(card)
    assert world.slack.now_of(card).buttons == ["Cancel the retirement"]
    assert world.request().state == "cooling"
    edits = world.slack.count("chat.update")

    await looked_after(world, minutes=10)
    assert world.slack.count("chat.update") == edits
    world.hub.down = False
    await looked_after(world, minutes=1)

    assert "Confirmed" in world.now(card)
    assert world.hub.count("retireSim") == 1


# --- what nobody knows ---


async def test_the_first_answer_was_lost(world: World):
    """When the answer to the suspend is lost, the time runs from when the SIM was seen suspended, and not before."""
    world.hub.lose_next("suspendSim")
    card = await approved(world, "retire", world.hub.pick())
    assert world.request().state == "unsure"
    await looked_after(world, minutes=1)
    assert "Looked up: the SIM reads suspended, so it was done." in world.now(card)
    assert "unless somebody cancels" in world.now(card)
    assert world.hub.count("retireSim") == 0

    await over(world)

    assert "Confirmed" in world.now(card)
    assert (world.hub.count("suspendSim"), world.hub.count("retireSim")) == (1, 1)


async def test_the_second_answer_was_lost(world: World):
    """When the answer to the retire is lost it is not sent again, and found done by reading."""
    card = await cooling(world)
    world.hub.lose_next("retireSim")

    await over(world)
    assert "Unsure" in world.now(card)
    await looked_after(world, minutes=1)

    assert "Confirmed" in world.now(card)
    assert world.hub.count("retireSim") == 1


async def test_smarthub_refuses_the_second_step(world: World):
    """A retire that SmartHub refuses reads Refused, and is not tried again."""
    card = await cooling(world)
    world.hub.refuse_next()

    await over(world)
    await over(world)

    assert "Refused · approved by <@U0APPROVER>" in world.now(card)
    assert world.hub.count("retireSim") == 1
    assert status(world) == "DEACTIVATED"


# --- stopped and started again ---


async def test_restarted_while_its_time_runs(world: World):
    """The time runs on through restarts, and it is retired once, by whichever bot is there."""
    card = await cooling(world)
    await world.later(hours=12)
    await world.restart()
    await world.run("requests")
    assert world.hub.count("retireSim") == 0

    await world.later(hours=12)
    await world.restart()
    await world.run("requests")
    await world.restart()
    await world.run("requests")
    await world.quiet()

    assert "Confirmed" in world.now(card)
    assert world.hub.count("retireSim") == 1


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A world a day ago, for which a real process of the bot can come."""
    made = Town(tmp_path, ago=timedelta(hours=25))
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


@pytest.mark.parametrize("heard", [True, False])
async def test_killed_during_the_second_call(town: Town, heard: bool):
    """Killed while the retire was on its way, or its answer: it is unsure, settled by reading, and never sent again."""
    await town.start_bot()
    card = await cooling(town)
    await town.app.stop()
    town.relay.keep(answer="retire") if heard else town.relay.keep(question="retire")
    await town.live()
    await town.relay.kept()

    await town.die()
    assert town.request().state == "unsure"
    assert "Unsure · approved by <@U0APPROVER>" in town.now(card)
    await looked_after(town, minutes=17)

    assert town.hub.count("retireSim") == (1 if heard else 0)
    assert status(town) == ("RETIRED" if heard else "DEACTIVATED")
    assert ("Confirmed" if heard else "the SIM still reads suspended, so it was not done") in town.now(card)
    ends = ["unsure", "done" if heard else "failed"]
    assert [what for _, what in town.deeds()] == ["asked", "approved", "cooling", "cooling-off over", *ends]
