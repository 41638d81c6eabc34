"""SmartHub goes away and comes back: told once each way in a channel, and looked after in between."""

from __future__ import annotations

from datetime import datetime

from bot.clock import Clock
from bot.errors import ProviderBusy, ProviderDown, ProviderError
from bot.rules.outages import Outage, back, gone, is_over
from bot.rules.outbox import Note
from bot.smarthub.client import SmartHub
from bot.store.outbox import Outbox
from bot.views import outages as view
from bot.views.parts import Message

WATCHED = "SmartHub answers again; it is watched for a while"
OVER = "SmartHub answers"


class Outages:
    """What is told of SmartHub's outages. `turned` notes what became of the circuit, `look` does what is to be done."""

    def __init__(self, *, hub: SmartHub, store: Outbox, clock: Clock, channel: str) -> None:
        self._hub, self._store, self._clock, self._channel = hub, store, clock, channel
        self._outage: Outage | None = None
        self._untold: str | None = None

    @property
    def trouble(self) -> str | None:
        """That SmartHub is away now, in a sentence."""
        return "SmartHub does not answer; it is tried again and again." if self._hub.left_alone else None

    def recall(self, last: tuple[datetime, str] | None, *, failed: bool) -> None:
        """Goes on after a restart, with when `look` last said something and what; `failed`: that was an error of ours.

        Where the channel was told that SmartHub is away, it is to hear that it is back.
        """
        if last is None or not (failed or last[1] == WATCHED):
            return
        at, _ = last
        self._outage = Outage(since=None, back_at=None if failed else at)

    def turned(self, is_open: bool, said: str) -> None:
        """The circuit opened, or closed; `said` says so."""
        now = self._clock.now()
        if not is_open:
            self._outage = None if self._outage is None else back(self._outage, now)
            return
        if self._outage is None:
            self._untold = said
        self._outage = gone(self._outage, now)

    async def look(self) -> str | None:
        """Tells what is to be told, and while there is an outage tries whether SmartHub answers.

        What came of it, in words; nothing while all is well. Raises ProviderDown and ProviderBusy.
        """
        if self._outage is None:
            return None
        if self._untold is not None:
            await self._tell(view.gone(self._untold))
            self._untold = None
        await self._try()
        if self._hub.left_alone:
            return None  # it was gone again before this one heard the answer
        # What was away before a restart answers without any circuit closing.
        self._outage = back(self._outage, self._clock.now())
        if not is_over(self._outage, self._clock.now()):
            return WATCHED
        await self._tell(view.back(self._outage))
        self._outage = None
        return OVER

    async def _try(self) -> None:
        """One small question; a refusal is an answer too."""
        try:
            await self._hub.enterprise()
        except (ProviderDown, ProviderBusy):
            raise
        except ProviderError:
            return

    async def _tell(self, message: Message) -> None:
        await self._store.add([Note(self._channel, message.text, message.blocks)], now=self._clock.now())
