"""The built-in Slack as one thing: started, stopped, looked at, and made trouble with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiohttp import web

from bot.clock import Clock
from bot.simulator.slack.answers import Answers
from bot.simulator.slack.api import WebApi
from bot.simulator.slack.drawn import Drawn
from bot.simulator.slack.files import LARGEST_UPLOAD, Files
from bot.simulator.slack.guard import guarded
from bot.simulator.slack.journal import Journal
from bot.simulator.slack.page import Page
from bot.simulator.slack.payloads import Payloads
from bot.simulator.slack.person import People
from bot.simulator.slack.sending import Line, Sent
from bot.simulator.slack.shapes import Call, Channel, Delivery, File, Json, Message, Person, World
from bot.simulator.slack.socket_mode import SocketMode
from bot.simulator.slack.trouble import Trouble
from bot.simulator.slack.workspace import Change, Ids, Workspace


class Slack(People):
    """A Slack workspace with one app in it, on a port of 127.0.0.1.

    What people do stands in `People`. `events_url` is where the bot listens and may be set later; a bot that opens a
    socket is served through it. `ack_seconds` is how long the bot has to answer, in real time.
    """

    def __init__(
        self,
        *,
        people: Sequence[Person],
        channels: Sequence[Channel],
        groups: Mapping[str, Sequence[str]],
        bot_token: str,
        signing_secret: str,
        clock: Clock,
        app_token: str | None = None,
        events_url: str | None = None,
        journal: Path | None = None,
    ) -> None:
        self.ids = Ids()
        self.trouble = Trouble()
        self.origin = "http://127.0.0.1:0"
        space = Workspace(people=people, channels=channels, groups=groups, ids=self.ids, clock=clock)
        self.drawn = Drawn(space, origin=self.origin)
        line = Line(signing_secret=signing_secret, events_url=events_url)
        answers = Answers(space, self.trouble, origin=lambda: self.origin)
        super().__init__(space, line, answers, Payloads(space, self.drawn))
        self.socket_mode = line.socket = SocketMode(self.ids, origin=lambda: self.origin)
        self.api = WebApi(
            space,
            self.drawn,
            self.trouble,
            bot_token=bot_token,
            app_token=app_token,
            connection_url=self.socket_mode.new_url,
        )
        self.files = Files(self.api)
        self.api.chat.shared = self._tell_of_own
        self._telling: set[asyncio.Task[Delivery]] = set()
        self.page = Page(self)
        self.journal = Journal(space, journal) if journal is not None else None
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        """Listens on 127.0.0.1; reads the journal first, where there is one."""
        if self.journal is not None:
            self.journal.load()
            self.journal.watch()
        app = web.Application(client_max_size=LARGEST_UPLOAD)
        app.add_routes(
            [
                web.route("*", "/api/{method}", self.api.answer),
                web.post("/response/{token}", guarded(self.answers.receive)),
                *self.files.routes(),
                web.get("/link/{ticket}", self.socket_mode.receive),
                *self.page.routes(),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.origin = self.drawn.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Ends all connections and frees the port."""
        self.page.end()
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)
        await self.socket_mode.close()
        await self.line.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
            if self.journal is not None:  # one that could not be read stays as it is
                self.journal.save()

    def _tell_of_own(self, file: File, channel: Channel) -> None:
        """Slack tells a bot of its own files as well, while it still waits for the answer to its call."""
        task = asyncio.get_running_loop().create_task(self.tell_of_file(file, channel))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    # What stands there

    @property
    def api_url(self) -> str:
        """What `AsyncWebClient(base_url=…)` wants."""
        return f"{self.origin}/api/"

    @property
    def bot_user_id(self) -> str:
        """The bot as a member of channels."""
        return self.ids.bot_user_id

    @property
    def bot_id(self) -> str:
        """The bot as an integration."""
        return self.ids.bot_id

    @property
    def team_id(self) -> str:
        """The workspace."""
        return self.ids.team_id

    @property
    def app_id(self) -> str:
        """The app."""
        return self.ids.app_id

    @property
    def events_url(self) -> str | None:
        """Where the bot listens."""
        return self.line.events_url

    @events_url.setter
    def events_url(self, url: str | None) -> None:
        self.line.events_url = url

    @property
    def ack_seconds(self) -> float:
        """How long the bot has to acknowledge, in real seconds; 3 as with Slack."""
        return self.line.ack_seconds

    @ack_seconds.setter
    def ack_seconds(self, seconds: float) -> None:
        self.line.ack_seconds = seconds

    @property
    def channels(self) -> dict[str, Channel]:
        """The channels by id."""
        return self.space.channels

    def messages(self, channel: str) -> list[Message]:
        """What everybody in the channel sees, answers in threads among it, in the order of time."""
        return self.space.said(channel)

    def seen(self, *, by: str, channel: str) -> list[Message]:
        """What this person sees in the channel, with their ephemeral messages; nothing when they are not in it."""
        return self.space.said(channel, to=by) if self.space.may_see(by, channel) else []

    def dm(self, user: str) -> list[Message]:
        """What stands in this person's conversation with the bot, ephemeral messages too."""
        return self.space.said(self.space.directs[user].id, to=user)

    def dm_channel(self, user: str) -> str:
        """The id of that conversation."""
        return self.space.directs[user].id

    def thread(self, message: Message) -> list[Message]:
        """The answers to this message."""
        return self.space.replies(message)

    def now_of(self, message: Message) -> Message | None:
        """The message as it stands now; None when it is gone."""
        return self.space.find(message.channel, message.ts)

    def modal(self, user: str) -> Json | None:
        """The modal in front of this person, with what is filled in."""
        modals = self.space.surfaces[user].modals
        return self.payloads.view(modals[-1], by=user) if modals else None

    def home(self, user: str) -> Json | None:
        """This person's Home tab."""
        return self.space.surfaces[user].home

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API so far."""
        return self.api.calls

    @property
    def fetched(self) -> list[str]:
        """The ids of the files that the bot has downloaded, in their order."""
        return self.files.fetched

    def count(self, method: str) -> int:
        """How often this method was called, refused calls too."""
        return sum(1 for call in self.calls if call.method == method)

    # Trouble

    @property
    def down(self) -> bool:
        """Whether everything is answered 503."""
        return self.trouble.down

    @down.setter
    def down(self, down: bool) -> None:
        self.trouble.down = down

    @property
    def strict_rate(self) -> bool:
        """Whether more than one message a second and channel, over a burst of five, is answered 429."""
        return self.trouble.strict_rate

    @strict_rate.setter
    def strict_rate(self, strict: bool) -> None:
        self.trouble.strict_rate = strict

    @property
    def unknown_blocks(self) -> set[str]:
        """The types of blocks that are refused in messages, as where a workspace has not got them yet; none at first.

        Refused with invalid_blocks by chat.postMessage, chat.update, chat.postEphemeral and a `response_url`.
        """
        return self.trouble.unknown_blocks

    @property
    def scopes(self) -> frozenset[str]:
        """What the bot token may do; everything, unless set."""
        return self.api.scopes

    @scopes.setter
    def scopes(self, scopes: frozenset[str]) -> None:
        self.api.scopes = scopes

    def busy(self, times: int = 1, *, retry_after: int = 3, method: str | None = None) -> None:
        """Answers the next calls 429 with `Retry-After`."""
        self.trouble.plan_busy(times=times, retry_after=retry_after, method=method)

    def refuse(self, method: str, error: str, *, times: int = 1) -> None:
        """Refuses the next calls of this method with that word."""
        self.trouble.plan_refusal(method, error, times=times)

    def lose_next(self, method: str) -> None:
        """Carries out the next call of this method and breaks the connection instead of answering."""
        self.trouble.plan_loss(method)

    # Raw requests

    @property
    def last_request(self) -> Sent | None:
        """The last request that went out by HTTP."""
        return self.line.last

    async def deliver(
        self,
        body: bytes,
        *,
        content_type: str,
        timestamp: int | None = None,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        """Sends these bytes as they are: forged with another secret, old with another timestamp."""
        ack = await self.line.post(body, content_type=content_type, timestamp=timestamp, secret=secret, headers=headers)
        return ack.status, ack.body

    async def replay(self, request: Sent | None = None) -> tuple[int, str]:
        """Sends a request once more, byte by byte: the last one, unless another is named."""
        sent = request if request is not None else self.line.last
        if sent is None:
            raise LookupError("Nothing was sent yet.")
        ack = await self.line.again(sent)
        return ack.status, ack.body

    async def invite(self, channel: str) -> Delivery:
        """Invites the bot into a channel, and tells it."""
        place = self.space.channels[channel]
        place.bot_in = True
        self.space.changed(Change("channels"))
        if "member_joined_channel" not in self.events or not self.line.reachable:
            return Delivery(200)
        event = {"type": "member_joined_channel", "user": self.bot_user_id, "channel": channel, "team": self.team_id}
        return await self.send_event(event | {"channel_type": "G" if place.private else "C"})

    def expel(self, channel: str) -> None:
        """Takes the bot out of a channel."""
        self.space.channels[channel].bot_in = False
        self.space.changed(Change("channels"))

    def archive(self, channel: str) -> None:
        """Archives a channel."""
        self.space.channels[channel].archived = True
        self.space.changed(Change("channels"))

    # The page

    @property
    def world(self) -> World | None:
        """What the page can do to the world behind the bot."""
        return self.page.world

    @world.setter
    def world(self, world: World | None) -> None:
        self.page.world = world

    def world_changed(self) -> None:
        """Shows everybody how the world stands now."""
        self.space.changed(Change("world"))
