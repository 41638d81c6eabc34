"""The form for many SIMs: the change, what it takes, the list, and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.rules.bulk import APN, CUSTOMS, EMPTY, ENABLED, FIELDS, FILE, IDS, PLAN, REASON, SEARCH, TEXT, Offer, Origin
from bot.rules.contents import MOST_MB
from bot.rules.lists import MOST_SIMS
from bot.rules.orders import FIELD_AT_MOST, NAME_AT_MOST
from bot.rules.sims import Operation
from bot.rules.sms import TEXT_AT_MOST
from bot.views.forms import TYPED, choice, field, file, modal, radio, typed
from bot.views.parts import Block, Element, actions, bold, code, lines, name, spans

CHOOSE = "bulk.operation"  # the menu with the changes: whoever chooses gets the form drawn again with its fields
CALLBACK = "bulk"  # of the form; that of a form with fields is `bulk.suspend` and its like
SEEN_REASON = 500
KINDS = ("csv", "xlsx", "txt", "tsv")
WORDS: Mapping[Operation, str] = MappingProxyType(
    {
        Operation.SUSPEND: "Suspend", Operation.ACTIVATE: "Activate", Operation.RETIRE: "Retire for good",
        Operation.PLAN: "Change the rate plan", Operation.SET: "Set custom fields", Operation.APN: "Switch an APN",
        Operation.ADDON: "Order an add-on", Operation.SMS: "Send an SMS",
    }
)  # fmt: skip
ASKS: Mapping[str, str] = MappingProxyType(
    {PLAN: "Rate plan", APN: "APN", ENABLED: "Switch it", TEXT: "Text", **{key: key.capitalize() for key in CUSTOMS}}
)


def form(operation: Operation | None = None, *, offer: Offer | None = None) -> Block:
    """The form: first the menu alone, then with the fields of the chosen change. It carries the number of the offer it
    was opened for, whose SIMs it is about then, or 0.
    """
    menu = choice(
        "Choose what to do", action=CHOOSE, options=[(words, one.value) for one, words in WORDS.items()],
        start=None if operation is None else operation.value,
    )  # fmt: skip
    top = [actions("bulk", menu)]
    if offer is not None:
        top.insert(0, lines(_about(offer)))
    number = 0 if offer is None else offer.id
    if operation is None:
        top.append(lines(spans("Nothing is changed by this form: first you read a report on the list, then you ask.")))
        return modal("Change many SIMs", *top, callback=CALLBACK, id=number)
    reason = typed(action=REASON, most=SEEN_REASON, example="Why, for those who approve")
    fields = [_field(operation, key) for key in FIELDS[operation]]
    return modal(
        "Change many SIMs", *top, *fields, *(_sources() if offer is None else ()),
        field("Reason", reason, optional=True), callback=f"{CALLBACK}.{operation.value}", id=number,
        submit="Check the list",
    )  # fmt: skip


def reading() -> Block:
    """What stands in the form's place while a list is read that takes longer."""
    row = spans("The list is being read. The report on it comes as a direct message; you can close this.")
    return modal("Change many SIMs", lines(row), callback=f"{CALLBACK}.read", id=0, close="Close")


def _about(offer: Offer) -> list[Element]:
    if offer.origin is Origin.SEARCH:
        return spans("The SIMs that this search finds: ", code(offer.name))
    return spans("The SIMs in ", bold(name(offer.name)))


def _sources() -> list[Block]:
    """One of the three has to be filled."""
    ids = typed(action=IDS, lines=True, example="ICCIDs, IMSIs, phone numbers or labels, with whatever between them")
    found = typed(action=SEARCH, most=1000, example="status:suspended account:acme, or custom2=Berlin")
    return [
        field("SIMs, pasted", ids, optional=True, hint=f"At most {TYPED:,} characters; send more as a file."),
        field("… or a file", file(action=FILE, kinds=KINDS), optional=True,
              hint=f"CSV, XLSX (its first sheet) or text; at most {MOST_MB} MB and {MOST_SIMS:,} SIMs."),
        field("… or a search", found, optional=True,
              hint="As for find. custom2=Berlin takes the SIMs in which exactly this stands."),
    ]  # fmt: skip


def _field(operation: Operation, key: str) -> Block:
    if key == ENABLED:
        return field(ASKS[key], radio(action=key, options=[("On", "on"), ("Off", "off")]))
    if key == TEXT:
        return field(ASKS[key], typed(action=key, lines=True, most=TEXT_AT_MOST))
    if key in CUSTOMS:
        hint = f"Left empty it stays as it is; {EMPTY} empties it."
        return field(ASKS[key], typed(action=key, most=FIELD_AT_MOST), optional=True, hint=hint)
    label = "Add-on" if operation is Operation.ADDON else ASKS[key]
    return field(label, typed(action=key, most=NAME_AT_MOST))
