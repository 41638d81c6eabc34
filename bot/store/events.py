"""SmartHub's notifications: each on disk before it is acknowledged, the same one twice kept as one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.errors import NotFound
from bot.rules.events import Event, Fate, Push, Source
from bot.store.arrivals import Arrival, Arrivals
from bot.store.disk import Disk
from bot.store.rows import Row, facts_from_text, time, time_or_none, when
from bot.store.sms import Messages, Told


class Events:
    """The notifications on disk."""

    def __init__(self, disk: Disk, sms: Messages) -> None:
        """`sms` keeps the SMS that notifications bring, or tell of."""
        self._disk, self._sms = disk, sms
        self._arrivals = Arrivals(disk, sms)

    @property
    def arriving(self) -> int:
        """How many are on their way to the disk."""
        return self._arrivals.under_way

    async def receive(
        self,
        push: Push,
        *,
        window: timedelta,
        now: datetime,
        source: Source = Source.PUSH,
        told: Told = lambda _sms, _thread: (),
    ) -> int:
        """The number under which this push is on disk; which card shows it is sorted out later (`store/sorting.py`).

        A push with the same key within the window counts up the one that is there already, on its card too. What
        belongs into the conversation with a SIM is there at once: `told` says what goes to Slack for it. The channels
        that have subscribed it are sorted out later, too.
        """
        kept = self._sms.to_keep(push)
        return await self._arrivals.put(Arrival(push, kept, window, now, source, told))

    def get(self, id: int) -> Event:
        """The notification with this number. Raises NotFound."""
        row = self._disk.reader.execute("SELECT * FROM events WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise NotFound(f"There is no notification {id} here.")
        return event_of(row, other_body=self._other_body(id))

    def of_incident(self, incident: int, *, limit: int = 20) -> tuple[Event, ...]:
        """The newest pushes that an incident's card shows, the newest first."""
        rows = self._disk.reader.execute(
            "SELECT * FROM events WHERE incident = ? ORDER BY id DESC LIMIT ?", (incident, limit)
        ).fetchall()
        return tuple(event_of(row, other_body=self._other_body(row["id"]) if n == 0 else None)
                     for n, row in enumerate(rows))  # fmt: skip

    def _other_body(self, id: int) -> bytes | None:
        """What it said last when it came again in other words."""
        row = self._disk.reader.execute(
            "SELECT body FROM event_bodies WHERE event = ? ORDER BY id DESC LIMIT 1", (id,)
        ).fetchone()
        return None if row is None else row["body"]

    def of_sim(self, giccids: Sequence[str], *, limit: int = 1000) -> tuple[Event, ...]:
        """The notifications about the SIM with these spellings of its number, the newest first; beside those that are
        SMS, or tell of one that is known here."""
        marks = ", ".join("?" * len(giccids))
        rows = self._disk.reader.execute(
            f"SELECT * FROM events WHERE giccid IN ({marks}) AND sms IS NULL ORDER BY id DESC LIMIT ?",  # noqa: S608 - question marks
            (*giccids, limit),
        )
        return tuple(map(event_of, rows))

    def was_told(self, name: str, giccids: Sequence[str], new: str | None, *, at: datetime, around: timedelta) -> bool:
        """Whether it was told that this SIM, by one of its spellings, became that at this time.

        The log told it where it names the very time. A push did where its own time, or that of its coming, is not
        farther than `around` from it; one without a time also where it came later.
        """
        marks = ", ".join("?" * len(giccids))
        first, last = when(at - around), when(at + around)
        near = (
            "(received_at BETWEEN ? AND ? OR happened_at BETWEEN ? AND ? OR (happened_at IS NULL AND received_at > ?))"
        )
        found = self._disk.reader.execute(
            f"SELECT 1 FROM events WHERE giccid IN ({marks}) AND name = ? AND json_extract(facts, '$.new') IS ?"  # noqa: S608
            f" AND CASE source WHEN 'log' THEN happened_at = ? ELSE {near} END LIMIT 1",
            (*giccids, name, new, when(at), first, last, first, last, last),
        ).fetchone()
        return found is not None

    def last_received_at(self) -> datetime | None:
        """When the newest notification came."""
        row = self._disk.reader.execute("SELECT received_at FROM events ORDER BY id DESC LIMIT 1").fetchone()
        return None if row is None else time(row[0])


def event_of(row: Row, *, other_body: bytes | None = None) -> Event:
    """The event in a row."""
    push = Push(
        name=row["name"],
        key=row["key"],
        body=row["body"],
        giccid=row["giccid"],
        account=row["account"],
        happened_at=time_or_none(row["happened_at"]),
        facts=facts_from_text(row["facts"]),
        flaw=row["flaw"],
    )
    return Event(
        id=row["id"],
        push=push,
        received_at=time(row["received_at"]),
        label=row["label"],
        repeats=row["repeats"],
        last_at=time_or_none(row["last_at"]),
        other_body=other_body,
        fate=Fate(row["fate"]),
        incident=row["incident"],
        job=row["job"],
        source=Source(row["source"]),
        sms=row["sms"],
    )
