"""What happened to a SIM, from every source in one line of time. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.rules.alerts import Alert
from bot.rules.approvals import Approval
from bot.rules.changes import Change, ChangeKind
from bot.rules.conversations import SmsMessage
from bot.rules.events import Event
from bot.rules.job_sims import Part
from bot.rules.sims import Operation

Told = Change | Approval | Event | Alert | Part | SmsMessage
SMS_EVENTS = frozenset({"mo-sms", "mt-sms-status"})


class Kind(StrEnum):
    """What a history can be narrowed to. Only `other` cannot: changes that SmartHub calls by a word we do not know.

    `sms` holds those a device sent, those we sent, and what became of them.
    """

    STATUS = "status"
    PLAN = "plan"
    IMEI = "imei"
    OTHER = "other"
    OURS = "ours"
    SMS = "sms"
    EVENTS = "events"
    ALERTS = "alerts"


OF_CHANGE: Mapping[ChangeKind | None, Kind] = MappingProxyType(
    {
        ChangeKind.STATUS: Kind.STATUS,
        ChangeKind.PLAN: Kind.PLAN,
        ChangeKind.IMEI: Kind.IMEI,
        None: Kind.OTHER,
    }
)


@dataclass(frozen=True)
class Entry:
    """One point in the line of time. `at` is aware UTC, `None` where nobody says when; `told` is what happened."""

    kind: Kind
    at: datetime | None
    told: Told


@dataclass(frozen=True)
class History:
    """The line of time, the newest first, and in a sentence each what is missing in it."""

    entries: tuple[Entry, ...]
    missing: tuple[str, ...] = ()

    def of(self, kind: Kind | None) -> tuple[Entry, ...]:
        """The entries of one kind, or all of them."""
        return self.entries if kind is None else tuple(e for e in self.entries if e.kind is kind)

    def counts(self) -> Mapping[Kind, int]:
        """How many there are of each kind that there is."""
        return Counter(entry.kind for entry in self.entries)


def history(*sources: Iterable[Told], missing: Sequence[str] = ()) -> History:
    """Everything in one line of time, the newest first; what has no time comes last."""
    entries = [_entry(told) for source in sources for told in source]
    dated = [(e.at, e) for e in entries if e.at is not None]
    dated.sort(key=lambda pair: pair[0], reverse=True)
    return History((*(e for _, e in dated), *(e for e in entries if e.at is None)), tuple(missing))


def _entry(told: Told) -> Entry:
    """A request stands where something last happened to it: that is beside what it made of the SIM."""
    match told:
        case Change():
            return Entry(OF_CHANGE[told.kind], told.changed_at, told)
        case Approval():
            kind = Kind.SMS if told.operation is Operation.SMS else Kind.OURS
            return Entry(kind, told.ended_at or told.decided_at or told.asked_at, told)
        case Event():
            kind = Kind.SMS if told.push.name in SMS_EVENTS else Kind.EVENTS
            return Entry(kind, told.push.happened_at or told.received_at, told)
        case Part():
            return Entry(Kind.SMS if told.order.operation is Operation.SMS else Kind.OURS, told.at, told)
        case Alert():
            return Entry(Kind.ALERTS, told.raised_at, told)
        case SmsMessage():
            return Entry(Kind.SMS, told.told_at or told.made_at, told)
