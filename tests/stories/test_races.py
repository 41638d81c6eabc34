"""Many at once: however presses, forms and the clock fall together, one decision stands and one change is sent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from typing import Any

import pytest

from bot.simulator.slack import Message
from tests.stories.forging import Json, after, answers, click, form, sending
from tests.talk import APPROVER, APPROVER_GROUP, OPERATOR, OTHER_APPROVER, OTHER_OPERATOR, World

CROWD = [f"U0CROWD{n}" for n in range(10)]
DECISIONS = ("approved", "denied", "withdrawn", "lapsed")


async def crowd_approves(world: World) -> None:
    """Ten more people are in the approvers' group, and the bot has had the time to notice."""
    world.slack.space.groups[APPROVER_GROUP] += CROWD
    await world.later(seconds=61)


async def at_once(world: World, *works: Awaitable[Any]) -> list[Any]:
    """What came of all of it, started in the same moment."""
    return list(await world.through(asyncio.gather(*works)))


def decisions(world: World, id: int = 1) -> list[tuple[str, str]]:
    """The decisions the audit log tells of; its chain has to be whole."""
    return [deed for deed in world.deeds(f"approval:{id}") if deed[1] in DECISIONS]


async def test_ten_approve_at_once(world: World):
    """However many press Approve, SmartHub is asked once; the other nine read who was faster."""
    await crowd_approves(world)
    card = await world.ask()

    acks = await at_once(
        world, *(sending(world, click(world, card, "approval.approve", by=who, value="1")) for who in CROWD)
    )

    assert [ack.status for ack in acks] == [200] * 10
    assert world.hub.count("suspendSim") == 1
    [(winner, what)] = decisions(world)
    assert what == "approved"
    assert f"Confirmed · approved by <@{winner}>" in world.now(card)
    for who in CROWD:
        said = answers(world, who)
        assert len(said) == (who != winner)
        assert all(f"approved by <@{winner}>" in words and "already" in words for words in said)
    assert len(world.thread(card)) == 2
    assert len(world.told(OPERATOR)) == 2


async def test_one_person_presses_ten_times(world: World):
    """A double click, or ten, is one approval; the others are told that it is decided."""
    card = await world.ask()

    await at_once(world, *(world.slack.press(card, "Approve", by=APPROVER, stale=True) for _ in range(10)))

    assert world.hub.count("suspendSim") == 1
    assert decisions(world) == [(APPROVER, "approved")]
    assert len(answers(world, APPROVER)) == 9


async def denying(world: World, card: Message, who: str) -> Json:
    """The form that denies, opened and filled, and not sent yet."""
    await world.press(card, "Deny", by=who)
    return form(world, "1", "no", by=who)


@pytest.mark.parametrize("first", ["approve", "deny"])
async def test_approve_and_deny_at_once(world: World, first: str):
    """Of an approval and a denial in the same moment one stands, and the other reads which."""
    card = await world.ask()
    no = await denying(world, card, OTHER_APPROVER)
    yes = click(world, card, "approval.approve", by=APPROVER, value="1")
    works = [sending(world, yes), sending(world, no)]

    await at_once(world, *(works if first == "approve" else reversed(works)))

    [(_, what)] = decisions(world)
    approved = what == "approved"
    assert world.hub.count("suspendSim") == approved
    assert ("Confirmed" if approved else "Denied by") in world.now(card)
    assert bool(answers(world, APPROVER)) == (not approved)


@pytest.mark.parametrize("first", ["approve", "withdraw"])
async def test_approve_and_withdraw_at_once(world: World, first: str):
    """Of an approval and a withdrawal in the same moment one stands: nothing withdrawn is ever sent."""
    card = await world.ask(by=OTHER_OPERATOR)
    await world.press(card, "Withdraw", by=OTHER_OPERATOR)
    works = [
        world.slack.press(card, "Approve", by=APPROVER, stale=True),
        world.slack.submit(by=OTHER_OPERATOR, values={"Reason": "not needed"}),
    ]

    delivered = await at_once(world, *(works if first == "approve" else reversed(works)))

    [(_, what)] = decisions(world)
    refused = [told for delivery in delivered if delivery.errors for told in delivery.errors.values()]
    assert what in ("approved", "withdrawn")
    assert world.hub.count("suspendSim") == (what == "approved")
    assert [f"is withdrawn by <@{OTHER_OPERATOR}> already" in said for said in answers(world, APPROVER)] == [True] * (
        what == "withdrawn"
    )
    assert ["approved by somebody else" in said for said in refused] == [True] * (what == "approved")


