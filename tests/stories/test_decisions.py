"""Approving, denying, withdrawing and letting lapse: what happens, and who hears of it."""

from __future__ import annotations

import pytest

from bot.simulator.slack import FormRefused, Message
from tests.stories.forging import answers, click, form, send
from tests.talk import (
    ADMIN,
    APPROVER,
    APPROVER_GROUP,
    OPERATOR,
    OPS,
    OTHER_APPROVER,
    OTHER_OPERATOR,
    VIEWER,
    World,
)

AFTER = {"activate": ("active", "ACTIVATED"), "suspend": ("suspended", "DEACTIVATED"), "retire": ("retired", "RETIRED")}


def asked(world: World) -> list[tuple[str, str | None]]:
    """What SmartHub was asked for, in order, each with its SIM."""
    return [(a.operation, a.giccid) for a in world.hub.asked]


async def withdraw(world: World, card: Message, *, by: str, why: str = "") -> None:
    """Whoever asked takes a request back by this card, with or without a reason."""
    await world.press(card, "Withdraw", by=by)
    await world.submit({"Reason": why} if why else {}, by=by)


@pytest.mark.parametrize("operation", ["activate", "suspend", "retire"])
async def test_an_approved_change_is_made_once_and_read_again(world: World, operation: str):
    """Approve reads the SIM, sends one change, reads it again, and only then the card says that it is confirmed."""
    world.settings["approvals"] = {"cooling_off": "none", "undo_within": "never"}
    await world.restart()
    card = await world.ask(operation)
    giccid = world.request().giccid
    world.hub.asked.clear()

    pressed = await world.press(card, "Approve", by=APPROVER)

    ours, theirs = AFTER[operation]
    assert pressed.ok
    assert asked(world) == [("getSim", giccid), (f"{operation}Sim", giccid), ("getSim", giccid)]
    assert world.hub.sim(giccid)["status"] == theirs
    assert "Confirmed · approved by <@U0APPROVER>" in world.now(card)
    assert f"the SIM reads {ours} now" in world.now(card)
    assert world.slack.now_of(card).buttons == []
    assert world.deeds() == [(OPERATOR, "asked"), (APPROVER, "approved"), ("simops", "done")]
    assert answers(world, APPROVER) == [], "a press that works says nothing: its card shows it"


async def test_an_admin_may_approve(world: World):
    """An admin may do all that an approver may."""
    card = await world.ask()

    await world.press(card, "Approve", by=ADMIN)

    assert "Confirmed · approved by <@U0ADMIN>" in world.now(card)


async def test_who_is_not_in_the_channel_hears_directly(world: World):
    """The requester who is not in the approvals channel is told directly of the decision and of its outcome."""
    card = await world.ask()

    await world.press(card, "Approve", by=APPROVER)

    assert [("Approved" in t, "Confirmed" in t) for t in world.told(OPERATOR)] == [(True, False), (False, True)]
    assert len(world.thread(card)) == 2


async def test_who_is_in_the_channel_hears_in_the_thread(world: World):
    """The requester who is in the approvals channel is named in the card's thread, and not told twice."""
    card = await world.ask(by=OTHER_OPERATOR)

    await world.press(card, "Approve", by=APPROVER)

    assert world.told(OTHER_OPERATOR) == []
    assert [f"<@{OTHER_OPERATOR}>" in words for words in world.thread(card)] == [True, True]
    assert "Confirmed" in world.thread(card)[-1]


async def test_denied_with_a_reason(world: World):
    """Deny asks why; the reason stands on the card, and the requester reads it; SmartHub is not asked for anything."""
    card = await world.ask()
    world.hub.asked.clear()

    await world.press(card, "Deny", by=APPROVER)
    modal = world.slack.modal(APPROVER)
    sent = await world.submit({"Reason": "it is the wrong one"}, by=APPROVER)

    assert modal is not None
    assert modal["private_metadata"] == "1", "a form carries the number and nothing else"
    assert sent.ok
    assert world.slack.modal(APPROVER) is None
    assert "Denied by <@U0APPROVER>" in world.now(card)
    assert "Because it is the wrong one" in world.now(card)
    assert "it is the wrong one" in world.told(OPERATOR)[-1]
    assert world.hub.asked == []
    assert world.deeds() == [(OPERATOR, "asked"), (APPROVER, "denied")]
    assert list(world.app.store.audit.lines())[-1].deed.detail["why"] == "it is the wrong one"


