"""Menus and modals: what somebody chooses from, and fields to fill in. All of it is cut to what Slack takes.

https://docs.slack.dev/reference/block-kit/block-elements
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.views.parts import Block, Element, fit, one_line, plain

PLACEHOLDER, OPTION, VALUE, CHOICES, FEW = 150, 75, 150, 100, 10
TITLE, LABEL, HINT, NOTE, TYPED, FILES = 24, 2000, 2000, 3000, 3000, 10
Options = Sequence[tuple[str, str]]


# --- elements: what stands in a field, or in a row of actions ----------------------------------------------------


def menu(text: str, *, action: str, least: int = 1, start: tuple[str, str] | None = None) -> Element:
    """A menu that we fill while somebody types `least` letters in it: see `Listening.suggested`.

    `start` is what is chosen at first: what is read, and the value.
    """
    made: dict[str, object] = {"type": "external_select", "action_id": action, "placeholder": plain(text, PLACEHOLDER)}
    made["min_query_length"] = least
    first = () if start is None else options([start])
    return made | ({"initial_option": first[0]} if first else {})


def choice(text: str, *, action: str, options: Options, start: str | None = None) -> Element:
    """A menu of at most a hundred options, each what is read and its value; `start` is the value chosen at first."""
    every = _options(options, CHOICES)
    made: Element = {"type": "static_select", "action_id": action, "placeholder": plain(text, PLACEHOLDER)}
    return {**made, "options": every, **_first(every, start)}


def radio(*, action: str, options: Options, start: str | None = None) -> Element:
    """One of at most ten, all to be seen."""
    every = _options(options, FEW)
    return {"type": "radio_buttons", "action_id": action, "options": every, **_first(every, start)}


def checkboxes(*, action: str, options: Options, start: Sequence[str] = ()) -> Element:
    """Any of at most ten; `start` are the values that are ticked at first."""
    every = _options(options, FEW)
    ticked = [o for o in every if o["value"] in start]
    made: Element = {"type": "checkboxes", "action_id": action, "options": every}
    return {**made, **({"initial_options": ticked} if ticked else {})}


def typed(*, action: str, start: str = "", lines: bool = False, most: int = TYPED, example: str = "") -> Element:
    """A field for text of at most `most` characters; `lines` for several lines."""
    made: dict[str, object] = {"type": "plain_text_input", "action_id": action, "multiline": lines}
    made["max_length"] = max(1, min(most, TYPED))
    if start:
        made["initial_value"] = fit(start, max(1, min(most, TYPED)))
    return made | ({"placeholder": plain(example, PLACEHOLDER)} if example else {})


def number(
    *, action: str, start: int | None = None, least: int | None = None, most: int | None = None, decimal: bool = False
) -> Element:
    """A field for a number."""
    made: dict[str, object] = {"type": "number_input", "action_id": action, "is_decimal_allowed": decimal}
    given = {"initial_value": start, "min_value": least, "max_value": most}
    return made | {key: str(value) for key, value in given.items() if value is not None}


def person(text: str, *, action: str) -> Element:
    """A menu of the people of the workspace."""
    return {"type": "users_select", "action_id": action, "placeholder": plain(text, PLACEHOLDER)}


def file(*, action: str, kinds: Sequence[str] = (), most: int = 1) -> Element:
    """A field for up to ten files of these kinds (`csv`), in modals alone. What comes is the files' addresses: to
    read them takes the scope files:read.
    """
    made: dict[str, object] = {"type": "file_input", "action_id": action, "max_files": max(1, min(most, FILES))}
    return made | ({"filetypes": list(kinds)} if kinds else {})


# --- modals ------------------------------------------------------------------------------------------------------


def field(label: str, element: Element, *, hint: str = "", optional: bool = False, tells: bool = False) -> Block:
    """A field of a modal with its name; its block is named as its element is, and errors are shown there.

    One that `tells` is an action as well whenever something is chosen in it, or, in a field for text, with each letter.
    https://docs.slack.dev/reference/block-kit/blocks/input-block
    """
    made: dict[str, object] = {"type": "input", "block_id": element["action_id"], "optional": optional}
    if tells:
        made["dispatch_action"] = True
    if tells and element["type"] == "plain_text_input":
        element = {**element, "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}
    made |= {"label": plain(label, LABEL), "element": element}
    return made | ({"hint": plain(hint, HINT)} if hint else {})


def modal(
    title: str, *blocks: Block, callback: str, id: int, submit: str | None = None, close: str = "Cancel"
) -> Block:
    """A modal that carries a number and nothing else. One with fields needs the word of its button, `submit`."""
    made: dict[str, object] = {"type": "modal", "callback_id": callback, "private_metadata": str(id)}
    made |= {"title": plain(one_line(title, TITLE), TITLE), "close": plain(close, TITLE), "blocks": list(blocks[:100])}
    return made | ({"submit": plain(submit, TITLE)} if submit is not None else {})


# --- options -----------------------------------------------------------------------------------------------------


def options(given: Options, most: int = CHOICES) -> list[Element]:
    """The options as Slack takes them. One whose value is empty, too long, not to be sent or there already is left
    out: changed, it would mean another thing.
    """
    own: dict[str, Element] = {}
    for text, value in given:
        if value and value == fit(value, VALUE) and value not in own and len(own) < most:
            own[value] = {"text": plain(one_line(text, OPTION), OPTION), "value": value}
    return list(own.values())


def _options(given: Options, most: int) -> list[Element]:
    """The same where Slack wants one at least."""
    return options(given, most) or options([("–", "0")])


def _first(every: Sequence[Element], start: str | None) -> dict[str, object]:
    chosen = [o for o in every if o["value"] == start]
    return {"initial_option": chosen[0]} if chosen else {}
