"""Answers come in time and arrive, also while SmartHub is slow, down or talks nonsense, or Slack's own way is shut."""

from __future__ import annotations

import asyncio

import pytest

from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.simulator.slack import pings
from tests.stories.forging import answers, click
from tests.talk import ADMIN, APPROVER, OPERATOR, OPS, STRANGER, VIEWER, World, plain

ONE_MOMENT = "One moment, I am looking it up …"


async def test_a_slow_smarthub(world: World):
    """When SmartHub takes longer than Slack waits, a word comes first and the answer when it is there."""
    world.hub.slow = 8
    began = world.clock.now()

    said = await world.say(f"/sim {world.hub.giccid(0)}", by=VIEWER)

    assert said.ok
    assert plain(said.reply) == ONE_MOMENT
    assert said.reply is not None
    assert said.reply.ephemeral_to == VIEWER
    assert (world.clock.now() - began).total_seconds() == 8
    assert str(world.hub.sim(0)["custom1"]) in answers(world, VIEWER)[-1]
    assert len(answers(world, VIEWER)) == 2


async def test_the_word_comes_within_slacks_patience(world: World):
    """The first word comes a second and a half after the question, whatever SmartHub does."""
    world.hub.slow = 8
    asking = await world.begin(world.slack.say(f"/sim {world.hub.giccid(0)}", by=VIEWER, channel=OPS))
    assert not asking.done()

    await world.clock.advance(1.5)
    await world._still()

    assert asking.done()
    assert plain(asking.result().reply) == ONE_MOMENT
    await world.quiet()


async def test_slow_and_wrong(world: World):
    """A mistake that is found late is told late, in the same words; a request that is stored late as well."""
    world.hub.slow = 3

    await world.say("/sim 8949212600009999999", by=VIEWER)
    await world.say(f"/sim suspend {world.hub.pick()}", by=OPERATOR)

    assert "SmartHub knows no SIM with this ICCID either." in answers(world, VIEWER)[-1]
    assert "Asked: #1" in answers(world, OPERATOR)[-1]


async def test_a_slow_list_for_everybody(world: World):
    """An answer for everybody that comes late is for everybody still; the first word was for the asker alone."""
    world.hub.slow = 3

    said = await world.say(f"/sim {world.hub.giccid(0)} --here", by=VIEWER)

    assert said.reply is not None
    assert said.reply.ephemeral_to == VIEWER
    assert str(world.hub.sim(0)["custom1"]) in plain(world.slack.messages(OPS)[-1])


@pytest.mark.parametrize("shut", ["used up", "too old", "refused"])
async def test_the_answer_address_is_shut(world: World, shut: str):
    """An answer that Slack does not take where it was asked reaches the asker directly, once."""
    world.hub.slow = 8
    asking = await world.begin(world.slack.say(f"/sim {world.hub.giccid(0)}", by=VIEWER, channel=OPS))
    await world.clock.advance(2)
    await asking
    if shut == "refused":
        world.slack.space.answers.clear()
    for address in world.slack.space.answers.values():
        address.uses = 5 if shut == "used up" else 0
        address.at = address.at.replace(year=2025) if shut == "too old" else address.at

    await world.quiet()

    assert plain(asking.result().reply) == ONE_MOMENT
    assert len(answers(world, VIEWER)) == 1
    assert [str(world.hub.sim(0)["custom1"]) in words for words in world.told(VIEWER)] == [True]


async def test_slack_is_down_when_the_answer_is_ready(world: World):
    """An answer that finds Slack down waits in the outbox and is there when Slack is."""
    world.hub.slow = 8
    asking = await world.begin(world.slack.say(f"/sim {world.hub.giccid(0)}", by=VIEWER, channel=OPS))
    await world.clock.advance(2)
    await asking
    world.slack.down = True
    await world.clock.advance(30)
    await world._still()
    assert world.told(VIEWER) == []

    world.slack.down = False
    await world.quiet()

    assert [str(world.hub.sim(0)["custom1"]) in words for words in world.told(VIEWER)] == [True]


async def test_a_refusal_while_slack_is_down(world: World):
    """What a press has to say reaches the presser although Slack takes nothing in that moment."""
    card = await world.ask()
    world.slack.down = True
    pressing = await world.begin(world.slack.press(card, "Withdraw", by=ADMIN))
    assert (await pressing).ok
    await world.clock.advance(5)

    world.slack.down = False
    await world.quiet()

    assert any("Only the person who asked can withdraw this." in words for words in world.told(ADMIN))


