"""What the disk has acknowledged is there for good; what it could not write is told to whoever asked."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import BotError, NotPossible, StoreError, TooBroad
from bot.store import Store
from bot.store.disk import MOST_AT_ONCE, Disk, read_only
from tests.forked import Forked


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store stands, in a folder that is not there yet."""
    return tmp_path / "data" / "simops.db"


@pytest.fixture
def disk(path: Path) -> Iterator[Disk]:
    """An open store file with a table of its own for trying things."""
    disk = Disk(path)
    make_table(disk)
    yield disk
    disk.close()


def make_table(disk: Disk) -> None:
    """A table for trying things."""
    other = sqlite3.connect(disk.reader.execute("PRAGMA database_list").fetchone()["file"])
    other.execute("CREATE TABLE IF NOT EXISTS tried (n INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT")
    other.close()


def insert(n: int, word: object = "x"):
    """The work that adds a row."""

    def work(db: sqlite3.Connection) -> int:
        db.execute("INSERT INTO tried VALUES (?, ?)", (n, word))
        return n

    return work


def numbers(disk: Disk) -> list[int]:
    """The rows that are there."""
    return [row[0] for row in disk.reader.execute("SELECT n FROM tried ORDER BY n")]


async def test_many_at_once_are_all_there(disk: Disk, path: Path):
    """Hundreds of concurrent writes all return their own result and are in the file after it is opened again."""
    count = MOST_AT_ONCE + 300
    results = await asyncio.gather(*(disk.write(insert(n)) for n in range(count)))
    disk.close()
    again = Disk(path)

    assert results == list(range(count))
    assert numbers(again) == results
    again.close()


async def test_what_waits_together_is_committed_together(disk: Disk):
    """While one piece of work runs, what comes meanwhile goes into one commit, not into one each."""
    commits = 0

    def count(_: str) -> None:
        nonlocal commits
        commits += _ == "COMMIT"

    await disk.write(lambda db: db.set_trace_callback(count))
    await asyncio.gather(*(disk.write(insert(n)) for n in range(100)))
    await disk.write(lambda db: db.set_trace_callback(None))

    assert 1 <= commits <= 10


async def test_a_write_is_seen_by_the_reader_when_it_returns(disk: Disk):
    """Who has waited for a write reads it."""
    for n in range(20):
        await disk.write(insert(n))

        assert numbers(disk)[-1] == n


