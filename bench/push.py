"""How fast notifications are acknowledged, on disk, and how few messages they become. Usage: ./run bench push [SECONDS]

Acknowledged notifications a second, on disk before the answer, with 32 and with 256 open requests: the bot, whole, in a
process of its own; beside it a bare aiohttp route that reads the body and writes nothing, and the same store committing
one notification at a time; on this disk, and on one that takes 3 ms for a sync as disks behind a network do, for which
the writing thread waits so long after each commit. Then the same while a look over all SIMs and a bulk job run; ten
thousand SIMs that fall silent at once, until all of it is in Slack; and a bot that is killed (-9) in the middle and
started again.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from bench.bulk import CHANNEL, ENVIRON, WHO, fill, fleet_for, members, table
from bot import store as stores
from bot.app import App
from bot.clock import WallClock
from bot.config import Config
from bot.logs import set_up_logs
from bot.rules.orders import Order
from bot.rules.sims import Operation
from bot.simulator.fleet import Fleet
from bot.store import arrivals, disk

SLOW = True
SECRET = ENVIRON["SMARTHUB_PUSH_SECRET"]
OPEN = (32, 256)
SIMS, JOB = 20_000, 5_000
STORM = 10_000
REACH_BARE, REACH_ONE = 0.4, 10
SLOW_SYNC_S, SLOWLY = 0.003, ", sync of 3 ms"
UNDONE = "SELECT (SELECT count(*) FROM events WHERE fate = '') + (SELECT count(*) FROM outbox WHERE state != 'sent')"


@dataclass(frozen=True)
class Load:
    """What a measurement took: acknowledged a second, and how long the answers took, in ms."""

    rate: float
    p50: float
    p99: float
    worst: float
    acked: tuple[int, ...]


class Slow(disk.Disk):
    """A disk that takes longer for each sync."""

    def _commit(self, jobs: list[Any]) -> list[Any]:
        done = super()._commit(jobs)
        time.sleep(SLOW_SYNC_S)
        return done


# --- the servers: each in a process of its own, which says its port ---


async def bare() -> None:
    """A route that reads the body and writes nothing."""

    async def taken(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"stored": True, "id": 1})

    app = web.Application()
    app.add_routes([web.post("/smarthub/{secret}/{event}", taken)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


async def bot(ask: dict[str, Any]) -> None:
    """The bot, whole; `ask` says what runs beside the notifications."""
    set_up_logs(level="error", form="text")
    if ask["one"]:
        disk.MOST_AT_ONCE = arrivals.MOST = 1
    if ask["slow"]:
        stores.Disk = Slow  # type: ignore[attr-defined]  # the same store, on a disk that is slower
    wanted = table(ask)
    wanted["push"] = {"rate_per_source": 100_000}
    wanted["policies"] = [{"name": "none", "approval": False}]
    app = App(Config.of(wanted, ENVIRON))
    if ask["busy"]:
        await fill(app, fleet_for(JOB))
    await app.start(timed=False)
    beside = [asyncio.create_task(_timed(app))]
    if ask["busy"]:
        beside += [asyncio.create_task(_scan(app)), asyncio.create_task(_bulk(app))]
    print(json.dumps({"port": app.port}), flush=True)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()
    for task in beside:
        task.cancel()
    os._exit(0)  # what is measured is on disk; nobody waits for the rest


async def _timed(app: App) -> None:
    while True:
        await app.schedule.run("jobs")
        await asyncio.sleep(1)


async def _scan(app: App) -> None:
    """One look over all SIMs after the other."""
    while True:
        await app.schedule.run("alerts")


async def _bulk(app: App) -> None:
    sims = members(JOB)
    await app.flows.jobs.start(
        1, Order(Operation.SUSPEND), len(sims), WHO, sims, canary=0, stop_at_percent=100
    )  # fmt: skip


# --- the load ---


async def load(port: int, *, at_once: int, seconds: float, first: int = 0, most: int | None = None) -> Load:
    """A closed loop: so many connections, each sending the next notification as soon as it is answered."""
    began = time.perf_counter()
    took: list[float] = []
    acked: list[int] = []
    numbers = iter(range(first, sys.maxsize if most is None else first + most))
    senders = [_sender(port, numbers, began + seconds, took, acked) for _ in range(at_once)]
    await asyncio.gather(*senders, return_exceptions=True)
    spent = time.perf_counter() - began
    took.sort()
    at = [took[min(len(took) - 1, int(len(took) * share))] * 1000 for share in (0.5, 0.99, 1)] if took else [0, 0, 0]
    return Load(len(took) / spent, at[0], at[1], at[2], tuple(acked))


async def _sender(port: int, numbers: Any, until: float, took: list[float], acked: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for n in numbers:
            began = time.perf_counter()
            if began > until:
                return
            writer.write(_request(n))
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
            if head.startswith(b"HTTP/1.1 200"):
                took.append(time.perf_counter() - began)
                acked.append(n)
    finally:
        writer.close()


def _request(n: int) -> bytes:
    body = json.dumps({
        "eventId": f"bench-{n}", "eventTime": "2026-11-22T08:30:00Z", "giccid": FLEET.giccid(n % SIMS),
        "accountName": "acme", "lastSessionTime": "2026-11-20T08:30:00Z", "hoursWithoutSession": 48,
    }).encode()  # fmt: skip
    head = f"POST /smarthub/{SECRET}/no-session HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


FLEET = Fleet(SIMS, WallClock().now)


# --- measuring ---


@dataclass
class Ground:
    """The neighbours, and a folder for stores."""

    where: dict[str, str]
    folder: Path

    def start(self, name: str, **how: bool) -> tuple[subprocess.Popen[str], int]:
        """A bot on the store of that name, and its port: `busy`, with `one` commit each, on a `slow` disk."""
        usual = {"store": str(self.folder / f"{name}.db"), "rate": 1000, "busy": False, "one": False, "slow": False}
        return _started("bot", json.dumps({**self.where, **usual, **how}))


def _started(*words: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([sys.executable, "-m", "bench.push", *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(json.loads(process.stdout.readline())["port"])


def measured(process: subprocess.Popen[str], port: int, seconds: float, at_once: int) -> Load:
    """What the server in this process does; it is warmed up first, and ended."""
    try:
        asyncio.run(load(port, at_once=at_once, seconds=1, first=10**9))
        return asyncio.run(load(port, at_once=at_once, seconds=seconds))
    finally:
        process.kill()
        process.wait()


def sync_ms(folder: Path) -> float:
    """How long this disk takes for one sync, at the median."""
    took = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return sorted(took)[25] * 1000


def speeds(at: Ground, seconds: float) -> None:
    """The bot against a route that writes nothing, and against one commit at a time."""
    print(f"one sync of this disk takes {sync_ms(at.folder):.2f} ms")
    print(f"{'open':>5} {'':28} {'acked/s':>9} {'p50':>9} {'p99':>9}")
    for at_once in OPEN:
        empty = measured(*_started("bare"), seconds, at_once)
        found = {"writes nothing": empty}
        for slow, where in ((False, ""), (True, SLOWLY)):
            single = measured(*at.start(f"one-{at_once}-{slow}", one=True, slow=slow), seconds, at_once)
            found["one commit each" + where] = single
            found["the bot" + where] = measured(*at.start(f"ours-{at_once}-{slow}", slow=slow), seconds, at_once)
        for name, one in found.items():
            print(f"{at_once:5} {name:28} {one.rate:9,.0f} {one.p50:6.1f} ms {one.p99:6.1f} ms")
        bare = [found["the bot" + where].rate / empty.rate for where in ("", SLOWLY)]
        each = [found["the bot" + where].rate / found["one commit each" + where].rate for where in ("", SLOWLY)]
        print(f"{'':5} the bot does {bare[0]:.2f} of the first (to reach: {REACH_BARE}), {each[0]:.1f} times one "
              f"commit each; where a sync takes 3 ms {bare[1]:.2f}, and {each[1]:.1f} times (to reach: {REACH_ONE})",
              flush=True)  # fmt: skip


def busy(at: Ground, seconds: float) -> None:
    """At a load that leaves room: alone, and while all SIMs are looked over and a bulk job runs."""
    alone = measured(*at.start("alone"), seconds, 8)
    both = measured(*at.start("busy", busy=True), seconds, 8)
    print(f"8 open: alone p99 {alone.p99:.1f} ms ({alone.rate:,.0f}/s); with looks over {fleet_for(JOB):,} SIMs and a "
          f"job of {JOB:,} p99 {both.p99:.1f} ms, worst {both.worst:.0f} ms ({both.rate:,.0f}/s): "
          f"{both.p99 / alone.p99:.1f} times (to reach: under 5)", flush=True)  # fmt: skip


def storm(at: Ground) -> None:
    """Ten thousand SIMs fall silent at once."""
    process, port = at.start("storm")
    began = time.perf_counter()
    sent = asyncio.run(load(port, at_once=32, seconds=60, most=STORM))
    acked = time.perf_counter() - began
    with sqlite3.connect(f"file:{at.folder / 'storm.db'}?mode=ro", uri=True) as db:
        wait_for(db, UNDONE)
        drained = time.perf_counter() - began
        posts = _one(db, "SELECT count(*) FROM cards WHERE subject LIKE 'notice:%'")
        edits = _one(db, "SELECT count(*) FROM outbox WHERE subject LIKE 'notice:%'") - posts
        shown = _one(db, "SELECT count(*) FROM events WHERE fate = 'shown' AND incident IS NOT NULL")
        counted = _one(db, "SELECT sum(count) FROM incidents WHERE storm = 1")
    process.kill()
    print(f"{len(sent.acked):,} at once: acknowledged within {acked:.1f} s, all in Slack after {drained:.1f} s; "
          f"{posts} messages, {edits} edits; {shown:,} shown, {counted:,} on the card of all", flush=True)  # fmt: skip


def killed(at: Ground, times: int = 3) -> None:
    """Killed while it acknowledges, and started again: what was acknowledged is there, and is shown."""
    chance = random.Random(7)  # noqa: S311 - when to kill is no secret
    acked: list[int] = []
    for life in range(times):
        process, port = at.start("killed")
        acked += asyncio.run(_until_killed(process, port, chance.uniform(0.3, 1.5), first=life * 10**6))
    process, _ = at.start("killed")
    with sqlite3.connect(f"file:{at.folder / 'killed.db'}?mode=ro", uri=True) as db:
        keys = {row[0] for row in db.execute("SELECT key FROM events")}
        lost = sum(f"id:no-session/bench-{n}" not in keys for n in acked)
        wait_for(db, UNDONE)
        hidden = _one(db, "SELECT count(*) FROM events e JOIN incidents i ON i.id = e.incident WHERE NOT EXISTS ("
                          "SELECT 1 FROM copies c JOIN cards p ON p.subject = 'notice:' || c.id"
                          " WHERE c.incident = coalesce(i.storm_id, i.id))")  # fmt: skip
    process.kill()
    print(f"killed (-9) {times} times: {len(acked):,} acknowledged, {lost} of them lost; {hidden} of {len(keys):,} on "
          "disk are on no card in Slack", flush=True)  # fmt: skip
    if lost or hidden:
        raise SystemExit(1)


async def _until_killed(process: subprocess.Popen[str], port: int, after: float, *, first: int) -> tuple[int, ...]:
    sending = asyncio.create_task(load(port, at_once=32, seconds=60, first=first))
    await asyncio.sleep(after)
    process.kill()
    await asyncio.to_thread(process.wait)
    return (await sending).acked


def wait_for(db: sqlite3.Connection, nothing: str, within_s: float = 120) -> None:
    """Returns when this counts nothing any more."""
    end = time.monotonic() + within_s
    while _one(db, nothing):
        if time.monotonic() > end:
            raise SystemExit(f"still {_one(db, nothing)} after {within_s:g} s: {nothing}")
        time.sleep(0.05)


def _one(db: sqlite3.Connection, statement: str) -> int:
    return int(db.execute(statement).fetchone()[0] or 0)


def main() -> None:
    """Prints a line for each measurement, with what it is to be compared to."""
    word = sys.argv[1] if len(sys.argv) > 1 else "5"
    if word == "bare":
        asyncio.run(bare())
        return
    if word == "bot":
        asyncio.run(bot(json.loads(sys.argv[2])))
        return
    seconds = float(word)
    near = subprocess.Popen(
        [sys.executable, "-m", "bench.bulk", "neighbours", str(fleet_for(JOB))], stdout=subprocess.PIPE, text=True
    )
    try:
        assert near.stdout is not None
        where = json.loads(near.stdout.readline())
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            at = Ground(where, Path(folder))
            print(f"notifications to {CHANNEL}, {seconds:g} s each")
            speeds(at, seconds)
            busy(at, seconds)
            storm(at)
            killed(at)
    finally:
        near.kill()
        near.wait()


if __name__ == "__main__":
    main()
