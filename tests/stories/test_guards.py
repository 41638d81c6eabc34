"""Who may not press what, and what is sent by others than Slack: refused, in words, with nothing done."""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.simulator.slack import Message
from handlers.buttons import Buttons
from tests.stories.forging import answers, click, form, send
from tests.talk import (
    ADMIN,
    APPROVALS,
    APPROVER,
    OPERATOR,
    OPS,
    OTHER_APPROVER,
    OTHER_OPERATOR,
    STRANGER,
    VIEWER,
    World,
    plain,
)

FORM = "application/x-www-form-urlencoded"


def buttons(world: World) -> list[str]:
    """Every button there is."""
    return list(Buttons(world.app.people, world.app.approvals, world.app.alerts).table())


async def one_of_each(world: World) -> tuple[Message, Message, Message]:
    """A pending request (#1), an unsure one (#2) and an open alert (1): their cards."""
    pending = await world.ask()
    unsure = await world.ask("activate")
    world.hub.lose_next("activateSim")
    world.hub.settle_slowly = 10**6
    await world.press(unsure, "Approve", by=OTHER_APPROVER)
    world.hub.grow(0, fraction=0.97)
    await world.run("alerts")
    return pending, unsure, world.card("C0ALERTS")


@pytest.mark.parametrize("user", [STRANGER, VIEWER])
async def test_every_button_refuses_the_wrong_person(world: World, user: str):
    """Each button there is, pressed by a stranger or a viewer, is refused in words and changes nothing."""
    pending, unsure, alert = await one_of_each(world)
    places = {"approval.look": (unsure, "2"), "alert.acknowledge": (alert, "1"), "alert.snooze": (alert, "1")}
    before = (world.deeds(), world.request(1), world.request(2), world.app.store.alerts.get(1))
    sent = len(world.hub.asked)

    for action in buttons(world):
        card, number = places.get(action, (pending, "1"))
        ack = await send(world, click(world, card, action, by=user, value=number))
        assert ack.status == 200
        said = answers(world, user)
        assert said, action
        assert "you have to be" in said[-1] or "Only the person who asked" in said[-1], action

    assert len(answers(world, user)) == len(buttons(world))
    assert (world.deeds(), world.request(1), world.request(2), world.app.store.alerts.get(1)) == before
    assert len(world.hub.asked) == sent
    assert world.slack.modal(user) is None


async def test_every_button_shown_is_known(world: World):
    """There is no button on any card that the bot does not know, and none carries more than a number."""
    shown = [e for card in await one_of_each(world) for b in world.slack.now_of(card).blocks
             for e in b.get("elements", ()) if e.get("type") == "button"]  # fmt: skip

    assert {e["action_id"] for e in shown} == set(buttons(world))
    assert all(e["value"].isdecimal() for e in shown)


async def test_a_button_of_another_version(world: World):
    """A button that no version in use knows is answered in words as well."""
    card = await world.ask()

    ack = await send(world, click(world, card, "approval.approve_all", by=APPROVER, value="1"))

    assert ack.status == 200
    assert "another version" in answers(world, APPROVER)[-1]
    assert world.request().state == "pending"


@pytest.mark.parametrize("user", [APPROVER, ADMIN])
async def test_nobody_decides_their_own(world: World, user: str):
    """Who asked can neither approve nor deny it, approver or admin; withdrawing is theirs."""
    card = await world.ask(by=user)

    await world.press(card, "Approve", by=user)
    assert "Someone else has to approve what you asked for yourself." in answers(world, user)[-1]
    await world.press(card, "Deny", by=user)
    assert "You can withdraw, not deny, what you asked for yourself." in answers(world, user)[-1]
    assert world.slack.modal(user) is None
    forged = await send(world, form(world, "1", "I say no", by=user))
    assert '"errors"' in forged.body

    assert world.request().state == "pending"
    assert world.hub.count("suspendSim") == 0
    assert world.deeds() == [(user, "asked")]


