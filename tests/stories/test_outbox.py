"""What waits for Slack gets there: in order, at Slack's pace, once, whatever happens to Slack, the disk or the bot."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.rules.outbox import Card, Note, Outgoing
from bot.simulator.slack import Call
from tests.talk import ALERTS, APPROVALS, OPERATOR, OPS, VIEWER, World

BLOCKS = ({"type": "section", "text": {"type": "plain_text", "text": "in blocks"}},)
WRONG = ({"type": "section", "text": {"type": "plain_text", "text": "x" * 3001}},)
POST, UPDATE, HISTORY = "chat.postMessage", "chat.update", "conversations.history"


async def put(world: World, *messages: Outgoing) -> None:
    """Puts these into the outbox; what may go goes when time is given."""
    await world.app.store.outbox.add(messages, now=world.clock.now())


async def passes(world: World, **length: float) -> None:
    """Time passes step by step, and the bot does at each moment what it can, whether it comes to rest or not."""
    end = world.clock.now() + timedelta(**length)
    while True:
        await world._still()
        waking = world.clock.next_waking()
        if waking is None or waking > end:
            break
        await world.clock.advance((waking - world.clock.now()).total_seconds())
    await world.clock.advance((end - world.clock.now()).total_seconds())
    await world._still()


def said(world: World, channel: str = OPS) -> list[str]:
    """What the bot said in a channel, in the order of time."""
    return [m.text for m in world.slack.messages(channel) if m.bot]


def calls(world: World, method: str = POST, *, channel: str | None = None) -> list[Call]:
    """The calls of a method, refused ones too."""
    return [c for c in world.slack.calls if c.method == method and channel in (None, c.args.get("channel"))]


def went(found: list[Call]) -> list[Call]:
    """Those that Slack took."""
    return [c for c in found if c.error is None]


def gaps(found: list[Call]) -> list[float]:
    """The seconds between one call and the next."""
    return [(b.at - a.at).total_seconds() for a, b in pairwise(found)]


def state(world: World, text: str) -> str:
    """How the row of a note stands in the outbox."""
    row = world.app.store.disk.reader.execute("SELECT state FROM outbox WHERE text = ?", (text,)).fetchone()
    return "" if row is None else str(row[0])


# --- pace and order ---


async def test_one_message_a_second_in_order(world: World):
    """Thirty messages at once go out in their order, after a burst of three a second apart, and Slack never has to say
    429."""
    world.slack.strict_rate = True

    await put(world, *(Note(OPS, f"note {n}") for n in range(30)))
    await world.quiet()

    assert said(world) == [f"note {n}" for n in range(30)]
    assert gaps(calls(world))[:2] == [0, 0]
    assert min(gaps(calls(world))[2:]) >= 1.0
    assert [c.error for c in world.slack.calls if c.error] == []


async def test_channels_go_side_by_side(world: World):
    """A long queue in one channel does not hold up another, nor a person's direct messages."""
    await put(world, *(Note(OPS, f"note {n}") for n in range(20)))
    began = world.clock.now()
    await put(world, Note(ALERTS, "alert"), Note(VIEWER, "for you"))
    await world.quiet()

    ends = {c.args["channel"]: c.at for c in calls(world)}
    assert ends[OPS] - began >= timedelta(seconds=17)
    assert ends[ALERTS] - began <= timedelta(seconds=1)
    assert ends[world.slack.dm_channel(VIEWER)] - began <= timedelta(seconds=1)


async def test_a_direct_message_finds_its_conversation(world: World):
    """A message for a person goes to their conversation with the bot, which is asked for once."""
    await put(world, Note(VIEWER, "one"), Note(VIEWER, "two"))
    await world.quiet()

    assert [m.text for m in world.slack.dm(VIEWER)] == ["one", "two"]
    assert world.slack.count("conversations.open") == 1


# --- Slack is busy, down, or unwilling ---


async def test_retry_after_is_kept(world: World):
    """Told to wait 30 seconds, the bot sends nothing for 30 seconds, and then all of it in order."""
    world.slack.busy(1, retry_after=30, method=POST)
    began = world.clock.now()
    await put(world, *(Note(OPS, f"note {n}") for n in range(3)))
    await world.quiet()

    refused, *later = calls(world)
    assert refused.error == "ratelimited"
    assert later[0].at - began >= timedelta(seconds=30)
    assert said(world) == ["note 0", "note 1", "note 2"]


