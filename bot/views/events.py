"""A notification of SmartHub's as a card in its channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.rules.events import EVENTS, Event, Fact
from bot.views.parts import (
    DECIMAL,
    Block,
    Element,
    Message,
    Units,
    bold,
    code,
    escape,
    flat,
    header,
    lines,
    moment,
    name,
    size,
    small,
    spans,
    verbatim,
    whole_lines,
)

Facts = Mapping[str, Fact]
Rows = list[list[Element]]
Tell = Callable[[Facts, Units], Rows]

GRAVE = {
    "imei-change": "⚠️",
    "package-expired": "⚠️",
    "no-session": "⚠️",
    "cycle-usage": "📈",
    "package-traffic": "📈",
    "mo-sms": "💬",
    "mt-sms-status": "💬",
    "sim-status-change": "🔁",
    "apn-status-change": "🔁",
}


def card(event: Event, *, units: Units = DECIMAL) -> Message:
    """The notification with the SIM by its label first; what could not be read is shown as it came."""
    push = event.push
    title = EVENTS.get(push.name, push.name)
    about = name(event.label or push.giccid or "") or "unknown SIM"
    rows: Rows = [spans(bold("SIM"), f"  {event.label}  " if event.label else "  ", code(push.giccid or "not named"))]
    if push.account:
        rows.append(spans(bold("Account"), f"  {push.account}"))
    rows += details(event, units=units)
    rows.append(spans(bold("When"), "  ", moment(push.happened_at or event.received_at)))
    if event.repeats and event.last_at is not None:
        times = "once more" if event.repeats == 1 else f"{event.repeats} times more"
        rows.append(spans(bold("Came again"), f"  {times}, last ", moment(event.last_at)))
    blocks: list[Block] = [header(f"{GRAVE.get(push.name, '🔔')} {title}: {about}"), lines(*rows)]
    text = push.facts.get("text")
    if isinstance(text, str):
        blocks.append(verbatim(text))
    if push.flaw is not None:
        blocks.append(lines(spans(bold("This notification could not be read in full: "), push.flaw)))
        blocks.append(verbatim(push.body.decode("utf-8", "replace")))
    if event.other_body is not None:
        blocks.append(lines(spans(bold("It came again under the same id, saying:"))))
        blocks.append(verbatim(event.other_body.decode("utf-8", "replace")))
    blocks.append(
        small(f"Notification {event.id} from SmartHub. It tells, it does not prove: read the SIM before acting.")
    )
    said = [escape(text)] if isinstance(text, str) else []
    return Message(
        text=whole_lines([f"{escape(title)}: {escape(about)}", *map(flat, rows), *said]), blocks=tuple(blocks)
    )


def echo(event: Event) -> Message:
    """What stands in the thread of a request when SmartHub tells of what it did."""
    told = details(event)
    first = spans(bold("SmartHub has told of it"), "  ", moment(event.push.happened_at or event.received_at))
    return Message(text=whole_lines(map(flat, (first, *told))), blocks=(lines(first, *told),))


def details(event: Event, *, units: Units = DECIMAL) -> Rows:
    """What it tells, a row each; nothing where it could not be read."""
    tell = TELL.get(event.push.name)
    return [] if tell is None or event.push.flaw is not None else tell(event.push.facts, units)


def _changed(what: str, old: str, new: str) -> Tell:
    def rows(facts: Facts, _: Units) -> Rows:
        return [spans(bold(what), f"  {_word(facts.get(old))} → {_word(facts.get(new))}")]

    return rows


def _usage(facts: Facts, units: Units) -> Rows:
    used = f"  {_bytes(facts.get('usage_bytes'), units)} used, threshold {_bytes(facts.get('threshold_bytes'), units)}"
    return [spans(bold(f"Cycle {_word(facts.get('cycle'))}"), used)]


def _traffic(facts: Facts, units: Units) -> Rows:
    used = f"{_bytes(facts.get('used_bytes'), units)} of {_bytes(facts.get('total_bytes'), units)}"
    return [spans(bold("Package"), f"  {_word(facts.get('plan'))}: {used}, threshold {_word(facts.get('percent'))} %")]


def _expired(facts: Facts, _: Units) -> Rows:
    at = facts.get("expires_at")
    when: list[Element] = [moment(at)] if isinstance(at, datetime) else spans(_word(at))
    return [
        [*spans(bold("Package"), f"  {_word(facts.get('plan'))}, expiry "), *when],
        spans("SmartHub's pages differ on whether this means expired or about to expire; the date says which."),
    ]


def _silent(facts: Facts, _: Units) -> Rows:
    at = facts.get("last_session_at")
    when: list[Element] = [moment(at)] if isinstance(at, datetime) else spans("unknown")
    return [[*spans(bold("Last session"), "  "), *when, *spans(f", {_word(facts.get('hours'))} h without one")]]


def _apn(facts: Facts, _: Units) -> Rows:
    return [spans(bold("APN"), f"  {_word(facts.get('apn'))}: {_word(facts.get('old'))} → {_word(facts.get('new'))}")]


def _report(facts: Facts, _: Units) -> Rows:
    return [spans(bold("SMS"), f"  {_word(facts.get('sms_id'))}: {_word(facts.get('status'))}")]


TELL: Mapping[str, Tell] = {
    "mo-sms": lambda _facts, _units: [],
    "mt-sms-status": _report,
    "cycle-usage": _usage,
    "imei-change": _changed("IMEI", "old", "new"),
    "no-session": _silent,
    "package-expired": _expired,
    "package-traffic": _traffic,
    "sim-status-change": _changed("State", "old", "new"),
    "apn-status-change": _apn,
}


def _word(fact: Fact) -> str:
    return "unknown" if fact is None else name(str(fact))


def _bytes(fact: Fact, units: Units) -> str:
    return size(fact, units=units) if isinstance(fact, int) else "unknown"
