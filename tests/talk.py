"""The world a story is told in: a Slack, a SmartHub and the real bot between them, with the time held."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot.app import App
from bot.config import Config
from bot.rules.approvals import Approval
from bot.rules.manifest import EVENTS, SCOPES
from bot.simulator.clock import Askew, HeldClock
from bot.simulator.fleet import Fleet
from bot.simulator.hub import Hub
from bot.simulator.slack import Channel, Delivery, Message, Person, Slack
from bot.store import Store

T = TypeVar("T")

VIEWER, OPERATOR, OTHER_OPERATOR = "U0VIEWER", "U0OPERATOR", "U0OPERATOR2"
APPROVER, OTHER_APPROVER, ADMIN, STRANGER = "U0APPROVER", "U0APPROVER2", "U0ADMIN", "U0STRANGER"
PEOPLE = (
    Person(VIEWER, "vera", "Vera Viewer"),
    Person(OPERATOR, "omar", "Omar Operator"),
    Person(OTHER_OPERATOR, "olga", "Olga Operator"),
    Person(APPROVER, "ana", "Ana Approver"),
    Person(OTHER_APPROVER, "alex", "Alex Approver"),
    Person(ADMIN, "adi", "Adi Admin"),
    Person(STRANGER, "stan", "Stan Stranger"),
)
OPS, APPROVALS, ALERTS = "C0OPS", "C0APPROVALS", "C0ALERTS"
APPROVER_GROUP = "S0APPROVERS"
PUSH_SECRET = "push-secret-for-tests-only-000001"
BOT_TOKEN, SIGNING_SECRET, KEY = "xoxb-test-000000000000", "signing-secret-for-tests", "key-for-tests"
GIVE_WAY_S = 0.0005
APP_TOKEN = "xapp-test-000000000000"
START = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ENVIRON = {
    "SLACK_BOT_TOKEN": BOT_TOKEN,
    "SLACK_SIGNING_SECRET": SIGNING_SECRET,
    "SMARTHUB_API_KEY": KEY,
    "SMARTHUB_PUSH_SECRET": PUSH_SECRET,
}


class World:
    """A bot with its neighbours. What people do returns when the bot has come to rest; time passes as it needs to."""

    def __init__(self, folder: Path, *, sims: int = 40, socket: bool = False, at: datetime = START) -> None:
        self.folder = folder
        self.clock = HeldClock(at)
        self.bots = Askew(self.clock)  # the clock of the bot: right, until a story sets it
        self.hub = Hub(key=KEY, fleet=Fleet(sims, self.clock.now), clock=self.clock)
        self.hub.announces = False
        everybody = {p.id for p in PEOPLE}
        self.slack = Slack(
            people=PEOPLE,
            channels=[
                Channel(OPS, "sim-ops", set(everybody)),
                Channel(APPROVALS, "sim-approvals", everybody - {OPERATOR, STRANGER}),
                Channel(ALERTS, "sim-alerts", set(everybody)),
            ],
            groups={APPROVER_GROUP: [APPROVER, OTHER_APPROVER]},
            bot_token=BOT_TOKEN,
            signing_secret=SIGNING_SECRET,
            app_token=APP_TOKEN if socket else None,
            clock=self.clock,
        )
        self.environ = ENVIRON | ({"SLACK_APP_TOKEN": APP_TOKEN} if socket else {})
        self.slack.events = set(EVENTS)
        self.slack.scopes = frozenset(SCOPES)
        self.settings: dict[str, dict[str, Any]] = {}
        self.policies: list[dict[str, Any]] = []
        self.routes: list[dict[str, Any]] = []
        self.reports: list[dict[str, Any]] = []

    def table(self) -> dict[str, Any]:
        """The configuration as it would stand in config.toml."""
        table: dict[str, dict[str, Any]] = {
            "slack": {"api_url": self.slack.api_url, "approvals_channel": APPROVALS, "alerts_channel": ALERTS},
            "smarthub": {"base_url": self.hub.base_url, "rate_per_second": 1000, "tries": 1},
            "roles": {
                "viewers": [VIEWER, OTHER_OPERATOR],
                "operators": [OPERATOR, OTHER_OPERATOR],
                "approvers": [APPROVER_GROUP],
                "admins": [ADMIN],
            },
            "http": {"host": "127.0.0.1", "port": 0},
            "store": {"path": str(self.folder / "simops.db")},
        }
        for section, settings in self.settings.items():
            table[section] = table.get(section, {}) | settings
        several = {"policies": self.policies, "routes": self.routes, "reports": self.reports}
        return table | {name: tables for name, tables in several.items() if tables}

    async def start(self) -> None:
        """Starts the neighbours, then the bot."""
        await self.hub.start()
        await self.slack.start()
        await self.start_bot()

    async def start_bot(self) -> None:
        """Starts a bot on the store as it is; where there is none, on a new and empty one."""
        path = self.folder / "simops.db"
        if not path.exists():
            path.write_bytes(empty_store())
        self.app = App(Config.of(self.table(), self.environ), clock=self.bots)
        await self.app.start(timed=False)
        self.slack.events_url = f"http://127.0.0.1:{self.app.port}/slack/events"
        self.hub.push_url = f"http://127.0.0.1:{self.app.port}/smarthub/{PUSH_SECRET}"

    async def stop(self) -> None:
        """Ends it all."""
        await self.app.stop()
        await self.slack.stop()
        await self.hub.stop()

    async def restart(self) -> None:
        """Ends the bot as an operator would, and starts it again."""
        await self.app.stop()
        await self.start_bot()

    # --- what people do ---

    async def say(self, text: str, *, by: str = OPERATOR, channel: str = OPS) -> Delivery:
        """Types something and waits until the bot has come to rest."""
        return await self.through(self.slack.say(text, by=by, channel=channel))

    async def press(self, card: Message, button: str, *, by: str, stale: bool = False) -> Delivery:
        """Presses a button and waits until the bot has come to rest."""
        return await self.through(self.slack.press(card, button, by=by, stale=stale))

    async def submit(self, values: dict[str, str], *, by: str) -> Delivery:
        """Sends the open modal and waits until the bot has come to rest."""
        return await self.through(self.slack.submit(by=by, values=values))

    async def push(self, event: str, giccid: str | None = None, **fields: Any) -> int:
        """SmartHub tells of something; the status of the answer."""
        return await self.through(self.hub.push(event, giccid, **fields))

    async def run(self, job: str) -> None:
        """The clock strikes for this job."""
        await self.through(self.app.schedule.run(job))

    async def later(self, **length: float) -> None:
        """Time passes, and the bot comes to rest."""
        await self.clock.advance(timedelta(**length).total_seconds())
        await self.quiet()

    async def ask(
        self, operation: str = "suspend", giccid: str | None = None, *, because: str = "", by: str = OPERATOR
    ) -> Message:
        """Somebody asks for a change of a SIM (of one that allows it, where none is named); the card that appears."""
        sim = giccid or self.hub.pick("DEACTIVATED" if operation in ("activate", "retire") else "ACTIVATED")
        before = len(self.cards(APPROVALS))
        said = await self.say(f"/sim {operation} {sim}" + (f" because {because}" if because else ""), by=by)
        cards = self.cards(APPROVALS)
        assert len(cards) == before + 1, said.reply and said.reply.words
        return cards[-1]

    # --- what people see ---

    def cards(self, channel: str) -> list[Message]:
        """The messages of the bot in a channel that are in no thread, as they stand now."""
        return [m for m in self.slack.messages(channel) if m.bot and m.thread_ts in (None, m.ts)]

    def card(self, channel: str = APPROVALS) -> Message:
        """The newest card in a channel."""
        return self.cards(channel)[-1]

    def heard(self, user: str, channel: str = OPS) -> str:
        """What this person alone reads last in a channel."""
        mine = [m for m in self.slack.seen(by=user, channel=channel) if m.ephemeral_to == user]
        return mine[-1].words if mine else ""

    def thread(self, card: Message) -> list[str]:
        """What stands under a card."""
        return [m.words for m in self.slack.thread(card) if m.ts != card.ts]

    def now(self, card: Message) -> str:
        """What is read on this card now, on one line."""
        seen = self.slack.now_of(card)
        return "" if seen is None else plain(seen)

    def told(self, user: str) -> list[str]:
        """What the bot has told this person directly, each on one line."""
        return [plain(m) for m in self.slack.dm(user) if m.bot]

    # --- what the bot knows ---

    def request(self, id: int = 1) -> Approval:
        """The request as it is stored."""
        return self.app.store.approvals.get(id)

    def deeds(self, subject: str | None = None) -> list[tuple[str, str]]:
        """Who did what, in order, from an audit log that has to be whole."""
        assert self.app.store.audit.verify() is None
        return [(line.deed.actor, line.deed.action) for line in self.app.store.audit.lines(subject=subject)]

    # --- rest ---

    async def begin(self, work: Awaitable[T]) -> asyncio.Future[T]:
        """The work under way, as far as it gets with no time passing."""
        task = asyncio.ensure_future(work)
        await self._still()
        return task

    async def through(self, work: Awaitable[T]) -> T:
        """The result of the work, with time passing as far as the work and the bot need it to."""
        task = asyncio.ensure_future(work)
        await self._rest(lambda: task.done() and self._idle())
        return await task

    async def quiet(self) -> None:
        """Returns when the bot has nothing left to do; what waits for a time within the next minutes gets it."""
        await self._rest(self._idle)

    def _idle(self) -> bool:
        unsorted = self.app.store.sorting.oldest() is not None
        return self.app.busy == 0 and not unsorted and self.app.store.outbox.depth() == 0

    async def _rest(self, done: Any, *, most_s: float = 300.0) -> None:
        end = self.clock.now() + timedelta(seconds=most_s)
        while True:
            await self._still()
            if done():
                return
            waking = self.clock.next_waking()
            if waking is None or waking > end:
                raise AssertionError(f"The bot does not come to rest: {self.app.troubles()}")
            await self.clock.advance((waking - self.clock.now()).total_seconds())

    async def _still(self) -> None:
        """Returns when nothing in this process can go on but by time passing: no callback, no socket, no disk write."""
        loop: Any = asyncio.get_running_loop()
        calm = 0
        while calm < 12:
            # One turn of the loop, sockets included; while a thread works, the loop gives way to it until it is woken.
            works = self.app.store.disk.pending > 0 or self._threads_work(loop)
            await asyncio.sleep(GIVE_WAY_S if works and not loop._ready else 0)
            busy = len(loop._ready) > 0 or self.app.store.disk.pending > 0 or self._threads_work(loop)
            calm = 0 if busy else calm + 1

    def _threads_work(self, loop: Any) -> bool:
        """Whether a thread reads from the store, or does what the loop has handed to one."""
        pools = [pool for pool in (loop._default_executor, self.app.store.disk._readers) if pool is not None]
        return any(p._work_queue.qsize() > 0 or len(p._threads) > p._idle_semaphore._value for p in pools)


@functools.cache
def empty_store() -> bytes:
    """A new store, made once: its migrations are most of what a story would otherwise begin with."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "simops.db"
        Store(path).close()
        return path.read_bytes()


def plain(message: Message | None) -> str:
    """The words of a message on one line."""
    return "" if message is None else " ".join(message.words.split())
