"""SMS as a conversation: one thread for each SIM, in which what comes and goes can be read, and answered."""

from __future__ import annotations

from asyncio import gather
from typing import Any

import pytest

from bot.rules.conversations import Stand
from bot.simulator.slack import Delivery, Message
from tests.talk import ALERTS, APPROVALS, APPROVER, OPERATOR, OTHER_OPERATOR, VIEWER, World, plain

SMS = ALERTS  # where conversations are held unless it is set otherwise


async def a_sim(world: World) -> str:
    """The number of an active SIM that the snapshot knows as Pump 7."""
    giccid = world.hub.pick()
    world.hub.change(giccid, custom1="Pump 7")
    await world.run("alerts")
    return giccid


def thread(world: World) -> Message:
    """The newest conversation."""
    return world.card(SMS)


def said(world: World) -> list[str]:
    """What stands in it, each on one line."""
    return [plain(m) for m in world.slack.thread(thread(world)) if m.ts != thread(world).ts]


def last(world: World) -> Message:
    """The newest message in it."""
    return world.slack.thread(thread(world))[-1]


def has(words: str, *parts: str) -> bool:
    """Whether all of these stand there."""
    return all(part in words for part in parts)


async def reply(world: World, text: str, *, by: str = OPERATOR) -> Delivery:
    """Somebody writes in the conversation."""
    return await world.through(world.slack.say(text, by=by, channel=SMS, thread_ts=thread(world).ts))


def asked_for(world: World) -> int:
    """How often SmartHub was asked to send an SMS."""
    return world.hub.count("sendSms")


# --- sending and following ---


async def test_an_sms_from_the_command_to_the_device(world: World):
    """What is sent stands in its SIM's thread with a tick, and with two as soon as SmartHub reports it, in place."""
    giccid = await a_sim(world)
    world.hub.announces = True

    await world.say(f"/sim sms {giccid} reboot")
    assert world.now(thread(world)).startswith("💬 SMS: Pump 7 SIM Pump 7")
    [before] = said(world)
    await world.later(seconds=5)

    [after] = said(world)
    assert has(before, "✓ sent", "reboot", "SMS 1, sent", "by <@U0OPERATOR>")
    assert has(after, "✓✓ delivered", "reboot")
    assert "0 from the device, 1 to it" in world.now(thread(world))
    assert "✓✓ delivered" in world.now(thread(world))
    assert [card for card in world.cards(ALERTS) if "delivery report" in card.words] == []
    assert world.deeds("sms:1") == [("simops", "delivered")]


async def test_followed_where_smarthub_reports_nothing(world: World):
    """Without reports, SmartHub is asked later and later until it says what became of the SMS, and not after that."""
    giccid = await a_sim(world)
    world.hub.push_url = None

    await world.say(f"/sim sms {giccid} reboot")
    for _ in range(30):
        await world.later(seconds=10)
        await world.run("sms")

    assert "✓✓ delivered" in said(world)[0]
    assert world.hub.count("getSms") == 1


async def test_looked_at_until_its_validity_is_over(world: World):
    """What SmartHub calls pending for ever is asked for ever more rarely, and is unknown when its validity is over; a
    report that comes even then counts."""
    giccid = await a_sim(world)
    world.hub.push_url, url = None, world.hub.push_url
    await world.say(f"/sim sms {giccid} reboot")
    world.hub.world.messages["sms-000001"] = pending = {**world.hub.world.messages["sms-000001"]}
    for _ in range(100):
        await world.clock.advance(3600)
        pending["status"] = "PENDING"
        await world.run("sms")

    assert "not known whether it was delivered" in said(world)[0]
    assert 10 < world.hub.count("getSms") < 30

    world.hub.push_url = url
    await world.push("mt-sms-status", giccid, smsMsgId="sms-000001", status="DELIVERED")
    await world.push("mt-sms-status", giccid, smsMsgId="sms-000001", status="FAILED")
    assert "✓✓ delivered" in said(world)[0]


async def test_while_smarthub_is_away_nothing_is_given_up(world: World):
    """One look shows that SmartHub is away; what was sent stays as it is, and is looked at when it is back."""
    giccid = await a_sim(world)
    world.hub.push_url = None
    for text in ("one", "two", "three"):
        await world.say(f"/sim sms {giccid} {text}")
    await world.later(minutes=2)
    world.hub.down = True
    await world.run("sms")
    assert {world.app.store.sms.get(n).stand for n in (1, 2, 3)} == {Stand.PENDING}

    world.hub.down = False
    await world.later(minutes=5)
    await world.run("sms")
    await world.run("sms")

    assert {world.app.store.sms.get(n).stand for n in (1, 2, 3)} == {Stand.DELIVERED}


