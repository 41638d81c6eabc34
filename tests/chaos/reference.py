"""What has to be told, worked out as plainly as can be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

Fact = tuple[str, str, int, str]  # rule, SIM, limit, cycle or day


@dataclass(frozen=True)
class Limits:
    """A rule: a quota in percent, or an expiry in days. `hours` are from, to and zone, or `outside` of them."""

    name: str
    kind: str
    steps: tuple[int, ...]
    hours: tuple[str, str, str] | None = None
    outside: bool = False

    def table(self) -> dict[str, object]:
        """The rule as it would stand in config.toml."""
        table: dict[str, object] = {"name": self.name, "kind": self.kind}
        table["percent" if self.kind == "quota" else "days"] = list(self.steps)
        if self.hours is not None:
            begin, end, zone = self.hours
            table["hours"] = f"{'outside ' if self.outside else ''}{begin}-{end} {zone}"
        return table

    def may_be_told(self, now: datetime) -> bool:
        """Whether the clock on the wall of its zone says so."""
        if self.hours is None:
            return True
        begin, end, zone = self.hours
        return (begin <= now.astimezone(ZoneInfo(zone)).strftime("%H:%M") < end) is not self.outside


@dataclass
class Held:
    """A limit that is reached: since when by the clock of the bot, and whether it was told."""

    since: datetime
    told: bool = False


class Reference:
    """The gravest limit that is reached, if it was not told since it was last not reached, in its cycle, as soon as its
    rule may be told of. What time has brought about is not taken back by a clock that is set back.
    """

    def __init__(self, rules: tuple[Limits, ...]) -> None:
        self.told: Counter[Fact] = Counter()
        self._rules = rules
        self._held: dict[tuple[str, str], dict[tuple[str, int], Held]] = {}

    def look(self, sim: str, *, used: int, whole: int, cycle: str, ends: datetime | None, now: datetime) -> None:
        """A look at one SIM."""
        for rule in self._rules:
            if rule.kind == "quota":
                self._reached(rule, sim, cycle, [p for p in rule.steps if used * 100 >= whole * p], now)
            elif ends is not None:
                days = (ends - now) / timedelta(days=1)
                reached = [0] if days <= 0 else [d for d in rule.steps if days <= d]
                self._reached(rule, sim, ends.date().isoformat(), reached, now)

    def tell(self, now: datetime) -> None:
        """The end of a look, be it whole or not."""
        for rule in self._rules:
            if rule.may_be_told(now):
                for (name, sim), held in self._held.items():
                    if name == rule.name:
                        self._tell(rule, sim, held)

    def _reached(self, rule: Limits, sim: str, cycle: str, reached: list[int], now: datetime) -> None:
        held = self._held.setdefault((rule.name, sim), {})
        for (its_cycle, limit), one in list(held.items()):
            is_ahead = rule.kind == "expiry" and one.since > now
            if not is_ahead and (its_cycle != cycle or limit not in reached):
                del held[its_cycle, limit]
        here = [limit for its_cycle, limit in held if its_cycle == cycle]
        if reached and gravest(rule, [*here, *reached]) in reached:
            held.setdefault((cycle, gravest(rule, reached)), Held(now))

    def _tell(self, rule: Limits, sim: str, held: dict[tuple[str, int], Held]) -> None:
        for cycle in {cycle for cycle, _ in held}:
            limit = gravest(rule, [limit for its_cycle, limit in held if its_cycle == cycle])
            if not held[cycle, limit].told:
                held[cycle, limit].told = True
                self.told[rule.name, sim, limit, cycle] += 1


def gravest(rule: Limits, limits: list[int]) -> int:
    """The most percent, or the fewest days."""
    return max(limits) if rule.kind == "quota" else min(limits)
