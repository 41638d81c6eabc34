"""How fast and how large bulk jobs are. Usage: python -m bench.bulk [1k|10k|100k]

The whole bot runs in a process of its own for each measurement, between a SmartHub and a Slack in another one. Jobs of
growing size are measured for throughput beside what SmartHub lets through, for peak memory, for the longest time the
event loop was held up and for how long other work had to wait; then one is killed half-way and resumed.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bot.app import App
from bot.clock import WallClock
from bot.config import Config
from bot.flows.jobs import Seams
from bot.rules.jobs import Job, Outcome, Stage
from bot.rules.manifest import SCOPES
from bot.rules.orders import Order
from bot.rules.sims import Operation, label_of
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.simulator.slack import Channel, Person, Slack
from bot.smarthub.contract import contract
from bot.smarthub.sims import read_sim
from bot.store import snapshot

SLOW = True
KEY, TOKEN, SIGNING = "key-for-benchmarks", "xoxb-bench-00000000", "signing-secret-for-benchmarks"
ENVIRON = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SIGNING, "SMARTHUB_API_KEY": KEY,
           "SMARTHUB_PUSH_SECRET": "push-secret-for-benchmarks"}  # fmt: skip
CHANNEL, WHO = "C0BENCH", "U0BENCH"
SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000}
BATCH, AT_ONCE = 500, 4
RATE = 20.0  # requests a second: the default of the bot
A_SIM_S, STARTS_S = 0.01, 0.2  # what SmartHub takes for a SIM of a batch, and before the first
SINGLES = 400


@dataclass(frozen=True)
class Took:
    """What a bot tells of a job: seconds until it was written down, and ended; peak memory, and before it began, in
    MiB; the longest step of the loop in ms of its own CPU time, and the longest a look-up had to wait; CPU seconds."""

    written_s: float
    first_s: float
    ended_s: float
    peak_mib: float
    before_mib: float
    held_ms: float
    waited_ms: float
    cpu_s: float
    cards: int
    done: int


# --- the neighbours ---


async def neighbours(sims: int) -> None:
    """A SmartHub and a Slack until the process is asked to end; says where they are, and then what was asked."""
    clock = WallClock()
    hub = Hub(key=KEY, fleet=Fleet(sims, clock.now), clock=clock)
    hub.world.job_takes_s, hub.world.job_starts_after_s = A_SIM_S, STARTS_S
    slack = Slack(
        people=[Person(WHO, "bea", "Bea Bench")], channels=[Channel(CHANNEL, "bench", {WHO})], groups={},
        bot_token=TOKEN, signing_secret=SIGNING, app_token=None, clock=clock,
    )  # fmt: skip
    slack.scopes = frozenset(SCOPES)
    await hub.start()
    await slack.start()
    print(json.dumps({"hub": hub.base_url, "slack": slack.api_url}), flush=True)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()
    print(json.dumps(Counter(one.operation for one in hub.asked)), flush=True)


# --- the bot ---


def members(count: int) -> list[tuple[str, str, str, str]]:
    """So many active SIMs of the fleet, in the order of a list's digest."""
    fleet = Fleet(fleet_for(count), WallClock().now)
    active = [n for n in range(fleet.count) if fleet.status(n) == "ACTIVATED"][:count]
    return sorted((fleet.giccid(n), f"SIM {n}", "active", fleet.plan(n).name) for n in active)


def fleet_for(count: int) -> int:
    """A fleet in which so many SIMs are active."""
    return count * 3 // 2 + 100


async def bot(ask: dict[str, Any]) -> None:
    """The bot with a job, from its beginning or from where it was killed; prints what it took."""
    began = time.monotonic()
    app = App(Config.of(table(ask), ENVIRON))
    await fill(app, ask["sims"])
    sims = None if ask["resume"] else members(ask["count"])
    ended = asyncio.Event()

    async def on_end(_: Job, _outcome: Outcome) -> None:
        ended.set()

    before = peak_mib()
    longest = Longest()
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_before = used.ru_utime + used.ru_stime
    started = time.monotonic()
    await app.start(timed=False)  # of what the clock starts, the jobs alone are measured
    gc.freeze()  # as `simops run` does
    clock = asyncio.create_task(ticking(app))
    app.flows.jobs.seams = Seams(on_end=on_end)
    # The first of all loads what the others need.
    await look_up(app, Fleet(1, WallClock().now).giccid(0))
    await anext(app.hub.sims(page_size=1))
    longest.ms = 0.0
    probing = asyncio.create_task(probe(app, ended))
    if sims is not None:
        order = Order(Operation(ask["operation"]), custom=((5, "bench"),) if ask["operation"] == "set" else ())
        await app.flows.jobs.start(1, order, len(sims), WHO, sims, canary=0, stop_at_percent=100)
    written = time.monotonic()
    first = asyncio.create_task(first_progress(app))
    await ended.wait()
    over = time.monotonic()
    waited, held = await probing, longest.ms
    used = resource.getrusage(resource.RUSAGE_SELF)
    cards = app.store.disk.reader.execute("SELECT count(*) FROM outbox WHERE subject = 'job:1'").fetchone()[0]
    took = Took(written - started, await first - started, over - (began if sims is None else started), peak_mib(),
                before, held, waited, used.ru_utime + used.ru_stime - cpu_before, cards, app.store.jobs.get(1).at(Stage.DONE))  # fmt: skip  # noqa: E501
    while app.store.jobs.to_file():  # noqa: ASYNC110 - the store tells nobody
        await asyncio.sleep(0.1)
    clock.cancel()
    await app.stop()
    print(json.dumps(asdict(took)), flush=True)