async def test_busy_again_and_again(world: World):
    """Slack may say 429 as often as it likes: each wait is kept, nothing is lost and nothing comes twice."""
    for _ in range(5):
        world.slack.busy(1, retry_after=7, method=POST)
    await put(world, Note(OPS, "patient"))
    await world.quiet()

    assert said(world) == ["patient"]
    assert gaps(calls(world)) == [7.0] * 5


@pytest.mark.parametrize("wait", [0, 999_999])
async def test_a_wait_that_makes_no_sense_is_bent(world: World, wait: int):
    """Nought seconds do not make a hot loop, and eleven days are cut to an hour."""
    world.slack.busy(1, retry_after=wait, method=POST)
    await put(world, Note(OPS, "sane"))
    await passes(world, hours=1, seconds=1)

    assert [text.splitlines()[0] for text in said(world)] == ["sane"]
    assert gaps(calls(world))[0] == (1.0 if wait == 0 else 3600.0)


async def test_an_hour_without_slack(world: World):
    """After an hour in which Slack was down everything comes, once, in order, the old of it in one message with its own
    times, and Slack was not hammered meanwhile."""
    world.slack.down = True
    for part in range(12):
        await put(world, Note(OPS, f"part {part}"))
        await passes(world, minutes=5)
    assert said(world) == []
    assert 20 <= len(calls(world)) <= 120
    assert any("Slack" in trouble for trouble in world.app.troubles())

    world.slack.down = False
    await world.quiet()

    [together] = said(world)
    assert together.splitlines()[1:] == [
        f"{8 + (30 + 5 * n) // 60:02d}:{(30 + 5 * n) % 60:02d} UTC  part {n}" for n in range(12)
    ]
    assert not any("Slack" in trouble for trouble in world.app.troubles())


async def test_slack_is_gone_from_the_network(world: World):
    """A Slack that cannot even be connected to is tried again, and hears it all when it is back."""
    port = int(world.slack.origin.rpartition(":")[2])
    await world.slack.stop()
    await put(world, Note(OPS, "one"), Note(OPS, "two"))
    await passes(world, minutes=5)
    assert state(world, "one") == "waiting"

    await world.slack.start(port)
    await world.quiet()

    assert said(world) == ["one", "two"]


async def test_many_changes_of_a_card_are_one_redraw(world: World):
    """Twenty states of a card while Slack was away become one edit, which shows the last."""
    await world.run("alerts")
    world.hub.grow(world.hub.pick(), fraction=0.81)
    await world.run("alerts")
    [card] = world.cards(ALERTS)
    world.slack.down = True
    await put(world, Note(ALERTS, "something before it"))
    await world._still()
    for _ in range(20):
        await put(world, Card("alert:1", ALERTS))
    before = len(calls(world, UPDATE))
    world.slack.down = False
    await world.quiet()

    assert len(calls(world, UPDATE)) == before + 1
    assert world.cards(ALERTS)[0].ts == card.ts


async def test_a_state_that_comes_while_its_card_is_on_its_way_is_drawn_too(world: World):
    """A change in the very moment its card is being sent is not swallowed: one more redraw follows."""
    world.hub.grow(world.hub.pick(), fraction=0.81)
    await world.run("alerts")
    world.slack.busy(1, retry_after=5, method=UPDATE)
    await put(world, Card("alert:1", ALERTS))
    await world._still()  # refused once; it waits for its time
    await world.through(world.slack.press(world.card(ALERTS), "Acknowledge", by=OPERATOR))
    await world.quiet()

    assert "Acknowledged" in world.card(ALERTS).words


# --- places ---


async def test_not_in_the_channel_until_invited(world: World):
    """Where the bot was not invited and no other channel stands in, messages wait, tried about once a minute, and
    come after the invitation."""
    world.slack.expel(ALERTS)
    await put(world, Note(ALERTS, "one"), Note(ALERTS, "two"), Note(OPS, "elsewhere"))
    await passes(world, minutes=5)
    tries = calls(world, channel=ALERTS)
    assert [c.error for c in tries] == ["not_in_channel"] * len(tries)
    assert gaps(tries) == [60.0] * (len(tries) - 1)
    assert len(tries) in (5, 6)
    assert said(world) == ["elsewhere"]
    await put(world, Note(OPS, "elsewhere again"))
    await passes(world, seconds=1)
    assert any("not_in_channel" in trouble for trouble in world.app.troubles())

    await world.slack.invite(ALERTS)
    await passes(world, seconds=62)

    assert said(world, ALERTS) == ["one", "two"]
    assert world.app.troubles() == []


