"""Policies: which changes need whose approval, and how long a request waits for it. Pure.

Of the list of policies the first that fits decides. A list of SIMs of several kinds is looked at kind by kind: it has
to satisfy each policy that one of its SIMs falls under, so that nothing gets milder by being mixed with something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache

from bot.errors import BadInput
from bot.rules.hours import Hours
from bot.rules.kinds import UNNAMED, Distinctions, Kind
from bot.rules.patterns import REASON_AT_MOST, fits
from bot.rules.sims import Operation, Sim, quotable
from bot.rules.words import folded

NONE = timedelta(0)


@dataclass(frozen=True)
class When:
    """What a policy is for. What is left empty asks for nothing.

    `sims` is the least and the most SIMs of a request, `None` for no end; `custom` is the number of a custom field with
    the values it may have.
    """

    operations: tuple[Operation, ...] = ()
    sims: tuple[int, int | None] | None = None
    accounts: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    custom: tuple[tuple[int, tuple[str, ...]], ...] = ()
    environments: tuple[str, ...] = ()
    hours: Hours | None = None


@dataclass(frozen=True)
class Policy:
    """What holds for the requests it is for. A time of zero means never, or at once.

    `approvers` and each of `one_from_each` are ids of people (U…, W…) and user groups (S…); with neither, whoever has
    the role of an approver or admin may. `remind_at_most` is the longest time between two reminders. `also` are the
    policies that have to be satisfied beside this one, for a list of SIMs that falls under several. `canary` is how
    many SIMs of a list go first, 0 for none, `None` where it is as usual.
    """

    name: str
    when: When = When()
    approval: bool = True
    quorum: int = 1
    approvers: tuple[str, ...] = ()
    one_from_each: tuple[tuple[str, ...], ...] = ()
    requester_counts: bool = False
    reason_required: bool = False
    reason_pattern: str | None = None
    reason_hint: str | None = None
    lives_for: timedelta = timedelta(hours=8)
    remind_after: timedelta = timedelta(minutes=15)
    remind_at_most: timedelta = timedelta(hours=2)
    escalate_after: timedelta = NONE
    escalate_to: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    cooling_off: timedelta = timedelta(hours=24)
    canary: int | None = None
    also: tuple[Policy, ...] = ()

    @property
    def title(self) -> str:
        """Its name, with the names of those that have to be satisfied beside it."""
        return " + ".join((self.name, *(policy.name for policy in self.also)))

    @property
    def people(self) -> int:
        """How many different people have to say yes."""
        return max(self.quorum, len(self.one_from_each)) if self.approval else 0

    @property
    def parts(self) -> tuple[Policy, ...]:
        """Each policy that has to be satisfied, by itself."""
        return (replace(self, also=()), *self.also)

    @property
    def groups(self) -> frozenset[str]:
        """The user groups it names, whose members have to be known."""
        names = {n for p in self.parts for n in (*p.approvers, *sum(p.one_from_each, ()), *p.escalate_to, *p.notify)}
        return frozenset(name for name in names if name.startswith("S"))


@dataclass(frozen=True)
class Facts:
    """What somebody asks for: the change, how many SIMs of which kinds, when (aware), and where this bot works."""

    operation: Operation
    count: int
    kinds: frozenset[Kind]
    at: datetime
    environment: str = ""

    @staticmethod
    def of(operation: Operation, sims: Iterable[Sim], *, at: datetime, environment: str = "") -> Facts:
        """The facts about a request for these SIMs."""
        listed = list(sims)
        return Facts(operation, len(listed), frozenset(map(Kind.of, listed)), at, environment)


class Met(Enum):
    """Whether a condition is met, where that may not be known."""

    YES = "yes"
    NO = "no"
    PERHAPS = "perhaps"


@dataclass(frozen=True)
class Judged:
    """One condition of a policy, or a policy with all its conditions: what it asks for, and whether that is met."""

    words: str
    met: Met


LAST = Policy("everything else")
# What holds where the configuration has no policies: one SMS to one SIM is no change of a SIM.
DEFAULTS: tuple[Policy, ...] = (Policy("one SMS", When((Operation.SMS,), (1, 1)), approval=False), LAST)


def choose(policies: Sequence[Policy], facts: Facts) -> Policy:
    """The policy that decides: for each kind of SIM the first that fits, else one approver who did not ask.

    Of several the one that asks for most people, the first of equals; the others are in its `also`, and its times are
    the strictest of all of them.
    """
    return _combined(found(policies, facts))


def found(policies: Sequence[Policy], facts: Facts) -> list[Policy]:
    """The policies that decide together, in their order: nearly always one."""
    places: set[int] = set()
    closed = (*policies, LAST)
    for kind in set(map(distinctions(closed).of, facts.kinds or {UNNAMED})):
        for place, policy in enumerate(closed):
            met = fitting(policy, facts, kind)
            if met is not Met.NO:
                places.add(place)
            if met is Met.YES:
                break
    return [closed[place] for place in sorted(places)]


def distinctions(policies: Sequence[Policy]) -> Distinctions:
    """What these policies tell SIMs apart by."""
    whens = [policy.when for policy in policies]
    custom: dict[int, frozenset[str]] = {}
    for number, values in (pair for when in whens for pair in when.custom):
        custom[number] = custom.get(number, frozenset()) | folded_names(values)
    accounts, plans = (
        folded_names(sum(names, ())) for names in ([w.accounts for w in whens], [w.plans for w in whens])
    )
    return Distinctions(accounts, plans, custom)


def fitting(policy: Policy, facts: Facts, kind: Kind) -> Met:
    """Whether the policy is for this request as far as SIMs of this kind go."""
    return _all(judged.met for judged in judge(policy, facts, kind))


def judge(policy: Policy, facts: Facts, kind: Kind) -> list[Judged]:
    """Each condition of the policy, with whether it is met by SIMs of this kind."""
    when, asks = policy.when, []
    if when.operations:
        asks.append(_judged(f"the change is {' or '.join(when.operations)}", facts.operation in when.operations))
    if when.sims is not None:
        low, high = when.sims
        met = facts.count >= low and (high is None or facts.count <= high)
        asks.append(_judged(f"{say_sims(when.sims)}, asked for {facts.count:,}", met))
    if when.accounts:
        asks.append(Judged(_one_of("the account", when.accounts), _among(kind.account, when.accounts, Met.PERHAPS)))
    if when.plans:
        asks.append(Judged(_one_of("the plan", when.plans), _among(kind.plan, when.plans, Met.NO)))
    for number, values in when.custom:
        asks.append(Judged(_one_of(f"custom{number}", values), _among(kind.custom[number - 1], values, Met.NO)))
    if when.environments:
        here = facts.environment in when.environments
        asks.append(_judged(_one_of("this bot's environment", when.environments), here))
    if when.hours is not None:
        asks.append(_judged(f"the time is in {when.hours}", when.hours.holds(facts.at)))
    return asks


def check_reason(policy: Policy, reason: str | None) -> None:
    """Nothing, when the reason is what the policy wants. Raises BadInput, saying what it has to look like."""
    for part in policy.parts:
        if not (part.reason_required or part.reason_pattern):
            continue
        like = f": {part.reason_hint}" if part.reason_hint else ""
        if not reason or not reason.strip():
            raise BadInput(f"The policy “{quotable(part.name)}” wants a reason behind “because”{like}.")
        if part.reason_pattern is not None and not fits(part.reason_pattern, reason.strip()):
            like = like or f" `{quotable(part.reason_pattern)}`, and have at most {REASON_AT_MOST} characters"
            raise BadInput(f"The policy “{quotable(part.name)}” wants another reason; it has to be like this{like}.")


def remind_at(policy: Policy, asked_at: datetime, reminded: int) -> datetime | None:
    """When the next reminder is due, after so many; `None` when there is none before the request lapses."""
    if policy.remind_after <= NONE:
        return None
    at, gap = asked_at, policy.remind_after
    for _ in range(reminded + 1):
        if at >= asked_at + policy.lives_for:
            return None
        at, gap = at + gap, max(policy.remind_after, min(gap * 2, policy.remind_at_most))
    return at if at < asked_at + policy.lives_for else None


def escalates_at(policy: Policy, asked_at: datetime) -> datetime | None:
    """When a request under this policy goes to more people; `None` when it never does."""
    times = [asked_at + part.escalate_after for part in policy.parts if part.escalate_to]
    return min(times, default=None)


def escalated(policy: Policy, asked_at: datetime, now: datetime) -> bool:
    """Whether the people of `escalate_to` may decide as well by now."""
    at = escalates_at(policy, asked_at)
    return at is not None and now >= at


def say_sims(sims: tuple[int, int | None]) -> str:
    """A number of SIMs in words: "10 SIMs or more", "2 to 50 SIMs", "1 SIM"."""
    low, high = sims
    if high is None:
        return f"{low:,} SIM{'' if low == 1 else 's'} or more"
    if low == high:
        return f"{low:,} SIM{'' if low == 1 else 's'}"
    return f"{low:,} to {high:,} SIMs"


def _combined(several: Sequence[Policy]) -> Policy:
    if len(several) == 1:
        return several[0]
    first = max(several, key=lambda p: p.people)  # the first of equals
    asking = [p for p in several if p.approval]
    return replace(
        first,
        also=tuple(p for p in several if p is not first),
        lives_for=min(p.lives_for for p in several),
        remind_after=min((p.remind_after for p in asking if p.remind_after > NONE), default=NONE),
        remind_at_most=min(p.remind_at_most for p in several),
        notify=tuple(dict.fromkeys(who for p in several for who in p.notify)),
        cooling_off=max(p.cooling_off for p in several),
        canary=_fewest([p.canary for p in several]),
    )


def _fewest(canaries: Sequence[int | None]) -> int | None:
    """The smallest that is one; none at all only where no policy wants any."""
    wanted = [canary for canary in canaries if canary]
    return min(wanted) if wanted else None if None in canaries else 0


def _judged(words: str, met: bool) -> Judged:
    return Judged(words, Met.YES if met else Met.NO)


def _all(mets: Iterable[Met]) -> Met:
    known = set(mets)
    return Met.NO if Met.NO in known else Met.PERHAPS if Met.PERHAPS in known else Met.YES


def _one_of(what: str, names: Sequence[str]) -> str:
    return f"{what} is {' or '.join(f'“{quotable(name)}”' for name in names)}"


def _among(value: str | None, names: tuple[str, ...], unknown: Met) -> Met:
    if value is None:
        return unknown
    return Met.YES if folded(value) in folded_names(names) else Met.NO


@lru_cache(maxsize=1024)
def folded_names(names: tuple[str, ...]) -> frozenset[str]:
    """The names as they are compared."""
    return frozenset(map(folded, names))
