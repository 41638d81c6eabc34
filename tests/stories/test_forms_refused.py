"""A form that cannot go through is refused in words, at its field, and nothing that was typed is lost."""

from __future__ import annotations

import asyncio
import copy

import pytest

from bot.simulator.slack import FormRefused
from tests.stories.filling import APN, CASES, a_sim, filled, opened
from tests.stories.forging import Json, send, sending
from tests.stories.scene import CHANGING
from tests.talk import APPROVALS, APPROVER_GROUP, OPERATOR, OTHER_APPROVER, OTHER_OPERATOR, World


def submission(world: World, view: Json) -> Json:
    """The payload of this form as the operator would send it."""
    base = world.slack.payloads.base("view_submission", by=OPERATOR)
    return {**base, "trigger_id": world.slack.space.new_trigger(OPERATOR), "view": view, "response_urls": []}


@pytest.mark.parametrize(
    ("operation", "meanwhile", "because"),
    [
        ("suspend", {"status": "DEACTIVATED"}, "This SIM is suspended already."),
        ("plan", {"servicePackage": "iot-500"}, "This SIM has the rate plan “iot-500” already."),
        (
            "plan",
            {"accountName": "lab-trial"},
            "The account “lab-trial” has no rate plan “iot-500”; it has “trial-50”.",
        ),
        ("addon", {"status": "RETIRED"}, "This SIM is retired, and that is final."),
        ("apn", {"apns": []}, f"This SIM has no APN “{APN}”; its APNs: none."),
        ("set", {"custom2": None, "custom4": "Halle 7"}, "These custom fields read like this already."),
    ],
)
async def test_changed_while_the_form_was_open(
    world: World, operation: str, meanwhile: dict[str, object], because: str
):
    """What does not fit any more when the form is sent is refused in it; what was typed stays, nothing is asked."""
    case, giccid = CASES[operation], await a_sim(world)
    await opened(world, case.button, giccid)
    world.hub.change(giccid, **meanwhile)

    errors = await filled(world, {**case.values, "Reason": "the site moves"})

    assert errors is not None
    assert because in " ".join(errors.values())
    assert "the site moves" in str(world.slack.modal(OPERATOR)["state"]), "nothing that was typed is lost"
    assert world.deeds() == []
    assert world.hub.count(case.call) == 0


async def test_a_form_in_which_nothing_was_changed(world: World):
    """Custom fields that are sent as they were shown ask for nothing, and say what to fill in."""
    giccid = await a_sim(world)
    await opened(world, "Custom fields", giccid)

    errors = await filled(world, {"Reason": "the site moves"})

    assert errors is not None
    assert "Nothing to set" in errors["change.reason"]
    assert world.deeds() == []


async def test_a_reason_the_policy_wants(world: World):
    """A form without the reason the policy wants says so at that field; with it, the same form goes through."""
    world.policies = [{"name": "tickets", "reason_pattern": "OPS-[0-9]+", "reason_hint": "a ticket such as OPS-1"}]
    giccid = await a_sim(world)
    await opened(world, "Change plan", giccid)

    errors = await filled(world, {"New rate plan": "iot-500"})
    assert errors == {"change.reason": "The policy “tickets” wants a reason behind “because”: a ticket such as OPS-1."}
    assert world.cards(APPROVALS) == []
    assert (await world.submit({"Reason": "OPS-12"}, by=OPERATOR)).errors is None

    assert world.request().order.plan == "iot-500", "what was chosen before was still there"


async def test_smarthub_does_not_answer_the_form(world: World):
    """While SmartHub is away a form is refused in words and stays as it is; sent again later it goes through."""
    giccid = await a_sim(world)
    await opened(world, "Suspend", giccid)
    world.hub.down = True
    errors = await filled(world, {"Reason": "stolen"})
    assert errors is not None
    assert "SmartHub" in errors["change.reason"]

    world.hub.down = False
    assert (await world.submit({}, by=OPERATOR)).errors is None

    assert world.request().reason == "stolen"


