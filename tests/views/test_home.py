"""The Home, the help and the health are drawn for whoever looks, whatever they hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.commands import VERBS
from bot.rules.people import Person, Role
from bot.simulator.slack.words import read
from bot.views import help as help_view
from bot.views import home, status
from tests.views.drawn import NOW, TEXT, TIMES, enough, known_to_the_sdk, sound, sound_view, words
from tests.views.test_alerts import ALERT, ALERTS
from tests.views.test_approvals import REQUEST, REQUESTS


def drawn(role: Role = Role.OPERATOR, *, waiting=(), mine=(), alerts=()):
    """The Home of one person."""
    return home.view(Person("U1", role), waiting=waiting, mine=mine, alerts=alerts, command="/sim")


@pytest.mark.parametrize("role", list(Role))
def test_an_empty_home(role: Role):
    """With nothing to show the Home says so, and which role one has."""
    told = " ".join(read(drawn(role)["blocks"]))

    for said in ("Nothing waits.", "Nothing of yours is open.", "No alert is open.", f"You are {role.word} here."):
        assert said in told
    sound_view(drawn(role), kind="home")


def test_a_full_home():
    """What waits, what is mine and what is open each stand under their headline."""
    told = read(drawn(waiting=[REQUEST], mine=[replace(REQUEST, id=13)], alerts=[ALERT])["blocks"])
    at = [told.index(w) for w in ("Waiting for a decision", "#12", "What you asked for", "#13", "Open alerts")]

    assert at == sorted(at)
    assert "80 % of the quota used" in told


@enough
@given(request=REQUESTS, alert=ALERTS, count=st.sampled_from([1, 10, 50]))
def test_whatever_it_holds_slack_takes_the_home(request, alert, count: int):
    """With hostile text in every row, and many rows, the Home is taken and harmless."""
    sound_view(drawn(waiting=[request] * count, mine=[request] * count, alerts=[alert] * count), kind="home")


@pytest.mark.parametrize("role", list(Role))
def test_help_lists_every_verb(role: Role):
    """Every verb is in the help, in the blocks and in the text; those that take more say what they take."""
    listed = help_view.listing(role, command="/sim")

    for verb, row in VERBS.items():
        assert f"/sim {verb}" in words(listed)
        assert row.does in listed.text
    assert listed.text.count("(takes an operator)") == (3 if role < Role.OPERATOR else 0)
    sound(listed)
    known_to_the_sdk(listed)


def health(word: str = "reachable", *, said: str = "12 SIMs; 0 alerts raised", many: int = 1) -> status.Health:
    """How the bot is."""
    return status.Health(
        smarthub=word,
        waiting_messages=2**31,
        oldest_waiting_at=NOW,
        last_push_at=None,
        open_requests=3,
        set_aside=2,
        jobs={f"job {n}": (NOW, said) for n in range(many)},
        troubles=(word,) * many,
    )


def test_the_health_says_what_is_wrong_first():
    """Trouble stands before everything else, and what never happened is said to be so."""
    listed = status.listing(health("unreachable"))

    assert words(listed).startswith("Trouble   unreachable")
    assert "none yet" in words(listed)
    assert "12 SIMs; 0 alerts raised" in words(listed)
    assert listed.text.startswith("SmartHub: unreachable. 2147483648 messages")


@enough
@given(word=TEXT, said=TEXT, at=TIMES)
def test_whatever_it_holds_slack_takes_the_health(word: str, said: str, at):
    """With hostile text in every part the health is taken and harmless."""
    sound(status.listing(replace(health(word, said=said, many=4), last_push_at=at, oldest_waiting_at=None)))
