"""Breaking the glass: an admin goes without approval, nobody can overlook that, and somebody else reviews it."""

from __future__ import annotations

import asyncio

import pytest

from bot.simulator.slack import FormRefused, Message, pings
from tests.stories.changes import approved, break_the_glass, looked_after, says_why, with_settings
from tests.stories.forging import answers, form, send
from tests.talk import (
    ADMIN,
    APPROVALS,
    APPROVER,
    APPROVER_GROUP,
    OPERATOR,
    OTHER_APPROVER,
    OTHER_OPERATOR,
    VIEWER,
    World,
    plain,
)

HOSTILE = "<!channel> <@U0STRANGER> <!subteam^S0EVERYBODY> *now* `x` <http://evil.example|here>"


async def broken(world: World, *, by: str = ADMIN, asked_by: str = OPERATOR) -> Message:
    """The card of a request for which the glass was broken."""
    card = await world.ask(by=asked_by)
    await break_the_glass(world, card, by=by, why="the meter is on fire")
    return card


async def to_review(world: World, *, by: str = APPROVER) -> str:
    """What this person reads that waits for a review."""
    said = plain((await world.say("/sim approvals", by=by)).reply)
    return said.partition("To review")[2]


async def test_carried_out_without_approval(world: World):
    """An admin with a reason has it done at once, and once; the card says so, and asks for a review."""
    card = await broken(world)

    assert world.hub.count("suspendSim") == 1
    assert "Confirmed · without approval, by <@U0ADMIN>" in world.now(card)
    assert "Glass broken by <@U0ADMIN> the meter is on fire" in world.now(card)
    assert "An approver has to review this." in world.now(card)
    assert "Review…" in world.slack.now_of(card).buttons
    assert world.request().votes == ()
    assert "without approval, by <@U0ADMIN>" in world.told(OPERATOR)[-1]


async def test_everybody_hears_of_it(world: World):
    """It is announced in the approvers' channel, in a message of its own that stands in no thread, with its reason."""
    card = await broken(world)

    [first, loud] = world.cards(APPROVALS)
    label = world.request().label
    assert first.ts == card.ts
    assert f"🚨 Glass broken: <@U0ADMIN> has #1 Suspend {label} carried out without approval." in plain(loud)
    assert "Reason: the meter is on fire. An approver has to review it on its card." in plain(loud)
    assert "Glass broken" in loud.text


async def test_it_is_marked_in_the_audit(world: World):
    """The log has a word of its own for it, with who did it and why."""
    await broken(world)

    assert world.deeds() == [(OPERATOR, "asked"), (ADMIN, "broke the glass"), ("simops", "done")]
    line = list(world.app.store.audit.lines())[1]
    assert line.deed.detail["why"] == "the meter is on fire"
    assert line.deed.detail["votes"] is None


@pytest.mark.parametrize("user", [VIEWER, OTHER_OPERATOR, APPROVER])
async def test_nobody_else_may(world: World, user: str):
    """Neither a viewer, an operator nor an approver can, by the button or by a form that nobody opened."""
    card = await world.ask()

    await world.press(card, "Break glass…", by=user)
    assert "you have to be an admin" in answers(world, user)[-1]
    assert world.slack.modal(user) is None
    forged = await send(world, form(world, "1", "I want it", by=user, what="break"))

    assert '"errors"' in forged.body
    assert "you have to be an admin" in forged.body
    assert world.request().state == "pending"
    assert world.hub.count("suspendSim") == 0
    assert len(world.cards(APPROVALS)) == 1


async def test_it_needs_a_reason(world: World):
    """A form without a reason is not sent; one that comes all the same, blank or missing, is refused in words."""
    card = await world.ask()
    await world.press(card, "Break glass…", by=ADMIN)
    with pytest.raises(FormRefused):
        await world.submit({}, by=ADMIN)

    for why in (None, "", "  \n "):
        ack = await send(world, form(world, "1", why, by=ADMIN, what="break"))
        assert "Write a reason" in ack.body
    assert world.request().state == "pending"
    assert world.hub.count("suspendSim") == 0


async def test_for_what_one_asked_for_oneself(world: World):
    """An admin alone at night may do it for their own request; then an approver has to review it."""
    card = await broken(world, asked_by=ADMIN)
    assert "Confirmed · without approval, by <@U0ADMIN>" in world.now(card)

    await says_why(world, card, "Review…", by=APPROVER, why="well done")

    assert world.request().reviewed_by == APPROVER


