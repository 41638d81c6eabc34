"""What stands in a message that somebody points at, as Slack describes it. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

Body = Mapping[str, Any]  # Any: Slack's shapes

# Where Slack keeps words: of rich text each piece of a line, of the others a text or an object with one in it.
# https://docs.slack.dev/reference/block-kit/blocks
WORDS = ("text", "fallback", "pretext", "title", "value", "caption", "url")
LINES = ("rich_text_section", "rich_text_preformatted", "rich_text_quote")
DEEPEST = 20


def words_of(message: Body) -> str:
    """All words of a message, of its blocks and attachments as well: what a bot posts often stands there alone.

    Pieces of one line are put together again, so that a number in two styles stays one number.
    """
    shown = {key: message.get(key) for key in ("text", "blocks", "attachments")}
    return "\n".join(dict.fromkeys(word for word in _words(shown, 0) if word.strip()))


def files_of(message: Body) -> tuple[str, ...]:
    """The ids of the files of a message; a long text that is pasted becomes one."""
    files = message.get("files")
    found = [file.get("id") for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    return tuple(named for named in found if isinstance(named, str) and named)


def _words(thing: Any, depth: int) -> Iterator[str]:  # Any: as above
    if depth > DEEPEST:
        return
    if isinstance(thing, list):
        for part in thing:
            yield from _words(part, depth + 1)
    elif isinstance(thing, dict):
        if thing.get("type") in LINES:
            yield _line(thing)
            return
        for key, value in thing.items():
            if isinstance(value, str) and key in WORDS:
                yield html.unescape(value)
            elif isinstance(value, list | dict):
                yield from _words(value, depth + 1)


def _line(section: Body) -> str:
    pieces = section.get("elements")
    if not isinstance(pieces, list):
        return ""
    return "".join(str(p.get("text") or p.get("url") or " ") for p in pieces if isinstance(p, dict))
