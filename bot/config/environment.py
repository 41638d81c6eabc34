"""The environment: which variables we read, what each has to look like, and where it stands in the Config."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from pydantic import BeforeValidator, SecretStr

from bot.config.kinds import wrong

SECRETS = (
    "SLACK_BOT_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_APP_TOKEN",
    "SMARTHUB_API_KEY",
    "SMARTHUB_PUSH_SECRET",
    "SMARTHUB_PUSH_HEADER",
)

APP = "at https://api.slack.com/apps, choose the app"
BOT_TOKEN = f"the Bot User OAuth Token, which begins with xoxb- ({APP}, then OAuth & Permissions)"
APP_TOKEN = f"an app-level token for Socket Mode, which begins with xapp- ({APP}, then Basic Information)"
SIGNING_SECRET = f"the Signing Secret, 16 or more letters and digits ({APP}, then Basic Information)"
API_KEY = "the API key of your SmartHub tenant, without spaces or line breaks"
PUSH = (
    "a secret of 24 to 200 letters, digits, - and _ that you make up "
    "(python3 -c 'import secrets; print(secrets.token_urlsafe(32))'); while you change it, the new and the old one "
    "can stand here, with a comma between them"
)
HEADER = (
    "what SmartHub sends in the header that push.header names, 8 to 200 letters, digits and -_.~+/=; while you change "
    "it, the new and the old one can stand here, with a comma between them"
)

# What people call these things when they try to write them into config.toml.
BELONGS = {
    "bot_token": "SLACK_BOT_TOKEN",
    "token": "SLACK_BOT_TOKEN",
    "signing_secret": "SLACK_SIGNING_SECRET",
    "app_token": "SLACK_APP_TOKEN",
    "api_key": "SMARTHUB_API_KEY",
    "apikey": "SMARTHUB_API_KEY",
    "key": "SMARTHUB_API_KEY",
    "push_secret": "SMARTHUB_PUSH_SECRET",
    "secret": "SMARTHUB_PUSH_SECRET",
} | {name.lower(): name for name in SECRETS}


def path_of(environ: Mapping[str, str]) -> Path:
    """The file to read the settings from."""
    return Path(environ.get("SIMOPS_CONFIG") or "config.toml")


def given_in(environ: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """What the environment gives, in the shape of the Config: the secrets, and the port where there is one.

    A variable that is empty counts as one that is not set. Values are passed on as they are; their kinds judge them.
    """
    given: dict[str, dict[str, object]] = {"secrets": {s.lower(): environ.get(s, "").strip() or None for s in SECRETS}}
    port = environ.get("PORT", "").strip()
    if port:
        given["http"] = {"port": int(port) if re.fullmatch("[0-9]{1,6}", port) else port}
    return given


def secret(pattern: str, wish: str) -> BeforeValidator:
    """One secret that has to be there and to match the whole pattern. No sentence shows any of it."""

    def read(value: object) -> SecretStr:
        return SecretStr(_matching(value, pattern, wish))

    return BeforeValidator(read)


def perhaps(pattern: str, wish: str) -> BeforeValidator:
    """One secret that may be left out."""

    def read(value: object) -> SecretStr | None:
        return None if value is None else SecretStr(_matching(value, pattern, wish))

    return BeforeValidator(read)


def one_or_two(pattern: str, wish: str) -> BeforeValidator:
    """One secret, or the new and the old one with a comma between them."""

    def read(value: object) -> tuple[SecretStr, ...]:
        words = [_matching(word.strip(), pattern, wish) for word in str(value).split(",")] if value is not None else []
        if not words:
            raise wrong(wish)
        if len(words) > 2 or len(set(words)) < len(words):
            raise wrong(f"one or two different ones: {wish}")
        return tuple(SecretStr(word) for word in words)

    return BeforeValidator(read)


def perhaps_two(pattern: str, wish: str) -> BeforeValidator:
    """One secret or two, or none: then it is empty."""
    within = cast("Callable[[object], tuple[SecretStr, ...]]", one_or_two(pattern, wish).func)
    return BeforeValidator(lambda value: () if value is None else within(value))


def _matching(value: object, pattern: str, wish: str) -> str:
    if isinstance(value, str) and re.fullmatch(pattern, value):
        return value
    raise wrong(wish)
