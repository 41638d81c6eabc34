"""Of all who move a request only one does, and with it go its audit line and its messages, or none of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import NotFound, NotPossible
from bot.rules.approvals import Approval, State
from bot.rules.audit import Deed
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.sims import Operation, Status
from bot.store import Store
from bot.store.outbox import Place

NOW = datetime(2026, 11, 22, 9, 30, 0, 123_456, tzinfo=UTC)
ASKED = Approval(
    id=0,
    operation=Operation.SUSPEND,
    giccid="8949212600000000142",
    label="Pump 7 <!channel>",
    account="xxxxx账户",
    status_before=Status.ACTIVE,
    reason='it\'s "stolen"; DROP TABLE approvals',
    asked_by="U1",
    asked_in="C1",
    asked_at=NOW,
    lapses_at=NOW + timedelta(hours=8),
)
DEED = Deed("U2", "approved", "approval:1", {"why": None})


def asked(n: int, **fields: object) -> Approval:
    """A request for another SIM."""
    return replace(ASKED, giccid=f"{n:019}", **fields)  # type: ignore[arg-type] - each test names fields as they are


def moved(approval: Approval, state: State, **fields: object) -> Approval:
    """The request one version on."""
    return replace(approval, state=state, version=approval.version + 1, **fields)  # type: ignore[arg-type] - as above


async def swap(
    store: Store, old: Approval, new: Approval, *, deed: Deed | None = DEED, messages: tuple[Outgoing, ...] = ()
) -> bool:
    """The swap, now."""
    return await store.approvals.swap(old, new, deed=deed, messages=messages, now=NOW)


def written(store: Store) -> tuple[int, int]:
    """How many audit lines and how many messages there are."""
    return len(list(store.audit.lines())), store.outbox.depth()


async def test_a_request_comes_back_as_it_was_stored(store: Store):
    """Every field survives the disk, the empty ones and the full ones, with times in UTC to the microsecond."""
    stored = await store.approvals.add(ASKED, card_in="C9")
    assert stored == replace(ASKED, id=stored.id)
    assert store.approvals.get(stored.id) == stored

    full = moved(
        stored,
        State.UNSURE,
        decided_by="U2",
        decided_at=NOW,
        why="because",
        outcome="lost",
        unsure_since=NOW,
        next_look_at=NOW + timedelta(minutes=5),
        ended_at=NOW,
    )
    assert await swap(store, stored, full)
    assert store.approvals.get(stored.id) == full


async def test_with_a_request_go_its_audit_line_and_its_card(store: Store):
    """Asking writes who asked what and why, and puts the card into the outbox of the approvers' channel."""
    stored = await store.approvals.add(ASKED, card_in="C9")
    [line] = store.audit.lines()
    [head] = store.outbox.heads()

    assert line.deed == Deed(
        "U1",
        "asked",
        f"approval:{stored.id}",
        {"operation": "suspend", "giccid": ASKED.giccid, "reason": ASKED.reason},
    )
    assert line.at == NOW
    assert head.what == Card(f"approval:{stored.id}", "C9")


def test_a_request_that_is_not_there(store: Store):
    """A number nobody was given is told in words."""
    with pytest.raises(NotFound, match="There is no request #7 here"):
        store.approvals.get(7)


async def test_of_fifty_at_once_one_wins(store: Store):
    """However many move the same request at once, one does, with one audit line and one card, and the rest nothing."""
    stored = await store.approvals.add(ASKED, card_in="C9")
    await store.outbox.sent(store.outbox.heads()[0], Place("C9", "1.1"), now=NOW)
    before = written(store)

    results = await asyncio.gather(
        *(
            swap(
                store,
                stored,
                moved(stored, State.RUNNING, decided_by=f"U{n}", decided_at=NOW),
                deed=replace(DEED, actor=f"U{n}"),
                messages=(Card("approval:1", "C9"), Note("C9", f"U{n}")),
            )
            for n in range(50)
        )
    )

    assert results.count(True) == 1
    assert results.count(False) == 49
    winner = store.approvals.get(stored.id).decided_by
    assert winner == f"U{results.index(True)}"
    assert list(store.audit.lines())[-1].deed.actor == winner
    assert written(store) == (before[0] + 1, before[1] + 2)


async def test_different_steps_at_once(store: Store):
    """Approve, deny, withdraw and lapse at the same moment: one of them, and the audit tells which."""
    for n in range(10):
        stored = await store.approvals.add(asked(n), card_in="C9")
        steps = (State.RUNNING, State.DENIED, State.WITHDRAWN, State.LAPSED)
        deeds = [Deed("U2", state, f"approval:{stored.id}") for state in steps]
        results = await asyncio.gather(
            *(swap(store, stored, moved(stored, s), deed=d) for s, d in zip(steps, deeds, strict=True))
        )

        assert results.count(True) == 1
        assert store.approvals.get(stored.id).state is steps[results.index(True)]
        told = [line.deed.action for line in store.audit.lines(subject=f"approval:{stored.id}")]
        assert told == ["asked", steps[results.index(True)]]


