"""The snapshot: each SIM as the last look over all of them saw it."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from bot.rules.sims import Sim
from bot.store.rows import when, when_or_none


def remember(db: sqlite3.Connection, sim: Sim, *, label: str, now: datetime) -> None:
    """Puts the SIM as it is seen now into the snapshot, inside the transaction that looks at it."""
    db.execute(
        "INSERT INTO sims (giccid, label, status, account, plan, cycle, usage_bytes, quota_bytes, plan_expires_at,"
        " seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (giccid) DO UPDATE SET label = excluded.label,"
        " status = excluded.status, account = excluded.account, plan = excluded.plan, cycle = excluded.cycle,"
        " usage_bytes = excluded.usage_bytes, quota_bytes = excluded.quota_bytes,"
        " plan_expires_at = excluded.plan_expires_at, seen_at = excluded.seen_at",
        (
            sim.giccid,
            label,
            sim.status_word if sim.status is None else sim.status.value,
            sim.account,
            sim.plan,
            sim.cycle,
            sim.usage_bytes,
            sim.quota_bytes,
            when_or_none(sim.plan_expires_at),
            when(now),
        ),
    )


def named(db: sqlite3.Connection, giccid: str | None) -> tuple[str | None, str | None]:
    """The label and the account under which the snapshot knows this SIM."""
    row = db.execute("SELECT label, account FROM sims WHERE giccid = ?", (giccid,)).fetchone()
    return (None, None) if row is None else (row["label"], row["account"])
