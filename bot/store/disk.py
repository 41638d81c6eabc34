"""The SQLite file: one thread that writes and commits what waits together, and a connection of its own for reading."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlite_utils import Database

from bot.errors import StoreError, TooBroad
from bot.store.schema import SCHEMA

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
MOST_AT_ONCE = 512
WRITER_CACHE = 12_000  # KiB
LOG_PAGES = 8_000  # of 4 KiB, before the log goes into the file
READERS = 4  # threads that look for what takes longer than an index look-up
STEPS = 5_000  # of SQLite's machine, well below a millisecond, between two looks at the clock


class Disk:
    """A store file that belongs to this process alone.

    `write` returns only when the work is committed and synced, so what it returned is still there after a power cut.
    The event loop never waits for a sync: whatever comes while one commit runs goes into the next one, together.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, making it and its tables when they are missing. Raises StoreError when it cannot."""
        self._path = path
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self.after_commit: Callable[[], None] = _nothing
        self.trouble: str | None = None
        self.pending = 0
        self._closed = False
        self._readers = ThreadPoolExecutor(READERS, "store-reader")
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        try:
            # What was opened is let go of again when the rest cannot be.
            with ExitStack() as opened:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._lock = opened.enter_context(closing(_lock(path)))
                self._writer = opened.enter_context(closing(_open(path)))
                self._writer.execute("PRAGMA synchronous=FULL")
                # A look over a million SIMs touches the same pages again and again: in memory, and in the log.
                self._writer.execute(f"PRAGMA cache_size=-{WRITER_CACHE}")
                self._writer.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
                SCHEMA.apply(Database(self._writer))
                self._reader = opened.enter_context(closing(_open(path)))
                self._reader.execute("PRAGMA query_only=ON")
                opened.pop_all()
        except (sqlite3.Error, OSError) as exc:
            raise StoreError(f"The store {path} cannot be opened: {exc}. Check [store] path in config.toml.") from exc

    @property
    def reader(self) -> sqlite3.Connection:
        """The connection for reading, for the thread that opened the store; rows are `sqlite3.Row`."""
        return self._reader

    async def read(self, work: Work[T], *, within_s: float) -> T:
        """What the work returns; it runs in a thread of its own, on one state of the store, and cannot write.

        For what may take longer than the event loop can wait. Raises TooBroad when it takes longer than so many
        seconds, and StoreError when the disk cannot be read. A caller who goes away ends it.
        """
        if self._closed:
            raise StoreError(f"The store {self._path} is closed; nothing was read.")
        gone = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work, within_s, gone)
        finally:
            gone.set()

    def _read(self, work: Work[T], within_s: float, gone: threading.Event) -> T:
        """The work on a connection that nobody else uses meanwhile."""
        until = time.monotonic() + within_s
        connection = self._idle_reader()
        try:
            connection.set_progress_handler(lambda: gone.is_set() or self._closed or time.monotonic() > until, STEPS)
            connection.execute("BEGIN")
            return work(connection)
        except sqlite3.Error as exc:
            if exc.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise TooBroad(f"This would take longer than {within_s:g} s to find. Ask for less at once.") from exc
            raise StoreError(f"The store cannot be read: {exc}.") from exc
        finally:
            connection.set_progress_handler(None, 0)
            connection.rollback()
            self._idle.put(connection)

    def _idle_reader(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except Empty:
            connection = _open(self._path)
            connection.execute("PRAGMA query_only=ON")
            return connection

    async def write(self, work: Work[T]) -> T:
        """What the work returns, after it is on disk; its own BotError if it raised one, with nothing of it written.

        Raises StoreError when the disk refuses. `work` runs in another thread and gets the connection it may use.
        """
        if self._closed:
            raise StoreError(f"The store {self._path} is closed; nothing was written.")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self.pending += 1
        self._queue.put(_Job(work, done, loop))
        # A caller who goes away stops nothing: the work is in the queue, and is done.
        return await done

    def _settle(self, jobs: list[_Job]) -> None:
        """Tells those who wait, and whoever wants to know that something was committed: before any of them goes on."""
        self.pending -= len(jobs)
        for job in jobs:
            job.settle()
        if any(job.problem is None for job in jobs):
            self.after_commit()

    def close(self) -> None:
        """Writes what still waits and lets go of the file."""
        self._closed = True
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None
        self._readers.shutdown()
        while not self._idle.empty():
            self._idle.get().close()
        for connection in (self._reader, self._writer, self._lock):
            connection.close()

    def _run(self) -> None:
        """The writing thread: takes all that waits, commits once, then answers each."""
        while True:
            first = self._queue.get()
            if first is None:
                return
            jobs, last = [first], False
            while len(jobs) < MOST_AT_ONCE and not self._queue.empty():
                job = self._queue.get()
                if job is None:
                    last = True
                    break
                jobs.append(job)
            self._answer(self._commit(jobs))
            if last:
                return

    def _commit(self, jobs: list[_Job]) -> list[_Job]:
        """The jobs with their results, after one commit for all of them; all fail together when it does not come."""
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            for job in jobs:
                job.carry_out(self._writer)
            self._writer.execute("COMMIT")
            self.trouble = None
        except Exception as exc:  # noqa: BLE001 - whatever it is, each of them has to hear, and this thread to go on
            self._undo()
            self.trouble = str(exc)
            for job in jobs:
                job.problem = job.problem or StoreError(f"The store cannot be written: {exc}.")
        return jobs

    def _answer(self, jobs: list[_Job]) -> None:
        """Wakes all who waited for this commit, each loop once."""
        by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in jobs:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, mine in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._settle, mine)

    def _undo(self) -> None:
        """Takes back what an unfinished commit has begun; a disk that refuses even this has nothing of it either."""
        try:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        except sqlite3.Error as exc:
            self.trouble = str(exc)


class _Job:
    """One piece of writing with the future of whoever waits for it."""

    def __init__(self, work: Work[Any], done: asyncio.Future[Any], loop: asyncio.AbstractEventLoop) -> None:
        # Any: a queue holds work of every kind; `write` gives each caller its own type back.
        self.work, self.done, self.loop = work, done, loop
        self.result: object = None
        self.problem: BaseException | None = None

    def carry_out(self, connection: sqlite3.Connection) -> None:
        """Does the work inside a savepoint of its own, so that one that fails leaves the others alone."""
        connection.execute("SAVEPOINT job")
        try:
            self.result = self.work(connection)
        except sqlite3.OperationalError:
            raise  # the disk is full or broken: that is everybody's, and nothing of this commit may stand
        except Exception as exc:  # noqa: BLE001 - it is handed to the caller, whose error it is
            self.problem = exc
        if self.problem is not None:
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")

    def settle(self) -> None:
        """Tells the one who waits, if anybody still does."""
        if self.done.done():
            return
        if self.problem is None:
            self.done.set_result(self.result)
        else:
            self.done.set_exception(self.problem)


def _nothing() -> None:
    """What happens after a commit until somebody wants to know."""


def _open(path: Path) -> sqlite3.Connection:
    # check_same_thread: the writer is opened here and used by its thread alone, never by two at once.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _lock(path: Path) -> sqlite3.Connection:
    """Holds `PATH.lock` for as long as the process lives: two bots on one store would say everything twice.

    A transaction that is never committed serves as the lock on every system, and a killed process lets go of it.
    """
    lock = sqlite3.connect(f"{path}.lock", isolation_level=None, check_same_thread=False, timeout=0)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as exc:
        lock.close()
        if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        raise StoreError(f"The store {path} is in use by another simops; stop that one first.") from exc
    return lock


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that can only read, for the command line beside a running bot. Raises StoreError without a file."""
    if not path.is_file():
        raise StoreError(f"There is no store at {path}. Check [store] path in config.toml.")
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection
