"""A store that version 0.1.0 wrote is opened by this one with all that was in it, and goes on from there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from bot.errors import NotPossible
from bot.rules.alerts import State as AlertState
from bot.rules.approvals import State
from bot.rules.audit import FIRST, Deed, seal
from bot.rules.audit_questions import about_sim
from bot.rules.orders import Order
from bot.rules.outbox import Card
from bot.rules.sims import Operation
from bot.store import Store
from bot.store.audit import write_down
from bot.store.rows import time_or_none
from bot.store.schema import SCHEMA
from bot.views import alerts as alert_view
from bot.views import approvals as view
from tests.asked import NOW, asked
from tests.store.asking import add, moved, swap
from tests.views.drawn import sound

# What 0.1.0 (schema 0004) had on disk after a working day, as `sqlite3 simops.db .dump` writes it: requests and alerts
# in every state, notifications, messages on their way, and the audit of all of it.
RELEASED = Path(__file__).parents[1] / "samples" / "stores" / "0.1.0.sql"
SAME = (
    "id", "giccid", "label", "account", "reason", "asked_by", "asked_in", "version", "decided_by", "why", "outcome",
)  # fmt: skip
TIMES = ("asked_at", "lapses_at", "decided_at", "unsure_since", "next_look_at", "ended_at")


def write_released(path: Path) -> Path:
    """The file as 0.1.0 left it."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(RELEASED.read_text("utf-8"))
    return path


def released(table: str) -> list[sqlite3.Row]:
    """The rows as 0.1.0 wrote them."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.row_factory = sqlite3.Row
        db.executescript(RELEASED.read_text("utf-8"))
        return db.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()  # noqa: S608 - names of ours


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Store]:
    """The released store, opened by this version."""
    opened = Store(write_released(tmp_path / "simops.db"))
    yield opened
    opened.close()


def test_the_sample_is_the_released_one():
    """The sample stops where 0.1.0 did, and has a row for each state a request or an alert could have then."""
    names = [row["name"] for row in released("_sqlite_migrations")]

    assert names == ["0001_first", "0002_outbox", "0003_other_words", "0004_refused"]
    assert {row["state"] for row in released("approvals")} == set(State) - {State.COOLING}
    assert {row["state"] for row in released("alerts")} == set(AlertState)


@pytest.mark.parametrize("row", released("approvals"), ids=lambda row: f"{row['id']}-{row['state']}")
def test_every_request_is_as_it_was(old: Store, row: sqlite3.Row):
    """Each request says what it said, under the one policy there was: one approver, and retiring at once."""
    found = old.approvals.get(row["id"])

    assert {name: getattr(found, name) for name in SAME} == {name: row[name] for name in SAME}
    assert {name: getattr(found, name) for name in TIMES} == {name: time_or_none(row[name]) for name in TIMES}
    assert (found.state, found.refused) == (State(row["state"]), bool(row["refused"]))
    assert found.order == Order(Operation(row["operation"]))
    assert found.stage is found.operation
    assert found.before.status == (row["status_before"] or "unknown")
    assert (found.policy.name, found.policy.people, found.policy.cooling_off) == ("everything else", 1, timedelta(0))
    assert (found.count, found.votes, found.drift, found.glass, found.unreviewed) == (1, (), (), None, False)


@pytest.mark.parametrize("row", released("approvals"), ids=lambda row: f"{row['id']}-{row['state']}")
def test_every_request_has_its_card(old: Store, row: sqlite3.Row):
    """The card of each request can be redrawn: it says where it stands, who decided, and who has to, still."""
    found = old.approvals.get(row["id"])
    card = view.card(found, undo_within=timedelta(days=1), now=NOW)

    assert ("❌ Refused" if found.refused else view.MARKS[found.state]) in card.text
    assert (f"<@{found.decided_by}>" in card.text) is (found.decided_by is not None)
    assert ("still one approver or admin" in str(card.blocks)) is (found.state is State.PENDING)
    sound(card, people=["U1", "U2"])


async def test_what_was_open_goes_on(old: Store):
    """Each list finds what it holds; what waited can be decided, its SIM is taken, and the next number is a new one."""
    look = old.approvals
    waiting = look.waiting()

    assert [request.id for request in waiting] == [1, 2]
    assert [request.id for request in look.running()] == [3]
    assert [request.id for request in look.unsure()] == [6]
    assert [request.id for request in look.asked_by("U1")] == [1, 2, 3, 6]
    assert [request.id for request in look.of_sim(look.get(4).giccid or "")] == [10, 4]
    assert look.unreviewed() == look.cooled_by(NOW) == ()
    with pytest.raises(NotPossible, match=r"Request #1 \(suspend, pending\) for this SIM is still open"):
        await add(old, asked(giccid=waiting[0].giccid))
    assert await swap(old, waiting[0], moved(waiting[0], State.RUNNING))
    assert not await swap(old, waiting[0], moved(waiting[0], State.DENIED))
    assert (await add(old, asked())).id == len(released("approvals")) + 1


@pytest.mark.parametrize("row", released("alerts"), ids=lambda row: f"{row['id']}-{row['state']}")
def test_every_alert_is_as_it_was(old: Store, row: sqlite3.Row):
    """Each alert holds what was found and what was done about it, and can be drawn."""
    alert = old.alerts.get(row["id"])
    found = alert.finding

    assert (found.giccid, found.label, found.threshold, found.cycle) == (
        row["giccid"], row["label"], row["threshold"], row["cycle"],
    )  # fmt: skip
    assert (found.value, found.whole, found.expires_at) == (row["value"], row["whole"], time_or_none(row["expires_at"]))
    assert (alert.state, alert.version, alert.by) == (AlertState(row["state"]), row["version"], row["by"])
    assert (alert.at, alert.until) == (time_or_none(row["at"]), time_or_none(row["until"]))
    sound(alert_view.card(alert, snooze_for="1 d"), people=["U2"])


def test_the_alerts_that_hold(old: Store):
    """The lists of alerts find what they found before."""
    live = {row["id"] for row in released("alerts") if row["state"] in ("open", "acknowledged", "snoozed")}

    assert {alert.id for alert in old.alerts.live()} == live
    assert old.alerts.count_live() == len(live)
    assert [alert.id for alert in old.alerts.of_sim("8949212600000000001")] == [4, 3]
    assert [alert.id for alert in old.alerts.snoozed_until(NOW + timedelta(days=2))] == [4]


async def test_the_chain_of_the_audit_holds(old: Store):
    """Every line stands as it was sealed, is found by its SIM, and the next line is sealed onto the last one."""
    before = released("audit")
    lines = list(old.audit.lines())

    assert old.audit.verify() is None
    assert [(line.id, line.deed.actor, line.deed.action, line.deed.subject, line.seal) for line in lines] == [
        (row["id"], row["actor"], row["action"], row["subject"], row["seal"]) for row in before
    ]
    assert lines[0].previous == FIRST
    assert all(line.seal == seal(id=line.id, at=line.at, deed=line.deed, previous=line.previous) for line in lines)
    giccid = old.approvals.get(7).giccid or ""
    assert [line.deed.action for line in old.audit.lines(about_sim(giccid))] == ["asked", "denied"]
    await old.disk.write(lambda db: write_down(db, Deed("U9", "asked", "approval:99"), at=NOW))
    last = old.audit.last()
    assert last is not None
    assert (last.id, last.previous, old.audit.verify()) == (len(before) + 1, before[-1]["seal"], None)


def test_whoever_tampered_before_is_still_found_out(tmp_path: Path):
    """A line that was changed in the old file is named after the migration as before."""
    path = write_released(tmp_path / "simops.db")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE audit SET actor = 'U9' WHERE id = 5")
    store = Store(path)

    assert store.audit.verify() == "Line 5 was changed after it was written."
    store.close()


async def test_all_else_is_there(old: Store):
    """Messages on their way, cards, notifications, deliveries, runs and the store's own name are as they were."""
    waiting = [row for row in released("outbox") if row["state"] in ("waiting", "sending")]
    [name] = released_names()

    assert old.outbox.depth() == len(waiting)
    assert [left.what for left in old.outbox.left_sending()] == [Card("alert:1", "C0ALERTS")]
    assert old.outbox.set_aside() == 1
    assert old.outbox.mark(old.outbox.heads()[0]).startswith(f"{name}/")
    assert old.outbox.place("approval:1") is not None
    event = old.events.get(1)
    assert (event.push.facts, event.repeats, event.other_body) == (
        {"text": "BATT 12%", "at": datetime.fromisoformat("2026-11-22T09:30:00.123456+00:00")},
        2, b'{"text": "BATT 11%"}',
    )  # fmt: skip
    assert old.events.get(2).push.flaw == "it is not JSON"
    assert not await old.deliveries.first_time("Ev0001", now=NOW)
    assert old.runs.last()["alerts"][1] == "5 SIMs; 10 alerts raised"
    # What SmartHub knows is read from it anew.
    assert old.sims.size().count == 0


