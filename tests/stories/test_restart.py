"""Stopped and started again at every step, politely and by kill -9: nothing is sent twice, the card ends up true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stories.changes import looked_after, says_why
from tests.stories.processes import LOOK, Town
from tests.talk import APPROVALS, APPROVER, OPERATOR, OPS, OTHER_APPROVER, World, plain

# --- as an operator would ---


async def test_restarted_while_it_waits(world: World):
    """A request that waits is still there after a restart, on the same card, and can be approved."""
    card = await world.ask()

    await world.restart()
    await world.press(card, "Approve", by=APPROVER)

    assert "Confirmed" in world.now(card)
    assert len(world.cards(APPROVALS)) == 1
    assert world.hub.count("suspendSim") == 1


async def test_restarted_between_two_approvals(world: World):
    """A yes of before a restart counts after it: the second one makes the change, and the same person is no second."""
    world.policies = [{"name": "two", "quorum": 2}]
    await world.restart()
    card = await world.ask()
    await world.press(card, "Approve", by=APPROVER)

    await world.restart()
    await world.press(card, "Approve", by=APPROVER)
    assert world.hub.count("suspendSim") == 0
    await world.press(card, "Approve", by=OTHER_APPROVER)

    assert "Confirmed · approved by <@U0APPROVER> , <@U0APPROVER2>" in world.now(card)
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
        await says_why(world, card, "Deny", by=APPROVER)
    elif end == "withdrawn":
        await says_why(world, card, "Withdraw", by=APPROVER)
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
    """A real process of the bot between the neighbours, and a bot with the time held after its death."""
    made = Town(tmp_path)
    try:
        await made.start()
        await made.live()
        yield made
    finally:
        await made.stop()


async def test_killed_while_it_waits(town: Town):
    """Killed while a request waits, and started again: it is there, on the one card, and is carried out once."""
    card = await town.asks()

    await town.kill()
    await town.live()
    await town.approves(card)
    await town.sees(lambda: "Confirmed · approved by <@U0APPROVER>" in town.now(card))

    assert town.hub.count("suspendSim") == 1
    await town.die()
    assert len(town.cards(APPROVALS)) == 1
    assert [what for _, what in town.deeds()] == ["asked", "approved", "done"]


async def test_killed_before_the_decision_was_stored(town: Town):
    """Killed while the SIM was looked at again for an approval: nothing is decided or sent, and it can be pressed
    again."""
    card = await town.asks()
    town.relay.keep(question=LOOK)
    await town.approves(card)
    await town.relay.kept()

    await town.die()
    await looked_after(town, minutes=1)
    assert "Waiting for an approver" in town.now(card)
    assert town.hub.count("suspendSim") == 0
    await town.press(card, "Approve", by=APPROVER)

    assert "Confirmed" in town.now(card)
    assert town.hub.count("suspendSim") == 1
    assert [what for _, what in town.deeds()] == ["asked", "approved", "done"]
    assert len(town.cards(APPROVALS)) == 1


@dataclass(frozen=True)
class Cut:
    """Where the way to SmartHub is cut, how often SmartHub heard of the change, and what comes of it."""

    question: str = ""
    answer: str = ""
    after: str = ""
    heard: int = 1
    ends: str = "done"


CUTS = {
    "before SmartHub heard of it": Cut(question="deactivate", heard=0, ends="failed"),
    "before its answer came": Cut(answer="deactivate"),
    "before the SIM was read again": Cut(question=LOOK, after="deactivate"),
    "before the outcome was stored": Cut(answer=LOOK, after="deactivate"),
}


@pytest.mark.parametrize("when", CUTS)
async def test_killed_while_it_was_carried_out(town: Town, when: str):
    """Killed after the decision: it is not lost, is unsure until the SIM was read, and is never sent again; the one
    card ends up true, and each thing is told once."""
    cut = CUTS[when]
    card = await town.asks()
    town.relay.keep(question=cut.question, answer=cut.answer, after=cut.after)
    await town.approves(card)
    await town.relay.kept()

    await town.die()
    assert town.hub.count("suspendSim") == cut.heard
    assert town.request().state == "unsure"
    assert "Unsure · approved by <@U0APPROVER>" in town.now(card)
    await looked_after(town, minutes=17)

    assert town.hub.count("suspendSim") == cut.heard
    assert town.hub.sim(town.request().giccid)["status"] == ("DEACTIVATED" if cut.heard else "ACTIVATED")
    assert ("Confirmed" if cut.heard else "Not done") in town.now(card)
    assert [what for _, what in town.deeds()] == ["asked", "approved", "unsure", cut.ends]
    assert len(town.cards(APPROVALS)) == 1
    for said in (town.thread(card), town.told(OPERATOR)):
        assert heads(said) == ["Approved,", "Unsure", "Confirmed" if cut.heard else "Not"]


async def test_killed_while_an_sms_was_on_its_way(town: Town):
    """Killed before SmartHub's answer to an SMS came: it is not sent again, and unsure until somebody says so."""
    town.relay.keep(answer="mt-sms")
    saying = asyncio.ensure_future(town.slack.say(f"/sim sms {town.hub.pick()} reboot", by=OPERATOR, channel=OPS))
    await town.relay.kept()

    await town.die()
    await saying
    await looked_after(town, minutes=60)
    assert town.request().state == "unsure"
    await says_why(town, town.card(), "It was done…", by=APPROVER)

    assert town.hub.count("sendSms") == 1
    assert [what for _, what in town.deeds()] == ["asked", "unsure", "said done"]
    assert "Confirmed" in town.now(town.card())


