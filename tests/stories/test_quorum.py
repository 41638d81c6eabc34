"""Several people have to say yes: each counts once, in one seat, while they may; one change comes of it at most."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from dataclasses import replace

import pytest

from bot.simulator.slack import Message
from bot.simulator.slack.sending import Ack
from tests.stories.forging import after, answers, click, form, sending
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

FINANCE = "S0FINANCE"
CROWD = [f"U0CROWD{n}" for n in range(10)]
BOTH_GROUPS = {"one_from_each": [[APPROVER_GROUP], [FINANCE]]}


async def under(world: World, **policy: object) -> None:
    """From here on this policy decides on everything."""
    world.policies = [{"name": "the only one", **policy}]
    await world.restart()


async def noticed(world: World) -> None:
    """The bot has had the time to notice who is in which group, and whose account is gone."""
    await world.later(seconds=61)


def approving(world: World, card: Message, who: str) -> Awaitable[Ack]:
    """A click on Approve under way."""
    return sending(world, click(world, card, "approval.approve", by=who, value="1"))


def voted(world: World) -> list[str]:
    """Whose yes is stored."""
    return [vote.by for vote in world.request().votes]


# --- enough ---


async def test_two_have_to_approve(world: World):
    """The first yes is kept and shown with who is still missing; the second one has the change made, once."""
    await under(world, quorum=2, **{"from": [APPROVER_GROUP]})
    card = await world.ask()
    assert f"0 of 2; still 2 of <!subteam^{APPROVER_GROUP}>" in world.request().needs
    assert "It is done when enough have approved." in str(card.blocks)

    await world.press(card, "Approve", by=APPROVER)
    assert world.request().state == "pending"
    assert world.hub.count("suspendSim") == 0
    assert "Approvals 1 of 2; still one of" in world.now(card)
    assert f"(yes: <@{APPROVER}> )" in world.now(card)
    assert f"<@{APPROVER}> approved." in " ".join(world.thread(card)[-1].split())
    assert world.told(OPERATOR) == [], "nothing is decided yet"
    await world.press(card, "Approve", by=OTHER_APPROVER)

    assert world.hub.count("suspendSim") == 1
    assert f"Confirmed · approved by <@{APPROVER}> , <@{OTHER_APPROVER}>" in world.now(card)
    yes = [(APPROVER, "approved"), (OTHER_APPROVER, "approved")]
    assert world.deeds() == [(OPERATOR, "asked"), *yes, ("simops", "done")]


async def test_one_person_is_one_of_two(world: World):
    """However often, and at once, somebody presses, they have said yes once, and read that it waits for another."""
    await under(world, quorum=2)
    card = await world.ask()

    await world.through(asyncio.gather(*(approving(world, card, APPROVER) for _ in range(10))))

    assert voted(world) == [APPROVER]
    told = answers(world, APPROVER)
    assert told == ["You have approved request #1 already; it waits for somebody else."] * 9
    assert world.hub.count("suspendSim") == 0
    assert world.deeds() == [(OPERATOR, "asked"), (APPROVER, "approved")]


async def test_ten_press_at_once_and_three_are_needed(world: World):
    """Of ten who press in the same moment three are counted, the others read who was faster; one call is made."""
    world.slack.space.groups[APPROVER_GROUP] += CROWD
    await under(world, quorum=3)
    card = await world.ask()

    acks = await world.through(asyncio.gather(*(approving(world, card, who) for who in CROWD)))

    counted = voted(world)
    assert [ack.status for ack in acks] == [200] * 10
    assert len(set(counted)) == 3
    assert world.hub.count("suspendSim") == 1
    assert [deed for deed in world.deeds() if deed[1] == "approved"] == [(who, "approved") for who in counted]
    assert "Confirmed · approved by " + " , ".join(f"<@{who}>" for who in counted) in world.now(card)
    for who in CROWD:
        late = [f"Request #1 is approved by <@{counted[-1]}> and" in said for said in answers(world, who)]
        assert late == ([] if who in counted else [True]), who


async def test_who_asks_counts_where_the_policy_says_so(world: World):
    """Where the requester may be one of two, their own yes is one, and somebody else's the other."""
    await under(world, quorum=2, requester_counts=True, **{"from": [APPROVER_GROUP]})
    card = await world.ask(by=APPROVER)

    await world.press(card, "Approve", by=APPROVER)
    assert world.request().state == "pending"
    await world.press(card, "Approve", by=OTHER_APPROVER)

    assert world.request().state == "done"


