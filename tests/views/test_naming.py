"""Who named a SIM that is not plain reads which fit or what looks near, and what was looked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.rules.naming import NumberKind, read_name
from bot.rules.numbers import Number
from bot.rules.snapshot import Listed
from bot.views import naming as view
from tests.views.drawn import GICCID, NOW, known_to_the_sdk, parts, sound, words
from tests.views.test_sims import SIM

LISTED = Listed(7, SIM, "Pump 7", NOW)
SNAPSHOT = view.Snapshot(1234, NOW - timedelta(hours=2), NOW)
NAMED = read_name("pump")
NUMBER = Number(GICCID, (NumberKind.ICCID,), sure=True)


def pressed(message) -> list[str]:
    """The numbers that the buttons carry, all of them to show a SIM."""
    found = [p for p in parts(message.blocks) if p.get("type") == "button"]
    assert {(p["action_id"], p["text"]["text"]) for p in found} <= {("sim.show", "Show")}
    return [p["value"] for p in found]


def test_several_fit():
    """Each SIM that fits is a line with its label, number, state and account, and a button; the age is told."""
    hits = [replace(LISTED, id=n) for n in range(10)]
    listed = view.several(NAMED, hits, SNAPSHOT, more=True)

    assert pressed(listed) == [str(n) for n in range(10)]
    assert "10 or more SIMs fit “pump”. Which one?" in words(listed)
    assert "Looked for among the 1,234 SIMs known here, the oldest of them read 2 h ago." in words(listed)
    assert listed.text.count(f"Pump 7  {GICCID}  🟢 active, acme") == 10
    assert "There are more" not in words(view.several(NAMED, hits, SNAPSHOT, more=False))
    sound(listed)
    known_to_the_sdk(listed)


def test_none_fits():
    """It says as what and in which spellings it was looked for, here and at SmartHub, and offers what looks near."""
    named = read_name("8949-2126 0000 0000 143")
    none = view.nothing(named, [LISTED], SNAPSHOT, asked=["ICCID"])

    assert "No SIM fits “8949-2126 0000 0000 143”." in words(none)
    for number in named.numbers:
        assert number in words(none)
    assert len(named.numbers) == 3
    for said in ("Looked for as ICCID", "SmartHub knows no SIM with this ICCID either.", "These look near:", GICCID):
        assert said in none.text
    assert pressed(none) == ["7"]
    sound(none)


def test_a_label_that_nobody_has():
    """A label is looked for here alone, and where nothing was looked at yet it says that this is why."""
    none = view.nothing(NAMED, [], view.Snapshot(0, None, NOW), asked=[])

    assert "Looked for as a label" in none.text
    assert "simops has not looked over all SIMs yet" in none.text
    assert "SmartHub knows" not in none.text
    assert pressed(none) == []
    sound(none)


def test_the_sims_of_a_text():
    """Each number is a row with its SIM, one that is known to nobody says so; what was left out is counted."""
    unknown = replace(NUMBER, digits="8949212600000000999")
    table = view.in_text([(NUMBER, LISTED), (unknown, None)], left_out=1500)

    for said in (
        "1 SIM in this message",
        "1 of 2 numbers belong to no SIM that is known here.",
        "1,500 more numbers were left out: a table holds 2.",
        f"Pump 7 · {GICCID} · 🟢 active · acme · iot-100",
        "not known here · 8949212600000000999 · – · – · –",
    ):
        assert said in table.text
    assert table.blocks[-1]["type"] == "data_table"
    assert table.plain is not None
    assert "iot-100" in words(replace(table, blocks=table.plain))
    sound(table)
    sound(replace(table, blocks=table.plain))


def test_what_was_wanted_was_not_done():
    """Where more than a look was wanted, the list says that nothing was done and what to type; it is nobody else's."""
    listed = view.several(NAMED, [LISTED, replace(LISTED, id=8)], SNAPSHOT, more=False, verb="suspend")

    assert "Nothing was done. Press Show, or type suspend ICCID." in listed.text
    assert listed.private
    assert view.nothing(NAMED, [], SNAPSHOT, asked=[]).private
    sound(listed)


def test_a_search_for_the_sims_of_a_text():
    """Those that are known can be chosen, or searched together; what was not looked through stands first."""
    table = view.in_text([(NUMBER, LISTED), (NUMBER, None)], left_out=0, search=9, unread=["“a.png” is no text."])

    [menu, button] = [e for e in parts(table.blocks) if e.get("action_id") in ("sim.pick", "search.open")]
    assert [o["value"] for o in menu["options"]] == ["7"]
    assert button["value"] == "9"
    assert table.text.split("\n")[1] == "⚠️ Not all was looked through. “a.png” is no text."
    assert table.plain is not None
    assert table.plain[-1] == table.blocks[-1]
    sound(table)
    known_to_the_sdk(replace(table, blocks=table.plain))


def test_a_text_without_a_sim():
    """Where there is nothing to be found it says what was looked for."""
    none = view.in_text([], left_out=0)

    assert none.text == "There is no SIM in this message: no ICCID, IMSI, MSISDN or IMEI was found in it."
    sound(none)


def test_a_slip_in_a_number_is_hinted_at():
    """Where no SIM fits a number whose last digit is not its check digit, the answer says that there may be a slip."""
    right = "8949022600000000019"
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    hint = "Its last digit is not the check digit of such a number: there may be a slip in it."

    assert {hint in view.tried(read_name(number)) for number in (right, wrong)} == {True, False}
    assert (hint in view.tried(read_name(wrong))) == read_name(wrong).doubtful
