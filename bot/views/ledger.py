"""The way of one notification, from its coming to its place in Slack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.rules.events import EVENTS, Event, Fate, Source
from bot.rules.incidents import Incident
from bot.views.events import details
from bot.views.incidents import title
from bot.views.parts import (
    DECIMAL,
    ROOM,
    TEXT,
    Element,
    Message,
    Units,
    as_many,
    bold,
    code,
    flat,
    lines,
    moment,
    name,
    spans,
    verbatim,
    whole_lines,
)

FATES = {
    Fate.UNSORTED: "on disk; it is being sorted",
    Fate.MUTED: "held by planned work, and counted there",
    Fate.REQUEST: "told in the thread of the request that caused it",
    Fate.SMS: "in the conversation with the SIM",
}


@dataclass(frozen=True)
class Stop:
    """A card in one channel, and how far it is. `at` is aware UTC."""

    channel: str
    state: str
    at: datetime | None
    tries: int = 0
    error: str | None = None


def entry(event: Event, incident: Incident | None, stops: Sequence[Stop], *, units: Units = DECIMAL) -> Message:
    """Everything that is known of it, what was sent included."""
    push = event.push
    about = name(event.label or push.giccid or "unknown SIM")
    came = "found in SmartHub's change log" if event.source is Source.LOG else "received and on disk"
    rows: list[Sequence[Element]] = [
        spans(bold(f"Notification {event.id}: {EVENTS.get(push.name, push.name)}"), f"  {about}  ",
              code(push.giccid or "not named")),
        *details(event, units=units),
        spans(bold("Came"), f"  {came} ", moment(event.received_at)),
    ]  # fmt: skip
    if event.repeats and event.last_at is not None:
        rows.append(spans(bold("Came again"), f"  {event.repeats} times, last ", moment(event.last_at)))
    rows.append(_fate(event, incident))
    rows += [_stop(stop) for stop in stops]
    rows = as_many(rows, room=ROOM - TEXT)
    blocks = (lines(*rows), verbatim(push.body.decode("utf-8", "replace")))
    return Message(text=whole_lines(map(flat, rows)), blocks=blocks)


def _fate(event: Event, incident: Incident | None) -> list[Element]:
    if event.fate is Fate.JOB:
        return spans(bold("Shown"), f"  counted on the card of bulk job #{event.job}")
    if event.fate in FATES:
        also = "" if incident is None else f", and on the card of incident {incident.id}"
        return spans(bold("Shown"), f"  {FATES[event.fate]}{also}")
    if incident is None:
        return spans(bold("Shown"), "  by an earlier version, on a card of its own")
    storm = "" if incident.storm_id is None else f", which is one of many in incident {incident.storm_id}"
    return spans(bold("Shown"), f"  on the card of incident {incident.id}, {title(incident)}{storm}")


def _stop(stop: Stop) -> list[Element]:
    at = [] if stop.at is None else spans(" ", moment(stop.at))
    tried = "" if not stop.tries else f", tried {stop.tries} times"
    error = "" if stop.error is None else f": {name(stop.error)}"
    place: Element = {"type": "channel", "channel_id": stop.channel}
    return [*spans("  ", place, f"  {name(stop.state)}"), *at, *spans(f"{tried}{error}")]
