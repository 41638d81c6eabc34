"""A SIM's number is read in every form people paste, and a change is allowed exactly where its state allows it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadInput, NotPossible
from bot.rules.sims import (
    TO,
    Operation,
    Sim,
    Status,
    allow,
    fits,
    label_of,
    looks_like_id,
    luhn_digit,
    luhn_holds,
    quotable,
    read_iccid,
    spellings,
)

NUMBER = "8949212600000000142"
DIGITS = st.text("0123456789", min_size=18, max_size=22)


def sim(status: Status | None, word: str = "ACTIVATED") -> Sim:
    """A SIM in this state."""
    return Sim(giccid=NUMBER, status=status, status_word=word)


# The check digit


@pytest.mark.parametrize(
    "number",
    [
        "79927398713",  # the example everybody uses
        "4539578763621486",
        "17893729974",
        "490154203237518",  # the IMEI in 3GPP TS 23.003, Annex B
        "356938035643809",
        "0",
        "18",
    ],
)
def test_known_numbers_hold(number: str):
    """Numbers published with their check digit hold, and no other last digit does."""
    assert luhn_holds(number)
    assert luhn_digit(number[:-1]) == number[-1]
    assert not any(luhn_holds(number[:-1] + d) for d in "0123456789" if d != number[-1])


@settings(deadline=None)
@given(digits=DIGITS, place=st.integers(0, 17), other=st.integers(1, 9))
def test_one_wrong_digit_shows(digits: str, place: int, other: int):
    """With its check digit a number holds; with any one digit mistyped it does not."""
    number = digits + luhn_digit(digits)
    wrong = number[:place] + str((int(number[place]) + other) % 10) + number[place + 1 :]

    assert luhn_holds(number)
    assert not luhn_holds(wrong)


# Numbers as they are typed


@pytest.mark.parametrize(
    "typed",
    [
        NUMBER,
        f"  {NUMBER}\n",
        f"{NUMBER}F",
        f"{NUMBER}f",
        f"{NUMBER}FF",
        "8949 2126 0000 0000 142",
        "8949-2126-0000-0000-142",
        "8949.2126.0000.0000.142",
        "8949_2126_0000_0000_142",
        "8949\u00a02126\u00a00000\u00a00000\u00a0142",
        f"`{NUMBER}`",
        f"<{NUMBER}>",
    ],
)
def test_every_way_people_paste_a_number(typed: str):
    """Spaces, dashes, dots, backticks and a trailing F are no part of the number."""
    assert read_iccid(typed) == NUMBER


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "A SIM is missing here: write its ICCID, 18 to 22 digits."),
        (" - ", "A SIM is missing here: write its ICCID, 18 to 22 digits."),
        ("F", "A SIM is missing here: write its ICCID, 18 to 22 digits."),
        ("1" * 17, f"“{'1' * 17}” has 17 digits; an ICCID has 18 to 22."),
        ("1" * 23, f"“{'1' * 23}” has 23 digits; an ICCID has 18 to 22."),
        ("1" * 90, f"“{'1' * 37}…” has 90 digits; an ICCID has 18 to 22."),
        ("8949OOOO", "“8949OOOO” is not an ICCID: “O” is not a digit. An ICCID has 18 to 22 digits."),
        ("8949F126", "“8949F126” is not an ICCID: “F” is not a digit. An ICCID has 18 to 22 digits."),
    ],
)  # fmt: skip
def test_what_is_no_number_is_told_why(typed: str, words: str):
    """A refused number says what is wrong with it, at no great length."""
    with pytest.raises(BadInput) as refusal:
        read_iccid(typed)

    assert str(refusal.value) == words


@pytest.mark.parametrize("digit", ["٣", "३", "３", "²", "①", "Ⅷ", "𝟗", "৭"])
def test_digits_of_other_scripts_are_no_digits(digit: str):
    """What merely counts as a digit in Unicode never passes, alone or among real ones."""
    for typed in (digit * 19, NUMBER[:-1] + digit, digit + NUMBER[1:]):
        with pytest.raises(BadInput, match="is not a digit"):
            read_iccid(typed)


@settings(deadline=None)
@given(typed=st.text())
def test_a_number_is_ascii_digits_or_refused(typed: str):
    """Whatever is typed, what is read is 18 to 22 plain digits, and reading it again changes nothing."""
    try:
        number = read_iccid(typed)
    except BadInput as refusal:
        said = str(refusal)
    else:
        assert number.isascii()
        assert number.isdigit()
        assert 18 <= len(number) <= 22
        assert read_iccid(number) == number
        return
    assert len(said) < 200


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        (NUMBER, True),
        ("123456", True),
        ("12345", True),
        ("1", True),
        ("1234a", False),
        ("12345-", False),
        ("", False),
        ("suspend", False),
        ("abc123456", True),
        ("abcdefg123456", False),
        ("abcdef123456", True),
    ],
)
def test_what_looks_like_a_number(word: str, meant: bool):
    """A word is meant as a number when it is nothing but digits, or has six of them and is mostly digits."""
    assert looks_like_id(word) is meant


# Spellings


def test_both_spellings_of_a_number_with_its_check_digit():
    """A number that holds may be known without its last digit, before it is tried with one more."""
    body = "894921260000000014"
    number = body + luhn_digit(body)

    assert spellings(number) == (number, body, number + luhn_digit(number))


def test_both_spellings_of_a_number_without_check_digit():
    """A number that does not hold may be known with its check digit, before it is tried with one less."""
    number = "8949212600000000143"
    assert not luhn_holds(number)

    assert spellings(number) == (number, number + luhn_digit(number), number[:-1])


@settings(deadline=None)
@given(number=DIGITS)
def test_spellings_stay_numbers(number: str):
    """Every spelling could be an ICCID, the one typed comes first, none comes twice, and the added digit holds."""
    found = spellings(number)

    assert found[0] == number
    assert len(set(found)) == len(found)
    assert all(18 <= len(each) <= 22 for each in found)
    assert all(luhn_holds(each) for each in found if len(each) > len(number))
    assert any(len(each) < len(number) for each in found) is (len(number) > 18)
    assert any(len(each) > len(number) for each in found) is (len(number) < 22)


@settings(deadline=None)
@given(body=st.text("0123456789", min_size=18, max_size=21))
def test_the_two_forms_find_each_other(body: str):
    """Whichever of the two forms is printed on the card, the other one is among the spellings."""
    whole = body + luhn_digit(body)

    assert whole in spellings(body)
    assert body in spellings(whole)


# What a state allows

ALREADY = "This SIM is {} already."
FINAL = "This SIM is retired, and that is final."
ALLOWED = {
    ("inventory", "activate"), ("test", "activate"), ("ready", "activate"), ("suspended", "activate"),
    ("active", "suspend"),
    ("suspended", "retire"),
    ("active", "sms"), ("test", "sms"),
    *((status, operation) for status in Status for operation in ("plan", "addon", "apn", "set") if status != "retired"),
}  # fmt: skip
REFUSED = {
    ("active", "activate"): "This SIM is active already.",
    ("retired", "activate"): FINAL,
    ("inventory", "suspend"): "This SIM is inventory; to suspend it, it has to be active.",
    ("test", "suspend"): "This SIM is test; to suspend it, it has to be active.",
    ("ready", "suspend"): "This SIM is ready; to suspend it, it has to be active.",
    ("suspended", "suspend"): "This SIM is suspended already.",
    ("retired", "suspend"): FINAL,
    ("inventory", "retire"): "This SIM is inventory; to retire it, it has to be suspended.",
    ("test", "retire"): "This SIM is test; to retire it, it has to be suspended.",
    ("ready", "retire"): "This SIM is ready; to retire it, it has to be suspended.",
    ("active", "retire"): "This SIM is active; to retire it, it has to be suspended.",
    ("retired", "retire"): "This SIM is retired already.",
    ("inventory", "sms"): "This SIM is inventory; to get an SMS, it has to be active or test.",
    ("ready", "sms"): "This SIM is ready; to get an SMS, it has to be active or test.",
    ("suspended", "sms"): "This SIM is suspended; to get an SMS, it has to be active or test.",
    **{("retired", operation): FINAL for operation in ("plan", "addon", "apn", "set", "sms")},
}


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize("status", list(Status))
def test_every_state_with_every_change(status: Status, operation: Operation):
    """A change is allowed where SmartHub's moves allow it; else the sentence says what the SIM would have to be."""
    if (status, operation) in ALLOWED:
        allow(operation, sim(status))
        assert fits(operation, sim(status))
        return
    with pytest.raises(NotPossible) as refusal:
        allow(operation, sim(status))
    assert str(refusal.value) == REFUSED[status, operation]
    assert not fits(operation, sim(status))


