"""What goes to Slack and when: one message a second and channel after a short burst, so many for the whole workspace,
people before channels, a rest where Slack asks for one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

POST, EDIT = "chat.postMessage", "chat.update"
SOON = timedelta(seconds=0.01)
LONGEST_REST_S = 60.0
LONGEST_ASKED_S = 3600.0  # what Slack may ask for; more than that is a mistake, and a message would seem forgotten


@dataclass(frozen=True)
class Pace:
    """So many at once, and then one each `every`."""

    every: timedelta
    burst: int

    def after(self, full_at: datetime | None, now: datetime) -> datetime:
        """When all of the burst is there again, once one more has gone now; `full_at` is the same before it."""
        return max(full_at or now, now) + self.every

    def free_at(self, full_at: datetime | None, now: datetime) -> datetime:
        """When the next one may go."""
        return now if full_at is None else max(full_at - (self.burst - 1) * self.every, now)

    def room(self, full_at: datetime | None, now: datetime) -> int:
        """How many may go now."""
        if full_at is None or full_at <= now:
            return self.burst
        return max(0, self.burst - -((now - full_at) // self.every))


# https://docs.slack.dev/apis/web-api/rate-limits: about one message a second and channel with short bursts above it,
# some hundred a minute in a workspace; chat.update is of tier 3, 50 a minute and more.
CHANNEL = Pace(timedelta(seconds=1), burst=3)
WORKSPACE: Mapping[str, Pace] = MappingProxyType(
    {POST: Pace(timedelta(seconds=0.2), burst=50), EDIT: Pace(timedelta(seconds=1.2), burst=25)}
)
NONE: Mapping[str, datetime] = MappingProxyType({})
LATE = timedelta(minutes=15)  # what reaches Slack later than that says when it was written
FOLDED = 20  # messages in one, at most
FOLDED_ROOM = 9_000  # characters of all of them
A_LINE = 300  # as much of words without blocks as one line holds


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

    With `unless_in` it is for a person who may not see that channel: who is in it, has no need of it. `plain` are the
    blocks for where Slack refuses the native ones among `blocks`.
    """

    channel: str
    text: str
    blocks: tuple[Mapping[str, object], ...] = ()
    under: str | None = None
    unless_in: str | None = None
    plain: tuple[Mapping[str, object], ...] | None = None


Outgoing = Card | Note


@dataclass(frozen=True)
class Waiting:
    """One row of the outbox that has not reached Slack. `stands`: its card is there and is only drawn anew.

    `meant_for` is the channel that takes nothing, of a message that goes to another one instead.
    """

    id: int
    channel: str
    what: Outgoing
    made_at: datetime
    tries: int
    error: str | None = None
    stands: bool = False
    meant_for: str | None = None

    @property
    def method(self) -> str:
        """What Slack is asked for."""
        return EDIT if self.stands else POST

    @property
    def personal(self) -> bool:
        """Whether it is for one person."""
        return self.channel.startswith(("U", "W"))

    def is_late(self, now: datetime) -> bool:
        """Whether it waited so long that its time has to be told."""
        return now - self.made_at >= LATE


@dataclass(frozen=True)
class Plan:
    """What to send now, and when to look again (`None`: when something new comes)."""

    now: tuple[Waiting, ...]
    next_at: datetime | None


def plan(
    heads: Iterable[Waiting],
    *,
    rests: Mapping[str, datetime],
    everything: datetime | None,
    now: datetime,
    methods: Mapping[str, datetime] = NONE,
    full: Mapping[str, datetime] = NONE,
) -> Plan:
    """Of the oldest message of each channel, those whose channel and method are free, people's first.

    `rests` says until when a channel is not, `methods` until when Slack wants a method left alone; `full` when a method
    has all of its burst for the workspace again.
    """
    ready: list[Waiting] = []
    later: list[datetime] = []
    room = {method: pace.room(full.get(method), now) for method, pace in WORKSPACE.items()}
    for head in sorted(heads, key=lambda one: (not one.personal, one.id)):
        free_at = max(rests.get(head.channel, now), methods.get(head.method, now), everything or now)
        if free_at <= now and room[head.method] > 0:
            room[head.method] -= 1
            ready.append(head)
        elif free_at <= now:
            later.append(max(WORKSPACE[head.method].free_at(full.get(head.method), now), now + SOON))
        else:
            later.append(free_at)
    return Plan(now=tuple(ready), next_at=min(later, default=None))


def fold(head: Waiting, behind: Sequence[Waiting], *, now: datetime) -> tuple[Waiting, ...]:
    """The messages behind a late one that go out with it, as one: notes for the same place that have nothing but lines,
    as many as one message shows whole."""
    room = FOLDED_ROOM - _length(head.what)
    if not head.is_late(now) or not _can_fold(head.what):
        return ()
    found: list[Waiting] = []
    for one in behind[: FOLDED - 1]:
        together = place_of(one.what) == place_of(head.what) and one.meant_for == head.meant_for
        room -= _length(one.what)
        if not _can_fold(one.what) or not together or room < 0:
            break
        found.append(one)
    return tuple(found)


def place_of(what: Outgoing) -> str | None:
    """Under which card it stands."""
    return what.under if isinstance(what, Note) else None


def _can_fold(what: Outgoing) -> bool:
    if not isinstance(what, Note) or what.unless_in is not None or what.plain is not None:
        return False
    return all(map(_is_lines, what.blocks)) if what.blocks else len(what.text) <= A_LINE


def _is_lines(block: Mapping[str, object]) -> bool:
    """Whether the block is a paragraph: all else would be left out where several messages are one."""
    sections = block.get("elements")
    if block.get("type") != "rich_text" or not isinstance(sections, list):
        return False
    return all(section.get("type") == "rich_text_section" for section in sections)


def _length(what: Outgoing) -> int:
    """The characters that are shown of it."""
    return _characters(what.blocks) or len(what.text) if isinstance(what, Note) else 0


def _characters(part: object) -> int:
    if isinstance(part, Mapping):
        own = part.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(map(_characters, part.values()))
    return sum(map(_characters, part)) if isinstance(part, list | tuple) else 0


def rest(tries: int, *, retry_after: float | None) -> timedelta:
    """How long to leave Slack alone after a message did not get through: what it asked for, else 1, 2, 4 … 60 s."""
    if retry_after is not None:
        return timedelta(seconds=min(max(retry_after, 1.0), LONGEST_ASKED_S))
    return timedelta(seconds=min(2.0 ** min(tries, 10), LONGEST_REST_S))