async def test_killed_before_the_card_was_redrawn(town: Town):
    """Killed when all was done and stored and the card still said that it waits: it is redrawn, and nothing sent."""
    card = await town.asks()
    town.slack.refuse("chat.update", "restricted_action")  # the bot leaves that channel alone for a minute
    await town.approves(card)
    await town.sees(lambda: any("Confirmed" in words for words in town.told(OPERATOR)))
    await town.kill()
    assert "Waiting for an approver" in town.now(card)

    await town.die()

    assert "Confirmed" in town.now(card)
    assert town.hub.count("suspendSim") == 1
    assert [what for _, what in town.deeds()] == ["asked", "approved", "done"]
    assert len(town.cards(APPROVALS)) == 1
    for said in (town.thread(card), town.told(OPERATOR)):
        assert heads(said) == ["Approved,", "Confirmed"]


async def test_killed_before_anybody_was_told(town: Town):
    """Killed when SmartHub had answered and Slack took nothing: all is told by the next bot, and each thing once."""
    card = await town.asks()
    await town.slack.say("/sim approvals", by=APPROVER, channel=OPS)  # so that the approvers are known
    town.relay.keep(answer=LOOK, after="deactivate")
    town.slack.down = True
    await town.approves(card)
    await town.relay.kept()
    await town.kill()
    assert town.hub.count("suspendSim") == 1
    assert town.thread(card) == town.told(OPERATOR) == []

    town.slack.down = False
    await town.die()
    await looked_after(town, minutes=1)

    assert "Confirmed" in town.now(card)
    assert town.hub.count("suspendSim") == 1
    assert len(town.cards(APPROVALS)) == 1
    for said in (town.thread(card), town.told(OPERATOR)):
        assert heads(said) == ["Approved,", "Unsure", "Confirmed"]


async def test_killed_when_slack_had_the_card_and_had_not_said_so(town: Town):
    """Killed after Slack took the card and before the bot knew: the card is found again, and not posted twice."""
    town.slack.lose_next("chat.postMessage")
    card = await town.asks()

    await town.die()
    await town.press(card, "Approve", by=APPROVER)

    assert "Confirmed" in town.now(card)
    assert len(town.cards(APPROVALS)) == 1
    assert town.hub.count("suspendSim") == 1
    assert heads(town.thread(card)) == ["Approved,", "Confirmed"]


def heads(said: list[str]) -> list[str]:
    """How a request stands in each of these messages: the word behind its mark."""
    return [" ".join(words.split()).split(": ", 1)[1].split()[1] for words in said]