async def test_a_decision_while_slack_is_down(world: World):
    """An approval that comes through while Slack's Web API is down is carried out once; the card is true afterwards."""
    card = await world.ask()
    await world.say("/sim help", by=APPROVER)  # so that the group is known
    world.slack.down = True
    await (await world.begin(world.slack.press(card, "Approve", by=APPROVER)))
    await world.clock.advance(20)
    await world._still()
    assert world.hub.count("suspendSim") == 1
    assert "Waiting" in world.now(card)

    world.slack.down = False
    await world.quiet()

    assert "Confirmed" in world.now(card)
    assert len(world.cards("C0APPROVALS")) == 1
    assert len(world.told(OPERATOR)) == 2


async def test_smarthub_down(world: World):
    """While SmartHub is down every command that needs it says so at once, and the others work."""
    card = await world.ask()
    world.hub.down = True

    for text in (f"/sim {world.hub.giccid(0)}", f"/sim suspend {world.hub.giccid(0)}"):
        said = await world.say(text)
        assert said.ok
        assert said.took < 3
        assert "SmartHub is not working right now (503). Try again later." in plain(said.reply)
    for text in ("/sim help", "/sim approvals", "/sim alerts", "/sim status"):
        assert "SmartHub is not working" not in plain((await world.say(text)).reply)
    await world.press(card, "Deny", by=APPROVER)
    await world.submit({"Reason": "no"}, by=APPROVER)
    assert "Denied" in world.now(card)


async def test_smarthub_out_of_reach(world: World):
    """While nothing answers at SmartHub's address the answer says so, and names no address and no key."""
    world.hub.unreachable = True

    said = await world.say(f"/sim {world.hub.giccid(0)}")

    assert "SmartHub cannot be reached" in plain(said.reply)
    assert "127.0.0.1" not in said.body
    assert "key-for-tests" not in said.body


async def test_smarthub_busy(world: World):
    """When SmartHub asks to wait, the answer says how long."""
    world.hub.busy(1, retry_after=40)

    assert "asks to wait 40 seconds" in plain((await world.say(f"/sim {world.hub.giccid(0)}")).reply)


async def test_the_wrong_key(world: World):
    """A key that SmartHub does not know is told in words that name the setting and not the key."""
    other = Hub(key="another-key", fleet=Fleet(3, world.clock.now), clock=world.clock)
    await other.start()
    world.settings["smarthub"] = {"base_url": other.base_url, "rate_per_second": 1000, "tries": 1}
    await world.restart()

    said = await world.say(f"/sim {other.giccid(0)}")

    assert "SmartHub does not accept the API key. Check SMARTHUB_API_KEY." in plain(said.reply)
    assert "key-for-tests" not in said.body
    await other.stop()


NONSENSE = (
    (b"<html><body><script>alert(1)</script>Sign in</body></html>", "text/html"),
    (b"", "application/json"),
    (b"null", "application/json"),
    (b"[]", "application/json"),
    (b'{"giccid": 7}', "application/json"),
    (b'{"code": 500, "message": "<!channel> <@U0ADMIN> oops"}', "application/json"),
    (b"{" * 5000, "application/json"),
    (b"\xff\xfe\x00", "application/json"),
    (b'{"giccid": "8949212600000000019", "status": "ACTIVATED"}', "application/json"),
)


async def test_smarthub_talks_nonsense(world: World):
    """An answer that makes no sense is told in words, pings nobody and asks for nothing."""
    for body, kind in NONSENSE:
        for text in (f"/sim {world.hub.giccid(0)}", f"/sim suspend {world.hub.giccid(0)}"):
            world.hub.broken_next(body, kind)
            said = await world.say(text)
            world.hub.rest()

            assert said.ok, body
            assert "SmartHub" in plain(said.reply), body
            assert "Something went wrong" not in plain(said.reply), body
            assert said.reply is not None
            assert pings(said.reply) == set(), body
            assert len(plain(said.reply)) < 700
    assert world.deeds() == []


async def test_a_mistake_of_ours(world: World):
    """What nobody expected is told with a number to find it by, and neither the traceback nor what was in it."""
    card = await world.ask()
    payload = click(world, card, "approval.deny", by=APPROVER, value="1")
    del payload["trigger_id"]  # Slack always sends one

    ack = await world.through(world.slack.line.interaction(payload))

    assert ack.status == 200
    said = answers(world, APPROVER)[-1]
    assert "Something went wrong here (ref " in said
    assert "KeyError" not in said
    assert "trigger" not in said


async def test_thirty_at_once(world: World):
    """Thirty commands in the same moment are each answered in time."""

    who = [VIEWER, OPERATOR, APPROVER, ADMIN, STRANGER]
    asked = [world.slack.say(f"/sim {world.hub.giccid(n % 40)}", by=who[n % 5], channel=OPS) for n in range(30)]

    said = await world.through(asyncio.gather(*asked))

    assert all(one.ok for one in said)
    assert all(
        (str(world.hub.sim(n % 40)["custom1"]) in plain(one.reply)) == (n % 5 != 4) for n, one in enumerate(said)
    )
