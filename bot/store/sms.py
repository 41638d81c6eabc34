"""SMS that came and went: each with what became of it, in the conversation with its SIM; reports that came early."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.errors import NotFound
from bot.rules.approvals import Approval, State
from bot.rules.audit import SYSTEM, Deed
from bot.rules.conversations import (
    FIRST_LOOK,
    Limits,
    SmsMessage,
    Stand,
    Thread,
    Way,
    followed_until,
    reported,
)
from bot.rules.events import Push
from bot.rules.orders import Order
from bot.rules.outbox import Card, Outgoing
from bot.rules.sims import Operation, quotable
from bot.rules.sms import SmsState
from bot.rules.texts import digest_of
from bot.store import outbox
from bot.store.audit import write_down
from bot.store.disk import Disk
from bot.store.rows import time, when
from bot.store.sms_rows import added, one, save, some
from bot.store.sms_texts import bare, strip_request
from bot.store.sms_threads import counted, sim_called, thread_for, thread_of

Told = Callable[[SmsMessage, Thread], Sequence[Outgoing]]


@dataclass(frozen=True)
class Keeping:
    """Where conversations are held, how long texts are kept (`None`: not at all), how long an SMS without a validity of
    its own is followed."""

    channel: str = ""
    keep: timedelta | None = timedelta(days=90)
    follow_for: timedelta = timedelta(days=3)


class Messages:
    """The SMS on disk. What begins with `on_` is for inside of a transaction that has made it necessary."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.keeping = Keeping()
        self.limits = Limits()

    # --- what a request, a job or a notification makes of them ---

    def on_request(self, db: sqlite3.Connection, request: Approval, *, now: datetime) -> None:
        """Keeps what a request for one SMS has led to: taken over, unsure, or not sent."""
        if request.operation is not Operation.SMS or request.giccid is None:
            return
        row = db.execute("SELECT id, thread FROM sms_drafts WHERE request = ?", (request.id,)).fetchone()
        if row is not None and self.keeping.channel:  # the question in the thread says where it stands now
            outbox.put(db, [_card(f"sms-draft:{row['id']}", self.keeping.channel, row["thread"])], now=now)
        known = one(db, "request = ?", request.id)
        stand = _stand_of(request)
        if stand is not None and (stand is not Stand.NOT_SENT or known is not None):
            draft = None if row is None else int(row["id"])
            self._requested(db, request, stand, known, draft=draft, now=now)
        if self.keeping.keep is None and not request.open:
            strip_request(db, request.id)

    def _requested(
        self, db: sqlite3.Connection, request: Approval, stand: Stand, known: SmsMessage | None, *,
        draft: int | None, now: datetime,
    ) -> None:  # fmt: skip
        sim = (request.giccid or "", request.label, request.account)
        message = known or self._written(request.order, sim, now=now)
        why = None if stand is Stand.PENDING else request.outcome
        message = replace(message, stand=stand, why=why, by=request.asked_by, request=request.id, draft=draft)
        message = self._taken_over(db, message, request.taken_as, now=now)
        if known is None:
            thread = thread_for(db, sim, channel=self.keeping.channel, now=now)
            counted(db, thread.id, Way.OUT, now=now)
            message = added(db, replace(message, thread=thread.id))
        else:
            save(db, message)
        self._show(db, message, now=now)
        self._match(db, message, now=now)

    def on_call(
        self, db: sqlite3.Connection, order: Order, sim: tuple[str, str], *, job: int, taken_as: str, now: datetime
    ) -> None:
        """Keeps an SMS that a job has sent to one of its SIMs, named by number and label. It has no card of its own:
        a job may send a hundred thousand, and Slack takes one message a second."""
        message = self._written(order, (*sim, None), now=now)
        message = self._taken_over(db, replace(message, job=job), taken_as, now=now)
        self._match(db, added(db, message), now=now)

    def to_keep(self, push: Push) -> Push:
        """The notification as it may be kept: the text of an SMS goes where texts are not kept. What cannot be read
        stays for a while, so that somebody can."""
        is_text = push.name == "mo-sms" and push.flaw is None
        return bare(push) if is_text and self.keeping.keep is None else push

    def waits(self, db: sqlite3.Connection, event: int) -> bool:
        """Whether this notification is a report whose SMS may become known any moment."""
        return db.execute("SELECT 1 FROM sms_reports WHERE event = ? AND shown = 0", (event,)).fetchone() is not None

    def on_push(self, db: sqlite3.Connection, push: Push, event: int, told: Told, *, now: datetime) -> bool:
        """Whether this notification, stored under that number, has its place in a conversation now.

        `told` says what goes to Slack for an SMS from a device.
        """
        if push.flaw is not None or not self.keeping.channel:
            return False
        if push.name == "mo-sms":
            return self._received(db, push, event, told, now=now)
        return push.name == "mt-sms-status" and self._reported(db, push, event, now=now)

    def _received(self, db: sqlite3.Connection, push: Push, event: int, told: Told, *, now: datetime) -> bool:
        text, sms_id = push.facts.get("text"), push.facts.get("sms_id")
        if push.giccid is None or not isinstance(text, str):
            return False
        sim = sim_called(db, push.giccid)
        digest = digest_of(text)
        theirs = None if sms_id is None else str(sms_id)
        under_its_id = None if theirs is None else one(db, "way = 'in' AND sms_id = ?", theirs)
        for known in (under_its_id, one(db, "event = ? AND digest = ?", event, digest)):
            if known is not None and known.digest == digest and _is_about(db, known, push.giccid):
                return True  # the same SMS once more
        thread = thread_for(db, sim, channel=self.keeping.channel, now=now)
        message = SmsMessage(
            id=0,
            way=Way.IN,
            giccid=sim[0],
            label=sim[1],
            stand=Stand.RECEIVED,
            made_at=now,
            body=text,
            length=len(text),
            digest=digest,
            thread=thread.id,
            sms_id=theirs if under_its_id is None else None,  # SmartHub has used this one before, for another SMS
            event=event,
            told_at=push.happened_at,
        )
        counted(db, thread.id, Way.IN, now=now)
        stored = added(db, message if self.keeping.keep is not None else replace(message, body=None))
        _write_down(db, stored, now=now)
        db.execute("UPDATE events SET sms = ? WHERE id = ? AND sms IS NULL", (stored.id, event))
        shown = told(replace(message, id=stored.id), thread)
        outbox.put(db, [Card(f"sms-thread:{thread.id}", thread.channel), *shown], now=now)
        return True

    def _reported(self, db: sqlite3.Connection, push: Push, event: int, *, now: datetime) -> bool:
        sms_id = push.facts.get("sms_id")
        if sms_id is None:
            return False
        word, at = push.facts.get("status"), push.happened_at or now
        state = next((state for state in SmsState if state == word), None)
        message = one(db, "way = 'out' AND sms_id = ?", str(sms_id))
        if message is None:
            db.execute(
                "INSERT INTO sms_reports (sms_id, giccid, state, at, received_at, event) VALUES (?, ?, ?, ?, ?, ?)",
                (str(sms_id), push.giccid, state, when(at), when(now), event),
            )
            self._hint(db, push.giccid, f"{quotable(str(sms_id))}: {word}", now=now)
            return True  # until it is too late for its id to come; then it is shown as it came
        if not _is_about(db, message, push.giccid):
            return False
        db.execute("UPDATE events SET sms = ? WHERE id = ?", (message.id, event))
        self.settle(db, message, reported(message, state, at=at), now=now)
        return True

    def _hint(self, db: sqlite3.Connection, giccid: str | None, told: str, *, now: datetime) -> None:
        """Says of an unsure SMS to this SIM that SmartHub tells of one nobody knows; people decide what that means."""
        if giccid is None:
            return
        unsure = one(db, "giccid = ? AND stand = 'unsure' ORDER BY id DESC", sim_called(db, giccid)[0])
        if unsure is not None:
            why = f"SmartHub reports an SMS to this SIM that is not known here ({told}); it may be this one."
            save(db, replace(unsure, why=why))
            self._show(db, unsure, now=now)

    def _taken_over(self, db: sqlite3.Connection, message: SmsMessage, id: str | None, *, now: datetime) -> SmsMessage:
        """The SMS under SmartHub's id, to be followed from now on."""
        if id is None or message.stand is not Stand.PENDING:
            return message
        if one(db, "way = 'out' AND sms_id = ?", id) is not None:
            why = "SmartHub gave it the id of another SMS, so that nothing can be found out about it."
            return replace(message, stand=Stand.UNKNOWN, why=why)
        until = followed_until(now, message.validity, otherwise=self.keeping.follow_for)
        return replace(message, sms_id=id, until=until, next_look_at=now + FIRST_LOOK)

    def _match(self, db: sqlite3.Connection, message: SmsMessage, *, now: datetime) -> None:
        """Gives an SMS whose id has come just now the reports that were here before."""
        if message.sms_id is None:
            return
        for row in db.execute("SELECT * FROM sms_reports WHERE sms_id = ? ORDER BY id", (message.sms_id,)).fetchall():
            if _is_about(db, message, row["giccid"]):
                state = None if row["state"] is None else SmsState(row["state"])
                message = self.settle(db, message, reported(message, state, at=time(row["at"])), now=now)
                # Where it was shown by itself meanwhile, that stands; else those hear of it now who have subscribed it.
                fate = "fate" if row["shown"] else "''"
                db.execute(f"UPDATE events SET sms = ?, fate = {fate} WHERE id = ?", (message.id, row["event"]))  # noqa: S608
                db.execute("DELETE FROM sms_reports WHERE id = ?", (row["id"],))

    def _written(self, order: Order, sim: tuple[str, str, str | None], *, now: datetime) -> SmsMessage:
        """An SMS of ours as it is before anything is known of it."""
        text = order.text or ""
        return SmsMessage(
            id=0,
            way=Way.OUT,
            giccid=sim[0],
            label=sim[1],
            stand=Stand.PENDING,
            made_at=now,
            body=text if self.keeping.keep is not None else None,
            length=len(text),
            digest=digest_of(text),
            coding=order.coding,
            validity=order.validity,
        )

    def settle(self, db: sqlite3.Connection, old: SmsMessage, new: SmsMessage, *, now: datetime) -> SmsMessage:
        """Stores what became of an SMS; where it stands elsewhere now, people see it."""
        if new is old:
            return old
        save(db, new)
        if new.stand is not old.stand:
            if new.job is None:
                _write_down(db, new, now=now)
            self._show(db, new, now=now)
        return new

    def _show(self, db: sqlite3.Connection, message: SmsMessage, *, now: datetime) -> None:
        if message.thread is not None and self.keeping.channel:
            channel = self.keeping.channel
            cards = [Card(f"sms-thread:{message.thread}", channel), _card(message.subject, channel, message.thread)]
            outbox.put(db, cards, now=now)

    # --- looking ---

    def get(self, id: int) -> SmsMessage:
        """The SMS with this number. Raises NotFound."""
        found = one(self._disk.reader, "id = ?", id)
        if found is None:
            raise NotFound(f"There is no SMS {id} here.")
        return found

    def of_request(self, request: int) -> SmsMessage | None:
        """The SMS that a request has led to."""
        return one(self._disk.reader, "request = ?", request)

    def of_sim(self, giccids: Sequence[str], *, limit: int = 1000) -> tuple[SmsMessage, ...]:
        """Those to and from the SIM with these spellings of its number, the newest first."""
        marks = ", ".join("?" * len(giccids))
        return some(self._disk.reader, f"giccid IN ({marks}) ORDER BY id DESC LIMIT ?", *giccids, limit)

    def newest(self, *, limit: int) -> tuple[SmsMessage, ...]:
        """The newest of all, beside those of jobs."""
        return some(self._disk.reader, "job IS NULL ORDER BY id DESC LIMIT ?", limit)

    def thread(self, id: int) -> Thread:
        """The conversation with this number. Raises NotFound."""
        return thread_of(self._disk.reader, id)

    def last_of_thread(self, thread: int) -> SmsMessage | None:
        """What came or went last in a conversation."""
        return next(iter(some(self._disk.reader, "thread = ? ORDER BY id DESC LIMIT 1", thread)), None)


