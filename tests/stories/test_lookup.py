"""Looking things up by typing: help, SIM cards, lists, and everything that can be typed wrong."""

from __future__ import annotations

import re

import pytest

from bot.rules.naming import read_name
from bot.rules.sims import luhn_digit
from bot.simulator.slack import pings
from tests.talk import (
    ADMIN,
    ALERTS,
    APPROVER,
    OPERATOR,
    OPS,
    STRANGER,
    VIEWER,
    World,
    plain,
)

ROLES = {
    VIEWER: "a viewer",
    OPERATOR: "an operator",
    APPROVER: "an approver",
    ADMIN: "an admin",
    STRANGER: "nobody",
}


async def read(world: World, text: str, *, by: str = VIEWER) -> str:
    """What somebody reads after typing this, on one line; it came in time and to them alone."""
    said = await world.say(text, by=by)
    assert said.ok
    assert said.took < 3
    assert said.reply is not None
    assert said.reply.ephemeral_to == by
    assert said.reply.text, "phones and screen readers need the text too"
    return plain(said.reply)


async def test_help_tells_everybody_who_they_are(world: World):
    """Help answers every person, in every role and in none, and names the role they have."""
    for user, role in ROLES.items():
        words = await read(world, "/sim help", by=user)

        assert f"you are {role} here" in words
        assert "/sim suspend ID because REASON" in words
        assert ("(takes an operator)" in words) == (user in (VIEWER, STRANGER))


async def test_help_is_easy_to_get(world: World):
    """Nothing at all, capitals and more words lead to help as well."""
    for text in ("/sim", "/sim  ", "/sim HELP", "/sim help me please"):
        assert "a viewer here" in await read(world, text)


async def test_a_sim_by_its_number(world: World):
    """A viewer sees the state, account, plan, usage and label of a SIM as SmartHub has them."""
    sim = world.hub.sim(0)

    words = await read(world, f"/sim {sim['giccid']}")

    for fact in (sim["custom1"], sim["giccid"], sim["accountName"], sim["servicePackage"], sim["imsi"], "active"):
        assert str(fact) in words


SPELLINGS = {
    "dashes, blanks and dots": lambda g: f"{g[:4]}-{g[4:8]} {g[8:12]}.{g[12:]}",
    "a trailing F": lambda g: f"{g}F",
    "a small f": lambda g: f"{g}f",
    "as code": lambda g: f"`{g}`",
    "with show": lambda g: f"show {g}",
    "with SHOW": lambda g: f"SHOW   {g}",
    "without its check digit": lambda g: g[:-1],
    "with one more digit": lambda g: g + luhn_digit(g),
    "with what it is": lambda g: f"ICCID {g}",
    "as SIM:": lambda g: f"SIM: {g}",
    "in curly quotes": lambda g: f"“{g}”",
}


async def test_a_sim_however_its_number_is_written(world: World):
    """Dashes, a trailing F, a missing or an additional check digit all lead to the same SIM."""
    giccid, label = world.hub.giccid(3), str(world.hub.sim(3)["custom1"])

    for how, spell in SPELLINGS.items():
        assert label in await read(world, f"/sim {spell(giccid)}"), how


async def test_another_spelling_is_admitted(world: World):
    """When the SIM was found under another number than the one typed, the card says so."""
    giccid = world.hub.giccid(3)

    assert f"Found for {giccid[:-1]}: the two differ" in await read(world, f"/sim {giccid[:-1]}")


@pytest.mark.parametrize("verb", ["suspend", "protect", "sms"])
async def test_nothing_is_done_to_a_sim_that_only_looks_like_it(world: World, verb: str):
    """A whole number that no SIM has changes none: the SIM that looks like it is there to be shown, and that is all."""
    await world.run("alerts")
    giccid, label = world.hub.giccid(0), str(world.hub.sim(0)["custom1"])
    wrong = f"{giccid[:-1]}{(int(giccid[-1]) + 3) % 10}"

    typed = f"/sim {verb} {wrong}" + (" hello" if verb == "sms" else "")
    words = await read(world, typed, by=OPERATOR)

    assert f"No SIM fits “{wrong}”." in words
    assert f"These look near: {label}" in words
    assert world.deeds() == []
    assert world.hub.count("sendSms") == 0


