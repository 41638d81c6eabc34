"""What the simulator's SmartHub knows: the made-up fleet and everything that has happened to it since. No I/O.

All objects are in SmartHub's own spelling, as docs/smarthub-openapi.yaml has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from bot.simulator.fleet import KINDS, MB, Fleet, plan_called, written
from bot.simulator.hub import lists

Row = dict[str, object]

# From which states each change leads where. https://apidoc-en.smh.smarthing.com: retiring is final.
MOVES: Mapping[str, tuple[frozenset[str], str]] = {
    "ACTIVATE": (frozenset({"INVENTORY", "TEST_READY", "ACTIVATION_READY", "DEACTIVATED"}), "ACTIVATED"),
    "DEACTIVATE": (frozenset({"ACTIVATED"}), "DEACTIVATED"),
    "RETIRE": (frozenset({"DEACTIVATED"}), "RETIRED"),
}
CHANGE_TYPES = {"status": "STATUS", "servicePackage": "SERVICE_PACKAGE", "imei": "IMEI"}
ADDONS = {"addon-100": 100 * MB, "addon-500": 500 * MB}


def _nobody(_giccid: str, _fields: Row) -> None:
    """Who hears of what a batch job does, until somebody wants to."""


class Refused(Exception):
    """SmartHub says no: 422 with these words."""

    def __init__(self, code: str, field: str, resource: str = "globalSim") -> None:
        self.code, self.field, self.resource = code, field, resource
        super().__init__(f"{resource}.{field}: {code}")


@dataclass
class Later:
    """A change that was accepted and does not show yet."""

    due: datetime
    giccid: str
    fields: Row


@dataclass
class World:
    """The SIMs by their numbers, and what happened to them."""

    fleet: Fleet
    now: Callable[[], datetime]
    settle_slowly_s: float = 0.0
    job_starts_after_s: float = 1.0
    job_takes_s: float = 0.05  # for each SIM
    moved: Callable[[str, Row], None] = _nobody
    overrides: dict[str, Row] = field(default_factory=dict)
    log: list[Row] = field(default_factory=list)
    jobs: dict[str, Row] = field(default_factory=dict)
    messages: dict[str, Row] = field(default_factory=dict)
    later: list[Later] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    unlisted: set[str] = field(default_factory=set)
    _busy: bool = field(default=False, repr=False)
    _happened: int = field(default=0, repr=False)
    _listed: tuple[object, lists.Fitting] | None = field(default=None, repr=False)
    _numbers: dict[str, int | None] = field(default_factory=dict, repr=False)

    # One SIM

    def sim(self, giccid: str) -> Row | None:
        """The SIM as it is now; `None` when there is no such one."""
        n = self.fleet.number(giccid)
        if n is None or giccid in self.gone:
            return None
        self.catch_up()
        return self.seen(n, giccid)

    def change(self, giccid: str, fields: Mapping[str, object]) -> None:
        """Sets fields of a SIM and writes down what the change log tells. KeyError for a SIM or field there is not."""
        before = self.sim(giccid)
        if before is None:
            raise KeyError(giccid)
        if unknown := fields.keys() - before.keys():
            raise KeyError(f"a SIM has no {', '.join(sorted(unknown))}")
        self._put(giccid, dict(fields), before)

    def move(self, giccid: str, operation: str) -> Row:
        """Changes a SIM's state, at once or as slowly as was set, and returns it as it was. Raises Refused."""
        before = self.sim(giccid)
        if before is None:
            raise Refused("missing", "giccid")
        allowed, to = MOVES[operation]
        if self._soon(giccid, before) not in allowed:
            raise Refused("illegal_status", "status")
        fields: Row = {"status": to}
        if to == "ACTIVATED" and before["activatedTime"] is None:
            fields["activatedTime"] = written(self.now())
        if self.settle_slowly_s > 0:
            self.later.append(Later(self.now() + timedelta(seconds=self.settle_slowly_s), giccid, fields))
        else:
            self._put(giccid, fields, before)
        return before

    def change_plan(self, giccid: str, name: str) -> None:
        """Gives a SIM another basic rate plan. Raises Refused."""
        if self.sim(giccid) is None:
            raise Refused("missing", "giccid")
        try:
            plan = plan_called(name)
        except KeyError:
            raise Refused("missing", "servicePackage", "servicePackage") from None
        self.change(giccid, {"servicePackage": plan.name, "cycleQuotaBytes": plan.data_bytes, "sharePool": plan.pool})

    def add_package(self, giccid: str, name: str) -> None:
        """Orders a supplementary rate plan for a SIM. Raises Refused."""
        if name not in ADDONS:
            raise Refused("missing", "servicePackage", "servicePackage")
        sim = self.sim(giccid)
        if sim is None or sim["status"] == "RETIRED":
            raise Refused("illegal_status", "status")
        expires = written(self.now() + timedelta(days=30))
        new = {"name": name, "totalBytes": ADDONS[name], "usedBytes": 0, "expireTime": expires}
        packages = [*cast(list[Row], sim["supplementaryServicePackages"]), new]
        self.change(giccid, {"supplementaryServicePackages": packages})

    def switch_apn(self, giccid: str, apn: str, status: str) -> None:
        """Enables or disables an APN of a SIM. Raises Refused."""
        sim = self.sim(giccid)
        apns = cast(list[Row], sim["apns"]) if sim is not None else []
        if all(have["apn"] != apn for have in apns):
            raise Refused("missing", "apn", "apn")
        self.change(giccid, {"apns": [{**have, "status": status} if have["apn"] == apn else have for have in apns]})

    def _soon(self, giccid: str, before: Row) -> object:
        """The state a SIM will have when everything accepted shows: what the next change is judged by."""
        return next(
            (change.fields["status"] for change in reversed(self.later) if change.giccid == giccid), before["status"]
        )

    def seen(self, n: int, giccid: str) -> Row:
        """SIM n as it is, without first doing what is due."""
        sim = self.fleet.sim(n)
        own = self.overrides.get(giccid)
        if own is None:
            return sim
        if own.get("cycleName", sim["cycleName"]) != sim["cycleName"]:
            own = {
                key: value for key, value in own.items() if not key.startswith(("cycleUsage", "cycleName", "cycleSms"))
            }
        return {**sim, **own}

    def _put(self, giccid: str, fields: Row, before: Row) -> None:
        if "cycleUsageBytes" in fields or "cycleSmsCount" in fields:
            fields.setdefault("cycleName", before["cycleName"])  # so that it ends with the cycle
        self.overrides.setdefault(giccid, {}).update(fields)
        self._happened += 1
        self.log.extend(
            {
                "giccid": giccid,
                "changeType": kind,
                "oldValue": before[key],
                "newValue": fields[key],
                "changedTime": written(self.now()),
            }
            for key, kind in CHANGE_TYPES.items()
            if key in fields and fields[key] != before[key]
        )

    # Many

    def sims(self, filters: Mapping[str, str], *, first: int, size: int) -> tuple[list[Row], int]:
        """The SIMs that fit, from the `first` on, at most `size`; and how many fit in all."""
        self.catch_up()
        if not filters:
            numbers, total = list(range(first, min(first + size, self.fleet.count))), self.fleet.count
        else:
            numbers, total = self._found(filters, first, size)
        rows = [self.seen(n, self.fleet.giccid(n)) for n in numbers]
        return [row for row in rows if row["giccid"] not in self.gone | self.unlisted], total

    def _found(self, filters: Mapping[str, str], first: int, size: int) -> tuple[list[int], int]:
        if (named := lists.called(self.fleet, filters, self._changed(), lambda n: self._fits(n, filters))) is not None:
            return named[first : first + size], len(named)
        # Whoever turns pages while nothing happens gets them without all that happened being looked at for each.
        asked = (self._happened, tuple(sorted(filters.items())))
        if self._listed is None or self._listed[0] != asked:
            found = lists.fitting(self.fleet, filters, self._changed(), lambda n: self._fits(n, filters))
            self._listed = (asked, found)
        fitting = self._listed[1]
        return fitting.page(self.fleet, first=first, size=size), fitting.total

    def _changed(self) -> dict[int, Row]:
        for giccid in [giccid for giccid in self.overrides if giccid not in self._numbers]:
            self._numbers[giccid] = self.fleet.number(giccid)
        numbers = ((self._numbers[giccid], own) for giccid, own in self.overrides.items())
        return {n: own for n, own in numbers if n is not None}

    def _fits(self, n: int, filters: Mapping[str, str]) -> bool:
        if filters.keys() <= set(KINDS):  # found in a table, with no SIM made up for it
            own = self.overrides.get(self.fleet.giccid(n), {})
            made = dict(zip(KINDS, self.fleet.kinds[n % len(self.fleet.kinds)], strict=True))
            return all(own.get(key, made[key]) == wanted for key, wanted in filters.items())
        sim = self.seen(n, self.fleet.giccid(n))
        return all(sim[key] == wanted for key, wanted in filters.items())

    def changes(self, filters: Mapping[str, str], *, since: str | None, until: str | None) -> list[Row]:
        """The change log, latest first. Raises Refused for a time that is none."""
        self.catch_up()
        first, last = _moment(since, "startTime"), _moment(until, "endTime")
        return [
            row
            for row in reversed(self.log)
            if all(row[key] == wanted for key, wanted in filters.items())
            and (first is None or datetime.fromisoformat(str(row["changedTime"])) >= first)
            and (last is None or datetime.fromisoformat(str(row["changedTime"])) <= last)
        ]

    # Batch jobs and SMS

    def add_job(self, operation: str, giccids: list[str], *, plan: str | None = None) -> str:
        """Stores a job that runs later, SIM by SIM; its id."""
        job_id = f"job-{len(self.jobs) + 1:06d}"
        self.jobs[job_id] = {
            "jobId": job_id,
            "operation": operation,
            "status": "PENDING",
            "createdTime": written(self.now()),
            "finishedTime": None,
            "items": [{"giccid": g, "status": "PENDING", "code": None, "message": None} for g in giccids],
            "servicePackage": plan,
        }
        return job_id

    def job(self, job_id: str) -> Row | None:
        """A job as it stands now, with its counts."""
        self.catch_up()
        found = self.jobs.get(job_id)
        if found is None:
            return None
        states = [item["status"] for item in _items(found)]
        counts = {"total": len(states), "succeeded": states.count("SUCCESS"), "failed": states.count("FAILED")}
        return {key: value for key, value in {**found, **counts}.items() if key != "servicePackage"}

    def add_message(self, giccid: str) -> Row:
        """Takes over an SMS; it is PENDING. Raises Refused for a SIM there is not."""
        if self.sim(giccid) is None:
            raise Refused("missing", "toGiccid", "mtSms")
        message_id = f"sms-{len(self.messages) + 1:06d}"
        self.messages[message_id] = {
            "smsMsgId": message_id,
            "status": "PENDING",
            "toGiccid": giccid,
            "sentTime": written(self.now()),
        }
        return self.messages[message_id]

    def deliver(self, message_id: str) -> Row:
        """Brings an SMS to its end: delivered to a SIM that is at work, failed to any other."""
        message = self.messages[message_id]
        sim = self.sim(str(message["toGiccid"]))
        message["status"] = "DELIVERED" if sim is not None and sim["status"] == "ACTIVATED" else "FAILED"
        return message

    # Time

    def catch_up(self) -> None:
        """Does what was accepted earlier and is due by now: slow changes, and the steps of batch jobs."""
        if self._busy:
            return  # a step of a job looks at its SIM, and is in the middle of this
        self._busy = True
        try:
            self._settle()
            for job in self.jobs.values():
                if job["finishedTime"] is None:
                    self._work(job)
        finally:
            self._busy = False

    def _settle(self) -> None:
        for change in [change for change in self.later if change.due <= self.now()]:
            self.later.remove(change)
            n = self.fleet.number(change.giccid)
            if n is not None:
                self._put(change.giccid, change.fields, self.seen(n, change.giccid))

    def _work(self, job: Row) -> None:
        passed = (self.now() - datetime.fromisoformat(str(job["createdTime"]))).total_seconds()
        passed -= self.job_starts_after_s
        items = _items(job)
        done = min(len(items), int(passed / self.job_takes_s) + 1) if passed >= 0 else 0
        if done:
            job["status"] = "RUNNING"
        job_is_over = done == len(items)
        if job_is_over:
            job["status"], job["finishedTime"] = "FINISHED", written(self.now())
        for item in items[:done]:
            if item["status"] == "PENDING":
                self._work_on(item, job)

    def _work_on(self, item: Row, job: Row) -> None:
        try:
            if job["operation"] == "CHANGE_SERVICE_PACKAGE":
                self.change_plan(str(item["giccid"]), str(job["servicePackage"]))
            else:
                giccid, operation = str(item["giccid"]), str(job["operation"])
                before = self.move(giccid, operation)
                self.moved(giccid, {"oldStatus": before["status"], "newStatus": MOVES[operation][1]})
        except Refused as refused:
            item.update(status="FAILED", code=refused.code, message=f"{refused.field}: {refused.code}")
        else:
            item["status"] = "SUCCESS"

    # Remembering

    def state(self) -> Row:
        """All that differs from the made-up fleet, for the journal."""
        later = [{"due": written(c.due), "giccid": c.giccid, "fields": c.fields} for c in self.later]
        return {
            "start": self.fleet.start.isoformat(),
            "overrides": self.overrides,
            "log": self.log,
            "jobs": self.jobs,
            "messages": self.messages,
            "later": later,
        }

    def restore(self, state: Row) -> None:
        """Takes over what `state` gave."""
        self.fleet.start = datetime.fromisoformat(str(state["start"]))
        self.overrides = cast(dict[str, Row], state["overrides"])
        self._happened += 1
        self.log = cast(list[Row], state["log"])
        self.jobs = cast(dict[str, Row], state["jobs"])
        self.messages = cast(dict[str, Row], state["messages"])
        self.later = [
            Later(datetime.fromisoformat(str(c["due"])), str(c["giccid"]), cast(Row, c["fields"]))
            for c in cast(list[Row], state["later"])
        ]


def _items(job: Row) -> list[Row]:
    return cast(list[Row], job["items"])


def _moment(word: str | None, name: str) -> datetime | None:
    if word is None:
        return None
    try:
        # A "+" that was not encoded has become a space on the way.
        moment = datetime.fromisoformat(word.replace(" ", "+"))
    except ValueError:
        raise Refused("invalid", name, "query") from None
    if moment.tzinfo is None:
        raise Refused("invalid", name, "query")
    return moment
