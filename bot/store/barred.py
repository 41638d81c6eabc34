"""Which SIMs a bulk job must not touch at this moment, whatever was true when it was asked for."""

from __future__ import annotations

import sqlite3

from bot.rules.orders import Order
from bot.rules.sims import Operation
from bot.store.approvals import OPEN_STATES


def barred_among(db: sqlite3.Connection, job: int, order: Order, giccids: str) -> dict[str, str]:
    """Why each of these SIMs (JSON, a list of GICCIDs) must not be touched, for those that must not."""
    among = "FROM json_each(?) AS w CROSS JOIN"
    shields = db.execute(f"SELECT p.giccid, p.by {among} protected p ON p.giccid = w.value", (giccids,)).fetchall()
    barred = {row["giccid"]: f"It is protected by <@{row['by']}>." for row in shields}
    if order.operation is Operation.SMS:  # an SMS changes nothing
        return barred
    requests = db.execute(
        f"SELECT a.giccid, a.id {among} approvals a ON a.giccid = w.value"
        f" WHERE a.operation != 'sms' AND a.state IN ({OPEN_STATES})",
        (giccids,),
    )
    barred |= {row["giccid"]: f"Request #{row['id']} for this SIM is still open." for row in requests}
    others = db.execute(
        f"SELECT s.giccid, s.job {among} job_sims s ON s.giccid = w.value"
        " WHERE s.job != ? AND s.stage IN ('sent', 'taken', 'lost')",
        (giccids, job),
    )
    return barred | {row["giccid"]: f"Job #{row['job']} is changing this SIM." for row in others}
