"""The audit is a chain: what is changed, taken out, put in or swapped anywhere before its end shows.

What a chain alone cannot show is a tail that was cut off: the lines that are left still follow one another. Whoever
needs that keeps the last seal elsewhere. Nor does it stop one who writes the whole chain anew: it holds no secret.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.rules.audit import (
    COLUMNS,
    FIRST,
    KEYS,
    PEOPLE,
    Anchor,
    AuditLine,
    Deed,
    as_cells,
    as_json,
    first_break,
    from_json,
    is_removal,
    pieces,
    removal,
    removed_in_words,
    seal,
    sealed,
    writable,
)
from bot.rules.audit_questions import (
    ALL,
    Wanted,
    about_person,
    about_request,
    about_sim,
    read_moment,
    read_person,
    read_request,
    read_sim,
    read_target,
)

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


# --- what retention removed ---


def pruned(length: int, *ends: int) -> tuple[list[AuditLine], list[Anchor]]:
    """A chain whose lines up to the last of these were removed, a part up to each of them; a line tells of each."""
    lines, anchors = chain(length), list[Anchor]()
    for end in ends:
        first = anchors[-1].last + 1 if anchors else 1
        previous = anchors[-1].seal if anchors else FIRST
        begin, last = lines[first - 1], lines[end - 1]
        at = NOW + timedelta(days=len(anchors))
        anchors.append(sealed(Anchor(len(anchors) + 1, first, end, begin.at, last.at, last.seal, at, previous)))
        lines.append(line(len(lines) + 1, removal(anchors[-1], keep="730 d", archive=None), lines[-1].seal))
    return lines[ends[-1] :], anchors


def whole_before(length: int, *ends: int) -> list[AuditLine]:
    """The same lines with none of them removed."""
    return [*chain(length)[: ends[-1]], *pruned(length, *ends)[0]]


def test_the_seal_of_an_anchor_is_what_it_always_was():
    """The seal of a known anchor, worked out by hand: changing how it is made would break every log there is."""
    at = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    text = (
        '["anchor",1,1,2,"2026-11-22T09:30:00+00:00","2026-11-22T09:30:00+00:00","2026-11-22T09:30:00+00:00","'
        + "a" * 64 + '","' + "0" * 64 + '"]'
    )  # fmt: skip

    made = sealed(Anchor(1, 1, 2, at, at, "a" * 64, at, FIRST))

    assert made.seal == hashlib.sha256(text.encode()).hexdigest()
    assert made.seal == "3e3808c2c81f905ba69c7077f683925dd986e4b716efa851a224fbb6d2f761f5"


@pytest.mark.parametrize("ends", [(3,), (2, 5), (1, 2, 3), (6,)])
def test_what_is_left_after_removals_holds(ends: tuple[int, ...]):
    """A log whose beginning was removed is whole, however many parts it took."""
    assert first_break(*pruned(6, *ends)) is None


@pytest.mark.parametrize("ends", [(4,), (2, 5)])
def test_a_removal_that_was_not_finished_holds(ends: tuple[int, ...]):
    """While the lines of the newest part go, from the first to the last, what is there is whole at each moment."""
    every, (_, anchors) = whole_before(6, *ends), pruned(6, *ends)

    for gone in range(anchors[-1].first - 1, anchors[-1].last + 1):
        assert first_break(every[gone:], anchors) is None, gone


@pytest.mark.parametrize("gone", [2, 3])
def test_a_hole_among_lines_that_are_to_be_removed(gone: int):
    """Lines go from the first on; one that is missing between them is named."""
    every, (_, anchors) = whole_before(6, 4), pruned(6, 4)

    assert first_break([a for a in every if a.id != gone], anchors) == (
        f"Line {gone} is missing: after it comes line {gone + 1}."
    )


def test_more_is_gone_than_the_removals_name():
    """Whoever takes more away by hand than retention did is found, and so is one who takes it all."""
    left, anchors = pruned(6, 3)

    assert first_break(left[1:], anchors) == "Line 4 is missing: after it comes line 5."
    assert first_break([], anchors) == "No line tells of the removal of lines 1 to 3."
    assert first_break(left[:-1], anchors) == "No line tells of the removal of lines 1 to 3."


def test_an_anchor_of_somebody_elses():
    """Lines removed by hand and a well-sealed anchor put there for them: no line tells of it."""
    lines = chain(6)
    forged = sealed(Anchor(1, 1, 3, lines[0].at, lines[2].at, lines[2].seal, NOW, FIRST))

    assert first_break(lines[3:], [forged]) == "No line tells of the removal of lines 1 to 3."


ANCHORS: Mapping[str, Mapping[str, object]] = {
    "number": {"id": 9},
    "first": {"first": 2},
    "last": {"last": 4},
    "first time": {"first_at": NOW + timedelta(days=9)},
    "last time": {"last_at": NOW - timedelta(days=9)},
    "last seal": {"last_seal": "f" * 64},
    "time": {"at": NOW - timedelta(days=400)},
    "previous": {"previous": "f" * 64},
}


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("changed", list(ANCHORS))
@pytest.mark.parametrize("anew", [False, True])
def test_a_changed_anchor_is_found(changed: str, which: int, anew: bool):
    """Whatever is changed in an anchor is found, also when it is sealed anew and the next one is made to follow."""
    left, anchors = pruned(6, 2, 5)
    wrong = replace(anchors[which], **ANCHORS[changed])  # type: ignore[arg-type] - each field's own type
    anchors[which] = sealed(wrong) if anew else wrong
    if anew and which == 0:
        anchors[1] = sealed(replace(anchors[1], previous=anchors[0].seal))

    assert first_break(left, anchors) is not None


def test_a_changed_anchor_of_which_no_line_tells_any_more():
    """An older anchor, whose own line is gone too, is held by the one after it."""
    lines, anchors = pruned(6, 2)
    last = lines[-1]
    second = sealed(Anchor(2, 3, 7, NOW, NOW, last.seal, NOW, anchors[0].seal))
    told = line(8, removal(second, keep="730 d", archive=None), last.seal)
    wrong = sealed(replace(anchors[0], at=NOW - timedelta(days=400)))

    assert first_break([told], [anchors[0], second]) is None
    assert (
        first_break([told], [wrong, second]) == "Removal 2 does not follow the one before it: one of them was changed."
    )


def test_the_seal_of_an_anchor_changed():
    """An anchor with another seal is named."""
    left, anchors = pruned(6, 2)

    assert first_break(left, [replace(anchors[0], seal="f" * 64)]) == (
        "Removal 1 (lines 1 to 2) was changed after it was written."
    )


@pytest.mark.parametrize("gone", [0, 1])
def test_a_missing_anchor_is_found(gone: int):
    """An anchor taken out, the first or the last, is found; and so are all of them at once."""
    left, anchors = pruned(6, 2, 5)
    del anchors[gone]

    assert first_break(left, anchors) is not None
    assert first_break(left, []) == "Line 1 is missing: after it comes line 6."


def test_lines_that_tell_of_a_removal_there_is_not():
    """The lines that tell of removals know when all anchors and nothing else were taken away or exchanged."""
    every = whole_before(6, 3)

    assert first_break(every, []) == "Removal 1, of which line 7 tells, is missing."
    odd = line(8, replace(every[-1].deed, subject="anchor:x"), every[-1].seal)
    assert first_break([*every[3:], odd], pruned(6, 3)[1]) == "Removal x, of which line 8 tells, is missing."


def test_an_anchor_for_other_lines():
    """An anchor whose last line is not the one that is still there is found."""
    every, anchors = whole_before(6, 4), pruned(6, 4)[1]
    wrong = sealed(replace(anchors[0], last_seal="f" * 64))

    assert first_break(every[2:], [wrong]) == "Line 4 is not the one that the removal up to it names."


def test_removals_in_words():
    """How much was removed, when the last time, and which seal to compare."""
    one, two = pruned(6, 3)[1], pruned(6, 2, 5)[1]

    assert removed_in_words(one) == f"Lines 1 to 3 were removed by retention on 2026-11-22 (seal {one[0].seal})."
    assert removed_in_words(two) == (
        f"Lines 1 to 5 were removed by retention, in 2 parts, the last on 2026-11-23 (seal {two[1].seal})."
    )


# --- what a line tells ---


def test_only_the_bot_removes():
    """What a person did is no removal, whatever it is called."""
    made = removal(pruned(3, 2)[1][0], keep="730 d", archive="a.jsonl")

    assert is_removal(made)
    assert not is_removal(replace(made, actor="U1"))
    assert not is_removal(replace(made, subject="approval:1"))
    assert not is_removal(replace(made, action="asked"))


def test_a_line_tells_in_the_order_of_the_keys():
    """What a line tells comes in words and in one order, both states as one; what is not known is left out."""
    detail = {"after": "suspended", "reason": "stolen", "giccid": "89492", "before": "active", "why": None, "count": 3}

    assert list(pieces(Deed("U1", "asked", "approval:1", detail))) == [
        ("giccid", "SIM ", "89492"),
        ("count", "SIMs: ", "3"),
        ("state", "", "active → suspended"),
        ("reason", "because ", "stolen"),
    ]
    assert list(pieces(Deed("U1", "asked", "x", {"after": "active"}))) == [("state", "", "? → active")]
    assert list(pieces(Deed("U1", "asked", "x", {"before": "active"}))) == [("state", "", "active → ?")]


DETAIL = "Mapping[str, str | int | None]"


def keys_written(file: Path) -> Iterator[str]:
    """The keys of what is the detail of a deed: in a `Deed(…)`, a `detail = {…}` or a function that makes one."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        made: list[ast.expr | None] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Deed":
            made = [*node.args, *(k.value for k in node.keywords)]
        elif isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == ["detail"]:
            made = [node.value]
        elif isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or node.args) == DETAIL:
            made = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
        for each in made:
            if isinstance(each, ast.Dict):
                yield from (key.value for key in each.keys if isinstance(key, ast.Constant))