def _stand_of(request: Approval) -> Stand | None:
    """Where the SMS of a request stands; `None` while nothing was sent."""
    if request.state is State.DONE:  # without an id somebody has said that it was sent, and nothing will tell more
        return Stand.UNKNOWN if request.taken_as is None else Stand.PENDING
    return {State.UNSURE: Stand.UNSURE, State.FAILED: Stand.NOT_SENT}.get(request.state)


def _is_about(db: sqlite3.Connection, message: SmsMessage, giccid: str | None) -> bool:
    """Whether a report that names this SIM, or none, can be about the SMS."""
    return giccid is None or sim_called(db, giccid)[0] == sim_called(db, message.giccid)[0]


def _card(subject: str, channel: str, thread: int) -> Card:
    return Card(subject, channel, under=f"sms-thread:{thread}")


def _write_down(db: sqlite3.Connection, message: SmsMessage, *, now: datetime) -> None:
    """The line of an SMS in the audit log: never its text."""
    detail: dict[str, str | int | None] = {
        "giccid": message.giccid,
        "label": message.label,
        "length": message.length,
        "text_digest": message.digest,
        "sms_id": message.sms_id,
        "request": message.request,
    }
    write_down(db, Deed(SYSTEM, message.stand.value, f"sms:{message.id}", detail), at=now)
