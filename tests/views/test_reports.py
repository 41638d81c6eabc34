"""A report shows the fleet in a chart, a table and words, and says where there is nothing to compare with."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from bot.rules.reports import Line, Period, Report, Top
from bot.views import reports as view
from tests.views.drawn import COUNT, GICCID, MAYBE, NOW, TEXT, sound, words

FLEET_REPORT = Report(
    period=Period.WEEK, since=NOW.date(), until=NOW.date(), states={"active": 1200, "suspended": 3},
    accounts=(Line("acme", 3_000_000_000, 2_000_000_000, 9_000_000_000), Line("lab", 5, None, 7)),
    countries=(Line("DE", 3_000_000_000, None, 9_000_000_000),), top=(Top("Pump 7", GICCID, "acme", 800_000_000),),
    alerts={"quota": 12}, open_alerts=4, approvals={"done": 2, "denied": 1},
    pools=(("acme", "eu", "runs out about 2026-11-28"),),
)  # fmt: skip
MAYBE_COUNT = st.one_of(st.none(), COUNT)
LINES = st.lists(st.builds(Line, TEXT, MAYBE_COUNT, MAYBE_COUNT, COUNT), max_size=30)
COUNTED = st.dictionaries(TEXT, COUNT, max_size=15)
FLEET_REPORTS = st.builds(
    Report, period=st.sampled_from(list(Period)), since=st.just(NOW.date()), until=st.just(NOW.date()),
    states=COUNTED, accounts=LINES, countries=LINES,
    top=st.lists(st.builds(Top, TEXT, TEXT, MAYBE, COUNT), max_size=12), alerts=COUNTED, open_alerts=COUNT,
    approvals=COUNTED, pools=st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=5),
)  # fmt: skip


def test_what_a_report_says():
    """States, usage beside the time before, top users, pools, alerts and requests are all there."""
    said = view.report(FLEET_REPORT)

    for part in (
        "Report of the week", "1,200 active, 3 suspended", "DE 3.0 GB", "Pump 7 800.0 MB",
        "eu of acme: runs out about 2026-11-28", "raised: 12 quota; open now: 4", "2 done, 1 denied",
    ):  # fmt: skip
        assert part in words(said), part
    assert "acme: 3.0 GB" in said.text
    assert "Nothing is kept yet" not in words(said)
    sound(said)


def test_without_a_time_before():
    """Where nothing is kept of the time before, the report says so and shows the cycle."""
    said = view.report(replace(FLEET_REPORT, accounts=[Line("acme", None, None, 7_000_000)]))

    assert "Nothing is kept yet of the time before" in words(said)
    assert "acme: 7.0 MB" in said.text
