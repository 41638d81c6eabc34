"""Planned work, quiet hours and digests: what may wait is kept, counted, and told when its time has come."""

from __future__ import annotations

import re

import pytest

from tests.talk import ALERTS, OPERATOR, OPS, VIEWER, World, plain


async def test_planned_work(world: World):
    """While an account is muted nothing of it is shown, and all of it kept; at the end the sum is told where it was
    typed, and what comes then is shown again."""
    await world.run("alerts")
    giccid = str(world.hub.pick())
    account = world.hub.sim(giccid)["accountName"]
    await world.say(f'/sim mute account:"{account}" 2h because firmware 2.1', by=OPERATOR)
    assert "Held until" in world.heard(OPERATOR)
    for n in range(3):
        await world.push("no-session", giccid, hoursWithoutSession=48 + n)
    await world.push("imei-change", giccid)

    assert world.cards(ALERTS) == []
    said = (await world.say("/sim mute", by=VIEWER)).reply
    assert said is not None
    assert "4 held so far" in said.words
    assert "firmware 2.1" in said.words
    assert "held by planned work" in (await world.say("/sim event 1", by=VIEWER)).reply.words
    assert len(world.app.store.events.of_sim([giccid])) == 4

    await world.later(hours=2)
    await world.run("pushes")
    [told] = world.cards(OPS)
    assert "4 came and were held" in told.words
    assert "No session for long: 3" in told.words
    await world.push("no-session", giccid)
    assert len(world.cards(ALERTS)) == 1
    assert world.deeds() == [(OPERATOR, "muted"), ("simops", "unmuted")]


async def test_a_place_where_no_sim_is(world: World):
    """An account, a plan or a country where no SIM is known is held all the same, with a word of it and what may be
    meant; before any look nobody can say so. Subscribing says the same."""
    early = plain((await world.say("/sim mute account:acmee 2h", by=OPERATOR)).reply)
    await world.run("alerts")

    late = plain((await world.say("/sim mute account:acmee,acme country:de plan:iot* 2h", by=OPERATOR)).reply)
    subscribed = plain((await world.say("/sim subscribe all country:xx", by=OPERATOR)).reply)

    assert "Held until" in early
    assert "No SIM" not in early
    assert "No SIM that is known here has the account acmee . Did you mean acme ?" in late
    assert late.count("No SIM") == 1
    assert "No SIM that is known here has the country xx ." in subscribed


async def test_it_ends_sooner(world: World):
    """Unmuted by somebody it is told at once, and twice is told so."""
    await world.say("/sim mute no-session 2h", by=OPERATOR)
    await world.say("/sim unmute 1", by=OPERATOR)
    await world.push("no-session")

    assert len(world.cards(ALERTS)) == 1
    assert "No notification came." in world.card(OPS).words
    await world.say("/sim unmute 1", by=OPERATOR)
    assert "over already" in world.heard(OPERATOR)


@pytest.mark.parametrize(
    ("text", "by", "says"),
    [
        ("mute all 2h", OPERATOR, "That would hold everything of everybody"),
        ("mute account:acme", OPERATOR, "Write what to hold and for how long"),
        ("mute account:acme 3w", OPERATOR, "14 d at most"),
        ("mute account:acme soon", OPERATOR, "no time to come"),
        ("mute account:acme 2h", VIEWER, "you have to be an operator"),
        ("unmute 9", OPERATOR, "There is no mute 9"),
        ("unmute", OPERATOR, "Write the number"),
    ],
)
async def test_what_cannot_be_muted(world: World, text: str, by: str, says: str):
    """A mistake is told in words, and nothing is held."""
    await world.say(f"/sim {text}", by=by)

    assert says in world.heard(by)
    assert world.app.store.mutes.open() == ()


async def test_quiet_hours(world: World):
    """What comes in the quiet hours of a channel waits for their end, each with its own card where they are few; what
    is grave does not wait."""
    await world.say("/sim subscribe all quiet:09:00-10:00", by=OPERATOR)
    await world.push("no-session", 1)
    await world.push("imei-change", 2, oldImei="860000001234567")
    assert len(world.cards(OPS)) == 2
    await world.run("pushes")
    assert len(world.cards(OPS)) == 2

    await world.later(minutes=31)
    await world.run("pushes")

    assert world.card(OPS).text.startswith("No session for long")
    assert len(world.cards(OPS)) == 3


async def test_many_in_the_quiet_hours_are_one_message(world: World):
    """Many that waited are told of in one message, each with its time; a card comes for none of them afterwards."""
    await world.say("/sim subscribe all quiet:09:00-10:00", by=OPERATOR)
    for n in range(8):
        await world.push("cycle-usage", n)
    await world.later(minutes=31)
    await world.run("pushes")
    await world.push("cycle-usage", 3)

    [_, digest] = world.cards(OPS)
    assert "What came in the quiet hours" in digest.words
    assert len(re.findall("Usage reached the threshold of the cycle: [0-9]{19}", plain(digest))) == 8
    said = (await world.say("/sim event 1", by=VIEWER)).reply
    assert said is not None
    assert "told in a digest" in said.words


async def test_the_list_of_a_storm_in_a_digest_is_not_waited_for(world: World):
    """A storm that only a digest has told of has no thread for its list; others do not wait behind it."""
    await world.say("/sim subscribe all quiet:09:00-10:00", by=OPERATOR)
    for n in range(11):
        await world.push("sim-status-change", n, oldStatus="DEACTIVATED", newStatus="ACTIVATED")
    for n in range(6):
        await world.push("no-session", n)
    await world.later(minutes=31)
    await world.run("pushes")
    await world.run("pushes")

    assert "What came in the quiet hours" in world.card(OPS).words
    assert "11 SIMs" in world.card(OPS).words
    assert world.app.store.incidents.to_file(quiet_since=world.clock.now()) == ()


async def test_a_digest_of_what_is_low(world: World):
    """With a digest what is of low severity comes once a day in one message; what is graver comes at once."""
    await world.say("/sim subscribe sim-status-change no-session digest:daily", by=OPERATOR)
    for n in range(3):
        await world.push("sim-status-change", n, oldStatus="DEACTIVATED", newStatus="ACTIVATED")
    await world.push("no-session", 5)
    await world.run("pushes")
    assert len(world.cards(OPS)) == 2

    await world.later(hours=22, minutes=31)
    await world.run("pushes")
    await world.run("pushes")

    assert len(world.cards(OPS)) == 3
    assert "Notifications that could wait : 3" in plain(world.card(OPS))
