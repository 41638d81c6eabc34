"""How many SIMs a search finds: exact where they are few or an index tells, else at least those that were seen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.rules.searches import Query
from bot.store.facets import Facet
from bot.store.ranges import Range

MOST_LOOKED_AT = 3000  # SIMs that are fetched to be counted
MOST_AT_THE_EDGE = 2000  # SIMs that are fetched because they stand just where a limit does
MOST_NAMED = 500  # facets that the index of words is asked for by number; of more, each hit is looked at

Count = tuple[int, bool, int | None]  # how many, whether that is all, and what all of them used together, in bytes
Values = tuple[int | str, ...]


@dataclass(frozen=True)
class Way:
    """How a search goes through the snapshot: along the index of words (`match`), of a limit (`lead`) or of facets."""

    query: Query
    facets: Sequence[Facet]
    ranges: Sequence[Range]
    lead: Range | None
    match: str | None

    @property
    def index(self) -> str:
        """The index of the table that is gone along where no words are looked for."""
        return "sims_by_facet" if self.lead is None or self.lead.index is None else self.lead.index

    @property
    def beside(self) -> tuple[str, Values]:
        """The places as a condition on each hit, where the index of words was not asked for them; empty else."""
        if not self.query.places or len(self.facets) <= MOST_NAMED or self.match is None:
            return "", ()
        return "s.facet IN (SELECT value FROM json_each(?))", (json.dumps([f.id for f in self.facets]),)


def count(db: sqlite3.Connection, way: Way) -> Count:
    """How many there are."""
    if way.match is None and not way.ranges:
        return sum(f.count for f in way.facets), True, sum(f.usage_bytes for f in way.facets)
    found = used = 0
    for seen, (usage_bytes, fits) in enumerate(_each(db, way)):
        if seen == MOST_LOOKED_AT:
            along, exact = _along_an_index(db, way)
            return (along, exact, None) if along >= found else (found, False, None)
        if fits:
            found, used = found + 1, used + (usage_bytes or 0)
    return found, True, used


def _each(db: sqlite3.Connection, way: Way) -> Iterator[tuple[int | None, bool]]:
    """What each SIM on the way has used, and whether it fits; one more than are looked at at most."""
    beside, more = way.beside
    rests = [r.rest for r in way.ranges]
    fits = " AND ".join([*(condition for condition, _ in rests), *([beside] if beside else [])]) or "1"
    taken: Values = (*(value for _, some in rests for value in some), *more)
    left = MOST_LOOKED_AT + 1
    for source, values in _stretches(way):
        rows = db.execute(f"SELECT s.usage_bytes, {fits} {source} LIMIT ?", (*taken, *values, left)).fetchall()
        yield from ((row[0], bool(row[1])) for row in rows)
        left -= len(rows)
        if left == 0:
            return


def _stretches(way: Way) -> Iterator[tuple[str, Values]]:
    """The stretches of indexes that hold all hits, as what follows the columns of a SELECT."""
    if way.match is not None:
        words = "FROM sim_words AS w CROSS JOIN sims AS s ON s.id = w.rowid WHERE w.sim_words MATCH ?"
        yield words, (way.match,)
        return
    bound, values = ("", ()) if way.lead is None else way.lead.bound if way.lead.sign else way.lead.rest
    for facet in way.facets:
        where = f"FROM sims AS s INDEXED BY {way.index} WHERE s.facet = ?"
        yield f"{where} AND {bound}" if bound else where, (facet.id, *values)


def _along_an_index(db: sqlite3.Connection, way: Way) -> tuple[int, bool]:
    """How many there are as far as an index alone can tell, and whether that is all; 0 where it cannot."""
    if way.match is not None and not way.ranges and not way.beside[0]:
        return int(
            db.execute("SELECT count(*) FROM sim_words WHERE sim_words MATCH ?", (way.match,)).fetchone()[0]
        ), True
    if way.lead is not None and list(way.ranges) == [way.lead]:
        return _along_a_limit(db, way, way.lead)
    return 0, False


def _along_a_limit(db: sqlite3.Connection, way: Way, lead: Range) -> tuple[int, bool]:
    """Those beyond the step in which the limit lies, and of that step those within the limit."""
    found = looked_at = 0
    where = f"FROM sims AS s INDEXED BY {way.index} WHERE s.facet = ? AND s.{lead.column}"
    beyond, step = (f"{lead.sign[0]} ?", (lead.step,)) if lead.sign else ("IS NULL", ())
    for facet in way.facets:
        found += db.execute(f"SELECT count(*) {where} {beyond}", (facet.id, *step)).fetchone()[0]
        if lead.sign and looked_at < MOST_AT_THE_EDGE:
            taken = (lead.amount, facet.id, lead.step, MOST_AT_THE_EDGE - looked_at)
            rows = db.execute(f"SELECT {lead.exact} {lead.sign} ? {where} = ? LIMIT ?", taken).fetchall()
            looked_at += len(rows)
            found += sum(1 for row in rows if row[0])
    return found, looked_at < MOST_AT_THE_EDGE
