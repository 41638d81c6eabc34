"""The shared data pools of an account or of all of them, the fullest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from bot.rules.pools import Pool
from bot.views.accounts import as_of, counted, missing, said
from bot.views.charts import CATEGORIES, bars, text_bars
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
    percent,
    size,
    spans,
)
from bot.views.tables import Amount, Cell, Column, table, text_table

ROWS = 100


def listing(
    pools: Sequence[tuple[str, Pool]],
    *,
    account: str | None = None,
    failures: Sequence[tuple[str, str]] = (),
    left_out: int = 0,
    read_at: datetime,
    units: Units = DECIMAL,
    outlooks: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> Message:
    """The pools, each with its account. `failures` names the accounts that could not be read, with the reason, and
    `left_out` is the number of accounts that were not asked. `outlooks` says by account and name of a pool what becomes
    of it.
    """
    title = f"Data pools of {account}" if account is not None else "Data pools of all accounts"
    if not pools:
        none = spans(bold(name(title)), ": there are none.")
        return Message(text=flat(none), blocks=(lines(none, *_notes(failures, left_out), as_of(read_at)),))
    columns = _columns(everywhere=account is None)
    rows = [
        (*_row(owner, pool, units, everywhere=account is None), outlooks.get((owner, pool.name), "–"))
        for owner, pool in pools[:ROWS]
    ]
    summary = _summary([pool for _, pool in pools], units)
    cut = [spans(f"The {ROWS} fullest are shown.")] if len(pools) > ROWS else []
    top: tuple[Block, ...] = (
        header(title),
        lines(spans(bold(summary)), *cut, *_notes(failures, left_out), as_of(read_at, cycle=True)),
    )
    drawn, written = _chart([pool for _, pool in pools])
    return Message(
        text="\n".join([f"{escape(name(title))}: {summary}.", *(escape(said(row)) for row in rows)]),
        blocks=(*top, *drawn, table(title, columns, rows)),
        plain=(*top, *written, text_table(columns, rows)),
    )


def sized(amount: int | None, units: Units) -> Cell:
    """An amount of data as a cell."""
    return "unknown" if amount is None else Amount(amount, size(amount, units=units))


def _columns(*, everywhere: bool) -> tuple[Column, ...]:
    whose = (Column("Account"),) if everywhere else ()
    return (
        Column("Pool"), *whose, Column("Rate plan"), Column("Used", right=True), Column("Of", right=True),
        Column("Share", right=True), Column("SIMs", right=True), Column("Cycle"), Column("Expires (UTC)"),
        Column("Outlook"),
    )  # fmt: skip


def _row(owner: str, pool: Pool, units: Units, *, everywhere: bool) -> tuple[Cell, ...]:
    return (
        name(pool.name),
        *((name(owner),) if everywhere else ()),
        name(pool.plan or "–"),
        sized(pool.used_bytes, units),
        sized(pool.total_bytes, units),
        _share(pool),
        counted(pool.sim_count),
        name(pool.cycle or "–"),
        "–" if pool.expires_at is None else f"{pool.expires_at:%Y-%m-%d}",
    )


def _share(pool: Pool) -> Cell:
    if pool.used_bytes is None or not pool.total_bytes:
        return "unknown"
    share = percent(pool.used_bytes, pool.total_bytes)
    return Amount(pool.used_bytes / pool.total_bytes, share)


def _summary(pools: Sequence[Pool], units: Units) -> str:
    """How many there are, and what is used of all those of which it is known."""
    count = "1 pool" if len(pools) == 1 else f"{len(pools):,} pools"
    known = [(p.used_bytes, p.total_bytes) for p in pools if p.used_bytes is not None and p.total_bytes]
    if not known:
        return count
    used, total = sum(u for u, _ in known), sum(t for _, t in known)
    of = "" if len(known) == len(pools) else f" in the {len(known)} whose size is known"
    return f"{count}, {size(used, units=units)} of {size(total, units=units)} used, {percent(used, total)}{of}"


def _notes(failures: Sequence[tuple[str, str]], left_out: int) -> list[list[Element]]:
    rows = missing(failures)
    if left_out > 0:
        rows.append(spans(f"The {left_out:,} smallest accounts were not asked; name one to see its pools."))
    return rows


def _chart(pools: Sequence[Pool]) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """How full the fullest pools are: drawn, and in characters. Nothing where it is known of none."""
    # In tenths of a percent, rounded down: a pool that is nearly full must not look full.
    known = [
        (p.name, p.used_bytes * 1000 // p.total_bytes / 10) for p in pools if p.used_bytes is not None and p.total_bytes
    ]
    if not known:
        return (), ()
    shown = known[:CATEGORIES]
    drawn = bars("Used of each pool", [n for n, _ in shown], {"used": [s for _, s in shown]}, y="% of the pool")
    rows = [(pool, share, f"{share:,.1f} %") for pool, share in known]
    return (drawn,), (text_bars(rows),)
