"""Which SIM was meant: those that fit, those that look near, and those that a pasted text names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.rules.durations import say_duration
from bot.rules.naming import Named
from bot.rules.numbers import Number
from bot.rules.snapshot import Listed
from bot.views.forms import choice
from bot.views.parts import (
    Block,
    Element,
    Message,
    actions,
    bold,
    button,
    code,
    escape,
    flat,
    header,
    lines,
    name,
    spans,
    whole_lines,
)
from bot.views.sims import state
from bot.views.tables import Column, table, text_table

COLUMNS = (Column("Label"), Column("Number found"), Column("State"), Column("Account"), Column("Rate plan"))


@dataclass(frozen=True)
class Snapshot:
    """How many SIMs are known here, and how long ago the one looked at longest ago was seen."""

    count: int
    oldest_seen_at: datetime | None
    now: datetime

    @property
    def words(self) -> str:
        """A sentence on what was looked through."""
        if self.oldest_seen_at is None:
            return "simops has not looked over all SIMs yet, so labels and pieces of numbers cannot be found."
        age = say_duration(self.now - self.oldest_seen_at)
        return f"Looked for among the {self.count:,} SIMs known here, the oldest of them read {age} ago."


def several(
    named: Named, hits: Sequence[Listed], snapshot: Snapshot, *, more: bool, verb: str | None = None
) -> Message:
    """The SIMs that fit, to press; `more` when these are not all. `verb` is what was wanted of one of them, where that
    was more than to see it."""
    title = f"{len(hits)}{' or more' if more else ''} SIMs fit “{name(named.typed)}”. Which one?"
    hint = [spans("There are more: type more of it, or use ", code("find"), ".")] if more else []
    undone = [spans("Nothing was done. Press Show, or type ", code(f"{verb} ICCID"), ".")] if verb is not None else []
    rows = [spans(bold(title)), *undone, *hint, spans(snapshot.words)]
    text = whole_lines([escape(title), *map(flat, undone), *map(_line, hits)])
    return Message(text=text, blocks=(lines(*rows), *_hits(hits)), private=True)


def nothing(named: Named, near: Sequence[Listed], snapshot: Snapshot, *, asked: Sequence[str]) -> Message:
    """That no SIM fits: what was tried, here and (`asked`) at SmartHub, and what looks near."""
    title = f"No SIM fits “{name(named.typed)}”."
    rows = [spans(bold(title)), spans(tried(named)), spans(snapshot.words)]
    if asked:
        rows.append(spans(f"SmartHub knows no SIM with this {' or '.join(asked)} either."))
    if named.digits is None:
        rows.append(spans("If it was not meant as a SIM: ", code("help"), " lists what can be typed."))
    if near:
        rows.append(spans(bold("These look near:")))
    text = whole_lines([escape(title), *(flat(row) for row in rows[1:]), *map(_line, near)])
    return Message(text=text, blocks=(lines(*rows), *_hits(near)), private=True)


def tried(named: Named) -> str:
    """What was looked for, in a sentence."""
    if named.digits is None:
        return "Looked for as a label, and as the beginning of words in labels and custom fields."
    kinds = ", ".join(sorted(kind.upper() for kind in named.kinds)) or "a piece of a number"
    spelled = " or ".join(named.numbers)
    return f"Looked for as {kinds}, and as a label; spelled {spelled}."


def in_text(
    rows: Sequence[tuple[Number, Listed | None]],
    *,
    left_out: int,
    search: int | None = None,
    change: bool = False,
    unread: Sequence[str] = (),
    snapshot: Snapshot | None = None,
) -> Message:
    """The SIMs that a text names, each number with its SIM as the snapshot knows it; `left_out` came beyond these.

    `search` is the number of a search for all of them, `change` whether who reads it may change them, and `unread` says
    what was not looked through.
    """
    known = [listed for _, listed in rows if listed is not None]
    notes = [spans(bold("⚠️ Not all was looked through. "), sentence) for sentence in unread]
    if not rows:
        none = spans("There is no SIM in this message: no ICCID, IMSI, MSISDN or IMEI was found in it.")
        return Message(text=whole_lines(map(flat, (none, *notes))), blocks=(lines(none, *notes),))
    title = f"{len(known)} {'SIM' if len(known) == 1 else 'SIMs'} in this message"
    said = [*notes, *_uncertain(len(rows) - len(known), len(rows), snapshot)]
    if left_out:
        said.append(spans(f"{left_out:,} more numbers were left out: a table holds {len(rows)}."))
    cells = [_cells(number, listed) for number, listed in rows]
    top: tuple[Block, ...] = (header(title), *([lines(*said)] if said else []))
    end = () if search is None else (_looks(known, search, change=change),)
    text = whole_lines([f"{title}.", *map(flat, said), *(escape(" · ".join(row)) for row in cells)])
    return Message(
        text=text, blocks=(*top, table(title, COLUMNS, cells), *end), plain=(*top, text_table(COLUMNS, cells), *end)
    )


def _uncertain(unknown: int, count: int, snapshot: Snapshot | None) -> list[list[Element]]:
    """How many numbers are no SIM's, and among which SIMs they were looked for."""
    if not unknown:
        return []
    rows = [spans(f"{unknown} of {count} numbers belong to no SIM that is known here.")]
    return rows if snapshot is None else [*rows, spans(snapshot.words)]


def _looks(known: Sequence[Listed], search: int, *, change: bool) -> Block:
    options = [(f"{name(listed.label)} · {listed.sim.iccid or listed.sim.giccid}", str(listed.id)) for listed in known]
    pick = choice("Show one of them", action="sim.pick", options=options)
    find = button("Find just these", action="search.open", id=search)
    more = [button("Change these…", action="search.change", id=search)] if change else []
    return actions("in_text", pick, find, *more)


def _cells(number: Number, listed: Listed | None) -> tuple[str, ...]:
    if listed is None:
        return "not known here", number.digits, "–", "–", "–"
    sim = listed.sim
    return name(listed.label), number.digits, state(sim), name(sim.account or "") or "–", name(sim.plan or "") or "–"


def _hits(hits: Sequence[Listed]) -> list[Block]:
    """Each SIM with a button of its own: Slack takes no two buttons of one action in a row."""
    blocks: list[Block] = []
    for place, hit in enumerate(hits):
        blocks += [lines(_row(hit)), actions(f"hit.{place}", button("Show", action="sim.show", id=hit.id))]
    return blocks


def _row(hit: Listed) -> list[Element]:
    account = f", {name(hit.sim.account)}" if hit.sim.account else ""
    return spans(bold(name(hit.label)), "  ", code(name(hit.sim.giccid)), f"  {state(hit.sim)}{account}")


def _line(hit: Listed) -> str:
    return flat(_row(hit))
