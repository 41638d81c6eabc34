"""What goes over the wire to and from SmartHub, as pure functions: times, bodies, lists, and objects field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import StrEnum
from math import isfinite
from typing import TypeVar

import msgspec

from bot.errors import BadInput, ProviderError
from bot.smarthub.addresses import GICCID
from bot.smarthub.contract import Contract

T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)
Json = Mapping[str, object]
Unreadable = Callable[[str, str], None]  # told the field, like "sim.usage_bytes", and whose it is; never the value

LARGEST = 2**63 - 1  # what a count of bytes may be at most, here and in the store

# No zone on earth is further than 14 hours from UTC.
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])"
)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_PRICE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")


@dataclass(frozen=True)
class Rows:
    """One answer to a list, before its rows are read. `total` and `page_size` are SmartHub's, `None` where not sent."""

    rows: Sequence[object]
    total: int | None = None
    page_size: int | None = None


def no_matter(_field: str, _whose: str) -> None:
    """For whoever need not know which fields could not be read."""


# Times


def read_time(value: object) -> datetime:
    """A time of SmartHub as aware UTC: `Z`, `+08:00` and `+0800` are read. Raises ProviderError for anything else."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ProviderError(f"SmartHub sent {_show(value)} where a time with its zone was expected.")
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ProviderError("SmartHub sent a time that is no moment in time.") from None


def write_time(moment: datetime) -> str:
    """A time as SmartHub documents it, in UTC: `2026-11-22T08:30:00+0000`. Raises BadInput for one without a zone."""
    if moment.tzinfo is None:
        raise BadInput("A time needs its zone.")
    try:
        return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "+0000"
    except OverflowError:
        raise BadInput("That time is outside the calendar.") from None


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
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        # Other encodings and halves of characters, which only one field of many may hold, are read all the same.
        return _read_slowly(body)


def _read_slowly(body: bytes) -> object:
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


def cut_rows(body: bytes, contract: Contract) -> Rows:
    """The same with each row as it came (`msgspec.Raw`), not read; as JSON has it, where the body cannot be cut."""
    try:
        members = {"": msgspec.Raw(body)} if body[:1] == b"[" else _MEMBERS.decode(body)
        arrays = [_ROWS.decode(member) for member in members.values() if bytes(memoryview(member)[:1]) == b"["]
    except (msgspec.DecodeError, ValueError, RecursionError):
        return read_rows(body, contract)
    if len(arrays) != 1:
        return read_rows(body, contract)
    counts = {key: read_json(bytes(member)) for key, member in members.items() if len(memoryview(member)) < 25}
    return Rows(
        arrays[0],
        total=_count_or_none(_look(counts, contract.keys("page", "total"))),
        page_size=_count_or_none(_look(counts, contract.keys("page", "page_size"))),
    )


def _count_or_none(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


# The parts of an object


class Row:
    """One object of SmartHub, read field by field with our names.

    `unread` are the fields that `known` and `each` could not read, by table and name as the configuration has them.
    """

    def __init__(self, value: object, table: str, contract: Contract, *, unread: list[str] | None = None) -> None:
        """Raises ProviderError for what is no object. A row inside another one gets that one's `unread`."""
        if not isinstance(value, dict):
            raise ProviderError(f"SmartHub sent {_show(value)} where an object was expected.")
        self.value: Json = value
        self._contract = contract
        self._table = table
        self._keys = contract.fields[table]
        self.unread: list[str] = [] if unread is None else unread

    def read(self, ours: str, reader: Callable[[object], T], *, empty: bool = False) -> T | None:
        """The field, or `None` where SmartHub sent nothing; an empty text is nothing, unless it may stand."""
        # Once for each field of each row of a long list: every step in here counts.
        for key in self._keys[ours]:
            if (found := self.value.get(key)) is not None:
                break
        else:
            return None
        if found == "" and not empty:
            return None
        try:
            return reader(found)
        except ProviderError as error:
            where = "” or “".join(self._keys[ours])
            raise ProviderError(f"{str(error).removesuffix('.')} (in “{where}”).") from None

    def known(self, ours: str, reader: Callable[[object], T], *, empty: bool = False) -> T | None:
        """The field as `read` gives it, and `None` also where it cannot be read: one odd field hides no SIM."""
        try:
            return self.read(ours, reader, empty=empty)
        except ProviderError:
            self.unread.append(f"{self._table}.{ours}")
            return None

    def each(self, ours: str, reader: Callable[[object], T]) -> tuple[T, ...]:
        """The members of a list, without those that cannot be read; none where it is no list."""
        found = []
        for value in self.known(ours, _list) or ():
            try:
                found.append(reader(value))
            except ProviderError:
                self.unread.append(f"{self._table}.{ours}")
        return tuple(found)

    def tell(self, unreadable: Unreadable, whose: str) -> None:
        """Says which fields could not be read, each once."""
        for field in dict.fromkeys(self.unread):
            unreadable(field, whose)

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

    def word(self, ours: str, enum: str, kind: Callable[[str], Word]) -> tuple[Word | None, str | None]:
        """The field as a word of ours, `None` where it is in no table; and the word as it came."""
        theirs = self.read(ours, text)
        return self.meaning(enum, theirs, kind), theirs

    def meaning(self, enum: str, theirs: str | None, kind: Callable[[str], Word]) -> Word | None:
        """Our word for one of SmartHub's; `None` where it is in no table."""
        ours = None if theirs is None else self._contract.ours(enum, theirs)
        return None if ours is None else kind(ours)

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
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ProviderError("SmartHub sent a text with a broken character.") from None
    return value


def count(value: object) -> int:
    """A whole number from 0. Raises ProviderError for a text, a fraction, a yes or no, or a number below or beyond."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise ProviderError(f"SmartHub sent {_show(value)} where a whole number from 0 was expected.")
    return value


def words(value: object) -> str:
    """A text as it came, or a number as it is written. Raises ProviderError for the rest."""
    is_number = isinstance(value, int) or (isinstance(value, float) and isfinite(value))
    if is_number and not isinstance(value, bool):
        return str(value)
    return text(value)


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise ProviderError(f"SmartHub sent {_show(value)} where a list was expected.")
    return value


def price(value: object) -> Decimal:
    """A price written as a decimal text, exactly. Raises ProviderError for a JSON number: it may have been rounded."""
    found = text(value)
    if not _PRICE.fullmatch(found):
        raise ProviderError(f"SmartHub sent {_show(value)} where a price like 12.50 was expected.")
    return Decimal(found)


def giccid(value: object) -> str:
    """The number of a SIM. Raises ProviderError for what could not be one."""
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