async def ticking(app: App) -> None:
    """The clock that starts the jobs, as the scheduler would."""
    while True:
        await app.schedule.run("jobs")
        await asyncio.sleep(1)


def table(ask: dict[str, Any]) -> dict[str, Any]:
    """The configuration; what is not here is as an operator finds it."""
    return {
        "slack": {"api_url": ask["slack"], "approvals_channel": CHANNEL, "alerts_channel": CHANNEL},
        "smarthub": {"base_url": ask["hub"], "rate_per_second": ask["rate"]},
        "bulk": {"batch_size": BATCH, "at_once": AT_ONCE},
        "alerts": {"every": "1d"},
        "roles": {"operators": [WHO], "approvers": ["U0OTHER"]},
        "http": {"host": "127.0.0.1", "port": 0},
        "log": {"level": "error"},
        "store": {"path": ask["store"]},
    }


async def fill(app: App, count: int) -> None:
    """The snapshot as a look over all SIMs leaves it."""
    if app.store.sims.size().count:
        return
    fleet, ours = Fleet(count, WallClock().now), contract()
    for first in range(0, count, 500):
        rows = [read_sim(fleet.sim(n), ours, keep_raw=False) for n in range(first, min(first + 500, count))]
        page = [(sim, label_of(sim, "custom1")) for sim in rows]
        now = app.clock.now()
        await app.store.disk.write(partial(snapshot.remember, page=page, now=now))


async def first_progress(app: App) -> float:
    """When something of the job was answered that was not before."""
    known = answered(app.store.jobs.get(1))
    while answered(app.store.jobs.get(1)) == known:  # noqa: ASYNC110 - the store tells nobody
        await asyncio.sleep(0.01)
    return time.monotonic()


def answered(job: Job) -> int:
    """How many of its SIMs SmartHub has said something of."""
    return job.answered


class Longest:
    """The longest step of the event loop so far, in milliseconds of its thread's CPU time: others may be busy too."""

    def __init__(self) -> None:
        self.ms = 0.0
        run = asyncio.Handle._run  # noqa: SLF001 - there is no other place where every step goes through

        def timed(handle: asyncio.Handle) -> None:
            began = time.thread_time()
            run(handle)
            self.ms = max(self.ms, (time.thread_time() - began) * 1000)

        asyncio.Handle._run = timed  # type: ignore[assignment,method-assign]  # noqa: SLF001


async def probe(app: App, ended: asyncio.Event) -> float:
    """The longest somebody had to wait who looked a SIM up twice a second meanwhile, in milliseconds."""
    waited, giccid = 0.0, Fleet(1, WallClock().now).giccid(0)
    while not ended.is_set():
        waited = max(waited, await look_up(app, giccid))
        await asyncio.sleep(0.5)
    return waited * 1000


async def look_up(app: App, giccid: str) -> float:
    began = time.monotonic()
    await app.hub.sim(giccid)
    app.flows.jobs.listing()
    return time.monotonic() - began


def peak_mib() -> float:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- measuring ---


