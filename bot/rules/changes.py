"""What the change log of a SIM tells: what changed, from what to what, and when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.rules.sims import NOTHING


class ChangeKind(StrEnum):
    """What SmartHub keeps a log of, in our words."""

    STATUS = "status"
    PLAN = "plan"
    IMEI = "imei"


@dataclass(frozen=True)
class Change:
    """One line of the change log. `None` means "not known"; `changed_at` is aware UTC.

    `kind` is `None` when SmartHub used a word that is in no table; `kind_word` holds that word as it came. In a change
    of status `old` and `new` are our words where there are any, else SmartHub's.
    """

    kind: ChangeKind | None
    kind_word: str | None = None
    giccid: str | None = None
    old: str | None = None
    new: str | None = None
    changed_at: datetime | None = None
    raw: Mapping[str, object] = field(default_factory=lambda: NOTHING, compare=False, repr=False)
