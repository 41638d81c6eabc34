"""A report on the fleet: states, usage by account and country, top users, pools, alerts and requests of a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.rules.money import CUTS_OFF, IDLE_FOR, AtRisk, Stake, sum_of
from bot.rules.reports import Line, Period, Report
from bot.views.charts import CATEGORIES, bars, measure, text_bars
from bot.views.parts import (
    DECIMAL,
    Block,
    Element,
    Message,
    Units,
    bold,
    escape,
    flat,
    header,
    lines,
    name,
    one_line,
    size,
    small,
    spans,
    whole_lines,
)
from bot.views.tables import Amount, Cell, Column, table, text_table

ROWS, LISTED = 20, 10
TITLES: Mapping[Period, str] = {
    Period.DAY: "Report of the day", Period.WEEK: "Report of the week", Period.CYCLE: "Report of the cycle",
}  # fmt: skip
SHEET = (
    "what", "name", "number", "used in the period, bytes", "in the one before, bytes", "in the cycle, bytes", "amount",
    "currency", "more",
)  # fmt: skip
FIGURES = (
    Column("Used", right=True), Column("The time before", right=True), Column("In the cycle", right=True),
)  # fmt: skip
CELLS = 5_000  # characters of each of the two tables: all of a message have 10,000 together


def report(made: Report, *, units: Units = DECIMAL) -> Message:
    """The report, with a chart of the accounts, and tables of accounts and countries."""
    title = f"{TITLES[made.period]}, to {made.until}"
    known = any(line.now is not None for line in made.accounts)
    rows = [
        spans(bold("SIMs"), f"  {_counted(made.states)}"),
        spans(bold("Countries"), f"  {_usage(made.countries, units)}"),
        spans(bold("Top users"), f"  {_top(made, units)}"),
        *[spans(bold("Pool"), f"  {name(pool)} of {name(account)}: {said}") for account, pool, said in made.pools],
        *_money(made.money),
        spans(bold("Alerts"), f"  raised: {_counted(made.alerts)}; open now: {made.open_alerts:,}"),
        spans(bold("Requests"), f"  {_counted(made.approvals)}"),
    ]
    if not known:
        rows.append(spans("Nothing is kept yet of the time before, so usage is that of the billing cycle so far."))
    drawn, written = _chart(made.accounts, units)
    native, plain = _tables(made, units)
    top = (header(title), lines(*rows))
    below = _how_money_is_counted(made.money)
    said = [escape(f"{name(line.name)}: {size(_of(line), units=units)}") for line in made.accounts[:LISTED]]
    return Message(
        text=whole_lines([f"{escape(title)}.", *map(flat, rows), *said]),
        blocks=(*top, *drawn, *native, *below),
        plain=(*top, *written, *plain, *below),
    )


def with_file(said: Message, *, is_sent: bool) -> Message:
    """The report for whoever asked for it, with where its file is."""
    line = "The figures as a file are in our direct messages." if is_sent else "Slack did not take the file of it."
    plain = None if said.plain is None else (*said.plain, small(line))
    return replace(said, text=whole_lines([said.text, line]), blocks=(*said.blocks, small(line)), plain=plain)


def sheet(made: Report) -> list[tuple[object, ...]]:
    """The lines of the file, in the order of SHEET."""
    rows: list[tuple[object, ...]] = [("SIMs", state, count) for state, count in made.states.items()]
    for what, found in (("account", made.accounts), ("country", made.countries)):
        rows += [(what, line.name, "", line.now, line.before, line.so_far) for line in found]
    rows += [("top user", top.label, top.giccid, "", "", top.used, "", "", top.account or "") for top in made.top]
    rows += [("pool", pool, "", "", "", "", "", "", f"{account}: {said}") for account, pool, said in made.pools]
    if made.money is not None:
        for what, stakes in (("paid for and idle", made.money.idle), ("switched off at its end", made.money.ending)):
            rows += [_stake_row(what, stake) for stake in stakes]
    rows += [("alerts", rule, count) for rule, count in made.alerts.items()]
    rows += [("requests", state, count) for state, count in made.approvals.items()]
    return [(*row, *[""] * (len(SHEET) - len(row))) for row in rows]


def _stake_row(what: str, stake: Stake) -> tuple[object, ...]:
    group, plan = stake.group, stake.plan
    known = plan is not None and plan.price is not None
    amount = f"{plan.price * group.count:f}" if plan is not None and plan.price is not None else "unknown"
    currency = (plan.currency or "") if plan is not None and known else ""
    return (what, group.plan, group.count, "", "", "", amount, currency, group.account)


def _of(line: Line) -> int:
    return line.so_far if line.now is None else line.now


def _tables(made: Report, units: Units) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """What accounts and countries used, beside the time before: as tables, and in characters."""
    native: list[Block] = []
    written: list[Block] = []
    for what, found in (("account", made.accounts), ("country", made.countries)):
        columns = (Column(what.capitalize()), *FIGURES)
        cells = [_row(line, units) for line in found[:ROWS]]
        native.append(table(f"Usage by {what}", columns, cells, characters=CELLS))
        written.append(text_table(columns, cells))
    return tuple(native), tuple(written)


def _money(found: AtRisk | None) -> list[list[Element]]:
    """What may be lost, as far as prices are known."""
    if found is None or not (found.idle or found.ending):
        return []
    ends = f"switched off by {found.until:%Y-%m-%d}, when their plan ends"
    return [
        spans(bold("Money at risk"), f"  {what}: {one_line(sum_of(stakes) or _without_price(stakes), 300)}")
        for what, stakes in (("paid for and idle", found.idle), (ends, found.ending))
        if stakes
    ]


def _without_price(stakes: Sequence[Stake]) -> str:
    count = sum(stake.group.count for stake in stakes)
    return f"{count:,} SIM{'' if count == 1 else 's'}; no price is known."


def _how_money_is_counted(found: AtRisk | None) -> tuple[Block, ...]:
    if found is None or not (found.idle or found.ending):
        return ()
    days = IDLE_FOR.days
    return (
        small(
            f"Money at risk is the price of the rate plans of active SIMs: idle ones used nothing in this cycle and "
            f"had no session for {days} days; the others are of accounts with {CUTS_OFF}."
        ),
    )


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
    return ", ".join(f"{name(line.name)} {_beside(line, units)}" for line in some) or "nothing used"


def _beside(line: Line, units: Units) -> str:
    before = "" if line.before is None else f" ({size(line.before, units=units)} before)"
    return f"{size(_of(line), units=units)}{before}"


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
