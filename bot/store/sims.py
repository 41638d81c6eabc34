"""The snapshot: each SIM as the last look over all of them saw it, found by whatever people call it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from itertools import islice

from bot.errors import BadInput, NotFound, TooBroad
from bot.rules.fitting import numbers_of
from bot.rules.naming import SHORTEST_PIECE, Named, bare_digits, read_name
from bot.rules.searches import CUSTOMS, PLACES, Cursor, Found, Query, Size
from bot.rules.sims import Sim, spellings
from bot.rules.snapshot import Listed
from bot.rules.words import folded, words_of
from bot.store import facets, hits, snapshot
from bot.store.disk import Disk
from bot.store.listed import NUMBERS, beginning, by_giccids, by_ids, ending, number_hits, seen_between

WITHIN_S = 1.5  # a search that takes longer is not answered; Slack waits three seconds
PIECE_OF_STREAM = 1000
MOST_LOOKED_AT = 200  # SIMs that are compared with what was typed
LAST_CHARACTER = "\U0010ffff"


class Sims:
    """The SIMs on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    @property
    def _db(self) -> sqlite3.Connection:
        return self._disk.reader

    async def remember(self, sim: Sim, *, label: str, now: datetime) -> int:
        """The number of the SIM's row, after it is in the snapshot as it is seen now."""
        return await self._disk.write(lambda db: snapshot.remember(db, [(sim, label)], now=now)[sim.giccid])

    async def remember_all(self, sims: Sequence[tuple[Sim, str]], *, now: datetime) -> None:
        """The same for a page of them, each with its label."""
        await self._disk.write(lambda db: snapshot.remember(db, sims, now=now))

    def get(self, id: int) -> Listed:
        """The SIM with this number of a row. Raises NotFound."""
        rows = by_ids(self._db, [id])
        if not rows:
            raise NotFound(f"There is no SIM {id} here. Search for it again.")
        return rows[0]

    def by_giccid(self, giccid: str) -> Listed | None:
        """The SIM with this GICCID, with or without its check digit; `None` where the snapshot has none."""
        ways = (giccid, *(spellings(digits) if (digits := _iccid(giccid)) is not None else ()))
        return next(iter(by_giccids(self._db, dict.fromkeys(ways))), None)

    def named(self, named: Named, *, limit: int = 11) -> tuple[Listed, ...]:
        """The SIMs that are called exactly so; only where there are none, those of which this is a piece."""
        exact = [*dict.fromkeys(self._exactly(named))][:limit]
        return by_ids(self._db, exact or [*dict.fromkeys(islice(self._pieces(named), limit * 3))][:limit])

    def near(self, named: Named, *, limit: int = 5) -> tuple[Listed, ...]:
        """What looks like it where nothing fits: a digit off, the same beginning, a label much like it."""
        if named.digits is not None and len(named.digits) >= SHORTEST_PIECE:
            ids = [*dict.fromkeys((*self._a_digit_off(named.digits), *self._neighbours(named.digits)))]
            found = by_ids(self._db, ids[:MOST_LOOKED_AT])
            return tuple(sorted(found, key=lambda row: -_likeness(named.digits or "", numbers_of(row.sim)))[:limit])
        found = by_ids(self._db, dict.fromkeys(self._labels_like(named.text)))
        return tuple(sorted(found, key=lambda row: -_likeness(named.text, [folded(row.label)]))[:limit])

    def suggest(self, text: str, *, limit: int = 20) -> tuple[Listed, ...]:
        """What somebody may be about to type, after its first letters or digits."""
        try:
            named = read_name(text)
        except BadInput:
            return ()
        exact = [*dict.fromkeys(self._exactly(named))][:limit]
        ids = [*dict.fromkeys((*exact, *islice(self._pieces(named), limit * 3)))]
        return by_ids(self._db, ids[:limit])

    def with_imei(self, imei: str, *, limit: int = 5) -> tuple[Listed, ...]:
        """The SIMs that are in this device, whatever follows its first 14 digits."""
        digits = bare_digits(imei)
        if digits is None:
            return ()
        return by_ids(self._db, islice(beginning(self._db, "imei", digits[:14], most=limit), limit))

    def of_model(self, tac: str, *, most: int = 1000) -> int:
        """How many SIMs are in a device whose IMEI begins so, counted up to `most`."""
        return sum(1 for _ in islice(beginning(self._db, "imei", tac, most=most), most))

    async def search(
        self, query: Query, *, after: Cursor | None = None, limit: int, now: datetime, counted: bool = True
    ) -> Found:
        """One page of what fits, behind `after`, and how many there are. Raises TooBroad, saying which filter to add.

        One that is not `counted` counts its page alone.
        """
        try:
            return await self._disk.read(
                lambda db: hits.search(db, query, after=after, limit=limit, now=now, counted=counted),
                within_s=WITHIN_S,
            )
        except TooBroad as problem:
            raise problem if problem.__cause__ is None else TooBroad(_narrower(query)) from problem

    async def stream(self, query: Query, *, now: datetime) -> AsyncGenerator[tuple[Listed, ...], None]:
        """All that fits, in pieces of a thousand, so that memory stays flat. Raises TooBroad."""
        after: Cursor | None = None
        while True:
            found = await self.search(query, after=after, limit=PIECE_OF_STREAM, now=now, counted=False)
            if found.rows:
                yield found.rows
            if found.next is None:
                return
            after = found.next

    def size(self) -> Size:
        """How many SIMs are in the snapshot, and how old that is."""
        count = sum(facet.count for facet in facets.matching(self._db, Query()))
        return Size(count, *seen_between(self._db))

    def values(self, key: str) -> list[str]:
        """All accounts, plans, countries, pools or states there are, those with most SIMs first."""
        return facets.values(self._db, key) if key in PLACES else []

    def _exactly(self, named: Named) -> Iterator[int]:
        for number in named.numbers:
            yield from _ids(self._db.execute("SELECT id FROM sims WHERE giccid = ?", (number,)))
        if named.digits is not None:
            rows = by_ids(self._db, self._alike_at_the_end(named))
            yield from (row.id for row in rows if not set(named.numbers).isdisjoint(numbers_of(row.sim)))
        if named.device is not None:
            yield from beginning(self._db, "imei", named.device, most=MOST_LOOKED_AT)
        statement = "SELECT id FROM sims WHERE label_key = ? LIMIT ?"
        yield from _ids(self._db.execute(statement, (named.text, MOST_LOOKED_AT)))
        yield from _ids(self._db.execute("SELECT id FROM sims WHERE giccid = ?", (named.typed.strip(),)))

    def _alike_at_the_end(self, named: Named) -> Iterable[int]:
        long = (number for number in named.numbers if len(number) >= 6)  # of fewer there are many, and none is whole
        return dict.fromkeys(row for number in long for row in ending(self._db, number, most=MOST_LOOKED_AT))

    def _pieces(self, named: Named) -> Iterator[int]:
        """Those whose label begins so, whose number begins or ends so, or in which these words stand."""
        upto = named.text + LAST_CHARACTER
        statement = "SELECT id FROM sims WHERE label_key >= ? AND label_key < ? ORDER BY label_key LIMIT ?"
        yield from _ids(self._db.execute(statement, (named.text, upto, MOST_LOOKED_AT)))
        if named.digits is not None and named.is_piece:
            yield from self._with_piece(named)
        words = words_of(named.text)
        if any(len(word) >= 2 or _is_whole(word) for word in words):
            match = " AND ".join(f"({{{' '.join(CUSTOMS)}}} : {hits.phrase([word])})" for word in words[:8])
            statement = "SELECT rowid FROM sim_words WHERE sim_words MATCH ? ORDER BY rowid LIMIT ?"
            yield from _ids(self._db.execute(statement, (match, MOST_LOOKED_AT)))

    def _with_piece(self, named: Named) -> Iterator[int]:
        for piece in named.numbers:
            rows = by_ids(self._db, islice(ending(self._db, piece, most=MOST_LOOKED_AT), MOST_LOOKED_AT))
            yield from (row.id for row in rows if any(n.endswith(piece) for n in numbers_of(row.sim)))
            for column in NUMBERS:
                yield from beginning(self._db, column, piece, most=MOST_LOOKED_AT)

    def _a_digit_off(self, digits: str) -> Iterator[int]:
        """With one digit wrong, missing, too many, or two of them swapped."""
        ways = list(dict.fromkeys(_one_off(digits)))
        for column, there in NUMBERS.items():
            statement = f"SELECT id FROM sims WHERE {column} IN ({', '.join('?' * len(ways))}) AND {there}"  # noqa: S608
            yield from _ids(self._db.execute(statement, ways))

    def _neighbours(self, digits: str) -> Iterator[int]:
        """Those on both sides of where it would stand, and those that end alike."""
        for column, there in NUMBERS.items():
            for sign, way in ((">=", "ASC"), ("<", "DESC")):
                statement = f"SELECT id FROM sims WHERE {column} {sign} ? AND {there} ORDER BY {column} {way} LIMIT 3"  # noqa: S608
                yield from _ids(self._db.execute(statement, (digits,)))
        yield from number_hits(self._db, [digits[-6:]], most=20)

    def _labels_like(self, text: str) -> Iterator[int]:
        """Labels that share a beginning with it, and SIMs with a word that begins as one of its words does."""
        for length in range(min(len(text), 8), 0, -1):
            statement = "SELECT id FROM sims WHERE label_key >= ? AND label_key < ? ORDER BY label_key LIMIT 30"
            yield from _ids(self._db.execute(statement, (text[:length], text[:length] + LAST_CHARACTER)))
        for word in words_of(text)[:4]:
            match = f"{{{' '.join(CUSTOMS)}}} : {hits.phrase([word[:2]])}"
            yield from _ids(self._db.execute("SELECT rowid FROM sim_words WHERE sim_words MATCH ? LIMIT 30", (match,)))


