"""Looked at again in the moment of approval: nobody approves what is not any more what was asked for."""

from __future__ import annotations

import pytest

from bot.simulator.slack import Message
from tests.stories.changes import CALLS, says_why, with_settings
from tests.stories.forging import answers
from tests.talk import APPROVER, OPERATOR, OTHER_APPROVER, OTHER_OPERATOR, VIEWER, World

APNS = [{"apn": "iot.smarthub", "status": "ENABLED"}]


async def asked(world: World, operation: str, *, by: str = OPERATOR) -> tuple[Message, str]:
    """The card of a change of a SIM at work, and the SIM's number."""
    giccid = world.hub.pick()
    world.hub.change(giccid, servicePackage="iot-100", custom2="Bonn", apns=APNS)
    return await world.ask(operation, f"{giccid} {CALLS[operation][0]}".strip(), by=by), giccid


def sent(world: World, operation: str) -> int:
    """How often SmartHub was asked for this change."""
    return world.hub.count(CALLS[operation][1])


# --- changed, and still possible ---


@pytest.mark.parametrize(
    ("operation", "meanwhile", "difference"),
    [
        ("plan", {"servicePackage": "pool-5g-eu"}, "The rate plan was “iot-100” and is “pool-5g-eu”."),
        ("plan", {"status": "DEACTIVATED"}, "The state was active and is suspended."),
        ("suspend", {"servicePackage": "iot-500"}, "The rate plan was “iot-100” and is “iot-500”."),
        ("set", {"custom2": "Köln"}, "custom2 was “Bonn” and is “Köln”."),
        ("addon", {"status": "DEACTIVATED"}, "The state was active and is suspended."),
    ],
)
async def test_changed_since_it_was_asked_for(
    world: World, operation: str, meanwhile: dict[str, object], difference: str
):
    """The first press after the SIM was changed approves nothing and shows the difference; the next goes through."""
    await with_settings(world)
    card, giccid = await asked(world, operation)
    world.hub.change(giccid, **meanwhile)

    await world.press(card, "Approve", by=APPROVER)
    assert (
        f"Nothing was approved: request #1 is not about the same any more. {difference}" in answers(world, APPROVER)[-1]
    )
    assert sent(world, operation) == 0
    assert world.request().state == "pending"
    assert f"Changed since it was asked for {difference}" in world.now(card)
    assert difference in world.thread(card)[-1]
    assert world.deeds() == [(OPERATOR, "asked"), (APPROVER, "found changed")]
    await world.press(card, "Approve", by=APPROVER)

    assert sent(world, operation) == 1
    assert "Confirmed" in world.now(card)


async def test_the_yes_of_before_does_not_count(world: World):
    """Who had said yes said it to something else: their approval is void, they may say it again, and then it counts."""
    world.policies = [{"name": "two", "quorum": 2}]
    await with_settings(world)
    card, giccid = await asked(world, "plan")
    await world.press(card, "Approve", by=APPROVER)
    world.hub.change(giccid, servicePackage="pool-5g-eu")

    await world.press(card, "Approve", by=OTHER_APPROVER)
    assert world.request().votes == ()
    assert "0 of 2; still 2 of" in world.now(card)
    await world.press(card, "Approve", by=OTHER_APPROVER)
    assert "1 of 2; still one of" in world.now(card)
    assert sent(world, "plan") == 0
    await world.press(card, "Approve", by=APPROVER)

    assert sent(world, "plan") == 1
    assert world.hub.sim(giccid)["servicePackage"] == "iot-500"


async def test_changed_again(world: World):
    """A SIM that is changed once more after the difference was shown is shown again, with what is new."""
    await with_settings(world)
    card, giccid = await asked(world, "plan")
    for plan in ("pool-5g-eu", "iot-1g"):
        world.hub.change(giccid, servicePackage=plan)
        await world.press(card, "Approve", by=APPROVER)

    assert "The rate plan was “pool-5g-eu” and is “iot-1g”." in world.now(card)
    assert "iot-100" not in world.now(card)
    assert sent(world, "plan") == 0


async def test_undone_to_what_it_was_when_it_was_approved(world: World):
    """The way back leads to what the approver saw, not to what was there when it was asked for."""
    await with_settings(world)
    card, giccid = await asked(world, "plan")
    world.hub.change(giccid, servicePackage="pool-5g-eu")
    await world.press(card, "Approve", by=APPROVER)
    await world.press(card, "Approve", by=APPROVER)

    await world.press(card, "Undo (within 30 min)", by=OTHER_OPERATOR)

    assert world.request(2).order.plan == "pool-5g-eu"
    assert world.request(2).giccid == giccid