def test_every_key_that_is_written_is_explained():
    """Each key that a deed in the code is made with stands in the table of keys."""
    files = [file for file in (Path(__file__).parents[2] / "bot").rglob("*.py") if "Deed" in file.read_text("utf-8")]
    used = {key for file in files for key in keys_written(file)}

    assert {"why", "until"} <= used
    assert used - set(KEYS) == set()
    assert set(KEYS) >= PEOPLE


def test_halves_of_characters_can_be_written():
    """A deed with what no file takes is written without it."""
    made = writable(Deed("U1", "asked\ud800", "x\udfff", {"a\ud800": "b\ud800", "n": 1, "none": None}))

    assert made == Deed("U1", "asked\ufffd", "x\ufffd", {"a\ufffd": "b\ufffd", "n": 1, "none": None})


DETAILS_WRITTEN = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.none() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=20),
    max_size=4,
)


@given(detail=DETAILS_WRITTEN, after=st.integers(1, 10**9))
def test_a_line_comes_back_from_json(detail: dict[str, str | int | None], after: int):
    """A line written as JSON is read as the same line, and its seal still fits."""
    made = replace(line(after, Deed("U1", "asked", "x", detail), FIRST), at=NOW)
    made = replace(made, seal=seal(id=made.id, at=made.at, deed=made.deed, previous=made.previous))
    text = as_json(made)

    assert from_json(text) == made
    assert "\n" not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "x",
        "[" * 100_000,
        as_json(chain(1)[0]) + " ",
        as_json(chain(1)[0]).replace(": 1,", ': "1",'),
    ],
)
def test_what_is_no_line_is_refused(text: str):
    """A row that simops would not have written so is no line."""
    with pytest.raises(BadInput):
        from_json(text)


