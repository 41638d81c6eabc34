"""SMS to and from a device as a conversation: where each stands, what a report may make of it, when to look. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.errors import NotPossible
from bot.rules.sms import SmsState, lasts

FIRST_LOOK = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
# After its validity SmartHub may be away when we look; so long after it nobody looks any more.
GIVEN_UP_AFTER = timedelta(days=1)
# A report may come before the answer that tells its id; one that still fits nothing then is shown as it came.
ID_WITHIN = timedelta(minutes=1)
# So long a reply can be sent; after that whoever reads the question has forgotten what it was about.
DRAFTS_KEPT = timedelta(days=1)


class Way(StrEnum):
    """From a device, or to one."""

    IN = "in"
    OUT = "out"


class Stand(StrEnum):
    """Where an SMS stands. Only `delivered` means that the device has it; of `unsure` nobody knows whether it went."""

    RECEIVED = "received"
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNSURE = "unsure"
    NOT_SENT = "not sent"


# What SmartHub may tell later of what it has told before. Who has got an SMS has it: nothing leads away from there.
MOVES: Mapping[Stand, frozenset[Stand]] = MappingProxyType(
    {
        Stand.PENDING: frozenset({Stand.DELIVERED, Stand.FAILED, Stand.UNKNOWN}),
        Stand.UNKNOWN: frozenset({Stand.DELIVERED, Stand.FAILED}),
        Stand.FAILED: frozenset({Stand.DELIVERED}),
    }
)


@dataclass(frozen=True)
class SmsMessage:
    """One SMS. Times are aware UTC; `None` means "not known".

    `body` is `None` when it is not kept any more; `length` (characters) and `digest` stay. `sms_id` is SmartHub's.
    `request` or `job` has sent it, `event` brought it, `draft` is the question in the thread it came from. `until` is
    when its validity ends, `told_at` when it came to stand where it does, as SmartHub has it.
    """

    id: int
    way: Way
    giccid: str
    label: str
    stand: Stand
    made_at: datetime
    body: str | None
    length: int
    digest: str
    thread: int | None = None
    sms_id: str | None = None
    coding: int | None = None
    validity: int | None = None
    by: str | None = None
    request: int | None = None
    job: int | None = None
    event: int | None = None
    draft: int | None = None
    told_at: datetime | None = None
    until: datetime | None = None
    next_look_at: datetime | None = None
    looks: int = 0
    why: str | None = None

    @property
    def subject(self) -> str:
        """What its card is known by: a reply's is the question it came from."""
        return f"sms:{self.id}" if self.draft is None else f"sms-draft:{self.draft}"


@dataclass(frozen=True)
class Thread:
    """The conversation with a SIM, in one thread of a channel: how many came and went, and when the last one did."""

    id: int
    giccid: str
    label: str
    account: str | None
    channel: str
    begun_at: datetime
    last_at: datetime
    received: int = 0
    sent: int = 0


class DraftState(StrEnum):
    """Where a reply stands that may become an SMS: only an open one can be sent, and once."""

    OPEN = "open"
    TAKEN = "taken"
    SENT = "sent"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class Draft:
    """What somebody wrote in a thread, and is asked about. `text` is `None` once it was sent or discarded."""

    id: int
    thread: int
    by: str
    ts: str
    text: str | None
    made_at: datetime
    state: DraftState = DraftState.OPEN
    request: int | None = None


@dataclass(frozen=True)
class Limits:
    """How many SMS may be sent in an hour: by one person, and to one SIM."""

    by_person: int = 100
    to_sim: int = 20


def check_limits(limits: Limits, *, by_person: int, to_sim: int) -> None:
    """Nothing, when one more SMS is within the limits; raises NotPossible. Both counts are of the last hour."""
    if to_sim >= limits.to_sim:
        raise NotPossible(
            f"This SIM got {to_sim} SMS within the last hour, and {limits.to_sim} are the most. Nothing was asked for "
            f"and nothing sent; wait, or have [sms] per_sim_and_hour raised."
        )
    if by_person >= limits.by_person:
        raise NotPossible(
            f"You sent {by_person} SMS within the last hour, and {limits.by_person} are the most. Nothing was asked "
            f"for and nothing sent; wait, or have [sms] per_person_and_hour raised."
        )


def followed_until(sent_at: datetime, validity: int | None, *, otherwise: timedelta) -> datetime:
    """Until when a network may still deliver an SMS: its validity (TP-VP), else so long as networks usually try."""
    return sent_at + (otherwise if validity is None else lasts(validity))


def reported(message: SmsMessage, state: SmsState | None, *, at: datetime) -> SmsMessage:
    """The SMS after SmartHub told where it stands, by a report or when asked; itself where that is nothing new.

    A report that comes late, again or out of order takes nothing back.
    """
    stand = None if state is None else Stand(state.value)
    if stand is None or stand not in MOVES.get(message.stand, frozenset()):
        return message
    return replace(message, stand=stand, told_at=at, next_look_at=None, why=None)


def looked(message: SmsMessage, *, now: datetime, answered: bool) -> SmsMessage:
    """The SMS after a look that told nothing new: looked at again later and later, until its validity is over.

    Whether SmartHub `answered` at all: while it is away, nothing is given up before a day has passed.
    """
    until = message.until or now
    over = now >= until if answered else now >= until + GIVEN_UP_AFTER
    if message.stand is not Stand.PENDING or over:
        why = "Its validity is over, and no word of a delivery came."
        stand = Stand.UNKNOWN if message.stand is Stand.PENDING else message.stand
        return replace(message, stand=stand, told_at=now, next_look_at=None, why=why, looks=message.looks + 1)
    wait = min(FIRST_LOOK * 2 ** min(message.looks + 1, 12), LONGEST_WAIT)
    next_at = min(now + wait, until) if now < until else now + wait
    return replace(message, next_look_at=next_at, looks=message.looks + 1)
