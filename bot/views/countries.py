"""Traffic and SIMs by country."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.rules.accounts import Country
from bot.views.accounts import as_of, counted, said
from bot.views.charts import measure, pie, text_bars
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
    percent,
    size,
    spans,
)
from bot.views.regions import region
from bot.views.tables import Amount, Cell, Column, table, text_table

ROWS = 100
COLUMNS = (Column("Country"), Column("Traffic", right=True), Column("Share", right=True), Column("SIMs", right=True))


def listing(
    countries: Sequence[Country],
    *,
    cycle: str | None,
    account: str | None,
    read_at: datetime,
    units: Units = DECIMAL,
) -> Message:
    """The countries, most traffic first. No `cycle` means the one that SmartHub is in, no `account` all of them."""
    when = f"in {cycle}" if cycle is not None else "in this billing cycle"
    title = f"Traffic by country {when}, {account if account is not None else 'all accounts'}"
    if not countries:
        none = spans(bold(name(title)), ": SmartHub knows of none.")
        return Message(text=flat(none), blocks=(lines(none, as_of(read_at)),))
    ordered = sorted(countries, key=lambda c: (-(c.traffic_bytes or 0), c.code))
    total = sum(c.traffic_bytes or 0 for c in ordered)
    rows = [_row(country, total, units) for country in ordered[:ROWS]]
    summary = f"{_counted(len(ordered))}, {size(total, units=units)}"
    cut = [spans(f"The {ROWS} with the most traffic are shown.")] if len(ordered) > ROWS else []
    top: tuple[Block, ...] = (header(title), lines(spans(bold(summary)), *cut, as_of(read_at, cycle=True)))
    drawn, written = _chart(ordered, units)
    return Message(
        text="\n".join([f"{escape(name(title))}: {summary}.", *(escape(said(row)) for row in rows)]),
        blocks=(*top, *drawn, table(title, COLUMNS, rows)),
        plain=(*top, *written, text_table(COLUMNS, rows)),
    )


def _counted(count: int) -> str:
    return "1 country" if count == 1 else f"{count:,} countries"


def _row(country: Country, total: int, units: Units) -> tuple[Cell, ...]:
    traffic = country.traffic_bytes
    if traffic is None:
        return region(country.code), "unknown", "unknown", counted(country.sim_count)
    share = Amount(traffic / total, percent(traffic, total)) if total else "–"
    return region(country.code), Amount(traffic, size(traffic, units=units)), share, counted(country.sim_count)


def _chart(countries: Sequence[Country], units: Units) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """The largest countries: drawn, and in characters. Nothing where there was no traffic."""
    some = [(region(c.code), c.traffic_bytes) for c in countries if c.traffic_bytes]
    if not some:
        return (), ()
    rows = [(code, float(traffic), size(traffic, units=units)) for code, traffic in some]
    by, unit = measure(max(traffic for _, traffic in some), units=units)
    shares = [(code, round(traffic / by, 3)) for code, traffic in some]
    return (pie(f"Traffic by country, {unit}", shares),), (text_bars(rows),)
