"""Stopped and started again at every step, politely and by kill -9: nothing is sent twice, the card ends up true."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories.processes import Town
from tests.talk import APPROVALS, APPROVER, OPERATOR, OPS, World, plain

# --- as an operator would ---


async def test_restarted_while_it_waits(world: World):
    """A request that waits is still there after a restart, on the same card, and can be approved."""
    card = await world.ask()

    await world.restart()
    await world.press(card, "Approve", by=APPROVER)

    assert "Confirmed" in world.now(card)
    assert len(world.cards(APPROVALS)) == 1
    assert world.hub.count("suspendSim") == 1


async def test_restarted_with_the_form_open(world: World):
    """A form that was opened before a restart is taken after it."""
    card = await world.ask()
    await world.press(card, "Deny", by=APPROVER)

    await world.restart()
    await world.submit({"Reason": "no"}, by=APPROVER)

    assert "Denied by <@U0APPROVER>" in world.now(card)


async def test_restarted_while_unsure(world: World):
    """An unsure change is looked after by the next bot, and not sent again."""
    card = await world.ask()
    world.hub.lose_next("suspendSim")
    await world.press(card, "Approve", by=APPROVER)

    await world.restart()
    assert world.request().state == "unsure"
    await world.later(seconds=30)
    await world.run("requests")

    assert "Confirmed" in world.now(card)
    assert world.hub.count("suspendSim") == 1


@pytest.mark.parametrize("end", ["done", "failed", "denied", "withdrawn", "lapsed"])
async def test_restarted_after_the_end(world: World, end: str):
    """What has ended stays as it ended, however often the bot is started: nobody is told again, nothing is sent."""
    card = await world.ask(by=APPROVER if end == "withdrawn" else OPERATOR)
    if end == "failed":
        world.hub.refuse_next()
    if end in ("done", "failed"):
        await world.press(card, "Approve", by=APPROVER)
    elif end == "denied":
        await world.press(card, "Deny", by=APPROVER)
        await world.submit({"Reason": "no"}, by=APPROVER)
    elif end == "withdrawn":
        await world.press(card, "Withdraw", by=APPROVER)
    else:
        await world.later(hours=9)
        await world.run("requests")
    before = (world.request(), world.deeds(), len(world.slack.messages(APPROVALS)), world.told(OPERATOR))
    asked = len(world.hub.asked)

    for _ in range(2):
        await world.restart()
        await world.run("requests")
        await world.quiet()

    assert world.request().state == end
    after = (world.request(), world.deeds(), len(world.slack.messages(APPROVALS)), world.told(OPERATOR))
    assert after == before
    assert len(world.hub.asked) == asked


async def test_restarted_while_slack_is_down(world: World):
    """What could not be told before a restart is told after it, once and in order."""
    card = await world.ask()
    world.slack.down = True
    pressing = await world.begin(world.slack.press(card, "Withdraw", by=APPROVER))
    await pressing
    await world.clock.advance(3)
    await world._still()

    await world.app.stop()
    world.slack.down = False
    await world.start_bot()
    await world.quiet()

    assert sum("Only the person who asked" in words for words in world.told(APPROVER)) == 1


async def test_the_store_belongs_to_one(world: World):
    """A second bot on the same store does not start, and says why; the first goes on."""
    with pytest.raises(Exception, match="in use by another simops"):
        await World.start_bot(world)

    assert "Asked: #1" in plain((await world.say(f"/sim suspend {world.hub.pick()}")).reply)


# --- as a machine would ---


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A real process of the bot, between a Slack and a SmartHub, by the clock on the wall."""
    made = Town(tmp_path)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def test_killed_while_it_waits(town: Town):
    """Killed while a request waits: it is still there, on the one card, and its approval makes one change."""
    card = await town.ask()

    await town.kill()
    await town.bot.start()
    assert (await town.approve(card)).ok
    await town.reads(card, "Confirmed · approved by <@U0APPROVER>")

    assert town.hub.count("suspendSim") == 1
    assert len(town.cards()) == 1
    assert town.deeds() == ["asked", "approved", "done"]


async def test_killed_before_smarthub_heard(town: Town):
    """Killed between the decision and the call: it is unsure, never sent, and ends as not done."""
    card = await town.ask()
    town.relay.keeps_question = "deactivate"
    await town.approve(card)
    await town.kept()

    await town.kill()
    town.relay.heal()
    await town.bot.start()
    await town.reads(card, "Not done")

    assert town.hub.count("suspendSim") == 0
    assert town.deeds() == ["asked", "approved", "unsure", "failed"]
    assert len(town.cards()) == 1
    said = await town.news(card, 3)
    assert [m.split(": ", 1)[1].split()[1] for m in said] == ["Approved,", "Unsure", "Not"]


async def test_killed_before_the_answer_came(town: Town):
    """Killed while SmartHub's answer is on its way: it is unsure, is found done by reading, and never sent again."""
    card = await town.ask()
    town.relay.keeps_answer = "deactivate"
    await town.approve(card)
    await town.kept()

    await town.kill()
    town.relay.heal()
    await town.bot.start()
    await town.reads(card, "Confirmed")

    assert town.hub.count("suspendSim") == 1
    assert town.deeds() == ["asked", "approved", "unsure", "done"]
    assert len(town.cards()) == 1
    assert len(await town.news(card, 3)) == 3


async def test_killed_before_anybody_was_told(town: Town):
    """Killed when SmartHub had answered and Slack took nothing: all is told after the start, and each thing once."""
    card = await town.ask()
    town.relay.keeps_answer = "GET"  # the look at the SIM after the change
    await town.slack.say("/sim approvals", by=APPROVER, channel=OPS)  # so that the approvers are known
    town.slack.down = True
    await town.approve(card)
    await town.kept()

    await town.kill()
    assert town.hub.count("suspendSim") == 1
    assert not town.slack.thread(card)
    town.relay.heal()
    town.slack.down = False
    await town.bot.start()
    await town.reads(card, "Confirmed")

    said = await town.news(card, 3)
    assert ["Approved" in said[0], "Unsure" in said[1], "Confirmed" in said[2], len(said)] == [True, True, True, 3]
    assert town.hub.count("suspendSim") == 1
    assert len(town.cards()) == 1


async def test_killed_when_slack_had_the_card_and_had_not_said_so(town: Town):
    """Killed after Slack took the card and before the bot knew: the card is found again, and not posted twice."""
    town.slack.lose_next("chat.postMessage")
    card = await town.ask()

    await town.kill()
    await town.bot.start()
    await town.approve(card)
    await town.reads(card, "Confirmed")

    assert len(town.cards()) == 1
    assert town.hub.count("suspendSim") == 1
    assert len(await town.news(card, 2)) == 2
