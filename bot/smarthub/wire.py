"""What goes over the wire to and from SmartHub, as pure functions: times, lists, SIMs, accounts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TypeVar

from bot.errors import BadInput, ProviderError
from bot.rules.accounts import Account, Charge
from bot.rules.sims import NOTHING, Addon, Apn, Sim, Status, spellings
from bot.smarthub.addresses import GICCID
from bot.smarthub.contract import Contract

T = TypeVar("T")
Json = Mapping[str, object]

LARGEST = 2**63 - 1  # what a count of bytes may be at most, here and in the store

_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)(?:(Z)|([+-])([0-9]{2}):?([0-9]{2}))"
)


@dataclass(frozen=True)
class Rows:
    """One answer to a list, before its rows are read. `total` and `page_size` are SmartHub's, `None` where not sent."""

    rows: Sequence[object]
    total: int | None = None
    page_size: int | None = None


# Times


def read_time(value: object) -> datetime:
    """A time of SmartHub as aware UTC: `Z`, `+08:00` and `+0800` are read. Raises ProviderError for anything else."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ProviderError(f"SmartHub sent {_show(value)} where a time with its zone was expected.")
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=_zone(found)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ProviderError("SmartHub sent a time that is no moment in time.") from None


def _zone(found: re.Match[str]) -> timezone:
    if found[2]:
        return UTC
    hours, minutes = int(found[4]), int(found[5])
    if hours > 14 or minutes > 59:
        raise ValueError("no zone on earth")
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(-away if found[3] == "-" else away)


def write_time(moment: datetime) -> str:
    """A time as SmartHub documents it, in UTC: `2026-11-22T08:30:00+0000`. Raises BadInput for one without a zone."""
    if moment.tzinfo is None:
        raise BadInput("A time needs its zone.")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def read_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait from a `Retry-After` header, as a number or an HTTP date; `None` where it says nothing of use.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    if value is None:
        return None
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = then if then.tzinfo is not None else then.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


# Bodies


def read_json(body: bytes) -> object:
    """What a body says. Raises ProviderError when it is not JSON."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        kind = "a web page" if body.lstrip()[:1] == b"<" else "something that is not JSON"
        raise ProviderError(f"SmartHub answered with {kind}. Is smarthub.base_url the address of its API?") from None


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def read_object(body: bytes) -> Json:
    """The JSON object in a body. Raises ProviderError when it is something else."""
    value = read_json(body)
    if not isinstance(value, dict):
        raise ProviderError(f"SmartHub sent {_show(value)} where an object was expected.")
    return value


def read_rows(body: bytes, contract: Contract) -> Rows:
    """The list in a body: a bare array, or the one array member of an object. Raises ProviderError for the rest."""
    value = read_json(body)
    if isinstance(value, list):
        return Rows(value)
    if not isinstance(value, dict):
        raise ProviderError(f"SmartHub sent {_show(value)} where a list was expected.")
    arrays = [member for member in value.values() if isinstance(member, list)]
    if len(arrays) != 1:
        said = "no list" if not arrays else f"{len(arrays)} lists"
        raise ProviderError(f"SmartHub's answer holds {said} where one was expected, so it is not clear what to read.")
    return Rows(
        arrays[0],
        total=_count_or_none(_look(value, contract.keys("page", "total"))),
        page_size=_count_or_none(_look(value, contract.keys("page", "page_size"))),
    )


