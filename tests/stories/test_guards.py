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
    STEERS,
    UNKNOWN,
    UNSURE,
    changes,
    every_button,
    known,
    one_of_each,
    one_of_each_request,
    pressed,
    shown,
)
from tests.talk import ADMIN, APPROVER, OPERATOR, OTHER_OPERATOR, VIEWER, World

# Pressed last, as they change what the others stand on.
OF_ALERTS = tuple(f"{card}.{what}" for card in ("alert", "alerts") for what in ("suspend", "plan"))
LAST = ("approval.approve", "approval.look", "approval.undo", "job.retry", "job.undo", "sms.send")
REFUSALS = (
    "you have to be",
    "You may not",
    "Only the person who asked",
    "Someone else has to approve",
    "You can withdraw, not deny",
    "Somebody else has to review",
    "only they can go on with it",
    "This was offered to",
    "they steer it, or an approver",
    "who wrote this, can send or discard it",
)
WEEK_LATER = {
    **dict.fromkeys((f"approval.{what}" for what in ("approve", "deny", "withdraw", "break")), "is lapsed already"),
    **dict.fromkeys((f"approval.{what}" for what in ("look", "done", "undone")), "and failed already"),
    "approval.cancel": "and done already",
    "approval.undo": "is too old to be undone with one press",
    "approval.review": "Nothing of request #5 waits for a review",
    **dict.fromkeys(CHANGES, "This SIM is retired"),
    **dict.fromkeys(("alert.acknowledge", "alert.snooze"), "This alert is over already"),
    **dict.fromkeys(STEERS, "is cancelled by <@U0APPROVER> already"),
    "job.undo": "is too old to be undone with one press",
    "sms.send": "This was written more than a day ago",
}


def test_every_button_is_for_somebody():
    """Each button of each table is known here with who may press it, so that none is left out below."""
    assert MAY[ADMIN] | OWN == set(every_button())


async def test_every_button_refuses_the_wrong_person(world: World):
    """Each button there is, pressed by each who may not, is refused in words and changes nothing."""
    buttons = await one_of_each(world)
    before = known(world)

    for user, may in MAY.items():
        for name, button in buttons.items():
            if name in may:
                continue
            said = await pressed(world, button, by=user)
            assert len(said) == 1, (user, name)
            assert any(words in said[0] for words in REFUSALS), (user, name, said)
            assert world.slack.modal(user) is None, (user, name)
        assert known(world) == before, (user, world.hub.asked)


async def test_who_asked_decides_nothing_of_it(world: World):
    """Who asked can neither approve nor deny nor settle nor review it, whatever else they may."""
    buttons = await one_of_each_request(world)
    before = known(world)

    for name in (*DECISIONS, "approval.break"):
        said = await pressed(world, buttons[name], by=OPERATOR)
        assert any(words in said[0] for words in REFUSALS), (name, said)
        assert world.slack.modal(OPERATOR) is None, name

    assert known(world) == before


async def test_every_button_works_for_the_right_person(world: World):
    """Each button, pressed by who may, opens its form, or does what it says and refuses nothing."""
    buttons = await one_of_each(world)

    for name in sorted(buttons, key=lambda name: LAST.index(name) if name in LAST else -1):
        button = buttons[name]
        said = await pressed(world, button, by=button.by)
        modal = world.slack.modal(button.by)
        assert (modal is not None) == (name in FORMS), (name, said)
        if modal is not None:
            assert said == []
            # What a search finds gets a number of its own when the form for it opens.
            assert (modal["private_metadata"] == button.number) == (name not in ("search.change", *OF_ALERTS)), name
            await world.slack.close_modal(by=button.by)
        assert not any(words in line for line in said for words in (*REFUSALS, *UNKNOWN, "went wrong")), (name, said)

    # The last three are what undo, and once more what failed in a job, have asked for, and the undo of a job.
    new = [(world.request(n).undo_of, world.request(n).count) for n in range(6, 9)]
    assert new == [(4, 1), (None, 1), (2, 1)]
    assert [world.request(n).state for n in range(1, 9)] == [
        "done", "unsure", "cooling", "done", "done", "pending", "pending", "pending",
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
    for name in STEERS:  # a job that waits for somebody would wait a week
        await send(world, click(world, buttons[name].card, "job.cancel", by=APPROVER, value=buttons[name].number))
    for _ in range(7):
        await world.later(days=1)
        await world.run("requests")
        await world.run("jobs")
    await world.run("alerts")
    for n in range(1, 9):
        await world.app.flows.pushes.caring.resolve(n, by=Person(OPERATOR, Role.OPERATOR), why=None)
    before = (world.deeds(), changes(world))

    del buttons["job.retry"]  # what failed can be asked for again as long as it is kept
    for name, button in buttons.items():
        said = await pressed(world, button, by=button.by)
        assert name not in WEEK_LATER or WEEK_LATER[name] in said[-1], (name, said)
        assert name not in CARE or "already; if it happens again there will be a new card" in said[-1], (name, said)
        if name in ("menu.find", "list.open", "list.ask", "search.change"):
            await world.slack.close_modal(by=button.by)
        assert world.slack.modal(button.by) is None, name

    assert (world.deeds(), changes(world)) == before


async def test_two_clicks_at_once(world: World):
    """Each button pressed twice in the same moment does what it does once, and both clicks are answered."""
    buttons = await one_of_each(world)
    before = len(world.deeds())

    for name in sorted(buttons, key=lambda name: LAST.index(name) if name in LAST else -1):
        button = buttons[name]
        twice = [click(world, button.card, name, by=button.by, value=button.number) for _ in range(2)]
        acks = await world.through(asyncio.gather(*(world.slack.line.interaction(payload) for payload in twice)))
        assert [ack.status for ack in acks] == [200, 200], name

    lines = [line.deed for line in world.app.store.audit.lines()][before:]
    assert max(Counter((deed.actor, deed.action, deed.subject) for deed in lines).values()) == 1
    asked = [(a.operation, a.giccid) for a in world.hub.asked if a.operation in CHANGING and a.giccid is not None]
    batched = [("batch", item["giccid"]) for job in world.hub.world.jobs.values() for item in job["items"]]
    assert max(Counter([*asked, *batched]).values()) == 1
    assert world.request(6).undo_of == 4
    assert world.app.store.approvals.count(*type(world.request(1).state)) == 9, "one for each that asks for something"


@pytest.mark.parametrize("what", list(Why))
async def test_two_forms_at_once(world: World, what: Why):
    """A form sent twice in the same moment counts once, and the second reads what the first has done."""
    await one_of_each_request(world)
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
