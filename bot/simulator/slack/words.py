"""What is read in blocks, and whom a message would notify. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

Block = Mapping[str, Any]  # Any: Slack's JSON is of any depth

# https://docs.slack.dev/messaging/formatting-message-text/#special-mentions
MENTION = re.compile(r"<(?:!(channel|here|everyone)|@([UW][A-Z0-9]+)|!subteam\^(S[A-Z0-9]+))(?:\|[^>]*)?>")
# How each of these elements is written in a message's text.
NAMED = {"user": ("@", "user_id"), "usergroup": ("!subteam^", "usergroup_id"), "channel": ("#", "channel_id")}
INSIDE = ("text", "title", "label", "hint", "description", "caption", "alt_text", "placeholder", "author_name")


class HasWords(Protocol):
    """A message, as far as it is looked at here."""

    @property
    def text(self) -> str:
        """The text beside the blocks."""

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks."""


def elements(blocks: Sequence[Block]) -> Iterator[tuple[Block, Block]]:
    """Each interactive element with the block it stands in, from top to bottom."""
    for block in blocks:
        inside = [block.get("accessory"), block.get("element"), *(block.get("elements") or ()), *_actions(block)]
        for element in inside:
            if isinstance(element, Mapping) and "action_id" in element:
                yield block, element
        if block.get("type") == "carousel":
            yield from elements(block.get("elements") or ())


def _actions(block: Block) -> Sequence[Block]:
    return block.get("actions") or () if block.get("type") == "card" else ()


def read(blocks: Sequence[Block]) -> list[str]:
    """All that is visible in the blocks without opening anything, one entry for each text."""
    return [line for block in blocks for line in _read(block)]


def _read(thing: object) -> list[str]:
    if isinstance(thing, str):
        return [thing]
    if isinstance(thing, Mapping):
        return _read_object(thing)
    if isinstance(thing, Sequence):
        return [line for part in thing for line in _read(part)]
    return []


def _read_object(thing: Block) -> list[str]:
    kind = thing.get("type")
    if kind == "data_visualization":
        return [str(thing.get("title", "")), *_read_chart(thing.get("chart") or {})]
    if kind == "emoji":
        return [f":{thing.get('name')}:"]
    if kind in NAMED:
        sign, key = NAMED[kind]
        return [f"<{sign}{thing.get(key)}>"]
    if kind in {"link", "button", "workflow_button"}:
        return _read(thing.get("text") or thing.get("url"))
    chosen = [thing[k] for k in ("initial_value", "initial_date", "initial_time") if isinstance(thing.get(k), str)]
    picked = thing.get("initial_option") or ()
    lists = [thing.get(k) or () for k in ("fields", "element", "elements", "accessory", "rows", "actions")]
    visible_options = thing.get("options", ()) if kind in {"radio_buttons", "checkboxes"} else ()
    parts = [thing.get(k) for k in INSIDE]
    return [line for part in (*parts, *lists, visible_options, picked, chosen) for line in _read(part)]


def _read_chart(chart: Block) -> list[str]:
    points = [p for s in chart.get("series") or () for p in s.get("data") or ()] + list(chart.get("segments") or ())
    axis = chart.get("axis_config") or {}
    names = [s.get("name", "") for s in chart.get("series") or ()]
    labels = [axis[k] for k in ("x_label", "y_label") if k in axis]
    return [*names, *labels, *(f"{p.get('label')}: {p.get('value')}" for p in points)]


def pings(message: HasWords) -> set[str]:
    """Whom this message notifies: `channel`, `here`, `everyone`, and the ids of people (U…) and of groups (S…).

    Looked at are the text and everything in the blocks that Slack reads as markup; plain text never pings.
    """
    return pinged(message.text) | {who for block in message.blocks for who in _live(block)}


def pinged(text: str) -> set[str]:
    """Whom this piece of mrkdwn notifies."""
    return {name for found in MENTION.findall(text) for name in found if name}


def _live(thing: object) -> set[str]:
    if isinstance(thing, Mapping):
        return _live_object(thing)
    if isinstance(thing, Sequence) and not isinstance(thing, str):
        return {who for part in thing for who in _live(part)}
    return set()


def _live_object(thing: Block) -> set[str]:
    kind = thing.get("type")
    if kind in {"mrkdwn", "markdown"}:
        return pinged(str(thing.get("text", "")))
    if kind == "broadcast":
        return {str(thing.get("range"))}
    if kind in {"user", "usergroup"}:
        return {str(thing.get("user_id") or thing.get("usergroup_id"))}
    return {who for part in thing.values() for who in _live(part)}