@pytest.mark.parametrize("stale", ["version", "state", "gone"])
async def test_a_stale_swap_writes_nothing(store: Store, stale: str):
    """Who starts from what is no longer there changes nothing, audits nothing and announces nothing."""
    stored = await store.approvals.add(ASKED, card_in="C9")
    before = written(store)
    old = {
        "version": replace(stored, version=0),
        "state": replace(stored, state=State.RUNNING),
        "gone": replace(stored, id=99),
    }[stale]

    assert not await swap(store, old, moved(old, State.RUNNING), messages=(Note("C9", "hello"),))
    assert store.approvals.get(stored.id) == stored
    assert written(store) == before


async def test_a_swap_whose_audit_cannot_be_written_is_no_swap(store: Store):
    """Step, audit line and messages stand or fall together."""
    stored = await store.approvals.add(ASKED, card_in="C9")
    before = written(store)
    broken = Deed("U2", "approved", "approval:1", {"why": object()})  # type: ignore[dict-item] - it has to break

    with pytest.raises(TypeError):
        await swap(store, stored, moved(stored, State.RUNNING), deed=broken, messages=(Note("C9", "hello"),))
    assert store.approvals.get(stored.id) == stored
    assert written(store) == before


async def test_one_open_change_for_each_sim(store: Store):
    """Of many who ask for the same SIM at once one is heard; the others hear which request is open."""
    results = await asyncio.gather(
        *(store.approvals.add(replace(ASKED, asked_by=f"U{n}"), card_in="C9") for n in range(20)),
        return_exceptions=True,
    )
    stored = [r for r in results if isinstance(r, Approval)]
    refused = [str(r) for r in results if isinstance(r, NotPossible)]

    assert len(stored) == 1
    assert refused == [
        f"Request #{stored[0].id} (suspend, pending) for this SIM is still open. Decide or withdraw that one first."
    ] * 19  # fmt: skip
    assert written(store) == (1, 1)


@pytest.mark.parametrize("state", list(State))
async def test_when_a_sim_is_free_again(store: Store, state: State):
    """Pending, running and unsure keep a SIM; every end lets go of it."""
    stored = await store.approvals.add(ASKED, card_in="C9")
    last = replace(stored, state=state, version=2)
    assert await swap(store, stored, last)

    if last.open:
        with pytest.raises(NotPossible, match=f"suspend, {state}"):
            await store.approvals.add(ASKED, card_in="C9")
    else:
        assert (await store.approvals.add(ASKED, card_in="C9")).id == stored.id + 1


async def test_numbers_are_never_used_twice(store: Store):
    """A request's number is in people's messages; a later one never gets it."""
    first = await store.approvals.add(asked(1), card_in="C9")
    await store.disk.write(lambda db: db.execute("DELETE FROM approvals").rowcount)

    assert (await store.approvals.add(asked(2), card_in="C9")).id == first.id + 1


async def test_what_is_looked_up(store: Store):
    """Waiting, running, unsure, lapsed and mine: each list holds what it says, the oldest first."""
    stored = [
        await store.approvals.add(asked(n, asked_by=f"U{n % 2}", lapses_at=NOW + timedelta(hours=n)), card_in="C9")
        for n in range(8)
    ]
    for at, state in ((1, State.RUNNING), (2, State.UNSURE), (3, State.DONE), (4, State.DENIED)):
        assert await swap(store, stored[at], moved(stored[at], state))

    def ids(found: tuple[Approval, ...]) -> list[int]:
        return [stored.index(next(s for s in stored if s.id == a.id)) for a in found]

    look = store.approvals
    assert ids(look.waiting()) == [0, 5, 6, 7]
    assert ids(look.waiting(limit=2)) == [0, 5]
    assert look.count(State.PENDING) == 4
    assert ids(look.running()) == [1]
    assert ids(look.unsure()) == [2]
    assert ids(look.asked_by("U0")) == [0, 2, 6]
    assert ids(look.asked_by("U0", limit=1)) == [0]
    assert ids(look.asked_by("U9")) == []
    assert ids(look.lapsed_by(NOW - timedelta(microseconds=1))) == []
    assert ids(look.lapsed_by(NOW)) == [0]
    assert ids(look.lapsed_by(NOW + timedelta(hours=6))) == [0, 5, 6]
