"""What the flows of notifications are told by the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.rules.keywords import Keyword
from bot.rules.routes import Route
from bot.store.judging import Limits
from bot.views.parts import DECIMAL, Units


@dataclass(frozen=True)
class Settings:
    """`channel` gets what no route takes, `fallback` what is meant for a channel that takes nothing.

    `routes` are those of the configuration, `keywords` what brings an SMS to further channels. A time that is zero
    switches off what it is for.
    """

    channel: str
    fallback: str
    alerts_channel: str
    approvals_channel: str
    limits: Limits
    routes: Sequence[Route] = ()
    keywords: Sequence[Keyword] = ()
    admins: Sequence[str] = ()
    snooze_for: timedelta = timedelta(days=1)
    remind_after: timedelta = timedelta(0)
    watch: bool = True
    command: str = "/sim"
    units: Units = DECIMAL
