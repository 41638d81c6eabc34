"""One SIM as a card."""

from __future__ import annotations

from datetime import datetime

from bot.rules.sims import Sim, Status, luhn_holds
from bot.views.parts import (
    Block,
    Element,
    Message,
    bar,
    bold,
    code,
    escape,
    header,
    lines,
    moment,
    name,
    percent,
    size,
    small,
    spans,
)

MARKS = {
    Status.ACTIVE: "🟢 active",
    Status.SUSPENDED: "⏸️ suspended",
    Status.RETIRED: "⛔ retired",
    Status.INVENTORY: "⚪ in inventory",
    Status.TEST: "🧪 test",
    Status.READY: "⚪ ready to activate",
}


def card(sim: Sim, *, label: str, asked: str, read_at: datetime) -> Message:
    """The SIM as SmartHub described it at `read_at`; `asked` is the number that was typed."""
    state = MARKS[sim.status] if sim.status is not None else f"❔ {sim.status_word} (a state simops does not know)"
    rows = [
        spans(bold("State"), f"  {state}"),
        spans(bold("ICCID"), "  ", code(sim.giccid)),
        spans(bold("Account"), f"  {sim.account or 'unknown'}"),
        _plan(sim),
        *_numbers(sim),
        *_session(sim),
        *(spans(bold(f"Custom {n}"), f"  {text}") for n, text in enumerate(sim.custom, 1) if text),
    ]
    blocks: list[Block] = [header(label), lines(*rows), lines(*_usage(sim)), _as_of(sim, asked, read_at)]
    used = "" if sim.usage_bytes is None else f", {size(sim.usage_bytes)} used"
    return Message(text=f"{escape(name(label))}: {escape(name(state))}{used}.", blocks=tuple(blocks))


def _plan(sim: Sim) -> list[Element]:
    row = spans(bold("Rate plan"), f"  {sim.plan or 'none'}")
    return row if sim.plan_expires_at is None else [*row, *spans(", until ", moment(sim.plan_expires_at))]


def _numbers(sim: Sim) -> list[list[Element]]:
    named = (("IMSI", sim.imsi), ("MSISDN", sim.msisdn), ("IMEI", sim.imei))
    return [spans(bold(title), "  ", code(number)) for title, number in named if number]


def _session(sim: Sim) -> list[list[Element]]:
    rows = []
    if sim.country is not None:
        rows.append(spans(bold("Country"), f"  {sim.country}"))
    if sim.last_session_at is not None:
        rows.append(spans(bold("Last session"), "  ", moment(sim.last_session_at)))
    return rows


def _usage(sim: Sim) -> list[list[Element]]:
    title = bold(f"Usage in {sim.cycle}" if sim.cycle else "Usage")
    if sim.usage_bytes is None:
        return [spans(title, "  unknown")]
    if sim.quota_bytes is None or sim.quota_bytes <= 0:
        return [spans(title, f"  {size(sim.usage_bytes)}, no quota")]
    share = percent(sim.usage_bytes, sim.quota_bytes)
    return [
        spans(title, f"  {size(sim.usage_bytes)} of {size(sim.quota_bytes)}, {share}"),
        spans(code(bar(sim.usage_bytes, sim.quota_bytes))),
    ]


def _as_of(sim: Sim, asked: str, read_at: datetime) -> Block:
    note = f"Read from SmartHub at {read_at:%Y-%m-%d %H:%M:%S} UTC."
    if asked != sim.giccid:
        note += f" Found for {name(asked)}: the two differ in the check digit."
    elif not luhn_holds(asked):
        note += " The last digit is not this number's check digit; some SIMs are numbered without one."
    return small(note)
