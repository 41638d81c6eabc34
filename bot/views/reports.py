"""A report on the fleet: states, usage by account and country, top users, pools, alerts and requests of a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.rules.reports import Line, Period, Report
from bot.views.charts import CATEGORIES, bars, measure, text_bars
from bot.views.parts import (
    DECIMAL,
    Block,
    Message,
    Units,
    bold,
    escape,
    flat,
    header,
    lines,
    name,
    size,
    spans,
    whole_lines,
)
from bot.views.tables import Amount, Cell, Column, table, text_table

ROWS, LISTED = 20, 10
TITLES: Mapping[Period, str] = {
    Period.DAY: "Report of the day", Period.WEEK: "Report of the week", Period.CYCLE: "Report of the cycle",
}  # fmt: skip
SHEET = ("what", "name", "number", "used in the period, bytes", "in the one before, bytes", "in the cycle, bytes")


def report(made: Report, *, units: Units = DECIMAL) -> Message:
    """The report, with a chart and a table of the accounts."""
    title = f"{TITLES[made.period]}, to {made.until}"
    known = any(line.now is not None for line in made.accounts)
    rows = [
        spans(bold("SIMs"), f"  {_counted(made.states)}"),
        spans(bold("Countries"), f"  {_usage(made.countries, units)}"),
        spans(bold("Top users"), f"  {_top(made, units)}"),
        *[spans(bold("Pool"), f"  {name(pool)} of {name(account)}: {said}") for account, pool, said in made.pools],
        spans(bold("Alerts"), f"  raised: {_counted(made.alerts)}; open now: {made.open_alerts:,}"),
        spans(bold("Requests"), f"  {_counted(made.approvals)}"),
    ]
    if not known:
        rows.append(spans("Nothing is kept yet of the time before, so usage is that of the billing cycle so far."))
    cells = [_row(line, units) for line in made.accounts[:ROWS]]
    columns = (
        Column("Account"), Column("Used", right=True), Column("The time before", right=True),
        Column("In the cycle", right=True),
    )  # fmt: skip
    drawn, written = _chart(made.accounts, units)
    top = (header(title), lines(*rows))
    said = [escape(f"{name(line.name)}: {size(_of(line), units=units)}") for line in made.accounts[:LISTED]]
    return Message(
        text=whole_lines([f"{escape(title)}.", *map(flat, rows), *said]),
        blocks=(*top, *drawn, table("Usage by account", columns, cells)),
        plain=(*top, *written, text_table(columns, cells)),
    )


def sheet(made: Report) -> list[tuple[object, ...]]:
    """The lines of the file, in the order of SHEET."""
    rows: list[tuple[object, ...]] = [("SIMs", state, count, "", "", "") for state, count in made.states.items()]
    for what, found in (("account", made.accounts), ("country", made.countries)):
        rows += [(what, line.name, "", line.now, line.before, line.so_far) for line in found]
    rows += [("top user", top.label, top.giccid, "", "", top.used) for top in made.top]
    rows += [("alerts", rule, count, "", "", "") for rule, count in made.alerts.items()]
    return [*rows, *(("requests", state, count, "", "", "") for state, count in made.approvals.items())]


def _of(line: Line) -> int:
    return line.so_far if line.now is None else line.now


def _row(line: Line, units: Units) -> tuple[Cell, ...]:
    return name(line.name), *(
        "–" if amount is None else Amount(amount, size(amount, units=units))
        for amount in (line.now, line.before, line.so_far)
    )


def _counted(found: Mapping[str, int]) -> str:
    most = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:LISTED]
    return ", ".join(f"{count:,} {name(word)}" for word, count in most) or "none"


def _usage(found: Sequence[Line], units: Units) -> str:
    some = [line for line in found if _of(line) > 0][:5]
    return ", ".join(f"{name(line.name)} {size(_of(line), units=units)}" for line in some) or "nothing used"


def _top(made: Report, units: Units) -> str:
    return ", ".join(f"{name(top.label)} {size(top.used, units=units)}" for top in made.top[:5]) or "none"


def _chart(found: Sequence[Line], units: Units) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """What the accounts used: drawn, and in characters. Nothing where nothing was used."""
    most = max(map(_of, found), default=0)
    if most <= 0:
        return (), ()
    scale, unit = measure(most, units=units)
    shown = found[:CATEGORIES]
    amounts = [round(_of(line) / scale, 2) for line in shown]
    drawn = bars("Usage by account", [line.name for line in shown], {"used": amounts}, y=unit)
    rows = [(line.name, float(_of(line)), size(_of(line), units=units)) for line in shown]
    return (drawn,), (text_bars(rows),)
