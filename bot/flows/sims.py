"""Looking at SIMs."""

from __future__ import annotations

from bot.clock import Clock
from bot.rules.sims import label_of
from bot.smarthub.client import SmartHub
from bot.views import sims as view
from bot.views.parts import Message


class Sims:
    """What people ask about a SIM."""

    def __init__(self, *, hub: SmartHub, clock: Clock, label_field: str) -> None:
        """`label_field` is the custom field (`custom1` … `custom5`) that holds the name people know a SIM by."""
        self._hub, self._clock, self._label_field = hub, clock, label_field

    async def show(self, iccid: str) -> Message:
        """The card of the SIM with this ICCID, read now. Raises ProviderError."""
        sim = await self._hub.find(iccid)
        return view.card(sim, label=label_of(sim, self._label_field), asked=iccid, read_at=self._clock.now())
