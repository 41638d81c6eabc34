"""What is to be known of a list as a whole while it goes by, and the judging of some hundred lines of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.errors import BadInput
from bot.flows.intake.sources import Looked
from bot.rules.job_sims import is_as_left
from bot.rules.lists import NAMED_LINES, Line, cut_off
from bot.rules.orders import Order
from bot.rules.snapshot import Listed
from bot.rules.verdicts import Judged, Terms, Verdict, fitness, is_iccid, judge, lost_digits, of_sim
from bot.store.lists import Numbered

ASKED_AT_MOST = 20  # unknown numbers for which SmartHub is asked


class Tally:
    """What is to be known of a list as a whole, while it goes by. `complete`: all SIMs have been looked at once."""

    def __init__(self, *, complete: bool = True) -> None:
        self.complete = complete
        self.n = 0
        self.found = 0
        self.labels = 0
        self.seen_from: datetime | None = None
        self.lost = 0
        self.lost_at: list[int] = []  # the first lines of those
        self.example = ""
        self.unknown: list[tuple[int, Line]] = []

    def note(self, line: Line, judged: Judged, hits: Sequence[Listed]) -> None:
        """Notes one line."""
        self.n += 1
        self.labels += line.label or not any(c.isdigit() for c in line.name)
        if lost_digits(line, hits):
            self.lost += 1
            self.lost_at += [line.number] if len(self.lost_at) < NAMED_LINES else []
            self.example = self.example or line.name
        elif judged.verdict is not Verdict.UNKNOWN:
            self.found += 1
            if hits and (self.seen_from is None or hits[0].seen_at < self.seen_from):
                self.seen_from = hits[0].seen_at
        elif len(self.unknown) <= ASKED_AT_MOST and is_iccid(line):
            self.unknown.append((self.n, line))

    def check(self) -> None:
        """Raises BadInput where digits are lost, and where no line names a SIM."""
        if self.lost:
            raise cut_off(self.lost_at, more=self.lost - len(self.lost_at), example=self.example)
        if not self.found:
            raise BadInput(_nothing_found(self))

    def note_found(self, judged: Judged, listed: Listed) -> None:
        """Notes one that SmartHub knew."""
        self.found += judged.verdict is not Verdict.UNKNOWN
        if self.seen_from is None:
            self.seen_from = listed.seen_at


def judge_all(
    looked: Sequence[Looked], terms: Terms, first: dict[str, tuple[int, str]], tally: Tally
) -> list[Numbered]:
    """The verdicts on these lines; `first` and `tally` go on with them."""
    rows = []
    for line, hits in looked:
        judged = judge(line, hits, terms, first=first)
        if judged.giccid is not None:
            first.setdefault(judged.giccid, (line.number, line.written))
        tally.note(line, judged, hits)
        rows.append(Numbered(tally.n, judged))
    return rows


def judge_again(row: Numbered, now: Mapping[str, Listed], terms: Terms) -> Numbered:
    """An accepted line as it is judged now, with the SIMs there are `now`, by GICCID."""
    old = row.judged
    listed = now.get(old.giccid or "")
    line = Line(old.line, old.written, old.written)
    if listed is None:
        return Numbered(row.n, Judged(old.line, old.written, Verdict.UNKNOWN, "This SIM is not known here any more."))
    return Numbered(row.n, judge_known(line, listed, terms, own=old.own, plan=old.plan))


def judge_known(line: Line, listed: Listed, terms: Terms, *, own: Order | None, plan: str | None) -> Judged:
    """The verdict on a SIM that was in a list, or a job, before: what is to be done to it alone, and its plan then."""
    if terms.undone is not None and not is_as_left(terms.undone, plan, listed.sim):
        return of_sim(line, listed, Verdict.WRONG_STATE, "This SIM was changed again since.", own)
    return of_sim(line, listed, *fitness(listed.sim, terms, own), own)


def _nothing_found(tally: Tally) -> str:
    yet = "" if tally.complete else " The first look over all SIMs has not ended yet; try again in a few minutes."
    if tally.n == 0:
        return f"No SIM is found by this. Nothing was started.{yet}"
    said = "The one line of this list names no SIM that is known here"
    if tally.n > 1:
        said = f"None of the {tally.n:,} lines of this list names a SIM that is known here"
    if tally.labels * 2 > tally.n:
        said = f"{said}: there are no numbers of SIMs in it, and as labels they are not known either. Send ICCIDs."
        return f"{said}{yet}"
    return f"{said}. Nothing was started.{yet or ' Check that these are SIMs of this tenant.'}"
