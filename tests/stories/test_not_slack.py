"""What is sent by others than Slack, or sent again: turned away or taken once, with nothing done."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.simulator.slack import Message
from tests.stories.forging import answers, click, send
from tests.talk import APPROVALS, APPROVER, OPERATOR, OPS, OTHER_OPERATOR, World, plain

FORM = "application/x-www-form-urlencoded"


async def a_click(world: World) -> tuple[Message, bytes]:
    """A card, and the body of an approver's click on it that has not been sent."""
    card = await world.ask()
    payload = click(world, card, "approval.approve", by=APPROVER, value="1")
    return card, urlencode({"payload": json.dumps(payload)}).encode()


@pytest.mark.parametrize("how", ["wrong secret", "old", "from tomorrow", "no signature", "half a signature", "no time"])
async def test_what_slack_did_not_sign_does_nothing(world: World, how: str):
    """A request with a wrong, missing or old signature is turned away; nothing is looked up and nothing done."""
    _, body = await a_click(world)
    now = int(time.time())
    asked = len(world.hub.asked)
    given = {
        "wrong secret": {"secret": "another-signing-secret-x"},
        "old": {"timestamp": now - 301},
        "from tomorrow": {"timestamp": now + 86_400},
        "no signature": {"headers": {"X-Slack-Signature": ""}},
        "half a signature": {"headers": {"X-Slack-Signature": "v0="}},
        "no time": {"headers": {"X-Slack-Request-Timestamp": ""}},
    }[how]

    status, said = await world.through(world.slack.deliver(body, content_type=FORM, **given))

    assert status == 401
    assert "U0" not in said
    assert world.request().state == "pending"
    assert len(world.hub.asked) == asked
    assert world.deeds() == [(OPERATOR, "asked")]


async def test_a_body_that_was_changed_on_the_way(world: World):
    """The signature covers every byte: a genuine request with one digit changed is turned away."""
    await world.ask()
    await world.ask("activate")
    card = world.cards(APPROVALS)[0]
    await world.slack.line.interaction({"type": "nothing"})
    genuine = click(world, card, "approval.approve", by=APPROVER, value="1")
    await send(world, {**genuine, "actions": [{**genuine["actions"][0], "action_id": "alert.snooze", "value": "77"}]})
    sent = world.slack.last_request
    assert sent is not None
    changed = sent.body.replace(b"77", b"78")
    assert changed != sent.body

    url = world.slack.events_url or ""
    async with aiohttp.ClientSession() as session, session.post(url, data=changed, headers=sent.headers) as answer:
        assert answer.status == 401


async def test_no_headers_at_all(world: World):
    """A plain POST from anywhere is turned away, also one that says it only checks the certificate."""
    _, body = await a_click(world)

    async with aiohttp.ClientSession() as session:
        for data in (body, b"ssl_check=1&token=x&" + body, b"", b"\xff\xfe", b'{"type":"url_verification"}'):
            for kind in (FORM, "application/json"):
                headers = {"Content-Type": kind}
                async with session.post(world.slack.events_url or "", data=data, headers=headers) as answer:
                    assert answer.status in (400, 401), data[:20]
        async with session.get(world.slack.events_url or "") as answer:
            assert answer.status == 405
    assert world.request().state == "pending"


async def test_a_request_sent_again_is_taken_once(world: World):
    """A click that is replayed, byte by byte, is acknowledged and does nothing, also after a restart."""
    card = await world.ask(by=OTHER_OPERATOR)
    await world.press(card, "Approve", by=APPROVER)
    told, asked = len(world.thread(card)), len(world.hub.asked)

    for _ in range(3):
        status, _ = await world.through(world.slack.replay())
        assert status == 200
    click_as_sent = world.slack.last_request
    await world.restart()
    status, _ = await world.through(world.slack.replay(click_as_sent))

    assert status == 200
    assert answers(world, APPROVER) == []
    assert len(world.thread(card)) == told
    assert len(world.hub.asked) == asked
    assert len(world.deeds()) == 3


async def test_a_command_sent_again_asks_once(world: World):
    """A command that is replayed makes no second request and gives no second answer."""
    said = await world.say(f"/sim suspend {world.hub.pick()}")
    first = len(world.slack.seen(by=OPERATOR, channel=OPS))

    status, body = await world.through(world.slack.replay())

    assert "Asked: #1" in plain(said.reply)
    assert (status, body) == (200, "")
    assert len(world.slack.seen(by=OPERATOR, channel=OPS)) == first
    assert world.deeds() == [(OPERATOR, "asked")]


async def test_a_form_sent_again_denies_once(world: World):
    """A form that is replayed is acknowledged and does nothing."""
    card = await world.ask()
    await world.press(card, "Deny", by=APPROVER)
    await world.submit({"Reason": "no"}, by=APPROVER)

    status, body = await world.through(world.slack.replay())

    assert (status, body) == (200, "")
    assert world.deeds() == [(OPERATOR, "asked"), (APPROVER, "denied")]
    assert len(world.told(OPERATOR)) == 1
