"""The audit on disk is one unbroken chain, whoever writes at once, and whoever edits the file is found out."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlite_utils import Database

from bot.errors import NotPossible, StoreError
from bot.rules.audit import FIRST, Anchor, AuditLine, Deed, from_json
from bot.rules.audit_questions import Wanted, about_person, about_request, about_sim
from bot.store import Store
from bot.store.audit import PAGE, Audit, write_down
from bot.store.retention import Retention
from bot.store.schema import SCHEMA
from tests.forked import Forked

T = TypeVar("T")
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


@pytest.mark.parametrize(
    "change",
    [
        "detail = 'gone'",
        "detail = '[1]'",
        "detail = ''",
        "at = 'noon'",
        "at = ''",
        "at = replace(at, 'T', ' ')",
        "detail = replace(detail, ': ', ':')",
        "detail = replace(detail, 'n', '\\u006e')",
        "detail = detail || char(10)",
        "detail = CAST(x'ff' AS TEXT)",
        "actor = CAST(x'ff' AS TEXT)",
    ],
)
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


# --- reading -----------------------------------------------------------------------------------------------------

SIM, OTHER = "8949212600000000142", "8949212600000000159"


async def put(store: Store, *deeds: Deed, at: datetime = NOW, every: timedelta = timedelta(hours=1)) -> None:
    """A line for each deed, one after the other in time."""

    def work(db: sqlite3.Connection) -> None:
        for number, deed in enumerate(deeds):
            write_down(db, deed, at=at + number * every)

    await store.disk.write(work)


async def test_everything_about_a_sim(store: Store):
    """A SIM's lines name it or are steps of its requests; those of other SIMs in such a request are not among them."""
    await put(
        store,
        Deed("U1", "asked", "approval:1", {"giccid": SIM}),
        Deed("U1", "asked", "approval:2", {"giccid": OTHER}),
        Deed("U2", "approved", "approval:1"),
        Deed("U2", "approved", "approval:2"),
        Deed("U1", "asked", "approval:3", {"sims": 2}),
        Deed("simops", "sent", "approval:3", {"giccid": SIM}),
        Deed("simops", "sent", "approval:3", {"giccid": OTHER}),
        Deed("U3", "asked", "x", {"reason": SIM}),
        Deed("U3", "asked", "x", {"giccid": None}),
    )

    assert [line.id for line in store.audit.lines(about_sim(SIM))] == [1, 3, 5, 6]
    assert [line.id for line in store.audit.newest(about_sim(SIM), limit=2)] == [6, 5]
    assert [line.id for line in store.audit.lines(about_request(3))] == [5, 6, 7]
    assert [line.id for line in store.audit.lines(about_person("U2"))] == [3, 4]


WORDS = st.sampled_from(["asked", "approved", "done"])
DEEDS = st.builds(
    Deed,
    actor=st.sampled_from(["U1", "U2", "simops"]),
    action=WORDS,
    subject=st.sampled_from(["approval:1", "approval:11", "alert:1"]),
    detail=st.one_of(st.just({}), st.sampled_from([{"giccid": SIM}, {"giccid": OTHER}, {"giccid": 7}])),
)
HOURS = st.none() | st.integers(-30, 60).map(lambda hours: NOW + timedelta(hours=hours))
WANTED = st.builds(
    Wanted,
    giccids=st.sampled_from([(), (SIM,), (SIM, SIM[:-1]), ("7",), ("nobody",)]),
    subject=st.none() | st.sampled_from(["approval:1", "approval:2"]),
    actor=st.none() | st.sampled_from(["U1", "U9"]),
    action=st.none() | WORDS,
    since=HOURS,
    until=HOURS,
)


