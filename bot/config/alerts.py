"""What is set about alerts: how often the fleet is looked over, and the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from bot.config import kinds
from bot.config.policies import NAME, EachOnce, Words, hours_of_the_week
from bot.config.settings import Section
from bot.rules.alert_rules import Rule as Made
from bot.rules.alert_rules import Scope, usual
from bot.rules.alerts import About, Kind, Severity
from bot.rules.amounts import AMOUNT, LARGEST, UNITS
from bot.rules.hours import Hours

MOST_PERCENT = 200
# What each kind of rule is measured by: of these settings exactly one is needed.
MEASURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "quota": ("percent", "bytes"), "expiry": ("days",), "no-session": ("days",), "idle": ("days",),
        "spike": ("times",), "country": ("allowed",), "plan": ("allowed",), "run-out": ("days",), "imei": (),
    }
)  # fmt: skip
# What else than SIMs a rule can be about.
ABOUT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"quota": ("sim", "pool", "account"), "expiry": ("sim", "package", "pool"), "run-out": ("sim", "pool")}
)
OF_SIMS = ("sim", "package")  # the add-ons of SIMs are told with the SIM
OF_SIMS_ALONE = ("countries", "custom1", "custom2", "custom3", "custom4", "custom5")


def _size() -> BeforeValidator:
    """An amount of data in bytes."""

    def read(value: object) -> int:
        match = AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None or match[2] == "%":
            raise kinds.wrong('write an amount of data such as "500 MB" or "1.5 GiB"')
        found = int(Decimal(match[1].replace(",", ".")) * UNITS[match[2].lower().removesuffix("b")])
        if not 0 < found <= LARGEST:
            raise kinds.wrong("write an amount of data that is more than nothing and below 4 million TB")
        return found

    return BeforeValidator(read)


Percent = Annotated[int, kinds.whole(1, MOST_PERCENT, " of percent")]
Days = Annotated[int, kinds.whole(1, 3650, " of days")]


class Rule(Section):
    """One [[alerts.rules]]: what is looked for, in which SIMs, and where and when it is told."""

    name: Annotated[str, kinds.spelled(NAME, "write a name of 1 to 60 characters on one line")] = Field(
        default=None,
        validate_default=True,
    )
    kind: Annotated[str, kinds.one_of(*MEASURES)] = Field(default=None, validate_default=True)
    about: Annotated[str, kinds.one_of("sim", "package", "pool", "account")] = Field(default="sim", alias="of")
    percent: Annotated[tuple[Percent, ...], EachOnce] | None = None
    bytes: Annotated[tuple[Annotated[int, _size()], ...], EachOnce] | None = None
    days: Annotated[tuple[Days, ...], EachOnce] | None = None
    times: Annotated[tuple[Annotated[int, kinds.whole(2, 1000)], ...], EachOnce] | None = None
    allowed: Words | None = None
    at_least: Annotated[int, _size()] = 10_000_000
    accounts: Words | None = None
    plans: Words | None = None
    countries: Words | None = None
    custom1: Words | None = None
    custom2: Words | None = None
    custom3: Words | None = None
    custom4: Words | None = None
    custom5: Words | None = None
    severity: Annotated[str, kinds.one_of(*Severity)] | None = None
    channel: Annotated[str, kinds.channel()] | None = None
    hours: Annotated[Hours, hours_of_the_week()] | None = None


class Alerts(Section):
    """Our own alerts. `quota_percent` rises, `expiry_days` falls: the later one is the worse one. Where there are
    `rules` they take the place of these two. A `remind_after` of zero is never.
    """

    every: Annotated[timedelta, kinds.lasting("5s", "1d")] = timedelta(minutes=15)
    quota_percent: Annotated[tuple[Percent, ...], kinds.each_once()] = (80, 95, 100)
    expiry_days: Annotated[tuple[Days, ...], kinds.each_once(descending=True)] = Field(
        default=(30, 14, 7, 3, 1), validate_default=True
    )
    snooze_for: Annotated[timedelta, kinds.lasting("1m", "365d")] = timedelta(days=1)
    keep_usage: Annotated[timedelta, kinds.lasting("2d", "400d")] = timedelta(days=35)
    remind_after: Annotated[timedelta, kinds.lasting_or_zero("never", "1m", "30d")] = timedelta(hours=4)
    rules: tuple[Rule, ...] = Field(default_factory=tuple)

    @field_validator("expiry_days")
    @classmethod
    def _something_is_watched(cls, days: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        if not days and info.data.get("quota_percent") == ():
            raise kinds.wrong("nothing would be watched: write a number here or under alerts.quota_percent")
        return days


def troubles_of(rules: Sequence[Rule]) -> Iterator[str]:
    """A sentence for each thing that is wrong within a rule, or between two of them."""
    for place, rule in enumerate(rules):
        here = f"alerts.rules[{place + 1}]"
        above = next((n for n, r in enumerate(rules[:place], 1) if r.name.casefold() == rule.name.casefold()), None)
        if above is not None:
            yield f"{here}.name = “{rule.name}”: alerts.rules[{above}] is called so already."
        yield from _of_measures(rule, here)
        yield from _of_scope(rule, here)


def rules_of(alerts: Alerts) -> tuple[Made, ...]:
    """The rules as `bot/rules` knows them; where none are written, one for quotas and one for expiries."""
    return tuple(map(_made, alerts.rules)) or usual(alerts.quota_percent, alerts.expiry_days)


def _of_measures(rule: Rule, here: str) -> Iterator[str]:
    wanted = MEASURES[rule.kind]
    given = [key for key in ("percent", "bytes", "days", "times", "allowed") if getattr(rule, key) is not None]
    for key in given:
        if key not in wanted:
            yield f"{here}.{key}: a rule of the kind “{rule.kind}” has no such setting; take it out."
    fitting = [key for key in given if key in wanted]
    if wanted and not fitting:
        yield f"{here}.{wanted[0]} is missing: a rule of the kind “{rule.kind}” needs {' or '.join(wanted)}."
    if len(fitting) > 1:
        yield f"{here}.{fitting[1]}: write {fitting[0]} or {fitting[1]}, not both; two rules can have one each."


def _of_scope(rule: Rule, here: str) -> Iterator[str]:
    can_be = ABOUT.get(rule.kind, ("sim",))
    if rule.about not in can_be:
        words = " or ".join(f"“{word}”" for word in can_be)
        why = "SmartHub tells no end of an account; " if (rule.kind, rule.about) == ("expiry", "account") else ""
        yield f"{here}.of = “{rule.about}”: {why}a rule of the kind “{rule.kind}” can be about {words}."
        return
    for key, codes in (("countries", rule.countries), ("allowed", rule.allowed if rule.kind == "country" else None)):
        odd = next((code for code in codes or () if not (len(code) == 2 and code.isascii() and code.isalpha())), None)
        if odd is not None:
            yield f"{here}.{key} = “{odd}”: write countries by their two letters, such as “DE”."
    narrow = [*OF_SIMS_ALONE, *(["plans"] if rule.about == "account" else [])]
    for key in narrow:
        if rule.about not in OF_SIMS and getattr(rule, key) is not None:
            yield f"{here}.{key}: of = “{rule.about}” has no such thing; take it out, or write of = “sim”."


def _made(rule: Rule) -> Made:
    kind = Kind.BYTES if rule.bytes is not None else Kind.ADDON if rule.about == "package" else Kind(rule.kind)
    fields = (rule.custom1, rule.custom2, rule.custom3, rule.custom4, rule.custom5)
    return Made(
        name=rule.name,
        kind=kind,
        limits=tuple(sorted(rule.percent or rule.bytes or rule.days or rule.times or ())),
        about=About.SIM if rule.about in OF_SIMS else About(rule.about),
        allowed=rule.allowed or (),
        scope=Scope(
            accounts=rule.accounts or (),
            plans=rule.plans or (),
            countries=rule.countries or (),
            custom=tuple((number, values) for number, values in enumerate(fields, 1) if values is not None),
        ),
        severity=None if rule.severity is None else Severity(rule.severity),
        channel=rule.channel,
        hours=rule.hours,
        floor_bytes=rule.at_least,
    )
