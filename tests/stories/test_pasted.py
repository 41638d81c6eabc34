"""The shortcut on a message: the SIMs in a pasted text, in what a bot posted, and in the files that hang on it."""

from __future__ import annotations

import pytest

from bot.simulator.fleet import Fleet
from bot.simulator.slack import Message, pings
from tests.talk import OPERATOR, OPS, STRANGER, VIEWER, World, plain

SIMS_HERE = "simops.sims_here"


async def looked_over(world: World) -> None:
    """After the first look over all SIMs, with nothing asked of SmartHub since."""
    await world.run("alerts")
    world.hub.asked.clear()


async def pasted(world: World, text: str, *, by: str = VIEWER) -> Message:
    """What somebody reads after the shortcut on a message with this text."""
    await world.say(text, by=OPERATOR)
    return await pointed_at(world, world.slack.messages(OPS)[-1], by=by)


async def pointed_at(world: World, message: Message, *, by: str = VIEWER) -> Message:
    """What somebody reads after the shortcut on this message; it stands beside it, and is theirs alone."""
    delivery = await world.through(world.slack.message_shortcut(SIMS_HERE, message, by=by))
    assert delivery.ok
    said = world.slack.seen(by=by, channel=message.channel)[-1]
    assert said.ephemeral_to == by
    return said


def rows(message: Message) -> list[tuple[str, str]]:
    """The label and the number of each row of the table."""
    [table] = [b for b in message.blocks if b["type"] == "data_table"]
    return [(row[0]["text"], row[1]["text"]) for row in table["rows"][1:]]


def labels(message: Message) -> list[str]:
    """The labels in the table, from top to bottom."""
    return [label for label, _ in rows(message)]


async def test_the_sims_in_a_message(world: World):
    """From a log each SIM comes out once, in order, by whatever number is in it; times and addresses do not."""
    await looked_over(world)
    one, two = world.hub.sim(0), world.hub.sim(3)
    log = (
        f"2026-11-22 08:30:00,123 ERROR 10.20.30.40 {two['giccid']}F no answer\n"
        f'{{"imsi":"{one["imsi"]}","at":1763800200123}}\n{one["msisdn"]} {two["imei"]} 8949212600009999999\n'
    )

    told = await pasted(world, log)

    assert told.text.startswith("2 SIMs in this message.\n1 of 3 numbers belong to no SIM that is known here.\n")
    assert rows(told) == [
        (str(two["custom1"]), str(two["giccid"])),
        (str(one["custom1"]), str(one["imsi"])),
        ("not known here", "8949212600009999999"),
    ]
    assert world.hub.asked == []


async def test_a_hundred_sims_in_a_message(world: World):
    """Of more than a hundred numbers the first hundred are shown, and the others counted."""
    told = await pasted(world, "\n".join(f"89492126{n:010d}0" for n in range(130)))

    assert "30 more numbers were left out: a table holds 100." in told.text
    assert len(rows(told)) == 100
    assert "simops has not looked over all SIMs yet" in plain(told)
    assert told.buttons == []


async def test_a_stranger_finds_nothing_in_a_message(world: World):
    """Who stands in no list learns nothing of the SIMs in a text."""
    await looked_over(world)

    told = await pasted(world, world.hub.giccid(0), by=STRANGER)

    assert "You are in no list of roles" in plain(told)
    assert str(world.hub.sim(0)["custom1"]) not in plain(told)


async def test_nothing_in_a_message(world: World):
    """A message without a SIM is told to have none, with what was looked for, and offers nothing to press."""
    told = await pasted(world, "lunch at 12:30?")

    assert plain(told) == "There is no SIM in this message: no ICCID, IMSI, MSISDN or IMEI was found in it."
    assert told.buttons == []


async def test_a_search_for_just_these(world: World):
    """Find just these leads to a search that can be typed again, and that finds these SIMs and no other."""
    await looked_over(world)
    wanted = [world.hub.sim(n) for n in (0, 3, 7)]
    told = await pasted(world, "\n".join(str(sim["giccid"]) for sim in wanted))

    await world.press(told, "Find just these", by=VIEWER)

    found = world.slack.seen(by=VIEWER, channel=OPS)[-1]
    assert "3 SIMs" in plain(found)
    assert set(labels(found)) == {str(sim["custom1"]) for sim in wanted}
    text = f"iccid:{','.join(str(sim['giccid']) for sim in wanted)}"
    assert text in plain(found)
    await world.press(found, "CSV", by=VIEWER)
    assert [len(m.files) for m in world.slack.dm(VIEWER) if m.bot] == [1]
    again = await world.say(f"/sim find {text}", by=VIEWER)
    assert again.ok
    assert labels(world.slack.seen(by=VIEWER, channel=OPS)[-1]) == labels(found)


