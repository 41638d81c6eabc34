"""Each of the nine notifications is drawn with what it says, and what could not be read is shown as it came."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.events import EVENTS, Event, Push
from bot.views import events as view
from tests.views.drawn import COUNT, GICCID, IDS, MAYBE, NASTY, NOW, TEXT, TIMES, enough, known_to_the_sdk, sound, words

EARLIER = NOW - timedelta(days=2)
FACTS: dict[str, tuple[dict[str, object], str]] = {
    "mo-sms": ({"text": "BATT 12% <!channel>"}, "BATT 12% <!channel>"),
    "mt-sms-status": ({"sms_id": "sms-1", "status": "DELIVERED"}, "sms-1: DELIVERED"),
    "cycle-usage": (
        {"cycle": "2026-11", "usage_bytes": 83_886_080, "threshold_bytes": 80_000_000},
        "83.9 MB used, threshold 80.0 MB",
    ),
    "imei-change": ({"old": "490154203237518", "new": "356938035643809"}, "490154203237518 → 356938035643809"),
    "no-session": ({"last_session_at": EARLIER, "hours": 48}, ", 48 h without one"),
    "package-expired": ({"plan": "iot-100", "expires_at": NOW}, "iot-100, expiry "),
    "package-traffic": (
        {"plan": "iot-100", "total_bytes": 100_000_000, "used_bytes": 80_000_000, "percent": 80},
        "iot-100: 80.0 MB of 100.0 MB, threshold 80 %",
    ),
    "sim-status-change": ({"old": "active", "new": "suspended"}, "active → suspended"),
    "apn-status-change": ({"apn": "iot.smarthub", "old": "on", "new": "off"}, "iot.smarthub: on → off"),
}


def event(name: str, facts: dict[str, object] | None = None, **push: object) -> Event:
    """A notification of this name that came just now."""
    made = Push(name=name, key="k", body=b"{}", giccid=GICCID, account="acme", facts=facts or {})  # type: ignore[arg-type] - facts of every kind
    made = replace(made, **push)  # type: ignore[arg-type] - each test names fields as they are
    return Event(id=5, push=made, received_at=NOW, label="Pump 7")


@pytest.mark.parametrize("name", list(EVENTS))
def test_each_of_the_nine(name: str):
    """Every event says in its title what it is about and which SIM, and in its lines what it tells."""
    facts, said = FACTS[name]
    card = view.card(event(name, facts))

    assert card.text.startswith(f"{EVENTS[name]}: Pump 7\nSIM  Pump 7  {GICCID}\n")
    assert said in words(card)
    assert said in html.unescape(card.text)
    assert all(told in words(card) for told in ("Pump 7", GICCID, "acme", "Notification 5"))
    sound(card)
    known_to_the_sdk(card)


@pytest.mark.parametrize("name", list(EVENTS))
def test_each_of_the_nine_with_nothing_in_it(name: str):
    """An event that left out all it should say is drawn with what is not known."""
    bare = Event(id=5, push=Push(name=name, key="k", body=b"{}"), received_at=NOW)

    assert view.card(bare).text.startswith(f"{EVENTS[name]}: unknown SIM\nSIM  not named\n")
    assert "not named" in words(view.card(bare))
    sound(view.card(bare))


def test_every_event_has_its_own_mark_and_lines():
    """No event is forgotten in the tables of the view."""
    assert set(view.TELL) == set(view.GRAVE) == set(EVENTS) == set(FACTS)


def test_what_could_not_be_read_is_shown_as_it_came():
    """A flawed notification says what is wrong and shows its body."""
    card = view.card(event("cycle-usage", flaw="usageBytes: a text", body=b'{"usageBytes": "<@U1> \xff"}'))

    assert "could not be read in full:  usageBytes: a text" in words(card)
    assert '{"usageBytes": "<@U1> �"}' in words(card)
    sound(card)


def test_an_sms_is_shown_word_for_word():
    """The text of an SMS stands in a box of its own, whatever it looks like."""
    for text in NASTY:
        card = view.card(event("mo-sms", {"text": text}))

        sound(card)
        boxes = [b for b in card.blocks if "preformatted" in str(b)]
        assert len(boxes) == 1


def test_the_time_it_happened_and_else_the_time_it_came():
    """The card shows when it happened; when that is not known, when it came."""
    stamps = [
        p["timestamp"]
        for e in (event("mo-sms", happened_at=EARLIER), event("mo-sms"))
        for b in view.card(e).blocks
        for s in b.get("elements", ())  # type: ignore[attr-defined] - rich text
        for p in s.get("elements", ())
        if p["type"] == "date"
    ]

    assert stamps == [int(EARLIER.timestamp()), int(NOW.timestamp())]


FACT = st.one_of(TEXT, COUNT, TIMES, st.none())
KEYS = sorted({key for facts, _ in FACTS.values() for key in facts})
PUSHES = st.builds(
    Push,
    name=st.sampled_from(list(EVENTS)),
    key=TEXT,
    body=st.one_of(st.binary(max_size=100), st.sampled_from(NASTY).map(lambda t: t.encode("utf-8", "replace"))),
    giccid=MAYBE,
    account=MAYBE,
    happened_at=st.one_of(st.none(), TIMES),
    facts=st.dictionaries(st.sampled_from(KEYS), FACT),
    flaw=MAYBE,
)


@enough
@given(push=PUSHES, id=IDS, label=MAYBE)
def test_whatever_it_holds_slack_takes_it(push: Push, id: int, label: str | None):
    """With hostile and huge values in every field a notification's card is taken and harmless."""
    card = view.card(Event(id=id, push=push, received_at=NOW, label=label))

    sound(card)
    assert card.text.startswith(EVENTS[push.name])


def test_the_samples_are_all_here():
    """For each event there is a realistic body among the samples."""
    samples = Path(__file__).parents[1] / "samples" / "pushes"

    assert {p.stem for p in samples.glob("*.json")} == set(EVENTS)


@pytest.mark.parametrize(("repeats", "said"), [(1, "once more, last "), (7, "7 times more, last ")])
def test_what_came_again_is_counted_on_its_card(repeats: int, said: str):
    """A notification that came again is not a second card: the one there is counts."""
    again = replace(event("imei-change"), repeats=repeats, last_at=NOW)

    assert said in words(view.card(again))
    assert "Came again" not in words(view.card(event("imei-change")))
