"""Whether one SIM is what a search looks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from bot.rules.naming import LENGTHS, SHORTEST_PIECE, WITHOUT_CHECK_DIGIT, Named, NumberKind, bare_digits, ways_to_type
from bot.rules.searches import CUSTOMS, NONE, UNKNOWN, Query
from bot.rules.sims import Sim
from bot.rules.words import folded, stand_in, words_of


def fits(query: Query, sim: Sim, *, now: datetime) -> bool:
    """Whether all parts of the search hold for this SIM; lengths of time count from `now`."""
    return (
        all(limit.holds(sim, now) for limit in query.limits)
        and all(_fits_place(values, place_of(sim, key)) for key, values in query.places)
        and all(any(_is_number(d, kind, sim) for d in every) for kind, every in query.by_kind.items())
        and all(stand_in(words_of(words), sim.custom[CUSTOMS.index(key)] or "") for key, words in query.customs)
        and all(_stands(word, sim) or _is_numbered(word, sim) for word in query.words)
    )


def words_stand(query: Query, sim: Sim) -> bool:
    """Whether all words of the search stand in custom fields, so that no number has to be looked at."""
    return all(_stands(word, sim) for word in query.words)


def has_number(sim: Sim, named: Named) -> bool:
    """Whether what was typed is a whole number of the SIM: an ICCID in either form, an IMEI with any end."""
    if not set(numbers_of(sim)).isdisjoint(named.numbers):
        return True
    return named.device is not None and (bare_digits(sim.imei) or "").startswith(named.device)


def place_of(sim: Sim, key: str) -> str | None:
    """Where the SIM stands: its status (ours, `None` where it is in no table), account, plan, country or pool."""
    places = {"status": sim.status, "account": sim.account, "plan": sim.plan, "country": sim.country, "pool": sim.pool}
    return places[key]


def fits_places(query: Query, values: dict[str, str | None]) -> bool:
    """Whether somewhere with this status, account, plan, country and pool is where the search looks."""
    return all(_fits_place(wanted, values[key]) for key, wanted in query.places)


def numbers_of(sim: Sim) -> Iterator[str]:
    """The digits of each number this SIM has."""
    for number in (sim.giccid, sim.iccid, sim.imsi, sim.msisdn, sim.imei):
        digits = bare_digits(number)
        if digits is not None:
            yield digits


def number_of(sim: Sim, kind: str) -> tuple[str, ...]:
    """The digits of this SIM's numbers of one kind: for `iccid` that of SmartHub and the printed one."""
    numbers = {"iccid": (sim.giccid, sim.iccid), "imsi": (sim.imsi,), "msisdn": (sim.msisdn,), "imei": (sim.imei,)}
    return tuple(digits for digits in map(bare_digits, numbers[kind]) if digits is not None)


def piece_in(word: str) -> str | None:
    """The digits of a word that may be the beginning or end of a number; `None` where it is none."""
    digits = bare_digits(word)
    return digits if digits is not None and len(digits) >= SHORTEST_PIECE else None


@lru_cache(maxsize=2048)  # a list of numbers is compared with each SIM that is looked at
def pieces_of(digits: str, kind: str | None = None) -> tuple[str, ...]:
    """The digits to look for at the beginning or end of a number: the check digit of an ICCID or IMEI may differ."""
    if kind == NumberKind.IMEI and len(digits) in LENGTHS[NumberKind.IMEI]:
        return (digits[:WITHOUT_CHECK_DIGIT],)
    return ways_to_type(digits)


def _stands(word: str, sim: Sim) -> bool:
    return any(stand_in(words_of(word), text) for text in sim.custom if text)


def _is_numbered(word: str, sim: Sim) -> bool:
    piece = piece_in(word)
    return piece is not None and _in_number(pieces_of(piece), tuple(numbers_of(sim)))


def _is_number(digits: str, kind: str, sim: Sim) -> bool:
    return _in_number(pieces_of(digits, kind), number_of(sim, kind))


def _in_number(pieces: tuple[str, ...], numbers: tuple[str, ...]) -> bool:
    """Whether a number begins or ends as it was typed; what it may be meant as otherwise has to be all of it."""
    typed, *others = pieces
    return any(number.startswith(typed) or number.endswith(typed) or number in others for number in numbers)


def _fits_place(wanted: tuple[str, ...], place: str | None) -> bool:
    return any(is_place(value, place) for value in wanted)


def is_place(wanted: str, place: str | None) -> bool:
    """Whether a filter's value names this place: a whole name, a beginning with `*`, or `none`."""
    value = folded(wanted)
    if place is None:
        return value in (NONE, UNKNOWN)
    here = folded(place)
    return here.startswith(value[:-1]) if value.endswith("*") else here == value
