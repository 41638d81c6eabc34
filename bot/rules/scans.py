"""A look over all SIMs, page by page: where it goes on after a restart, and which SIMs it did not find. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.rules.unjudged import Why
from bot.rules.unjudged import in_words as in_part

# After this, too much has moved among the pages for what was read before to count.
GOES_ON_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Scan:
    """A look over the SIMs of an account, or of all. `page` is the last page that was stored, 0 before the first;
    `sims` and `skipped` count what was read and what could not be, `unjudged` what cannot be judged of those that were
    read. `passed` are the pages that could not be read and were passed over. Times are aware UTC.
    """

    id: int
    account: str | None
    started_at: datetime
    page: int = 0
    sims: int = 0
    skipped: int = 0
    ended_at: datetime | None = None
    unjudged: Mapping[Why, int] = field(default_factory=dict)
    passed: tuple[int, ...] = ()

    def goes_on(self, now: datetime) -> bool:
        """Whether it is taken up where it was; not, when it began too long ago, or the clock was set back since."""
        return self.ended_at is None and timedelta(0) <= now - self.started_at < GOES_ON_FOR


@dataclass(frozen=True)
class Vanished:
    """A SIM that two whole looks in a row have not found, though SmartHub listed it before."""

    giccid: str
    label: str
    account: str | None
    seen_at: datetime


def not_whole(scan: Scan, problem: str | None) -> str:
    """What is said of a look that has passed over pages, and what was in the way of the last one."""
    pages = ", ".join(map(str, scan.passed))
    which = f"Page {pages} of SmartHub's list was" if len(scan.passed) == 1 else f"Pages {pages} were"
    why = "" if problem is None else f" ({problem})"
    return f"{which} not to be read and was passed over; the {scan.sims:,} SIMs on the others were looked at{why}"


def in_words(scan: Scan, *, raised: int, cleared: int, resumed: bool) -> str:
    """What came of it, in a sentence."""
    left_out = f", {scan.skipped:,} could not be read" if scan.skipped else ""
    again = " (gone on where it was)" if resumed else ""
    of = f" of {scan.account}" if scan.account is not None else ""
    odd = in_part(scan.unjudged)
    not_judged = f"; not judged in full: {odd}" if odd else ""
    told = f"{raised:,} alert{'' if raised == 1 else 's'} raised, {cleared:,} cleared"
    sims = f"{scan.sims:,} SIM{'' if scan.sims == 1 else 's'}"
    return f"{sims}{of}{left_out}{again}; {told}{not_judged}"
