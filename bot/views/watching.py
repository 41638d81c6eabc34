"""Pushes stay away, and come again."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.rules.durations import say_duration
from bot.views.parts import Element, Message, bold, flat, lines, moment, spans


def silent(last_at: datetime, usual: timedelta) -> Message:
    """No push has come for longer than is usual."""
    pause = say_duration(usual) if usual >= timedelta(seconds=1) else "1 s"
    return _message(
        spans(bold("SmartHub sends no notifications"), " since ", moment(last_at), "."),
        spans(f"At this hour the longest usual pause is {pause}."),
        spans("See whether its notification addresses are still set, and whether it reaches this bot. It will be told "
              "here when one comes."),
    )  # fmt: skip


def back(told_at: datetime, last_at: datetime) -> Message:
    """They come again."""
    return _message(
        spans(bold("SmartHub sends notifications again"), ", the newest came ", moment(last_at), "."),
        spans("That they stayed away was told ", moment(told_at), ". What was missed in between shows in the change "
              "log of SmartHub, which is compared."),
    )  # fmt: skip


def _message(*rows: list[Element]) -> Message:
    return Message(text="\n".join(map(flat, rows)), blocks=(lines(*rows),))
