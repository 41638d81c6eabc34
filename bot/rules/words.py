"""The words in a text, cut and folded in one way wherever texts are looked through. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

LOOKED_THROUGH = 500  # characters of a field that are looked through; what somebody pastes into one may be endless
ASCII_WORD = re.compile("[a-z0-9]+")
MARK = "M"  # the Unicode categories of accents begin so


def words_of(text: str) -> list[str]:
    """The words of a text without case and accents: “Malmö E-Bike” is malmo, e, bike.

    Letters of scripts that know no case (Chinese, Arabic …) stand alone each, so that a piece of a name is found.
    """
    text = text[:LOOKED_THROUGH]
    if text.isascii():
        return ASCII_WORD.findall(text.lower())
    spread = "".join(map(_spread, unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())))
    return spread.split()


def _spread(char: str) -> str:
    """A character as it stands among words: nothing, a letter of its word, a word of its own, or a gap."""
    category = unicodedata.category(char)
    if category[0] == MARK or category == "Cf":
        return ""
    if not char.isalnum():
        return " "
    return f" {char} " if category == "Lo" else char


def stand_in(wanted: Sequence[str], text: str) -> bool:
    """Whether these words stand in the text one after another, the last of them at least as a beginning."""
    words, count = words_of(text), len(wanted)
    return any(
        words[at : at + count - 1] == list(wanted[:-1]) and words[at + count - 1].startswith(wanted[-1])
        for at in range(len(words) - count + 1)
    )


def folded(text: str) -> str:
    """A name as it is compared: without case, width, invisible characters and doubled spaces."""
    if text.isascii() and text.isprintable():  # as most are, and there may be a million
        return " ".join(text.lower().split())
    shown = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Cf", "Cc"))
    return " ".join(shown.casefold().split())
