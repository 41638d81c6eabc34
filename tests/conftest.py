"""What every test can ask for."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import settings

if TYPE_CHECKING:
    from tests.talk import World

# Each story keeps a store or two: in memory, where there is room, nobody waits for a disk.
MEMORY = "/dev/shm"  # noqa: S108 - pytest makes a folder of its own there, for its user alone
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)

# At every check a modest number of cases; in CI always the same ones, so that a run says something about the change.
settings.register_profile("check", max_examples=20, deadline=None, derandomize="CI" in os.environ)
settings.register_profile("deep", max_examples=500, deadline=None)
settings.load_profile("check")


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end: the garbage collector need not look it through again."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """What a command line has set about the log in one test holds in no other."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running bot between a Slack and a SmartHub, with the time held."""
    from tests.talk import World  # noqa: PLC0415 - whoever only hands tests out needs no bot

    made = World(tmp_path)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