async def test_opening_the_form_decides_nothing(world: World):
    """Who opens the form and goes back has denied nothing; somebody else may approve meanwhile."""
    card = await world.ask()
    await world.press(card, "Deny", by=APPROVER)
    await world.slack.close_modal(by=APPROVER)
    assert world.request().state == "pending"

    await world.press(card, "Deny", by=APPROVER)
    await world.press(card, "Approve", by=OTHER_APPROVER)
    late = await world.submit({"Reason": "no"}, by=APPROVER)

    assert late.errors is not None
    assert "Request #1 is approved by somebody else and done already" in late.errors["why"]
    assert world.slack.modal(APPROVER) is not None, "nothing that was typed is lost"
    assert world.request().state == "done"
    assert world.deeds() == [(OPERATOR, "asked"), (OTHER_APPROVER, "approved"), ("simops", "done")]


async def test_a_denial_needs_a_reason(world: World):
    """A form without a reason is not sent; one that comes all the same, blank or missing, is refused in words."""
    card = await world.ask()
    await world.press(card, "Deny", by=APPROVER)
    with pytest.raises(FormRefused):
        await world.submit({}, by=APPROVER)

    for why in (None, "", "   \n "):
        ack = await send(world, form(world, "1", why, by=APPROVER))
        assert ack.status == 200
        assert '"errors"' in ack.body
    assert world.request().state == "pending"


async def test_a_reason_too_long_to_have_come_from_the_form(world: World):
    """The form takes 500 characters; more than that did not come from it, and is refused in words."""
    await world.ask()

    for what, by in (("deny", APPROVER), ("withdraw", OPERATOR), ("break", ADMIN)):
        ack = await send(world, form(world, "1", "x" * 20_000, by=by, what=what))
        assert '"errors"' in ack.body
        assert "500" in ack.body
    assert world.request().state == "pending"


async def test_the_longest_reason_is_shown(world: World):
    """A reason of 500 characters of any kind is stored whole and shown on a card that Slack takes."""
    card = await world.ask()
    await world.press(card, "Deny", by=APPROVER)

    await world.submit({"Reason": "&<>\u202e🔋"[0:5] * 100}, by=APPROVER)

    assert "Denied" in world.now(card)
    assert len(world.request().why or "") == 500
    assert [c.error for c in world.slack.calls if c.error] == []


async def test_withdrawn_from_the_answer(world: World):
    """Who asked is not in the approvals channel, and takes the request back by the button under the answer."""
    card = await world.ask()
    answer = next(m for m in world.slack.seen(by=OPERATOR, channel=OPS) if m.ephemeral_to == OPERATOR)

    await withdraw(world, answer, by=OPERATOR, why="wrong SIM")
    assert world.request().state == "withdrawn"
    assert "Withdrawn by <@U0OPERATOR>" in world.now(card)
    assert "Because wrong SIM" in world.now(card)

    await world.press(answer, "Withdraw", by=OPERATOR, stale=True)
    assert "is withdrawn by <@U0OPERATOR> already" in answers(world, OPERATOR)[-1]


async def test_opening_the_form_withdraws_nothing(world: World):
    """Who opens the form to withdraw and goes back has withdrawn nothing, and finds the request where it was."""
    card = await world.ask(by=OTHER_OPERATOR)
    await world.press(card, "Withdraw", by=OTHER_OPERATOR)

    await world.slack.close_modal(by=OTHER_OPERATOR)
    await world.press(card, "Approve", by=APPROVER)

    assert world.request().state == "done"
    assert world.deeds() == [(OTHER_OPERATOR, "asked"), (APPROVER, "approved"), ("simops", "done")]


async def test_withdrawn_by_who_asked(world: World):
    """The requester may take it back; then nothing is sent, and nobody can approve any more."""
    card = await world.ask(by=OTHER_OPERATOR)

    await withdraw(world, card, by=OTHER_OPERATOR)
    await world.press(card, "Approve", by=APPROVER, stale=True)

    assert "Withdrawn by <@U0OPERATOR2>" in world.now(card)
    assert "Because" not in world.now(card)
    assert "withdrawn by <@U0OPERATOR2> already" in answers(world, APPROVER)[-1]
    assert world.hub.count("suspendSim") == 0
    assert world.deeds() == [(OTHER_OPERATOR, "asked"), (OTHER_OPERATOR, "withdrawn")]


