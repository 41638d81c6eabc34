"""What somebody types to name a SIM is understood however it is spelt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.naming import NumberKind, bare_digits, read_name
from bot.rules.sims import luhn_digit
from bot.rules.words import folded, stand_in, words_of

ICCID = "8949212600000000019"
BARE = ICCID[:-1]


@pytest.mark.parametrize(
    "typed",
    [
        ICCID,
        f" {ICCID} ",
        " ".join((ICCID[:4], ICCID[4:8], ICCID[8:])),
        "-".join(ICCID),
        f"{ICCID}F",
        f"{ICCID}f",
        f"`{ICCID}`",
        f"“{ICCID}”",
        f"\u200b{ICCID}\u2060",
        f"ICCID: {ICCID}",
        f"giccid={ICCID}",
        f"<tel:{ICCID}|{ICCID}>",
        f"<tel:{ICCID}>",
        f"SIM: {ICCID}",
    ],
)
def test_an_iccid_however_it_is_typed(typed: str):
    """Spaces, dashes, invisible signs, a trailing F, quotes, a word before it and Slack's link change nothing."""
    named = read_name(typed)

    assert named.digits == ICCID
    assert named.numbers[0] == ICCID
    assert BARE in named.numbers
    assert named.kinds == {NumberKind.ICCID}
    assert not named.doubtful


def test_an_iccid_without_its_check_digit():
    """A missing check digit is tried, and one that is not right is doubtful and nothing more."""
    named = read_name(BARE)

    assert named.numbers[0] == BARE
    assert ICCID in named.numbers
    wrong = str((int(ICCID[-1]) + 1) % 10)

    assert read_name(BARE + wrong).doubtful
    assert read_name(BARE + wrong).could_be_iccid


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+49 170 1234567", "491701234567"),
        ("0049 170 1234567", "491701234567"),
        ("+49 (170) 123/4567", "491701234567"),
        ("<tel:+491701234567|+49 170 1234567>", "491701234567"),
        ("491701234567", "491701234567"),
        ("msisdn 491701234567", "491701234567"),
    ],
)
def test_a_phone_number(typed: str, number: str):
    """A phone number may begin with +, 00 or its country, and be linked by Slack."""
    named = read_name(typed)

    assert number in named.numbers
    assert named.could_be_msisdn
    assert not named.could_be_iccid


def test_a_plus_makes_it_a_phone_number():
    """What begins with + is no IMSI, whatever its length."""
    assert read_name("+262030000000001").kinds == {NumberKind.MSISDN}
    assert read_name("262030000000001").kinds == {NumberKind.IMSI, NumberKind.MSISDN, NumberKind.IMEI}


@pytest.mark.parametrize("typed", ["35-693803-564380-9", "356938035643809", "35693803564380", "3569380356438012"])
def test_an_imei(typed: str):
    """An IMEI of 14, 15 or 16 digits, with dashes or not, is the device of its first 14."""
    named = read_name(typed)

    assert named.could_be_imei
    assert named.device == "35693803564380"


@pytest.mark.parametrize(
    "typed", ["Berlin pump 12", "berlin  PUMP\u00a012", "\u200bBerlin pump 12", '"Berlin pump 12"']
)
def test_a_label(typed: str):
    """A label is compared without case, doubled spaces and invisible signs, and is no number."""
    named = read_name(typed)

    assert (named.text, named.digits, named.numbers, named.kinds) == ("berlin pump 12", None, (), frozenset())
    assert named.device is None


def test_a_label_that_looks_like_a_number():
    """What is all digits is a number and still a label; a short one is no piece of a number."""
    named = read_name("12-34")

    assert (named.text, named.digits) == ("12-34", "1234")
    assert named.is_piece
    assert not read_name("123").is_piece
    assert read_name("123").kinds == frozenset()


@pytest.mark.parametrize("typed", ["٨٩٤٩٢١٢٦٠٠٠٠٠٠٠٠٠١٦", "８９４９２１２６", "²²²²²²²²"])
def test_only_ascii_digits_are_digits(typed: str):
    """Digits of other scripts make no number."""
    assert read_name(typed).digits is None


@pytest.mark.parametrize("typed", ["", "  ", "``", "\u200b", "- -", "<tel:>", "“”"])
def test_nothing_to_look_for(typed: str):
    """Nothing at all is refused, saying what to write."""
    with pytest.raises(BadInput, match="A SIM is missing here: write its ICCID"):
        read_name(typed)


def test_more_than_a_name():
    """What is longer than any name is refused, saying how long it is."""
    with pytest.raises(BadInput, match=r"at most 200 characters.*has 40,000"):
        read_name("9" * 40_000)


@given(st.text(max_size=60))
def test_whatever_is_typed(typed: str):
    """Anything is understood or refused in words, and its digits are digits."""
    try:
        named = read_name(typed)
    except BadInput:
        return
    assert named.digits is None or (named.digits.isascii() and named.digits.isdecimal())
    assert (named.digits is None) == (named.numbers == ())


@given(st.from_regex("[0-9]{18,21}", fullmatch=True), st.sampled_from((" ", "-", "\u00a0", "\u200b", "")))
def test_both_forms_of_every_iccid(bare: str, between: str):
    """An ICCID is found by its number with the check digit and without, however it is grouped."""
    whole = bare + luhn_digit(bare)

    assert whole in read_name(between.join(bare)).numbers
    assert bare in read_name(between.join(whole) + "F").numbers


@pytest.mark.parametrize(
    ("written", "digits"),
    [("+49 170", "49170"), ("8949212600000000019F", "8949212600000000019"), ("", None), (None, None), ("x1", None)],
)
def test_digits_of_a_number(written: str | None, digits: str | None):
    """A number is its digits, however it is written; what is none has none."""
    assert bare_digits(written) == digits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Berlin E-Bike 012", ["berlin", "e", "bike", "012"]),
        ("Malmö", ["malmo"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("深圳-1", ["深", "圳", "1"]),
        ("a_b", ["a", "b"]),
        ("😀", []),
        ("x" * 600, ["x" * 500]),
    ],
)
def test_words(text: str, words: list[str]):
    """Words are without case and accents; signs of scripts without case stand alone; the end of a novel is left out."""
    assert words_of(text) == words


def test_words_in_a_row():
    """Words stand in a text in their order, the last of them as a beginning."""
    assert stand_in(["berlin", "pu"], "Old Berlin Pump")
    assert not stand_in(["pu", "berlin"], "Old Berlin Pump")
    assert not stand_in(["berl", "pump"], "Old Berlin Pump")
    assert not stand_in(["pump", "x"], "Old Berlin Pump")


@given(st.text(max_size=30))
def test_a_name_folds_once(text: str):
    """Folding what is folded changes nothing, for plain text the same way as for the rest."""
    assert folded(folded(text)) == folded(text)
    assert folded("\u200b" + text) == folded(text)
