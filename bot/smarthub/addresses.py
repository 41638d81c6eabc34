"""The addresses of SmartHub's operations, with names and numbers put in safely. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from bot.errors import BadInput
from bot.smarthub.contract import Endpoint

GICCID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,31}")


def address(endpoint: Endpoint, values: Mapping[str, str], known: Mapping[str, Endpoint]) -> str:
    """The path of an operation with its braces filled, percent-encoded as UTF-8.

    Raises BadInput for a value that cannot stand in an address, or that would make it the address of something else.
    """
    filled = {name: _segment(name, value) for name, value in values.items()}
    first = endpoint.path.split("/")[1]
    if first.startswith("{") and (value := values[first[1:-1]]) in {e.path.split("/")[1] for e in known.values()}:
        # A free name comes first here: an account called `account` would read as /account/{name}.
        raise BadInput(
            f"SmartHub's address for an account called “{value}” belongs to something else; ask its console."
        )
    return endpoint.path.format(**filled)


def _segment(name: str, value: str) -> str:
    if name == "giccid":
        return _giccid(value)
    if value in {"", ".", ".."} or len(value) > 200 or not value.isprintable():
        raise BadInput(f"“{shorten(value, 40)}” cannot be looked up at SmartHub: write the name as SmartHub shows it.")
    return quote(value, safe="")


def _giccid(value: str) -> str:
    if not GICCID.fullmatch(value):
        raise BadInput(f"“{shorten(value, 40)}” is not the number of a SIM: write its ICCID, 18 to 22 digits.")
    return value


def shorten(words: str, length: int) -> str:
    """Words from outside on one line and at most that long."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return plain if len(plain) <= length else plain[: length - 1] + "…"
