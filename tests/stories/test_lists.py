"""A list of SIMs comes in: pasted, as a file, by a search or a custom field; it is judged line by line and reported."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from bot.flows.intake import Pasted
from bot.rules.orders import Order
from bot.rules.sims import Operation
from bot.rules.verdicts import Verdict
from bot.simulator.fleet import Fleet
from bot.simulator.slack import Message
from bot.store.lists import State
from tests.stories import forging
from tests.stories.listing import choose, nothing_started, report, said, send, share, sheet, verdicts
from tests.talk import ADMIN, OPERATOR, OPS, OTHER_OPERATOR, STRANGER, VIEWER, World, plain


def actives(world: World, count: int) -> list[str]:
    """The GICCIDs of some active SIMs."""
    return [world.hub.pick(nth=n) for n in range(count)]


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """An Excel workbook with these rows, as another program writes it."""
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    book.save(out)
    return out.getvalue()


def errors(sent: object) -> dict[str, str]:
    """What the form shows at its fields."""
    return getattr(sent, "errors", None) or {}


# --- pasted ------------------------------------------------------------------------------------------------------


async def test_every_verdict(world: World):
    """A pasted list is reported with a count for each verdict and its first lines, and as a file with every line; the
    same SIM in two spellings is one SIM, and nothing is started."""
    first, second, shielded = actives(world, 3)
    asleep = world.hub.pick("DEACTIVATED")
    for giccid in actives(world, 8)[6:]:
        world.hub.change(giccid, custom1="twin")
    await world.run("alerts")
    await world.say(f"/sim protect {shielded} because Christmas", by=OPERATOR)
    label = str(world.hub.sim(second)["custom1"])
    spelled = f"{first[:6]} {first[6:12]}-{first[12:]}F"
    text = "\n".join([first, "", label, spelled, asleep, shielded, "8949212699999999999", "twin"])

    assert (await send(world, "suspend", ids=text, reason="winter")).ok

    assert world.slack.modal(OPERATOR) is None
    assert verdicts(world) == [
        ("1", "accepted"),
        ("3", "accepted"),
        ("4", "duplicate"),
        ("5", "wrong state"),
        ("6", "protected"),
        ("7", "unknown"),
        ("8", "ambiguous"),
    ]
    rows = sheet(world)
    assert [row["giccid"] for row in rows[:3]] == [first, second, first]
    assert f"The same SIM as in line 1, written there as “{first}”" in rows[2]["why"]
    assert "suspended already" in rows[3]["why"]
    assert "Several SIMs are called so: “twin”" in rows[6]["why"]
    told = report(world)
    assert "2 of 7 lines accepted" in told
    for said_of_it in ("2 are accepted.", "1 names a SIM a second time.", "1 is protected.", "1 fits several SIMs."):
        assert said_of_it in told
    assert f"Line 5: {world.hub.sim(asleep)['custom1']} {asleep} This SIM is suspended already." in told
    assert "Because winter" in told
    assert "Nothing has been started." in told
    assert said(world).buttons == ["Ask for approval…", "CSV", "Discard"]
    assert nothing_started(world)


async def test_the_file_may_be_given_back(world: World):
    """The report's own file, sent back as it is, names the same SIMs: it is formula-safe and reads back."""
    sims = actives(world, 3)
    world.hub.change(sims[0], custom1="=cmd|'/c calc'!A1")
    await world.run("alerts")
    await send(world, "suspend", ids="\n".join(sims))
    first = said(world)
    [file] = [f for m in world.slack.dm(OPERATOR) for f in m.files]
    assert b"'=cmd" in file.content
    again = world.slack.upload(name="report.csv", content=file.content, by=OPERATOR)

    assert (await send(world, "suspend", file=[again.id])).ok

    assert [row["giccid"] for row in sheet(world)] == sims
    digest = plain(first).rpartition("exactly this list: ")[2].split()[0]
    assert digest in report(world)


async def test_none_fits(world: World):
    """A list in which no SIM fits cannot be asked for; it is reported all the same."""
    await world.run("alerts")

    await send(world, "activate", ids="\n".join(actives(world, 2)))

    assert "None of 2 lines is accepted" in report(world)
    assert said(world).buttons == ["CSV"]


async def test_names_of_nothing(world: World):
    """A column of names of people is explained at its field; the form stays open, and no list is left behind."""
    await world.run("alerts")

    sent = await send(world, "suspend", ids="Name\nMeier\nSchulze")

    assert "no numbers of SIMs in it" in errors(sent)["ids"]
    assert world.slack.modal(OPERATOR) is not None
    assert world.slack.dm(OPERATOR) == []
    assert nothing_started(world)


