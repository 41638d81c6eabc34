"""What nobody could find out by reading is settled by somebody who knows: an approver, with a reason, and once."""

from __future__ import annotations

import asyncio

import pytest

from bot.simulator.slack import FormRefused, Message, pings
from tests.stories.changes import looked_after, says_why
from tests.stories.forging import answers, click, form, send
from tests.talk import (
    ADMIN,
    APPROVALS,
    APPROVER,
    APPROVER_GROUP,
    OPERATOR,
    OTHER_APPROVER,
    OTHER_OPERATOR,
    VIEWER,
    World,
    plain,
)

FAR = 10**6  # seconds: as good as never
HOSTILE = "<!channel> <@U0STRANGER> <!subteam^S0EVERYBODY> *now* `x` <http://evil.example|here>"
BY_HAND = ["It was done…", "It was not done…"]


async def unsure(world: World, operation: str = "suspend", giccid: str | None = None) -> Message:
    """The card of a change whose answer was lost and whose SIM does not show it."""
    card = await world.ask(operation, giccid)
    world.hub.settle_slowly = FAR
    world.hub.lose_next()
    await world.press(card, "Approve", by=APPROVER)
    assert world.request().state == "unsure"
    return card


async def lost_sms(world: World) -> Message:
    """The card of an SMS whose answer was lost; nobody had to approve it."""
    world.hub.lose_next("sendSms")
    await world.say(f"/sim sms {world.hub.pick()} reboot now")
    assert world.request().state == "unsure"
    return world.card()


# --- somebody says so ---


async def test_it_was_done(world: World):
    """An approver who knows that it was done ends it as done: the card names them and their reason, nothing is sent."""
    card = await unsure(world)

    await says_why(world, card, "It was done…", by=OTHER_APPROVER, why="the meter fell silent")
    await looked_after(world, minutes=20)

    assert "Confirmed · approved by <@U0APPROVER>" in world.now(card)
    assert "<@U0APPROVER2> says that it was done." in world.now(card)
    assert "Because the meter fell silent" in world.now(card)
    assert "says that it was done" in world.told(OPERATOR)[-1]
    assert "the meter fell silent" in world.told(OPERATOR)[-1]
    assert world.deeds()[-2:] == [("simops", "unsure"), (OTHER_APPROVER, "said done")]
    assert list(world.app.store.audit.lines())[-1].deed.detail["why"] == "the meter fell silent"
    assert world.hub.count("suspendSim") == 1


async def test_it_was_not_done(world: World):
    """An approver who knows that it was not done ends it as not done; the SIM is free for the next request."""
    card = await unsure(world)

    await says_why(world, card, "It was not done…", by=ADMIN, why="SmartHub's support says so")

    assert "Not done · approved by <@U0APPROVER>" in world.now(card)
    assert "<@U0ADMIN> says that it was not done." in world.now(card)
    assert "Because SmartHub's support says so" in world.now(card)
    assert world.slack.now_of(card).buttons == []
    assert world.deeds()[-1] == (ADMIN, "said not done")
    assert "#2 Suspend" in plain(await world.ask("suspend", world.request().giccid))


async def test_what_was_said_to_be_done_can_be_undone(world: World):
    """Done is done, whoever found out: it is undone with one press like the rest, when the SIM shows it by then."""
    card = await unsure(world)
    await says_why(world, card, "It was done…", by=APPROVER)
    world.hub.settle_slowly = 0
    world.hub.change(world.request().giccid, status="DEACTIVATED")

    await world.press(card, "Undo (within 30 min)", by=OTHER_OPERATOR)

    assert world.request(2).undo_of == 1


@pytest.mark.parametrize("made", [True, False])
async def test_the_first_of_two_steps(world: World, made: bool):
    """Who says that the suspend of a retirement was done has not said that it was retired: its time runs first."""
    card = await unsure(world, "retire", world.hub.pick())
    world.hub.settle_slowly = 0

    await says_why(world, card, BY_HAND[0] if made else BY_HAND[1], by=APPROVER)

    assert world.request().state == ("cooling" if made else "failed")
    assert ("unless somebody cancels" in world.now(card)) == made
    world.hub.change(world.request().giccid, status="DEACTIVATED")
    await world.later(hours=24)
    await world.run("requests")
    assert world.hub.count("retireSim") == (1 if made else 0)


