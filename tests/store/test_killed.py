"""A bot that is killed in the middle of writing has lost nothing that it had acknowledged."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import Store
from tests.forked import Forked

# Writes events, audit lines and deliveries without end, many side by side, and says which ones are acknowledged.
PROGRAM = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from bot.rules.audit import Deed
from bot.rules.events import Push
from bot.store import Store
from bot.store.audit import write_down

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
store = Store(Path(sys.argv[1]))
base = int(sys.argv[2])

async def one(worker):
    n = base + worker
    while True:
        push = Push(name="mo-sms", key=f"id:{n}", body=b"{}", giccid="1")
        await store.events.receive(push, window=timedelta(hours=1), now=NOW)
        sys.stdout.write(f"event {n}\\n"); sys.stdout.flush()
        await store.disk.write(lambda db: write_down(db, Deed("U1", "asked", f"approval:{n}"), at=NOW))
        sys.stdout.write(f"audit {n}\\n"); sys.stdout.flush()
        n += 20

async def main():
    await asyncio.gather(*(one(worker) for worker in range(20)))

asyncio.run(main())
"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_at_any_moment(tmp_path: Path, seed: int):
    """All that was reported as written is in the file after kill -9, whole, with its card, and the chain holds."""
    path = tmp_path / "simops.db"
    chance = random.Random(seed)  # noqa: S311 - when to kill is no secret
    said: list[str] = []
    for life in range(2):
        base = str(life * 1_000_000)
        with closing(Forked("-c", PROGRAM, str(path), base)) as bot:
            wanted = chance.randint(1, 150)
            said += [bot.stdout.readline().decode() for _ in range(wanted)]
            bot.kill()
            said += [line.decode() for line in bot.stdout if line.endswith(b"\n")]

    store = Store(path)
    keys = {row["key"] for row in store.disk.reader.execute("SELECT key FROM events")}
    subjects = {line.deed.subject for line in store.audit.lines()}
    cards = store.disk.reader.execute("SELECT count(*) FROM outbox").fetchone()[0]

    assert len(said) >= 2
    assert {f"id:{line.split()[1]}" for line in said if line.startswith("event")} <= keys
    assert {f"approval:{line.split()[1]}" for line in said if line.startswith("audit")} <= subjects
    assert cards == len(keys)
    assert store.audit.verify() is None
    store.close()
    check = sqlite3.connect(path)
    assert check.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    check.close()
