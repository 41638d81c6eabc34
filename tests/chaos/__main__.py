"""`./run chaos`: runs the quarter and says how many announcements there were, and how many there had to be."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

import structlog

from tests.chaos.lives import FAKETIME
from tests.chaos.quarter import Quarter

FAKED = 0.15  # of the looks that are killed: each such process starts from nothing, which takes two seconds


def main() -> int:
    """0 when the bot told exactly what the calculation tells."""
    parser = argparse.ArgumentParser(prog="./run chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another seed is another quarter")
    parser.add_argument("--days", type=int, default=92)
    parser.add_argument("--sims", type=int, default=24)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        quarter = Quarter(Path(folder), seed=given.seed, days=given.days, sims=given.sims, faked=FAKED)
        asyncio.run(quarter.run())
    if FAKETIME is None:
        sys.stdout.write("faketime is not installed: the clocks of all processes are handed to them.\n")
    sys.stdout.write(f"{quarter}; {time.monotonic() - began:.0f} s\n")
    return 0 if quarter.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
