"""Which notification goes into which channel, and whether it may wait there: subscriptions and [[routes]]. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from types import MappingProxyType

from bot.errors import BadInput
from bot.rules.events import EVENTS, Severity
from bot.rules.hours import Hours, read_hours
from bot.rules.likeness import alike
from bot.rules.quiet import Digest, now_or_later, urgency
from bot.rules.sims import quotable
from bot.rules.words import folded

CUSTOMS = ("custom1", "custom2", "custom3", "custom4", "custom5")
FACETS = ("account", "plan", "country")
PLACES = ("account", "plan", "country", *CUSTOMS, "label", "sim")
# A value in quotes may hold blanks: account:"Acme Ltd".
PART = re.compile(r'(?:([A-Za-z0-9]+):)?(?:["“”]([^"“”]*)["“”]|(\S+))')
LONGEST = 1000
EXAMPLE = "`no-session imei-change account:acme severity:medium`"
ALL = ("all", "everything", "*")


@dataclass(frozen=True)
class About:
    """What a notification is about, as far as it is known: `places` are the SIM's, from the snapshot."""

    event: str
    severity: Severity
    places: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Wanted:
    """Some notifications: of these events (none named: all), from these places, at least so grave."""

    events: tuple[str, ...] = ()
    places: tuple[tuple[str, tuple[str, ...]], ...] = ()
    severity: Severity = Severity.LOW

    def fits(self, about: About) -> bool:
        """Whether this one is among them. A place that is not known is none of those that are named."""
        if about.severity < self.severity or (self.events and about.event not in self.events):
            return False
        return all(_is_one_of(about.places.get(key), values) for key, values in self.places)

    @property
    def text(self) -> str:
        """As it can be typed again."""
        places = [f"{key}:{_quoted(','.join(values))}" for key, values in self.places]
        grave = [] if self.severity is Severity.LOW else [f"severity:{self.severity.word}"]
        return " ".join([*(self.events or ("all",)), *places, *grave])


@dataclass(frozen=True)
class Route:
    """What a channel gets. `id` is 0 for one of the configuration, which has a `name` instead of who subscribed."""

    id: int
    channel: str
    wanted: Wanted
    quiet: Hours | None = None
    digest: Digest | None = None
    name: str = ""
    by: str | None = None
    at: datetime | None = None
    stands_in_for: str | None = None


@dataclass(frozen=True)
class Target:
    """A channel that gets a notification. `hold` is empty for now, or says until when it waits (bot/rules/quiet.py).
    `meant_for` is the one that takes nothing, where this one gets it in its stead alone."""

    channel: str
    hold: str = ""
    meant_for: str | None = None


@dataclass(frozen=True)
class Stranger:
    """A place that is named and where no SIM is known to be, with those that may be meant."""

    key: str
    value: str
    near: tuple[str, ...]


@dataclass(frozen=True)
class Typed:
    """What stands behind `subscribe`."""

    wanted: Wanted
    quiet: Hours | None
    digest: Digest | None


def aim(routes: Sequence[Route], about: About, *, default: Target, now: datetime) -> tuple[Target, ...]:
    """The channels that get it, each once; where no route takes it, the default one. The most urgent route decides."""
    return routed(routes, about, now=now) or (default,)


def routed(routes: Sequence[Route], about: About, *, now: datetime) -> tuple[Target, ...]:
    """The channels of the routes that take it, each once."""
    found: dict[str, Target] = {}
    for route in routes:
        if route.wanted.fits(about):
            hold = now_or_later(route.quiet, route.digest, about.severity, now=now)
            target = Target(route.channel, hold, route.stands_in_for)
            known = found.get(route.channel, target)
            meant_for = None if None in (known.meant_for, target.meant_for) else known.meant_for
            found[route.channel] = Target(route.channel, min(known.hold, hold, key=urgency), meant_for)
    return tuple(found[channel] for channel in sorted(found))


def read_wanted(text: str) -> Wanted:
    """The notifications that are described. Raises BadInput, pointing at the word that is wrong."""
    return read_typed(text, zone="UTC").wanted