# --- who, and with what ---


@pytest.mark.parametrize("button", BY_HAND)
@pytest.mark.parametrize("user", [VIEWER, OTHER_OPERATOR])
async def test_who_may_not_say_so(world: World, user: str, button: str):
    """It takes an approver: an operator or a viewer is told so before a form opens, and by a form nobody opened."""
    card = await unsure(world)

    await world.press(card, button, by=user)
    assert "you have to be an approver" in answers(world, user)[-1]
    assert world.slack.modal(user) is None
    what = "done" if button == "It was done…" else "undone"
    forged = await send(world, form(world, "1", "I know", by=user, what=what))

    assert "you have to be an approver" in forged.body
    assert world.request().state == "unsure"


@pytest.mark.parametrize(("button", "what"), [("It was done…", "done"), ("It was not done…", "undone")])
async def test_it_needs_a_reason(world: World, button: str, what: str):
    """A form without a reason is not sent; one that comes all the same, blank or missing, is refused in words."""
    card = await unsure(world)
    await world.press(card, button, by=APPROVER)
    with pytest.raises(FormRefused):
        await world.submit({}, by=APPROVER)

    for why in (None, "", " \n"):
        ack = await send(world, form(world, "1", why, by=APPROVER, what=what))
        assert "Write a reason" in ack.body
    assert world.request().state == "unsure"


async def test_a_hostile_reason_stays_text(world: World):
    """The reason can ping nobody, format and link nothing, wherever it is read."""
    card = await unsure(world)

    await says_why(world, card, "It was done…", by=APPROVER, why=HOSTILE)

    assert HOSTILE in world.now(card)
    assert HOSTILE in world.told(OPERATOR)[-1]
    for message in (*world.slack.messages(APPROVALS), *world.slack.dm(OPERATOR)):
        assert pings(message) <= {OPERATOR, APPROVER, ADMIN, APPROVER_GROUP}
        assert "mrkdwn" not in str(message.blocks)


# --- once ---


async def test_found_out_meanwhile(world: World):
    """What was read from the SIM while the form was open stands; the form says that it is too late."""
    card = await unsure(world)
    await world.press(card, "It was not done…", by=APPROVER)
    world.hub.change(world.request().giccid, status="DEACTIVATED")
    await looked_after(world, minutes=1)

    late = await world.submit({"Reason": "I am sure"}, by=APPROVER)

    assert late.errors is not None
    assert "approved by somebody else and done already" in late.errors["why"]
    assert "Looked up: the SIM reads suspended, so it was done." in world.now(card)
    assert world.request().state == "done"


async def test_looked_at_meanwhile(world: World):
    """A look that found nothing while the form was open does not cost what was typed."""
    card = await unsure(world)
    await world.press(card, "It was done…", by=APPROVER)
    await looked_after(world, minutes=5)

    sent = await world.submit({"Reason": "I am sure"}, by=APPROVER)

    assert sent.errors is None
    assert world.request().state == "done"


async def test_two_say_the_opposite_at_once(world: World):
    """Of two who say opposite things at once one is believed, and the other reads how it stands."""
    card = await unsure(world)
    await world.press(card, "It was done…", by=APPROVER)
    await world.press(card, "It was not done…", by=OTHER_APPROVER)

    both = await world.through(
        asyncio.gather(*(world.slack.submit(by=u, values={"Reason": "I know"}) for u in (APPROVER, OTHER_APPROVER)))
    )

    assert sum(sent.errors is None for sent in both) == 1
    assert [what for _, what in world.deeds()][2:] in (["unsure", "said done"], ["unsure", "said not done"])
    assert ("Confirmed" in world.now(card)) == (world.deeds()[-1][1] == "said done")


