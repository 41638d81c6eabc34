"""What goes to Slack and when: one message a second and channel, a rest where Slack asks for one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

# https://docs.slack.dev/apis/web-api/rate-limits: about one message a second and channel.
BETWEEN = timedelta(seconds=1)
LONGEST_REST_S = 60.0
LONGEST_ASKED_S = 3600.0  # what Slack may ask for; more than that is a mistake, and a message would seem forgotten


@dataclass(frozen=True)
class Card:
    """Show `subject` (such as `approval:12`) in this channel: posted or edited in place, drawn when it is sent.

    With `under` it is posted in the thread of that subject's card.
    """

    subject: str
    channel: str
    under: str | None = None


@dataclass(frozen=True)
class Note:
    """A message that stands for itself: to a channel or a person (U…), or under the card of `under`, in its thread.

    With `unless_in` it is for a person who may not see that channel: who is in it, has no need of it.
    """

    channel: str
    text: str
    blocks: tuple[Mapping[str, object], ...] = ()
    under: str | None = None
    unless_in: str | None = None


Outgoing = Card | Note


@dataclass(frozen=True)
class Waiting:
    """One row of the outbox that has not reached Slack."""

    id: int
    channel: str
    what: Outgoing
    made_at: datetime
    tries: int
    error: str | None = None


@dataclass(frozen=True)
class Plan:
    """What to send now, and when to look again (`None`: when something new comes)."""

    now: tuple[Waiting, ...]
    next_at: datetime | None


def plan(
    heads: Iterable[Waiting], *, rests: Mapping[str, datetime], everything: datetime | None, now: datetime
) -> Plan:
    """Of the oldest message of each channel, those whose channel is free; `rests` says until when one is not."""
    ready: list[Waiting] = []
    later: list[datetime] = []
    for head in heads:
        free_at = max(rests.get(head.channel, now), everything or now)
        if free_at <= now:
            ready.append(head)
        else:
            later.append(free_at)
    return Plan(now=tuple(ready), next_at=min(later, default=None))


def rest(tries: int, *, retry_after: float | None) -> timedelta:
    """How long to leave Slack alone after a message did not get through: what it asked for, else 1, 2, 4 … 60 s."""
    if retry_after is not None:
        return timedelta(seconds=min(max(retry_after, 1.0), LONGEST_ASKED_S))
    return timedelta(seconds=min(2.0 ** min(tries, 10), LONGEST_REST_S))
