"""A small bot on the real slack_bolt, and the built-in Slack it talks to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator.clock import HeldClock
from bot.simulator.slack import Channel, Person, Slack

TOKEN = "xoxb-test-bot"
APP_TOKEN = "xapp-test-app"
SECRET = "made-up-signing-secret"
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

ANNA = Person("U0ANNA", "anna", "Anna Ash", note="operator")
BEN = Person("U0BEN", "ben", "Ben Birch", note="approver")
CLEO = Person("U0CLEO", "cleo", "Cleo Cane", note="not in #ops")
DORA = Person("U0DORA", "dora", "Dora Dew", note="left", deactivated=True)


def make_slack(*, journal: Path | None = None, clock: HeldClock | None = None) -> Slack:
    """A workspace of four people, with a channel of each kind."""
    return Slack(
        people=[ANNA, BEN, CLEO, DORA],
        channels=[
            Channel("C0OPS", "ops", {"U0ANNA", "U0BEN"}),
            Channel("C0ALL", "all", {"U0ANNA", "U0BEN", "U0CLEO"}),
            Channel("C0OUT", "out", {"U0ANNA"}, bot_in=False),
            Channel("C0OLD", "old", {"U0ANNA"}, archived=True),
            Channel("G0TOP", "top", {"U0BEN"}, bot_in=False, private=True),
        ],
        groups={"S0OPS": ["U0ANNA", "U0BEN"]},
        bot_token=TOKEN,
        app_token=APP_TOKEN,
        signing_secret=SECRET,
        clock=clock or HeldClock(START),
        journal=journal,
    )


@asynccontextmanager
async def running(slack: Slack) -> AsyncIterator[Slack]:
    """The Slack, started, and stopped afterwards."""
    await slack.start()
    try:
        yield slack
    finally:
        await slack.stop()


def client_of(slack: Slack, token: str = TOKEN) -> AsyncWebClient:
    """The client any bot uses, without a second try of its own."""
    return AsyncWebClient(token=token, base_url=slack.api_url, retry_handlers=[])


def text(words: str) -> dict[str, Any]:
    """A mrkdwn section."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def button(label: str, action_id: str, value: str = "1") -> dict[str, Any]:
    """A button."""
    return {"type": "button", "text": {"type": "plain_text", "text": label}, "action_id": action_id, "value": value}


def plain(words: str) -> dict[str, Any]:
    """A plain_text object."""
    return {"type": "plain_text", "text": words}


MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "order",
    "title": plain("Order"),
    "submit": plain("Send"),
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": plain("Reason"),
            "element": {"type": "plain_text_input", "action_id": "typed", "max_length": 20},
        },
        {
            "type": "input",
            "block_id": "plan",
            "optional": True,
            "label": plain("Plan"),
            "element": {"type": "external_select", "action_id": "plan_choice"},
        },
    ],
}


MENU: list[dict[str, Any]] = [
    text("Page 1"),
    {
        "type": "actions",
        "block_id": "menu",
        "elements": [{"type": "external_select", "action_id": "sim_choice"}, button("Next", "next", "2")],
    },
]
FILES: dict[str, Any] = {
    "type": "modal",
    "callback_id": "order_files",
    "title": plain("Files"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "list",
            "label": plain("List"),
            "element": {"type": "file_input", "action_id": "csv", "filetypes": ["csv"], "max_files": 1},
        }
    ],
}


