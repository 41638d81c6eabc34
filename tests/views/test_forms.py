"""Menus and modals are taken by Slack whatever is put into them, and no value ever becomes another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.slack.limits import check_options
from bot.views import forms
from bot.views.parts import Message, actions, lines, spans
from tests.schemas import misfits
from tests.views.drawn import TEXT, enough, sound, sound_view

OPTIONS = st.lists(st.tuples(TEXT, TEXT), max_size=120)
WHOLE = st.integers(-(2**63), 2**63)


def values(element: Mapping[str, Any]) -> list[str]:
    """The values that can be chosen."""
    return [option["value"] for option in element["options"]]


@enough
@given(text=TEXT, options=OPTIONS)
def test_menus_take_anything(text: str, options: list[tuple[str, str]]):
    """However many options, of whatever words and values, Slack takes a row of menus."""
    start = options[0] if options else None
    row = (
        forms.menu(text, action="find.sim", start=start),
        forms.choice(text, action="plan", options=options, start=start[1] if start else None),
    )

    sound(Message("x", (actions("menus", *row),)))
    assert check_options({"options": forms.options(options)}) == []


@enough
@given(text=TEXT, options=OPTIONS, number=WHOLE, most=WHOLE)
def test_modals_take_anything(text: str, options: list[tuple[str, str]], number: int, most: int):
    """A modal with a field of each kind is taken by Slack, and is a View of its types."""
    first = [value for _, value in options][:1]
    view = forms.modal(
        text,
        lines(spans(text)),
        forms.field(text, forms.typed(action="a", start=text, most=most, example=text), hint=text, optional=True),
        forms.field(text, forms.number(action="b", start=number, least=min(number, most), most=max(number, most))),
        forms.field(text, forms.choice(text, action="c", options=options, start="x")),
        forms.field(text, forms.radio(action="d", options=options, start="".join(first))),
        forms.field(text, forms.checkboxes(action="e", options=options, start=first)),
        forms.field(text, forms.menu(text, action="f")),
        forms.field(text, forms.file(action="g", kinds=("csv",), most=most)),
        callback="form",
        id=7,
        submit=text,
    )

    sound_view(view, kind="modal")
    assert misfits("View", view) == []


def test_no_value_becomes_another():
    """What has no value, too long a one or one that was there already cannot be chosen; nothing is cut."""
    given_options = [("a", "1"), ("none", ""), ("long", "9" * 151), ("again", "1"), ("b", "2")]

    assert values(forms.choice("x", action="x", options=given_options)) == ["1", "2"]
    assert values(forms.choice("x", action="x", options=[(str(n), str(n)) for n in range(200)])) == [
        str(n) for n in range(100)
    ]
    assert len(values(forms.radio(action="x", options=[(str(n), str(n)) for n in range(200)]))) == 10


def test_what_is_chosen_at_first():
    """The option chosen at first is one of those offered; one that is not offered is nothing."""
    offered = [("Acme", "1"), ("Globex", "2")]

    assert forms.choice("x", action="x", options=offered, start="2")["initial_option"]["value"] == "2"  # type: ignore[index]  # an option
    assert "initial_option" not in forms.choice("x", action="x", options=offered, start="3")
    ticked = forms.checkboxes(action="x", options=offered, start=["2", "3"])["initial_options"]
    assert [option["value"] for option in ticked] == ["2"]  # type: ignore[attr-defined]  # a list of options


def test_a_field_is_named_as_its_element():
    """An error can be shown at the field whose value was wrong, by the one name."""
    field = forms.field("Reason", forms.typed(action="why", lines=True, most=500))

    assert field["block_id"] == "why"
    assert field["element"] == {
        "type": "plain_text_input", "action_id": "why", "multiline": True, "max_length": 500
    }  # fmt: skip
