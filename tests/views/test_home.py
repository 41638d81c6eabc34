"""The Home, the help and the health are drawn for whoever looks, whatever they hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.rules.approvals import Approval, State
from bot.rules.commands import VERBS
from bot.rules.people import Person, Role
from bot.rules.runs import Standing
from bot.rules.sims import Operation
from bot.simulator.slack.words import read
from bot.views import help as help_view
from bot.views import home, status
from tests.asked import NOW, asked, asked_for_many
from tests.views.drawn import buttons, sound, sound_view, words
from tests.views.requests import REQUEST
from tests.views.test_alerts import ALERT


def drawn(role: Role = Role.OPERATOR, **facts: object):
    """The Home of one person."""
    return home.view(Person("U1", role), home.Facts(**facts), command="/sim")  # type: ignore[arg-type] - each test names facts as they are


def told(role: Role = Role.OPERATOR, **facts: object) -> str:
    """All that is read on it, on one line."""
    return " ".join(" ".join(read(drawn(role, **facts)["blocks"])).split())


@pytest.mark.parametrize("role", list(Role))
def test_an_empty_home(role: Role):
    """With nothing to show the Home says so, and which role one has; what is well is said too."""
    for said in (
        "Nothing waits.",
        "Nothing of yours is open.",
        "Nothing is under way.",
        "No alert is open.",
        "SmartHub not asked yet Nothing is wrong with simops.",
        f"You are {role.word} here.",
    ):
        assert said in told(role)
    sound_view(drawn(role), kind="home")


def test_a_full_home():
    """What waits, what is mine and what is open each stand under their headline."""
    mine, running = replace(REQUEST, id=13), replace(REQUEST, id=14, state=State.RUNNING)
    seen = told(waiting=[REQUEST], mine=[mine], under_way=[running], alerts=[ALERT])
    headings = ("Waiting for a decision", "#12", "What you asked for", "#13", "Being carried out", "#14", "Open alerts")
    at = [seen.index(w) for w in (*headings, "Health")]

    assert at == sorted(at)
    assert "80 % of the quota used" in seen


def test_who_decides_reads_what_waits_for_them():
    """For who may decide something it is what waits for them; for the others it is what waits for somebody."""
    for role in Role:
        for decides in (True, False):
            assert ("Waits for you" in told(role, decides=decides)) is decides
            assert ("Waiting for a decision" in told(role, decides=decides)) is not decides


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (REQUEST, "#12 suspend Pump 7 (pending), asked by <@U1>"),
        (asked(Operation.PLAN), "#12 change the rate plan to “iot-500”: Pump 7 (pending)"),
        (asked_for_many(Operation.RETIRE), "#12 retire 200 SIMs (pending)"),
    ],
)
def test_each_request_says_what_it_is(request_: Approval, said: str):
    """A request on the Home says what is to be done with all it takes, to which SIM or how many."""
    assert said in told(waiting=[request_])


def test_a_search_stands_first():
    """The first thing on the Home is a menu that finds a SIM while one types."""
    [search, *_] = drawn()["blocks"]

    assert [(e["type"], e["action_id"]) for e in search["elements"]] == [("external_select", "find.sim")]


def test_more_than_is_shown_is_counted():
    """Where not all are shown it says how many more there are."""
    seen = told(waiting=[REQUEST], waiting_count=4, alerts=[ALERT] * 10, alerts_count=1010)

    assert "… and 3 more." in seen
    assert "… and 1,000 more." in seen
    assert "more." not in told(waiting=[REQUEST], waiting_count=1, alerts=[ALERT], alerts_count=1)


def test_what_is_wrong_is_on_the_home():
    """Trouble is told in its own words, the first five of it."""
    seen = told(smarthub="did not answer the last check", troubles=[f"Part {n} has stopped." for n in range(7)])

    assert "SmartHub did not answer the last check Trouble Part 0 has stopped." in seen
    assert "Part 4 has stopped. … and 2 more." in seen
    assert "Nothing is wrong" not in seen


@pytest.mark.parametrize("role", list(Role))
def test_help_lists_every_verb(role: Role):
    """Every verb is in the help, in the blocks and in the text; those that take more say what they take."""
    listed = help_view.listing(role, command="/sim")

    for verb, row in VERBS.items():
        assert f"/sim {verb}" in words(listed)
        assert row.does in listed.text
    for other in Role:
        verbs = sum(verb.role is other for verb in VERBS.values())
        assert listed.text.count(f"(takes {other.word})") == (verbs if role < other else 0)
    sound(listed)


@pytest.mark.parametrize("role", list(Role))
def test_the_menu(role: Role):
    """`/sim` alone offers a search and what is asked for most; who may see nothing gets the list of commands."""
    menu = help_view.menu(Person("U1", role), command="/sim")
    offered = {"menu.find", "menu.approvals", "menu.alerts", "menu.status", "menu.help"}

    assert set(buttons(menu.blocks).values()) == (offered if role >= Role.VIEWER else set())
    assert (menu == help_view.listing(role, command="/sim")) is (role < Role.VIEWER)
    sound(menu)


def test_the_form_for_a_search():
    """The form asks for words and filters as they are typed behind `find`, with an example."""
    modal = help_view.find_modal()
    [field] = modal["blocks"]  # type: ignore[misc] - a list of one block

    assert field["block_id"] == help_view.WORDS
    assert field["element"]["placeholder"]["text"] == "berlin status:suspended account:acme usage>80%"
    sound_view(modal, kind="modal")


def test_who_may_see_nothing():
    """Who has no role reads which one that is and who gives it."""
    closed = home.closed(Person("U1", Role.NOBODY), command="/sim")

    assert "an admin sets who is what under [roles]" in " ".join(read(closed["blocks"]))  # type: ignore[arg-type] - blocks
    sound_view(closed, kind="home")


def health(word: str = "reachable", *, said: str = "12 SIMs; 0 alerts raised", many: int = 1) -> status.Health:
    """How the bot is."""
    return status.Health(
        smarthub=word,
        waiting_messages=2**31,
        oldest_waiting_at=NOW,
        last_push_at=None,
        open_requests=3,
        set_aside=2,
        jobs={f"job {n}": Standing(NOW, said) for n in range(many)},
        troubles=(word,) * many,
    )


def test_the_health_says_when_each_job_runs():
    """Of each job it says when it ran last and what came of it, and when it runs next; of one that never ran
    says so, and of one that runs since when."""
    later = NOW + timedelta(minutes=15)
    jobs = {
        "alerts": Standing(NOW, "12 SIMs; 0 alerts raised", later),
        "texts": Standing(NOW, None, later),
        "audit": Standing(None, None, later),
        "lists": Standing(),
        "sms": Standing(None, None, later, NOW),
        "files": Standing(NOW, "2 sent", later, NOW),
    }
    listed = status.listing(replace(health(), jobs=jobs))

    at, following = (f"{one:%Y-%m-%d %H:%M} UTC" for one in (NOW, later))
    assert listed.text.splitlines()[-6:] == [
        f"alerts  {at}  12 SIMs; 0 alerts raised; next {following}",
        f"texts  {at}  nothing to do; next {following}",
        f"audit  not run yet; next {following}",
        "lists  not run yet",
        f"sms  running since {at}",
        f"files  running since {at}; before: {at}  2 sent",
    ]
    assert "12 SIMs; 0 alerts raised ; next" in words(listed)


def test_the_health_says_what_is_wrong_first():
    """Trouble stands before everything else, and what never happened is said to be so."""
    listed = status.listing(health("unreachable"))

    assert words(listed).startswith("Trouble   unreachable")
    assert "none yet" in words(listed)
    assert "12 SIMs; 0 alerts raised" in words(listed)
    assert listed.text.startswith("Trouble  unreachable\nSmartHub  unreachable\nMessages waiting for Slack  2147483648")