@pytest.mark.parametrize("seconds", [-0.001, 0.0])
async def test_approve_and_lapse_at_once(world: World, seconds: float):
    """In the moment in which its time ends a request is either approved or lapsed, never both."""
    card = await world.ask()
    end = (world.request().lapses_at - world.clock.now()).total_seconds()
    await world.later(seconds=end + seconds)

    await at_once(
        world, world.slack.press(card, "Approve", by=APPROVER, stale=True), world.app.schedule.run("requests")
    )
    await world.run("requests")

    [(_, what)] = decisions(world)
    assert what == ("approved" if seconds < 0 else "lapsed")
    assert world.hub.count("suspendSim") == (what == "approved")
    assert bool(answers(world, APPROVER)) == (what == "lapsed")


@pytest.mark.parametrize("seed", range(8))
async def test_everybody_does_everything_at_once(world: World, seed: int):
    """In whatever order ten presses, forms and jobs come in, one decision stands, and SmartHub hears of it once."""
    await crowd_approves(world)
    card = await world.ask(by=OTHER_OPERATOR)
    order = random.Random(seed)  # noqa: S311 - the same order in every run
    payloads = [click(world, card, "approval.approve", by=who, value="1") for who in CROWD[:4]]
    payloads += [form(world, "1", f"no, says {who}", by=who) for who in CROWD[4:7]]
    payloads += [form(world, "1", why, by=OTHER_OPERATOR, what="withdraw") for why in ("not needed", None)]
    payloads += [click(world, card, "approval.look", by=CROWD[8], value="1")]
    payloads += [click(world, card, "approval.deny", by=CROWD[9], value="1")]
    works: list[Awaitable[Any]] = [sending(world, payload) for payload in payloads]
    works += [world.app.schedule.run("requests") for _ in range(2)]
    if order.random() < 0.5:
        world.hub.lose_next("suspendSim")
    if order.random() < 0.3:
        world.slack.busy(2, retry_after=1)

    await at_once(world, *(after(order.randrange(300), work) for work in works))
    await world.later(minutes=1)
    await world.run("requests")

    [(winner, what)] = decisions(world)
    sent = world.hub.count("suspendSim")
    assert sent == (what == "approved")
    assert world.request().state == ("done" if sent else what)
    assert len(world.cards("C0APPROVALS")) == 1
    assert f"<@{winner}>" in world.now(card)
    assert len(world.thread(card)) == (2 if sent else 1) + (("simops", "unsure") in world.deeds())


async def test_two_requests_of_one_sim_one_after_the_other(world: World):
    """A second request that was asked for after the first had ended is approved and carried out by itself."""
    giccid = world.hub.pick()
    first = await world.ask("suspend", giccid)
    await world.press(first, "Approve", by=APPROVER)
    second = await world.ask("activate", giccid)

    await at_once(
        world,
        world.slack.press(first, "Approve", by=OTHER_APPROVER, stale=True),
        world.slack.press(second, "Approve", by=APPROVER),
    )

    assert (world.hub.count("suspendSim"), world.hub.count("activateSim")) == (1, 1)
    assert world.hub.sim(giccid)["status"] == "ACTIVATED"


async def test_many_requests_decided_together(world: World):
    """Many requests decided in the same moment each get their own one change and their own true card."""
    active = [g for g in (world.hub.giccid(n) for n in range(40)) if world.hub.sim(g)["status"] == "ACTIVATED"][:8]
    cards = [await world.ask("suspend", giccid) for giccid in active]
    presses = [world.slack.press(c, "Approve", by=who) for c in cards for who in (APPROVER, OTHER_APPROVER)]

    await at_once(world, *presses)

    assert [world.hub.count("suspendSim", giccid) for giccid in active] == [1] * len(active)
    assert all("Confirmed" in world.now(card) for card in cards)
    assert all(len(decisions(world, n)) == 1 for n in range(1, len(active) + 1))


async def test_many_look_at_once(world: World):
    """However many look at an unsure change at once, by hand and by the clock, it is settled and told of once."""
    card = await world.ask(by=OTHER_OPERATOR)
    world.hub.lose_next("suspendSim")
    await world.press(card, "Approve", by=APPROVER)
    await world.later(minutes=1)
    looks = [world.slack.press(card, "Look now", by=who) for who in (APPROVER, OTHER_APPROVER, OTHER_OPERATOR) * 2]

    await at_once(world, *looks, world.app.schedule.run("requests"))

    assert [what for _, what in world.deeds()] == ["asked", "approved", "unsure", "done"]
    assert len(world.thread(card)) == 3
    assert "Confirmed" in world.now(card)
