"""One SIM as a card, and its numbers to the byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.rules.alerts import Alert
from bot.rules.approvals import Approval
from bot.rules.durations import say_duration
from bot.rules.forecasts import forecast
from bot.rules.naming import Named
from bot.rules.people import Person, Role
from bot.rules.shields import Shield
from bot.rules.sims import Addon, Apn, Operation, Sim, Status, fits, luhn_holds
from bot.rules.words import folded
from bot.views import alerts as alert_view
from bot.views.parts import (
    DECIMAL,
    TEXT,
    ZONE,
    Block,
    Element,
    Message,
    Units,
    actions,
    bar,
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
    percent,
    size,
    spans,
    verbatim,
    who,
    whole_lines,
)
from bot.views.regions import region

MARKS = {
    Status.ACTIVE: "🟢 active",
    Status.SUSPENDED: "⏸️ suspended",
    Status.RETIRED: "⛔ retired",
    Status.INVENTORY: "⚪ in inventory",
    Status.TEST: "🧪 test",
    Status.READY: "⚪ ready to activate",
}
SWITCH = {True: "on", False: "off", None: "unknown"}
LISTED = 8  # add-ons, APNs and alerts that are shown one by one
BUTTONS: Mapping[Operation, str] = {
    Operation.SUSPEND: "Suspend",
    Operation.ACTIVATE: "Activate",
    Operation.RETIRE: "Retire",
    Operation.PLAN: "Change plan",
    Operation.ADDON: "Order add-on",
    Operation.APN: "Switch APN",
    Operation.SET: "Custom fields",
    Operation.SMS: "Send SMS",
}
Rows = list[list[Element]]


@dataclass(frozen=True)
class Seen:
    """What is known beside the SIM itself: its row's number, without which there are no buttons, who looks and when,
    what was typed, what is open on it.

    `read_at` is how old it is; `problem` says why SmartHub did not tell anything newer: then nothing can be changed.
    `fits` says whether a change can be asked for of the SIM as it is; `shield` who protects it.
    """

    id: int | None
    label: str
    by: Person
    read_at: datetime
    now: datetime
    asked: Named | None = None
    request: Approval | None = None
    alerts: Sequence[Alert] = ()
    problem: str | None = None
    fits: Callable[[Operation, Sim], bool] = fits
    shield: Shield | None = None
    units: Units = DECIMAL


def card(sim: Sim, seen: Seen) -> Message:
    """The SIM with all that is known of it, and the buttons for what this person may do in this state."""
    paragraphs = (_first(sim, seen), _usage(sim, seen), _device(sim, seen), _open(seen), _as_of(sim, seen))
    warning = _warning(seen)
    blocks = [
        header(seen.label),
        *([lines(*warning)] if warning else []),
        *(lines(*rows) for rows in paragraphs if rows),
    ]
    blocks += [] if seen.id is None else _buttons(sim, seen, seen.id)
    told = [flat(row) for rows in (warning, *paragraphs) for row in rows]
    text = whole_lines([f"{escape(name(seen.label))}: {escape(state(sim))}{_used(sim, seen)}.", *told])
    return Message(text=text, blocks=tuple(blocks))


def state(sim: Sim) -> str:
    """The state of a SIM with its mark, in words."""
    if sim.status is not None:
        return MARKS[sim.status]
    return f"❔ {name(sim.status_word)} (a state simops does not know)"


def exact(sim: Sim, *, label: str, read_at: datetime) -> Message:
    """What was counted to the byte, and SmartHub's own answer, key by key, as it came."""
    counted = [("Usage", sim.usage_bytes), ("Quota", sim.quota_bytes)]
    for addon in sim.addons[:LISTED]:
        counted += [(f"{name(addon.name)}, used", addon.used_bytes), (f"{name(addon.name)}, total", addon.total_bytes)]
    rows = [
        spans(bold(title), f"  {'unknown' if amount is None else f'{amount:,} bytes'}") for title, amount in counted
    ]
    rows.append(spans(bold("SMS"), f"  {'unknown' if sim.sms_count is None else f'{sim.sms_count:,}'}"))
    rows.append(spans("Read from SmartHub ", moment(read_at), ". Below is its own answer."))
    blocks = (header(f"{name(label)} in exact numbers"), lines(*rows), verbatim(_raw(sim.raw)))
    return Message(text=whole_lines([f"{escape(name(label))} in exact numbers", *map(flat, rows)]), blocks=blocks)


