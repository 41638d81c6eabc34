"""SMS on disk: each once, with what became of it, whichever came first: the report or the id."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import NotAllowed, NotFound, NotPossible
from bot.rules.approvals import Approval, State
from bot.rules.audit import Deed
from bot.rules.conversations import DraftState, Limits, SmsMessage, Stand, Thread
from bot.rules.events import Fate, Push
from bot.rules.orders import Order
from bot.rules.outbox import Card, Note, Outgoing
from bot.rules.sims import Operation, Sim, Status
from bot.rules.sms import SmsState, validity_for
from bot.rules.texts import digest_of
from bot.store import Store
from bot.store.sms import Keeping
from tests.asked import GICCID, asked
from tests.store.asking import NOW, swap

TEXT = "reboot now, secret-4711"
THREAD = Card("sms-thread:1", "C9")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that holds conversations in a channel."""
    opened = Store(tmp_path / "simops.db")
    opened.sms.keeping = Keeping(channel="C9")
    yield opened
    opened.close()


async def sent(store: Store, *, id: str | None = "sms-1", state: State = State.DONE, giccid: str = GICCID) -> Approval:
    """A request for an SMS that came to this end."""
    order = Order(Operation.SMS, text=TEXT, validity=validity_for(timedelta(hours=1)))
    request = asked(Operation.SMS, id=0, order=order, giccid=giccid, asked_at=NOW, state=State.RUNNING)
    stored = await store.approvals.add(request, deed=Deed("U1", "asked", "approval"), messages=lambda _: [])
    return await end(store, stored, state, id=id)


async def end(store: Store, request: Approval, state: State, *, id: str | None = None) -> Approval:
    """The request at this end."""
    over = replace(
        request, state=state, taken_as=id, outcome=f"It is {state}.", version=request.version + 1,
        ended_at=None if state is State.UNSURE else NOW,
    )  # fmt: skip
    assert await swap(store, request, over, deed=None)
    return over


def report(state: str, *, id: str = "sms-1", giccid: str | None = GICCID, key: str = "") -> Push:
    """A delivery report."""
    key = key or f"id:{id}/{state}/{giccid}"
    facts = {"sms_id": id, "status": state}
    return Push("mt-sms-status", key, b"{}", giccid, happened_at=NOW + timedelta(seconds=9), facts=facts)


def incoming(
    text: str = "BATT 12% LOW", *, giccid: str | None = GICCID, id: str | None = "mo-1", key: str = ""
) -> Push:
    """An SMS from a device."""
    facts: dict[str, Any] = {"text": text} | ({} if id is None else {"sms_id": id})
    body = f'{{"messageText": "{text}"}}'.encode()
    return Push("mo-sms", key or f"id:{id}/{digest_of(text)}", body, giccid, happened_at=NOW, facts=facts)


async def receive(store: Store, push: Push, *, now: datetime = NOW) -> int:
    """The push on disk."""

    def told(message: SmsMessage, thread: Thread) -> list[Outgoing]:
        return [Note(thread.channel, f"{message.label}: {message.body}", under=f"sms-thread:{thread.id}")]

    return await store.events.receive(push, window=timedelta(days=1), now=now, told=told)


def waiting(store: Store) -> list[Any]:
    """All that waits for Slack, in order."""
    rows = store.disk.reader.execute("SELECT coalesce(subject, text) AS what, under FROM outbox ORDER BY id")
    return [(row["what"], row["under"]) for row in rows]


def everything(store: Store) -> str:
    """All that stands in any column of any table."""
    db = store.disk.reader
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return str([tuple(row) for table in tables for row in db.execute(f"SELECT * FROM {table}")])  # noqa: S608


# --- following ---


async def test_a_request_leaves_an_sms_to_be_followed(store: Store):
    """What SmartHub has taken over stands in the SIM's conversation and is looked at until its validity ends."""
    await sent(store)

    message = store.sms.get(1)
    assert (message.stand, message.sms_id, message.body, message.length) == (Stand.PENDING, "sms-1", TEXT, len(TEXT))
    assert (message.until, message.request, message.by) == (NOW + timedelta(hours=1), 1, "U1")
    assert waiting(store) == [("sms-thread:1", None), ("sms:1", "sms-thread:1")]
    assert store.sms_followed.due(NOW, limit=9) == ()
    assert store.sms_followed.due(NOW + timedelta(minutes=1), limit=9) == (message,)