def fits(line: AuditLine, wanted: Wanted, lines: Sequence[AuditLine]) -> bool:
    """Whether the line is one that is wanted, worked out without a database."""

    def sim(deed: Deed) -> str | None:
        return str(deed.detail["giccid"]) if "giccid" in deed.detail else None

    named = {each.deed.subject for each in lines if sim(each.deed) in wanted.giccids}
    return (
        (
            not wanted.giccids
            or sim(line.deed) in wanted.giccids
            or (sim(line.deed) is None and line.deed.subject in named)
        )
        and wanted.subject in (None, line.deed.subject)
        and wanted.actor in (None, line.deed.actor)
        and wanted.action in (None, line.deed.action)
        and (wanted.since is None or line.at >= wanted.since)
        and (wanted.until is None or line.at < wanted.until)
    )


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with many lines of all sorts, some written while the clock was wrong."""
    store = Store(tmp_path_factory.mktemp("mixed") / "simops.db")
    chance = random.Random(5)  # noqa: S311 - no secret
    details: list[dict[str, str | int | None]] = [{}, {"giccid": SIM}, {"giccid": OTHER}, {"giccid": 7}]

    def work(db: sqlite3.Connection) -> None:
        for number in range(300):
            subject = f"{chance.choice(['approval', 'alert'])}:{chance.randint(1, 12)}"
            deed = Deed(chance.choice(["U1", "U2"]), chance.choice(["asked", "done"]), subject, chance.choice(details))
            write_down(db, deed, at=NOW + timedelta(minutes=10 * number, hours=-20 * (chance.random() < 0.05)))

    asyncio.run(store.disk.write(work))
    yield store
    store.close()


@given(wanted=WANTED, limit=st.none() | st.integers(1, 400))
def test_every_question_is_answered_as_by_hand(mixed: Store, wanted: Wanted, limit: int | None):
    """Whatever is asked for, alone or together, brings just the lines that fit, in order, also the newest so many."""
    lines = list(mixed.audit.lines())
    expected = [line.id for line in lines if fits(line, wanted, lines)][-(limit or 400) :]

    assert [line.id for line in mixed.audit.lines(wanted, newest=limit)] == expected
    assert [line.id for line in mixed.audit.newest(wanted, limit=limit or 400)] == expected[::-1]


async def test_more_than_a_page(store: Store):
    """Lines come page by page without one lost or twice."""
    await put(store, *[Deed("U1", "asked", f"approval:{n % 2}") for n in range(PAGE * 2 + 5)])

    assert [line.id for line in store.audit.lines()] == list(range(1, PAGE * 2 + 6))
    assert len(list(store.audit.lines(about_request(1)))) == PAGE + 2
    assert [line.id for line in store.audit.lines(newest=PAGE + 3)] == list(range(PAGE + 3, PAGE * 2 + 6))


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (about_sim(SIM), "audit_by_sim"),
        (about_request(1), "audit_by_subject"),
        (about_person("U1"), "audit_by_actor"),
        (Wanted(giccids=(SIM,), subject="x", actor="U1", action="asked", since=NOW), "audit_by_sim"),
        (Wanted(since=NOW, until=NOW), "PRIMARY KEY"),
    ],
)
async def test_no_question_goes_over_the_whole_log(store: Store, wanted: Wanted, index: str):
    """Each question is answered by an index, and nothing is sorted or scanned for it."""
    statements: list[str] = []
    store.disk.reader.set_trace_callback(statements.append)
    list(store.audit.lines(wanted))
    store.audit.newest(wanted, limit=20)
    store.disk.reader.set_trace_callback(None)
    plans = [
        " / ".join(row["detail"] for row in store.disk.reader.execute(f"EXPLAIN QUERY PLAN {statement}"))
        for statement in statements
    ]

    assert index in plans[-1]
    assert [plan for plan in plans if "SCAN audit" in plan.replace("SCAN audit USING", "") or "ORDER BY" in plan] == []


async def test_a_log_from_before(tmp_path: Path):
    """Lines that an earlier version wrote are found by what they are about, and their seals still hold."""
    path = tmp_path / "simops.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        SCHEMA.apply(Database(db), stop_before="0006_audit")
        for n in range(3):
            write_down(db, Deed("U1", "asked", f"approval:{n}", {"giccid": SIM, "operation": "suspend"}), at=NOW)
        db.execute("UPDATE audit SET detail = 'no json' WHERE id = 3")
    store = Store(path)

    assert store.audit.verify() == "Line 3 was changed after it was written."
    assert [line.id for line in store.audit.lines(about_sim(SIM))] == [1, 2]
    store.close()


async def test_halves_of_characters(store: Store):
    """A deed with half a character in it is written all the same."""
    await put(store, Deed("U1", "asked", "x", {"reason": "a\ud800"}))

    assert store.audit.last() is not None
    assert store.audit.verify() is None


# --- every byte --------------------------------------------------------------------------------------------------

TEXTS = {
    "audit": ("at", "actor", "action", "subject", "detail", "previous", "seal"),
    "audit_anchors": ("first_at", "last_at", "last_seal", "at", "previous", "seal"),
}
NUMBERS = {"audit": ("id",), "audit_anchors": ("id", "first", "last")}
PLACES = [(table, column) for table, columns in TEXTS.items() for column in columns]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A whole log of which two parts were removed."""
    store = Store(tmp_path_factory.mktemp("whole") / "simops.db")

    async def fill() -> None:
        await put(store, *[Deed(f"U{n}", "asked", "x", {"reason": "Tür 😀", "n": n, "none": None}) for n in range(9)])
        for days in (3, 6):
            await remove(store, before=NOW + timedelta(hours=days))

    asyncio.run(fill())
    assert len(store.audit.anchors()) == 2
    assert store.audit.verify() is None
    yield store
    store.close()


