"""An incident as a card: what happened to a SIM, or to many, since when, how grave, and what one may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.rules.approvals import Approval
from bot.rules.events import EVENTS, Event, Severity, Source
from bot.rules.incidents import Incident, State, flaps
from bot.rules.snapshot import Listed
from bot.rules.storms import NOTHING, Cause, Counts
from bot.views import telling
from bot.views.events import details
from bot.views.parts import (
    DECIMAL,
    Block,
    Element,
    Message,
    Units,
    actions,
    bold,
    button,
    code,
    escape,
    flat,
    header,
    lines,
    moment,
    name,
    small,
    spans,
    verbatim,
    who,
    whole_lines,
)

MARKS = {Severity.HIGH: "🔴", Severity.MEDIUM: "🟡", Severity.LOW: "🔵"}
FOOT = "It tells, it does not prove: read the SIM before acting."
MISSED = "SmartHub never told of this: it was found in its change log, and is shown as a notification would have been."


@dataclass(frozen=True)
class Known:
    """What is known beside the incident itself.

    `events` are its newest pushes, the newest first. `sim` is the SIM as the last look saw it; `twins` are the others
    with its new IMEI, `model` how many SIMs have its new model; `ours` the newest request here for this SIM, `link`
    where its card is, `job` the bulk job; `conversation` the channel of the one with the SIM, for an SMS in it.

    Of a storm: what its SIMs share, the likely `cause`, and who came `restless`ly, with how often.
    """

    events: Sequence[Event] = ()
    sim: Listed | None = None
    twins: Sequence[Listed] = ()
    model: int | None = None
    ours: Approval | None = None
    link: str | None = None
    job: int | None = None
    conversation: str | None = None
    counts: Counts = field(default_factory=lambda: NOTHING)
    cause: Cause | None = None
    restless: Sequence[tuple[str, int]] = ()
    snooze_for: str = "1 d"
    units: Units = DECIMAL


def card(incident: Incident, known: Known) -> Message:
    """The whole card, drawn from what is stored."""
    if incident.storm:
        rows = telling.storm(incident, known.counts, known.cause, known.restless)
    else:
        rows = _single(incident, known)
    status = _status(incident)
    blocks: list[Block] = [header(f"{_mark(incident)} {title(incident)}"), lines(*rows)]
    said = _as_it_came(known) if not incident.storm else []
    blocks += said
    blocks += [lines(status)] if status else []
    blocks += _choices(incident, known)
    blocks.append(small(_foot(incident, known)))
    first = f"{escape(title(incident))}." + (f" {flat(status)}." if status else "")
    return Message(text=whole_lines([first, *map(flat, rows), *_texts(known, incident)]), blocks=tuple(blocks))


def title(incident: Incident) -> str:
    """What happened to which SIM, or to how many, on one line."""
    what = EVENTS.get(incident.event, incident.event)
    if incident.storm:
        return f"{what}: {incident.sims:,} SIMs"
    return f"{what}: {name(incident.label or incident.giccid or '') or 'unknown SIM'}"


def line(incident: Incident) -> list[Element]:
    """The incident on a line of a list or a digest."""
    many = f"  {incident.count:,} times" if incident.count > 1 else ""
    which = spans(_mark(incident), " ", bold(title(incident)), many)
    return [*which, *spans("  since " if incident.count > 1 else "  ", moment(incident.first_at))]


def _single(incident: Incident, known: Known) -> list[list[Element]]:
    label, newest = incident.label, next(iter(known.events), None)
    rows = [spans(bold("SIM"), f"  {label}  " if label else "  ", code(incident.giccid or "not named"))]
    place = telling.place(incident, known.sim)
    rows += [place] if place else []
    if newest is not None:
        rows += details(newest, units=known.units)
        rows += telling.more(newest, known.sim, known.twins, known.model, units=known.units)
        rows += telling.ours(newest, known.ours, known.job, known.link)
        rows += telling.conversation(known.conversation)
        rows.append(spans(bold("When"), "  ", moment(newest.push.happened_at or newest.received_at)))
    rows.append(spans(bold("Severity"), f"  {incident.severity.word}"))
    if incident.count > 1:
        rows.append(
            spans(
                bold("Again and again"),
                f"  {incident.count:,} times since ",
                moment(incident.first_at),
                ", last ",
                moment(incident.last_at),
            )
        )
    times = flaps([(event.received_at, event.push.facts.get("new")) for event in known.events])
    if times:
        rows.append(spans(bold("It flaps"), f": {times} changes to and fro within half an hour"))
    if newest is not None and newest.repeats and newest.last_at is not None:
        again = "once more" if newest.repeats == 1 else f"{newest.repeats} times more"
        rows.append(spans(bold("Came again"), f"  {again}, last ", moment(newest.last_at)))
    return rows


def _mark(incident: Incident) -> str:
    return "✅" if incident.state is State.RESOLVED else MARKS[incident.severity]


def _as_it_came(known: Known) -> list[Block]:
    """Words of the device, and what could not be read, in boxes of their own."""
    newest = next(iter(known.events), None)
    if newest is None:
        return []
    blocks: list[Block] = []
    text = newest.push.facts.get("text")
    if isinstance(text, str):
        blocks.append(verbatim(text))
    if newest.push.flaw is not None:
        blocks.append(lines(spans(bold("This notification could not be read in full: "), newest.push.flaw)))
        blocks.append(verbatim(newest.push.body.decode("utf-8", "replace")))
    if newest.other_body is not None:
        blocks.append(lines(spans(bold("It came again under the same id, saying:"))))
        blocks.append(verbatim(newest.other_body.decode("utf-8", "replace")))
    return blocks


def _texts(known: Known, incident: Incident) -> list[str]:
    newest = next(iter(known.events), None)
    text = None if newest is None or incident.storm else newest.push.facts.get("text")
    return [escape(text)] if isinstance(text, str) else []


def _status(incident: Incident) -> list[Element]:
    if incident.storm_id is not None:
        return spans(bold("One of many"), f": it stands on the card of all of them now (incident {incident.storm_id})")
    at = [] if incident.at is None else spans(" ", moment(incident.at))
    by = [] if incident.by is None else spans(" by ", who(incident.by))
    match incident.state:
        case State.ACKNOWLEDGED if incident.assignee is not None and incident.assignee != incident.by:
            return [*spans(bold("Assigned"), " to ", who(incident.assignee)), *by, *at]
        case State.ACKNOWLEDGED:
            return [bold("Acknowledged"), *by, *at]
        case State.SNOOZED if incident.until is not None:
            return [*spans(bold("Snoozed")), *by, *spans(" until ", moment(incident.until), " or until it gets worse")]
        case State.RESOLVED:
            why = "" if incident.why is None else f": {incident.why}"
            return [bold("Resolved"), *by, *at, *spans(why)]
    return [] if incident.event in telling.TOLD_ONLY else [bold("Open")]


def _choices(incident: Incident, known: Known) -> list[Block]:
    """What one may do about the SIM, and about the card. A device's SMS is read, and nothing is to be resolved."""
    if not incident.live:
        return []
    rows = [telling.buttons(incident, known.sim, next(iter(known.events), None))]
    if incident.event not in telling.TOLD_ONLY:
        rows.append(_care(incident, known.snooze_for))
    return [actions(f"incident.{n}", *row) for n, row in enumerate(rows) if row]


def _care(incident: Incident, snooze_for: str) -> list[Block]:
    acknowledge = button("Acknowledge", action="incident.acknowledge", id=incident.id, style="primary")
    return [
        *([] if incident.state is State.ACKNOWLEDGED else [acknowledge]),
        button("Assign …", action="incident.assign", id=incident.id),
        *(
            []
            if incident.state is State.SNOOZED
            else [button(f"Snooze {snooze_for}", action="incident.snooze", id=incident.id)]
        ),
        button("Resolve …", action="incident.resolve", id=incident.id),
    ]


def _foot(incident: Incident, known: Known) -> str:
    newest = next(iter(known.events), None)
    missed = f" {MISSED}" if newest is not None and newest.source is Source.LOG else ""
    if incident.storm:
        return f"Incident {incident.id}, from {incident.count:,} notifications. {FOOT}"
    number = "" if newest is None else f"Notification {newest.id} from SmartHub, "
    return f"{number}incident {incident.id}. {FOOT}{missed}"
