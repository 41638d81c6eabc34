"""A card for each thing that happened to a SIM: what it says, what one may do, and who looks after it."""

from __future__ import annotations

import json

import pytest

from bot.rules.events import EVENTS
from bot.simulator.slack import Message
from tests.talk import ALERTS, APPROVALS, APPROVER, OPERATOR, OTHER_OPERATOR, VIEWER, World, plain

BUTTONS = {
    "cycle-usage": ["Look at the SIM", "Refresh", "Change plan …", "Add-on …", "Suspend …"],
    "package-traffic": ["Look at the SIM", "Refresh", "Read the account", "Change plan …", "Add-on …", "Suspend …"],
    "imei-change": ["Expected swap", "Look at the SIM", "Suspend …", "History"],
    "no-session": ["Look at the SIM", "Wake by SMS …", "History"],
    "package-expired": ["Look at the SIM", "Read the account", "Change plan …", "Add-on …"],
    "sim-status-change": ["Look at the SIM", "History", "Activate …"],
    "apn-status-change": ["Look at the SIM", "Switch APN …", "History"],
    "mo-sms": ["Look at the SIM", "Send SMS …"],
    "mt-sms-status": ["Look at the SIM", "History"],
}
CARE = ["Acknowledge", "Assign …", "Snooze 1 d", "Resolve …"]
SMS = ("mo-sms", "mt-sms-status")


async def known(world: World) -> str:
    """The first SIM at work, which the snapshot knows."""
    await world.run("alerts")
    return str(world.hub.pick())


async def card_of(world: World, event: str, giccid: str | None = None, **fields: object) -> Message:
    """The card after SmartHub told of this."""
    await world.push(event, giccid, **fields)
    return world.card(ALERTS)


# --- what it says ---


@pytest.mark.parametrize("event", list(EVENTS))
async def test_each_event_has_its_buttons(world: World, event: str):
    """Of a SIM that is known, each card offers what one may do about it, and to look after it; of SMS, what has its
    place in no conversation has a card: what has no text, and a report that nobody waits for."""
    await world.push(event, await known(world), **({"messageText": None} if event == "mo-sms" else {}))
    await world.later(minutes=1)
    await world.run("sms")

    [card] = world.cards(ALERTS)
    assert card.buttons == BUTTONS[event] + ([] if event in SMS else CARE)


async def test_a_sim_that_is_not_known(world: World):
    """Before any look over the SIMs one may still look at it, and look after the card."""
    card = await card_of(world, "cycle-usage")

    assert card.buttons == ["Look at the SIM", "Refresh", *CARE]


async def test_the_place_of_the_sim_is_told(world: World):
    """Account, plan and country stand on the card, and the severity in a word."""
    giccid = await known(world)
    sim = world.hub.sim(giccid)
    words = plain(await card_of(world, "no-session", giccid))

    for told in (sim["accountName"], sim["servicePackage"], "Severity medium", sim["custom1"]):
        assert str(told) in words, told


async def test_another_model_and_another_sim(world: World):
    """A new IMEI of another model says so, with how many SIMs have it, and on which other SIM that IMEI is."""
    world.hub.change(1, imei="356938035643809")
    giccid = await known(world)
    twin = world.hub.sim(1)

    words = plain(await card_of(world, "imei-change", giccid, oldImei="860000001234567", newImei="356938035643809"))

    assert "another one, TAC 86000000 → 35693803" in words
    assert "here ha" in words
    assert f"The new IMEI is on another SIM too : {twin['custom1']} ({twin['giccid']})" in words
    assert "Severity high" in words


async def test_a_known_model_is_told(world: World):
    """A new IMEI of the same model is less grave and says so."""
    words = plain(await card_of(world, "imei-change", oldImei="356938030000001", newImei="356938035643809"))

    assert "the same, TAC 35693803" in words
    assert "Severity medium" in words


async def test_was_it_us(world: World):
    """A change of status that nobody here asked for says so; after a request, which one was the last, with a link to
    its card."""
    giccid = await known(world)
    words = plain(await card_of(world, "sim-status-change", giccid, oldStatus="ACTIVATED", newStatus="RETIRED"))
    assert "Was it us? No: nothing here has asked for a change of this SIM" in words

    request = await world.ask("suspend", giccid)
    await world.press(request, "Approve", by=APPROVER)
    await world.later(hours=2)
    words = plain(await card_of(world, "sim-status-change", giccid, oldStatus="DEACTIVATED", newStatus="RETIRED"))

    assert "The last request here is #1 , suspend" in words
    link = f"{world.slack.origin}/archives/{APPROVALS}/p{request.ts.replace('.', '')}"
    assert link in json.dumps(world.card(ALERTS).blocks)


async def test_usage_that_was_read_afterwards(world: World):
    """What was read before the notification is told as that; drawn again after the next look, as what is since then."""
    giccid = await known(world)
    await world.later(minutes=1)
    card = await card_of(world, "cycle-usage", giccid)
    assert "Before" in card.words

    await world.later(minutes=15)
    await world.run("alerts")
    await world.press(card, "Acknowledge", by=OPERATOR)

    assert "Before" not in world.now(card)
    assert "Since" in world.now(card)


