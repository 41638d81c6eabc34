"""Tables and charts are taken by Slack whatever is put into them, and what had to be left out is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.slack.charts import cell_characters
from bot.simulator.slack.words import read
from bot.views.charts import bars, pie, text_bars
from bot.views.parts import Block, Message, small
from bot.views.tables import Amount, Cell, Column, pad, table, text_table, width
from tests.schemas import block_misfits
from tests.views.drawn import TEXT, enough, sound

FLOATS = st.one_of(st.floats(), st.integers(-(2**63), 2**63).map(float), st.sampled_from([0.0, 1e308, -1e308]))
CELLS: st.SearchStrategy[Cell] = st.one_of(TEXT, st.builds(Amount, FLOATS, TEXT))
COLUMNS = st.lists(st.builds(Column, TEXT, st.booleans()), max_size=25)
ROWS = st.one_of(
    st.lists(st.lists(CELLS, max_size=25), max_size=6),
    st.tuples(st.lists(CELLS, min_size=1, max_size=25), st.sampled_from([1, 2, 5, 30, 130])).map(
        lambda many: [many[0]] * many[1]
    ),
)


def lines_of(block: Block) -> list[str]:
    """The lines of a block in characters of one width."""
    [text] = read([block])
    return text.split("\n")


@enough
@given(caption=TEXT, columns=COLUMNS, rows=ROWS)
def test_a_native_table_takes_anything(caption: str, columns: list[Column], rows: list[list[Cell]]):
    """Whatever stands in it and however much, Slack takes it, alone and beside another half as large."""
    drawn = table(caption, columns, rows)
    halves = [table(caption, columns, rows, characters=5000)] * 2

    sound(Message("x", (small("x"), drawn)))
    sound(Message("x", tuple(halves)))
    assert block_misfits([drawn]) == []


@enough
@given(columns=COLUMNS, rows=ROWS)
def test_a_table_in_characters_takes_anything(columns: list[Column], rows: list[list[Cell]]):
    """Whatever stands in it and however much, Slack takes it; a row is a line."""
    drawn = text_table(columns, rows)

    sound(Message("x", (drawn,)))
    assert block_misfits([drawn]) == []
    assert sum(map(len, read([drawn]))) <= 3000


def test_a_table_as_it_is_meant():
    """Titles first, then the rows as they came; amounts are sorted by their value and read as their text."""
    drawn = table("Pools", [Column("Pool"), Column("Used", right=True)], [["North", Amount(1e9, "1.0 GB")], ["South"]])

    assert (drawn["caption"], drawn["page_size"]) == ("Pools", 2)
    assert drawn["rows"] == [
        [{"type": "raw_text", "text": "Pool"}, {"type": "raw_text", "text": "Used"}],
        [{"type": "raw_text", "text": "North"}, {"type": "raw_number", "value": 1e9, "text": "1.0 GB"}],
        [{"type": "raw_text", "text": "South"}, {"type": "raw_text", "text": "–"}],
    ]


@pytest.mark.parametrize(("rows", "cell", "shown"), [(100, "x", 100), (101, "x", 100), (1000, "x", 100)])
def test_rows_that_are_left_out_are_counted(rows: int, cell: str, shown: int):
    """A table of more rows than Slack takes says in its caption how many there are."""
    drawn = table("SIMs", [Column("ICCID")], [[cell]] * rows)

    assert len(drawn["rows"]) == shown + 1  # type: ignore[arg-type]  # a list, in a block
    told = "" if rows == shown else f" (the first {shown} of {rows} rows)"
    assert (drawn["caption"], drawn["page_size"]) == (f"SIMs{told}", 10)


def test_long_cells_are_cut_before_rows_are():
    """A hundred rows of long names keep all their rows; only what cannot be cut short enough costs rows."""
    some = table("SIMs", [Column("Label")] * 3, [["long " * 100] * 3] * 100)
    many = table("SIMs", [Column("Label")] * 20, [["long " * 100] * 20] * 100)

    assert len(some["rows"]) == 101  # type: ignore[arg-type]  # a list, in a block
    assert 8_000 < cell_characters(some) <= 10_000
    assert str(many["caption"]).startswith("SIMs (the first ")
    assert 9_000 < cell_characters(many) <= 10_000


def test_columns_stand_below_each_other():
    """Columns are aligned, numbers to the right, and wide characters count as the two places they take."""
    rows = [["東京", "5"], ["Łódź", "1,000"], ["é\u0301", "–"]]

    assert lines_of(text_table([Column("City"), Column("SIMs", right=True)], rows)) == [
        "City   SIMs",
        "東京      5",
        "Łódź  1,000",
        "é\u0301         –",
    ]


def test_what_does_not_fit_in_characters_is_counted():
    """A long table in characters ends with how many rows are missing."""
    every = lines_of(text_table([Column("Number")], [[f"{n:019}"] for n in range(500)]))

    left = 500 - (len(every) - 2)
    assert every[-1] == f"… and {left} more rows"
    assert every[1] == f"{0:019}"
    assert lines_of(text_table([Column("Number")], [[f"{n:019}"] for n in range(101)]))[-1] == "… and 1 more row"


@enough
@given(text=TEXT, places=st.integers(1, 40), right=st.booleans())
def test_padding_is_exact(text: str, places: int, right: bool):
    """Padded or cut, a text takes exactly its places, unless a wide character leaves one over."""
    assert places - 1 <= width(pad(text, places, right=right)) <= places


# --- charts ------------------------------------------------------------------------------------------------------


@enough
@given(
    title=TEXT,
    categories=st.lists(TEXT, max_size=30),
    series=st.dictionaries(TEXT, st.lists(FLOATS, max_size=35), max_size=9),
    kind=st.sampled_from(["bar", "line", "area"]),
    axis=TEXT,
)
def test_bars_take_anything(title: str, categories: list[str], series: dict[str, list[float]], kind: str, axis: str):
    """However many series and categories, of whatever names and values, Slack takes the chart."""
    sound(Message("x", (bars(title, categories, series, kind=kind, x=axis, y=axis),)))


@enough
@given(title=TEXT, segments=st.lists(st.tuples(TEXT, FLOATS), max_size=30))
def test_pies_take_anything(title: str, segments: list[tuple[str, float]]):
    """However many segments, of whatever names and values, Slack takes the chart."""
    sound(Message("x", (pie(title, segments),)))


@enough
@given(rows=st.lists(st.tuples(TEXT, FLOATS, TEXT), max_size=40))
def test_bars_in_characters_take_anything(rows: list[tuple[str, float, str]]):
    """However many rows, of whatever names and values, Slack takes them."""
    sound(Message("x", (text_bars(rows),)))


def test_what_is_too_much_for_a_chart_is_other():
    """Series and categories over Slack's number are added up, so that the whole stays what it was."""
    chart = bars("Traffic", [f"C{n}" for n in range(25)], {f"S{n}": [1.0] * 25 for n in range(8)})["chart"]

    assert isinstance(chart, dict)
    assert [s["name"] for s in chart["series"]] == ["S0", "S1", "S2", "S3", "S4", "other"]
    assert chart["axis_config"]["categories"][-2:] == ["C18", "other"]
    assert sum(point["value"] for s in chart["series"] for point in s["data"]) == 25 * 8
    assert chart["series"][-1]["data"][-1] == {"label": "other", "value": 3 * 6}


