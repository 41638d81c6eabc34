"""Whether those who said yes are enough, who may say it, and who is still missing. Pure.

A request has as many seats as its policy wants people, each open to some of them. A yes takes one seat, by a right: a
person's own, or one that somebody handed on to them. Nobody takes two seats and no right counts for two, however many
groups somebody is in; who sits where is chosen so that as many seats as possible are taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from bot.errors import NotAllowed
from bot.rules.policies import Policy, escalated
from bot.rules.sims import quotable

Node = tuple[str, str | int]
START: Node = ("start", 0)
END: Node = ("end", 0)
ANYBODY = "U-anybody"  # stands for one more person, whoever that is
NAMED = 20  # people and groups of one list; the rest is counted
STRANGER = "U-stranger"  # stands for somebody who may ask and is in no list of approvers


@dataclass(frozen=True)
class Vote:
    """A yes, and when (aware UTC)."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Delegation:
    """The one may do what the other may approve, up to a time; never for a request of the other's own.

    It is not handed on further. A yes from before `since` is none by it. With one that is `over`, because it was taken
    back, nobody may press any more, wherever the clock is set; a yes from before that still counts.
    """

    from_user: str
    to_user: str
    until: datetime
    since: datetime | None = field(default=None, compare=False)
    over: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Voters:
    """Who there is to decide one request, as far as it is known at the time `at`.

    `by_role` are the ids of roles.approvers and roles.admins, `members` who is in each user group (one that is missing
    is not known, and nobody is in it), `gone` whose accounts in Slack are deactivated. The delegations that have ended
    belong to it as well: a yes from before still counts.
    """

    asked_by: str
    asked_at: datetime
    at: datetime
    by_role: tuple[str, ...] = ()
    members: Mapping[str, Collection[str]] = field(default_factory=dict)
    delegations: tuple[Delegation, ...] = ()
    gone: frozenset[str] = frozenset()

    def named(self, names: Iterable[str]) -> set[str]:
        """The people in a list of people and user groups."""
        found: set[str] = set()
        for name in names:
            found.update(self.members.get(name, ()) if name.startswith("S") else (name,))
        return found - self.gone


def enough(policy: Policy, votes: Sequence[Vote], voters: Voters) -> bool:
    """Whether these are all the approvals it takes, in whatever order they came."""
    return all(taken(part, votes, voters) >= part.people for part in policy.parts)


def taken(policy: Policy, votes: Sequence[Vote], voters: Voters) -> int:
    """How many of the seats of this one policy, without what is in its `also`, are taken."""
    return _most_seats(_rights(policy, votes, voters), _seated(policy, voters))


def counted(policy: Policy, votes: Sequence[Vote], voters: Voters) -> tuple[Vote, ...]:
    """Those of the approvals that can take a seat now: not those of people who have left since."""
    rights = [_rights(part, votes, voters) for part in policy.parts]
    return tuple(vote for vote in votes if any(any(r.get(vote.by, {}).values()) for r in rights))


def missing(policy: Policy, votes: Sequence[Vote], voters: Voters) -> str:
    """What is missing, in words with people and groups as Slack writes them; empty when nothing is.

    "2 of 3; still one of <!subteam^S0FINANCE>"
    """
    said = [_missing(part, votes, voters) for part in policy.parts]
    return "; and ".join(words for words in said if words)


def who_may(policy: Policy, voters: Voters) -> set[str]:
    """Everybody who may decide now, by a right of their own or through a delegation."""
    found: set[str] = set()
    for part in policy.parts:
        there = set[str]().union(*(voters.named(seat) for seat in _seated(part, voters)))
        handed = {
            d.to_user
            for d in voters.delegations
            if d.from_user in there and not d.over and _holds(d, voters.at, voters)
        }
        found |= (there | handed) - voters.gone - (set() if part.requester_counts else {voters.asked_by})
    return found


def may_decide(policy: Policy, user: str, voters: Voters, *, to: str = "approve") -> None:
    """Nothing, when this person may decide this request now; else raises NotAllowed with the reason.

    `to` is what they want to do, approve or deny.
    """
    if user in who_may(policy, voters):
        return
    if user == voters.asked_by and not any(part.requester_counts for part in policy.parts):
        other = "Someone else has to approve" if to == "approve" else "You can withdraw, not deny,"
        raise NotAllowed(f"{other} what you asked for yourself.")
    if any(name.startswith("S") and name not in voters.members for seat in _all_seats(policy, voters) for name in seat):
        raise NotAllowed(f"Slack does not say right now who may {to} this; try again in a minute.")
    raise NotAllowed(
        f"You may not {to} this: its policy “{quotable(policy.name)}” asks other people, named on its card."
    )


def impossible(policy: Policy, *, by_role: tuple[str, ...], askers: Collection[str],
               members: Mapping[str, Collection[str]], at: datetime) -> list[str]:  # fmt: skip
    """A sentence for each reason why requests under this policy could never be approved, or some of it is for nobody.

    `askers` is everybody who may ask, with STRANGER where that is not fully known. A policy with a group that Slack
    does not tell of is not judged. Escalation is not counted on.
    """
    unknown = policy.groups - members.keys()
    found = [
        f"The policy “{policy.name}” names the user group {group}, and nobody is in it. Add people to it."
        for group in sorted(policy.groups)
        if group in members and not members[group]
    ]
    used = {name for seat in seats(policy) for name in (seat or by_role) if name.startswith("S")}
    if not policy.approval or found or unknown or used - members.keys():
        return found
    voters = Voters("", at, at, by_role, members)
    there = set[str]().union(*(voters.named(seat) for seat in _seated(policy, voters)))
    alone, all_of_them = replace(policy, also=()), [Vote(user, at) for user in there]

    def passes(asker: str) -> bool:
        return enough(alone, all_of_them, replace(voters, asked_by=asker))

    # Who is asked by a stranger misses nobody: what does not pass then never does.
    others = set(askers) - there
    if passes(STRANGER) and (others or not askers or any(map(passes, sorted(askers)))):
        return []
    return [_never(policy, there)]


