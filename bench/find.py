"""How fast SIMs are found in the snapshot. Usage: python -m bench.find [10k|100k|1M]

Each look-up and search is timed in a snapshot of 10,000 SIMs and in a large one, beside a bare look-up by primary
key and beside one scan of the same table. What is answered along an index costs the same in both.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bot.errors import TooBroad
from bot.rules.naming import read_name
from bot.rules.searches import Cursor, read_query
from bot.rules.sims import Sim, label_of
from bot.simulator.fleet import Fleet
from bot.smarthub.contract import contract
from bot.smarthub.sims import read_sim
from bot.store import Store, snapshot

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SMALL = 10_000
SIZES = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000}
PAGE = 500
TIMES = 15

SEARCHES = (
    "status:suspended",
    "status:suspended account:acme country:DE",
    "plan:iot-1g,iot-500 country:FR,DE",
    "usage>80%",
    "usage>80% account:acme",
    "usage>1.4GB",
    "expires<70d",
    "idle>30d",
    "idle:never status:ready",
    "berlin pump",
    "custom2:DE-17 status:retired",
    "custom1:camera usage>90%",
    "meter status:suspended idle>150d",
    "imei:35693803000123",
    "pump 0012",
)


@dataclass(frozen=True)
class Took:
    """Milliseconds, the median of some tries."""

    bare: float
    scan: float
    of: dict[str, float]


def sims(count: int) -> Iterator[tuple[Sim, str]]:
    """A made-up fleet with its labels; a few SIMs have used more than they should."""
    fleet, ours = Fleet(count, lambda: NOW), contract()
    for n in range(count):
        row = fleet.sim(n)
        if n % 40 == 7 and isinstance(row["cycleUsageBytes"], int):
            row["cycleUsageBytes"] = row["cycleUsageBytes"] * 3 // 2
        sim = read_sim(row, ours, keep_raw=False)
        yield sim, label_of(sim, "custom1")


async def fill(store: Store, count: int) -> tuple[float, float, float]:
    """SIMs a second for the first look, for one that finds all as it was, and for one where all have used more."""
    first = again = more = 0.0
    page: list[tuple[Sim, str]] = []
    for at, one in enumerate(sims(count), 1):
        page.append(one)
        if len(page) == PAGE or at == count:
            first += await _look(store, page, NOW)
            page = []
    checked = min(count, 50_000)
    for at, one in enumerate(sims(count), 1):
        page.append(one)
        if len(page) == PAGE:
            again += await _look(store, page, NOW + timedelta(hours=1))
            more += await _look(store, [(_used(sim), label) for sim, label in page], NOW + timedelta(hours=2))
            page = []
        if at >= checked:
            break
    return count / first, checked / again, checked / more


def _used(sim: Sim) -> Sim:
    fields = {name: getattr(sim, name) for name in sim.__slots__} if hasattr(sim, "__slots__") else vars(sim).copy()
    seen = fields["last_session_at"]
    used = (fields["usage_bytes"] or 0) + 12_345
    return Sim(**{**fields, "usage_bytes": used, "last_session_at": seen and seen + timedelta(minutes=55)})


async def _look(store: Store, page: list[tuple[Sim, str]], now: datetime) -> float:
    began = time.perf_counter()
    await store.disk.write(lambda db: len(snapshot.remember(db, page, now=now)))
    return time.perf_counter() - began


def _size(store: Store) -> int:
    """The bytes of a store, those among them that stand in its log still."""
    row = store.disk.reader.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    return int(row.fetchone()[0])


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds, the median of some tries after one that warms up."""
    await work()
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await work()
        took.append(time.perf_counter() - began)
    return median(took) * 1000


