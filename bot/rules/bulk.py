"""What somebody filled into the form for many SIMs: the change, and where the list comes from. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from bot.errors import BadInput, NotAllowed
from bot.rules.orders import FIELD_AT_MOST, NAME_AT_MOST, Order
from bot.rules.people import Person
from bot.rules.sims import Operation, quotable
from bot.rules.sms import TEXT_AT_MOST

IDS, FILE, SEARCH, REASON, COUNT = "ids", "file", "search", "reason", "count"
PLAN, APN, ENABLED, TEXT = "plan", "apn", "enabled", "text"
CUSTOMS = tuple(f"custom{n}" for n in range(1, 6))
EMPTY = "-"  # what stands for nothing in a custom field, as a field of a form left empty means that it stays
# Which fields belong to each change, beside the list and the reason.
FIELDS: Mapping[Operation, tuple[str, ...]] = MappingProxyType(
    {
        Operation.ACTIVATE: (), Operation.SUSPEND: (), Operation.RETIRE: (), Operation.PLAN: (PLAN,),
        Operation.ADDON: (PLAN,), Operation.APN: (APN, ENABLED), Operation.SET: CUSTOMS, Operation.SMS: (TEXT,),
    }
)  # fmt: skip
OF_FIELD = re.compile(r"custom([1-5])\s*=\s*(.*\S)\s*", re.DOTALL)
NUMBER = re.compile(r"[0-9]{1,3}(?:[,.' \u00a0\u202f][0-9]{3})+|[0-9]+")


class Origin(StrEnum):
    """What the form can be opened for."""

    FILE = "file"
    SEARCH = "search"
    ALERTS = "alerts"


@dataclass(frozen=True)
class Offer:
    """SIMs that somebody was offered the form for, and its number, which a button carries. `value` is Slack's id of a
    file, a search, or the number of alerts that were announced together; `name` is how a person calls it.
    """

    id: int
    origin: Origin
    value: str
    name: str
    by: str


@dataclass(frozen=True)
class Form:
    """The form as it was filled. `order` is `None` and `problems` has a sentence for each field where it is wrong.

    Of `ids`, `file` (Slack's id), `search` and `of_field` (the number of a custom field, and its value) one is given.
    """

    order: Order | None
    ids: str | None = None
    file: str | None = None
    search: str | None = None
    of_field: tuple[int, str] | None = None
    reason: str | None = None
    problems: Mapping[str, str] = field(default_factory=dict)


def read_form(operation: Operation, given: Mapping[str, str | None], *, offered: bool = False) -> Form:
    """The form for this change from its fields by name; `offered` where it was opened for SIMs already."""
    filled = {key: value.strip() for key, value in given.items() if value is not None and value.strip()}
    problems = {**({} if offered else _list_problems(filled)), **_order_problems(operation, filled)}
    if problems:
        return Form(None, problems=problems)
    search = filled.get(SEARCH)
    of_field = OF_FIELD.fullmatch(search) if search is not None else None
    return Form(
        _order(operation, filled), ids=filled.get(IDS), file=filled.get(FILE),
        search=search if of_field is None else None,
        of_field=None if of_field is None else (int(of_field[1]), of_field[2]), reason=filled.get(REASON),
    )  # fmt: skip


def check_owner(made_by: str, by: Person) -> None:
    """Nothing, when this person made the list; raises NotAllowed for everybody else, whatever their role."""
    if by.id != made_by:
        raise NotAllowed(f"This is the list of <@{made_by}>; only they can go on with it.")


def wants_count(order: Order, count: int) -> bool:
    """Whether whoever asks for this has to type how many SIMs it is about: nothing brings back a retired SIM."""
    return order.operation is Operation.RETIRE and count > 1


def check_count(typed: str, *, count: int) -> None:
    """Nothing, when this is the number that was to be typed; else raises BadInput."""
    found = NUMBER.fullmatch(typed.strip())
    if found is None or int(re.sub("[^0-9]", "", found[0])) != count:
        raise BadInput(f"“{quotable(typed)}” is not the number of SIMs. Look at the report, and type it exactly.")


def _list_problems(filled: Mapping[str, str]) -> dict[str, str]:
    sources = [key for key in (IDS, FILE, SEARCH) if key in filled]
    if len(sources) > 1:
        return dict.fromkeys(sources, "Give the SIMs in one way: pasted, as a file, or by a search.")
    return {} if sources else {IDS: "Paste numbers here, or give a file or a search below."}


def _order_problems(operation: Operation, filled: Mapping[str, str]) -> dict[str, str]:
    wanted = FIELDS[operation]
    if operation is Operation.SET:
        long = {key: f"A custom field holds {FIELD_AT_MOST} characters." for key in CUSTOMS
                if len(filled.get(key, "")) > FIELD_AT_MOST}  # fmt: skip
        if long or any(key in filled for key in CUSTOMS):
            return long
        return {CUSTOMS[0]: f"Fill one field at least; {EMPTY} empties one."}
    problems = {key: "This is missing." for key in wanted if key not in filled}
    for key in (PLAN, APN):
        if key in wanted and len(filled.get(key, "")) > NAME_AT_MOST:
            problems[key] = f"A name has at most {NAME_AT_MOST} characters."
    if TEXT in wanted and len(filled.get(TEXT, "")) > TEXT_AT_MOST:
        problems[TEXT] = f"The text has {len(filled[TEXT]):,} characters; an SMS takes {TEXT_AT_MOST:,}."
    return problems


def _order(operation: Operation, filled: Mapping[str, str]) -> Order:
    custom = tuple(
        (n, "" if filled[key] == EMPTY else filled[key]) for n, key in enumerate(CUSTOMS, 1) if key in filled
    )
    wanted = FIELDS[operation]
    return Order(
        operation,
        plan=filled.get(PLAN) if PLAN in wanted else None,
        apn=filled.get(APN) if APN in wanted else None,
        enabled=filled.get(ENABLED) == "on" if ENABLED in wanted else None,
        custom=custom if operation is Operation.SET else (),
        text=filled.get(TEXT) if TEXT in wanted else None,
    )
