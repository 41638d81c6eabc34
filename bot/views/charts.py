"""Charts: Slack's own block, and the same as bars of characters for where it is refused.

https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block: at most two in a message.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from math import isfinite

from bot.views.parts import DECIMAL, Block, Units, lines, one_line, spans, verbatim
from bot.views.tables import pad, width

TITLE, LABEL, AXIS, SERIES, CATEGORIES = 50, 20, 50, 6, 20
BAR = 20
LARGEST = sys.float_info.max
OTHER = "other"


def bars(
    title: str,
    categories: Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    kind: str = "bar",
    x: str = "",
    y: str = "",
) -> Block:
    """Bars in groups, one group for each category; `kind` may be `line` or `area`. `y` names the unit.

    What is more than Slack takes is added up as “other”: give the largest first.
    """
    rows = [[_number(v) for v in values[: len(categories)]] for values in series.values()] or [[]]
    names, rows = _folded(list(series) or [title], [_filled(row, len(categories)) for row in rows], SERIES)
    labels, columns = _folded(list(categories), [list(c) for c in zip(*rows, strict=True)], CATEGORIES)
    if not labels:
        labels, columns = ["–"], [[0.0] * len(names)]
    values = zip(*columns, strict=True)
    data = [
        {"name": name, "data": [{"label": at, "value": value} for at, value in zip(labels, row, strict=True)]}
        for name, row in zip(names, values, strict=True)
    ]
    axis: dict[str, object] = {"categories": labels}
    axis |= {key: one_line(text, AXIS) for key, text in (("x_label", x), ("y_label", y)) if text.strip()}
    return _chart(title, {"type": kind, "series": data, "axis_config": axis})


def pie(title: str, segments: Sequence[tuple[str, float]]) -> Block:
    """Shares of a whole: the five largest and the rest as “other”. Nothing at all is said in words, as no pie can."""
    whole = sorted(((name, _number(v)) for name, v in segments), key=lambda s: -s[1])
    some = [(name, value) for name, value in whole if value > 0]
    if not some:
        return lines(spans(f"{title}: nothing to show."))
    labels, values = _folded([name for name, _ in some], [[value] for _, value in some], SERIES)
    parts = [{"label": name, "value": value[0]} for name, value in zip(labels, values, strict=True)]
    return _chart(title, {"type": "pie", "segments": parts})


def text_bars(rows: Sequence[tuple[str, float, str]]) -> Block:
    """A line with a bar for each label, its value and how that is said; the longest bar is the largest value."""
    shown = [(_label(name), _number(value), one_line(said, LABEL)) for name, value, said in rows[:CATEGORIES]]
    most = max((value for _, value, _ in shown), default=0.0)
    wide = max((width(name) for name, _, _ in shown), default=0)
    told = [f"{pad(name, wide)}  {_bar(value, most)}  {said}" for name, value, said in shown]
    left = len(rows) - len(shown)
    return verbatim("\n".join([*told, *([f"… and {left} more"] if left else [])]) or "nothing to show")


def measure(most: int, *, units: Units = DECIMAL) -> tuple[int, str]:
    """How many bytes the unit has in which an amount is best drawn beside smaller ones, and its name."""
    names = ("B", "KiB", "MiB", "GiB", "TiB") if units.binary else ("B", "kB", "MB", "GB", "TB")
    base = 1024 if units.binary else 1000
    step = max(n for n in range(len(names)) if n == 0 or base**n <= most)
    return base**step, names[step]


def _bar(value: float, most: float) -> str:
    """Something is a place at least, and only the largest is all of them."""
    filled = 0 if value <= 0 else max(1, int(value / most * BAR))
    return "█" * filled + "░" * (BAR - filled)


def _folded(names: Sequence[str], rows: list[list[float]], most: int) -> tuple[list[str], list[list[float]]]:
    """At most so many rows with names of their own: the last is the sum of those that are too many."""
    if len(names) <= most:
        return _own_names(names), rows
    kept = most - 1
    rest = [max(-LARGEST, min(sum(column), LARGEST)) for column in zip(*rows[kept:], strict=True)]
    return _own_names([*names[:kept], OTHER]), [*rows[:kept], rest]


def _own_names(names: Sequence[str]) -> list[str]:
    """The names as Slack takes them, each different from the others."""
    taken: list[str] = []
    for name in map(_label, names):
        own, count = name, 1
        while own in taken:
            count += 1
            own = f"{name[: LABEL - 4]} {count}"
        taken.append(own)
    return taken


def _label(name: str) -> str:
    return " ".join(one_line(name, LABEL).split()) or "–"


def _number(value: float) -> float:
    """JSON has no other numbers than these."""
    return value if isfinite(value) else 0.0


def _filled(row: list[float], wide: int) -> list[float]:
    return [*row, *[0.0] * (wide - len(row))]


def _chart(title: str, chart: Mapping[str, object]) -> Block:
    return {"type": "data_visualization", "title": one_line(title, TITLE), "chart": chart}
