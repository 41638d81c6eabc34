"""Protected SIMs: nothing retires one, whoever says yes, until an approver has lifted that."""

from __future__ import annotations

import pytest

from tests.stories.changes import cooling, over, with_settings
from tests.stories.forging import answers
from tests.talk import ADMIN, APPROVALS, APPROVER, OPERATOR, OTHER_OPERATOR, VIEWER, World, plain


async def test_protected_meanwhile(world: World):
    """A SIM that somebody protected while its time ran is not retired, and the card says who did."""
    card = await cooling(world)
    await world.say(f"/sim protect {world.request().giccid} because we need it", by=OTHER_OPERATOR)

    await over(world)

    assert "The SIM was protected by <@U0OPERATOR2> meanwhile, so it was not retired." in world.now(card)
    assert world.hub.count("retireSim") == 0
    assert world.request().state == "failed"


@pytest.mark.parametrize("cooling_off", ["none", "24h"])
async def test_protected_before_it_is_approved(world: World, cooling_off: str):
    """A SIM that was protected after somebody asked is neither retired nor suspended on the way, whoever says yes."""
    await with_settings(world, cooling_off=cooling_off)
    card = await world.ask("retire", world.hub.pick("DEACTIVATED" if cooling_off == "none" else "ACTIVATED"))
    await world.say(f"/sim protect {world.request().giccid}", by=OTHER_OPERATOR)

    await world.press(card, "Approve", by=APPROVER)
    await world.press(card, "Break glass…", by=ADMIN)
    broken = await world.submit({"Reason": "it cannot wait"}, by=ADMIN)

    assert "The SIM was protected by <@U0OPERATOR2> meanwhile; nothing retires it." in answers(world, APPROVER)[-1]
    assert broken.errors is not None
    assert "The SIM was protected by somebody else meanwhile; nothing retires it." in broken.errors["why"]
    assert (world.hub.count("suspendSim"), world.hub.count("retireSim")) == (0, 0)
    assert world.request().state == "pending"


async def test_a_protected_sim_is_not_even_asked_for(world: World):
    """Retiring a protected SIM is refused with the name of who protects it; suspending it is another matter."""
    sim = world.hub.pick()
    said = await world.say(f"/sim protect {sim} because it is the lighthouse", by=OPERATOR)

    refused = await world.say(f"/sim retire {sim}", by=OTHER_OPERATOR)

    label = world.hub.sim(sim)["custom1"]
    assert f"“{label}” is protected: no bulk change touches it, and nothing retires it." in plain(said.reply)
    assert "This SIM is protected by <@U0OPERATOR> ; nothing retires it until that is lifted." in plain(refused.reply)
    assert world.cards(APPROVALS) == []
    assert "#1 Suspend" in plain(await world.ask("suspend", sim))
    line = next(world.app.store.audit.lines())
    assert (line.deed.actor, line.deed.action, line.deed.subject) == (OPERATOR, "protected", f"sim:{sim}")
    assert line.deed.detail["reason"] == "it is the lighthouse"


async def test_protection_is_lifted_by_an_approver(world: World):
    """An operator may protect and not lift that again; once an approver has lifted it, the SIM can be retired."""
    sim = world.hub.pick()
    await world.say(f"/sim protect {sim}", by=OPERATOR)

    told = await world.say(f"/sim unprotect {sim} because I say so", by=OPERATOR)
    assert "you have to be an approver" in plain(told.reply)
    assert "protected" in plain((await world.say(f"/sim retire {sim}")).reply)
    lifted = await world.say(f"/sim unprotect {sim} because the lighthouse is gone", by=APPROVER)

    assert "is not protected any more" in plain(lifted.reply)
    assert (APPROVER, "protection lifted") in world.deeds()
    assert "#1 Retire" in plain(await world.ask("retire", sim))


async def test_protecting_twice_and_lifting_what_is_not(world: World):
    """A second protection names who was first, and what is not protected cannot be lifted: both in words."""
    sim = world.hub.pick()
    await world.say(f"/sim protect {sim}", by=OPERATOR)

    again = await world.say(f"/sim protect {sim}", by=ADMIN)
    other = await world.say(f"/sim unprotect {world.hub.pick(nth=1)}", by=ADMIN)
    viewer = await world.say(f"/sim protect {world.hub.pick(nth=1)}", by=VIEWER)

    assert "is protected already by <@U0OPERATOR> ." in plain(again.reply)
    assert "is not protected." in plain(other.reply)
    assert "you have to be an operator" in plain(viewer.reply)
    assert [what for _, what in world.deeds()] == ["protected"]
