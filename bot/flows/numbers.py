"""The SIMs that a message names: in its words, and in the texts that hang on it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.clock import Clock
from bot.errors import BadInput, BotError, StoreError
from bot.rules.fitting import has_number
from bot.rules.naming import bare_digits, read_name
from bot.rules.numbers import Number, numbers_in
from bot.rules.people import Person, Role, need
from bot.rules.searches import Query
from bot.rules.snapshot import Listed
from bot.slack import Slack
from bot.store import Store
from bot.views import naming as view
from bot.views.parts import Message

SHOWN = 100  # rows of a table
AT_ONCE = 20  # look-ups between two turns of the loop
FILES_AT_MOST = 5
FILE_AT_MOST = 2 * 2**20  # bytes
# What may be text; whether it is, its content says.
TEXTS = ("text/", "application/json", "application/xml", "application/x-ndjson", "application/octet-stream")
Rows = dict[object, tuple[Number, Listed | None]]


class Numbers:
    """Finding the numbers of SIMs, without asking SmartHub. Raises NotAllowed for who is no viewer, and StoreError."""

    def __init__(self, *, store: Store, slack: Slack, clock: Clock) -> None:
        self._store, self._slack, self._clock = store, slack, clock

    async def in_text(self, text: str, *, by: Person, files: Sequence[str] = ()) -> Message:
        """The SIMs that a text and these files of Slack's name, as a table; up to a hundred, and a search for those,
        which leads to changing them.

        A number that may be anything is left out when no SIM is known by it.
        """
        need(by, Role.VIEWER, to="look SIMs up")
        texts, unread = await self._read(files)
        numbers = await asyncio.to_thread(numbers_in, "\n".join([text, *texts]))
        rows, left_out = await self._looked_up(numbers)
        known = [listed for _, listed in rows.values() if listed is not None]
        return view.in_text(
            list(rows.values()),
            left_out=left_out,
            search=await self._search(known, by=by),
            change=by.role >= Role.OPERATOR,
            unread=unread,
            snapshot=self._snapshot(),
        )

    async def _looked_up(self, numbers: Sequence[Number]) -> tuple[Rows, int]:
        """The rows of the table, and how many numbers are beyond it."""
        rows: Rows = {}
        for place, number in enumerate(numbers):
            if len(rows) == SHOWN:
                return rows, sum(1 for one in numbers[place:] if one.sure)
            if place % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)  # a look-up takes about a millisecond
            listed = self._exactly(number)
            if listed is not None:
                rows.setdefault(listed.id, (number, listed))
            elif number.sure:
                rows[number.digits] = (number, None)
        return rows, 0

    def _exactly(self, number: Number) -> Listed | None:
        """The one SIM that has this number and not just a piece of it."""
        named = read_name(number.digits)
        hits = self._store.sims.named(named, limit=2)
        return hits[0] if len(hits) == 1 and has_number(hits[0].sim, named) else None

    async def _search(self, known: Sequence[Listed], *, by: Person) -> int | None:
        """The number of a search that finds just these; `None` where there are none."""
        numbers = [digits for listed in known if (digits := bare_digits(listed.sim.giccid)) is not None]
        if not numbers:
            return None
        query = Query(numbers=tuple(("iccid", digits) for digits in numbers))
        return await self._store.searches.add(query.text, by=by.id, after=None, previous=None, now=self._clock.now())

    def _snapshot(self) -> view.Snapshot:
        size = self._store.sims.size()
        return view.Snapshot(size.count, size.oldest_seen_at, self._clock.now())

    async def _read(self, files: Sequence[str]) -> tuple[list[str], list[str]]:
        """The texts in these files, and in a sentence each what could not be read."""
        texts: list[str] = []
        unread: list[str] = []
        with tempfile.TemporaryDirectory(prefix="simops-") as folder:
            for named in files[:FILES_AT_MOST]:
                try:
                    texts.append(await self._text_of(named, Path(folder) / "file"))
                except BotError as problem:
                    unread.append(f"A file was not read: {problem}")
        if len(files) > FILES_AT_MOST:
            unread.append(f"Of {len(files)} files the first {FILES_AT_MOST} were read.")
        return texts, unread

    async def _text_of(self, id: str, to: Path) -> str:
        file = await self._slack.file(id)
        if not file.mimetype.startswith(TEXTS):
            raise BadInput(f"“{file.name}” is no text ({file.mimetype or 'of an unknown kind'}).")
        await self._slack.download(file, to, most_bytes=FILE_AT_MOST)
        try:
            content = await asyncio.to_thread(to.read_bytes)
        except OSError as exc:
            raise StoreError(f"“{file.name}” could not be read here: {exc.strerror}.") from exc
        if b"\0" in content:
            raise BadInput(f"“{file.name}” is no text.")
        return content.decode("utf-8", errors="replace")
