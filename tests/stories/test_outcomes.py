"""What comes of an approved change: made, refused, lost, late. It is sent once, and the card ends up true."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import NotPossible
from bot.rules.sims import quotable
from bot.simulator.slack import Delivery, Message, pings
from tests.stories.changes import CALLS, approved, break_the_glass, looked_after, with_settings
from tests.stories.forging import answers
from tests.talk import APPROVALS, APPROVER, OPERATOR, OTHER_OPERATOR, VIEWER, World

FAR = 10**6  # seconds: as good as never


async def pressed(world: World, card: Message) -> asyncio.Future[Delivery]:
    """The press of Approve when the SIM was looked at again, in the moment before SmartHub hears of the change."""
    world.hub.slow = 1
    pressing = await world.begin(world.slack.press(card, "Approve", by=APPROVER))
    world.hub.slow = 0
    assert world.request().state == "pending"
    return pressing


async def sent(world: World, card: Message) -> asyncio.Future[Delivery]:
    """The same when SmartHub has the change; its answer comes in a second."""
    pressing = await pressed(world, card)
    world.hub.slow = 1
    await world.clock.advance(1)
    await world._still()
    world.hub.slow = 0
    assert world.request().state == "running"
    assert world.hub.count("suspendSim") == 1
    return pressing


@pytest.mark.parametrize("code", ["illegal_status", "invalid", "something_new", "<@U0ADMIN> <!channel>"])
async def test_refused(world: World, code: str):
    """A change that SmartHub refuses is not done, with SmartHub's words on the card and for the requester."""
    world.hub.refuse_next(code)

    card = await approved(world)

    assert "Refused · approved by <@U0APPROVER>" in world.now(card)
    assert "SmartHub refused the change" in world.now(card)
    assert quotable(code) in world.now(card)
    assert "Refused" in world.told(OPERATOR)[-1]
    assert quotable(code) in world.told(OPERATOR)[-1]
    assert world.request().state == "failed"
    assert world.slack.now_of(card).buttons == []
    assert world.deeds()[-1] == ("simops", "failed")
    for message in (*world.slack.messages(APPROVALS), *world.slack.dm(OPERATOR)):
        assert pings(message) <= {OPERATOR, APPROVER}


async def test_refused_because_somebody_else_did_it(world: World):
    """When the SIM is changed elsewhere after the last look at it, SmartHub refuses, and the card says so."""
    card = await world.ask()
    pressing = await pressed(world, card)
    world.hub.change(world.request().giccid, status="RETIRED")

    await world.through(pressing)

    assert "not in a state that allows it" in world.now(card)
    assert world.request().state == "failed"
    assert world.hub.count("suspendSim") == 1


async def test_changed_before_somebody_approves(world: World):
    """When the SIM was changed elsewhere while the request waited, whoever approves reads that, and nothing is sent."""
    card = await world.ask()
    world.hub.change(world.request().giccid, status="RETIRED")

    await world.press(card, "Approve", by=APPROVER)

    assert "Request #1 does not fit any more: The state was active and is retired." in answers(world, APPROVER)[-1]
    assert "The state was active and is retired." in world.now(card)
    assert world.request().state == "pending"
    assert world.hub.count("suspendSim") == 0


async def test_not_to_be_read_when_somebody_approves(world: World):
    """While the SIM cannot be read nobody can approve, in words; nothing is stored of it, and later it goes."""
    card = await world.ask()
    world.hub.down = True
    await world.press(card, "Approve", by=APPROVER)

    assert "SmartHub" in answers(world, APPROVER)[-1]
    assert world.request().votes == ()
    assert world.deeds() == [(OPERATOR, "asked")]
    world.hub.down = False
    await world.press(card, "Approve", by=APPROVER)
    assert "Confirmed" in world.now(card)
    assert world.hub.count("suspendSim") == 1


async def test_after_a_refusal_it_can_be_asked_again(world: World):
    """A failed change leaves the SIM free for the next request."""
    world.hub.refuse_next()
    await approved(world)
    giccid = world.request().giccid

    again = await world.ask("suspend", giccid)
    await world.press(again, "Approve", by=APPROVER)

    assert "Confirmed" in world.now(again)


@pytest.mark.parametrize("operation", CALLS)
async def test_lost_and_done(world: World, operation: str):
    """A change whose answer was lost is unsure, is not sent again, and is found done by reading the SIM."""
    await with_settings(world)
    _, call = CALLS[operation]
    world.hub.lose_next(call)

    card = await approved(world, operation)
    assert world.request().state == "unsure"
    assert "Unsure" in world.now(card)
    assert "It is not sent again." in world.now(card)
    assert world.slack.now_of(card).buttons == ["Look now", "It was done…", "It was not done…"]
    await looked_after(world, minutes=0.5)

    assert "Confirmed" in world.now(card)
    assert "Looked up:" in world.now(card)
    assert world.hub.count(call) == 1
    assert ["Approved" in world.told(OPERATOR)[0], "Unsure" in world.told(OPERATOR)[1]] == [True, True]
    assert "Confirmed" in world.told(OPERATOR)[2]
    assert world.deeds() == [(OPERATOR, "asked"), (APPROVER, "approved"), ("simops", "unsure"), ("simops", "done")]


