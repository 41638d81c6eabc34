"""Looking things up by typing: help, SIM cards, lists, and everything that can be typed wrong."""

from __future__ import annotations

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


WRONG = (
    ("/sim suspnd 8949", "There is no verb “suspnd”. Did you mean /sim suspend ?"),
    ("/sim aktivate", "Did you mean /sim activate ?"),
    ("/sim frobnicate", "/sim help lists what there is."),
    ("/sim show", "A SIM is missing here"),
    ("/sim suspend", "A SIM is missing here"),
    ("/sim 8949212600", "has 10 digits; an ICCID has 18 to 22"),
    ("/sim " + "8" * 23, "has 23 digits; an ICCID has 18 to 22"),
    ("/sim 89492126000000O0001", "“O” is not a digit"),
    ("/sim ٨٩٤٩٢١٢٦٠٠٠٠٠٠٠٠٠٠١", "is not an ICCID"),
    ("/sim 8949212600009999999", "SmartHub has no SIM"),
    ("/sim suspend 8949212600009999999", "SmartHub has no SIM"),
    ("/sim suspend 8949212600000000001 8949212600000000019", "One SIM at a time"),
    ("/sim suspend 8949212600000000001 lost its antenna", "Write a reason after “because”"),
    ("/sim suspend 8949212600000000001 because " + "x" * 501, "The reason has 501 characters; keep it to 500"),
    ("/sim " + "a" * 3000, "There is no verb “aaaa"),
    ("/sim <!channel>", "There is no verb “‹!channel›”"),
    ("/sim `rm` <@U0ADMIN>", "There is no verb “'rm'”"),
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
    assert "#2 activate" in words
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
