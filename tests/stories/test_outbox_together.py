"""What piles up: people first, methods apart, old messages together with their own times, refusals written down."""

from __future__ import annotations

import re

from bot.rules.outbox import Note
from bot.views import tables
from bot.views.parts import header, lines, spans
from tests.stories.test_outbox import POST, UPDATE, WRONG, calls, passes, put, said, went
from tests.stories.test_storms import rest
from tests.talk import ALERTS, OPERATOR, OPS, VIEWER, World, plain


async def test_while_posts_rest_cards_are_redrawn(world: World):
    """Told to wait with posts alone, the bot still draws anew what stands, and posts after the wait."""
    world.hub.grow(world.hub.pick(), fraction=0.81)
    await world.run("alerts")
    world.slack.busy(1, retry_after=30, method=POST)
    await put(world, Note(OPS, "later"))
    await world._still()
    began = world.clock.now()

    await world.through(world.slack.press(world.card(ALERTS), "Acknowledge", by=OPERATOR))

    assert (went(calls(world, UPDATE))[-1].at - began).total_seconds() < 5
    assert (went(calls(world))[-1].at - began).total_seconds() >= 30
    assert said(world) == ["later"]


async def test_a_late_message_says_when_it_was_written(world: World):
    """A message that waited for long stands alone with its own time."""
    world.slack.down = True
    await put(world, Note(OPS, "the pump is off"))
    await passes(world, minutes=20)
    world.slack.down = False
    await world.quiet()

    assert said(world) == ["the pump is off\nWritten 2026-11-22 08:30 UTC; Slack could not be reached."]


async def test_a_message_in_time_says_nothing_of_it(world: World):
    """What waited for a few minutes only is sent as it was written, each for itself."""
    world.slack.down = True
    await put(world, Note(OPS, "one"), Note(OPS, "two"))
    await passes(world, minutes=10)
    world.slack.down = False
    await world.quiet()

    assert said(world) == ["one", "two"]


async def test_what_was_folded_is_not_said_again(world: World):
    """After a restart in between, nothing that went out together goes out once more."""
    world.slack.down = True
    await put(world, *(Note(OPS, f"part {n}") for n in range(30)))
    await passes(world, minutes=20)
    world.slack.down = False
    await world.quiet()
    await world.restart()
    await world.quiet()

    assert [text.count("part") for text in said(world)] == [20, 10]
    assert world.app.store.outbox.depth() == 0


async def test_what_is_long_is_not_cut_away(world: World):
    """However long the messages are that waited, and whatever stands in them, each is in Slack whole: as many go out as
    one as it has room for, and what has more than lines goes for itself."""
    world.slack.down = True
    long = [(lines(spans(f"begins {n} ", "x" * 2000, "x" * 2000, f" ends {n}")),) for n in range(5)]
    table = (header("a title"), tables.text_table([tables.Column("a")], [["in a table"]]))
    await put(world, Note(OPS, "short"), *(Note(OPS, "cut", blocks) for blocks in long))
    await put(world, Note(OPS, "with more", table), Note(OPS, "y" * 2000 + " ends here"))
    await passes(world, minutes=20)
    world.slack.down = False
    await world.quiet()

    words = " ".join(card.words for card in world.cards(OPS))
    for wanted in [*(f"ends {n}" for n in range(5)), "a title", "in a table"]:
        assert wanted in words
    assert any("ends here" in text for text in said(world))
    assert len(world.cards(OPS)) < 8


async def test_an_answer_to_several_is_lost(world: World):
    """Where the answer to several messages that went out as one is lost, none of them is said once more."""
    world.slack.down = True
    await put(world, *(Note(OPS, f"part {n}") for n in range(5)))
    await passes(world, minutes=20)
    world.slack.down = False
    world.slack.lose_next(POST)
    await world.quiet()

    assert "".join(said(world)).count("part") == 5
    assert world.app.store.outbox.depth() == 0


async def test_refused_blocks_are_written_down(world: World):
    """That Slack took the words of a message alone stands in the store beside it."""
    await put(world, Note(OPS, "in words", WRONG), Note(OPS, "well"))
    await world.quiet()

    rows = world.app.store.disk.reader.execute("SELECT error FROM outbox WHERE state = 'sent' ORDER BY id").fetchall()
    assert [row["error"] for row in rows] == ["Slack refused its blocks; its words alone were sent.", None]


async def test_a_person_waits_behind_no_channel(world: World):
    """After a wait that Slack asked for, what came last and is for one person goes out with the first."""
    world.slack.busy(2, retry_after=60, method=POST)
    await put(world, *(Note(channel, "for all") for channel in (ALERTS, OPS) for _ in range(8)))
    await world._still()
    await put(world, Note(VIEWER, "for you"))
    await world.quiet()

    sent = went(calls(world))
    [mine] = [call.at for call in sent if call.args["text"] == "for you"]
    assert mine == min(call.at for call in sent)


async def test_cards_that_piled_up_are_one_message(world: World):
    """After an hour without Slack, in which one SIM after the other fell silent, one message tells of most of them,
    each with its own time; nothing is lost and nothing is told twice."""
    world.slack.down = True
    for n in range(20):
        await world.hub.push("no-session", n)
        await passes(world, minutes=3)
    await passes(world, minutes=11)
    world.slack.down = False
    for _ in range(15):  # as the clock does every five seconds
        await passes(world, seconds=5)
        await world.begin(world.app.schedule.run("pushes"))
    await rest(world, minutes=5)

    told = [card for card in world.cards(ALERTS) if "could not be reached" in card.words]
    singles = [card for card in world.cards(ALERTS) if card not in told]
    listed = sum(len(re.findall("No session for long: [0-9]{19}", plain(card))) for card in told)
    assert len(told) == 1
    assert listed + len(singles) == 20
    assert world.app.store.outbox.depth() == 0
