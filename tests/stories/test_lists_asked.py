"""From the report on a list to asking for it: typed, judged once more, and by nobody but whoever sent the list."""

from __future__ import annotations

import pytest

from bot.simulator.slack import Message
from bot.store.lists import State
from tests.stories import forging
from tests.stories.listing import choose, nothing_started, report, said, send, share, sheet
from tests.talk import ADMIN, OPERATOR, OPS, OTHER_OPERATOR, STRANGER, VIEWER, World, plain


async def listed(world: World, operation: str, count: int, **values: str) -> list[str]:
    """A list of so many active SIMs is reported; their GICCIDs."""
    sims = [world.hub.pick(nth=n) for n in range(count)]
    await world.run("alerts")
    assert (await send(world, operation, ids="\n".join(sims), **values)).ok
    return sims


async def ask(world: World, *, by: str = OPERATOR) -> dict[str, object]:
    """Presses “Ask for approval…” under the newest report; the fields of the form, and what is read in it."""
    await world.press(said(world, by), "Ask for approval…", by=by)
    modal = world.slack.modal(by)
    assert modal is not None
    assert modal["callback_id"] == "list.ask"
    return {block["block_id"]: block for block in modal["blocks"] if block["type"] == "input"}


def digest(world: World) -> str:
    """The digest in the newest report."""
    return report(world).rpartition("exactly this list: ")[2].split()[0]


async def test_asking(world: World):
    """The form for asking shows what is asked for and its digest; sent, exactly that list is handed on, with the reason
    that stands in the form, and it is still the one that was reported."""
    await listed(world, "suspend", 3, reason="winter")
    stands = digest(world)

    fields = await ask(world)
    modal = world.slack.modal(OPERATOR)

    assert fields.keys() == {"reason"}
    assert "3 SIMs" in str(modal)
    assert stands in str(modal)
    assert (await world.submit({"reason": "OPS-1 winter"}, by=OPERATOR)).ok
    assert "List 1 is as it was reported." in report(world)
    found = world.app.store.lists.get(1)
    assert (found.state, found.reason, found.accepted) == (State.READY, "OPS-1 winter", 3)
    assert (found.digest or "").startswith(stands)
    assert nothing_started(world)


@pytest.mark.parametrize("wrong", ["2", "30", "three", "-3", "3.0", "1,3"])
async def test_many_retirements_are_counted_by_hand(world: World, wrong: str):
    """To ask for the retirement of several SIMs one types how many they are; another number is shown at its field."""
    await listed(world, "retire", 3)
    fields = await ask(world)
    assert fields.keys() == {"count", "reason"}

    sent = await world.submit({"count": wrong}, by=OPERATOR)
    assert "is not the number of SIMs" in (sent.errors or {})["count"]
    assert "as it was reported" not in report(world)

    assert (await world.submit({"count": " 3 "}, by=OPERATOR)).ok
    assert "List 1 is as it was reported." in report(world)


async def test_one_retirement_is_not_counted(world: World):
    """For a single SIM there is nothing to count."""
    await listed(world, "retire", 1)

    assert (await ask(world)).keys() == {"reason"}


async def test_the_list_has_changed(world: World):
    """SIMs that fit no more when the list is asked for are shown and left out, under another digest; nothing is asked
    for until that is asked for once more."""
    sims = await listed(world, "suspend", 4)
    before = digest(world)
    world.hub.change(sims[1], status="DEACTIVATED")
    await world.run("alerts")
    await world.say(f"/sim protect {sims[2]}", by=OPERATOR)

    await ask(world)
    await world.submit({}, by=OPERATOR)

    told = report(world)
    assert "2 SIMs of this list have changed" in told
    assert f"Line 2: {world.hub.sim(sims[1])['custom1']} {sims[1]} This SIM is suspended already." in told
    assert "This SIM is suspended already." in told
    assert "This SIM is protected" in told
    assert "2 of 4 lines accepted" in told
    assert digest(world) != before
    assert "as it was reported" not in told
    assert nothing_started(world)

    await world.press(said(world), "CSV", by=OPERATOR)
    assert [row["verdict"] for row in sheet(world)] == ["accepted", "wrong state", "protected", "accepted"]
    changed = [m for m in world.slack.dm(OPERATOR) if m.bot and "have changed" in plain(m)][-1]
    await world.press(changed, "Ask for approval…", by=OPERATOR)
    await world.submit({}, by=OPERATOR)
    assert "List 1 is as it was reported." in report(world)


