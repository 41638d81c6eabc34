"""The names of countries beside their codes, as the time zone data has them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from bot.views.parts import name


def region(code: str) -> str:
    """“Germany (DE)” for DE; a code that is in no list as it came."""
    known = _names().get(code.strip().upper())
    return name(code) if known is None else f"{known} ({code.strip().upper()})"


@cache
def _names() -> Mapping[str, str]:
    """Two letters (ISO 3166) to the name in English. https://data.iana.org/time-zones/tzdb/iso3166.tab"""
    try:
        table = (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8")
    except (ModuleNotFoundError, OSError):
        return {}
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {row[0]: row[1] for row in rows if len(row) == 2}