@given(place=st.sampled_from(PLACES), row=st.integers(0, 20), at=st.integers(0, 500), byte=st.integers(0, 255))
def test_every_byte_counts(whole: Store, place: tuple[str, str], row: int, at: int, byte: int):
    """Whichever byte of a line or an anchor is another, also one that makes it unreadable, is found."""
    table, column = place

    def work(db: sqlite3.Connection) -> str | None:
        rows = db.execute(f"SELECT id, CAST({column} AS BLOB) AS was FROM {table} ORDER BY id").fetchall()  # noqa: S608
        number, was = rows[row % len(rows)]
        new = bytearray(was)
        new[at % len(was)] = byte if byte != was[at % len(was)] else byte ^ 1
        db.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE id = ?", (bytes(new), number))  # noqa: S608
        return undone(db)

    assert found_out(whole, work) is not None


@given(table=st.sampled_from(list(NUMBERS)), row=st.integers(0, 20), by=st.integers(1, 20), back=st.booleans())
def test_every_number_counts(whole: Store, table: str, row: int, by: int, back: bool):
    """Whichever number of a line or an anchor is another is found."""

    def work(db: sqlite3.Connection) -> str | None:
        ids = [r["id"] for r in db.execute(f"SELECT id FROM {table} ORDER BY id")]  # noqa: S608
        column = NUMBERS[table][by % len(NUMBERS[table])]
        new = f"UPDATE OR REPLACE {table} SET {column} = {column} + ? WHERE id = ?"  # noqa: S608
        db.execute(new, (-by if back else by, ids[row % len(ids)]))
        return undone(db)

    assert found_out(whole, work) is not None


@given(table=st.sampled_from(list(NUMBERS)), row=st.integers(0, 20))
def test_every_row_counts(whole: Store, table: str, row: int):
    """Whichever line or anchor is deleted is found, also the last line, when it tells of a removal."""

    def work(db: sqlite3.Connection) -> str | None:
        ids = [r["id"] for r in db.execute(f"SELECT id FROM {table} ORDER BY id")]  # noqa: S608
        db.execute(f"DELETE FROM {table} WHERE id = ?", (ids[row % len(ids)],))  # noqa: S608
        return undone(db)

    assert found_out(whole, work) is not None


class Undone(Exception):
    """Takes back what was tried, with what was found of it."""


def undone(db: sqlite3.Connection) -> str | None:
    """What the judge says in the middle of it, before it is taken back."""
    raise Undone(Audit(db).verify() or "")


def found_out(store: Store, work: Callable[[sqlite3.Connection], str | None]) -> str | None:
    """What verify says of the changed log; the log is as it was afterwards."""
    with pytest.raises(Undone) as caught:
        asyncio.run(store.disk.write(work))
    assert store.audit.verify() is None
    return str(caught.value) or None


# --- retention ---------------------------------------------------------------------------------------------------

LATER = NOW + timedelta(days=1000)


async def remove(store: Store, *, before: datetime, most: int = 50_000, archive: Path | None = None) -> Anchor | None:
    """One part removed to its end."""
    retention = Retention(store.disk)
    part = await retention.part(before=before, now=LATER, most=most, archive=archive)
    if part is None:
        return None
    anchor = await retention.close(part, keep="3 d", now=LATER)
    while await retention.drop(anchor, most=2):
        assert store.audit.verify() is None
    return anchor


async def test_old_lines_are_removed(store: Store):
    """What is older goes, a line tells of it, the log is whole at each moment, and it goes on where it was."""
    await put(store, *[Deed("U1", "asked", f"approval:{n}") for n in range(7)])
    anchor = await remove(store, before=NOW + timedelta(hours=5))
    await write(store, 8)
    lines = list(store.audit.lines())

    assert anchor is not None
    assert (anchor.first, anchor.last, store.audit.anchors()) == (1, 5, (anchor,))
    assert [line.id for line in lines] == [6, 7, 8, 9]
    assert lines[2].deed.detail == {
        "first": 1, "last": 5, "keep": "3 d", "archive": None, "anchor_seal": anchor.seal
    }  # fmt: skip
    assert lines[2].at == LATER
    assert store.audit.verify() is None


