"""Pages whose rows are read only where that is needed say the same as pages that are read whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProviderError
from bot.rules.calm import salt_of
from bot.simulator.fleet import Fleet
from bot.smarthub.contract import Contract
from bot.smarthub.paging import Page, read_page
from bot.smarthub.row_pages import Read, cut, read
from bot.smarthub.wire import cut_rows, read_rows
from tests.smarthub.test_pages import CONTRACTS, OURS, ROWS

FLEET = Fleet(1000, lambda: datetime(2026, 11, 22, 8, tzinfo=UTC))
SALT = salt_of("tests")


def read_of(body: bytes, ours: Contract = OURS, leave: tuple[str, ...] = ()) -> tuple[Read, list[tuple[object, ...]]]:
    """A body as it is read row by row, and what is told on the way."""
    told: list[tuple[object, ...]] = []
    page = cut(cut_rows(body, ours), 1, ours, salt=SALT)
    found = read(
        page.without(leave) if leave else page,
        ours,
        unreadable=lambda *what: told.append(what),
        skipped=lambda number, why: told.append((number, str(why))),
    )
    return found, told


def whole(body: bytes, ours: Contract = OURS) -> tuple[Page, list[tuple[object, ...]]]:
    """The same as it is read at once."""
    told: list[tuple[object, ...]] = []
    page = read_page(
        read_rows(body, ours),
        1,
        ours,
        unreadable=lambda *what: told.append(what),
        skipped=lambda number, why: told.append((number, str(why))),
    )
    return page, told


@pytest.mark.parametrize("ours", CONTRACTS.values(), ids=CONTRACTS)
@given(rows=ROWS, frame=st.sampled_from(("bare", "items", "blanks")))
def test_the_same_sims_row_by_row(ours: Contract, rows: list[object], frame: str):
    """Whatever stands in the rows: the same SIMs, as many left out, and the same told, as when all is read at once."""
    value: Any = rows if frame == "bare" else {"total": 7, "items": rows, "pageSize": 3}
    body = json.dumps(value, indent=2 if frame == "blanks" else None).encode()

    try:
        expected = whole(body, ours)
    except ProviderError as refused:
        with pytest.raises(ProviderError, match=str(refused)[:30]):
            read_of(body, ours)
        return

    found, told = read_of(body, ours)

    assert (found.page, told) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_other_encodings(encoding: str):
    """A body that cannot be cut is read whole, and its rows are known by nothing."""
    body = json.dumps({"items": [FLEET.sim(1), FLEET.sim(2)]}).encode(encoding)

    found, _ = read_of(body)

    assert [sim.giccid for sim in found.page.sims] == [FLEET.giccid(1), FLEET.giccid(2)]
    assert len(found.marks) == (2 if encoding == "utf-8" else 0)


@pytest.mark.parametrize("body", [b"", b"<html>", b"7", b'{"a": [], "b": []}', b'{"a": 1}', b'[{"giccid"', b"[1, 2"])
def test_what_is_no_list(body: bytes):
    """It is refused in the same words."""
    with pytest.raises(ProviderError) as careful:
        read_rows(body, OURS)
    with pytest.raises(ProviderError) as quick:
        cut_rows(body, OURS)

    assert str(quick.value) == str(careful.value)


def test_the_counts_of_the_frame():
    """What SmartHub says of its pages is read as ever."""
    body = json.dumps({"items": [FLEET.sim(1)], "total": 12, "page_size": 500, "pageSize": 500}).encode()
    quick, careful = cut_rows(body, OURS), read_rows(body, OURS)

    assert (quick.total, quick.page_size) == (careful.total, careful.page_size)
    assert quick.total == 12


def test_those_that_are_left():
    """A SIM that is to be left is not read, whatever its row says; the others are, with their marks."""
    body = json.dumps([FLEET.sim(1), {**FLEET.sim(2), "imsi": 7}, FLEET.sim(3)]).encode()

    found, told = read_of(body, leave=(FLEET.giccid(1), FLEET.giccid(2)))

    assert [sim.giccid for sim in found.page.sims] == list(found.marks) == [FLEET.giccid(3)]
    assert told == []


def test_a_part_of_a_page():
    """A page can be read a part at a time: together the parts are the page, with the same marks."""
    body = json.dumps([FLEET.sim(n) for n in range(7)]).encode()
    page = cut(cut_rows(body, OURS), 1, OURS, salt=SALT)
    parts = [read(page.part(at, 3), OURS) for at in (0, 3, 6, 9)]

    assert [len(part.page.sims) for part in parts] == [3, 3, 1, 0]
    assert [sim for part in parts for sim in part.page.sims] == list(read(page, OURS).page.sims)
    assert {giccid: mark for part in parts for giccid, mark in part.marks.items()} == page.marks


def test_a_row_that_is_broken_hides_no_other():
    """Bytes that are no text spoil the row they stand in alone."""
    row = json.dumps(FLEET.sim(2)).encode().replace(b"8949", b"\xff\xfe", 1)
    body = b"[" + b",".join((json.dumps(FLEET.sim(1)).encode(), row, json.dumps(FLEET.sim(3)).encode())) + b"]"

    found, told = read_of(body)

    assert [sim.giccid for sim in found.page.sims] == [FLEET.giccid(1), FLEET.giccid(3)]
    assert (found.page.skipped, len(told)) == (1, 1)


def test_what_has_no_mark():
    """A row that is not just as expected has to be read every time, and so has a SIM that stands there twice."""
    broken = {**FLEET.sim(2), "cycleUsageBytes": "much"}
    twice = {**FLEET.sim(3), "custom1": "another"}
    body = json.dumps([FLEET.sim(1), broken, FLEET.sim(3), twice, {"giccid": 7}]).encode()

    found, _ = read_of(body)

    assert list(found.marks) == [FLEET.giccid(1)]
    assert len(found.page.sims) + found.page.skipped == 5
