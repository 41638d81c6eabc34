"""What of SmartHub's answers nobody here can read, told to the log: each thing once, and never the value."""

from __future__ import annotations

import structlog

from bot.errors import ProviderError

AT_MOST = 1000

log = structlog.get_logger()


class Unread:
    """Tells of fields and rows that cannot be read. SIMs are read again and again: what was told is not told again.

    It stops after a thousand lines: by then it is no longer one odd SIM, and the first lines say what is wrong.
    """

    def __init__(self) -> None:
        self._told: set[tuple[str, str | None]] = set()

    def of_sim(self, field: str, giccid: str) -> None:
        """A field of a SIM is of a type we do not expect, so it is not known."""
        if self._is_new(field, giccid):
            log.warning("field_unreadable", field=field, giccid=giccid)

    def of_account(self, field: str, name: str) -> None:
        """A field of an account, or of a plan, a pool or a country, is of a type we do not expect."""
        if self._is_new(field, name):
            log.warning("field_unreadable", field=field, name=name)

    def row(self, giccid: str | None, why: ProviderError) -> None:
        """A row of a list of SIMs is left out; `giccid` is `None` where not even that can be read."""
        if self._is_new(str(why), giccid):
            log.warning("sim_unreadable", giccid=giccid, why=str(why))

    def _is_new(self, what: str, whose: str | None) -> bool:
        if len(self._told) >= AT_MOST or (what, whose) in self._told:
            return False
        self._told.add((what, whose))
        return True
