"""What people do in Slack: write, press, choose, open, close. Each is handed to the bot as Slack would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bot.simulator.slack.answers import Answers
from bot.simulator.slack.elements import STATELESS, Value, chosen_state, options_of
from bot.simulator.slack.forms import Forms
from bot.simulator.slack.limits import check_options
from bot.simulator.slack.payloads import Payloads
from bot.simulator.slack.sending import Ack, Line, delivered, trouble_of
from bot.simulator.slack.shapes import Channel, Delivery, File, Json, Message, Refused
from bot.simulator.slack.spots import Place, Spot, element_at, pressable
from bot.simulator.slack.words import Block
from bot.simulator.slack.workspace import Change, Workspace

T = TypeVar("T")
HOME_SECONDS = 2.0
# https://docs.slack.dev/reference/events/message: what one subscribes to for each kind of place.
EVENT_OF = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


class People:
    """The hands of all people of one workspace. `events` are those the bot has subscribed to, `shortcuts` those of its
    manifest.
    """

    def __init__(self, space: Workspace, line: Line, answers: Answers, payloads: Payloads) -> None:
        self.space = space
        self.line = line
        self.answers = answers
        self.payloads = payloads
        self.forms = Forms(space, line, answers, payloads)
        self.shortcuts: Sequence[Mapping[str, str]] = ()
        self.events = {"app_home_opened", "app_mention", "message.im", "member_joined_channel"}
        self.last_event: Json | None = None
        self.retries = 0

    # Writing

    async def say(self, text: str, *, by: str, channel: str, thread_ts: str | None = None) -> Delivery:
        """Writes into a channel; what begins with `/` goes to the bot as a command and is seen by nobody."""
        place = self._inside(by, channel)
        if text.startswith("/"):
            if thread_ts is not None:
                raise LookupError(f"{text.split(maxsplit=1)[0]} is not supported in threads. Sorry!")
            return await self._command(text, by=by, channel=place)
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        bot = self.space.ids.bot_user_id
        typed = escaped.replace(f"&lt;@{bot}&gt;", f"<@{bot}>").replace(f"@{self.space.ids.bot_name}", f"<@{bot}>")
        message = self.space.post(channel=place.id, user=by, text=typed, thread_ts=thread_ts)
        return await self._tell(message, place)

    async def _command(self, text: str, *, by: str, channel: Channel) -> Delivery:
        command, _, rest = text.partition(" ")
        url = self.answers.new_url(channel=channel.id, user=by)
        fields = self.payloads.command(command=command, text=rest.strip(), by=by, channel=channel, response_url=url)
        ack = await self.line.command(fields)
        trouble = trouble_of(ack)
        reply: Message | None = None
        if trouble is None:
            try:
                reply = self.answers.from_ack(ack.body, ack.content_type, channel=channel.id, user=by)
            except (Refused, ValueError):
                trouble = "invalid_command_response"
        if trouble is not None:
            words = f"`{command}` failed with the error “{trouble}”"
            reply = self.space.slackbot_says(words, channel=channel.id, to=by)
        return Delivery(max(ack.status, 0), ack.took, reply, body=ack.body, trouble=trouble)

    async def _tell(self, message: Message, channel: Channel) -> Delivery:
        about: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
        about |= {"channel": channel.id, "event_ts": message.ts, "channel_type": _channel_type(channel)}
        about |= {"team": self.space.ids.team_id}
        if message.thread_ts is not None:
            about["thread_ts"] = message.thread_ts
        done = Delivery(200)
        if not channel.bot_in or not self.line.reachable:
            return done
        if EVENT_OF[about["channel_type"]] in self.events:
            done = await self.send_event(about)
        if f"<@{self.space.ids.bot_user_id}>" in message.text and "app_mention" in self.events and not channel.direct:
            done = await self.send_event(about | {"type": "app_mention"})
        return done

    def _inside(self, by: str, channel_id: str) -> Channel:
        self._account(by)
        channel = self.space.channel(channel_id)
        if channel is None or by not in channel.members:
            raise LookupError(f"{by} is in no channel {channel_id}.")
        if channel.archived:
            raise LookupError(f"#{channel.name} is archived; nobody can write there.")
        return channel

    def _account(self, by: str) -> None:
        person = self.space.people.get(by)
        if person is None or person.deactivated:
            raise LookupError(f"{by} has no account here.")

    def upload(self, *, name: str, content: bytes, by: str, claimed: int | None = None) -> File:
        """Uploads a file that nobody sees yet: it can be put into a file input. `claimed` is a size that is not its
        own.
        """
        self._account(by)
        return self.space.keep_file(name=name, content=content, user=by, claimed=claimed)

    async def share(
        self, *, name: str, content: bytes, by: str, channel: str, text: str = "", claimed: int | None = None
    ) -> File:
        """Uploads a file into a channel, and tells the bot."""
        place = self._inside(by, channel)
        kept = self.upload(name=name, content=content, by=by, claimed=claimed)
        self.space.post(channel=place.id, user=by, text=text, files=[kept])
        await self.tell_of_file(kept, place)
        return kept

    async def tell_of_file(self, file: File, channel: Channel) -> Delivery:
        """Tells the bot of a file in a channel where it is, its own files as well.

        https://docs.slack.dev/reference/events/file_shared
        """
        if not channel.bot_in or "file_shared" not in self.events or not self.line.reachable:
            return Delivery(200)
        about = {"type": "file_shared", "channel_id": channel.id, "file_id": file.id, "user_id": file.user}
        return await self.send_event(about | {"file": {"id": file.id}, "event_ts": self.space.new_ts()})

    # Acting

    async def press(
        self, place: Place, button: str, *, by: str, value: str | None = None, stale: bool = False
    ) -> Delivery:
        """Presses a button, named by what stands on it or by its action_id (or an entry of an overflow menu).

        `place` is a message, a view, or None for the open modal. Where several buttons fit, `value` says which.
        `stale` presses the card as it was given, although it looks different by now or is gone.
        """
        spot = self.spot(place, by=by, stale=stale)
        fitting = [found for found in pressable(spot.blocks) if button in found.names]
        if value is not None:
            fitting = [found for found in fitting if found.value == value]
        if len(fitting) != 1:
            there = ", ".join(f.label for f in pressable(spot.blocks)) or "no button"
            how_many = f"are {len(fitting)} buttons" if fitting else "is no button"
            raise LookupError(f"There {how_many} “{button}” here; there is: {there}.")
        found = fitting[0]
        return await self._act(spot, found.block, found.element, found.option, by=by)

    async def choose(self, place: Place, action_id: str, value: Value, *, by: str, stale: bool = False) -> Delivery:
        """Chooses in a menu, ticks boxes, sets a date or types, by value or visible text."""
        spot = self.spot(place, by=by, stale=stale)
        block, element = element_at(spot, action_id)
        return await self._act(spot, block, element, value, by=by)

    async def act(self, spot: Spot, block_id: str, action_id: str, value: Value | None, *, by: str) -> Delivery:
        """Does to one element what a person does to it; how it is named on the page."""
        block, element = element_at(spot, action_id, block_id=block_id)
        return await self._act(spot, block, element, value, by=by)

    async def _act(self, spot: Spot, block: Block, element: Block, value: Value | None, *, by: str) -> Delivery:
        state: Json = {}
        if element["type"] not in {"button", "workflow_button", "icon_button", "feedback_buttons"}:
            offered = self.space.offered.get((by, element["action_id"]), ())
            state = chosen_state(element, value or "", offered=offered)
        if element["type"] not in STATELESS:
            self.space.choices.setdefault((by, spot.key), {}).setdefault(block["block_id"], {})[
                element["action_id"]
            ] = state
            if block["type"] == "input" and not block.get("dispatch_action"):
                return Delivery(200)
        actions = [self.payloads.action(block, element, state)]
        payload = self.payloads.base("block_actions", by=by) | {"trigger_id": self.space.new_trigger(by)}
        payload |= self._where(spot, by=by) | {"actions": actions}
        if spot.message is not None:
            channel = spot.message.channel
            payload["response_url"] = self.answers.new_url(channel=channel, user=by, source=spot.message)
        return delivered(await self.line.interaction(payload))

    def _where(self, spot: Spot, *, by: str) -> Json:
        if spot.message is not None:
            return self.payloads.from_message(spot.message, by=by)
        return self.payloads.from_view(spot.view or {}, by=by)

    async def type_ahead(self, place: Place, action_id: str, query: str, *, by: str) -> list[Json]:
        """What the bot offers in an external menu for what was typed; nothing when it fails."""
        spot = self.spot(place, by=by)
        block, element = element_at(spot, action_id)
        payload = self.payloads.base("block_suggestion", by=by) | self._where(spot, by=by)
        payload |= {"action_id": action_id, "block_id": block["block_id"], "value": query}
        ack = await self.line.interaction(payload)
        offered = _offered(ack)
        if offered is None:
            self.space.changed(Change("error", user=by, text="The choices could not be loaded."))
        self.space.offered[by, element["action_id"]] = offered or []
        return offered or []

    def spot(self, place: Place, *, by: str, stale: bool = False) -> Spot:
        """Where this person acts, as it stands now; LookupError when it is gone or not theirs to see."""
        self._account(by)
        if isinstance(place, Message):
            now = place if stale else self.space.find(place.channel, place.ts)
            seen = self.space.may_see(by, place.channel) and place.ephemeral_to in (None, by)
            if now is None or not seen:
                raise LookupError(f"{by} cannot see this message: {'it is not theirs' if now else 'it is gone'}.")
            return Spot(now, None)
        surface = self.space.surfaces[by]
        views = [v for v in (*reversed(surface.modals), surface.home) if v is not None]
        if stale and place is not None:
            return Spot(None, place)
        view = next((v for v in views if place is None or v["id"] == place["id"]), None)
        if view is None:
            raise LookupError(f"{by} has no such modal or Home tab open.")
        return Spot(None, view)

    # Shortcuts, events

    async def global_shortcut(self, callback_id: str, *, by: str) -> Delivery:
        """Starts a shortcut from the search bar."""
        self._account(by)
        return delivered(await self.line.interaction(self.payloads.shortcut(callback_id, by=by)))

    async def message_shortcut(self, callback_id: str, message: Message, *, by: str) -> Delivery:
        """Starts a shortcut from the menu of a message. Those that one person alone can see have no such menu."""
        now = self.spot(message, by=by).message or message
        if now.ephemeral_to is not None:
            raise LookupError("This message is visible to one person only; shortcuts are for those that stay.")
        # Not ours to replace: whose message it is, the answer comes beside it.
        url = self.answers.new_url(channel=now.channel, user=by, thread_ts=now.thread_ts)
        payload = self.payloads.message_action(callback_id, now, by=by, response_url=url)
        return delivered(await self.line.interaction(payload))

    async def open_home(self, *, by: str) -> Json | None:
        """The Home tab after the bot was told that it is looked at, and had its time to draw it."""
        self._account(by)
        home = self.space.surfaces[by].home
        at = self.space.new_ts()
        event: Json = {"type": "app_home_opened", "user": by, "channel": self.space.directs[by].id}
        event |= {"tab": "home", "event_ts": at} | ({"view": home} if home is not None else {})
        published = asyncio.Event()

        def watch(change: Change) -> None:
            if change.kind == "home" and change.user == by:
                published.set()

        self.space.watchers.append(watch)
        try:
            done = await self.send_event(event)
            if done.ok:
                async with asyncio.timeout(HOME_SECONDS):
                    await published.wait()
        except TimeoutError:
            pass
        finally:
            self.space.watchers.remove(watch)
        return self.space.surfaces[by].home

    async def send_event(self, event: Json, *, event_id: str | None = None, retry: int = 0) -> Delivery:
        """Hands an event to the bot."""
        self.last_event = self.payloads.event(event, event_id=event_id)
        self.retries = retry
        ack = await self.line.event(self.last_event, retry=retry)
        return delivered(ack)

    async def redeliver(self) -> Delivery:
        """Hands over the last event once more, as Slack does when it saw no answer."""
        if self.last_event is None:
            raise LookupError("No event was sent yet.")
        self.retries += 1
        ack = await self.line.event(self.last_event, retry=self.retries)
        return delivered(ack)

    async def until(self, look: Callable[[], T | None], *, within: float = 3.0) -> T:
        """What `look` finds, as soon as it finds something; looks again after each change. TimeoutError after that."""
        woken = asyncio.Event()

        def wake(_change: Change) -> None:
            woken.set()

        self.space.watchers.append(wake)
        try:
            async with asyncio.timeout(within):
                while not (found := look()):
                    woken.clear()
                    await woken.wait()
                return found
        finally:
            self.space.watchers.remove(wake)

    # Forms

    async def submit(self, *, by: str, values: Mapping[str, Value]) -> Delivery:
        """Fills the open modal and sends it. Raises FormRefused where Slack's client would not send it."""
        return await self.forms.submit(by=by, values=values)

    async def close_modal(self, *, by: str) -> Delivery:
        """Presses Cancel in the open modal."""
        return await self.forms.close(by=by)


def _offered(ack: Ack) -> list[Json] | None:
    try:
        body = json.loads(ack.body) if ack.status == 200 else None
    except ValueError:
        return None
    if body is None or check_options(body):
        return None
    return options_of(body)


def _channel_type(channel: Channel) -> str:
    if channel.direct:
        return "im"
    return "group" if channel.private else "channel"
