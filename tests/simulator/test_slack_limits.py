"""Slack's limits: for each, what just fits and what is one too many."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator.slack.limits import check_blocks, check_message, check_options, check_sent_view, check_view
from bot.simulator.slack.shapes import Refused

Json = dict[str, Any]


def plain(n: int) -> Json:
    return {"type": "plain_text", "text": "x" * n}


def mrkdwn(n: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * n}


def section(n: int = 1, **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(n), **more}


def fields(n: int, length: int = 1) -> Json:
    return {"type": "section", "fields": [mrkdwn(length)] * n}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(1), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(text: int = 1, value: int = 1, **more: Any) -> Json:
    return {"text": plain(text), "value": "v" * value, **more}


def static(n: int, **more: Any) -> Json:
    return actions({"type": "static_select", "options": [option()] * n, **more})


def radios(n: int, kind: str = "radio_buttons") -> Json:
    return actions({"type": kind, "options": [option()] * n})


def confirm(title: int = 1, text: int = 1, confirm: int = 1, deny: int = 1) -> Json:
    return {"title": plain(title), "text": plain(text), "confirm": plain(confirm), "deny": plain(deny)}


def confirmed(**lengths: int) -> Json:
    return actions(button(confirm=confirm(**lengths)))


def asked(element: Json | None = None, *, label: int = 1, **more: Any) -> Json:
    return {"type": "input", "label": plain(label), "element": element or {"type": "plain_text_input"}, **more}


def typed(**more: Any) -> Json:
    return asked({"type": "plain_text_input", **more})


def picture(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a", **more}


def cell(n: int = 1) -> Json:
    return {"type": "raw_text", "text": "x" * n}


def table(rows: int, columns: int = 1, length: int = 1, kind: str = "data_table") -> Json:
    more = {"caption": "c"} if kind == "data_table" else {}
    return {"type": kind, "rows": [[cell(length)] * columns for _ in range(rows)], **more}


def chart(series: int = 1, categories: int = 1, title: int = 1, label: int = 4) -> Json:
    names = [f"{n:0{label}}" for n in range(categories)]
    data = [{"label": name, "value": n} for n, name in enumerate(names)]
    plotted = [{"name": f"s{n}", "data": data} for n in range(series)]
    drawn = {"type": "line", "series": plotted, "axis_config": {"categories": names}}
    return {"type": "data_visualization", "title": "t" * title, "chart": drawn}


def pie(segments: int, value: float = 1) -> Json:
    parts = [{"label": f"s{n}", "value": value} for n in range(segments)]
    return {"type": "data_visualization", "title": "t", "chart": {"type": "pie", "segments": parts}}


def video(title: int) -> Json:
    urls = {"thumbnail_url": "https://e.com/t.png", "video_url": "https://e.com/v"}
    return {"type": "video", "title": plain(title), "alt_text": "a", **urls}


LESS = "must be less than {} characters"
FEWER = "no more than {} items allowed"

# what fits, what does not, Slack's words, and where it finds it
BLOCKS: dict[str, tuple[Json, Json, str, str]] = {
    "section text": (section(3000), section(3001), LESS.format(3001), "text/text"),
    "section fields": (fields(10), fields(11), FEWER.format(10), "fields"),
    "section field": (fields(1, 2000), fields(1, 2001), LESS.format(2001), "fields/0/text"),
    "header": (
        {"type": "header", "text": plain(150)},
        {"type": "header", "text": plain(151)},
        LESS.format(151),
        "text/text",
    ),
    "context": (
        {"type": "context", "elements": [mrkdwn(1)] * 10},
        {"type": "context", "elements": [mrkdwn(1)] * 11},
        FEWER.format(10),
        "elements",
    ),
    "actions": (actions(*[button()] * 25), actions(*[button()] * 26), FEWER.format(25), "elements"),
    "button text": (
        actions(button(text=plain(75))),
        actions(button(text=plain(76))),
        LESS.format(76),
        "elements/0/text/text",
    ),
    "button value": (
        actions(button(value="v" * 2000)),
        actions(button(value="v" * 2001)),
        LESS.format(2001),
        "elements/0/value",
    ),
    "button url": (
        actions(button(url="u" * 3000)),
        actions(button(url="u" * 3001)),
        LESS.format(3001),
        "elements/0/url",
    ),
    "action_id": (
        actions(button(action_id="a" * 255)),
        actions(button(action_id="a" * 256)),
        LESS.format(256),
        "elements/0/action_id",
    ),
    "block_id": (section(block_id="b" * 255), section(block_id="b" * 256), LESS.format(256), "block_id"),
    "select options": (static(100), static(101), FEWER.format(100), "elements/0/options"),
    "select option": (
        actions({"type": "static_select", "options": [option(75)]}),
        actions({"type": "static_select", "options": [option(76)]}),
        LESS.format(76),
        "elements/0/options/0/text/text",
    ),
    "option value": (
        actions({"type": "static_select", "options": [option(1, 150)]}),
        actions({"type": "static_select", "options": [option(1, 151)]}),
        LESS.format(151),
        "elements/0/options/0/value",
    ),
    "option description": (
        actions({"type": "static_select", "options": [option(description=plain(75))]}),
        actions({"type": "static_select", "options": [option(description=plain(76))]}),
        LESS.format(76),
        "elements/0/options/0/description/text",
    ),
    "placeholder": (
        static(1, placeholder=plain(150)),
        static(1, placeholder=plain(151)),
        LESS.format(151),
        "elements/0/placeholder/text",
    ),
    "overflow": (
        actions({"type": "overflow", "options": [option()] * 5}),
        actions({"type": "overflow", "options": [option()] * 6}),
        FEWER.format(5),
        "elements/0/options",
    ),
    "radio": (radios(10), radios(11), FEWER.format(10), "elements/0/options"),
    "checkboxes": (radios(10, "checkboxes"), radios(11, "checkboxes"), FEWER.format(10), "elements/0/options"),
    "confirm title": (confirmed(title=100), confirmed(title=101), LESS.format(101), "elements/0/confirm/title/text"),
    "confirm text": (confirmed(text=300), confirmed(text=301), LESS.format(301), "elements/0/confirm/text/text"),
    "confirm yes": (confirmed(confirm=30), confirmed(confirm=31), LESS.format(31), "elements/0/confirm/confirm/text"),
    "confirm no": (confirmed(deny=30), confirmed(deny=31), LESS.format(31), "elements/0/confirm/deny/text"),
    "input label": (asked(label=2000), asked(label=2001), LESS.format(2001), "label/text"),
    "input hint": (asked(hint=plain(2000)), asked(hint=plain(2001)), LESS.format(2001), "hint/text"),
    "typed first": (
        typed(initial_value="x" * 3000),
        typed(initial_value="x" * 3001),
        LESS.format(3001),
        "element/initial_value",
    ),
    "typed max": (typed(max_length=3000), typed(max_length=3001), "must be at most 3000", "element/max_length"),
    "typed first in max": (
        typed(max_length=5, initial_value="x" * 5),
        typed(max_length=5, initial_value="x" * 6),
        "initial_value must be less than 6 characters",
        "element",
    ),
    "files": (
        asked({"type": "file_input", "max_files": 10}),
        asked({"type": "file_input", "max_files": 11}),
        "must be at most 10",
        "element/max_files",
    ),
    "image alt": (picture(alt_text="a" * 2000), picture(alt_text="a" * 2001), LESS.format(2001), "alt_text"),
    "image title": (picture(title=plain(2000)), picture(title=plain(2001)), LESS.format(2001), "title/text"),
    "video title": (video(199), video(200), LESS.format(200), "title/text"),
    "markdown": (
        {"type": "markdown", "text": "x" * 12_000},
        {"type": "markdown", "text": "x" * 12_001},
        LESS.format(12_001),
        "text",
    ),
    "table rows": (table(100, kind="table"), table(101, kind="table"), FEWER.format(100), "rows"),
    "table columns": (table(2, 20, kind="table"), table(2, 21, kind="table"), FEWER.format(20), "rows/0"),
    "data_table rows": (table(101), table(102), FEWER.format(101), "rows"),
    "data_table has a row": (table(2), table(1), "no fewer than 2 items allowed", "rows"),
    "data_table columns": (table(2, 20), table(2, 21), FEWER.format(20), "rows/0"),
    "data_table page": (
        table(2) | {"page_size": 100},
        table(2) | {"page_size": 101},
        "must be at most 100",
        "page_size",
    ),
    "chart title": (chart(title=50), chart(title=51), LESS.format(51), "title"),
    "chart label": (chart(label=20), chart(label=21), LESS.format(21), "chart/axis_config/categories/0"),
    "chart series": (chart(series=6), chart(series=7), FEWER.format(6), "chart/series"),
    "chart categories": (chart(categories=20), chart(categories=21), FEWER.format(20), "chart/axis_config/categories"),
    "pie segments": (pie(6), pie(7), FEWER.format(6), "chart/segments"),
    "pie value": (pie(1, 0.1), pie(1, 0), "value must be greater than 0", "chart/segments/0"),
}


@pytest.mark.parametrize("case", BLOCKS)
def test_what_just_fits_fits_and_one_more_does_not(case: str) -> None:
    """Each limit of a block lets through what just fits, and names the place of what does not."""
    fits, too_much, words, place = BLOCKS[case]

    assert check_blocks([fits]) == []
    assert f"{words} [json-pointer:/blocks/0/{place}]" in check_blocks([too_much])


WRONG: dict[str, tuple[Json, str]] = {
    "no type": ({"text": mrkdwn(1)}, "missing required field: type"),
    "unknown block": ({"type": "nonsense"}, "unsupported type: nonsense"),
    "unknown key": (section() | {"colour": "red"}, "invalid additional property: colour"),
    "unknown key of a text": (
        {"type": "section", "text": mrkdwn(1) | {"emoji": True}},
        "invalid additional property: emoji",
    ),
    "mrkdwn header": ({"type": "header", "text": mrkdwn(1)}, "unsupported type: mrkdwn"),
    "empty section": ({"type": "section"}, "missing required field: text"),
    "empty text": (section(0), "must be more than 0 characters"),
    "empty header": ({"type": "header", "text": plain(0)}, "must be more than 0 characters"),
    "no elements": (actions(), "no fewer than 1 items allowed"),
    "input in actions": (actions({"type": "plain_text_input"}), "unsupported type: plain_text_input"),
    "button in an input": (asked(button()), "unsupported type: button"),
    "no options": (actions({"type": "static_select"}), "must have one of options and option_groups"),
    "first is no option": (
        static(1, initial_option=option(2)),
        "initial option must match one of the options",
    ),
    "same action twice": (
        actions(button(action_id="a"), button(action_id="a")),
        '`action_id` "a" already exists',
    ),
    "number without its kind": (asked({"type": "number_input"}), "missing required field: is_decimal_allowed"),
    "number from above": (
        asked({"type": "number_input", "is_decimal_allowed": False, "min_value": "2", "max_value": "1"}),
        "min_value cannot be greater than max_value",
    ),
    "style": (actions(button(style="green")), "must be one of primary, danger"),
    "image without a source": ({"type": "image", "alt_text": "a"}, "must have one of image_url and slack_file"),
    "image without words": ({"type": "image", "image_url": "u"}, "missing required field: alt_text"),
    "sent file": ({"type": "file", "external_id": "a", "source": "remote"}, "unsupported type: file"),
    "rich header": (
        {"type": "data_table", "caption": "c", "rows": [[{"type": "rich_text", "elements": []}], [cell()]]},
        "header cells cannot be rich_text",
    ),
    "ragged": (
        {"type": "data_table", "caption": "c", "rows": [[cell()], [cell(), cell()]]},
        "all rows must have the same number of cells",
    ),
    "no caption": ({"type": "data_table", "rows": [[cell()], [cell()]]}, "missing required field: caption"),
    "empty cell": (table(2, length=0), "must be more than 0 characters"),
    "unknown chart": (
        {"type": "data_visualization", "title": "t", "chart": {"type": "radar"}},
        "unsupported type: radar",
    ),
    "not a block": ("text", "must be an object"),  # type: ignore[dict-item]  # what is wrong with it
}


@pytest.mark.parametrize("case", WRONG)
def test_what_slack_does_not_know_is_refused(case: str) -> None:
    """Unknown, missing, empty and contradicting parts are refused in Slack's words."""
    block, words = WRONG[case]

    assert any(wrong.startswith(words) for wrong in check_blocks([block])), check_blocks([block])