async def test_when_one_of_two_had_approved(world: World):
    """A yes of before stays in the log, but the card says that it went without approval."""
    world.policies = [{"name": "two", "quorum": 2}]
    await with_settings(world)
    card = await world.ask()
    await world.press(card, "Approve", by=APPROVER)

    await break_the_glass(world, card)

    assert "Confirmed · without approval, by <@U0ADMIN>" in world.now(card)
    assert "approved by" not in world.now(card)
    assert world.deeds()[1:3] == [(APPROVER, "approved"), (ADMIN, "broke the glass")]
    assert world.hub.count("suspendSim") == 1


# --- too late, and at once ---


async def test_decided_already(world: World):
    """What somebody decided while the form was open is not done a second time; the form says so."""
    card = await world.ask()
    await world.press(card, "Break glass…", by=ADMIN)
    await world.press(card, "Approve", by=APPROVER)

    late = await world.submit({"Reason": "it cannot wait"}, by=ADMIN)

    assert late.errors is not None
    assert "approved by somebody else and done already" in late.errors["why"]
    assert world.hub.count("suspendSim") == 1
    assert len(world.cards(APPROVALS)) == 1
    assert world.request().glass is None


async def test_lapsed_already(world: World):
    """The glass is there for what waits; what nobody decided in its time is asked for anew."""
    card = await world.ask()
    await world.later(hours=8)

    await world.press(card, "Break glass…", by=ADMIN)

    assert "has lapsed" in answers(world, ADMIN)[-1]
    assert world.slack.modal(ADMIN) is None
    assert world.hub.count("suspendSim") == 0


async def test_approved_in_the_same_moment(world: World):
    """When an approval and a broken glass fall together one of them stands, and SmartHub hears of the change once."""
    card = await world.ask()
    await world.press(card, "Break glass…", by=ADMIN)

    both = asyncio.gather(
        world.slack.press(card, "Approve", by=APPROVER), world.slack.submit(by=ADMIN, values={"Reason": "now"})
    )
    await world.through(both)

    decided = [what for _, what in world.deeds() if what in ("approved", "broke the glass")]
    assert len(decided) == 1
    assert (world.request().glass is not None) == (decided == ["broke the glass"])
    assert world.hub.count("suspendSim") == 1
    assert "Confirmed" in world.now(card)


# --- the review ---


async def test_reviewed_by_somebody_else(world: World):
    """An approver looks at it and says what they think: that stands on the card, in its thread and in the log, and its
    button is gone."""
    card = await broken(world)

    await says_why(world, card, "Review…", by=APPROVER, why="it was right, and could have waited")

    assert "Reviewed <@U0APPROVER>" in world.now(card)
    assert ": it was right, and could have waited" in world.now(card)
    assert "An approver has to review this." not in world.now(card)
    assert "Review…" not in world.slack.now_of(card).buttons
    assert "it was right, and could have waited" in world.thread(card)[-1]
    assert world.deeds()[-1] == (APPROVER, "reviewed")
    assert list(world.app.store.audit.lines())[-1].deed.detail["review"] == "it was right, and could have waited"
    assert world.request().state == "done"


async def test_reviewed_without_a_word(world: World):
    """That somebody looked is what counts; a word about it is not asked for."""
    card = await broken(world)

    await says_why(world, card, "Review…", by=APPROVER, why="")

    assert "Reviewed <@U0APPROVER>" in world.now(card)


async def test_who_may_not_review(world: World):
    """Not who broke it, not who asked, not who is no approver: each reads why, and it still waits."""
    card = await broken(world, asked_by=OTHER_APPROVER)

    for user, told in (
        (ADMIN, "Somebody else has to review this."),
        (OTHER_APPROVER, "Somebody else has to review this."),
        (OTHER_OPERATOR, "you have to be an approver"),
        (VIEWER, "you have to be an approver"),
    ):
        await world.press(card, "Review…", by=user)
        assert told in answers(world, user)[-1]
        assert world.slack.modal(user) is None
        forged = await send(world, form(world, "1", "fine", by=user, what="review"))
        assert told in forged.body
    assert world.request().reviewed_by is None


