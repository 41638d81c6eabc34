"""How fast a page of SIMs is read, beside what the JSON in it costs alone: `./run bench decode [ROWS]`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bot.simulator.fleet import Fleet
from bot.smarthub.contract import contract
from bot.smarthub.paging import read_page
from bot.smarthub.sims import read_sim
from bot.smarthub.wire import read_rows


def quickest(*works: Callable[[], object], times: int) -> list[float]:
    """Seconds of this process's own time for each, the best of many: what else runs on the machine is not meant.

    They take turns, so that a machine that is slow for a while is slow for all of them.
    """
    took: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, seconds in zip(works, took, strict=True):
            began = time.process_time()
            work()
            seconds.append(time.process_time() - began)
    return [min(seconds) for seconds in took]


def measure(count: int, *, times: int) -> None:
    """Prints SIMs a second for json.loads alone, for a page as it is read, and for each row field by field."""
    fleet, ours = Fleet(count, lambda: datetime(2026, 11, 22, 8, tzinfo=UTC)), contract()
    body = json.dumps({"items": [fleet.sim(n) for n in range(count)], "page": 1}).encode()
    assert len(read_page(read_rows(body, ours), 1, ours).sims) == count
    parse, quick, careful = quickest(
        lambda: json.loads(body),
        lambda: read_page(read_rows(body, ours), 1, ours),
        lambda: [read_sim(row, ours, keep_raw=False) for row in json.loads(body)["items"]],
        times=times,
    )
    print(f"Reading pages of {count} SIMs, {len(body) / count:.0f} bytes each")
    for what, took in (("json.loads alone", parse), ("page to SIMs", quick), ("field by field", careful)):
        print(f"{what:18}{count / took:10,.0f} SIMs/s   {took / parse:5.2f} times json.loads")


def main() -> None:
    """Measures pages of that many rows."""
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, times=30)


if __name__ == "__main__":
    main()
