"""SmartHub is away, and is back."""

from __future__ import annotations

from bot.rules.durations import say_duration
from bot.rules.outages import CALM, Outage
from bot.views.parts import Element, Message, bold, flat, lines, moment, spans


def gone(said: str) -> Message:
    """SmartHub does not answer; `said` is what happens now, in sentences of ours."""
    lasting = f"It will be told here when it has answered for {say_duration(CALM)}."
    return _message("SmartHub is away", spans(said), spans(lasting))


def back(outage: Outage) -> Message:
    """SmartHub answers, and has for a while."""
    when = spans("It has answered again since ", moment(outage.back_at), ".") if outage.back_at else []
    if outage.since is not None:
        when = spans("It went away ", moment(outage.since), ". ") + when
    if outage.times > 1:
        when = [*when, *spans(f" In between it came and went {outage.times} times.")]
    return _message("SmartHub is back", when)


def _message(title: str, *rows: list[Element]) -> Message:
    text = " ".join([f"{title}.", *(flat(row) for row in rows if row)])
    return Message(text=text, blocks=(lines(spans(bold(title)), *(row for row in rows if row)),))
