"""A notification of SmartHub's as a card in its channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.rules.events import EVENTS, Event, Fact
from bot.views.parts import (
    Block,
    Element,
    Message,
    bold,
    code,
    escape,
    header,
    lines,
    moment,
    name,
    size,
    small,
    spans,
    verbatim,
)

Facts = Mapping[str, Fact]
Rows = list[list[Element]]

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


def card(event: Event) -> Message:
    """The notification with the SIM by its label first; what could not be read is shown as it came."""
    push = event.push
    title = EVENTS.get(push.name, push.name)
    about = name(event.label or push.giccid or "") or "unknown SIM"
    rows: Rows = [spans(bold("SIM"), f"  {event.label}  " if event.label else "  ", code(push.giccid or "not named"))]
    if push.account:
        rows.append(spans(bold("Account"), f"  {push.account}"))
    rows += _details(event)
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
    return Message(text=f"{escape(title)}: {escape(about)}", blocks=tuple(blocks))


def _details(event: Event) -> Rows:
    tell = TELL.get(event.push.name)
    return [] if tell is None or event.push.flaw is not None else tell(event.push.facts)


def _changed(what: str, old: str, new: str) -> Callable[[Facts], Rows]:
    def rows(facts: Facts) -> Rows:
        return [spans(bold(what), f"  {_word(facts.get(old))} → {_word(facts.get(new))}")]

    return rows


def _usage(facts: Facts) -> Rows:
    used = f"  {_bytes(facts.get('usage_bytes'))} used, threshold {_bytes(facts.get('threshold_bytes'))}"
    return [spans(bold(f"Cycle {_word(facts.get('cycle'))}"), used)]


def _traffic(facts: Facts) -> Rows:
    used = f"{_bytes(facts.get('used_bytes'))} of {_bytes(facts.get('total_bytes'))}"
    return [spans(bold("Package"), f"  {_word(facts.get('plan'))}: {used}, threshold {_word(facts.get('percent'))} %")]


def _expired(facts: Facts) -> Rows:
    at = facts.get("expires_at")
    when: list[Element] = [moment(at)] if isinstance(at, datetime) else spans(_word(at))
    return [
        [*spans(bold("Package"), f"  {_word(facts.get('plan'))}, expiry "), *when],
        spans("SmartHub's pages differ on whether this means expired or about to expire; the date says which."),
    ]


def _silent(facts: Facts) -> Rows:
    at = facts.get("last_session_at")
    when: list[Element] = [moment(at)] if isinstance(at, datetime) else spans("unknown")
    return [[*spans(bold("Last session"), "  "), *when, *spans(f", {_word(facts.get('hours'))} h without one")]]


def _apn(facts: Facts) -> Rows:
    return [spans(bold("APN"), f"  {_word(facts.get('apn'))}: {_word(facts.get('old'))} → {_word(facts.get('new'))}")]


def _report(facts: Facts) -> Rows:
    return [spans(bold("SMS"), f"  {_word(facts.get('sms_id'))}: {_word(facts.get('status'))}")]


TELL: Mapping[str, Callable[[Facts], Rows]] = {
    "mo-sms": lambda _: [],
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


def _bytes(fact: Fact) -> str:
    return size(fact) if isinstance(fact, int) else "unknown"
