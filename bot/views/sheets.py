"""The lines of the file with the SIMs of a storm."""

from __future__ import annotations

from collections.abc import Sequence

from bot.rules.storms import Member

MEMBERS = ("giccid", "label", "account", "plan", "country", "notifications", "first_at", "last_at")


def member_row(one: Member) -> Sequence[object]:
    """A SIM of a storm; times in UTC."""
    times = (f"{one.first_at:%Y-%m-%dT%H:%M:%SZ}", f"{one.last_at:%Y-%m-%dT%H:%M:%SZ}")
    return (one.giccid, one.label or "", one.account or "", one.plan or "", one.country or "", one.count, *times)