def _count_or_none(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


# SIMs


def read_sim(value: object, contract: Contract, *, keep_raw: bool = True) -> Sim:
    """One SIM from SmartHub's object. Raises ProviderError, naming the key, when a value has a type we do not expect.

    A status in no table is kept in `status_word`; keys nobody told us of are kept in `raw` (unless not wanted).
    """
    row = _Row(value, "sim", contract)
    status_word = row.need("status", text)
    status = contract.ours("status", status_word)
    return Sim(
        giccid=row.need("giccid", _readable_giccid),
        status=Status(status) if status is not None else None,
        status_word=status_word,
        iccid=row.read("iccid", text),
        imsi=row.read("imsi", text),
        msisdn=row.read("msisdn", text),
        imei=row.read("imei", text),
        account=row.read("account", text),
        sku=row.read("sku", text),
        plan=row.read("plan", text),
        plan_expires_at=row.read("plan_expires_at", read_time),
        addons=tuple(_addon(a, contract) for a in row.many("addons")),
        pool=row.read("pool", text),
        activated_at=row.read("activated_at", read_time),
        cycle=row.read("cycle", text),
        usage_bytes=row.read("usage_bytes", count),
        quota_bytes=row.read("quota_bytes", count),
        sms_count=row.read("sms_count", count),
        apns=tuple(_apn(a, contract) for a in row.many("apns")),
        country=row.read("country", text),
        last_session_at=row.read("last_session_at", read_time),
        custom=_custom(row),
        raw=row.value if keep_raw else NOTHING,
    )


def read_custom(value: object, contract: Contract) -> tuple[str | None, ...]:
    """The five custom fields, `None` where one is not set. Raises ProviderError."""
    return _custom(_Row(value, "sim", contract))


def write_custom(values: Sequence[str | None], contract: Contract) -> Json:
    """The five custom fields as SmartHub takes them: always all five, as what leaving one out does is not documented.

    Raises BadInput for more or fewer, or one of more than 200 characters.
    """
    if len(values) != 5:
        raise BadInput("A SIM has five custom fields, and all five are sent.")
    if any(value is not None and len(value) > 200 for value in values):
        raise BadInput("A custom field holds at most 200 characters.")
    return {contract.keys("sim", f"custom{n}")[0]: value for n, value in enumerate(values, 1)}


def _custom(row: _Row) -> tuple[str | None, ...]:
    return tuple(row.read(f"custom{n}", text, empty=True) for n in range(1, 6))


def is_about(sim: Sim, giccid: str) -> bool:
    """Whether an answer is about the SIM that was asked for, in whichever of its spellings."""
    names = {sim.giccid, sim.iccid}
    return giccid in names or (giccid.isdecimal() and len(giccid) >= 18 and not names.isdisjoint(spellings(giccid)))


def _addon(value: object, contract: Contract) -> Addon:
    row = _Row(value, "addon", contract)
    return Addon(
        name=row.need("name", text),
        total_bytes=row.read("total_bytes", count),
        used_bytes=row.read("used_bytes", count),
        expires_at=row.read("expires_at", read_time),
    )


def _apn(value: object, contract: Contract) -> Apn:
    row = _Row(value, "apn", contract)
    word = row.read("enabled", text)
    switch = contract.ours("apn_status", word) if word is not None else None
    return Apn(name=row.need("name", text), enabled={"on": True, "off": False}.get(switch or ""))


# Accounts


def read_account(value: object, contract: Contract) -> Account:
    """One account from SmartHub's object. Raises ProviderError, naming the key, for a type we do not expect.

    https://apidoc-en.smh.smarthing.com, "Get account": the one answer that is documented whole.
    """
    row = _Row(value, "account", contract)
    word = row.read("charge", text)
    charge = contract.ours("charge", word) if word is not None else None
    return Account(
        name=row.need("name", text),
        charge=Charge(charge) if charge is not None else None,
        charge_word=word,
        status=row.read("status", text),
        renewal=row.read("renewal", text),
        cycle=row.read("cycle", text),
        plans=tuple(map(text, row.many("plans"))),
        skus=tuple(map(text, row.many("skus"))),
    )


# The parts of an object


class _Row:
    """One object of SmartHub, read field by field with our names."""

    def __init__(self, value: object, table: str, contract: Contract) -> None:
        if not isinstance(value, dict):
            raise ProviderError(f"SmartHub sent {_show(value)} where an object was expected.")
        self.value: Json = value
        self._table = table
        self._keys = contract.fields[table]

    def read(self, ours: str, reader: Callable[[object], T], *, empty: bool = False) -> T | None:
        """The field, or `None` where SmartHub sent nothing; an empty text is nothing, unless it may stand."""
        found = _look(self.value, self._keys[ours])
        if found is None or (found == "" and not empty):
            return None
        try:
            return reader(found)
        except ProviderError as error:
            raise ProviderError(f"{error} (in “{'” or “'.join(self._keys[ours])}”)") from None

    def need(self, ours: str, reader: Callable[[object], T]) -> T:
        """The field. Raises ProviderError where SmartHub sent nothing, naming the setting that says where to look."""
        found = self.read(ours, reader)
        if found is None:
            looked = " or ".join(f"“{key}”" for key in self._keys[ours])
            raise ProviderError(
                f"SmartHub's answer has no {looked}. If it is called something else there, "
                f"write that under [smarthub.fields.{self._table}] {ours} in config.toml."
            )
        return found

    def many(self, ours: str) -> Sequence[object]:
        """The field as a list, empty where SmartHub sent nothing."""
        return self.read(ours, _list) or ()


def _look(value: Json, keys: Sequence[str]) -> object:
    for key in keys:
        if (found := value.get(key)) is not None:
            return found
    return None


def text(value: object) -> str:
    """A text as it came. Raises ProviderError for another type, or for half a character that nothing could store."""
    if not isinstance(value, str):
        raise ProviderError(f"SmartHub sent {_show(value)} where a text was expected.")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise ProviderError("SmartHub sent a text with a broken character.")
    return value


def count(value: object) -> int:
    """A whole number from 0. Raises ProviderError for a text, a fraction, a yes or no, or a number below or beyond."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise ProviderError(f"SmartHub sent {_show(value)} where a whole number from 0 was expected.")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise ProviderError(f"SmartHub sent {_show(value)} where a list was expected.")
    return value


def _readable_giccid(value: object) -> str:
    found = text(value)
    if not GICCID.fullmatch(found):
        raise ProviderError(f"SmartHub sent {_show(found)} where the number of a SIM was expected.")
    return found


def _show(value: object) -> str:
    """What kind of value SmartHub sent. Never the value: it may be somebody's number, and errors are logged."""
    kinds = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "yes or no",
        int: "a whole number",
        float: "a number",
    }
    return kinds.get(type(value), "nothing")