async def test_smarthub_takes_its_time(world: World):
    """A form whose answer takes longer than Slack waits closes, and what came of it is told directly."""
    giccid = await a_sim(world)
    await opened(world, "Suspend", giccid)
    world.hub.slow = 4.0
    world.hub.change(giccid, status="DEACTIVATED")

    errors = await filled(world, {"Reason": "stolen"})

    assert errors is None
    assert "This SIM is suspended already." in world.told(OPERATOR)[-1]
    assert world.deeds() == []


async def test_another_request_is_open(world: World):
    """A change of a SIM with a request that is open is refused in the form, naming that one."""
    giccid = await a_sim(world)
    await opened(world, "Change plan", giccid)
    await world.ask("suspend", giccid, by=OTHER_OPERATOR)

    errors = await filled(world, {"New rate plan": "iot-500"})

    assert errors is not None
    assert "Request #1 (suspend, pending) for this SIM is still open." in errors["change.reason"]
    assert len(world.cards(APPROVALS)) == 1


async def test_who_is_no_operator_any_more(world: World):
    """The role counts when the form is sent, not when it was opened."""
    giccid = await a_sim(world)
    await opened(world, "Suspend", giccid, by=OTHER_APPROVER)
    world.slack.space.groups[APPROVER_GROUP].remove(OTHER_APPROVER)
    await world.later(seconds=61)

    errors = await filled(world, {}, by=OTHER_APPROVER)

    assert errors is not None
    assert "you have to be an operator" in errors["change.reason"]
    assert world.deeds() == []


async def test_a_form_sent_twice_at_once(world: World):
    """A form that is sent twice in the same moment asks once, and the second one reads what is open already."""
    giccid = await a_sim(world)
    view = await opened(world, "Suspend", giccid)

    acks = await world.through(asyncio.gather(*(sending(world, submission(world, view)) for _ in range(2))))

    assert sorted("Request #1 (suspend, pending) for this SIM is still open." in ack.body for ack in acks) == [
        False,
        True,
    ]
    assert len(world.cards(APPROVALS)) == 1
    assert world.deeds() == [(OPERATOR, "asked")]


@pytest.mark.parametrize(
    ("button", "field", "forged"),
    [
        ("Send SMS", "change.coding", {"selected_option": {"value": "9"}}),
        ("Send SMS", "change.coding", {"selected_option": {"value": "x"}}),
        ("Send SMS", "change.validity", {"selected_option": {"value": "99999"}}),
        ("Send SMS", "change.text", {"value": "   "}),
        ("Send SMS", "change.text", {"value": ["a", "list"]}),
        ("Switch APN", "change.apn", {"selected_option": {"value": "perhaps iot.smarthub"}}),
        ("Switch APN", "change.apn", {"selected_option": {"value": "off internet"}}),
        ("Custom fields", "change.custom1", {"value": "x" * 201}),
        ("Change plan", "change.plan", {"selected_option": {"value": "<!channel>"}}),
        ("Change plan", "change.plan", {"selected_option": None}),
    ],
)
async def test_what_the_form_does_not_offer(world: World, button: str, field: str, forged: dict[str, object]):
    """A form that comes with what nobody could choose or type in it is refused in words, and nothing is sent."""
    giccid = await a_sim(world)
    view = copy.deepcopy(await opened(world, button, giccid))
    if button == "Send SMS":
        view["state"]["values"]["change.text"]["change.text"]["value"] = "reboot"
    view["state"]["values"][field][field] |= forged

    ack = await send(world, submission(world, view))

    assert ack.status == 200
    assert '"errors"' in ack.body
    assert "went wrong" not in ack.body
    assert world.deeds() == []
    assert [a.operation for a in world.hub.asked if a.operation in CHANGING] == []


async def test_what_has_to_be_filled_in(world: World):
    """A form without what it is about is not sent at all."""
    giccid = await a_sim(world)
    for button in ("Change plan", "Order add-on", "Switch APN", "Send SMS"):
        await opened(world, button, giccid)
        with pytest.raises(FormRefused):
            await world.submit({"Reason": "none"}, by=OPERATOR)
        await world.slack.close_modal(by=OPERATOR)

    assert world.deeds() == []