async def test_a_hundred_can_be_searched(world: World):
    """The search for a hundred SIMs is taken, as long as it is, and finds each of them."""
    world.hub.world.fleet = Fleet(120, world.clock.now)
    await looked_over(world)
    told = await pasted(world, "\n".join(world.hub.giccid(n) for n in range(100)))

    await world.press(told, "Find just these", by=VIEWER)

    assert "1 to 20 of 100 SIMs" in plain(world.slack.seen(by=VIEWER, channel=OPS)[-1])


async def test_one_of_them(world: World):
    """A SIM that is chosen from the menu under the table is shown as a card."""
    await looked_over(world)
    told = await pasted(world, f"{world.hub.giccid(0)} {world.hub.giccid(3)}")
    [menu] = [e for b in told.blocks for e in b.get("elements", ()) if e.get("action_id") == "sim.pick"]

    await world.through(world.slack.choose(told, "sim.pick", menu["options"][1]["value"], by=VIEWER))

    assert world.heard(VIEWER).startswith(str(world.hub.sim(3)["custom1"]))


async def test_in_what_a_bot_posted(world: World):
    """Numbers that stand in the blocks of a message alone are found, also where one is written in two styles."""
    await looked_over(world)
    card = await world.ask("suspend", world.hub.pick())
    giccid = world.hub.giccid(3)
    pieces = [{"type": "text", "text": giccid[:7], "style": {"bold": True}}, {"type": "text", "text": giccid[7:]}]
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": pieces}]}
    styled = world.slack.space.post(channel=OPS, user=OPERATOR, text="look", blocks=[block])

    assert labels(await pointed_at(world, card)) == [str(world.hub.sim(world.hub.pick())["custom1"])]
    assert rows(await pointed_at(world, styled)) == [(str(world.hub.sim(3)["custom1"]), giccid)]


async def test_in_a_file(world: World):
    """A long text becomes a file when it is pasted; the SIMs in it are found as well."""
    await looked_over(world)
    log = f"ccid {world.hub.giccid(3)}\n" * 5000
    await world.through(world.slack.share(name="modem.log", content=log.encode(), by=OPERATOR, channel=OPS))

    told = await pointed_at(world, world.slack.messages(OPS)[-1])

    assert labels(told) == [str(world.hub.sim(3)["custom1"])]


@pytest.mark.parametrize("why", ["a picture", "too large", "no scope"])
async def test_a_file_that_cannot_be_read(world: World, why: str):
    """What cannot be looked through is named with the reason, and what is in the words is found all the same."""
    await looked_over(world)
    name, size = ("a.png", 1) if why == "a picture" else ("a.log", 3 * 2**20 if why == "too large" else 9)
    file = world.slack.upload(name=name, content=b"x" * size, by=OPERATOR)
    text = f"see {world.hub.giccid(0)}"
    message = world.slack.space.post(channel=OPS, user=OPERATOR, text=text, files=[file])
    if why == "no scope":
        world.slack.scopes = frozenset(world.slack.scopes - {"files:read"})

    told = await pointed_at(world, message)

    reasons = {"a picture": "“a.png” is no text", "too large": "this file has 3 MB", "no scope": "missing_scope"}
    assert "Not all was looked through. A file was not read:" in plain(told)
    assert reasons[why] in plain(told)
    assert labels(told) == [str(world.hub.sim(0)["custom1"])]


async def test_in_a_thread(world: World):
    """What is pointed at in a thread is answered in that thread."""
    await looked_over(world)
    await world.say("look at this", by=OPERATOR)
    first = world.slack.messages(OPS)[-1]
    said = world.slack.space.post(channel=OPS, user=OPERATOR, text=world.hub.giccid(0), thread_ts=first.ts)

    told = await pointed_at(world, said)

    assert told.thread_ts == first.ts


async def test_hostile_words_stay_text(world: World):
    """A label that wants to ping is shown as it came, and pings nobody."""
    world.hub.change(0, custom1="<!channel> *b* <@U0ADMIN>")
    await looked_over(world)

    told = await pasted(world, f"<!here> {world.hub.giccid(0)}")

    assert labels(told) == ["<!channel> *b* <@U0ADMIN>"]
    assert pings(told) == set()