def read_typed(text: str, *, zone: str) -> Typed:
    """What a channel is to get: events, filters, and `quiet:22:00-07:00`, `digest:daily` in this time zone.

    Raises BadInput, pointing at the word that is wrong.
    """
    if len(text) > LONGEST:
        raise BadInput(f"That is longer than {LONGEST} characters; make it several subscriptions.")
    events: list[str] = []
    given: dict[str, list[str]] = {}
    for key, quoted, bare in PART.findall(text):
        if key:
            given.setdefault(key.lower(), []).extend(_values(key, quoted or bare))
        else:
            events.append(_event(quoted or bare))
    quiet, digest = given.pop("quiet", None), given.pop("digest", None)
    severity = given.pop("severity", ["low"])
    return Typed(
        Wanted(_all_or(events), _places(given), read_severity(severity[-1])),
        None if quiet is None else _quiet(quiet[-1], zone),
        None if digest is None else Digest.read(digest[-1], zone=zone),
    )


def read_severity(word: str) -> Severity:
    """The severity that is called so. Raises BadInput."""
    try:
        return Severity[word.strip().upper()]
    except KeyError:
        known = ", ".join(one.word for one in Severity)
        raise BadInput(f"“{quotable(word)}” is no severity; there are {known}.") from None


def strangers(wanted: Wanted, known: Callable[[str], Sequence[str]]) -> tuple[Stranger, ...]:
    """Of the accounts, rate plans and countries that are named, those where no SIM is; none where nothing is known.

    `known` gives all that there are of one of them.
    """
    found: list[Stranger] = []
    for key, values in wanted.places:
        names = known(key) if key in FACETS else ()
        for value in values:
            if names and not any(_is_one_of(name, [value]) for name in names):
                found.append(Stranger(key, value, alike(value, names)))
    return tuple(found)


def moved(routes: Sequence[Route], closed: Mapping[str, str], *, to: str) -> tuple[Route, ...]:
    """The routes with each channel that takes nothing replaced by the one that stands in."""
    return tuple(
        replace(route, channel=to, stands_in_for=route.channel)
        if route.channel in closed and route.channel != to
        else route
        for route in routes
    )


def _is_one_of(place: str | None, values: Sequence[str]) -> bool:
    if place is None:
        return False
    here = folded(place)
    return any(here.startswith(v[:-1]) if v.endswith("*") else here == v for v in map(folded, values))


def _values(key: str, text: str) -> list[str]:
    values = [text.strip()] if key.lower() in ("quiet", "digest") else [v.strip() for v in text.split(",")]
    if not all(values):
        raise BadInput(f"`{quotable(key)}:` has nothing behind it; write for example {EXAMPLE}.")
    return values


def _quiet(text: str, zone: str) -> Hours:
    try:
        return read_hours(f"{text} {zone}")
    except BadInput:
        raise BadInput(f"“{quotable(text)}” are no quiet hours: write for example `quiet:22:00-07:00`.") from None


def _event(word: str) -> str:
    name = word.strip(",").lower()
    if name.endswith(":"):
        raise BadInput(f"`{quotable(name)}` has nothing behind it; write for example {EXAMPLE}.")
    if name in ALL or name in EVENTS:
        return name
    near = get_close_matches(name, EVENTS, n=1, cutoff=0.6)
    hint = f" Did you mean `{near[0]}`?" if near else f" There are {', '.join(EVENTS)}."
    raise BadInput(f"“{quotable(word)}” is no notification.{hint} Write for example {EXAMPLE}.")


def _all_or(events: Sequence[str]) -> tuple[str, ...]:
    if any(name in ALL for name in events):
        return ()
    return tuple(dict.fromkeys(events))


def _places(given: Mapping[str, list[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    for key in given:
        if key not in PLACES:
            known = ", ".join(f"{name}:" for name in (*PLACES, "severity", "quiet", "digest"))
            raise BadInput(f"“{quotable(key)}:” is no filter; there are {known}.")
    return tuple((key, tuple(dict.fromkeys(values))) for key, values in sorted(given.items()))


def _quoted(text: str) -> str:
    return f'"{text}"' if re.search(r"\s", text) else text