def released_names() -> list[str]:
    """The name of the store."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(RELEASED.read_text("utf-8"))
        return [row[0] for row in db.execute("SELECT name FROM identity")]


def test_it_is_migrated_once(tmp_path: Path):
    """Opened a second time the store is as the first time left it."""
    path = write_released(tmp_path / "simops.db")

    def content() -> list[str]:
        Store(path).close()
        with closing(sqlite3.connect(path)) as db:
            return list(db.iterdump())

    assert content() == content()


class Dying(sqlite3.Connection):
    """A connection of a process that ends after so many statements."""

    left = 10_000

    def execute(self, *args: Any) -> sqlite3.Cursor:
        """As always, until it is over."""
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().execute(*args)


@cache
def image() -> bytes:
    """The released store, as SQLite keeps it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(RELEASED.read_text("utf-8"))
        return db.serialize()


def migrated(db: Dying, here: bytes, *, statements: int = 10_000) -> bool:
    """Whether the migrations of this store ended before the process did; what it had begun is gone with it."""
    db.deserialize(here)
    db.left = statements
    try:
        SCHEMA.apply(Database(db))
    except KeyboardInterrupt:
        db.rollback()
        return False
    return True


@contextmanager
def in_memory() -> Iterator[Dying]:
    """An empty store that lets a process get to so many statements."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Dying)) as db:
        yield db


def content(db: Dying) -> tuple[str, ...]:
    """All that is in it, but for when each migration was made."""
    db.left = 10_000
    lines = (line for line in db.iterdump() if '"_sqlite_migrations" VALUES' not in line)
    made = db.execute("SELECT name FROM _sqlite_migrations ORDER BY name").fetchall()
    return (*lines, *(name for (name,) in made))


def test_ended_at_any_statement():
    """Whichever statement of the migration is the last one a process gets to, the next start makes the same of it."""
    with in_memory() as db:
        assert migrated(db, image())
        whole = content(db)
    here, ended, tried, met = image(), False, 0, set[tuple[str, ...]]()
    while not ended:
        # From what the last process has left, one statement more each time, until something else is left.
        for statements in count():
            with in_memory() as db:
                ended = migrated(db, here, statements=statements)
                left, tried = content(db), tried + 1
                if ended or left not in met:
                    here = db.serialize()
                    break
        met.add(left)
        with in_memory() as db:
            assert migrated(db, here)
            assert content(db) == whole
    assert tried > 50
    assert len(met) > 3
