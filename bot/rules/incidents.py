"""What one card tells of: a SIM to which something happened, once or again and again, or many SIMs at once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import NotPossible
from bot.rules.events import Severity
from bot.rules.people import Person, Role, need

TO = "look after notifications"
FLAPS, FLAPS_WITHIN = 4, timedelta(minutes=30)
SAME_CLICK = timedelta(seconds=10)


class State(StrEnum):
    """Where an incident stands; a resolved one is over, and what happens next is a new one."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Incident:
    """One or many pushes of one kind, shown together: about one SIM, or, in a storm, about many.

    `count` is the number of pushes, `sims` of the SIMs in a storm. `audience` are the channels it is shown in. Of one
    that was taken into a storm, `storm_id` is the storm's number. Times are aware UTC, people are Slack user ids.
    """

    id: int
    event: str
    severity: Severity
    first_at: datetime
    last_at: datetime
    audience: tuple[str, ...]
    giccid: str | None = None
    label: str | None = None
    account: str | None = None
    storm: bool = False
    storm_id: int | None = None
    count: int = 1
    sims: int = 1
    state: State = State.OPEN
    version: int = 1
    by: str | None = None
    at: datetime | None = None
    assignee: str | None = None
    until: datetime | None = None
    why: str | None = None

    @property
    def live(self) -> bool:
        """Whether somebody may still do something about it."""
        return self.state is not State.RESOLVED and self.storm_id is None


def acknowledge(incident: Incident, *, by: Person, now: datetime) -> Incident:
    """The incident as this person's. Raises NotAllowed, NotPossible."""
    _may(incident, by)
    if incident.state is State.ACKNOWLEDGED:
        raise NotPossible(f"<@{incident.by}> has acknowledged this already.")
    return _moved(incident, State.ACKNOWLEDGED, by=by, now=now)


def snooze(incident: Incident, *, by: Person, until: datetime, now: datetime) -> Incident:
    """The incident, put off until then or until it gets worse. A second click a moment later is none: NotPossible.
    Raises NotAllowed as well."""
    _may(incident, by)
    if incident.state is State.SNOOZED and incident.until is not None and abs(until - incident.until) < SAME_CLICK:
        raise NotPossible("This was put off just now; nothing was changed by your click.")
    return replace(_moved(incident, State.SNOOZED, by=by, now=now), until=until)


def assign(incident: Incident, to: str, *, by: Person, now: datetime) -> Incident:
    """The incident as somebody's to look after, given by this person. Raises NotAllowed, NotPossible."""
    _may(incident, by)
    if incident.assignee == to:
        raise NotPossible(f"This is <@{to}>'s already.")
    return replace(_moved(incident, State.ACKNOWLEDGED, by=by, now=now), assignee=to)


def resolve(incident: Incident, *, by: Person, why: str | None, now: datetime) -> Incident:
    """The incident as over. Raises NotAllowed, NotPossible."""
    _may(incident, by)
    return replace(_moved(incident, State.RESOLVED, by=by, now=now), why=why)


def wake(incident: Incident, *, now: datetime) -> Incident:
    """The incident, open again after a snooze."""
    return replace(incident, state=State.OPEN, until=None, at=now, version=incident.version + 1)


def _may(incident: Incident, by: Person) -> None:
    need(by, Role.OPERATOR, to=TO)
    if incident.storm_id is not None:
        raise NotPossible("This SIM is one of many by now; use the card of all of them.")
    if incident.state is State.RESOLVED:
        raise NotPossible("This is resolved already; if it happens again there will be a new card.")


def _moved(incident: Incident, state: State, *, by: Person, now: datetime) -> Incident:
    return replace(incident, state=state, by=by.id, at=now, until=None, version=incident.version + 1)


def flaps(moves: Sequence[tuple[datetime, object]]) -> int:
    """How often a SIM went to and fro lately, from its newest pushes with what each reads; 0 when it does not flap.

    It flaps when it changed often in a short time and came back to what it was: else it only goes its way.
    """
    if not moves:
        return 0
    newest = max(at for at, _ in moves)
    lately = [reads for at, reads in moves if newest - at <= FLAPS_WITHIN]
    return len(lately) if len(lately) >= FLAPS and len(set(lately)) < len(lately) else 0