@pytest.mark.parametrize("operation", list(Operation))
def test_an_unknown_state_allows_nothing(operation: Operation):
    """A state in no table allows no change; the word is shown as text, and the setting to mend it is named."""
    with pytest.raises(NotPossible, match=r"“‹@U1› PAUSED”.*\[smarthub.enums.status\]"):
        allow(operation, sim(None, "<@U1> PAUSED"))


def test_what_a_change_makes_of_a_sim():
    """A change leads to a state in which it cannot be asked for again."""
    assert not any(fits(operation, sim(status)) for operation, status in TO.items())


# Names


@pytest.mark.parametrize(
    ("custom", "iccid", "label"),
    [
        (" Pump 7 ", "1", "Pump 7"),
        ("", "8949", "8949"),
        ("  ", "8949", "8949"),
        (None, "8949", "8949"),
        ("\u200b", "8949", "8949"),
        ("\u200b \u00ad\x07\u3000\u2028\ufeff", "8949", "8949"),
        ("\u200b站点 7", "8949", "\u200b站点 7"),
        (None, None, NUMBER),
        (None, "", NUMBER),
    ],
)
def test_a_sim_is_called_by_its_label(custom: str | None, iccid: str | None, label: str):
    """The label is the chosen custom field, else the number on the card, else SmartHub's."""
    named = Sim(NUMBER, Status.ACTIVE, "ACTIVATED", iccid=iccid, custom=("other", "other", custom, "other", "other"))

    assert label_of(named, "custom3") == label


@settings(deadline=None)
@given(word=st.text())
def test_what_is_quoted_is_only_text(word: str):
    """Typed words in a sentence of ours are short, printable, and hold no sign that the sentence would obey."""
    quoted = quotable(word)

    assert len(quoted) <= 40
    assert quoted.isprintable()
    assert not set(quoted) & set("<>`")