def named(db: sqlite3.Connection, giccid: str | None) -> tuple[str | None, str | None]:
    """The label and the account under which the snapshot knows this SIM."""
    rows = () if giccid is None else by_giccids(db, [giccid])
    return (rows[0].label, rows[0].sim.account) if rows else (None, None)


def _ids(rows: Iterable[sqlite3.Row]) -> Iterator[int]:
    return (row[0] for row in rows)


def _is_whole(letter: str) -> bool:
    """Whether a letter is a word: so it is in scripts without case. Of the others far too many words begin with it."""
    return letter.isalpha() and not letter.islower()


def _iccid(giccid: str) -> str | None:
    digits = bare_digits(giccid)
    return digits if digits is not None and 18 <= len(digits) <= 22 else None


def _likeness(typed: str, names: Iterable[str]) -> float:
    return max((SequenceMatcher(None, typed, name).ratio() for name in names), default=0.0)


def _one_off(digits: str) -> Iterator[str]:
    for at in range(len(digits)):
        yield digits[:at] + digits[at + 1 :]
        yield digits[:at] + digits[at + 1 : at + 2] + digits[at] + digits[at + 2 :]
        yield from (digits[:at] + other + digits[at + 1 :] for other in "0123456789")
    for at in range(len(digits) + 1):
        yield from (digits[:at] + more + digits[at:] for more in "0123456789")


def _narrower(query: Query) -> str:
    """What to add to a search that goes through too many SIMs."""
    used = {key for key, _ in query.places}
    free = [f"`{key}:`" for key in PLACES if key not in used]
    more = f" such as {', '.join(free)}" if free else ""
    return (
        f"“{query.text}” goes through too many SIMs to be answered in time. "
        f"Add a filter that leaves fewer of them{more}, or more digits of a number."
    )
