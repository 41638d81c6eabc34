"""Planned work: what it causes is kept and counted, and nobody is called for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from zoneinfo import ZoneInfo

from bot.clock import Clock
from bot.errors import BadInput, NotPossible
from bot.flows.pushes.settings import Settings
from bot.rules.audit import SYSTEM
from bot.rules.moments import read_until
from bot.rules.mutes import Mute, check_length, read_mute
from bot.rules.outbox import Note
from bot.rules.people import Person, Role, need
from bot.rules.routes import strangers
from bot.store import Store
from bot.views import mutes as view
from bot.views.parts import Message, answer

TO = "mute notifications"


@dataclass(frozen=True)
class Muting:
    """Muting for planned work, and what is told at its end."""

    store: Store
    clock: Clock
    settings: Settings
    zone: Callable[[str], Awaitable[ZoneInfo]]

    async def mute(self, text: str, *, by: Person, channel: str) -> Message:
        """What whoever muted reads; without words, what is muted. Raises NotAllowed, BadInput."""
        if not text.strip():
            return self.listing()
        need(by, Role.OPERATOR, to=TO)
        asked, now = read_mute(text), self.clock.now()
        until = read_until(asked.lasting, now=now, zone=await self.zone(by.id)).astimezone(UTC)
        check_length(until - now)
        mute = Mute(0, asked.wanted, by.id, channel, now, until, asked.why)
        unknown = strangers(asked.wanted, self.store.sims.values)
        stored = await self.store.mutes.add(mute, now=now)
        return view.made(stored, command=self.settings.command, strangers=unknown)

    def listing(self) -> Message:
        """What is muted now, with how much of it came."""
        now = self.clock.now()
        held = [(mute, self.store.mutes.counts(mute.id)) for mute in self.store.mutes.open() if mute.until > now]
        return view.listing(held, command=self.settings.command)

    async def unmute(self, text: str, *, by: Person) -> Message:
        """What whoever ended it reads. Raises NotAllowed, BadInput, NotFound, NotPossible."""
        need(by, Role.OPERATOR, to=TO)
        word = text.strip().lstrip("#")
        if not word.isascii() or not word.isdigit() or len(word) > 9:
            raise BadInput(f"Write the number of what is muted; `{self.settings.command} mute` lists it.")
        mute = self.store.mutes.get(int(word))
        if not await self._end(mute, by=by.id):
            raise NotPossible(f"Mute {mute.id} is over already.")
        return answer(f"Mute {mute.id} is ended. What it held is told in <#{mute.channel}>." if mute.channel else
                      f"Mute {mute.id} is ended.")  # fmt: skip

    async def end_those_over(self) -> int:
        """How many ended because their time was over."""
        now = self.clock.now()
        over = [mute for mute in self.store.mutes.open() if mute.until <= now]
        return sum([await self._end(mute, by=SYSTEM) for mute in over])

    async def _end(self, mute: Mute, *, by: str) -> bool:
        told = view.over(mute, self.store.mutes.counts(mute.id))
        # Where somebody typed it in a conversation of their own, the bot may not write there.
        channel = mute.channel if mute.channel.startswith(("C", "G")) else mute.by
        note = Note(channel, told.text, told.blocks)
        return await self.store.mutes.end(mute, by=by, messages=[note], now=self.clock.now())
