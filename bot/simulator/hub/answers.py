"""How the simulator's SmartHub reads a request and words its answers: pages, problems, bodies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NoReturn

from aiohttp import web

from bot.simulator.hub.world import Refused, Row

SIZE, SIZE_AT_MOST = 100, 1000
TITLES = {
    400: "Bad Request",
    401: "Invalid api key",
    403: "Access forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Payload Too Large",
    422: "Validation Failed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Wrong(Exception):
    """400: the body is no JSON object, or a value in it has the wrong JSON type."""


def problem(status: int, *, detail: str | None = None, errors: Sequence[Row] = ()) -> web.Response:
    """An answer other than 2xx, as documented."""
    body: Row = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status}
    if detail is not None:
        body["detail"] = detail
    if errors:
        body["errors"] = list(errors)
    return web.json_response(body, status=status)


def refused(error: Refused) -> web.Response:
    """422 with the code and the field."""
    return problem(422, errors=[{"resource": error.resource, "field": error.field, "code": error.code}])


def page_asked(request: web.Request) -> tuple[int, int]:
    """The page and its size that were asked for. Raises Refused."""
    return _whole(request, "page", 1, 10**9), _whole(request, "pageSize", SIZE, SIZE_AT_MOST)


def _whole(request: web.Request, name: str, default: int, most: int) -> int:
    word = request.query.get(name, str(default))
    if not (word.isascii() and word.isdecimal() and len(word) <= 10 and 1 <= int(word) <= most):
        raise Refused("invalid", name, "query")
    return int(word)


def one_page(rows: Sequence[Row], *, page: int, size: int, total: int) -> web.Response:
    """A page of a list."""
    return web.json_response({"items": rows, "page": page, "pageSize": size, "total": total})


async def read_body(request: web.Request) -> Row:
    """The JSON object in a request. Raises Wrong."""
    try:
        value = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Wrong("Body should be JSON") from None
    if not isinstance(value, dict):
        raise Wrong("Body should be a JSON object")
    return value


def text_in(body: Row, key: str, *, resource: str, most: int = 200) -> str:
    """A text that has to be there. Raises Wrong, Refused."""
    if key not in body:
        raise Refused("missing_field", key, resource)
    value = body[key]
    if not isinstance(value, str):
        raise Wrong(f"{key} should be a string")
    if not 1 <= len(value) <= most:
        raise Refused("invalid", key, resource)
    return value


def giccids_in(body: Row) -> list[str]:
    """The SIMs of a batch. Raises Wrong, Refused."""
    value = body.get("giccids")
    if value is None:
        raise Refused("missing_field", "giccids", "batchJob")
    if not isinstance(value, list) or not all(isinstance(g, str) for g in value):
        raise Wrong("giccids should be an array of strings")
    if not 1 <= len(value) <= 1000 or not all(1 <= len(g) <= 32 for g in value):
        raise Refused("invalid", "giccids", "batchJob")
    return value


def not_found() -> NoReturn:
    """404, from wherever it is noticed."""
    raise web.HTTPNotFound
