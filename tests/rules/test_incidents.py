"""What may happen to an incident, when a SIM flaps, what a storm has in common, and when silence is unusual."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import NotAllowed, NotPossible
from bot.rules import incidents as rule
from bot.rules.events import EVENTS, GRAVITY, Push, Severity, same_model, severity_of
from bot.rules.incidents import Incident, State, flaps
from bot.rules.people import Person, Role
from bot.rules.silence import Hour, is_unusual, usual_pause
from bot.rules.storms import likely_cause, tally, top

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
OPERATOR, VIEWER = Person("U1", Role.OPERATOR), Person("U2", Role.VIEWER)
OPEN = Incident(1, "no-session", Severity.HIGH, NOW, NOW, ("C1",), giccid="8949")


def test_the_steps() -> None:
    """An operator may take it, give it away, put it off and end it; each step is a version further."""
    taken = rule.acknowledge(OPEN, by=OPERATOR, now=NOW)
    given = rule.assign(taken, "U3", by=OPERATOR, now=NOW)
    off = rule.snooze(given, by=OPERATOR, until=NOW + timedelta(hours=1), now=NOW)
    woken = rule.wake(off, now=NOW)
    over = rule.resolve(woken, by=OPERATOR, why="a new device", now=NOW)

    assert [one.state for one in (taken, given, off, woken, over)] == [
        *(State.ACKNOWLEDGED, State.ACKNOWLEDGED, State.SNOOZED, State.OPEN, State.RESOLVED)
    ]
    assert [one.version for one in (OPEN, taken, given, off, woken, over)] == [1, 2, 3, 4, 5, 6]
    assert (given.assignee, off.until, woken.until, over.why) == ("U3", NOW + timedelta(hours=1), None, "a new device")


def test_who_may_not() -> None:
    """A viewer may take no step; nobody takes one on what is resolved, or one of many by now."""
    for incident, by, error in (
        (OPEN, VIEWER, NotAllowed),
        (replace(OPEN, state=State.RESOLVED), OPERATOR, NotPossible),
        (replace(OPEN, storm_id=2), OPERATOR, NotPossible),
    ):
        with pytest.raises(error):
            rule.acknowledge(incident, by=by, now=NOW)
        with pytest.raises(error):
            rule.snooze(incident, by=by, until=NOW, now=NOW)
        with pytest.raises(error):
            rule.assign(incident, "U3", by=by, now=NOW)
        with pytest.raises(error):
            rule.resolve(incident, by=by, why=None, now=NOW)


def test_a_double_click_snoozes_once() -> None:
    """Put off twice in a moment is once; put off again later is longer."""
    until = NOW + timedelta(days=1)
    off = rule.snooze(OPEN, by=OPERATOR, until=until, now=NOW)

    with pytest.raises(NotPossible, match="put off just now"):
        rule.snooze(off, by=OPERATOR, until=until + timedelta(seconds=1), now=NOW + timedelta(seconds=1))
    longer = until + timedelta(hours=1)
    assert rule.snooze(off, by=OPERATOR, until=longer, now=NOW).until == longer


def test_twice_is_told() -> None:
    """Whoever takes what is taken, or gives it to whose it is, is told so."""
    taken = rule.acknowledge(OPEN, by=OPERATOR, now=NOW)

    with pytest.raises(NotPossible, match="<@U1> has acknowledged this already"):
        rule.acknowledge(taken, by=OPERATOR, now=NOW)
    with pytest.raises(NotPossible, match="<@U3>'s already"):
        rule.assign(rule.assign(taken, "U3", by=OPERATOR, now=NOW), "U3", by=OPERATOR, now=NOW)


@pytest.mark.parametrize(
    ("reads", "minutes", "times"),
    [
        ([], 1, 0),
        (["on", "off", "on"], 1, 0),
        (["on", "off", "on", "off"], 1, 4),
        (["a", "b", "c", "d"], 1, 0),
        (["on", "off", "on", "off"], 20, 0),
        (["on", "off", "on", "off", "on", "off"], 7, 5),
    ],
)
def test_flapping(reads: list[str], minutes: int, times: int) -> None:
    """To and fro at least four times within half an hour is flapping; going one's way, or slowly, is not."""
    assert flaps([(NOW + timedelta(minutes=n * minutes), word) for n, word in enumerate(reads)]) == times


