"""A report shows the fleet in a chart, a table and words, and says where there is nothing to compare with."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from bot.rules.money import AtRisk, Group, Stake
from bot.rules.plans import Plan
from bot.rules.reports import Line, Period, Report, Top
from bot.views import reports as view
from tests.views.drawn import COUNT, GICCID, MAYBE, NOW, TEXT, sound, words

FLEET_REPORT = Report(
    period=Period.WEEK, since=NOW.date(), until=NOW.date(), states={"active": 1200, "suspended": 3},
    accounts=(Line("acme", 3_000_000_000, 2_000_000_000, 9_000_000_000), Line("lab", 5, None, 7)),
    countries=(Line("DE", 3_000_000_000, None, 9_000_000_000),), top=(Top("Pump 7", GICCID, "acme", 800_000_000),),
    alerts={"quota": 12}, open_alerts=4, approvals={"done": 2, "denied": 1},
    pools=(("acme", "eu", "runs out about 2026-11-28"),),
    money=AtRisk(
        NOW, idle=(Stake(Group("acme", "iot-100", 12), Plan("iot-100", price=Decimal("1.50"), currency="EUR")),),
        ending=(Stake(Group("lab", "trial", 3), None),),
    ),
)  # fmt: skip
MAYBE_COUNT = st.one_of(st.none(), COUNT)
LINES = st.lists(st.builds(Line, TEXT, MAYBE_COUNT, MAYBE_COUNT, COUNT), max_size=30)
COUNTED = st.dictionaries(TEXT, COUNT, max_size=15)
PRICES = st.one_of(st.none(), st.decimals(allow_nan=False, allow_infinity=False, places=2))
STAKES = st.lists(
    st.builds(
        Stake, st.builds(Group, TEXT, TEXT, COUNT),
        st.one_of(st.none(), st.builds(Plan, TEXT, price=PRICES, currency=MAYBE)),
    ),
    max_size=5,
)  # fmt: skip
FLEET_REPORTS = st.builds(
    Report, period=st.sampled_from(list(Period)), since=st.just(NOW.date()), until=st.just(NOW.date()),
    states=COUNTED, accounts=LINES, countries=LINES,
    top=st.lists(st.builds(Top, TEXT, TEXT, MAYBE, COUNT), max_size=12), alerts=COUNTED, open_alerts=COUNT,
    approvals=COUNTED, pools=st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=5),
    money=st.one_of(st.none(), st.builds(AtRisk, st.just(NOW), STAKES, STAKES)),
)  # fmt: skip


def test_what_a_report_says():
    """States, usage beside the time before, top users, pools, alerts and requests are all there."""
    said = view.report(FLEET_REPORT)

    for part in (
        "Report of the week", "1,200 active, 3 suspended", "DE 3.0 GB", "Country", "Pump 7 800.0 MB",
        "eu of acme: runs out about 2026-11-28", "raised: 12 quota; open now: 4", "2 done, 1 denied",
        "Money at risk   paid for and idle: 18.00 EUR for 12 SIMs.",
        "Money at risk   switched off by 2026-11-22, when their plan ends: 3 SIMs; no price is known.",
        "Money at risk is the price of the rate plans of active SIMs",
    ):  # fmt: skip
        assert part in words(said), part
    assert "acme: 3.0 GB" in said.text
    assert "Nothing is kept yet" not in words(said)
    sound(said)


def test_countries_beside_the_time_before():
    """What a country used before stands beside it, in words and in its table, as for accounts."""
    said = view.report(replace(FLEET_REPORT, countries=[Line("DE", 5_000_000, 3_000_000, 9_000_000)]))

    assert "DE 5.0 MB (3.0 MB before)" in said.text
    for blocks in (said.blocks, said.plain or ()):
        assert "3.0 MB" in str(blocks[2:]), "in a table"


def test_without_money_at_risk():
    """Where nothing is at risk nothing is said of money."""
    for money in (None, AtRisk(NOW)):
        assert "oney" not in words(view.report(replace(FLEET_REPORT, money=money)))


def test_the_file_of_a_report():
    """Each line of the file has all its columns; money stands in it by account and plan, exactly."""
    rows = view.sheet(FLEET_REPORT)

    assert {len(row) for row in rows} == {len(view.SHEET)}
    assert ("paid for and idle", "iot-100", 12, "", "", "", "18.00", "EUR", "acme") in rows
    assert ("switched off at its end", "trial", 3, "", "", "", "unknown", "", "lab") in rows
    assert ("pool", "eu", "", "", "", "", "", "", "acme: runs out about 2026-11-28") in rows


def test_without_a_time_before():
    """Where nothing is kept of the time before, the report says so and shows the cycle."""
    said = view.report(replace(FLEET_REPORT, accounts=[Line("acme", None, None, 7_000_000)]))

    assert "Nothing is kept yet of the time before" in words(said)
    assert "acme: 7.0 MB" in said.text
