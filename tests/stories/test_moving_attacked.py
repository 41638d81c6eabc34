"""Channels that close and open while much is under way: nothing is stuck, nothing is nobody's, nothing floods."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.rules.outbox import Note
from tests.stories.test_moving import cards, filled_up, opens
from tests.stories.test_outbox import POST, passes, put, said
from tests.stories.test_routing import lose, mend
from tests.talk import ADMIN, ALERTS, APPROVALS, OPERATOR, OPS, OTHER_APPROVER, World, plain


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A bot whose alerts, notifications and conversations have another channel to go to than its requests."""
    world = World(tmp_path)
    world.settings = {"push": {"fallback_channel": OPS}}
    await world.start()
    yield world
    await world.stop()


async def test_an_answer_was_lost_before_the_channel_closed(world: World):
    """A request whose posting had no answer before its channel closed holds up nothing: it is decided in the other
    channel, what is behind it follows there, and admins hear of the channel."""
    world.slack.lose_next(POST)
    await world.begin(world.slack.say(f"/sim suspend {world.hub.pick()}", by=OPERATOR, channel=OPS))
    await world._still()
    lose(world, APPROVALS, "expel")
    await put(world, Note(APPROVALS, "behind it"))
    await passes(world, minutes=3)

    [card, behind] = cards(world)
    assert f"Meant for <#{APPROVALS}>" in plain(card)
    assert "behind it" in behind.text
    assert len([words for words in world.told(ADMIN) if "I cannot post in" in words]) == 1
    assert world.app.store.outbox.depth() == 0
    await world.press(card, "Approve", by=OTHER_APPROVER)
    assert world.hub.count("suspendSim") == 1


async def test_under_a_card_in_the_other_channel_that_closes(world: World):
    """What belongs under a card that moved is shown where it was meant, with its card, once that channel is open and
    the other one is closed."""
    world.settings["alerts"] = {"remind_after": "1h"}
    await world.restart()
    lose(world, ALERTS, "expel")
    await filled_up(world)
    await passes(world, seconds=5)
    [card] = cards(world)
    await opens(world, ALERTS, "expel")

    lose(world, OPS, "archive")
    await put(world, Note(OPS, "shows that it is closed"))
    await passes(world, hours=1)
    await world.begin(world.app.schedule.run("snoozes"))
    await passes(world, minutes=3)

    [card] = world.cards(ALERTS)
    assert "97 %" in card.words
    assert len(world.thread(card)) == 1
    assert "Meant for" not in plain(card)


async def test_the_other_channel_closes_when_the_first_is_open(world: World):
    """What waits in the other channel while that closes is posted where it was meant, where that is open by now."""
    lose(world, ALERTS, "expel")
    await put(world, *(Note(ALERTS, f"note {n}") for n in range(30)))
    await passes(world, seconds=10)
    await mend(world, ALERTS, "expel")
    await world.begin(world.app.schedule.run("channels"))
    await world._still()
    lose(world, OPS, "archive")
    await passes(world, minutes=3)

    told = [text.splitlines()[0] for text in (*said(world)[1:], *said(world, ALERTS))]
    assert told == [f"note {n}" for n in range(30)]
    assert len(said(world, ALERTS)) > 5
    assert world.app.store.outbox.depth() == 0


async def test_a_notification_goes_home(world: World):
    """A notification that moved to a channel that closed too, and went home, is looked after at home: it changes there
    at once, and what is said of it stands under it."""
    lose(world, ALERTS, "expel")
    lose(world, OPS, "archive")
    await world.begin(world.hub.push("imei-change"))
    await passes(world, minutes=2)
    await opens(world, ALERTS, "expel")
    [card] = world.cards(ALERTS)

    await world.begin(world.slack.press(card, "Snooze 1 d", by=OPERATOR))
    await passes(world, seconds=5)
    assert "snoozed" in world.now(card).lower()
    await passes(world, days=1)
    await world.begin(world.app.schedule.run("pushes"))
    await passes(world, seconds=5)

    assert len(world.thread(card)) == 1


async def test_what_ended_while_the_channel_was_closed(world: World):
    """A notification that is resolved while nothing can be drawn where it stands reads so once that can be."""
    await world.push("imei-change")
    [card] = world.cards(ALERTS)
    lose(world, ALERTS, "archive")
    await world.begin(world.slack.press(card, "Expected swap", by=OPERATOR))
    await passes(world, minutes=3)

    await opens(world, ALERTS, "archive")

    assert "resolved" in world.now(card).lower()


async def test_a_new_notification_says_for_which_channel(world: World):
    """A notification that comes while its channel is known to be closed says for which channel it is, also when it
    changes; and it goes home when the other channel closes too and its own is open."""
    lose(world, ALERTS, "expel")
    await world.push("imei-change", 1)
    await passes(world, seconds=5)
    await world.push("no-session", 2)
    await world.push("no-session", 2)
    assert [f"Meant for <#{ALERTS}>" in plain(card) for card in cards(world)] == [True, True]
    assert "2 times" in cards(world)[-1].words

    lose(world, OPS, "archive")
    await world.begin(world.hub.push("no-session", 3))
    await passes(world, minutes=2)
    await opens(world, ALERTS, "expel")

    [card] = world.cards(ALERTS)
    assert "Meant for" not in plain(card)


async def test_a_new_notification_for_both(world: World):
    """Where the other channel gets a notification anyway, it does not say that it is for somebody else."""
    await world.say("/sim subscribe no-session", by=OPERATOR, channel=ALERTS)
    await world.say("/sim subscribe no-session", by=OPERATOR, channel=OPS)
    lose(world, ALERTS, "expel")
    await world.push("no-session", 1)
    await passes(world, seconds=5)
    await world.push("no-session", 2)

    assert [f"Meant for <#{ALERTS}>" in plain(card) for card in cards(world)[1:]] == [False, False]


async def test_the_file_of_a_report(world: World):
    """The file of a report follows it into the other channel."""
    world.reports = [{"period": "day", "channel": APPROVALS, "at": "08:31 UTC"}]
    await world.restart()
    lose(world, APPROVALS, "archive")
    await put(world, Note(APPROVALS, "shows that it is closed"))
    await passes(world, minutes=2)
    await world.run("reports")
    await passes(world, seconds=5)

    assert [card.words for card in cards(world) if "Report of the day" in card.words] != []
    files = [file.name for message in world.slack.messages(OPS) for file in message.files]
    assert [name.startswith("report-day") for name in files] == [True]


async def test_a_channel_that_opens_and_closes_all_the_time(world: World):
    """Admins hear of a channel that opens and closes every few minutes a few times and not each time; everything
    written meanwhile is in one of the two channels, once; and when it stays open, it has its own again."""
    for n in range(15):
        lose(world, ALERTS, "expel")
        await put(world, Note(ALERTS, f"note {n}."))
        await passes(world, minutes=2)
        await mend(world, ALERTS, "expel")
        await world.begin(world.app.schedule.run("channels"))
        await passes(world, minutes=2)

    told = [words for words in world.told(ADMIN) if "I can" in words]
    assert 4 <= len(told) <= 12
    every = " ".join((*said(world), *said(world, ALERTS)))
    assert [every.count(f"note {n}.") for n in range(15)] == [1] * 15

    await passes(world, hours=1)
    await world.run("channels")
    await put(world, Note(ALERTS, "at last"))
    await world.quiet()
    assert "at last" in said(world, ALERTS)
