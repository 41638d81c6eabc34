"""Slack's limits on elements (buttons, selects, inputs) and on the objects they are made of. Pure.

https://docs.slack.dev/reference/block-kit/block-elements and .../composition-objects
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.simulator.slack.checks import Check, Found, Thing, array, fields, flag, kinds, number, string, whole, word
from bot.simulator.slack.rich_text import RICH_TEXT


def _plain(most: int) -> Check:
    return fields({"text": string(most)}, {"emoji": flag})


def _mrkdwn(most: int) -> Check:
    return fields({"text": string(most)}, {"verbatim": flag})


def PLAIN(most: int) -> Check:  # noqa: N802 - reads as one of the words in the tables
    """A plain_text object of so many characters."""
    return kinds({"plain_text": _plain(most)})


def text(most: int) -> Check:
    """A text object of either kind, of so many characters."""
    return kinds({"plain_text": _plain(most), "mrkdwn": _mrkdwn(most)})


TEXT: Mapping[str, Check] = MappingProxyType({"plain_text": _plain(3000), "mrkdwn": _mrkdwn(3000)})

SLACK_FILE = fields({}, {"id": string(None), "url": string(3000)})
IMAGE_PARTS: Mapping[str, Check] = MappingProxyType({"image_url": string(3000), "slack_file": SLACK_FILE})


def url_or_file(image: Thing) -> str | None:
    """What is wrong when an image names neither or both of its two sources."""
    if bool(image.get("image_url")) == bool(image.get("slack_file")):
        return "must have one of image_url and slack_file"
    return None


IMAGE = fields({"alt_text": string(2000)}, IMAGE_PARTS, whole(url_or_file))

STYLE = word("primary", "danger")
CONFIRM = fields({"title": PLAIN(100), "text": text(300), "confirm": PLAIN(30), "deny": PLAIN(30)}, {"style": STYLE})
OPTION = fields({"text": PLAIN(75), "value": string(150)}, {"description": PLAIN(75)})
FREE_OPTION = fields({"text": text(75), "value": string(150)}, {"description": text(75)})
LINK_OPTION = fields({"text": PLAIN(75), "value": string(150)}, {"description": PLAIN(75), "url": string(3000)})
GROUP = fields({"label": PLAIN(75), "options": array(OPTION, most=100)})
WHEN = fields({"trigger_actions_on": array(word("on_enter_pressed", "on_character_entered"), most=2)})
KINDS_OF_PLACE = word("im", "mpim", "private", "public")
FILTER = fields(
    {},
    {
        "include": array(KINDS_OF_PLACE, most=4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    },
)

BASE: Mapping[str, Check] = MappingProxyType({"action_id": string(255)})
PICKED: Mapping[str, Check] = MappingProxyType({**BASE, "confirm": CONFIRM, "focus_on_load": flag})
MENU: Mapping[str, Check] = MappingProxyType({**PICKED, "placeholder": PLAIN(150)})
MANY: Mapping[str, Check] = MappingProxyType({**MENU, "max_selected_items": number(1)})
TYPED: Mapping[str, Check] = MappingProxyType(
    {**BASE, "focus_on_load": flag, "placeholder": PLAIN(150), "dispatch_action_config": WHEN}
)


def _options_or_groups(menu: Thing) -> str | None:
    if bool(menu.get("options")) == bool(menu.get("option_groups")):
        return "must have one of options and option_groups"
    return None


def _offered(element: Thing) -> list[Thing]:
    groups = element.get("option_groups") or ()
    return [*(element.get("options") or ()), *(o for group in groups for o in group["options"])]


def _initial_is_offered(element: Thing) -> str | None:
    first = element.get("initial_option")
    chosen = [*([first] if first is not None else []), *(element.get("initial_options") or ())]
    return None if all(c in _offered(element) for c in chosen) else "initial option must match one of the options"


def _min_not_above_max(low: str, high: str) -> Callable[[Thing], str | None]:
    def look(element: Thing) -> str | None:
        if element.get(low) is None or element.get(high) is None:
            return None
        return f"{low} cannot be greater than {high}" if float(element[low]) > float(element[high]) else None

    return look


def _initial_fits(element: Thing) -> str | None:
    given = element.get("initial_value")
    if given is None or len(given) <= element.get("max_length", 3000):
        return None
    return f"initial_value must be less than {element.get('max_length', 3000) + 1} characters"


OPTIONS: Mapping[str, Check] = MappingProxyType(
    {"options": array(OPTION, most=100), "option_groups": array(GROUP, most=100)}
)
STATIC = (whole(_options_or_groups), whole(_initial_is_offered))
FEEDBACK = fields({"text": PLAIN(75), "value": string(2000)}, {"accessibility_label": string(75)})
ID = string(None)


def _numeral(value: object, place: str, found: Found) -> None:
    try:
        float(value) if isinstance(value, str) else float("x")
    except ValueError:
        found.add("must be a string that is a number", place)


ELEMENTS: Mapping[str, Check] = MappingProxyType(
    {
        "option": OPTION,
        "image": IMAGE,
        "button": fields(
            {"text": PLAIN(75)},
            {
                **BASE,
                "url": string(3000),
                "value": string(2000),
                "style": STYLE,
                "confirm": CONFIRM,
                "accessibility_label": string(75),
            },
        ),
        "workflow_button": fields(
            {"text": PLAIN(75), "workflow": fields({"trigger": fields({"url": string(3000)}, {})})},
            {**BASE, "style": STYLE, "accessibility_label": string(75)},
        ),
        "icon_button": fields(
            {"icon": word("trash"), "text": PLAIN(75)},
            {**BASE, "value": string(2000), "confirm": CONFIRM, "accessibility_label": string(75)},
        ),
        "feedback_buttons": fields({"positive_button": FEEDBACK, "negative_button": FEEDBACK}, BASE),
        "overflow": fields({"options": array(LINK_OPTION, most=5)}, {**BASE, "confirm": CONFIRM}),
        "static_select": fields({}, {**MENU, **OPTIONS, "initial_option": OPTION}, *STATIC),
        "multi_static_select": fields(
            {}, {**MANY, **OPTIONS, "initial_options": array(OPTION, most=100, least=0)}, *STATIC
        ),
        "external_select": fields({}, {**MENU, "initial_option": OPTION, "min_query_length": number(0)}),
        "multi_external_select": fields(
            {}, {**MANY, "initial_options": array(OPTION, most=100, least=0), "min_query_length": number(0)}
        ),
        "users_select": fields({}, {**MENU, "initial_user": ID}),
        "multi_users_select": fields({}, {**MANY, "initial_users": array(ID, most=None, least=0)}),
        "conversations_select": fields(
            {},
            {
                **MENU,
                "initial_conversation": ID,
                "default_to_current_conversation": flag,
                "response_url_enabled": flag,
                "filter": FILTER,
            },
        ),
        "multi_conversations_select": fields(
            {},
            {
                **MANY,
                "initial_conversations": array(ID, most=None, least=0),
                "default_to_current_conversation": flag,
                "filter": FILTER,
            },
        ),
        "channels_select": fields({}, {**MENU, "initial_channel": ID, "response_url_enabled": flag}),
        "multi_channels_select": fields({}, {**MANY, "initial_channels": array(ID, most=None, least=0)}),
        "radio_buttons": fields(
            {"options": array(FREE_OPTION, most=10)}, {**PICKED, "initial_option": FREE_OPTION}, STATIC[1]
        ),
        "checkboxes": fields(
            {"options": array(FREE_OPTION, most=10)},
            {**PICKED, "initial_options": array(FREE_OPTION, most=10)},
            STATIC[1],
        ),
        "datepicker": fields({}, {**MENU, "initial_date": string(10, least=10)}),
        "timepicker": fields({}, {**MENU, "initial_time": string(5, least=5), "timezone": string(None)}),
        "datetimepicker": fields({}, {**PICKED, "initial_date_time": number(1_000_000_000, 9_999_999_999)}),
        "plain_text_input": fields(
            {},
            {
                **TYPED,
                "initial_value": string(3000, least=0),
                "multiline": flag,
                "min_length": number(0, 3000),
                "max_length": number(1, 3000),
            },
            whole(_min_not_above_max("min_length", "max_length")),
            whole(_initial_fits),
        ),
        "number_input": fields(
            {"is_decimal_allowed": flag},
            {**TYPED, "initial_value": _numeral, "min_value": _numeral, "max_value": _numeral},
            whole(_min_not_above_max("min_value", "max_value")),
        ),
        "email_text_input": fields({}, {**TYPED, "initial_value": string(None, least=0)}),
        "url_text_input": fields({}, {**TYPED, "initial_value": string(None, least=0)}),
        "rich_text_input": fields({}, {**TYPED, "initial_value": kinds({"rich_text": RICH_TEXT})}),
        "file_input": fields({}, {**BASE, "filetypes": array(string(None), most=None), "max_files": number(1, 10)}),
    }
)
