"""Taking the texts of SMS out of the store, wherever they stand, when their time is over; lengths and digests stay."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

from bot.rules.conversations import DRAFTS_KEPT
from bot.rules.events import Push
from bot.rules.texts import digest_of
from bot.store.disk import Disk
from bot.store.rows import when

AT_ONCE = 500  # of each kind, in one transaction
REPORTS_KEPT = timedelta(days=7)
# What cannot be read as an SMS may be one; so long somebody can see it, also where texts are not kept.
UNREAD_KEPT = timedelta(days=1)
ORDER = """ "order" = json_remove("order", '$.text')"""
# Of a request that is still open the text is needed, but not for ever: of an unsure one nobody may ever tell.
ENDED = "(state NOT IN ('pending', 'running', 'cooling', 'unsure') OR asked_at < :long_ago)"
TAKEN_OUT = (
    "UPDATE sms SET body = NULL WHERE id IN (SELECT id FROM sms WHERE body IS NOT NULL AND made_at < :before LIMIT :n)",
    f"UPDATE approvals SET{ORDER} WHERE id IN (SELECT id FROM approvals WHERE operation = 'sms'"  # noqa: S608
    f""" AND json_extract("order", '$.text') IS NOT NULL AND asked_at < :before AND {ENDED} LIMIT :n)""",
    f"UPDATE jobs SET{ORDER} WHERE id IN (SELECT id FROM jobs WHERE ended_at IS NOT NULL"  # noqa: S608
    """ AND json_extract("order", '$.text') IS NOT NULL AND ended_at < :before LIMIT :n)""",
    "UPDATE lists SET detail = json_remove(detail, '$.text') WHERE id IN (SELECT id FROM lists WHERE operation = 'sms'"
    " AND json_extract(detail, '$.text') IS NOT NULL AND made_at < :before AND state = 'used' LIMIT :n)",
    # A message that Slack refused in every form still has its words.
    "UPDATE outbox SET text = '', blocks = '[]' WHERE id IN (SELECT id FROM outbox WHERE state = 'failed'"
    " AND (under LIKE 'sms-thread:%' OR under LIKE 'sms:%') AND text != '' AND made_at < :before LIMIT :n)",
    "UPDATE sms_drafts SET state = 'discarded', text = NULL WHERE id IN (SELECT id FROM sms_drafts"
    " WHERE text IS NOT NULL AND made_at < :a_day_ago AND state IN ('open', 'discarded') LIMIT :n)",
    "DELETE FROM sms_reports WHERE id IN (SELECT id FROM sms_reports WHERE received_at < :a_week_ago LIMIT :n)",
)
LONG = timedelta(days=30)  # beyond the time for keeping, for a request that is open


class Texts:
    """The texts that are kept, for whoever takes them out."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def take_out(self, *, keep: timedelta | None, now: datetime) -> int:
        """How many texts were taken out now: those older than `keep`, or all that are not needed. Few at a time: it is
        called until there are none."""
        older = keep or timedelta(0)
        before = when(now - older)
        times: dict[str, str | int] = {
            "before": before,
            "long_ago": when(now - older - LONG),
            "a_day_ago": when(now - DRAFTS_KEPT),
            "a_week_ago": when(now - REPORTS_KEPT),
            "n": AT_ONCE,
        }
        unread_before = when(now - max(older, UNREAD_KEPT))

        def work(db: sqlite3.Connection) -> int:
            count = sum(db.execute(statement, times).rowcount for statement in TAKEN_OUT)
            return count + _strip_events(db, before=before, unread_before=unread_before)

        return await self._disk.write(work)


def strip_request(db: sqlite3.Connection, id: int) -> None:
    """Takes the text out of a request that is over."""
    db.execute(f"UPDATE approvals SET{ORDER} WHERE id = ?", (id,))


def bare(push: Push) -> Push:
    """A notification of an SMS without its text, for where texts are not kept."""
    text = push.facts.get("text")
    known = {key: value for key, value in push.facts.items() if key != "text"}
    if isinstance(text, str):
        known |= {"length": len(text), "text_digest": digest_of(text)}
    return replace(push, body=_in_place_of(push.body), facts=known)


def _in_place_of(body: bytes) -> bytes:
    return f"({len(body)} bytes that are not kept; SHA-256 {hashlib.sha256(body).hexdigest()})".encode()


def _strip_events(db: sqlite3.Connection, *, before: str, unread_before: str) -> int:
    """How many notifications of SMS have lost their text now, with all they said when they came again."""
    rows = db.execute(
        "SELECT id, body FROM events WHERE name = 'mo-sms' AND bare = 0 AND received_at < ?"
        " AND (flaw IS NULL OR received_at < ?) LIMIT ?",
        (before, unread_before, AT_ONCE),
    ).fetchall()
    for row in rows:
        db.execute(
            "UPDATE events SET body = ?, facts = json_remove(facts, '$.text'), bare = 1 WHERE id = ?",
            (_in_place_of(row["body"]), row["id"]),
        )
        for other in db.execute("SELECT id, body FROM event_bodies WHERE event = ?", (row["id"],)).fetchall():
            db.execute("UPDATE event_bodies SET body = ? WHERE id = ?", (_in_place_of(other["body"]), other["id"]))
    return len(rows)
