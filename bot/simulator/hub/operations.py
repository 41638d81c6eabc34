"""Every operation of the simulator's SmartHub: what it does to the world and what it answers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bot.simulator.hub.accounts import Accounts
from bot.simulator.hub.answers import (
    Wrong,
    giccids_in,
    not_found,
    one_page,
    page_asked,
    read_body,
    text_in,
)
from bot.simulator.hub.world import MOVES, Refused, Row, World

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]

CUSTOM = ("custom1", "custom2", "custom3", "custom4", "custom5")
FILTERS = ("accountName", "status", "servicePackage", "iccid", "imsi", "msisdn", "imei")
STATUSES = frozenset({"INVENTORY", "TEST_READY", "ACTIVATION_READY", "ACTIVATED", "DEACTIVATED", "RETIRED"})
CHANGE_TYPES = frozenset({"STATUS", "SERVICE_PACKAGE", "IMEI"})


class Operations:
    """The operations by their names in docs/smarthub-openapi.yaml. `moved` and `sms_taken` hear of these."""

    def __init__(
        self, world: World, *, moved: Callable[[str, Row], None], sms_taken: Callable[[str, str], None]
    ) -> None:
        self._world = world
        self._accounts = Accounts(world)
        self._moved = moved
        self._sms_taken = sms_taken

    def table(self) -> Mapping[str, Answering]:
        """Operation name to what answers it."""
        return {
            "listSims": self._list_sims,
            "listSimChangeLogs": self._list_changes,
            "getSim": self._get_sim,
            "getSimCustomFields": self._get_custom,
            "updateSimCustomFields": self._put_custom,
            "activateSim": self._mover("ACTIVATE"),
            "suspendSim": self._mover("DEACTIVATE"),
            "retireSim": self._mover("RETIRE"),
            "subscribeSupplementaryPackage": self._add_package,
            "changeBasicPackage": self._put_plan,
            "changeApnStatus": self._put_apn,
            "batchActivate": self._batch("ACTIVATE"),
            "batchSuspend": self._batch("DEACTIVATE"),
            "batchRetire": self._batch("RETIRE"),
            "batchChangeBasicPackage": self._batch("CHANGE_SERVICE_PACKAGE"),
            "getBatchJob": self._get_job,
            "sendSms": self._send_sms,
            "getSms": self._get_sms,
            "getEnterprise": self._enterprise,
            "getAccount": self._account,
            "listServicePackages": self._plans,
            "listSharePools": self._pools,
            "getCountryStatistics": self._countries,
        }

    # SIMs

    def _sim(self, request: web.Request) -> Row:
        return self._world.sim(_giccid(request.match_info["giccid"])) or not_found()

    async def _list_sims(self, request: web.Request) -> web.StreamResponse:
        page, size = page_asked(request)
        filters = {key: request.query[key] for key in FILTERS if key in request.query}
        if "status" in filters and filters["status"] not in STATUSES:
            raise Refused("invalid", "status")
        rows, total = self._world.sims(filters, first=(page - 1) * size, size=size)
        return one_page(rows, page=page, size=size, total=total)

    async def _list_changes(self, request: web.Request) -> web.StreamResponse:
        page, size = page_asked(request)
        filters = {key: request.query[key] for key in ("giccid", "changeType") if key in request.query}
        if "giccid" in filters:
            _giccid(filters["giccid"])
        if filters.get("changeType", "STATUS") not in CHANGE_TYPES:
            raise Refused("invalid", "changeType", "query")
        rows = self._world.changes(filters, since=request.query.get("startTime"), until=request.query.get("endTime"))
        return one_page(rows[(page - 1) * size : page * size], page=page, size=size, total=len(rows))

    async def _get_sim(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._sim(request))

    def _mover(self, operation: str) -> Answering:
        async def answer(request: web.Request) -> web.StreamResponse:
            giccid = str(self._sim(request)["giccid"])
            before = self._world.move(giccid, operation)
            self._moved(giccid, {"oldStatus": before["status"], "newStatus": MOVES[operation][1]})
            return web.json_response({})

        return answer

    async def _get_custom(self, request: web.Request) -> web.StreamResponse:
        sim = self._sim(request)
        return web.json_response({key: sim[key] for key in CUSTOM})

    async def _put_custom(self, request: web.Request) -> web.StreamResponse:
        sim, body = self._sim(request), await read_body(request)
        for key, value in body.items():
            if key not in CUSTOM:
                raise Refused("invalid", key, "customFieldVO")
            if value is not None and not isinstance(value, str):
                raise Wrong(f"{key} should be a string")
            if value is not None and len(value) > 200:
                raise Refused("invalid", key, "customFieldVO")
        self._world.change(str(sim["giccid"]), body)
        return web.json_response({})

    async def _add_package(self, request: web.Request) -> web.StreamResponse:
        sim, body = self._sim(request), await read_body(request)
        self._world.add_package(str(sim["giccid"]), text_in(body, "servicePackage", resource="servicePackage"))
        return web.json_response({})

    async def _put_plan(self, request: web.Request) -> web.StreamResponse:
        sim, body = self._sim(request), await read_body(request)
        self._world.change_plan(str(sim["giccid"]), text_in(body, "servicePackage", resource="servicePackage"))
        return web.json_response({})

    async def _put_apn(self, request: web.Request) -> web.StreamResponse:
        sim, body = self._sim(request), await read_body(request)
        apn, status = text_in(body, "apn", resource="apn"), text_in(body, "status", resource="apn")
        if status not in {"ENABLED", "DISABLED"}:
            raise Refused("invalid", "status", "apn")
        self._world.switch_apn(str(sim["giccid"]), apn, status)
        return web.json_response({})

    # Batch jobs and SMS

    def _batch(self, operation: str) -> Answering:
        async def answer(request: web.Request) -> web.StreamResponse:
            body = await read_body(request)
            giccids, plan = giccids_in(body), None
            if operation == "CHANGE_SERVICE_PACKAGE":
                plan = text_in(body, "servicePackage", resource="batchJob")
            return web.json_response({"jobId": self._world.add_job(operation, giccids, plan=plan)})

        return answer

    async def _get_job(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._world.job(request.match_info["jobId"]) or not_found())

    async def _send_sms(self, request: web.Request) -> web.StreamResponse:
        body = await read_body(request)
        giccid = text_in(body, "toGiccid", resource="mtSms", most=32)
        text = text_in(body, "messageText", resource="mtSms", most=1000)
        for key, allowed in (("dataCoding", (0, 1, 4)), ("tpvp", range(256))):
            if not isinstance(value := body.get(key, 0), int) or isinstance(value, bool):
                raise Wrong(f"{key} should be an integer")
            if value not in allowed:
                raise Refused("invalid", key, "mtSms")
        message = self._world.add_message(giccid)
        self._sms_taken(str(message["smsMsgId"]), text)
        return web.json_response(message)

    async def _get_sms(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._world.messages.get(request.match_info["smsMsgId"]) or not_found())

    # Accounts

    async def _enterprise(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self._accounts.enterprise())

    async def _account(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._accounts.account(request.match_info["name"]))

    async def _plans(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._accounts.plans(request.match_info["accountName"]))

    async def _pools(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._accounts.pools(request.match_info["accountName"]))

    async def _countries(self, request: web.Request) -> web.StreamResponse:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}", request.query.get("cycleName", "2026-11")) is None:
            raise Refused("invalid", "cycleName", "query")
        return web.json_response(self._accounts.countries(request.query.get("accountName")))


def _giccid(number: str) -> str:
    """The number of a SIM as it was asked for. Raises Refused when it can be none."""
    if not 1 <= len(number) <= 32:
        raise Refused("invalid", "giccid")
    return number
