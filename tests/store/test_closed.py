"""That a channel is closed, what is said of it and what moves because of it are one; nothing falls between two."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from bot.rules.outbox import Card, Note
from bot.store import Store
from bot.store.outbox import Place

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def nothing(_news: bool, _waiting: int, _counts: Mapping[str, int]) -> tuple[Note, ...]:
    """Says nothing."""
    return ()


async def test_a_bot_that_ends_between(store: Store):
    """Where what is said of a closed channel does not get to disk, the channel is no news of yesterday either: the next
    try says it."""

    def ends(_news: bool, _waiting: int, _counts: Mapping[str, int]) -> tuple[Note, ...]:
        raise KeyError

    heard: list[bool] = []

    def hears(is_news: bool, _waiting: int, _counts: Mapping[str, int]) -> tuple[Note, ...]:
        heard.append(is_news)
        return (Note("U1", "It is closed."),) if is_news else ()

    with pytest.raises(KeyError):
        await store.closed.close("C1", "is_archived", to="C2", say=ends, now=NOW)
    assert store.closed.all() == {}
    await store.closed.close("C1", "is_archived", to="C2", say=hears, now=NOW)
    await store.closed.close("C1", "is_archived", to="C2", say=hears, now=NOW)

    assert heard == [True, False]
    assert [head.channel for head in store.outbox.heads()] == ["U1"]


async def test_a_card_is_begun_anew_while_it_is_being_redrawn(store: Store):
    """A redraw that fails in a closed channel does not take away the same card that was begun anew elsewhere before
    what belongs under it: that comes behind its card."""
    await store.outbox.add([Card("alert:1", "C1")], now=NOW)
    [first] = store.outbox.heads()
    await store.outbox.begin(first)
    await store.outbox.sent(first, Place("C1", "1.1"), now=NOW)
    await store.outbox.add([Card("alert:1", "C1")], now=NOW)
    [redraw] = store.outbox.heads()
    await store.outbox.begin(redraw)
    await store.closed.close("C1", "is_archived", to="C2", say=nothing, now=NOW)

    await store.outbox.add([Note("C1", "under it", under="alert:1")], now=NOW)
    await store.outbox.again(redraw, error="is_archived")

    [head] = store.outbox.heads()
    assert head.what == Card("alert:1", "C2")
    assert [one.what for one in store.outbox.behind(head, limit=9)] == [Note("C2", "under it", under="alert:1")]