async def test_a_report_before_the_id(store: Store):
    """A report for an id that nobody knows yet is kept and counts as soon as the id comes; nothing is shown of it."""
    event = await receive(store, report("delivered"))
    assert (waiting(store), store.sorting.waiting()) == ([], 0)

    await sent(store)

    message = store.sms.get(1)
    assert (message.stand, message.told_at) == (Stand.DELIVERED, NOW + timedelta(seconds=9))
    assert store.events.of_sim([GICCID]) == ()
    assert store.events.get(event).push.facts["status"] == "delivered"
    assert await store.sms_followed.show_late_reports(now=NOW + timedelta(days=1)) == 0


async def test_a_report_that_nobody_waits_for(store: Store):
    """A report of an SMS that somebody else has sent is shown as it came, a minute later and once; if the id comes even
    then, it still counts."""
    event = await receive(store, report("failed"))
    assert await store.sms_followed.show_late_reports(now=NOW + timedelta(seconds=59)) == 0
    assert (store.events.get(event).fate, store.sorting.waiting()) == (Fate.SMS, 0)

    shown = [await store.sms_followed.show_late_reports(now=NOW + timedelta(minutes=1)) for _ in range(2)]
    assert (shown, store.events.get(event).fate, store.sorting.waiting()) == ([1, 0], Fate.UNSORTED, 1)

    await sent(store)
    assert store.sms.get(1).stand is Stand.FAILED


async def test_reports_late_twice_and_out_of_order(store: Store):
    """Only what leads on is taken, whoever comes first; the audit log has a line for each time it moved."""
    await sent(store)
    for state in ("unknown", "pending", "delivered", "delivered", "failed", "Nonsense", "unknown"):
        await receive(store, report(state, key=f"id:{state}"))
        await receive(store, report(state, key=f"id:again/{state}"))

    assert store.sms.get(1).stand is Stand.DELIVERED
    lines = list(store.audit.lines(subject="sms:1"))
    assert [line.deed.action for line in lines] == ["unknown", "delivered"]
    assert all(TEXT not in str(line) for line in store.audit.lines())


async def test_a_report_about_another_sim(store: Store):
    """A report that names another SIM changes nothing and is shown; the SIM's other spelling is the same SIM."""
    await sent(store)

    await receive(store, report("failed", giccid="8949212600000000999"))
    assert store.sms.get(1).stand is Stand.PENDING
    await receive(store, report("delivered", giccid=GICCID[:-1]))

    assert store.sms.get(1).stand is Stand.DELIVERED
    assert [store.events.get(n).sms for n in (1, 2)] == [None, 1]


async def test_one_id_for_two(store: Store):
    """An id that SmartHub gives twice follows the first; the second is kept and says why nobody can know more."""
    await sent(store)
    await sent(store, giccid="8949212600000000159")

    second = store.sms.get(2)
    assert (second.stand, second.sms_id, second.next_look_at) == (Stand.UNKNOWN, None, None)
    assert "id of another SMS" in str(second.why)


async def test_an_unsure_one(store: Store):
    """An SMS whose answer was lost is unsure in its conversation, and what a person says of it later ends that."""
    request = await sent(store, id=None, state=State.UNSURE)
    assert store.sms.get(1).stand is Stand.UNSURE

    await end(store, request, State.DONE)

    assert (store.sms.get(1).stand, store.sms.get(1).why) == (Stand.UNKNOWN, "It is done.")
    assert store.sms_followed.due(NOW + timedelta(days=99), limit=9) == ()


@pytest.mark.parametrize("state", [State.FAILED, State.DENIED, State.WITHDRAWN, State.LAPSED])
async def test_what_was_never_sent_begins_no_conversation(store: Store, state: State):
    """A request that came to nothing leaves no SMS, no thread and no card."""
    await sent(store, id=None, state=state)

    assert (store.sms.newest(limit=9), waiting(store)) == ((), [])
    with pytest.raises(NotFound):
        store.sms.thread(1)


async def test_looks_are_noted(store: Store):
    """A look that tells nothing puts the next one off, and a report that came in between wins over one."""
    await sent(store)
    at = NOW + timedelta(seconds=30)
    await store.sms_followed.note_look(1, SmsState.PENDING, at=None, answered=True, now=at)
    assert store.sms.get(1).next_look_at == at + timedelta(minutes=1)

    await receive(store, report("delivered"))
    await store.sms_followed.note_look(1, SmsState.UNKNOWN, at=None, answered=True, now=at)
    await store.sms_followed.note_look(99, None, at=None, answered=True, now=at)

    assert (store.sms.get(1).stand, store.sms.get(1).looks) == (Stand.DELIVERED, 1)


