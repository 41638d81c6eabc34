"""Small checks from which Slack's rules are put together. Each adds what is wrong to a list, in Slack's words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Thing = Mapping[str, Any]  # Any: Slack's JSON is of any depth


class Found:
    """What is wrong, each with the place it was found at (a JSON pointer)."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def add(self, sentence: str, place: str) -> None:
        """Notes one mistake."""
        self.wrong.append(f"{sentence} [json-pointer:{place}]")


Check = Callable[[object, str, Found], None]


def string(most: int | None, *, least: int = 1) -> Check:
    """A string of so many characters."""

    def check(value: object, place: str, found: Found) -> None:
        if not isinstance(value, str):
            found.add("must be a string", place)
        elif len(value) < least:
            found.add(f"must be more than {least - 1} characters", place)
        elif most is not None and len(value) > most:
            found.add(f"must be less than {most + 1} characters", place)

    return check


def word(*allowed: str) -> Check:
    """One of these strings."""

    def check(value: object, place: str, found: Found) -> None:
        if value not in allowed:
            found.add(f"must be one of {', '.join(allowed)}", place)

    return check


def flag(value: object, place: str, found: Found) -> None:
    """True or false."""
    if not isinstance(value, bool):
        found.add("must be a boolean", place)


def number(least: float | None = None, most: float | None = None, *, whole: bool = True) -> Check:
    """A number between these."""

    def check(value: object, place: str, found: Found) -> None:
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            found.add("must be an integer" if whole else "must be a number", place)
        elif least is not None and value < least:
            found.add(f"must be at least {least}", place)
        elif most is not None and value > most:
            found.add(f"must be at most {most}", place)

    return check


def array(of: Check, *, most: int | None, least: int = 1) -> Check:
    """A list of so many of these."""

    def check(value: object, place: str, found: Found) -> None:
        if not isinstance(value, list | tuple):
            found.add("must be an array", place)
            return
        if len(value) < least:
            found.add(f"no fewer than {least} items allowed", place)
        if most is not None and len(value) > most:
            found.add(f"no more than {most} items allowed", place)
        for at, part in enumerate(value):
            of(part, f"{place}/{at}", found)

    return check


def fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *also: Check) -> Check:
    """An object with these keys and no others; `also` looks at the whole once each part is right."""
    known = {**required, **(optional or {})}

    def check(value: object, place: str, found: Found) -> None:
        if not isinstance(value, Mapping):
            found.add("must be an object", place)
            return
        before = len(found.wrong)
        for key in required:
            if value.get(key) is None:
                found.add(f"missing required field: {key}", place)
        _check_parts(value, known, place, found)
        if len(found.wrong) == before:
            for extra in also:
                extra(value, place, found)

    return check


def _check_parts(value: Thing, known: Mapping[str, Check], place: str, found: Found) -> None:
    for key, part in value.items():
        if key == "type":
            continue
        if key not in known:
            found.add(f"invalid additional property: {key}", place)
        elif part is not None:
            known[key](part, f"{place}/{key}", found)


def kinds(table: Mapping[str, Check]) -> Check:
    """An object whose `type` is in the table, checked by what stands there."""

    def check(value: object, place: str, found: Found) -> None:
        if not isinstance(value, Mapping):
            found.add("must be an object", place)
        elif value.get("type") is None:
            found.add("missing required field: type", place)
        elif value["type"] not in table:
            found.add(f"unsupported type: {value['type']}", f"{place}/type")
        else:
            table[value["type"]](value, place, found)

    return check


def whole(look: Callable[[Thing], str | None], at: str = "") -> Check:
    """A check of an object as a whole: `look` gives what is wrong, or None; `at` is put behind the place."""

    def check(value: object, place: str, found: Found) -> None:
        wrong = look(value) if isinstance(value, Mapping) else None
        if wrong is not None:
            found.add(wrong, place + at)

    return check
