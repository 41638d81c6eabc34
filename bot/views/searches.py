"""What a search found: a page of SIMs with its buttons, nothing at all, and the same as a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.rules.searches import Found, Size
from bot.rules.sims import Sim
from bot.rules.snapshot import Listed
from bot.views.forms import choice
from bot.views.parts import (
    DECIMAL,
    Block,
    Element,
    Message,
    Units,
    actions,
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
    say,
    size,
    spans,
)
from bot.views.tables import Amount, Cell, Column, table, text_table

COLUMNS = (
    Column("Label"), Column("ICCID"), Column("State"), Column("Account"), Column("Rate plan"),
    Column("Usage", right=True), Column("Expires (UTC)"), Column("Last session (UTC)"),
)  # fmt: skip
UNFINISHED = "The first look over all SIMs has not ended yet, so there may be more than these."
SHEET = (
    "label", "iccid", "giccid", "imsi", "msisdn", "imei", "state", "state at SmartHub", "account", "sku", "rate plan",
    "rate plan expires", "pool", "cycle", "usage bytes", "quota bytes", "usage percent", "sms", "country",
    "last session", "activated", "custom1", "custom2", "custom3", "custom4", "custom5", "seen",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a page stands: `id` is what its buttons carry, `first` the number of its first SIM, counted from 1.

    `complete` is whether all SIMs have been looked at once, `change` whether who reads it may change them.
    """

    id: int
    first: int = 1
    complete: bool = True
    change: bool = False


def page(found: Found, *, text: str, at: Place, units: Units = DECIMAL) -> Message:
    """One page of what was found for the search `text`, from the snapshot."""
    last = at.first + len(found.rows) - 1
    count = _counted(max(found.count, last), exact=found.exact)
    title = count[:1].upper() + count[1:]
    rows = [_row(listed.sim, listed.label, units) for listed in found.rows]
    asked = spans(bold("Search"), "  ", code(text))
    where = spans(f"{at.first:,} to {last:,} of {count}{_used(found, units)}.")
    notes = [] if at.complete else [spans(UNFINISHED)]
    top = (header(title), lines(asked, where, *notes))
    end = (_buttons(found, at), lines(_age(found.seen_from, found.seen_to)))
    words = [f"{escape(title)} for {escape(name(text))}. {flat(where)}", *(flat(note) for note in notes)]
    return Message(
        text="\n".join([*words, *(escape(_said(row)) for row in rows)]),
        blocks=(*top, table(f"{title} for {text}", COLUMNS, rows), *end),
        plain=(*top, *_in_characters(rows), *end),
    )


def straight(sims: Sequence[tuple[Sim, str]], *, text: str, read_at: datetime, units: Units = DECIMAL) -> Message:
    """What SmartHub itself found, each SIM with its label, while there is no snapshot to look into."""
    asked = spans(bold("Search"), "  ", code(text))
    why = spans("The first look over all SIMs has not ended yet, so SmartHub itself was asked, for one page.")
    when = spans("Read from SmartHub ", moment(read_at), ".")
    if not sims:
        none = spans("SmartHub shows no SIM for ", code(text), ".")
        return Message(text=f"{flat(none)} {flat(why)}", blocks=(lines(none, why, when),))
    title = "1 SIM" if len(sims) == 1 else f"The first {len(sims)} SIMs"
    rows = [_row(sim, label, units) for sim, label in sims]
    top = (header(title), lines(asked, why))
    words = [f"{title} for {escape(name(text))}. {flat(why)}", *(escape(_said(row)) for row in rows)]
    return Message(
        text="\n".join(words),
        blocks=(*top, table(f"{title} for {text}", COLUMNS, rows), lines(when)),
        plain=(*top, *_in_characters(rows), lines(when)),
    )


def nothing(*, text: str, near: Sequence[str], size: Size, complete: bool) -> Message:
    """No SIM fits: what was searched, and searches that may have been meant."""
    rows = [spans(bold("No SIM fits "), code(text), bold("."))]
    if near:
        hints = [span for one in near for span in (say(" or "), code(one))][1:]
        rows.append([say("Did you mean "), *hints, say("?")])
    many = "1 SIM was" if size.count == 1 else f"{size.count:,} SIMs were"
    rows.append(spans(f"{many} searched{'' if complete else '; the first look over all of them has not ended yet'}."))
    rows.append(_age(size.oldest_seen_at, size.newest_seen_at))
    return Message(text="\n".join(flat(row) for row in rows), blocks=(lines(*rows),))


