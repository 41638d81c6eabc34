"""Charts as PNG: what is drawn out of Slack's own block, and that the bot starts without the extra."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

from bot.flows.pictures import Pictures
from bot.pictures import Chart, can_draw, chart_in, drawn, in_ascii
from bot.slack import Posted
from bot.views.charts import bars, pie
from bot.views.parts import header
from tests.talk import OPS, World


def test_the_first_chart_of_a_message():
    """Bars and shares are both found, with their title and unit; other blocks are none."""
    drawn_bars = bars("Usage", ["acme", "lab"], {"used": [3.5, 1]}, y="GB")
    assert chart_in([header("Report"), drawn_bars]) == Chart("Usage", "GB", [("acme", 3.5), ("lab", 1.0)])
    assert chart_in([pie("Shares", [("a", 3), ("b", 4)])]) == Chart("Shares", "", [("b", 4.0), ("a", 3.0)])
    assert chart_in([header("Report")]) is None


@pytest.mark.parametrize("values", [[3.0, 1.5, 0.0], [0.0], [], [-5.0, 1e300]])
def test_the_picture(values: list[float]):
    """It is a PNG that grows with its bars, and the longest is as long as there is room for."""
    made = drawn(Chart("Usage", "GB", [(f"account {n}", value) for n, value in enumerate(values)]))
    with Image.open(BytesIO(made)) as image:
        assert (image.format, image.width, image.height) == ("PNG", 960, 48 + 34 * (len(values) + 1))
        colours = image.convert("RGB").getcolors(100_000) or []
    assert ((18, 100, 163) in {colour for _, colour in colours}) is any(value > 0 for value in values)


@pytest.mark.parametrize(
    ("text", "said"), [("Gdańsk", "Gdansk"), ("深圳智联账户", "no. 2"), ("a\nb", "no. 2"), ("acme", "acme")]
)
def test_names_the_font_does_not_have(text: str, said: str):
    """Marks are left off; a name in other letters is told by its place, as it stands in the text beside."""
    assert in_ascii(text, "no. 2") == said


def test_the_extra_is_not_needed_to_start():
    """The bot is there without the library: it is imported when a chart is drawn, and not before."""
    code = "import sys, bot.app, bot.pictures; print('PIL' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
    assert can_draw()


@pytest.mark.parametrize("chart", [None, {}, {"series": []}, {"series": [{"data": [{"label": "a"}]}]}, {"segments": 3}])
async def test_what_cannot_be_drawn_holds_nothing_up(world: World, chart: object):
    """A chart in no shape of ours is no picture, and no trouble for the message that stands in the channel."""
    before = len(world.slack.messages(OPS))

    await Pictures(world.app.slack).beside(Posted(OPS, "1.0"), [{"type": "data_visualization", "chart": chart}])

    assert len(world.slack.messages(OPS)) == before
