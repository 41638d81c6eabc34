"""Undo: one press within its time asks for the opposite, from what the SIM was before, under the same policies."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.stories.changes import CALLS, approved, break_the_glass, says_why, with_settings
from tests.stories.forging import answers, click, send
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

UNDO = "Undo (within 30 min)"
# For each change that has a way back what brings it there, and SmartHub's name for that call.
BACK = {
    "suspend": ("Activate", "activateSim"),
    "activate": ("Suspend", "suspendSim"),
    "plan": ("Change the rate plan to “iot-100”", "changeBasicPackage"),
    "apn": ("Switch the APN “iot.smarthub” on", "changeApnStatus"),
    "set": ("Set custom2 to “DE-61”", "updateSimCustomFields"),
}


def settled(world: World, giccid: str) -> dict[str, object]:
    """What a change may touch of this SIM, as SmartHub has it."""
    kept = ("status", "servicePackage", "apns", *(f"custom{n}" for n in range(1, 6)))
    return {key: value for key, value in world.hub.sim(giccid).items() if key in kept}


async def until_done_for(world: World, **length: float) -> None:
    """Time passes until the first request has been done for exactly so long."""
    done_at = world.request().ended_at
    assert done_at is not None
    await world.later(seconds=(done_at + timedelta(**length) - world.clock.now()).total_seconds())


@pytest.mark.parametrize("operation", BACK)
async def test_undone(world: World, operation: str):
    """One press makes a request for the opposite; once that is approved the SIM is what it was, by one call."""
    await with_settings(world)
    sim = world.hub.pick("DEACTIVATED" if operation == "activate" else "ACTIVATED")
    before = settled(world, sim)
    card = await approved(world, operation, sim)
    assert settled(world, sim) != before
    words, call = BACK[operation]
    sent = world.hub.count(call)

    await world.press(card, UNDO, by=OTHER_OPERATOR)
    assert world.hub.count(call) == sent
    undo = world.card()
    await world.press(undo, "Approve", by=APPROVER)

    assert f"#2 {words}" in world.now(undo)
    assert "Undoes request #1" in world.now(undo)
    assert "Confirmed · approved by <@U0APPROVER>" in world.now(undo)
    assert settled(world, sim) == before
    assert world.hub.count(call) == sent + 1
    assert world.request(2).undo_of == 1
    assert "#2" in answers(world, OTHER_OPERATOR)[-1]


async def test_all_that_was_set_is_set_back(world: World):
    """Of several custom fields each gets its old text, an empty one is emptied, and what was not set is left alone."""
    sim = world.hub.pick()
    world.hub.change(sim, custom2="Bonn", custom3=None, custom4="left alone")
    card = await world.ask("set", f"{sim} custom2=Berlin custom3=new")
    await world.press(card, "Approve", by=APPROVER)
    world.hub.change(sim, custom4="changed elsewhere since")

    await world.press(card, UNDO, by=OTHER_OPERATOR)
    await world.press(world.card(), "Approve", by=APPROVER)

    now = world.hub.sim(sim)
    assert [now[f"custom{n}"] for n in (2, 3, 4)] == ["Bonn", None, "changed elsewhere since"]


async def test_back_to_what_it_was_when_it_was_approved(world: World):
    """What the SIM was when somebody said yes is where an undo leads, not what it was when somebody asked."""
    await with_settings(world)
    sim = world.hub.pick()
    card = await world.ask("plan", f"{sim} iot-500")
    world.hub.change(sim, servicePackage="pool-5g-eu")
    await world.press(card, "Approve", by=APPROVER)
    await world.press(card, "Approve", by=APPROVER)
    assert world.hub.sim(sim)["servicePackage"] == "iot-500"

    await world.press(card, UNDO, by=OTHER_OPERATOR)
    await world.press(world.card(), "Approve", by=APPROVER)

    assert world.hub.sim(sim)["servicePackage"] == "pool-5g-eu"


# --- under the same policies ---


async def test_an_undo_is_approved_by_somebody_else(world: World):
    """Who presses Undo asks for it, and cannot approve that, approver or not; it can be denied like any request."""
    card = await approved(world)

    await world.press(card, UNDO, by=APPROVER)
    undo = world.card()
    await world.press(undo, "Approve", by=APPROVER)
    assert "Someone else has to approve what you asked for yourself." in answers(world, APPROVER)[-1]
    await says_why(world, undo, "Deny", by=OTHER_APPROVER)

    assert world.request(2).state == "denied"
    assert world.hub.count("activateSim") == 0


async def test_the_policy_of_the_opposite_counts(world: World):
    """An undo falls under the policy for what it does: two people for an activation are two for this one."""
    world.policies = [{"name": "two to activate", "operations": ["activate"], "quorum": 2}]
    await with_settings(world)
    card = await approved(world)

    await world.press(card, UNDO, by=OTHER_OPERATOR)
    undo = world.card()
    await world.press(undo, "Approve", by=APPROVER)
    assert world.hub.count("activateSim") == 0
    await world.press(undo, "Approve", by=OTHER_APPROVER)

    assert "“two to activate”" in plain(undo)
    assert world.hub.count("activateSim") == 1


async def test_a_reason_the_policy_wants(world: World):
    """Where a reason has to be like a ticket, the one of before is that of the undo, so that one press is enough."""
    world.policies = [{"name": "ticket", "reason_required": True, "reason_pattern": "OPS-[0-9]+"}]
    await with_settings(world)
    card = await world.ask("suspend", because="OPS-17")
    await world.press(card, "Approve", by=APPROVER)

    await world.press(card, UNDO, by=OTHER_OPERATOR)

    assert "Reason OPS-17" in plain(world.card())
    assert world.request(2).state == "pending"


async def test_nobody_is_asked(world: World):
    """Where the policy asks nobody the answer has the button, as there is no card; pressed, it is undone at once."""
    world.policies = [{"name": "free", "operations": ["suspend", "activate"], "approval": False}]
    await with_settings(world)
    sim = world.hub.pick()
    answer = (await world.say(f"/sim suspend {sim}")).reply
    assert answer is not None
    assert answer.buttons == [UNDO]
    assert world.hub.sim(sim)["status"] == "DEACTIVATED"

    await world.press(answer, UNDO, by=OPERATOR)

    assert world.hub.sim(sim)["status"] == "ACTIVATED"
    assert (world.hub.count("suspendSim"), world.hub.count("activateSim")) == (1, 1)
    assert world.cards(APPROVALS) == []
    assert "#2 Activate" in answers(world, OPERATOR)[-1]


# --- within its time ---


async def test_until_the_last_second(world: World):
    """The time counts from when it was done: a second before its end an undo is asked for."""
    card = await approved(world)
    await until_done_for(world, minutes=29, seconds=59)

    await world.press(card, UNDO, by=OTHER_OPERATOR)

    assert world.request(2).state == "pending"


async def test_not_after_its_time(world: World):
    """When its time is over the button says what to do instead, and asks for nothing; a card drawn then has none."""
    card = await approved(world)
    await until_done_for(world, minutes=30)

    await world.press(card, UNDO, by=OTHER_OPERATOR)

    told = "Request #1 is too old to be undone with one press; ask for the change you want now."
    assert told in answers(world, OTHER_OPERATOR)[-1]
    assert len(world.cards(APPROVALS)) == 1
    assert world.app.flows.approvals.steps.draw(1).blocks[-1]["type"] != "actions"


@pytest.mark.parametrize("within", ["never", "2h"])
async def test_how_long_is_a_setting(world: World, within: str):
    """The setting says how long, on the button too; where it says never there is no button, and a forged press does
    nothing."""
    await with_settings(world, undo_within=within)
    card = await approved(world)
    await world.later(minutes=119)

    assert world.slack.now_of(card).buttons == ([] if within == "never" else ["Undo (within 2 h)"])
    await send(world, click(world, card, "approval.undo", by=OTHER_OPERATOR, value="1"))

    assert len(world.cards(APPROVALS)) == (1 if within == "never" else 2)


# --- once ---


async def test_not_twice(world: World):
    """While an undo waits, and after it was done, the button names it and asks for no second one."""
    card = await approved(world)
    await world.press(card, UNDO, by=OTHER_OPERATOR)

    await world.press(card, UNDO, by=APPROVER)
    assert "Request #2 (activate, pending) for this SIM is still open." in answers(world, APPROVER)[-1]
    await world.press(world.card(), "Approve", by=APPROVER)
    await world.press(card, UNDO, by=APPROVER)
    assert "it reads active now" in answers(world, APPROVER)[-1]
    assert len(world.cards(APPROVALS)) == 2
    assert world.hub.count("activateSim") == 1
    assert world.hub.count("suspendSim") == 1


async def test_two_press_at_once(world: World):
    """Of several who press at once one asks; the others read that it is asked for."""
    card = await approved(world)

    people = (OTHER_OPERATOR, APPROVER, OTHER_APPROVER)
    await world.through(asyncio.gather(*(world.slack.press(card, UNDO, by=user) for user in people)))

    said = [answers(world, user)[-1] for user in people]
    assert sum("Asked: #2" in words for words in said) == 1
    assert sum("Request #2 (activate, pending) for this SIM is still open." in words for words in said) == 2
    assert len(world.cards(APPROVALS)) == 2


async def test_again_after_it_was_denied(world: World):
    """An undo that came to nothing does not stand in the way of the next one."""
    card = await approved(world)
    await world.press(card, UNDO, by=OTHER_OPERATOR)
    await says_why(world, world.card(), "Deny", by=APPROVER)

    await world.press(card, UNDO, by=OTHER_OPERATOR)

    assert world.request(3).undo_of == 1
    assert world.request(3).state == "pending"


async def test_an_undo_is_not_undone(world: World):
    """There is no going to and fro: an undo has no button, and a forged press is told what to do instead."""
    card = await approved(world)
    await world.press(card, UNDO, by=OTHER_OPERATOR)
    undo = world.card()
    await world.press(undo, "Approve", by=APPROVER)
    assert "Confirmed" in world.now(undo)
    assert world.slack.now_of(undo).buttons == []

    await send(world, click(world, undo, "approval.undo", by=OTHER_OPERATOR, value="2"))

    assert "Request #2 is an undo itself; ask for the change you want." in answers(world, OTHER_OPERATOR)[-1]
    assert len(world.cards(APPROVALS)) == 2


# --- where there is no way back ---


@pytest.mark.parametrize("operation", ["addon", "retire"])
async def test_not_what_is_final(world: World, operation: str):
    """What nothing takes back has no button and said so before; a forged press is told the same."""
    await with_settings(world, cooling_off="none")
    card = await approved(world, operation)
    assert "Confirmed" in world.now(card)
    assert UNDO not in world.slack.now_of(card).buttons

    await send(world, click(world, card, "approval.undo", by=OTHER_OPERATOR, value="1"))

    assert "Nothing takes back request #1" in answers(world, OTHER_OPERATOR)[-1]
    assert len(world.cards(APPROVALS)) == 1


async def test_not_from_where_there_is_no_way_back(world: World):
    """A SIM that was activated for the first time cannot go back on the shelf: no button, and the card said so."""
    card = await world.ask("activate", world.hub.pick("INVENTORY"))
    assert "Cannot be undone" in plain(card)

    await world.press(card, "Approve", by=APPROVER)

    assert "Confirmed" in world.now(card)
    assert world.slack.now_of(card).buttons == []


@pytest.mark.parametrize("state", ["pending", "failed", "unsure", "denied"])
async def test_not_what_was_not_done(world: World, state: str):
    """Only what was done can be undone: a forged press for anything else is told how it stands."""
    card = await world.ask()
    world.hub.settle_slowly = 10**6
    if state == "failed":
        world.hub.refuse_next()
    if state == "unsure":
        world.hub.lose_next("suspendSim")
    if state in ("failed", "unsure"):
        await world.press(card, "Approve", by=APPROVER)
    if state == "denied":
        await says_why(world, card, "Deny", by=APPROVER)
    assert world.request().state == state

    await send(world, click(world, card, "approval.undo", by=OTHER_OPERATOR, value="1"))

    assert "there is nothing to undo." in answers(world, OTHER_OPERATOR)[-1]
    assert len(world.cards(APPROVALS)) == 1
    assert world.hub.count("activateSim") == 0


async def test_changed_again_since(world: World):
    """When the SIM was changed again elsewhere an undo would take back more than was done: it is refused in words."""
    card = await approved(world)
    world.hub.change(world.request().giccid, status="RETIRED")

    await world.press(card, UNDO, by=OTHER_OPERATOR)

    assert "This SIM was changed again since request #1: it reads retired now." in answers(world, OTHER_OPERATOR)[-1]
    assert len(world.cards(APPROVALS)) == 1


async def test_changed_while_the_undo_waits(world: World):
    """An undo is looked at again before it is approved, like any request."""
    card = await approved(world)
    await world.press(card, UNDO, by=OTHER_OPERATOR)
    world.hub.change(world.request().giccid, status="RETIRED")

    await world.press(world.card(), "Approve", by=APPROVER)

    assert "The state was suspended and is retired." in answers(world, APPROVER)[-1]
    assert world.hub.count("activateSim") == 0


async def test_a_viewer_cannot(world: World):
    """It takes an operator, as any change does; nothing is asked of SmartHub for a viewer."""
    card = await approved(world)
    asked = len(world.hub.asked)

    await world.press(card, UNDO, by=VIEWER)

    assert "you have to be an operator" in answers(world, VIEWER)[-1]
    assert len(world.hub.asked) == asked
    assert len(world.cards(APPROVALS)) == 1


async def test_smarthub_is_down(world: World):
    """While the SIM cannot be read no undo is asked for; the button works when it can."""
    card = await approved(world)
    world.hub.down = True
    await world.press(card, UNDO, by=OTHER_OPERATOR)
    assert "SmartHub" in answers(world, OTHER_OPERATOR)[-1]
    assert len(world.cards(APPROVALS)) == 1

    world.hub.down = False
    await world.press(card, UNDO, by=OTHER_OPERATOR)

    assert world.request(2).undo_of == 1


async def test_after_a_restart(world: World):
    """What the SIM was before is in the store, so that a bot that began since can undo it."""
    await with_settings(world)
    sim = world.hub.pick()
    card = await approved(world, "plan", sim)
    await world.restart()

    await world.press(card, UNDO, by=OTHER_OPERATOR)
    await break_the_glass(world, world.card())

    assert world.hub.sim(sim)["servicePackage"] == "iot-100"
    assert world.hub.count(CALLS["plan"][1]) == 2
