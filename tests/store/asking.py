"""Requests in the store, asked for and moved on as the flows do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.rules.approvals import Approval, State
from bot.rules.audit import Deed
from bot.rules.outbox import Card, Outgoing
from bot.rules.sims import Operation
from bot.store import Store
from tests.asked import ORDERS, asked

NOW = datetime(2026, 11, 22, 9, 30, 0, 123_456, tzinfo=UTC)
ASKED = asked(
    id=0, label="Pump 7 <!channel>", account="xxxxx账户", reason='it\'s "stolen"; DROP TABLE approvals', asked_at=NOW,
    lapses_at=NOW + timedelta(hours=8),
)  # fmt: skip
DEED = Deed("U2", "approved", "approval:1", {"why": None})


def another(n: int, change: Operation = Operation.SUSPEND, **fields: object) -> Approval:
    """A request for another SIM."""
    return replace(ASKED, order=ORDERS[change], stage=change, giccid=f"{n:019}", **fields)  # type: ignore[arg-type] - each test names fields as they are


def written(store: Store) -> tuple[int, int]:
    """How many audit lines and how many messages there are."""
    return len(list(store.audit.lines())), store.outbox.depth()


async def add(store: Store, request: Approval, *, card_in: str = "C9") -> Approval:
    """The request as it is stored, with its audit line and its card."""
    detail = {"operation": request.operation.value, "giccid": request.giccid, "reason": request.reason}
    deed = Deed(request.asked_by, "asked", "approval", detail)
    return await store.approvals.add(
        request, deed=deed, messages=lambda stored: [Card(f"approval:{stored.id}", card_in)]
    )


def moved(request: Approval, state: State, **fields: object) -> Approval:
    """The request one version on."""
    return replace(request, state=state, version=request.version + 1, **fields)  # type: ignore[arg-type] - each test names fields as they are


async def swap(
    store: Store, old: Approval, new: Approval, *, deed: Deed | None = DEED, messages: tuple[Outgoing, ...] = ()
) -> bool:
    """Whether the new one took the place of the old one, now."""
    return await store.approvals.swap(old, new, deed=deed, messages=messages, now=NOW)
