"""The notifications SmartHub sends: what each of the nine says about a SIM. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.simulator.fleet import written

Row = dict[str, object]

EVENTS = (
    "mo-sms", "mt-sms-status", "cycle-usage", "imei-change", "no-session",
    "package-expired", "package-traffic", "sim-status-change", "apn-status-change",
)  # fmt: skip


def payload(event: str, sim: Row, *, event_id: str, now: datetime, fields: Mapping[str, object]) -> Row:
    """The body of a notification about this SIM; `fields` are put over it. KeyError for an unknown event."""
    at = written(now)
    frame: Row = {
        "eventId": event_id,
        "eventTime": at,
        "giccid": sim["giccid"],
        "iccid": sim["iccid"],
        "accountName": sim["accountName"],
    }
    return {**frame, **_all_nine(sim, at)[event], **fields}


def _all_nine(sim: Row, at: str) -> Mapping[str, Row]:
    quota, cycle, plan = sim["cycleQuotaBytes"], sim["cycleName"], sim["servicePackage"]
    expires, last = sim["servicePackageExpireTime"] or at, sim["lastSessionTime"]
    total = quota if isinstance(quota, int) else 0
    used = max(int(total * 0.8), sim["cycleUsageBytes"] if isinstance(sim["cycleUsageBytes"], int) else 0)
    return {
        "mo-sms": {"smsMsgId": f"mo-{at}", "messageText": "BATT 12% LOW", "dataCoding": 0, "receivedTime": at},
        "mt-sms-status": {"smsMsgId": "sms-000001", "status": "DELIVERED", "reportTime": at},
        "cycle-usage": {"cycleName": cycle, "usageBytes": used, "thresholdBytes": int(total * 0.8)},
        "imei-change": {"oldImei": sim["imei"], "newImei": "356938035643809"},
        "no-session": {"lastSessionTime": last, "hoursWithoutSession": 48},
        "package-expired": {"servicePackage": plan, "expireTime": expires},
        "package-traffic": {"servicePackage": plan, "totalBytes": total, "usedBytes": used, "thresholdPercent": 80},
        "sim-status-change": {"oldStatus": "ACTIVATED", "newStatus": sim["status"]},
        "apn-status-change": {"apn": "iot.smarthub", "oldStatus": "ENABLED", "newStatus": "DISABLED"},
    }
