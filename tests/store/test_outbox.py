"""Messages leave in the order they came, a card's redraws count once, and nothing is forgotten on the way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.rules.outbox import Card, Note, Outgoing, Waiting
from bot.store import Store
from bot.store.ledger import free
from bot.store.outbox import Place

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BLOCKS = ({"type": "rich_text", "elements": [{"text": "Tür <!channel> 😀 \u0000"}]},)


async def add(store: Store, *messages: Outgoing, now: datetime = NOW) -> None:
    """Puts messages in."""
    await store.outbox.add(messages, now=now)


def heads(store: Store) -> list[Outgoing]:
    """What would be sent next."""
    return [head.what for head in store.outbox.heads()]


def head_of(store: Store, channel: str = "C1") -> Waiting:
    """The next message of a channel."""
    return next(head for head in store.outbox.heads() if head.channel == channel)


async def send(store: Store, channel: str = "C1", ts: str = "1.1") -> Waiting:
    """Sends the next message of a channel."""
    head = head_of(store, channel)
    await store.outbox.begin(head)
    await store.outbox.sent(head, Place(channel, ts), now=NOW)
    return head


async def test_one_head_for_each_channel_in_order(store: Store):
    """Of each channel the oldest message is next; when Slack has it, the one behind it is."""
    first, second, other = Note("C1", "one"), Note("C1", "two", BLOCKS), Note("C2", "other", under="approval:1")
    await add(store, first, second)
    await add(store, other)

    assert heads(store) == [first, other]
    await send(store)
    assert heads(store) == [second, other]
    await send(store)
    assert heads(store) == [other]
    assert store.outbox.depth() == 1


async def test_a_head_that_is_on_its_way_holds_its_channel_only(store: Store):
    """While a message is being sent nothing overtakes it in its channel, and other channels go on."""
    await add(store, Note("C1", "one"), Note("C1", "two"), Note("C2", "other"))
    head = head_of(store)
    await store.outbox.begin(head)

    assert heads(store) == [Note("C2", "other")]
    assert [w.id for w in store.outbox.left_sending()] == [head.id]
    assert store.outbox.depth() == 3


async def test_what_was_on_its_way_is_still_known_after_a_restart(store: Store):
    """A message whose answer never came is found again, with all it said."""
    note = Note("C1", "one", BLOCKS, under="alert:1")
    await add(store, note)
    await store.outbox.begin(head_of(store))

    [left] = store.outbox.left_sending()
    assert (left.what, left.tries, left.error, left.made_at) == (note, 0, None, NOW)


async def test_a_message_that_did_not_get_through_keeps_its_place(store: Store):
    """Back in the queue it stands before what came later, with the reason and one try more."""
    await add(store, Note("C1", "one"), Note("C1", "two"))
    for tries in (1, 2, 3):
        head = head_of(store)
        await store.outbox.begin(head)
        await store.outbox.again(head, error=f"Slack says no {tries}.")

        again = head_of(store)
        assert (again.id, again.what, again.tries) == (head.id, Note("C1", "one"), tries)
        assert again.error == f"Slack says no {tries}."
    assert store.outbox.left_sending() == ()


async def test_redraws_of_a_card_count_once(store: Store):
    """While a redraw waits, more of the same card change nothing, also from many at once; others have theirs."""
    await asyncio.gather(*(add(store, Card("approval:1", "C1"), Card("approval:2", "C1")) for _ in range(30)))

    assert store.outbox.depth() == 2
    assert heads(store) == [Card("approval:1", "C1")]


async def test_notes_are_never_folded(store: Store):
    """Two messages that say the same are two messages."""
    await add(store, Note("C1", "same"), Note("C1", "same"))

    assert store.outbox.depth() == 2


async def test_a_redraw_asked_for_while_one_is_sent_is_kept(store: Store):
    """What changes while a card is on its way is drawn afterwards."""
    card = Card("approval:1", "C1")
    await add(store, card)
    first = head_of(store)
    await store.outbox.begin(first)
    await add(store, card)
    await store.outbox.sent(first, Place("C1", "1.1"), now=NOW)

    assert heads(store) == [card]
    assert head_of(store).id != first.id


async def test_a_failed_drawing_keeps_its_place(store: Store):
    """When a newer redraw waits, one of the two is sent, and before what was to stand under the card: drawn when it is
    sent, it says all."""
    card = Card("approval:1", "C1")
    await add(store, card)
    first = head_of(store)
    await store.outbox.begin(first)
    await add(store, card, Note("C1", "under it", under="approval:1"))
    await add(store, card)
    await store.outbox.again(first, error="lost")

    assert store.outbox.depth() == 2
    assert head_of(store).what == card
    assert head_of(store).id == first.id
    assert store.outbox.left_sending() == ()


async def test_where_a_card_stands(store: Store):
    """A card's place is known once it is posted, the newest counts, and a card that is gone is forgotten."""
    assert store.outbox.place("approval:1") is None
    await add(store, Card("approval:1", "C1"))
    await send(store, ts="1.1")
    assert store.outbox.place("approval:1") == Place("C1", "1.1")

    await add(store, Card("approval:1", "C1"))
    await send(store, ts="2.2")
    assert store.outbox.place("approval:1") == Place("C1", "2.2")
    assert store.outbox.place("approval:11") is None

    await store.outbox.forget_place("approval:1")
    assert store.outbox.place("approval:1") is None


