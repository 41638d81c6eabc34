"""The numbers of SIMs in a text somebody pasted: a log, a list, a mail. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.rules.naming import NumberKind
from bot.rules.sims import luhn_holds

AT_MOST = 1000


@dataclass(frozen=True)
class Number:
    """A number of a text, digits alone, with what it can be, the likeliest first.

    Not `sure`, it may be anything, a timestamp or an order number: it is a SIM's only when a SIM is known by it.
    """

    digits: str
    kinds: tuple[NumberKind, ...]
    sure: bool


# A blank or a dash stands between two groups of one number. A dot or a colon does not: addresses and times have those.
BETWEEN = "[ \u00a0\u2009\u202f\u2010-\u2013-]"
RUN = re.compile(f"[0-9]+(?:{BETWEEN}[0-9]+)*")
# Of what is written in groups, how long these are. https://www.3gpp.org, TS 23.003: TAC, serial number, check digit
IMEI_GROUPS = frozenset({(8, 6, 1), (2, 6, 6, 1), (6, 2, 6, 1)})
IMSI_GROUPS = frozenset({(3, 2, 10), (3, 3, 9), (5, 10), (6, 9)})
ICCID_DIGITS = range(18, 23)
MSISDN_DIGITS = range(8, 16)
GROUPS_AT_MOST = ICCID_DIGITS[-1] + 1  # of one digit each; no number takes more


@dataclass(frozen=True)
class _Group:
    """Digits without anything between them. `alone` means that nothing beside them makes them a part of something."""

    digits: str
    plus: bool
    alone: bool


def numbers_in(text: str) -> tuple[Number, ...]:
    """Each number of the text that may be a SIM's, in its order and each once; the first thousand."""
    found: dict[str, Number] = {}
    for run in RUN.finditer(text):
        for number in _numbers(_groups(text, run)):
            known = found.get(number.digits)
            if known is None or (number.sure and not known.sure):
                found[number.digits] = number
        if len(found) >= AT_MOST:
            break
    return tuple(found.values())[:AT_MOST]


def _groups(text: str, run: re.Match[str]) -> Sequence[_Group]:
    groups = []
    for match in re.finditer("[0-9]+", run[0]):
        start, end = run.start() + match.start(), run.start() + match.end()
        before, after = text[max(0, start - 2) : start], text[end : end + 2]
        groups.append(_Group(match[0], before.endswith("+"), _stands_alone(match[0], before, after)))
    return groups


def _stands_alone(digits: str, before: str, after: str) -> bool:
    """Whether the digits are no part of a word, an address or a time; `before` and `after` are two characters each."""
    if after[:1] in ("f", "F"):  # what fills up the last byte of an ICCID
        after = after[1:]
    if before[-1:].isalpha() or after[:1].isalpha():
        return False
    joins = "." if len(digits) >= 15 else ".:"  # "12:8949…" is the number of a line before a SIM
    inside = re.compile(f"[0-9][{joins}]"), re.compile(f"[{joins}][0-9]")
    return not (inside[0].fullmatch(before) or inside[1].fullmatch(after))


def _numbers(groups: Sequence[_Group]) -> Iterator[Number]:
    """The numbers in one run of groups, from left to right, no group in two of them."""
    at = 0
    while at < len(groups):
        taken, number = _number(groups[at : at + GROUPS_AT_MOST])
        if number is not None:
            yield number
        at += taken


def _number(groups: Sequence[_Group]) -> tuple[int, Number | None]:
    """How many groups the number at the beginning takes, and that number; one group where there is none."""
    first = groups[0]
    if not first.alone:
        return 1, None
    for taken in (_phone(groups), _iccid(groups), _grouped(groups)):
        if taken is not None:
            return taken
    return 1, _single(first.digits)


def _phone(groups: Sequence[_Group]) -> tuple[int, Number] | None:
    """A number with a plus, in one group or in several."""
    if not groups[0].plus or groups[0].digits.startswith("0"):
        return None
    digits, count = groups[0].digits, 1
    # One that is whole in its first group goes no further; one in groups goes as far as a number can be long.
    while len(groups[0].digits) < 8 and count < len(groups) and len(digits + groups[count].digits) <= 15:
        digits, count = digits + groups[count].digits, count + 1
    return (count, Number(digits, (NumberKind.MSISDN,), sure=True)) if len(digits) in MSISDN_DIGITS else None


def _iccid(groups: Sequence[_Group]) -> tuple[int, Number] | None:
    """A number that begins with 89, as every ICCID does (ITU-T E.118): the longest with its check digit, else 19 or 20
    digits, else the longest."""
    if not groups[0].digits.startswith("89"):
        return None
    fitting: list[tuple[int, str]] = []
    digits = ""
    for count, group in enumerate(groups, 1):
        digits += group.digits
        if len(digits) > ICCID_DIGITS[-1] or not group.alone:
            break
        if len(digits) in ICCID_DIGITS:
            fitting.append((count, digits))
    if not fitting:
        return None
    if fitting[0][0] > 1:
        fitting.sort(key=lambda f: (luhn_holds(f[1]), len(f[1]) in (19, 20), len(f[1])), reverse=True)
    return fitting[0][0], Number(fitting[0][1], (NumberKind.ICCID,), sure=True)


def _grouped(groups: Sequence[_Group]) -> tuple[int, Number] | None:
    """An IMEI or an IMSI in its usual groups."""
    for count in (4, 3, 2):
        lengths = tuple(len(g.digits) for g in groups[:count])
        digits = "".join(g.digits for g in groups[:count])
        if lengths in IMEI_GROUPS and luhn_holds(digits):
            return count, Number(digits, (NumberKind.IMEI,), sure=True)
        if lengths in IMSI_GROUPS:
            return count, Number(digits, (NumberKind.IMSI,), sure=False)
    return None


def _single(digits: str) -> Number | None:
    length = len(digits)
    if length in ICCID_DIGITS:
        return Number(digits, (NumberKind.ICCID,), sure=False)
    if length == 15:
        kinds = (NumberKind.IMEI, NumberKind.IMSI) if luhn_holds(digits) else (NumberKind.IMSI, NumberKind.IMEI)
        return Number(digits, (*kinds, NumberKind.MSISDN), sure=True)
    if length == 16:
        return Number(digits, (NumberKind.IMEI,), sure=False)  # an IMEISV: a version in place of the check digit
    if length == 14:
        return Number(digits, (NumberKind.IMSI, NumberKind.IMEI, NumberKind.MSISDN), sure=False)
    if digits.startswith("00") and length - 2 in MSISDN_DIGITS:
        return Number(digits[2:], (NumberKind.MSISDN,), sure=False)
    return Number(digits, (NumberKind.MSISDN,), sure=False) if length in MSISDN_DIGITS else None
