"""How lists of SIMs are taken in: time, memory, lateness of the loop. Usage: python -m bench.intake [1k|10k|100k]

Lists of SIMs, as CSV and as an Excel workbook, are judged against a snapshot of 100,000 SIMs, reported, and judged once
more as for asking. Meanwhile the loop is looked at every 5 ms: how late it comes is how long it would have kept a
command waiting; on a busy machine it is late without any work, so that is measured as well. Memory is what the
process has grown by.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from zipfile import ZIP_DEFLATED, ZipFile

from bench.find import PAGE, SIZES, sims
from bot.clock import WallClock
from bot.errors import SimNotFound
from bot.flows.intake import Asking, Judging, OnDisk, Rereading, Taking
from bot.rules.orders import Order
from bot.rules.people import Person, Role
from bot.rules.sims import Operation, Sim
from bot.simulator.fleet import Fleet
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.store import Store, snapshot
from bot.views.parts import Message

SLOW = True
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
FLEET = 100_000
EVERY_S = 0.005
BY = Person("U0BENCH", Role.OPERATOR)
WORKBOOK = "<workbook><sheets><sheet name='a' sheetId='1' id='r1'/></sheets></workbook>"
LINKS = "<Relationships><Relationship Id='r1' Type='x/worksheet' Target='worksheets/a.xml'/></Relationships>"


class Nobody:
    """In the place of Slack and of SmartHub: takes files, and knows no SIM."""

    async def direct(self, user: str) -> str:
        """Everybody has one."""
        return user

    async def upload(self, _channel: str, *, path: Path, **_: str) -> None:
        """It is there, and goes no further."""
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        print(f"    its report has {size / 1e6:.1f} MB")

    async def find(self, iccid: str) -> Sim:
        """There is none."""
        raise SimNotFound(f"There is no SIM {iccid}.")


@dataclass
class Loop:
    """How late the loop came at worst, in seconds, while something was done."""

    worst: float = 0.0

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(EVERY_S)
            self.worst = max(self.worst, time.perf_counter() - began - EVERY_S)


async def fill(store: Store) -> None:
    """A snapshot of the fleet."""
    page: list[tuple[Sim, str]] = []
    for one in sims(FLEET):
        page.append(one)
        if len(page) == PAGE:
            await store.disk.write(lambda db: snapshot.remember(db, page, now=NOW))  # noqa: B023 - awaited before it changes
            page = []


def rows(count: int) -> Iterator[tuple[str, str]]:
    """Lines of a list: mostly SIMs that are known, some in other spellings, some twice, some that nobody has."""
    fleet = Fleet(FLEET, lambda: NOW)
    for n in range(count):
        giccid = fleet.giccid(n * 7 % FLEET)
        if n % 100 == 3:
            giccid = f"{giccid[:4]} {giccid[4:10]}-{giccid[10:]}F"
        elif n % 100 == 5:
            giccid = fleet.giccid(0)
        elif n % 100 == 7:
            giccid = f"8949219999{n:09d}"
        yield f"customer {n % 321}", giccid


def as_csv(path: Path, count: int) -> None:
    """The list as CSV."""
    with path.open("w", encoding="utf-8") as file:
        file.write("Kunde;ICCID\n")
        file.writelines(f"{name};{giccid}\n" for name, giccid in rows(count))


def as_workbook(path: Path, count: int) -> None:
    """The list as an Excel workbook."""
    with ZipFile(path, "w", ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", WORKBOOK)
        packed.writestr("xl/_rels/workbook.xml.rels", LINKS)
        with packed.open("xl/worksheets/a.xml", "w") as sheet:
            sheet.write(b"<worksheet><sheetData><row><c t='str'><v>Kunde</v></c><c t='str'><v>ICCID</v></c></row>")
            for name, giccid in rows(count):
                sheet.write(f"<row><c t='str'><v>{name}</v></c><c t='str'><v>{giccid}</v></c></row>".encode())
            sheet.write(b"</sheetData></worksheet>")


async def measured(what: str, count: int, work: asyncio.Future[object]) -> None:
    """Prints what the work took."""
    loop, before = Loop(), memory()
    watching = asyncio.ensure_future(loop.watch())
    began = time.perf_counter()
    await work
    took = time.perf_counter() - began
    watching.cancel()
    print(f"{what:24} {took:7.1f} s {count / took:10,.0f} lines/s, the loop at most {loop.worst * 1000:4.0f} ms late, "
          f"memory grew by {memory() - before:5.1f} MB")  # fmt: skip


def memory() -> float:
    """The most this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(count: int, folder: Path) -> None:
    """Each kind of file, in a store of its own."""
    store = Store(folder / "bench.db")
    try:
        await fill(store)
        files = {"list.csv": as_csv, "list.xlsx": as_workbook}
        for name, write in files.items():
            write(folder / name, count)
        nobody, clock = Nobody(), WallClock()
        judging = Judging(
            store, cast(Slack, nobody), clock, "custom1", store.protected.among, lambda _: False, lambda: NOW
        )
        hub = cast(SmartHub, nobody)
        taking, rereading = Taking(judging, hub), Rereading(store, hub, clock, "custom1", PAGE)
        await measured("nothing", count, asyncio.ensure_future(asyncio.sleep(2)))
        order = Order(Operation.SUSPEND)
        for number, name in enumerate(files, 1):
            work: asyncio.Future[Message] = asyncio.ensure_future(
                taking.take(OnDisk(folder / name, name), order, by=BY)
            )
            await measured(f"{count:,} lines, {name}", count, cast("asyncio.Future[object]", work))
            print(f"    {work.result().text.splitlines()[0]}")
            again = asyncio.ensure_future(Asking(judging, rereading).judge_again(number))
            await measured("    judged once more", count, cast("asyncio.Future[object]", again))
    finally:
        store.close()


def main() -> None:
    """Prints it for a small list and for a large one."""
    word = sys.argv[1] if len(sys.argv) > 1 else "100k"
    sizes = {"1k": 1_000, **SIZES}
    if word not in sizes or sizes[word] > FLEET:
        raise SystemExit("Write one of 1k, 10k, 100k.")
    for count in dict.fromkeys((1_000, sizes[word])):
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(count, Path(folder)))


if __name__ == "__main__":
    main()
