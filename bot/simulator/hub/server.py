"""The simulator's SmartHub as a server on 127.0.0.1, with knobs to make it misbehave."""

from __future__ import annotations

import asyncio
import hmac
import json
import socket
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import aiohttp
from aiohttp import web

from bot.clock import Clock
from bot.simulator.fleet import Fleet, written
from bot.simulator.hub import journal as journals
from bot.simulator.hub import pushes
from bot.simulator.hub.answers import Wrong, problem, refused
from bot.simulator.hub.knobs import CHANGES, Knobs
from bot.simulator.hub.operations import Answering, Operations
from bot.simulator.hub.world import Refused, Row, World
from bot.smarthub.contract import ENDPOINTS

SMS_TAKES_S = 3.0
ASKED_AT_MOST = 100_000


@dataclass(frozen=True)
class Asked:
    """A request as it was received: the operation (empty for an address we do not serve), the SIM in its address, and
    its query."""

    operation: str
    giccid: str | None
    at: datetime
    query: Mapping[str, str] = field(default_factory=dict)


class Hub(Knobs):
    """A SmartHub of our own. `start` it, talk to `base_url`, `stop` it. With a journal it survives being killed."""

    def __init__(
        self, *, key: str, fleet: Fleet, clock: Clock, push_url: str | None = None, journal: Path | None = None
    ) -> None:
        """Raises StoreError when the journal cannot be read."""
        super().__init__()
        self.push_url = push_url
        self.asked: list[Asked] = []
        self.world = World(fleet, clock.now, moved=self._moved)
        self._key = key
        self._clock = clock
        self._journal = journal
        self._counts: Counter[tuple[str, str | None]] = Counter()
        self._tasks: set[asyncio.Task[object]] = set()
        self._pushed = 0
        self._unreachable = False
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._socket: socket.socket | None = None
        self._session: aiohttp.ClientSession | None = None
        if journal is not None and (saved := journals.load(journal)) is not None:
            try:
                self.world.restore(saved)
            except (KeyError, TypeError, ValueError) as exc:
                raise journals.not_ours(journal) from exc

    # Running

    async def start(self, port: int = 0) -> None:
        """Listens on 127.0.0.1, on that port or a free one."""
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        self._socket = _bound(port)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        await self._listen(self._socket)

    async def stop(self) -> None:
        """Closes every connection and forgets the knobs; the world stays."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        if self._socket is not None:
            self._socket.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()
        self._server, self._socket, self._runner, self._session = None, None, None, None

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._socket is None:
            raise RuntimeError("the hub has not been started")
        return int(self._socket.getsockname()[1])

    @property
    def base_url(self) -> str:
        """Its address, as `smarthub.base_url` takes it."""
        return f"http://127.0.0.1:{self.port}/v1"

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._receive], client_max_size=4 * 1024 * 1024)
        answers = Operations(self.world, moved=self._moved, sms_taken=self._sms_taken).table()
        for endpoint in ENDPOINTS:
            path = f"/v1{endpoint.path}"
            application.router.add_route(endpoint.method, path, answers[endpoint.name], name=endpoint.name)
        return application

    async def _listen(self, listening: socket.socket) -> None:
        if self._unreachable or listening is not self._socket or self._runner is None or self._runner.server is None:
            return
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._runner.server, sock=listening)

    # What was asked

    def count(self, operation: str, giccid: str | None = None) -> int:
        """How often an operation was carried out or judged, also when its answer was lost. Not those turned away
        before (wrong key, busy, down)."""
        if giccid is not None:
            return self._counts[operation, giccid]
        return sum(n for (name, _), n in self._counts.items() if name == operation)

    # Knobs

    @property
    def settle_slowly(self) -> float:
        """Seconds of the clock after which an accepted change of state shows."""
        return self.world.settle_slowly_s

    @settle_slowly.setter
    def settle_slowly(self, seconds: float) -> None:
        self.world.settle_slowly_s = seconds

    @property
    def unreachable(self) -> bool:
        """Whether connections are refused, and those that were open closed. The port stays ours."""
        return self._unreachable

    @unreachable.setter
    def unreachable(self, is_unreachable: bool) -> None:
        if is_unreachable == self._unreachable:
            return
        self._unreachable = is_unreachable
        if self._socket is None:
            return
        if not is_unreachable:
            self._socket.listen(100)  # now, so that who connects before the server takes over is only kept waiting
            self._in_background(self._listen(self._socket))
            return
        port = self.port
        if self._server is not None:
            self._server.close()
        if self._runner is not None and self._runner.server is not None:
            for connection in self._runner.server.connections:
                if connection.transport is not None:
                    connection.transport.close()
        self._server = None
        self._socket.close()
        self._socket = _bound(port)

    def reset_knobs(self) -> None:
        """Behaves again."""
        self.unreachable = False
        self.settle_slowly = 0.0
        self.rest()

    # The world

    def giccid(self, n_or_giccid: int | str) -> str:
        """The number of SIM n; a number as it is."""
        return self.world.fleet.giccid(n_or_giccid) if isinstance(n_or_giccid, int) else n_or_giccid

    def sim(self, n_or_giccid: int | str) -> Row:
        """The SIM as SmartHub would describe it now. KeyError when there is none."""
        found = self.world.sim(self.giccid(n_or_giccid))
        if found is None:
            raise KeyError(n_or_giccid)
        return found

    def pick(self, status: str = "ACTIVATED", *, nth: int = 0) -> str:
        """The number of the nth SIM that has this status, in SmartHub's word. IndexError when there are fewer."""
        rows, _ = self.world.sims({"status": status}, first=nth, size=1)
        return str(rows[0]["giccid"])

    def change(self, n_or_giccid: int | str, **fields: object) -> None:
        """Sets fields of a SIM, in SmartHub's names. KeyError for a SIM or a field there is not."""
        self.world.change(self.giccid(n_or_giccid), fields)
        self._save()

    def vanish(self, n_or_giccid: int | str) -> None:
        """SmartHub knows this SIM no more; its place in a page stays empty."""
        self.world.gone.add(self.giccid(n_or_giccid))

    def grow(
        self,
        n_or_giccid: int | str | None = None,
        *,
        fraction: float = 0.85,
        to_bytes: int | None = None,
        push: bool = False,
    ) -> None:
        """The usage of a SIM (the first that is at work, where none is named) becomes that part of its quota, or that
        many bytes. With `push` it is announced as `cycle-usage`, in the background."""
        giccid = self.giccid(n_or_giccid) if n_or_giccid is not None else self.pick()
        if to_bytes is None:
            to_bytes = int(cast(int, self.sim(giccid)["cycleQuotaBytes"]) * fraction)
        self.change(giccid, cycleUsageBytes=to_bytes, lastSessionTime=written(self._clock.now()))
        if push:
            self._in_background(self._announce("cycle-usage", giccid, {}))

    def expire_in(self, n_or_giccid: int | str, days: float) -> None:
        """The rate plan of a SIM ends in that many days."""
        self.change(n_or_giccid, servicePackageExpireTime=written(self._clock.now() + timedelta(days=days)))

    # Notifications

    async def push(
        self, event: str, n_or_giccid: int | str | None = None, *, duplicate: bool = False, **fields: object
    ) -> int:
        """Sends a notification about a SIM (the first that is at work, where none is named), twice with `duplicate`;
        the HTTP status of the (last) answer. KeyError for no such event, RuntimeError without a `push_url`."""
        body = self.payload(event, n_or_giccid, **fields)
        if duplicate:
            await self.push_raw(event, body)
        return await self.push_raw(event, body)

    def payload(self, event: str, n_or_giccid: int | str | None = None, **fields: object) -> bytes:
        """The body that `push` sends, with an `eventId` of its own."""
        self._pushed += 1
        sim = self.sim(n_or_giccid if n_or_giccid is not None else self.pick())
        now = self._clock.now()
        event_id = f"evt-{now:%Y%m%d%H%M%S%f}-{self._pushed:06d}"
        return _encoded(pushes.payload(event, sim, event_id=event_id, now=now, fields=fields))

    async def push_raw(self, event: str, body: bytes) -> int:
        """Posts these bytes as that event; the HTTP status."""
        if self.push_url is None or self._session is None:
            raise RuntimeError("the hub has no push_url, or has not been started")
        headers = {"Content-Type": "application/json"}
        async with self._session.post(f"{self.push_url}/{event}", data=body, headers=headers) as response:
            await response.read()
            return response.status

    def _moved(self, giccid: str, fields: Row) -> None:
        if self.announces and self.push_url is not None:
            self._in_background(self._announce("sim-status-change", giccid, fields))

    def _sms_taken(self, message_id: str, text: str) -> None:
        self._in_background(self._deliver(message_id, text))

    async def _deliver(self, message_id: str, text: str) -> None:
        await self._clock.sleep(SMS_TAKES_S)
        message = self.world.deliver(message_id)
        self._save()
        report = {"smsMsgId": message_id, "status": message["status"]}
        await self._announce("mt-sms-status", str(message["toGiccid"]), report)
        if self.devices_answer and message["status"] == "DELIVERED":
            await self._clock.sleep(SMS_TAKES_S)
            answer = {"smsMsgId": f"mo-{message_id}", "messageText": pushes.said_back(text)}
            await self._announce("mo-sms", str(message["toGiccid"]), answer)

    async def _announce(self, event: str, giccid: str, fields: Mapping[str, object]) -> None:
        if self.push_url is None:
            return
        try:
            await self.push_raw(event, self.payload(event, giccid, **fields))
        except (aiohttp.ClientError, TimeoutError):
            return  # nobody listens there: the real service would not tell us either

    def _in_background(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Each request

    @web.middleware
    async def _receive(self, request: web.Request, handler: Answering) -> web.StreamResponse:
        """Takes down what was asked, turns away, answers, and misbehaves as told."""
        operation, giccid = request.match_info.route.name or "", request.match_info.get("giccid")
        self.asked.append(Asked(operation, giccid, self._clock.now(), dict(request.query)))
        if len(self.asked) > ASKED_AT_MOST:
            del self.asked[: ASKED_AT_MOST // 2]
        turned_away = problem(401) if self._is_stranger(request) else self.turned_away()
        if turned_away is not None:
            return turned_away
        self._counts[operation, giccid] += 1
        answer = await self._answer(request, handler, operation)
        if self.slow > 0:
            await self._clock.sleep(self.slow)
        if self.loses(operation):
            if request.transport is not None:
                request.transport.abort()
            return answer
        broken = self.broken(request.query.get("page"))
        return answer if broken is None else broken

    def _is_stranger(self, request: web.Request) -> bool:
        sent = request.headers.get("X-API-Key", "").encode(errors="surrogateescape")
        return not hmac.compare_digest(sent, self._key.encode())

    async def _answer(self, request: web.Request, handler: Answering, operation: str) -> web.StreamResponse:
        code = self.refusal_code(operation)
        try:
            if code is not None:
                raise Refused(code, "status")
            answer = await handler(request)
        except Refused as error:
            return refused(error)
        except Wrong as error:
            return problem(400, detail=str(error))
        except web.HTTPException as error:
            said = problem(error.status)
            if "Allow" in error.headers:  # which methods there are, beside a 405
                said.headers["Allow"] = error.headers["Allow"]
            return said
        if operation in CHANGES:
            self._save()
        return answer

    def _save(self) -> None:
        if self._journal is not None:
            journals.save(self._journal, self.world.state())


def _bound(port: int) -> socket.socket:
    """A socket that holds a port and does not listen yet, so that connecting to it is refused."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    bound.setblocking(False)
    return bound


def _encoded(body: Row) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode(errors="replace")
