"""The kinds of values a setting can have. Each either gives the value or says what would be right."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from bot.errors import BadInput
from bot.rules.durations import read_duration, say_duration

OPEN_CHANNEL = "open the channel in Slack, click its name, and copy the Channel ID from the bottom of “About”"
OPEN_PROFILE = (
    "in Slack open the person's profile, ⋮, “Copy member ID”; a user group's id is under its ⋮, “Copy group ID”"
)


def wrong(wish: str) -> PydanticCustomError:
    """The mistake pydantic collects for us. `wish` ends the sentence "KEY = VALUE: …" and says what would be right."""
    return PydanticCustomError("wrong", "{wish}", {"wish": wish})


def lasting(shortest: str, longest: str) -> BeforeValidator:
    """A duration within these two, both included."""
    low, high = read_duration(shortest), read_duration(longest)
    wish = f'write a duration such as "8h" or "30m", from {say_duration(low)} to {say_duration(high)}'

    def read(value: object) -> timedelta:
        if not isinstance(value, str):
            raise wrong(wish)
        try:
            length = read_duration(value)
        except BadInput:
            raise wrong(wish) from None
        if not low <= length <= high:
            raise wrong(wish)
        return length

    return BeforeValidator(read)


def lasting_or_zero(word: str, shortest: str, longest: str) -> BeforeValidator:
    """A duration within these two, or the word that stands for none at all, which is zero."""
    within = lasting(shortest, longest).func

    def read(value: object) -> timedelta:
        if value == word:
            return timedelta(0)
        try:
            return cast("Callable[[object], timedelta]", within)(value)
        except PydanticCustomError as mistake:
            raise wrong(f'{mistake.message()}, or "{word}"') from None

    return BeforeValidator(read)


def lasting_or(word: str, shortest: str, longest: str) -> BeforeValidator:
    """A duration within these two, or this word, which is `None`."""
    low, high = read_duration(shortest), read_duration(longest)
    wish = f'write "{word}", or a duration from {say_duration(low)} to {say_duration(high)}, such as "{longest}"'

    def read(value: object) -> timedelta | None:
        if value == word:
            return None
        try:
            length = read_duration(value) if isinstance(value, str) else timedelta(0)
        except BadInput:
            raise wrong(wish) from None
        if not low <= length <= high:
            raise wrong(wish)
        return length

    return BeforeValidator(read)


def whole(low: int, high: int, unit: str = "") -> BeforeValidator:
    """A whole number within these two, both included."""

    def read(value: object) -> int:
        # True and False are ints in Python, and were not meant as one.
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise wrong(f"write a whole number{unit} from {low} to {high}, without quotes")

    return BeforeValidator(read)


def number(low: float, high: float) -> BeforeValidator:
    """A number within these two, both included; neither nan nor inf."""

    def read(value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise wrong(f"write a number from {low:g} to {high:g}, without quotes")

    return BeforeValidator(read)


def one_of(*words: str) -> BeforeValidator:
    """One of these words."""

    def read(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise wrong("write " + " or ".join(f'"{word}"' for word in words))

    return BeforeValidator(read)


def spelled(pattern: str, wish: str) -> BeforeValidator:
    """Text that matches the whole pattern."""

    def read(value: object) -> str:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        raise wrong(wish)

    return BeforeValidator(read)


def flag() -> BeforeValidator:
    """True or false, and nothing that could be taken for it."""

    def read(value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise wrong("write true or false, without quotes")

    return BeforeValidator(read)


def text() -> BeforeValidator:
    """Text that is not empty."""
    return spelled(r"(?s)(?=.*\S).{1,500}", "write a text in quotes that is not empty")


def file() -> BeforeValidator:
    """The path of a file; nothing is opened here."""

    def read(value: object) -> Path:
        if isinstance(value, str) and value.strip() and "\0" not in value:
            return Path(value)
        raise wrong('write the path of a file, such as "simops.db"')

    return BeforeValidator(read)


def channel() -> BeforeValidator:
    """The id of a channel. Names are refused: they change, and Slack's methods want the id."""
    return spelled(
        "[CG][A-Z0-9]{1,30}",
        f'write the channel\'s id, such as "C0123456789", and not its name: {OPEN_CHANNEL}',
    )


def member(*, everyone: bool = False) -> BeforeValidator:
    """The id of a person or a user group in Slack, or the word "everyone" where that is allowed."""
    ids = 'write a member id such as "U0123456789" or a user group\'s id such as "S0123456789"'

    def read(value: object) -> str:
        if value == "everyone" and not everyone:
            raise wrong(f'{ids}; "everyone" can stand under viewers only')
        if value == "everyone" or (isinstance(value, str) and re.fullmatch("[UWS][A-Z0-9]{1,30}", value)):
            return str(value)
        raise wrong(f"{ids}{', or “everyone”' if everyone else ''}: {OPEN_PROFILE}")

    return BeforeValidator(read)


def address(example: str, *, slash: bool) -> BeforeValidator:
    """An https address, or an http one on this machine, without credentials; with or without a slash at its end."""
    wish = f'write an https:// address such as "{example}" (http:// on 127.0.0.1 and localhost only)'

    def read(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]{1,500}", value) or "\\" in value:
            raise wrong(wish)
        try:
            parts = urlsplit(value)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise wrong(wish) from None
        if not host or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not _is_here(host)):
            raise wrong(wish)
        if "@" in parts.netloc or "?" in value or "#" in value:
            raise wrong(f"{wish}, with no user name, password, ? or # in it: keys belong in the environment")
        return value.rstrip("/") + ("/" if slash else "")

    return BeforeValidator(read)


def network() -> BeforeValidator:
    """Addresses of the net: one, or a range such as 10.0.0.0/8, written as `ipaddress` has it."""

    def read(value: object) -> str:
        try:
            return str(ipaddress.ip_network(value if isinstance(value, str) else ""))
        except ValueError:
            raise wrong('write an address such as "203.0.113.7" or a range such as "203.0.113.0/24"') from None

    return BeforeValidator(read)


def header_name() -> BeforeValidator:
    """The name of a header of HTTP."""
    return spelled("[A-Za-z0-9-]{1,60}", 'write the name of a header, such as "X-Forwarded-For"')


def each_once(*, descending: bool = False) -> AfterValidator:
    """A list of numbers, each once; given back in order."""

    def read(value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) < len(value):
            raise wrong("write each number once")
        return tuple(sorted(value, reverse=descending))

    return AfterValidator(read)


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word that this one is most likely meant to be."""
    by_shape = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_shape, n=1, cutoff=0.7)
    return by_shape[found[0]] if found else None


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
