"""How Slack reaches us: by signed requests to `/slack/events`, or, with an app token, through a socket we open."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock

CONNECT_AGAIN_S = 5.0
READ_WITHIN_S = 10.0
LOST_AFTER_LOOKS = 4
log = structlog.get_logger()


def make_bolt(*, token: str, signing_secret: str, client: AsyncWebClient, me: Mapping[str, str]) -> AsyncApp:
    """Bolt with what is needed of it, given everything: what it is not given it reads from the environment.

    `client` has no token of its own; `me` is filled with who we are when Slack has said so, and nothing waits for it.
    """
    quiet = logging.getLogger("simops.bolt")
    quiet.setLevel(logging.ERROR)

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=me.get("team_id"),
            bot_user_id=me.get("user_id"),
            bot_id=me.get("bot_id"),
            bot_token=token,
        )

    return AsyncApp(
        name="simops",
        logger=quiet,
        client=client,
        authorize=authorize,
        signing_secret=signing_secret,
        process_before_response=True,
        ssl_check_enabled=False,
        attaching_function_token_enabled=False,
        ignoring_self_assistant_message_events_enabled=False,
    )


class Requests:
    """`POST /slack/events`: commands, buttons, modals and events, signed."""

    def __init__(self, bolt: AsyncApp) -> None:
        self._bolt = bolt

    def routes(self) -> list[web.RouteDef]:
        """For the aiohttp application."""
        return [web.post("/slack/events", self.received)]

    async def received(self, request: web.Request) -> web.Response:
        """Bolt's answer; 401 for what is not signed by Slack within the last five minutes, 400 for what is no request.

        Bolt reads the time and the body before it looks at the signature, and anybody may send us anything.
        """
        if re.fullmatch("[0-9]{1,12}", request.headers.get("X-Slack-Request-Timestamp", "")) is None:
            return web.Response(status=401)
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                asked = await to_bolt_request(request)
        except TimeoutError:
            return web.Response(status=408)
        except (ValueError, TypeError, AttributeError, RecursionError):
            return web.Response(status=400)
        try:
            return await to_aiohttp_response(await self._bolt.async_dispatch(asked))
        except (LookupError, TypeError, ValueError, AttributeError):
            # Signed, and yet in no shape that Slack sends: Bolt looks into it before any listener does.
            log.exception("request_not_understood")
            return web.Response(status=400)


class Socket:
    """Socket Mode: the same listeners, over a connection that the bot opens and looks after.

    https://docs.slack.dev/apis/events-api/using-socket-mode
    """

    def __init__(self, bolt: AsyncApp, *, app_token: str, client: AsyncWebClient, clock: Clock) -> None:
        """`client` carries the app token: it is used for `apps.connections.open` alone."""
        self._handler = AsyncSocketModeHandler(bolt, app_token, web_client=client)
        self._clock = clock
        self._silent = 0
        self._opened = False

    async def open(self) -> None:
        """Connects, and tries until it does."""
        while True:
            try:
                await self._handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
            except (SlackClientError, aiohttp.ClientError, TimeoutError) as problem:
                log.warning("socket_not_open", problem=type(problem).__name__)
                await self._clock.sleep(CONNECT_AGAIN_S)
            else:
                self._opened = True
                return

    async def look(self, *, slack_answers: Callable[[], Awaitable[bool]]) -> None:
        """Notes whether the connection lives; one that stays silent after a reconnect looks open and is not.

        While Slack itself does not answer, a new process would have no connection either: that does not count.
        """
        if not self._opened:
            return
        if await self._handler.client.is_connected():
            self._silent = 0
        elif await slack_answers():
            self._silent += 1

    @property
    def trouble(self) -> str | None:
        """What is wrong, in words."""
        return "The socket to Slack is not connected." if self._silent or not self._opened else None

    @property
    def lost(self) -> bool:
        """Whether it has been silent for so long that only a new process helps."""
        return self._silent >= LOST_AFTER_LOOKS

    async def close(self) -> None:
        """Ends the connection."""
        await self._handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
