"""The notifications SmartHub sends: what each of the nine says about a SIM. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.simulator.fleet import written

Row = dict[str, object]

EVENTS = (
    "mo-sms", "mt-sms-status", "cycle-usage", "imei-change", "no-session",
    "package-expired", "package-traffic", "sim-status-change", "apn-status-change",
)  # fmt: skip
HOURS_WITHOUT_SESSION = 48
# Where a SIM most likely goes from the state it is in; nothing comes after RETIRED.
NEXT: Mapping[object, str] = {
    "INVENTORY": "TEST_READY",
    "TEST_READY": "ACTIVATION_READY",
    "ACTIVATION_READY": "ACTIVATED",
    "ACTIVATED": "DEACTIVATED",
    "DEACTIVATED": "ACTIVATED",
}


def payload(event: str, sim: Row, *, event_id: str, now: datetime, fields: Mapping[str, object]) -> Row:
    """The body of a notification about this SIM; `fields` are put over it. KeyError for an unknown event."""
    frame: Row = {
        "eventId": event_id,
        "eventTime": written(now),
        "giccid": sim["giccid"],
        "iccid": sim["iccid"],
        "accountName": sim["accountName"],
    }
    return {**frame, **_all_nine(sim, now, fields)[event], **fields}


def said_back(text: str) -> str:
    """What a device sends when it got this."""
    known = {"PING": "PONG", "STATUS": "BATT 87% RSSI -71 dBm UP 4d", "REBOOT": "REBOOTING, back in 30 s"}
    return known.get(text.strip().upper(), f"OK {text[:100]}")


def _silent_since(now: datetime, hours: object) -> str:
    """The last session of a SIM that has been silent for that long, as SmartHub writes it."""
    known = isinstance(hours, int | float) and 0 <= hours <= 1_000_000
    return written(now - timedelta(hours=float(str(hours)) if known else HOURS_WITHOUT_SESSION))


def _all_nine(sim: Row, now: datetime, fields: Mapping[str, object]) -> Mapping[str, Row]:
    at = written(now)
    quota, cycle, plan = sim["cycleQuotaBytes"], sim["cycleName"], sim["servicePackage"]
    expires = sim["servicePackageExpireTime"] or at
    hours = fields.get("hoursWithoutSession", HOURS_WITHOUT_SESSION)
    total = quota if isinstance(quota, int) else 0
    used = max(int(total * 0.8), sim["cycleUsageBytes"] if isinstance(sim["cycleUsageBytes"], int) else 0)
    return {
        "mo-sms": {"smsMsgId": f"mo-{at}", "messageText": "BATT 12% LOW", "dataCoding": 0, "receivedTime": at},
        "mt-sms-status": {"smsMsgId": "sms-000001", "status": "DELIVERED", "reportTime": at},
        "cycle-usage": {"cycleName": cycle, "usageBytes": used, "thresholdBytes": int(total * 0.8)},
        "imei-change": {"oldImei": sim["imei"], "newImei": "356938035643809"},
        "no-session": {"lastSessionTime": _silent_since(now, hours), "hoursWithoutSession": HOURS_WITHOUT_SESSION},
        "package-expired": {"servicePackage": plan, "expireTime": expires},
        "package-traffic": {"servicePackage": plan, "totalBytes": total, "usedBytes": used, "thresholdPercent": 80},
        "sim-status-change": _move(sim["status"]),
        "apn-status-change": {"apn": "iot.smarthub", "oldStatus": "ENABLED", "newStatus": "DISABLED"},
    }


def _move(status: object) -> Row:
    if status not in NEXT:
        return {"oldStatus": "DEACTIVATED", "newStatus": status}
    return {"oldStatus": status, "newStatus": NEXT[status]}
