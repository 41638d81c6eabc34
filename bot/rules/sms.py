"""What an SMS to a device is: its coding, how long it is kept for a device that is away, what became of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from bot.errors import BadInput
from bot.rules.sims import NOTHING

TEXT_AT_MOST = 1000


class Coding(IntEnum):
    """How a text is coded on its way: the network's own alphabet, ASCII (IA5), or binary."""

    NETWORK = 0
    ASCII = 1
    BINARY = 4


class SmsState(StrEnum):
    """What became of an SMS. Only `delivered` means that the device has it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sms:
    """One SMS that SmartHub has taken over. `None` means "not known"; `sent_at` is aware UTC.

    `state` is `None` when SmartHub named none, or used a word that is in no table; `state_word` holds that word.
    """

    id: str
    state: SmsState | None = None
    state_word: str | None = None
    giccid: str | None = None
    sent_at: datetime | None = None
    raw: Mapping[str, object] = field(default_factory=lambda: NOTHING, compare=False, repr=False)


def lasts(validity: int) -> timedelta:
    """How long a network keeps an SMS for a device that is away, from its TP-VP. Raises BadInput outside 0 to 255.

    3GPP TS 23.040, 9.2.3.12.1, relative format.
    """
    if not 0 <= validity <= 255:
        raise BadInput("The validity of an SMS is a number from 0 (5 minutes) to 255 (63 weeks).")
    if validity <= 143:
        return timedelta(minutes=(validity + 1) * 5)
    if validity <= 167:
        return timedelta(hours=12, minutes=(validity - 143) * 30)
    return timedelta(days=validity - 166) if validity <= 196 else timedelta(weeks=validity - 192)


def validity_for(wanted: timedelta) -> int:
    """The smallest TP-VP that keeps an SMS at least that long. Raises BadInput past 63 weeks, or for no time at all."""
    if not timedelta(0) < wanted <= lasts(255):
        raise BadInput("An SMS can wait for its device from 5 minutes to 63 weeks.")
    return next(validity for validity in range(256) if lasts(validity) >= wanted)


# How long a network tries to deliver, in words, with the smallest TP-VP that lasts as long.
VALIDITIES: tuple[tuple[str, int], ...] = tuple(
    (words, validity_for(length))
    for words, length in (
        ("5 minutes", timedelta(minutes=5)),
        ("1 hour", timedelta(hours=1)),
        ("6 hours", timedelta(hours=6)),
        ("1 day", timedelta(days=1)),
        ("3 days", timedelta(days=3)),
        ("1 week", timedelta(weeks=1)),
        ("4 weeks", timedelta(weeks=4)),
        ("63 weeks, the longest there is", timedelta(weeks=63)),
    )
)