async def test_smarthub_knows_more(world: World):
    """A few ICCIDs that are not known here are looked for at SmartHub itself, and judged by what it says; named twice,
    they are one SIM."""
    one, two = actives(world, 2)

    await send(world, "suspend", ids=f"{one}\n{one}F\n{two}\n8949212699999999991")

    assert verdicts(world) == [("1", "accepted"), ("2", "duplicate"), ("3", "accepted"), ("4", "unknown")]
    assert "SmartHub itself was asked for 4 that were not known here." in report(world)
    assert "The first look over all SIMs has not ended yet" in report(world)


async def test_smarthub_is_away(world: World):
    """A list is read while SmartHub does not answer: what is not known here stays unknown."""
    await world.run("alerts")
    world.hub.down = True

    await send(world, "suspend", ids=f"{actives(world, 1)[0]}\n8949212699999999991")

    assert verdicts(world) == [("1", "accepted"), ("2", "unknown")]


async def test_before_the_first_look(world: World):
    """Before all SIMs were looked at once, a list of names is answered with why none is known."""
    sent = await send(world, "suspend", ids="pump 1\npump 2")

    assert "The first look over all SIMs has not ended yet" in errors(sent)["ids"]


async def test_a_plan_that_an_account_has_not(world: World):
    """SIMs whose account has no such rate plan are named before anybody is asked; those that have it already, too."""
    await world.run("alerts")
    plans = {str(s["accountName"]): s for s in map(world.hub.sim, range(40)) if s["status"] == "ACTIVATED"}
    acme, other = plans["acme"], plans["nordwind-logistics"]
    world.hub.change(str(acme["giccid"]), servicePackage="iot-100")
    await world.run("alerts")

    await send(world, "plan", ids=f"{acme['giccid']}\n{other['giccid']}", plan="iot-500")

    assert verdicts(world) == [("1", "accepted"), ("2", "wrong state")]
    assert "“nordwind-logistics” has no rate plan “iot-500”" in sheet(world)[1]["why"]

    await send(world, "plan", ids=f"{acme['giccid']}", plan="iot-100")

    assert "has the rate plan “iot-100” already" in sheet(world)[0]["why"]


async def test_an_active_sim_may_be_retired_in_two_steps(world: World):
    """A retirement that suspends first takes active SIMs as well, as it does for one SIM."""
    await world.run("alerts")

    await send(world, "retire", ids=f"{actives(world, 1)[0]}\n{world.hub.pick('INVENTORY')}")

    assert verdicts(world) == [("1", "accepted"), ("2", "wrong state")]


# --- files -------------------------------------------------------------------------------------------------------

HEAD, NOTE = ("Kunde", "ICCID", "Notiz"), "größer; “später”"


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        ("comma.csv", lambda rows: "\n".join(",".join(f'"{c}"' for c in row) for row in rows).encode()),
        ("bom.csv", lambda rows: "\r\n".join(",".join(f'"{c}"' for c in row) for row in rows).encode("utf-8-sig")),
        ("semicolon.csv", lambda rows: "\n".join(";".join(f'"{c}"' for c in row) for row in rows).encode("cp1252")),
        ("gbk.csv", lambda rows: "\n".join(",".join(map(str, row)) for row in _chinese(rows)).encode("gbk")),
        ("excel.csv", lambda rows: "\n".join("\t".join(map(str, row)) for row in rows).encode("utf-16")),
        ("order.csv", lambda rows: "\n".join("|".join(map(str, row[::-1])) for row in rows).encode()),
        ("list.xlsx", workbook),
        ("numbers.txt", lambda rows: "\n".join(str(row[1]) for row in rows[1:]).encode()),
    ],
)
async def test_a_file_in_the_form(world: World, name: str, encode: object):
    """A file of any usual kind, in any order of columns, is read as what it is; each SIM is on its line."""
    sims = actives(world, 3)
    await world.run("alerts")
    rows = [HEAD, *(("Müller & Söhne", giccid, NOTE) for giccid in sims)]
    assert callable(encode)
    file = world.slack.upload(name=name, content=encode(rows), by=OPERATOR)

    assert (await send(world, "suspend", file=[file.id])).ok

    assert [row["giccid"] for row in sheet(world)] == sims
    first = 1 if name == "numbers.txt" else 2
    assert verdicts(world) == [(str(n), "accepted") for n in range(first, first + 3)]
    assert f"from the file “{name}”" in report(world)


