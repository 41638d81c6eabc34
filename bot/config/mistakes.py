"""What pydantic found wrong, as sentences: the key's path, what was there, what would be right. Never a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.environment import BELONGS, SECRETS
from bot.config.kinds import near

Place = tuple[int | str, ...]
HIDDEN = "(not shown)"

# pydantic's names for "this is not a table" and "this is not a list".
NO_TABLE = {"model_type", "model_attributes_type", "dict_type", "mapping_type", "typed_dict_type"}
NO_LIST = {"tuple_type", "list_type"}
# How a section is headed that can stand there several times.
BRACKETS = {
    "policies": "[[policies]]",
    "routes": "[[routes]]",
    "sms.keywords": "[[sms.keywords]]",
    "alerts.rules": "[[alerts.rules]]",
    "reports": "[[reports]]",
}


def sentences(exc: ValidationError, known: Mapping[str, Sequence[str]], environ: Mapping[str, str]) -> Iterator[str]:
    """One sentence for each mistake. `known` lists the settings of each section."""
    for error in exc.errors(include_url=False):
        place = error["loc"]
        # events_channel is taken from alerts_channel, and that one has its own sentence by now.
        if error["type"] == "default_factory_not_called":
            continue
        if place[0] == "secrets":
            yield _of_a_secret(error)
        elif place == ("http", "port") and environ.get("PORT", "").strip():
            yield f"PORT = {_shown(environ['PORT'], place)} in the environment: write a port from 0 to 65535."
        elif error["type"] == "extra_forbidden":
            yield _of_a_stranger(place, known)
        else:
            yield _of_a_value(error)


def scrubbed(sentence: str, environ: Mapping[str, str]) -> str:
    """The sentence without any of the environment's secrets, wherever one was put by mistake, and fit to be printed."""
    given = [environ.get(name, "") for name in SECRETS]
    words = {word.strip() for value in given for word in (value, *value.split(","))}
    # The longest first, for one may be a part of another. Shorter ones than these are refused anyway, and to take "a"
    # out of a sentence would leave none.
    for word in sorted((w for w in words if len(w) >= 6), key=len, reverse=True):
        sentence = sentence.replace(word, HIDDEN).replace(_quoted(word)[1:-1], HIDDEN)
    return sentence.encode("utf-8", "replace").decode()


def _of_a_secret(error: ErrorDetails) -> str:
    name = str(error["loc"][1]).upper()
    what = "is not set in the environment" if error["input"] is None else "in the environment does not fit"
    return f"{name} {what}: it has to be {_wish(error)}."


def _of_a_value(error: ErrorDetails) -> str:
    place = error["loc"]
    if error["input"] is None:  # TOML has no null, so this setting was not there
        return f"{_path(place)} is missing: {_wish(error)}."
    sentence = f"{_path(place)} = {_shown(error['input'], place)}: {_wish(error)}"
    return sentence if sentence.endswith("?") else sentence + "."


def _wish(error: ErrorDetails) -> str:
    heading = BRACKETS.get(str(error["loc"][0]))
    if heading is not None and len(error["loc"]) <= 2 and error["type"] in NO_TABLE | NO_LIST:
        one = {"policies": "policy", "routes": "route", "reports": "report"}[str(error["loc"][0])]
        return f"write each {one} as a table under {heading}, with two brackets"
    if error["type"] in NO_TABLE:
        return f"write a table, [{_path(error['loc'])}], with its settings under it"
    if error["type"] in NO_LIST:
        return "write a list in square brackets"
    return str(error.get("ctx", {}).get("wish", "this cannot be used here"))


def _of_a_stranger(place: Place, known: Mapping[str, Sequence[str]]) -> str:
    *above, last = map(str, place)
    secret = BELONGS.get(last.lower().replace("-", "_"))
    if secret is not None:
        return f"{_path(place)} is a secret: take it out of this file and set {secret} in the environment."
    many = above[0] if above and above[0] in BRACKETS else "smarthub.operations.NAME"
    kind = many if len(above) > 1 else "".join(above)
    kind = "sms.keywords" if above[:2] == ["sms", "keywords"] else kind
    kind = "reports" if above[:1] == ["reports"] else kind
    kind = "alerts.rules" if above[:2] == ["alerts", "rules"] else kind
    meant = near(last, known.get(kind, ()))
    elsewhere = not above and any(last in names for section, names in known.items() if section)
    if meant is not None and not elsewhere:
        return f"{_path(place)} is not a setting: did you mean {_path((*place[:-1], meant))}?"
    sections = " or ".join(
        BRACKETS.get(section, f"[{section}]") for section, names in known.items() if section and last in names
    )
    hint = f"it belongs under {sections}" if sections else "config.example.toml shows every setting there is"
    return f"{_path(place)} is not a setting: {hint}."


def _path(place: Place) -> str:
    """As TOML writes it: smarthub.enums.status."IN USE", roles.approvers (entry 3), policies[2].quorum.

    Entries are counted from 1.
    """
    last = max(n for n, part in enumerate(place) if isinstance(part, str))
    path = "".join(f".{_key(part)}" if isinstance(part, str) else f"[{part + 1}]" for part in place[: last + 1])
    entries = [f" (entry {part + 1})" for part in place[last + 1 :] if isinstance(part, int)]
    return path[1:] + "".join(entries)


def _key(part: str) -> str:
    if _may_be_secret(part, ()):
        return HIDDEN
    return part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else _quoted(part)


def _shown(value: object, place: Place) -> str:
    """The value as TOML writes it, short; hidden where it is, or could well be, a secret in the wrong place."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{…}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_shown(item, place) for item in value)}]" if len(value) <= 10 else "[…]"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "(a very long number)"  # Python itself refuses to write 5,000 digits
    text = value if isinstance(value, str) else str(value)
    if _may_be_secret(text, place):
        return HIDDEN
    return _quoted(text) if isinstance(value, str) else text


def _may_be_secret(text: str, place: Place) -> bool:
    if any(re.search("token|secret|passw|key", str(part), re.IGNORECASE) for part in place):
        return True
    # Tokens of Slack, an address with a password or a key in it, and long words that mix letters and digits.
    return bool(
        re.search(r"xox[a-z]?-|xapp-|:.*@|://.*[?#]|\b(?=\w*[a-z])(?=\w*[0-9])[\w-]{24,}", text[:100], re.I | re.S)
    )


def _quoted(text: str) -> str:
    # Never cut: the rest of a secret would not be known for one.
    return json.dumps(text, ensure_ascii=False) if len(text) <= 80 else f"(a text of {len(text)} characters)"