# --- one from each of two groups ---


async def test_one_from_each_of_two_groups(world: World):
    """Two of the same group are not enough; one of the other has to say yes as well."""
    world.slack.space.groups[FINANCE] = [VIEWER]
    await under(world, **BOTH_GROUPS)
    card = await world.ask()

    await world.press(card, "Approve", by=APPROVER)
    await world.press(card, "Approve", by=OTHER_APPROVER)
    assert world.request().needs == f"1 of 2; still one of <!subteam^{FINANCE}>"
    assert world.hub.count("suspendSim") == 0
    await world.press(card, "Approve", by=ADMIN)
    assert "You may not approve this: its policy “the only one” asks other people" in answers(world, ADMIN)[-1]
    await world.press(card, "Approve", by=VIEWER)

    assert world.request().state == "done"
    assert world.hub.count("suspendSim") == 1


@pytest.mark.parametrize("second", [APPROVER, VIEWER])
async def test_who_is_in_both_groups_takes_one_seat(world: World, second: str):
    """Somebody in both groups is one of the two, in whichever group the other one is not."""
    world.slack.space.groups[FINANCE] = [VIEWER, OTHER_APPROVER]
    await under(world, **BOTH_GROUPS)
    card = await world.ask()

    await world.press(card, "Approve", by=OTHER_APPROVER)
    await world.press(card, "Approve", by=OTHER_APPROVER)
    assert world.request().state == "pending"
    assert world.request().needs == f"1 of 2; still one of <!subteam^{APPROVER_GROUP}> or <!subteam^{FINANCE}>"
    await world.press(card, "Approve", by=second)

    assert world.request().state == "done"
    assert voted(world) == [OTHER_APPROVER, second]


# --- a yes that does not count any more ---


@pytest.mark.parametrize("how", ["left the group", "deactivated"])
async def test_a_yes_of_somebody_who_is_gone(world: World, how: str):
    """Who has left the group, or has no account any more, does not count from then on, and is not named as one of
    those who approved."""
    world.slack.space.groups[APPROVER_GROUP] += [VIEWER]
    await under(world, quorum=2, **{"from": [APPROVER_GROUP]})
    card = await world.ask()
    await world.press(card, "Approve", by=APPROVER)
    if how == "deactivated":
        world.slack.space.people[APPROVER] = replace(world.slack.space.people[APPROVER], deactivated=True)
    else:
        world.slack.space.groups[APPROVER_GROUP].remove(APPROVER)
    await noticed(world)

    await world.press(card, "Approve", by=OTHER_APPROVER)
    assert world.request().state == "pending"
    assert "1 of 2; still one of" in world.now(card)
    assert world.hub.count("suspendSim") == 0
    await world.press(card, "Approve", by=VIEWER)

    assert world.hub.count("suspendSim") == 1
    assert f"approved by <@{OTHER_APPROVER}> , <@{VIEWER}>" in world.now(card)


async def test_who_left_and_came_back_counts_again(world: World):
    """A yes is judged when the next one comes: who is in the group again by then need not say it twice."""
    await under(world, quorum=2, **{"from": [APPROVER_GROUP]})
    card = await world.ask()
    await world.press(card, "Approve", by=APPROVER)
    world.slack.space.groups[APPROVER_GROUP].remove(APPROVER)
    await noticed(world)
    world.slack.space.groups[APPROVER_GROUP].append(APPROVER)
    await noticed(world)

    await world.press(card, "Approve", by=OTHER_APPROVER)

    assert world.request().state == "done"


