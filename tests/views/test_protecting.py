"""The list of protected SIMs says who protected which and why, in a message that Slack takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st

from bot.rules.shields import Shield
from bot.views import protecting as view
from tests.asked import GICCID, NOW
from tests.views.drawn import MAYBE, TEXT, TIMES, sound, words

SHIELD = Shield(GICCID, "Pump 7", "U1", NOW, "the heart pump")


def test_each_is_named():
    """Each SIM stands with its label first, its number, who protected it, when and why; in the text too."""
    listed = view.listing([SHIELD, replace(SHIELD, label="Pump 8", why=None)], count=2)

    assert listed.text == (
        f"2 protected SIMs.\nPump 7 {GICCID} by <@U1> 2026-11-22 09:30 UTC  the heart pump\n"
        f"Pump 8 {GICCID} by <@U1> 2026-11-22 09:30 UTC"
    )
    assert "2 protected SIMs" in words(listed)
    sound(listed, people=["U1"])


def test_none():
    """Where none is protected it says how one gets to be."""
    assert "No SIM is protected. protect ID because REASON keeps" in view.listing([], count=0).text
    assert view.listing([SHIELD], count=1).text.startswith("1 protected SIM.")


@pytest.mark.parametrize("count", [100, 5000])
def test_more_than_a_message_holds(count: int):
    """Of more than a message holds the newest are listed and the rest is counted."""
    listed = view.listing([replace(SHIELD, label="x" * 500, why="y" * 500)] * 100, count=count)

    shown = words(listed).count("<@U1>")
    assert 40 < shown < 100
    assert f"… and {count - shown:,} that were protected before these." in words(listed)
    sound(listed, people=["U1"])


SHIELDS = st.builds(Shield, TEXT, TEXT, st.just("U1"), TIMES, MAYBE)
