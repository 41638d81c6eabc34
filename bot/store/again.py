"""Showing notifications again, whether they stand in Slack or not, wherever they stood."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.rules.events import Event, Fate, severity_of
from bot.rules.outbox import Card
from bot.rules.routes import Target
from bot.store import copies, outbox
from bot.store.events import event_of
from bot.store.incidents import Place, begin
from bot.store.ledger import between
from bot.store.rows import Row, when
from bot.store.sms_rows import one
from bot.store.sms_threads import thread_of


@dataclass
class Again:
    """What is posted anew: cards, and among them SMS in their conversations and cards for what had none of its own.

    What is not: notifications that stand in other channels alone, and those that will be shown for the first time.
    """

    found: int = 0
    cards: int = 0
    sms: int = 0
    own: int = 0
    elsewhere: int = 0
    first: int = 0


def show_again(
    db: sqlite3.Connection,
    *,
    events: Sequence[int] = (),
    default: str,
    channel: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    now: datetime,
) -> Again:
    """Has these notifications posted anew: those with cards on their cards, SMS in their conversations, the others each
    on a card of its own in the channel, or in the `default` one."""
    where, values = between(None, since, until, column="received_at")
    if events:
        where += f" AND id IN ({', '.join('?' * len(events))})"
        values += [*map(str, events)]
    showing = _Showing(db, channel, default, now)
    for row in db.execute(f"SELECT * FROM events WHERE true{where} ORDER BY id", values).fetchall():  # noqa: S608 - ours
        showing.show(row)
    return showing.done


@dataclass
class _Showing:
    """One transaction's worth of them: a card that shows several is posted once."""

    db: sqlite3.Connection
    channel: str | None
    default: str
    now: datetime
    done: Again = field(default_factory=Again)
    incidents: dict[int, bool] = field(default_factory=dict)
    posted: set[str] = field(default_factory=set)

    def show(self, row: Row) -> None:
        """Posts one anew, or counts why not."""
        self.done.found += 1
        if row["fate"] == Fate.UNSORTED or self._waits_for_its_sms(row["id"]):
            self.done.first += 1
        elif not any([self._conversation(row["sms"]), self._incident(row["incident"])]):
            self._otherwise(row)

    def _otherwise(self, row: Row) -> None:
        """One that has nothing in the channel that is meant, or nothing of its own at all."""
        message = None if row["sms"] is None else one(self.db, "id = ?", row["sms"])
        if row["incident"] is not None or (message is not None and message.thread is not None):
            self.done.elsewhere += 1
        elif row["fate"] == Fate.SHOWN:
            self._plain(row["id"])
        else:
            self._alone(event_of(row))

    def _waits_for_its_sms(self, event: int) -> bool:
        found = self.db.execute("SELECT 1 FROM sms_reports WHERE event = ? AND shown = 0", (event,)).fetchone()
        return found is not None

    def _incident(self, number: int | None) -> bool:
        """Whether it has cards in the channel that is meant: its own, or those of the storm it is part of."""
        if number is None:
            return False
        storm = self.db.execute("SELECT coalesce(storm_id, id) FROM incidents WHERE id = ?", (number,)).fetchone()
        incident = number if storm is None else int(storm[0])
        if incident not in self.incidents:
            self.incidents[incident] = self._copies(incident)
        return self.incidents[incident]

    def _copies(self, incident: int) -> bool:
        """Whether it has cards, in the channel that is meant."""
        rows = self.db.execute(
            "SELECT id, channel FROM copies WHERE incident = ?1 AND (?2 IS NULL OR channel = ?2) ORDER BY id",
            (incident, self.channel),
        ).fetchall()
        for row in rows:
            self.db.execute("UPDATE copies SET hold = '', digest_at = NULL WHERE id = ?", (row["id"],))
            self._post(Card(f"notice:{row['id']}", row["channel"]))
        return bool(rows)

    def _conversation(self, sms: int | None) -> bool:
        """Whether it is an SMS in the thread of its SIM, in the channel that is meant."""
        message = None if sms is None else one(self.db, "id = ?", sms)
        if message is None or message.thread is None:
            return False
        thread = thread_of(self.db, message.thread)
        if self.channel not in (None, thread.channel):
            return False
        self.done.sms += message.subject not in self.posted
        self._post(Card(message.subject, thread.channel, under=f"sms-thread:{thread.id}"))
        return True

    def _plain(self, event: int) -> None:
        """One that an earlier version has shown, on a card of its own."""
        row = self.db.execute("SELECT channel FROM cards WHERE subject = ?", (f"event:{event}",)).fetchone()
        stands_in = None if row is None else row["channel"]
        if None not in (self.channel, stands_in) and self.channel != stands_in:
            self.done.elsewhere += 1
            return
        self._post(Card(f"event:{event}", self.channel or stands_in or self.default))

    def _alone(self, event: Event) -> None:
        """A card of its own for one that is part of something else, which stays as it is."""
        channel = self.channel or self.default
        number = begin(
            self.db,
            Place(event.push.name, event.push.giccid, json.dumps([channel])),
            when(event.received_at),
            severity=severity_of(event.push, now=self.now),
            label=event.label,
            account=event.push.account,
        )
        copies.add(self.db, number, [Target(channel)], now=self.now)
        self.db.execute("UPDATE events SET incident = ? WHERE id = ?", (number, event.id))
        self.done.cards += 1
        self.done.own += 1

    def _post(self, card: Card) -> None:
        """Forgets where it stands, so that it is posted; once, however many notifications it shows."""
        if card.subject in self.posted:
            return
        self.posted.add(card.subject)
        self.db.execute("DELETE FROM cards WHERE subject = ?", (card.subject,))
        outbox.put(self.db, [card], now=self.now)
        self.done.cards += 1