async def test_somebody_else_finds_it_first(world: World):
    """A yes that was on its way when somebody else found the SIM changed is not taken for a yes to that."""
    await with_settings(world)
    card, giccid = await asked(world, "plan")
    world.hub.slow = 2.0
    on_its_way = await world.begin(world.slack.press(card, "Approve", by=APPROVER))
    world.hub.slow = 0.0
    world.hub.change(giccid, servicePackage="pool-5g-eu")

    await world.press(card, "Approve", by=OTHER_APPROVER)
    await world.through(on_its_way)

    for who in (APPROVER, OTHER_APPROVER):
        assert "Nothing was approved" in answers(world, who)[-1]
        assert "The rate plan was “iot-100” and is “pool-5g-eu”." in answers(world, who)[-1]
    assert world.request().votes == ()
    assert sent(world, "plan") == 0


# --- not possible any more ---


@pytest.mark.parametrize(
    ("operation", "meanwhile", "why_not"),
    [
        ("suspend", {"status": "DEACTIVATED"}, "This SIM is suspended already."),
        ("suspend", {"status": "RETIRED"}, "This SIM is retired, and that is final."),
        ("plan", {"servicePackage": "iot-500"}, "This SIM has the rate plan “iot-500” already."),
        ("plan", {"accountName": "lab-trial"}, "The account “lab-trial” has no rate plan “iot-500”"),
        ("apn", {"apns": []}, "This SIM has no APN “iot.smarthub”"),
        ("apn", {"apns": [{"apn": "iot.smarthub", "status": "DISABLED"}]}, "The APN “iot.smarthub” of this SIM is off"),
        ("set", {"custom2": "Berlin"}, "These custom fields read like this already."),
        ("addon", {"status": "RETIRED"}, "This SIM is retired, and that is final."),
    ],
)
async def test_what_does_not_fit_any_more(world: World, operation: str, meanwhile: dict[str, object], why_not: str):
    """What SmartHub would refuse by now nobody can approve, however often they press; it can still be denied."""
    await with_settings(world)
    card, giccid = await asked(world, operation)
    world.hub.change(giccid, **meanwhile)

    for who in (APPROVER, OTHER_APPROVER, APPROVER):
        await world.press(card, "Approve", by=who)
        assert "Request #1 does not fit any more: " in answers(world, who)[-1]
        assert why_not in answers(world, who)[-1]
    assert why_not in world.now(card)
    assert world.deeds() == [(OPERATOR, "asked"), (APPROVER, "found changed")], "nothing new is noted twice"
    assert len(world.thread(card)) == 1
    assert sent(world, operation) == 0
    await says_why(world, card, "Deny", by=OTHER_APPROVER, why="too late")

    assert world.request().state == "denied"


async def test_a_plan_that_is_gone_and_comes_back(world: World):
    """While the account does not offer the plan nobody can approve it; when it does again, one can."""
    await with_settings(world)
    card, giccid = await asked(world, "plan")
    account = world.hub.sim(giccid)["accountName"]
    world.hub.change(giccid, accountName="lab-trial")
    await world.press(card, "Approve", by=APPROVER)
    assert "has no rate plan “iot-500”; it has “trial-50”." in world.now(card)
    assert sent(world, "plan") == 0

    world.hub.change(giccid, accountName=account)
    await world.press(card, "Approve", by=APPROVER)

    assert sent(world, "plan") == 1


async def test_ordered_by_somebody_else_meanwhile(world: World):
    """An add-on that the SIM has got meanwhile is not ordered a second time without anybody noticing."""
    await with_settings(world)
    world.hub.change(world.hub.pick(), supplementaryServicePackages=[])
    card, giccid = await asked(world, "addon")
    addon = {"name": "addon-100", "totalBytes": 1, "usedBytes": 0, "expireTime": None}
    world.hub.change(giccid, supplementaryServicePackages=[addon])

    await world.press(card, "Approve", by=APPROVER)

    assert "It had 0 of the add-on “addon-100” and has 1." in world.now(card)
    assert sent(world, "addon") == 0


# --- not to be read ---


async def test_a_sim_that_cannot_be_read(world: World):
    """While SmartHub does not tell how the SIM is nothing is approved, in words; it can be approved afterwards."""
    card = await world.ask()
    world.hub.down = True
    await world.press(card, "Approve", by=APPROVER)
    assert "SmartHub" in answers(world, APPROVER)[-1]
    assert world.request().votes == ()
    assert world.deeds() == [(OPERATOR, "asked")]

    world.hub.down = False
    await world.press(card, "Approve", by=APPROVER)

    assert world.request().state == "done"


async def test_who_may_not_approve_waits_for_nothing(world: World):
    """Who may not is told so without SmartHub being asked for anything."""
    card = await world.ask()
    world.hub.asked.clear()

    for who in (VIEWER, OTHER_OPERATOR):
        await world.press(card, "Approve", by=who)
        assert "You may not approve this" in answers(world, who)[-1]

    assert world.hub.asked == []
