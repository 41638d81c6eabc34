"""Reading the audit log from Slack, and letting go of what is older than it has to be kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.clock import Clock
from bot.rules.audit import Anchor, AuditLine
from bot.rules.audit_questions import Wanted
from bot.rules.durations import say_duration
from bot.rules.people import Person, Role, need
from bot.store import Store
from bot.store import audit as stored
from bot.store.retention import Retention
from bot.views import audit as view
from bot.views.parts import Message

SHOWN = 20
PATIENCE_S = 2.0


@dataclass(frozen=True)
class Settings:
    """`keep`: how long lines are kept, `None` for ever. `archive`: the folder they are written to before they go."""

    keep: timedelta | None = None
    archive: Path | None = None


class Audit:
    """Showing to admins, and removing."""

    def __init__(self, *, store: Store, clock: Clock, settings: Settings) -> None:
        self._disk, self._clock, self._settings = store.disk, clock, settings
        self._retention = Retention(store.disk)

    async def show(self, about: Wanted, *, by: Person) -> Message:
        """The newest twenty lines about a SIM, a request or a person. Raises NotAllowed, TooBroad, StoreError."""
        need(by, Role.ADMIN, to="read the audit log")
        found, anchor = await self._disk.read(
            lambda db: (stored.Audit(db).newest(about, limit=SHOWN + 1), stored.newest_anchors(db, limit=1)),
            within_s=PATIENCE_S,
        )
        return _shown(about, found, anchor)

    async def prune(self) -> str | None:
        """What was removed, in a sentence; `None` when nothing was to be.

        What was begun is finished first, also when lines are to be kept for ever by now. Raises StoreError, and with
        nothing removed, when the old lines are not whole or cannot be archived.
        """
        begun = self._retention.unfinished()
        count = 0 if begun is None else await self._drop(begun)
        keep, now = self._settings.keep, self._clock.now()
        while keep is not None:
            part = await self._retention.part(before=now - keep, now=now, archive=self._settings.archive)
            if part is None:
                break
            anchor = await self._retention.close(part, keep=say_duration(keep), now=now)
            count += await self._drop(anchor)
        return f"{count:,} old audit lines removed" if count else None

    async def _drop(self, anchor: Anchor) -> int:
        """How many lines were removed, some at a time: whatever else is to be written comes in between."""
        count = 0
        while gone := await self._retention.drop(anchor):
            count += gone
        return count


def _shown(about: Wanted, found: tuple[AuditLine, ...], anchors: tuple[Anchor, ...]) -> Message:
    removed = anchors[0] if anchors else None
    return view.listing(about, found[:SHOWN], more=len(found) > SHOWN, removed=removed)