async def test_several_that_fit_change_nothing(world: World):
    """Where a change names several SIMs nothing is asked for; they are a list to press."""
    await world.run("alerts")

    words = await read(world, "/sim suspend pump because lost", by=OPERATOR)

    assert "SIMs fit “pump”. Which one? Nothing was done. Press Show, or type suspend ICCID ." in words
    assert world.deeds() == []


WRONG = (
    ("/sim suspnd 8949", "There is no verb “suspnd”. Did you mean /sim suspend ?"),
    ("/sim aktivate", "Did you mean /sim activate ?"),
    ("/sim frobnicate", "If it was not meant as a SIM: help lists what can be typed."),
    ("/sim show", "A SIM is missing here"),
    ("/sim suspend", "A SIM is missing here"),
    ("/sim 7777777777", "No SIM fits “7777777777”."),
    ("/sim " + "8" * 23, "No SIM fits"),
    ("/sim 89492126000000O0001", "No SIM fits “89492126000000O0001”."),
    ("/sim 8949212600009999999", "No SIM fits “8949212600009999999”."),
    ("/sim suspend 8949212600009999999", "No SIM fits “8949212600009999999”."),
    ("/sim suspend 8949212600000000001 8949212600000000019", "One SIM at a time"),
    ("/sim suspend 8949212600000000001 lost its antenna", "Write a reason after “because”"),
    ("/sim suspend 8949212600000000001 because " + "x" * 501, "The reason has 501 characters; keep it to 500"),
    ("/sim " + "a" * 3000, "at most 200 characters; “aaaa"),
    ("/sim <!channel>", "No SIM fits “<!channel>”."),
    ("/sim `rm` <@U0ADMIN>", "No SIM fits “`rm` <@U0ADMIN>”."),
)


async def test_what_is_typed_wrong_is_answered_in_words(world: World):
    """A mistake is answered with what is wrong and what to type instead; nothing is asked for, and nobody pinged."""
    for text, answer in WRONG:
        said = await world.say(text, by=OPERATOR)

        assert said.ok
        assert said.reply is not None
        assert answer in plain(said.reply)
        assert said.reply.ephemeral_to == OPERATOR
        assert pings(said.reply) == set()
        assert len(plain(said.reply)) < 600
    assert world.deeds() == []


async def test_a_stranger_sees_no_sim(world: World):
    """Who stands in no list is told so, and SmartHub is not asked."""
    for text in (f"/sim {world.hub.giccid(0)}", "/sim approvals", "/sim alerts", "/sim status"):
        words = await read(world, text, by=STRANGER)
        assert "You are in no list of roles" in words
        assert "you have to be a viewer" in words
    assert world.hub.asked == []


async def test_who_may_not_ask_for_changes(world: World):
    """A viewer and a stranger cannot ask for a change; SmartHub is not even read."""
    for verb in ("suspend", "activate", "retire"):
        for user in (VIEWER, STRANGER):
            words = await read(world, f"/sim {verb} {world.hub.giccid(0)}", by=user)
            assert "you have to be an operator" in words
    assert world.hub.asked == []
    assert world.slack.messages("C0APPROVALS") == []


async def test_hostile_names_stay_text(world: World):
    """Whatever stands in a custom field, the card shows it as it came and pings nobody."""
    hostile = "<!channel> <@U0ADMIN> *bold* <http://evil.example|here> `rm` & more"
    world.hub.change(0, custom1=hostile, custom3="<!here>" * 20, accountName="<!everyone>")

    said = await world.say(f"/sim {world.hub.giccid(0)} --here", by=VIEWER)

    assert said.reply is not None
    assert hostile in plain(said.reply)
    assert pings(said.reply) == set()
    assert "<!channel>" not in said.reply.text


async def test_a_state_nobody_knows(world: World):
    """A status word that is in no table is shown as it came."""
    world.hub.change(0, status="FROZEN <!channel>")

    said = await world.say(f"/sim {world.hub.giccid(0)}", by=VIEWER)

    assert "FROZEN <!channel> (a state simops does not know)" in plain(said.reply)
    assert said.reply is not None
    assert pings(said.reply) == set()


