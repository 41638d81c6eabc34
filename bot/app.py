"""Puts the parts together: the only file that knows them all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock, WallClock
from bot.config import Config
from bot.errors import ConfigError, SlackError
from bot.flows import alerts, approvals, events
from bot.flows.home import Home, Pulse
from bot.flows.metrics import watch
from bot.flows.outages import Outages
from bot.flows.outbox import Outbox
from bot.flows.people import People
from bot.flows.sims import Sims
from bot.logs import web_log
from bot.neighbours import make_contract, make_slack_client, make_smarthub
from bot.rules.alerts import Limits
from bot.rules.outbox import Note
from bot.rules.people import Roles
from bot.slack import Slack
from bot.store import Store
from bot.views.parts import Message
from handlers.buttons import Buttons
from handlers.commands import Commands
from handlers.home import Opened
from handlers.listening import Listening
from handlers.schedule import FAILED, Job, Schedule
from handlers.slack import Requests, Socket, make_bolt
from handlers.webhook import Watch, Webhook

FINISH_WITHIN_S = 20.0
log = structlog.get_logger()


class App:
    """The bot, built from its configuration: `start`, and `stop` which lets what is under way come to its end."""

    def __init__(self, config: Config, *, clock: Clock | None = None) -> None:
        """Raises ConfigError for an unknown name under [smarthub.…], StoreError when the store cannot be opened."""
        self.config = config
        self.clock = clock or WallClock()
        self.contract = make_contract(config)
        self.store = Store(config.store.path)
        self._tasks: list[asyncio.Task[Any]] = []  # Any: what they return is nobody's concern
        self._me: dict[str, str] = {}
        self._opened = AsyncExitStack()
        self._timed = False
        self._socket: Socket | None = None
        # Set when only a new process helps: whoever runs the bot ends it then, with an error.
        self.gave_up = asyncio.Event()
        self.port = config.http.port

    async def start(self, *, timed: bool = True) -> None:
        """Opens the doors and starts what runs by itself. Returns when the bot can be reached at `port`.

        Not `timed`, no job starts by the clock on the wall: a test that holds the time runs them itself.
        """
        try:
            self._build()
            await self.approvals.recover()
            await self._listen()
        except BaseException:
            await self._let_go()
            raise
        self._go(self.outbox.run())
        self._go(self._know_myself())
        now = self.clock.now()
        self._timed = timed
        if timed:
            self.schedule.start(first_at=lambda job: now + min(job.every, timedelta(seconds=5)))
        if self._socket is not None:
            self._go(self._socket.open())
        log.info("started", port=self.port, smarthub=self.config.smarthub.base_url)

    async def _listen(self) -> None:
        """Opens the port. Raises ConfigError when somebody else has it, or it cannot be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.config.http.host, self.config.http.port).start()
        except OSError as exc:
            raise ConfigError([f"http.port = {self.port}: simops cannot listen there ({exc.strerror})."]) from exc
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Closes the doors, lets what was begun come to its end, and lets go of everything."""
        await self.schedule.stop()
        if self._socket is not None:
            await self._socket.close()
        await self._runner.cleanup()
        await self.listening.drain(FINISH_WITHIN_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._let_go()
        log.info("stopped")

    async def _let_go(self) -> None:
        """Closes what was opened, as far as it was, the last first."""
        await self._opened.aclose()
        self.store.close()

    @property
    def busy(self) -> int:
        """How many commands, clicks and jobs are being worked on now."""
        return self.listening.busy + self.schedule.busy

    def troubles(self) -> list[str]:
        """What keeps the bot from its work, in words; empty when all is well."""
        found = ["The scheduler does not run."] if self._timed and not self.schedule.running else []
        found += [f"{task.get_name()} has stopped." for task in self._tasks if _broke(task)]
        if self.outbox.trouble is not None:
            found.append(f"Slack: {self.outbox.trouble}")
        if self._socket is not None and self._socket.trouble is not None:
            found.append(self._socket.trouble)
        if self.outages.trouble is not None:
            found.append(self.outages.trouble)
        if self.store.disk.trouble is not None:
            found.append(f"Store: {self.store.disk.trouble}")
        return found

    def _build(self) -> None:
        """Makes the parts and hands each what it needs; nothing is reached or started yet."""
        config, clock = self.config, self.clock
        self._session = aiohttp.ClientSession()
        self._opened.push_async_callback(self._session.close)
        token = config.secrets.slack_bot_token.get_secret_value()
        self.slack = Slack(self._client(token))
        self.hub = make_smarthub(config, self.contract, clock=clock, on_circuit=self._circuit_turned)
        self._opened.push_async_callback(self.hub.close)
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
            sees=self.people.sees,
            clock=clock,
            draw={"approval": self.approvals.draw, "event": self.events.draw, "alert": self.alerts.draw},
        )
        store.disk.after_commit = self.outbox.wake
        self.outages = Outages(hub=self.hub, store=store.outbox, clock=clock, channel=config.slack.alerts_channel)
        last = store.runs.last().get("outages")
        self.outages.recall(last, failed=last is not None and last[1].startswith(FAILED))
        pulse = Pulse(smarthub=self._smarthub_in_words, troubles=self.troubles)
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
        signing = config.secrets.slack_signing_secret
        self.bolt = make_bolt(
            token=token,
            signing_secret="" if signing is None else signing.get_secret_value(),
            client=self._client(None),
            me=self._me,
        )
        Commands(
            config.slack.command, self.people, self.sims, self.approvals, self.alerts, self.home, self._checked_at
        ).register(self.bolt, self.listening)
        Buttons(self.people, self.approvals, self.alerts).register(self.bolt, self.listening)
        Opened(self.people, self.home).register(self.bolt, self.listening)
        secrets = [secret.get_secret_value() for secret in config.secrets.smarthub_push_secret]
        webhook = Webhook(self.events, secrets, config.push.body_limit_kib * 1024)
        registry = CollectorRegistry()
        watch(registry, store=store, clock=clock)
        self._web = web.Application(client_max_size=1024**2)
        self._web.add_routes(webhook.routes() + Watch(self.troubles, registry).routes())
        if config.secrets.slack_app_token is None:
            self._web.add_routes(Requests(self.bolt).routes())
        else:
            app_token = config.secrets.slack_app_token.get_secret_value()
            self._socket = Socket(self.bolt, app_token=app_token, client=self._client(app_token), clock=clock)
        self.schedule = Schedule(self._jobs(), note=note)
        self._runner = web.AppRunner(self._web, access_log=None, logger=web_log(), shutdown_timeout=5.0)
        self._opened.push_async_callback(self._runner.cleanup)

    def _jobs(self) -> list[Job]:
        async def settle() -> str | None:
            lapsed, settled = await self.approvals.lapse(), await self.approvals.settle()
            return f"{lapsed} lapsed, {settled} settled" if lapsed or settled else None

        async def wake() -> str | None:
            woken = await self.alerts.wake()
            return f"{woken} snoozes over" if woken else None

        async def look() -> None:
            if self._socket is not None:
                await self._socket.look(slack_answers=self._slack_answers)
                if self._socket.lost:
                    log.error("socket_lost")
                    self.gave_up.set()

        tick = min(self.config.approvals.settle_every, timedelta(seconds=30))
        return [
            Job("alerts", self.config.alerts.every, self.alerts.check),
            Job("requests", tick, settle),
            Job("snoozes", timedelta(seconds=30), wake),
            Job("outages", timedelta(seconds=30), self.outages.look),
            *([] if self._socket is None else [Job("socket", timedelta(seconds=30), look)]),
        ]

    def _circuit_turned(self, is_open: bool, said: str) -> None:
        self.outages.turned(is_open, said)
        if is_open:
            task = asyncio.create_task(self.schedule.run("outages"))
            self._tasks.append(task)
            task.add_done_callback(self._tasks.remove)

    def _client(self, token: str | None) -> AsyncWebClient:
        return make_slack_client(self.config, session=self._session, token=token)

    async def _know_myself(self) -> None:
        """Asks Slack once who we are, until it says."""
        while not self._me:
            try:
                self._me.update(await self.slack.me())
            except SlackError as problem:
                log.warning("slack_does_not_say_who_we_are", problem=str(problem))
                await self.clock.sleep(30)

    async def _slack_answers(self) -> bool:
        try:
            await self.slack.me()
        except SlackError as problem:
            return not problem.again
        return True

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        """Starts something that runs as long as the bot does."""
        name = getattr(work, "__qualname__", "A part").split(".")[0]
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:  # Any: as above
        """A part that breaks would leave a bot that looks alive: it gives up, so that it is started again."""
        if _broke(task):
            log.error("part_broke", part=task.get_name(), exc_info=task.exception())
            self.gave_up.set()

    def _checked_at(self) -> datetime | None:
        last = self.store.runs.last().get("alerts")
        return None if last is None else last[0]

    def _smarthub_in_words(self) -> str:
        last = self.store.runs.last().get("alerts")
        if last is None:
            return "not asked yet"
        return f"{'did not answer' if last[1].startswith(FAILED) else 'answered'} the last check"


def _broke(task: asyncio.Task[Any]) -> bool:  # Any: as above
    return task.done() and not task.cancelled() and task.exception() is not None
