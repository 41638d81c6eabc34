"""SIMs of a long list, read at once: a row that is just as we expect it needs no look at each of its fields. Pure.

`msgspec` checks a row against a struct made from the field table, for a tenth of what our own look costs. Whatever does
not fit is left to `bot/smarthub/sims.py`, which reads it field by field and says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec.structs import astuple

from bot.errors import ProviderError
from bot.rules.sims import NOTHING, Addon, Apn, Sim, Status
from bot.smarthub.addresses import GICCID
from bot.smarthub.contract import Contract
from bot.smarthub.wire import LARGEST, read_time

Plain = Callable[[object], Sim | None]
Keys = tuple[tuple[str, tuple[str, ...]], ...]
Words = tuple[tuple[str, str], ...]

COUNT = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
COUNTS = frozenset({"usage_bytes", "quota_bytes", "sms_count", "total_bytes", "used_bytes"})
NEEDED = frozenset({"giccid", "status", "name"})
SWITCH = {"on": True, "off": False}
# The fields in the order in which they are taken below: first the texts of the row, then the rest.
TEXTS = (
    *("giccid", "status", "iccid", "imsi", "msisdn", "imei", "account", "sku", "plan", "pool", "cycle", "country"),
    *("custom1", "custom2", "custom3", "custom4", "custom5", "plan_expires_at", "activated_at", "last_session_at"),
)
SIM = (*TEXTS, "usage_bytes", "quota_bytes", "sms_count", "addons", "apns")
ADDON = ("name", "expires_at", "total_bytes", "used_bytes")
APN = ("name", "enabled")


def plain_reader(contract: Contract) -> Plain:
    """Reads a row that is as the contract has it, and gives `None` for any other, which has to be read with care.

    What it gives is what `read_sim` gives for the same row, without `raw`.
    """
    fields, enums = contract.fields, contract.enums
    sim, addon, apn = (tuple(fields[table].items()) for table in ("sim", "addon", "apn"))
    return _reader(sim, addon, apn, tuple(enums["status"].items()), tuple(enums["apn_status"].items()))


@lru_cache(maxsize=8)  # making the structs takes as long as reading some hundred rows
def _reader(sim: Keys, addon: Keys, apn: Keys, statuses: Words, switches: Words) -> Plain:
    try:
        kinds = {"addons": list[_struct(ADDON, addon, {})], "apns": list[_struct(APN, apn, {})]}  # type: ignore[misc]  # a type made just now
        row = _struct(SIM, sim, kinds)
    except ValueError:  # two fields are to be found under one key
        return _never

    @lru_cache(maxsize=1024)  # nearly all SIMs have the same ones
    def read_apn(name: str, word: str | None) -> Apn:
        return Apn(_needed(name), SWITCH.get(dict(switches).get(_needed(word), "")) if word else None)

    decoder = msgspec.json.Decoder(row)
    return _Rows(row, decoder, {word: Status(ours) for word, ours in statuses}, read_apn).read


def _never(_value: object) -> None:
    """No row is plain."""


def _struct(names: Iterable[str], table: Keys, kinds: dict[str, Any]) -> type[msgspec.Struct]:  # Any: types
    """A struct with the first key of each field. A row with a value under one of the others does not fit it."""
    keys = dict(table)
    fields = [_field(name, kinds.get(name, COUNT if name in COUNTS else str)) for name in names]
    others = sorted({key for name in names for key in keys[name][1:]})
    rename = {name: keys[name][0] for name in names} | {f"other{n}": key for n, key in enumerate(others)}
    unused: list[Any] = [(f"other{n}", None, None) for n in range(len(others))]  # Any: what defstruct takes
    return msgspec.defstruct("Row", [*fields, *unused], rename=rename, gc=False)


def _field(name: str, kind: Any) -> Any:  # Any: a type, and what defstruct takes
    return (name, kind) if name in NEEDED else (name, kind | None, None)


@dataclass(frozen=True)
class _Rows:
    """What one contract's rows look like."""

    row: type[msgspec.Struct]
    decoder: msgspec.json.Decoder[msgspec.Struct]
    statuses: dict[str, Status]
    apn: Callable[[str, str | None], Apn]

    def read(self, value: object) -> Sim | None:
        """The SIM in a plain row, which is as it came, or as JSON has it."""
        try:
            row = self.decoder.decode(value) if isinstance(value, msgspec.Raw) else msgspec.convert(value, self.row)
            found = astuple(row)
            return self._sim(found) if _are_whole(found[: len(TEXTS)]) else None
        except (msgspec.DecodeError, ProviderError, UnicodeError, RecursionError):
            return None

    def _sim(self, found: tuple[Any, ...]) -> Sim | None:  # Any: as the struct has them
        giccid, status, iccid, imsi, msisdn, imei, account, sku, plan, pool, cycle, country, *rest = found
        if not GICCID.fullmatch(giccid) or not status:
            return None
        one, two, three, four, five, plan_expires_at, activated_at, last_session_at, *more = rest
        usage_bytes, quota_bytes, sms_count, addons, apns = more[:5]
        # A frozen dataclass sets its fields one call each, which takes longer than all the checks of them above.
        sim = object.__new__(Sim)
        vars(sim).update(
            giccid=giccid,
            status=self.statuses.get(status),
            status_word=status,
            iccid=iccid or None,
            imsi=imsi or None,
            msisdn=msisdn or None,
            imei=imei or None,
            account=account or None,
            sku=sku or None,
            plan=plan or None,
            plan_expires_at=read_time(plan_expires_at) if plan_expires_at else None,
            addons=tuple([_addon(*astuple(addon)[:4]) for addon in addons]) if addons else (),
            pool=pool or None,
            activated_at=read_time(activated_at) if activated_at else None,
            cycle=cycle or None,
            usage_bytes=usage_bytes,
            quota_bytes=quota_bytes,
            sms_count=sms_count,
            apns=tuple([self.apn(*astuple(apn)[:2]) for apn in apns]) if apns else (),
            country=country or None,
            last_session_at=read_time(last_session_at) if last_session_at else None,
            custom=(one, two, three, four, five),
            raw=NOTHING,
        )
        return sim


def _addon(name: str, expires_at: str | None, total_bytes: int | None, used_bytes: int | None) -> Addon:
    return Addon(_needed(name), total_bytes, used_bytes, read_time(expires_at) if expires_at else None)


def _needed(word: str) -> str:
    """A text that is there, of whole characters. Raises ProviderError."""
    if not word or not (word.isascii() or _are_whole((word,))):
        raise ProviderError("SmartHub sent a text that has to be looked at.")
    return word


def _are_whole(texts: Iterable[str | None]) -> bool:
    """Whether these hold whole characters only: JSON can write half of one, and nothing could store it."""
    joined = "".join(filter(None, texts))
    if joined.isascii():
        return True
    try:
        joined.encode()
    except UnicodeEncodeError:
        return False
    return True