async def measure(store: Store, count: int) -> Took:
    """All look-ups and searches in this snapshot."""
    db = store.disk.reader
    middle = store.sims.get(count // 2).sim
    in_thread = store.disk.read

    async def bare() -> object:
        return db.execute("SELECT * FROM sims WHERE giccid = ?", (middle.giccid,)).fetchone()

    async def scan() -> object:
        return await in_thread(_scan, within_s=60)

    found: dict[str, float] = {}
    for what, work in lookups(store, middle).items():
        found[what] = await timed(work)
    for text in SEARCHES:
        for what, after in await _pages(store, text):
            found[what] = await timed(_searching(store, text, after))
    return Took(await timed(bare), await timed(scan), found)


def lookups(store: Store, sim: Sim) -> dict[str, Callable[[], Awaitable[object]]]:
    """The ways to name one SIM."""
    typed = {
        "ICCID": sim.giccid,
        "ICCID without check digit": sim.giccid[:-1],
        "IMSI": sim.imsi or "",
        "MSISDN with +": f"+{sim.msisdn}",
        "IMEI": sim.imei or sim.giccid,
        "label": label_of(sim, "custom1"),
        "last 6 digits": sim.giccid[-6:],
        "last 4 digits": sim.giccid[-4:],
        "first 9 digits": sim.giccid[:9],
        "words of a label": "pump hamburg",
    }

    def naming(word: str) -> Callable[[], Awaitable[object]]:
        async def work() -> object:
            return store.sims.named(read_name(word))

        return work

    def suggesting(word: str) -> Callable[[], Awaitable[object]]:
        async def work() -> object:
            return store.sims.suggest(word)

        return work

    async def near() -> object:
        return store.sims.near(read_name(sim.giccid[:9] + "999" + sim.giccid[12:]))

    ways = {what: naming(word) for what, word in typed.items()}
    return {**ways, "near": near, "typing “b”": suggesting("b"), "typing “pum”": suggesting("pum"),
            "typing “8949”": suggesting("8949")}  # fmt: skip


async def _pages(store: Store, text: str) -> list[tuple[str, Cursor | None]]:
    """The first page of a search, and one further back where there is one."""
    query = read_query(text)
    try:
        found = await store.sims.search(query, limit=1000, now=NOW)
    except TooBroad:
        return [(text, None)]
    return [(text, None), *([(f"{text} … behind 1,000", found.next)] if found.next is not None else [])]


def _searching(store: Store, text: str, after: Cursor | None) -> Callable[[], Awaitable[object]]:
    query = read_query(text)

    async def work() -> object:
        try:
            return await store.sims.search(query, after=after, limit=20, now=NOW)
        except TooBroad as problem:
            return problem

    return work


def _scan(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM sims NOT INDEXED WHERE custom1 LIKE '%zzz%'").fetchone()[0])


async def snapshot_of(count: int, folder: Path) -> Took:
    """A snapshot of so many SIMs, filled and measured."""
    store = Store(folder / f"{count}.db")
    try:
        first, again, more = await fill(store, count)
        print(f"{count:,} SIMs, {_size(store) / count:,.0f} bytes each: first look {first:,.0f} SIMs/s, "
              f"nothing changed {again:,.0f}/s, all have used more {more:,.0f}/s")  # fmt: skip
        return await measure(store, count)
    finally:
        store.close()


def main() -> None:
    """Prints milliseconds for each way to find SIMs, in a small snapshot and in a large one."""
    word = sys.argv[1] if len(sys.argv) > 1 else "100k"
    if word not in SIZES:
        raise SystemExit(f"Write one of {', '.join(SIZES)}.")
    with tempfile.TemporaryDirectory() as folder:
        small, large = (asyncio.run(snapshot_of(count, Path(folder))) for count in (SMALL, SIZES[word]))
    print(f"{'median ms':45} {'10k':>9} {word:>9} {'ratio':>7} {'x bare':>8} {'of scan':>8}")
    rows = {"bare SELECT … WHERE giccid = ?": (small.bare, large.bare), "one scan": (small.scan, large.scan)}
    rows |= {what: (small.of.get(what, large.of[what]), large.of[what]) for what in large.of}
    for what, (few, many) in rows.items():
        print(f"{what:45} {few:9.3f} {many:9.3f} {many / few:7.1f} {many / large.bare:8.0f} {many / large.scan:8.3f}")


if __name__ == "__main__":
    main()
