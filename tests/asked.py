"""A request for a change as tests start from it: one factory, so that every floor speaks of the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.rules.approvals import Approval
from bot.rules.orders import Before, Order
from bot.rules.policies import Policy
from bot.rules.quorum import Vote
from bot.rules.radius import Radius
from bot.rules.sims import Apn, Operation

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
GICCID = "8949212600000000142"
# One for each change, with all that it takes.
ORDERS: Mapping[Operation, Order] = {
    **{change: Order(change) for change in (Operation.ACTIVATE, Operation.SUSPEND, Operation.RETIRE)},
    Operation.PLAN: Order(Operation.PLAN, plan="iot-500"),
    Operation.ADDON: Order(Operation.ADDON, plan="addon-100"),
    Operation.APN: Order(Operation.APN, apn="corp", enabled=True),
    Operation.SET: Order(Operation.SET, custom=((1, "Pump 8"), (4, ""))),
    Operation.SMS: Order(Operation.SMS, text="reboot", coding=0, validity=255),
}
BEFORE = Before(
    "active", "iot-100", (Apn("iot.smarthub", True), Apn("corp", False)), ("Pump 7", *[None] * 4), ("roam",)
)
RADIUS = Radius(
    200,
    states={"active": 150, "suspended": 50},
    plans={"iot-100": 200},
    accounts={"acme": 200},
    countries={"DE": 120, "FR": 80},
    in_session=42,
    refused={"This SIM is suspended already.": 50},
    cost="1.50 EUR for each SIM, 300.00 EUR for 200.",
)


def asked(change: Operation = Operation.SUSPEND, **fields: object) -> Approval:
    """A request for this change of Pump 7 that waits for one approver, but for these fields."""
    made = Approval(
        id=12,
        order=ORDERS[change],
        giccid=GICCID,
        label="Pump 7",
        account="acme",
        before=BEFORE,
        reason="stolen",
        asked_by="U1",
        asked_in="C1",
        asked_at=NOW,
        lapses_at=NOW + timedelta(hours=8),
        policy=Policy("one"),
        stage=change,
        needs="0 of 1; still one of <@U2>",
    )
    return replace(made, **fields)  # type: ignore[arg-type] - each test names fields as they are


def asked_for_many(change: Operation = Operation.SUSPEND, **fields: object) -> Approval:
    """The same for a list of two hundred SIMs."""
    listed = {"giccid": None, "label": "200 SIMs", "count": 200, "digest": "5f" * 32, "radius": RADIUS}
    return asked(change, **listed | fields)


def approved(change: Operation = Operation.SUSPEND, **fields: object) -> Approval:
    """The same after an approver said yes; in which state it is since then, the test says."""
    decided = {"votes": (Vote("U2", NOW),), "needs": "", "decided_by": "U2", "decided_at": NOW, "version": 2}
    return asked(change, **decided | fields)
