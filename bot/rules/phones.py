"""A phone number that somebody gave: as it is written internationally, and whether any numbering plan has it. Pure.

What is in no plan is worth a warning and nothing more: the ranges of IoT SIMs often are in none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

from bot.rules.naming import unlinked

INTERNATIONAL = re.compile(r"(?:\+|00)[0-9 ().\-/]{6,30}")


@dataclass(frozen=True)
class Phone:
    """`written` is as people write it, with its country code; `known` whether it is in a numbering plan."""

    written: str
    known: bool


def read_phone(typed: str) -> Phone | None:
    """The number, where one was given with its country code, by + or 00; `None` for everything else."""
    bare = unlinked(typed).strip().strip("`'\"")
    if INTERNATIONAL.fullmatch(bare) is None:
        return None
    number = re.sub(r"^00", "+", bare)
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return Phone(bare, known=False)
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return Phone(written, phonenumbers.is_valid_number(parsed))


def doubt(typed: str) -> str | None:
    """What is to be said to whoever gave this number; `None` where nothing is."""
    phone = read_phone(typed)
    if phone is None or phone.known:
        return None
    return (
        f"{phone.written} is in no numbering plan that is known here. Numbers of IoT SIMs often are not, so it was "
        f"taken as it is."
    )
