"""The forms in which an incident is given to somebody or ended, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.rules.incidents import Incident
from bot.views.forms import field, modal, person, typed
from bot.views.incidents import line, title
from bot.views.parts import Block, Message, bold, flat, lines, name, spans, who

ASSIGN, RESOLVE = "incident.assign", "incident.resolve"
TO, WHY = "incident.to", "incident.why"
WHY_AT_MOST = 300


def assign(incident: Incident) -> Block:
    """The form in which it is given to somebody."""
    who_is_it = field("To", person("Choose somebody", action=TO))
    return modal("Assign", lines(line(incident)), who_is_it, callback=ASSIGN, id=incident.id, submit="Assign")


def resolve(incident: Incident) -> Block:
    """The form in which it is ended."""
    why = field("What came of it", typed(action=WHY, lines=True, most=WHY_AT_MOST), optional=True)
    return modal("Resolve", lines(line(incident)), why, callback=RESOLVE, id=incident.id, submit="Resolve")


FORMS: Mapping[str, Callable[[Incident], Block]] = {"assign": assign, "resolve": resolve}


def assigned(incident: Incident, *, by: str) -> Message:
    """What somebody reads to whom it was given."""
    first = [*spans(who(by), " has given you this: "), *line(incident)]
    where = [part for channel in incident.audience for part in spans(" ", {"type": "channel", "channel_id": channel})]
    second = [*spans("Its card is in"), *where]
    return Message(text=f"{flat(first)}\n{flat(second)}", blocks=(lines(first, second),))


def snooze_over(incident: Incident) -> Message:
    """What is said under the card when a snooze ends."""
    parts = spans(bold("Snooze is over"), f": {name(title(incident))}. Nobody has resolved it yet.")
    return Message(text=flat(parts), blocks=(lines(parts),))
