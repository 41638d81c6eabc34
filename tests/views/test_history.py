"""A history says when, what, who and why, in a message that Slack takes and in lines a spreadsheet takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.approvals import Approval, State
from bot.rules.changes import Change, ChangeKind
from bot.rules.events import EVENTS
from bot.rules.history import Kind, Told, history
from bot.rules.sims import Operation
from bot.views import history as view
from tests.asked import GICCID, NOW, approved, asked
from tests.views.drawn import MAYBE, TEXT, TIMES, buttons, enough, sound, words
from tests.views.requests import BROKEN, DECIDED, REQUEST, REQUESTS
from tests.views.test_alerts import ALERT, ALERTS
from tests.views.test_events import FACTS, event

ABOUT = view.About(7, GICCID, "Pump 7")
CHANGE = Change(ChangeKind.STATUS, giccid=GICCID, old="active", new="suspended", changed_at=NOW)
DONE = replace(DECIDED, state=State.DONE, outcome="It reads suspended.", ended_at=NOW + timedelta(minutes=1))
PEOPLE = ["U1", "U2"]


def drawn(*told: Told, kind: Kind | None = None, missing: tuple[str, ...] = ()):
    """The list."""
    return view.listing(ABOUT, history(told, missing=missing), kind=kind, read_at=NOW)


def test_a_whole_history():
    """Each entry is there with its time, what it is, and who did it why; all of it in the text too."""
    listed = drawn(CHANGE, DONE, event("mo-sms", FACTS["mo-sms"][0]), ALERT)

    for said in (
        "History of Pump 7",
        GICCID,
        "4 entries, as of ",
        "Status  active → suspended",
        "Request #12  suspend: ✅ Confirmed, asked by <@U1>",
        "decided by <@U2> · because stolen · It reads suspended.",
        "Notification  SMS from a device: BATT 12% ",
        "Alert  80 % of the quota used, open",
    ):
        assert said in listed.text
        assert " ".join(said.split()) in " ".join(words(listed).split())
    assert "2026-11-22 09:30 UTC" in listed.text
    sound(listed, people=PEOPLE)


@pytest.mark.parametrize("name", list(EVENTS))
def test_each_notification_says_what_it_tells(name: str):
    """A notification is on one line with what it tells, and with how often it came."""
    facts, said = FACTS[name]
    told = view.what(history([replace(event(name, facts), repeats=2)]).entries[0])

    assert told.startswith(f"{EVENTS[name]}, came 3 times: ")
    assert said in told


@pytest.mark.parametrize("state", list(State))
def test_requests_in_every_state(state: State):
    """A request says where it stands in words, whatever became of it."""
    listed = drawn(replace(DECIDED, state=state))

    assert f"suspend: {view.approval_view.MARKS[state]}, asked by" in words(listed)
    assert " because stolen" in words(listed)
    sound(listed, people=PEOPLE)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (replace(DECIDED, state=State.DENIED, why="wrong SIM"), "· denied because wrong SIM"),
        (replace(DECIDED, state=State.WITHDRAWN, why="found it"), "· withdrawn because found it"),
        (BROKEN, "decided by <@U4> · because stolen · without approval because it burns"),
        (replace(DECIDED, state=State.FAILED, refused=True), "suspend: ❌ Refused, asked by"),
        (approved(Operation.PLAN, state=State.DONE), "change the rate plan to “iot-500”: ✅ Confirmed"),
        (asked(Operation.SET), "set custom1 to “Pump 8”, custom4 to none: ⏳ Waiting"),
    ],
)
def test_why_and_what(request_: Approval, said: str):
    """A request says what it takes, and why it ended as it did, each reason with what it was for."""
    listed = drawn(request_)

    assert said in " ".join(listed.text.split())
    [row] = view.rows(history([request_]))
    assert {request_.reason, request_.why, request_.glass} - {None} == set(
        str(row[view.COLUMNS.index("because")]).split("; ")
    )


def test_only_what_there_is_can_be_chosen():
    """There is a button for each kind there is any of, one for all and one for the file; the chosen one is marked."""
    listed = drawn(CHANGE, CHANGE, REQUEST, kind=Kind.OURS)

    assert buttons(listed.blocks) == {
        "All (3)": "history.all",
        "Status (2)": "history.status",
        "Requests (1)": "history.ours",
        "CSV": "history.csv",
    }
    [row] = [b for b in listed.blocks if b["type"] == "actions"]
    assert [e["text"]["text"] for e in row["elements"] if e.get("style")] == ["Requests (1)"]  # type: ignore[attr-defined] - a row of buttons
    assert "requests only" in listed.text
    assert "Status  active" not in listed.text


def test_every_kind_has_its_words():
    """No kind is forgotten: each has a title, and all but the unknown ones a button."""
    assert set(view.TITLES) == set(Kind)
    assert {*view.CHOICES, Kind.OTHER.value} == {kind.value for kind in Kind}


def test_fifty_and_the_rest_in_the_file():
    """More than fifty entries are cut, and it says how many there are beyond; the file has them all."""
    many = [replace(CHANGE, changed_at=NOW - timedelta(hours=n)) for n in range(1234)]
    listed = drawn(*many)

    assert "… and 1,184 older ones: they are in the CSV." in words(listed)
    assert words(listed).count("active → suspended") == 50
    assert len(list(view.rows(history(many)))) == 1234
    sound(listed)


def test_what_is_missing_stands_first():
    """Where SmartHub told nothing the list says so before all else, and an empty one says that it is empty."""
    listed = drawn(missing=("All of SmartHub's own log is missing: it cannot be reached.",))

    assert "⚠️ Not all is here. All of SmartHub's own log is missing" in words(listed).replace("  ", " ")
    assert "Nothing of this is known." in words(listed)
    sound(listed)


def test_the_lines_of_the_file():
    """The file holds every column for each kind of entry, with people and times of a request."""
    made = history([CHANGE], [DONE], [event("mo-sms", FACTS["mo-sms"][0])], [ALERT])
    rows = [dict(zip(view.COLUMNS, row, strict=True)) for row in view.rows(made)]

    by_kind = {row["kind"]: row for row in rows}
    assert by_kind["status"]["what"] == "active → suspended"
    assert by_kind["status"]["source"] == "SmartHub's log"
    ours = by_kind["ours"]
    assert (ours["asked_by"], ours["decided_by"], ours["because"], ours["outcome"], ours["number"]) == (
        "U1", "U2", "stolen", "It reads suspended.", 12,
    )  # fmt: skip
    assert by_kind["sms"]["number"] == 5
    assert by_kind["alerts"]["number"] == 3


def test_the_answer_to_csv():
    """Who asked for the file is told where it is."""
    told = view.sent(ABOUT, count=1)

    assert "The history of Pump 7 (1 entry) is in your direct conversation" in told.text
    sound(told)


CHANGES = st.builds(
    Change,
    kind=st.one_of(st.none(), st.sampled_from(list(ChangeKind))),
    kind_word=MAYBE,
    giccid=MAYBE,
    old=MAYBE,
    new=MAYBE,
    changed_at=st.one_of(st.none(), TIMES),
)


def test_more_than_a_message_holds():
    """Fifty requests with endless reasons are more than one message holds: it has the newest, and counts the rest."""
    long = replace(BROKEN, reason="x" * 500, why="y" * 500, outcome="z" * 500)
    listed = drawn(*[replace(long, id=n) for n in range(60)])

    shown = words(listed).count("Request #")
    assert 10 < shown < 50
    assert f"… and {60 - shown} older ones: they are in the CSV." in words(listed)
    sound(listed, people=["U1", "U4"])


@enough
@given(change=CHANGES, request=REQUESTS, alert=ALERTS, text=TEXT)
def test_rows_fit_their_titles(*, change, request, alert, text: str):
    """A row of the file has a cell for each title, whatever happened."""
    told = [change, request, alert, event("mo-sms", {"text": text})]

    assert all(len(row) == len(view.COLUMNS) for row in view.rows(history(told)))