def test_labels_of_a_chart_are_its_categories() -> None:
    """A point that is no category is refused, and so are two series of one name."""
    other = chart()
    other["chart"]["series"][0]["data"][0] = {"label": "else", "value": 1}
    twins = chart(series=2)
    twins["chart"]["series"][1]["name"] = "s0"

    assert check_blocks([other])[0].startswith("labels must match the categories")
    assert check_blocks([twins])[0].startswith("series names must be unique")


TOGETHER: dict[str, tuple[list[Json], list[Json], str]] = {
    "blocks": ([section()] * 50, [section()] * 51, FEWER.format(50)),
    "charts": ([chart()] * 2, [chart()] * 3, "no more than 2 data_visualization blocks allowed"),
    "cells": ([table(10, 10, 50)] * 2, [table(10, 10, 50)] * 2 + [table(2)], "data_table must be less than 10001"),
    "tables": ([table(1, kind="table")], [table(1, kind="table")] * 2, "only_one_table_allowed"),
    "markdown": (
        [{"type": "markdown", "text": "x" * 6000}] * 2,
        [{"type": "markdown", "text": "x" * 6000}, {"type": "markdown", "text": "x" * 6001}],
        "markdown must be less than 12001",
    ),
    "block_id": (
        [section(block_id="a"), section(block_id="b")],
        [section(block_id="a"), section(block_id="a")],
        '`block_id` "a" already exists',
    ),
}


