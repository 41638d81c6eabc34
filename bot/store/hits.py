"""How one search is answered from the snapshot: along its indexes, never by going through all of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice

from bot.errors import TooBroad
from bot.rules.amounts import share
from bot.rules.fitting import fits, piece_in, pieces_of, words_stand
from bot.rules.searches import CUSTOMS, Cursor, Found, Query
from bot.rules.snapshot import Listed
from bot.rules.words import words_of
from bot.store import counts, facets
from bot.store.counts import MOST_NAMED, Way
from bot.store.facets import Facet
from bot.store.listed import by_ids, number_hits, seen_between
from bot.store.ranges import Range, range_of, step_of

FEW = 2000  # SIMs that are rather looked at one by one
MOST_LISTED = 10_000  # SIMs that a list of numbers may fit

Hit = tuple[int, int]  # its place in the order, and its number


def search(
    db: sqlite3.Connection,
    query: Query,
    *,
    after: Cursor | None,
    limit: int,
    now: datetime,
    few: int = FEW,
    counted: bool = True,
) -> Found:
    """One page of what fits, with how many there are. Raises TooBroad where a piece of a number fits too many.

    Up to `few` SIMs that a part of the search leaves are rather looked at one by one. One that is not to be `counted`
    says of its page alone how many there are.
    """
    hits = Hits(db, query, now, few=few)
    oldest, newest = seen_between(db)
    found = list(islice(hits.after(after), limit + 1))
    rows = by_ids(db, [number for _, number in found[:limit]])
    following = Cursor(*found[limit - 1]) if len(found) > limit else None
    count = hits.count() if counted else (len(rows), following is None, None)
    return Found(rows, following, *count, oldest, newest)


class Hits:
    """What one search finds, in one state of the snapshot."""

    def __init__(self, db: sqlite3.Connection, query: Query, now: datetime, *, few: int) -> None:
        self._db, self._query, self._now = db, query, now
        db.create_function("share", 2, share, deterministic=True)
        self._most_few = few
        self._ranges = [range_of(limit, now) for limit in query.limits]
        self._facets = facets.matching(db, query)
        self._match = _match(query, self._facets)
        indexed = [r for r in self._ranges if r.index is not None]
        lead = indexed[0] if indexed and self._match is None and not query.numbers else None
        # Whoever turns a page has to find the same order again, so it depends on what was typed alone.
        self._lead = lead
        self._way = Way(query, self._facets, self._ranges, lead, self._match)
        self._few = self._look_at_few()
        self._beside = self._numbered() if self._few is None else []

    def after(self, cursor: Cursor | None) -> Iterator[Hit]:
        """The hits behind this one, in order."""
        if self._few is not None:
            return (hit for hit in map(self._place, self._few) if cursor is None or self._is_behind(hit, cursor))
        beside = (hit for hit in map(self._place, self._beside) if cursor is None or self._is_behind(hit, cursor))
        return merge(self._stream(cursor), beside, key=self._key)

    def count(self) -> tuple[int, bool, int | None]:
        """How many there are, whether that is all, and what they used together, in bytes; `None` where not all."""
        if self._few is not None:
            return len(self._few), True, sum(row.sim.usage_bytes or 0 for row in self._few)
        beside = sum(row.sim.usage_bytes or 0 for row in self._beside)
        try:
            found, exact, used = counts.count(self._db, self._way)
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return len(self._beside), False, None  # the page is there, and it says of itself how many are on it
        return found + len(self._beside), exact, None if used is None else used + beside

    # What is looked at one by one

    def _look_at_few(self) -> list[Listed] | None:
        """All that fits, in order, where some part of the search leaves so few that looking at each is quickest."""
        ids = self._few_ids()
        if ids is None:
            return None
        rows = [row for row in by_ids(self._db, ids) if fits(self._query, row.sim, now=self._now)]
        return sorted(rows, key=lambda row: self._key(self._place(row)))

    def _few_ids(self) -> Iterable[int] | None:
        if not self._facets:
            return ()
        if self._query.numbers:
            kind, every = max(self._query.by_kind.items(), key=lambda numbers: min(map(len, numbers[1])))
            return self._with_one_of(kind, every)
        if self._match is None and len(self._ranges) < 2:
            return None
        if sum(facet.count for facet in self._facets) <= self._most_few:
            return [number for _, number in self._in_facets(None, None)]
        for one in (r for r in self._ranges if r.index is not None):
            ids = [number for _, number in islice(self._in_facets(None, one), self._most_few + 1)]
            if len(ids) <= self._most_few:
                return ids
        return None

    def _numbered(self) -> list[Listed]:
        """What fits by a number, of which the index of words knows nothing."""
        pieces = [(word, piece) for word in self._query.words if (piece := piece_in(word)) is not None]
        ids = set().union(*(self._with_number(pieces_of(piece), word) for word, piece in pieces))
        rows = by_ids(self._db, sorted(ids))
        now = self._now
        return [r for r in rows if not words_stand(self._query, r.sim) and fits(self._query, r.sim, now=now)]

    def _with_one_of(self, kind: str, every: Sequence[str]) -> list[int]:
        ids: set[int] = set()
        for digits in every:
            ids |= self._with_number(pieces_of(digits, kind), f"{kind}:{digits}")
            if len(ids) > MOST_LISTED:
                raise TooBroad(f"These {kind} numbers fit more than {MOST_LISTED:,} SIMs. Write more digits of them.")
        return sorted(ids)

    def _with_number(self, pieces: Sequence[str], word: str) -> set[int]:
        ids = number_hits(self._db, pieces, most=FEW)
        if len(ids) > FEW:
            raise TooBroad(f"“{word}” is the beginning or end of more than {FEW:,} numbers. Write more digits of it.")
        return ids

    # What comes along an index

    def _stream(self, cursor: Cursor | None) -> Iterator[Hit]:
        if self._match is not None:
            yield from ((0, number) for number in self._with_words(0 if cursor is None else cursor.id))
        else:
            yield from self._in_facets(cursor, self._lead)

    def _in_facets(self, cursor: Cursor | None, lead: Range | None) -> Iterator[Hit]:
        """The hits of all facets, each facet's along its index, put into one order."""
        streams = [self._in_facet(facet, cursor, lead) for facet in self._facets]
        return merge(*streams, key=lambda hit: _key(hit, lead))

    def _in_facet(self, facet: Facet, cursor: Cursor | None, lead: Range | None) -> Iterator[Hit]:
        if lead is None or not lead.sign:
            where, at = ("s.id > ?", (cursor.id,)) if cursor is not None else ("", ())
            yield from self._ask(facet, lead, where, at, order="s.id")
            return
        way, beyond = ("DESC", "<") if lead.falls else ("ASC", ">")
        order = f"s.{lead.column} {way}, s.id {way}"
        if cursor is None:
            yield from self._ask(facet, lead, "", (), order=order)
            return
        # In two steps, each one stretch of the index.
        where = f"s.{lead.column} = ? AND s.id {beyond} ?"
        yield from self._ask(facet, lead, where, (cursor.at, cursor.id), order=f"s.id {way}", at_step=True)
        yield from self._ask(facet, lead, f"s.{lead.column} {beyond} ?", (cursor.at,), order=order)

    def _ask(
        self, facet: Facet, lead: Range | None, where: str, values: Sequence[int], *, order: str, at_step: bool = False
    ) -> Iterator[Hit]:
        """One facet's hits along one stretch of an index; `at_step` where that is a single step of it."""
        column, index = _walk(lead)
        more = self._conditions(lead, at_step=at_step)
        conditions = ["s.facet = ?", *([where] if where else []), *(condition for condition, _ in more)]
        taken = [facet.id, *values, *(value for _, some in more for value in some)]
        rows = self._db.execute(
            f"SELECT {column}, s.id FROM sims AS s INDEXED BY {index}"  # noqa: S608 - names of ours
            f" WHERE {' AND '.join(conditions)} ORDER BY {order}",
            taken,
        )
        for row in rows:
            yield row[0], row[1]

    def _conditions(self, lead: Range | None, *, at_step: bool = False) -> list[tuple[str, tuple[int, ...]]]:
        """What the limits ask of a row. Only `lead` names its stretch of an index: SQLite is to take no other."""
        found = [] if lead is None else [lead.rest] if at_step else [*lead.whole]
        return [*found, *(r.rest for r in self._ranges if r is not lead)]

    def _with_words(self, after: int) -> Iterator[int]:
        """The hits in the index of words behind this one, by number."""
        beside, more = self._way.beside
        rests = [r.rest for r in self._ranges]
        conditions = ["w.sim_words MATCH ?", "w.rowid > ?", *(c for c, _ in rests), *([beside] if beside else [])]
        rows = self._db.execute(
            "SELECT s.id FROM sim_words AS w CROSS JOIN sims AS s ON s.id = w.rowid"  # noqa: S608 - names of ours
            f" WHERE {' AND '.join(conditions)} ORDER BY w.rowid",
            (self._match, after, *(value for _, some in rests for value in some), *more),
        )
        return (row[0] for row in rows)

    # The order

    def _place(self, row: Listed) -> Hit:
        """Where a row stands in the order."""
        if self._lead is None or not self._lead.sign:
            return 0, row.id
        return step_of(row, self._lead.column), row.id

    def _key(self, hit: Hit) -> Hit:
        return _key(hit, self._lead)

    def _is_behind(self, hit: Hit, cursor: Cursor) -> bool:
        return self._key(hit) > self._key((cursor.at, cursor.id))


