"""Asking for a change: the card, its words and its confirmation, and what is refused before anybody is asked."""

from __future__ import annotations

import asyncio

import pytest

from bot.simulator.slack import Message, pings
from bot.simulator.slack.words import elements
from tests.talk import ADMIN, APPROVALS, APPROVER, APPROVER_GROUP, OPERATOR, OTHER_OPERATOR, World, plain

HOSTILE = "<!channel> <@U0STRANGER> <!subteam^S0OTHERS> *b* `rm -rf` <http://evil.example|here> =HYPERLINK(1) & co"
ASKED = {ADMIN, APPROVER_GROUP}  # who has to hear of a request that waits
STATUS = {"activate": "DEACTIVATED", "suspend": "ACTIVATED", "retire": "DEACTIVATED"}
OURS = {"activate": "suspended", "suspend": "active", "retire": "suspended"}


async def withdrawn(world: World, card: Message, *, by: str) -> None:
    """Whoever asked takes the request back."""
    await world.press(card, "Withdraw", by=by)
    await world.submit({}, by=by)


def question(card: Message, button: str) -> str:
    """What Slack asks before this button counts, on one line; empty when it asks nothing."""
    found = next(e for _, e in elements(card.blocks) if e["text"]["text"] == button)
    asked = found.get("confirm") or {}
    return " ".join(str(asked[k]["text"]) for k in ("title", "text", "confirm", "deny") if asked)


@pytest.mark.parametrize("operation", ["activate", "suspend", "retire"])
async def test_the_card_says_it_all(world: World, operation: str):
    """The card names the change, the SIM, its account and state, who asked and why, and until when it waits."""
    giccid = world.hub.pick(STATUS[operation])
    sim = world.hub.sim(giccid)

    card = await world.ask(operation, giccid, because="the  site is closed")

    words = plain(card)
    assert f"#1 {operation.capitalize()} {sim['custom1']}" in words
    for fact in (giccid, sim["accountName"], f"State when asked {OURS[operation]}", "<@U0OPERATOR>"):
        assert str(fact) in words
    assert "Reason the site is closed" in words
    assert f"Rate plan {sim['servicePackage']}" in words
    assert "Waiting for an approver" in words
    assert "0 of 1; still one of" in words
    assert "policy “everything else”" in words
    assert "2026-11-22 16:30 UTC" in card.text
    assert card.buttons == ["Approve", "Deny", "Withdraw", "Break glass…"]
    assert pings(card) == {OPERATOR, *ASKED}
    assert [world.hub.count(f"{change}Sim") for change in STATUS] == [0, 0, 0]


@pytest.mark.parametrize(
    ("operation", "cooling_off", "told"),
    [
        ("activate", "24h", "It is done at once."),
        ("suspend", "24h", "It is done at once."),
        ("retire", "24h", "Suspended now, retired for good when its time is over."),
        ("retire", "none", "This is final."),
    ],
)
async def test_approve_asks_again(world: World, operation: str, cooling_off: str, told: str):
    """Approve has a question before it that names the change and the SIM, and says whether there is a way back."""
    world.settings["approvals"] = {"cooling_off": cooling_off}
    await world.restart()
    card = await world.ask(operation)

    asked = question(card, "Approve")

    assert asked.startswith(f"{operation.capitalize()}? ")
    assert world.request().label in asked
    assert f"({world.request().giccid}). {told}" in asked
    assert [question(card, button) for button in ("Deny", "Withdraw", "Break glass…")] == ["", "", ""]


@pytest.mark.parametrize(
    ("operation", "way_back"),
    [
        ("suspend", "Can be undone By a request for the opposite."),
        ("activate", "Can be undone By a request for the opposite."),
        ("retire", "Retiring is final A retired SIM can never be used again."),
    ],
)
async def test_the_card_says_whether_there_is_a_way_back(world: World, operation: str, way_back: str):
    """Before anybody presses, the card says whether the change can be taken back."""
    assert way_back in plain(await world.ask(operation))


async def test_the_requester_reads_what_was_asked(world: World):
    """Whoever asks reads at once that it was asked, under which number, where it is decided, and until when."""
    giccid = world.hub.pick()

    said = await world.say(f"/sim suspend {giccid}", by=OPERATOR)

    assert said.ok
    assert said.reply is not None
    assert said.reply.ephemeral_to == OPERATOR
    assert f"Asked: #1 Suspend {world.hub.sim(giccid)['custom1']}" in plain(said.reply)
    assert giccid in plain(said.reply)
    assert f"<#{APPROVALS}>" in said.reply.text
    assert "Reason none given" in plain(world.card())


@pytest.mark.parametrize(
    ("status", "operation", "because"),
    [
        ("DEACTIVATED", "suspend", "This SIM is suspended already."),
        ("ACTIVATED", "activate", "This SIM is active already."),
        ("INVENTORY", "retire", "This SIM is inventory; to retire it, it has to be suspended."),
        ("RETIRED", "activate", "This SIM is retired, and that is final."),
        ("RETIRED", "retire", "This SIM is retired already."),
        ("INVENTORY", "suspend", "to suspend it, it has to be active."),
        ("FROZEN", "suspend", "SmartHub says this SIM is “FROZEN”, a state that is in no table here"),
        ("<!channel> `x`", "suspend", "SmartHub says this SIM is “‹!channel› 'x'”"),
    ],
)
async def test_the_wrong_state_is_refused_before_anybody_is_asked(
    world: World, status: str, operation: str, because: str
):
    """A change the SIM's state does not allow is refused in words; no card, no audit line, nothing sent."""
    world.hub.change(0, status=status)

    said = await world.say(f"/sim {operation} {world.hub.giccid(0)}")

    assert because in plain(said.reply)
    assert said.reply is not None
    assert pings(said.reply) == set()
    assert world.cards(APPROVALS) == []
    assert world.deeds() == []
    assert world.hub.count(f"{operation}Sim") == 0


