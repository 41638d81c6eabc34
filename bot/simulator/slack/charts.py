"""Slack's limits on tables and charts. Pure.

https://docs.slack.dev/reference/block-kit/blocks/data-table-block and .../data-visualization-block
"""

from __future__ import annotations

from bot.simulator.slack.checks import Check, Thing, array, fields, flag, kinds, number, string, whole, word
from bot.simulator.slack.rich_text import RICH_TEXT

BLOCK_ID = {"block_id": string(255)}

CELLS: dict[str, Check] = {
    "raw_text": fields({"text": string(None)}),
    "raw_number": fields({"value": number(whole=False), "text": string(None)}),
    "rich_text": RICH_TEXT,
}


def _as_wide(table: Thing) -> str | None:
    widths = {len(row) for row in table["rows"]}
    return "all rows must have the same number of cells" if len(widths) > 1 else None


def _plain_header(table: Thing) -> str | None:
    rich = any(cell["type"] == "rich_text" for cell in table["rows"][0])
    return "header cells cannot be rich_text" if rich else None


TABLE = fields(
    {"rows": array(array(kinds(CELLS), most=20), most=100)},
    {
        **BLOCK_ID,
        "column_settings": array(
            fields({}, {"align": word("left", "center", "right"), "is_wrapped": flag}), most=20, least=0
        ),
    },
    whole(_as_wide, "/rows"),
)
DATA_TABLE = fields(
    {"rows": array(array(kinds(CELLS), most=20), most=101, least=2), "caption": string(None)},
    {**BLOCK_ID, "page_size": number(1, 100), "row_header_column_index": number(0, 19)},
    whole(_as_wide, "/rows"),
    whole(_plain_header, "/rows/0"),
)


def cell_characters(table: Thing) -> int:
    """The characters in all cells of a table."""
    return sum(_characters(cell) for row in table["rows"] for cell in row)


def _characters(cell: Thing) -> int:
    if cell["type"] != "rich_text":
        return len(cell["text"])
    parts = [span for section in cell["elements"] for span in section["elements"]]
    spans = [s for p in parts for s in (p["elements"] if str(p["type"]).startswith("rich_text") else [p])]
    return sum(len(span.get("text", "")) for span in spans)


LABEL = string(20)
POINT = fields({"label": LABEL, "value": number(whole=False)})
SERIES = fields({"name": LABEL, "data": array(POINT, most=20)})
AXIS = fields({"categories": array(LABEL, most=20)}, {"x_label": string(50), "y_label": string(50)})


def _own_names(chart: Thing) -> str | None:
    names = [series["name"] for series in chart["series"]]
    return "series names must be unique" if len(set(names)) < len(names) else None


def _labels_are_categories(chart: Thing) -> str | None:
    categories = list(chart["axis_config"]["categories"])
    same = all(sorted(p["label"] for p in series["data"]) == sorted(categories) for series in chart["series"])
    return None if same else "labels must match the categories of the axis"


def _above_zero(segment: Thing) -> str | None:
    return None if segment["value"] > 0 else "value must be greater than 0"


XY = fields(
    {"series": array(SERIES, most=6), "axis_config": AXIS},
    {},
    whole(_own_names, "/series"),
    whole(_labels_are_categories, "/series"),
)
PIE = fields(
    {"segments": array(fields({"label": LABEL, "value": number(whole=False)}, {}, whole(_above_zero)), most=6)}
)
DATA_VISUALIZATION = fields(
    {"title": string(50), "chart": kinds({"pie": PIE, "bar": XY, "area": XY, "line": XY})}, BLOCK_ID
)
