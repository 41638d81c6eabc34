"""A survey in words, for a terminal: keys and words of lists, and never a number or a name of a customer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.smarthub.advice import can_be_shown, shown_words
from bot.smarthub.shapes import KINDS, SMALL
from bot.smarthub.survey import Field, Survey

KEYS_AT_MOST = 40


def in_short(survey: Survey, *, many: bool) -> str:
    """How much came, where it was a list, and how many of our fields were found."""
    if not survey.rows:
        return "an empty list, so there was nothing to look for fields in"
    rows = f"{_rows(survey.rows)}, " if many else ""
    lacking = {(of, name) for one in survey.all for of, name in _gaps(one)}
    total = sum(len(one.fields) for one in survey.all)
    if not lacking:
        return f"{rows}all {total} fields found"
    return f"{rows}{total - len(lacking)} of {total} fields found"


def in_detail(survey: Survey) -> list[str]:
    """A line for each sort of gap, those that matter most first."""
    return [f"{one.table}: {line}" for one in survey.all for line in (*_gap_lines(one), *_word_lines(one))] + [
        f"{one.table}: {line}" for one in survey.all for line in _stranger_lines(one)
    ]


def is_wrong(survey: Survey) -> bool:
    """Whether something does not come, or is not understood, that simops cannot do without."""
    needed = any(one.lacking and one.table not in SMALL for one in survey.all)
    return needed or any(one.table == "sim" and "status" in one.words for one in survey.all)


def has_gaps(survey: Survey) -> bool:
    """Whether anything of ours does not come, cannot be read, or is not understood."""
    return any(one.missing or one.unreadable or one.lacking or one.words for one in survey.all)


def _gaps(survey: Survey) -> Iterator[tuple[str, str]]:
    for field in (*survey.missing, *survey.unreadable, *survey.lacking):
        yield survey.table, field.name


def _gap_lines(survey: Survey) -> Iterator[str]:
    for field in survey.lacking:
        if not field.unreadable:
            yield f"NEEDED, missing{_in(survey.rows - field.filled, survey)}: {_named(field)}"
    for field in survey.unreadable:
        is_not = f"{' or '.join(field.shapes)} that is not {KINDS[field.kind].words}"
        needed = "NEEDED, " if field.needed else ""
        yield f"{needed}cannot be read{_in(field.unreadable, survey)}: {_named(field)}, {is_not}"
    missing = [field for field in survey.missing if not field.needed]
    if missing:
        yield f"nice to have, not found: {', '.join(map(_named, missing))}"


def _word_lines(survey: Survey) -> Iterator[str]:
    for field, words in survey.words.items():
        shown = [f"“{word}” ({_rows(words[word])})" for word in shown_words(words)]
        hidden = f"{len(words)} different ones, which look like no words of a list; is that the right key?"
        what = "NEEDED, unknown words" if (survey.table, field) == ("sim", "status") else "unknown words"
        yield f"{what} of {field}: {', '.join(shown) or hidden}"


def _stranger_lines(survey: Survey) -> Iterator[str]:
    shown = [key for key in survey.strangers if can_be_shown(key.key)]
    listed = [f"{key.key} ({' or '.join(key.shapes)})" for key in shown[:KEYS_AT_MOST]]
    hidden = len(survey.strangers) - len(listed)
    if hidden:
        listed.append(f"{hidden} more" if listed else f"{hidden} that are not shown: they look like no keys")
    if listed:
        yield f"unknown keys: {', '.join(listed)}"


def _named(field: Field) -> str:
    """A field with the keys it was looked for under."""
    return f"{field.name} ({_or(f'“{key}”' for key in field.keys)})"


def _or(words: Iterable[str]) -> str:
    return " or ".join(words)


def _in(count: int, survey: Survey) -> str:
    """In how many of the rows, where there are several."""
    return f" in {count:,} of {_rows(survey.rows)}" if survey.rows > 1 else ""


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