async def test_a_lost_answer_is_unsure_and_says_so(world: World):
    """An SMS of which nobody knows whether it went is unsure in its thread and is not sent again; who finds out says so
    on its card, and the thread shows that."""
    giccid = await a_sim(world)
    world.hub.lose_next("sendSms")

    await world.say(f"/sim sms {giccid} reboot")
    assert "❓ unsure whether it was sent" in said(world)[0]
    await world.press(world.card(APPROVALS), "It was done…", by=APPROVER)
    await world.submit({"Reason": "the pump says so"}, by=APPROVER)

    assert "❔ not known whether it was delivered" in said(world)[0]
    assert "<@U0APPROVER> says that it was done." in said(world)[0]
    assert asked_for(world) == 1


async def test_a_report_that_nobody_waits_for_is_shown(world: World):
    """A delivery report of an SMS that simops has not sent becomes a notification of its own, a minute later."""
    giccid = await a_sim(world)
    await world.push("mt-sms-status", giccid, smsMsgId="other-1", status="FAILED")
    assert world.cards(ALERTS) == []

    await world.later(minutes=1)
    await world.run("sms")

    assert "SMS delivery report: Pump 7" in plain(world.card(ALERTS))
    assert "other-1: failed" in plain(world.card(ALERTS))


@pytest.mark.parametrize(("msisdn", "doubted"), [("491701234567", False), ("8821234567890", True)])
async def test_a_number_in_no_plan_is_a_warning(world: World, msisdn: str, doubted: bool):
    """An SMS to a phone number goes to the SIM that has it; one that is in no numbering plan is doubted, and sent."""
    giccid = world.hub.pick()
    world.hub.change(giccid, msisdn=msisdn)
    await world.run("alerts")

    answer = await world.say(f"/sim sms +{msisdn} reboot")

    assert world.request().giccid == giccid
    assert asked_for(world) == 1
    assert ("is in no numbering plan that is known here" in plain(answer.reply)) == doubted


async def test_sms_status(world: World):
    """By its number an SMS is shown with what became of it; without one, the newest are; another number is refused."""
    giccid = await a_sim(world)
    await world.say(f"/sim sms {giccid} reboot")
    await world.later(seconds=5)
    await world.push("mo-sms", giccid, messageText="OK")

    one = await world.say("/sim sms status 1", by=VIEWER)
    other = await world.say("/sim sms status #2", by=VIEWER)
    every = await world.say("/sim sms status", by=VIEWER)
    none = await world.say("/sim sms status 9", by=VIEWER)
    odd = await world.say("/sim sms status one", by=VIEWER)

    assert has(plain(one.reply), "SMS 1 Pump 7", "✓✓ delivered", "reboot")
    assert has(plain(other.reply), "SMS 2 Pump 7", "💬 received", "OK")
    assert has(plain(every.reply), "SMS 2", "SMS 1")
    assert "There is no SMS 9 here." in plain(none.reply)
    assert "The number of an SMS is needed" in plain(odd.reply)


# --- from devices ---


async def test_an_sms_from_a_device_is_in_its_sims_thread(world: World):
    """What a device sends is in the thread of its SIM, under its label; the next one too, and no other card is made."""
    giccid = await a_sim(world)
    for text in ("BATT 12% LOW", "BATT 11% LOW"):
        await world.push("mo-sms", giccid, messageText=text, smsMsgId=text)

    assert len(world.cards(SMS)) == 1
    assert [("💬 Pump 7" in one, "BATT 1" in one) for one in said(world)] == [(True, True)] * 2
    assert "2 from the device, 0 to it" in world.now(thread(world))
    assert "BATT 11% LOW" in world.now(thread(world))


async def test_somebody_deletes_the_conversation(world: World):
    """When the first message of a conversation was deleted in Slack, it begins anew with the next SMS, which is there;
    the ticks of what stood in the old thread are still drawn where it stands."""
    giccid = await a_sim(world)
    await world.push("mo-sms", giccid, messageText="one", smsMsgId="1")
    world.slack.space.remove(thread(world))

    await world.push("mo-sms", giccid, messageText="two", smsMsgId="2")

    assert len(world.cards(SMS)) == 1
    assert "2 from the device" in world.now(thread(world))
    assert has(said(world)[0], "two")