@pytest.mark.parametrize(
    ("storm", "fleet", "cause"),
    [
        ({}, {}, None),
        ({"country": {"DE": 10}}, {"country": {"DE": 100, "FR": 900}}, ("country", "DE")),
        ({"country": {"DE": 10}}, {"country": {"DE": 1000}}, None),
        ({"country": {"DE": 7, "FR": 3}}, {"country": {"DE": 1, "FR": 99}}, None),
        ({"account": {"acme": 9, "b": 1}, "country": {"DE": 10}}, {"account": {"acme": 1, "b": 99}, "country": {"DE": 9,
          "FR": 1}}, ("account", "acme")),
        ({"country": {"unknown": 9, "DE": 1}}, {"country": {"DE": 9}}, None),
        ({"country": {"unknown": 1, "DE": 9}}, {"country": {"DE": 1, "FR": 9}}, ("country", "DE")),
        ({"model": {"35693803": 5}}, {}, ("model", "35693803")),
    ],
)  # fmt: skip
def test_the_likely_cause(
    storm: dict[str, dict[str, int]], fleet: dict[str, dict[str, int]], cause: tuple[str, str] | None
) -> None:
    """What most of them share and the fleet does not is the likely cause; what all share, or few, or what is not
    known of them, is none."""
    found = likely_cause(storm, fleet=fleet)

    assert (None if found is None else (found.what, found.value)) == cause


def test_counts_are_in_order() -> None:
    """Rows add up, and those with most come first."""
    counts = tally([("plan", "a", 1), ("plan", "b", 2), ("plan", "a", 3), ("country", "DE", 1)])

    assert counts == {"plan": {"a": 4, "b": 2}, "country": {"DE": 1}}
    assert top(counts["plan"], most=1) == [("a", 4)]


def hours(*gaps: int, hour: int = 8) -> list[Hour]:
    """The same hour on as many days before, with these longest pauses in minutes."""
    at = NOW.replace(hour=hour, minute=0)
    return [Hour(at - timedelta(days=n), 10, timedelta(minutes=gap)) for n, gap in enumerate(gaps, 1)]


def test_silence_that_is_unusual() -> None:
    """Three times the longest usual pause of this hour is unusual; less, or without days to compare, is not."""
    usual = hours(10, 12, 8, 9)

    assert usual_pause(usual, now=NOW) == timedelta(minutes=12)
    assert is_unusual(NOW - timedelta(minutes=37), usual, now=NOW) == timedelta(minutes=12)
    assert is_unusual(NOW - timedelta(minutes=36), usual, now=NOW) is None
    assert is_unusual(NOW - timedelta(days=3), hours(10, 12), now=NOW) is None
    assert is_unusual(NOW - timedelta(days=3), hours(10, 12, 8, hour=9), now=NOW) is None


def test_one_bad_day_does_not_make_silence_usual() -> None:
    """The longest pause out of more than ten is an accident and not what is usual; a short one is never unusual."""
    usual = hours(*[1] * 10, 600)

    assert is_unusual(NOW - timedelta(minutes=16), usual, now=NOW) == timedelta(minutes=1)
    assert is_unusual(NOW - timedelta(minutes=14), usual, now=NOW) is None


@pytest.mark.parametrize(
    ("event", "facts", "severity"),
    [
        ("imei-change", {"old": "35693803" + "0" * 7, "new": "35693803" + "1" * 7}, Severity.MEDIUM),
        ("imei-change", {"old": "35693803" + "0" * 7, "new": "86000000" + "1" * 7}, Severity.HIGH),
        ("imei-change", {}, Severity.HIGH),
        ("no-session", {"hours": 167}, Severity.MEDIUM),
        ("no-session", {"hours": 168}, Severity.HIGH),
        ("package-expired", {"expires_at": NOW}, Severity.HIGH),
        ("package-expired", {"expires_at": NOW + timedelta(days=1)}, Severity.MEDIUM),
        ("package-expired", {"expires_at": NOW + timedelta(days=8)}, Severity.LOW),
        ("package-traffic", {"percent": 100}, Severity.HIGH),
        ("package-traffic", {"percent": 90}, Severity.MEDIUM),
        ("package-traffic", {"percent": 80}, Severity.LOW),
        ("package-traffic", {}, Severity.MEDIUM),
        ("cycle-usage", {}, Severity.MEDIUM),
        ("sim-status-change", {"new": "retired"}, Severity.HIGH),
        ("sim-status-change", {"new": "suspended"}, Severity.MEDIUM),
        ("sim-status-change", {"new": "active"}, Severity.LOW),
        ("apn-status-change", {"new": "off"}, Severity.MEDIUM),
        ("apn-status-change", {"new": "on"}, Severity.LOW),
        ("mo-sms", {}, Severity.LOW),
        ("mt-sms-status", {"status": "FAILED"}, Severity.MEDIUM),
        ("mt-sms-status", {"status": "DELIVERED"}, Severity.LOW),
    ],
)
def test_how_grave_it_is(event: str, facts: dict[str, object], severity: Severity) -> None:
    """What is lost, final or in another device is grave; what can be read only in part may be anything."""
    push = Push(event, "id:1", b"{}", facts=facts)  # type: ignore[arg-type]  # facts of every kind

    assert severity_of(push, now=NOW) is severity
    assert severity_of(replace(push, flaw="odd"), now=NOW) is Severity.MEDIUM


def test_every_event_has_its_gravity() -> None:
    """None of the nine is forgotten; IMEIs that are no IMEIs are of no known model."""
    assert set(GRAVITY) == set(EVENTS)
    assert same_model("1", "35693803") is None