async def test_a_person_who_left_holds_up_nobody(world: World):
    """A message for somebody whose account is gone is set aside in words; all others go."""
    world.slack.space.people[VIEWER] = replace(world.slack.space.people[VIEWER], deactivated=True)
    await put(world, Note(VIEWER, "too late"), Note(OPERATOR, "for you"), Note(OPS, "for all"))
    await world.quiet()

    assert said(world) == ["for all"]
    assert [m.text for m in world.slack.dm(OPERATOR)] == ["for you"]
    assert state(world, "too late") == "failed"
    assert world.app.troubles() == []


async def test_a_card_deleted_in_slack_is_posted_anew(world: World):
    """When somebody deletes a card, its next state is a new message, and the ones after that edit the new one."""
    world.hub.grow(world.hub.pick(), fraction=0.81)
    await world.run("alerts")
    first = world.card(ALERTS)
    world.slack.space.remove(first)

    await put(world, Card("alert:1", ALERTS))
    await world.quiet()
    second = world.card(ALERTS)
    await world.press(second, "Acknowledge", by=OPERATOR)

    assert second.ts != first.ts
    assert [m.ts for m in world.cards(ALERTS)] == [second.ts]
    assert "Acknowledged" in world.card(ALERTS).words


async def test_a_note_whose_card_was_deleted_stands_in_the_channel(world: World):
    """What was to go under a card that somebody deleted is said in the channel, and holds nothing up."""
    world.hub.grow(world.hub.pick(), fraction=0.81)
    await world.run("alerts")
    world.slack.space.remove(world.card(ALERTS))

    await put(world, Note(ALERTS, "under it", under="alert:1"), Note(ALERTS, "after it"))
    await world.quiet()

    assert said(world, ALERTS) == ["under it", "after it"]


async def test_a_note_goes_under_its_card(world: World):
    """What belongs to a card stands in its thread."""
    world.hub.grow(world.hub.pick(), fraction=0.81)
    await world.run("alerts")

    await put(world, Note(ALERTS, "under it", under="alert:1"))
    await world.quiet()

    assert world.thread(world.card(ALERTS)) == ["under it"]


# --- messages Slack does not want ---


async def test_blocks_slack_refuses_go_as_text(world: World):
    """A message whose blocks Slack does not take goes as its text, once, and the queue moves on."""
    await put(world, Note(OPS, "in words", WRONG), Note(OPS, "next", BLOCKS))
    await world.quiet()

    assert said(world) == ["in words", "next"]
    assert [c.error for c in calls(world)] == ["invalid_blocks", None, None]
    assert world.app.troubles() == []


async def test_a_text_too_long_for_slack_is_cut(world: World):
    """A text longer than Slack takes goes cut to what it takes."""
    await put(world, Note(OPS, "x" * 50_000), Note(OPS, "next"))
    await world.quiet()

    long, following = said(world)
    assert (long[:3000], long[-1], following) == ("x" * 3000, "…", "next")
    assert len(long) <= 4000


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long", "no_text"])
async def test_what_slack_refuses_in_every_form_is_set_aside(world: World, code: str):
    """Refused with its blocks and as text, a message is kept as failed; the one behind it goes."""
    world.slack.refuse(POST, code, times=2)
    await put(world, Note(OPS, "poison", BLOCKS), Note(OPS, "next"))
    await world.quiet()

    assert said(world) == ["next"]
    assert state(world, "poison") == "failed"


async def test_a_card_that_cannot_be_drawn_is_set_aside(world: World):
    """A card of something that is not there, or of no known kind, does not stop the ones behind it."""
    await put(world, Card("alert:999", OPS), Card("nonsense:1", OPS), Card("event:x", OPS), Note(OPS, "next"))
    await world.quiet()

    assert said(world) == ["next"]
    assert len(calls(world)) == 1


# --- lost answers ---


async def test_a_lost_answer_does_not_make_two_messages(world: World):
    """Slack took the message and its answer was lost: it is found by its mark and not posted again."""
    world.slack.lose_next(POST)
    await put(world, Note(OPS, "once"))
    await world.quiet()

    assert said(world) == ["once"]
    assert len(calls(world)) == 1
    assert len(calls(world, HISTORY)) == 1


