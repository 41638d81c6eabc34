"""What a person's choice in a button, a menu or an input looks like to the bot, and whether a form is filled. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from bot.simulator.slack.shapes import FormRefused, Json
from bot.simulator.slack.words import Block, elements

Value = str | Sequence[str]

TYPED = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input"})
STATELESS = frozenset({"button", "overflow", "workflow_button", "icon_button", "feedback_buttons"})

# The key under which the choice stands, and the key of the element that says what is chosen at first.
ONE: Mapping[str, tuple[str, str]] = {
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    **dict.fromkeys(TYPED, ("value", "initial_value")),
}
SEVERAL: Mapping[str, tuple[str, str]] = {
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "file_input": ("files", "files"),
}
INTERACTIVE = frozenset({*STATELESS, *ONE, *SEVERAL})


def with_ids(blocks: Sequence[Block], new_id: Callable[[str], str]) -> list[Json]:
    """The blocks as Slack keeps them: each with a block_id, each element with an action_id."""
    kept: list[Json] = json.loads(json.dumps(list(blocks)))  # they came as JSON, and this copies them the fastest
    for block in kept:
        block.setdefault("block_id", new_id("b"))
        parts = [block.get("accessory"), block.get("element"), *(block.get("elements") or ())]
        for part in [*parts, *(block.get("actions") or ())]:
            if isinstance(part, dict) and part.get("type") in INTERACTIVE:
                part.setdefault("action_id", new_id("a"))
    return kept


def first_state(element: Block) -> Json:
    """The state of an element nobody has touched."""
    kind = str(element["type"])
    if kind in SEVERAL:
        key, start = SEVERAL[kind]
        return {"type": kind, key: list(element.get(start) or ())}
    key, start = ONE[kind]
    return {"type": kind, key: element.get(start)}


def state_of(blocks: Sequence[Block], chosen: Mapping[str, Mapping[str, Json]]) -> Json:
    """The `state` of a message or view: what is chosen in each element, by block_id and action_id."""
    values: dict[str, dict[str, Json]] = {}
    for block, element in elements(blocks):
        if element["type"] in STATELESS:
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        now = chosen.get(block_id, {}).get(action_id)
        values.setdefault(block_id, {})[action_id] = now if now is not None else first_state(element)
    return {"values": values}


def options_of(element: Block, offered: Sequence[Json] = ()) -> list[Json]:
    """What can be chosen: the element's own options, or those the bot has just offered for it."""
    groups = element.get("option_groups") or ()
    return [*(element.get("options") or ()), *(o for group in groups for o in group["options"]), *offered]


def chosen_state(
    element: Block, value: Value, *, offered: Sequence[Json] = (), files: Mapping[str, Json] | None = None
) -> Json:
    """The state of an element after this choice. LookupError names what could be chosen where it is not among it."""
    kind = str(element["type"])
    if kind in SEVERAL:
        key = SEVERAL[kind][0]
        wanted = [value] if isinstance(value, str) else list(value)
        if key == "files":
            return {"type": kind, key: [(files or {})[w] for w in wanted]}
        return {"type": kind, key: [_option(element, w, offered) if key == "selected_options" else w for w in wanted]}
    text = value if isinstance(value, str) else "".join(value)
    if kind == "overflow":
        return {"type": kind, "selected_option": _option(element, text, offered)}
    return {"type": kind, ONE[kind][0]: _single(element, ONE[kind][0], text, offered)}


def _single(element: Block, key: str, text: str, offered: Sequence[Json]) -> Any:  # Any: as the element's kind wants it
    if key == "selected_option":
        return _option(element, text, offered) if text else None
    if key == "selected_date_time":
        return int(text) if text else None
    if key == "selected_date" and text:
        return date.fromisoformat(text).isoformat()
    if key == "rich_text_value":
        span = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
        return {"type": "rich_text", "elements": [span]}
    return text or None


def _option(element: Block, wanted: str, offered: Sequence[Json]) -> Json:
    options = options_of(element, offered)
    found = next((o for o in options if wanted in (o["value"], o["text"]["text"])), None)
    if found is None:
        names = ", ".join(f"{o['text']['text']} ({o['value']})" for o in options) or "nothing"
        raise LookupError(f"“{wanted}” cannot be chosen in {element['action_id']}; there is: {names}.")
    return found


def find_input(view: Block, name: str) -> tuple[Block, Block]:
    """The input with this block_id, action_id or label, with its block; LookupError names what there is."""
    every = [(b, e) for b, e in elements(view["blocks"]) if e["type"] not in STATELESS]
    tries: tuple[Callable[[Block, Block], object], ...] = (
        lambda b, _: b["block_id"],
        lambda _, e: e["action_id"],
        lambda b, _: (b.get("label") or {}).get("text"),
    )
    for read in tries:
        fitting = [(b, e) for b, e in every if read(b, e) == name]
        if len(fitting) == 1:
            return fitting[0]
    names = ", ".join(f"{b['block_id']}/{e['action_id']}" for b, e in every) or "no input"
    raise LookupError(f"There is no single input “{name}” in this modal; there is: {names}.")


def check_filled(view: Block, state: Json) -> None:
    """Nothing, when Slack's client would send this form; raises FormRefused with a sentence for each block."""
    errors: dict[str, str] = {}
    labels: dict[str, str] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        now = state["values"][block["block_id"]][element["action_id"]]
        wrong = _wrong_with(element, _content(now), optional=bool(block.get("optional")))
        if wrong is not None:
            errors[block["block_id"]] = wrong
            labels[block["block_id"]] = block["label"]["text"]
    if errors:
        raise FormRefused(errors, labels)


def _content(state: Json) -> object:
    return next((v for k, v in state.items() if k != "type"), None)


def _wrong_with(element: Block, content: object, *, optional: bool) -> str | None:
    if content is None or content == []:
        return None if optional else "Please complete this required field."
    if isinstance(content, list) and len(content) > element.get("max_selected_items", len(content)):
        return f"Please choose no more than {element['max_selected_items']}."
    look = WRONG.get(str(element["type"]))
    return look(element, str(content)) if look is not None else None


def _wrong_text(element: Block, text: str) -> str | None:
    if len(text) < element.get("min_length", 0):
        return f"Must be at least {element['min_length']} characters."
    most = element.get("max_length", 3000)
    return f"Must be no more than {most} characters." if len(text) > most else None


def _wrong_number(element: Block, text: str) -> str | None:
    try:
        given = float(text)
    except ValueError:
        return "Please enter a number."
    if not element["is_decimal_allowed"] and not re.fullmatch(r"-?\d+", text):
        return "Please enter a whole number."
    if element.get("min_value") is not None and given < float(element["min_value"]):
        return f"Must be at least {element['min_value']}."
    if element.get("max_value") is not None and given > float(element["max_value"]):
        return f"Must be no more than {element['max_value']}."
    return None


def _wrong_email(_element: Block, text: str) -> str | None:
    return None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) else "Please enter a valid email address."


def _wrong_url(_element: Block, text: str) -> str | None:
    return None if re.match(r"https?://\S+$", text) else "Please enter a valid URL."


WRONG: Mapping[str, Callable[[Block, str], str | None]] = {
    "plain_text_input": _wrong_text,
    "number_input": _wrong_number,
    "email_text_input": _wrong_email,
    "url_text_input": _wrong_url,
}