def _chinese(rows: Sequence[Sequence[str]]) -> list[tuple[str, str, str]]:
    """The same table as somebody in Shenzhen keeps it."""
    return [("客户", "卡号", "备注"), *(("深圳水务", row[1], "三号泵站") for row in rows[1:])]


def bomb() -> bytes:
    """A workbook that unpacks to far more than it is."""
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", bytes(300 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("empty.csv", b"\n", "is empty"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), "a picture"),
        ("names.csv", b"Name\nMeier\nSchulze\n", "no numbers of SIMs in it"),
        ("excel.csv", b"ICCID;x\n8,98603E+19;1\n8,98603E+19;2\n", "Lines 2, 3: digits are lost"),
        ("zeros.csv", b"ICCID;x\n8949212612345660000;1\n", "digits are lost"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old Excel workbook"),
    ],
)
async def test_a_file_that_is_no_list(world: World, name: str, content: bytes, why: str):
    """What cannot be a list of SIMs is explained at the field of the file; the form stays, and nothing is started."""
    await world.run("alerts")
    file = world.slack.upload(name=name, content=content, by=OPERATOR)

    sent = await send(world, "suspend", file=[file.id])

    assert why in errors(sent)["file"]
    assert world.slack.modal(OPERATOR) is not None
    assert world.slack.dm(OPERATOR) == []
    assert nothing_started(world)


async def test_a_bomb(world: World):
    """A workbook that would unpack to hundreds of megabytes is not unpacked."""
    file = world.slack.upload(name="list.xlsx", content=bomb(), by=OPERATOR)

    sent = await send(world, "suspend", file=[file.id])

    assert "unpacks to 300 MB" in errors(sent)["file"]


async def test_two_hundred_megabytes(world: World):
    """A file that is too large is refused by its size: not a byte of it is fetched."""
    file = world.slack.upload(name="huge.csv", content=b"ICCID\n", by=OPERATOR, claimed=200 << 20)

    sent = await send(world, "suspend", file=[file.id])

    assert "A list may have 20 MB, and this file has 200 MB" in errors(sent)["file"]
    assert world.slack.fetched == []


async def test_a_file_that_lies_about_its_size(world: World):
    """A file that is larger than Slack says is not read on for ever, and one that comes cut off is not used."""
    small = world.slack.upload(name="more.csv", content=b"8" * (21 << 20), by=OPERATOR, claimed=0)
    sent = await send(world, "suspend", file=[small.id])
    assert "A list may have 20 MB" in errors(sent)["file"]
    await world.through(world.slack.close_modal(by=OPERATOR))

    cut = world.slack.upload(name="cut.csv", content=b"ICCID\n1", by=OPERATOR, claimed=999)
    sent = await send(world, "suspend", file=[cut.id])
    assert "did not come whole" in errors(sent)["reason"]


async def test_slack_does_not_give_the_file(world: World):
    """Without the scope for it the form says which one is missing."""
    world.slack.scopes = frozenset(world.slack.scopes - {"files:read"})
    file = world.slack.upload(name="list.csv", content=b"ICCID\n1", by=OPERATOR)

    sent = await send(world, "suspend", file=[file.id])

    assert "missing_scope" in errors(sent)["reason"]


# --- a file in the channel ---------------------------------------------------------------------------------------


def whispered(world: World, by: str) -> list[Message]:
    """What this person alone sees in the channel."""
    return [m for m in world.slack.seen(by=by, channel=OPS) if m.ephemeral_to == by]


async def test_a_file_in_the_channel(world: World):
    """Whoever shares a file where simops is gets the form offered, and nobody else; read it is when they send it."""
    sims = actives(world, 2)
    await world.run("alerts")
    file = await share(world, "list.csv", "\n".join(["iccid", *sims]).encode())

    [offer] = whispered(world, OPERATOR)
    assert "Is list.csv a list of SIMs? It has not been read" in plain(offer)
    assert world.slack.fetched == []
    assert whispered(world, OTHER_OPERATOR) == []

    await world.press(offer, "Change these SIMs…", by=OPERATOR)
    await choose(world, "suspend")
    modal = world.slack.modal(OPERATOR)
    assert modal is not None
    assert {block["block_id"] for block in modal["blocks"] if block["type"] == "input"} == {"reason"}
    assert (await world.submit({"reason": "winter"}, by=OPERATOR)).ok

    assert world.slack.fetched == [file.id]
    assert [row["giccid"] for row in sheet(world)] == sims
    assert nothing_started(world)


