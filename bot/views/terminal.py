"""SIMs for a terminal: as a table for people, as JSON for programs. What comes from outside cannot steer a terminal."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.rules.sims import Sim
from bot.views.parts import percent, size

NONE = "–"
UNSEEN = "�"


@dataclass(frozen=True)
class Column:
    """A column so many places wide; `right` for numbers."""

    title: str
    width: int
    right: bool = False


# The widths are fixed, so that each page can be printed when it comes.
COLUMNS = (
    Column("LABEL", 24),
    Column("ICCID", 20),
    Column("STATUS", 10),
    Column("ACCOUNT", 18),
    Column("PLAN", 16),
    Column("USED", 9, right=True),
    Column("QUOTA", 9, right=True),
    Column("EXPIRES", 10),
)


def table_head() -> str:
    """The first line of the table."""
    return _line(*(column.title for column in COLUMNS))


def table_row(sim: Sim, *, label: str) -> str:
    """A SIM on one line, sizes in the units data plans are sold in, the day of expiry in UTC."""
    return _line(
        label,
        sim.giccid,
        _status(sim),
        sim.account or NONE,
        sim.plan or NONE,
        NONE if sim.usage_bytes is None else size(sim.usage_bytes),
        NONE if sim.quota_bytes is None else size(sim.quota_bytes),
        NONE if sim.plan_expires_at is None else f"{sim.plan_expires_at:%Y-%m-%d}",
    )


def sheet(sim: Sim, *, label: str) -> str:
    """All that is known of a SIM, a line each under its label; times in UTC."""
    rows = list(_known(sim))
    broad = max(width(title) for title, _ in rows)
    lines = [f"{_pad(title, broad)}  {harmless(value)}".rstrip() for title, value in rows]
    return "\n".join([harmless(label), *lines])


def record(sim: Sim, *, label: str) -> Mapping[str, object]:
    """A SIM for programs: keys of ours, times in UTC as ISO 8601, sizes in bytes, null where something is not known."""
    return {
        "giccid": sim.giccid,
        "label": label,
        "status": None if sim.status is None else str(sim.status),
        "status_word": sim.status_word,
        "iccid": sim.iccid,
        "imsi": sim.imsi,
        "msisdn": sim.msisdn,
        "imei": sim.imei,
        "account": sim.account,
        "sku": sim.sku,
        "plan": sim.plan,
        "plan_expires_at": _iso(sim.plan_expires_at),
        "addons": [
            {"name": a.name, "total_bytes": a.total_bytes, "used_bytes": a.used_bytes, "expires_at": _iso(a.expires_at)}
            for a in sim.addons
        ],
        "pool": sim.pool,
        "activated_at": _iso(sim.activated_at),
        "cycle": sim.cycle,
        "usage_bytes": sim.usage_bytes,
        "quota_bytes": sim.quota_bytes,
        "sms_count": sim.sms_count,
        "apns": [{"name": apn.name, "enabled": apn.enabled} for apn in sim.apns],
        "country": sim.country,
        "last_session_at": _iso(sim.last_session_at),
        "custom": list(sim.custom),
    }


def written(value: object, *, indent: int | None = None) -> str:
    """JSON, readable in any script; what could steer a terminal is escaped, which JSON reads as the same text."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def harmless(text: str) -> str:
    """Text from outside on one line: a sign that cannot be seen shows as “�”, as it might steer the terminal."""
    return "".join(c if c.isprintable() else UNSEEN for c in " ".join(text.split()))


def width(text: str) -> int:
    """How many places a text takes in a terminal: wide characters two, marks on the one before none."""
    return sum(map(_places, text))


def _places(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _line(*cells: str) -> str:
    made = (
        _pad(_cut(harmless(c), col.width), col.width, right=col.right) for c, col in zip(cells, COLUMNS, strict=True)
    )
    return "  ".join(made).rstrip()


def _pad(text: str, places: int, *, right: bool = False) -> str:
    blank = " " * (places - width(text))
    return blank + text if right else text + blank


def _cut(text: str, places: int) -> str:
    if width(text) <= places:
        return text
    kept, taken = "", 0
    for character in text:
        taken += _places(character)
        if taken > places - 1:
            break
        kept += character
    return kept + "…"


def _known(sim: Sim) -> Iterator[tuple[str, str]]:
    yield "State", _status(sim)
    yield "ICCID", sim.giccid if sim.iccid in (None, sim.giccid) else f"{sim.iccid} (SmartHub calls it {sim.giccid})"
    for title, text in (("IMSI", sim.imsi), ("MSISDN", sim.msisdn), ("IMEI", sim.imei)):
        yield title, text or NONE
    yield "Account", sim.account or NONE
    yield "Type", sim.sku or NONE
    yield "Rate plan", (sim.plan or NONE) + _until(sim.plan_expires_at)
    yield "Pool", sim.pool or NONE
    yield f"Usage in {sim.cycle}" if sim.cycle else "Usage", _usage(sim.usage_bytes, sim.quota_bytes)
    for addon in sim.addons:
        yield "Addon", f"{addon.name}: {_usage(addon.used_bytes, addon.total_bytes)}{_until(addon.expires_at)}"
    yield "SMS", NONE if sim.sms_count is None else f"{sim.sms_count:,}"
    for apn in sim.apns:
        yield "APN", f"{apn.name}: {'unknown' if apn.enabled is None else 'on' if apn.enabled else 'off'}"
    yield "Country", sim.country or NONE
    yield "Activated", _moment(sim.activated_at)
    yield "Last session", _moment(sim.last_session_at)
    for number, text in enumerate(sim.custom, 1):
        yield f"Custom {number}", text or NONE


def _status(sim: Sim) -> str:
    return str(sim.status) if sim.status is not None else f"{sim.status_word}?"


def _usage(used: int | None, whole: int | None) -> str:
    if used is None:
        return NONE if whole is None else f"unknown of {size(whole)}"
    return size(used) if not whole else f"{size(used)} of {size(whole)}, {percent(used, whole)}"


def _until(moment: datetime | None) -> str:
    return "" if moment is None else f", until {_moment(moment)}"


def _moment(moment: datetime | None) -> str:
    return NONE if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
