"""What an operator could write into config.toml to close a gap that a survey shows; people judge it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.smarthub.contract import ENUMS, Endpoint
from bot.smarthub.shapes import WORDS
from bot.smarthub.survey import Field, Stranger, Survey

# How much alike a key has to be to be suggested, from 0 to 1. "status" and "simState" are 0.6 by name alone.
ALIKE = 0.58
# What says more than a name: all its words are in our table, or all its numbers are as long as an ICCID.
SURE = 0.45
# Parts of names that say little of what it is.
COMMON = frozenset({"at", "bytes", "count", "date", "id", "name", "time", "value"})
WORDS_AT_MOST = 10
FILL_IN = "?"


@dataclass(frozen=True)
class Keys:
    """Look for this field under these keys."""

    table: str
    field: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Word:
    """Say what this word of SmartHub's means."""

    enum: str
    theirs: str


@dataclass(frozen=True)
class Address:
    """Say where this operation really is."""

    endpoint: Endpoint


Advice = Keys | Word | Address


def advise(survey: Survey) -> tuple[Advice, ...]:
    """What could be written for one survey and its parts: keys for what did not come, and words we do not know."""
    found: list[Advice] = []
    for one in survey.all:
        found += _keys(one)
        for field, words in one.words.items():
            if shown_words(words):
                found += [Word(WORDS[one.table, field], word) for word in sorted(words)]
    return tuple(found)


def as_toml(advice: Iterable[Advice]) -> list[str]:
    """The lines for config.toml, each table once and each setting once."""
    tables: dict[str, dict[str, str]] = {}
    for one in advice:
        table, name, line = _line(one)
        tables.setdefault(table, {}).setdefault(name, line)
    return [line for table, lines in tables.items() for line in ("", f"[{table}]", *lines.values())][1:]


def shown_words(words: Iterable[str]) -> list[str]:
    """These words where they look like the words of a list, else none: names and numbers of customers are not shown."""
    found = sorted(words)
    return found if len(found) <= WORDS_AT_MOST and all(map(can_be_shown, found)) else []


def can_be_shown(word: str) -> bool:
    """Whether this looks like a key or a word of a list: short, and without a long number in it."""
    return len(word) <= 40 and word.isprintable() and not re.search("[0-9]{6}", word)


def _line(advice: Advice) -> tuple[str, str, str]:
    match advice:
        case Keys(table, field, keys):
            return f"smarthub.fields.{table}", field, f"{field} = [{', '.join(map(_quoted, keys))}]"
        case Word(enum, theirs):
            ours = ", ".join(sorted(set(ENUMS[enum].values())))
            name = theirs if re.fullmatch("[A-Za-z0-9_-]+", theirs) else _quoted(theirs)
            return f"smarthub.enums.{enum}", theirs, f'{name} = "{FILL_IN}"  # write one of: {ours}'
        case Address(endpoint):
            line = f'path = "{FILL_IN}"  # in place of {endpoint.path}'
            return f"smarthub.operations.{endpoint.name}", "path", line


def _quoted(word: str) -> str:
    """A text as TOML has it, which is as JSON has it for what can be printed."""
    return json.dumps(word, ensure_ascii=False)


def _keys(survey: Survey) -> Iterator[Keys]:
    """The likeliest key for each field that did not come or was never of its kind; no key for two fields."""
    gaps = [f for f in survey.fields if survey.rows and (not f.came or f.unreadable == f.filled > 0)]
    pairs = [(_likeness(survey.table, gap, key), gap, key) for gap in gaps for key in survey.strangers]
    taken: set[str] = set()
    for likeness, gap, stranger in sorted(pairs, key=lambda pair: -pair[0]):
        if likeness < ALIKE or gap.name in taken or stranger.key in taken:
            continue
        taken |= {gap.name, stranger.key}
        # Behind the keys that hold nothing; before those that hold something else.
        yield Keys(survey.table, gap.name, (stranger.key, *gap.keys) if gap.filled else (*gap.keys, stranger.key))


def _likeness(table: str, field: Field, stranger: Stranger) -> float:
    """How likely this key holds this field, 0 where its values are of another kind, or where it may not be shown."""
    if field.kind not in stranger.fits or not can_be_shown(stranger.key):
        return 0.0
    by_name = max(_alike(_parts(name), _parts(stranger.key)) for name in (field.name, *field.keys))
    by_words = WORDS.get((table, field.name)) in stranger.enums
    by_number = stranger.long and field.name in {"giccid", "iccid"}
    return by_name + SURE * (by_words or by_number)


def _parts(name: str) -> list[str]:
    """`cycleUsageBytes` and `cycle_usage_bytes` as cycle, usage, bytes."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+", name)]


def _alike(ours: Sequence[str], theirs: Sequence[str]) -> float:
    if not ours or not theirs:
        return 0.0
    return (_covered(ours, theirs) + _covered(theirs, ours)) / 2


def _covered(these: Sequence[str], those: Sequence[str]) -> float:
    """How much of these parts is found among those, from 0 to 1."""
    weights = [0.4 if part in COMMON else 1.0 for part in these]
    best = [max(SequenceMatcher(None, part, other).ratio() for other in those) for part in these]
    return sum(w * b for w, b in zip(weights, best, strict=True)) / sum(weights)
