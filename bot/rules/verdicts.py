"""What is said of each line of a list before anything is asked for: accepted, or why not; and the digest of the rest.

Pure. The SIMs are judged as the snapshot knows them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.errors import BadInput, NotPossible
from bot.rules.fitting import number_of
from bot.rules.lists import Line, wanted
from bot.rules.naming import Named, NumberKind
from bot.rules.orders import Order, check, to_detail
from bot.rules.sims import Operation, Sim, Status, allow, luhn_holds, quotable
from bot.rules.snapshot import Listed

EXACT_DIGITS = 15  # what a spreadsheet keeps of a number; behind them it writes zeros
NAMED_SIMS = 3


class Verdict(StrEnum):
    """What is said of a line. Only ACCEPTED makes its SIM a part of what is asked for."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    WRONG_STATE = "wrong state"
    PROTECTED = "protected"


@dataclass(frozen=True, slots=True)
class Judged:
    """A line with its verdict and, where it is not accepted, why. `giccid`, `label`, `status` and `plan` are those of
    its SIM as the snapshot knew it, `None` where it names none. `own` is what is to be done to it where that is not the
    same for all: an undo gives each SIM back what it had.
    """

    line: int
    written: str
    verdict: Verdict
    why: str = ""
    giccid: str | None = None
    label: str | None = None
    status: str | None = None
    plan: str | None = None
    own: Order | None = None

    @property
    def accepted(self) -> bool:
        """Whether its SIM is a part of what is asked for."""
        return self.verdict is Verdict.ACCEPTED


@dataclass(frozen=True)
class Terms:
    """What a SIM is judged by: the change; the GICCIDs that no bulk change may touch; the accounts that have no such
    rate plan or add-on; and whether a retirement of this SIM suspends it first, so that an active one fits as well.
    `undone` is what a job did where this takes it back.
    """

    order: Order
    protected: Collection[str] = ()
    without_plan: Collection[str | None] = ()
    suspends_first: Callable[[Sim], bool] = lambda _: False
    undone: Order | None = None


def judge(line: Line, hits: Sequence[Listed], terms: Terms, *, first: Mapping[str, tuple[int, str]]) -> Judged:
    """The verdict on a line whose name these SIMs have. `first` is where each SIM before it was named, and how."""
    fitting = fit(line, hits)
    if not fitting:
        return Judged(line.number, line.written, Verdict.UNKNOWN, _unknown(line))
    if len(fitting) > 1:
        some = ", ".join(f"“{quotable(hit.label)}” ({quotable(hit.sim.giccid)})" for hit in fitting[:NAMED_SIMS])
        more = " and more" if len(fitting) > NAMED_SIMS else ""
        return Judged(line.number, line.written, Verdict.AMBIGUOUS, f"Several SIMs are called so: {some}{more}.")
    listed = fitting[0]
    earlier = first.get(listed.sim.giccid)
    if earlier is not None:
        verdict, why = Verdict.DUPLICATE, _again(earlier, line)
    else:
        verdict, why = fitness(listed.sim, terms)
    return of_sim(line, listed, verdict, why)


def fitness(sim: Sim, terms: Terms, own: Order | None = None) -> tuple[Verdict, str]:
    """Whether this SIM can be a part of the change, and why not; `own` is what is to be done to it alone."""
    if sim.giccid in terms.protected:
        return Verdict.PROTECTED, "This SIM is protected: no bulk change touches it."
    try:
        _check(sim, terms if own is None else replace(terms, order=own))
    except (NotPossible, BadInput) as problem:
        return Verdict.WRONG_STATE, str(problem)
    return Verdict.ACCEPTED, ""


def _check(sim: Sim, terms: Terms) -> None:
    order = terms.order
    if order.operation is Operation.RETIRE and sim.status is Status.ACTIVE and terms.suspends_first(sim):
        return
    # The snapshot does not keep APNs: whether a SIM has this one shows when the SIM is read for the change.
    if order.operation is Operation.APN and not sim.apns:
        allow(order.operation, sim)
        return
    check(order, sim)
    if order.plan is not None and sim.account in terms.without_plan:
        kind = "add-on" if order.operation is Operation.ADDON else "rate plan"
        raise NotPossible(f"Its account “{quotable(sim.account or '')}” has no {kind} “{quotable(order.plan)}”.")


