"""A SIM has one open change at a time, and each list of requests holds what it says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.errors import NotPossible
from bot.rules.approvals import Approval, State
from bot.rules.sims import Operation
from bot.store import Store
from tests.asked import asked_for_many
from tests.store.asking import ASKED, NOW, add, another, moved, swap, written


async def test_one_open_change_for_each_sim(store: Store):
    """Of many who ask for the same SIM at once one is heard; the others hear which request is open."""
    results = await asyncio.gather(
        *(add(store, replace(ASKED, asked_by=f"U{n}")) for n in range(20)),
        return_exceptions=True,
    )
    stored = [r for r in results if isinstance(r, Approval)]
    refused = [str(r) for r in results if isinstance(r, NotPossible)]

    assert len(stored) == 1
    assert refused == [
        f"Request #{stored[0].id} (suspend, pending) for this SIM is still open. "
        "Decide, withdraw or cancel that one first."
    ] * 19  # fmt: skip
    assert written(store) == (1, 1)


@pytest.mark.parametrize("state", list(State))
async def test_when_a_sim_is_free_again(store: Store, state: State):
    """Pending, running, cooling and unsure keep a SIM; every end lets go of it."""
    stored = await add(store, ASKED)
    last = replace(stored, state=state, version=2)
    assert await swap(store, stored, last)

    if last.open:
        with pytest.raises(NotPossible, match=f"suspend, {state}"):
            await add(store, ASKED)
        assert store.approvals.open_of_sim(ASKED.giccid or "") == last
    else:
        assert store.approvals.open_of_sim(ASKED.giccid or "") is None
        assert (await add(store, ASKED)).id == stored.id + 1


async def test_an_sms_is_no_change_of_its_sim(store: Store):
    """An SMS neither waits for another request for the same SIM, nor is it in the way of one; nor are lists of SIMs."""
    sms = [await add(store, another(1, Operation.SMS)) for _ in range(2)]
    change = await add(store, another(1))
    after = await add(store, another(1, Operation.SMS))
    lists = [await add(store, asked_for_many()) for _ in range(2)]

    assert store.approvals.open_of_sim(f"{1:019}") == change
    assert store.approvals.of_sim(f"{1:019}") == (after, change, *reversed(sms))
    assert store.approvals.waiting() == (*sms, change, after, *lists)


async def test_one_undo_at_a_time(store: Store):
    """What is being undone, or is undone, is not undone again; an undo that came to nothing can be asked for anew."""
    for n, state in enumerate(State):
        undo = await add(store, another(n, undo_of=100 + n))
        last = replace(undo, state=state, version=2)
        assert await swap(store, undo, last)
        again = another(50 + n, undo_of=100 + n)
        if state in (State.DENIED, State.WITHDRAWN, State.LAPSED, State.FAILED):
            assert (await add(store, again)).undo_of == 100 + n
        else:
            with pytest.raises(NotPossible, match=f"#{100 + n} is being undone already: request #{undo.id}"):
                await add(store, again)


async def test_of_many_undos_at_once_one_is_heard(store: Store):
    """However many undo the same request at once, it is undone once."""
    results = await asyncio.gather(*(add(store, another(n, undo_of=3)) for n in range(10)), return_exceptions=True)

    assert sum(isinstance(r, Approval) for r in results) == 1
    assert sum(isinstance(r, NotPossible) for r in results) == 9


async def test_numbers_are_never_used_twice(store: Store):
    """A request's number is in people's messages; a later one never gets it."""
    first = await add(store, another(1))
    await store.disk.write(lambda db: db.execute("DELETE FROM approvals").rowcount)

    assert (await add(store, another(2))).id == first.id + 1


async def test_what_is_looked_up(store: Store):
    """Waiting, running, under way, unsure, lapsed and mine: each list holds what it says, the oldest first."""
    stored = [await add(store, another(n, asked_by=f"U{n % 2}", lapses_at=NOW + timedelta(hours=n))) for n in range(9)]
    states = {1: State.RUNNING, 2: State.UNSURE, 3: State.DONE, 4: State.DENIED, 8: State.COOLING}
    for at, state in states.items():
        assert await swap(store, stored[at], moved(stored[at], state))

    def ids(found: tuple[Approval, ...]) -> list[int]:
        return [stored.index(next(s for s in stored if s.id == a.id)) for a in found]

    look = store.approvals
    assert ids(look.waiting()) == [0, 5, 6, 7]
    assert ids(look.waiting(limit=2)) == [0, 5]
    assert look.count(State.PENDING) == 4
    assert look.count(State.PENDING, State.COOLING) == 5
    assert ids(look.running()) == [1]
    assert ids(look.unsure()) == [2]
    assert ids(look.under_way()) == [1, 2, 8]
    assert ids(look.under_way(limit=1)) == [1]
    assert ids(look.asked_by("U0")) == [0, 2, 6, 8]
    assert ids(look.asked_by("U0", limit=1)) == [0]
    assert ids(look.asked_by("U9")) == []
    assert ids(look.lapsed_by(NOW - timedelta(microseconds=1))) == []
    assert ids(look.lapsed_by(NOW)) == [0]
    assert ids(look.lapsed_by(NOW + timedelta(hours=6))) == [0, 5, 6]


async def test_what_has_cooled_off(store: Store):
    """A retirement is due when its time is over and not a moment before; one whose time is not known is due at once."""
    ends = (NOW, NOW + timedelta(microseconds=1), None)
    for n, end in enumerate(ends):
        resting = await add(store, another(n, Operation.RETIRE))
        assert await swap(store, resting, moved(resting, State.COOLING, cool_until=end))

    assert [request.cool_until for request in store.approvals.cooled_by(NOW)] == [NOW, None]
    assert len(store.approvals.cooled_by(NOW + timedelta(seconds=1))) == 3


@pytest.mark.parametrize("state", [State.RUNNING, State.DONE, State.FAILED, State.UNSURE])
async def test_what_is_to_be_reviewed(store: Store, state: State):
    """A broken glass is to be reviewed in whatever state its request is, until somebody has."""
    stored = await add(store, ASKED)
    broken = moved(stored, state, glass="it burns", glass_by="U4")
    assert await swap(store, stored, broken)
    assert store.approvals.unreviewed() == (broken,)

    assert await swap(store, broken, replace(broken, reviewed_by="U3", reviewed_at=NOW, version=3))
    assert store.approvals.unreviewed() == ()


async def test_how_many_sms_were_sent(store: Store):
    """SMS are counted by who sent them and by SIM since a moment; those that a person refused were not sent."""
    hour = timedelta(hours=1)
    for n in range(4):
        await add(store, another(n % 2, Operation.SMS, asked_at=NOW + n * hour, asked_by=f"U{n % 2}"))
    denied = await add(store, another(0, Operation.SMS, asked_at=NOW + 4 * hour, asked_by="U0"))
    assert await swap(store, denied, moved(denied, State.DENIED))
    await add(store, another(0, asked_at=NOW + 4 * hour, asked_by="U0"))

    def sent(since: datetime, *, by: str | None = None, n: int | None = None) -> int:
        giccid = None if n is None else f"{n:019}"
        return store.approvals.sent_since(since, operation=Operation.SMS, by=by, giccid=giccid)

    assert sent(NOW, by="U0") == sent(NOW, n=1) == 2
    assert sent(NOW + hour, by="U0") == 1
    assert sent(NOW + 2 * hour, by="U0") == 1
    assert sent(NOW + 3 * hour, by="U0") == sent(NOW, by="U9") == 0
    assert sent(NOW, by="U0", n=1) == 4


async def test_comments_are_kept_once(store: Store):
    """What is said under a card is kept in order and audited, each message once however often it comes."""
    stored = await add(store, ASKED)
    other = await add(store, another(2))
    said = (("U3", "<@U1> why? <!channel>", "2.2"), ("U1", "it's stolen", "1.1"), ("U3", "again", "2.2"))
    for by, text, ts in said:
        await store.approvals.comment(stored.id, by=by, text=text, ts=ts, now=NOW)
    await store.approvals.comment(other.id, by="U3", text="of another", ts="2.2", now=NOW)

    assert store.approvals.comments(stored.id) == (("U1", "it's stolen", NOW), ("U3", "<@U1> why? <!channel>", NOW))
    lines = [line.deed for line in store.audit.lines(subject=f"approval:{stored.id}")]
    assert [(deed.actor, deed.action, deed.detail.get("comment")) for deed in lines[1:]] == [
        ("U3", "commented", "<@U1> why? <!channel>"),
        ("U1", "commented", "it's stolen"),
    ]
    assert store.approvals.comments(99) == ()
    assert store.audit.verify() is None
