"""How many SMS may be asked for in an hour, counted where the request is written: of many at once none gets past."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from bot.rules.approvals import Approval
from bot.rules.conversations import Limits, check_limits
from bot.rules.sims import Operation
from bot.store.rows import when

ASKED = (
    "SELECT count(*) FROM approvals WHERE operation = 'sms' AND {} = ? AND asked_at > ?"
    " AND state NOT IN ('denied', 'withdrawn', 'lapsed')"
)
BY_JOBS = "SELECT count(*) FROM sms WHERE giccid = ? AND way = 'out' AND job IS NOT NULL AND made_at > ?"


def refuse_too_many(db: sqlite3.Connection, request: Approval, limits: Limits) -> None:
    """Raises NotPossible for a request that is one SMS too many, for whoever asks or for its SIM.

    What was refused by a person or has lapsed does not count; what jobs sent to the SIM does.
    """
    if request.operation is not Operation.SMS or request.giccid is None:
        return
    since = when(request.asked_at - timedelta(hours=1))
    by_person = db.execute(ASKED.format("asked_by"), (request.asked_by, since)).fetchone()[0]
    to_sim = db.execute(ASKED.format("giccid"), (request.giccid, since)).fetchone()[0]
    to_sim += db.execute(BY_JOBS, (request.giccid, since)).fetchone()[0]
    check_limits(limits, by_person=by_person, to_sim=to_sim)