def test_a_line_as_cells():
    """Each key has a column; keys that are not ours stand together."""
    made = line(1, Deed("U1", "asked", "approval:1", {"reason": "r", "odd": 7, "count": 3}), FIRST)
    cells = dict(zip(COLUMNS, as_cells(made), strict=True))

    assert (cells["id"], cells["at"], cells["actor"]) == (1, "2026-11-22T09:30:01+00:00", "U1")
    assert (cells["reason"], cells["count"], cells["more"]) == ("r", 3, '{"odd": 7}')
    assert (cells["previous"], cells["seal"]) == (made.previous, made.seal)
    assert len(set(COLUMNS)) == len(COLUMNS)


# --- what is asked for ---

ICCID = "8949212600000000142"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ALL),
        ("  ", ALL),
        ("#12", about_request(12)),
        ("<@U0123|omar>", about_person("U0123")),
        ("<@W0123>", about_person("W0123")),
        ("U0123456", about_person("U0123456")),
        ("@U0123456", about_person("U0123456")),
        ("simops", about_person("simops")),
        (ICCID, about_sim(ICCID)),
        ("8949 2126-0000 0000 142F", about_sim(ICCID)),
    ],
)
def test_what_somebody_means(text: str, wanted: Wanted):
    """A SIM, a request, a person or everything is told from how it is written."""
    assert read_target(text) == wanted


