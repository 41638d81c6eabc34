"""A SIM is left alone only for as long as a look at the same row could find nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.rules.alert_rules import Rule, Scope, judge, usual
from bot.rules.alerts import About, Kind
from bot.rules.calm import ALWAYS, calm_until, mark_of, salt_of
from bot.rules.sims import Addon, Sim, Status

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
SIM = Sim(
    giccid="8949212600000000142", status=Status.ACTIVE, status_word="ACTIVATED", cycle="2026-11", plan="iot-100",
    account="acme", country="DE", usage_bytes=0, quota_bytes=100, activated_at=NOW - 100 * DAY,
    last_session_at=NOW - 10 * DAY, plan_expires_at=NOW + 40 * DAY,
)  # fmt: skip

MOMENTS = st.none() | st.integers(-400 * 24, 400 * 24).map(lambda hours: NOW + timedelta(hours=hours))
SIMS = st.builds(
    replace,
    st.just(SIM),
    status=st.none() | st.sampled_from(Status),
    plan_expires_at=MOMENTS,
    activated_at=MOMENTS,
    last_session_at=MOMENTS,
    usage_bytes=st.sampled_from((None, 0, 1, 79, 80, 100, 200)),
    quota_bytes=st.sampled_from((None, 0, 100)),
    plan=st.sampled_from((None, "iot-100", "iot-1")),
    country=st.sampled_from((None, "DE", "FR")),
    account=st.sampled_from((None, "acme", "Acme", "other")),
    addons=st.lists(st.builds(Addon, st.sampled_from(("a", "b")), expires_at=MOMENTS), max_size=2).map(tuple),
)
LIMITS = st.lists(st.integers(1, 365), min_size=1, max_size=3, unique=True).map(lambda days: tuple(sorted(days)))
SCOPES = st.builds(Scope, accounts=st.sampled_from(((), ("acme",))), plans=st.sampled_from(((), ("iot-1",))))
RULES = st.builds(
    Rule, st.just("r"), st.sampled_from(Kind), LIMITS, allowed=st.sampled_from(((), ("DE", "iot-100"))), scope=SCOPES
)


@given(SIMS, st.lists(RULES, max_size=3), st.integers(0, 500 * 24), st.integers(0, 48))
def test_nothing_is_missed(sim: Sim, rules: list[Rule], hours: int, before: int):
    """Whatever the rules: at any time until then the same row has nothing to be found, nor when the clock is set
    back."""
    assume(not judge(sim, rules, label="x", now=NOW))
    until = calm_until(sim, rules, now=NOW)
    if until is None:
        return

    for at in (NOW + timedelta(hours=hours), NOW - timedelta(hours=before), until - timedelta(microseconds=1)):
        if at < until:
            assert judge(sim, rules, label="x", now=at) == ()


@pytest.mark.parametrize(
    ("rule", "until"),
    [
        (Rule("r", Kind.EXPIRY, (3, 30)), NOW + 10 * DAY),
        (Rule("r", Kind.SILENT, (14, 30)), NOW + 4 * DAY),
        (Rule("r", Kind.IDLE, (12,)), NOW + 2 * DAY),
        (Rule("r", Kind.QUOTA, (80,)), ALWAYS),
        (Rule("r", Kind.BYTES, (80,)), ALWAYS),
        (Rule("r", Kind.COUNTRY, allowed=("DE",)), ALWAYS),
        (Rule("r", Kind.PLAN, allowed=("iot-100",)), ALWAYS),
        (Rule("r", Kind.TWIN), ALWAYS),
        (Rule("r", Kind.QUOTA, (80,), About.POOL), ALWAYS),
        (Rule("r", Kind.SPIKE, (3,)), None),
        (Rule("r", Kind.RUN_OUT, (3,)), None),
        (Rule("r", Kind.SPIKE, (3,), scope=Scope(accounts=("other",))), ALWAYS),
    ],
)
def test_until_when(rule: Rule, until: datetime | None):
    """Until the first limit of each kind is reached, and not longer; nothing is said where more than the row counts."""
    assert calm_until(SIM, [rule], now=NOW) == until
    assert calm_until(replace(SIM, status=Status.RETIRED), [rule], now=NOW) == ALWAYS
    if until not in (None, ALWAYS):
        assert judge(SIM, [rule], label="x", now=until)


def test_the_first_of_several_counts():
    """Of several rules the one that may find something first; the usual ones are among them."""
    silent = Rule("r", Kind.SILENT, (11,))

    assert calm_until(SIM, [*usual((80,), (30, 3)), silent], now=NOW) == NOW + 1 * DAY
    assert calm_until(SIM, (), now=NOW) == ALWAYS


def test_marks():
    """Another row, or other rules, make another mark; it fits the store's integers."""
    row, salt = b'{"giccid": "1"}', salt_of("1.0", usual((80,)))

    assert mark_of(row, salt) == mark_of(row, salt_of("1.0", usual((80,))))
    assert len({mark_of(row, salt), mark_of(row + b" ", salt), mark_of(row, salt_of("1.0", usual((81,))))}) == 3
    assert all(0 <= mark_of(bytes([n]), salt) < 2**63 for n in range(100))