async def test_nothing_old_is_nothing_removed(store: Store):
    """What is young stays, and so does a line written just at the time."""
    await put(store, Deed("U1", "asked", "x"))

    assert await remove(store, before=NOW) is None
    assert store.audit.anchors() == ()


async def test_removals_alone_bring_no_removal(store: Store):
    """Lines that only tell of removals wait for others; an idle bot would remove one line a day for ever."""
    await put(store, Deed("U1", "asked", "x"))
    assert await remove(store, before=LATER) is not None
    assert await remove(store, before=LATER + timedelta(days=1)) is None

    await put(store, Deed("U1", "asked", "y"), at=LATER)
    gone = await remove(store, before=LATER + timedelta(days=1))

    assert gone is not None
    assert (gone.first, gone.last) == (2, 3)
    assert store.audit.verify() is None


async def test_a_clock_that_was_wrong(store: Store):
    """A line from the future goes with the old ones behind it; alone at the end it stays."""
    await put(store, Deed("U1", "asked", "x"), Deed("U2", "asked", "x"), at=LATER + timedelta(days=9999))
    await put(store, Deed("U1", "asked", "y"))
    await put(store, Deed("U1", "asked", "z"), at=LATER + timedelta(days=9999))
    anchor = await remove(store, before=NOW + timedelta(days=1))

    assert anchor is not None
    assert (anchor.first, anchor.last) == (1, 3)
    assert store.audit.verify() is None


async def test_what_is_not_whole_is_not_removed(store: Store):
    """Retention wipes no traces: a part that was tampered with stays, and it is said where."""
    for n in range(5):
        await write(store, n)
    await tamper(store, "UPDATE audit SET actor = 'U9' WHERE id = 3")

    with pytest.raises(StoreError, match=r"Nothing was removed .* Line 3 was changed"):
        await remove(store, before=LATER)
    assert len(list(store.audit.lines())) == 5


async def test_what_changed_meanwhile_is_not_removed(store: Store, tmp_path: Path):
    """A part is closed only as it was judged, and lines go only under the newest anchor as it was written."""
    for n in range(5):
        await write(store, n)
    retention = Retention(store.disk)
    part = await retention.part(before=LATER, now=LATER)
    assert part is not None
    anchor = await retention.close(part, keep="3 d", now=LATER)

    with pytest.raises(NotPossible, match="changed while"):
        await retention.close(part, keep="3 d", now=LATER)
    with pytest.raises(NotPossible, match="not written down"):
        await retention.drop(replace(anchor, last=6))
    assert await retention.drop(anchor) == 5


async def test_the_archive(store: Store, tmp_path: Path):
    """Lines are in a file for the bot's user alone before they go, as JSON Lines whose seals fit the anchor."""
    for n in range(5):
        await write(store, n)
    lines = list(store.audit.lines())
    folder = tmp_path / "deep" / "archive"
    anchor = await remove(store, before=LATER, archive=folder)
    [file] = folder.iterdir()

    assert anchor is not None
    assert file.name == "audit-1-5.jsonl"
    assert [from_json(row) for row in file.read_text("utf-8").splitlines()] == lines
    assert file.stat().st_mode & 0o777 == 0o600
    assert lines[-1].seal == anchor.last_seal
    told = store.audit.last()
    assert told is not None
    assert told.deed.detail["archive"] == "audit-1-5.jsonl"


async def test_no_archive_no_removal(store: Store, tmp_path: Path):
    """Where the archive cannot be written nothing goes."""
    await write(store, 1)
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError, match=r"its archive .* cannot be written"):
        await remove(store, before=LATER, archive=tmp_path / "file")
    assert len(list(store.audit.lines())) == 1


async def test_judged_beside_a_removal(store: Store):
    """Whoever verifies while lines go sees the log as it was in one moment."""
    for n in range(6):
        await write(store, n)
    retention = Retention(store.disk)
    part = await retention.part(before=LATER, now=LATER)
    assert part is not None
    anchor = await retention.close(part, keep="3 d", now=LATER)
    store.disk.reader.execute("BEGIN")
    before = store.audit.judged()
    await retention.drop(anchor, most=3)
    during = store.audit.judged()
    store.disk.reader.execute("ROLLBACK")

    assert (before, during.broken) == (during, None)
    assert retention.unfinished() == anchor
    first = store.audit.judged().first
    assert first is not None
    assert first.id == 4


