"""The protected SIMs as a list."""

from __future__ import annotations

from collections.abc import Sequence

from bot.rules.shields import Shield
from bot.views.parts import (
    Element,
    Message,
    answer,
    as_many,
    bold,
    code,
    flat,
    lines,
    moment,
    name,
    spans,
    who,
    whole_lines,
)


def listing(shields: Sequence[Shield], *, count: int) -> Message:
    """Who protected which SIM, and why; `count` is how many there are, where these are not all."""
    if not shields:
        return answer("No SIM is protected. `protect ID because REASON` keeps one out of bulk changes and retirement.")
    heading = f"{count:,} protected SIM{'' if count == 1 else 's'}"
    rows = as_many(map(_row, shields))
    if count > len(rows):
        rows.append(spans(f"… and {count - len(rows):,} that were protected before these."))
    return Message(text=whole_lines([f"{heading}.", *map(flat, rows)]), blocks=(lines(spans(bold(heading)), *rows),))


def _row(shield: Shield) -> list[Element]:
    sim = spans(bold(name(shield.label) or "–"), " ", code(name(shield.giccid) or "–"), " by ", who(shield.by), " ")
    return [*sim, moment(shield.at), *spans(f"  {name(shield.why)}" if shield.why else "")]
