"""How fast a page of SIMs is read, beside what the JSON in it costs alone. Usage: python -m bench.decode [ROWS]"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bot.simulator.fleet import Fleet
from bot.smarthub.contract import contract
from bot.smarthub.paging import read_page
from bot.smarthub.wire import read_rows

TIMES = 30


def quickest(work: Callable[[], object]) -> float:
    """Seconds of this process's own time, the best of many: what else runs on the machine is not meant."""
    took = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took)


def main() -> None:
    """Prints SIMs a second for json.loads, for our reading of its rows, and for both, with the ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    fleet, ours = Fleet(count, lambda: datetime(2026, 11, 22, 8, tzinfo=UTC)), contract()
    body = json.dumps({"items": [fleet.sim(n) for n in range(count)], "page": 1}).encode()
    rows = read_rows(body, ours)
    assert len(read_page(rows, 1, ours).sims) == count
    parse, read = quickest(lambda: json.loads(body)), quickest(lambda: read_page(rows, 1, ours))
    for what, took in (("json.loads", parse), ("our reading", read), ("both", parse + read)):
        print(f"{what:12} {count / took:10,.0f} SIMs/s  {took / parse:5.2f} of json.loads")


if __name__ == "__main__":
    main()
