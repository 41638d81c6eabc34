"""What every test can ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.talk import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running bot between a Slack and a SmartHub, with the time held."""
    made = World(tmp_path)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
