"""What happened to a SIM, in one line of time: as a message, and as the lines of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.rules.alerts import Alert
from bot.rules.approvals import Approval
from bot.rules.changes import Change
from bot.rules.conversations import SmsMessage, Way
from bot.rules.events import EVENTS, Event
from bot.rules.history import Entry, History, Kind
from bot.rules.job_sims import Part
from bot.views import alerts as alert_view
from bot.views import approvals as approval_view
from bot.views import events as event_view
from bot.views import sms as sms_view
from bot.views.parts import (
    DECIMAL,
    ROOM,
    Block,
    Element,
    Message,
    Units,
    actions,
    as_many,
    bold,
    button,
    code,
    escape,
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

PAGE = 50
MISSING = 400  # of a sentence that says what is not here
WORDS = 120  # of a reason or an outcome on a line
CHOICES: Mapping[str, str] = {
    "status": "Status",
    "plan": "Rate plan",
    "imei": "IMEI",
    "ours": "Requests",
    "sms": "SMS",
    "events": "Notifications",
    "alerts": "Alerts",
}
TITLES: Mapping[Kind, str] = {
    Kind.STATUS: "Status",
    Kind.PLAN: "Rate plan",
    Kind.IMEI: "IMEI",
    Kind.OTHER: "Change",
    Kind.OURS: "Request",
    Kind.SMS: "Notification",
    Kind.EVENTS: "Notification",
    Kind.ALERTS: "Alert",
}
COLUMNS = (
    "at",
    "kind",
    "what",
    "asked_by",
    "asked_at",
    "decided_by",
    "decided_at",
    "because",
    "outcome",
    "source",
    "number",
)


@dataclass(frozen=True)
class About:
    """The SIM a history is of: the number of its row here, SmartHub's number of it, and its label."""

    id: int
    giccid: str
    label: str


def listing(about: About, told: History, *, kind: Kind | None, read_at: datetime, units: Units = DECIMAL) -> Message:
    """The newest fifty entries of a kind, or of all; what is missing in it stands first."""
    entries = told.of(kind)
    of_kind = "" if kind is None else f", {_inside(CHOICES.get(kind, TITLES[kind]))} only"
    title = f"History of {name(about.label)}{of_kind}"
    top = [spans(bold("⚠️ Not all is here. "), fit(sentence, MISSING)) for sentence in told.missing]
    top.append(spans(code(name(about.giccid)), f"  {_counted(len(entries))}, as of ", moment(read_at)))
    room = ROOM - sum(len(flat(row)) for row in top)
    rows = as_many((_row(entry, units) for entry in entries[:PAGE]), room=room)
    if len(entries) > len(rows):
        rows.append(spans(f"… and {len(entries) - len(rows):,} older ones: they are in the CSV."))
    rows = rows or [spans("Nothing of this is known.")]
    text = whole_lines([escape(title), *(flat(row) for row in (*top, *rows))])
    return Message(text=text, blocks=(header(title), lines(*top), lines(*rows), _choices(about, told, kind)))


def sent(about: About, *, count: int) -> Message:
    """What is said where the file was asked for."""
    words = f"The history of {name(about.label)} ({_counted(count)}) is in your direct conversation with simops."
    return Message(text=escape(words), blocks=(lines(spans(words)),))


def rows(told: History, *, units: Units = DECIMAL) -> Iterator[Sequence[object]]:
    """The whole line of time as cells under COLUMNS, to be written as CSV. People are Slack user ids."""
    for entry in told.entries:
        sms = entry.told
        says = _sms(sms, None) if isinstance(sms, SmsMessage) else what(entry, units=units)
        yield (entry.at, entry.kind.value, says, *_of_request(entry), *_origin(entry))


def what(entry: Entry, *, units: Units = DECIMAL) -> str:
    """What happened, in words and on one line."""
    match entry.told:
        case Change() as change:
            word = f"{name(change.kind_word or 'unknown')}: " if change.kind is None else ""
            return f"{word}{name(change.old or '') or 'unknown'} → {name(change.new or '') or 'unknown'}"
        case Approval() as request:
            return f"{request.order.words}: {_stands(request)}"
        case Part() as part:
            return f"{part.order.words}: {part.stage.value}"
        case Event() as event:
            return _notification(event, units)
        case Alert() as alert:
            return f"{alert_view.title(alert.finding)}, {alert.state}"
        case SmsMessage() as message:
            return _sms(message, WORDS)


def _stands(request: Approval) -> str:
    return "refused by SmartHub" if request.refused else request.state.value


