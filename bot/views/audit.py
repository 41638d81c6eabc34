"""Lines of the audit log as sentences: who did what, to what, why, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from bot.rules.audit import PEOPLE, SYSTEM, Anchor, AuditLine, pieces
from bot.rules.audit_questions import Wanted
from bot.views.parts import (
    Element,
    Message,
    bold,
    code,
    fit,
    flat,
    header,
    lines,
    moment,
    name,
    spans,
    who,
    whole_lines,
)

TITLE = "Audit log"
WORDS = 120  # of a value on a line
ROW = 540  # of a line: twenty of them stay below the 12,000 characters that all blocks of a message may hold
TOLD = {
    "approval": "request #",
    "alert": "alert #",
    "anchor": "removal ",
    "job": "job #",
    "event": "notification #",
    "sim": "SIM ",
    "sms": "SMS ",
}
CODED = frozenset({"giccid", "channel"})


def listing(about: Wanted, found: Sequence[AuditLine], *, more: bool, removed: Anchor | None) -> Message:
    """The newest lines about something, the newest first; what retention removed is said."""
    top = [*_about(about), *spans(f"  {_counted(len(found))}{', the newest' if more else ''}")]
    rows = [_row(line) for line in found] or [spans("Nothing of this stands in the log.")]
    if more:
        rows.append(spans("… and older ones: ", code("simops audit list"), " on the bot's machine shows them all."))
    if removed is not None:
        rows.append(spans(f"Lines up to {removed.last:,} were removed by retention on ", moment(removed.at), "."))
    text = whole_lines([TITLE, *(flat(row) for row in (top, *rows))])
    return Message(text=text, blocks=(header(TITLE), lines(top), lines(*rows)))


def _about(about: Wanted) -> list[Element]:
    if about.giccids:
        return spans(bold("SIM"), "  ", code(name(about.giccids[0])))
    if about.subject is not None:
        return spans(bold(_subject(about.subject).capitalize()))
    return [_person(about.actor)] if about.actor is not None else spans(bold("Everything"))


def _row(line: AuditLine) -> list[Element]:
    """A line: when, who, what they did to what, and the rest of what it tells."""
    deed = line.deed
    row = [_moment(line.at), *spans("  "), _person(deed.actor), *spans(" ", bold(name(deed.action) or "–"))]
    row += spans(f"  {_subject(deed.subject)}")
    for key, says, value in pieces(deed):
        more = spans(f" · {says}", _value(key, value))
        if len(flat([*row, *more])) > ROW:
            return [*row, *spans(" …")]
        row += more
    return row


def _value(key: str, value: str) -> str | Element:
    if key in PEOPLE:
        return _person(value)
    return code(name(value) or "–") if key in CODED else fit(value, WORDS)


def _person(user: str) -> Element:
    """A person by their id, the bot by its name; what is neither is shown as it stands."""
    if re.fullmatch("[UW][A-Z0-9]{1,30}", user):
        return who(user)
    return bold(SYSTEM) if user == SYSTEM else code(name(user) or "–")


def _moment(at: datetime) -> Element:
    # A line whose time cannot be read is as old as time itself (bot/store/audit.py).
    return moment(at) if at.year >= 1970 else spans("at an unreadable time")[0]


def _subject(subject: str) -> str:
    kind, _, number = subject.partition(":")
    return f"{TOLD[kind]}{number}" if kind in TOLD and number.isdecimal() else name(subject)


def _counted(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"
