"""Names that look like what somebody wrote."""

from __future__ import annotations

import time

import pytest

from bot.rules.likeness import alike

NAMES = ("acme", "acme-eu", "nordwind-logistics", "lab-trial", "深圳智联账户", "Straße 7")


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("ACME", "acme"),
        ("acne", "acme"),
        ("nordwind", "nordwind-logistics"),
        ("nordwnd-logistic", "nordwind-logistics"),
        ("trial", "lab-trial"),
        ("深圳", "深圳智联账户"),
        ("深圳智连账户", "深圳智联账户"),
        ("strasse 7", "Straße 7"),
    ],
)
def test_the_likeliest_comes_first(word: str, first: str):
    """Capitals, a piece of a name and a slip of the finger all lead to the name that is meant."""
    assert alike(word, NAMES)[0] == first


def test_what_looks_like_nothing():
    """What resembles no name, and nothing at all, is like none."""
    assert alike("zzz", NAMES) == ()
    assert alike("  ", NAMES) == ()


def test_never_too_many():
    """No more names than asked for, and each once."""
    assert alike("site", [f"site-{n}" for n in range(50)], most=3) == ("site-0", "site-1", "site-2")


def test_a_hundred_thousand_names():
    """Among very many names an answer still comes at once."""
    names = [f"customer-{n:06d}" for n in range(100_000)]
    begun = time.perf_counter()

    assert alike("custmer-000007", names)[0] == "customer-000007"
    assert time.perf_counter() - begun < 1.5
