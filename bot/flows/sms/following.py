"""Finding out what became of SMS that were sent, and letting texts go when their time is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.clock import Clock
from bot.errors import NotFound, ProviderBusy, ProviderDown, ProviderError
from bot.rules.conversations import SmsMessage
from bot.smarthub.client import SmartHub
from bot.store import Store

log = structlog.get_logger()
AT_ONCE = 20  # looks in one run: what people ask for shares SmartHub's rate


@dataclass(frozen=True)
class Following:
    """What is done as time passes. Reports that SmartHub pushes end most looks before they begin."""

    store: Store
    hub: SmartHub
    clock: Clock
    keep: timedelta | None

    async def look(self) -> str | None:
        """Looks at the SMS whose time has come, and shows reports nobody waits for; in a sentence, or `None`."""
        late = await self.store.sms_followed.show_late_reports(now=self.clock.now())
        count = 0
        for message in self.store.sms_followed.due(self.clock.now(), limit=AT_ONCE):
            count += 1
            if not await self._look_at(message):
                break  # the others are due still when SmartHub answers again
        done = {"looked at": count, "reports shown": late}
        return ", ".join(f"{n} {word}" for word, n in done.items() if n) or None

    async def _look_at(self, message: SmsMessage) -> bool:
        """Whether SmartHub answers; what it tells is kept."""
        state, answered, away = None, True, False
        try:
            state = (await self.hub.sms(message.sms_id or "")).state
        except NotFound:
            log.info("sms_not_known_there", sms=message.id)
        except ProviderError as problem:
            answered, away = False, isinstance(problem, ProviderBusy | ProviderDown)
            log.info("sms_not_looked_at", sms=message.id, problem=str(problem))
        await self.store.sms_followed.note_look(message.id, state, at=None, answered=answered, now=self.clock.now())
        return not away

    async def forget(self) -> str | None:
        """Takes out the texts whose time is over, some at a time; how many, in words."""
        count = 0
        while some := await self.store.sms_texts.take_out(keep=self.keep, now=self.clock.now()):
            count += some
        return f"{count:,} texts taken out" if count else None
