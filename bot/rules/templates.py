"""Texts that are written once and sent with what the SIM has: “Hello {label}”. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from bot.errors import BadInput
from bot.rules.sims import Sim, label_of, quotable
from bot.rules.sms import TEXT_AT_MOST

BEGINS = "template:"
FIELDS = (
    "label", "giccid", "iccid", "imsi", "msisdn", "imei", "account", "plan", "status",
    "custom1", "custom2", "custom3", "custom4", "custom5",
)  # fmt: skip


def check_template(text: str) -> str:
    """The text, when it is a template; raises BadInput, saying what is wrong in it."""
    if not text.strip() or len(text) > TEXT_AT_MOST:
        raise BadInput(f"write a text of 1 to {TEXT_AT_MOST} characters")
    try:
        pieces = list(Formatter().parse(text))
    except ValueError:
        raise BadInput("a brace stands alone: write {{ and }} for braces that are meant") from None
    for _, field, spec, conversion in pieces:
        if field is not None and (field not in FIELDS or spec or conversion):
            raise BadInput(f"“{{{field}}}” is no field of a SIM: there are {', '.join(FIELDS)}")
    return text


def filled(text: str, sim: Sim, *, label_field: str) -> str:
    """The template with what the SIM has. Raises BadInput where the SIM lacks a field, or it gets too long."""
    said: list[str] = []
    for words, field, _, _ in Formatter().parse(text):
        said.append(words)
        if field is not None:
            value = _value(field, sim, label_field)
            if not value:
                raise BadInput(f"This SIM has no {field}, which the template needs; write the text yourself.")
            said.append(value)
    whole = "".join(said)
    if len(whole) > TEXT_AT_MOST:
        raise BadInput(f"With this SIM the template has {len(whole):,} characters; an SMS takes {TEXT_AT_MOST:,}.")
    return whole


def _value(field: str, sim: Sim, label_field: str) -> str | None:
    if field == "label":
        return label_of(sim, label_field)
    if field == "status":
        return sim.status_word if sim.status is None else sim.status.value
    if field.startswith("custom"):
        return sim.custom[int(field[-1]) - 1]
    found: str | None = getattr(sim, field)
    return found


def chosen(typed: str, templates: Mapping[str, str]) -> str | None:
    """The template that is named by `template:NAME`; `None` where the text is meant as it stands.

    Raises BadInput where there is no such template.
    """
    word = typed.strip()
    if not word.lower().startswith(BEGINS) or not templates:
        return None
    name = word[len(BEGINS) :].strip()
    if name not in templates:
        there = ", ".join(f"“{quotable(one)}”" for one in templates)
        raise BadInput(f"There is no template “{quotable(name)}”; there are {there}.")
    return templates[name]
