"""Clicks and forms that nobody's card could have sent: refused in words, with nothing done and nothing lost."""

from __future__ import annotations

import pytest

from bot.views.approvals import Why
from tests.stories.forging import answers, click, form, send
from tests.stories.scene import UNKNOWN, changes, known, one_of_each, pressed
from tests.talk import ADMIN, APPROVER, OPERATOR, OTHER_APPROVER, World

FORGED = (
    "", " ", "x", "1x", "1 ", "+1", "-1", "1.0", "1e3", "0x1", "'; DROP TABLE approvals;--", "<!channel>", "１", "١",
    "²", "9" * 15, "9" * 16, "9" * 2000, "0", "2", "999", None, 1, True, ["1"], {"id": 1},
)  # fmt: skip


async def test_forged_values_do_nothing(world: World):
    """Whatever a button carries that is no number of a request is refused in words, on buttons and in forms."""
    card = await world.ask()

    for value in FORGED:
        before = len(answers(world, APPROVER))
        ack = await send(world, click(world, card, "approval.approve", by=APPROVER, value=value))
        sent = await send(world, form(world, value, "no", by=APPROVER))
        assert (ack.status, sent.status) == (200, 200), value
        said = answers(world, APPROVER)
        assert len(said) == before + 1, value
        assert any(words in said[-1] for words in UNKNOWN), value
        assert '"errors"' in sent.body, value
    assert world.request().state == "pending"
    assert world.deeds() == [(OPERATOR, "asked")]
    assert changes(world) == 0


async def test_every_button_refuses_forged_values(world: World):
    """No button takes what is no number, or a number there is nothing to; those of the menu do not look at it."""
    buttons = await one_of_each(world)
    before = known(world)

    for name, button in buttons.items():
        for value in () if name.startswith("menu.") else ("x", "987654321"):
            said = await pressed(world, button, by=button.by, value=value)
            assert len(said) == 1, (name, value)
            assert any(words in said[0] for words in UNKNOWN), (name, value, said)
            assert world.slack.modal(button.by) is None, name

    assert known(world) == before


@pytest.mark.parametrize("what", list(Why))
async def test_every_form_refuses_forged_values(world: World, what: Why):
    """No form takes what is no number, or a number there is nothing to; what was typed stays where it is."""
    await world.ask()

    for value in ("x", "987654321", "9" * 16, None, {"id": 1}, "2"):
        sent = await send(world, form(world, value, "because", by=ADMIN, what=what))
        assert sent.status == 200, value
        assert '"errors"' in sent.body, value

    assert world.request().state == "pending"
    assert world.deeds() == [(OPERATOR, "asked")]


async def test_a_button_of_another_version(world: World):
    """A button that no version in use knows is answered in words as well."""
    card = await world.ask()

    ack = await send(world, click(world, card, "approval.approve_all", by=APPROVER, value="1"))

    assert ack.status == 200
    assert "another version" in answers(world, APPROVER)[-1]
    assert world.request().state == "pending"


async def test_a_button_with_another_requests_number(world: World):
    """A number is looked up: what it means, and who may press, is that request's, whatever card it was pressed on."""
    mine = await world.ask(by=APPROVER)
    theirs = await world.ask("activate", by=OTHER_APPROVER)

    await send(world, click(world, theirs, "approval.approve", by=APPROVER, value="1"))
    await send(world, click(world, mine, "approval.withdraw", by=APPROVER, value="2"))

    said = answers(world, APPROVER)[-2:]
    assert "Someone else has to approve" in said[0]
    assert "Only the person who asked" in said[1]
    assert [world.request(n).state for n in (1, 2)] == ["pending", "pending"]


async def test_a_form_without_what_it_should_hold(world: World):
    """A form or a click with pieces missing is answered, in words where there is a place for them."""
    card = await world.ask()
    bare = click(world, card, "approval.approve", by=APPROVER, value="1")
    for key in ("message", "container", "channel", "state"):
        del bare[key]
    empty = form(world, "1", "no", by=APPROVER)
    empty["view"]["state"] = {"values": {}}

    hollow = await send(world, empty)
    await send(world, bare)

    assert hollow.status == 200
    assert '"errors"' in hollow.body
    assert world.request().state == "done", "what it needs of a click is who and which number"
