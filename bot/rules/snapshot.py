"""A SIM as the last look over all of them saw it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.rules.sims import Sim


@dataclass(frozen=True)
class Listed:
    """A SIM in the snapshot. `id` is the number of its row, which a button can carry; addons, APNs and `raw` are not
    kept there, so they are empty. `seen_at` is aware UTC: how old all of this is.
    """

    id: int
    sim: Sim
    label: str
    seen_at: datetime
