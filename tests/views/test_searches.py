"""What a search found: how many, how old, each SIM with its figures, and the way to the next page and the file."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from bot.rules.searches import Cursor, Found, Size
from bot.rules.sheets import csv_line, read_cell
from bot.rules.sims import Sim, Status
from bot.rules.snapshot import Listed
from bot.views import searches as view
from bot.views.parts import Message, Units
from bot.views.searches import Place
from tests.views.drawn import COUNT, GICCID, MAYBE, NOW, TEXT, TIMES, buttons, sound, words
from tests.views.test_accounts import block, forms
from tests.views.test_sims import SIM

TEXT_TYPED = "berlin account:acme"
ONE = Listed(7, SIM, "Berlin pump 7", NOW - timedelta(minutes=20))
FOUND = Found((ONE,) * 20, Cursor(1, 7), 1204, True, 12_300_000_000, NOW - timedelta(minutes=20), NOW)
LAST = replace(FOUND, rows=(ONE,), next=None)


def page(found: Found = FOUND, **at: Any) -> Message:
    """A page as it is drawn for `found`."""
    return view.page(found, text=TEXT_TYPED, at=Place(12, **at))


def messages() -> list[tuple[Any, Message]]:
    """Each view of searches with what it draws."""
    bare = Listed(1, Sim(GICCID, None, "PAUSED"), GICCID, NOW)
    return [
        (view.page, page()),
        (view.page, page(LAST, first=1201)),
        (view.page, page(replace(FOUND, exact=False, usage_bytes=None), complete=False)),
        (view.page, page(Found((bare,), None, 1, True, None, NOW, NOW))),
        (view.straight, view.straight([(SIM, "Pump")] * 20, text=TEXT_TYPED, read_at=NOW)),
        (view.straight, view.straight([], text=TEXT_TYPED, read_at=NOW)),
        (view.nothing, view.nothing(text=TEXT_TYPED, near=["account:acme-eu", "plan:x"], size=Size(5, NOW, NOW),
                                    complete=True)),
        (view.nothing, view.nothing(text="x", near=[], size=Size(0, None, None), complete=False)),
        (view.not_yet, view.not_yet(text=TEXT_TYPED)),
        (view.sheet_sent, view.sheet_sent(1204, text=TEXT_TYPED)),
        (view.sheet_sent, view.sheet_sent(200_000, text=TEXT_TYPED, most=200_000)),
    ]  # fmt: skip


def test_each_is_sound():
    """Slack takes each of them, in both of its forms, and nobody is pinged."""
    for _, message in messages():
        for form in forms(message):
            sound(form)


def test_how_many_and_how_much():
    """The count, the place of the page in it and what all of them used stand above the table."""
    said = words(page(first=21))

    assert "1,204 SIMs" in said
    assert "21 to 40 of 1,204 SIMs; together they used 12.3 GB." in said
    assert "1,201 to 1,201 of 1,204 SIMs" in page(LAST, first=1201).text


def test_more_than_can_be_counted():
    """A count that is not exact says that there are more, and claims no total of their usage."""
    said = words(page(replace(FOUND, count=10_000, exact=False, usage_bytes=None)))

    assert "At least 10,000 SIMs" in said
    assert "together" not in said


def test_a_page_beyond_the_count():
    """A count that was cut short is never less than what is shown."""
    assert "41 to 60 of at least 60 SIMs" in words(page(replace(FOUND, count=3, exact=False), first=41))


def test_how_old_it_is():
    """When the SIMs were seen is a moment Slack shows in the reader's own time; one moment is said once."""
    dates = [e for b in page().blocks if b["type"] == "rich_text" for s in b["elements"] for e in s["elements"]
             if e["type"] == "date"]  # fmt: skip
    assert [e["timestamp"] for e in dates] == [int((NOW - timedelta(minutes=20)).timestamp()), int(NOW.timestamp())]

    assert "between" not in words(page(replace(FOUND, seen_from=NOW)))


def test_an_unfinished_look_is_admitted():
    """While not all SIMs have been looked at, the page says so, in its text too."""
    assert "has not ended yet" not in words(page())
    assert "has not ended yet" in words(page(complete=False))
    assert "has not ended yet" in page(complete=False).text