async def test_from_a_sim_that_nobody_knows(world: World):
    """An SMS from a SIM that is in no snapshot is shown under its number, as one that is not known here."""
    body = b'{"giccid": "8949999999999999999", "messageText": "hello"}'
    assert await world.through(world.hub.push_raw("mo-sms", body)) == 200

    assert "Not known here" in world.now(thread(world))
    assert "Write an SMS" not in world.now(thread(world))
    assert "💬 8949999999999999999" in said(world)[0]


HOSTILE = [
    "<!channel> <!here> <@U0ADMIN> <http://evil.example|click> `rm -rf` *bold* ~~~ ```code```",
    "=HYPERLINK(1) &amp; &lt;b&gt;",
    "x" * 10_000,
    "\u202eevil\u202c שלום עולם مرحبا",
    "😀👩‍👩‍👧‍👦🏳️‍🌈",
    "\x00\x01\x1b[31mred\x7f",
    "0a0b0cff",
    "line\nline\r\n\u2028line",
    " ",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_a_device_sends_is_text(world: World, text: str):
    """Whatever a device sends pings nobody, links nowhere and formats nothing, in the thread, on the card and by
    number; a long one is there whole."""
    giccid = await a_sim(world)

    await world.push("mo-sms", giccid, messageText=text)
    shown = await world.say("/sim sms status 1")

    for message in (thread(world), last(world), shown.reply):
        assert message is not None
        assert [sign for sign in ("<!", "<@", "<http") if sign in message.text] == []
        assert {kind for kind in kinds(message.blocks) if kind in ("link", "user", "broadcast", "mrkdwn")} == set()
    assert "".join(c for c in last(world).words if c == "x") == "x" * text.count("x")


def kinds(part: Any) -> set[str]:
    """The type of every element of these blocks."""
    if isinstance(part, dict):
        return {str(part.get("type"))}.union(*map(kinds, part.values()))
    return set().union(*map(kinds, part)) if isinstance(part, list | tuple) else set()


async def test_words_lead_to_channels(world: World):
    """An SMS in which one of the words stands is told in that channel as well, with the word; another one is not."""
    world.settings["sms"] = {"keywords": [{"channel": APPROVALS, "words": ["low"]}]}
    await world.restart()
    giccid = await a_sim(world)

    await world.push("mo-sms", giccid, messageText="all well", smsMsgId="1")
    await world.push("mo-sms", giccid, messageText="BATT LOW <!channel>", smsMsgId="2")

    [card] = world.cards(APPROVALS)
    assert card.thread_ts is None
    kept = world.app.store.disk.reader.execute("SELECT under FROM outbox WHERE channel = ?", (APPROVALS,)).fetchall()
    assert [row["under"] for row in kept] == ["sms:2"], "by this its text is known as that of an SMS"
    assert has(plain(card), "💬 Pump 7", "because of “low”", "BATT LOW <!channel>")
    assert "<!channel>" not in card.text


# --- answering ---


async def test_a_reply_is_sent_after_it_was_confirmed(world: World):
    """What an operator writes in the thread is asked about, and goes when they press Send; its question becomes the SMS
    with its ticks."""
    giccid = await a_sim(world)
    world.hub.announces = True
    await world.push("mo-sms", giccid, messageText="BATT LOW")

    await reply(world, "reboot &  <say> hello")
    asked = last(world)
    assert "send this as an SMS to Pump 7?" in plain(asked)
    assert "21 characters, 1 part, GSM 7-bit; 139 left" in plain(asked)
    assert asked_for(world) == 0
    await world.press(asked, "Send", by=OPERATOR)
    await world.later(seconds=5)

    assert has(world.now(asked), "✓✓ delivered", "reboot & <say> hello")
    assert world.slack.now_of(asked).buttons == []
    assert len(said(world)) == 3  # what came, what was written, what went
    assert world.request().order.text == "reboot &  <say> hello"
    assert world.deeds("approval:1") == [(OPERATOR, "asked"), ("simops", "done")]


async def test_pressed_by_many_and_often_it_is_sent_once(world: World):
    """However often Send is pressed, also at once and on an old card, the SMS goes once; others may not press it."""
    giccid = await a_sim(world)
    await world.push("mo-sms", giccid, messageText="BATT LOW")
    await reply(world, "reboot")
    asked = last(world)

    await world.press(asked, "Send", by=OTHER_OPERATOR)
    assert asked_for(world) == 0
    assert "who wrote this, can send or discard it." in world.heard(OTHER_OPERATOR, SMS)
    presses = [world.slack.press(asked, "Send", by=OPERATOR, stale=True) for _ in range(6)]
    await world.through(gather(*presses))
    await world.press(asked, "Discard", by=OPERATOR, stale=True)

    assert asked_for(world) == 1
    assert "This was sent already" in world.heard(OPERATOR, SMS)


async def test_discarded(world: World):
    """What is discarded is not sent, also when somebody presses Send on an old card; its text is kept nowhere."""
    giccid = await a_sim(world)
    await world.push("mo-sms", giccid, messageText="BATT LOW")
    await reply(world, "mind the secret-4711")
    asked = last(world)

    await world.press(asked, "Discard", by=OPERATOR)
    await world.press(asked, "Send", by=OPERATOR, stale=True)

    assert asked_for(world) == 0
    assert "is only talk" in world.now(asked)
    assert world.app.store.sms_drafts.get(1).text is None


async def test_what_others_write_is_talk(world: World):
    """What viewers write, what is written in the channel and under other cards, is talk: nobody is asked anything."""
    giccid = await a_sim(world)
    await world.push("mo-sms", giccid, messageText="BATT LOW")
    before = len(world.slack.messages(SMS))

    await reply(world, "shall we?", by=VIEWER)
    await world.through(world.slack.say("hello", by=OPERATOR, channel=SMS))

    assert len(world.slack.messages(SMS)) == before + 2
    assert world.heard(VIEWER, SMS) == ""


async def test_delivered_twice_and_edited(world: World):
    """A reply that Slack brings twice is one question; edited before the answer, it is about the new words."""
    giccid = await a_sim(world)
    await world.push("mo-sms", giccid, messageText="BATT LOW")
    await reply(world, "reboot")
    event = world.slack.last_event
    assert event is not None
    await world.through(world.slack.send_event(event["event"]))
    changed = {
        "type": "message", "subtype": "message_changed", "channel": SMS, "channel_type": "channel", "ts": "1.2",
        "message": event["event"] | {"text": "reset", "edited": {"user": OPERATOR, "ts": "1795336999.000000"}},
    }  # fmt: skip
    await world.through(world.slack.send_event(changed))

    questions = [one for one in said(world) if "send this as an SMS" in one]
    assert len(questions) == 1
    assert "reset" in questions[0]


async def test_what_cannot_be_sent_says_why(world: World):
    """A reply that is too long, or names a template that there is not, can only be discarded, and says why."""
    world.settings["sms"] = {"templates": {"reboot": "AT+CFUN {label} {msisdn}"}}
    await world.restart()
    giccid = await a_sim(world)
    await world.push("mo-sms", giccid, messageText="BATT LOW")

    await reply(world, "x" * 1001)
    assert "The text has 1,001 characters; an SMS takes 1,000." in plain(last(world))
    await reply(world, "template:boot")
    assert "There is no template “boot”; there are “reboot”." in plain(last(world))
    assert last(world).buttons == ["Discard"]
    await reply(world, "template:reboot")
    assert f"AT+CFUN Pump 7 {world.hub.sim(giccid)['msisdn']}" in plain(last(world))


async def test_a_reply_that_needs_approval(world: World):
    """Where a policy wants a yes, the reply waits for it, says so in its place, and goes when it was given."""
    world.policies = [{"name": "all", "operations": ["sms"]}]
    await world.restart()
    giccid = await a_sim(world)
    await world.push("mo-sms", giccid, messageText="BATT LOW")
    await reply(world, "reboot")
    asked = last(world)

    await world.press(asked, "Send", by=OPERATOR)
    assert "request #1: ⏳ Waiting for an approver" in world.now(asked)
    assert asked_for(world) == 0
    await world.press(world.card(APPROVALS), "Approve", by=APPROVER)
    await world.later(seconds=5)

    assert asked_for(world) == 1
    assert "✓✓ delivered" in world.now(asked)


async def test_a_reply_that_is_refused_can_be_tried_again(world: World):
    """Where nothing was asked for, the question stays: for a SIM that cannot get SMS now, and when SmartHub is away."""
    giccid = await a_sim(world)
    await world.push("mo-sms", giccid, messageText="BATT LOW")
    await reply(world, "reboot")
    asked = last(world)
    world.hub.change(giccid, status="DEACTIVATED")

    await world.press(asked, "Send", by=OPERATOR)
    assert "This SIM is suspended; to get an SMS" in world.heard(OPERATOR, SMS)
    world.hub.change(giccid, status="ACTIVATED")
    await world.press(asked, "Send", by=OPERATOR)

    assert asked_for(world) == 1


async def a_while(world: World) -> None:
    """So long that a device has got an SMS and has answered."""
    for _ in range(3):
        await world.later(seconds=4)


async def test_a_conversation_with_a_device(world: World):
    """As in the demo: somebody writes, the device has it, answers, and is answered in its thread, in order."""
    giccid = await a_sim(world)
    world.hub.devices_answer = True

    await world.say(f"/sim sms {giccid} PING")
    await a_while(world)
    await reply(world, "status")
    await world.press(last(world), "Send", by=OPERATOR)
    await a_while(world)

    marks = ("✓✓ delivered", "💬 Pump 7", "status", "✓✓ delivered", "💬 Pump 7")
    assert [mark in one for mark, one in zip(marks, said(world), strict=True)] == [True] * 5
    assert has(said(world)[1], "PONG")
    assert has(said(world)[4], "BATT 87%")
    assert "2 from the device, 2 to it" in world.now(thread(world))


# --- limits ---


async def test_too_many_for_one_sim_and_one_person(world: World):
    """One SMS more than the limit is refused in words before anything is asked or sent, typed or as a reply; an hour
    later there is room again."""
    world.settings["sms"] = {"per_sim_and_hour": 2, "per_person_and_hour": 3}
    await world.restart()
    giccid, other = await a_sim(world), world.hub.pick(nth=1)
    for text in ("one", "two"):
        await world.say(f"/sim sms {giccid} {text}")

    third = await world.say(f"/sim sms {giccid} three", by=OTHER_OPERATOR)
    assert "This SIM got 2 SMS within the last hour, and 2 are the most." in plain(third.reply)
    await world.say(f"/sim sms {other} one")
    fourth = await world.say(f"/sim sms {other} two")
    assert "You sent 3 SMS within the last hour" in plain(fourth.reply)
    assert asked_for(world) == 3

    await world.later(hours=1)
    await world.say(f"/sim sms {giccid} three")
    assert asked_for(world) == 4


# --- privacy ---


async def test_texts_are_not_logged_and_not_in_the_audit(world: World, capsys: pytest.CaptureFixture[str]):
    """Neither what is sent nor what comes is in the log of the bot or in the audit log, only its length and digest."""
    giccid = await a_sim(world)
    await world.say(f"/sim sms {giccid} secret-4711")
    await world.push("mo-sms", giccid, messageText="secret-4712")
    await reply(world, "secret-4713")
    await world.press(last(world), "Send", by=OPERATOR)
    world.hub.refuse_next()
    await world.say(f"/sim sms {giccid} secret-4714")

    assert "secret-471" not in capsys.readouterr().out
    lines = [str(line) for line in world.app.store.audit.lines()]
    assert [line for line in lines if "secret-471" in line] == []
    assert sum("text_digest" in line for line in lines) >= 6


async def test_where_texts_are_not_kept(world: World):
    """With keep_body_for = "off" Slack shows what comes, and the store has none of it once Slack has it."""
    world.settings["sms"] = {"keep_body_for": "off"}
    await world.restart()
    giccid = await a_sim(world)

    await world.push("mo-sms", giccid, messageText="secret-4711")
    await world.say(f"/sim sms {giccid} secret-4712")

    assert "secret-4711" in said(world)[0]
    assert "11 characters; the text is not kept here" in said(world)[1]
    db = world.app.store.disk.reader
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert "secret-471" not in str([tuple(r) for t in tables for r in db.execute(f"SELECT * FROM {t}")])  # noqa: S608


async def test_texts_go_after_their_time(world: World):
    """When the time for keeping is over, the text is gone from the store, the SMS by its number, and its history."""
    giccid = await a_sim(world)
    await world.say(f"/sim sms {giccid} secret-4711")
    await world.later(days=91)
    await world.run("texts")

    shown = await world.say("/sim sms status 1")
    history = await world.say(f"/sim history {giccid}")

    assert "secret-4711" not in plain(shown.reply) + plain(history.reply)
    assert "11 characters" in plain(shown.reply)
    assert "11 characters, not kept" in plain(history.reply)