async def test_a_bad_file_in_the_channel(world: World):
    """What is wrong with it is said in the form that was opened for it."""
    await share(world, "photo.csv", b"\xff\xd8\xff\xe0" + bytes(99))
    await world.press(whispered(world, OPERATOR)[0], "Change these SIMs…", by=OPERATOR)
    await choose(world, "retire")

    sent = await world.submit({}, by=OPERATOR)

    assert "a picture" in errors(sent)["reason"]


async def test_files_that_are_not_asked_about(world: World):
    """Nobody is asked about a picture, nor who may change nothing, nor the bot itself about its own files."""
    await world.run("alerts")
    await share(world, "photo.png", b"\x89PNG")
    for user in (VIEWER, STRANGER):
        await share(world, "list.csv", b"iccid\n1", by=user)
    await send(world, "suspend", ids=actives(world, 1)[0])
    assert [f.name for m in world.slack.dm(OPERATOR) for f in m.files] == ["report-1.csv"]
    await world.quiet()

    for user in (OPERATOR, VIEWER, STRANGER):
        assert whispered(world, user) == []
    assert len([m for m in world.slack.dm(OPERATOR) if m.bot]) == 2


async def test_the_event_comes_again(world: World):
    """Slack tells of a file twice, and it is asked about once."""
    await share(world, "list.xlsx", b"PK")
    await world.through(world.slack.redeliver())

    assert len(whispered(world, OPERATOR)) == 1


async def test_where_slack_takes_no_whisper(world: World):
    """Where Slack refuses the offer in the channel it comes as a direct message, and works there."""
    sims = actives(world, 1)
    await world.run("alerts")
    world.slack.refuse("chat.postEphemeral", "user_not_in_channel")
    await share(world, "list.csv", f"iccid\n{sims[0]}".encode())

    await world.press(said(world), "Change these SIMs…", by=OPERATOR)
    await choose(world, "suspend")
    await world.submit({}, by=OPERATOR)

    assert verdicts(world) == [("2", "accepted")]


# --- searches, fields, messages ----------------------------------------------------------------------------------


async def test_from_a_search(world: World):
    """“Change these…” under a search opens the form for all that it finds, not for the page alone; viewers have no such
    button."""
    await world.run("alerts")
    everything = "status:active,suspended,retired,inventory,test,ready"
    await world.say(f"/sim find {everything}", by=OPERATOR)
    page = whispered(world, OPERATOR)[-1]
    assert page.buttons == ["Next", "CSV", "Change these…"]

    await world.press(page, "Change these…", by=OPERATOR)
    await choose(world, "suspend")
    await world.submit({}, by=OPERATOR)

    assert len(sheet(world)) == 40
    wanted = [s for s in map(world.hub.sim, range(40)) if s["status"] == "ACTIVATED"]
    assert f"{len(wanted)} of 40 lines accepted" in report(world)
    assert {row["verdict"] for row in sheet(world)} == {"accepted", "wrong state"}

    await world.say(f"/sim find {everything}", by=VIEWER)
    assert "Change these…" not in whispered(world, VIEWER)[-1].buttons


async def test_a_search_or_a_field_in_the_form(world: World):
    """A search in the form means what find means; custom2=… takes exactly the SIMs in which that stands."""
    one, two, three = actives(world, 3)
    world.hub.change(one, custom2="Berlin")
    world.hub.change(two, custom2="Berlin Mitte")
    world.hub.change(three, custom2="BERLIN")
    await world.run("alerts")

    await send(world, "suspend", search="custom2:Berlin status:active")
    assert {row["giccid"] for row in sheet(world)} == {one, two, three}

    await send(world, "suspend", search="custom2=berlin")
    assert {row["giccid"] for row in sheet(world)} == {one, three}
    assert "the SIMs with custom2 “berlin”" in report(world)

    sent = await send(world, "suspend", search="custom2:Paris")
    assert "No SIM is found by this." in errors(sent)["search"]
    await world.through(world.slack.close_modal(by=OPERATOR))
    sent = await send(world, "suspend", search="acount:acme")
    assert "Did you mean" in errors(sent)["search"]


