"""Slack's own limits on messages, modals and the Home tab. Pure.

https://docs.slack.dev/reference/block-kit/blocks and .../views, as of November 2026.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from bot.simulator.slack.charts import DATA_TABLE, DATA_VISUALIZATION, TABLE, cell_characters
from bot.simulator.slack.checks import Check, Found, Thing, array, fields, flag, kinds, string, whole, word
from bot.simulator.slack.controls import ELEMENTS, IMAGE, IMAGE_PARTS, PLAIN, TEXT, text, url_or_file
from bot.simulator.slack.rich_text import RICH_TEXT
from bot.simulator.slack.shapes import Json, Refused

BLOCK_ID = {"block_id": string(255)}
VIEW_BYTES = 250_000

MULTI = tuple(f"multi_{k}_select" for k in ("static", "external", "users", "conversations", "channels"))
SELECTS = tuple(f"{k}_select" for k in ("static", "external", "users", "conversations", "channels"))
PICKERS = ("datepicker", "timepicker", "radio_buttons", "checkboxes")
INPUTS = ("plain_text_input", "number_input", "email_text_input", "url_text_input", "datetimepicker", "rich_text_input")


def only(*names: str) -> Check:
    """One of the named elements."""
    return kinds({name: ELEMENTS[name] for name in names})


def _text_or_fields(block: Thing) -> str | None:
    return "missing required field: text" if not block.get("text") and not block.get("fields") else None


def _own_action_ids(block: object, place: str, found: Found) -> None:
    seen: set[str] = set()
    parts = block.get("elements", ()) if isinstance(block, dict) else ()
    for at, element in enumerate(parts):
        action_id = element.get("action_id")
        if action_id in seen:
            found.add(f'`action_id` "{action_id}" already exists', f"{place}/elements/{at}/action_id")
        if action_id is not None:
            seen.add(action_id)


def _card_has_something(block: Thing) -> str | None:
    parts = ("hero_image", "title", "actions", "body")
    return None if any(block.get(p) for p in parts) else "must have a hero_image, title, actions or body"


CARD = fields(
    {},
    {
        **BLOCK_ID,
        "hero_image": IMAGE,
        "icon": IMAGE,
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "actions": array(only("button"), most=5),
    },
    whole(_card_has_something),
)

BLOCKS: dict[str, Check] = {
    "section": fields(
        {},
        {
            **BLOCK_ID,
            "text": text(3000),
            "fields": array(text(2000), most=10),
            "accessory": only("button", "image", "overflow", "workflow_button", *SELECTS, *MULTI, *PICKERS),
            "expand": flag,
        },
        whole(_text_or_fields),
    ),
    "header": fields({"text": PLAIN(150)}, BLOCK_ID),
    "divider": fields({}, BLOCK_ID),
    "context": fields({"elements": array(kinds({**TEXT, "image": IMAGE}), most=10)}, BLOCK_ID),
    "actions": fields(
        {
            "elements": array(
                only("button", "overflow", "workflow_button", "datetimepicker", *SELECTS, *MULTI, *PICKERS), most=25
            )
        },
        BLOCK_ID,
        _own_action_ids,
    ),
    "context_actions": fields(
        {"elements": array(only("feedback_buttons", "icon_button"), most=5)}, BLOCK_ID, _own_action_ids
    ),
    "input": fields(
        {"label": PLAIN(2000), "element": only("file_input", *INPUTS, *SELECTS, *MULTI, *PICKERS)},
        {**BLOCK_ID, "hint": PLAIN(2000), "optional": flag, "dispatch_action": flag},
    ),
    "image": fields({"alt_text": string(2000)}, {**BLOCK_ID, **IMAGE_PARTS, "title": PLAIN(2000)}, whole(url_or_file)),
    "rich_text": RICH_TEXT,
    "markdown": fields({"text": string(12_000)}, BLOCK_ID),
    "table": TABLE,
    "data_table": DATA_TABLE,
    "data_visualization": DATA_VISUALIZATION,
    "video": fields(
        {"alt_text": string(2000), "title": PLAIN(199), "thumbnail_url": string(3000), "video_url": string(3000)},
        {
            **BLOCK_ID,
            "author_name": string(49),
            "description": PLAIN(200),
            "provider_icon_url": string(3000),
            "provider_name": string(3000),
            "title_url": string(3000),
        },
    ),
    "file": fields({"external_id": string(None), "source": word("remote")}, BLOCK_ID),
    "alert": fields(
        {"text": text(3000)}, {**BLOCK_ID, "level": word("default", "info", "warning", "error", "success")}
    ),
    "card": CARD,
    "carousel": fields({"elements": array(kinds({"card": CARD}), most=10)}, BLOCK_ID),
}

# A file block shows up in messages that were read; it cannot be sent: reference/block-kit/blocks/file-block
MESSAGE_BLOCKS = {k: v for k, v in BLOCKS.items() if k != "file"}
MODAL_BLOCKS = {
    k: BLOCKS[k]
    for k in ("section", "header", "divider", "context", "actions", "input", "image", "rich_text", "video", "alert")
}
HOME_BLOCKS = {**MODAL_BLOCKS, "card": CARD, "carousel": BLOCKS["carousel"]}

VIEW_PARTS: dict[str, Check] = {
    "private_metadata": string(3000, least=0),
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
    "clear_on_close": flag,
    "notify_on_close": flag,
}


def _submit_for_inputs(view: Thing) -> str | None:
    has_input = any(block.get("type") == "input" for block in view["blocks"])
    return "missing required field: submit" if has_input and not view.get("submit") else None


VIEWS: dict[str, Check] = {
    "modal": fields(
        {"title": PLAIN(24), "blocks": array(kinds(MODAL_BLOCKS), most=100, least=0)},
        {**VIEW_PARTS, "submit": PLAIN(24), "close": PLAIN(24), "submit_disabled": flag},
        whole(_submit_for_inputs),
    ),
    "home": fields({"blocks": array(kinds(HOME_BLOCKS), most=100, least=0)}, VIEW_PARTS),
}


def check_blocks(blocks: object) -> list[str]:
    """What Slack finds wrong with the blocks of a message; empty when it takes them."""
    found = Found()
    array(kinds(MESSAGE_BLOCKS), most=50, least=0)(blocks, "/blocks", found)
    if not found.wrong and isinstance(blocks, Sequence):
        _together(blocks, "/blocks", found)
        _message_sums(blocks, found)
    return found.wrong


def check_view(view: object) -> list[str]:
    """What Slack finds wrong with a modal or a Home tab; empty when it takes it."""
    found = Found()
    kinds(VIEWS)(view, "/view", found)
    if not found.wrong and isinstance(view, dict):
        _together(view["blocks"], "/view/blocks", found)
        if view["type"] == "home":
            _no_files(view["blocks"], found)
    return found.wrong


def check_options(body: object) -> list[str]:
    """What Slack finds wrong with the answer to a type-ahead; empty when it takes it."""
    found = Found()
    option = array(ELEMENTS["option"], most=100, least=0)
    group = fields({"label": PLAIN(75), "options": option})
    fields({}, {"options": option, "option_groups": array(group, most=100, least=0)})(body, "", found)
    if not found.wrong and isinstance(body, dict) and "options" not in body and "option_groups" not in body:
        found.add("missing required field: options", "")
    return found.wrong


def check_message(*, text: str, blocks: object, attachments: object, most: int = 40_000) -> None:
    """Nothing, when Slack takes such a message; raises Refused with Slack's word and its reasons when it does not."""
    if not text and not blocks and not attachments:
        raise Refused("no_text")
    if len(text) > most:
        raise Refused("msg_too_long")
    if isinstance(attachments, list) and len(attachments) > 100:
        raise Refused("too_many_attachments")
    for at, attached in enumerate(attachments if isinstance(attachments, list) else ()):
        wrong = check_blocks(attached.get("blocks") or [])
        if wrong:
            raise Refused("invalid_attachments", [w.replace(":/", f":/attachments/{at}/", 1) for w in wrong])
    wrong = check_blocks(blocks or [])
    if wrong:
        raise Refused("invalid_blocks", wrong)
    if isinstance(blocks, list) and text_characters(blocks) > 12_000:
        raise Refused("msg_blocks_too_long")


