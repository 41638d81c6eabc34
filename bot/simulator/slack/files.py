"""Where files go up and come down: the addresses that the Web API gives out for them."""

from __future__ import annotations

from aiohttp import web

from bot.simulator.slack.api import WebApi
from bot.simulator.slack.guard import guarded

LARGEST_UPLOAD = 20 * 1024 * 1024
# What this step is called where its refusal or loss is planned, as a method is.
UPLOAD = "upload"


class Files:
    """The files of one workspace. https://docs.slack.dev/messaging/working-with-files"""

    def __init__(self, api: WebApi) -> None:
        self.api = api
        self.fetched: list[str] = []  # the ids of those that were given out, in their order

    def routes(self) -> list[web.RouteDef]:
        """What the server has to route here."""
        return [
            web.post("/upload/{ticket}", guarded(self.take)),
            web.get("/files-pri/{id}/{name:.+}", guarded(self.give)),
        ]

    async def take(self, request: web.Request) -> web.Response:
        """The content of a file that was announced."""
        content = await _content(request)
        trouble = self.api.trouble
        if trouble.lost(UPLOAD) and request.transport is not None:
            request.transport.close()
        if trouble.down or trouble.refusal(UPLOAD) is not None:
            return web.Response(status=503, text="Service Unavailable")
        if not self.api.chat.upload(request.match_info["ticket"], content):
            return web.Response(status=400, text="Not taken")
        return web.Response(text=f"OK - {len(content)}")

    async def give(self, request: web.Request) -> web.Response:
        """A file, to whoever has the bot's token with the scope for it, where the bot may see the file."""
        file = self.api.space.file_for_bot(request.match_info["id"])
        allowed = request.headers.get("Authorization") == f"Bearer {self.api.bot_token}"
        if file is None or not allowed or "files:read" not in self.api.scopes:
            return web.Response(text="<html>Sign in to Slack</html>", content_type="text/html")
        if self.api.trouble.down:
            return web.Response(status=503, text="Service Unavailable")
        self.fetched.append(file.id)
        return web.Response(body=file.content, content_type=file.mimetype)


async def _content(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    parts = [v for v in (await request.post()).values() if isinstance(v, web.FileField)]
    return parts[0].file.read() if parts else b""