def seats(policy: Policy) -> list[tuple[str, ...]]:
    """For each seat the ids of people and groups it is open to; nothing means whoever has the role."""
    rest = policy.approvers or tuple(dict.fromkeys(sum(policy.one_from_each, ())))
    return [*policy.one_from_each, *[rest] * (policy.people - len(policy.one_from_each))] if policy.approval else []


def say_people(names: Iterable[str], joint: str = "or") -> str:
    """People and groups as Slack writes them: "<@U1> or <!subteam^S1>"."""
    said = [f"<!subteam^{name}>" if name.startswith("S") else f"<@{name}>" for name in names]
    return " ".join(part for part in (", ".join(said[:-1]), joint if said[1:] else "", *said[-1:]) if part) or "nobody"


def _seated(policy: Policy, voters: Voters) -> list[tuple[str, ...]]:
    """The seats, with the role's people where nobody is named, and with those it was escalated to."""
    more = policy.escalate_to if escalated(replace(policy, also=()), voters.asked_at, voters.at) else ()
    return [tuple(dict.fromkeys((*(seat or voters.by_role), *more))) for seat in seats(policy)]


def _all_seats(policy: Policy, voters: Voters) -> list[tuple[str, ...]]:
    return [seat for part in policy.parts for seat in _seated(part, voters)]


def _rights(policy: Policy, votes: Sequence[Vote], voters: Voters) -> dict[str, dict[str, set[int]]]:
    """For each who said yes the rights they have, and for each right the seats it opens."""
    listed = [voters.named(seat) for seat in _seated(policy, voters)]
    opens = {user: {n for n, there in enumerate(listed) if user in there} for user in set[str]().union(*listed)}
    rights: dict[str, dict[str, set[int]]] = {}
    for vote in votes:
        if vote.by in voters.gone or (vote.by == voters.asked_by and not policy.requester_counts):
            continue
        handed = {d.from_user for d in voters.delegations if d.to_user == vote.by and _holds(d, vote.at, voters)}
        mine = {owner: opens[owner] for owner in {vote.by, *handed} if owner in opens}
        rights.setdefault(vote.by, {}).update(mine)
    return rights


def _holds(delegation: Delegation, at: datetime, voters: Voters) -> bool:
    """Whether the delegation is good for a yes at this time: never where who asked is the one who gives it, or has
    it.
    """
    begun = delegation.since is None or delegation.since <= at
    return begun and at < delegation.until and voters.asked_by not in (delegation.from_user, delegation.to_user)


def _most_seats(rights: Mapping[str, Mapping[str, set[int]]], listed: Sequence[object]) -> int:
    """How many seats can be taken at once: the most ways from person to right to seat that share no stop."""
    after: dict[Node, set[Node]] = {START: {("person", user) for user in rights}, END: set()}
    for user, owned in rights.items():
        after[("person", user)] = {("right", owner) for owner in owned}
        for owner, opened in owned.items():
            # A right is two stops with one way between them, so that only one person gets through.
            after[("right", owner)] = {("used", owner)}
            after[("used", owner)] = {("seat", n) for n in opened}
    after.update({("seat", n): {END} for n in range(len(listed))})
    count = 0
    while way := _way(after):
        for here, there in pairwise(way):
            after[here].remove(there)
            after[there].add(here)
        count += 1
    return count


def _way(after: Mapping[Node, set[Node]]) -> list[Node]:
    """A way from the start to the end; empty when there is none."""
    came: dict[Node, Node] = {START: START}
    ahead = deque([START])
    while ahead and END not in came:
        here = ahead.popleft()
        for there in after[here]:
            if there not in came:
                came[there] = here
                ahead.append(there)
    way = [END] if END in came else []
    while way and way[-1] != START:
        way.append(came[way[-1]])
    return way[::-1]


def _missing(policy: Policy, votes: Sequence[Vote], voters: Voters) -> str:
    listed = _seated(policy, voters)
    rights = _rights(policy, votes, voters)
    have = _most_seats(rights, listed)
    if have >= policy.people:
        return ""
    open_seats = [n for n in range(len(listed)) if _most_seats({**rights, ANYBODY: {ANYBODY: {n}}}, listed) > have]
    wanted = policy.people - have
    kinds = list(dict.fromkeys(listed[n] for n in open_seats))
    if len(open_seats) == wanted and len(kinds) > 1:
        still = " and ".join(_some(sum(listed[n] == kind for n in open_seats), kind) for kind in kinds)
    else:
        still = _some(wanted, tuple(dict.fromkeys(sum(kinds, ()))))
    return f"{have} of {policy.people}; still {still}"


def _some(count: int, names: Sequence[str]) -> str:
    more = f", or {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{'one' if count == 1 else count} of {say_people(names[:NAMED])}{more}"


def _never(policy: Policy, there: Collection[str]) -> str:
    """Why nobody can satisfy it, though each of its groups has somebody in it."""
    named = f"The policy “{policy.name}” cannot be satisfied"
    apart = "" if policy.requester_counts else ", and whoever asks is none of them"
    if len(there) <= policy.people:
        people = f"{policy.people} {'person' if policy.people == 1 else 'people'}"
        return f"{named}: it takes {people}{apart}, and {len(there)} could approve. Add people, or ask for fewer."
    return f"{named}: its groups are the same people, so that one from each of them cannot be found{apart}."
