"""The audit on disk is one unbroken chain, whoever writes at once, and whoever edits the file is found out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.rules.audit import FIRST, Deed
from bot.store import Store
from bot.store.audit import write_down

NOW = datetime(2026, 11, 22, 9, 30, 0, 5, tzinfo=UTC)


async def write(store: Store, n: int, *, at: datetime = NOW) -> None:
    """One line."""
    deed = Deed(f"U{n}", "asked", f"approval:{n}", {"reason": f"Tür 😀 \u0000 {n}", "n": n, "none": None})
    await store.disk.write(lambda db: write_down(db, deed, at=at))


async def tamper(store: Store, statement: str) -> None:
    """What somebody with the file at hand would do."""
    assert await store.disk.write(lambda db: db.execute(statement).rowcount) > 0


async def test_hundreds_at_once_are_one_chain(store: Store):
    """Lines written side by side follow one another without a gap."""
    await asyncio.gather(*(write(store, n) for n in range(400)))
    lines = list(store.audit.lines())

    assert [line.id for line in lines] == list(range(1, 401))
    assert lines[0].previous == FIRST
    assert {line.deed.actor for line in lines} == {f"U{n}" for n in range(400)}
    assert store.audit.verify() is None
    assert store.audit.last() == lines[-1]


async def test_a_line_comes_back_as_it_was_written(store: Store):
    """Deed and time survive the disk, a time of another zone as the same moment, and the chain still holds."""
    await write(store, 1, at=NOW.astimezone(timezone(timedelta(hours=8))))
    [line] = store.audit.lines()

    assert line.deed == Deed("U1", "asked", "approval:1", {"reason": "Tür 😀 \u0000 1", "n": 1, "none": None})
    assert line.at == NOW
    assert store.audit.verify() is None


async def test_lines_about_one_subject(store: Store):
    """Asked for one subject, only its lines come, in order; a number that begins alike is another one."""
    for n in (1, 11, 1, 2):
        await write(store, n)

    assert [line.id for line in store.audit.lines(subject="approval:1")] == [1, 3]


async def test_work_that_fails_leaves_no_line(store: Store):
    """A line stands only with what it tells of, and the next one closes up."""

    def fails(db) -> None:
        write_down(db, Deed("U9", "asked", "x"), at=NOW)
        raise ValueError("no")

    results = await asyncio.gather(
        write(store, 1), store.disk.write(fails), write(store, 2), return_exceptions=True
    )  # fmt: skip

    assert [type(r) for r in results] == [type(None), ValueError, type(None)]
    assert [line.deed.actor for line in store.audit.lines()] == ["U1", "U2"]
    assert store.audit.verify() is None


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit SET actor = 'U9' WHERE id = 3", "Line 3 was changed after it was written."),
        ("UPDATE audit SET at = '2026-11-22T09:31:00.000000+00:00' WHERE id = 3", "Line 3 was changed"),
        ("UPDATE audit SET detail = json_set(detail, '$.n', 7) WHERE id = 3", "Line 3 was changed"),
        ("UPDATE audit SET seal = previous WHERE id = 3", "Line 3 was changed"),
        ("UPDATE audit SET previous = seal WHERE id = 3", "Line 3 does not follow line 2"),
        ("DELETE FROM audit WHERE id = 3", "Line 3 is missing: after it comes line 4."),
        ("DELETE FROM audit WHERE id = 1", "Line 1 is missing: after it comes line 2."),
        ("UPDATE audit SET id = 0 WHERE id = 1", "Line 1 is missing: after it comes line 0."),
    ],
)
async def test_whoever_edits_the_file_is_found_out(store: Store, statement: str, words: str):
    """A change, a removal or a move made with SQL is named by its line."""
    for n in range(5):
        await write(store, n)
    await tamper(store, statement)
    broken = store.audit.verify()

    assert broken is not None
    assert broken.startswith(words)


@pytest.mark.parametrize("change", ["detail = 'gone'", "detail = '[1]'", "detail = ''", "at = 'noon'", "at = ''"])
async def test_a_line_that_cannot_be_read_any_more(store: Store, change: str):
    """A line that was made unreadable is named like any other, and the rest can still be listed."""
    for n in range(3):
        await write(store, n)
    await tamper(store, f"UPDATE audit SET {change} WHERE id = 2")  # noqa: S608 - tampering

    assert store.audit.verify() == "Line 2 was changed after it was written."
    assert [line.id for line in store.audit.lines()] == [1, 2, 3]


async def test_a_cut_tail_shows_only_against_a_seal_kept_elsewhere(store: Store):
    """The last lines cut off leave a chain that holds: only a seal kept outside of the file tells."""
    for n in range(5):
        await write(store, n)
    kept = store.audit.last()
    await tamper(store, "DELETE FROM audit WHERE id > 3")

    assert store.audit.verify() is None
    assert store.audit.last() != kept


def test_an_empty_log(store: Store):
    """Nothing written is nothing broken."""
    assert store.audit.verify() is None
    assert store.audit.last() is None
    assert list(store.audit.lines()) == []
