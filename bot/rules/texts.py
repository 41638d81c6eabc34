"""A text on its way to a device: how it is coded, how many characters and parts it takes, its hex digits. Pure.

3GPP TS 23.038 for the alphabets, TS 23.040 for long texts: what does not fit into one SMS goes in parts, each of which
gives up some room to say that it is one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import BadInput
from bot.rules.sims import quotable
from bot.rules.sms import Coding

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")  # each takes the room of two
BLANKS = re.compile(r"[\s:]+")


class Alphabet(StrEnum):
    """How the characters of a text travel."""

    GSM = "GSM 7-bit"
    ASCII = "ASCII"
    UNICODE = "Unicode"
    BYTES = "binary"


# What fits into an SMS that stands alone, and into each part of a longer one.
ROOM = {Alphabet.GSM: (160, 153), Alphabet.ASCII: (160, 153), Alphabet.UNICODE: (70, 67), Alphabet.BYTES: (140, 134)}


@dataclass(frozen=True)
class Size:
    """How large a text is. `characters` are counted as networks do: a sign of the extension table and an emoji count
    two; of binary it is bytes. `left` fit in before there is another part; `because` is the first sign that only
    Unicode has, where that is why it is Unicode.
    """

    characters: int
    parts: int
    left: int
    alphabet: Alphabet
    because: str | None = None


def size_of(text: str, coding: int | None = None) -> Size:
    """The size of a text in this coding (0, 1, 4; `None` as 0). Raises BadInput for what the coding cannot hold."""
    if coding == Coding.BINARY:
        return _size([1] * (len(read_hex(text)) // 2), Alphabet.BYTES)
    if coding == Coding.ASCII:
        if (odd := next((c for c in text if not c.isascii()), None)) is not None:
            raise BadInput(f"“{quotable(odd)}” is not in ASCII; choose the network's own alphabet, or leave it out.")
        return _size([1] * len(text), Alphabet.ASCII)
    odd = next((c for c in text if c not in BASIC and c not in EXTENDED), None)
    if odd is None:
        return _size([2 if c in EXTENDED else 1 for c in text], Alphabet.GSM)
    return _size([2 if ord(c) > 0xFFFF else 1 for c in text], Alphabet.UNICODE, because=odd)


def _size(widths: Sequence[int], alphabet: Alphabet, *, because: str | None = None) -> Size:
    """What takes two places is never cut in the middle, so a part may end one place early."""
    alone, each = ROOM[alphabet]
    total = sum(widths)
    if total <= alone:
        return Size(total, 1, alone - total, alphabet, because)
    parts, left = 1, each
    for width in widths:
        if width > left:
            parts, left = parts + 1, each
        left -= width
    return Size(total, parts, left, alphabet, because)


def read_hex(text: str) -> str:
    """The hex digits of a binary SMS, without what stands between them. Raises BadInput, saying what is wrong."""
    digits = BLANKS.sub("", text)
    if (odd := next((c for c in digits if c not in "0123456789abcdefABCDEF"), None)) is not None:
        raise BadInput(f"Binary is written as hex digits, such as “4f 4b”; “{quotable(odd)}” is none.")
    if len(digits) % 2:
        raise BadInput(f"Binary takes two hex digits for each byte; there are {len(digits)}.")
    return digits.lower()


def digest_of(text: str) -> str:
    """What a text is known by where it is not kept: SHA-256 in hex. Of a short text it can be guessed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# Slack's own way of writing what somebody typed: <http://x|x>, <@U1|name>, <#C1|name>, <!here>.
WRITTEN = re.compile(r"<(?:([@#!])([^<>|]*)(?:\|([^<>]*))?|([^<>|]*)(?:\|([^<>]*))?)>")
SIGNS = {"@": "@", "#": "#", "!": "@"}


def as_typed(text: str) -> str:
    """What somebody wrote in Slack, as it was typed: links without their brackets, names behind their signs.

    It takes the text as Slack sends it, with &, < and > escaped.
    https://docs.slack.dev/messaging/formatting-message-text
    """

    def plain(found: re.Match[str]) -> str:
        sign, name, said, link, shown = found.groups()
        if sign:
            return SIGNS[sign] + (said or name.split("^")[0]).lstrip("@#")
        return str(shown or link)

    typed = WRITTEN.sub(plain, text)
    return typed.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
