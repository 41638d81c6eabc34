"""What a rate plan of an account is: what it holds, how long, and what it costs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from bot.rules.accounts import Charge
from bot.rules.sims import NOTHING


class PlanKind(StrEnum):
    """What a plan is for: the basic plan of a SIM, or an addon to it (SmartHub: supplementary)."""

    BASIC = "basic"
    ADDON = "addon"


@dataclass(frozen=True)
class Plan:
    """One rate plan as SmartHub describes it. `None` means "not known"; a price is exact and never a float.

    `kind` and `charge` are `None` when SmartHub used a word that is in no table; `kind_word` and `charge_word` hold
    that word as it came.
    """

    name: str
    kind: PlanKind | None = None
    kind_word: str | None = None
    charge: Charge | None = None
    charge_word: str | None = None
    data_bytes: int | None = None
    sms_count: int | None = None
    validity_days: int | None = None
    price: Decimal | None = None
    currency: str | None = None
    raw: Mapping[str, object] = field(default_factory=lambda: NOTHING, compare=False, repr=False)
