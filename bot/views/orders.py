"""The modals in which a change of one SIM is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.rules.orders import FIELD_AT_MOST
from bot.rules.plans import Plan
from bot.rules.sims import Operation, Sim
from bot.rules.sms import TEXT_AT_MOST, VALIDITIES, Coding
from bot.views.forms import choice, field, menu, modal, typed
from bot.views.parts import DECIMAL, Block, Element, Units, bold, code, fit, lines, name, size, spans

FORM = "change"
COUNT = "sms.count"
EMPTY = "How many characters and parts it takes stands here while you type."
FILLED = "Filled with what the SIM has, where the text is left empty."
SENT_BACK = ("type", "callback_id", "private_metadata", "title", "submit", "close")
REASON = "change.reason"
REASON_AT_MOST = 500
TITLES = {
    Operation.ACTIVATE: "Activate a SIM",
    Operation.SUSPEND: "Suspend a SIM",
    Operation.RETIRE: "Retire a SIM",
    Operation.PLAN: "Change the rate plan",
    Operation.ADDON: "Order an add-on",
    Operation.APN: "Switch an APN",
    Operation.SET: "Set custom fields",
    Operation.SMS: "Send an SMS",
}
CODINGS = {
    Coding.NETWORK: "the network's own alphabet, or Unicode where that is needed",
    Coding.ASCII: "ASCII",
    Coding.BINARY: "binary, written as hex digits: 4f 4b",
}


def form(operation: Operation, sim: Sim, *, id: int, label: str, templates: Sequence[str] = ()) -> Block:
    """The modal for this change of this SIM; it carries the number of the SIM in the snapshot and nothing else.

    `templates` are the names of those that an SMS can be made of.
    """
    about = spans(bold(name(label)), "  ", code(sim.giccid), f"  {sim.status or name(sim.status_word)}")
    return modal(
        TITLES[operation],
        lines(about, *_told(operation, sim)),
        *(_sms(templates) if operation is Operation.SMS else _fields(operation, sim)),
        field("Reason", typed(action=REASON, lines=True, most=REASON_AT_MOST), optional=True, hint=_hint(operation)),
        callback=f"{FORM}.{operation.value}",
        id=id,
        submit="Send" if operation is Operation.SMS else "Ask",
    )


def _hint(operation: Operation) -> str:
    return "Needed only where a policy wants one." if operation is Operation.SMS else "Whoever approves reads this."


def _told(operation: Operation, sim: Sim) -> list[list[Element]]:
    match operation:
        case Operation.RETIRE:
            return [spans(bold("Retiring is final."), " A retired SIM can never be used again.")]
        case Operation.PLAN | Operation.ADDON:
            return [spans(f"Rate plan now: {name(sim.plan or 'none')}. Account: {name(sim.account or 'unknown')}.")]
        case Operation.SET:
            return [spans("What you leave as it is stays as it is; an emptied field is emptied.")]
        case Operation.SMS:
            return [spans("It is sent once, as soon as you press Send, unless a policy asks for an approval.")]
    return []


def _fields(operation: Operation, sim: Sim) -> list[Block]:
    match operation:
        case Operation.PLAN:
            return [field("New rate plan", menu("Type to search", action="change.plan", least=0))]
        case Operation.ADDON:
            return [field("Add-on", menu("Type to search", action="change.addon", least=0))]
        case Operation.APN:
            return [field("APN", choice("Choose", action="change.apn", options=apn_choices(sim)))]
        case Operation.SET:
            return [_custom(number, value) for number, value in enumerate(sim.custom, 1)]
    return []


def apn_choices(sim: Sim) -> Sequence[tuple[str, str]]:
    """Each APN of the SIM with the way it can be switched, as what is read and the value."""
    found: list[tuple[str, str]] = []
    for apn in sim.apns:
        for word, wanted in (("on", True), ("off", False)):
            if apn.enabled is not wanted:
                found.append((f"{name(apn.name)}: switch {word}", f"{word} {apn.name}"))
    return found


def plan_words(plan: Plan, *, units: Units = DECIMAL) -> str:
    """A plan on one line: its name, what it holds, and what it costs."""
    holds = [] if plan.data_bytes is None else [size(plan.data_bytes, units=units)]
    price = [] if plan.price is None else [name(f"{plan.price:f} {plan.currency or ''}")]
    return " · ".join([name(plan.name), *holds, *price])


def shown(value: str | None) -> str:
    """A custom field as the form shows it: on one line and cut. Sent back like this, it was left as it is."""
    return fit(" ".join((value or "").split()), FIELD_AT_MOST)


def _custom(number: int, value: str | None) -> Block:
    element = typed(action=f"change.custom{number}", start=shown(value), most=FIELD_AT_MOST)
    return field(f"custom{number}", element, optional=True)


def _sms(templates: Sequence[str]) -> list[Block]:
    codings = [(words, str(coding.value)) for coding, words in CODINGS.items()]
    validities = [(words, str(validity)) for words, validity in VALIDITIES]
    named = [(name(one), one) for one in templates]
    template = choice("Choose", action="change.template", options=named)
    text = typed(action="change.text", lines=True, most=TEXT_AT_MOST)
    return [
        field("Text", text, tells=True, optional=bool(named)),
        _count(EMPTY),
        *([field("Or a template", template, tells=True, optional=True, hint=FILLED)] if named else []),
        field("Coding", choice("Choose", action="change.coding", options=codings, start="0"), tells=True),
        field(
            "How long the network tries", choice("Choose", action="change.validity", options=validities), optional=True
        ),
    ]


def _count(words: str) -> Block:
    return {**lines(spans(words)), "block_id": COUNT}


def recounted(form: Mapping[str, Any], words: str) -> Block:
    """The modal, as Slack says it stands, with this in the line that says how large the text is. Every field goes back
    just as it came: Slack keeps what is typed in a field that is the same. Any: the form has Slack's own shape."""
    every = [_count(words) if block.get("block_id") == COUNT else block for block in form["blocks"]]
    return {key: form[key] for key in SENT_BACK if form.get(key) is not None} | {"blocks": every}
