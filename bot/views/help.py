"""What `/sim help` shows: the table of verbs, as this person may use it."""

from __future__ import annotations

from bot.rules.commands import VERBS
from bot.rules.people import Person, Role
from bot.rules.searches import LONGEST
from bot.views.forms import field, modal, typed
from bot.views.forms import menu as type_ahead
from bot.views.parts import Block, Message, actions, bold, button, code, escape, flat, lines, spans, whole_lines

FIND_MODAL = "find"
WORDS = "find.words"


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
        "A SIM is named by its ICCID, IMSI, MSISDN or IMEI, its label, or a piece of one that fits no other. ",
        "Answers are for your eyes only; add ", code("--here"), " to show a list, ", code("--exact"), " for bytes.",
    )  # fmt: skip
    title = [*spans(bold("simops")), *spans(f", you are {role.word} here")]
    text = whole_lines([flat(title), *map(escape, words), flat(more)])
    return Message(text=text, blocks=(lines(title, *rows, more),))


def menu(person: Person, *, command: str) -> Message:
    """What `/sim` alone shows: a SIM to search, and what is asked for most."""
    if person.role < Role.VIEWER:
        return listing(person.role, command=command)
    about = spans(bold("simops"), f", you are {person.role.word} here. Type a SIM, or press; ", code(f"{command} help"))
    choices = (("Find SIMs…", "menu.find"), ("Approvals", "menu.approvals"), ("Alerts", "menu.alerts"))
    others = (("Health", "menu.status"), ("All commands", "menu.help"))
    buttons = [button(words, action=action, id=0) for words, action in (*choices, *others)]
    search = type_ahead("Number or label of a SIM", action="find.sim", least=2)
    words = f"{command} ID shows a SIM, {command} find searches, {command} help lists all there is."
    return Message(text=words, blocks=(lines(about), actions("menu.search", search), actions("menu", *buttons)))


def find_modal() -> Block:
    """The form for a search; its answer comes by direct message."""
    example = "berlin status:suspended account:acme usage>80%"
    return modal(
        "Find SIMs",
        field(
            "Words and filters",
            typed(action=WORDS, example=example, most=LONGEST),
            hint="As behind find. The answer comes directly.",
        ),
        callback=FIND_MODAL,
        id=0,
        submit="Find",
    )
