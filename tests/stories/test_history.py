"""What happened to a SIM is told in one line of time, from SmartHub and from simops, whoever of them can tell."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from bot.rules.naming import read_name
from bot.rules.sheets import read_cell
from bot.simulator.slack import pings
from bot.simulator.slack.shapes import Message
from tests.talk import APPROVER, OPERATOR, OPS, STRANGER, VIEWER, World, plain


async def eventful(world: World) -> str:
    """The number of a SIM that was suspended by request, told of an SMS, and has an alert."""
    sim = world.hub.pick()
    world.hub.grow(sim, fraction=0.97)
    await world.run("alerts")
    await world.later(minutes=5)
    await world.push("mo-sms", sim, messageText="BATT 12% <!channel>")
    await world.later(minutes=5)
    card = await world.ask("suspend", sim, because="lost <@U0ADMIN>")
    await world.press(card, "Approve", by=APPROVER)
    return sim


async def history(world: World, typed: str, *, by: str = VIEWER) -> Message:
    """The history somebody reads after typing this."""
    said = await world.say(f"/sim history {typed}", by=by)
    assert said.ok
    assert said.reply is not None
    return said.reply


def sheet(world: World, user: str) -> list[dict[str, str]]:
    """The newest file that this person was sent, as rows."""
    [file] = [file for message in world.slack.dm(user)[-1:] for file in message.files]
    text = file.content.decode("utf-8-sig")
    return [{k: read_cell(v) for k, v in row.items()} for row in csv.DictReader(StringIO(text))]


async def test_all_of_it_in_one_line(world: World):
    """The change, the request with its people, the SMS and the alert are there, the newest first, and ping nobody."""
    sim = await eventful(world)

    told = await history(world, sim)

    words = plain(told)
    order = ["Request #1", "active → suspended", "SMS 1 from the device", "95 % of the quota used"]
    at = [words.index(one) for one in order if one != "active → suspended"]
    assert at == sorted(at)
    assert "active → suspended" in words
    assert f"suspend: ✅ Confirmed, asked by <@{OPERATOR}>" in words
    assert f"decided by <@{APPROVER}>" in words
    assert "because lost <@U0ADMIN>" in words
    assert "BATT 12% <!channel>" in words
    assert pings(told) <= {OPERATOR, APPROVER}
    assert told.ephemeral_to == VIEWER


async def test_sms_alone(world: World):
    """What a device sent and what we sent can be looked at without the rest."""
    sim = world.hub.pick()
    world.hub.change(sim, imei="356938039999999")
    await world.push("mo-sms", sim, messageText="BATT 12%")
    await world.push("no-session", sim)
    await world.say(f"/sim sms {sim} reboot", by=OPERATOR)
    told = await history(world, sim)

    await world.press(told, "history.sms", by=VIEWER)

    words = " ".join(world.heard(VIEWER).split())
    assert "sms only" in words.lower()
    assert "BATT 12%" in words
    assert "send an SMS" in words
    assert "No session for long" not in words
    assert "356938039999999" not in words


async def test_one_question_to_smarthub(world: World):
    """Of a SIM that is known here only SmartHub's log is read, however the SIM was named."""
    await world.run("alerts")
    world.hub.asked.clear()

    await history(world, str(world.hub.sim(0)["imsi"]))

    assert [asked.operation for asked in world.hub.asked] == ["listSimChangeLogs"]


async def test_narrowed_by_a_press(world: World):
    """A press leaves one kind, in the place of the list; another press brings back all of it."""
    sim = await eventful(world)
    told = await history(world, sim)
    before = len(world.slack.seen(by=VIEWER, channel=OPS))

    await world.press(told, "history.ours", by=VIEWER)
    ours = world.heard(VIEWER)
    await world.press(world.slack.seen(by=VIEWER, channel=OPS)[-1], "history.all", by=VIEWER)

    assert "Request #1" in ours
    assert "SMS 1 from the device" not in ours
    assert "SMS 1 from the device" in " ".join(world.heard(VIEWER).split())
    assert len(world.slack.seen(by=VIEWER, channel=OPS)) == before


