"""What a SIM is, how one is named, and which change its state allows. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.errors import BadInput, NotPossible

NOTHING: Mapping[str, object] = MappingProxyType({})
UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})  # the Unicode categories of what leaves no mark
SIGNS: Mapping[str, str] = MappingProxyType({"<": "‹", ">": "›", "`": "'"})
DOUBLED: Mapping[str, int] = MappingProxyType({str(n): n * 2 - 9 if n > 4 else n * 2 for n in range(10)})  # Luhn's
LOOKED_AT = 400  # characters of a word that is quoted: the forty that are shown stand at its beginning


class Status(StrEnum):
    """The states of a SIM in our words. SmartHub's own spelling is known in `bot/smarthub` only."""

    INVENTORY = "inventory"
    TEST = "test"
    READY = "ready"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Operation(StrEnum):
    """The changes a person can ask for."""

    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RETIRE = "retire"
    PLAN = "plan"
    ADDON = "addon"
    APN = "apn"
    SET = "set"
    SMS = "sms"


@dataclass(frozen=True)
class Addon:
    """A supplementary rate plan on a SIM. Sizes in bytes, `None` where SmartHub did not say."""

    name: str
    total_bytes: int | None = None
    used_bytes: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Apn:
    """An APN of a SIM. `enabled` is `None` when SmartHub used a word we do not know."""

    name: str
    enabled: bool | None = None


@dataclass(frozen=True)
class Sim:
    """One SIM as SmartHub last described it. `None` means "not known". Times are aware UTC, sizes are bytes.

    `status` is `None` when SmartHub used a word that is in no table; `status_word` always holds that word as it came.
    """

    giccid: str
    status: Status | None
    status_word: str
    iccid: str | None = None
    imsi: str | None = None
    msisdn: str | None = None
    imei: str | None = None
    account: str | None = None
    sku: str | None = None
    plan: str | None = None
    plan_expires_at: datetime | None = None
    addons: tuple[Addon, ...] = ()
    pool: str | None = None
    activated_at: datetime | None = None
    cycle: str | None = None
    usage_bytes: int | None = None
    quota_bytes: int | None = None
    sms_count: int | None = None
    apns: tuple[Apn, ...] = ()
    country: str | None = None
    last_session_at: datetime | None = None
    custom: tuple[str | None, ...] = (None, None, None, None, None)
    raw: Mapping[str, object] = field(default_factory=lambda: NOTHING, compare=False, repr=False)


# What each change needs the SIM to be, and what it makes of it.
# https://apidoc-en.smh.smarthing.com: a SIM is retired from suspended only; retiring is final.
FROM: Mapping[Operation, frozenset[Status]] = MappingProxyType(
    {
        Operation.ACTIVATE: frozenset({Status.INVENTORY, Status.TEST, Status.READY, Status.SUSPENDED}),
        Operation.SUSPEND: frozenset({Status.ACTIVE}),
        Operation.RETIRE: frozenset({Status.SUSPENDED}),
        Operation.SMS: frozenset({Status.ACTIVE, Status.TEST}),
        # What these need is not documented; SmartHub decides. A retired SIM is gone for good.
        **dict.fromkeys(
            (Operation.PLAN, Operation.ADDON, Operation.APN, Operation.SET), frozenset(Status) - {Status.RETIRED}
        ),
    }
)
NEEDS: Mapping[Operation, str] = MappingProxyType({Operation.SMS: "to get an SMS"})
TO: Mapping[Operation, Status] = MappingProxyType(
    {
        Operation.ACTIVATE: Status.ACTIVE,
        Operation.SUSPEND: Status.SUSPENDED,
        Operation.RETIRE: Status.RETIRED,
    }
)