class SmallBot:
    """What a bot does with Slack, in a few listeners; `heard` is all it was told."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.heard: list[dict[str, Any]] = []
        self.release = asyncio.Event()
        self.client = client_of(slack)
        self.app = AsyncApp(
            client=self.client,
            signing_secret=SECRET,
            request_verification_enabled=True,
            ssl_check_enabled=False,
            raise_error_for_unhandled_request=False,
        )
        self._listen()

    def _listen(self) -> None:  # noqa: C901 - a list of listeners
        app = self.app

        @app.command("/sim")
        async def sim(ack: Any, body: Any, respond: Any, command: Any) -> None:
            self.heard.append(body)
            match command["text"].split(" ")[0]:
                case "slow":
                    await self.release.wait()
                case "form":
                    await ack()
                    await self.client.views_open(trigger_id=body["trigger_id"], view=MODAL)
                case "later":
                    await ack()
                    await respond(text="here you are", response_type="in_channel")
                case "card":
                    await ack()
                    blocks = [text("Suspend?"), {"type": "actions", "elements": [button("Approve", "approve", "7")]}]
                    await self.client.chat_postMessage(channel=body["channel_id"], text="Suspend?", blocks=blocks)
                case "menu":
                    await ack(text="Page 1", blocks=MENU)
                case "files":
                    await ack()
                    await self.client.views_open(trigger_id=body["trigger_id"], view=FILES)
                case "wrong":
                    await ack(text="x", blocks=[{"type": "nonsense"}])
                case _:
                    await ack(text=f"You said {command['text']}")

        @app.action("approve")
        async def approve(ack: Any, body: Any, respond: Any) -> None:
            self.heard.append(body)
            await ack()
            await respond(text="done", replace_original=True)

        @app.action("next")
        async def turned(ack: Any, body: Any, respond: Any) -> None:
            self.heard.append(body)
            await ack()
            await respond(text="Page 2", replace_original=True)

        @app.shortcut("beside")
        async def beside(ack: Any, body: Any, respond: Any) -> None:
            self.heard.append(body)
            await ack()
            await respond(text="Found: 1 SIM", replace_original=True)

        app.action("sim_choice")(self.listen)
        app.view("order_files")(self.listen)

        @app.view("order")
        async def order(ack: Any, body: Any) -> None:
            self.heard.append(body)
            said = body["view"]["state"]["values"]["reason"]["typed"]["value"]
            if said == "bad":
                await ack(response_action="errors", errors={"reason": "Say more."})
            elif said == "next":
                await ack(response_action="push", view=MODAL | {"title": plain("Second")})
            elif said == "clear":
                await ack(response_action="clear")
            elif said == "lost":
                await ack(response_action="errors", errors={"nowhere": "Say more."})
            else:
                await ack()

        @app.view_closed("order")
        async def closed(ack: Any, body: Any) -> None:
            self.heard.append(body)
            await ack()

        @app.options("sim_choice")
        async def sims(ack: Any, body: Any) -> None:
            self.heard.append(body)
            if body["value"] == "wrong":
                await ack(options=[{"text": plain("x" * 76), "value": "1"}])
            else:
                await ack(options=[{"text": plain(f"SIM {n} like {body['value']}"), "value": str(n)} for n in (7, 8)])

        @app.options("plan_choice")
        async def plans(ack: Any, body: Any) -> None:
            self.heard.append(body)
            await ack(options=[{"text": plain(f"Plan {body['value']}"), "value": f"plan-{body['value']}"}])

        @app.shortcut("note")
        async def note(ack: Any, body: Any) -> None:
            self.heard.append(body)
            await ack()

        @app.event("app_home_opened")
        async def opened(event: Any, body: Any) -> None:
            self.heard.append(body)
            await self.client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [text("Welcome")]})

        @app.event("app_mention")
        async def mentioned(body: Any) -> None:
            self.heard.append(body)

        @app.event("message")
        async def written(body: Any) -> None:
            self.heard.append(body)

    async def listen(self, ack: Any, body: Any) -> None:
        """A listener that does nothing but listen."""
        self.heard.append(body)
        await ack()

    async def answer(self, request: web.Request) -> web.Response:
        """The one route of the bot."""
        return await to_aiohttp_response(await self.app.async_dispatch(await to_bolt_request(request)))


@asynccontextmanager
async def small_bot(slack: Slack) -> AsyncIterator[SmallBot]:
    """The bot, listening by HTTP."""
    bot = SmallBot(slack)
    app = web.Application()
    app.add_routes([web.post("/slack/events", bot.answer)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.events_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        yield bot
    finally:
        bot.release.set()
        await runner.cleanup()
