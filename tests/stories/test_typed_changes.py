"""Changes that are typed: plan, addon, apn, set and sms, each understood, asked for, decided and carried out."""

from __future__ import annotations

import pytest

from tests.stories.filling import APN, CASES, a_sim
from tests.talk import APPROVALS, APPROVER, OPERATOR, VIEWER, World, plain

TYPED = {
    "suspend": "suspend {}",
    "plan": "plan {} iot-500",
    "addon": "addon {} addon-100",
    "apn": f"apn {{}} {APN} off",
    "set": 'set {} custom2= custom4="Halle 7"',
}


@pytest.mark.parametrize("operation", list(TYPED))
async def test_from_the_command_to_the_sim(world: World, operation: str):
    """A change that is typed is decided on its card, is made once, and shows on the SIM."""
    case, giccid = CASES[operation], await a_sim(world)
    label = str(world.hub.sim(giccid)["custom1"])

    said = await world.say(f"/sim {TYPED[operation].format(giccid)} because the site moves")
    card = world.card(APPROVALS)
    assert f"Asked: #1 {case.title.format(label)}" in plain(said.reply)
    assert f"#1 {case.title.format(label)}" in plain(card)
    assert "Reason the site moves" in plain(card)
    assert world.hub.count(case.call) == 0
    await world.press(card, "Approve", by=APPROVER)

    assert world.hub.count(case.call, giccid) == 1
    assert case.shows(world.hub.sim(giccid)), world.hub.sim(giccid)
    assert "Confirmed" in world.now(card)
    assert world.deeds() == [(OPERATOR, "asked"), (APPROVER, "approved"), ("simops", "done")]


async def test_a_label_names_the_sim(world: World):
    """A label with spaces names the SIM as well as its number does, in front of what it is to get."""
    giccid = await a_sim(world)
    world.hub.change(giccid, custom1="Pump 7")
    await world.run("alerts")

    said = await world.say("/sim plan Pump 7 iot-500")

    assert "Asked: #1 Change the rate plan to “iot-500”: Pump 7" in plain(said.reply)
    assert world.request().giccid == giccid


async def test_an_sms_is_sent_as_it_was_typed(world: World):
    """An SMS to one SIM is sent at once, with every word that was typed, those that mean something elsewhere too."""
    giccid = world.hub.pick()

    said = await world.say(f"/sim sms {giccid} reboot  because --here I say so")

    assert said.reply is not None
    assert said.reply.ephemeral_to == OPERATOR
    assert "SmartHub took it over as SMS sms-000001; that is not delivered yet." in plain(said.reply)
    assert world.request().order.text == "reboot  because --here I say so"
    assert world.hub.count("sendSms") == 1
    assert world.cards(APPROVALS) == []
    assert world.deeds() == [(OPERATOR, "asked"), ("simops", "done")]


async def test_an_sms_whose_answer_is_lost(world: World):
    """An SMS of which nobody knows whether it was sent is not sent again, and gets a card where somebody can say so."""
    world.hub.lose_next("sendSms")

    await world.say(f"/sim sms {world.hub.pick()} reboot")
    await world.later(minutes=20)
    await world.run("requests")

    assert world.request().state == "unsure"
    assert world.hub.count("sendSms") == 1
    assert world.slack.now_of(world.card(APPROVALS)).buttons == ["Look now", "It was done…", "It was not done…"]


@pytest.mark.parametrize(
    ("typed", "because"),
    [
        ("plan {}", "The SIM and what it is to get are needed: /sim plan ID PLAN because REASON"),
        ("plan {} iot-501", "The account “acme” has no rate plan “iot-501”; it has “iot-500”"),
        ("plan {} iot-100", "This SIM has the rate plan “iot-100” already."),
        ("plan {} addon-100", "The account “acme” has no rate plan “addon-100”"),
        ("addon {} iot-500", "The account “acme” has no add-on “iot-500”"),
        ("apn {} " + APN, "The SIM, its APN and on or off are needed"),
        ("apn {} internet on", f"This SIM has no APN “internet”; its APNs: “{APN}”."),
        (f"apn {{}} {APN} on", f"The APN “{APN}” of this SIM is on already."),
        ("set {}", "The SIM and a custom field are needed"),
        ("set {} custom6=x", "“custom6=x” is no custom field"),
        ("set {} custom2=a custom2=b", "custom2 stands here twice; write it once."),
        ("set {} custom2=Bonn", "These custom fields read like this already."),
        ("set {} custom2=" + "x" * 201, "custom2 would have 201 characters; a custom field holds 200."),
        ("sms {}", "The SIM and the text are needed"),
        ("sms {} " + "x" * 1001, "The text has 1,001 characters; an SMS takes 1,000."),
    ],
)
async def test_what_is_not_understood_or_does_not_fit(world: World, typed: str, because: str):
    """What is missing, wrong or already so is refused in words that say what to type instead; nobody is asked."""
    giccid = await a_sim(world)

    said = await world.say(f"/sim {typed.format(giccid)}")

    assert because in plain(said.reply).replace(" ; ", "; ")
    assert world.cards(APPROVALS) == []
    assert world.deeds() == []
    assert [world.hub.count(case.call) for case in CASES.values()] == [0] * len(CASES)


@pytest.mark.parametrize("operation", ["plan", "addon", "apn"])
async def test_an_address_nobody_has_confirmed(world: World, operation: str):
    """A change whose address is only assumed is refused before anybody is asked, naming the setting that mends it."""
    giccid = world.hub.pick()

    said = await world.say(f"/sim {TYPED[operation].format(giccid)}")

    assert f"[smarthub.operations.{CASES[operation].call}]" in plain(said.reply)
    assert "confirmed = true" in plain(said.reply)
    assert world.cards(APPROVALS) == []
    assert world.hub.count(CASES[operation].call) == 0


@pytest.mark.parametrize("operation", [*TYPED, "sms"])
async def test_a_viewer_changes_nothing(world: World, operation: str):
    """Each of these takes an operator; a viewer reads that, and nothing is asked of anybody."""
    typed = TYPED.get(operation, "sms {} reboot").format(world.hub.pick())

    said = await world.say(f"/sim {typed}", by=VIEWER)

    assert "you have to be an operator" in plain(said.reply)
    assert world.hub.asked == []
    assert world.deeds() == []
