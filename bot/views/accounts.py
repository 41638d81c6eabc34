"""An account of SmartHub, and the enterprise with all of its accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.rules.accounts import Account, Charge, Enterprise, Member
from bot.views.parts import (
    ZONE,
    Block,
    Element,
    Message,
    bold,
    escape,
    flat,
    header,
    lines,
    moment,
    name,
    spans,
)
from bot.views.tables import Amount, Cell, Column, table, text_table

CHARGES = {
    Charge.POSTPAID: "postpaid, billed each cycle",
    Charge.PREPAID: "prepaid",
    Charge.TRIAL: "trial",
}
# SmartHub's words for what happens to a prepaid SIM whose package ends.
RENEWALS = {
    "DISABLE_CARD": "not renewed: a SIM is switched off when its package ends (DISABLE_CARD)",
    "AUTO": "renewed by itself when a package ends (AUTO)",
}
RENEWALS_IN_SHORT = {"DISABLE_CARD": "no, the SIM is switched off", "AUTO": "yes, by itself"}
STATUSES = {"ENABLED": "enabled", "DISABLED": "disabled"}
ROWS = 100
NAMED = 10  # plans, failures and the like that are listed by name


def card(account: Account, *, read_at: datetime) -> Message:
    """One account as SmartHub described it at `read_at`."""
    pays, status = charge(account.charge, account.charge_word), _status(account.status)
    rows = [
        spans(bold("Charge type"), f"  {pays}"),
        spans(bold("Status"), f"  {status}"),
        spans(bold("Renewal"), f"  {_renewal(account)}"),
        spans(bold("Billing cycle"), f"  {account.cycle or 'unknown'}"),
        spans(bold("Rate plans"), f"  {_names(account.plans)}"),
        spans(bold("Kinds of SIM"), f"  {_names(account.skus)}"),
    ]
    words = [escape(f"Account {name(account.name)}."), *(flat(row) for row in rows)]
    blocks = (header(f"Account {account.name}"), lines(*rows), lines(as_of(read_at)))
    return Message(text="\n".join(words), blocks=blocks)


def overview(
    enterprise: Enterprise, *, known: Mapping[str, Account], failures: Sequence[tuple[str, str]], read_at: datetime
) -> Message:
    """The accounts of the enterprise; `known` is what was read of each, `failures` which could not be, and why."""
    title = f"Enterprise {enterprise.name}" if enterprise.name else "Enterprise"
    members = sorted(enterprise.accounts, key=lambda m: (-(m.sim_count or 0), m.name))
    if not members:
        none = spans(bold(name(title)), " has no accounts that this API key may see.")
        return Message(text=flat(none), blocks=(lines(none, as_of(read_at)),))
    columns = (
        Column("Account"), Column("Charge type"), Column("Status"), Column("Renewed"), Column("SIMs", right=True),
        Column("Cycle"),
    )  # fmt: skip
    rows = [_member(member, known.get(member.name)) for member in members[:ROWS]]
    summary = spans(bold(_counted(members)))
    notes = [summary, *_cut(len(members)), *missing(failures), as_of(read_at)]
    top: tuple[Block, ...] = (header(title), lines(*notes))
    words = [f"{escape(name(title))}: {flat(summary)}.", *(escape(said(row)) for row in rows)]
    return Message(
        text="\n".join(words),
        blocks=(*top, table(f"Accounts of {title}", columns, rows)),
        plain=(*top, text_table(columns, rows)),
    )


def _member(member: Member, account: Account | None) -> tuple[Cell, ...]:
    """A row of the table: what the enterprise's list says, and what the account itself says where it was read."""
    pays = charge(member.charge, member.charge_word)
    status, cycle, renewed = member.status, None, "unknown"
    if account is not None:
        pays = charge(account.charge, account.charge_word) if pays == "unknown" else pays
        status, cycle = status or account.status, account.cycle
        word = account.renewal
        renewed = RENEWALS_IN_SHORT.get(word, name(word)) if word else "–"
    return (
        name(member.name),
        pays.split(",")[0],
        _status(status),
        renewed,
        counted(member.sim_count),
        name(cycle or "–"),
    )


def counted(count: int | None) -> Cell:
    """A number of things as a cell."""
    return "unknown" if count is None else Amount(count, f"{count:,}")


def said(row: Sequence[Cell]) -> str:
    """A row of a table as a line of text."""
    return " · ".join(cell if isinstance(cell, str) else cell.text for cell in row)


def charge(known: Charge | None, word: str | None) -> str:
    """How is paid, in words; SmartHub's own word where it is in no table."""
    return CHARGES[known] if known is not None else name(word or "") or "unknown"


def as_of(read_at: datetime, *, cycle: bool = False) -> list[Element]:
    """When SmartHub said so, in the reader's own time; for a `cycle` also in which zone that is."""
    return spans("Read from SmartHub ", moment(read_at), f". {ZONE}" if cycle else ".")


def missing(failures: Sequence[tuple[str, str]]) -> list[list[Element]]:
    """A line for each account that could not be read, with the reason."""
    rows = [spans(bold("Not read: "), f"{name(who)}. {why}") for who, why in failures[:NAMED]]
    if len(failures) > NAMED:
        rows.append(spans(f"… and {len(failures) - NAMED} more accounts could not be read."))
    return rows


def _renewal(account: Account) -> str:
    if account.renewal is None:
        return "nothing to renew" if account.charge is Charge.POSTPAID else "unknown"
    return RENEWALS.get(account.renewal, account.renewal)


def _status(word: str | None) -> str:
    return "unknown" if word is None else STATUSES.get(word, name(word))


def _names(names: Sequence[str]) -> str:
    if not names:
        return "none"
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(name(one) for one in names[:NAMED]) + more


def _counted(members: Sequence[Member]) -> str:
    accounts = "1 account" if len(members) == 1 else f"{len(members):,} accounts"
    counts = [m.sim_count for m in members]
    known = [count for count in counts if count is not None]
    return accounts if len(known) < len(counts) else f"{accounts} with {sum(known):,} SIMs"


def _cut(count: int) -> list[list[Element]]:
    if count <= ROWS:
        return []
    return [spans(f"The {ROWS} biggest are shown; name one to see it.")]
