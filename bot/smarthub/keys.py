"""The API key: whether it can be one, the headers it is sent in, and how it stays out of what SmartHub says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata

from bot.errors import ConfigError
from bot.smarthub.problems import Problem, read_problem


def usable(key: str) -> str:
    """The key. Raises ConfigError, without repeating it, where it cannot stand in a header."""
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(["SMARTHUB_API_KEY is empty, or has characters that no key has."])
    return key


def headers(key: str) -> Mapping[str, str]:
    """What every request says of us."""
    return {
        "X-API-Key": key,
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "User-Agent": f"simops/{version()}",
    }


def without(key: str, body: bytes) -> Problem:
    """What a refusal says, with the key taken out: a service may repeat it, and then it would be in the log."""
    said = read_problem(body.replace(key.encode(), b"(key)"))
    return Problem(said.words.replace(key, "(key)"), said.faults)


def version() -> str:
    """The version of simops that is installed."""
    try:
        return metadata.version("simops")
    except metadata.PackageNotFoundError:
        return "0"
