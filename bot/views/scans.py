"""What is said of a look over SIMs: that it was done, and which it did not find any more."""

from __future__ import annotations

from collections.abc import Sequence

from bot.rules.scans import Vanished
from bot.views.parts import Message, answer, as_many, bold, code, flat, lines, moment, name, spans, whole_lines

SHOWN = 10


def refreshed(said: str) -> Message:
    """The SIMs of an account were read anew."""
    return answer(f"Read anew: {said}.")


def vanished(gone: Sequence[Vanished]) -> Message:
    """SIMs that SmartHub lists no more; each is told of once."""
    count = len(gone)
    is_one = count == 1
    title = f"{'1 SIM is' if is_one else f'{count:,} SIMs are'} not listed by SmartHub any more"
    rows = [spans(bold(f"{title}. "), "Two whole looks in a row did not find them. What is known stays here, as old.")]
    rows += [
        spans(f"• {name(one.label)} ", code(name(one.giccid)), f" {name(one.account or 'unknown account')}, last seen ",
              moment(one.seen_at))
        for one in gone[:SHOWN]
    ]  # fmt: skip
    if count > SHOWN:
        rows.append(spans(f"… and {count - SHOWN:,} more."))
    shown = as_many(rows)
    return Message(text=whole_lines(map(flat, shown)), blocks=(lines(*shown),))
