"""Who may not press what, and what comes too late or twice: refused in words, with nothing done."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bot.rules.people import Person, Role
from bot.views.approvals import Why
from tests.stories.forging import answers, click, form, send
from tests.stories.scene import (
    BROKEN,
    CARE,
    CHANGES,
    CHANGING,
    COOLING,
    DECISIONS,
    FORMS,
    MAY,
    OWN,
    PENDING,
    UNKNOWN,
    UNSURE,
    changes,
    every_button,
    known,
    one_of_each,
    pressed,
    shown,
)
from tests.talk import ADMIN, APPROVER, OPERATOR, OTHER_OPERATOR, VIEWER, World

REFUSALS = (
    "you have to be",
    "You may not",
    "Only the person who asked",
    "Someone else has to approve",
    "You can withdraw, not deny",
    "Somebody else has to review",
    "only they can go on with it",
    "This was offered to",
)
WEEK_LATER = {
    **dict.fromkeys(("approve", "deny", "withdraw", "break"), "is lapsed already"),
    **dict.fromkeys(("look", "done", "undone"), "and failed already"),
    "cancel": "and done already",
    "undo": "is too old to be undone with one press",
    "review": "Nothing of request #5 waits for a review",
}


def test_every_button_is_for_somebody():
    """Each button of each table is known here with who may press it, so that none is left out below."""
    assert MAY[ADMIN] | OWN == set(every_button())


@pytest.mark.parametrize("user", list(MAY))
async def test_every_button_refuses_the_wrong_person(world: World, user: str):
    """Each button there is, pressed by somebody who may not, is refused in words and changes nothing."""
    buttons = await one_of_each(world)
    wrong = [button for name, button in buttons.items() if name not in MAY[user]]
    before = known(world)

    for button in wrong:
        said = await pressed(world, button, by=user)
        assert len(said) == 1, button.action
        assert any(words in said[0] for words in REFUSALS), (button.action, said)
        assert world.slack.modal(user) is None, button.action

    assert known(world) == before, world.hub.asked


async def test_who_asked_decides_nothing_of_it(world: World):
    """Who asked can neither approve nor deny nor settle nor review it, whatever else they may."""
    buttons = await one_of_each(world)
    before = known(world)

    for name in (*DECISIONS, "approval.break"):
        said = await pressed(world, buttons[name], by=OPERATOR)
        assert any(words in said[0] for words in REFUSALS), (name, said)
        assert world.slack.modal(OPERATOR) is None, name

    assert known(world) == before


async def test_every_button_works_for_the_right_person(world: World):
    """Each button, pressed by who may, opens its form, or does what it says and refuses nothing."""
    buttons = await one_of_each(world)
    last = ("approval.approve", "approval.look", "approval.undo")

    for name in sorted(buttons, key=lambda name: name in last):
        button = buttons[name]
        said = await pressed(world, button, by=button.by)
        modal = world.slack.modal(button.by)
        assert (modal is not None) == (name in FORMS), (name, said)
        if modal is not None:
            assert said == []
            # What a search finds gets a number of its own when the form for it opens.
            assert (modal["private_metadata"] == button.number) == (name != "search.change"), name
            await world.slack.close_modal(by=button.by)
        assert not any(words in line for line in said for words in (*REFUSALS, *UNKNOWN, "went wrong")), (name, said)

    assert [world.request(n).state for n in range(1, 7)] == [
        "done", "unsure", "cooling", "done", "done", "pending",
    ]  # fmt: skip


async def test_every_button_shown_is_known(world: World):
    """There is no button on any message that no table knows, and none carries more than a number."""
    await one_of_each(world)
    await world.say("/sim 8949", by=OPERATOR)
    await world.say("/sim find country:DE", by=OPERATOR)

    there = list(shown(world))

    values = [o["value"] for e in there for o in (e, *e.get("options", ())) if "value" in o]
    assert {e["action_id"] for e in there} <= set(every_button())
    assert all(value.isdecimal() for value in values)


async def test_a_card_of_last_week(world: World):
    """Each button on a card of last week says what has become of it, and changes nothing any more."""
    buttons = await one_of_each(world)
    world.hub.grow(world.app.store.alerts.get(1).finding.giccid, fraction=0.1)
    for name in CHANGES:
        world.hub.change(world.app.store.sims.get(int(buttons[name].number)).sim.giccid, status="RETIRED")
    await send(world, form(world, BROKEN, "it did burn", by=APPROVER, what="review"))
    for _ in range(7):
        await world.later(days=1)
        await world.run("requests")
    await world.run("alerts")
    for n in range(1, 9):
        await world.app.flows.pushes.caring.resolve(n, by=Person(OPERATOR, Role.OPERATOR), why=None)
    before = (world.deeds(), changes(world))

    for name, button in buttons.items():
        said = await pressed(world, button, by=button.by)
        kind, _, what = name.partition(".")
        if kind == "approval":
            assert WEEK_LATER[what] in said[-1], (name, said)
        elif name in CHANGES:
            assert "This SIM is retired" in said[-1], (name, said)
        elif kind == "alert":
            assert "This alert is over already" in said[-1], (name, said)
        elif name in CARE:
            assert "already; if it happens again there will be a new card" in said[-1], (name, said)
        if name in ("menu.find", "list.open", "list.ask", "search.change"):
            await world.slack.close_modal(by=button.by)
        assert world.slack.modal(button.by) is None, name

    assert (world.deeds(), changes(world)) == before


async def test_two_clicks_at_once(world: World):
    """Each button pressed twice in the same moment does what it does once, and both clicks are answered."""
    buttons = await one_of_each(world)
    last = ("approval.approve", "approval.look", "approval.undo")

    for name in sorted(buttons, key=lambda name: name in last):
        button = buttons[name]
        twice = [click(world, button.card, name, by=button.by, value=button.number) for _ in range(2)]
        acks = await world.through(asyncio.gather(*(world.slack.line.interaction(payload) for payload in twice)))
        assert [ack.status for ack in acks] == [200, 200], name

    lines = [line.deed for line in world.app.store.audit.lines()]
    assert max(Counter((deed.actor, deed.action, deed.subject) for deed in lines).values()) == 1
    assert max(Counter((a.operation, a.giccid) for a in world.hub.asked if a.operation in CHANGING).values()) == 1
    assert world.request(6).undo_of == 4
    assert world.app.store.approvals.count(*type(world.request(1).state)) == 6


@pytest.mark.parametrize("what", list(Why))
async def test_two_forms_at_once(world: World, what: Why):
    """A form sent twice in the same moment counts once, and the second reads what the first has done."""
    await one_of_each(world)
    number = {
        Why.CANCEL: COOLING, Why.REVIEW: BROKEN, Why.DONE: UNSURE, Why.NOT_DONE: UNSURE,
    }.get(what, PENDING)  # fmt: skip
    by = {Why.WITHDRAW: OPERATOR, Why.BREAK_GLASS: ADMIN}.get(what, APPROVER)
    before = len(world.deeds())

    sent = [form(world, number, "because", by=by, what=what) for _ in range(2)]
    acks = await world.through(asyncio.gather(*(world.slack.line.interaction(payload) for payload in sent)))

    assert sorted('"errors"' in ack.body for ack in acks) == [False, True]
    new = [action for actor, action in world.deeds()[before:] if actor == by]
    assert len(new) == 1, new
    assert world.hub.count("suspendSim", world.request(1).giccid) == (what is Why.BREAK_GLASS)


@pytest.mark.parametrize("user", [APPROVER, ADMIN])
async def test_nobody_decides_their_own(world: World, user: str):
    """Who asked can neither approve nor deny it, approver or admin; withdrawing is theirs."""
    card = await world.ask(by=user)

    await world.press(card, "Approve", by=user)
    assert "Someone else has to approve what you asked for yourself." in answers(world, user)[-1]
    await world.press(card, "Deny", by=user)
    assert "You can withdraw, not deny, what you asked for yourself." in answers(world, user)[-1]
    assert world.slack.modal(user) is None
    forged = await send(world, form(world, "1", "I say no", by=user))
    assert '"errors"' in forged.body

    assert world.request().state == "pending"
    assert world.hub.count("suspendSim") == 0
    assert world.deeds() == [(user, "asked")]


async def test_an_operator_decides_nothing(world: World):
    """An operator can neither approve nor deny, their own or anybody's; the answer says who is asked instead."""
    card = await world.ask(by=OTHER_OPERATOR)

    await world.press(card, "Approve", by=OTHER_OPERATOR)
    assert answers(world, OTHER_OPERATOR)[1:] == ["Someone else has to approve what you asked for yourself."]
    for verb in ("approve", "deny"):
        await send(world, click(world, card, f"approval.{verb}", by=OPERATOR, value="1"))
        assert f"You may not {verb} this: its policy “everything else” asks other" in answers(world, OPERATOR)[-1]

    assert world.request().state == "pending"


