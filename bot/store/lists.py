"""Lists of SIMs that somebody wants changed: written line by line with what was said of each, read as a stream."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import NotFound
from bot.rules.naming import Named
from bot.rules.orders import Order, to_detail
from bot.rules.sims import Operation
from bot.rules.snapshot import Listed
from bot.rules.verdicts import Judged, Verdict, digest
from bot.store.disk import Disk
from bot.store.jobs import order_or_none, order_text
from bot.store.list_sims import IN_ORDER
from bot.store.listed import by_giccids
from bot.store.lookups import look_up
from bot.store.rows import Row, time, when

KEPT = timedelta(days=30)
UNFINISHED = timedelta(days=1)  # after this, nobody works on a list any more that was not finished
CHUNK = 1000
REMOVED_AT_ONCE = 2000
PATIENCE_S = 30.0
COLUMNS = "n, line, written, verdict, why, giccid, label, status, plan, own"
WRITE = f"INSERT OR REPLACE INTO list_sims (list, {COLUMNS}) VALUES (?{', ?' * 10})"  # noqa: S608 - names of ours
# Told which index: by itself SQLite goes through the whole list for each SIM.
NAMED = (
    "SELECT s.giccid, s.line, s.written FROM json_each(?) AS wanted CROSS JOIN list_sims AS s"
    " INDEXED BY list_sims_by_sim ON s.list = ? AND s.giccid = wanted.value AND s.giccid IS NOT NULL"
    " WHERE s.verdict != 'duplicate'"
)
NEXT = f"SELECT {COLUMNS} FROM list_sims WHERE list = ? AND n > ?"  # noqa: S608 - names of ours


class State(StrEnum):
    """Where a list stands. Only one that is READY can be asked for; one that is USED belongs to a request."""

    OPEN = "open"
    READY = "ready"
    USED = "used"
    DROPPED = "dropped"


@dataclass(frozen=True)
class SimList:
    """A list without its lines. `source` is where it came from, in words; `counts` how many lines got each verdict.

    `digest` names the order with exactly the accepted SIMs; `None` until the list is finished. `job` is the one out of
    whose SIMs it was made.
    """

    id: int
    order: Order
    source: str
    reason: str | None
    made_by: str
    made_at: datetime
    state: State
    digest: str | None
    counts: Mapping[Verdict, int]
    job: int | None = None

    @property
    def accepted(self) -> int:
        """How many SIMs are a part of what is asked for."""
        return self.counts.get(Verdict.ACCEPTED, 0)

    @property
    def lines(self) -> int:
        """How many lines were judged."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Numbered:
    """A judged line with its place in the list, which counts from 1: a line may name several SIMs."""

    n: int
    judged: Judged


