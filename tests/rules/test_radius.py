"""The blast radius counts every SIM once, by all that matters, and says what would be refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.orders import Order
from bot.rules.plans import Plan
from bot.rules.radius import cost, radius_of
from bot.rules.sims import Operation, Sim, Status

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SIM = Sim("8949212600000000142", Status.ACTIVE, "ACTIVATED", account="acme", plan="iot-10", country="DE")


def test_a_mixed_list():
    """States, plans, accounts and countries are counted; a SIM in session and one that would be refused are told."""
    sims = [
        replace(SIM, last_session_at=NOW - timedelta(hours=23)),
        replace(SIM, status=Status.SUSPENDED, last_session_at=NOW - timedelta(hours=25)),
        replace(SIM, plan=None, country=None, account="beta"),
    ]

    radius = radius_of(Order(Operation.SUSPEND), sims, now=NOW)

    assert (radius.count, radius.in_session) == (3, 1)
    assert radius.states == {"active": 2, "suspended": 1}
    assert radius.plans == {"iot-10": 2, "unknown": 1}
    assert radius.accounts == {"acme": 2, "beta": 1}
    assert radius.countries == {"DE": 2, "unknown": 1}
    assert radius.refused == {"This SIM is suspended already.": 1}


@given(plans=st.lists(st.sampled_from([f"plan-{n}" for n in range(12)]), max_size=60))
def test_no_sim_is_left_out_of_a_count(plans: list[str]):
    """However many different values there are, few are named and all are counted."""
    radius = radius_of(Order(Operation.SUSPEND), [replace(SIM, plan=p) for p in plans], now=NOW)

    assert sum(radius.plans.values()) == radius.count == len(plans)
    assert len(radius.plans) <= 6


def test_what_it_costs():
    """A price is multiplied exactly; where none is known, or nothing is bought, nothing is said."""
    plans = [Plan("boost", price=Decimal("0.10"), currency="EUR"), Plan("free")]
    boost = Order(Operation.ADDON, plan="boost")

    assert cost(boost, plans, count=1) == "0.10 EUR."
    assert cost(boost, plans, count=3000) == "0.10 EUR for each SIM, 300.00 EUR for 3,000."
    assert cost(Order(Operation.ADDON, plan="free"), plans, count=1) is None
    assert cost(Order(Operation.ADDON, plan="gone"), plans, count=1) is None
    assert cost(Order(Operation.SUSPEND), plans, count=1) is None