async def test_reviewed_twice(world: World):
    """The first review stands; who comes second reads that nothing waits any more."""
    card = await broken(world)
    await world.press(card, "Review…", by=OTHER_APPROVER)
    await says_why(world, card, "Review…", by=APPROVER, why="fine")

    late = await world.submit({"Reason": "not fine"}, by=OTHER_APPROVER)

    assert late.errors is not None
    assert "Nothing of request #1 waits for a review." in late.errors["why"]
    assert (world.request().reviewed_by, world.request().review) == (APPROVER, "fine")


async def test_listed_until_it_is_reviewed(world: World):
    """It stands under /sim approvals, also after a restart, until somebody has reviewed it."""
    assert await to_review(world) == ""
    card = await broken(world)
    assert f"#1 Suspend {world.request().label}" in await to_review(world)
    await world.restart()
    assert f"#1 Suspend {world.request().label}" in await to_review(world)

    await says_why(world, card, "Review…", by=APPROVER)

    assert await to_review(world) == ""


# --- what else may come of it ---


async def test_unsure_with_the_glass_broken(world: World):
    """When the answer is lost it is looked after like any other, and can be reviewed meanwhile."""
    card = await world.ask()
    world.hub.lose_next("suspendSim")
    await break_the_glass(world, card)
    assert world.slack.now_of(card).buttons == ["Look now", "It was done…", "It was not done…", "Review…"]

    await says_why(world, card, "Review…", by=APPROVER)
    await looked_after(world, minutes=1)

    assert "Confirmed · without approval, by <@U0ADMIN>" in world.now(card)
    assert world.hub.count("suspendSim") == 1


async def test_a_retirement_cools_off_all_the_same(world: World):
    """Breaking the glass suspends and does not retire at once; who stops it then is not taken for who broke the glass,
    and who broke it still cannot review that."""
    card = await world.ask("retire", world.hub.pick())
    await break_the_glass(world, card)
    assert world.slack.now_of(card).buttons == ["Cancel the retirement", "Review…"]

    await says_why(world, card, "Cancel the retirement", by=OTHER_OPERATOR)
    await world.later(hours=24)
    await world.run("requests")

    assert world.hub.count("retireSim") == 0
    assert "Retirement cancelled by <@U0OPERATOR2>" in world.now(card)
    assert "Glass broken by <@U0ADMIN>" in world.now(card)
    await world.press(card, "Review…", by=ADMIN)
    assert "Somebody else has to review this." in answers(world, ADMIN)[-1]
    await says_why(world, card, "Review…", by=APPROVER)
    assert "Reviewed <@U0APPROVER>" in world.now(card)


async def test_undone_with_a_press_like_any_other(world: World):
    """What was done without approval is undone by a request that does need one."""
    card = await broken(world)

    await world.press(card, "Undo (within 30 min)", by=OTHER_OPERATOR)

    assert "#2 Activate" in plain(world.card())
    assert world.request(2).state == "pending"
    assert world.hub.count("activateSim") == 0


async def test_hostile_reasons_stay_text(world: World):
    """Neither the reason nor the review can ping, format or link, on the card, in the thread or in the announcement."""
    card = await world.ask()
    await break_the_glass(world, card, why=HOSTILE)
    await says_why(world, card, "Review…", by=APPROVER, why=HOSTILE)

    assert world.now(card).count(HOSTILE) == 2
    for message in (*world.slack.messages(APPROVALS), *world.slack.dm(OPERATOR)):
        assert pings(message) <= {OPERATOR, APPROVER, ADMIN, APPROVER_GROUP}
        assert "mrkdwn" not in str(message.blocks)


async def test_approved_is_not_broken(world: World):
    """What was approved has nothing to review."""
    card = await approved(world)

    assert "Glass" not in world.now(card)
    assert "Review…" not in world.slack.now_of(card).buttons
    assert len(world.cards(APPROVALS)) == 1


async def test_what_it_was_is_read_before_the_glass_breaks(world: World):
    """What an undo goes back to is what the SIM was when the glass was broken, not when the change was asked for."""
    giccid = world.hub.pick("ACTIVATED")
    world.hub.change(giccid, custom2="Bonn")
    await world.say(f"/sim set {giccid} custom2=Berlin", by=OPERATOR)
    world.hub.change(giccid, custom2="Cologne")

    await break_the_glass(world, world.card())

    assert world.hub.sim(giccid)["custom2"] == "Berlin"
    assert world.request().before.custom[1] == "Cologne"
