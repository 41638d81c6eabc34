"""Who may talk to the page's server, and how it says no."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from bot.errors import BotError
from bot.simulator.slack.shapes import Json

OUR_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
Doing = Callable[[Json], Awaitable[Json]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guarded(handler: Handler) -> Handler:
    """Only for pages of our own: no other name leads here, and no other site may ask."""

    async def guard(request: web.Request) -> web.StreamResponse:
        refused = stranger(request)
        if refused is not None:
            return refused
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.setdefault("X-Content-Type-Options", "nosniff")
            answer.headers.setdefault("Referrer-Policy", "no-referrer")
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    return guard


def stranger(request: web.Request) -> web.Response | None:
    """The refusal of what another site sends, or what came here by another name; None for everything else."""
    if _name_of(request.host) not in OUR_HOSTS:
        return web.json_response({"ok": False, "error": "This address is not ours."}, status=421)
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return web.json_response({"ok": False, "error": "Another site may not do this."}, status=403)
    return None


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:  # such as "[": brackets that do not hold an address
        return None


def in_words(do: Doing) -> Handler:
    """Reads the body, does it, and answers in words when it cannot be done."""

    async def doing(request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            return web.json_response({"ok": False, "error": "Send application/json."}, status=415)
        try:
            body = json.loads(await request.text())
            return web.json_response({"ok": True, **await do(body)})
        except KeyError as exc:
            return web.json_response({"ok": False, "error": f"{exc.args[0]} is missing."}, status=400)
        except (BotError, LookupError, ValueError, TypeError, AttributeError) as exc:
            return web.json_response({"ok": False, "error": str(exc)}, status=400)

    return doing
