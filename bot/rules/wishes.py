"""What is typed behind a verb that changes a SIM: which SIM, and what the change takes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from bot.errors import BadInput
from bot.rules.naming import CALLED, LINKED, unlinked
from bot.rules.orders import FIELD_AT_MOST, Order
from bot.rules.sims import Operation, quotable
from bot.rules.sms import TEXT_AT_MOST, VALIDITIES, Coding
from bot.rules.templates import BEGINS
from bot.rules.texts import read_hex, size_of

T = TypeVar("T")
QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
SMS = re.compile(r'(?:["“”„‟]([^"“”„‟]+)["“”„‟]|(\S+))\s+(\S.*)', re.DOTALL)
FIELD = re.compile(r"custom([1-5])\s*=\s*(.*)", re.IGNORECASE | re.DOTALL)
SWITCH: Mapping[str, bool] = MappingProxyType(
    {"on": True, "off": False, "enable": True, "disable": False, "enabled": True, "disabled": False}
)
CODING: Mapping[str, int] = MappingProxyType({str(coding.value): coding.value for coding in Coding})
VALIDITY: Mapping[str, int] = MappingProxyType({str(validity): validity for _, validity in VALIDITIES})
NUMBER_LIKE = re.compile(r"[+0-9][0-9\-.]*[Ff]?")

Words = Sequence[str]


def split_words(text: str) -> list[str]:
    """The words of what was typed; quotes hold several together. Slack's way of writing a phone number is undone."""
    plain = unlinked(text).translate(QUOTES)
    words = (word.replace('"', "") for word in WORD.findall(plain))
    return [word for word in words if word.strip()]


def _plan(text: str, usage: str, operation: Operation) -> tuple[str, Order]:
    words = split_words(text)
    if len(words) < 2:
        raise BadInput(f"The SIM and what it is to get are needed: `{usage}`. Put a name with spaces in quotes.")
    return _sim(words[:-1]), Order(operation, plan=words[-1])


def _apn(text: str, usage: str) -> tuple[str, Order]:
    words = split_words(text)
    if len(words) < 3 or words[-1].lower() not in SWITCH:
        raise BadInput(f"The SIM, its APN and `on` or `off` are needed: `{usage}`.")
    return _sim(words[:-2]), Order(Operation.APN, apn=words[-2], enabled=SWITCH[words[-1].lower()])


def _set(text: str, usage: str) -> tuple[str, Order]:
    words = split_words(text)
    first = next((n for n, word in enumerate(words) if FIELD.match(word)), None)
    other = next((n for n, word in enumerate(words) if "=" in word), None)
    first = other if first is None else first  # that one is no field of ours, and is named below
    if not first:
        raise BadInput(f"The SIM and a custom field are needed: `{usage}`. Put a text with spaces in quotes.")
    fields: dict[int, str] = {}
    for word in words[first:]:
        found = FIELD.fullmatch(word)
        if found is None:
            raise BadInput(f"“{quotable(word)}” is no custom field. Write custom1=… to custom5=…: `{usage}`.")
        number, value = int(found[1]), found[2].strip()
        if number in fields:
            raise BadInput(f"custom{number} stands here twice; write it once.")
        if len(value) > FIELD_AT_MOST:
            raise BadInput(f"custom{number} would have {len(value)} characters; a custom field holds {FIELD_AT_MOST}.")
        fields[number] = value
    return _sim(words[:first]), Order(Operation.SET, custom=tuple(sorted(fields.items())))


def _sms(text: str, usage: str) -> tuple[str, Order]:
    """The text is kept as it was typed, so what names the SIM ends at the first space, or at its closing quote."""
    number = CALLED.match(text.lstrip())
    behind = text if number is None else text.lstrip()[number.end() :]
    found = SMS.fullmatch((("" if number is None else number[1]) + LINKED.sub(r"\1", behind)).strip())
    if found is None:
        raise BadInput(f"The SIM and the text are needed: `{usage}`. Put a label with spaces in quotes.")
    quoted, word, said = found.groups()
    if word is not None and NUMBER_LIKE.fullmatch(word) and len(word) < 10 and NUMBER_LIKE.match(said):
        raise BadInput(f"Where does the SIM's number end? Write it without spaces, or in quotes: `{usage}`.")
    if len(said) > TEXT_AT_MOST:
        raise BadInput(f"The text has {len(said):,} characters; an SMS takes {TEXT_AT_MOST:,}.")
    return quoted or word, Order(Operation.SMS, text=said)


def _sim(words: Words) -> str:
    return " ".join(words)


# How each change that takes something is read from what stands behind its verb: what names the SIM, and the order.
ORDERS: Mapping[Operation, Callable[[str, str], tuple[str, Order]]] = MappingProxyType(
    {
        Operation.PLAN: lambda text, usage: _plan(text, usage, Operation.PLAN),
        Operation.ADDON: lambda text, usage: _plan(text, usage, Operation.ADDON),
        Operation.APN: _apn,
        Operation.SET: _set,
        Operation.SMS: _sms,
    }
)


def from_form(operation: Operation, values: Mapping[str, str], *, custom: Sequence[str]) -> Order:
    """The order in a form that was filled in, by the names of its fields; `custom` is what its five fields showed.

    Raises BadInput where something is missing.
    """
    match operation:
        case Operation.PLAN | Operation.ADDON:
            return Order(operation, plan=_filled(values, operation.value))
        case Operation.APN:
            word, _, apn = _filled(values, "apn").partition(" ")
            return Order(operation, apn=apn, enabled=_chosen(word, SWITCH))
        case Operation.SET:
            wanted = {n: values.get(f"custom{n}", "").strip() for n in range(1, 6)}
            return Order(operation, custom=tuple((n, v) for n, v in wanted.items() if v != custom[n - 1]))
        case Operation.SMS:
            validity = _chosen(values["validity"], VALIDITY) if "validity" in values else None
            coding = _chosen(values.get("coding", "0"), CODING)
            return Order(operation, text=_text(values, coding), coding=coding, validity=validity)
    return Order(operation)


def _text(values: Mapping[str, str], coding: int) -> str:
    """The text of an SMS, or the template that stands for it; of binary its hex digits. Raises BadInput."""
    template = values.get("template")
    if template is not None and values.get("text", "").strip():
        raise BadInput("Write a text or choose a template, not both.")
    if template is not None:
        return f"{BEGINS}{template}"
    text = _filled(values, "text")
    size_of(text, coding)
    return read_hex(text) if coding == Coding.BINARY else text


def _chosen(word: str, choices: Mapping[str, T]) -> T:
    """What was chosen in a menu. Raises BadInput for what is none of its choices."""
    if word not in choices:
        raise BadInput(f"“{quotable(word)}” cannot be chosen here; open the form again.")
    return choices[word]


def _filled(values: Mapping[str, str], name: str) -> str:
    value = values.get(name, "").strip()
    if not value:
        raise BadInput("Something has to stand here.")
    return value
