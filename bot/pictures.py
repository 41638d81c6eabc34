"""Charts as pictures, for where Slack does not draw them. It takes the extra `charts`; without it there are none."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO

WIDE, EDGE, ROW, LABELS, SAID = 960, 24, 34, 260, 130  # pixels
BLACK, GREY, BLUE, WHITE = "#1d1c1d", "#e8e8e8", "#1264a3", "#ffffff"


@dataclass(frozen=True)
class Chart:
    """Bars by label, the unit they are in, and what stands above them."""

    title: str
    unit: str
    bars: Sequence[tuple[str, float]]


def can_draw() -> bool:
    """Whether the extra is there."""
    return find_spec("PIL") is not None


def chart_in(blocks: Sequence[Mapping[str, object]]) -> Chart | None:
    """The first of Slack's own charts among these blocks: its segments, or its first series."""
    for block in blocks:
        chart = block.get("chart")
        if block.get("type") == "data_visualization" and isinstance(chart, dict):
            series = chart.get("series") or [{"data": chart.get("segments", [])}]
            bars = [(str(bar["label"]), float(bar["value"])) for bar in series[0]["data"]]
            return Chart(str(block.get("title", "")), str(chart.get("axis_config", {}).get("y_label", "")), bars)
    return None


def drawn(chart: Chart) -> bytes:
    """The chart as PNG, one bar under the other. To be called in a thread, and only where `can_draw`."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - it is an extra, and slow to import

    font, large = ImageFont.load_default(16), ImageFont.load_default(22)
    image = Image.new("RGB", (WIDE, 2 * EDGE + ROW * (len(chart.bars) + 1)), WHITE)
    draw = ImageDraw.Draw(image)
    title = f"{chart.title}, {chart.unit}" if chart.unit else chart.title
    draw.text((EDGE, EDGE), in_ascii(title, "Chart"), fill=BLACK, font=large)
    most = max((value for _, value in chart.bars), default=0.0) or 1.0
    left, room = EDGE + LABELS, WIDE - 2 * EDGE - LABELS - SAID
    for place, (label, value) in enumerate(chart.bars, 1):
        top = EDGE + ROW * place + 8
        middle = top + (ROW - 10) / 2
        draw.text((left - 10, middle), in_ascii(label, f"no. {place}"), fill=BLACK, font=font, anchor="rm")
        draw.rectangle((left, top, left + room, top + ROW - 10), fill=GREY)
        if value > 0:
            draw.rectangle((left, top, left + room * value / most, top + ROW - 10), fill=BLUE)
        draw.text((left + room + 10, middle), f"{value:,g}", fill=BLACK, font=font, anchor="lm")
    kept = BytesIO()
    image.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def in_ascii(text: str, otherwise: str) -> str:
    """The text in the letters that the font has, without marks; where it has others, something else in its place."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare if bare.isascii() and bare.isprintable() else otherwise