async def test_retiring_at_once_takes_a_suspended_sim(world: World):
    """Where nothing suspends a SIM on the way, one that is active cannot be retired."""
    world.settings["approvals"] = {"cooling_off": "none"}
    await world.restart()

    said = await world.say(f"/sim retire {world.hub.pick()}")

    assert "This SIM is active; to retire it, it has to be suspended." in plain(said.reply)
    assert world.cards(APPROVALS) == []


async def test_one_open_request_for_each_sim(world: World):
    """A second change of the same SIM is refused, naming the first; when that has ended, it may be asked for."""
    giccid = world.hub.pick()
    card = await world.ask("suspend", giccid, by=OTHER_OPERATOR)

    again = await world.say(f"/sim suspend {giccid}", by=OPERATOR)
    unprinted = await world.say(f"/sim suspend {giccid[:-1]}", by=OTHER_OPERATOR)
    await withdrawn(world, card, by=OTHER_OPERATOR)

    for said in (again, unprinted):
        assert "Request #1 (suspend, pending) for this SIM is still open." in plain(said.reply)
    assert "#2 Suspend" in plain(await world.ask("suspend", giccid, by=OTHER_OPERATOR))


async def test_ten_ask_for_the_same_sim_at_once(world: World):
    """However many ask for the same change at the same moment, there is one request and one card."""
    giccid = world.hub.pick()
    asking = [world.slack.say(f"/sim suspend {giccid}", by=OTHER_OPERATOR, channel="C0OPS") for _ in range(10)]

    answers = [plain(said.reply) for said in await world.through(asyncio.gather(*asking))]

    assert sum("Asked: #" in answer for answer in answers) == 1
    assert sum("is still open" in answer for answer in answers) == 9
    assert len(world.cards(APPROVALS)) == 1
    assert world.deeds() == [(OTHER_OPERATOR, "asked")]


async def test_a_hostile_reason_stays_text(world: World):
    """A reason that tries to ping, format and link is read as it was typed, wherever it is shown, and pings nobody."""
    card = await world.ask("suspend", because=HOSTILE)
    listed = await world.say("/sim approvals --here", by=APPROVER)
    home = await world.through(world.slack.open_home(by=OPERATOR))
    await world.press(card, "Deny", by=APPROVER)
    await world.submit({"Reason": HOSTILE}, by=APPROVER)

    assert HOSTILE in plain(card)
    assert HOSTILE in world.now(card)
    assert pings(card) == {OPERATOR, *ASKED}
    for message in (*world.slack.messages(APPROVALS), *world.slack.dm(OPERATOR), listed.reply):
        assert message is not None
        assert pings(message) <= {OPERATOR, APPROVER}
        assert "<!" not in message.text
        assert "<http" not in message.text
    assert home is not None
    assert any(HOSTILE in said for said in world.told(OPERATOR))


async def test_a_hostile_label_stays_text(world: World):
    """A label from SmartHub that tries the same does no more, in the card, its question, the modal and the news."""
    giccid = world.hub.pick()
    world.hub.change(giccid, custom1=HOSTILE, accountName="<!everyone>")

    card = await world.ask("suspend", giccid)
    await world.press(card, "Deny", by=APPROVER)
    modal = world.slack.modal(APPROVER)
    await world.submit({"Reason": "no"}, by=APPROVER)

    assert "<!channel>" in question(card, "Approve"), "a question is plain text"
    assert "mrkdwn" not in str(modal)
    for message in (*world.slack.messages(APPROVALS), *world.slack.dm(OPERATOR)):
        assert pings(message) <= {OPERATOR, APPROVER}
        assert "<!" not in message.text


async def test_the_longest_of_everything_is_shown(world: World):
    """The longest reason, label and account that can come make a card that Slack takes, with its buttons."""
    giccid = world.hub.pick()
    world.hub.change(giccid, custom1="Ж" * 200, accountName="账" * 500)

    card = await world.ask("suspend", giccid, because="𝕏" * 500)
    await world.press(card, "Approve", by=APPROVER)

    assert card.buttons == ["Approve", "Deny", "Withdraw", "Break glass…"]
    assert "Confirmed" in world.now(card)
    assert [c.error for c in world.slack.calls if c.error] == []


async def test_a_name_in_no_alphabet(world: World):
    """A label of nothing visible, of control characters or several lines does not lose the card."""
    giccid = world.hub.pick()
    for label in ("\u202edrawkcab", "\x00\x07", "   ", "a\nb\tc"):
        world.hub.change(giccid, custom1=label)
        card = await world.ask("suspend", giccid, by=OTHER_OPERATOR)
        await withdrawn(world, card, by=OTHER_OPERATOR)
        assert "Withdrawn" in world.now(card)


async def test_a_request_is_written_down(world: World):
    """The audit log says who asked for what, about which SIM, and why."""
    await world.ask("suspend", because="it is stolen")

    line = next(world.app.store.audit.lines())

    assert (line.deed.actor, line.deed.action, line.deed.subject) == (OPERATOR, "asked", "approval:1")
    wanted = {"operation": "suspend", "giccid": world.request().giccid, "reason": "it is stolen"}
    assert dict(line.deed.detail).items() >= wanted.items()
    assert world.app.store.audit.verify() is None


async def test_the_home_shows_my_requests(world: World):
    """My Home lists what I asked for, and what waits."""
    await world.ask("suspend")

    home = await world.through(world.slack.open_home(by=OPERATOR))

    words = str(home)
    assert words.count("#1") == 2