async def test_only_a_list_shown_here_is_for_everybody(world: World):
    """With --here everybody in the channel reads the answer; a mistake and a request stay between two."""
    giccid = world.hub.pick()

    card = await world.say(f"/sim {giccid} --here", by=VIEWER)
    listed = await world.say("/sim --here approvals", by=VIEWER)
    wrong = await world.say("/sim nonsense --here", by=VIEWER)
    asked = await world.say(f"/sim suspend {giccid} --here because of rain", by=OPERATOR)

    seen = [said.reply.ephemeral_to if said.reply else "nothing" for said in (card, listed, wrong, asked)]
    assert seen == [None, None, VIEWER, OPERATOR]
    assert world.request().reason == "of rain"


async def test_the_list_of_what_waits(world: World):
    """`approvals` shows each waiting request with its number, SIM and requester, and nothing when none waits."""
    assert "Nothing waits for a decision." in await read(world, "/sim approvals")
    card = await world.ask("suspend")
    await world.ask("activate")
    await world.press(card, "Deny", by=APPROVER)
    await world.submit({"Reason": "not today"}, by=APPROVER)

    words = await read(world, "/sim approvals")

    assert "1 waiting" in words
    assert "#2 Activate" in words
    assert "#1" not in words


async def test_the_health_in_words(world: World):
    """`status` counts the open requests and says what the last check of the SIMs found."""
    await world.ask("suspend")
    await world.run("alerts")

    words = await read(world, "/sim status")

    assert "40 SIMs" in words


async def test_the_list_of_alerts(world: World):
    """`alerts` shows what the last check found."""
    assert "No alert" in await read(world, "/sim alerts")
    world.hub.grow(0, fraction=0.97)
    await world.run("alerts")

    assert str(world.hub.sim(0)["custom1"]) in await read(world, "/sim alerts")
    assert len(world.cards(ALERTS)) == 1


async def test_in_any_channel_and_directly(world: World):
    """A command is answered where it was typed, also in the conversation with the bot itself."""
    for channel in (OPS, ALERTS, world.slack.dm_channel(VIEWER)):
        said = await world.say("/sim help", by=VIEWER, channel=channel)
        assert said.reply is not None
        assert said.reply.channel == channel


# --- by whatever was typed ---


async def looked_over(world: World) -> None:
    """After the first look over all SIMs, with nothing asked of SmartHub since."""
    await world.run("alerts")
    world.hub.asked.clear()


def questions(world: World) -> list[str]:
    """What SmartHub was asked."""
    return [asked.operation for asked in world.hub.asked]


NAMES = {
    "the IMSI": lambda sim: str(sim["imsi"]),
    "the MSISDN": lambda sim: str(sim["msisdn"]),
    "the MSISDN with a plus": lambda sim: f"+{sim['msisdn']}",
    "the MSISDN with 00": lambda sim: f"00{sim['msisdn']}",
    "the MSISDN as Slack links it": lambda sim: f"<tel:+{sim['msisdn']}|+{sim['msisdn']}>",
    "the IMEI": lambda sim: str(sim["imei"]),
    "the IMEI without its check digit": lambda sim: str(sim["imei"])[:14],
    "the IMEI with a wrong check digit": lambda sim: f"{str(sim['imei'])[:14]}{(int(str(sim['imei'])[14]) + 1) % 10}",
    "the IMEI with its software version": lambda sim: f"{str(sim['imei'])[:14]}07",
    "the IMEI in its groups": lambda sim: re.sub("(..)(.{6})(.{6})(.)", r"\1-\2-\3-\4", str(sim["imei"])),
    "the IMEI with what it is": lambda sim: f"IMEI: {sim['imei']}",
    "the IMSI in its groups": lambda sim: re.sub("(...)(..)(.+)", r"\1 \2 \3", str(sim["imsi"])),
    "the label": lambda sim: str(sim["custom1"]),
    "the label in capitals": lambda sim: str(sim["custom1"]).upper(),
    "the beginning of the label": lambda sim: str(sim["custom1"])[:-1],
    "the end of the ICCID": lambda sim: str(sim["giccid"])[-12:],
    "the ICCID": lambda sim: str(sim["giccid"]),
}


