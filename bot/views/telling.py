"""What a card adds to what a push says: the SIM's place, the device's model, whether it was us, the buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.rules.approvals import Approval
from bot.rules.events import TAC, Event, same_model
from bot.rules.incidents import Incident
from bot.rules.snapshot import Listed
from bot.rules.storms import Cause, Counts, top
from bot.views.parts import (
    Block,
    Element,
    Units,
    bold,
    button,
    code,
    linked,
    moment,
    name,
    percent,
    say,
    size,
    spans,
    who,
)

Rows = list[list[Element]]
# A device's own messages are read: nobody has to take or resolve one.
TOLD_ONLY = frozenset({"mo-sms", "mt-sms-status"})
SHARE = {"account": "Accounts", "plan": "Rate plans", "country": "Countries", "model": "Device models",
         "apn": "APNs", "new": "What it is now"}  # fmt: skip
CAUSES = {
    "country": "are in {}: look at the network there",
    "account": "belong to {}: ask whether somebody there works on them",
    "plan": "have the rate plan {}: look at its limits and its end",
    "model": "are in devices of model {}",
    "apn": "use the APN {}",
    "new": "are {} now",
}
# The buttons about the SIM for each event: the word, and the action whose form or card it opens.
DEEDS: Mapping[str, Sequence[tuple[str, str]]] = {
    "cycle-usage": (("Change plan …", "sim.plan"), ("Add-on …", "sim.addon"), ("Suspend …", "sim.suspend")),
    "package-traffic": (("Change plan …", "sim.plan"), ("Add-on …", "sim.addon"), ("Suspend …", "sim.suspend")),
    "imei-change": (("Suspend …", "sim.suspend"), ("History", "sim.history")),
    "no-session": (("Wake by SMS …", "sim.sms"), ("History", "sim.history")),
    "package-expired": (("Change plan …", "sim.plan"), ("Add-on …", "sim.addon")),
    "sim-status-change": (("History", "sim.history"),),
    "apn-status-change": (("Switch APN …", "sim.apn"), ("History", "sim.history")),
    "mo-sms": (("Send SMS …", "sim.sms"),),
    "mt-sms-status": (("History", "sim.history"),),
}
BACK = {"suspended": ("Activate …", "sim.activate"), "active": ("Suspend …", "sim.suspend")}
OF_USAGE = frozenset({"cycle-usage", "package-traffic"})
OF_ACCOUNT = frozenset({"package-expired", "package-traffic"})


def place(incident: Incident, sim: Listed | None) -> list[Element]:
    """Whose the SIM is, on which plan, and where it was last."""
    account = incident.account or (None if sim is None else sim.sim.account)
    told = [("Account", account)]
    if sim is not None:
        told += [("plan", sim.sim.plan), ("last in", sim.sim.country)]
    first, *others = [(word, name(value)) for word, value in told if value] or [("", "")]
    if not first[1]:
        return []
    lead = [bold(first[0].capitalize()), *spans(f"  {first[1]}")]
    return [*lead, *(part for word, value in others for part in spans(f" · {word} {value}"))]


def more(event: Event, sim: Listed | None, twins: Sequence[Listed], model: int | None, *, units: Units) -> Rows:
    """What the snapshot adds to it."""
    match event.push.name:
        case "imei-change":
            return _device(event, twins, model)
        case used if used in OF_USAGE:
            return _usage(event, sim, units)
        case "no-session":
            return _last_seen(sim)
        case "sim-status-change":
            return _status_before(event, sim)
    return []


def ours(event: Event, request: Approval | None, job: int | None, link: str | None = None) -> Rows:
    """Whether it was us, where it could have been. `link` leads to the card of the request."""
    if event.push.name not in ("sim-status-change", "apn-status-change", "package-expired"):
        return []
    if job is not None:
        return [spans(bold("Was it us?"), "  Perhaps: this SIM is in bulk job ", code(f"#{job}"), "; see ",
                      code(f"/sim job {job}"))]  # fmt: skip
    if request is None:
        return [spans(bold("Was it us?"), "  No: nothing here has asked for a change of this SIM in the last week")]
    at = request.ended_at or request.decided_at or request.asked_at
    number = say(f"#{request.id}") if link is None else linked(f"#{request.id}", link)
    said = spans("  The last request here is ", number, f", {request.order.words}, by ", who(request.asked_by))
    return [[bold("Was it us?"), *said, *spans(f", {request.state} ", moment(at))]]


def conversation(channel: str | None) -> Rows:
    """Where an SMS stands with all that came and went before it."""
    if channel is None:
        return []
    return [
        [bold("Conversation"), *spans("  in the thread of the SIM in "), {"type": "channel", "channel_id": channel}]
    ]


def storm(incident: Incident, counts: Counts, cause: Cause | None, restless: Sequence[tuple[str, int]]) -> Rows:
    """How many SIMs, of which accounts, countries and plans, and what they have in common."""
    rows = [
        spans(
            bold("SIMs"),
            f"  {incident.sims:,}, in {incident.count:,} notifications since ",
            moment(incident.first_at),
            ", last ",
            moment(incident.last_at),
        ),
        spans(bold("Severity"), f"  {incident.severity.word}"),
    ]
    rows += [_likely(cause, incident.sims)] if cause is not None else []
    rows += [_shares(word, counts[what]) for what, word in SHARE.items() if counts.get(what)]
    if restless:
        said = ", ".join(f"{name(label)} ({count} times)" for label, count in restless)
        rows.append(spans(bold("Again and again"), f"  {said}"))
    return rows


def buttons(incident: Incident, sim: Listed | None, newest: Event | None = None) -> list[Block]:
    """What one may do about the SIM; forms ask under the policies, and a push itself changes nothing.

    `newest` is the last push: it may know the SIM's state better than the last look.
    """
    if incident.storm:
        return [button("List as CSV", action="incident.csv", id=incident.id)]
    row: list[Block] = []
    if incident.event == "imei-change":
        row.append(button("Expected swap", action="incident.expected", id=incident.id))
    if incident.giccid is not None:
        row.append(button("Look at the SIM", action="incident.sim", id=incident.id))
    if incident.giccid is not None and incident.event in OF_USAGE:
        row.append(button("Refresh", action="incident.refresh", id=incident.id))
    if incident.event in OF_ACCOUNT and incident.account is not None:
        row.append(button("Read the account", action="incident.account", id=incident.id))
    if sim is not None:
        deeds = list(DEEDS.get(incident.event, ()))
        if incident.event == "sim-status-change" and (status := _status_now(sim, newest)) in BACK:
            deeds.append(BACK[status])
        row += [button(word, action=action, id=sim.id) for word, action in deeds]
    return row


def _status_now(sim: Listed, newest: Event | None) -> str:
    """What was told or read last."""
    told = None if newest is None or newest.received_at < sim.seen_at else newest.push.facts.get("new")
    return str(sim.sim.status if told is None else told)


def _device(event: Event, twins: Sequence[Listed], model: int | None) -> Rows:
    old, new = event.push.facts.get("old"), event.push.facts.get("new")
    rows: Rows = []
    same = same_model(old, new)
    if same is not None:
        words = f"the same, TAC {str(new)[:TAC]}" if same else f"another one, TAC {str(old)[:TAC]} → {str(new)[:TAC]}"
        fleet = "" if model is None else f"; {_sims(model)} here {'has' if model == 1 else 'have'} it"
        rows.append(spans(bold("Model"), f"  {name(words)}{fleet}"))
    if twins:
        named = ", ".join(f"{name(twin.label)} ({twin.sim.giccid})" for twin in twins[:3])
        rest = f" and {len(twins) - 3} more" if len(twins) > 3 else ""
        rows.append(spans(bold("The new IMEI is on another SIM too"), f": {named}{rest}"))
    return rows


def _usage(event: Event, sim: Listed | None, units: Units) -> Rows:
    if sim is None or sim.sim.usage_bytes is None or not sim.sim.quota_bytes:
        return []
    used, whole = sim.sim.usage_bytes, sim.sim.quota_bytes
    said = f"  {size(used, units=units)} of {size(whole, units=units)}, {percent(used, whole)}, read "
    return [spans(bold("Before" if sim.seen_at <= event.received_at else "Since"), said, moment(sim.seen_at))]


def _last_seen(sim: Listed | None) -> Rows:
    if sim is None or sim.sim.country is None:
        return []
    return [spans(bold("Last country"), f"  {name(sim.sim.country)}")]


def _status_before(event: Event, sim: Listed | None) -> Rows:
    """What it was, where the push does not say."""
    if event.push.facts.get("old") is not None or sim is None or sim.seen_at > event.received_at:
        return []
    return [spans(bold("Before"), f"  {name(sim.sim.status or sim.sim.status_word)}, read ", moment(sim.seen_at))]


def _likely(cause: Cause, sims: int) -> list[Element]:
    share = f"{cause.share * 100:.0f} %" if cause.share < 1 else f"All {sims:,}"
    usual = "" if cause.usual is None else f" Of the whole fleet it is {cause.usual * 100:.0f} %."
    return spans(bold("Likely cause"), f"  {share} {CAUSES[cause.what].format(name(cause.value))}.{usual}")


def _shares(word: str, counts: Mapping[str, int]) -> list[Element]:
    shown = top(counts)
    rest = sum(counts.values()) - sum(count for _, count in shown)
    said = ", ".join(f"{name(value)} {count:,}" for value, count in shown)
    return spans(bold(word), f"  {said}{f', others {rest:,}' if rest else ''}")


def _sims(count: int) -> str:
    return "1 SIM" if count == 1 else f"{count:,} SIMs"
