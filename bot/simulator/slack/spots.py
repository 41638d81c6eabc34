"""Where people act, and what can be pressed there. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.simulator.slack.elements import STATELESS, options_of
from bot.simulator.slack.shapes import Json, Message
from bot.simulator.slack.words import Block, elements

Place = Message | Json | None


@dataclass(frozen=True)
class Spot:
    """Where somebody acts: a message or a view, as it stands (or stood)."""

    message: Message | None
    view: Json | None

    @property
    def blocks(self) -> Sequence[Block]:
        """What can be pressed there."""
        if self.message is not None:
            return self.message.blocks
        return self.view["blocks"] if self.view is not None else ()

    @property
    def key(self) -> str:
        """Under what the choices made there are remembered."""
        if self.message is not None:
            return self.message.place
        return str(self.view["id"]) if self.view is not None else ""


@dataclass(frozen=True)
class Pressable:
    """A button or an entry of a menu. `option` is the value of the entry."""

    block: Block
    element: Block
    names: tuple[str, ...]
    label: str
    value: str | None
    option: str | None = None


def pressable(blocks: Sequence[Block]) -> list[Pressable]:
    """Everything that can be pressed, from top to bottom."""
    found = []
    for block, element in elements(blocks):
        if element["type"] == "overflow":
            for option in options_of(element):
                label, value = option["text"]["text"], option["value"]
                found.append(Pressable(block, element, (label, value), f"{label} (menu)", value, value))
        elif "text" in element and element["type"] in STATELESS:
            label, action_id = element["text"]["text"], element["action_id"]
            found.append(Pressable(block, element, (label, action_id), f"{label} ({action_id})", element.get("value")))
    return found


def element_at(spot: Spot, action_id: str, *, block_id: str | None = None) -> tuple[Block, Block]:
    """The element with this action_id, with its block; LookupError names what there is."""
    every = list(elements(spot.blocks))
    for block, element in every:
        if element["action_id"] == action_id and block_id in (None, block["block_id"]):
            return block, element
    there = ", ".join(e["action_id"] for _, e in every) or "nothing"
    raise LookupError(f"There is no “{action_id}” here; there is: {there}.")
