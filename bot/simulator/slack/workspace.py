"""The state of the built-in Slack: who is where, what was written, which modal is open. No I/O."""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.clock import Clock
from bot.simulator.slack.elements import with_ids
from bot.simulator.slack.shapes import SLACKBOT, Channel, File, Json, Message, Person, Refused

TRIGGER_SECONDS = 3


@dataclass(frozen=True)
class Ids:
    """Under which ids the bot and its workspace are known."""

    team_id: str = "T0SIMOPS"
    team_domain: str = "simops-demo"
    app_id: str = "A0SIMOPS"
    bot_id: str = "B0SIMOPS"
    bot_user_id: str = "U0SIMOPS"
    bot_name: str = "simops"


@dataclass(frozen=True)
class Change:
    """Something that can be seen has changed. `user` is the only one who may see it, `None` for all in the channel."""

    kind: str
    user: str | None = None
    message: Message | None = None
    text: str = ""


@dataclass
class Trigger:
    """The right to open one modal, for three seconds."""

    user: str
    at: datetime
    used: bool = False


@dataclass
class AnswerAddress:
    """A `response_url`: where it leads and how often it was used. `source` is the ts of the message pressed."""

    channel: str
    user: str
    at: datetime
    source: str | None = None
    thread_ts: str | None = None
    uses: int = 0


@dataclass
class Surface:
    """What of one person is not in channels: the Home tab, the open modals (the last is on top)."""

    home: Json | None = None
    modals: list[Json] = field(default_factory=list)


