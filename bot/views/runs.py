"""What is said of a scheduled job that was cut off."""

from __future__ import annotations

from bot.views.parts import Message, bold, flat, lines, spans


def cut_off(job: str, said: str) -> Message:
    """A job that made no progress was ended; told once, until it works again."""
    title = spans(bold(f"The job “{job}” hangs"))
    more = spans(f"Its run {said}. It is begun anew at its next time; the status shows what comes of it.")
    return Message(text=f"{flat(title)}. {flat(more)}", blocks=(lines(title, more),))
