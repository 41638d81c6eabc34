"""How fast all SIMs are looked over. Usage: python -m bench.scan [10k|100k|1M]

Another process lists fleets of growing size as fast as it can. The bot looks over all of them: into an empty store,
once more when nothing has changed, once more when every SIM at work had a session since, and once after it was killed
(-9) half-way. Beside it stands a bare httpx download of the same pages. A small write every 20 ms, as a command makes
one, says how long anybody waits meanwhile. Memory is the peak of a process of its own for each measurement.
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
from aiohttp import web

from bot.clock import WallClock
from bot.config.alerts import Alerts as AlertSettings
from bot.config.alerts import rules_of
from bot.flows.alerts import Alerts, Settings
from bot.flows.scanning import Scanning
from bot.flows.scanning import Settings as ScanSettings
from bot.rules.calm import salt_of
from bot.simulator.fleet import Fleet, written
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import contract
from bot.store import Store

SLOW = True
KEY = "key-for-benchmarks"
SIZES = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000}
PAGE, AHEAD = 500, 4


class Pages:
    """The list of a fleet, made as fast as it can be sent, so that it holds up nobody: the SIMs are those of the
    simulator's first ones again and again, each with numbers of its own."""

    def __init__(self, sims: int) -> None:
        self._clock = WallClock()
        self._count, self._fleet = sims, Fleet(sims, self._clock.now)
        self._made = [_template(self._fleet.sim(n)) for n in range(min(sims, 2000))]
        self._at = self._clock.now()

    def use_all(self) -> None:
        """Every SIM at work has had a session since."""
        self._at += timedelta(minutes=1)

    async def answer(self, request: web.Request) -> web.Response:
        """One page, as SmartHub would send it."""
        page, size = (int(request.query[key]) for key in ("page", "pageSize"))
        session = written(self._at)
        rows = ",".join([
            self._made[n % len(self._made)]
            % {"giccid": self._fleet.giccid(n), "digits": f"{n:010d}", "n": f"{n + 1:03d}", "session": session}
            for n in range((page - 1) * size, min(page * size, self._count))
        ])  # fmt: skip
        body = f'{{"items": [{rows}], "page": {page}, "pageSize": {size}, "total": {self._count}}}'
        return web.Response(text=body, content_type="application/json")


def _template(row: dict[str, object]) -> str:
    """A SIM as JSON, with places for what is another's."""
    named = str(row["custom1"]).rpartition(" ")[0]
    other: dict[str, object] = {
        "giccid": "<giccid>",
        "iccid": "<giccid>",
        "imsi": "26203<digits>",
        "msisdn": "49<digits>",
    }
    other |= {"imei": row["imei"] and "35693<digits>", "lastSessionTime": row["lastSessionTime"] and "<session>"}
    text = json.dumps({**row, **other, "custom1": f"{named} <n>"})
    return text.replace("%", "%%").replace("<", "%(").replace(">", ")s")


