"""The audit log for admins in Slack, and its retention as a job."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import NotAllowed, StoreError
from bot.flows.audit import SHOWN, Audit, Settings
from bot.rules.audit import Deed
from bot.rules.audit_questions import ALL, about_request
from bot.rules.people import Person, Role
from bot.store import Store
from bot.store.audit import write_down

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ADMIN = Person("U1", Role.ADMIN)


class Held:
    """A clock that stands."""

    def now(self) -> datetime:
        """Always the same moment."""
        return NOW

    async def sleep(self, seconds: float) -> None:
        """No time passes."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store."""
    opened = Store(tmp_path / "simops.db")
    yield opened
    opened.close()


def audit(store: Store, *, keep: timedelta | None = None, archive: Path | None = None) -> Audit:
    """The flow with these settings."""
    return Audit(store=store, clock=Held(), settings=Settings(keep, archive))


async def fill(store: Store, count: int) -> None:
    """So many lines, the newest a day old, each a day before the next."""

    def work(db: sqlite3.Connection) -> None:
        for number in range(1, count + 1):
            deed = Deed("U1", "asked", f"approval:{number % 3}", {"reason": f"reason {number}"})
            write_down(db, deed, at=NOW - timedelta(days=count - number + 1))

    await store.disk.write(work)


async def test_the_newest_twenty(store: Store):
    """An admin sees the newest lines, the newest first, and that there are more."""
    await fill(store, 65)
    shown = await audit(store).show(about_request(1), by=ADMIN)

    assert "20 lines, the newest" in shown.text
    assert shown.text.index("reason 64") < shown.text.index("reason 61")
    assert "reason 63" not in shown.text
    assert shown.text.count("reason ") == SHOWN
    assert "older ones" in shown.text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_for_admins_alone(store: Store, role: Role):
    """Who is no admin is refused."""
    with pytest.raises(NotAllowed, match="admin"):
        await audit(store).show(ALL, by=Person("U1", role))


async def test_old_lines_go(store: Store, tmp_path: Path):
    """The job removes what is older than it has to be kept, says so, archives it, and has nothing to do again."""
    await fill(store, 10)
    flow = audit(store, keep=timedelta(days=4), archive=tmp_path / "archive")

    assert await flow.prune() == "6 old audit lines removed"
    assert await flow.prune() is None
    assert [line.id for line in store.audit.lines()] == [7, 8, 9, 10, 11]
    assert [file.name for file in (tmp_path / "archive").iterdir()] == ["audit-1-6.jsonl"]
    assert store.audit.verify() is None
    shown = await flow.show(ALL, by=ADMIN)
    assert "Lines up to 6 were removed by retention" in shown.text
    assert "kept for 4 d" in shown.text


async def test_kept_for_ever(store: Store):
    """Without a time to keep nothing is removed."""
    await fill(store, 3)

    assert await audit(store).prune() is None
    assert len(list(store.audit.lines())) == 3


async def test_what_was_begun_is_finished(store: Store):
    """A removal that was cut short goes on with the next run, also when lines are to be kept for ever by now."""
    await fill(store, 5)
    flow = audit(store, keep=timedelta(days=2))

    def full(db: sqlite3.Connection) -> None:
        db.execute("CREATE TRIGGER full BEFORE DELETE ON audit WHEN old.id = 2 BEGIN SELECT RAISE(FAIL, 'full'); END")

    await store.disk.write(full)
    with pytest.raises((StoreError, sqlite3.Error)):
        await flow.prune()
    assert store.audit.verify() is None
    await store.disk.write(lambda db: db.execute("DROP TRIGGER full").rowcount)

    assert await audit(store).prune() == "3 old audit lines removed"
    assert [line.id for line in store.audit.lines()] == [4, 5, 6]
    assert store.audit.verify() is None


async def test_a_log_that_is_not_whole_keeps_its_lines(store: Store):
    """The job fails in words where old lines were tampered with, and removes nothing."""
    await fill(store, 5)
    await store.disk.write(lambda db: db.execute("UPDATE audit SET actor = 'U9' WHERE id = 2").rowcount)

    with pytest.raises(StoreError, match="Line 2 was changed"):
        await audit(store, keep=timedelta(days=2)).prune()
    assert len(list(store.audit.lines())) == 5
