"""Searching for SIMs by typing: pages, filters, near words, the file, and what happens before there is a snapshot."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

from bot.rules.sheets import HEAD, read_cell
from bot.simulator.slack import Message
from tests.talk import ALERTS, OPERATOR, OPS, STRANGER, VIEWER, World, plain


def shown(world: World, user: str = VIEWER) -> Message:
    """What this person alone was shown last."""
    return [m for m in world.slack.seen(by=user, channel=OPS) if m.ephemeral_to == user][-1]


async def find(world: World, text: str, *, by: str = VIEWER) -> str:
    """What somebody reads after searching for this, on one line; it came in time."""
    said = await world.say(f"/sim find {text}".strip(), by=by)
    assert said.ok
    assert said.took < 3
    return plain(shown(world, by))


def labels(message: Message) -> list[str]:
    """The labels in the table of a page, from top to bottom."""
    [table] = [b for b in message.blocks if b["type"] == "data_table"]
    return [row[0]["text"] for row in table["rows"][1:]]


def fleet(world: World) -> list[str]:
    """The label of every SIM that SmartHub has."""
    return [str(world.hub.sim(n)["custom1"]) for n in range(world.hub.world.fleet.count)]


async def test_words_and_filters(world: World):
    """Words and filters together find what fits all of them; the search is read back with count, total and age."""
    await world.run("alerts")

    said = await find(world, "pump account:acme")

    sims = [world.hub.sim(n) for n in range(40)]
    fitting = [s for s in sims if "pump" in str(s["custom1"]) and s["accountName"] == "acme"]
    assert fitting
    assert sorted(labels(shown(world))) == sorted(str(s["custom1"]) for s in fitting)
    assert f"{len(fitting)} SIM" in said
    assert "pump account:acme" in said
    assert "together they used" in said
    assert "As SmartHub described them" in said


async def test_every_page_there_and_back(world: World):
    """Next and Back go through all pages, each in the place of the one before; each SIM is on one of them."""
    await world.run("alerts")
    await find(world, "status:active,suspended,retired,inventory,test,ready")
    first = shown(world)
    assert len(labels(first)) == 20
    assert first.buttons == ["Next", "CSV"]
    assert "1 to 20 of 40 SIMs" in plain(first)

    await world.press(first, "Next", by=VIEWER)
    second = shown(world)

    assert second.ts == first.ts
    assert second.buttons == ["Back", "CSV"]
    assert "21 to 40 of 40 SIMs" in plain(second)
    assert sorted(labels(first) + labels(second)) == sorted(fleet(world))

    await world.press(second, "Back", by=VIEWER)

    assert labels(shown(world)) == labels(first)
    assert shown(world).ts == first.ts
    assert "1 to 20 of 40 SIMs" in plain(shown(world))


async def test_three_pages(tmp_path: Path):
    """From the third page Back leads to the second, and again to the first."""
    world = World(tmp_path, sims=47)
    await world.start()
    try:
        await world.run("alerts")
        await find(world, "status:active,suspended,retired,inventory,test,ready")
        pages = [labels(shown(world))]
        for _ in range(2):
            await world.press(shown(world), "Next", by=VIEWER)
            pages.append(labels(shown(world)))
        assert [len(p) for p in pages] == [20, 20, 7]
        assert "41 to 47 of 47 SIMs" in plain(shown(world))

        for earlier in (pages[1], pages[0]):
            await world.press(shown(world), "Back", by=VIEWER)
            assert labels(shown(world)) == earlier
        assert shown(world).buttons == ["Next", "CSV"]
    finally:
        await world.stop()


async def test_a_page_for_everybody(world: World):
    """Of a search shown with --here any viewer turns the pages, in its place; a stranger does not."""
    await world.run("alerts")
    await world.say("/sim find --here status:active", by=OPERATOR)
    page = world.card(OPS)
    before = plain(page)

    await world.press(page, "Next", by=STRANGER)
    assert plain(world.card(OPS)) == before
    assert "You are in no list of roles" in world.heard(STRANGER)

    await world.press(page, "Next", by=VIEWER)
    assert world.card(OPS).ts == page.ts
    assert "21 to" in plain(world.card(OPS))
    assert world.card(OPS).ephemeral_to is None


async def test_the_last_page_has_no_next(world: World):
    """A Next that is pressed on an old picture of the last page says that there are no more."""
    await world.run("alerts")
    await find(world, "status:active,suspended,retired,inventory,test,ready")
    first = shown(world)
    await world.press(first, "Next", by=VIEWER)
    last = shown(world)
    forged = {**last.blocks[-2], "elements": [{**last.blocks[-2]["elements"][-1], "action_id": "search.next"}]}

    await world.press(Message(**{**vars(last), "blocks": (forged,)}), "search.next", by=VIEWER, stale=True)

    assert "This is the last page." in world.heard(VIEWER)


async def test_a_search_that_is_gone(world: World):
    """The buttons of a search that is kept no more say to search again."""
    await world.run("alerts")
    await find(world, "status:active")
    page = shown(world)
    actions = next(b for b in page.blocks if b["type"] == "actions")
    old = {**actions, "elements": [{**e, "value": "999"} for e in actions["elements"] if e["type"] == "button"]}
    stale = replace(page, blocks=(old,))

    for button in ("Next", "CSV"):
        await world.press(stale, button, by=VIEWER, stale=True)
        assert "earch again" in world.heard(VIEWER)
        assert world.slack.dm(VIEWER) == []


async def test_one_of_them(world: World):
    """A SIM that is chosen from the page is shown as a card, read now; a stranger cannot choose."""
    await world.run("alerts")
    await world.say("/sim find --here account:acme", by=OPERATOR)
    page = world.card(OPS)
    [menu] = [e for b in page.blocks for e in b.get("elements", ()) if e.get("action_id") == "sim.pick"]
    option = menu["options"][3]

    for user in (VIEWER, STRANGER):
        await world.through(world.slack.choose(page, "sim.pick", option["value"], by=user))

    sim = next(s for s in map(world.hub.sim, range(40)) if option["text"]["text"].endswith(str(s["iccid"])))
    assert str(sim["imsi"]) in world.heard(VIEWER)
    assert "You are in no list of roles" in world.heard(STRANGER)


async def test_the_file(world: World):
    """CSV brings all that fits, not the page alone, as a file to whoever pressed and to nobody else; it reads back."""
    evil = '=HYPERLINK("http://evil.example")'
    world.hub.change(0, custom1=evil)
    await world.run("alerts")
    await find(world, "status:active,suspended,retired,inventory,test,ready")

    await world.press(shown(world), "CSV", by=VIEWER)

    assert "40 SIMs for" in world.heard(VIEWER)
    assert "direct messages" in world.heard(VIEWER)
    [file] = [f for m in world.slack.dm(VIEWER) for f in m.files]
    assert file.name == "sims-2026-11-22-0830.csv"
    assert file.content.startswith(HEAD.encode())
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert sorted(read_cell(r["giccid"]) for r in rows) == sorted(world.hub.giccid(n) for n in range(40))
    first = next(r for r in rows if read_cell(r["giccid"]) == world.hub.giccid(0))
    assert first["label"] == "'" + evil
    assert int(first["usage bytes"]) == world.hub.sim(0)["cycleUsageBytes"]
    assert [m for c in (OPS, ALERTS) for m in world.slack.messages(c) if m.files] == []


async def test_slack_does_not_take_the_file(world: World):
    """Without the scope for files the answer says what Slack said."""
    await world.run("alerts")
    await find(world, "status:active")
    world.slack.scopes = frozenset(world.slack.scopes - {"files:write"})

    await world.press(shown(world), "CSV", by=VIEWER)

    assert "missing_scope" in world.heard(VIEWER)


async def test_nothing_found(world: World):
    """Nothing found says what was searched, in how many SIMs, and which filters may have been meant."""
    await world.run("alerts")

    said = await find(world, "account:acne")
    assert "No SIM fits account:acne ." in said
    assert "Did you mean account:acme ?" in said
    assert "40 SIMs were searched." in said
    assert "account:nordwind-logistics" in await find(world, "nordwind")
    assert "plan:物联网年包-1G" in await find(world, "plan:物联网")
    assert "Did you mean pump account:acme ?" in await find(world, "pupm account:acme")
    assert "Did you mean" not in await find(world, "zzzzzz")
    assert "Did you mean" not in await find(world, "account:ACM* status:active expires<1m")


async def test_a_list_of_numbers(world: World):
    """Several numbers with commas find each of their SIMs, and the other filters hold for all of them."""
    await world.run("alerts")
    some = [world.hub.sim(n) for n in (0, 1, 3)]

    said = await find(world, f"iccid:{','.join(str(sim['giccid'])[:-1] for sim in some)}")
    assert "3 SIMs" in said
    assert set(labels(shown(world))) == {str(sim["custom1"]) for sim in some}

    assert "No SIM fits" in await find(world, f"iccid:{some[0]['giccid']},{some[1]['giccid']} account:nobody")


async def test_to_the_byte(world: World):
    """With --exact the bytes stand behind each amount, on the pages that follow as well."""
    await world.run("alerts")
    used = sum(int(world.hub.sim(n)["cycleUsageBytes"] or 0) for n in range(40))

    said = await find(world, "status:active,suspended,retired,inventory,test,ready --exact")
    assert f"({used:,} bytes)" in said
    await world.press(shown(world), "Next", by=VIEWER)

    assert "--exact" in plain(shown(world))
    assert f"({used:,} bytes)" in plain(shown(world))


async def test_binary_units(tmp_path: Path):
    """Where binary units are configured, each amount is written in them: in lists, on cards and under alerts."""
    world = World(tmp_path)
    world.settings["sims"] = {"units": "binary"}
    await world.start()
    try:
        world.hub.change(0, cycleUsageBytes=96 * 2**20, status="ACTIVATED", servicePackage="iot-100")
        await world.run("alerts")
        card = await world.say(f"/sim {world.hub.giccid(0)}", by=VIEWER)
        seen = [plain(card.reply), await find(world, f"iccid:{world.hub.giccid(0)}"), plain(world.card(ALERTS))]
        await world.say("/sim pool acme", by=VIEWER)

        assert all("96.0 MiB" in words for words in seen)
        assert " GiB" in world.heard(VIEWER)
        assert all(" MB" not in words and " GB" not in words for words in [*seen, world.heard(VIEWER)])
    finally:
        await world.stop()


async def test_what_is_typed_wrong(world: World):
    """A mistake is answered with the word that is wrong and what to write instead; SmartHub is not asked."""
    assert "Write what to look for" in await find(world, "")
    assert "“acount:acme”" in await find(world, "acount:acme")
    assert "“status:susspended”" in await find(world, "berlin status:susspended")
    assert "“usage›lots”" in await find(world, "usage>lots")
    assert world.hub.asked == []


async def test_before_the_first_look(world: World):
    """Before all SIMs were looked at, SmartHub itself is asked where it can filter, and the answer says why."""
    said = await find(world, "account:acme status:active")

    assert "The first look over all SIMs has not ended yet, so SmartHub itself was asked" in said
    sims = [world.hub.sim(n) for n in range(40)]
    wanted = [s for s in sims if s["accountName"] == "acme" and s["status"] == "ACTIVATED"]
    assert 0 < len(labels(shown(world))) <= 20
    assert set(labels(shown(world))) <= {str(s["custom1"]) for s in wanted}
    assert world.hub.count("listSims") == 1

    assert "This cannot be searched yet: berlin usage>80%" in await find(world, "berlin usage>80%")
    assert world.hub.count("listSims") == 1


async def test_smarthub_has_none_before_the_first_look(world: World):
    """When SmartHub itself shows none, that is said as such."""
    assert "SmartHub shows no SIM for account:nobody" in await find(world, "account:nobody")


async def test_smarthub_is_down(world: World):
    """A search of the snapshot needs no SmartHub; before the first look its silence is said in words."""
    world.hub.down = True
    assert "SmartHub is not working right now" in await find(world, "account:acme")
    world.hub.down = False
    await world.run("alerts")
    world.hub.down = True

    assert "account:acme" in await find(world, "account:acme")
    assert labels(shown(world))


async def test_where_slack_has_no_tables(world: World):
    """Where Slack refuses tables the same page comes in characters, and its buttons work."""
    await world.run("alerts")
    world.slack.unknown_blocks.add("data_table")

    said = await find(world, "status:active,suspended,retired,inventory,test,ready")
    assert sum(label in said for label in fleet(world)) == 20

    await world.press(shown(world), "Next", by=VIEWER)
    assert "21 to 40 of 40 SIMs" in plain(shown(world))


async def test_a_stranger_finds_nothing(world: World):
    """Who stands in no list cannot search."""
    await world.run("alerts")

    assert "You are in no list of roles" in await find(world, "account:acme", by=STRANGER)