class Workspace:
    """Everything Slack remembers. Who wants to know of changes adds a function to `watchers`."""

    def __init__(
        self,
        *,
        people: Sequence[Person],
        channels: Sequence[Channel],
        groups: Mapping[str, Sequence[str]],
        ids: Ids,
        clock: Clock,
    ) -> None:
        self.ids = ids
        self.clock = clock
        self.people = {p.id: p for p in people}
        self.channels = {c.id: c for c in channels}
        self.directs = {p.id: Channel(id=f"D{p.id[1:]}", name=p.name, members={p.id}, private=True) for p in people}
        self.groups = {group: list(users) for group, users in groups.items()}
        self.written: dict[str, dict[str, Message]] = {}
        self.surfaces = {p.id: Surface() for p in people}
        self.choices: dict[tuple[str, str], dict[str, dict[str, Json]]] = {}
        self.offered: dict[tuple[str, str], list[Json]] = {}
        self.triggers: dict[str, Trigger] = {}
        self.answers: dict[str, AnswerAddress] = {}
        self.files: dict[str, File] = {}
        self.handed: set[str] = set()  # files that were sent to the bot in a form
        self.watchers: list[Callable[[Change], None]] = []
        self.last_ts = 0
        self.counted = 0

    def now(self) -> datetime:
        """The present moment by the clock."""
        return self.clock.now()

    def new_ts(self) -> str:
        """A message id made from the time; later ones are always greater."""
        self.last_ts = max(int(self.now().timestamp() * 1_000_000), self.last_ts + 1)
        return f"{self.last_ts // 1_000_000}.{self.last_ts % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        """An id that was never given out before."""
        self.counted += 1
        return f"{prefix}{self.counted:08X}"

    def changed(self, change: Change) -> None:
        """Tells all watchers."""
        for watcher in tuple(self.watchers):
            watcher(change)

    # Places

    def channel(self, channel_id: str) -> Channel | None:
        """The channel or direct conversation with this id (or `#name`)."""
        if channel_id in self.channels:
            return self.channels[channel_id]
        every = (*self.directs.values(), *self.channels.values())
        return next((c for c in every if channel_id == c.id or (not c.direct and channel_id == f"#{c.name}")), None)

    def may_see(self, user: str, channel_id: str) -> bool:
        """Whether this person is in that channel."""
        channel = self.channel(channel_id)
        return channel is not None and user in channel.members

    def channels_of(self, user: str) -> list[Channel]:
        """The channels this person is in, the direct conversation with the bot last."""
        return [c for c in (*self.channels.values(), *self.directs.values()) if user in c.members]

    def name_of(self, user: str) -> str:
        """The handle under which somebody writes."""
        if user == self.ids.bot_user_id:
            return self.ids.bot_name
        return self.people[user].name if user in self.people else "Slackbot"

    # Messages

    def post(
        self,
        *,
        channel: str,
        user: str,
        text: str,
        blocks: Sequence[Json] = (),
        attachments: Sequence[Json] = (),
        thread_ts: str | None = None,
        ephemeral_to: str | None = None,
        files: Iterable[File] = (),
        metadata: Json | None = None,
    ) -> Message:
        """The new message. `thread_ts` has to name a message of this channel."""
        if thread_ts is not None and self.find(channel, thread_ts) is None:
            raise Refused("thread_not_found")
        message = Message(
            channel=channel,
            ts=self.new_ts(),
            user=user,
            bot=user == self.ids.bot_user_id,
            text=text,
            blocks=tuple(with_ids(blocks, self.new_id)),
            attachments=tuple(deepcopy(list(attachments))),
            thread_ts=thread_ts,
            ephemeral_to=ephemeral_to,
            files=tuple(files),
            metadata=metadata,
        )
        self._put(message)
        return message

    def edit(self, message: Message, *, text: str, blocks: Sequence[Json], attachments: Sequence[Json] = ()) -> Message:
        """The message with new words in the same place."""
        new = replace(
            message,
            text=text,
            blocks=tuple(with_ids(blocks, self.new_id)),
            attachments=tuple(deepcopy(list(attachments))),
            edited=True,
        )
        self._put(new)
        return new

    def react(self, message: Message, *, name: str, user: str) -> Message:
        """The message with one more reaction."""
        new = replace(message, reactions=(*message.reactions, (name, user)))
        self._put(new)
        return new

    def remove(self, message: Message) -> None:
        """Takes the message away."""
        del self.written[message.channel][message.ts]
        self.changed(Change("deleted", user=message.ephemeral_to, message=message))

    def _put(self, message: Message) -> None:
        self.written.setdefault(message.channel, {})[message.ts] = message
        self.changed(Change("message", user=message.ephemeral_to, message=message))
        parent = self.find(message.channel, message.thread_ts) if message.thread_ts is not None else None
        if parent is not None and parent.ts != message.ts:
            self.changed(Change("message", user=parent.ephemeral_to or message.ephemeral_to, message=parent))

    def find(self, channel: str, ts: str) -> Message | None:
        """The message as it stands now, ephemeral or not."""
        return self.written.get(channel, {}).get(ts)

    def said(self, channel: str, *, to: str | None = None) -> list[Message]:
        """What stands in the channel, in the order of time; with the ephemeral messages of one person, if named."""
        every = sorted(self.written.get(channel, {}).values(), key=lambda m: m.ts)
        return [m for m in every if m.ephemeral_to is None or m.ephemeral_to == to]

    def replies(self, message: Message, *, to: str | None = None) -> list[Message]:
        """What was answered in the thread of this message."""
        return [m for m in self.said(message.channel, to=to) if m.thread_ts == message.ts and m.ts != message.ts]

    # Views

    def new_view(self, view: Json, *, root: Json | None = None, previous: Json | None = None) -> Json:
        """The view as Slack keeps it, with its ids."""
        view_id = self.new_id("V")
        return self._kept(view) | {
            "id": view_id,
            "root_view_id": root["id"] if root is not None else view_id,
            "previous_view_id": previous["id"] if previous is not None else None,
        }

    def changed_view(self, old: Json, view: Json) -> Json:
        """The view with new content under its old ids."""
        return self._kept(view) | {k: old[k] for k in ("id", "root_view_id", "previous_view_id")}

    def _kept(self, view: Json) -> Json:
        return {
            "team_id": self.ids.team_id,
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "close": None,
            "submit": None,
            "clear_on_close": False,
            "notify_on_close": False,
            **deepcopy(view),
            "blocks": with_ids(view["blocks"], self.new_id),
            "state": {"values": {}},
            "hash": f"{self.new_ts()}.{secrets.token_hex(4)}",
            "app_id": self.ids.app_id,
            "app_installed_team_id": self.ids.team_id,
            "bot_id": self.ids.bot_id,
        }

    def set_modals(self, user: str, modals: list[Json]) -> None:
        """Puts this stack of modals before the person."""
        self.surfaces[user].modals = modals
        self.changed(Change("modal", user=user))

    def set_home(self, user: str, view: Json) -> None:
        """Puts this Home tab before the person."""
        self.surfaces[user].home = view
        self.changed(Change("home", user=user))

    def view(self, view_id: str) -> tuple[str, Json] | None:
        """The view with this id, or external id, and whose it is."""
        for user, surface in self.surfaces.items():
            for view in (surface.home, *surface.modals):
                if view is not None and view_id in (view["id"], view["external_id"]):
                    return user, view
        return None

    # Triggers and files

    def new_trigger(self, user: str) -> str:
        """A trigger_id that is good for three seconds and one use."""
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**11)}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user, self.now())
        return trigger_id

    def use_trigger(self, trigger_id: str) -> str:
        """The person whose trigger this is; raises Refused when it is unknown, used or too old."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if (self.now() - trigger.at).total_seconds() > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def keep_file(
        self, *, name: str, content: bytes, user: str, title: str | None = None, claimed: int | None = None
    ) -> File:
        """The stored file; nobody sees it until it is shared in a channel."""
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        kept = File(f"F{secrets.token_hex(8).upper()}", name, title or name, kind, content, user, claimed)
        self.files[kept.id] = kept
        return kept

    def file_for_bot(self, file_id: str) -> File | None:
        """The file, where the bot may see it: its own, one in a channel where it is, or one that a form brought."""
        file = self.files.get(file_id)
        if file is None or file_id in self.handed or file.user == self.ids.bot_user_id:
            return file
        there = (self.written.get(c.id, {}) for c in (*self.channels.values(), *self.directs.values()) if c.bot_in)
        return file if any(file in message.files for said in there for message in said.values()) else None

    def slackbot_says(self, text: str, *, channel: str, to: str) -> Message:
        """Slack's own words to one person."""
        return self.post(channel=channel, user=SLACKBOT, text=text, ephemeral_to=to)