def _walk(lead: Range | None) -> tuple[str, str]:
    """What the order goes by, and along which index."""
    if lead is None or lead.index is None:
        return "0", "sims_by_facet"
    return (f"s.{lead.column}" if lead.sign else "0"), lead.index


def _key(hit: Hit, lead: Range | None) -> Hit:
    """What puts the hits in order: an index runs backwards as a whole, so the newest come first where it falls."""
    return (-hit[0], -hit[1]) if lead is not None and lead.falls else hit


def _match(query: Query, places: Sequence[Facet]) -> str | None:
    """What the index of words is asked; `None` where no word is looked for."""
    if not query.words and not query.customs:
        return None
    parts = [phrase(words_of(word)) for word in query.words]
    parts = [f"{{{' '.join(CUSTOMS)}}} : {part}" for part in parts]
    parts += [f"{key} : {phrase(words_of(value))}" for key, value in query.customs]
    if query.places and 0 < len(places) <= MOST_NAMED:
        parts.append(f"facet : ({' OR '.join(str(place.id) for place in places)})")
    return " AND ".join(f"({part})" for part in parts)


def phrase(words: Sequence[str]) -> str:
    """Words that stand one after another, the last of them at least as a beginning, for the index of words."""
    return f'"{" ".join(words)}" *'
