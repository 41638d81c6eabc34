"""The way to SmartHub and back: the only file that imports httpx. Reads are tried again, changes are sent once."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import httpx
import stamina
from aiolimiter import AsyncLimiter

from bot.clock import Clock
from bot.errors import BotError, OutcomeUnknown, ProviderBusy, ProviderDown, ProviderError
from bot.smarthub import addresses, keys, redirects, wire
from bot.smarthub.circuit import Circuit, Gate, is_failing
from bot.smarthub.contract import Contract, Endpoint
from bot.smarthub.problems import Subject, lost, refusal
from bot.smarthub.unread import Unread

BODY_AT_MOST = 32 * 1024 * 1024
PROBLEM_AT_MOST = 256 * 1024

# Only these mean that not a byte of the request has left us.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Answer:
    """What came back, read to its end and closed."""

    url: str
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def link(self) -> str | None:
        """SmartHub's `Link: rel="next"`, `None` where there is none that can be read."""
        try:
            link = httpx.Response(200, headers=self.headers).links.get("next", {}).get("url")
            return None if link is None else str(httpx.URL(self.url).join(link))
        except (httpx.InvalidURL, ValueError):
            return None


@dataclass
class _Patience:
    """How long one read may still take, and how long SmartHub last asked to wait. In seconds of the event loop."""

    until: float
    timer: asyncio.Timeout
    asked: float | None = None


