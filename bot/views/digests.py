"""Many incidents in one message: a digest, what quiet hours held, what came while Slack was away, who waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.rules.events import EVENTS
from bot.rules.incidents import Incident
from bot.views.incidents import line
from bot.views.parts import Message, as_many, bold, flat, lines, spans, whole_lines

SHOWN = 25
TITLES = {
    "quiet": "What came in the quiet hours",
    "digest": "Notifications that could wait",
    "late": "What came while Slack could not be reached",
}


def digest(kind: str, incidents: Sequence[Incident], *, count: int) -> Message:
    """What was held for one reason: counts by kind, and the gravest ones, each with its own time."""
    by_event = Counter(incident.event for incident in incidents)
    counted = ", ".join(f"{EVENTS.get(event, event)}: {number:,}" for event, number in by_event.most_common())
    ordered = sorted(incidents, key=lambda one: (-one.severity, one.first_at))
    rows = as_many([line(incident) for incident in ordered[:SHOWN]])
    left = count - len(rows)
    head = [spans(bold(TITLES.get(kind, "Notifications")), f": {count:,}"), spans(counted)]
    rest = [spans(f"… and {left:,} more; `/sim history ID` has those of a SIM.")] if left else []
    every = [*head, *rows, *rest]
    return Message(text=whole_lines(map(flat, every)), blocks=(lines(*every),))


def nobodys(incidents: Sequence[Incident], *, lasting: str) -> Message:
    """A reminder of what nobody has taken."""
    count = "1 incident" if len(incidents) == 1 else f"{len(incidents)} incidents"
    head = spans(bold(f"Nobody has taken {count}"), f" that came more than {lasting} ago:")
    every = [head, *as_many([line(incident) for incident in incidents[:SHOWN]])]
    return Message(text=whole_lines(map(flat, every)), blocks=(lines(*every),))
