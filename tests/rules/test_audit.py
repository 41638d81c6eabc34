"""The audit is a chain: what is changed, taken out, put in or swapped anywhere before its end shows.

What a chain alone cannot show is a tail that was cut off: the lines that are left still follow one another. Whoever
needs that keeps the last seal elsewhere. Nor does it stop one who writes the whole chain anew: it holds no secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.audit import FIRST, AuditLine, Deed, first_break, seal

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def line(id: int, deed: Deed, previous: str) -> AuditLine:
    """A line with the seal that belongs to it."""
    at = NOW + timedelta(seconds=id)
    return AuditLine(id, at, deed, previous, seal(id=id, at=at, deed=deed, previous=previous))


def chain(length: int) -> list[AuditLine]:
    """So many lines that follow one another."""
    lines: list[AuditLine] = []
    for number in range(1, length + 1):
        deed = Deed(
            f"U{number}", "asked", f"approval:{number}", {"reason": f"because {number}", "count": number, "none": None}
        )
        lines.append(line(number, deed, lines[-1].seal if lines else FIRST))
    return lines


def test_the_seal_is_what_it_always_was():
    """The seal of a known line, worked out by hand: changing how it is made would break every log there is."""
    at = datetime(2026, 11, 22, 9, 30, 0, 500, tzinfo=UTC)
    deed = Deed("U1", "asked", "approval:1", {"reason": "gestohlen – weg", "operation": "suspend", "n": None})
    text = (
        '[1,"2026-11-22T09:30:00.000500+00:00","U1","asked","approval:1",'
        '{"n":null,"operation":"suspend","reason":"gestohlen – weg"},"' + "0" * 64 + '"]'
    )

    made = seal(id=1, at=at, deed=deed, previous=FIRST)

    assert made == hashlib.sha256(text.encode()).hexdigest()
    assert made == "6b3ee2ec6f1f18ca214a6e7e895f528bac1c2291251d29ee7ce4521179456969"


def test_a_whole_chain_holds():
    """A chain nobody touched has no break; nor has an empty one."""
    assert first_break(chain(6)) is None
    assert first_break([]) is None


DEED = chain(3)[2].deed
CHANGES = {
    "who": {"deed": replace(DEED, actor="U9")},
    "what": {"deed": replace(DEED, action="approved")},
    "about": {"deed": replace(DEED, subject="approval:9")},
    "a detail": {"deed": replace(DEED, detail={**DEED.detail, "reason": "another"})},
    "a detail's type": {"deed": replace(DEED, detail={**DEED.detail, "count": "3"})},
    "a detail taken out": {"deed": replace(DEED, detail={"reason": "because 3", "count": 3})},
    "a detail put in": {"deed": replace(DEED, detail={**DEED.detail, "more": 1})},
    "when": {"at": NOW + timedelta(seconds=3, microseconds=1)},
    "the time's zone": {"at": (NOW + timedelta(seconds=3)).astimezone(timezone(timedelta(hours=1)))},
    "the seal": {"seal": "f" * 64},
}


@pytest.mark.parametrize("changed", list(CHANGES))
def test_a_changed_line_is_named(changed: str):
    """Whatever is changed in a line, the line is found."""
    lines = chain(6)
    fields: Mapping[str, object] = CHANGES[changed]
    lines[2] = replace(lines[2], **fields)  # type: ignore[arg-type] - the table holds each field's own type

    assert first_break(lines) == "Line 3 was changed after it was written."


def test_a_changed_line_with_a_new_seal():
    """Who seals the changed line anew is found at the next one."""
    lines = chain(6)
    lines[2] = line(3, replace(DEED, actor="U9"), lines[1].seal)

    assert first_break(lines) == "Line 4 does not follow line 3: one of them was changed."


def test_a_changed_seal_before():
    """A line that claims to follow another is found."""
    lines = chain(6)
    lines[2] = line(3, DEED, lines[0].seal)

    assert first_break(lines) == "Line 3 does not follow line 2: one of them was changed."


@pytest.mark.parametrize("gone", [1, 2, 5])
def test_a_line_taken_out(gone: int):
    """A missing line is named, the first one too."""
    lines = [each for each in chain(6) if each.id != gone]

    assert first_break(lines) == f"Line {gone} is missing: after it comes line {gone + 1}."


def test_a_line_taken_out_and_the_rest_renumbered():
    """Closing the gap with new numbers does not help."""
    lines = chain(6)
    shifted = [*lines[:2], *(replace(each, id=each.id - 1) for each in lines[3:])]

    assert first_break(shifted) is not None


@pytest.mark.parametrize("at", range(5))
def test_two_lines_swapped(at: int):
    """Neighbours that changed places are found, with their old numbers and with each other's."""
    lines = chain(6)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    renumbered = [replace(each, id=number) for number, each in enumerate(lines, 1)]

    assert first_break(lines) is not None
    assert first_break(renumbered) is not None


@pytest.mark.parametrize("at", range(6))
def test_a_line_put_in(at: int):
    """A line put in anywhere before the end is found."""
    lines = chain(6)
    extra = line(at + 1, Deed("U9", "approved", "approval:1"), lines[at - 1].seal if at else FIRST)
    lines[at:at] = [extra]

    assert first_break(lines) is not None


def test_a_cut_tail_cannot_be_seen():
    """The limit of a chain, stated: without its last lines it still holds. Keep the last seal elsewhere to see it."""
    assert first_break(chain(6)[:4]) is None


DETAILS = st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.integers(), st.text(max_size=20)), max_size=4)


@settings(deadline=None)
@given(detail=DETAILS, other=DETAILS)
def test_two_details_never_share_a_seal(detail: dict[str, str | int | None], other: dict[str, str | int | None]):
    """Different details give different seals, in whatever order their keys come the same ones give the same."""

    def sealed(what: dict[str, str | int | None]) -> str:
        return seal(id=1, at=NOW, deed=Deed("U1", "asked", "x", what), previous=FIRST)

    assert (sealed(detail) == sealed(other)) is (detail == other)
    assert sealed(dict(reversed(detail.items()))) == sealed(detail)