async def test_the_requester_asks_through_another_role(world: World):
    """An operator cannot approve, their own or anybody's; the answer says which role it takes."""
    card = await world.ask(by=OTHER_OPERATOR)

    await world.press(card, "Approve", by=OTHER_OPERATOR)
    await send(world, click(world, card, "approval.approve", by=OPERATOR, value="1"))
    await send(world, click(world, card, "approval.deny", by=OPERATOR, value="1"))

    assert answers(world, OTHER_OPERATOR)[-1]
    assert all("you have to be an approver" in said for said in answers(world, OPERATOR)[-2:])
    assert world.request().state == "pending"


async def test_nobody_withdraws_what_another_asked_for(world: World):
    """Only the requester withdraws, not an operator, an approver or an admin."""
    card = await world.ask()

    for user in (OTHER_OPERATOR, APPROVER, ADMIN, VIEWER):
        await world.press(card, "Withdraw", by=user)
        assert "Only the person who asked can withdraw this." in answers(world, user)[-1]

    assert world.request().state == "pending"


async def test_the_second_click_comes_too_late(world: World):
    """Every button of a card that is decided tells who decided it; the change is not made again."""
    card = await world.ask(by=OTHER_OPERATOR)
    await world.press(card, "Approve", by=APPROVER)

    for button, by in (("Approve", APPROVER), ("Approve", ADMIN), ("Deny", ADMIN), ("Withdraw", OTHER_OPERATOR)):
        await world.press(card, button, by=by, stale=True)
        assert "is approved by <@U0APPROVER> and done already" in answers(world, by)[-1]
    late = await send(world, form(world, "1", "no", by=ADMIN))
    await send(world, click(world, card, "approval.look", by=OTHER_OPERATOR, value="1"))

    assert "already" in late.body
    assert "done already" in answers(world, OTHER_OPERATOR)[-1]
    assert world.hub.count("suspendSim") == 1
    assert len(world.deeds()) == 3


FORGED = (
    "", " ", "x", "1x", "1 ", "+1", "-1", "1.0", "1e3", "0x1", "'; DROP TABLE approvals;--", "<!channel>", "１", "١",
    "²", "9" * 15, "9" * 16, "9" * 2000, "0", "2", "999", None, 1, True, ["1"], {"id": 1},
)  # fmt: skip


async def test_forged_values_do_nothing(world: World):
    """Whatever a button carries that is no number of a request is refused in words, on buttons and in forms."""
    card = await world.ask()

    for value in FORGED:
        before = len(answers(world, APPROVER))
        ack = await send(world, click(world, card, "approval.approve", by=APPROVER, value=value))
        sent = await send(world, form(world, value, "no", by=APPROVER))
        assert (ack.status, sent.status) == (200, 200), value
        said = answers(world, APPROVER)
        assert len(said) == before + 1, value
        assert "carries nothing that is known here" in said[-1] or "There is no request #" in said[-1], value
        assert '"errors"' in sent.body, value
    assert world.request().state == "pending"
    assert world.deeds() == [(OPERATOR, "asked")]
    assert world.hub.count("suspendSim") == 0


async def test_a_button_with_another_requests_number(world: World):
    """A number is looked up: what it means, and who may press, is that request's, whatever card it was pressed on."""
    mine = await world.ask(by=APPROVER)
    theirs = await world.ask("activate", by=OTHER_APPROVER)

    await send(world, click(world, theirs, "approval.approve", by=APPROVER, value="1"))
    await send(world, click(world, mine, "approval.withdraw", by=APPROVER, value="2"))

    said = answers(world, APPROVER)[-2:]
    assert "Someone else has to approve" in said[0]
    assert "Only the person who asked" in said[1]
    assert [world.request(n).state for n in (1, 2)] == ["pending", "pending"]


async def test_a_form_without_what_it_should_hold(world: World):
    """A form or a click with pieces missing is answered, in words where there is a place for them."""
    card = await world.ask()
    bare = click(world, card, "approval.approve", by=APPROVER, value="1")
    for key in ("message", "container", "channel", "state"):
        del bare[key]
    empty = form(world, "1", "no", by=APPROVER)
    empty["view"]["state"] = {"values": {}}

    hollow = await send(world, empty)
    await send(world, bare)

    assert hollow.status == 200
    assert '"errors"' in hollow.body
    assert world.request().state == "done", "what it needs of a click is who and which number"


# --- who is not Slack ---


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
