"""SMS through kills and restarts: nothing goes twice, nothing that was told is lost, and reports find their SMS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.rules.conversations import Stand
from bot.rules.orders import Order
from bot.rules.sims import Operation
from tests.stories.jobs import Work
from tests.stories.processes import Town
from tests.talk import ALERTS, OPERATOR, OPS, PUSH_SECRET, World, plain


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A world whose bot is a process that can be killed."""
    made = Town(tmp_path)
    try:
        await made.start()
        await made.live()
        yield made
    finally:
        await made.stop()


def said(world: World) -> list[str]:
    """What stands in the newest conversation, each on one line."""
    card = world.card(ALERTS)
    return [plain(m) for m in world.slack.thread(card) if m.ts != card.ts]


async def test_killed_before_the_id_was_kept(town: Town):
    """Killed when SmartHub had taken an SMS over and its id was not kept: it is unsure and not sent again; the report
    that comes then is kept, hints at it, and becomes a notification, as nobody can prove whose it is."""
    giccid = town.hub.pick()
    town.relay.keep(answer="mt-sms")
    saying = asyncio.ensure_future(town.slack.say(f"/sim sms {giccid} reboot", by=OPERATOR, channel=OPS))
    await town.relay.kept()
    await town.die()
    await saying
    town.hub.push_url = f"http://127.0.0.1:{town.app.port}/smarthub/{PUSH_SECRET}"

    await town.push("mt-sms-status", giccid, smsMsgId="sms-000001", status="DELIVERED")

    [message] = town.app.store.sms.newest(limit=9)
    assert (message.stand, message.sms_id) == (Stand.UNSURE, None)
    assert "it may be this one" in said(town)[0]
    assert "sms-000001: delivered" in said(town)[0]
    await town.later(minutes=2)
    await town.run("sms")
    assert town.hub.count("sendSms") == 1
    assert "SMS delivery report" in plain(town.card(ALERTS))


async def test_stopped_while_slack_was_away(world: World):
    """What came while Slack was away is in its thread after the next start, once and in order."""
    giccid = world.hub.pick()
    world.slack.down = True
    for n in range(3):
        assert await world.hub.push("mo-sms", giccid, messageText=f"text-{n}", smsMsgId=f"mo-{n}") == 200
    await world.app.stop()
    world.slack.down = False

    await world.start_bot()
    await world.quiet()

    assert [next(word for word in one.split() if word.startswith("text-")) for one in said(world)] == [
        "text-0", "text-1", "text-2",
    ]  # fmt: skip


async def test_a_report_before_the_id(world: World):
    """A report that is here before the answer that tells its id counts as soon as that comes."""
    giccid = world.hub.pick()
    world.hub.slow = 8.0
    saying = await world.begin(world.slack.say(f"/sim sms {giccid} reboot", by=OPERATOR, channel=OPS))
    await world.clock.advance(1)
    await world._still()
    world.hub.slow = 0.0
    await world.begin(world.hub.push("mt-sms-status", giccid, smsMsgId="sms-000001", status="DELIVERED"))
    await world.through(saying)

    assert "✓✓ delivered" in said(world)[0]
    assert len(world.cards(ALERTS)) == 1


async def test_restarted_with_a_question_open(world: World):
    """A reply that was not answered before a restart can be sent after it; one that was just being sent cannot."""
    giccid = world.hub.pick()
    await world.push("mo-sms", giccid, messageText="BATT LOW")
    thread = world.card(ALERTS)
    for text in ("one", "two"):
        await world.through(world.slack.say(text, by=OPERATOR, channel=ALERTS, thread_ts=thread.ts))
    first, second = (m for m in world.slack.thread(thread) if "Send" in m.buttons)
    await world.app.store.sms_drafts.take(2, by=OPERATOR, now=world.clock.now())

    await world.restart()
    await world.quiet()
    await world.press(first, "Send", by=OPERATOR)
    await world.press(second, "Send", by=OPERATOR, stale=True)

    assert world.hub.count("sendSms") == 1
    assert world.request().order.text == "one"
    assert "simops was stopped just when <@U0OPERATOR> pressed Send" in world.now(second)


async def test_sms_of_a_job_are_followed(world: World):
    """Each SMS that a job sends is kept and followed, by its report or by asking, and has no card of its own; when its
    device answers, the conversation begins."""
    work = Work(world)
    sims = work.sims(most=6)

    await work.start(Order(Operation.SMS, text="reboot"), sims)
    await work.finish()
    await world.later(seconds=10)

    sent = [world.app.store.sms.get(n) for n in range(1, 7)]
    assert {message.stand for message in sent} <= {Stand.DELIVERED, Stand.FAILED}
    assert [(message.job, message.body) for message in sent] == [(1, "reboot")] * 6
    assert world.cards(ALERTS) == []
    await world.push("mo-sms", sent[0].giccid, messageText="OK")
    assert len(said(world)) == 1


async def test_the_text_of_a_job_goes_as_well(world: World):
    """Where texts are not kept, a job that has ended has none any more, nor have the SMS it sent."""
    world.settings["sms"] = {"keep_body_for": "off"}
    await world.restart()
    work = Work(world)
    await work.start(Order(Operation.SMS, text="secret-4711"), work.sims(most=3))
    await work.finish()
    await world.later(seconds=1)

    await world.run("texts")

    db = world.app.store.disk.reader
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert "secret-4711" not in str([tuple(r) for t in tables for r in db.execute(f"SELECT * FROM {t}")])  # noqa: S608
    assert {world.app.store.sms.get(n).length for n in (1, 2, 3)} == {11}