@pytest.mark.parametrize("is_known", [True, False])
async def test_refreshed_it_says_what_is_used_now(world: World, is_known: bool):
    """Whoever may look reads the SIM once by a press, and the card says its usage of now, also of a SIM nobody had
    looked at; where SmartHub is away the card stays, and he is told so."""
    giccid = await known(world) if is_known else world.hub.pick()
    card = await card_of(world, "cycle-usage", giccid)
    await world.later(minutes=5)
    world.hub.change(giccid, cycleQuotaBytes=200_000_000, cycleUsageBytes=150_000_000)
    reads = world.hub.count("getSim")

    await world.press(card, "Refresh", by=VIEWER)

    assert world.hub.count("getSim") == reads + 1
    assert "Since 150.0 MB of 200.0 MB, 75 %, read" in plain(world.card(ALERTS))
    assert str(world.hub.sim(giccid)["custom1"]) in world.card(ALERTS).words.splitlines()[0]
    world.hub.down = True
    await world.press(card, "Refresh", by=VIEWER)
    assert "SmartHub" in world.heard(VIEWER, ALERTS)
    assert "75 %" in plain(world.card(ALERTS))


@pytest.mark.parametrize(("new", "offered"), [("DEACTIVATED", "Activate …"), ("ACTIVATED", "Suspend …")])
async def test_what_takes_a_change_of_state_back(world: World, new: str, offered: str):
    """The button is for the state that was told, where that is newer than the last look at the SIM."""
    giccid = await known(world)
    await world.later(minutes=1)

    card = await card_of(world, "sim-status-change", giccid, oldStatus="TEST_READY", newStatus=new)

    assert [word for word in card.buttons if word in ("Activate …", "Suspend …")] == [offered]


async def test_what_a_request_causes_stands_in_its_thread(world: World):
    """SmartHub's notification of what was approved here is told under the request's card, and has none of its own."""
    world.hub.announces = True
    request = await world.ask("suspend")
    await world.press(request, "Approve", by=APPROVER)
    await world.later(seconds=5)

    assert world.cards(ALERTS) == []
    [told] = [words for words in world.thread(request) if "SmartHub has told of it" in words]
    assert "active → suspended" in told


async def test_the_same_again_counts_on_the_card(world: World):
    """Told again within the hour, with other words, the same of one SIM counts on its card, which shows the newest."""
    giccid = world.hub.pick()
    for hours in (48, 49, 50):
        await world.push("no-session", giccid, hoursWithoutSession=hours)
        await world.later(minutes=20)

    [card] = world.cards(ALERTS)
    assert "3 times since" in plain(card)
    assert "50 h without one" in plain(card)
    await world.later(minutes=61)
    await world.push("no-session", giccid)
    assert len(world.cards(ALERTS)) == 2


async def test_worse_is_a_new_card(world: World):
    """When it gets worse it is told anew, and the older card says so."""
    giccid = world.hub.pick()
    await world.push("no-session", giccid, hoursWithoutSession=48)
    await world.push("no-session", giccid, hoursWithoutSession=200)

    older, newer = world.cards(ALERTS)
    assert "It got worse: there is a newer card." in plain(older)
    assert "Severity high" in plain(newer)
    assert older.buttons == []


async def test_a_sim_that_flaps_is_called_so(world: World):
    """To and fro again and again is one card that says it flaps."""
    giccid = world.hub.pick()
    for n in range(6):
        old, new = ("ENABLED", "DISABLED") if n % 2 else ("DISABLED", "ENABLED")
        await world.push("apn-status-change", giccid, oldStatus=old, newStatus=new)
        await world.later(minutes=1)

    card = world.cards(ALERTS)[-1]
    assert "It flaps" in plain(card)
    assert len(world.cards(ALERTS)) <= 2


# --- what one may do ---


async def test_a_form_asks_under_the_policies(world: World):
    """A button opens the form of the SIM's card; what is sent there is a request as any other."""
    giccid = await known(world)
    card = await card_of(world, "cycle-usage", giccid)

    await world.press(card, "Suspend …", by=OPERATOR)
    await world.submit({"change.reason": "too much"}, by=OPERATOR)

    assert (world.request().giccid, world.request().operation.value) == (giccid, "suspend")
    assert world.request().state.value == "pending"
    assert world.hub.count("suspendSim") == 0


async def test_the_sim_and_the_account_are_read_now(world: World):
    """Who looks sees the SIM as it is now; the account can be read where packages run out."""
    card = await card_of(world, "package-expired")

    await world.press(card, "Look at the SIM", by=VIEWER)
    assert world.hub.sim(world.hub.pick())["giccid"] in world.heard(VIEWER, ALERTS)
    await world.press(card, "Read the account", by=VIEWER)
    assert world.hub.sim(world.hub.pick())["accountName"] in world.heard(VIEWER, ALERTS)