async def test_a_lost_answer_with_more_behind_it(world: World):
    """Order is kept around a lost answer, and other channels are not disturbed."""
    world.slack.lose_next(POST)
    await put(world, *(Note(OPS, f"note {n}") for n in range(5)), Note(ALERTS, "alert"))
    await world.quiet()

    assert said(world) == [f"note {n}" for n in range(5)]
    assert said(world, ALERTS) == ["alert"]


async def test_a_lost_answer_in_a_thread_and_in_a_direct_conversation(world: World):
    """In a thread and with a person it is looked for where it went."""
    world.hub.grow(world.hub.pick(), fraction=0.81)
    await world.run("alerts")
    for note in (Note(ALERTS, "under it", under="alert:1"), Note(VIEWER, "for you")):
        world.slack.lose_next(POST)
        await put(world, note)
        await world.quiet()

    assert world.thread(world.card(ALERTS)) == ["under it"]
    assert [m.text for m in world.slack.dm(VIEWER)] == ["for you"]


async def test_a_lost_answer_to_a_new_card(world: World):
    """A card whose answer was lost is found, remembered, and edited from then on."""
    world.slack.lose_next(POST)
    world.hub.grow(world.hub.pick(), fraction=0.81)
    await world.run("alerts")
    [card] = world.cards(ALERTS)
    await world.press(card, "Acknowledge", by=OPERATOR)

    assert [m.ts for m in world.cards(ALERTS)] == [card.ts]
    assert "Acknowledged" in world.card(ALERTS).words


async def test_a_lost_answer_to_an_edit(world: World):
    """An edit whose answer was lost is made once more: it does no harm."""
    world.hub.grow(world.hub.pick(), fraction=0.81)
    await world.run("alerts")
    world.slack.lose_next(UPDATE)
    await world.press(world.card(ALERTS), "Acknowledge", by=OPERATOR)

    assert len(world.cards(ALERTS)) == 1
    assert "Acknowledged" in world.card(ALERTS).words
    assert world.app.store.outbox.depth() == 0


async def test_the_answer_is_lost_and_then_slack_is_down(world: World):
    """While Slack says nothing, what was on its way stays unsettled; when it is back, it is found."""
    world.slack.lose_next(POST)
    await put(world, Note(OPS, "once"))
    await world._still()
    world.slack.down = True
    await passes(world, minutes=30)
    assert state(world, "once") == "sending"

    world.slack.down = False
    await world.quiet()

    assert said(world) == ["once"]
    assert len(calls(world)) == 1


async def test_without_the_right_to_look_it_is_said_twice_rather_than_never(world: World):
    """Where the bot may not read the channel, a message whose answer was lost is sent again."""
    world.slack.scopes = frozenset(s for s in world.slack.scopes if not s.endswith(":history"))
    world.slack.lose_next(POST)
    await put(world, Note(OPS, "important"), Note(OPS, "next"))
    await world.quiet()

    assert said(world) == ["important", "important", "next"]


async def test_put_out_of_the_channel_while_an_answer_is_lost(world: World):
    """Where the bot may not look any more and no other channel stands in, the message stays unsettled; let in again it
    is found, not said twice."""
    world.slack.lose_next(POST)
    await put(world, Note(ALERTS, "once"), Note(ALERTS, "next"), Note(OPS, "elsewhere"))
    await world._still()
    world.slack.expel(ALERTS)
    await passes(world, minutes=10)
    assert state(world, "once") == "sending"
    assert said(world, OPS) == ["elsewhere"]
    assert any("not_in_channel" in trouble for trouble in world.app.troubles())

    await world.slack.invite(ALERTS)
    await passes(world, seconds=62)

    assert said(world, ALERTS) == ["once", "next"]
    assert world.app.troubles() == []


# --- the bot is stopped in between ---


async def test_stopped_while_its_answer_was_lost(world: World):
    """Stopped before it could look, the new bot looks first, finds the message, and does not repeat it."""
    world.slack.lose_next(POST)
    await put(world, Note(OPS, "once"), Note(OPS, "next"))
    await world._still()
    assert state(world, "once") == "sending"
    await world.restart()
    await world.quiet()

    assert said(world) == ["once", "next"]
    assert world.app.store.outbox.depth() == 0