def test_the_buttons():
    """Next and Back stand where there is a page to go to, CSV always, and each carries the number of the search."""
    assert buttons(page().blocks) == {"Next": "search.next", "CSV": "search.csv"}
    assert buttons(page(first=21).blocks) == {"Back": "search.back", "Next": "search.next", "CSV": "search.csv"}
    assert buttons(page(LAST, first=21).blocks) == {"Back": "search.back", "CSV": "search.csv"}
    assert {e["value"] for e in block(page(), "actions")["elements"] if e["type"] == "button"} == {"12"}


def test_the_menu_shows_each_sim_of_the_page():
    """Each SIM of the page can be chosen by label and ICCID; its option carries the number of its row alone."""
    two = replace(FOUND, rows=(ONE, replace(ONE, id=8, label="Lyon meter 8")))
    menu = block(page(two), "actions")["elements"][0]

    assert menu["action_id"] == "sim.pick"
    assert [o["value"] for o in menu["options"]] == ["7", "8"]
    assert menu["options"][1]["text"]["text"].startswith("Lyon meter 8 · 89")


def test_a_row_of_the_table():
    """A SIM shows its label, ICCID, state, account, plan, usage of the quota, expiry and last session."""
    row = [cell["text"] for cell in block(page(LAST), "data_table")["rows"][1]]

    assert row == [
        "Berlin pump 7", SIM.iccid or SIM.giccid, "active", str(SIM.account), str(SIM.plan), row[5],
        f"{SIM.plan_expires_at:%Y-%m-%d}" if SIM.plan_expires_at else "–",
        f"{SIM.last_session_at:%Y-%m-%d %H:%M}" if SIM.last_session_at else "–",
    ]  # fmt: skip
    half = replace(ONE, sim=replace(SIM, usage_bytes=999, quota_bytes=1000, status=None, status_word="PAUSED"))
    shown = [cell["text"] for cell in block(page(replace(LAST, rows=(half,))), "data_table")["rows"][1]]
    assert (shown[2], shown[5]) == ("PAUSED", "999 Bytes of 1.0 kB, 99 %")


def test_sizes_in_binary_units():
    """With binary units configured the total is GiB."""
    assert "11.5 GiB" in words(view.page(FOUND, text="x", at=Place(1), units=Units(binary=True)))


def test_nothing_found_says_what_was_searched():
    """The search is read back, with how many SIMs were looked through, and filters that may have been meant."""
    made = view.nothing(text=TEXT_TYPED, near=["account:acme-eu", "plan:x"], size=Size(5, NOW, NOW), complete=True)

    assert "No SIM fits berlin account:acme." in made.text
    assert "Did you mean account:acme-eu or plan:x?" in made.text
    assert "5 SIMs were searched." in made.text


def test_a_row_of_the_sheet():
    """The file has a cell for each title: bytes are whole numbers, states both ours and theirs, text is harmless."""
    evil = replace(SIM, custom=("=1+1", None, None, None, None), usage_bytes=10**15 + 1, quota_bytes=10**16)
    [cells] = csv.reader([csv_line(view.sheet_row(replace(ONE, sim=evil)))])

    row = dict(zip(view.SHEET, cells, strict=True))

    assert read_cell(row["giccid"]) == SIM.giccid
    assert row["giccid"] != SIM.giccid, "a spreadsheet would round it"
    assert (row["usage bytes"], row["usage percent"]) == ("1000000000000001", "10.0")
    assert (row["state"], row["state at SmartHub"]) == ("active", SIM.status_word)
    assert row["custom1"] == "'=1+1"
    assert row["seen"] == "2026-11-22T09:10:00Z"


SIMS = st.builds(
    Sim, TEXT, st.sampled_from([None, *Status]), TEXT, iccid=MAYBE, account=MAYBE, plan=MAYBE,
    plan_expires_at=st.one_of(st.none(), TIMES), usage_bytes=st.one_of(st.none(), COUNT),
    quota_bytes=st.one_of(st.none(), COUNT), last_session_at=st.one_of(st.none(), TIMES),
)  # fmt: skip