async def test_nobody_withdraws_what_another_asked_for(world: World):
    """Only the requester withdraws, not an operator, an approver or an admin."""
    card = await world.ask()

    for user in (OTHER_OPERATOR, APPROVER, ADMIN, VIEWER):
        await world.press(card, "Withdraw", by=user)
        assert "Only the person who asked can withdraw this." in answers(world, user)[-1]

    assert world.request().state == "pending"


async def test_the_second_click_comes_too_late(world: World):
    """Every button of a card that is decided tells who decided it; the change is not made again."""
    card = await world.ask(by=OTHER_OPERATOR)
    await world.press(card, "Approve", by=APPROVER)

    late = (("Approve", APPROVER), ("Approve", ADMIN), ("Deny", ADMIN), ("Withdraw", OTHER_OPERATOR))
    for button, by in (*late, ("Break glass…", ADMIN)):
        await world.press(card, button, by=by, stale=True)
        assert "is approved by <@U0APPROVER> and done already" in answers(world, by)[-1]
    for what, by in ((Why.DENY, ADMIN), (Why.WITHDRAW, OTHER_OPERATOR), (Why.BREAK_GLASS, ADMIN), (Why.CANCEL, ADMIN)):
        sent = await send(world, form(world, "1", "no", by=by, what=what))
        assert "is approved by somebody else and done already" in sent.body
    await send(world, click(world, card, "approval.look", by=OTHER_OPERATOR, value="1"))

    assert "done already" in answers(world, OTHER_OPERATOR)[-1]
    assert world.hub.count("suspendSim") == 1
    assert len(world.deeds()) == 3
