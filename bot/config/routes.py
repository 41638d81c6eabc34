"""The [[routes]] of the configuration: which notifications go into which channel, and when they may wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from bot.config import kinds
from bot.config.policies import NAME, EachOnce, Words
from bot.config.settings import Push, Secrets, Section
from bot.errors import BadInput
from bot.rules.events import EVENTS, Severity
from bot.rules.hours import Hours, read_hours
from bot.rules.quiet import Digest
from bot.rules.routes import CUSTOMS, Wanted
from bot.rules.routes import Route as Rule

GRAVITY = tuple(one.word for one in Severity)


def _hours() -> BeforeValidator:
    """Hours of the week as people write them."""

    def read(value: object) -> Hours:
        try:
            return read_hours(value if isinstance(value, str) else "")
        except BadInput as mistake:
            raise kinds.wrong(str(mistake)) from None

    return BeforeValidator(read)


def _digest() -> BeforeValidator:
    """Once a day or a week, at a time of some zone."""

    def read(value: object) -> Digest:
        try:
            return Digest.read(value if isinstance(value, str) else "")
        except BadInput:
            raise kinds.wrong('write "daily 08:00 Europe/Berlin" or "weekly 08:00 Europe/Berlin"') from None

    return BeforeValidator(read)


class Route(Section):
    """One of the [[routes]]. What is left out of events and places fits everything."""

    # Judged although they are missing, so that they are asked for in a sentence of ours.
    name: Annotated[str, kinds.spelled(NAME, "write a name of 1 to 60 characters on one line")] = Field(
        default=None,
        validate_default=True,
    )
    channel: Annotated[str, kinds.channel()] = Field(default=None, validate_default=True)
    events: Annotated[tuple[Annotated[str, kinds.one_of(*EVENTS)], ...], AfterValidator(tuple), EachOnce] | None = None
    accounts: Words | None = None
    plans: Words | None = None
    countries: Words | None = None
    custom1: Words | None = None
    custom2: Words | None = None
    custom3: Words | None = None
    custom4: Words | None = None
    custom5: Words | None = None
    severity: Annotated[str, kinds.one_of(*GRAVITY)] = "low"
    quiet: Annotated[Hours, _hours()] | None = None
    digest: Annotated[Digest, _digest()] | None = None


def routes_of(routes: Sequence[Route]) -> tuple[Rule, ...]:
    """The routes as the rules know them."""
    return tuple(_rule(route) for route in routes)


def disagreements(routes: Sequence[Route], push: Push, secrets: Secrets) -> Iterator[str]:
    """A sentence for each thing that is wrong between routes, or between [push] and the environment."""
    for place, route in enumerate(routes):
        if any(route.name.casefold() == other.name.casefold() for other in routes[:place]):
            yield f"routes[{place + 1}].name = “{route.name}”: another one is called so already."
    if push.header is not None and not secrets.smarthub_push_header:
        yield "push.header is set, and SMARTHUB_PUSH_HEADER is not: set it to what SmartHub sends in that header."
    if push.header is None and secrets.smarthub_push_header:
        yield "SMARTHUB_PUSH_HEADER is set, and push.header is not: write there which header it is in."


def _rule(route: Route) -> Rule:
    custom = (route.custom1, route.custom2, route.custom3, route.custom4, route.custom5)
    given = dict(zip(CUSTOMS, custom, strict=True))
    given |= {"account": route.accounts, "plan": route.plans, "country": route.countries}
    places = tuple((key, values) for key, values in sorted(given.items()) if values)
    wanted = Wanted(route.events or (), places, Severity[route.severity.upper()])
    return Rule(0, route.channel, wanted, route.quiet, route.digest, name=route.name)
