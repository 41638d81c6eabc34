"""Who approves in whose place."""

from __future__ import annotations

from collections.abc import Sequence

from bot.rules.quorum import Delegation
from bot.views.parts import Message, answer, bold, flat, lines, moment, say, spans, who, whole_lines

SHOWN = 50


def given(delegation: Delegation) -> Message:
    """What both hear."""
    row = [who(delegation.to_user), say(" may approve in the place of "), who(delegation.from_user), say(" until ")]
    row += [moment(delegation.until), say(", but nothing that one of the two has asked for.")]
    return Message(text=flat(row), blocks=(lines(row),))


def listing(delegations: Sequence[Delegation], *, command: str) -> Message:
    """Who stands in for whom now."""
    if not delegations:
        return answer(
            f"Nobody stands in for anybody. `{command} delegate U0123456789 until friday` has somebody approve for you."
        )
    rows = [spans(bold("Who stands in for whom"))]
    rows += [spans(who(d.to_user), " for ", who(d.from_user), " until ", moment(d.until)) for d in delegations[:SHOWN]]
    if len(delegations) > SHOWN:
        rows.append(spans(f"… and {len(delegations) - SHOWN:,} more."))
    return Message(text=whole_lines(map(flat, rows)), blocks=(lines(*rows),))
