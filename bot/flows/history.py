"""What happened to a SIM: SmartHub's log and our own store in one line of time, shown or sent as a file."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.clock import Clock
from bot.errors import ProviderError
from bot.rules import history as rule
from bot.rules.changes import Change
from bot.rules.history import History, Kind, Told
from bot.rules.people import Person, Role, need
from bot.rules.sims import spellings
from bot.sheets import sheet, whole
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.store import Store
from bot.views import history as view
from bot.views.parts import DECIMAL, Message, Units

LOG_AT_MOST = 5000  # lines of SmartHub's log
OURS_AT_MOST = 2000  # of requests, of notifications, of SMS and of alerts
LEFT_OUT = "{:,} lines of SmartHub's log were left out: they cannot be read, or are about another SIM."
ALL_DIGITS = re.compile("[0-9]{18,22}")


class Histories:
    """Reading and sending. Every method raises NotAllowed for who is no viewer, and NotFound for a row that is gone."""

    def __init__(self, *, store: Store, hub: SmartHub, slack: Slack, clock: Clock, units: Units = DECIMAL) -> None:
        self._store, self._hub, self._slack, self._clock, self._units = store, hub, slack, clock, units

    async def show(self, id: int, *, by: Person, kind: Kind | None = None) -> Message:
        """The history of the SIM in this row of the snapshot, of one kind or all; what SmartHub does not tell is said
        to be missing."""
        need(by, Role.VIEWER, to="read the history of SIMs")
        about = self._about(id)
        told = await self._read(about.giccid)
        return view.listing(about, told, kind=kind, read_at=self._clock.now(), units=self._units)

    async def narrow(self, id: int, *, by: Person, kind: Kind | None) -> Message:
        """The same in the place of the list it was pressed on."""
        return replace(await self.show(id, by=by, kind=kind), replace=True)

    async def csv(self, id: int, *, by: Person) -> Message:
        """Sends all of it as a file to whoever asks. Raises SlackError, StoreError."""
        need(by, Role.VIEWER, to="read the history of SIMs")
        about = self._about(id)
        told = await self._read(about.giccid)
        name = f"history-{about.giccid}-{self._clock.now():%Y-%m-%d-%H%M}.csv"
        async with sheet(name, view.COLUMNS, whole(view.rows(told, units=self._units))) as path:
            channel = await self._slack.direct(by.id)
            title = f"History of {about.label}"[:200]
            await self._slack.upload(channel, name=path.name, title=title, path=path, comment=" ".join(told.missing))
        return view.sent(about, count=len(told.entries))

    def _about(self, id: int) -> view.About:
        listed = self._store.sims.get(id)
        return view.About(id, listed.sim.giccid, listed.label)

    async def _read(self, giccid: str) -> History:
        changes, missing = await self._log(giccid)
        # A notification names the SIM as its sender does, which may be the other spelling.
        numbers = spellings(giccid) if ALL_DIGITS.fullmatch(giccid) else (giccid,)
        ours: tuple[tuple[Told, ...], ...] = (
            self._store.approvals.of_sim(giccid, limit=OURS_AT_MOST),
            self._store.job_sims.of_sim(giccid, limit=OURS_AT_MOST),
            self._store.events.of_sim(numbers, limit=OURS_AT_MOST),
            self._store.sms.of_sim(numbers, limit=OURS_AT_MOST),
            self._store.alerts.of_sim(giccid, limit=OURS_AT_MOST),
        )
        if any(len(source) == OURS_AT_MOST for source in ours):
            missing += (f"Of requests, notifications, SMS and alerts only the newest {OURS_AT_MOST:,} each are here.",)
        return rule.history(changes, *ours, missing=missing)

    async def _log(self, giccid: str) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """SmartHub's log of this SIM, and in a sentence each what of it is missing."""
        changes: list[Change] = []
        skipped = 0
        try:
            async for page in self._hub.change_log(giccid):
                changes += page.changes
                skipped += page.skipped
                if len(changes) >= LOG_AT_MOST:
                    return tuple(changes), (f"SmartHub's log of this SIM is longer than {LOG_AT_MOST:,} lines.",)
        except ProviderError as problem:
            which = "All of" if not changes else "A part of"
            return tuple(changes), (f"{which} SmartHub's own log is missing: {problem}",)
        return tuple(changes), (LEFT_OUT.format(skipped),) if skipped else ()
