"""What somebody typed to name a SIM: a number of some kind, a label, or a piece of one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import BadInput
from bot.rules.sims import BETWEEN_DIGITS, luhn_holds, quotable, spellings
from bot.rules.words import folded

SHORTEST_PIECE = 4  # digits: fewer would fit half of every fleet
LONGEST_NAME = 200  # characters
# Slack turns what looks like a phone number or an address into <tel:+4917…|+49 17…>.
LINKED = re.compile(r"<(?:tel:|mailto:|https?://)(?:[^<>|]*\|)?([^<>|]*)>")
CALLED = re.compile(r"<tel:([^<>|]*)(?:\|[^<>|]*)?>")
KIND_BEFORE = re.compile(r"(?:(g?iccid|imsi|msisdn|imei)\b|sim(?=\s*[:=#]))\s*[:=#]?\s*", re.IGNORECASE)
AROUND = "`'\"“”„‟‘’«»"
IN_PHONE_NUMBERS = re.compile(r"[()/]")
DIGITS = re.compile("[0-9]+")  # not \d, which takes the digits of every script
WITHOUT_CHECK_DIGIT = 14  # what of an IMEI is the device: a check digit or two digits of software version follow


class NumberKind(StrEnum):
    """The numbers a SIM has."""

    ICCID = "iccid"
    IMSI = "imsi"
    MSISDN = "msisdn"
    IMEI = "imei"


LENGTHS = {
    NumberKind.ICCID: range(18, 23),
    NumberKind.IMSI: range(14, 16),
    NumberKind.MSISDN: range(7, 16),
    NumberKind.IMEI: range(14, 17),
}


@dataclass(frozen=True)
class Named:
    """What was typed, understood.

    `text` is it as a label, `digits` as a number (`None` where it is none), `numbers` are the ways to spell that
    number, the likeliest first, and `kinds` what such a number could be; one that is a piece of a number has no kind.
    """

    typed: str
    text: str
    digits: str | None = None
    numbers: tuple[str, ...] = ()
    kinds: frozenset[NumberKind] = frozenset()

    @property
    def could_be_iccid(self) -> bool:
        """Whether it is as long as an ICCID."""
        return NumberKind.ICCID in self.kinds

    @property
    def could_be_imsi(self) -> bool:
        """Whether it is as long as an IMSI."""
        return NumberKind.IMSI in self.kinds

    @property
    def could_be_msisdn(self) -> bool:
        """Whether it is as long as a phone number."""
        return NumberKind.MSISDN in self.kinds

    @property
    def could_be_imei(self) -> bool:
        """Whether it is as long as an IMEI."""
        return NumberKind.IMEI in self.kinds

    @property
    def device(self) -> str | None:
        """The digits all spellings of this IMEI begin with; `None` where it is no IMEI."""
        return self.digits[:WITHOUT_CHECK_DIGIT] if self.digits is not None and self.could_be_imei else None

    @property
    def is_piece(self) -> bool:
        """Whether it has enough digits to be looked for as the beginning or end of a number."""
        return self.digits is not None and len(self.digits) >= SHORTEST_PIECE

    @property
    def doubtful(self) -> bool:
        """Whether it looks like an ICCID whose last digit is not its check digit: worth a warning, nothing more."""
        return self.digits is not None and self.could_be_iccid and not luhn_holds(self.digits)


def read_name(typed: str) -> Named:
    """What is to be looked for. Raises BadInput when that is nothing, or more than any name has."""
    shown = unlinked(typed).strip().strip(AROUND).strip()
    if len(shown) > LONGEST_NAME:
        raise BadInput(
            f"A SIM's number or label has at most {LONGEST_NAME} characters; “{quotable(shown)}” has {len(shown):,}."
        )
    if not BETWEEN_DIGITS.sub("", folded(shown)):
        raise BadInput("A SIM is missing here: write its ICCID, IMSI, MSISDN or IMEI, its label, or a piece of one.")
    said = KIND_BEFORE.match(shown)
    kind = None if said is None or said[1] is None else NumberKind(said[1].lower().removeprefix("g"))
    number = _bare(shown if said is None else shown[said.end() :])
    if number is None:
        return Named(typed, folded(shown))
    is_phone, digits = number
    numbers = tuple(dict.fromkeys(_numbers(digits)))
    fit = {k for k, lengths in LENGTHS.items() if any(len(n) in lengths for n in _forms(digits, k))}
    if is_phone:
        fit &= {NumberKind.MSISDN}
    return Named(typed, folded(shown), digits, numbers, frozenset(fit if kind is None else {kind}))


def unlinked(text: str) -> str:
    """What was typed before Slack made links of it; a phone number closed up, as the link has it."""
    return LINKED.sub(r"\1", CALLED.sub(r"\1", text))


def bare_digits(text: str | None) -> str | None:
    """The digits of a number however it is written, without +, spaces, dashes and a trailing F; `None` for the rest."""
    if text is None:
        return None
    if text.isascii() and text.isdecimal():  # as nearly all come, and there may be a million
        return text
    number = _bare(text)
    return None if number is None else number[1]


def ways_to_type(text: str) -> tuple[str, ...]:
    """The numbers that a number with this many digits may be meant as, that one first; none for other text."""
    digits = bare_digits(text)
    return () if digits is None else tuple(dict.fromkeys(_numbers(digits)))


def _bare(shown: str) -> tuple[bool, str] | None:
    """Whether it is written as a phone number, and its digits."""
    closed = IN_PHONE_NUMBERS.sub("", BETWEEN_DIGITS.sub("", shown))
    plus = closed.startswith("+")
    digits = closed.removeprefix("+")
    if not plus and len(digits) >= LENGTHS[NumberKind.ICCID].start:
        digits = digits.rstrip("Ff")
    return (plus, digits) if DIGITS.fullmatch(digits) else None


def _numbers(digits: str) -> Iterator[str]:
    """The ways to spell this number: with or without the check digit, and without the 00 before a country's code."""
    yield digits
    if len(digits) in LENGTHS[NumberKind.ICCID]:
        yield from spellings(digits)
    if digits.startswith("00") and len(digits) - 2 in LENGTHS[NumberKind.MSISDN]:
        yield digits[2:]


def _forms(digits: str, kind: NumberKind) -> Iterator[str]:
    yield digits
    if kind is NumberKind.MSISDN and digits.startswith("00"):
        yield digits[2:]