async def test_judged_while_others_write(store: Store, tmp_path: Path):
    """A removal that comes between the anchors and the lines of one judgement is not seen by half."""
    for n in range(6):
        await write(store, n)
    other = sqlite3.connect(tmp_path / "simops.db")

    def in_between(statement: str) -> None:
        if "FROM audit ORDER BY id" in statement and "LIMIT" not in statement:
            other.execute("DELETE FROM audit WHERE id < 4")
            other.commit()

    store.disk.reader.set_trace_callback(in_between)
    judged = store.audit.judged()
    store.disk.reader.set_trace_callback(None)
    other.close()

    assert judged.broken is None
    assert judged.first is not None
    assert judged.first.id == 1
    assert [line.id for line in store.audit.lines()] == [4, 5, 6]


class Kept(RuleBasedStateMachine):
    """A log that is written to, pruned, killed between two chunks and opened again, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "simops.db"
        self.loop = asyncio.Runner()
        self.store = Store(self.path)
        self.now = NOW
        self.newest = 0
        self.gone = 0

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """The work, done."""
        return self.loop.run(work)

    @rule(many=st.integers(1, 7), hours=st.integers(-3, 60))
    def written(self, many: int, hours: int) -> None:
        """Some lines more, later or after the clock was set back."""
        self.now += timedelta(hours=hours)
        self.do(put(self.store, *[Deed("U1", "asked", f"approval:{n}") for n in range(many)], at=self.now))
        self.newest += many

    @rule(hours=st.integers(0, 100), most=st.integers(1, 9), chunks=st.integers(0, 4))
    def pruned(self, hours: int, most: int, chunks: int) -> None:
        """A prune that is perhaps cut short; what another one left is finished first, as the bot does."""
        retention = Retention(self.store.disk)
        begun = retention.unfinished()
        if begun is None:
            part = self.do(retention.part(before=self.now - timedelta(hours=hours), now=self.now, most=most))
            if part is None:
                return
            begun = self.do(retention.close(part, keep="x", now=self.now))
            self.newest += 1
        for _ in range(chunks):
            self.gone += self.do(retention.drop(begun, most=2))

    @rule()
    def killed(self) -> None:
        """The bot is gone and comes back."""
        self.store.close()
        self.store = Store(self.path)

    @invariant()
    def whole(self) -> None:
        """The log is whole, nothing is gone but what the anchors name, and what is there has no hole."""
        judged = self.store.audit.judged()
        named = judged.anchors[-1].last if judged.anchors else 0
        ids = [line.id for line in self.store.audit.lines()]

        assert judged.broken is None
        assert ids == list(range(self.gone + 1, self.newest + 1))
        assert self.gone <= named <= self.newest
        assert (Retention(self.store.disk).unfinished() is None) is (self.gone == named)

    def teardown(self) -> None:
        """Lets go of the file."""
        self.store.close()
        self.loop.close()
        self.folder.cleanup()


TestKept = Kept.TestCase
TestKept.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)

# Writes lines and prunes nearly all of them, two at a time, without end; says which prunes came to their end.
PROGRAM = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from bot.rules.audit import Deed
from bot.store import Store
from bot.store.audit import write_down
from bot.store.retention import Retention

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
store = Store(Path(sys.argv[1]))
retention = Retention(store.disk)

async def main():
    n = int(sys.argv[2])
    while True:
        begun = retention.unfinished()
        if begun is None:
            for _ in range(9):
                n += 1
                await store.disk.write(lambda db: write_down(db, Deed("U1", "asked", "x"), at=NOW + timedelta(hours=n)))
            part = await retention.part(before=NOW + timedelta(hours=n - 2), now=NOW + timedelta(hours=n))
            begun = await retention.close(part, keep="x", now=NOW + timedelta(hours=n))
        while await retention.drop(begun, most=2):
            sys.stdout.write("chunk\\n"); sys.stdout.flush()

asyncio.run(main())
"""


def test_killed_while_removing(tmp_path: Path):
    """After kill -9 at any moment of a removal the log is whole, and the next life goes on with it."""
    path = tmp_path / "simops.db"
    chance = random.Random(7)  # noqa: S311 - when to kill is no secret
    for life in range(2):
        with closing(Forked("-c", PROGRAM, str(path), str(life * 10_000))) as bot:
            for _ in range(chance.randint(1, 30)):
                assert bot.stdout.readline() == b"chunk\n"
        store = Store(path)
        judged = store.audit.judged()
        store.close()

        assert judged.broken is None
        assert len(judged.anchors) > life
