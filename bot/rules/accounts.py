"""What an account at SmartHub is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
