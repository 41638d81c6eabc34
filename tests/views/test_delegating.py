"""Who approves in whose place is said to both of them, and listed for all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given

from bot.rules.quorum import Delegation
from bot.views import delegating as view
from tests.asked import NOW
from tests.views.drawn import TEXT, TIMES, enough, sound, words

GIVEN = Delegation("U1", "U2", NOW + timedelta(days=3))


def test_what_both_hear():
    """Both read who may approve in whose place, until when, and what it does not reach."""
    told = view.given(GIVEN)

    assert told.text == (
        "<@U2> may approve in the place of <@U1> until 2026-11-25 09:30 UTC, "
        "but nothing that one of the two has asked for."
    )
    sound(told, people=["U1", "U2"])


def test_the_list():
    """Each delegation is a line, in the text too; where there is none it says how to give one."""
    listed = view.listing([GIVEN, Delegation("U3", "U1", NOW)], command="/sim")

    assert listed.text == (
        "Who stands in for whom\n<@U2> for <@U1> until 2026-11-25 09:30 UTC\n<@U1> for <@U3> until 2026-11-22 09:30 UTC"
    )
    assert "/sim delegate U0123456789" in view.listing([], command="/sim").text
    sound(listed, people=["U1", "U2", "U3"])
    sound(view.listing([], command="/sim"))


@pytest.mark.parametrize(("count", "more"), [(50, False), (51, True), (4000, True)])
def test_more_than_fifty(count: int, *, more: bool):
    """Fifty are listed, and how many there are beyond is said."""
    listed = view.listing([GIVEN] * count, command="/sim")

    assert words(listed).count("<@U2>") == 50
    assert (f"… and {count - 50:,} more." in words(listed)) is more
    sound(listed, people=["U1", "U2"])


@enough
@given(until=TIMES, command=TEXT.map(lambda text: "/" + text.replace("<", "").strip()[:30]))
def test_whenever_it_ends_slack_takes_it(until, command: str):
    """Whenever it ends and whatever the command is called, both messages are taken."""
    sound(view.given(Delegation("U1", "U2", until)), people=["U1", "U2"])
    sound(view.listing([Delegation("U1", "U2", until)], command=command), people=["U1", "U2"])
    sound(view.listing([], command=command))
