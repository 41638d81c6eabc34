"""What a SIM lacks to be judged is found, and is said by what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.rules.sims import Sim, Status
from bot.rules.unjudged import Why, as_bits, counted, from_bits, in_words, missing

SIM = Sim("8949212600000000142", Status.ACTIVE, "ACTIVATED", cycle="2026-11", usage_bytes=0, quota_bytes=100)


@pytest.mark.parametrize(
    ("sim", "wanted"),
    [
        (SIM, []),
        (replace(SIM, quota_bytes=None), [Why.QUOTA]),
        (replace(SIM, quota_bytes=0), [Why.QUOTA]),
        (replace(SIM, usage_bytes=None, quota_bytes=-1), [Why.QUOTA, Why.USAGE]),
        (replace(SIM, usage_bytes=-1), [Why.USAGE]),
        (replace(SIM, cycle=None), []),
        (replace(SIM, cycle="2026-13"), [Why.CYCLE]),
        (replace(SIM, cycle=""), [Why.CYCLE]),
        (replace(SIM, status=Status.RETIRED, usage_bytes=None, quota_bytes=0, cycle="Q4"), []),
    ],
)
def test_what_is_missing(sim: Sim, wanted: list[Why]):
    """Each thing that is missing counts once; a SIM that is retired, or whose cycle is left out, misses nothing. As a
    number it comes back as it was."""
    assert counted([missing(sim), missing(SIM)]) == dict.fromkeys(wanted, 1)
    assert from_bits(as_bits(missing(sim))) == set(wanted)


def test_in_words():
    """The counts in one order, and nothing where there are none."""
    assert in_words({Why.CYCLE: 1_200, Why.QUOTA: 3}) == "3 without a quota, 1,200 with a cycle that is not a month"
    assert in_words({Why.USAGE: 0}) == in_words({}) == ""