async def test_nothing_is_left_of_it(world: World):
    """When no SIM fits any more, the list cannot be asked for."""
    sims = await listed(world, "suspend", 2)
    for giccid in sims:
        world.hub.change(giccid, status="DEACTIVATED")
    await world.run("alerts")

    await ask(world)
    await world.submit({}, by=OPERATOR)

    assert "None of 2 lines is accepted" in report(world)
    assert said(world).buttons == ["CSV"]


async def test_discarding(world: World):
    """A list that is discarded says so in its place, and its old buttons do nothing any more."""
    await listed(world, "suspend", 2)
    card = said(world)

    await world.press(card, "Discard", by=OPERATOR)

    assert "is discarded. Nothing was started." in world.now(card)
    for button in ("Ask for approval…", "Discard"):
        await world.press(card, button, by=OPERATOR, stale=True)
        assert "used or discarded already" in forging.answers(world, OPERATOR)[-1]
    assert world.slack.modal(OPERATOR) is None


@pytest.mark.parametrize("action", ["list.ask", "list.csv", "list.drop"])
@pytest.mark.parametrize("user", [OTHER_OPERATOR, ADMIN, VIEWER, STRANGER])
async def test_the_list_of_somebody_else(world: World, action: str, user: str):
    """Nobody goes on with a list but whoever sent it, whatever their role, and however they come by its number."""
    await listed(world, "suspend", 2)
    card = await world.through(said_in(world, "anything"))

    await forging.send(world, forging.click(world, card, action, by=user, value="1"))

    answer = forging.answers(world, user)[-1]
    assert ("only they can go on with it" in answer) == (user in (OTHER_OPERATOR, ADMIN))
    assert ("you have to be an operator" in answer) == (user in (VIEWER, STRANGER))
    assert world.app.store.lists.get(1).state is State.READY
    assert world.slack.modal(user) is None
    assert [m for m in world.slack.dm(user) if m.files] == []


async def test_the_form_of_somebody_else(world: World):
    """The form for asking does not take the number of somebody else's list."""
    await listed(world, "suspend", 2)
    payload = forging.form(world, "1", "x", by=ADMIN)
    payload["view"] |= {"callback_id": "list.ask", "state": {"values": {}}}

    answer = await forging.send(world, payload)

    assert "only they can go on with it" in answer.body
    assert "as it was reported" not in report(world)


async def test_the_offer_of_somebody_else(world: World):
    """A file that somebody else shared, and a search by whoever may change nothing, open no form."""
    await share(world, "list.csv", b"iccid\n1")
    card = await world.through(said_in(world, "anything"))
    await forging.send(world, forging.click(world, card, "list.open", by=OTHER_OPERATOR, value="1"))
    assert "This was offered to" in forging.answers(world, OTHER_OPERATOR)[-1]

    await world.run("alerts")
    await world.say("/sim find --here status:active", by=OPERATOR)
    page = world.card(OPS)
    await world.press(page, "Change these…", by=VIEWER)
    assert "you have to be an operator" in forging.answers(world, VIEWER)[-1]
    await world.press(page, "Change these…", by=OTHER_OPERATOR)
    await choose(world, "suspend", by=OTHER_OPERATOR)
    for user in (VIEWER, OPERATOR):
        assert world.slack.modal(user) is None


@pytest.mark.parametrize("action", ["list.open", "list.ask", "list.csv", "list.drop", "search.change"])
async def test_numbers_of_nothing(world: World, action: str):
    """A button with a number that nothing has, or with none, is answered in words."""
    card = await world.through(said_in(world, "anything"))
    for value in ("999", "x", None, 7):
        await forging.send(world, forging.click(world, card, action, by=OPERATOR, value=value))

    answers = forging.answers(world, OPERATOR)
    assert len(answers) == 4
    assert "30 days old and gone" in answers[0]
    assert all("nothing that is known here" in answer for answer in answers[1:])


async def said_in(world: World, text: str) -> Message:
    """A message in the channel, to hang forged buttons on."""
    await world.slack.say(text, by=VIEWER, channel=OPS)
    return world.slack.messages(OPS)[-1]