class Lists:
    """The lists on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    # --- making one ---

    async def begin(
        self, order: Order, *, source: str, reason: str | None, by: str, now: datetime, job: int | None = None
    ) -> int:
        """The number of a new, empty list; `job` is the one out of whose SIMs it is made. What is old is removed on the
        way, a little at a time.
        """

        def work(db: sqlite3.Connection) -> int:
            _remove_old(db, now)
            cursor = db.execute(
                "INSERT INTO lists (operation, detail, source, reason, made_by, made_at, state, counts, job)"
                " VALUES (?, ?, ?, ?, ?, ?, 'open', '{}', ?)",
                (order.operation.value, json.dumps(to_detail(order)), source, reason, by, when(now), job),
            )
            return int(cursor.lastrowid or 0)

        return await self._disk.write(work)

    async def add(self, id: int, rows: Sequence[Numbered]) -> None:
        """Writes these lines, a thousand or so at a time; one that is there already is written over."""

        def work(db: sqlite3.Connection) -> None:
            db.executemany(
                WRITE,
                ((id, row.n, *_columns(row.judged)) for row in rows),
            )

        await self._disk.write(work)

    async def close(self, id: int, *, digest: str, counts: Mapping[Verdict, int]) -> None:
        """Makes the list one that can be asked for."""
        said = _said(counts)

        def work(db: sqlite3.Connection) -> None:
            statement = "UPDATE lists SET state = 'ready', digest = ?, counts = ? WHERE id = ? AND state = 'open'"
            db.execute(statement, (digest, said, id))

        await self._disk.write(work)

    async def reopen(self, id: int) -> bool:
        """Whether the list was ready and is open now: until it is closed again, nobody can ask for it."""
        return await self._move(id, State.READY, State.OPEN)

    async def explain(self, id: int, reason: str | None) -> None:
        """Gives a list that is ready this reason."""
        statement = "UPDATE lists SET reason = ? WHERE id = ? AND state = 'ready'"
        await self._disk.write(lambda db: db.execute(statement, (reason, id)))

    async def drop(self, id: int) -> bool:
        """Whether the list was ready and is dropped now."""
        return await self._move(id, State.READY, State.DROPPED)

    async def discard(self, id: int) -> None:
        """Gives up a list that could not be finished."""
        await self._move(id, State.OPEN, State.DROPPED)

    async def remove_old(self, *, now: datetime) -> int:
        """How many lines of lists nobody used were removed, at most two thousand; 0 when none is old any more."""
        return await self._disk.write(lambda db: _remove_old(db, now))

    async def _move(self, id: int, old: State, new: State) -> bool:
        statement = "UPDATE lists SET state = ? WHERE id = ? AND state = ?"
        return await self._disk.write(lambda db: db.execute(statement, (new.value, id, old.value)).rowcount == 1)

    # --- reading one ---

    def left_open(self) -> tuple[SimList, ...]:
        """The lists that are not finished: when the bot starts, those it was killed over."""
        rows = self._disk.reader.execute("SELECT * FROM lists WHERE state = 'open' ORDER BY id")
        return tuple(map(_sim_list, rows))

    def get(self, id: int) -> SimList:
        """The list with this number. Raises NotFound."""
        row = self._disk.reader.execute("SELECT * FROM lists WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound("This list is over 30 days old and gone. Send it once more.")
        return _sim_list(row)

    async def stream(
        self, id: int, *, after: int = 0, accepted: bool = False
    ) -> AsyncGenerator[tuple[Numbered, ...], None]:
        """The lines behind place `after` in pieces of a thousand; only the `accepted` ones, or all of them."""
        which = " AND verdict = 'accepted'" if accepted else ""
        statement = f"{NEXT}{which} ORDER BY n LIMIT {CHUNK}"
        while True:

            def work(db: sqlite3.Connection, after: int = after) -> tuple[Numbered, ...]:
                return tuple(map(_numbered, db.execute(statement, (id, after))))

            rows = await self._disk.read(work, within_s=PATIENCE_S)
            if rows:
                yield rows
            if len(rows) < CHUNK:
                return
            after = rows[-1].n

    async def first(self, id: int, verdict: Verdict, *, limit: int) -> tuple[Numbered, ...]:
        """The first lines with this verdict."""
        statement = f"{NEXT} AND verdict = ? ORDER BY n LIMIT ?"
        return await self._disk.read(
            lambda db: tuple(map(_numbered, db.execute(statement, (id, 0, verdict.value, limit)))), within_s=PATIENCE_S
        )

    async def recount(self, id: int) -> None:
        """Gives a list that is used the digest and the counts of its lines as they are now."""
        digest, counts = await self.digest(id), _said(await self.counts(id))
        statement = "UPDATE lists SET digest = ?, counts = ? WHERE id = ? AND state = 'used'"
        await self._disk.write(lambda db: db.execute(statement, (digest, counts, id)).rowcount)

    async def digest(self, id: int) -> str:
        """The digest over its order and the SIMs that are accepted now. Raises NotFound."""
        order = self.get(id).order
        return await self._disk.read(
            lambda db: digest(order, (_sealed(row) for row in db.execute(f"SELECT giccid, own {IN_ORDER}", (id, "")))),
            within_s=PATIENCE_S,
        )

    async def counts(self, id: int) -> dict[Verdict, int]:
        """How many lines have each verdict now."""
        statement = "SELECT verdict, count(*) FROM list_sims WHERE list = ? GROUP BY verdict"
        rows = await self._disk.read(lambda db: db.execute(statement, (id,)).fetchall(), within_s=PATIENCE_S)
        return {Verdict(row[0]): row[1] for row in rows}

    async def named_before(self, id: int, giccids: Iterable[str]) -> dict[str, tuple[int, str]]:
        """Of these SIMs those that stand in the list already: the line on which each was named first, and how."""
        wanted = json.dumps(list(dict.fromkeys(giccids)))
        rows = await self._disk.read(lambda db: db.execute(NAMED, (wanted, id)).fetchall(), within_s=PATIENCE_S)
        return {row[0]: (row[1], row[2]) for row in rows}

    async def look_up(self, names: Sequence[Named | None]) -> list[tuple[Listed, ...]]:
        """For each name the SIMs of the snapshot that are called exactly so."""
        return await self._disk.read(lambda db: look_up(db, names), within_s=PATIENCE_S)

    async def by_giccids(self, giccids: Iterable[str]) -> tuple[Listed, ...]:
        """The SIMs of the snapshot that SmartHub calls so."""
        wanted = list(giccids)
        return await self._disk.read(lambda db: by_giccids(db, wanted), within_s=PATIENCE_S)


def _remove_old(db: sqlite3.Connection, now: datetime) -> int:
    """Removes the oldest list that nobody needs any more, or as many of its lines as one transaction should."""
    old = db.execute(
        "SELECT id FROM lists WHERE state != 'used' AND (made_at < ? OR (state = 'open' AND made_at < ?))"
        " UNION ALL SELECT list FROM approvals JOIN lists l ON l.id = list WHERE ended_at < ?"
        " ORDER BY 1 LIMIT 1",
        (when(now - KEPT), when(now - UNFINISHED), when(now - KEPT)),
    ).fetchone()
    if old is None:
        return 0
    removed = db.execute(
        "DELETE FROM list_sims WHERE list = ? AND n IN (SELECT n FROM list_sims WHERE list = ? LIMIT ?)",
        (old["id"], old["id"], REMOVED_AT_ONCE),
    ).rowcount
    if removed < REMOVED_AT_ONCE:
        db.execute("DELETE FROM lists WHERE id = ?", (old["id"],))
    return max(removed, 1)


def use(db: sqlite3.Connection, id: int) -> bool:
    """Whether the list was ready and is used now, so that it stays: a part of storing the request for it."""
    return db.execute("UPDATE lists SET state = 'used' WHERE id = ? AND state = 'ready'", (id,)).rowcount == 1


def _said(counts: Mapping[Verdict, int]) -> str:
    return json.dumps({verdict.value: count for verdict, count in counts.items()})


def _sealed(row: Row) -> str:
    return f"{row['giccid']} {row['own']}" if row["own"] else str(row["giccid"])


def _columns(judged: Judged) -> Iterator[object]:
    yield from (judged.line, judged.written, judged.verdict.value, judged.why)
    yield from (judged.giccid, judged.label, judged.status, judged.plan, order_text(judged.own))


def _numbered(row: Row) -> Numbered:
    judged = Judged(
        row["line"], row["written"], Verdict(row["verdict"]), row["why"], row["giccid"], row["label"], row["status"],
        row["plan"], order_or_none(row["own"]),
    )  # fmt: skip
    return Numbered(row["n"], judged)


def _sim_list(row: Row) -> SimList:
    counts = {Verdict(verdict): count for verdict, count in json.loads(row["counts"]).items()}
    return SimList(
        row["id"], _order(row), row["source"], row["reason"], row["made_by"], time(row["made_at"]),
        State(row["state"]), row["digest"], counts, row["job"],
    )  # fmt: skip


def _order(row: Row) -> Order:
    detail = json.loads(row["detail"])
    custom = tuple((n, detail.pop(f"custom{n}")) for n in range(1, 6) if f"custom{n}" in detail)
    return Order(Operation(row["operation"]), custom=custom, **detail)