def of_sim(line: Line, listed: Listed, verdict: Verdict, why: str = "", own: Order | None = None) -> Judged:
    """The verdict on a line that names this SIM."""
    sim = listed.sim
    status = sim.status_word if sim.status is None else sim.status.value
    return Judged(line.number, line.written, verdict, why, sim.giccid, listed.label, status, sim.plan, own)


def fit(line: Line, hits: Sequence[Listed]) -> list[Listed]:
    """Of the SIMs with such a number those in which it is of the kind the heading says; an ICCID as it is written
    comes before one with another check digit.
    """
    if line.kind in (None, NumberKind.ICCID):
        written = [hit for hit in hits if line.name in (hit.sim.giccid, hit.sim.iccid)]
        if written:  # as most are
            return written
    named = wanted(line)
    if named is None:
        return list(hits)
    found = list(hits) if line.kind is None else _of_kind(hits, named, line.kind)
    exact = [hit for hit in found if _is_exactly(named.digits, hit)]
    return exact or found


def lost_digits(line: Line, hits: Sequence[Listed]) -> bool:
    """Whether it looks as if a spreadsheet had put zeros in place of the last digits: the number ends in them, and no
    SIM has exactly this one. One that no SIM has at all may be meant when its check digit holds.
    """
    digits = line.name
    ends_in_zeros = digits.isascii() and digits.isdecimal() and set(digits[EXACT_DIGITS:]) == {"0"}
    if not ends_in_zeros or len(digits) < EXACT_DIGITS + 4 or any(_is_exactly(digits, hit) for hit in hits):
        return False
    return bool(hits) or not luhn_holds(digits)


def is_iccid(line: Line) -> bool:
    """Whether it is a whole ICCID, so that SmartHub can be asked for it."""
    named = wanted(line)
    return named is not None and named.could_be_iccid and line.kind in (None, NumberKind.ICCID)


def digest(order: Order, giccids: Iterable[str]) -> str:
    """SHA-256 over the order and the GICCIDs, which have to come sorted and each once: the name of exactly this.

    Behind a GICCID stands what is to be done to that SIM alone, where there is such a thing.
    """
    order_words = json.dumps({"operation": order.operation.value, **to_detail(order)}, sort_keys=True)
    found = hashlib.sha256(order_words.encode() + b"\n")
    last = ""
    for giccid in giccids:
        if giccid <= last:
            raise AssertionError("the GICCIDs have to be sorted, each once")
        found.update(giccid.encode() + b"\n")
        last = giccid
    return found.hexdigest()


def _is_exactly(digits: str | None, hit: Listed) -> bool:
    return digits in number_of(hit.sim, NumberKind.ICCID)


def _of_kind(hits: Sequence[Listed], named: Named, kind: NumberKind) -> list[Listed]:
    if named.digits is None:  # a number of SmartHub's that is no digits; a label is not what the heading says
        return [hit for hit in hits if hit.sim.giccid == named.typed.strip()]
    if kind is NumberKind.IMEI and named.device is not None:
        device = named.device
        return [hit for hit in hits if any(n.startswith(device) for n in number_of(hit.sim, kind))]
    return [hit for hit in hits if not set(named.numbers).isdisjoint(number_of(hit.sim, kind))]


def _unknown(line: Line) -> str:
    if not line.name:
        return "This line names no SIM: its column is empty."
    named = wanted(line)
    if named is None:
        return "This is too long, or has no letter or digit, to be a SIM's number or label."
    if lost_digits(line, ()):
        return "No SIM has this number. It ends in zeros, and a spreadsheet may have put them there."
    if named.digits is None:
        return "No SIM is called so, and there is no number of a SIM in it."
    if line.kind is not None:
        return f"No SIM that is known here has this {line.kind.upper()}."
    return "No SIM that is known here has this number."


def _again(earlier: tuple[int, str], line: Line) -> str:
    number, written = earlier
    otherwise = "" if written == line.written else f", written there as “{quotable(written)}”"
    return f"The same SIM as in line {number:,}{otherwise}."
