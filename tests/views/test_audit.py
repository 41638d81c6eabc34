"""The audit log in Slack says who did what, when and why, in a message that Slack takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st

from bot.rules.audit import FIRST, KEYS, Anchor, AuditLine, Deed, removal, sealed
from bot.rules.audit_questions import ALL, Wanted, about_person, about_request, about_sim
from bot.views import audit as view
from tests.views.drawn import COUNT, GICCID, IDS, MAYBE, NOW, TEXT, TIMES, known_to_the_sdk, sound, words

ANCHOR = sealed(Anchor(1, 1, 120_000, NOW, NOW, "a" * 64, NOW, FIRST))
ASKED = Deed(
    "U1",
    "asked",
    "approval:12",
    {
        "operation": "suspend",
        "label": "Pump 7",
        "giccid": GICCID,
        "before": "active",
        "after": "suspended",
        "channel": "C1",
        "reason": "stolen",
        "decided_by": "U2",
        "executed_by": "simops",
        "count": None,
    },
)
PEOPLE = ["U1", "U2", "U7"]


def line(deed: Deed, *, id: int = 7, at: datetime = NOW) -> AuditLine:
    """A line; its seals are not shown."""
    return AuditLine(id, at, deed, FIRST, FIRST)


def drawn(*deeds: Deed, about: Wanted = ALL, more: bool = False, removed: Anchor | None = None):
    """The list."""
    return view.listing(about, [line(deed) for deed in deeds], more=more, removed=removed)


def bare(text: str) -> str:
    """The words alone: the parts of blocks are read with spaces between them."""
    return "".join(text.replace("<@", "@").replace(">", "").split())


def test_a_whole_line():
    """A line says when, who, what, about what, both states, why, from where, and who else had a part in it."""
    listed = drawn(ASKED, replace(ASKED, actor="simops", action="done", detail={"outcome": "It reads suspended."}))

    for said in (
        "Audit log",
        "Everything 2 lines",
        "<@U1> asked request #12 · suspend · Pump 7 · SIM 8949212600000000142 · active → suspended"
        " · decided by <@U2> · executed by simops · in C1 · because stolen",
        "simops done request #12 · It reads suspended.",
    ):
        assert said in " ".join(listed.text.split())
        assert bare(said) in bare(words(listed))
    assert "2026-11-22 09:30 UTC" in listed.text
    sound(listed, people=PEOPLE)
    known_to_the_sdk(listed)


ABOUT = [
    (ALL, "Everything"),
    (about_sim(GICCID), f"SIM {GICCID}"),
    (about_request(12), "Request #12"),
    (about_person("U7"), "<@U7>"),
    (about_person("simops"), "simops"),
]


@pytest.mark.parametrize(("about", "said"), ABOUT)
def test_it_says_what_was_asked_for(about: Wanted, said: str):
    """The list says what it is about, also when there is nothing."""
    listed = drawn(about=about)

    assert f"{said} 0 lines Nothing of this stands in the log." in " ".join(listed.text.split())
    sound(listed, people=PEOPLE)


def test_more_than_is_shown():
    """Where there are older lines, or were some, it is said."""
    listed = drawn(ASKED, more=True, removed=ANCHOR)

    assert "1 line, the newest" in listed.text
    assert "… and older ones: simops audit list" in listed.text
    assert "Lines up to 120,000 were removed by retention on 2026-11-22 09:30 UTC." in listed.text
    assert "older" not in drawn(ASKED).text
    assert "removed" not in drawn(ASKED).text


def test_a_removal_in_words():
    """The line that tells of a removal reads like one."""
    listed = drawn(removal(ANCHOR, keep="730 d", archive="audit-1-9.jsonl"))

    assert "simops removed removal 1 · from line 1 · to line 120000 · kept for 730 d · archived in audit-1-9.jsonl" in (
        " ".join(listed.text.split())
    )


def test_what_was_tampered_with_can_be_shown():
    """A line whose time or person cannot be read is shown as far as it can."""
    odd = line(Deed("\udcff", "", "", {"unreadable": "x"}), at=datetime.min.replace(tzinfo=UTC))
    listed = view.listing(ALL, [odd], more=False, removed=None)

    assert "at an unreadable time" in listed.text
    sound(listed)
    known_to_the_sdk(listed)


DETAIL = st.dictionaries(st.one_of(st.sampled_from(list(KEYS)), TEXT), st.one_of(MAYBE, COUNT), max_size=len(KEYS))
DEEDS = st.builds(Deed, st.one_of(st.just("U1"), TEXT), TEXT, st.one_of(st.just("approval:12"), TEXT), DETAIL)
LINES = st.lists(st.builds(AuditLine, IDS, TIMES, DEEDS, st.just(FIRST), st.just(FIRST)), max_size=20)


def test_twenty_of_the_longest():
    """Twenty lines with everything as long as it gets are one message."""
    full: Mapping[str, str | int | None] = dict.fromkeys(KEYS, "&" * 5000)
    listed = view.listing(ALL, [line(Deed("U1", "x" * 5000, "y" * 5000, full))] * 20, more=True, removed=ANCHOR)

    sound(listed, people=PEOPLE)
    known_to_the_sdk(listed)