async def test_who_came_back_after_the_last_one(world: World):
    """When all who are needed have said yes, and one of them came back only since, one more press of either will do."""
    await under(world, quorum=2, **{"from": [APPROVER_GROUP]})
    card = await world.ask()
    await world.press(card, "Approve", by=APPROVER)
    world.slack.space.groups[APPROVER_GROUP].remove(APPROVER)
    await noticed(world)
    await world.press(card, "Approve", by=OTHER_APPROVER)
    world.slack.space.groups[APPROVER_GROUP].append(APPROVER)
    await noticed(world)
    assert world.request().state == "pending"

    await world.press(card, "Approve", by=OTHER_APPROVER)

    assert world.request().state == "done"
    assert voted(world) == [APPROVER, OTHER_APPROVER]
    assert world.hub.count("suspendSim") == 1


# --- what a policy may want besides ---


async def test_a_policy_that_asks_nobody(world: World):
    """Where nobody has to say yes the change is made at once, once, and whoever asked reads what came of it."""
    await under(world, approval=False)
    giccid = world.hub.pick()

    said = await world.say(f"/sim suspend {giccid} because it is stolen")

    assert "#1 Suspend" in plain(said.reply)
    assert "Confirmed · policy “the only one” asks nobody" in plain(said.reply)
    assert world.hub.sim(giccid)["status"] == "DEACTIVATED"
    assert world.hub.count("suspendSim") == 1
    assert world.cards(APPROVALS) == []
    assert world.deeds() == [(OPERATOR, "asked"), ("simops", "done")]


async def test_a_reason_as_the_policy_wants_it(world: World):
    """A policy may want a ticket number: without one nothing is asked, and the answer says what it looks like."""
    hint = "a ticket number such as OPS-123"
    await under(world, reason_required=True, reason_pattern="OPS-[0-9]+.*", reason_hint=hint)
    giccid = world.hub.pick()

    none = await world.say(f"/sim suspend {giccid}")
    other = await world.say(f"/sim suspend {giccid} because it is stolen (OPS-1)")
    assert f"The policy “the only one” wants a reason behind “because”: {hint}." in plain(none.reply)
    assert f"wants another reason; it has to be like this: {hint}." in plain(other.reply)
    assert world.cards(APPROVALS) == []
    assert world.deeds() == []
    card = await world.ask("suspend", giccid, because="OPS-77 stolen")

    assert "Reason OPS-77 stolen" in plain(card)


# --- everything at once ---


@pytest.mark.parametrize("seed", range(8))
async def test_approve_deny_withdraw_and_lapse_at_once(world: World, seed: int):
    """Whatever falls together in the last moment of a request, one outcome stands, everybody else is told which in
    words, and SmartHub is asked once at most."""
    world.slack.space.groups[APPROVER_GROUP] += CROWD
    await under(world, quorum=2, remind_after="never")
    card = await world.ask(by=OTHER_OPERATOR)
    order = random.Random(seed)  # noqa: S311 - the same order in every run
    end = (world.request().lapses_at - world.clock.now()).total_seconds()
    await world.later(seconds=end - (0.001 if seed % 4 else 0.0))
    yes = {who: approving(world, card, who) for who in (APPROVER, OTHER_APPROVER, *CROWD[:2])}
    no = {who: sending(world, form(world, "1", "no", by=who)) for who in CROWD[2:4]}
    back = {OTHER_OPERATOR: sending(world, form(world, "1", None, by=OTHER_OPERATOR, what="withdraw"))}
    works = [*yes.items(), *no.items(), *back.items(), ("simops", world.app.schedule.run("requests"))]

    acks = await world.through(asyncio.gather(*(after(order.randrange(300), work) for _, work in works)))
    await world.run("requests")

    ended = world.request()
    assert ended.state in ("done", "denied", "withdrawn", "lapsed")
    assert world.hub.count("suspendSim") == (ended.state == "done")
    assert world.slack.now_of(card).buttons == (["Undo (within 30 min)"] if ended.state == "done" else [])
    ends = [deed for deed in world.deeds("approval:1") if deed[1] in ("denied", "withdrawn", "lapsed", "done")]
    assert len(ends) == 1
    by_form = {who: '"errors"' in ack.body for (who, _), ack in zip(works, acks, strict=True) if who in {**no, **back}}
    assert by_form == {who: ended.decided_by != who or ended.state == "done" for who in {**no, **back}}
    for who in yes:
        late = ["already" in said or "has lapsed" in said for said in answers(world, who)]
        assert late == ([] if who in voted(world) else [True]), who