async def test_lost_and_not_done(world: World):
    """A lost change whose SIM stays as it was counts as not done after the time that was set, and is not sent again."""
    world.hub.settle_slowly = FAR
    world.hub.lose_next("suspendSim")
    card = await approved(world)

    await looked_after(world, minutes=14)
    assert world.request().state == "unsure"
    assert "The SIM reads active so far." in world.now(card)
    await looked_after(world, minutes=2)

    assert world.request().state == "failed"
    assert "Not done" in world.now(card)
    assert "still reads active, so it was not done. Ask again if it is still wanted." in world.now(card)
    assert world.hub.count("suspendSim") == 1
    assert [what for _, what in world.deeds()] == ["asked", "approved", "unsure", "failed"]


async def test_looking_tells_nobody_again_and_again(world: World):
    """While a change is unsure its card is redrawn, and nobody is told the same thing at each look."""
    world.hub.settle_slowly = FAR
    world.hub.lose_next("suspendSim")
    card = await approved(world)
    told, replies, lines = len(world.told(OPERATOR)), len(world.thread(card)), len(world.deeds())

    await looked_after(world, minutes=10)

    assert (len(world.told(OPERATOR)), len(world.thread(card)), len(world.deeds())) == (told, replies, lines)


async def test_unsure_while_smarthub_is_down(world: World):
    """While the SIM cannot be read an unsure change stays unsure, however long that takes; then it is settled."""
    world.hub.lose_next("suspendSim")
    card = await approved(world)
    world.hub.down = True

    await looked_after(world, minutes=40)
    assert world.request().state == "unsure"
    assert "The SIM could not be read" in world.now(card)
    world.hub.down = False
    await looked_after(world, minutes=1)

    assert world.request().state == "done"
    assert world.hub.count("suspendSim") == 1


@pytest.mark.parametrize("status", ["FROZEN", "RETIRED", "INVENTORY"])
async def test_unsure_and_in_no_state_that_was_expected(world: World, status: str):
    """A SIM that turns up in quite another state was not changed by us: not done, naming the state it is in."""
    world.hub.lose_next("suspendSim")
    card = await approved(world)
    world.hub.change(world.request().giccid, status=status)

    await looked_after(world, minutes=16)

    assert world.request().state == "failed"
    assert status.lower() in world.now(card).lower()


async def test_accepted_and_shown_a_moment_later(world: World):
    """A change that shows a few seconds after it was accepted is confirmed without ever having been unsure."""
    world.hub.settle_slowly = 2

    card = await approved(world)

    assert "Confirmed" in world.now(card)
    assert ("simops", "unsure") not in world.deeds()
    assert world.hub.count("suspendSim") == 1


async def test_accepted_and_shown_late(world: World):
    """A change that was accepted and does not show is unsure, and confirmed when it shows."""
    world.hub.settle_slowly = 200

    card = await approved(world)
    assert "SmartHub took it, but the SIM still reads active" in world.now(card)
    assert world.request().state == "unsure"
    await looked_after(world, minutes=4)

    assert "Confirmed" in world.now(card)
    assert world.hub.count("suspendSim") == 1


async def test_accepted_and_not_readable_since(world: World):
    """When SmartHub accepts and then cannot be read, the change is unsure, not done."""
    card = await world.ask(by=OTHER_OPERATOR)
    pressing = await sent(world, card)
    world.hub.down = True
    await world.through(pressing)

    assert "SmartHub took it, but the SIM could not be read since" in world.now(card)
    world.hub.down = False
    await looked_after(world, minutes=1)
    assert "Confirmed" in world.now(card)


async def test_look_now(world: World):
    """Look now reads the SIM at once: still unsure, it says what it reads; seen done, it is settled."""
    world.hub.settle_slowly = 100
    world.hub.lose_next("suspendSim")
    card = await approved(world)

    await world.press(card, "Look now", by=OTHER_OPERATOR)
    assert "The SIM reads active so far." in world.now(card)
    assert world.request().state == "unsure"
    unsure = world.slack.now_of(card)
    assert unsure is not None
    await world.later(seconds=100)
    await world.press(card, "Look now", by=OTHER_OPERATOR)
    assert "Confirmed" in world.now(card)
    await world.press(unsure, "Look now", by=OTHER_OPERATOR, stale=True)

    assert "done already" in answers(world, OTHER_OPERATOR)[-1]
    assert world.hub.count("suspendSim") == 1


async def test_who_may_look(world: World):
    """A viewer cannot have SmartHub read."""
    world.hub.lose_next("suspendSim")
    card = await approved(world)
    asked = len(world.hub.asked)

    await world.press(card, "Look now", by=VIEWER)

    assert "you have to be an operator" in answers(world, VIEWER)[-1]
    assert len(world.hub.asked) == asked


