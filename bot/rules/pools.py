"""What a shared data pool of an account is, and how much of it is used. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.rules.sims import NOTHING


@dataclass(frozen=True)
class Pool:
    """One shared pool as SmartHub describes it. `None` means "not known"; sizes are bytes, times aware UTC."""

    name: str
    plan: str | None = None
    total_bytes: int | None = None
    used_bytes: int | None = None
    sim_count: int | None = None
    cycle: str | None = None
    expires_at: datetime | None = None
    raw: Mapping[str, object] = field(default_factory=lambda: NOTHING, compare=False, repr=False)

    @property
    def part_used(self) -> float | None:
        """How much of it is used, 1.0 for all and more for too much; `None` where that cannot be known."""
        if self.used_bytes is None or not self.total_bytes:
            return None
        return self.used_bytes / self.total_bytes
