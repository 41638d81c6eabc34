"""The addresses of SmartHub's operations, with names and numbers put in safely. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from bot.errors import BadInput, ConfigError
from bot.rules.sims import SIGNS
from bot.smarthub.contract import Endpoint

GICCID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,31}")


def base(url: str) -> str:
    """SmartHub's own address, as the rest is put behind it. Raises ConfigError for one that cannot be used."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        like = "https://trial.api.smh.smarthing.com/v1"
        raise ConfigError([f"smarthub.base_url has to be an address like {like}, with nothing else in it."])
    return url.rstrip("/")


def address(endpoint: Endpoint, values: Mapping[str, str], known: Mapping[str, Endpoint]) -> str:
    """The path of an operation with its braces filled, percent-encoded as UTF-8.

    Raises BadInput for a value that cannot stand in an address, or that would make it the address of something else.
    """
    checked = {brace: number(value) if brace == "giccid" else name(value) for brace, value in values.items()}
    for brace, value in checked.items():
        if value in _taken(endpoint, brace, known):
            # An account called `account` would read as /account/{name}, a SIM called `changeLogs` as the change log.
            what = {"giccid": "a SIM", "accountName": "an account"}.get(brace, "something")
            raise BadInput(
                f"SmartHub's address for {what} called “{value}” belongs to something else; ask its console."
            )
    return endpoint.path.format(**{brace: quote(value, safe="") for brace, value in checked.items()})


def _taken(endpoint: Endpoint, brace: str, known: Mapping[str, Endpoint]) -> set[str]:
    """The words that stand at the place of this brace in the addresses of other operations."""
    here = endpoint.path.split("/")
    if f"{{{brace}}}" not in here:  # an operator's own address may have more than the brace there
        return set()
    before = here[: here.index(f"{{{brace}}}")]
    others = [other.path.split("/") for other in known.values()]
    return {path[len(before)] for path in others if len(path) > len(before) and path[: len(before)] == before}


def name(value: str) -> str:
    """A name as SmartHub gives them. Raises BadInput for one that could not be one: empty, endless, or unprintable."""
    if value in {"", ".", ".."} or len(value) > 200 or not value.isprintable():
        raise BadInput(f"“{shorten(value, 40)}” cannot be looked up at SmartHub: write the name as SmartHub shows it.")
    return value


def number(value: str) -> str:
    """The number of a SIM as it may be sent. Raises BadInput for a slash, a space, foreign digits, too many of them."""
    if not GICCID.fullmatch(value):
        raise BadInput(f"“{shorten(value, 40)}” is not the number of a SIM: write its ICCID, 18 to 22 digits.")
    return value


def shorten(words: str, length: int) -> str:
    """Words from outside on one line, at most that long, and without the signs that make a sentence mention or format.

    `<@U…>` in a sentence of ours is a person, and what stands between backticks is code; foreign words must do neither.
    """
    plain = " ".join("".join(SIGNS.get(c, c) if c.isprintable() else " " for c in words).split())
    return plain if len(plain) <= length else plain[: length - 1] + "…"
