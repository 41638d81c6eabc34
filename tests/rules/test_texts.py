"""How large a text is on its way to a device, as 3GPP TS 23.038 and 23.040 have it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.sms import Coding
from bot.rules.texts import BASIC, EXTENDED, Alphabet, as_typed, digest_of, read_hex, size_of

SIZES = [
    ("", None, (0, 1, 160, Alphabet.GSM)),
    ("reboot", None, (6, 1, 154, Alphabet.GSM)),
    ("reboot", Coding.NETWORK, (6, 1, 154, Alphabet.GSM)),
    ("a" * 160, None, (160, 1, 0, Alphabet.GSM)),
    ("a" * 161, None, (161, 2, 145, Alphabet.GSM)),
    ("a" * 306, None, (306, 2, 0, Alphabet.GSM)),
    ("a" * 307, None, (307, 3, 152, Alphabet.GSM)),
    ("€", None, (2, 1, 158, Alphabet.GSM)),
    ("€" * 80, None, (160, 1, 0, Alphabet.GSM)),
    # 153 places hold 76 signs of two, and one place stays empty in each part.
    ("€" * 81, None, (162, 2, 143, Alphabet.GSM)),
    ("a" * 152 + "€" * 5, None, (162, 2, 143, Alphabet.GSM)),
    ("Ünïcode", None, (7, 1, 63, Alphabet.UNICODE)),
    ("ä" * 160, None, (160, 1, 0, Alphabet.GSM)),
    ("ç" * 70, None, (70, 1, 0, Alphabet.UNICODE)),
    ("ç" * 71, None, (71, 2, 63, Alphabet.UNICODE)),
    ("😀", None, (2, 1, 68, Alphabet.UNICODE)),
    ("😀" * 35, None, (70, 1, 0, Alphabet.UNICODE)),
    ("😀" * 36, None, (72, 2, 61, Alphabet.UNICODE)),
    ("שלום", None, (4, 1, 66, Alphabet.UNICODE)),
    ("a" * 160, Coding.ASCII, (160, 1, 0, Alphabet.ASCII)),
    ("{[~]}", Coding.ASCII, (5, 1, 155, Alphabet.ASCII)),
    ("4f 4b", Coding.BINARY, (2, 1, 138, Alphabet.BYTES)),
    ("00" * 140, Coding.BINARY, (140, 1, 0, Alphabet.BYTES)),
    ("00" * 141, Coding.BINARY, (141, 2, 127, Alphabet.BYTES)),
]


@pytest.mark.parametrize(("text", "coding", "size"), SIZES)
def test_the_size_of_a_text(text: str, coding: int | None, size: tuple[int, int, int, Alphabet]):
    """Characters, parts and what is left are those of the standard, in each alphabet and at each of its edges."""
    found = size_of(text, coding)

    assert (found.characters, found.parts, found.left, found.alphabet) == size


def test_why_it_is_unicode():
    """The first sign that makes a text Unicode is named, and none where it is not."""
    assert size_of("naïve ł").because == "ï"
    assert size_of("na{ve}").because is None


def test_the_alphabet_has_its_128_places():
    """127 signs and the escape are the basic table; those of the extension are not in it."""
    assert len(BASIC) == 127
    assert BASIC.isdisjoint(EXTENDED)


@given(st.text(max_size=400))
def test_no_text_is_larger_than_its_parts(text: str):
    """What is in the parts and what is left is never more than all the parts hold, nor one part too many."""
    size = size_of(text)

    alone, each = (160, 153) if size.alphabet is Alphabet.GSM else (70, 67)
    room = alone if size.parts == 1 else each * size.parts
    assert 0 <= room - size.characters - size.left <= size.parts - 1
    assert size.left < (alone + 1 if size.parts == 1 else each)


@pytest.mark.parametrize(
    ("coding", "text", "because"),
    [
        (Coding.ASCII, "Tür", "“ü” is not in ASCII"),
        (Coding.BINARY, "4g", "“g” is none"),
        (Coding.BINARY, "4f4", "two hex digits for each byte; there are 3"),
        (Coding.BINARY, "٤٤", "is none"),
    ],
)
def test_what_a_coding_cannot_hold(coding: Coding, text: str, because: str):
    """A text that a coding cannot hold is refused with the sign that is wrong."""
    with pytest.raises(BadInput, match=because):
        size_of(text, coding)


@given(st.binary(max_size=200), st.sampled_from(["", " ", ":", "\n"]))
def test_bytes_come_back(value: bytes, between: str):
    """Hex digits, however they are set apart, are the bytes they were made of."""
    assert bytes.fromhex(read_hex(between.join(f"{byte:02X}" for byte in value))) == value


def test_a_digest_of_any_text():
    """Every text has a digest, broken characters too, and another text has another one."""
    assert len({digest_of(text) for text in ("", "a", "a ", "\ud800", "😀")}) == 5


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("reboot &amp; <b>".replace("<b>", "&lt;b&gt;"), "reboot & <b>"),
        ("see <http://a.example/x?y=1&amp;z=2>", "see http://a.example/x?y=1&z=2"),
        ("see <http://a.example|a.example>", "see a.example"),
        ("call <tel:+4917012345|+49 170 12345>", "call +49 170 12345"),
        (
            "<!channel> <!here|here> <@U1|omar> <@U2> <#C1|ops> <!subteam^S1|@team>",
            "@channel @here @omar @U2 #ops @team",
        ),
        ("&lt;!channel&gt; &amp;lt;", "<!channel> &lt;"),
        ("1 &lt; 2 and 3 &gt; 2", "1 < 2 and 3 > 2"),
    ],
)
def test_what_was_typed_in_slack(sent: str, typed: str):
    """Slack's own way of writing links, names and signs is undone; what was typed stays."""
    assert as_typed(sent) == typed
