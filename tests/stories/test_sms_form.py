"""The form for an SMS: it counts while somebody types, takes templates, hex and a validity, and loses nothing."""

from __future__ import annotations

import pytest

from tests.stories.filling import filled, opened
from tests.talk import OPERATOR, World

COUNTED = "views.update"


def count_line(world: World) -> str:
    """What the line with the count says in the form that is open."""
    modal = world.slack.modal(OPERATOR)
    assert modal is not None
    [block] = [block for block in modal["blocks"] if block["block_id"] == "sms.count"]
    return str(block["elements"][0]["elements"][0]["text"])


def updates(world: World) -> int:
    """How often the form was redrawn."""
    return sum(call.method == COUNTED for call in world.slack.calls)


async def typed(world: World, text: str) -> None:
    """What stands in the field now, after the last letter."""
    await world.through(world.slack.choose(None, "change.text", text, by=OPERATOR))


async def test_it_counts_while_somebody_types(world: World):
    """Each letter shows how many characters and parts it takes, and why it is Unicode; what is typed stays."""
    await opened(world, "Send SMS", world.hub.pick())
    said = []
    for text in ("reboot", "reboot {", "reboot ł", "x" * 161):
        await typed(world, text)
        await world.later(seconds=2)
        said.append(count_line(world))
    errors = await filled(world, {"Coding": "0"})

    assert said == [
        "6 characters, 1 part, GSM 7-bit; 154 left",
        "9 characters, 1 part, GSM 7-bit; 151 left",
        "8 characters, 1 part, Unicode because of “ł”; 62 left",
        "161 characters, 2 parts, GSM 7-bit; 145 left",
    ]
    assert errors is None
    assert world.request().order.text == "x" * 161


async def test_fast_typing_is_drawn_once_a_second(world: World):
    """Of many letters in a second only the first and the newest are drawn: Slack takes so many updates and no more."""
    await opened(world, "Send SMS", world.hub.pick())
    for n in range(1, 31):
        await world.begin(world.slack.choose(None, "change.text", "x" * n, by=OPERATOR))
    await world.later(seconds=3)

    assert count_line(world) == "30 characters, 1 part, GSM 7-bit; 130 left"
    assert updates(world) == 2
    assert world.app.store.disk.reader.execute("SELECT count(*) FROM deliveries").fetchone()[0] < 10


async def test_a_form_that_was_closed_meanwhile(world: World):
    """A count that comes when the form is gone, or Slack refuses it, breaks nothing and is told to nobody."""
    await opened(world, "Send SMS", world.hub.pick())
    world.slack.refuse(COUNTED, "hash_conflict")
    await typed(world, "a")
    await world.through(world.slack.close_modal(by=OPERATOR))
    await world.later(seconds=3)

    assert world.slack.modal(OPERATOR) is None
    assert world.told(OPERATOR) == []


async def test_binary_is_written_as_hex(world: World):
    """Hex digits go as they are, without blanks; what is no hex is refused at its field, with the text still there."""
    await opened(world, "Send SMS", world.hub.pick())

    errors = await filled(world, {"Text": "4f 4g", "Coding": "4"})
    assert errors == {"change.text": "Binary is written as hex digits, such as “4f 4b”; “g” is none."}
    await typed(world, "4F 4b:00")
    await world.later(seconds=2)
    assert count_line(world) == "3 bytes, 1 part, binary; 137 left"
    assert await filled(world, {}) is None

    order = world.request().order
    assert (order.text, order.coding) == ("4f4b00", 4)


async def test_the_validity_becomes_its_number(world: World):
    """A length of time that was chosen in words is sent as the documented number, and followed as long."""
    await opened(world, "Send SMS", world.hub.pick())
    await filled(world, {"Text": "reboot", "How long the network tries": "3 days"})

    message = world.app.store.sms.get(1)
    assert (world.request().order.validity, message.validity) == (169, 169)
    assert message.until is not None
    assert (message.until - message.made_at).days == 3


async def test_a_template_is_filled_from_the_sim(world: World):
    """A template that is chosen becomes the text with what the SIM has; both a text and a template are refused."""
    world.settings["sms"] = {"templates": {"reboot": "AT+CFUN {label}", "ping": "PING {iccid}"}}
    await world.restart()
    giccid = world.hub.pick()
    world.hub.change(giccid, custom1="Pump 7")
    await opened(world, "Send SMS", giccid)

    await world.through(world.slack.choose(None, "change.template", "reboot", by=OPERATOR))
    await world.later(seconds=2)
    assert count_line(world) == "Template: AT+CFUN {label}"
    errors = await filled(world, {"Text": "and a text"})
    assert errors == {"change.text": "Write a text or choose a template, not both."}
    assert await filled(world, {"Text": ""}) is None

    assert world.request().order.text == "AT+CFUN Pump 7"


@pytest.mark.parametrize(
    ("typed_text", "sent"), [("template:ping", "PING {}"), ("Template: ping", "PING {}"), ("template", "template")]
)
async def test_a_template_that_is_typed(world: World, typed_text: str, sent: str):
    """`/sim sms ID template:NAME` sends the template with what the SIM has; another text is sent as it stands."""
    world.settings["sms"] = {"templates": {"ping": "PING {iccid}"}}
    await world.restart()
    giccid = world.hub.pick()

    await world.say(f"/sim sms {giccid} {typed_text}")

    assert world.request().order.text == sent.format(world.hub.sim(giccid)["iccid"])


async def test_a_template_the_sim_cannot_fill(world: World):
    """A SIM without what the template needs gets nothing, and the words say what is missing."""
    world.settings["sms"] = {"templates": {"ping": "PING {custom5}"}}
    await world.restart()
    giccid = world.hub.pick()
    world.hub.change(giccid, custom5=None)

    said = await world.say(f"/sim sms {giccid} template:ping")

    assert said.reply is not None
    assert "This SIM has no custom5, which the template needs" in said.reply.words
    assert world.hub.count("sendSms") == 0
