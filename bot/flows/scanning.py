"""Looking over all SIMs, or those of one account: page by page, gone on with after a restart, never half told."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from bot.clock import Clock
from bot.errors import NotFound, NotPossible, ProviderError, SimNotFound
from bot.rules.likeness import alike
from bot.rules.outbox import Note
from bot.rules.people import Person, Role, need
from bot.rules.scans import Scan, Vanished, in_words, not_whole
from bot.rules.sims import Sim, quotable
from bot.rules.unjudged import counted, missing
from bot.smarthub.client import SmartHub
from bot.smarthub.row_pages import RowPage
from bot.store import Store
from bot.views import scans as view
from bot.views.parts import Message

Beside = Callable[[sqlite3.Connection], None]
ASKED_AT_MOST = 100
PIECE, SMALL_PIECE = 250, 50  # SIMs in one transaction
FEW, GIVES_WAY_S = 4, 0.02
log = structlog.get_logger()


def unwatched() -> None:
    """What is done with progress where nobody watches it."""


class Alerts(Protocol):
    """What becomes of the SIMs that were read."""

    async def look(self, sims: Sequence[Sim], beside: Beside, marks: Mapping[str, int]) -> tuple[int, int]:
        """Stores these SIMs and what else belongs to the transaction; how many alerts they raise and clear."""

    async def whole(self) -> tuple[int, int]:
        """The same for what a look over all SIMs alone can tell."""

    async def announce(self) -> int:
        """Tells of what was raised."""


@dataclass(frozen=True)
class Settings:
    """`ahead`: pages that are on their way while one is looked at. `keep`: how long daily usage is kept. `salt`: what a
    row that was read need not be read again hangs on, beside the row. `way`: what a look that was cut off is gone on
    with by, only while it is the same."""

    channel: str
    ahead: int
    keep: timedelta
    salt: bytes
    way: str


class Scanning:
    """Looks over SIMs. One at a time: what comes second waits. `moved` hears of each step that was made."""

    def __init__(self, *, store: Store, hub: SmartHub, clock: Clock, alerts: Alerts, settings: Settings) -> None:
        self._store, self._hub, self._clock, self._alerts, self._settings = store, hub, clock, alerts, settings
        self._alone = asyncio.Lock()
        self._bad: set[tuple[str | None, int]] = set()  # pages, by account, that could not be read the last time
        self.moved: Callable[[], None] = unwatched

    async def scan(self) -> str:
        """What a look over all SIMs found, in a sentence. Raises ProviderError when SmartHub cannot be read.

        Each page is stored, with its number, before the next is looked at: memory does not grow with the fleet, and
        a look that is cut off goes on where it was. What is said of all SIMs is said after a whole look alone.
        """
        async with self._alone:
            try:
                said = await self._over(None)
            finally:
                await self._alerts.announce()  # what single SIMs show is true also when the look was cut off
        await self._tell_vanished()
        removed = 1
        while removed:  # a little at a time
            removed = await self._store.scans.forget(keep=self._settings.keep, now=self._clock.now())
            self.moved()
        return said

    async def refresh(self, account: str, *, by: Person) -> Message:
        """Reads the SIMs of one account anew. Raises NotAllowed, NotFound, NotPossible while all are being read."""
        need(by, Role.OPERATOR, to="have SIMs read anew")
        names = {name.casefold(): name for name in self._store.sims.values("account")}
        if account.strip().casefold() not in names:
            raise NotFound(_no_account(account, list(names.values())))
        if self._alone.locked():
            raise NotPossible("SIMs are being read anew right now; look again in a few minutes.")
        async with self._alone:
            try:
                said = await self._over(names[account.strip().casefold()])
            finally:
                await self._alerts.announce()
        return view.refreshed(said)

    async def _over(self, account: str | None) -> str:
        scan, resumed = await self._store.scans.begin(account, way=self._settings.way, now=self._clock.now())
        raised, cleared = await self._through(scan, first=scan.page + 1)
        done = await self._store.scans.end(scan.id, now=self._clock.now())
        if account is None:
            more = await self._alerts.whole()
            raised, cleared = raised + more[0], cleared + more[1]
        return in_words(done, raised=raised, cleared=cleared, resumed=resumed)

    async def _through(self, scan: Scan, *, first: int) -> tuple[int, int]:
        """How many alerts the pages from the first on have raised and cleared.

        A page that could not be read the last time either is passed over, where the one behind it can be read: else
        whoever stands behind it would never be looked at. Raises ProviderError, also at the end of such a look.
        """
        raised = cleared = 0
        problem: ProviderError | None = None
        while True:
            try:
                async with aclosing(self._pages(scan.account, first=first, ahead=self._settings.ahead)) as pages:
                    async for page in pages:
                        more = await self._turn(scan, page)
                        raised, cleared = raised + more[0], cleared + more[1]
                        self._bad.discard((scan.account, page.number))
                        self.moved()
                break
            except ProviderError as refused:
                problem = refused
                first = await self._behind(self._store.scans.get(scan.id), refused)
        done = self._store.scans.get(scan.id)
        if done.passed:
            await self._store.scans.drop(scan.id)
            raise ProviderError(f"{not_whole(done, None if problem is None else str(problem).rstrip('.'))}.")
        return raised, cleared

    async def _behind(self, scan: Scan, problem: ProviderError) -> int:
        """The page with which the look goes on after one that could not be read. Raises the problem where it does not
        go on."""
        bad = scan.page + 1
        if (scan.account, bad) not in self._bad or not await self._answers(scan.account, page=bad + 1):
            self._bad.add((scan.account, bad))
            raise problem
        await self._store.scans.pass_over(scan, bad)
        log.warning("page_passed_over", page=bad, problem=str(problem))
        return bad + 1

    async def _answers(self, account: str | None, *, page: int) -> bool:
        """Whether SmartHub has an answer for that page."""
        try:
            async with aclosing(self._pages(account, first=page, ahead=0)) as pages:
                await anext(pages, None)  # none behind the last one is an answer too
        except ProviderError:
            return False
        return True

    async def _turn(self, scan: Scan, page: RowPage) -> tuple[int, int]:
        """How many alerts a page has raised and cleared. It is read and stored a piece at a time, so that nobody who
        waits for the loop or the disk waits for all of it; with the last piece it counts as stored."""
        scans, now = self._store.scans, self._clock.now()
        same = scans.calm(page.marks, now=now)
        lacking = [what for _, what in same.values()]
        rest, at, skipped, raised, cleared = page.without(same), 0, 0, 0, 0
        while True:
            piece = await self._piece()
            read = self._hub.read(rest.part(at, piece))
            at += piece
            lacking += map(missing, read.page.sims)
            skipped += read.page.skipped
            turned = scans.turned(
                scan.id,
                page=page.number,
                sims=len(lacking),
                skipped=skipped,
                still=[number for number, _ in same.values()],
                unjudged=counted(lacking),
                now=now,
            )
            is_last = at >= len(rest.rows)
            more = await self._alerts.look(read.page.sims, turned if is_last else _nothing_beside, read.marks)
            raised, cleared = raised + more[0], cleared + more[1]
            if is_last:
                return raised, cleared

    async def _piece(self) -> int:
        """How many SIMs are looked at next: while notifications come in few, and after a moment, for whoever sends them
        is answered only when they are on disk."""
        if self._store.events.arriving <= FEW:
            return PIECE
        await self._clock.sleep(GIVES_WAY_S)
        return SMALL_PIECE

    async def _pages(self, account: str | None, *, first: int, ahead: int) -> AsyncGenerator[RowPage, None]:
        async for page in self._hub.rows(account=account, first=first, ahead=ahead, salt=self._settings.salt):
            yield page

    async def _tell_vanished(self) -> None:
        now = self._clock.now()
        gone = await self._really_gone(await self._store.scans.vanished(now=now))
        if gone:
            told = view.vanished(gone)
            await self._store.scans.note_vanished(gone, [Note(self._settings.channel, told.text, told.blocks)], now=now)

    async def _really_gone(self, missed: Sequence[Vanished]) -> Sequence[Vanished]:
        """Those of which SmartHub itself says so: a row that could not be read is missing from a list as well.

        Where all of the first hundred are gone, so are the others. While SmartHub does not say, nobody is told.
        """
        gone: list[Vanished] = []
        for one in missed[:ASKED_AT_MOST]:
            self.moved()
            try:
                sim = await self._hub.sim(one.giccid)
            except SimNotFound:
                gone.append(one)
            except ProviderError as problem:
                log.info("vanished_not_asked", giccid=one.giccid, problem=str(problem))
            else:
                await self._alerts.look([sim], _nothing_beside, {})
        return missed if len(gone) == ASKED_AT_MOST else gone


def _no_account(typed: str, names: Sequence[str]) -> str:
    near = alike(typed, names)
    listed = ", ".join(f"“{quotable(name)}”" for name in near or names[:5])
    if near:
        return f"No account is called “{quotable(typed)}”. Did you mean {listed}?"
    said = f"No account is called “{quotable(typed)}”." if typed.strip() else "Which account? Write its name."
    return f"{said} Accounts: {listed or 'none is known yet'}."


def _nothing_beside(_: sqlite3.Connection) -> None:
    """Where nothing else belongs to the transaction."""
