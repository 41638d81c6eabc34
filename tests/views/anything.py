"""Anything that can be drawn, with the worst that others can put into it."""

from __future__ import annotations

from hypothesis import strategies as st

from bot.rules.accounts import Account, Charge, Country, Enterprise
from bot.rules.events import Event
from bot.rules.history import history
from bot.rules.job_sims import Part
from bot.rules.jobs import Stage
from bot.rules.kinds import Kind as SimKind
from bot.rules.naming import Named, NumberKind
from bot.rules.numbers import Number
from bot.rules.people import Person, Role
from bot.rules.plans import Plan, PlanKind
from bot.rules.policies import Facts, Policy, When
from bot.rules.quorum import Delegation
from bot.rules.runs import Standing
from bot.rules.searches import Cursor, Found
from bot.rules.sims import Operation
from bot.rules.snapshot import Listed
from bot.views import (
    home,
    naming,
    sims,
    status,
)
from bot.views.parts import Units
from tests.asked import ORDERS
from tests.views.drawn import COUNT, IDS, MAYBE, NOW, TEXT, TIMES, few, maybe
from tests.views.requests import PEOPLE, REQUESTS
from tests.views.test_accounts import MEMBER
from tests.views.test_alerts import ALERTS
from tests.views.test_events import PUSHES
from tests.views.test_history import CHANGES
from tests.views.test_protecting import SHIELDS
from tests.views.test_sims import SIMS

UNITS = st.builds(Units, st.booleans(), st.booleans())
PERSONS = st.builds(Person, st.just("U1"), st.sampled_from(list(Role)))
ACCOUNTS = st.builds(
    Account, TEXT, maybe(st.sampled_from(list(Charge))), MAYBE, MAYBE, MAYBE, MAYBE, few(TEXT).map(tuple),
    few(TEXT).map(tuple),
)  # fmt: skip
ENTERPRISES = st.builds(Enterprise, MAYBE, few(MEMBER, times=(1, 50)).map(tuple))
FAILURES = few(st.tuples(TEXT, TEXT))
COUNTRIES = few(st.builds(Country, TEXT, maybe(COUNT), maybe(COUNT)), times=(1, 50))
PLANS = few(
    st.builds(
        Plan, TEXT, maybe(st.sampled_from(list(PlanKind))), kind_word=MAYBE, charge_word=MAYBE, data_bytes=maybe(COUNT),
        sms_count=maybe(COUNT), validity_days=maybe(COUNT), price=maybe(st.decimals(0, 10**30)), currency=MAYBE,
    ),
    times=(1, 50),
)  # fmt: skip
EVENTS = st.builds(
    Event, id=IDS, push=PUSHES, received_at=TIMES, label=MAYBE, repeats=st.integers(0, 2**31), last_at=maybe(TIMES),
    other_body=maybe(st.binary(max_size=50)),
)  # fmt: skip
DELEGATIONS = st.builds(Delegation, st.just("U1"), st.sampled_from(["U2", "U3"]), TIMES)
LISTED = st.builds(Listed, IDS, SIMS, TEXT, TIMES)
KINDS = st.just(frozenset({NumberKind.IMEI}))
NAMED = st.builds(Named, TEXT, TEXT, maybe(st.just("8949")), few(TEXT).map(tuple), KINDS)

NUMBERS = st.builds(Number, TEXT, st.just((NumberKind.ICCID,)), st.booleans())
SNAPSHOTS = st.builds(naming.Snapshot, COUNT, maybe(TIMES), st.just(NOW))
PARTS = st.builds(
    Part, IDS, IDS, st.sampled_from(list(ORDERS.values())), st.just("U1"), st.sampled_from(list(Stage)), MAYBE, MAYBE,
    TIMES,
)  # fmt: skip
HISTORIES = st.builds(
    lambda *told, missing: history(*told, missing=missing), few(CHANGES), few(REQUESTS), few(PARTS), few(EVENTS),
    few(ALERTS),
    missing=few(TEXT, times=(1,)),
)  # fmt: skip
PAGES = few(LISTED, least=1, times=(1, 5))
FOUND = st.builds(
    Found, PAGES.map(tuple), st.sampled_from([None, Cursor(1, 7)]), COUNT, st.booleans(), maybe(COUNT), maybe(TIMES),
    maybe(TIMES),
)  # fmt: skip
SEEN = st.builds(
    sims.Seen,
    id=maybe(IDS),
    label=TEXT,
    by=PERSONS,
    read_at=TIMES,
    now=st.just(NOW),
    asked=maybe(NAMED),
    request=maybe(REQUESTS),
    alerts=few(ALERTS),
    problem=MAYBE,
    units=UNITS,
    shield=maybe(SHIELDS),
)
ASKED = few(REQUESTS, times=(1, 9))
HOMES = st.builds(
    home.Facts, decides=st.booleans(), waiting=ASKED, waiting_count=COUNT, mine=ASKED, under_way=ASKED,
    under_way_count=COUNT, alerts=few(ALERTS, times=(1, 9)), alerts_count=COUNT, smarthub=TEXT, troubles=few(TEXT),
)  # fmt: skip
HEALTHS = st.builds(
    status.Health, TEXT, COUNT, maybe(TIMES), maybe(TIMES), COUNT, COUNT,
    st.dictionaries(TEXT, st.builds(Standing, maybe(TIMES), MAYBE, maybe(TIMES)), max_size=5), few(TEXT, times=(1, 2)),
)  # fmt: skip
POLICY = st.builds(
    Policy, TEXT, st.builds(When, accounts=few(TEXT).map(tuple), plans=few(TEXT).map(tuple)), st.booleans(),
    st.integers(1, 9), few(st.sampled_from(PEOPLE)).map(tuple), few(st.just(("S1", "U2"))).map(tuple), st.booleans(),
    st.booleans(), MAYBE, MAYBE, escalate_to=few(st.sampled_from(PEOPLE)).map(tuple),
    notify=few(st.sampled_from(PEOPLE)).map(tuple),
)  # fmt: skip
QUESTIONS = st.builds(
    Facts, st.sampled_from(list(Operation)), COUNT, st.frozensets(st.builds(SimKind, MAYBE, MAYBE), max_size=3), TIMES
)
