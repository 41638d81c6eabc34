"""Text from outside is text: what a device or a provider writes cannot ping, format, link or stop anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.flows.events import Events, Settings
from bot.rules.events import EVENTS
from bot.simulator.clock import HeldClock
from bot.simulator.slack import Message, pinged, pings
from bot.simulator.slack.limits import check_message
from bot.smarthub.contract import contract
from bot.store import Store
from tests.talk import ADMIN, ALERTS, APPROVALS, APPROVER_GROUP, OPERATOR, OPS, START, STRANGER, VIEWER, World

# Who is named in these is nobody whom the bot itself has any reason to name.
HOSTILE = [
    "<!channel>",
    "<!here> <!everyone|look>",
    "<@U0STRANGER> <@U0VIEWER|vera>",
    "@channel @here @everyone",
    "<!subteam^S0EVERYBODY>",
    "<http://evil.example|Acknowledge>",
    "http://evil.example/phish?x=<y>",
    "*bold* _it_ ~no~ `code` ```block```",
    "&lt;!channel&gt; &amp;lt;!here&amp;gt;",
    "> quote\n>>> more\n• list",
    "<!date^1392734382^{date}|x>",
    ":tada: :rotating_light:",
    "\u202e\u2066 turned around",
    "a\x00b\x07c\x1b[31md",
    "e\u0301" * 500,
    "👩‍👩‍👧‍👦" * 200,
    "\r\n" * 1000,
    "x" * 60_000,
    "<" * 20_000,
    "=HYPERLINK(1)",
    "{{template}} ${jndi:ldap://x} '; DROP TABLE events;--",
    '"}]}',
    " ",
]


def loud(message: Message) -> set[str]:
    """Whom a message notifies or what in it Slack would read as markup, apart from the plain text beside the blocks."""
    return pings(message) | {kind for kind in ("mrkdwn", "markdown", '"link"') if kind in json.dumps(message.blocks)}


async def test_hostile_sms(world: World):
    """An SMS from a device is shown and does nothing: nobody is notified, nothing is a link, no button appears."""
    for words in HOSTILE:
        await world.push("mo-sms", messageText=words)

    shown = [m for m in world.slack.messages(ALERTS) if m.bot and m.thread_ts not in (None, m.ts)]
    for words, card in zip(HOSTILE, shown, strict=True):
        assert loud(card) == set(), words
        assert card.buttons == [], words
        assert _visible(words)[:200].strip() in _visible(card.words), words
        assert len(card.text) <= 4000, words


@pytest.mark.parametrize("words", [w for w in HOSTILE if len(w) < 10_000][::2])
async def test_hostile_names_everywhere(world: World, words: str):
    """Account, plan, status and label as hostile as can be: cards, lists and requests show them as text."""
    sim = world.hub.pick()
    world.hub.change(sim, custom1=words[:2000], accountName=words, servicePackage=words)
    world.hub.grow(sim, fraction=0.9)
    await world.run("alerts")
    for event in EVENTS:
        await world.push(event, sim, oldStatus=words, newStatus=words, apn=words, status=words, cycleName=words)
    await world.later(minutes=1)
    await world.run("sms")
    shown = await world.say(f"/sim show {sim}", by=VIEWER)
    listed = await world.say("/sim alerts", by=VIEWER)
    await world.say(f"/sim suspend {sim} because {' '.join(words.split())[:400] or 'so'}", by=OPERATOR)

    assert len(world.cards(ALERTS)) == 1 + len(EVENTS)
    assert shown.ok
    assert listed.ok
    assert [card.text for card in world.cards(ALERTS) if loud(card)] == []
    assert [m for m in (shown.reply, listed.reply) if m is None or loud(m)] == []
    [request] = world.cards(APPROVALS)
    assert pings(request) == {OPERATOR, APPROVER_GROUP, ADMIN}  # who asked and who may approve, by our own hand
    assert [m.words for m in world.slack.messages(OPS) if m.bot and pings(m)] == []


ODD = st.text(max_size=60) | st.sampled_from(HOSTILE)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ODD,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(ODD, inside, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["giccid", "eventId", "eventTime", "accountName", "messageText", "smsMsgId", "receivedTime", "status", "reportTime",
     "cycleName", "usageBytes", "thresholdBytes", "oldImei", "newImei", "lastSessionTime", "hoursWithoutSession",
     "servicePackage", "expireTime", "totalBytes", "usedBytes", "thresholdPercent", "oldStatus", "newStatus", "apn"]
)  # fmt: skip
BODIES = st.binary(max_size=200) | st.dictionaries(KEYS, VALUES, max_size=8).map(lambda body: json.dumps(body).encode())


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Events]:
    """The flow that receives and draws, on a file of its own."""
    store = Store(tmp_path / "simops.db")
    yield Events(
        store=store.events,
        contract=contract(operations={}, fields={}, enums={}),
        clock=HeldClock(START),
        settings=Settings(repeat_window=timedelta(minutes=10)),
    )
    store.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(list(EVENTS)), body=BODIES)
async def test_whatever_is_pushed_is_stored_and_can_be_shown(events: Events, name: str, body: bytes):
    """Any bytes under any of the nine names are stored, and become a card that Slack takes and that notifies nobody."""
    number = await events.receive(name, body)
    drawn = events.draw(number)

    blocks = json.loads(json.dumps(drawn.blocks))
    check_message(text=drawn.text, blocks=blocks, attachments=None)
    card = Message(channel=ALERTS, ts="1", user="U", text=drawn.text, blocks=tuple(blocks))
    assert loud(card) == set()


def _visible(text: str) -> str:
    """The text without what is replaced or folded on the way to a screen."""
    return "".join(c for c in text if c.isprintable() and c not in "�\u202e\u2066")


def test_the_list_is_hostile():
    """The texts above would ping if Slack read them as markup: what shows them as text is not shown in vain."""
    named = {who for words in HOSTILE for who in pinged(words)}
    assert named >= {"channel", "here", "everyone", STRANGER, VIEWER, "S0EVERYBODY"}
