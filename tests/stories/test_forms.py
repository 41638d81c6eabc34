"""Changes by the forms behind a SIM's buttons: opened, filled, asked for, decided, carried out."""

from __future__ import annotations

import pytest

from tests.stories.filling import CASES, a_sim, card_of, filled, opened
from tests.stories.forging import answers
from tests.talk import APPROVALS, APPROVER, OPERATOR, OPS, World, plain


@pytest.mark.parametrize("operation", list(CASES))
async def test_from_the_form_to_the_sim(world: World, operation: str):
    """A change is asked for in its form, is decided on its card like any other, is made once, and shows on the SIM."""
    case, giccid = CASES[operation], await a_sim(world)
    label = str(world.hub.sim(giccid)["custom1"])

    modal = await opened(world, case.button, giccid)
    errors = await filled(world, {**case.values, "Reason": "the site moves"})
    card = world.card(APPROVALS)
    assert modal["private_metadata"].isdecimal(), "a form carries a number and nothing else"
    assert errors is None
    assert world.slack.modal(OPERATOR) is None
    assert f"Asked: #1 {case.title.format(label)}" in world.told(OPERATOR)[-1]
    assert f"#1 {case.title.format(label)}" in plain(card)
    assert "Reason the site moves" in plain(card)
    assert world.hub.count(case.call) == 0
    await world.press(card, "Approve", by=APPROVER)

    assert world.hub.count(case.call, giccid) == 1
    assert case.shows(world.hub.sim(giccid)), world.hub.sim(giccid)
    assert "Confirmed" in world.now(card)
    assert world.deeds() == [(OPERATOR, "asked"), (APPROVER, "approved"), ("simops", "done")]


async def test_an_sms_is_sent_at_once(world: World):
    """One SMS to one SIM asks nobody: it is sent when the form is, and whoever sent it reads what came of it."""
    giccid = world.hub.pick()
    await opened(world, "Send SMS", giccid)

    errors = await filled(world, {"Text": "REBOOT 5", "Coding": "ASCII", "How long the network tries": "1 hour"})

    assert errors is None
    assert "#1 Send an SMS" in world.told(OPERATOR)[-1]
    assert "SmartHub took it over as SMS sms-000001; that is not delivered yet." in world.told(OPERATOR)[-1]
    order = world.request().order
    assert (order.text, order.coding, order.validity) == ("REBOOT 5", 1, 11)
    assert [m["toGiccid"] for m in world.hub.world.messages.values()] == [giccid]
    assert world.cards(APPROVALS) == []


async def test_the_form_shows_the_sim_as_it_is(world: World):
    """A form is about the SIM as it reads when the button is pressed, by its label first, whatever the card said."""
    giccid = await a_sim(world)
    card = await card_of(world, giccid)
    world.hub.change(giccid, custom1="Pump 7", custom2="Trier")

    await world.press(card, "Custom fields", by=OPERATOR)

    modal = world.slack.modal(OPERATOR)
    assert modal is not None
    first = modal["blocks"][0]["elements"][0]["elements"]
    assert [part["text"] for part in first][:3] == ["Pump 7", "  ", giccid]
    starts = [block["element"].get("initial_value") for block in modal["blocks"][1:6]]
    assert starts == ["Pump 7", "Trier", "stays", None, None]


async def test_what_was_left_as_it_was_stays_as_it_is(world: World):
    """A custom field that somebody else changed while the form was open, and that was not touched in it, keeps what it
    has."""
    giccid = await a_sim(world)
    await opened(world, "Custom fields", giccid)
    world.hub.change(giccid, custom2="Trier")

    await filled(world, {"custom4": "Halle 7"})
    card = world.card(APPROVALS)
    await world.press(card, "Approve", by=APPROVER)

    assert world.request().order.custom == ((4, "Halle 7"),)
    sim = world.hub.sim(giccid)
    assert (sim["custom2"], sim["custom4"]) == ("Trier", "Halle 7")


async def test_plans_are_offered_while_typing(world: World):
    """The menu of the form offers the plans of the SIM's account that fit what was typed, and no add-ons among them."""
    giccid = await a_sim(world)
    await opened(world, "Change plan", giccid)

    every = await world.through(world.slack.type_ahead(None, "change.plan", "", by=OPERATOR))
    some = await world.through(world.slack.type_ahead(None, "change.plan", "POOL", by=OPERATOR))

    assert [option["value"] for option in every] == ["iot-100", "iot-500", "pool-5g-eu"]
    assert [option["value"] for option in some] == ["pool-5g-eu"]


# --- not opened ---


@pytest.mark.parametrize(
    ("button", "meanwhile", "because"),
    [
        ("Suspend", {"status": "DEACTIVATED"}, "This SIM is suspended already."),
        ("Send SMS", {"status": "DEACTIVATED"}, "This SIM is suspended; to get an SMS, it has to be active or test."),
        ("Change plan", {"status": "RETIRED"}, "This SIM is retired, and that is final."),
        ("Custom fields", {"status": "FROZEN"}, "SmartHub says this SIM is “FROZEN”, a state that is in no table here"),
    ],
)
async def test_a_form_that_would_lead_nowhere(world: World, button: str, meanwhile: dict[str, object], because: str):
    """A button whose change the SIM's state does not allow any more says so, and opens nothing."""
    giccid = world.hub.pick()
    card = await card_of(world, giccid)
    world.hub.change(giccid, **meanwhile)

    await world.press(card, button, by=OPERATOR)

    assert because in answers(world, OPERATOR)[-1]
    assert world.slack.modal(OPERATOR) is None


async def test_a_form_that_slack_does_not_open_any_more(world: World):
    """When reading the SIM took longer than Slack keeps the way to a form open, whoever pressed is told to do it
    again."""
    card = await card_of(world, world.hub.pick())
    world.slack.refuse("views.open", "expired_trigger_id")

    await world.press(card, "Suspend", by=OPERATOR)

    assert "press the button again" in answers(world, OPERATOR)[-1]
    assert world.slack.modal(OPERATOR) is None
    assert [m for m in world.slack.messages(OPS) if m.bot] == []
