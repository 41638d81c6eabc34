"""The reads that can be tried, and of what kind each field of their answers has to be. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.errors import ProviderError
from bot.smarthub import wire


@dataclass(frozen=True)
class Reading:
    """A read that can be tried, and the table of fields for what it answers. `only`: it has these fields of the table.

    `many`: it answers with a list; `paged`: page by page.
    """

    name: str
    table: str
    only: tuple[str, ...] = ()
    many: bool = False
    paged: bool = False


# Every read but getBatchJob and getSms. Those need the id of a job and of an SMS; a made-up one would be answered with
# 404, as a wrong address is, so that trying it would say nothing.
READINGS: Mapping[str, Reading] = {
    reading.name: reading
    for reading in (
        Reading("listSims", "sim", many=True, paged=True),
        Reading("getSim", "sim"),
        Reading("getSimCustomFields", "sim", only=tuple(f"custom{n}" for n in range(1, 6))),
        Reading("listSimChangeLogs", "change", many=True, paged=True),
        Reading("getEnterprise", "enterprise"),
        Reading("getAccount", "account"),
        Reading("listServicePackages", "plan", many=True),
        Reading("listSharePools", "pool", many=True),
        Reading("getCountryStatistics", "country", many=True),
    )
}

# What nothing can be made of an object without. All the rest is nice to have, and not known where it does not come.
NEEDED: Mapping[str, frozenset[str]] = {
    "sim": frozenset({"giccid", "status"}),
    "addon": frozenset({"name"}),
    "apn": frozenset({"name"}),
    "member": frozenset({"name"}),
    "account": frozenset({"name"}),
    "plan": frozenset({"name"}),
    "pool": frozenset({"name"}),
    "country": frozenset({"code"}),
    "job": frozenset({"id", "state"}),
    "job-item": frozenset({"giccid"}),
    "sms": frozenset({"id"}),
}
# Without these only the addon or the APN itself is not shown.
SMALL = frozenset({"addon", "apn"})

# The table of the objects in a field that is a list of objects.
PARTS: Mapping[tuple[str, str], str] = {
    ("sim", "addons"): "addon",
    ("sim", "apns"): "apn",
    ("enterprise", "accounts"): "member",
    ("job", "items"): "job-item",
}
# The table of the words a field can hold.
WORDS: Mapping[tuple[str, str], str] = {
    ("sim", "status"): "status",
    ("apn", "enabled"): "apn_status",
    ("change", "kind"): "change_kind",
    ("member", "charge"): "charge",
    ("account", "charge"): "charge",
    ("plan", "kind"): "plan_kind",
    ("plan", "charge"): "charge",
    ("job", "operation"): "batch_operation",
    ("job", "state"): "job_state",
    ("job-item", "state"): "item_state",
    ("sms", "state"): "sms_state",
}

_LISTS = frozenset({("account", "plans"), ("account", "skus")})
_COUNTS = frozenset({"sms_count", "sim_count", "validity_days", "total", "succeeded", "failed"})


def _texts(value: object) -> None:
    for one in _listed(value):
        wire.text(one)


def _objects(value: object) -> None:
    if not all(isinstance(one, dict) for one in _listed(value)):
        raise ProviderError("SmartHub sent a list of something else where one of objects was expected.")


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ProviderError("SmartHub sent something else where a list was expected.")
    return value


@dataclass(frozen=True)
class Kind:
    """How a field is read: what has to be there, in words, and the reader that refuses the rest."""

    words: str
    reader: Callable[[object], object]


KINDS: Mapping[str, Kind] = {
    "text": Kind("a text", wire.text),
    "word": Kind("a text or a number", wire.words),
    "number": Kind("the number of a SIM", wire.giccid),
    "count": Kind("a whole number from 0", wire.count),
    "time": Kind("a time with its zone", wire.read_time),
    "price": Kind("a price as a text, like 12.50", wire.price),
    "texts": Kind("a list of texts", _texts),
    "objects": Kind("a list of objects", _objects),
}


def kind_of(table: str, field: str) -> str:
    """The name of the kind a field of ours is of."""
    if (table, field) in PARTS:
        return "objects"
    if (table, field) in _LISTS:
        return "texts"
    if field == "giccid":
        return "number"
    if field.endswith("_at"):
        return "time"
    if field in _COUNTS or field.endswith("_bytes"):
        return "count"
    return "price" if field == "price" else "word" if re.fullmatch("custom[1-5]", field) else "text"


def reads(kind: str, value: object) -> bool:
    """Whether a value can be read as that kind."""
    try:
        KINDS[kind].reader(value)
    except ProviderError:
        return False
    return True
