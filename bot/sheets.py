"""Files on their way to Slack: written beside the loop a piece at a time, and gone when Slack has them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager
from pathlib import Path

from bot.errors import StoreError
from bot.rules.sheets import csv_line, csv_lines

Rows = Iterable[Sequence[object]]
CANNOT = "The file could not be written here: {}. Tell whoever runs the bot."


@asynccontextmanager
async def sheet(name: str, titles: Sequence[str], pieces: AsyncGenerator[Rows, None]) -> AsyncIterator[Path]:
    """A CSV file of this name with all of these rows, for as long as the block lasts. Raises StoreError."""
    with ExitStack() as kept:
        try:
            path = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="simops-"))) / name
            await _write(path, titles, pieces)
        except OSError as exc:
            raise StoreError(CANNOT.format(exc.strerror)) from exc
        yield path


@asynccontextmanager
async def written(name: str, content: bytes) -> AsyncIterator[Path]:
    """A file of this name with this in it, for as long as the block lasts. Raises StoreError."""
    with ExitStack() as kept:
        try:
            path = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="simops-"))) / name
            await asyncio.to_thread(path.write_bytes, content)
        except OSError as exc:
            raise StoreError(CANNOT.format(exc.strerror)) from exc
        yield path


async def whole(rows: Rows) -> AsyncGenerator[Rows, None]:
    """Rows that are few enough to be one piece."""
    yield rows


async def _write(path: Path, titles: Sequence[str], pieces: AsyncGenerator[Rows, None]) -> None:
    async with aclosing(pieces):
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(csv_lines(titles, ()))
            async for rows in pieces:
                await asyncio.to_thread(file.writelines, map(csv_line, rows))
