"""What we know of SmartHub, as data: its operations, the keys of its answers and of what we send, its words.

How sure each address is: DOCUMENTED stands on the provider's pages (https://apidoc-en.smh.smarthing.com), INFERRED
follows from a documented sibling, ASSUMED is our working choice. `docs/smarthub-openapi.yaml` holds the table in full.
An operator corrects all of it under [smarthub.operations], [smarthub.fields] and [smarthub.enums] in config.toml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Basis(StrEnum):
    """How sure an address is."""

    DOCUMENTED = "documented"
    INFERRED = "inferred"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class Endpoint:
    """One operation of SmartHub: what it is called here, where it is, and whether it changes something."""

    name: str
    method: str
    path: str
    basis: Basis
    changes: bool = False
    confirmed: bool = False

    @property
    def placeholders(self) -> frozenset[str]:
        """The names in braces that a path needs filled."""
        return frozenset(re.findall(r"{(\w+)}", self.path))

    @property
    def guessed(self) -> bool:
        """Whether the address is our own guess and nobody has confirmed it."""
        return self.basis is Basis.ASSUMED and not self.confirmed


def _reads(name: str, path: str, basis: Basis) -> Endpoint:
    return Endpoint(name, "GET", path, basis)


def _changes(name: str, method: str, path: str, basis: Basis) -> Endpoint:
    return Endpoint(name, method, path, basis, changes=True)


_SIM = "/global-sims/{giccid}"
_BATCH = "/batchJobs/global-sims"

# The names are the operationIds of docs/smarthub-openapi.yaml. SmartHub calls a suspend "deactivate":
# https://apidoc-en.smh.smarthing.com/230776858e0
ENDPOINTS: tuple[Endpoint, ...] = (
    _reads("listSims", "/global-sims", Basis.DOCUMENTED),
    _reads("listSimChangeLogs", "/global-sims/changeLogs", Basis.DOCUMENTED),
    _reads("getSim", _SIM, Basis.DOCUMENTED),
    _reads("getSimCustomFields", f"{_SIM}/custom-field", Basis.INFERRED),
    _changes("updateSimCustomFields", "PUT", f"{_SIM}/custom-field", Basis.DOCUMENTED),
    _changes("activateSim", "POST", f"{_SIM}/activate", Basis.INFERRED),
    _changes("suspendSim", "POST", f"{_SIM}/deactivate", Basis.INFERRED),
    _changes("retireSim", "POST", f"{_SIM}/retire", Basis.DOCUMENTED),
    _changes("subscribeSupplementaryPackage", "POST", f"{_SIM}/supplementaryServicePackages", Basis.ASSUMED),
    _changes("changeBasicPackage", "PUT", f"{_SIM}/servicePackage", Basis.ASSUMED),
    _changes("changeApnStatus", "PUT", f"{_SIM}/apnStatus", Basis.ASSUMED),
    _changes("batchActivate", "POST", f"{_BATCH}/activate", Basis.INFERRED),
    _changes("batchSuspend", "POST", f"{_BATCH}/deactivate", Basis.DOCUMENTED),
    _changes("batchRetire", "POST", f"{_BATCH}/retire", Basis.INFERRED),
    _changes("batchChangeBasicPackage", "POST", f"{_BATCH}/servicePackage", Basis.ASSUMED),
    _reads("getBatchJob", "/batchJobs/{jobId}", Basis.DOCUMENTED),
    _changes("sendSms", "POST", "/mt-sms", Basis.DOCUMENTED),
    _reads("getSms", "/mt-sms/{smsMsgId}", Basis.DOCUMENTED),
    _reads("getEnterprise", "/enterprise", Basis.DOCUMENTED),
    _reads("getAccount", "/account/{name}", Basis.DOCUMENTED),
    _reads("listServicePackages", "/{accountName}/servicePackages", Basis.DOCUMENTED),
    _reads("listSharePools", "/{accountName}/sharePools", Basis.ASSUMED),
    _reads("getCountryStatistics", "/statistics/country-codes", Basis.ASSUMED),
)

Fields = Mapping[str, Mapping[str, tuple[str, ...]]]
Enums = Mapping[str, Mapping[str, str]]

# For each of our fields the keys of SmartHub to look under, in this order; the first that is there and not null counts.
# "query" and "body" are the other way round: the name of each parameter and member we send.
FIELDS: Fields = {
    # SIMs
    "sim": {
        "giccid": ("giccid",),
        "iccid": ("iccid",),
        "imsi": ("imsi",),
        "msisdn": ("msisdn",),
        "imei": ("imei",),
        "status": ("status",),
        "account": ("accountName",),
        "sku": ("simSku",),
        "plan": ("servicePackage",),
        "plan_expires_at": ("servicePackageExpireTime",),
        "addons": ("supplementaryServicePackages",),
        "pool": ("sharePool",),
        "activated_at": ("activatedTime",),
        "cycle": ("cycleName",),
        "usage_bytes": ("cycleUsageBytes",),
        "quota_bytes": ("cycleQuotaBytes",),
        "sms_count": ("cycleSmsCount",),
        "apns": ("apns",),
        "country": ("countryCode",),
        "last_session_at": ("lastSessionTime",),
        "custom1": ("custom1",),
        "custom2": ("custom2",),
        "custom3": ("custom3",),
        "custom4": ("custom4",),
        "custom5": ("custom5",),
    },
    "addon": {
        "name": ("name",),
        "total_bytes": ("totalBytes",),
        "used_bytes": ("usedBytes",),
        "expires_at": ("expireTime",),
    },
    "apn": {"name": ("apn",), "enabled": ("status",)},
    "change": {
        "giccid": ("giccid",),
        "kind": ("changeType",),
        "old": ("oldValue",),
        "new": ("newValue",),
        "changed_at": ("changedTime",),
    },
    # Batch jobs and SMS
    "job": {
        "id": ("jobId",),
        "operation": ("operation",),
        "state": ("status",),
        "total": ("total",),
        "succeeded": ("succeeded",),
        "failed": ("failed",),
        "created_at": ("createdTime",),
        "finished_at": ("finishedTime",),
        "items": ("items",),
    },
    "job-item": {"giccid": ("giccid",), "state": ("status",), "code": ("code",), "message": ("message",)},
    "sms": {"id": ("smsMsgId",), "state": ("status",), "giccid": ("toGiccid",), "sent_at": ("sentTime",)},
    # Accounts
    "enterprise": {"name": ("name",), "accounts": ("accounts",)},
    "member": {
        "name": ("name",),
        "charge": ("chargeType",),
        "status": ("status",),
        "sim_count": ("simCount",),
    },
    "account": {
        "name": ("name",),
        "charge": ("chargeType",),
        "status": ("status",),
        "renewal": ("prepaidRenewType",),
        "cycle": ("currentCycleName",),
        "plans": ("servicePackages",),
        "skus": ("simSkus",),
    },
    "plan": {
        "name": ("name",),
        "kind": ("type",),
        "charge": ("chargeType",),
        "data_bytes": ("dataBytes",),
        "sms_count": ("smsCount",),
        "validity_days": ("validityDays",),
        "price": ("price",),
        "currency": ("currency",),
    },
    "pool": {
        "name": ("name",),
        "plan": ("servicePackage",),
        "total_bytes": ("totalBytes",),
        "used_bytes": ("usedBytes",),
        "sim_count": ("simCount",),
        "cycle": ("cycleName",),
        "expires_at": ("expireTime",),
    },
    "country": {"code": ("countryCode",), "traffic_bytes": ("trafficBytes",), "sim_count": ("simCount",)},
    # Notifications: what all share, then what each of the nine tells
    "push": {
        "event_id": ("eventId",),
        "happened_at": ("eventTime",),
        "giccid": ("giccid",),
        "account": ("accountName",),
    },
    "push-mo-sms": {"text": ("messageText",), "sms_id": ("smsMsgId",), "happened_at": ("receivedTime",)},
    "push-mt-sms-status": {"sms_id": ("smsMsgId",), "status": ("status",), "happened_at": ("reportTime",)},
    "push-cycle-usage": {
        "cycle": ("cycleName",),
        "usage_bytes": ("usageBytes",),
        "threshold_bytes": ("thresholdBytes",),
    },
    "push-imei-change": {"old": ("oldImei",), "new": ("newImei",)},
    "push-no-session": {"last_session_at": ("lastSessionTime",), "hours": ("hoursWithoutSession",)},
    "push-package-expired": {"plan": ("servicePackage",), "expires_at": ("expireTime",)},
    "push-package-traffic": {
        "plan": ("servicePackage",),
        "total_bytes": ("totalBytes",),
        "used_bytes": ("usedBytes",),
        "percent": ("thresholdPercent",),
    },
    "push-sim-status-change": {"old": ("oldStatus",), "new": ("newStatus",)},
    "push-apn-status-change": {"apn": ("apn",), "old": ("oldStatus",), "new": ("newStatus",)},
    # Lists, and what we send
    "page": {"total": ("total",), "page_size": ("pageSize",)},
    "query": {
        "page": ("page",),
        "page_size": ("pageSize",),
        "account": ("accountName",),
        "status": ("status",),
        "plan": ("servicePackage",),
        "iccid": ("iccid",),
        "imsi": ("imsi",),
        "msisdn": ("msisdn",),
        "imei": ("imei",),
        "giccid": ("giccid",),
        "change_kind": ("changeType",),
        "since": ("startTime",),
        "until": ("endTime",),
        "cycle": ("cycleName",),
    },
    "body": {
        "plan": ("servicePackage",),
        "apn": ("apn",),
        "apn_status": ("status",),
        "giccids": ("giccids",),
        "sms_giccid": ("toGiccid",),
        "sms_text": ("messageText",),
        "sms_coding": ("dataCoding",),
        "sms_validity": ("tpvp",),
    },
}

# SmartHub's words and ours. A word that is not here is kept and shown as it came.
ENUMS: Enums = {
    "status": {
        "INVENTORY": "inventory",
        "TEST_READY": "test",
        "ACTIVATION_READY": "ready",
        "ACTIVATED": "active",
        "DEACTIVATED": "suspended",
        "RETIRED": "retired",
    },
    "apn_status": {"ENABLED": "on", "DISABLED": "off"},
    "charge": {"CHARGE": "postpaid", "PREPAID": "prepaid", "EXPERIENCE": "trial"},
    "change_kind": {"STATUS": "status", "SERVICE_PACKAGE": "plan", "IMEI": "imei"},
    "plan_kind": {"BASIC": "basic", "SUPPLEMENTARY": "addon"},
    "batch_operation": {
        "ACTIVATE": "activate",
        "DEACTIVATE": "suspend",
        "RETIRE": "retire",
        "CHANGE_SERVICE_PACKAGE": "plan",
    },
    "job_state": {"PENDING": "pending", "RUNNING": "running", "FINISHED": "finished", "FAILED": "failed"},
    "item_state": {"PENDING": "pending", "SUCCESS": "done", "FAILED": "failed"},
    "sms_state": {"PENDING": "pending", "DELIVERED": "delivered", "FAILED": "failed", "UNKNOWN": "unknown"},
}