async def test_look_now_while_smarthub_is_down(world: World):
    """Look now while SmartHub is down leaves it unsure and says on the card that the SIM could not be read."""
    world.hub.lose_next("suspendSim")
    card = await approved(world)
    world.hub.down = True

    await world.press(card, "Look now", by=APPROVER)

    assert "The SIM could not be read" in world.now(card)
    assert world.request().state == "unsure"


async def test_busy(world: World):
    """A change that SmartHub was too busy for was not made, and is not sent again by itself."""
    card = await world.ask(by=OTHER_OPERATOR)
    pressing = await pressed(world, card)
    world.hub.busy(1, retry_after=7)

    await world.through(pressing)

    assert "Not done" in world.now(card)
    assert "asks to wait 7 seconds" in world.now(card)
    assert world.hub.count("suspendSim") == 0
    assert world.hub.sim(world.request().giccid)["status"] == "ACTIVATED"


async def test_not_reachable(world: World):
    """A change that could not even be sent is not done: nothing was changed, and the card says so."""
    card = await world.ask(by=OTHER_OPERATOR)
    world.hub.unreachable = True

    await break_the_glass(world, card)

    assert "Not done" in world.now(card)
    assert "nothing was changed" in world.now(card)
    world.hub.unreachable = False
    await world.run("requests")
    assert world.hub.count("suspendSim") == 0


async def test_a_server_error_on_a_change(world: World):
    """After a 503 to a change nobody knows whether it was made: unsure, and settled by reading."""
    card = await world.ask(by=OTHER_OPERATOR)
    world.hub.down = True

    await break_the_glass(world, card)
    assert world.request().state == "unsure"
    world.hub.down = False
    await looked_after(world, minutes=16)

    assert world.request().state == "failed"
    assert world.hub.count("suspendSim") == 0


async def test_a_lost_change_keeps_its_sim_closed(world: World):
    """While a change is unsure no second one of the same SIM can be asked for."""
    world.hub.lose_next("suspendSim")
    await approved(world)

    said = await world.say(f"/sim activate {world.request().giccid}")

    assert said.reply is not None
    # The SIM reads suspended: only the open request stands in the way.
    assert "Request #1 (suspend, unsure) for this SIM is still open." in " ".join(said.reply.words.split())


async def test_the_store_refuses_in_the_middle(world: World):
    """When the disk refuses after SmartHub took a change, nothing is sent again and the card ends up true."""
    card = await world.ask(by=OTHER_OPERATOR)
    pressing = await sent(world, card)
    writer = world.app.store.disk._writer
    writer.execute("PRAGMA query_only=ON")  # as a full disk: every write fails
    await pressing
    await world.clock.advance(1)
    await world._still()
    writer.execute("PRAGMA query_only=OFF")
    assert world.request().state == "running"
    assert world.hub.count("suspendSim") == 1
    await world.quiet()

    await looked_after(world, minutes=5)

    assert world.request().state == "done"
    assert "Confirmed" in world.now(card)
    assert world.hub.count("suspendSim") == 1


async def test_the_store_refuses_before_the_decision(world: World):
    """When the decision cannot be written, nothing is sent, and whoever pressed reads why."""
    card = await world.ask(by=OTHER_OPERATOR)
    writer = world.app.store.disk._writer
    writer.execute("PRAGMA query_only=ON")

    await world.slack.press(card, "Approve", by=APPROVER)
    await world.quiet()
    writer.execute("PRAGMA query_only=OFF")

    assert "cannot be written" in answers(world, APPROVER)[-1]
    assert world.hub.count("suspendSim") == 0
    await world.press(card, "Approve", by=APPROVER)
    assert "Confirmed" in world.now(card)


async def test_only_what_was_decided_is_carried_out(world: World):
    """A request that nobody approved, and one that is over, cannot be sent, whoever asks for it inside the bot."""
    card = await world.ask()
    pending = world.request()
    with pytest.raises(NotPossible):
        await world.app.flows.approvals.carrying.carry_out(pending)
    await world.press(card, "Approve", by=APPROVER)
    with pytest.raises(NotPossible):
        await world.app.flows.approvals.carrying.carry_out(world.request())

    assert world.hub.count("suspendSim") == 1


async def test_a_decision_does_not_wait_for_slack(world: World):
    """The decision and its outcome are on disk while Slack says nothing at all; it is told when it is back."""
    card = await world.ask()
    await world.say("/sim help", by=APPROVER)
    world.slack.down = True
    await world.begin(world.slack.press(card, "Approve", by=APPROVER))

    assert world.request().state == "done"
    world.slack.down = False
    await world.later(minutes=2)
    assert "Confirmed" in world.now(card)
    assert any("Confirmed" in told for told in world.told(OPERATOR))
