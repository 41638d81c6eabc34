"""The patterns of reasons: what can be used, and that none of it can take long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.patterns import REASON_AT_MOST, compile_pattern, fits

GOOD = [
    ("OPS-[0-9]+", "OPS-12", True),
    ("OPS-[0-9]+", "OPS-12 and more", False),
    ("OPS-[0-9]+.*", "OPS-12 and\nmore", True),
    (r".*\b(OPS|INC|CHG)-\d{3,6}\b.*", "see INC-1234, please", True),
    (r"(?:OPS|INC)-\d+( .+)?", "INC-7", True),
    (r"[]a]+", "]a]", True),
    (r"[^]]+", "abc", True),
    (r"\[\d+\]", "[12]", True),
    (r"\(\d+\)+", "(12)))", True),
    (r"a{2}b{,3}c{1,}", "aabccc", True),
    ("x{}", "x{}", True),
    ("[[a]", "[", True),
    ("a+?b*?", "aab", True),
    ("ö.*", "ö!", True),
]


@pytest.mark.parametrize(("pattern", "reason", "whole"), GOOD)
def test_patterns_that_can_be_used(pattern: str, reason: str, whole: bool) -> None:
    """A pattern fits when all of the reason matches, line breaks too."""
    assert fits(pattern, reason) is whole


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+", "(a*)*b", "(a|a)*b", "(a|aa)+$", r"(\w+\s?)+x", "(?:a+){2,}", "((a+)b)+", "(a{1,9}){9}",
        ".*.*.*.*.*x", "a*a*a*a*a*a*b", "a?" * 30 + "a" * 30, "(a|a)" * 30 + "b", "a{0,50}" * 20 + "b",
        r"(a+)\1", "(?=a)b", "(?<!a)b", "(?i)a", "(?P<n>a)", "(?#c)", "(?>a)", "(?(1)a|b)",
        "", "(", "[", "a**", "{1}{2", "a" * 201, "\\", "*", "a{99999999999}", "(" * 150,
    ],
)  # fmt: skip
def test_patterns_that_cannot(pattern: str) -> None:
    """Repeated groups, signs that look around or back, too many choices, and what is no pattern are refused."""
    with pytest.raises(BadInput):
        compile_pattern(pattern)


def test_a_reason_that_is_too_long() -> None:
    """No pattern fits a reason longer than the longest."""
    assert fits(".*", "x" * REASON_AT_MOST)
    assert not fits(".*", "x" * (REASON_AT_MOST + 1))


PIECES = [
    "a",
    "b",
    ".",
    "[ab]",
    r"\w",
    "a*",
    "a+",
    ".*",
    "[ab]+",
    "a?",
    "a{0,9}",
    "a{2,}",
    "(a|ab)",
    "(a|b)?",
    "|",
    "\\.",
]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=14))
def test_what_is_taken_is_quick(pieces: list[str]) -> None:
    """Whatever pattern is taken answers soon for the reason that makes it try the most."""
    pattern = "".join(pieces)
    try:
        compile_pattern(pattern)
    except BadInput:
        return
    began = time.process_time()
    for reason in ("a" * (REASON_AT_MOST - 1) + "!", "ab" * 249 + "!", "a" * 30 + "!"):
        fits(pattern, reason)

    assert time.process_time() - began < 5


@given(st.text(st.sampled_from("ab(|)[]{}*+?.\\^$,19-:=<!"), max_size=24))
def test_any_text_is_taken_or_refused(pattern: str) -> None:
    """Whatever is written is taken, or refused in a sentence; nothing else is raised."""
    try:
        taken = compile_pattern(pattern)
    except BadInput:
        return
    assert isinstance(taken, re.Pattern)
