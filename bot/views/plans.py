"""The rate plans of an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.rules.plans import Plan, PlanKind
from bot.views.accounts import as_of, charge, counted, said
from bot.views.parts import DECIMAL, Message, Units, bold, escape, flat, header, lines, name, size, spans
from bot.views.tables import Amount, Cell, Column, table, text_table

ROWS = 100
KINDS = {PlanKind.BASIC: "basic", PlanKind.ADDON: "add-on"}
COLUMNS = (
    Column("Rate plan"), Column("Kind"), Column("Charge type"), Column("Data", right=True), Column("SMS", right=True),
    Column("Valid for", right=True), Column("Price", right=True),
)  # fmt: skip


def listing(plans: Sequence[Plan], *, account: str, read_at: datetime, units: Units = DECIMAL) -> Message:
    """The plans as SmartHub listed them at `read_at`, the basic ones first."""
    title = f"Rate plans of {account}"
    if not plans:
        none = spans(bold(name(title)), ": there are none.")
        return Message(text=flat(none), blocks=(lines(none, as_of(read_at)),))
    ordered = sorted(plans, key=lambda p: (p.kind is not PlanKind.BASIC, p.kind is not PlanKind.ADDON))
    rows = [_row(plan, units) for plan in ordered[:ROWS]]
    summary = "1 plan" if len(plans) == 1 else f"{len(plans):,} plans"
    cut = f"; the first {ROWS} are shown" if len(plans) > ROWS else ""
    top = (header(title), lines(spans(bold(summary + cut)), as_of(read_at)))
    return Message(
        text="\n".join([f"{escape(name(title))}: {summary}.", *(escape(said(row)) for row in rows)]),
        blocks=(*top, table(title, COLUMNS, rows)),
        plain=(*top, text_table(COLUMNS, rows)),
    )


def _row(plan: Plan, units: Units) -> tuple[Cell, ...]:
    days = plan.validity_days
    return (
        name(plan.name),
        KINDS[plan.kind] if plan.kind is not None else name(plan.kind_word or "") or "unknown",
        charge(plan.charge, plan.charge_word).split(",")[0],
        "–" if plan.data_bytes is None else Amount(plan.data_bytes, size(plan.data_bytes, units=units)),
        "–" if plan.sms_count is None else counted(plan.sms_count),
        "–" if days is None else Amount(days, "1 day" if days == 1 else f"{days:,} days"),
        _price(plan),
    )


def _price(plan: Plan) -> str:
    """The price as SmartHub wrote it, digit by digit; a number without its currency is still said to be one."""
    if plan.price is None:
        return "–"
    return name(f"{plan.price:f} {plan.currency or '(currency unknown)'}")
