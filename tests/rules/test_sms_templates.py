"""Templates are filled from the SIM, and words in an SMS lead to channels."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.keywords import Hit, Keyword, hits
from bot.rules.sims import Sim, Status
from bot.rules.templates import FIELDS, check_template, chosen, filled

SIM = Sim(
    giccid="894921260000000014", iccid="8949212600000000142", status=Status.ACTIVE, status_word="ACTIVATED",
    account="acme", plan="iot-100", imsi="262011234567890", custom=("Pump {7} <!here>", "Berlin", None, None, None),
)  # fmt: skip


def test_a_template_takes_what_the_sim_has():
    """Every field stands for the SIM's own; braces in what is filled in, or doubled, are text."""
    text = check_template("{label}/{iccid}/{giccid}/{imsi}/{account}/{plan}/{status}/{custom2} {{x}}")

    assert filled(text, SIM, label_field="custom1") == (
        "Pump {7} <!here>/8949212600000000142/894921260000000014/262011234567890/acme/iot-100/active/Berlin {x}"
    )


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("{label", "a brace stands alone"),
        ("label}", "a brace stands alone"),
        ("{}", "“{}” is no field"),
        ("{0}", "“{0}” is no field"),
        ("{labe}", "“{labe}” is no field of a SIM: there are label, giccid"),
        ("{label.__class__}", "is no field"),
        ("{custom[0]}", "is no field"),
        ("{label!r}", "is no field"),
        ("{label:>1000000000}", "is no field"),
        ("", "write a text"),
        ("x" * 1001, "write a text"),
    ],
)
def test_what_is_no_template(text: str, because: str):
    """A template with a field that no SIM has, or with anything that could do more than fill in, is refused."""
    with pytest.raises(BadInput) as problem:
        check_template(text)

    assert because in str(problem.value)


@given(st.text(max_size=30))
def test_a_template_is_refused_or_filled(text: str):
    """Whatever is written as a template, it is refused, or filled with any SIM that has its fields."""
    try:
        check_template(text)
    except BadInput:
        return
    full = Sim("1", Status.ACTIVE, "A", "1", "2", "3", "4", "5", "6", "7", custom=("a", "b", "c", "d", "e"))
    assert isinstance(filled(text, full, label_field="custom1"), str)


def test_what_the_sim_lacks_is_said():
    """A SIM without a number is not written to with a hole in the text, nor with more than an SMS takes."""
    with pytest.raises(BadInput, match="This SIM has no msisdn"):
        filled("{msisdn}", SIM, label_field="custom1")
    with pytest.raises(BadInput, match="an SMS takes 1,000"):
        filled("x" * 990 + "{label}", SIM, label_field="custom1")
    assert len(FIELDS) == len(set(FIELDS))


def test_a_template_is_named():
    """`template:NAME` means a template where there are any; every other text is what it is."""
    known = {"reboot": "AT+CFUN {label}"}

    assert chosen(" Template:reboot ", known) == "AT+CFUN {label}"
    assert chosen("template:reboot", {}) is None
    assert chosen("reboot template:reboot", known) is None
    with pytest.raises(BadInput, match="There is no template “boot”; there are “reboot”"):
        chosen("template:boot", known)


RULES = (
    Keyword("C1", words=("low", "Alarm")),
    Keyword("C2", pattern="BATT [0-9]+%"),
    Keyword("C1", pattern=".{0,3}low"),
    Keyword("C3", words=("#1",)),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("BATT 12% LOW", (Hit("C1", "low"), Hit("C2", "BATT 12%"))),
        ("alarm!", (Hit("C1", "Alarm"),)),
        ("slowly", (Hit("C1", "slow"),)),
        ("follows", (Hit("C1", "follow"),)),
        ("we are #1", (Hit("C3", "#1"),)),
        ("x BATT 12%", ()),
        ("", ()),
    ],
)
def test_words_lead_to_channels(text: str, found: tuple[Hit, ...]):
    """Each channel hears once, for the first word that fits; a word is whole, a pattern begins the text."""
    assert hits(text, RULES) == found


def test_a_long_text_takes_no_time():
    """However long and however much alike the signs are, a text is looked through at once."""
    began = time.perf_counter()
    hits("a" * 60_000 + "low" * 1000, (*RULES, Keyword("C4", pattern=".*a.*b")))

    assert time.perf_counter() - began < 1.0