def check_sent_view(view: object, *, kind: str) -> Json:
    """The view as it came, when Slack takes it; raises Refused when it does not."""
    if not isinstance(view, dict):
        raise Refused("invalid_arguments", ["must be an object [json-pointer:/view]"])
    if view.get("type") != kind:
        raise Refused("invalid_arguments", [f"must be {kind} [json-pointer:/view/type]"])
    wrong = check_view(view)
    if wrong:
        raise Refused("invalid_arguments", wrong)
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        raise Refused("view_too_large")
    return view


def text_characters(blocks: Sequence[Thing]) -> int:
    """The characters of all texts in the blocks; tables and charts have limits of their own and are left out.

    Slack refuses more than about 12,000 with msg_blocks_too_long: https://github.com/slackapi/bolt-js/issues/2509
    """
    counted = [b for b in blocks if b["type"] not in {"table", "data_table", "data_visualization"}]
    return sum(_text_characters(b) for b in counted)


def _text_characters(thing: object) -> int:
    if isinstance(thing, dict):
        own = len(thing["text"]) if isinstance(thing.get("text"), str) else 0
        return own + sum(_text_characters(part) for part in thing.values() if not isinstance(part, str))
    if isinstance(thing, list | tuple):
        return sum(_text_characters(part) for part in thing)
    return 0


def _together(blocks: Sequence[Thing], place: str, found: Found) -> None:
    ids = Counter(block["block_id"] for block in blocks if block.get("block_id") is not None)
    for at, block in enumerate(blocks):
        if ids.get(block.get("block_id", ""), 0) > 1:
            found.add(f'`block_id` "{block["block_id"]}" already exists', f"{place}/{at}/block_id")
    focused = [at for at, b in enumerate(blocks) if (b.get("element") or {}).get("focus_on_load")]
    if len(focused) > 1:
        found.add("only one element may have focus_on_load", f"{place}/{focused[1]}/element/focus_on_load")


def _no_files(blocks: Sequence[Thing], found: Found) -> None:
    for at, block in enumerate(blocks):
        if (block.get("element") or {}).get("type") == "file_input":
            found.add("unsupported type: file_input", f"/view/blocks/{at}/element/type")


def _message_sums(blocks: Sequence[Thing], found: Found) -> None:
    count = Counter(block["type"] for block in blocks)
    if count["data_visualization"] > 2:
        found.add("no more than 2 data_visualization blocks allowed", "/blocks")
    if count["table"] > 1:
        found.add("only_one_table_allowed", "/blocks")
    if sum(len(b["text"]) for b in blocks if b["type"] == "markdown") > 12_000:
        found.add("markdown must be less than 12001 characters over all blocks", "/blocks")
    for kind in ("table", "data_table"):
        if sum(cell_characters(b) for b in blocks if b["type"] == kind) > 10_000:
            found.add(f"{kind} must be less than 10001 characters over all cells", "/blocks")
