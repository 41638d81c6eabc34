"""What `/sim help` shows: the table of verbs, as this person may use it."""

from __future__ import annotations

from bot.rules.commands import VERBS
from bot.rules.people import Role
from bot.views.parts import Message, bold, code, escape, lines, spans


def listing(role: Role, *, command: str) -> Message:
    """The verbs this role may use, each with what it does, and who may use the others."""
    rows = []
    words = []
    for verb in VERBS.values():
        ways = [f"{command} {way.strip(' `')}" for way in verb.usage.split("` or `")]
        may = "" if role >= verb.role else f" (takes {verb.role.word})"
        rows.append([*spans(code(ways[0])), *(e for w in ways[1:] for e in spans(" or ", code(w))), *spans(
            f"  {verb.does}{may}")])  # fmt: skip
        words.append(f"{' or '.join(ways)}: {verb.does}{may}")
    more = spans(
        "A SIM is named by its ICCID. Answers are for your eyes only; add ", code("--here"), " to show a list."
    )
    title = [*spans(bold("simops")), *spans(f", you are {role.word} here")]
    return Message(text=escape("\n".join(words)), blocks=(lines(title, *rows, more),))
