"""SmartHub's notifications, from the door to the disk, and from the disk to their channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.clock import Clock
from bot.smarthub.contract import Contract
from bot.smarthub.pushes import read_push
from bot.store.events import Events as Stored
from bot.store.sms import Told
from bot.views import events as view
from bot.views.parts import DECIMAL, Message, Units

# A push that names its eventId is the same push whenever it comes again.
FOREVER = timedelta(days=3650)


@dataclass(frozen=True)
class Settings:
    """`repeat_window`: how long the same body counts as the same push, where it names no eventId. What is nested deeper
    than `depth` is kept as it came, and not read. `told`: what goes to Slack for an SMS from a device."""

    repeat_window: timedelta
    depth: int = 32
    units: Units = DECIMAL
    told: Told = lambda _sms, _thread: ()


class Events:
    """Receiving and showing. A push never changes anything: its sender cannot be proven."""

    def __init__(self, *, store: Stored, contract: Contract, clock: Clock, settings: Settings) -> None:
        self._store, self._contract, self._clock, self._settings = store, contract, clock, settings

    async def receive(self, name: str, body: bytes) -> int:
        """The number under which the push is on disk, to be sorted onto a card at once. Raises StoreError."""
        push = read_push(name, body, self._contract, depth=self._settings.depth)
        window = FOREVER if push.key.startswith("id:") else self._settings.repeat_window
        return await self._store.receive(push, window=window, now=self._clock.now(), told=self._settings.told)

    def draw(self, id: int) -> Message:
        """The card of a notification."""
        return view.card(self._store.get(id), units=self._settings.units)