@pytest.mark.parametrize("case", TOGETHER)
def test_limits_of_a_message_as_a_whole(case: str) -> None:
    """What blocks may have together is counted over the message."""
    fits, too_much, words = TOGETHER[case]

    assert check_blocks(fits) == []
    assert check_blocks(too_much)[0].startswith(words)


def modal(blocks: list[Json] | None = None, **more: Any) -> Json:
    return {"type": "modal", "title": plain(1), "blocks": blocks or [], **more}


VIEWS: dict[str, tuple[Json, Json, str]] = {
    "title": (modal(title=plain(24)), modal(title=plain(25)), LESS.format(25)),
    "submit": (modal(submit=plain(24)), modal(submit=plain(25)), LESS.format(25)),
    "close": (modal(close=plain(24)), modal(close=plain(25)), LESS.format(25)),
    "metadata": (modal(private_metadata="m" * 3000), modal(private_metadata="m" * 3001), LESS.format(3001)),
    "callback": (modal(callback_id="c" * 255), modal(callback_id="c" * 256), LESS.format(256)),
    "blocks": (modal([section()] * 100), modal([section()] * 101), FEWER.format(100)),
    "home blocks": (
        {"type": "home", "blocks": [section()] * 100},
        {"type": "home", "blocks": [section()] * 101},
        FEWER.format(100),
    ),
    "submit for inputs": (modal([typed()], submit=plain(1)), modal([typed()]), "missing required field: submit"),
    "no charts": (modal([section()]), modal([chart()]), "unsupported type: data_visualization"),
    "no tables": (modal([section()]), modal([table(2)]), "unsupported type: data_table"),
    "no files at home": (
        {"type": "home", "blocks": [typed()]},
        {"type": "home", "blocks": [asked({"type": "file_input"})]},
        "unsupported type: file_input",
    ),
    "one focus": (
        modal([typed(focus_on_load=True), typed()], submit=plain(1)),
        modal([typed(focus_on_load=True), typed(focus_on_load=True)], submit=plain(1)),
        "only one element may have focus_on_load",
    ),
    "known keys": (modal(notify_on_close=True), modal(colour="red"), "invalid additional property: colour"),
    "title there": (modal(), {"type": "modal", "blocks": []}, "missing required field: title"),
}


