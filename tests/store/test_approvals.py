"""Of all who move a request only one does, and with it go its audit line and its messages, or none of them."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings

from bot.errors import NotFound
from bot.rules.approvals import Approval, State
from bot.rules.audit import Deed
from bot.rules.hours import Hours
from bot.rules.outbox import Card, Note
from bot.rules.policies import Policy, When
from bot.rules.quorum import Vote
from bot.rules.sims import Operation
from bot.store import Store
from bot.store.outbox import Place
from tests.asked import BEFORE, RADIUS
from tests.store.asking import ASKED, DEED, NOW, add, another, moved, swap, written
from tests.views.requests import REQUESTS

EVERYTHING = Policy(
    "all of it",
    When(
        (Operation.SUSPEND,), (2, None), ("acme",), ("iot-100",), ((2, ("prod", "生产")),), ("production",),
        Hours((0, 4), 480, 1080, "Europe/Berlin", outside=True),
    ),
    quorum=3, approvers=("U2",), one_from_each=(("S1",), ("S2", "U3")), requester_counts=True, reason_required=True,
    reason_pattern="OPS-[0-9]+", reason_hint="a ticket", lives_for=timedelta(hours=2, microseconds=5),
    remind_after=timedelta(minutes=5), escalate_after=timedelta(hours=1), escalate_to=("S3",), notify=("C1", "U5"),
    cooling_off=timedelta(days=2), also=(Policy("beside it", approval=False),),
)  # fmt: skip
FULL = {
    "policy": EVERYTHING, "before": BEFORE, "stage": Operation.RETIRE, "count": 200, "digest": "5f" * 32,
    "radius": RADIUS, "undo_of": 3, "votes": (Vote("U2", NOW), Vote("U3", NOW)), "needs": "2 of 3; still one of <@U4>",
    "drift": ("The state was “a” and is “b”.",), "decided_by": "U2", "decided_at": NOW, "why": "because",
    "cool_until": NOW + timedelta(days=1), "accepted": True, "outcome": "lost", "refused": True, "unsure_since": NOW,
    "next_look_at": NOW + timedelta(minutes=5), "ended_at": NOW, "glass": "it burns", "reviewed_by": "U3",
    "reviewed_at": NOW, "review": "fine", "reminded": 4, "escalated": True, "glass_by": "U4", "list": 9,
    "taken_as": "sms-000001",
}  # fmt: skip


# --- what comes back ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", list(Operation))
async def test_a_request_comes_back_as_it_was_stored(store: Store, change: Operation):
    """Every field survives the disk, the empty ones and the full ones, with times in UTC to the microsecond."""
    stored = await add(store, another(1, change))
    assert stored == replace(another(1, change), id=stored.id)
    assert store.approvals.get(stored.id) == stored

    full = moved(stored, State.UNSURE, **FULL)
    assert await swap(store, stored, full)
    assert store.approvals.get(stored.id) == full


def test_no_field_was_left_out():
    """The full request above has a value of its own in each field that may be empty."""
    full = moved(replace(ASKED, id=7), State.UNSURE, **FULL)

    assert [field.name for field in fields(Approval) if getattr(full, field.name) in (None, (), "", False)] == []


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(request_=REQUESTS)
def test_any_request_comes_back(store: Store, request_: Approval):
    """Whatever stands in a request, it is the same when it is read again."""
    assume("\\ud8" not in ascii(request_))  # half a character is no text
    ended = replace(request_, giccid=None, undo_of=None, count=min(request_.count, 2**63 - 1))

    async def there_and_back() -> Approval:
        return store.approvals.get((await add(store, ended)).id)

    back = asyncio.run(there_and_back())

    assert back == replace(ended, id=back.id)


async def test_with_a_request_go_its_audit_line_and_its_card(store: Store):
    """Asking writes who asked what and why, and puts the card into the outbox of the approvers' channel."""
    stored = await add(store, ASKED, card_in="C9")
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


async def test_a_request_whose_messages_cannot_be_made_is_none(store: Store):
    """When what is to be said of it breaks, nothing of the request is stored."""

    def breaks(_: Approval) -> list[Card]:
        raise RuntimeError("no words")

    with pytest.raises(RuntimeError):
        await store.approvals.add(ASKED, deed=DEED, messages=breaks)
    assert store.approvals.waiting() == ()
    assert written(store) == (0, 0)


def test_a_request_that_is_not_there(store: Store):
    """A number nobody was given is told in words."""
    with pytest.raises(NotFound, match="There is no request #7 here"):
        store.approvals.get(7)


# --- one of many -------------------------------------------------------------------------------------------------


async def test_of_fifty_at_once_one_wins(store: Store):
    """However many move the same request at once, one does, with one audit line and one card, and the rest nothing."""
    stored = await add(store, ASKED, card_in="C9")
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
        stored = await add(store, another(n))
        steps = (State.RUNNING, State.DENIED, State.WITHDRAWN, State.LAPSED)
        deeds = [Deed("U2", state, f"approval:{stored.id}") for state in steps]
        results = await asyncio.gather(
            *(swap(store, stored, moved(stored, s), deed=d) for s, d in zip(steps, deeds, strict=True))
        )

        assert results.count(True) == 1
        assert store.approvals.get(stored.id).state is steps[results.index(True)]
        told = [line.deed.action for line in store.audit.lines(subject=f"approval:{stored.id}")]
        assert told == ["asked", steps[results.index(True)]]


async def test_votes_at_once_are_each_counted(store: Store):
    """Of two who say yes to the same version one is stored; the other, looking again, comes on top of it."""
    stored = await add(store, replace(ASKED, policy=EVERYTHING))
    first, second = (replace(stored, votes=(Vote(user, NOW),), version=stored.version + 1) for user in ("U2", "U3"))
    results = await asyncio.gather(swap(store, stored, first), swap(store, stored, second))
    now = store.approvals.get(stored.id)
    other = "U3" if results[0] else "U2"

    assert results.count(True) == 1
    assert await swap(store, now, replace(now, votes=(*now.votes, Vote(other, NOW)), version=now.version + 1))
    assert {vote.by for vote in store.approvals.get(stored.id).votes} == {"U2", "U3"}


@pytest.mark.parametrize("stale", ["version", "state", "gone"])
async def test_a_stale_swap_writes_nothing(store: Store, stale: str):
    """Who starts from what is no longer there changes nothing, audits nothing and announces nothing."""
    stored = await add(store, ASKED)
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
    stored = await add(store, ASKED)
    before = written(store)
    broken = Deed("U2", "approved", "approval:1", {"why": object()})  # type: ignore[dict-item] - it has to break

    with pytest.raises(TypeError):
        await swap(store, stored, moved(stored, State.RUNNING), deed=broken, messages=(Note("C9", "hello"),))
    assert store.approvals.get(stored.id) == stored
    assert written(store) == before