def not_yet(*, text: str) -> Message:
    """There is nothing to search in, and SmartHub itself cannot filter like this."""
    rows = [
        spans(bold("This cannot be searched yet: "), code(text)),
        spans("The first look over all SIMs has not ended; try again in a few minutes. Until then SmartHub itself can "
              "be asked, by ", code("account:"), ", ", code("plan:"), ", ", code("status:"), " and whole numbers."),
    ]  # fmt: skip
    return Message(text="\n".join(flat(row) for row in rows), blocks=(lines(*rows),))


def sheet_sent(count: int, *, text: str, most: int | None = None) -> Message:
    """The file is on its way; `most` is how many SIMs a file holds, where there were more than fit."""
    rows = [spans(f"{_sims(count)} for ", code(text), " as a CSV file: it is in your direct messages with simops.")]
    if most is not None:
        rows.append(spans(f"A file holds {most:,} SIMs at most, and there are more: write a narrower search."))
    return Message(text=" ".join(flat(row) for row in rows), blocks=(lines(*rows),))


def sheet_row(listed: Listed) -> tuple[object, ...]:
    """A SIM as a row under `SHEET`: sizes in bytes, times in UTC, what is not known is empty."""
    sim, state = listed.sim, listed.sim.status
    return (
        listed.label, sim.iccid, sim.giccid, sim.imsi, sim.msisdn, sim.imei, state, sim.status_word, sim.account,
        sim.sku, sim.plan, sim.plan_expires_at, sim.pool, sim.cycle, sim.usage_bytes, sim.quota_bytes, _share(sim),
        sim.sms_count, sim.country, sim.last_session_at, sim.activated_at, *sim.custom, listed.seen_at,
    )  # fmt: skip


def _share(sim: Sim) -> float | None:
    if sim.usage_bytes is None or sim.quota_bytes is None or sim.quota_bytes <= 0:
        return None
    return round(sim.usage_bytes * 100 / sim.quota_bytes, 2)


def _row(sim: Sim, label: str, units: Units) -> tuple[Cell, ...]:
    return (
        name(label),
        sim.iccid or sim.giccid,
        name(sim.status_word) if sim.status is None else sim.status.value,
        name(sim.account or "–"),
        name(sim.plan or "–"),
        _usage(sim, units),
        "–" if sim.plan_expires_at is None else f"{sim.plan_expires_at:%Y-%m-%d}",
        "–" if sim.last_session_at is None else f"{sim.last_session_at:%Y-%m-%d %H:%M}",
    )


def _in_characters(rows: Sequence[Sequence[Cell]]) -> list[Block]:
    """The rows in tables of ten: in a longer one no cell would be wide enough for an ICCID."""
    return [text_table(COLUMNS, rows[at : at + 10]) for at in range(0, len(rows), 10)]


def _usage(sim: Sim, units: Units) -> Cell:
    used, quota = sim.usage_bytes, sim.quota_bytes
    if used is None:
        return "unknown"
    of = "" if quota is None or quota <= 0 else f" of {size(quota, units=units)}, {percent(used, quota)}"
    return Amount(used, size(used, units=units) + of)


def _said(row: Sequence[Cell]) -> str:
    return " · ".join(cell if isinstance(cell, str) else cell.text for cell in row)


def _sims(count: int) -> str:
    return "1 SIM" if count == 1 else f"{count:,} SIMs"


def _counted(count: int, *, exact: bool) -> str:
    return _sims(count) if exact else f"at least {_sims(count)}"


def _used(found: Found, units: Units) -> str:
    return "" if found.usage_bytes is None else f"; together they used {size(found.usage_bytes, units=units)}"


def _buttons(found: Found, at: Place) -> Block:
    options = [
        (f"{name(listed.label)} · {listed.sim.iccid or listed.sim.giccid}", str(listed.id)) for listed in found.rows
    ]
    buttons = [choice("Show one of them", action="sim.pick", options=options)]
    if at.first > 1:
        buttons.append(button("Back", action="search.back", id=at.id))
    if found.next is not None:
        buttons.append(button("Next", action="search.next", id=at.id))
    buttons.append(button("CSV", action="search.csv", id=at.id))
    if at.change:
        buttons.append(button("Change these…", action="search.change", id=at.id))
    return actions("search", *buttons)


def _age(oldest: datetime | None, newest: datetime | None) -> list[Element]:
    """How old what is shown is, in the reader's own time."""
    if oldest is None or newest is None:
        return spans("SmartHub has not been looked at yet.")
    if f"{oldest:%Y-%m-%d %H:%M}" == f"{newest:%Y-%m-%d %H:%M}":
        return spans("As SmartHub described them ", moment(newest), ".")
    return spans("As SmartHub described them between ", moment(oldest), " and ", moment(newest), ".")