@pytest.mark.parametrize("button", ["Look now", *BY_HAND])
async def test_settled_already(world: World, button: str):
    """A press on the card as it was is told how it stands, and changes nothing."""
    card = await unsure(world)
    as_it_was = world.slack.now_of(card)
    assert as_it_was is not None
    await says_why(world, card, "It was not done…", by=APPROVER)
    before = (world.request(), world.deeds())

    await world.press(as_it_was, button, by=OTHER_APPROVER, stale=True)

    assert "Request #1 is approved by <@U0APPROVER> and failed already" in answers(world, OTHER_APPROVER)[-1]
    assert world.slack.modal(OTHER_APPROVER) is None
    assert (world.request(), world.deeds()) == before


@pytest.mark.parametrize("what", ["done", "undone", "look"])
async def test_not_what_is_not_unsure(world: World, what: str):
    """Of a request that waits for its approval nobody can say that it was done: forged, it is refused in words."""
    card = await world.ask()

    await send(world, click(world, card, f"approval.{what}", by=APPROVER, value="1"))

    assert "Request #1 is waiting already" in answers(world, APPROVER)[-1]
    assert world.request().state == "pending"
    assert world.hub.count("suspendSim") == 0


# --- what no SIM shows ---


async def test_an_sms_stays_unsure(world: World):
    """No SIM shows whether an SMS was sent: one whose answer was lost stays unsure until somebody says so, it is never
    sent again, and SmartHub is not asked again and again."""
    card = await lost_sms(world)
    await looked_after(world, minutes=5)
    assert "Nothing shows whether it was sent. Ask the device, then say so here." in world.now(card)
    asked = len(world.hub.asked)

    await looked_after(world, minutes=120)

    assert world.request().state == "unsure"
    assert world.slack.now_of(card).buttons == ["Look now", "It was done…", "It was not done…"]
    assert len(world.hub.asked) == asked
    assert world.hub.count("sendSms") == 1
    assert sum("Unsure" in told for told in world.told(OPERATOR)) == 1


async def test_look_now_at_an_sms(world: World):
    """Look now finds nothing where nothing can be seen: it says so on the card and asks SmartHub for nothing."""
    card = await lost_sms(world)
    asked = len(world.hub.asked)

    await world.press(card, "Look now", by=OTHER_OPERATOR)

    assert "Nothing shows whether it was sent." in world.now(card)
    assert world.request().state == "unsure"
    assert len(world.hub.asked) == asked


@pytest.mark.parametrize("made", [True, False])
async def test_somebody_says_what_became_of_an_sms(world: World, made: bool):
    """An approver who asked the device ends it, one way or the other, also after days and a restart."""
    card = await lost_sms(world)
    await world.later(days=3)
    await world.restart()
    await world.run("requests")

    await says_why(world, card, BY_HAND[0] if made else BY_HAND[1], by=APPROVER, why="the device told me")

    assert world.request().state == ("done" if made else "failed")
    assert f"<@U0APPROVER> says that it was {'done' if made else 'not done'}." in world.now(card)
    assert world.slack.now_of(card).buttons == []
    assert world.hub.count("sendSms") == 1
    assert "the device told me" in world.told(OPERATOR)[-1]


async def test_an_unsure_sms_closes_nothing(world: World):
    """An SMS changes nothing of its SIM, so that an unsure one stands in the way of no request."""
    await lost_sms(world)

    card = await world.ask("suspend", world.request().giccid)
    await world.press(card, "Approve", by=APPROVER)

    assert "Confirmed" in world.now(card)
    assert world.request(1).state == "unsure"


async def test_a_sim_that_shows_it_speaks_against_not_done(world: World):
    """Who says that it was not done while the SIM shows that it was is told so, and nothing is settled by it."""
    card = await unsure(world)
    world.hub.change(world.request().giccid, status="DEACTIVATED")

    await world.press(card, "It was not done…", by=APPROVER)
    sent = await world.submit({"Reason": "I believe so"}, by=APPROVER)

    assert sent.errors is not None
    assert "so request #1 was done. Press Look now." in sent.errors["why"]
    assert world.request().state == "unsure"
