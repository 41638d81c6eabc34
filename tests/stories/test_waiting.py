"""While nobody decides: reminders, others who are asked as well, and who approves in somebody's place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.simulator.slack import pings
from tests.stories.changes import says_why
from tests.stories.forging import answers
from tests.talk import (
    ADMIN,
    APPROVALS,
    APPROVER,
    APPROVER_GROUP,
    OPERATOR,
    OTHER_APPROVER,
    OTHER_OPERATOR,
    STRANGER,
    VIEWER,
    World,
    plain,
)

BOSSES = "S0BOSSES"


async def under(world: World, **policy: object) -> None:
    """From here on this policy decides on everything, with two bosses in a group of their own."""
    world.slack.space.groups[BOSSES] = [OTHER_OPERATOR, VIEWER]
    world.policies = [{"name": "the only one", **policy}]
    await world.restart()


async def struck(world: World, *, minutes: float) -> None:
    """Time passes, with the clock striking every five minutes."""
    end = world.clock.now() + timedelta(minutes=minutes)
    while world.clock.now() < end:
        await world.later(minutes=min(5.0, (end - world.clock.now()).total_seconds() / 60))
        await world.run("requests")


# --- reminders ---


async def test_reminded_ever_more_seldom(world: World):
    """Those it waits for are reminded after 15 minutes, then after twice as long each time, at most every two hours,
    for as long as it waits."""
    card = await world.ask()
    asked_at, seen, at = world.clock.now(), 0, []

    while world.request().open:
        await struck(world, minutes=5)
        if world.request().open and len(world.thread(card)) > seen:
            seen = len(world.thread(card))
            at.append(round((world.clock.now() - asked_at) / timedelta(minutes=1)))

    assert at == [15, 45, 105, 225, 345, 465]
    assert seen == len(at)


async def test_a_reminder_says_who_is_missing(world: World):
    """A reminder names and notifies those who may decide, says until when, and goes into the thread of the card."""
    card = await world.ask()

    await struck(world, minutes=15)

    [reminder] = [m for m in world.slack.thread(card) if m.ts != card.ts]
    assert "#1 still waits. 0 of 1; still one of" in plain(reminder)
    assert "It lapses 2026-11-22 16:30 UTC" in reminder.text
    assert pings(reminder) == {APPROVER_GROUP, ADMIN}
    assert world.told(OPERATOR) == [], "who asked is reminded of nothing"


async def test_one_reminder_after_a_long_stop(world: World):
    """A bot that was stopped over several reminders sends one when it is back, and the next at its time."""
    card = await world.ask()
    await world.app.stop()
    await world.clock.advance(timedelta(hours=4).total_seconds())
    await world.start_bot()

    for _ in range(3):
        await world.run("requests")
    assert len(world.thread(card)) == 1
    await struck(world, minutes=100)
    assert len(world.thread(card)) == 1
    await struck(world, minutes=5)

    assert len(world.thread(card)) == 2


async def test_no_reminder_of_what_is_decided(world: World):
    """Nobody is reminded of a request that has ended, nor where a policy wants no reminders."""
    first = await world.ask()
    await says_why(world, first, "Deny", by=APPROVER)
    told = len(world.thread(first))
    await under(world, remind_after="never")
    second = await world.ask("activate")

    await struck(world, minutes=120)

    assert len(world.thread(first)) == told
    assert world.thread(second) == []


# --- escalation ---


async def test_brought_before_others(world: World):
    """After its time a request goes to others as well: they are told once, loudly, and may approve from then on."""
    await under(world, escalate_after="1h", escalate_to=[BOSSES], **{"from": [APPROVER_GROUP]})
    card = await world.ask()
    await struck(world, minutes=55)
    await world.press(card, "Approve", by=OTHER_OPERATOR)
    assert "You may not approve this" in answers(world, OTHER_OPERATOR)[-1]
    assert len(world.cards(APPROVALS)) == 1

    await struck(world, minutes=30)
    [_, loud] = world.cards(APPROVALS)
    assert BOSSES in pings(loud)
    assert "#1 Suspend" in plain(loud)
    assert "you may decide it now, too." in plain(loud)
    assert f"<!subteam^{BOSSES}>" in world.request().needs
    assert [deed for deed in world.deeds() if deed[1] == "escalated"] == [("simops", "escalated")]
    await world.press(card, "Approve", by=OTHER_OPERATOR)

    assert world.request().state == "done"
    assert f"approved by <@{OTHER_OPERATOR}>" in world.now(card)


async def test_who_is_not_in_the_channel_hears_directly(world: World):
    """Somebody it is brought before who is not in the approvals channel is told directly; who is is not told twice."""
    await under(world, escalate_after="30m", escalate_to=[OPERATOR, VIEWER])
    await world.ask(by=OTHER_OPERATOR)

    await struck(world, minutes=60)

    assert ["you may decide it now, too." in said for said in world.told(OPERATOR)] == [True]
    assert world.told(VIEWER) == []
    assert pings(world.card()) >= {OPERATOR, VIEWER}


async def test_those_before_may_still_decide(world: World):
    """Bringing it before others takes nothing from those it was brought to first."""
    await under(world, escalate_after="30m", escalate_to=[BOSSES], **{"from": [APPROVER_GROUP]})
    card = await world.ask()
    await struck(world, minutes=35)

    await world.press(card, "Approve", by=APPROVER)

    assert world.request().state == "done"


async def test_a_boss_does_not_approve_their_own(world: World):
    """Who asked is not asked either when it is brought before their group."""
    await under(world, escalate_after="30m", escalate_to=[BOSSES], **{"from": [APPROVER_GROUP]})
    card = await world.ask(by=OTHER_OPERATOR)
    await struck(world, minutes=35)

    await world.press(card, "Approve", by=OTHER_OPERATOR)

    assert "Someone else has to approve what you asked for yourself." in answers(world, OTHER_OPERATOR)[-1]
    assert world.request().state == "pending"


# --- delegation ---


async def test_somebody_stands_in(world: World):
    """Whom an approver has named may approve in their place, hears of it, and the log says who gave it to whom."""
    card = await world.ask()

    said = await world.say(f"/sim delegate <@{VIEWER}|vera> 3d", by=APPROVER)
    told = world.told(VIEWER)
    await world.press(card, "Approve", by=VIEWER)

    assert f"<@{VIEWER}> may approve in the place of <@{APPROVER}>" in plain(said.reply)
    assert [f"may approve in the place of <@{APPROVER}>" in words for words in told] == [True]
    assert world.request().state == "done"
    assert f"approved by <@{VIEWER}>" in world.now(card)
    assert (APPROVER, "delegated") in world.deeds(f"person:{APPROVER}")


async def test_who_stands_in_never_for_their_own(world: World):
    """Neither what the one who stands in has asked for, nor what the other one has asked for, is approved that way."""
    await under(world, **{"from": [APPROVER]})
    await world.say(f"/sim delegate {OTHER_OPERATOR} 3d", by=APPROVER)
    own = await world.ask(by=OTHER_OPERATOR)
    theirs = await world.ask("activate", by=APPROVER)

    for card in (own, theirs):
        await world.press(card, "Approve", by=OTHER_OPERATOR)

    first, second = answers(world, OTHER_OPERATOR)[-2:]
    assert "Someone else has to approve what you asked for yourself." in first
    assert "You may not approve this" in second
    assert [world.request(n).state for n in (1, 2)] == ["pending", "pending"]


async def test_one_right_is_one_yes(world: World):
    """Who stands in and the one they stand in for are one of two, not two."""
    await under(world, quorum=2, **{"from": [APPROVER, OTHER_APPROVER]})
    await world.say(f"/sim delegate {VIEWER} 3d", by=APPROVER)
    card = await world.ask()

    await world.press(card, "Approve", by=APPROVER)
    await world.press(card, "Approve", by=VIEWER)
    assert world.request().state == "pending"
    assert "1 of 2; still one of" in world.now(card)
    await world.press(card, "Approve", by=OTHER_APPROVER)

    assert world.request().state == "done"


@pytest.mark.parametrize("how", ["over", "taken back", "given to another"])
async def test_a_delegation_ends(world: World, how: str):
    """When its time is over, or it was taken back, or given to somebody else, it gives nothing any more."""
    await world.say(f"/sim delegate {VIEWER} 3d", by=APPROVER)
    if how == "over":
        await world.later(days=3)
    elif how == "taken back":
        assert "you decide yourself again" in plain((await world.say("/sim delegate off", by=APPROVER)).reply)
    else:
        await world.say(f"/sim delegate {STRANGER} 3d", by=APPROVER)
    card = await world.ask()

    await world.press(card, "Approve", by=VIEWER)

    assert "You may not approve this" in answers(world, VIEWER)[-1]
    assert world.request().state == "pending"


async def test_what_was_approved_in_time_stands(world: World):
    """A yes that was given while the delegation held counts after it has ended."""
    await under(world, quorum=2, **{"from": [APPROVER, OTHER_APPROVER]})
    await world.say(f"/sim delegate {VIEWER} 1h", by=APPROVER)
    card = await world.ask()
    await world.press(card, "Approve", by=VIEWER)
    await world.later(hours=2)

    await world.press(card, "Approve", by=OTHER_APPROVER)

    assert world.request().state == "done"


async def test_who_stood_in_and_is_gone(world: World):
    """The yes of somebody who stood in and has no account any more does not count, whoever gave them the right."""
    await under(world, quorum=2, **{"from": [APPROVER, OTHER_APPROVER]})
    await world.say(f"/sim delegate {VIEWER} 3d", by=APPROVER)
    card = await world.ask()
    await world.press(card, "Approve", by=VIEWER)
    world.slack.space.people[VIEWER] = replace(world.slack.space.people[VIEWER], deactivated=True)
    await world.later(seconds=61)

    await world.press(card, "Approve", by=OTHER_APPROVER)
    assert world.request().state == "pending"
    await world.press(card, "Approve", by=APPROVER)

    assert world.request().state == "done"
    assert [vote.by for vote in world.request().votes] == [OTHER_APPROVER, APPROVER]


@pytest.mark.parametrize(
    ("by", "words", "because"),
    [
        (OPERATOR, f"{VIEWER} 3d", "you have to be an approver"),
        (APPROVER, f"{APPROVER} 3d", "You cannot stand in for yourself."),
        (APPROVER, f"{VIEWER} 91d", "A delegation lasts at most 90 d."),
        (APPROVER, "vera", "Write who, and until when"),
        (APPROVER, "off", "You have delegated nothing."),
    ],
)
async def test_what_cannot_be_delegated(world: World, by: str, words: str, because: str):
    """What is not understood or not allowed is refused with what to write instead, and gives nobody anything."""
    said = await world.say(f"/sim delegate {words}", by=by)

    assert because in plain(said.reply)
    assert world.told(VIEWER) == []
    assert world.deeds() == []


# --- those who are to hear ---


async def test_who_is_to_hear_hears_how_it_went(world: World):
    """Whom the policy tells hears of the asking and of the decision with its reason, and of no vote in between."""
    await under(world, quorum=2, notify=[VIEWER])
    card = await world.ask(because="it is stolen")

    await world.press(card, "Approve", by=APPROVER)
    await says_why(world, card, "Deny", by=OTHER_APPROVER, why="it is not")

    asked, denied = world.told(VIEWER)
    assert f"<@{OPERATOR}> asked: #1 Suspend" in asked
    assert "Reason: it is stolen" in asked
    assert "Denied by" in denied
    assert "it is not" in denied