def test_a_sim_in_all_its_spellings():
    """A SIM is meant with and without its check digit; what is no ICCID is taken as it is."""
    assert set(about_sim(ICCID).giccids) >= {ICCID, ICCID[:-1]}
    assert read_sim(ICCID[:-1]).giccids[0] == ICCID[:-1]
    assert read_sim(" sim-7 ").giccids == ("sim-7",)


@pytest.mark.parametrize("text", ["#", "#x", "#-1", "@omar", "<@omar>", "pump", "12", "#" + "9" * 30, "<@U1><@U2>"])
def test_what_nobody_can_mean(text: str):
    """What is none of them is refused in words."""
    with pytest.raises(BadInput):
        read_target(text)


def test_people_and_requests_are_read_alone():
    """A person is an id or the bot, a request is a number."""
    assert (read_person("simops"), read_person("<@U1|x>"), read_request("#7"), read_request(" 7 ")) == (
        *("simops", "U1"),
        *(7, 7),
    )
    with pytest.raises(BadInput, match="nobody's Slack user id"):
        read_person("omar")
    with pytest.raises(BadInput, match="not the number of a request"):
        read_request("seven")


@pytest.mark.parametrize(
    ("word", "end", "at"),
    [
        ("2026-11-20", False, datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20", True, datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-20T08:15", True, datetime(2026, 11, 20, 8, 15, tzinfo=UTC)),
        ("2026-11-20 08:15:30", False, datetime(2026, 11, 20, 8, 15, 30, tzinfo=UTC)),
        ("2026-11-20T08:15+02:00", False, datetime(2026, 11, 20, 6, 15, tzinfo=UTC)),
        ("7d", False, NOW - timedelta(days=7)),
        ("90m", True, NOW - timedelta(minutes=90)),
    ],
)
def test_times_are_read(word: str, end: bool, at: datetime):
    """A day, a time in UTC or in a zone that is named, or how long ago."""
    assert read_moment(word, now=NOW, end=end) == at


@pytest.mark.parametrize(
    "word", ["", "yesterday", "2026-13-01", "9999-12-31", "0001-01-01T00:00+14:00", "7", "2026-11"]
)
def test_what_is_no_time_is_refused(word: str):
    """What is no time is refused, with what to write."""
    with pytest.raises(BadInput, match="write a day"):
        read_moment(word, now=NOW, end=True)


@given(st.text(max_size=30))
def test_any_word_is_read_or_refused(word: str):
    """Whatever is typed is understood or refused in words, and never breaks."""
    for read in (read_target, read_person, read_request, read_sim, lambda w: read_moment(w, now=NOW)):
        with suppress(BadInput):
            read(word)
