"""Protection of a SIM against bulk changes and retirement. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Shield:
    """Who protected a SIM, when (aware UTC), and why."""

    giccid: str
    label: str
    by: str
    at: datetime
    why: str | None = None