@dataclass
class Ground:
    """Neighbours, and a folder for the store."""

    ask: dict[str, Any]
    process: subprocess.Popen[str]

    def asked(self) -> dict[str, int]:
        """Ends the neighbours; how often SmartHub was asked for what."""
        self.process.terminate()
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))

    def run(self, *, kill_at: float | None = None, resume: bool = False) -> Took | None:
        """A bot with this job to its end; `None`, where it was killed when that share of it was done."""
        words = json.dumps({**self.ask, "resume": resume})
        child = subprocess.Popen([sys.executable, "-m", "bench.bulk", "bot", words], stdout=subprocess.PIPE, text=True)
        if kill_at is None:
            said, _ = child.communicate()
            return Took(**json.loads(said.splitlines()[-1]))
        while self.share() < kill_at and child.poll() is None:
            time.sleep(0.05)
        child.kill()
        child.wait()
        return None

    def share(self) -> float:
        """How much of the job has been answered, as its store says."""
        import sqlite3  # noqa: PLC0415

        try:
            db = sqlite3.connect(f"file:{self.ask['store']}?mode=ro", uri=True)
            counts = dict(db.execute("SELECT stage, count FROM job_counts WHERE job = 1").fetchall())
        except sqlite3.Error:
            return 0.0
        done = sum(counts.get(stage.value, 0) for stage in (Stage.TAKEN, Stage.DONE, Stage.FAILED))
        return float(done / max(1, self.ask["count"]))


def ground(count: int, operation: str, folder: Path) -> Iterator[Ground]:
    """Neighbours for one measurement."""
    sims = fleet_for(count)
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.bulk", "neighbours", str(sims)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        store = folder / f"{operation}-{count}.db"
        yield Ground({**where, "store": str(store), "count": count, "sims": sims, "operation": operation,
                      "rate": RATE}, process)  # fmt: skip
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Prints a line for each measurement, with what it is to be compared to."""
    word = sys.argv[1] if len(sys.argv) > 1 else "100k"
    if word == "neighbours":
        asyncio.run(neighbours(int(sys.argv[2])))
        return
    if word == "bot":
        asyncio.run(bot(json.loads(sys.argv[2])))
        return
    if word not in SIZES:
        raise SystemExit(f"Write one of {', '.join(SIZES)}.")
    with tempfile.TemporaryDirectory() as folder:
        batches([size for size in SIZES.values() if size <= SIZES[word]], Path(folder))
        singles(Path(folder))
        killed(min(SIZES[word], 10_000), Path(folder))


def batches(sizes: list[int], folder: Path) -> None:
    """Suspending in batches: against what SmartHub carries out when it is never idle."""
    print(f"suspend, in batches of {BATCH}, {AT_ONCE} at once; SmartHub takes {A_SIM_S * 1000:g} ms a SIM of a batch")
    print(f"{'SIMs':>8} {'written':>9} {'ended':>9} {'SIMs/s':>8} {'of limit':>9} {'calls':>7} {'peak MiB':>9} "
          f"{'by job':>8} {'CPU':>8} {'loop held':>10} {'look-up':>9} {'card edits':>11}")  # fmt: skip
    for count in sizes:
        for at in ground(count, "suspend", folder):
            took = at.run()
            assert took is not None
            assert took.done == count, took
            rounds = -(-count // BATCH) / AT_ONCE
            least = max(rounds, 1) * (BATCH * A_SIM_S + STARTS_S)
            asked = at.asked()
            print(f"{count:8,} {took.written_s:7.2f} s {took.ended_s:7.1f} s {count / took.ended_s:8,.0f} "
                  f"{least / took.ended_s:9.0%} {sum(asked.values()):7,} {took.peak_mib:9.1f} "
                  f"{took.peak_mib - took.before_mib:+8.1f} {took.cpu_s:6.1f} s {took.held_ms:7.0f} ms "
                  f"{took.waited_ms:6.0f} ms {took.cards:11,}  {asked}", flush=True)  # fmt: skip


def singles(folder: Path) -> None:
    """Custom fields, SIM by SIM: against the rate at which SmartHub may be asked."""
    for at in ground(SINGLES, "set", folder):
        took = at.run()
        assert took is not None
        assert took.done == SINGLES, took
        asked = at.asked()
        calls = sum(asked.values()) / took.ended_s
        print(f"set, one by one: {SINGLES} SIMs in {took.ended_s:.1f} s, {calls:.1f} calls a second of the {RATE:g} "
              f"allowed ({calls / RATE:.0%}), {sum(asked.values()) / SINGLES:.2f} calls a SIM; look-ups waited "
              f"{took.waited_ms:.0f} ms at most", flush=True)  # fmt: skip


def killed(count: int, folder: Path) -> None:
    """Killed half-way and started again: how long until it goes on, and what it cost in all."""
    for at in ground(count, "suspend", folder / "killed"):
        Path(at.ask["store"]).parent.mkdir(exist_ok=True)
        at.run(kill_at=0.5)
        share = at.share()
        took = at.run(resume=True)
        assert took is not None, took
        print(f"killed (-9) at {share:.0%} of {count:,}: the next bot went on after {took.first_s:.2f} s and ended "
              f"after {took.ended_s:.1f} s; {took.done:,} of {count:,} done", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