def _raw(raw: Mapping[str, object]) -> str:
    """SmartHub's answer as text, cut to what a message holds."""
    said = "\n".join(f"{key}: {json.dumps(value, ensure_ascii=False, default=str)}" for key, value in raw.items())
    left = len(said) - TEXT
    return said if left <= 0 else f"{fit(said, TEXT - 60)}\n(cut: {left + 60:,} more characters)"


# --- paragraphs --------------------------------------------------------------------------------------------------


def _first(sim: Sim, seen: Seen) -> Rows:
    rows = [spans(bold("State"), f"  {state(sim)}"), spans(bold("ICCID"), "  ", code(sim.iccid or sim.giccid))]
    if sim.iccid is not None and sim.iccid != sim.giccid:
        rows.append(spans(bold("GICCID"), "  ", code(sim.giccid)))
    rows.append(spans(bold("Account"), f"  {name(sim.account or '') or 'unknown'}"))
    rows.append(
        [*spans(bold("Rate plan"), f"  {name(sim.plan or '') or 'none'}"), *_until(sim.plan_expires_at, seen.now)]
    )
    if sim.pool:
        rows.append(spans(bold("Pool"), f"  {name(sim.pool)}"))
    if sim.activated_at is not None:
        rows.append([*spans(bold("Activated"), "  ", moment(sim.activated_at)), *_ago(sim.activated_at, seen.now)])
    return rows


def _usage(sim: Sim, seen: Seen) -> Rows:
    cycle = name(sim.cycle or "")
    title = bold(f"Usage in {cycle}" if cycle else "Usage in this billing cycle")
    rows = _amounts(title, sim.usage_bytes, sim.quota_bytes, "no quota", seen.units)
    made = forecast(sim.usage_bytes, sim.quota_bytes, sim.cycle, now=seen.now)
    if made is not None and made.before_the_end and made.used < made.whole:
        rows.append(spans(bold("Outlook"), f"  {made.words}"))
    rows += [row for addon in sim.addons[:LISTED] for row in _addon(addon, seen)]
    if len(sim.addons) > LISTED:
        rows.append(spans(f"… and {len(sim.addons) - LISTED} more add-ons."))
    if sim.sms_count is not None:
        rows.append(spans(bold("SMS"), f"  {sim.sms_count:,}"))
    return rows


def _amounts(title: Element, used: int | None, whole: int | None, unlimited: str, units: Units) -> Rows:
    """How much of something is used, in numbers and as a bar."""
    if used is None or whole is None or whole <= 0:
        of = (
            f", {unlimited}"
            if used is not None and whole is None
            else ""
            if whole is None
            else f" of {size(whole, units=units)}"
        )
        return [spans(title, f"  {size(used, units=units)}{of}")]
    said = f"  {size(used, units=units)} of {size(whole, units=units)}, {percent(used, whole)}"
    return [spans(title, said), spans(code(bar(used, whole)))]


def _addon(addon: Addon, seen: Seen) -> Rows:
    title = bold(f"Add-on {name(addon.name)}")
    first, *rest = _amounts(title, addon.used_bytes, addon.total_bytes, "no limit", seen.units)
    return [[*first, *_until(addon.expires_at, seen.now)], *rest]


def _device(sim: Sim, seen: Seen) -> Rows:
    rows = [spans(bold("APNs"), f"  {_apns(sim.apns)}")] if sim.apns else []
    numbers = (("IMSI", sim.imsi), ("MSISDN", sim.msisdn), ("IMEI", sim.imei))
    rows += [spans(bold(title), "  ", code(name(number))) for title, number in numbers if number]
    if sim.country:
        rows.append(spans(bold("Country"), f"  {region(sim.country)}"))
    if sim.last_session_at is not None:
        at = sim.last_session_at
        rows.append([*spans(bold("Last session"), "  ", moment(at)), *_ago(at, seen.now)])
    return rows + [spans(bold(f"custom{n}"), f"  {text}") for n, text in enumerate(sim.custom, 1) if text]


def _apns(apns: Sequence[Apn]) -> str:
    more = f" … and {len(apns) - LISTED} more" if len(apns) > LISTED else ""
    return ", ".join(f"{name(apn.name)} ({SWITCH[apn.enabled]})" for apn in apns[:LISTED]) + more


