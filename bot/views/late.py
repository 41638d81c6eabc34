"""What reaches Slack long after it was written, with its own time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.rules.outbox import A_LINE, Note
from bot.views.parts import (
    Block,
    Element,
    Message,
    as_many,
    bold,
    flat,
    lines,
    moment,
    one_line,
    spans,
    whole_lines,
)

TITLE = "What was to be said while Slack could not be reached"


def together(notes: Sequence[tuple[datetime, Note]]) -> Message:
    """Several messages in one, in their order, each with the time it was written."""
    rows = as_many([_row(at, note) for at, note in notes])
    text = [f"{TITLE}:", *(f"{at:%H:%M UTC}  {note.text}" for at, note in notes)]
    return Message(text=whole_lines(text), blocks=(lines(spans(bold(TITLE))), *[lines(row) for row in rows]))


def dated(message: Message, at: datetime) -> Message:
    """A message with the time it was written."""
    when = spans("Written ", moment(at), "; Slack could not be reached.")
    blocks: tuple[Block, ...] = (*message.blocks, lines(when)) if message.blocks else ()
    plain = None if message.plain is None else (*message.plain, lines(when))
    return Message(text=whole_lines([message.text, flat(when)]), blocks=blocks, plain=plain)


def _row(at: datetime, note: Note) -> list[Element]:
    """The note's own spans, as far as they are on lines; else its words."""
    said = [part for block in note.blocks for part in _spans(block)]
    return [*spans(moment(at), "  "), *(said or spans(one_line(note.text, A_LINE)))]


def _spans(block: Block) -> list[Element]:
    """The spans of a paragraph."""
    sections = block.get("elements") if block.get("type") == "rich_text" else None
    if not isinstance(sections, list):
        return []
    return [part for section in sections if isinstance(section, dict) for part in section.get("elements") or ()]