@pytest.mark.parametrize("how", list(NAMES))
async def test_a_sim_by_any_name(world: World, how: str):
    """By each of its numbers, its label, or an unambiguous piece, a SIM is found, and read from SmartHub once."""
    await looked_over(world)
    sim = world.hub.sim(0)

    words = await read(world, f"/sim show {NAMES[how](sim)}")

    assert words.startswith(str(sim["custom1"]))
    assert str(sim["giccid"]) in words
    assert questions(world) == ["getSim"]


@pytest.mark.parametrize("how", [how for how in NAMES if "IMEI" in how or "IMSI" in how or "MSISDN" in how])
async def test_however_a_number_is_written_smarthub_knows_it(world: World, how: str):
    """A whole number that simops has never seen is found at SmartHub however it is written."""
    sim = world.hub.sim(0)

    assert str(sim["custom1"]) in await read(world, f"/sim show {NAMES[how](sim)}")

    assert set(questions(world)) == {"listSims"}


@pytest.mark.parametrize("key", ["imsi", "msisdn", "imei", "giccid"])
async def test_a_number_that_only_smarthub_knows(world: World, key: str):
    """A whole number that simops has never seen is asked for at SmartHub, once; the second time it is known."""
    sim = world.hub.sim(0)

    assert str(sim["custom1"]) in await read(world, f"/sim {sim[key]}")
    assert str(sim["custom1"]) in await read(world, f"/sim {sim[key]}")

    assert questions(world) == ["getSim" if key == "giccid" else "listSims", "getSim"]


async def test_several_that_fit(world: World):
    """A piece that fits several SIMs gives a short list without asking SmartHub; a press shows the one meant."""
    for n in (3, 4):
        world.hub.change(n, custom1=f"Cold store {n}")
    await looked_over(world)

    said = await world.say("/sim show cold store", by=VIEWER)

    assert "2 SIMs fit “cold store”. Which one?" in plain(said.reply)
    assert world.hub.asked == []
    assert said.reply is not None
    [wanted] = [hit.id for hit in world.app.store.sims.named(read_name("Cold store 4"))]
    await world.through(world.slack.press(said.reply, "Show", by=VIEWER, value=str(wanted)))
    assert world.heard(VIEWER).split("\n")[0].startswith("Cold store 4")
    assert questions(world) == ["getSim"]


async def test_none_that_fits(world: World):
    """Where nothing fits it says what was tried, here and at SmartHub, how old that is, and offers what looks near."""
    await looked_over(world)
    await world.later(minutes=12)
    giccid = world.hub.giccid(3)
    wrong = giccid[:-2] + str((int(giccid[-2]) + 1) % 10) + giccid[-1]

    said = await world.say(f"/sim {wrong}", by=VIEWER)

    words = plain(said.reply)
    assert f"No SIM fits “{wrong}”." in words
    assert "Looked for as ICCID" in words
    assert "among the 40 SIMs known here, the oldest of them read 12 min ago" in words
    assert "SmartHub knows no SIM with this ICCID either." in words
    assert said.reply is not None
    assert giccid in words
    near = world.app.store.sims.by_giccid(giccid)
    assert near is not None
    await world.through(world.slack.press(said.reply, "Show", by=VIEWER, value=str(near.id)))
    assert near.label in world.heard(VIEWER)


async def test_a_piece_before_anything_is_known(world: World):
    """Before the first look over all SIMs a label cannot be found, and the answer says that this is why."""
    assert "simops has not looked over all SIMs yet" in await read(world, "/sim show Berlin")


# --- the card ---