def _open(seen: Seen) -> Rows:
    """What is under way or wrong with this SIM here."""
    rows = []
    if seen.shield is not None:
        why = f": {seen.shield.why}" if seen.shield.why else ""
        rows.append(spans(bold("Protected"), "  by ", who(seen.shield.by), " ", moment(seen.shield.at), why))
    if seen.request is not None:
        asked = seen.request
        words = f"  {asked.order.words}, {asked.state}, asked by "
        rows.append(spans(bold(f"Open request #{asked.id}"), words, who(asked.asked_by), " ", moment(asked.asked_at)))
    for alert in seen.alerts[:LISTED]:
        words = f"  {alert_view.title(alert.finding)}, {alert.state}, since "
        rows.append(spans(bold("Alert"), words, moment(alert.raised_at)))
    return rows


def _warning(seen: Seen) -> Rows:
    if seen.problem is None:
        return []
    first = spans(bold("⚠️ This is not live."), f" {seen.problem}")
    return [first, [*spans("What follows is as of ", moment(seen.read_at)), *_ago(seen.read_at, seen.now), *spans(".")]]


def _as_of(sim: Sim, seen: Seen) -> Rows:
    note = _note(sim, seen.asked)
    rows = [spans(note)] if note else []
    where = "Read from SmartHub " if seen.problem is None else "Last read from SmartHub "
    zone = f" {ZONE}" if sim.cycle or sim.usage_bytes is not None else ""
    return [*rows, spans(where, moment(seen.read_at), f".{zone}")]


def _note(sim: Sim, asked: Named | None) -> str:
    """By what the SIM was found, where that is not plain, and whether its number is an odd one."""
    if asked is None or asked.text in map(folded, filter(None, sim.custom)):
        return ""
    if asked.digits is None:
        return _found_for(asked)
    if asked.digits in (sim.giccid, sim.iccid):
        odd = asked.could_be_iccid and not luhn_holds(asked.digits)
        return "The last digit is not this number's check digit; some SIMs are numbered without one." if odd else ""
    if {sim.giccid, sim.iccid} & set(asked.numbers):
        return f"Found for {asked.digits}: the two differ in the check digit."
    named = {"IMSI": sim.imsi, "MSISDN": sim.msisdn, "IMEI": sim.imei}
    by = next((kind for kind, number in named.items() if number is not None and _same(number, asked)), None)
    return _found_for(asked) if by is None else f"Found by its {by}."


def _same(number: str, asked: Named) -> bool:
    return number.lstrip("+") in asked.numbers or (asked.device is not None and number.startswith(asked.device))


def _found_for(asked: Named) -> str:
    return f"Found for “{name(asked.typed)}”: no other SIM fits."


def _until(at: datetime | None, now: datetime) -> list[Element]:
    """When something ends, and how long that is."""
    if at is None:
        return []
    left = f" (in {say_duration(at - now)})" if at > now else f" (over for {say_duration(now - at)})"
    return spans(", until ", moment(at), left)


def _ago(at: datetime, now: datetime) -> list[Element]:
    return spans(f" ({say_duration(now - at)} ago)" if at <= now else f" (in {say_duration(at - now)})")


def _used(sim: Sim, seen: Seen) -> str:
    return "" if sim.usage_bytes is None else f", {size(sim.usage_bytes, units=seen.units)} used"


# --- buttons -----------------------------------------------------------------------------------------------------


def _buttons(sim: Sim, seen: Seen, id: int) -> list[Block]:
    """What this person may change now, and what there is to look at.

    While a request for this SIM is open there can be no second one; what is not live has no exact numbers.
    """
    fixed = seen.by.role < Role.OPERATOR or seen.problem is not None or seen.request is not None
    offered = [] if fixed else [o for o in BUTTONS if seen.fits(o, sim) and (o is not Operation.APN or sim.apns)]
    red = {Operation.RETIRE: "danger"}
    changes = [button(BUTTONS[o], action=f"sim.{o}", id=id, style=red.get(o)) for o in offered]
    looks = [
        button("History", action="sim.history", id=id),
        *([] if seen.problem else [button("Exact numbers", action="sim.exact", id=id)]),
        button("Refresh", action="sim.refresh", id=id),
    ]
    return [*([actions("sim", *changes)] if changes else []), actions("sim.look", *looks)]