async def test_from_a_message(world: World):
    """The SIMs that the message shortcut found are taken, each of them and no other; viewers have no such button."""
    sims = actives(world, 2)
    await world.run("alerts")
    await world.say(f"lost again: {sims[0]}, {sims[1]} and 8949212699999999991", by=VIEWER)
    message = world.slack.messages(OPS)[-1]

    for user in (OPERATOR, VIEWER):
        await world.through(world.slack.message_shortcut("simops.sims_here", message, by=user))

    assert whispered(world, VIEWER)[-1].buttons == ["Find just these"]
    await world.press(whispered(world, OPERATOR)[-1], "Change these…", by=OPERATOR)
    await choose(world, "suspend")
    await world.submit({}, by=OPERATOR)
    assert sorted(row["giccid"] for row in sheet(world)) == sorted(sims)
    assert "2 of 2 lines accepted" in report(world)


async def test_from_a_message_with_a_file(world: World):
    """A list that somebody else shared, who may change nothing, is taken whole by the shortcut on their message; a
    viewer reads which SIMs are in it, and has no button for it."""
    sims = actives(world, 2)
    await world.run("alerts")
    await share(world, "photo.png", b"x", by=VIEWER)
    await share(world, "list.csv", "\n".join(["iccid", *sims]).encode(), by=VIEWER)
    photo, message = world.slack.messages(OPS)[-2:]

    await world.through(world.slack.message_shortcut("simops.sims_here", photo, by=OPERATOR))
    assert "There is no SIM in this message" in world.heard(OPERATOR)
    for user in (OPERATOR, VIEWER):
        await world.through(world.slack.message_shortcut("simops.sims_here", message, by=user))

    assert world.heard(VIEWER).startswith("2 SIMs in this message")
    assert whispered(world, VIEWER)[-1].buttons == ["Find just these"]
    await world.press(whispered(world, OPERATOR)[-1], "Change these SIMs…", by=OPERATOR)
    await choose(world, "suspend")
    await world.submit({}, by=OPERATOR)
    assert [row["giccid"] for row in sheet(world)] == sims


async def test_from_a_message_with_a_hundred(world: World):
    """All that one message may name are taken as one list, as long as the search for them is."""
    world.hub.world.fleet = Fleet(120, world.clock.now)
    sims = [world.hub.giccid(n) for n in range(100)]
    await world.run("alerts")
    await world.say("\n".join(sims), by=VIEWER)

    await world.through(world.slack.message_shortcut("simops.sims_here", world.slack.messages(OPS)[-1], by=OPERATOR))
    await world.press(whispered(world, OPERATOR)[-1], "Change these…", by=OPERATOR)
    await choose(world, "suspend")
    await world.submit({}, by=OPERATOR)

    assert sorted(row["giccid"] for row in sheet(world)) == sorted(sims)


async def test_from_a_message_whose_file_cannot_be_asked_about(world: World):
    """Where Slack says nothing of the file, what stands in the words is found all the same, and no file is offered."""
    await world.run("alerts")
    file = world.slack.upload(name="list.csv", content=b"iccid\n1", by=VIEWER)
    message = world.slack.space.post(channel=OPS, user=VIEWER, text=f"see {actives(world, 1)[0]}", files=[file])
    world.slack.scopes = frozenset(world.slack.scopes - {"files:read"})

    await world.through(world.slack.message_shortcut("simops.sims_here", message, by=OPERATOR))

    assert world.heard(OPERATOR).startswith("1 SIM in this message")
    assert whispered(world, OPERATOR)[-1].buttons == ["Find just these", "Change these…"]


async def test_the_shortcut(world: World):
    """The global shortcut opens the same form; who may change nothing is told so."""
    await world.through(world.slack.global_shortcut("simops.bulk", by=OPERATOR))
    modal = world.slack.modal(OPERATOR)
    assert modal is not None
    assert (modal["callback_id"], modal["submit"]) == ("bulk", None)

    await world.through(world.slack.global_shortcut("simops.bulk", by=VIEWER))
    assert world.slack.modal(VIEWER) is None
    assert "you have to be an operator" in world.told(VIEWER)[-1]


# --- the form ----------------------------------------------------------------------------------------------------


async def test_the_change_may_be_typed(world: World):
    """A change behind /sim bulk is chosen in the form already; another word is explained; a viewer gets no form."""
    await world.say("/sim bulk apn", by=ADMIN)
    modal = world.slack.modal(ADMIN)
    assert modal is not None
    assert modal["callback_id"] == "bulk.apn"
    assert {block["block_id"] for block in modal["blocks"] if block["type"] == "input"} == {
        "apn", "enabled", "ids", "file", "search", "reason",
    }  # fmt: skip

    await world.say("/sim bulk explode", by=OPERATOR)
    assert "“explode” is no change" in world.heard(OPERATOR)
    await world.say("/sim bulk", by=VIEWER)
    assert "you have to be an operator" in world.heard(VIEWER)
    assert (world.slack.modal(OPERATOR), world.slack.modal(VIEWER)) == (None, None)


