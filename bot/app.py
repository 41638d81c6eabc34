"""Puts the parts together: the only file that knows them all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock, WallClock
from bot.config import Config
from bot.errors import SlackError
from bot.flows import alerts, approvals, events
from bot.flows.home import Home, Pulse
from bot.flows.metrics import watch
from bot.flows.outbox import Outbox
from bot.flows.people import People
from bot.flows.sims import Sims
from bot.rules.alerts import Limits
from bot.rules.outbox import Note
from bot.rules.people import Roles
from bot.slack import Slack
from bot.smarthub.client import SmartHub
from bot.smarthub.contract import contract
from bot.store import Store
from bot.views.parts import Message
from handlers.buttons import Buttons
from handlers.commands import Commands
from handlers.home import Opened
from handlers.listening import Listening
from handlers.schedule import Job, Schedule
from handlers.webhook import Watch, Webhook

SLACK_TIMEOUT_S = 10
FINISH_WITHIN_S = 20.0
log = structlog.get_logger()


class App:
    """The bot, built from its configuration: `start`, and `stop` which lets what is under way come to its end."""

    def __init__(self, config: Config, *, clock: Clock | None = None) -> None:
        """Raises ConfigError for an unknown name under [smarthub.…], StoreError when the store cannot be opened."""
        self.config = config
        self.clock = clock or WallClock()
        hub = config.smarthub
        self.contract = contract(operations=hub.operations, fields=hub.fields, enums=hub.enums)
        self.store = Store(config.store.path)
        self._tasks: list[asyncio.Task[Any]] = []  # Any: what they return is nobody's concern
        self._socket: AsyncSocketModeHandler | None = None
        self.port = config.http.port

    async def start(self, *, timed: bool = True) -> None:
        """Opens the doors and starts what runs by itself. Returns when the bot can be reached at `port`.

        Not `timed`, no job starts by the clock on the wall: a test that holds the time runs them itself.
        """
        self._build()
        await self.approvals.recover()
        self._runner = web.AppRunner(self._web, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.config.http.host, self.config.http.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._go(self.outbox.run())
        self._go(self._know_myself())
        now = self.clock.now()
        if timed:
            self.schedule.start(first_at=lambda job: now + min(job.every, timedelta(seconds=5)))
        if self.config.secrets.slack_app_token is not None:
            await self._open_socket(self.config.secrets.slack_app_token.get_secret_value())
        log.info("started", port=self.port, smarthub=self.config.smarthub.base_url)

    async def stop(self) -> None:
        """Closes the doors, lets what was begun come to its end, and lets go of everything."""
        self.schedule.stop()
        if self._socket is not None:
            await self._socket.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped
        await self._runner.cleanup()
        await self.listening.drain(FINISH_WITHIN_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.hub.close()
        await self._session.close()
        self.store.close()
        log.info("stopped")

    @property
    def busy(self) -> int:
        """How many commands, clicks and jobs are being worked on now."""
        return self.listening.busy + self.schedule.busy

    def troubles(self) -> list[str]:
        """What keeps the bot from its work, in words; empty when all is well."""
        found = [] if self.schedule.running else ["The scheduler does not run."]
        found += [f"{task.get_name()} has stopped." for task in self._tasks if task.done() and not task.cancelled()]
        if self.outbox.trouble is not None:
            found.append(f"Slack: {self.outbox.trouble}")
        if self.store.disk.trouble is not None:
            found.append(f"Store: {self.store.disk.trouble}")
        return found

    def _build(self) -> None:
        """Makes the parts and hands each what it needs; nothing is reached or started yet."""
        config, clock = self.config, self.clock
        self._session = aiohttp.ClientSession()
        token = config.secrets.slack_bot_token.get_secret_value()
        self.slack = Slack(self._client(token))
        self.hub = SmartHub(
            base_url=config.smarthub.base_url,
            key=config.secrets.smarthub_api_key.get_secret_value(),
            contract=self.contract,
            clock=clock,
            connect_timeout_s=config.smarthub.connect_timeout.total_seconds(),
            read_timeout_s=config.smarthub.read_timeout.total_seconds(),
            total_timeout_s=config.smarthub.total_timeout.total_seconds(),
            rate_per_second=config.smarthub.rate_per_second,
            concurrency=config.smarthub.concurrency,
            tries=config.smarthub.tries,
            page_size=config.smarthub.page_size,
        )
        self._build_flows()
        self._build_doors(token)

    def _build_flows(self) -> None:
        config, clock, store = self.config, self.clock, self.store
        label_field = config.sims.label_field
        self.people = People(roles=Roles(**config.roles.model_dump()), slack=self.slack, clock=clock)
        self.sims = Sims(hub=self.hub, clock=clock, label_field=label_field)
        self.approvals = approvals.Approvals(
            store=store.approvals,
            hub=self.hub,
            slack=self.slack,
            sees=self.people.sees,
            clock=clock,
            settings=approvals.Settings(
                channel=config.slack.approvals_channel,
                lives_for=config.approvals.lives_for,
                settle_every=config.approvals.settle_every,
                settle_for=config.approvals.settle_for,
                label_field=label_field,
            ),
        )
        self.events = events.Events(
            store=store.events,
            contract=self.contract,
            clock=clock,
            settings=events.Settings(channel=config.slack.events_channel, repeat_window=config.push.repeat_window),
        )
        self.alerts = alerts.Alerts(
            store=store.alerts,
            hub=self.hub,
            clock=clock,
            settings=alerts.Settings(
                channel=config.slack.alerts_channel,
                limits=Limits(config.alerts.quota_percent, config.alerts.expiry_days),
                snooze_for=config.alerts.snooze_for,
                label_field=label_field,
            ),
        )
        self.outbox = Outbox(
            store=store.outbox,
            slack=self.slack,
            clock=clock,
            draw={"approval": self.approvals.draw, "event": self.events.draw, "alert": self.alerts.draw},
        )
        store.disk.after_commit = self.outbox.wake
        pulse = Pulse(smarthub=self._smarthub_in_words, slack_trouble=lambda: self.outbox.trouble)
        self.home = Home(store=store, slack=self.slack, pulse=pulse, command=config.slack.command)

    def _build_doors(self, token: str) -> None:
        config, clock, store = self.config, self.clock, self.store

        async def first_time(key: str) -> bool:
            return await store.deliveries.first_time(key, now=clock.now())

        async def tell(user: str, message: Message) -> None:
            await store.outbox.add([Note(user, message.text, message.blocks)], now=clock.now())

        async def note(name: str, said: str) -> None:
            await store.runs.note(name, said=said, now=clock.now())

        self.listening = Listening(first_time=first_time, tell=tell, clock=clock)
        self.bolt = self._bolt(token)
        Commands(
            config.slack.command, self.people, self.sims, self.approvals, self.alerts, self.home, self._checked_at
        ).register(self.bolt, self.listening)
        Buttons(self.people, self.approvals, self.alerts).register(self.bolt, self.listening)
        Opened(self.people, self.home).register(self.bolt, self.listening)
        self.schedule = Schedule(self._jobs(), note=note)
        secrets = [secret.get_secret_value() for secret in config.secrets.smarthub_push_secret]
        webhook = Webhook(self.events, secrets, config.push.body_limit_kib * 1024)
        registry = CollectorRegistry()
        watch(registry, store=store, clock=clock)
        self._web = web.Application(client_max_size=1024**2)
        self._web.add_routes(webhook.routes() + Watch(self.troubles, registry).routes())
        if config.secrets.slack_app_token is None:
            self._web.add_routes([web.post("/slack/events", self._from_slack)])

    def _jobs(self) -> list[Job]:
        async def settle() -> str | None:
            lapsed, settled = await self.approvals.lapse(), await self.approvals.settle()
            return f"{lapsed} lapsed, {settled} settled" if lapsed or settled else None

        async def wake() -> str | None:
            woken = await self.alerts.wake()
            return f"{woken} snoozes over" if woken else None

        tick = min(self.config.approvals.settle_every, timedelta(seconds=30))
        return [
            Job("alerts", self.config.alerts.every, self.alerts.check),
            Job("requests", tick, settle),
            Job("snoozes", timedelta(seconds=30), wake),
        ]

    def _client(self, token: str | None) -> AsyncWebClient:
        """A client on the one shared session. It tries nothing twice: a message sent again is a message too many."""
        return AsyncWebClient(
            token=token,
            base_url=self.config.slack.api_url,
            session=self._session,
            timeout=SLACK_TIMEOUT_S,
            retry_handlers=[],
        )

    def _bolt(self, token: str) -> AsyncApp:
        """Bolt with what is needed of it, given everything: what it is not given it reads from the environment."""
        secret = self.config.secrets.slack_signing_secret
        quiet = logging.getLogger("simops.bolt")
        quiet.setLevel(logging.ERROR)

        async def authorize() -> AuthorizeResult:
            # One workspace, one token; who we are is asked once, and nothing waits for it.
            return AuthorizeResult(
                enterprise_id=None,
                team_id=self._me.get("team_id"),
                bot_user_id=self._me.get("user_id"),
                bot_id=self._me.get("bot_id"),
                bot_token=token,
            )

        self._me: dict[str, str] = {}
        return AsyncApp(
            name="simops",
            logger=quiet,
            client=self._client(None),
            authorize=authorize,
            signing_secret="" if secret is None else secret.get_secret_value(),
            process_before_response=True,
            ssl_check_enabled=False,
            attaching_function_token_enabled=False,
            ignoring_self_assistant_message_events_enabled=False,
        )

    async def _from_slack(self, request: web.Request) -> web.Response:
        """`POST /slack/events`: commands, buttons, modals and events, signed."""
        return await to_aiohttp_response(await self.bolt.async_dispatch(await to_bolt_request(request)))

    async def _open_socket(self, app_token: str) -> None:
        """Socket Mode: the same listeners, over a connection that the bot opens."""
        # The app token needs a client of its own; the bot token's would be used for `apps.connections.open`.
        self._socket = AsyncSocketModeHandler(self.bolt, app_token, web_client=self._client(app_token))
        await self._socket.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped

    async def _know_myself(self) -> None:
        """Asks Slack once who we are, until it says."""
        while not self._me:
            try:
                self._me.update(await self.slack.me())
            except SlackError as problem:
                log.warning("slack_does_not_say_who_we_are", problem=str(problem))
                await self.clock.sleep(30)

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        """Starts something that runs as long as the bot does."""
        name = getattr(work, "__qualname__", "A part").split(".")[0]
        self._tasks.append(asyncio.create_task(work, name=name))

    def _checked_at(self) -> datetime | None:
        last = self.store.runs.last().get("alerts")
        return None if last is None else last[0]

    def _smarthub_in_words(self) -> str:
        last = self.store.runs.last().get("alerts")
        return "not asked yet" if last is None else last[1]