def test_a_pie_has_its_largest_parts():
    """The five largest are segments, the rest is other, and what is nothing is left out."""
    chart = pie("Pools", [("a", 1), ("b", 9), ("c", 2), ("d", 8), ("e", 3), ("f", 7), ("g", 4), ("h", 0)])["chart"]

    assert isinstance(chart, dict)
    assert [(s["label"], s["value"]) for s in chart["segments"]] == [
        ("b", 9), ("d", 8), ("f", 7), ("g", 4), ("e", 3), ("other", 3),
    ]  # fmt: skip


def test_names_that_are_cut_stay_different():
    """Two long names that begin alike are two categories still."""
    chart = bars("x", ["a" * 30 + "1", "a" * 30 + "2"], {"s": [1, 2]})["chart"]

    assert isinstance(chart, dict)
    assert len(set(chart["axis_config"]["categories"])) == 2


def test_bars_in_characters():
    """The largest is a whole bar, something is never no bar, and nothing is none."""
    rows = [("Germany", 100.0, "100 GB"), ("Fiji", 0.001, "1 MB"), ("Mars", 0.0, "0 Bytes")]

    assert lines_of(text_bars(rows)) == [
        f"Germany  {'█' * 20}  100 GB",
        f"Fiji     █{'░' * 19}  1 MB",
        f"Mars     {'░' * 20}  0 Bytes",
    ]
