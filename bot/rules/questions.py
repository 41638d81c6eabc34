"""What somebody asks of the policies: "retire 200 account:acme plan:iot-10 custom2:prod at:22:00". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import product
from math import prod

from bot.errors import BadInput
from bot.rules.kinds import NOT_NAMED, UNNAMED, Kind
from bot.rules.policies import LAST, Facts, Judged, Met, Policy, found, judge
from bot.rules.sims import Operation, quotable

AT_MOST = 1_000_000  # SIMs
KINDS_AT_MOST = 50
USAGE = "`policy test retire 200 account:acme`"
FILTERS = ("account", "plan", "custom1", "custom2", "custom3", "custom4", "custom5", "at")
WORD = re.compile(r"""(?:([A-Za-z0-9]+):\s*)?(?:["“”]([^"“”]*)["“”]|(\S+))""")


@dataclass(frozen=True)
class Explained:
    """A policy with each of its conditions, and whether it is one of those that decide.

    A condition that some kinds of the SIMs meet and others do not is met perhaps.
    """

    policy: Policy
    conditions: tuple[Judged, ...]
    decides: bool


def explain(policies: Sequence[Policy], facts: Facts) -> list[Explained]:
    """Each policy that was looked at, in their order: those that decide, and those above them that do not fit."""
    deciding = found(policies, facts)
    closed = [*policies, LAST]
    looked_at = closed[: max(closed.index(policy) for policy in deciding) + 1]
    return [Explained(policy, _over_kinds(policy, facts), policy in deciding) for policy in looked_at]


def _over_kinds(policy: Policy, facts: Facts) -> tuple[Judged, ...]:
    judged = zip(*(judge(policy, facts, kind) for kind in facts.kinds or {UNNAMED}), strict=True)
    return tuple(Judged(each[0].words, _common({one.met for one in each})) for each in judged)


def _common(mets: set[Met]) -> Met:
    return mets.pop() if len(mets) == 1 else Met.PERHAPS


def read_question(text: str, *, now: datetime, environment: str = "") -> Facts:
    """The facts of a request as it is described after `policy test`. Raises BadInput, saying what to write instead.

    A filter given twice means SIMs of both kinds; one that is left out is named by nobody and meets no condition.
    """
    given: dict[str, list[str]] = {}
    words: list[str] = []
    for name, quoted, bare in WORD.findall(text):
        if name:
            given.setdefault(_filter(name), []).append((quoted or bare).strip())
        else:
            words.append(quoted or bare)
    operation, count = _words(words)
    at = now if "at" not in given else _moment(given.pop("at"), now)
    return Facts(operation, count, _kinds(given), at, environment)


def _filter(name: str) -> str:
    if name.lower() in FILTERS:
        return name.lower()
    raise BadInput(f"“{quotable(name)}:” is no filter; there are {', '.join(f'{f}:' for f in FILTERS)}.")


def _words(words: list[str]) -> tuple[Operation, int]:
    """The change and the number of SIMs."""
    if not words:
        raise BadInput(f"What is it about? Write for example {USAGE}.")
    try:
        operation = Operation(words[0].lower())
    except ValueError:
        known = ", ".join(Operation)
        raise BadInput(f"“{quotable(words[0])}” is no change; there are {known}. Write for example {USAGE}.") from None
    more = [word for word in words[1:] if word.lower() not in ("sim", "sims")]
    if len(more) > 1:
        raise BadInput(f"“{quotable(more[1])}” is too much: a change, a number and filters, such as {USAGE}.")
    return operation, _count(more[0]) if more else 1


def _count(word: str) -> int:
    digits = re.sub("(?<=[0-9])[,.'](?=[0-9]{3})", "", word)
    if not re.fullmatch("[0-9]{1,9}", digits) or not 1 <= int(digits) <= AT_MOST:
        raise BadInput(f"“{quotable(word)}” is no number of SIMs: write one from 1 to {AT_MOST:,}, such as {USAGE}.")
    return int(digits)


def _kinds(given: dict[str, list[str]]) -> frozenset[Kind]:
    """A kind of SIM for each way to take one of each filter."""
    columns = [given.get(name) or [NOT_NAMED] for name in FILTERS if name != "at"]
    if any("" in values for values in given.values()):
        raise BadInput(f"A filter has nothing behind it; write for example {USAGE}.")
    count = prod(map(len, columns))
    if count > KINDS_AT_MOST:
        raise BadInput(f"These filters make {count:,} kinds of SIMs; {KINDS_AT_MOST} can be looked at.")
    return frozenset(Kind(account, plan, tuple(custom)) for account, plan, *custom in product(*columns))


def _moment(words: list[str], now: datetime) -> datetime:
    """The time of `at:22:00` (today) or `at:2026-12-24T22:00`, UTC unless it says otherwise."""
    try:
        if len(words) != 1:
            raise ValueError
        word = words[0]
        if re.fullmatch("[0-9]{2}:[0-9]{2}", word):
            return datetime.combine(now.astimezone(UTC).date(), time.fromisoformat(word), UTC)
        at = datetime.fromisoformat(word)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at
    except ValueError:
        raise BadInput("Write one time, such as `at:22:00` or `at:2026-12-24T22:00` (UTC) or `…+01:00`.") from None
