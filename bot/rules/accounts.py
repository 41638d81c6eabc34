"""What an account at SmartHub is, the enterprise above it, and its traffic by country. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.rules.sims import NOTHING


class Charge(StrEnum):
    """How an account pays, in our words."""

    POSTPAID = "postpaid"
    PREPAID = "prepaid"
    TRIAL = "trial"


@dataclass(frozen=True)
class Account:
    """One account as SmartHub describes it. `None` means "not known".

    `charge` is `None` when SmartHub used a word that is in no table; `charge_word` holds that word as it came. `status`
    and `renewal` are SmartHub's words, e.g. ENABLED and DISABLE_CARD (the SIM is switched off when its package ends).
    """

    name: str
    charge: Charge | None = None
    charge_word: str | None = None
    status: str | None = None
    renewal: str | None = None
    cycle: str | None = None
    plans: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    raw: Mapping[str, object] = field(default_factory=lambda: NOTHING, compare=False, repr=False)


@dataclass(frozen=True)
class Member:
    """An account as the enterprise lists it. `status` is SmartHub's word; `None` means "not known"."""

    name: str
    charge: Charge | None = None
    charge_word: str | None = None
    status: str | None = None
    sim_count: int | None = None


@dataclass(frozen=True)
class Enterprise:
    """The enterprise whose key we hold, and the accounts below it."""

    name: str | None = None
    accounts: tuple[Member, ...] = ()
    raw: Mapping[str, object] = field(default_factory=lambda: NOTHING, compare=False, repr=False)


@dataclass(frozen=True)
class Country:
    """Traffic and SIMs in one country (ISO 3166-1 alpha-2) in one cycle. `None` means "not known"."""

    code: str
    traffic_bytes: int | None = None
    sim_count: int | None = None
    raw: Mapping[str, object] = field(default_factory=lambda: NOTHING, compare=False, repr=False)
