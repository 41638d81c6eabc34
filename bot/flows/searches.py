"""Searching: `find`, its pages, and what it found as a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import TypedDict, cast

from bot.clock import Clock
from bot.errors import NotPossible
from bot.rules.fitting import is_place
from bot.rules.likeness import alike
from bot.rules.naming import LONGEST_NAME, read_name
from bot.rules.people import Person, Role
from bot.rules.searches import NONE, UNKNOWN, Cursor, Query, read_query
from bot.rules.sims import Sim, Status, label_of
from bot.rules.words import words_of
from bot.sheets import Rows, sheet
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.store import Store
from bot.views import searches as view
from bot.views.help import find_modal
from bot.views.parts import DECIMAL, Message, Units

PAGE = 20
PAGES_COUNTED = 10_000
SHEET_ROWS = 200_000
SHEETS_AT_ONCE = 2
WHOLE_NUMBERS = {"iccid": 18, "imsi": 15, "msisdn": 10, "imei": 15}  # from so many digits on it is no piece of one
WORDS_LOOKED_AT = 3  # of a search that finds nothing: each is compared with very many names
NEAR_IN = ("account", "plan", "pool")
LABELS_LOOKED_AT = 20


class Filters(TypedDict, total=False):
    """What SmartHub can be asked for."""

    account: str
    status: Status
    plan: str
    iccid: str
    imsi: str
    msisdn: str
    imei: str


class Searches:
    """Answering from the snapshot, and from SmartHub itself as long as there is none."""

    def __init__(
        self,
        *,
        store: Store,
        hub: SmartHub,
        slack: Slack,
        clock: Clock,
        label_field: str,
        looked_at: Callable[[], datetime | None],
        units: Units = DECIMAL,
        sheet_rows: int = SHEET_ROWS,
    ) -> None:
        """`looked_at` says when the last look over all SIMs ended; `sheet_rows` is what one file may hold."""
        self._store, self._hub, self._slack, self._clock = store, hub, slack, clock
        self._label_field, self._looked_at, self._units, self._sheet_rows = label_field, looked_at, units, sheet_rows
        self._sheets = asyncio.Semaphore(SHEETS_AT_ONCE)

    async def find(self, text: str, *, by: Person) -> Message:
        """The first page of what fits. Raises BadInput, pointing at the word that is wrong, and ProviderError."""
        query = self._read(text)
        if self._looked_at() is None:
            filters = provider_filters(query)
            if filters is not None:
                return await self._ask_smarthub(query, filters)
            if not self._store.sims.size().count:
                return view.not_yet(text=query.text)
        return await self._page(query, by=by.id, may_change=by.role >= Role.OPERATOR)

    async def page(self, id: int, step: int, *, by: Person) -> Message:
        """The page behind (1) or before (-1) the one whose buttons carry this number, for whoever turns it; takes its
        place.

        Raises NotFound when the search is gone, NotPossible when there are no more.
        """
        search = self._store.searches.get(id)
        query = self._read(search.text)
        may_change = by.role >= Role.OPERATOR
        if step > 0 and search.after is None:
            raise NotPossible("This is the last page.")
        if step > 0:
            return await self._page(
                query, by=search.by, after=search.after, previous=id, again=True, may_change=may_change
            )
        before = None if search.previous is None else self._store.searches.get(search.previous)
        if before is None:
            return await self._page(query, by=search.by, again=True, may_change=may_change)
        after = None if before.previous is None else self._store.searches.get(before.previous).after
        return await self._page(
            query, by=search.by, after=after, previous=before.previous, again=True, may_change=may_change
        )

    async def open(self, id: int, *, by: Person) -> Message:
        """The first page of a search that is kept under this number, for whoever opens it. Raises NotFound."""
        search = self._store.searches.get(id)
        return await self._page(self._read(search.text), by=search.by, may_change=by.role >= Role.OPERATOR)

    async def csv(self, id: int, *, by: Person) -> Message:
        """Sends all that was found as a file to whoever asks. Raises NotFound, SlackError, StoreError."""
        query = self._read(self._store.searches.get(id).text)
        now = self._clock.now()
        count, more = 0, False

        async def rows() -> AsyncGenerator[Rows, None]:
            nonlocal count, more
            async with aclosing(self._store.sims.stream(query, now=now)) as pieces:
                async for piece in pieces:
                    room = self._sheet_rows - count
                    count, more = count + min(room, len(piece)), len(piece) > room
                    yield map(view.sheet_row, piece[:room])
                    if more:
                        return

        async with self._sheets, sheet(f"sims-{now:%Y-%m-%d-%H%M}.csv", view.SHEET, rows()) as path:
            channel = await self._slack.direct(by.id)
            await self._slack.upload(channel, name=path.name, title=f"SIMs: {query.text}"[:200], path=path)
        return view.sheet_sent(count, text=query.text, most=self._sheet_rows if more else None)

    async def ask(self, *, trigger: str) -> None:
        """Opens the form for a search. Raises SlackError."""
        await self._slack.open_modal(trigger=trigger, view=find_modal())

    def _read(self, text: str) -> Query:
        return read_query(text, label_field=self._label_field)

    async def _page(
        self,
        query: Query,
        *,
        by: str,
        after: Cursor | None = None,
        previous: int | None = None,
        again: bool = False,
        may_change: bool = False,
    ) -> Message:
        """The page behind `after`; `again` where it takes the place of another page."""
        now = self._clock.now()
        found = await self._store.sims.search(query, after=after, limit=PAGE, now=now)
        if not found.rows:
            return self._nothing(query, again=again)
        number = await self._store.searches.add(query.text, by=by, after=found.next, previous=previous, now=now)
        first = 1 + PAGE * self._pages_before(previous)
        at = view.Place(number, first=first, complete=self._looked_at() is not None, change=may_change)
        units = self._units.to_the_byte(query.exact)
        return replace(view.page(found, text=query.text, at=at, units=units), replace=again)

    def _pages_before(self, previous: int | None) -> int:
        """How many pages come before the one behind this one."""
        count = 0
        while previous is not None and count < PAGES_COUNTED:
            count, previous = count + 1, self._store.searches.get(previous).previous
        return count

    def _nothing(self, query: Query, *, again: bool) -> Message:
        if again:
            raise NotPossible("There is nothing on this page any more: the SIMs have changed since. Search again.")
        complete = self._looked_at() is not None
        return view.nothing(text=query.text, near=self._near(query), size=self._store.sims.size(), complete=complete)

    def _near(self, query: Query) -> tuple[str, ...]:
        """Filters that may have been meant by those that fit nothing, as they are typed."""
        known = {key: self._store.sims.values(key) for key in NEAR_IN}
        meant = [
            (key, w)
            for key, words in query.places
            if key in known
            for w in words[:WORDS_LOOKED_AT]
            if not any(is_place(w, there) for there in known[key])
        ]
        meant += [(key, w) for w in query.words[:WORDS_LOOKED_AT] for key in NEAR_IN]
        found = [(key, name) for key, word in meant for name in alike(word.rstrip("*"), known[key], most=2)]
        places = [Query(places=((key, (name,)),)).text for key, name in found]
        return tuple(dict.fromkeys([*self._near_words(query), *places]))[:3]

    def _near_words(self, query: Query) -> Iterator[str]:
        """The search with one of its words as it stands in labels that look like it."""
        for place, word in enumerate(query.words[:WORDS_LOOKED_AT]):
            if len(word) > LONGEST_NAME:
                continue
            labels = (hit.label for hit in self._store.sims.near(read_name(word), limit=LABELS_LOOKED_AT))
            there = {one for label in labels for one in words_of(label)} - set(words_of(word))
            for near in alike(word, there, most=1):
                yield replace(query, words=(*query.words[:place], near, *query.words[place + 1 :])).text

    async def _ask_smarthub(self, query: Query, filters: Filters) -> Message:
        """One page from SmartHub itself."""
        labelled: list[tuple[Sim, str]] = []
        async for page in self._hub.sims(**filters, page_size=PAGE):
            labelled = [(sim, label_of(sim, self._label_field)) for sim in page.sims[:PAGE]]
            break
        units = self._units.to_the_byte(query.exact)
        return view.straight(labelled, text=query.text, read_at=self._clock.now(), units=units)


def provider_filters(query: Query) -> Filters | None:
    """The search as SmartHub can be asked; `None` when it has parts that SmartHub cannot filter by."""
    filters: dict[str, object] = {}
    if query.words or query.customs or query.limits:
        return None
    for key, values in query.places:
        if key not in ("account", "plan", "status") or len(values) > 1 or values[0].endswith("*"):
            return None
        if values[0] in (NONE, UNKNOWN):
            return None
        filters[key] = Status(values[0]) if key == "status" else values[0]
    for key, every in query.by_kind.items():
        if len(every) > 1 or len(every[0]) < WHOLE_NUMBERS[key]:
            return None
        filters[key] = every[0]
    return cast(Filters, filters) if filters else None
