"""A history is one line of time, whatever it is made of: nothing is lost, and the newest stands first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.approvals import State
from bot.rules.changes import Change, ChangeKind
from bot.rules.events import Event, Push
from bot.rules.history import Kind, Told, history
from bot.rules.orders import Order
from bot.rules.sims import Operation
from tests.asked import GICCID, NOW, approved, asked
from tests.views.drawn import TIMES
from tests.views.test_alerts import ALERT

HOUR = timedelta(hours=1)
REQUEST, DECIDED = asked(), approved()
CHANGE = Change(ChangeKind.STATUS, giccid=GICCID, old="active", new="suspended", changed_at=NOW)
EVENT = Event(id=5, push=Push("mo-sms", "k", b"{}", giccid=GICCID, happened_at=NOW), received_at=NOW + HOUR)


@pytest.mark.parametrize(
    ("told", "kind", "at"),
    [
        (CHANGE, Kind.STATUS, NOW),
        (replace(CHANGE, kind=ChangeKind.PLAN), Kind.PLAN, NOW),
        (replace(CHANGE, kind=ChangeKind.IMEI), Kind.IMEI, NOW),
        (replace(CHANGE, kind=None, kind_word="APN"), Kind.OTHER, NOW),
        (replace(CHANGE, changed_at=None), Kind.STATUS, None),
        (EVENT, Kind.SMS, NOW),
        (replace(EVENT, push=replace(EVENT.push, name="no-session")), Kind.EVENTS, NOW),
        (replace(REQUEST, order=Order(Operation.SMS, text="x")), Kind.SMS, NOW),
        (replace(EVENT, push=replace(EVENT.push, happened_at=None)), Kind.SMS, NOW + HOUR),
        (ALERT, Kind.ALERTS, NOW),
        (REQUEST, Kind.OURS, NOW),
        (replace(DECIDED, decided_at=NOW + HOUR), Kind.OURS, NOW + HOUR),
        (replace(DECIDED, decided_at=NOW + HOUR, ended_at=NOW + 2 * HOUR), Kind.OURS, NOW + 2 * HOUR),
        (replace(REQUEST, state=State.LAPSED, ended_at=NOW + 8 * HOUR), Kind.OURS, NOW + 8 * HOUR),
    ],
)
def test_where_each_thing_stands(told: Told, kind: Kind, at: object):
    """A change and a notification stand at their own time, a request where something last happened to it."""
    [entry] = history([told]).entries

    assert (entry.kind, entry.at, entry.told) == (kind, at, told)


def test_all_sources_are_one_line():
    """What comes from different sources is in one order, and what nobody dates stands at its end."""
    undated = replace(CHANGE, changed_at=None)
    made = history(
        [replace(CHANGE, changed_at=NOW - HOUR), undated],
        [REQUEST],
        [replace(ALERT, raised_at=NOW + HOUR)],
        missing=["x"],
    )

    assert [entry.kind for entry in made.entries] == [Kind.ALERTS, Kind.OURS, Kind.STATUS, Kind.STATUS]
    assert made.entries[-1].told is undated
    assert made.missing == ("x",)


@given(times=st.lists(st.one_of(st.none(), TIMES), max_size=12), cut=st.integers(0, 12))
def test_nothing_is_lost(times: list, cut: int):
    """However the times lie, every entry is there once, the newest first, those without a time last."""
    told = [replace(CHANGE, changed_at=at, new=str(n)) for n, at in enumerate(times)]

    found = history(told[:cut], told[cut:]).entries

    dated = [entry.at for entry in found if entry.at is not None]
    assert {entry.told.new for entry in found if isinstance(entry.told, Change)} == {str(n) for n in range(len(times))}
    assert len(found) == len(times)
    assert dated == sorted(dated, reverse=True)
    assert all(entry.at is None for entry in found[len(dated) :])


def test_what_it_can_be_narrowed_to():
    """Each kind can be taken out alone, and is counted."""
    made = history([CHANGE, replace(CHANGE, kind=ChangeKind.IMEI)], [REQUEST], [EVENT])

    assert made.counts() == {Kind.STATUS: 1, Kind.IMEI: 1, Kind.OURS: 1, Kind.SMS: 1}
    assert [entry.told for entry in made.of(Kind.OURS)] == [REQUEST]
    assert made.of(Kind.PLAN) == ()
    assert made.of(None) == made.entries
