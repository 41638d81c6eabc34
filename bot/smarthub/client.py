"""The way to SmartHub and back: the only file that imports httpx. Reads are tried again, changes are sent once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from types import TracebackType
from urllib.parse import urlencode, urlsplit

import httpx
import stamina
from aiolimiter import AsyncLimiter

from bot.clock import Clock
from bot.errors import (
    BotError,
    ConfigError,
    OutcomeUnknown,
    ProviderBusy,
    ProviderDown,
    ProviderError,
    SimNotFound,
)
from bot.rules.accounts import Account
from bot.rules.sims import Sim, Status, read_iccid, spellings
from bot.smarthub import addresses, redirects, wire
from bot.smarthub.contract import Contract, Endpoint
from bot.smarthub.paging import Page, Pager, Place, read_page
from bot.smarthub.problems import Problem, Subject, lost, read_problem, refusal

BODY_AT_MOST = 32 * 1024 * 1024
PROBLEM_AT_MOST = 256 * 1024

# Only these mean that not a byte of the request has left us.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class _Answer:
    """What came back, read to its end and closed."""

    url: str
    status: int
    headers: httpx.Headers
    body: bytes


@dataclass
class _Patience:
    """How long one read may still take, and how long SmartHub last asked to wait. In seconds of the event loop."""

    until: float
    asked: float | None = None


class SmartHub:
    """SmartHub, typed. One for the process; `close` it, or use it with `async with`.

    Every call may raise KeyRefused, AccessForbidden, ProviderBusy, ProviderDown or ProviderError. A change may also
    raise ChangeRefused, AddressNotConfirmed and OutcomeUnknown; after the last one, read before doing anything else.
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
    ) -> None:
        """Raises ConfigError when the address or the key cannot be used."""
        self._base = _usable_base(base_url)
        self._key = _usable_key(key)
        self._contract = contract
        self._clock = clock
        self._total_s = total_timeout_s
        self._slots = asyncio.Semaphore(concurrency)
        self._rate = AsyncLimiter(max(1.0, rate_per_second), max(1.0, rate_per_second) / rate_per_second)
        self._tries = tries
        self._page_size = page_size
        self._max_pages = max_pages
        self._backoff = (backoff_initial_s, backoff_max_s)
        self._body_limit = body_limit_bytes
        self._moved = redirects.Moved(self._base)
        timeout = httpx.Timeout(read_timeout_s, connect=connect_timeout_s, pool=total_timeout_s)
        tls = httpx.create_ssl_context(trust_env=False)
        self._reads = httpx.AsyncClient(trust_env=False, verify=tls, timeout=timeout, headers=self._headers())
        # Each change gets a connection of its own: on a kept one that SmartHub is just closing, a change that was never
        # taken cannot be told from one whose answer was lost.
        self._changes = httpx.AsyncClient(
            trust_env=False,
            verify=tls,
            timeout=timeout,
            headers=self._headers(),
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def __repr__(self) -> str:
        return f"<SmartHub at {self._base}>"

    async def __aenter__(self) -> SmartHub:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every connection."""
        await self._reads.aclose()
        await self._changes.aclose()

    # SIMs

    async def sim(self, giccid: str) -> Sim:
        """The SIM as SmartHub describes it now, with its whole answer in `raw`. Raises SimNotFound, BadInput."""
        answer = await self._read("getSim", {"giccid": giccid}, about=Subject("SIM", giccid))
        sim = wire.read_sim(wire.read_object(answer.body), self._contract)
        if not wire.is_about(sim, giccid):
            raise ProviderError(f"SmartHub was asked for SIM {giccid} and described another one, so that was not used.")
        return sim

    async def find(self, iccid: str) -> Sim:
        """The SIM with this ICCID, with or without its check digit. Raises BadInput, SimNotFound."""
        tried = spellings(read_iccid(iccid))
        for spelling in tried:
            try:
                return await self.sim(spelling)
            except SimNotFound:
                continue
        raise SimNotFound(f"SmartHub has no SIM {tried[0]}, nor {' or '.join(tried[1:])}.")

    async def sims(
        self,
        *,
        account: str | None = None,
        status: Status | None = None,
        plan: str | None = None,
        iccid: str | None = None,
        imsi: str | None = None,
        msisdn: str | None = None,
        imei: str | None = None,
    ) -> AsyncIterator[Page]:
        """The SIMs that fit, page by page, never more than one page in memory. Raises as a read, at any page."""
        filters = {
            "account": account,
            "status": None if status is None else self._contract.theirs("status", status),
            "plan": plan,
            "iccid": iccid,
            "imsi": imsi,
            "msisdn": msisdn,
            "imei": imei,
        }
        async for number, rows in self._pages("listSims", filters):
            yield read_page(rows, number, self._contract)

    async def activate(self, giccid: str) -> None:
        """Returns when SmartHub has accepted; read the SIM again to know its state."""
        await self._change_sim("activateSim", giccid)

    async def suspend(self, giccid: str) -> None:
        """Returns when SmartHub has accepted; read the SIM again to know its state."""
        await self._change_sim("suspendSim", giccid)

    async def retire(self, giccid: str) -> None:
        """Returns when SmartHub has accepted; read the SIM again to know its state. Retiring is final."""
        await self._change_sim("retireSim", giccid)

    async def custom(self, giccid: str) -> tuple[str | None, ...]:
        """The five custom fields of a SIM. Raises SimNotFound, BadInput."""
        answer = await self._read("getSimCustomFields", {"giccid": giccid}, about=Subject("SIM", giccid))
        return wire.read_custom(wire.read_object(answer.body), self._contract)

    async def set_custom(self, giccid: str, values: Sequence[str | None]) -> None:
        """Sets all five custom fields: read them first, and send back those that stay. Raises as a change, BadInput."""
        body = wire.write_custom(values, self._contract)
        await self._change("updateSimCustomFields", {"giccid": giccid}, body=body, about=Subject("SIM", giccid))

    async def _change_sim(self, name: str, giccid: str) -> None:
        await self._change(name, {"giccid": giccid}, about=Subject("SIM", giccid))

    async def account(self, name: str) -> Account:
        """The account of that name. Raises NotFound, BadInput."""
        answer = await self._read("getAccount", {"name": name}, about=Subject("account", name))
        return wire.read_account(wire.read_object(answer.body), self._contract)

    # Reads

    async def _pages(self, name: str, filters: Mapping[str, str | None]) -> AsyncIterator[tuple[int, wire.Rows]]:
        """The pages of a list with their numbers, before their rows are read."""
        pager = Pager(page_size=self._page_size, max_pages=self._max_pages)
        here: Place | None = Place(1)
        while here is not None:
            query = {**filters, "page": str(here.number), "page_size": str(self._page_size)}
            answer = await self._read(name, {}, query=query, url=here.link)
            rows = wire.read_rows(answer.body, self._contract)
            if not pager.is_new(rows):
                return
            if rows.rows:
                yield here.number, rows
            here = pager.after(here, rows, link=self._next_link(answer))

    def _next_link(self, answer: _Answer) -> str | None:
        """SmartHub's `Link: rel="next"`; one that leads to another host is as good as none."""
        try:
            link = httpx.Response(200, headers=answer.headers).links.get("next", {}).get("url")
            target = None if link is None else str(httpx.URL(answer.url).join(link))
        except (httpx.InvalidURL, ValueError):
            return None
        return target if target is not None and redirects.same_place(self._base, target) else None

    async def _read(
        self,
        name: str,
        path: Mapping[str, str],
        *,
        query: Mapping[str, str | None] | None = None,
        url: str | None = None,
        about: Subject | None = None,
    ) -> _Answer:
        """The 2xx answer to a question, asked again while SmartHub is busy or down, within the total time."""
        endpoint = self._contract.endpoint(name)
        target = url if url is not None else self._url(endpoint, path, query or {})
        patience = _Patience(until=asyncio.get_running_loop().time() + self._total_s)
        try:
            async with asyncio.timeout(self._total_s):
                async for attempt in self._attempts(patience):
                    with attempt:
                        return await self._ask(endpoint, target, patience, about)
        except TimeoutError as exc:
            raise ProviderDown(f"SmartHub did not answer within {self._total_s:.0f} seconds. Try again later.") from exc
        raise AssertionError("stamina either returns or raises")

    def _attempts(self, patience: _Patience) -> AsyncIterator[stamina.Attempt]:
        initial, most = self._backoff

        def again(error: Exception) -> bool | float:
            if not isinstance(error, ProviderDown | ProviderBusy):
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

    async def _ask(self, endpoint: Endpoint, url: str, patience: _Patience, about: Subject | None) -> _Answer:
        patience.asked = None
        answer = await self._follow(url)
        if _accepted(answer.status):
            return answer
        patience.asked = self._retry_after(answer.headers)
        raise self._refusal(answer.status, answer.body, endpoint=endpoint, about=about, wait=patience.asked)

    async def _follow(self, url: str) -> _Answer:
        """The answer after at most five redirects, all of them within SmartHub."""
        for _ in range(redirects.HOPS + 1):
            answer = await self._get(self._moved.now(url))
            if answer.status not in redirects.FOR_GOOD | redirects.THIS_TIME:
                return answer
            url = self._moved.follow(answer.url, answer.status, answer.headers.get("location"))
        self._moved.forget()
        raise ProviderError("SmartHub redirects again and again, so there is no answer.")

    async def _get(self, url: str) -> _Answer:
        try:
            async with self._slots, self._rate, self._reads.stream("GET", url) as response:
                return _Answer(url, response.status_code, response.headers, await self._body(response))
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
        self, name: str, path: Mapping[str, str], *, body: object = None, about: Subject | None = None
    ) -> None:
        """Returns when SmartHub has accepted the change. It is sent once, whatever happens."""
        endpoint = self._contract.endpoint(name)
        url = self._url(endpoint, path, {})
        content = None if body is None else json.dumps(body).encode()
        leaving = False
        try:
            async with asyncio.timeout(self._total_s), self._slots, self._rate:
                leaving = True
                await self._send(endpoint, url, content, about)
        except TimeoutError as exc:
            if leaving:
                raise OutcomeUnknown(lost("SmartHub did not answer in time")) from exc
            raise ProviderBusy("Too much is being asked of SmartHub at once; nothing was sent. Try again.") from exc

    async def _send(self, endpoint: Endpoint, url: str, content: bytes | None, about: Subject | None) -> None:
        headers = {} if content is None else {"Content-Type": "application/json"}
        status, body, wait = 0, b"", None
        try:
            async with self._changes.stream(endpoint.method, url, content=content, headers=headers) as response:
                status, wait = response.status_code, self._retry_after(response.headers)
                body = b"" if _accepted(status) else await self._body(response)
        except _NEVER_LEFT as exc:
            raise ProviderDown("SmartHub cannot be reached; nothing was changed. Try again later.") from exc
        except Exception as exc:  # whatever went wrong here, the change was under way
            if not status:
                raise OutcomeUnknown(lost("SmartHub's answer was lost")) from exc
        if not _accepted(status):  # where it was, it does not matter what the body says
            raise self._refusal(status, body, endpoint=endpoint, about=about, wait=wait)

    # Both

    def _url(self, endpoint: Endpoint, path: Mapping[str, str], query: Mapping[str, str | None]) -> str:
        names = self._contract.fields["query"]
        sent = {names[ours][0]: value for ours, value in query.items() if value is not None}
        url = self._base + addresses.address(endpoint, path, self._contract.endpoints)
        return f"{url}?{urlencode(sent)}" if sent else url

    def _headers(self) -> dict[str, str]:
        return {
            "X-API-Key": self._key,
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"simops/{_version()}",
        }

    def _retry_after(self, headers: httpx.Headers) -> float | None:
        return wire.read_retry_after(headers.get("retry-after"), now=self._clock.now())

    def _refusal(
        self, status: int, body: bytes, *, endpoint: Endpoint, about: Subject | None, wait: float | None
    ) -> BotError:
        # A service may repeat the key in what it says of it; then it would be in a message and in the log.
        said = read_problem(body.replace(self._key.encode(), b"(key)"))
        problem = Problem(said.words.replace(self._key, "(key)"), said.faults)
        return refusal(status, problem, endpoint=endpoint, contract=self._contract, about=about, retry_after=wait)


def _accepted(status: int) -> bool:
    return 200 <= status < 300


def _usable_base(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        like = "https://trial.api.smh.smarthing.com/v1"
        raise ConfigError([f"smarthub.base_url has to be an address like {like}, with nothing else in it."])
    return url.rstrip("/")


def _usable_key(key: str) -> str:
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(["SMARTHUB_API_KEY is empty, or has characters that no key has."])
    return key


def _version() -> str:
    try:
        return metadata.version("simops")
    except metadata.PackageNotFoundError:
        return "0"
