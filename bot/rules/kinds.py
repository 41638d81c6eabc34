"""What policies tell SIMs apart by, gathered from a list of any length: however many there are, few kinds are left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.rules.sims import Sim
from bot.rules.words import folded

NOT_NAMED = ""  # of a question that leaves it open; a SIM of which it is not known has `None`


@dataclass(frozen=True)
class Kind:
    """What policies tell SIMs apart by. `None` is not known: the account could be any, a plan or field is none."""

    account: str | None = None
    plan: str | None = None
    custom: tuple[str | None, ...] = (None, None, None, None, None)

    @staticmethod
    def of(sim: Sim) -> Kind:
        """The kind of this SIM."""
        return Kind(sim.account, sim.plan, sim.custom)


UNNAMED = Kind(NOT_NAMED, NOT_NAMED, (NOT_NAMED,) * 5)


@dataclass(frozen=True)
class Distinctions:
    """The names that policies ask for, folded: all others are alike to them. `custom` has those of each field."""

    accounts: frozenset[str] = frozenset()
    plans: frozenset[str] = frozenset()
    custom: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def of(self, kind: Kind) -> Kind:
        """The kind without what no policy looks at."""
        fields = (_told(value, self.custom.get(n)) for n, value in enumerate(kind.custom, 1))
        return Kind(_told(kind.account, self.accounts), _told(kind.plan, self.plans), tuple(fields))


class Kinds:
    """Gathers the kinds of SIMs one by one."""

    def __init__(self, distinctions: Distinctions) -> None:
        self._distinctions = distinctions
        self._found: set[Kind] = set()

    def add(self, sim: Sim) -> None:
        """One more SIM."""
        self._found.add(self._distinctions.of(Kind.of(sim)))

    @property
    def found(self) -> frozenset[Kind]:
        """The kinds there are, as far as the policies tell them apart."""
        return frozenset(self._found)


def _told(value: str | None, names: frozenset[str] | None) -> str | None:
    """The value where a policy asks for it, one name for all others; nothing where none asks for any."""
    if not names or value is None:
        return None
    return value if folded(value) in names else NOT_NAMED