async def test_what_was_typed_stays(world: World):
    """When another change is chosen the fields change, and what was pasted already is still there."""
    sims = actives(world, 1)
    await world.run("alerts")
    await world.say("/sim bulk", by=OPERATOR)
    await choose(world, "suspend")
    view = world.slack.forms.top(OPERATOR)
    world.slack.forms.fill(view, "ids", "ids", sims[0], by=OPERATOR)

    await choose(world, "set")

    assert (await world.submit({"custom3": "north", "custom4": "-"}, by=OPERATOR)).ok
    assert [row["giccid"] for row in sheet(world)] == sims
    assert "set custom3 to “north”, custom4 to none" in report(world)


async def test_sent_before_it_was_drawn_again(world: World):
    """A form that is sent while its menu says another change than its fields is not taken: nobody retires what was to
    be suspended."""
    await world.run("alerts")
    await world.say("/sim bulk retire", by=OPERATOR)
    world.slack.refuse("views.update", "internal_error")
    await world.through(world.slack.choose(None, "bulk.operation", "suspend", by=OPERATOR))
    assert world.slack.forms.top(OPERATOR)["callback_id"] == "bulk.retire"

    sent = await world.submit({"ids": actives(world, 1)[0]}, by=OPERATOR)

    assert "the fields of another change" in errors(sent)["reason"]
    assert [m for m in world.slack.dm(OPERATOR) if m.files] == []


async def test_wrong_fields(world: World):
    """What is missing or too much is said at each field."""
    both = await send(world, "plan", ids="1", search="status:active", plan="x")
    assert errors(both).keys() == {"ids", "search"}
    await world.through(world.slack.close_modal(by=OPERATOR))

    assert errors(await send(world, "set", ids="1")).keys() == {"custom1"}
    await world.through(world.slack.close_modal(by=OPERATOR))

    assert errors(await send(world, "suspend")).keys() == {"ids"}


async def test_a_list_that_takes_longer(world: World):
    """While a list is still being read the form says so, in time; its report comes, and its errors too."""
    await world.run("alerts")
    world.hub.slow = 10

    assert (await send(world, "suspend", ids=f"8949212699999999991\n{actives(world, 1)[0]}")).took < 3

    modal = world.slack.modal(OPERATOR)
    assert modal is not None
    assert "The list is being read." in str(modal["blocks"])
    assert "1 of 2 lines accepted" in report(world)

    await world.through(world.slack.close_modal(by=OPERATOR))
    await send(world, "suspend", ids="8949212699999999991")
    assert "names no SIM that is known here" in report(world)


async def test_stopped_in_the_middle(world: World):
    """A bot that is stopped while it reads a list says so at its next start; the list can never be asked for."""
    world.hub.slow = 1000
    taking = world.app.flows.intake.taking
    by = await world.app.flows.people.who(OPERATOR)
    reading = await world.begin(taking.take(Pasted("8949212699999999991"), Order(Operation.SUSPEND), by=by))

    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    [left] = world.app.store.lists.left_open()
    await world.restart()
    await world.quiet()

    assert "simops was stopped while it read a list from pasted numbers" in report(world)
    assert world.app.store.lists.get(left.id).state is State.DROPPED
    assert [m for m in world.slack.dm(OPERATOR) if m.files] == []


async def test_old_lists_go(world: World):
    """A list that nobody has used for thirty days is removed, and its buttons say so."""
    await world.run("alerts")
    await send(world, "suspend", ids=actives(world, 1)[0])
    card = said(world)
    await world.later(days=31)

    await world.run("lists")

    for button in card.buttons:
        await world.press(card, button, by=OPERATOR)
        assert "over 30 days old and gone" in forging.answers(world, OPERATOR)[-1]


async def test_slack_does_not_take_the_file(world: World):
    """Where the file cannot be sent the report says why, and CSV sends it later."""
    await world.run("alerts")
    scopes = world.slack.scopes
    world.slack.scopes = frozenset(scopes - {"files:write"})

    await send(world, "suspend", ids=actives(world, 1)[0])

    assert "could not be sent: Slack says missing_scope" in report(world)
    world.slack.scopes = scopes
    await world.press(said(world), "CSV", by=OPERATOR)
    assert verdicts(world) == [("1", Verdict.ACCEPTED)]