async def test_those_of_a_job_wait_behind_others(store: Store):
    """Of what is to be looked at, what somebody wrote comes before what a job has sent, however old that is."""
    order = Order(Operation.SMS, text=TEXT)

    def job(db: sqlite3.Connection) -> None:
        for n in range(5):
            store.sms.on_call(db, order, (f"{n:019}", "x"), job=1, taken_as=f"job-{n}", now=NOW - timedelta(hours=1))

    await store.disk.write(job)
    await sent(store)

    due = store.sms_followed.due(NOW + timedelta(hours=1), limit=3)
    assert [message.job for message in due] == [None, 1, 1]
    assert waiting(store) == [("sms-thread:1", None), ("sms:6", "sms-thread:1")]
    await receive(store, report("delivered", id="job-0", giccid=None))
    assert (store.sms.get(1).stand, len(waiting(store))) == (Stand.DELIVERED, 2)


# --- from devices ---


async def test_an_sms_from_a_device(store: Store):
    """It is in its SIM's conversation under the label of the snapshot, whichever spelling it names, with no card of its
    own among the notifications."""
    sim = Sim(giccid=GICCID, status=Status.ACTIVE, status_word="ACTIVATED", account="acme")
    await store.sims.remember(sim, label="Pump 7", now=NOW)

    await receive(store, incoming(giccid=GICCID[:-1]))

    message, thread = store.sms.get(1), store.sms.thread(1)
    assert (message.stand, message.label, message.giccid, message.body) == (
        Stand.RECEIVED, "Pump 7", GICCID, "BATT 12% LOW",
    )  # fmt: skip
    assert (thread.label, thread.account, thread.received, thread.sent) == ("Pump 7", "acme", 1, 0)
    assert waiting(store) == [("sms-thread:1", None), ("Pump 7: BATT 12% LOW", "sms-thread:1")]
    assert store.events.of_sim([GICCID]) == ()


async def test_the_same_one_comes_again(store: Store):
    """One SMS is one, also under another event's id; another text under the same id is another SMS, and not lost."""
    await receive(store, incoming())
    await receive(store, incoming())
    await receive(store, incoming(key="id:other"))
    assert len(store.sms.newest(limit=9)) == 1

    await receive(store, incoming("other words", key=f"id:mo-1/{digest_of('BATT 12% LOW')}"))
    await receive(store, incoming("third", key="id:third"))

    assert [(m.body, m.sms_id) for m in store.sms.newest(limit=9)] == [
        ("third", None), ("other words", None), ("BATT 12% LOW", "mo-1"),
    ]  # fmt: skip
    assert store.sms.thread(1).received == 3


async def test_from_a_sim_that_nobody_knows(store: Store):
    """An SMS from a SIM that is in no snapshot has a conversation under its number; one that names none is shown as a
    notification."""
    await receive(store, incoming(giccid="not a number <!here>"))
    await receive(store, incoming(giccid=None, key="id:2"))
    await receive(store, replace(incoming(key="id:3"), flaw="broken"))

    assert store.sms.thread(1).label == "not a number <!here>"
    assert [store.events.get(n).sms for n in (1, 2, 3)] == [1, None, None]
    assert {store.events.get(n).fate for n in (1, 2, 3)} == {Fate.UNSORTED}


async def test_a_conversation_moves_to_another_channel(store: Store):
    """When the channel of the configuration is another one, the conversation begins anew there with the next SMS."""
    await receive(store, incoming())
    await store.disk.write(
        lambda db: db.execute("INSERT INTO cards (subject, channel, ts) VALUES ('sms-thread:1', 'C9', '1.1')")
    )
    store.sms.keeping = Keeping(channel="C10")

    await receive(store, incoming("two", id="mo-2"))

    assert (store.sms.thread(1).channel, store.outbox.place("sms-thread:1")) == ("C10", None)


# --- texts ---


