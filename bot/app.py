"""Puts the parts together: the only file that knows them all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from slack_sdk.web.async_client import AsyncWebClient

from bot.assembly import Flows, Tools, make_flows
from bot.clock import Clock, WallClock
from bot.config import Config
from bot.errors import ConfigError, SlackError
from bot.flows.door import Door, Rules
from bot.flows.home import Pulse
from bot.flows.metrics import jobs_cut_off, turned_away, watch
from bot.flows.outages import Outages
from bot.logs import web_log
from bot.neighbours import make_contract, make_slack_client, make_smarthub
from bot.rules.door import networks
from bot.rules.outbox import Note
from bot.rules.runs import Came, Times
from bot.rules.runs import troubles as troubles_of_runs
from bot.slack import Slack
from bot.store import Store
from bot.views import runs as runs_view
from bot.views.parts import Message
from handlers.buttons import Buttons, catch_the_rest
from handlers.cards import Cards
from handlers.commands import Commands
from handlers.home import Opened
from handlers.jobs import JobButtons
from handlers.listening import Listening
from handlers.lists import Lists
from handlers.menus import Menus
from handlers.pushes import PushButtons
from handlers.schedule import Job, Schedule
from handlers.slack import Requests, Socket, make_bolt
from handlers.sms import SmsButtons
from handlers.switchboard import Switchboard
from handlers.threads import Threads
from handlers.webhook import Watch, Webhook

FINISH_WITHIN_S = 20.0
SLACK_TELLS_WITHIN_S = 10.0
# Jobs that go through everything there is, of which one step may take its time.
PATIENT = timedelta(hours=1)
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
            await self._judge_policies()
            await self.flows.approvals.carrying.recover()
            await self.flows.intake.taking.recover()
            await self.flows.sms.replying.recover()
            await self._listen()
        except BaseException:
            await self._let_go()
            raise
        self._go(self.flows.pushes.sorter.run())
        self._go(self.outbox.run())
        self._go(self.flows.home.run())
        self._go(self._know_myself())
        now = self.clock.now()
        self._timed = timed
        if timed:
            self.schedule.start(first_at=lambda job: now + min(job.every, timedelta(seconds=5)))
        if self._socket is not None:
            self._go(self._socket.open())
        log.info("started", port=self.port, smarthub=self.config.smarthub.base_url)

    async def _judge_policies(self) -> None:
        """Raises ConfigError for a policy that nobody can satisfy. What Slack does not tell in time is not judged."""
        try:
            async with asyncio.timeout(SLACK_TELLS_WITHIN_S):
                troubles = await self.flows.policies.check()
        except TimeoutError:
            log.warning("policies_not_judged")
            return
        if troubles:
            raise ConfigError(troubles)

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
        await self.flows.jobs.drain(FINISH_WITHIN_S)
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
        if self.flows.pushes.sorter.trouble is not None:
            found.append(f"Notifications are not sorted: {self.flows.pushes.sorter.trouble}")
        if self._socket is not None and self._socket.trouble is not None:
            found.append(self._socket.trouble)
        if self.outages.trouble is not None:
            found.append(self.outages.trouble)
        if self.store.disk.trouble is not None:
            found.append(f"Store: {self.store.disk.trouble}")
        runs = {name: run for name, run in self.store.runs.last().items() if name in self.schedule.times()}
        return found + troubles_of_runs(runs, now=self.clock.now())

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
        tools = Tools(self.config, self.store, self.hub, self.contract, self.slack, self.clock)
        pulse = Pulse(smarthub=self._smarthub_in_words, troubles=self.troubles, times=self._times)
        self.flows = make_flows(tools, pulse=pulse, checked_at=self._checked_at)
        self.outbox = self.flows.outbox
        self.flows.jobs.wake = partial(self._run_soon, "jobs")
        self.store.disk.after_commit = self._committed
        self.outages = Outages(
            hub=self.hub, store=self.store.outbox, clock=self.clock, channel=self.config.slack.alerts_channel
        )
        last = self.store.runs.last().get("outages")
        self.outages.recall(None if last is None else last[:2], failed=last is not None and last.failed > 0)

    def _committed(self) -> None:
        """Something was stored: there may be something to send, and something to redraw."""
        self.flows.pushes.sorter.wake()
        self.outbox.wake()
        self.flows.home.changed()

    def _build_doors(self, token: str) -> None:
        config, clock, store = self.config, self.clock, self.store

        async def first_time(key: str) -> bool:
            return await store.deliveries.first_time(key, now=clock.now())

        async def tell(user: str, message: Message) -> None:
            await store.outbox.add([Note(user, message.text, message.blocks)], now=clock.now())

        async def note(name: str, came: Came) -> None:
            if came.cut_off:
                cut_off.labels(job=name).inc()
            told = runs_view.cut_off(name, came.said)
            messages = [Note(config.slack.alerts_channel, told.text, told.blocks)]
            await store.runs.note(name, came, messages=messages, now=clock.now())

        self.listening = Listening(first_time=first_time, tell=tell, clock=clock)
        signing = config.secrets.slack_signing_secret
        self.bolt = make_bolt(
            token=token,
            signing_secret="" if signing is None else signing.get_secret_value(),
            client=self._client(None),
            me=self._me,
        )
        self._register(self.flows)
        registry = CollectorRegistry()
        cut_off = jobs_cut_off(registry)
        door = Door(door_rules(config), clock=clock, figure=turned_away(registry))
        read_within_s = config.push.read_within.total_seconds()
        webhook = Webhook(self.flows.events, door, config.push.body_limit_kib * 1024, read_within_s)
        watch(registry, store=store, clock=clock)
        self._web = web.Application(client_max_size=1024**2)
        self._web.add_routes(webhook.routes() + Watch(self.troubles, registry).routes())
        if config.secrets.slack_app_token is None:
            self._web.add_routes(Requests(self.bolt).routes())
        else:
            app_token = config.secrets.slack_app_token.get_secret_value()
            self._socket = Socket(self.bolt, app_token=app_token, client=self._client(app_token), clock=clock)
        self.schedule = Schedule(self._jobs(), note=note, clock=clock)
        self.flows.scanning.moved = partial(self.schedule.moved, "alerts")
        self.flows.jobs.moved = partial(self.schedule.moved, "jobs")
        self._runner = web.AppRunner(self._web, access_log=None, logger=web_log(), shutdown_timeout=5.0)
        self._opened.push_async_callback(self._runner.cleanup)

    def _register(self, flows: Flows) -> None:
        """Every command, button, form and shortcut to its flow."""
        name, people, approvals = self.config.slack.command, flows.people, flows.approvals
        doors = (
            Commands(
                name,
                people,
                flows.sims,
                flows.histories,
                flows.searches,
                flows.accounts,
                approvals,
                flows.jobs,
                flows.protecting,
                flows.delegating,
                flows.policies,
                flows.alerts,
                flows.audit,
                flows.home,
                flows.intake,
                flows.sms,
                flows.scanning,
                flows.reports,
                self._checked_at,
                flows.pushes,
            ),
            PushButtons(people, flows.pushes, flows.sims, flows.accounts),
            Buttons(people, approvals, flows.alerts),
            JobButtons(people, flows.jobs),
            Cards(people, flows.sims, flows.histories, flows.searches, approvals),
            Menus(
                name,
                people,
                flows.numbers,
                flows.searches,
                approvals,
                flows.alerts,
                flows.home,
                flows.intake,
                self._checked_at,
            ),
            Lists(people, flows.intake),
            Opened(people, flows.home),
            SmsButtons(people, flows.sms),
            Threads(approvals, flows.sms),
        )
        switchboard = Switchboard(self.bolt)
        for door in doors:
            door.register(switchboard, self.listening)
        catch_the_rest(switchboard, self.listening)

    def _jobs(self) -> list[Job]:
        async def wake() -> str | None:
            woken, reminded = await self.flows.alerts.wake(), await self.flows.alerts.remind()
            return f"{woken} snoozes over, {reminded} reminders" if woken or reminded else None

        async def look() -> None:
            if self._socket is not None:
                await self._socket.look(slack_answers=self._slack_answers)
                if self._socket.lost:
                    log.error("socket_lost")
                    self.gave_up.set()

        reconcile = self.config.push.reconcile_every
        pushes = self.flows.pushes

        async def tick_pushes() -> str | None:
            self.outbox.wake()  # what somebody let go again by the command line is found like this
            return await pushes.tick()

        tick = min(self.config.approvals.settle_every, timedelta(seconds=30))
        return [
            Job("alerts", self.config.alerts.every, self.flows.scanning.scan, timedelta(minutes=30)),
            Job("requests", tick, self.flows.approvals.timed),
            Job("jobs", timedelta(seconds=1), self.flows.jobs.tick),
            Job("files", timedelta(seconds=2), self.flows.approvals.filing.file, PATIENT),
            Job("snoozes", timedelta(seconds=30), wake),
            Job("pushes", timedelta(seconds=5), tick_pushes),
            Job("channels", timedelta(minutes=1), pushes.closing.probe),
            Job("watchdog", timedelta(minutes=1), pushes.watching.look),
            *([Job("change log", reconcile, pushes.watching.reconcile, PATIENT)] if reconcile else []),
            Job("audit", timedelta(hours=6), self.flows.audit.prune, PATIENT),
            Job("lists", timedelta(hours=6), self.flows.intake.taking.prune, PATIENT),
            Job("sms", timedelta(seconds=10), self.flows.sms.following.look),
            Job("texts", timedelta(minutes=10), self.flows.sms.following.forget),
            Job("reports", timedelta(minutes=1), self.flows.reports.tick, PATIENT),
            Job("outages", timedelta(seconds=30), self.outages.look),
            *([] if self._socket is None else [Job("socket", timedelta(seconds=30), look)]),
        ]

    def _circuit_turned(self, is_open: bool, said: str) -> None:
        self.outages.turned(is_open, said)
        if is_open:
            self._run_soon("outages")

    def _run_soon(self, job: str) -> None:
        task = asyncio.create_task(self.schedule.run(job))
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
        return None if last is None else last.at

    def _times(self) -> Mapping[str, Times]:
        return self.schedule.times()

    def _smarthub_in_words(self) -> str:
        last = self.store.runs.last().get("alerts")
        if last is None:
            look = self.store.scans.under_way()
            return "not asked yet" if look is None or look.page == 0 else "answers the first check, which is under way"
        return f"{'did not answer' if last.failed else 'answered'} the last check"


def door_rules(config: Config) -> Rules:
    """Who may send notifications."""
    push, secrets = config.push, config.secrets
    return Rules(
        secrets=[secret.get_secret_value() for secret in secrets.smarthub_push_secret],
        sources=networks(push.sources),
        proxies=networks(push.proxies),
        forwarded=push.forwarded_header,
        header=push.header,
        words=[word.get_secret_value() for word in secrets.smarthub_push_header],
        rate=push.rate_per_source,
    )


def _broke(task: asyncio.Task[Any]) -> bool:  # Any: as above
    return task.done() and not task.cancelled() and task.exception() is not None
