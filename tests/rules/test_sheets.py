"""CSV that no spreadsheet runs, rounds or splits, and that a program reads again."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.rules.sheets import HEAD, csv_line, csv_lines, read_cell

ICCID = "8949212600000000001"
SIGNS = "=+-@＝＋－＠"
# Text as people and attackers write it: signs, separators and quotes far more often than chance would have them.
NASTY = st.text(
    st.one_of(st.sampled_from(SIGNS + "\t\r\n;,\"' 0123456789eE'"), st.characters(exclude_categories=["Cs"]))
)


def read(text: str, delimiter: str = ",") -> list[list[str]]:
    """The cells as a program reads them."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize("sign", [*SIGNS, "\t", "\r", "\n", " =", '"=', "\u3000＝"])
def test_a_formula_gets_an_apostrophe(sign: str):
    """What a spreadsheet could run is shown with an apostrophe in front, and nothing is taken away."""
    evil = f'{sign}HYPERLINK("http://evil.example")'

    assert read(csv_line([evil])) == [["'" + evil]]


@pytest.mark.parametrize("text", ["Pump 7", "a=b", "x-y", "jane@example.com", "", "'s-Hertogenbosch", "12", "北京 +"])
def test_plain_text_stays_as_it_is(text: str):
    """A sign within the text is no formula, and short numbers are safe."""
    assert read(csv_line([text, "x"])) == [[text, "x"]]


@pytest.mark.parametrize("number", [ICCID, ICCID + "9", "262030000000001", "4915000000001", "007", "12E5", " 0815 "])
def test_a_number_that_is_a_name_survives_excel(number: str):
    """ICCIDs and their like are text with an apostrophe, so no spreadsheet makes 8.94921E+18 of them."""
    assert csv_line([number]) == f"'{number}\r\n"
    assert read_cell(f"'{number}") == number


def test_numbers_times_and_nothing():
    """Numbers of ours stay numbers, also below zero; times are UTC, what is not known is empty."""
    at = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=1)))

    line = csv_line([0, 123_456_789_012_345, -5, 1.5, Decimal("0.00001"), True, at, None])

    assert line == "0,123456789012345,-5,1.5,0.00001,yes,2026-11-22T08:30:00Z,\r\n"


def test_a_separator_of_another_country_starts_no_formula():
    """Split at semicolons or tabs, as a European spreadsheet does, no cell of a hostile name begins with a formula."""
    line = csv_line(["pump;=1+1", 'a;"=2', "b\n-3", "c\t ＝4"])

    for delimiter in ";\t":
        assert not [c for row in read(line, delimiter) for c in row if re.match(rf"[\s\"]*[{SIGNS}]", c)]


@given(st.lists(st.lists(NASTY, min_size=1, max_size=4), max_size=4))
@example([["'=1", "''+1", "'\t", "\t\t=1", "';'=", "'012"]])
def test_what_went_in_is_read_back(rows: list[list[str]]):
    """Any text at all is read back as it was once `read_cell` has taken the apostrophes away."""
    text = "".join(csv_line(row) for row in rows)

    wanted = [[cell.replace("\x00", "�") for cell in row] for row in rows]
    assert [[read_cell(cell) for cell in row] for row in read(text)] == wanted


@given(NASTY)
def test_no_cell_begins_with_a_formula_sign(text: str):
    """Whatever the text is, its cell begins with no sign, tab or line break, and only apostrophes were added."""
    [[cell]] = read(csv_line([text]))

    assert cell[:1] not in {*SIGNS, "\t", "\r", "\n"}
    assert cell.replace("'", "") == text.replace("'", "").replace("\x00", "�")


def test_a_file_is_lines_under_a_byte_order_mark():
    """The file begins with the mark Excel looks for, then the titles; each line is made when it is asked for."""
    rows = iter([["Zürich", 1], ["深圳", 2]])
    lines = csv_lines(["Name", "SIMs"], rows)

    assert next(lines) == HEAD + "Name,SIMs\r\n"
    assert next(lines) == "Zürich,1\r\n"
    assert next(rows) == ["深圳", 2]


def test_halves_of_characters_can_be_written():
    """What no UTF-8 can hold is shown as “�” and breaks no file."""
    assert csv_line(["a\ud800b\x00"]).encode() == "a�b�\r\n".encode()


def test_times_carry_their_zone():
    """A time of another zone is the same moment in the file."""
    assert csv_line([datetime(2026, 1, 1, tzinfo=UTC)]) == "2026-01-01T00:00:00Z\r\n"
