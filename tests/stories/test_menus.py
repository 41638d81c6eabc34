"""What is asked for by pressing: the menu behind `/sim` alone, the form for a search, menus that fill by typing."""

from __future__ import annotations

import pytest

from bot.rules.manifest import shortcuts
from bot.simulator.slack import Message
from tests.talk import OPERATOR, OPS, STRANGER, VIEWER, World, plain


async def menu(world: World, *, by: str = VIEWER) -> Message:
    """What the command alone shows."""
    said = await world.say("/sim", by=by)
    assert said.reply is not None
    assert said.reply.ephemeral_to == by
    return said.reply


@pytest.mark.parametrize(
    ("button", "answer"),
    [
        ("Approvals", "Nothing waits for a decision."),
        ("Alerts", "No alert is open."),
        ("Health", "SmartHub not asked yet"),
        ("All commands", "/sim find WORDS status:active usage>80%"),
    ],
)
async def test_each_button_of_the_menu(world: World, button: str, answer: str):
    """Each button answers as the verb does that it stands for, for the presser alone."""
    await world.press(await menu(world), button, by=VIEWER)

    said = world.slack.seen(by=VIEWER, channel=OPS)[-1]
    assert answer in plain(said)
    assert said.ephemeral_to == VIEWER


async def test_a_sim_from_the_menu(world: World):
    """The menu offers SIMs while one types their label or number, and the one chosen is shown as a card."""
    await world.run("alerts")
    sim = world.hub.sim(3)
    shown = await menu(world)

    for typed in (str(sim["custom1"])[:6], str(sim["giccid"])[-6:], f"+{sim['msisdn']}", str(sim["imei"])[:14]):
        offered = await world.through(world.slack.type_ahead(shown, "find.sim", typed, by=VIEWER))
        assert f"{sim['custom1']} · {sim['giccid']}" in [o["text"]["text"] for o in offered], typed
    [wanted] = [o for o in offered if str(sim["giccid"]) in o["text"]["text"]]
    await world.through(world.slack.choose(shown, "find.sim", wanted["value"], by=VIEWER))

    assert world.heard(VIEWER).startswith(str(sim["custom1"]))


async def test_a_stranger_is_offered_nothing(world: World):
    """Who stands in no list gets no menu, and nothing is offered to them in somebody else's."""
    await world.run("alerts")
    await world.say("/sim --here", by=VIEWER)
    shown = world.card(OPS)

    assert await world.through(world.slack.type_ahead(shown, "find.sim", "Berlin", by=STRANGER)) == []
    assert (await menu(world, by=STRANGER)).buttons == []


@pytest.mark.parametrize("way", ["shortcut", "button"])
async def test_a_search_in_a_form(world: World, way: str):
    """The form for a search opens from the menu and from anywhere in Slack; what it finds comes directly."""
    await world.run("alerts")
    if way == "button":
        await world.press(await menu(world), "Find SIMs…", by=VIEWER)
    else:
        assert (await world.through(world.slack.global_shortcut("simops.find", by=VIEWER))).ok

    await world.submit({"Words and filters": "account:acme status:active"}, by=VIEWER)

    assert world.slack.modal(VIEWER) is None
    assert "account:acme" in world.told(VIEWER)[-1]
    found = [m for m in world.slack.dm(VIEWER) if m.bot][-1]
    assert "CSV" in found.buttons


async def test_a_mistake_in_the_form(world: World):
    """A mistake in the form is pointed at in the form, which stays open with what was typed."""
    await world.run("alerts")
    await world.through(world.slack.global_shortcut("simops.find", by=VIEWER))

    said = await world.submit({"Words and filters": "berlin acount:acme"}, by=VIEWER)

    [problem] = (said.errors or {}).values()
    assert problem.startswith("“acount:acme” (at character 8): there is no filter “acount”. Did you mean account?")
    assert world.slack.modal(VIEWER) is not None
    assert world.told(VIEWER) == []


async def test_a_stranger_gets_no_form(world: World):
    """Who stands in no list is told so instead of being shown a form."""
    await world.through(world.slack.global_shortcut("simops.find", by=STRANGER))

    assert world.slack.modal(STRANGER) is None
    assert "You are in no list of roles" in world.told(STRANGER)[-1]


async def test_plans_while_one_types(world: World):
    """The form for another rate plan offers the plans of the SIM's account that fit, with what they hold and cost."""
    sim = world.hub.pick()
    said = await world.say(f"/sim {sim}", by=OPERATOR)
    assert said.reply is not None
    await world.press(said.reply, "Change plan", by=OPERATOR)

    offered = await world.through(world.slack.type_ahead(None, "change.plan", "500", by=OPERATOR))

    assert [(o["text"]["text"], o["value"]) for o in offered] == [("iot-500 · 500.0 MB · 5.00 EUR", "iot-500")]


async def test_every_shortcut_answers(world: World):
    """Each shortcut of the manifest leads somewhere: none is left without an answer."""
    await world.run("alerts")
    await world.say("hello", by=OPERATOR)
    message = world.slack.messages(OPS)[-1]
    for shortcut in shortcuts():
        if shortcut["type"] == "global":
            done = await world.through(world.slack.global_shortcut(shortcut["callback_id"], by=VIEWER))
        else:
            done = await world.through(world.slack.message_shortcut(shortcut["callback_id"], message, by=VIEWER))

        assert done.ok, shortcut["callback_id"]