async def test_texts_go_when_their_time_is_over(store: Store):
    """After the time for keeping, the text is in no column of any table; length, digest and who did what stay."""
    await sent(store)
    await receive(store, incoming(TEXT))
    await receive(store, incoming(TEXT + "!", key=f"id:mo-1/{digest_of(TEXT)}"))
    assert "secret-4711" in everything(store)
    keep, later = timedelta(days=90), NOW + timedelta(days=90)

    assert await store.sms_texts.take_out(keep=keep, now=later) == 0
    await store.disk.write(lambda db: db.execute("UPDATE outbox SET text = NULL, blocks = NULL"))  # it was delivered
    while await store.sms_texts.take_out(keep=keep, now=later + timedelta(seconds=1)):
        pass

    assert "secret-4711" not in everything(store)
    assert [(m.body, m.length) for m in store.sms.newest(limit=9)] == [(None, 24), (None, 23), (None, 23)]
    assert store.sms.get(1).digest == digest_of(TEXT)
    assert store.approvals.get(1).order == Order(Operation.SMS, validity=store.sms.get(1).validity)
    assert store.events.get(1).push.facts == {"sms_id": "mo-1"}
    assert b"SHA-256" in store.events.get(1).push.body


@pytest.mark.parametrize(("under", "goes"), [("sms-thread:1", True), ("sms:1", True), ("approval:1", False)])
async def test_what_slack_never_took(store: Store, under: str, goes: bool):
    """A message with the text of an SMS that Slack refused in every form loses it with the others; no other does."""
    await store.outbox.add([Note("C9", "secret-4711", ({"type": "divider"},), under=under)], now=NOW)
    await store.disk.write(lambda db: db.execute("UPDATE outbox SET state = 'failed'"))

    while await store.sms_texts.take_out(keep=timedelta(days=1), now=NOW + timedelta(days=2)):
        pass

    assert ("secret-4711" not in everything(store)) == goes


async def test_texts_that_are_not_kept(store: Store):
    """Where texts are not kept, none is in the store but what still waits for Slack, nor in the log of the store."""
    store.sms.keeping = Keeping(channel="C9", keep=None)
    await sent(store)
    await receive(store, incoming(TEXT))
    assert await receive(store, incoming(TEXT)) == 1
    await store.disk.write(lambda db: db.execute("UPDATE outbox SET text = NULL, blocks = NULL"))

    assert "secret-4711" not in everything(store)
    assert store.sms.get(2).length == len(TEXT)
    assert store.events.get(1).push.facts["length"] == len(TEXT)
    assert waiting(store)[-1] == (None, "sms-thread:1")


async def test_what_cannot_be_read_goes_a_day_later(store: Store):
    """Where texts are not kept, a notification that cannot be read as an SMS is there for a day."""
    store.sms.keeping = Keeping(channel="C9", keep=None)
    await receive(store, Push("mo-sms", "digest:1", b"secret-4711", None, flaw="It is not JSON."))

    await store.sms_texts.take_out(keep=None, now=NOW + timedelta(hours=23))
    assert "secret-4711" in str(store.events.get(1).push.body)
    await store.sms_texts.take_out(keep=None, now=NOW + timedelta(hours=25))
    assert "secret-4711" not in str(store.events.get(1).push.body)


async def test_an_open_request_keeps_its_text(store: Store):
    """What waits for a yes is needed; an unsure one that nobody settles loses its text a month after the others."""
    await sent(store, id=None, state=State.UNSURE)
    await store.sms_texts.take_out(keep=timedelta(days=1), now=NOW + timedelta(days=30))
    assert store.approvals.get(1).order.text == TEXT

    await store.sms_texts.take_out(keep=timedelta(days=1), now=NOW + timedelta(days=32))
    assert store.approvals.get(1).order.text is None


async def test_looking_for_texts_follows_an_index(store: Store):
    """None of what is looked for every few minutes goes through a whole table of SMS, requests or notifications."""
    db = store.disk.reader
    looks = [
        """SELECT id FROM approvals WHERE operation = 'sms' AND json_extract("order", '$.text') IS NOT NULL
           AND asked_at < '2'""",
        "SELECT id FROM sms WHERE body IS NOT NULL AND made_at < '2'",
        "SELECT id FROM events WHERE name = 'mo-sms' AND bare = 0 AND received_at < '2'",
        """SELECT * FROM sms WHERE next_look_at IS NOT NULL AND job IS NULL AND next_look_at <= '2'
           ORDER BY next_look_at""",
        "SELECT id FROM sms_reports WHERE shown = 0 AND received_at <= '2'",
        """SELECT id FROM jobs WHERE ended_at IS NOT NULL AND json_extract("order", '$.text') IS NOT NULL
           AND ended_at < '2'""",
        """SELECT id FROM lists WHERE operation = 'sms' AND json_extract(detail, '$.text') IS NOT NULL
           AND made_at < '2'""",
    ]
    plans = [" ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {look}")) for look in looks]

    assert [plan for plan in plans if "SCAN" in plan or "TEMP B-TREE" in plan] == []


