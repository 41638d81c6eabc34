"""Lists of SIMs: taken in from wherever they come, judged line by line, reported, asked for. Nothing is started here.

`Taking` reads and reports, `Forms` opens and reads the form for it, `Asking` goes on to the approval.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.intake.asking import Again, Ask, Asking, not_yet
from bot.flows.intake.forms import Forms
from bot.flows.intake.judging import Judging
from bot.flows.intake.sources import OnDisk, Pasted, Searched, Uploaded, Valued
from bot.flows.intake.taking import Taking

__all__ = [
    "Again",
    "Ask",
    "Asking",
    "Forms",
    "Intake",
    "Judging",
    "OnDisk",
    "Pasted",
    "Searched",
    "Taking",
    "Uploaded",
    "Valued",
    "not_yet",
]


@dataclass(frozen=True)
class Intake:
    """What the doors lead to."""

    taking: Taking
    forms: Forms
    asking: Asking