async def test_an_expected_swap(world: World):
    """Somebody who knows of the swap ends it with one press."""
    card = await card_of(world, "imei-change")

    await world.press(card, "Expected swap", by=OPERATOR)

    assert "Resolved by" in world.now(card)
    assert "expected swap" in world.now(card)
    assert world.deeds() == [(OPERATOR, "resolved")]


async def test_taken_given_and_ended(world: World):
    """Acknowledged, given to somebody who hears of it, and ended with what came of it: each is on the card and kept."""
    card = await card_of(world, "no-session")
    await world.press(card, "Acknowledge", by=OPERATOR)
    assert "Acknowledged by" in world.now(card)

    await world.press(world.card(ALERTS), "Assign …", by=OPERATOR)
    await world.submit({"incident.to": OTHER_OPERATOR}, by=OPERATOR)
    assert "Assigned to" in world.now(card)
    [told] = world.told(OTHER_OPERATOR)
    assert "has given you this" in told

    await world.press(world.card(ALERTS), "Resolve …", by=OTHER_OPERATOR)
    await world.submit({"incident.why": "the mast is up again"}, by=OTHER_OPERATOR)
    assert "the mast is up again" in world.now(card)
    assert world.card(ALERTS).buttons == []
    assert world.deeds() == [
        *((OPERATOR, "acknowledged"), (OPERATOR, "assigned"), (OTHER_OPERATOR, "resolved")),
    ]


async def test_a_viewer_only_looks(world: World):
    """A viewer is told that it takes an operator, at each button that does something."""
    card = await card_of(world, "imei-change")

    for button in ("Acknowledge", "Assign …", "Snooze 1 d", "Resolve …", "Expected swap"):
        await world.press(card, button, by=VIEWER)
        assert "you have to be an operator" in world.heard(VIEWER, ALERTS), button
    assert world.deeds() == []


async def test_after_it_was_resolved_the_next_is_news(world: World):
    """What is resolved is over: the same again is a new card, and a press on the old one is told so."""
    card = await card_of(world, "no-session")
    await world.press(card, "Resolve …", by=OPERATOR)
    await world.submit({}, by=OPERATOR)
    await world.push("no-session")

    assert len(world.cards(ALERTS)) == 2
    await world.press(card, "Acknowledge", by=OPERATOR, stale=True)
    assert "resolved already" in world.heard(OPERATOR, ALERTS)


async def test_a_snooze_ends(world: World):
    """After a day what was put off stands open again, and it is said under its card."""
    card = await card_of(world, "no-session")
    await world.press(card, "Snooze 1 d", by=OPERATOR)
    assert "Snoozed by" in world.now(card)
    await world.run("pushes")
    assert "Snoozed by" in world.now(card)

    await world.later(days=1)
    await world.run("pushes")

    assert world.now(card).count("Open") == 1
    assert world.thread(card) == [
        "Snooze is over\n: No session for long: 8949212600000000001. Nobody has resolved it yet."
    ]


async def test_what_nobody_takes_is_brought_up_once(world: World):
    """After an hour the channel is reminded once of what is grave and open; not of what is less grave, or taken."""
    await world.push("imei-change", 1, oldImei="860000001234567")
    await world.push("imei-change", 2, oldImei="860000001234567")
    await world.push("cycle-usage", 3)
    await world.press(world.cards(ALERTS)[1], "Acknowledge", by=OPERATOR)
    await world.later(minutes=61)

    await world.run("pushes")
    await world.run("pushes")

    reminders = [card for card in world.cards(ALERTS) if "Nobody has taken" in card.words]
    assert len(reminders) == 1
    assert "Nobody has taken 1 incident" in reminders[0].words


# --- the ledger ---


async def test_the_way_of_a_notification(world: World):
    """`event N` says when it came, on which card it is, where that stands and since when, and what was sent."""
    card = await card_of(world, "no-session")
    said = (await world.say("/sim event 1", by=VIEWER)).reply
    assert said is not None

    assert "received and on disk" in said.words
    assert "on the card of incident 1" in said.words
    assert "in Slack" in said.words
    assert "eventId" in said.words
    assert "Notification 1 from SmartHub, incident 1" in card.words
    await world.say("/sim event 99", by=VIEWER)
    assert "There is no notification 99" in world.heard(VIEWER)


async def test_the_way_of_one_that_waits(world: World):
    """While Slack takes nothing, `event N` says that its card waits, how often it was tried, and why."""
    world.slack.refuse("chat.postMessage", "internal_error", times=1)
    await world.begin(world.hub.push("no-session"))
    await world._still()

    said = world.app.flows.pushes.event("1", by=await world.app.flows.people.who(VIEWER))

    assert "waiting" in said.text
    assert "tried" in said.text
    await world.quiet()
    assert "in Slack" in world.app.flows.pushes.event("1", by=await world.app.flows.people.who(VIEWER)).text


def test_the_story_knows_all_events():
    """Every event has its buttons above, so that none is forgotten."""
    assert set(BUTTONS) == set(EVENTS)
