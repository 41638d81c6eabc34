"""Reports that come by themselves: which, where and when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field

from bot.config import kinds
from bot.config.settings import Section
from bot.rules.reports import Period, Plan

WRITTEN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s+([A-Za-z0-9_+/-]{1,60})")


def _at() -> BeforeValidator:
    """A time of the day in a zone."""

    def read(value: object) -> tuple[time, str]:
        wish = 'write a time and its zone, such as "08:00 Europe/Berlin"'
        match = WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise kinds.wrong(wish)
        try:
            ZoneInfo(match[3])
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as "Europe"
            raise kinds.wrong(f"{wish}; there is no such time zone") from None
        return time(int(match[1]), int(match[2])), match[3]

    return BeforeValidator(read)


class Report(Section):
    """One [[reports]]."""

    period: Annotated[str, kinds.one_of(*Period)] = Field(default=None, validate_default=True)
    channel: Annotated[str, kinds.channel()] = Field(default=None, validate_default=True)
    at: Annotated[tuple[time, str], _at()] = Field(default="08:00 UTC", validate_default=True)


def plans_of(reports: Sequence[Report]) -> tuple[Plan, ...]:
    """The reports as the rules know them."""
    return tuple(Plan(Period(one.period), one.channel, *one.at) for one in reports)
