"""The policies of the configuration: how one is written, what is wrong with the list, and what the rules get of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from bot.config import kinds
from bot.config.settings import Approvals, Section
from bot.errors import BadInput
from bot.rules.covering import covers
from bot.rules.hours import Hours, read_hours
from bot.rules.patterns import compile_pattern
from bot.rules.policies import DEFAULTS, LAST, When
from bot.rules.policies import Policy as Rule
from bot.rules.sims import Operation

SIMS = 'write a number of SIMs such as "1", "2-50", ">=10" or "<=5"'
MOST_SIMS = 1_000_000
RANGE = re.compile(r"\s*(?P<sign>>=|<=|>|<|=)?\s*(?P<low>[0-9]{1,7})\s*(?:-\s*(?P<high>[0-9]{1,7}))?\s*")


def _each_once(value: tuple[object, ...]) -> tuple[object, ...]:
    if not value:
        raise kinds.wrong("write something into this list, or leave the setting out")
    if len(set(value)) < len(value):
        raise kinds.wrong("write each of them once")
    return value


def _sims() -> BeforeValidator:
    """A number of SIMs as the least and the most of them."""

    def read(value: object) -> tuple[int, int | None]:
        match = RANGE.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
        if match is None or (match["sign"] and match["high"]):
            raise kinds.wrong(SIMS)
        low, sign = int(match["low"]), match["sign"] or "="
        ends = {">=": (low, None), ">": (low + 1, None), "<=": (1, low), "<": (1, low - 1), "=": (low, low)}
        least, most = (low, int(match["high"])) if match["high"] else ends[sign]
        if not 1 <= least <= (most or least) <= MOST_SIMS or most == 0:
            raise kinds.wrong(f"{SIMS}; there is no such number of SIMs")
        return least, most

    return BeforeValidator(read)


def hours_of_the_week() -> BeforeValidator:
    """Hours of the week as people write them."""

    def read(value: object) -> Hours:
        try:
            return read_hours(value if isinstance(value, str) else "")
        except BadInput as mistake:
            raise kinds.wrong(str(mistake)) from None

    return BeforeValidator(read)


def _pattern() -> BeforeValidator:
    """A regular expression that cannot take long."""

    def read(value: object) -> str:
        try:
            return compile_pattern(value if isinstance(value, str) else "").pattern
        except BadInput as mistake:
            raise kinds.wrong(str(mistake)) from None

    return BeforeValidator(read)


EachOnce = AfterValidator(_each_once)
Word = Annotated[str, kinds.spelled(r"(?s)(?=.*\S).{1,200}", "write a text in quotes that is not empty")]
Words = Annotated[tuple[Word, ...], EachOnce]
People = Annotated[tuple[Annotated[str, kinds.member()], ...], EachOnce]
Change = Annotated[str, kinds.one_of(*Operation)]
Environment = Annotated[str, kinds.spelled("[a-z0-9_-]{1,40}", 'write a word in small letters, such as "production"')]
NAME = r"[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,58}[^\s\x00-\x1f\x7f-\x9f])?"


class Policy(Section):
    """One [[policies]]: what it is for, and what it asks for. What is left out of the first fits everything."""

    # Judged although it is missing, so that it is asked for in a sentence of ours.
    name: Annotated[str, kinds.spelled(NAME, "write a name of 1 to 60 characters on one line")] = Field(
        default=None,
        validate_default=True,
    )
    operations: Annotated[tuple[Change, ...], EachOnce] | None = None
    sims: Annotated[tuple[int, int | None], _sims()] | None = None
    accounts: Words | None = None
    plans: Words | None = None
    custom1: Words | None = None
    custom2: Words | None = None
    custom3: Words | None = None
    custom4: Words | None = None
    custom5: Words | None = None
    environment: Annotated[tuple[Environment, ...], EachOnce] | None = None
    hours: Annotated[Hours, hours_of_the_week()] | None = None
    approval: Annotated[bool, kinds.flag()] = True
    quorum: Annotated[int, kinds.whole(1, 20, " of people")] = 1
    approvers: People | None = Field(default=None, alias="from")
    one_from_each: tuple[People, ...] | None = None
    requester_counts: Annotated[bool, kinds.flag()] = False
    reason_required: Annotated[bool, kinds.flag()] = False
    reason_pattern: Annotated[str, _pattern()] | None = None
    reason_hint: Word | None = None
    lives_for: Annotated[timedelta, kinds.lasting("1m", "30d")] | None = None
    remind_after: Annotated[timedelta, kinds.lasting_or_zero("never", "1m", "30d")] | None = None
    remind_at_most: Annotated[timedelta, kinds.lasting("1m", "30d")] | None = None
    cooling_off: Annotated[timedelta, kinds.lasting_or_zero("none", "1m", "30d")] | None = None
    canary: Annotated[int, kinds.whole(0, 1000, " of SIMs")] | None = None
    escalate_after: Annotated[timedelta, kinds.lasting_or_zero("never", "1m", "30d")] = timedelta(0)
    escalate_to: People | None = Field(default=None, validate_default=True)
    notify: People | None = None

    @field_validator("quorum")
    @classmethod
    def _somebody_is_asked(cls, quorum: int, info: ValidationInfo) -> int:
        if quorum > 1 and info.data.get("approval") is False:
            raise kinds.wrong("leave it out, since with approval = false nobody is asked")
        return quorum

    @field_validator("approvers", "one_from_each", "escalate_to")
    @classmethod
    def _they_are_asked(cls, people: object, info: ValidationInfo) -> object:
        if people is not None and info.data.get("approval") is False:
            raise kinds.wrong("leave it out, since with approval = false nobody is asked")
        return people

    @field_validator("one_from_each")
    @classmethod
    def _everybody_has_a_seat(cls, lists: tuple[People, ...] | None, info: ValidationInfo) -> tuple[People, ...] | None:
        if lists == ():
            raise kinds.wrong("write a list of lists, or leave the setting out")
        if lists and info.data.get("approvers") and info.data.get("quorum", 0) <= len(lists):
            raise kinds.wrong(
                f"these are {len(lists)} people already, so that nobody is left to approve by `from`: "
                "write a larger quorum, or leave `from` out"
            )
        return lists

    @field_validator("escalate_to")
    @classmethod
    def _there_is_a_time(cls, people: People | None, info: ValidationInfo) -> People | None:
        after = info.data.get("escalate_after")
        if people is None and after:
            raise kinds.wrong("write who may approve after escalate_after")
        if people is not None and after == timedelta(0):
            raise kinds.wrong("write when, under escalate_after, or leave it out")
        return people


def clashes(policies: Sequence[Policy], approvals: Approvals) -> Iterator[str]:
    """A sentence for each thing that is wrong between policies, or between one and [approvals]."""
    rules = _written(policies, approvals)
    for place, rule in enumerate(rules):
        here = f"policies[{place + 1}]"
        above = next((r for r in rules[:place] if r.name.casefold() == rule.name.casefold()), None)
        wider = next((r for r in rules[:place] if covers(r.when, rule.when)), None)
        if above is not None:
            yield f"{here}.name = “{rule.name}”: policies[{_at(rules, above)}] is called so already."
        elif rule.name.casefold() == LAST.name.casefold() and rule.when != When():
            yield f"{here}.name = “{rule.name}”: so is called what holds where no policy fits."
        if wider is not None:
            yield (
                f"{here} (“{rule.name}”) is never reached: policies[{_at(rules, wider)}] (“{wider.name}”) stands above "
                "it and fits whatever this one fits. Move it up, or take it out."
            )
        if rule.escalate_to and rule.escalate_after >= rule.lives_for:
            yield f"{here}.escalate_after: write less than lives_for, or the request has lapsed by then."


def rules_of(policies: Sequence[Policy], approvals: Approvals) -> tuple[Rule, ...]:
    """The policies as the rules know them, with the times of [approvals] where they name none.

    Where there are none it is the list of defaults. The last one fits everything.
    """
    written = _written(policies, approvals) if policies else [_timed(rule, approvals) for rule in DEFAULTS]
    closed = bool(written) and written[-1].when == When()
    return (*written, *(() if closed else (_timed(LAST, approvals),)))


def _at(rules: Sequence[Rule], wanted: Rule) -> int:
    """The place of a policy in the list, counted from 1."""
    return next(n for n, rule in enumerate(rules, 1) if rule is wanted)


def _timed(rule: Rule, approvals: Approvals) -> Rule:
    return replace(
        rule,
        lives_for=approvals.lives_for,
        remind_after=approvals.remind_after,
        remind_at_most=approvals.remind_at_most,
        cooling_off=approvals.cooling_off,
    )


def _written(policies: Sequence[Policy], approvals: Approvals) -> list[Rule]:
    return [_rule(policy, approvals) for policy in policies]


def _rule(policy: Policy, approvals: Approvals) -> Rule:
    def or_usual(own: timedelta | None, usual: timedelta) -> timedelta:
        return usual if own is None else own

    return Rule(
        name=policy.name,
        when=_when(policy),
        approval=policy.approval,
        quorum=policy.quorum,
        approvers=policy.approvers or (),
        one_from_each=policy.one_from_each or (),
        requester_counts=policy.requester_counts,
        reason_required=policy.reason_required,
        reason_pattern=policy.reason_pattern,
        canary=policy.canary,
        reason_hint=policy.reason_hint,
        lives_for=or_usual(policy.lives_for, approvals.lives_for),
        remind_after=or_usual(policy.remind_after, approvals.remind_after),
        remind_at_most=or_usual(policy.remind_at_most, approvals.remind_at_most),
        cooling_off=or_usual(policy.cooling_off, approvals.cooling_off),
        escalate_after=policy.escalate_after,
        escalate_to=policy.escalate_to or (),
        notify=policy.notify or (),
    )


def _when(policy: Policy) -> When:
    fields = (policy.custom1, policy.custom2, policy.custom3, policy.custom4, policy.custom5)
    return When(
        operations=tuple(map(Operation, policy.operations or ())),
        sims=policy.sims,
        accounts=policy.accounts or (),
        plans=policy.plans or (),
        custom=tuple((number, values) for number, values in enumerate(fields, 1) if values is not None),
        environments=policy.environment or (),
        hours=policy.hours,
    )