def _notification(event: Event, units: Units) -> str:
    text = event.push.facts.get("text")
    said = [
        *(_words(row) for row in event_view.details(event, units=units)),
        *([text] if isinstance(text, str) else []),
    ]
    again = f", came {event.repeats + 1} times" if event.repeats else ""
    return f"{EVENTS.get(event.push.name, event.push.name)}{again}" + (
        f": {'; '.join(fit(one, WORDS) for one in said)}" if said else ""
    )


def _sms(message: SmsMessage, room: int | None) -> str:
    """An SMS with where it stands; its text whole, or cut to what there is room for."""
    way = "from the device" if message.way is Way.IN else f"to the device, {sms_view.MARK[message.stand]}"
    if message.body is None:
        return f"{message.id} {way}: {message.length:,} characters, not kept (SHA-256 {message.digest[:16]}…)"
    return f"{message.id} {way}: {message.body if room is None else fit(message.body, room)}"


def _words(row: Sequence[Element]) -> str:
    """The words of a row, unescaped: for a cell, and for where they become a row again."""
    return "".join(str(part.get("text", part.get("fallback", ""))) for part in row)


def _of_request(entry: Entry) -> Sequence[object]:
    told = entry.told
    if isinstance(told, Part):
        return told.by, None, None, None, None, _came_of(told)
    if not isinstance(told, Approval):
        return (None,) * 6
    reasons = [text for text in (told.reason, told.glass, told.why) if text]
    return told.asked_by, told.asked_at, told.decided_by, told.decided_at, "; ".join(reasons) or None, told.outcome


def _origin(entry: Entry) -> tuple[str, int | None]:
    match entry.told:
        case Change():
            return "SmartHub's log", None
        case Event() as event:
            return "SmartHub's notification", event.id
        case Part() as part:
            return "simops", part.request
        case SmsMessage() as message:
            return "SMS", message.id
        case Approval() | Alert() as ours:
            return "simops", ours.id


def _row(entry: Entry, units: Units) -> list[Element]:
    at: Element = moment(entry.at) if entry.at is not None else spans("at an unknown time")[0]
    if isinstance(entry.told, Approval):
        return [at, *spans("  "), *_request(entry.told)]
    if isinstance(entry.told, Part):
        return [at, *spans("  "), *_part(entry.told)]
    title = "SMS" if isinstance(entry.told, SmsMessage) else TITLES[entry.kind]
    return [at, *spans("  ", bold(title), f"  {what(entry, units=units)}")]


def _request(request: Approval) -> list[Element]:
    """A request on one line: what was asked, where it stands, who asked and decided, why, and what came of it."""
    mark = "❌ Refused" if request.refused else approval_view.MARKS[request.state]
    what = f"  {request.order.words}: {mark}, asked by "
    row = spans(bold(f"Request #{request.id}"), what, who(request.asked_by), " ")
    row.append(moment(request.asked_at))
    if request.decided_by is not None:
        row += spans(", decided by ", who(request.decided_by))
    said = (
        ("because ", request.reason),
        ("without approval because ", request.glass),
        (f"{request.state} because ", request.why),
        ("", request.outcome),
    )
    return row + [part for word, text in said if text for part in spans(f" · {word}{fit(text, WORDS)}")]


def _part(part: Part) -> list[Element]:
    """What a job did to the SIM, on one line, with the request it carried out."""
    what = f"  {part.order.words}: {part.stage.value} in job #{part.job}, asked by "
    row = spans(bold(f"Request #{part.request}"), what, who(part.by))
    return row + (spans(f" · {fit(said, WORDS)}") if (said := _came_of(part)) else [])


def _came_of(part: Part) -> str | None:
    return part.why or (None if part.after is None else f"It reads {part.after} since.")


def _choices(about: About, told: History, kind: Kind | None) -> Block:
    """What the list can be narrowed to, as far as there is any of it, with the one chosen now marked."""
    counts = told.counts()
    every = [button(f"All ({len(told.entries)})", action="history.all", id=about.id, style=_chosen(kind is None))]
    for word, title in CHOICES.items():
        count = counts.get(Kind(word), 0)
        if count:
            chosen = _chosen(kind == word)
            every.append(button(f"{title} ({count})", action=f"history.{word}", id=about.id, style=chosen))
    return actions("history", *every, button("CSV", action="history.csv", id=about.id))


def _inside(title: str) -> str:
    """A title as it stands inside of a sentence."""
    return title if title.isupper() else title.lower()


def _chosen(is_it: bool) -> str | None:
    return "primary" if is_it else None


def _counted(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