async def test_from_the_card(world: World):
    """The card's button shows the history beside the card, with one question to SmartHub: the log."""
    sim = await eventful(world)
    card = await world.say(f"/sim {sim}", by=VIEWER)
    world.hub.asked.clear()

    assert card.reply is not None
    await world.press(card.reply, "History", by=VIEWER)

    assert "History of" in world.heard(VIEWER)
    assert [asked.operation for asked in world.hub.asked] == ["listSimChangeLogs"]


async def test_smarthub_is_down(world: World):
    """While SmartHub does not answer, what simops knows is shown, and it says that SmartHub's part is missing."""
    sim = await eventful(world)
    world.hub.down = True

    told = await world.say(f"/sim history {sim}", by=VIEWER)

    words = plain(told.reply) + world.heard(VIEWER)
    assert "Not all is here. All of SmartHub's own log is missing:" in " ".join(words.split())
    assert "Request #1" in words
    assert "SMS 1 from the device" in words


async def test_as_a_file(world: World):
    """The whole line of time comes as a file to whoever pressed, and to nobody else; no cell of it is a formula."""
    sim = world.hub.pick()
    await world.push("mo-sms", sim, messageText='=HYPERLINK("http://evil.example")')
    card = await world.ask("suspend", sim, because="=1+1")
    await world.press(card, "Deny", by=APPROVER)
    await world.submit({"Reason": "not today"}, by=APPROVER)
    told = await history(world, sim)

    await world.press(told, "CSV", by=VIEWER)

    assert "is in your direct conversation" in world.heard(VIEWER)
    rows = sheet(world, VIEWER)
    assert [row["kind"] for row in rows] == ["ours", "sms"]
    assert rows[0]["because"] == "=1+1; not today"
    assert rows[0]["asked_by"] == OPERATOR
    assert "=HYPERLINK" in rows[1]["what"]
    [file] = world.slack.dm(VIEWER)[-1].files
    assert b"\n=" not in file.content
    assert b",=" not in file.content
    assert sim in file.name
    assert all(not m.files for user in (OPERATOR, APPROVER) for m in world.slack.dm(user))


async def test_fifty_are_shown_and_the_file_has_all(world: World):
    """Of a long history the newest fifty are shown; the file has every one."""
    sim = world.hub.pick()
    for n in range(70):
        world.hub.change(sim, imei=f"{n:015d}")
    told = await history(world, sim)

    assert "… and 20 older ones: they are in the CSV." in plain(told)
    await world.press(told, "CSV", by=VIEWER)

    assert len(sheet(world, VIEWER)) == 70


async def test_slack_takes_no_file(world: World):
    """When Slack refuses the file, whoever asked for it reads so."""
    told = await history(world, world.hub.pick())
    world.slack.refuse("files.getUploadURLExternal", "missing_scope")

    await world.press(told, "CSV", by=VIEWER)

    assert "missing_scope" in world.heard(VIEWER)


@pytest.mark.parametrize("typed", ["7777777777", "nothing like this"])
async def test_of_no_sim(world: World, typed: str):
    """The history of a SIM that nobody knows is refused in words."""
    assert f"No SIM fits “{typed}”." in plain(await history(world, typed))


async def test_of_several_sims(world: World):
    """Where several SIMs fit they are a list to press, the asker's alone; the card that is pressed has the history."""
    for n in (3, 4):
        world.hub.change(n, custom1=f"Cold store {n}")
    await world.run("alerts")

    told = await history(world, "cold store --here")

    assert "2 SIMs fit “cold store”. Which one? Nothing was done. Press Show, or type history ICCID ." in plain(told)
    assert told.ephemeral_to == VIEWER
    [wanted] = [hit.id for hit in world.app.store.sims.named(read_name("Cold store 4"))]
    await world.through(world.slack.press(told, "Show", by=VIEWER, value=str(wanted)))
    await world.press(world.slack.seen(by=VIEWER, channel=OPS)[-1], "History", by=VIEWER)
    assert "History of Cold store 4" in world.heard(VIEWER)


async def test_a_stranger_reads_no_history(world: World):
    """Who stands in no list reads nothing, neither typed nor by a button of somebody else's card."""
    sim = await eventful(world)
    card = await world.say(f"/sim {sim} --here", by=VIEWER)

    assert "You are in no list of roles" in plain(await history(world, sim, by=STRANGER))
    assert card.reply is not None
    await world.press(card.reply, "History", by=STRANGER)
    assert "You are in no list of roles" in world.heard(STRANGER)
