"""Where a list of SIMs comes from, and its lines, each with the SIMs of the snapshot that are called so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bot.clock import Clock
from bot.errors import BadInput, StoreError
from bot.rules.intake import read_file, read_paste
from bot.rules.lists import MOST_SIMS, Line, wanted
from bot.rules.naming import Named
from bot.rules.searches import Query, read_query
from bot.rules.sims import quotable
from bot.rules.snapshot import Listed
from bot.rules.words import folded
from bot.store import Store

CHUNK = 500  # lines between two turns of the loop
Looked = tuple[Line, tuple[Listed, ...]]


@dataclass(frozen=True)
class Pasted:
    """Numbers or labels as somebody pasted them, and how they are called."""

    text: str
    name: str = "pasted numbers"


@dataclass(frozen=True)
class OnDisk:
    """A file here, under the name it had elsewhere."""

    path: Path
    name: str


@dataclass(frozen=True)
class Uploaded:
    """A file in Slack, by Slack's id."""

    file: str


@dataclass(frozen=True)
class Searched:
    """All that a search finds."""

    text: str


@dataclass(frozen=True)
class Valued:
    """All SIMs in whose custom field (1 to 5) stands exactly this."""

    field: int
    value: str


Readable = Pasted | OnDisk | Searched | Valued
Source = Readable | Uploaded


@dataclass(frozen=True)
class LookedUp:
    """The lines of one source after another, looked up in the snapshot."""

    store: Store
    clock: Clock
    label_field: str

    async def lines(self, source: Readable) -> AsyncGenerator[Sequence[Looked], None]:
        """The lines of the source, each with the SIMs that are called so, some hundred at a time."""
        if isinstance(source, Searched | Valued):
            async for piece in self._found(source):
                yield piece
            return
        async with aclosing(self._read(source)) as pieces:
            async for lines in pieces:
                hits = await self.store.lists.look_up(await asyncio.to_thread(_wanted, lines))
                yield await self._as_labels(list(zip(lines, hits, strict=True)))

    async def _read(self, source: Pasted | OnDisk) -> AsyncGenerator[Sequence[Line], None]:
        """The lines, read beside the loop."""
        if isinstance(source, Pasted):
            async for lines in _chunks(read_paste(source.text)):
                yield lines
            return
        try:
            with source.path.open("rb") as file:
                async for lines in _chunks(await asyncio.to_thread(read_file, file)):
                    yield lines
        except OSError as exc:
            raise StoreError(f"The file could not be read here: {exc.strerror}. Tell whoever runs the bot.") from exc

    async def _as_labels(self, looked: list[Looked]) -> list[Looked]:
        """The same, where a line with a number that no SIM has is looked up whole: it may be a label."""
        odd = [at for at, (line, hits) in enumerate(looked) if not hits and line.whole is not None]
        if odd:
            whole = [_whole(looked[at][0]) for at in odd]
            for at, line, hits in zip(
                odd, whole, await self.store.lists.look_up(list(map(wanted, whole))), strict=True
            ):
                looked[at] = (line, hits) if hits else looked[at]
        return looked

    async def _found(self, source: Searched | Valued) -> AsyncGenerator[Sequence[Looked], None]:
        """What the search finds, each SIM a line of its own."""
        count, now = 0, self.clock.now()
        query = (
            read_query(source.text, label_field=self.label_field) if isinstance(source, Searched) else _query(source)
        )
        async with aclosing(self.store.sims.stream(query, now=now)) as pieces:
            async for rows in pieces:
                fitting = rows if isinstance(source, Searched) else [row for row in rows if _has(row, source)]
                if count + len(fitting) > MOST_SIMS:
                    raise BadInput(f"This search finds more than {MOST_SIMS:,} SIMs, the most of one list. Narrow it.")
                yield [(Line(count + n, row.sim.giccid, row.sim.giccid), (row,)) for n, row in enumerate(fitting, 1)]
                count += len(fitting)


async def _chunks(lines: Iterator[Line]) -> AsyncIterator[Sequence[Line]]:
    """The lines some hundred at a time, read beside the loop."""
    while chunk := await asyncio.to_thread(lambda: list(islice(lines, CHUNK))):
        yield chunk


def _wanted(lines: Sequence[Line]) -> list[Named | None]:
    return [wanted(line) for line in lines]


def _whole(line: Line) -> Line:
    return Line(line.number, line.written, line.whole or line.name)


def _query(source: Valued) -> Query:
    return read_query(f'custom{source.field}:"{source.value.replace(chr(34), " ")}"')


def _has(row: Listed, source: Valued) -> bool:
    return folded(row.sim.custom[source.field - 1] or "") == folded(source.value)


def in_words(source: Readable) -> str:
    """How the source is called in what people read."""
    match source:
        case Pasted():
            return source.name
        case OnDisk():
            return f"the file “{quotable(source.name)}”"
        case Searched():
            return f"the search “{source.text}”"[:200]
    return f"the SIMs with custom{source.field} “{quotable(source.value)}”"
