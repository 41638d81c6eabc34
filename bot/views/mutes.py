"""Planned work: what is held, and what was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.rules.events import EVENTS
from bot.rules.mutes import Mute
from bot.rules.routes import Stranger
from bot.views.parts import (
    Element,
    Message,
    as_many,
    bold,
    code,
    fit,
    flat,
    lines,
    moment,
    name,
    spans,
    who,
    whole_lines,
)
from bot.views.routes import doubts

SHOWN = 300  # characters of what is held


def made(mute: Mute, *, command: str, strangers: Sequence[Stranger] = ()) -> Message:
    """What whoever muted reads, with the places where no SIM is known to be."""
    until = spans("Held until ", moment(mute.until), ": ", code(fit(mute.wanted.text, SHOWN)), ".")
    how = spans("What comes is kept and counted; its number is told at the end. ", code(f"{command} unmute {mute.id}"),
                " ends it sooner.")  # fmt: skip
    rows = [until, how, *doubts(strangers)]
    return Message(text=whole_lines(map(flat, rows)), blocks=(lines(*rows),))


def listing(mutes: Sequence[tuple[Mute, Mapping[str, int]]], *, command: str) -> Message:
    """What is held now, by whom, until when and how much of it came."""
    if not mutes:
        none = spans("Nothing is muted. ", code(f"{command} mute account:acme 2h"), " holds what planned work causes.")
        return Message(text=flat(none), blocks=(lines(none),))
    rows = [spans(bold("Muted for planned work")), *as_many([_row(mute, counts) for mute, counts in mutes])]
    rows.append(spans(code(f"{command} unmute N"), " ends one."))
    return Message(text=whole_lines(map(flat, rows)), blocks=(lines(*rows),))


def over(mute: Mute, counts: Mapping[str, int]) -> Message:
    """What the channel reads at the end."""
    what = code(fit(mute.wanted.text, SHOWN))
    first = spans(
        bold("Planned work is over"), ": ", what, ", muted by ", who(mute.by), " since ", moment(mute.at), "."
    )
    second = spans(f"{_held(counts)} From now on notifications are shown again.")
    return Message(text=whole_lines([flat(first), flat(second)]), blocks=(lines(first, second),))


def _row(mute: Mute, counts: Mapping[str, int]) -> list[Element]:
    why = "" if mute.why is None else f", because {name(mute.why)}"
    held = sum(counts.values())
    return [
        *spans(
            bold(str(mute.id)),
            "  ",
            code(fit(mute.wanted.text, SHOWN)),
            "  until ",
            moment(mute.until),
            " by ",
            who(mute.by),
        ),
        *spans(f"{why}; {held:,} held so far"),
    ]


def _held(counts: Mapping[str, int]) -> str:
    if not counts:
        return "No notification came."
    each = ", ".join(f"{EVENTS.get(name, name)}: {count:,}" for name, count in counts.items())
    return f"{sum(counts.values()):,} came and were held: {each}."