@pytest.mark.parametrize("case", VIEWS)
def test_limits_of_modals_and_home(case: str) -> None:
    """Each limit of a view lets through what just fits and refuses one more."""
    fits, too_much, words = VIEWS[case]

    assert check_view(fits) == []
    assert check_view(too_much)[0].startswith(words)


MESSAGES: dict[str, tuple[Json, Json, str]] = {
    "text": ({"text": "x"}, {"text": ""}, "no_text"),
    "length": ({"text": "x" * 40_000}, {"text": "x" * 40_001}, "msg_too_long"),
    "attachments": ({"attachments": [{}] * 100}, {"attachments": [{}] * 101}, "too_many_attachments"),
    "blocks": ({"blocks": [section()]}, {"blocks": [section(0)]}, "invalid_blocks"),
    "all texts": (
        {"blocks": [section(3000)] * 4},
        {"blocks": [section(3000)] * 4 + [section()]},
        "msg_blocks_too_long",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_limits_of_a_message(case: str) -> None:
    """A message is refused with Slack's own word for it."""
    fits, too_much, code = MESSAGES[case]
    bare: Json = {"text": "", "blocks": None, "attachments": None}

    check_message(**bare | fits)
    with pytest.raises(Refused) as refused:
        check_message(**bare | too_much)
    assert refused.value.code == code


def test_a_view_has_to_be_of_the_kind_asked_for_and_not_too_large() -> None:
    """views.publish takes no modal, and no view of more than 250 KB."""
    with pytest.raises(Refused, match="invalid_arguments"):
        check_sent_view(modal(), kind="home")
    large = modal([section(2990)] * 90)
    with pytest.raises(Refused, match="view_too_large"):
        check_sent_view(large, kind="modal")
    assert check_sent_view(modal(), kind="modal") == modal()


def test_offered_options_have_limits_too() -> None:
    """A type-ahead offers up to 100 options, or groups of them, and says which of the two."""
    assert check_options({"options": [option()] * 100}) == []
    assert check_options({"options": []}) == []
    assert check_options({"option_groups": [{"label": plain(75), "options": [option()]}]}) == []
    assert check_options({"options": [option()] * 101})[0].startswith(FEWER.format(100))
    assert check_options({}) == ["missing required field: options [json-pointer:]"]


def test_every_block_and_element_of_the_documentation_has_a_right_form() -> None:
    """Each kind of menu, picker and input is taken where it belongs."""
    menus = ["external", "users", "conversations", "channels"]
    menu_elements = [{"type": f"{k}_select"} for k in menus] + [{"type": f"multi_{k}_select"} for k in menus]
    pickers: list[Json] = [{"type": k} for k in ("datepicker", "timepicker", "datetimepicker")]
    inputs: list[Json] = [{"type": k} for k in ("email_text_input", "url_text_input", "rich_text_input", "file_input")]
    number: Json = {"type": "number_input", "is_decimal_allowed": True}
    grouped: Json = {"type": "multi_static_select", "option_groups": [{"label": plain(1), "options": [option()]}]}

    assert check_blocks([actions(*menu_elements, *pickers, grouped)]) == []
    assert check_blocks([asked(e) for e in (*menu_elements, *pickers, *inputs, number, grouped)]) == []
    assert check_blocks([section(accessory=e) for e in (*menu_elements, *pickers[:2], picture(), button())]) == []


def test_rich_text_is_read_in_all_its_parts() -> None:
    """Lists, quotes, code and mentions of rich text are taken; a part that is unknown is not."""
    spans = [
        {"type": "text", "text": "a", "style": {"bold": True}},
        {"type": "link", "url": "https://e.com"},
        {"type": "user", "user_id": "U1"},
        {"type": "broadcast", "range": "here"},
        {"type": "emoji", "name": "wave"},
    ]
    part = {"type": "rich_text_section", "elements": spans}
    several = [
        part,
        {"type": "rich_text_list", "style": "bullet", "elements": [part], "indent": 1},
        {"type": "rich_text_quote", "elements": spans},
        {"type": "rich_text_preformatted", "elements": spans[:2]},
    ]

    assert check_blocks([{"type": "rich_text", "elements": several}]) == []
    assert check_blocks([{"type": "rich_text", "elements": [{"type": "rich_text_song", "elements": []}]}]) == [
        "unsupported type: rich_text_song [json-pointer:/blocks/0/elements/0/type]"
    ]