async def neighbour(sims: int) -> None:
    """A list of SIMs until the process is asked to end; says where it is."""
    pages = Pages(sims)
    app = web.Application()
    app.add_routes([web.get(f"/v1{contract().endpoint('listSims').path}", pages.answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    over, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    loop.add_signal_handler(signal.SIGUSR1, pages.use_all)
    await over.wait()


async def download(base: str, sims: int) -> dict[str, Any]:
    """The same pages with httpx alone, one after another, thrown away."""
    path, began = contract().endpoint("listSims").path, time.monotonic()
    async with httpx.AsyncClient(headers={"X-API-Key": KEY, "Accept": "application/json"}) as client:
        for page in range(1, -(-sims // PAGE) + 1):
            answer = await client.get(f"{base}{path}", params={"page": page, "pageSize": PAGE})
            answer.raise_for_status()
            assert len(answer.content) > 600 * min(PAGE, sims - (page - 1) * PAGE), "this is not a whole page"
    return {"seconds": time.monotonic() - began, "peak": peak()}


async def scan(base: str, store_path: str) -> dict[str, Any]:
    """One look over all SIMs, as the bot takes it."""
    clock, store = WallClock(), Store(Path(store_path))
    hub = SmartHub(base_url=base, key=KEY, contract=contract(), clock=clock, rate_per_second=1000.0, page_size=PAGE)
    rules, usual = rules_of(AlertSettings()), AlertSettings()
    settings = Settings(channel="C0BENCH", rules=rules, snooze_for=usual.snooze_for, label_field="custom1")
    slack = cast(Slack, None)  # nothing is sent by a look
    alerts = Alerts(store=store, hub=hub, slack=slack, clock=clock, settings=settings)
    scan_settings = ScanSettings("C0BENCH", AHEAD, usual.keep_usage, salt_of("bench"), way="bench")
    scanning = Scanning(store=store, hub=hub, clock=clock, alerts=alerts, settings=scan_settings)
    waits: list[float] = []
    others = asyncio.create_task(beside(store, waits))
    began = time.monotonic()
    said = await scanning.scan()
    seconds = time.monotonic() - began
    others.cancel()
    await hub.close()
    store.close()
    return {"seconds": seconds, "peak": peak(), "said": said, "waited": max(waits, default=0.0)}


async def beside(store: Store, waits: list[float]) -> None:
    """Somebody who wants something small written, again and again, as a command does; how long each took."""
    while True:
        began = time.monotonic()
        await asyncio.sleep(0.02)
        await store.disk.write(lambda db: db.execute("SELECT 1").fetchone()[0])
        waits.append(time.monotonic() - began - 0.02)


def peak() -> float:
    """The most memory this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(*words: object, kill_after: float | None = None) -> dict[str, Any]:
    """One measurement in a process of its own; killed, it says nothing."""
    command = [sys.executable, "-m", "bench.scan", *map(str, words)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if kill_after is not None:
        time.sleep(kill_after)
        child.kill()
        child.wait()
        return {}
    said, _ = child.communicate()
    return dict(json.loads(said.splitlines()[-1]))


def measure(sims: int, folder: Path) -> None:
    """Prints the line of a fleet of this size."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.scan", "neighbour", str(sims)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        base = process.stdout.readline().strip()
        bare = run("download", base, sims)
        first = run("scan", base, folder / f"{sims}.db")
        again = run("scan", base, folder / f"{sims}.db")
        process.send_signal(signal.SIGUSR1)
        used = run("scan", base, folder / f"{sims}.db")
        killed = folder / f"{sims}-killed.db"
        run("scan", base, killed, kill_after=first["seconds"] / 2 + 0.7)
        rest = run("scan", base, killed)
    finally:
        process.kill()
        process.wait()
    fast = sims / bare["seconds"]
    found = [f"{sims / one['seconds']:>8,.0f}/s {sims / one['seconds'] / fast:>5.2f} {one['peak']:>5.0f} MiB"
             for one in (first, again, used)]  # fmt: skip
    waited = max(one["waited"] for one in (first, again, used)) * 1000
    print(f"{sims:>9,}  {fast:>8,.0f}/s {bare['peak']:>4.0f} MiB   {'   '.join(found)}   {rest['seconds']:>6.1f} s of"
          f" {first['seconds']:>6.1f} s   {waited:>6.0f} ms", flush=True)  # fmt: skip


def main() -> None:
    """Prints a line for each size, up to the one that is named."""
    word = sys.argv[1] if len(sys.argv) > 1 else "100k"
    if word == "neighbour":
        asyncio.run(neighbour(int(sys.argv[2])))
    elif word == "download":
        print(json.dumps(asyncio.run(download(sys.argv[2], int(sys.argv[3])))))
    elif word == "scan":
        print(json.dumps(asyncio.run(scan(sys.argv[2], sys.argv[3]))))
    elif word not in SIZES:
        sys.exit(f"“{word}” is no size; there are {', '.join(SIZES)}.")
    else:
        print(f"{'':11}{'':20}{'first look':^28}{'nothing changed':^29}{'sessions changed':^28}")
        print(f"{'SIMs':>9}  {'bare download':^19}{'beside the download, peak':^84}{'resumed':^21}a write waited")
        with tempfile.TemporaryDirectory(prefix="simops-bench-") as folder:
            for size in SIZES.values():
                if size <= SIZES[word]:
                    measure(size, Path(folder))


if __name__ == "__main__":
    main()
