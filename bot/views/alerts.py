"""An alert of our own: its card with Acknowledge and Snooze, and the list of those that are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.rules.alerts import Alert, Finding, Kind, State
from bot.views.parts import (
    DECIMAL,
    Block,
    Element,
    Message,
    Units,
    actions,
    bar,
    bold,
    button,
    code,
    escape,
    flat,
    header,
    lines,
    moment,
    name,
    percent,
    size,
    spans,
    who,
    whole_lines,
)


def card(alert: Alert, *, snooze_for: str, units: Units = DECIMAL) -> Message:
    """The whole card, drawn from the stored row; `snooze_for` is the length in words that Snooze stands for."""
    found = alert.finding
    rows = [
        spans(bold("SIM"), f"  {found.label}  ", code(found.giccid)),
        spans(bold("Account"), f"  {found.account or 'unknown'}"),
        *_figures(found, units),
        spans(bold("Raised"), "  ", moment(alert.raised_at)),
    ]
    status = _status(alert)
    blocks: list[Block] = [header(f"{_mark(alert)} {title(found)}: {name(found.label)}"), lines(*rows), lines(status)]
    choices = _choices(alert, snooze_for)
    if choices:
        blocks.append(actions("alert", *choices))
    first = f"{escape(title(found))}: {escape(name(found.label))}. {flat(status)}."
    return Message(text=whole_lines([first, *map(flat, rows)]), blocks=tuple(blocks))


def title(found: Finding) -> str:
    """What was found, in a few words."""
    if found.kind is Kind.QUOTA:
        return f"{found.threshold} % of the quota used"
    if found.threshold == 0:
        return "Rate plan has expired"
    return f"Rate plan expires within {found.threshold} day{'' if found.threshold == 1 else 's'}"


def snooze_over(alert: Alert) -> Message:
    """What is said under the card when a snooze ends and the alert still holds."""
    parts = spans(bold("Snooze is over"), f" and it still holds: {title(alert.finding)}, {name(alert.finding.label)}.")
    return Message(text=flat(parts), blocks=(lines(parts),))


def listing(alerts: Sequence[Alert], *, checked_at: datetime | None, count: int | None = None) -> Message:
    """The alerts that still hold, the newest first; `count` is how many there are, where these are not all."""
    checked: list[Element] = (
        spans("No check has run yet.") if checked_at is None else spans("Last check: ", moment(checked_at), ".")
    )
    if not alerts:
        none = spans("No alert is open.")
        return Message(text=f"{flat(none)} {flat(checked)}", blocks=(lines(none, checked),))
    count = len(alerts) if count is None else count
    rows = [_row(a) for a in alerts]
    if count > len(alerts):
        rows.append(spans(f"… and {count - len(alerts)} older ones."))
    words = "1 alert is open." if count == 1 else f"{count} alerts are open."
    return Message(text=whole_lines([words, *map(flat, (*rows, checked))]), blocks=(lines(*rows, checked),))


def _row(alert: Alert) -> list[Element]:
    found = alert.finding
    which = spans(bold(title(found)), f"  {name(found.label)}  ", code(name(found.giccid)))
    return [*which, *spans(f"  {alert.state}, since ", moment(alert.raised_at))]


def _mark(alert: Alert) -> str:
    if alert.state is State.CLEARED:
        return "✅"
    found = alert.finding
    grave = found.threshold >= 100 if found.kind is Kind.QUOTA else found.threshold <= 1
    return "🔴" if grave else "🟡"


def _figures(found: Finding, units: Units) -> list[list[Element]]:
    if found.kind is Kind.QUOTA and found.value is not None and found.whole:
        used, whole = size(found.value, units=units), size(found.whole, units=units)
        share = f"{used} of {whole}, {percent(found.value, found.whole)}"
        return [
            spans(bold(f"Usage in {found.cycle}" if found.cycle else "Usage"), f"  {share}"),
            spans(code(bar(found.value, found.whole))),
        ]
    if found.expires_at is not None:
        return [spans(bold("Rate plan"), f"  {found.plan or 'unknown'}, until ", moment(found.expires_at))]
    return []


def _status(alert: Alert) -> list[Element]:
    at = [] if alert.at is None else spans(" ", moment(alert.at))
    if alert.state is State.ACKNOWLEDGED and alert.by is not None:
        return [*spans(bold("Acknowledged"), " by ", who(alert.by)), *at]
    if alert.state is State.SNOOZED and alert.by is not None and alert.until is not None:
        return spans(bold("Snoozed"), " by ", who(alert.by), " until ", moment(alert.until), " or until it gets worse")
    words = {
        State.WORSENED: "It got worse: see the newer alert for this SIM",
        State.CLEARED: "Cleared: it no longer holds",
    }
    return [bold(words.get(alert.state, "Open")), *(at if alert.state is State.CLEARED else [])]


def _choices(alert: Alert, snooze_for: str) -> list[Block]:
    acknowledge = button("Acknowledge", action="alert.acknowledge", id=alert.id, style="primary")
    snooze = button(f"Snooze {snooze_for}", action="alert.snooze", id=alert.id)
    match alert.state:
        case State.OPEN:
            return [acknowledge, snooze]
        case State.SNOOZED:
            return [acknowledge]
        case State.ACKNOWLEDGED:
            return [snooze]
    return []