async def test_who_fails_leaves_the_others_alone(disk: Disk):
    """Each error goes to its own caller, with nothing of that work written; everybody else's work stands."""

    def half(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO tried VALUES (100, 'half')")
        raise NotPossible("Not like this.")

    def odd(_: sqlite3.Connection) -> None:
        raise KeyError("odd")

    works = [insert(1), half, insert(2), insert(1), odd, insert(3), insert(4, None)]
    results = await asyncio.gather(*(disk.write(work) for work in works), return_exceptions=True)

    assert [type(r) for r in results] == [
        int, NotPossible, int, sqlite3.IntegrityError, KeyError, int, sqlite3.IntegrityError
    ]  # fmt: skip
    assert numbers(disk) == [1, 2, 3]
    assert disk.trouble is None


async def test_a_full_disk_fails_all_of_one_commit_in_words(disk: Disk):
    """When the file cannot grow nothing of that commit stands, everybody hears so, and it works again afterwards."""
    await disk.write(insert(1))
    pages = disk.reader.execute("PRAGMA page_count").fetchone()[0]
    await disk.write(lambda db: db.execute(f"PRAGMA max_page_count={pages}").fetchone()[0])

    big = "x" * 1_000_000
    results = await asyncio.gather(*(disk.write(insert(n, big)) for n in (2, 3)), return_exceptions=True)

    assert [type(r) for r in results] == [StoreError, StoreError]
    assert all("cannot be written" in str(r) for r in results)
    assert disk.trouble is not None
    assert numbers(disk) == [1]

    await disk.write(lambda db: db.execute("PRAGMA max_page_count=1000000").fetchone()[0])
    await disk.write(insert(2, big))
    assert numbers(disk) == [1, 2]
    assert disk.trouble is None


async def test_a_cancelled_waiter_does_not_lose_the_write(disk: Disk):
    """Who stops waiting stops nothing: the work is written, and whoever wants to know of commits hears of it."""
    told = asyncio.Event()
    disk.after_commit = told.set
    waiter = asyncio.ensure_future(disk.write(insert(1)))
    await asyncio.sleep(0)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter

    async with asyncio.timeout(5):
        await told.wait()
    assert numbers(disk) == [1]


async def test_after_each_commit_somebody_is_told_and_not_after_a_failure(disk: Disk):
    """The news of a commit comes once for each write that stands, before its caller goes on."""
    told = []
    disk.after_commit = lambda: told.append(numbers(disk))
    await disk.write(insert(1))
    with pytest.raises(sqlite3.IntegrityError):
        await disk.write(insert(1))

    assert told == [[1]]


async def test_closing_writes_what_still_waits(path: Path):
    """What was handed over before closing is on disk after it."""
    disk = Disk(path)
    make_table(disk)
    waiters = [asyncio.ensure_future(disk.write(insert(n))) for n in range(50)]
    await asyncio.sleep(0)
    disk.close()

    assert await asyncio.gather(*waiters) == list(range(50))
    again = Disk(path)
    assert numbers(again) == list(range(50))
    again.close()


async def test_a_closed_store_says_so(path: Path):
    """A write after closing is refused at once, in words, and does not hang; closing twice does no harm."""
    disk = Disk(path)
    disk.close()
    disk.close()

    async with asyncio.timeout(5):
        with pytest.raises(StoreError, match="is closed; nothing was written"):
            await disk.write(insert(1))


def test_a_second_store_on_the_same_file_is_refused(path: Path):
    """Two bots on one file would say everything twice: the second is refused in words, until the first lets go."""
    first = Store(path)
    with pytest.raises(StoreError, match="in use by another simops; stop that one first"):
        Store(path)
    first.close()

    Store(path).close()


def test_a_second_process_on_the_same_file_is_refused(path: Path):
    """The same holds between processes, and a killed one lets go."""
    program = (
        "import sys; from pathlib import Path; from bot.store import Store\n"
        "store = Store(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with closing(Forked("-c", program, str(path))) as other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(StoreError, match="in use by another simops"):
            Store(path)
        other.kill()

    Store(path).close()


@pytest.mark.parametrize("kind", ["under a file", "a folder", "no database", "a null device"])
def test_a_file_that_cannot_be_a_store(tmp_path: Path, kind: str):
    """Why a store cannot be opened is told in words, naming the file and the setting; nothing stays held."""
    (tmp_path / "file").write_text("This is not a database. " * 100)
    (tmp_path / "folder").mkdir()
    path = {
        "under a file": tmp_path / "file" / "simops.db",
        "a folder": tmp_path / "folder",
        "no database": tmp_path / "file",
        "a null device": Path("/dev/null/simops.db"),
    }[kind]

    for _ in range(2):
        with pytest.raises(StoreError, match=r"cannot be opened: .* Check \[store\] path in config.toml") as refusal:
            Disk(path)
        assert str(path) in str(refusal.value)


def test_a_lock_that_is_no_lock(path: Path):
    """What merely goes wrong with the lock is not told as another bot running."""
    path.parent.mkdir()
    Path(f"{path}.lock").mkdir()

    with pytest.raises(StoreError, match="cannot be opened"):
        Disk(path)


async def test_strict_tables_refuse_wrong_types(path: Path):
    """Every table refuses a text where a number belongs, and a foreign kind of value anywhere."""
    store = Store(path)
    tables = store.disk.reader.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table'").fetchall()
    ours = {row["name"]: row["strict"] for row in tables if not row["name"].startswith(("sqlite_", "_sqlite"))}

    assert set(ours) >= {"approvals", "audit", "outbox", "cards", "events", "alerts", "sims", "deliveries", "runs"}
    assert {name for name, strict in ours.items() if not strict} == set()
    for statement, values in [
        (
            "INSERT INTO alerts (giccid, label, kind, threshold, cycle, raised_at, state, version)"
            " VALUES ('1', 'l', 'quota', ?, '', '', 'open', 1)",
            "many",
        ),
        ("INSERT INTO deliveries (key, at) VALUES ('k', ?)", b"bytes"),
        ("INSERT INTO events (name, key, body, facts, received_at) VALUES ('n', 'k', ?, '{}', '')", "text"),
    ]:
        with pytest.raises(sqlite3.IntegrityError, match="cannot store"):
            await store.disk.write(lambda db, s=statement, v=values: db.execute(s, (v,)).rowcount)
    store.close()


def test_the_reader_cannot_write(disk: Disk):
    """Nothing goes past the writing thread by mistake."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        disk.reader.execute("INSERT INTO tried VALUES (1, 'x')")


async def test_commits_are_synced(disk: Disk):
    """An acknowledged write survives a power cut: the writer syncs each commit, and the file keeps a log ahead."""

    def pragmas(db: sqlite3.Connection) -> tuple[int, str]:
        return db.execute("PRAGMA synchronous").fetchone()[0], db.execute("PRAGMA journal_mode").fetchone()[0]

    assert await disk.write(pragmas) == (2, "wal")


async def test_reading_beside_a_running_bot(disk: Disk, path: Path):
    """The command line reads what is committed while the bot runs, cannot write, and needs a file that is there."""
    await disk.write(insert(7))
    other = read_only(path)

    assert [tuple(row) for row in other.execute("SELECT n, word FROM tried")] == [(7, "x")]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        other.execute("DELETE FROM tried")
    other.close()
    with pytest.raises(StoreError, match=r"There is no store at .*nowhere.db"):
        read_only(path.parent / "nowhere.db")
    assert not (path.parent / "nowhere.db").exists()


def test_reading_a_file_with_an_odd_name(tmp_path: Path):
    """A path with the signs of an address in it is still the path of that file."""
    path = tmp_path / "a%41#b?mode=rwc&c d.db"
    Store(path).close()
    other = read_only(path)

    assert other.execute("SELECT count(*) FROM audit").fetchone()[0] == 0
    other.close()


async def test_reading_beside_the_loop(disk: Disk):
    """Long reading leaves the loop free, sees one state of the store however long it takes, and cannot write."""
    await disk.write(insert(1))
    reading, go_on = threading.Event(), threading.Event()

    def slow(db: sqlite3.Connection) -> tuple[int, int]:
        first = db.execute("SELECT count(*) FROM tried").fetchone()[0]
        reading.set()
        go_on.wait(10)
        return first, db.execute("SELECT count(*) FROM tried").fetchone()[0]

    running = asyncio.ensure_future(disk.read(slow, within_s=10))
    await asyncio.to_thread(reading.wait, 10)
    await disk.write(insert(2))
    go_on.set()

    assert await running == (1, 1)
    assert await disk.read(lambda db: db.execute("SELECT count(*) FROM tried").fetchone()[0], within_s=10) == 2
    with pytest.raises(StoreError, match="cannot be read: attempt to write a readonly database"):
        await disk.read(lambda db: db.execute("DELETE FROM tried"), within_s=10)


ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


async def test_reading_that_takes_too_long(disk: Disk):
    """What would take longer than it may is ended and told in words, and the next reading is served."""
    with pytest.raises(TooBroad, match=r"longer than 0\.05 s to find"):
        await disk.read(lambda db: db.execute(ENDLESS).fetchone(), within_s=0.05)
    assert await disk.read(lambda db: db.execute("SELECT 1").fetchone()[0], within_s=10) == 1


async def test_reading_for_somebody_who_left(disk: Disk):
    """A caller who goes away, and a store that closes, end what is being read."""
    begun, ended = threading.Event(), threading.Event()

    def endless(db: sqlite3.Connection) -> None:
        begun.set()
        try:
            db.execute(ENDLESS).fetchone()
        finally:
            ended.set()

    running = asyncio.ensure_future(disk.read(endless, within_s=3600))
    await asyncio.to_thread(begun.wait, 10)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.to_thread(ended.wait, 10)

    begun.clear()
    running = asyncio.ensure_future(disk.read(endless, within_s=3600))
    await asyncio.to_thread(begun.wait, 10)
    disk.close()
    with pytest.raises(TooBroad):
        await running
    with pytest.raises(StoreError, match="is closed; nothing was read"):
        await disk.read(endless, within_s=1)


async def test_an_error_of_the_work_is_its_own(disk: Disk):
    """What the work itself raises comes to whoever asked, and the connection serves the next."""

    def breaks(_: sqlite3.Connection) -> None:
        raise NotPossible("No.")

    for _ in range(6):
        with pytest.raises(NotPossible):
            await disk.read(breaks, within_s=10)
    with pytest.raises(StoreError, match="no such table: nowhere"):
        await disk.read(lambda db: db.execute("SELECT * FROM nowhere").fetchone(), within_s=10)


def test_opening_again_changes_nothing(path: Path):
    """The tables are made once; a second start finds them as they are."""

    def shape() -> list[tuple[object, ...]]:
        store = Store(path)
        rows = [tuple(row) for row in store.disk.reader.execute("SELECT name, sql FROM sqlite_master ORDER BY name")]
        store.close()
        return rows

    assert shape() == shape()


def test_errors_of_the_store_are_ours():
    """A StoreError is among what we expect to go wrong."""
    assert issubclass(StoreError, BotError)
