"""The Web API: who may call which method, the trouble in between, and Slack's form of the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.simulator.slack.api_chat import ChatMethods
from bot.simulator.slack.api_people import PeopleMethods
from bot.simulator.slack.api_views import ViewMethods
from bot.simulator.slack.asked import Asked
from bot.simulator.slack.drawn import Drawn
from bot.simulator.slack.guard import stranger
from bot.simulator.slack.shapes import Call, Json, Refused
from bot.simulator.slack.trouble import Trouble
from bot.simulator.slack.workspace import Workspace

Method = Callable[[Asked], Json]

# Methods that write a message and so count for the one message a second of a channel.
POSTING = frozenset({"chat.postMessage", "chat.postEphemeral"})
FREE = frozenset({"api.test"})


@dataclass(frozen=True)
class _Entry:
    run: Method
    scopes: tuple[str, ...] = ()


class WebApi:
    """All methods. `scopes` are those the bot token was given; `calls` is every call in its order."""

    def __init__(
        self,
        space: Workspace,
        drawn: Drawn,
        trouble: Trouble,
        *,
        bot_token: str,
        app_token: str | None,
        connection_url: Callable[[], str],
    ) -> None:
        self.space = space
        self.trouble = trouble
        self.bot_token = bot_token
        self.app_token = app_token
        self.connection_url = connection_url
        self.calls: list[Call] = []
        self.chat = ChatMethods(space, drawn, trouble)
        self.methods = _methods(self.chat, PeopleMethods(space, drawn), ViewMethods(space))
        self.scopes = frozenset(scope for entry in self.methods.values() for scope in entry.scopes)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer to one call of the Web API."""
        refused = stranger(request)
        if refused is not None:
            return refused
        method = request.match_info["method"]
        given = await _read(request)
        token = _token(request, given)
        if self.trouble.down:
            self._note(method, given, "503")
            return web.Response(status=503, text="Service Unavailable")
        wait = self.trouble.busy(method)
        if wait is None and method in POSTING:
            wait = 1 if self.trouble.too_fast(str(given.get("channel")), now=self.space.now()) else None
        if wait is not None:
            self._note(method, given, "ratelimited")
            body = {"ok": False, "error": "ratelimited"}
            return web.json_response(body, status=429, headers={"Retry-After": str(wait)})
        answer = self._run(method, given, token)
        if self.trouble.lost(method) and request.transport is not None:
            request.transport.close()
        return web.json_response(answer, headers={"X-OAuth-Scopes": ",".join(sorted(self.scopes))})

    def _run(self, method: str, given: Json, token: str | None) -> Json:
        try:
            done = self._do(method, given, token)
        except Refused as refusal:
            self._note(method, given, refusal.code)
            answer: Json = {"ok": False, "error": refusal.code, **refusal.more}
            if refusal.details:
                answer |= {
                    "errors": refusal.details,
                    "response_metadata": {"messages": [f"[ERROR] {d}" for d in refusal.details]},
                }
            return answer
        self._note(method, given, None)
        return {"ok": True, **done}

    def _do(self, method: str, given: Json, token: str | None) -> Json:
        if method == "apps.connections.open":
            return self._connection(token)
        entry = self.methods.get(method)
        if entry is None:
            raise Refused("unknown_method", req_method=method)
        if token is None and method not in FREE:
            raise Refused("not_authed")
        if token != self.bot_token and method not in FREE:
            raise Refused("not_allowed_token_type" if token == self.app_token else "invalid_auth")
        planned = self.trouble.refusal(method)
        if planned is not None:
            raise Refused(planned)
        if entry.scopes and not self.scopes.intersection(entry.scopes):
            raise Refused("missing_scope", needed=entry.scopes[0], provided=",".join(sorted(self.scopes)))
        return entry.run(Asked(given))

    def _connection(self, token: str | None) -> Json:
        if token is None:
            raise Refused("not_authed")
        if self.app_token is None or token != self.app_token:
            raise Refused("not_allowed_token_type" if token == self.bot_token else "invalid_auth")
        return {"url": self.connection_url()}

    def _note(self, method: str, given: Json, error: str | None) -> None:
        args = {k: v for k, v in given.items() if k != "token"}
        self.calls.append(Call(method, args, self.space.now(), error))


def _methods(chat: ChatMethods, people: PeopleMethods, views: ViewMethods) -> dict[str, _Entry]:
    reads = ("channels:read", "groups:read", "im:read")
    history = ("channels:history", "groups:history", "im:history")
    return {
        "api.test": _Entry(people.api_test),
        "auth.test": _Entry(people.auth_test),
        "bots.info": _Entry(people.bot_info, ("users:read",)),
        "team.info": _Entry(people.team_info, ("team:read",)),
        "chat.postMessage": _Entry(chat.post_message, ("chat:write",)),
        "chat.postEphemeral": _Entry(chat.post_ephemeral, ("chat:write",)),
        "chat.update": _Entry(chat.update, ("chat:write",)),
        "chat.delete": _Entry(chat.delete, ("chat:write",)),
        "chat.getPermalink": _Entry(chat.permalink),
        "conversations.open": _Entry(people.open, ("im:write",)),
        "conversations.info": _Entry(people.info, reads),
        "conversations.list": _Entry(people.list, reads),
        "conversations.members": _Entry(people.members, reads),
        "conversations.join": _Entry(people.join, ("channels:join",)),
        "conversations.history": _Entry(people.history, history),
        "conversations.replies": _Entry(people.replies, history),
        "users.info": _Entry(people.user_info, ("users:read",)),
        "users.list": _Entry(people.users, ("users:read",)),
        "users.conversations": _Entry(people.own, reads),
        "usergroups.list": _Entry(people.groups, ("usergroups:read",)),
        "usergroups.users.list": _Entry(people.group_users, ("usergroups:read",)),
        "views.open": _Entry(views.open),
        "views.push": _Entry(views.push),
        "views.update": _Entry(views.update),
        "views.publish": _Entry(views.publish),
        "files.getUploadURLExternal": _Entry(chat.upload_url, ("files:write",)),
        "files.completeUploadExternal": _Entry(chat.complete_upload, ("files:write",)),
        "files.info": _Entry(chat.file_info, ("files:read",)),
        "reactions.add": _Entry(chat.react, ("reactions:write",)),
    }


async def _read(request: web.Request) -> Json:
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = {}
        return given | (body if isinstance(body, dict) else {})
    return given | {k: v for k, v in (await request.post()).items() if isinstance(v, str)}


def _token(request: web.Request, given: Mapping[str, object]) -> str | None:
    header = request.headers.get("Authorization", "")
    token = header.removeprefix("Bearer ").strip() or given.get("token")
    return str(token) if token else None