async def test_a_note_leaves_no_place(store: Store):
    """What is said under a card is not mistaken for the card."""
    await add(store, Note("C1", "news", under="approval:1"))
    await send(store)

    assert store.outbox.place("approval:1") is None


async def test_what_was_sent_is_not_kept(store: Store):
    """Slack has it; the store keeps that it was sent and not what it said."""
    await add(store, Note("C1", "SMS text", BLOCKS))
    await send(store)
    row = store.disk.reader.execute("SELECT state, text, blocks, ts, sent_at FROM outbox").fetchone()

    assert tuple(row) == ("sent", None, None, "1.1", "2026-11-22T09:30:00.000000+00:00")


async def test_what_slack_never_takes_holds_up_nobody(store: Store):
    """A message set aside is out of the queue, and is kept with the reason."""
    await add(store, Note("C1", "poison"), Note("C1", "two"))
    head = head_of(store)
    await store.outbox.begin(head)
    await store.outbox.give_up(head, error="invalid_blocks")
    row = store.disk.reader.execute("SELECT state, error, text FROM outbox WHERE id = ?", (head.id,)).fetchone()

    assert tuple(row) == ("failed", "invalid_blocks", "poison")
    assert heads(store) == [Note("C1", "two")]
    assert store.outbox.depth() == 1


async def test_a_card_set_aside_can_be_drawn_again(store: Store):
    """A card that could not be drawn once is drawn when it changes the next time."""
    card = Card("approval:1", "C1")
    await add(store, card)
    await store.outbox.give_up(head_of(store), error="odd")
    await add(store, card)

    assert heads(store) == [card]


async def test_how_long_it_has_waited(store: Store):
    """The oldest message that Slack has not says how far behind we are; with none there is no such time."""
    assert store.outbox.oldest() is None
    await add(store, Note("C1", "new"), now=NOW)
    await add(store, Note("C2", "old"), now=NOW - timedelta(hours=1))
    assert store.outbox.oldest() == NOW - timedelta(hours=1)

    await send(store, "C2")
    await store.outbox.begin(head_of(store))
    assert store.outbox.oldest() == NOW
    await store.outbox.sent(store.outbox.left_sending()[0], Place("C1", "1"), now=NOW)
    assert store.outbox.oldest() is None


async def test_many_producers_keep_each_ones_order(store: Store):
    """Whoever adds one after the other is read one after the other, however many do so at once."""

    async def talk(channel: str) -> None:
        for n in range(20):
            await add(store, Note(channel, str(n)))

    await asyncio.gather(*(talk(f"C{c}") for c in range(5)))
    for n in range(20):
        assert [what.text for what in heads(store) if isinstance(what, Note)] == [str(n)] * 5
        for c in range(5):
            await send(store, f"C{c}")
    assert store.outbox.depth() == 0


async def test_a_card_in_the_thread_of_another(store: Store):
    """A card that is to stand under another one comes back so, and its redraw waits once."""
    card = Card("sms:1", "C1", under="sms-thread:1")
    await add(store, card, card)

    assert store.outbox.depth() == 1
    assert head_of(store).what == card


async def test_what_was_to_go_with_another_goes_for_itself(store: Store):
    """What was to go with a message that did not get through is not taken for sent when that is, later and alone."""
    await add(store, Note("C1", "one"), Note("C1", "two"), Note("C1", "three"))
    head = head_of(store)
    behind = store.outbox.behind(head, limit=9)
    await store.outbox.begin(head, behind)
    await store.outbox.give_up(head, error="invalid_arguments")
    await store.disk.write(free)
    await store.outbox.begin(head, behind[:1])
    await store.outbox.sent(head, Place("C1", "1.1"), now=NOW)

    assert heads(store) == [Note("C1", "three")]