class Transport:
    """The connections to SmartHub, and how it is asked: not too often, not while it is down, a change never twice.

    While the circuit is open reads fail at once with ProviderDown and changes are not sent; `on_circuit` is told True
    and a sentence when it opens, False and a sentence when it closes, each once.
    """

    def __init__(
        self,
        *,
        base_url: str,
        key: str,
        contract: Contract,
        clock: Clock,
        connect_timeout_s: float = 5.0,
        read_timeout_s: float = 15.0,
        total_timeout_s: float = 30.0,
        rate_per_second: float = 20.0,
        concurrency: int = 8,
        tries: int = 4,
        page_size: int = 500,
        max_pages: int = 100_000,
        backoff_initial_s: float = 0.2,
        backoff_max_s: float = 5.0,
        body_limit_bytes: int = BODY_AT_MOST,
        circuit_after: int = 5,
        circuit_rest_s: float = 30.0,
        on_circuit: Callable[[bool, str], None] | None = None,
    ) -> None:
        """Raises ConfigError when the address or the key cannot be used."""
        self._base = addresses.base(base_url)
        self._key = keys.usable(key)
        self._contract = contract
        self._clock = clock
        self._total_s = total_timeout_s
        self._slots = asyncio.Semaphore(concurrency)
        self._rate = AsyncLimiter(max(1.0, rate_per_second), max(1.0, rate_per_second) / rate_per_second)
        self._tries = tries
        self._page_size = page_size
        self._max_pages = max_pages
        self._unread = Unread()
        self._backoff = (backoff_initial_s, backoff_max_s)
        self._body_limit = body_limit_bytes
        self._moved = redirects.Moved(self._base)
        circuit = Circuit(max(1, circuit_after), timedelta(seconds=circuit_rest_s))
        self._gate = Gate(circuit, now=clock.now, tell=on_circuit)
        timeout = httpx.Timeout(read_timeout_s, connect=connect_timeout_s, pool=total_timeout_s)
        # Plain http, to a simulator or a proxy, never becomes https on the way: nothing to trust, and nothing to load.
        is_plain = self._base.startswith("http:")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_plain else httpx.create_ssl_context(trust_env=False)
        headers = keys.headers(self._key)
        self._reads = httpx.AsyncClient(trust_env=False, verify=tls, timeout=timeout, headers=headers)
        # Each change gets a connection of its own: on a kept one that SmartHub is just closing, a change that was never
        # taken cannot be told from one whose answer was lost.
        self._changes = httpx.AsyncClient(
            trust_env=False,
            verify=tls,
            timeout=timeout,
            headers=headers,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def __repr__(self) -> str:
        return f"<SmartHub at {self._base}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every connection."""
        await self._reads.aclose()
        await self._changes.aclose()

    @property
    def left_alone(self) -> bool:
        """Whether SmartHub did not answer too often in a row, so that it is asked only once in a while."""
        return self._gate.is_open

    # Reads

    async def _read(
        self,
        name: str,
        path: Mapping[str, str],
        *,
        query: Mapping[str, str | None] | None = None,
        url: str | None = None,
        about: Subject | None = None,
    ) -> Answer:
        """The 2xx answer to a question, asked again while SmartHub is busy or down, within the total time."""
        endpoint = self._contract.endpoint(name)
        target = url if url is not None else self._url(endpoint, path, query or {})
        try:
            async with asyncio.timeout(self._total_s) as timer:
                patience = _Patience(asyncio.get_running_loop().time() + self._total_s, timer)
                async for attempt in self._attempts(patience):
                    with attempt:
                        return await self._ask(endpoint, target, patience, about)
        except TimeoutError as exc:
            raise ProviderDown(f"SmartHub did not answer within {self._total_s:.0f} seconds. Try again later.") from exc
        raise AssertionError("stamina either returns or raises")

    def _attempts(self, patience: _Patience) -> AsyncIterator[stamina.Attempt]:
        initial, most = self._backoff

        def again(error: Exception) -> bool | float:
            if not isinstance(error, ProviderDown | ProviderBusy) or self._gate.is_open:
                return False
            left = patience.until - asyncio.get_running_loop().time()
            if patience.asked is None:
                return left > initial
            wait = max(patience.asked, initial)
            return wait if wait < left else False  # longer than anybody would wait: say so now

        return aiter(
            stamina.retry_context(
                on=again, attempts=self._tries, timeout=None, wait_initial=initial, wait_max=most, wait_jitter=initial
            )
        )

    async def _ask(self, endpoint: Endpoint, url: str, patience: _Patience, about: Subject | None) -> Answer:
        patience.asked = None
        answer = await self._follow(url, patience.timer)
        if _accepted(answer.status):
            return answer
        patience.asked = self._retry_after(answer.headers)
        raise self._refusal(answer.status, answer.body, endpoint=endpoint, about=about, wait=patience.asked)

    async def _follow(self, url: str, timer: asyncio.Timeout) -> Answer:
        """The answer after at most five redirects, all of them within SmartHub."""
        for _ in range(redirects.HOPS + 1):
            answer = await self._get(self._moved.now(url), timer)
            if answer.status not in redirects.FOR_GOOD | redirects.THIS_TIME:
                return answer
            url = self._moved.follow(answer.url, answer.status, answer.headers.get("location"))
        self._moved.forget()
        raise ProviderError("SmartHub redirects again and again, so there is no answer.")

    async def _get(self, url: str, timer: asyncio.Timeout) -> Answer:
        self._gate.check_read()  # at once, and not only when it is our turn
        async with self._slots, self._rate:
            with self._gate.turn(out_of_time=timer.expired) as turn:
                answer = await self._exchange(url)
                turn.alive = not is_failing(answer.status)
                return answer

    async def _exchange(self, url: str) -> Answer:
        try:
            async with self._reads.stream("GET", url) as response:
                return Answer(url, response.status_code, response.headers, await self._body(response))
        except (httpx.InvalidURL, httpx.DecodingError) as exc:
            raise ProviderError("SmartHub sent something that cannot be read.") from exc
        except httpx.TimeoutException as exc:
            raise ProviderDown("SmartHub did not answer in time. Try again later.") from exc
        except httpx.TransportError as exc:
            raise ProviderDown("SmartHub cannot be reached, or broke off. Try again later.") from exc

    async def _body(self, response: httpx.Response) -> bytes:
        """The body, up to the limit; what is wrong with a refusal's body is no reason not to know the refusal."""
        good = _accepted(response.status_code)
        limit = self._body_limit if good else PROBLEM_AT_MOST
        body = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > limit:
                    raise ProviderError(f"SmartHub's answer is larger than {limit} bytes, so it was not read.")
        except (httpx.HTTPError, ProviderError):
            if good:
                raise
            return b""
        return bytes(body)

    # Changes

    async def _change(
        self,
        name: str,
        path: Mapping[str, str],
        *,
        body: object = None,
        about: Subject | None = None,
        wanted: bool = False,
    ) -> bytes:
        """What SmartHub said when it accepted the change, where that is `wanted`. It is sent once, whatever happens."""
        endpoint = self._contract.endpoint(name)
        url = self._url(endpoint, path, {})
        content = None if body is None else json.dumps(body).encode()
        leaving = False
        self._gate.check_change()
        try:
            async with asyncio.timeout(self._total_s) as timer, self._slots, self._rate:
                with self._gate.turn(out_of_time=timer.expired, change=True) as turn:
                    leaving = True
                    answer = await self._send(endpoint, url, content, wanted=wanted)
                    turn.alive = not is_failing(answer.status)
        except TimeoutError as exc:
            if leaving:
                raise OutcomeUnknown(lost("SmartHub did not answer in time", endpoint)) from exc
            raise ProviderBusy("Too much is being asked of SmartHub at once; nothing was sent. Try again.") from exc
        if not _accepted(answer.status):  # where it was, it does not matter what the body says
            wait = self._retry_after(answer.headers)
            raise self._refusal(answer.status, answer.body, endpoint=endpoint, about=about, wait=wait)
        return answer.body

    async def _send(self, endpoint: Endpoint, url: str, content: bytes | None, *, wanted: bool) -> Answer:
        headers = {} if content is None else {"Content-Type": "application/json"}
        status, body, said = 0, b"", httpx.Headers()
        try:
            async with self._changes.stream(endpoint.method, url, content=content, headers=headers) as response:
                status, said = response.status_code, response.headers
                body = await self._body(response) if wanted or not _accepted(status) else b""
        except _NEVER_LEFT as exc:
            raise ProviderDown("SmartHub cannot be reached; nothing was changed. Try again later.") from exc
        except Exception as exc:  # whatever went wrong here, the change was under way
            if not status or (wanted and _accepted(status)):
                raise OutcomeUnknown(lost("SmartHub's answer was lost", endpoint)) from exc
        return Answer(url, status, said, body)

    # Both

    def _url(self, endpoint: Endpoint, path: Mapping[str, str], query: Mapping[str, str | None]) -> str:
        names = self._contract.fields["query"]
        sent = {names[ours][0]: value for ours, value in query.items() if value is not None}
        url = self._base + addresses.address(endpoint, path, self._contract.endpoints)
        return f"{url}?{urlencode(sent)}" if sent else url

    def _retry_after(self, headers: httpx.Headers) -> float | None:
        return wire.read_retry_after(headers.get("retry-after"), now=self._clock.now())

    def _refusal(
        self, status: int, body: bytes, *, endpoint: Endpoint, about: Subject | None, wait: float | None
    ) -> BotError:
        problem = keys.without(self._key, body)
        return refusal(status, problem, endpoint=endpoint, contract=self._contract, about=about, retry_after=wait)


def _accepted(status: int) -> bool:
    return 200 <= status < 300