async def test_nobody_decides_and_it_lapses(world: World):
    """After its time the job lets it lapse: the card says so, the requester hears, and the SIM is free again."""
    card = await world.ask()
    giccid = world.request().giccid
    await world.later(hours=7, minutes=59)
    await world.run("requests")
    assert world.request().state == "pending"

    await world.later(minutes=1)
    await world.run("requests")
    await world.run("requests")

    assert "Lapsed" in world.now(card)
    assert world.slack.now_of(card).buttons == []
    assert len(world.told(OPERATOR)) == 1
    assert "Lapsed" in world.told(OPERATOR)[0]
    assert world.deeds() == [(OPERATOR, "asked"), ("simops", "lapsed")]
    assert "#2 Suspend" in world.now(await world.ask("suspend", giccid))


async def test_a_card_of_last_week(world: World):
    """A card whose time is over does nothing any more, in words, before the job has let it lapse and after."""
    card = await world.ask()
    await world.later(days=7)

    for when in ("before the job", "after it"):
        for button, by in (("Approve", APPROVER), ("Deny", APPROVER), ("Approve", ADMIN)):
            await world.press(card, button, by=by, stale=True)
            assert "lapsed" in answers(world, by)[-1], when
        await world.run("requests")
    assert world.slack.modal(APPROVER) is None
    assert world.hub.count("suspendSim") == 0
    assert world.deeds() == [(OPERATOR, "asked"), ("simops", "lapsed")]


async def test_a_new_member_of_the_group_may_approve(world: World):
    """Who joins the approvers' group may approve at the latest a minute later; who has left it may not any more."""
    card = await world.ask()
    second = await world.ask("activate")
    await world.press(card, "Approve", by=VIEWER)
    assert "You may not approve this" in answers(world, VIEWER)[-1]

    world.slack.space.groups[APPROVER_GROUP] = [VIEWER]
    await world.later(seconds=61)
    await world.press(card, "Approve", by=APPROVER)
    await world.press(second, "Approve", by=VIEWER)

    assert "You may not approve this: its policy “everything else” asks other people" in answers(world, APPROVER)[-1]
    assert world.request(1).state == "pending"
    assert world.request(2).state == "done"


async def test_who_left_the_group_with_the_form_open(world: World):
    """The role counts when the form is sent, not when it was opened."""
    card = await world.ask()
    await world.press(card, "Deny", by=APPROVER)
    world.slack.space.groups[APPROVER_GROUP] = []
    await world.later(seconds=61)

    sent = await world.submit({"Reason": "no"}, by=APPROVER)

    assert sent.errors is not None
    assert "You may not deny this" in sent.errors["why"]
    assert world.slack.modal(APPROVER) is not None, "nothing that was typed is lost"
    assert world.request().state == "pending"


async def test_a_group_slack_does_not_tell_of(world: World):
    """While Slack has never said who is in a group, nobody in it may do more, and is told that it is not known."""
    world.slack.refuse("usergroups.users.list", "internal_error", times=100)
    await world.restart()
    card = await world.ask()

    await world.press(card, "Approve", by=APPROVER)
    assert "Slack does not say right now who may approve this; try again in a minute." in answers(world, APPROVER)[-1]
    await world.press(card, "Approve", by=ADMIN)

    assert world.request().state == "done"


async def test_a_group_is_believed_for_ten_minutes(world: World):
    """A group that cannot be read counts as last known for ten minutes, and for no longer."""
    sims = [world.hub.pick(nth=n) for n in range(2)]
    cards = [await world.ask(giccid=sim) for sim in sims]
    await world.say("/sim help", by=APPROVER)
    world.slack.refuse("usergroups.users.list", "internal_error", times=100)

    await world.later(minutes=9)
    await world.press(cards[0], "Approve", by=APPROVER)
    await world.later(minutes=2)
    await world.press(cards[1], "Approve", by=APPROVER)

    assert [world.request(n).state for n in (1, 2)] == ["done", "pending"]
    assert "try again in a minute" in answers(world, APPROVER)[-1]


async def test_the_form_that_could_not_be_opened(world: World):
    """When Slack does not open the form in time, whoever pressed reads that, and nothing is decided."""
    card = await world.ask()
    world.slack.refuse("views.open", "expired_trigger_id")

    await world.press(card, "Deny", by=APPROVER)

    assert "press the button again" in answers(world, APPROVER)[-1]
    assert world.request().state == "pending"


async def test_the_card_was_deleted(world: World):
    """A card that somebody deleted is posted anew when it changes, and the change is made once all the same."""
    card = await world.ask()
    world.slack.space.remove(card)

    await send(world, click(world, card, "approval.approve", by=APPROVER, value="1"))

    assert "Confirmed" in world.now(world.card())
    assert world.hub.count("suspendSim") == 1