def allow(operation: Operation, sim: Sim) -> None:
    """Nothing, when this change fits the SIM's state; raises NotPossible with the reason when it does not."""
    if sim.status is None:
        raise NotPossible(
            f"SmartHub says this SIM is “{quotable(sim.status_word)}”, a state that is in no table here, "
            f"so nothing that depends on the state is allowed. "
            f"An admin can add it under [smarthub.enums.status] in config.toml."
        )
    if sim.status in FROM[operation]:
        return
    if sim.status is TO.get(operation):
        raise NotPossible(f"This SIM is {sim.status} already.")
    if sim.status is Status.RETIRED:
        raise NotPossible("This SIM is retired, and that is final.")
    needed = " or ".join(sorted(FROM[operation]))
    raise NotPossible(f"This SIM is {sim.status}; {NEEDS.get(operation, f'to {operation} it')}, it has to be {needed}.")


def fits(operation: Operation, sim: Sim) -> bool:
    """Whether the SIM's state allows this change."""
    try:
        allow(operation, sim)
    except NotPossible:
        return False
    return True


def label_of(sim: Sim, field: str) -> str:
    """The name people know this SIM by: the custom field `custom1` … `custom5`, else its number.

    A field that holds nothing one could see is no name.
    """
    named = sim.custom[int(field.removeprefix("custom")) - 1] or ""
    if all(unicodedata.category(c) in UNSEEN for c in named):
        named = ""
    return named.strip() or sim.iccid or sim.giccid


def looks_like_id(word: str) -> bool:
    """Whether a word is meant as the number of a SIM: nothing but digits, or mostly digits and enough of them."""
    digits = sum(c.isdigit() for c in word)
    return 0 < digits == len(word) or (digits >= 6 and digits * 2 >= len(word))


# What people and the programs they copy from put between digits, seen and unseen.
BETWEEN_DIGITS = re.compile("[\\s\\-._\u2010-\u2015\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def read_iccid(word: str) -> str:
    """The ICCID in what was typed, without spaces, dashes and a trailing F. Raises BadInput, saying what is wrong."""
    bare = BETWEEN_DIGITS.sub("", word).strip("`<>").upper()
    if bare.endswith("F"):
        bare = bare.rstrip("F")
    if not bare:
        raise BadInput("A SIM is missing here: write its ICCID, 18 to 22 digits.")
    wrong = next((c for c in bare if c not in "0123456789"), None)
    if wrong is not None:
        raise BadInput(
            f"“{quotable(word)}” is not an ICCID: “{quotable(wrong)}” is not a digit. An ICCID has 18 to 22 digits."
        )
    if not 18 <= len(bare) <= 22:
        raise BadInput(
            f"“{quotable(word)}” has {len(bare)} digit{'' if len(bare) == 1 else 's'}; an ICCID has 18 to 22."
        )
    return bare


def spellings(iccid: str) -> tuple[str, ...]:
    """The forms under which SmartHub may know this ICCID: as given, then with or without the check digit."""
    others = [iccid[:-1] if len(iccid) > 18 else None, iccid + luhn_digit(iccid) if len(iccid) < 22 else None]
    if not luhn_holds(iccid):
        others.reverse()
    return (iccid, *(o for o in others if o is not None))


def luhn_digit(digits: str) -> str:
    """The check digit that belongs behind these digits (ISO/IEC 7812-1, Annex B)."""
    total = sum(DOUBLED[char] for char in digits[::-2]) + sum(map(int, digits[-2::-2]))
    return str(-total % 10)


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of the rest. One that is not may still be a SIM: warn, never refuse."""
    return luhn_digit(digits[:-1]) == digits[-1]


def quotable(word: str) -> str:
    """What was typed, for a sentence of ours: short, on one line, and without what our sentences read as a sign.

    A sentence turns `<@U…>` into a person and what stands between backticks into code; typed text must do neither.
    """
    word = word.strip()
    plain = "".join(SIGNS.get(c, c) if c.isprintable() else " " for c in word[:LOOKED_AT]).strip()
    return plain if len(plain) <= 40 and len(word) <= LOOKED_AT else plain[:37] + "…"