# --- limits ---


async def test_no_more_than_the_limit_even_at_once(store: Store):
    """Of many that ask in one moment only as many get through as the limit allows, for a person and for a SIM."""
    store.sms.limits = Limits(by_person=3, to_sim=2)

    async def ask(n: int, by: str) -> bool:
        request = asked(Operation.SMS, id=0, giccid=f"{n:019}", asked_by=by, asked_at=NOW)
        try:
            await store.approvals.add(request, deed=Deed(by, "asked", "approval"), messages=lambda _: [])
        except NotPossible:
            return False
        return True

    assert sum(await asyncio.gather(*(ask(n, "U1") for n in range(9)))) == 3
    assert sum(await asyncio.gather(*(ask(77, f"U{n}") for n in range(2, 9)))) == 2


# --- drafts ---


async def write(store: Store, text: str = TEXT, *, ts: str = "1.1") -> None:
    """A reply in the thread."""
    await store.sms_drafts.wrote(1, by="U1", ts=ts, text=text, channel="C9", now=NOW)


async def test_a_draft_is_taken_once(store: Store):
    """However many press at once, the writer alone gets it, and once; the question stands in the thread."""
    await write(store)
    assert waiting(store) == [("sms-draft:1", "sms-thread:1")]

    tries = [store.sms_drafts.take(1, by=by, now=NOW) for by in ("U1", "U2", "U1", "U1")]
    got = await asyncio.gather(*tries, return_exceptions=True)

    assert [type(one).__name__ for one in got] == ["Draft", "NotAllowed", "NotPossible", "NotPossible"]
    with pytest.raises(NotAllowed):
        await store.sms_drafts.discard(1, by="U2", channel="C9", now=NOW)
    with pytest.raises(NotFound):
        await store.sms_drafts.take(9, by="U1", now=NOW)


async def test_a_draft_becomes_its_sms(store: Store):
    """The question's own place shows the SMS it became, whose text is kept there alone."""
    await sent(store)
    await write(store)
    await store.sms_drafts.take(1, by="U1", now=NOW)
    request = asked(Operation.SMS, id=0, asked_at=NOW, state=State.RUNNING)
    stored = await store.approvals.add(request, deed=Deed("U1", "asked", "approval"), messages=lambda _: [])
    await store.sms_drafts.sent(1, request=stored.id, channel="C9", now=NOW)

    await end(store, stored, State.DONE, id="sms-2")

    assert store.sms.get(2).subject == "sms-draft:1"
    assert (store.sms_drafts.get(1).state, store.sms_drafts.get(1).text) == (DraftState.SENT, None)
    assert [what for what, _ in waiting(store)].count("sms-draft:1") == 1


async def test_a_draft_is_written_anew(store: Store):
    """The same message once more is nothing new; edited, the question is about the new words, until it is answered."""
    await write(store)
    await write(store)
    await write(store, "other words")
    assert store.sms_drafts.get(1).text == "other words"

    await store.sms_drafts.discard(1, by="U1", channel="C9", now=NOW)
    await write(store, "third")
    assert store.sms_drafts.get(1).text is None
    with pytest.raises(NotFound):
        store.sms_drafts.get(2)


async def test_a_draft_that_was_taken_when_the_bot_was_stopped(store: Store):
    """It is not sent again and says so; one that was given back can be sent."""
    await write(store)
    await store.sms_drafts.take(1, by="U1", now=NOW)
    await store.sms_drafts.give_back(1)
    await store.sms_drafts.take(1, by="U1", now=NOW)

    assert await store.sms_drafts.recover(channel="C9", now=NOW) == 1

    await store.sms_drafts.give_back(1)
    with pytest.raises(NotPossible, match="sent already"):
        await store.sms_drafts.take(1, by="U1", now=NOW)


async def test_questions_nobody_answers_end(store: Store):
    """A question that nobody answers for a day is over, and its text gone."""
    await write(store)

    await store.sms_texts.take_out(keep=timedelta(days=90), now=NOW + timedelta(days=2))

    assert (store.sms_drafts.get(1).state, store.sms_drafts.get(1).text) == (DraftState.DISCARDED, None)