async def test_stopped_before_slack_had_it(world: World):
    """What was marked as on its way and never reached Slack goes after the restart."""
    world.slack.down = True
    await put(world, Note(OPS, "late"))
    await world._still()
    await _mark_as_sending(world)
    await world.restart()
    world.slack.down = False
    await world.quiet()

    assert said(world) == ["late"]


async def test_started_while_slack_is_down(world: World):
    """A bot that starts with something on its way and Slack down waits, and settles it when Slack is back."""
    world.slack.lose_next(POST)
    await put(world, Note(OPS, "once"))
    await world._still()
    world.slack.down = True
    await world.restart()
    await passes(world, minutes=10)
    assert state(world, "once") == "sending"
    world.slack.down = False
    await world.quiet()

    assert said(world) == ["once"]


async def test_nothing_is_said_again_after_a_restart(world: World):
    """What Slack has is not sent again, however often the bot is restarted."""
    await put(world, Note(OPS, "one"), Note(OPS, "two"))
    await world.quiet()
    for _ in range(3):
        await world.restart()
        await world.quiet()

    assert said(world) == ["one", "two"]


# --- the disk refuses ---


async def test_a_disk_that_refuses_for_a_while_ends_nothing(world: World):
    """When the store cannot be written, the outbox says so and goes on by itself once it can be written again."""
    await put(world, *(Note(OPS, f"note {n}") for n in range(3)))
    world.app.store.disk._writer.execute("PRAGMA query_only=ON")
    await passes(world, minutes=3)
    assert said(world) in ([], ["note 0"])
    assert any("Store: " in trouble for trouble in world.app.troubles())

    world.app.store.disk._writer.execute("PRAGMA query_only=OFF")
    await passes(world, minutes=3)

    assert said(world) == ["note 0", "note 1", "note 2"]
    assert world.app.troubles() == []


async def test_slack_has_it_and_the_disk_cannot_note_it(world: World):
    """When the disk refuses just as Slack took a message, it is found by its mark later and not said twice."""
    disk = world.app.store.disk

    def watch(change: Any) -> None:
        if change.kind == "message" and change.message.text == "note 0":
            disk._writer.execute("PRAGMA query_only=ON")

    world.slack.space.watchers.append(watch)
    await put(world, *(Note(OPS, f"note {n}") for n in range(3)))
    await passes(world, minutes=3)
    assert said(world) == ["note 0"]
    disk._writer.execute("PRAGMA query_only=OFF")
    await passes(world, minutes=3)

    assert said(world) == ["note 0", "note 1", "note 2"]


async def test_a_hundred_from_everywhere(world: World):
    """A hundred messages put in at once from everywhere arrive, each once."""
    await asyncio.gather(*(put(world, Note((OPS, ALERTS, APPROVALS)[n % 3], f"note {n}")) for n in range(100)))
    await world.quiet()

    every = [text for channel in (OPS, ALERTS, APPROVALS) for text in said(world, channel)]
    assert sorted(every) == sorted(f"note {n}" for n in range(100))


async def _mark_as_sending(world: World) -> None:
    """As the file stands when the bot is killed between its note and its call."""
    await world.app.store.disk.write(lambda db: db.execute("UPDATE outbox SET state = 'sending'").rowcount)


def test_the_helpers_count_seconds():
    """The seconds between calls are what the tests above believe them to be."""
    at = datetime(2026, 11, 22)  # noqa: DTZ001 - only the difference matters
    assert gaps([Call(POST, {}, at), Call(POST, {}, at + timedelta(seconds=2))]) == [2.0]


async def test_the_clock_is_set_back(world: World):
    """When the clock goes back by a day, what waits is not held up for a day."""
    await world.ask()
    world.clock._now -= timedelta(days=1)

    await world.push("imei-change")

    assert len(world.cards(ALERTS)) == 1


async def test_a_person_slack_does_not_know_holds_up_nobody(world: World):
    """A direct message to somebody who is not there is set aside and counted; nothing stays in trouble for it."""
    note = Note("U0NOBODY", "Hello")
    await world.app.store.outbox.add([note], now=world.clock.now())
    await world.quiet()

    assert world.app.troubles() == []
    assert world.app.store.outbox.set_aside() == 1
    assert "1 that Slack takes in no form" in (await world.say("/sim status")).reply.words