async def test_who_may_change_is_offered_what_fits(world: World):
    """An operator is offered what the state of the SIM allows, a viewer only to look."""
    active, suspended = world.hub.pick(), world.hub.pick("DEACTIVATED")

    card = await world.say(f"/sim {active}", by=OPERATOR)
    other = await world.say(f"/sim {suspended}", by=OPERATOR)
    seen = await world.say(f"/sim {active}", by=VIEWER)

    assert card.reply is not None
    assert other.reply is not None
    assert seen.reply is not None
    assert {"Suspend", "Change plan", "Send SMS", "Refresh"} <= set(card.reply.buttons)
    assert {"Activate", "Retire", "Refresh"} <= set(other.reply.buttons)
    assert set(seen.reply.buttons) == {"History", "Exact numbers", "Refresh"}


async def test_what_is_open_on_a_sim_is_on_its_card(world: World):
    """An open request and an open alert of a SIM are on its card; while it is open there is nothing more to ask for."""
    sim = world.hub.pick()
    world.hub.grow(sim, fraction=0.97)
    await world.run("alerts")
    await world.ask("suspend", sim)

    said = await world.say(f"/sim {sim}", by=OPERATOR)

    assert f"Open request #1 suspend, pending, asked by <@{OPERATOR}>" in plain(said.reply)
    assert "Alert 95 % of the quota used, open, since" in plain(said.reply)
    assert said.reply is not None
    assert set(said.reply.buttons) == {"History", "Exact numbers", "Refresh"}


async def test_a_card_is_read_again_in_its_place(world: World):
    """Refresh reads the SIM again and shows it in the same place, with what changed."""
    sim = world.hub.pick()
    said = await world.say(f"/sim {sim}", by=VIEWER)
    assert "🟢 active" in plain(said.reply)
    world.hub.change(sim, status="DEACTIVATED")

    assert said.reply is not None
    before = len(world.slack.seen(by=VIEWER, channel=OPS))
    await world.press(said.reply, "Refresh", by=VIEWER)

    assert "⏸️ suspended" in world.heard(VIEWER)
    assert len(world.slack.seen(by=VIEWER, channel=OPS)) == before


async def test_the_numbers_to_the_byte(world: World):
    """Exact numbers tells the bytes, and SmartHub's own answer under its own keys."""
    world.hub.change(0, cycleUsageBytes=12_345_678)
    said = await world.say(f"/sim {world.hub.giccid(0)}", by=VIEWER)

    assert said.reply is not None
    await world.press(said.reply, "Exact numbers", by=VIEWER)

    assert "12,345,678 bytes" in world.heard(VIEWER)
    assert "cycleUsageBytes: 12345678" in world.heard(VIEWER)


async def test_smarthub_is_down_and_the_sim_is_known(world: World):
    """While SmartHub does not answer, what is known is shown, marked with its age, and nothing can be changed."""
    await looked_over(world)
    await world.later(hours=3)
    world.hub.down = True
    giccid = world.hub.pick()

    for typed in (giccid, str(world.hub.sim(giccid)["imsi"])):
        said = await world.say(f"/sim {typed}", by=OPERATOR)

        words = plain(said.reply) or world.heard(OPERATOR)
        assert "This is not live." in words
        assert "3 h ago" in words
        assert giccid in words
        card = world.slack.seen(by=OPERATOR, channel=OPS)[-1]
        assert set(card.buttons) == {"History", "Refresh"}

    world.hub.down = False
    await world.press(card, "Refresh", by=OPERATOR)
    assert "not live" not in world.heard(OPERATOR)


async def test_smarthub_is_down_and_the_sim_is_not_known(world: World):
    """While SmartHub does not answer, a SIM that was never seen cannot be shown, and the answer says both."""
    world.hub.down = True

    said = await world.say(f"/sim {world.hub.giccid(0)}", by=VIEWER)

    words = plain(said.reply) + world.heard(VIEWER)
    assert "SmartHub" in words
    assert "This SIM is not known here either." in words


async def test_a_sim_that_smarthub_has_no_more(world: World):
    """A SIM that is known here and gone there is told to be gone, with when it was last seen."""
    await looked_over(world)
    gone = world.app.store.sims.named(read_name(world.hub.giccid(39)))[0]
    world.hub.world.fleet.count = 39

    words = await read(world, f"/sim {gone.sim.giccid}")

    assert f"“{gone.label}” ({gone.sim.giccid}) was last seen 2026-11-22 08:30 UTC. Now SmartHub has no SIM" in words
