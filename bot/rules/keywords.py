"""Which channels hear of an SMS from a device because of a word in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.rules.patterns import REASON_AT_MOST, compile_pattern


@dataclass(frozen=True)
class Keyword:
    """An SMS goes to this channel as well when one of the words stands in it, or when it begins as the pattern says."""

    channel: str
    words: tuple[str, ...] = ()
    pattern: str | None = None


@dataclass(frozen=True)
class Hit:
    """A channel that is to hear of an SMS, and the word for which it is."""

    channel: str
    word: str


def hits(text: str, keywords: Sequence[Keyword]) -> tuple[Hit, ...]:
    """Each channel once, with the first word that leads there. Capitals do not matter in words.

    A pattern is tried where the text begins, on its first 500 characters: what that may take at most is known
    (bot/rules/patterns.py). `.*` in front of it looks further on.
    """
    found: dict[str, str] = {}
    for keyword in keywords:
        word = _first(keyword, text)
        if word is not None:
            found.setdefault(keyword.channel, word)
    return tuple(Hit(channel, word) for channel, word in found.items())


def _first(keyword: Keyword, text: str) -> str | None:
    for word in keyword.words:
        if _whole(word).search(text):
            return word
    if keyword.pattern is None:
        return None
    match = compile_pattern(keyword.pattern).match(text[:REASON_AT_MOST])
    return None if match is None else match[0] or keyword.pattern


@lru_cache(maxsize=1024)
def _whole(word: str) -> re.Pattern[str]:
    """The word, where no letter or digit stands beside it."""
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
