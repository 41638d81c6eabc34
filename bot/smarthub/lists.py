"""Lists of SmartHub: page by page where it pages, and whole where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence

from bot.errors import BadInput, ProviderError
from bot.smarthub import redirects, wire
from bot.smarthub.contract import Contract
from bot.smarthub.paging import Pager, Place
from bot.smarthub.problems import Subject
from bot.smarthub.shapes import Reading
from bot.smarthub.transport import Answer, Transport

ROWS_AT_MOST = 1000


class Lists(Transport):
    """A transport that knows how to go through a list."""

    async def raw(self, reading: Reading, path: Mapping[str, str]) -> Sequence[object]:
        """What a read answers, as raw as JSON has it: the rows of one page, or the one object. Raises as a read."""
        query = {"page": "1", "page_size": str(self._page_size)} if reading.paged else {}
        answer = await self._read(reading.name, path, query=query)
        return wire.read_rows(answer.body, self._contract).rows if reading.many else [wire.read_object(answer.body)]

    async def _pages(
        self,
        name: str,
        filters: Mapping[str, str | None],
        *,
        page_size: int | None = None,
        first: int = 1,
        ahead: int = 0,
        rows_in: Callable[[bytes, Contract], wire.Rows] = wire.read_rows,
    ) -> AsyncIterator[tuple[int, wire.Rows]]:
        """The pages of a list with their numbers, before their rows are read. Raises BadInput.

        Where SmartHub counts them and links to none, so many are on their way `ahead` of the one that is looked at.
        """
        size = self._page_size if page_size is None else page_size
        if not 1 <= size <= ROWS_AT_MOST:
            raise BadInput(f"A page holds 1 to {ROWS_AT_MOST} rows, not {size}.")
        pager = Pager(page_size=size, max_pages=self._max_pages, first=first)
        here: Place | None = Place(first)
        coming: dict[int, asyncio.Task[Answer]] = {}

        def ask(place: Place) -> Coroutine[None, None, Answer]:
            query = {**filters, "page": str(place.number), "page_size": str(size)}
            return self._read(name, {}, query=query, url=place.link)

        try:
            while here is not None:
                answer = await (coming.pop(here.number, None) or ask(here))
                rows = rows_in(answer.body, self._contract)
                link = self._next(answer)
                for number in pager.ahead(here, rows, link=link, most=ahead):
                    if number not in coming:
                        coming[number] = asyncio.create_task(ask(Place(number)))
                if not pager.is_new(rows):
                    return
                if rows.rows:
                    yield here.number, rows
                here = pager.after(here, rows, link=link)
        finally:
            for task in coming.values():
                task.cancel()
            await asyncio.gather(*coming.values(), return_exceptions=True)

    async def _listed(
        self,
        name: str,
        path: Mapping[str, str],
        *,
        query: Mapping[str, str | None] | None = None,
        about: Subject | None = None,
    ) -> list[object]:
        """All rows of a list that comes in one answer, or in several where SmartHub links to the next."""
        found: list[object] = []
        link: str | None = None
        for _ in range(self._max_pages):
            answer = await self._read(name, path, query=query, url=link, about=about)
            found += wire.read_rows(answer.body, self._contract).rows
            link = self._next(answer)
            if link is None:
                return found
        raise ProviderError(f"SmartHub's list has more than {self._max_pages} pages; that cannot be right.")

    def _next(self, answer: Answer) -> str | None:
        """Where SmartHub says the next page is; a link that leads to another host is as good as none."""
        link = answer.link
        return link if link is not None and redirects.same_place(self._base, link) else None
