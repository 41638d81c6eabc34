"""The things of the built-in Slack: people, channels, messages, and what came of an action."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.simulator.slack import words

Json = dict[str, Any]  # Any: Slack's JSON is of any depth

SLACKBOT = "USLACKBOT"


@dataclass(frozen=True)
class Person:
    """Somebody with an account. `name` is the handle, `note` says what they are here for ("operator")."""

    id: str
    name: str
    real_name: str
    note: str = ""
    tz: str = "Europe/Berlin"
    deactivated: bool = False


@dataclass
class Channel:
    """A conversation. `members` holds people only; `bot_in` says whether the bot is in it too."""

    id: str
    name: str
    members: set[str]
    bot_in: bool = True
    archived: bool = False
    private: bool = False

    @property
    def direct(self) -> bool:
        """Whether this is the direct conversation of one person with the bot."""
        return self.id.startswith("D")


@dataclass(frozen=True)
class File:
    """An uploaded file. `claimed` is the size that Slack says it has, where that is not the length of its content."""

    id: str
    name: str
    title: str
    mimetype: str
    content: bytes = field(repr=False)
    user: str = ""
    claimed: int | None = None

    @property
    def size(self) -> int:
        """Its size in bytes, as Slack says it."""
        return len(self.content) if self.claimed is None else self.claimed


@dataclass(frozen=True)
class Message:
    """A message as it stood when it was looked at. `user` is who wrote it, `bot` whether that was the bot.

    `ephemeral_to` names the one person who can see it. Edits make a new `Message` with the same `ts`.
    """

    channel: str
    ts: str
    user: str
    text: str
    bot: bool = False
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    thread_ts: str | None = None
    ephemeral_to: str | None = None
    edited: bool = False
    files: tuple[File, ...] = ()
    reactions: tuple[tuple[str, str], ...] = ()
    metadata: Json | None = None

    @property
    def words(self) -> str:
        """Everything a person reads in it: the texts of all blocks, or the plain text where there are none."""
        lines = words.read(self.blocks) if self.blocks else [self.text]
        lines += [line for attached in self.attachments for line in words.read(attached.get("blocks") or ())]
        return "\n".join([*lines, *(f.name for f in self.files)])

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons, from top to bottom."""
        return [str(e["text"]["text"]) for _, e in words.elements(self.blocks) if e.get("type") == "button"]

    @property
    def place(self) -> str:
        """What names this message among all places an action can come from."""
        return f"{self.channel}:{self.ts}"


@dataclass(frozen=True)
class Call:
    """One call of the Web API. `error` is Slack's word when it was refused."""

    method: str
    args: Json
    at: datetime
    error: str | None = None


@dataclass(frozen=True)
class Delivery:
    """What came of handing something to the bot. `status` 0 means that no answer came in time; `took` is real seconds.

    `reply` is the message made from the answer's body, or Slack's own words when it failed; `errors` are those of a
    modal by block id; `trouble` is Slack's word for what failed.
    """

    status: int
    took: float = 0.0
    reply: Message | None = None
    errors: dict[str, str] | None = None
    body: str = ""
    trouble: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the bot acknowledged it in time and in words that Slack understands."""
        return self.status == 200 and self.trouble is None


class World(Protocol):
    """What can be done to the world behind the bot, offered on the page: a SIM loses its session, a quota fills up."""

    def controls(self) -> list[Json]:
        """What can be done."""

    def state(self) -> Json:
        """How the world stands; `example`, where it is given, is a command worth trying."""

    async def play(self, id: str, fields: dict[str, str]) -> str:
        """Does it; a sentence says what happened."""


class FormRefused(ValueError):
    """A modal that Slack's own client would not send yet. `errors` holds a sentence for each block id."""

    def __init__(self, errors: dict[str, str], labels: dict[str, str]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{labels.get(block, block)}: {text}" for block, text in errors.items()))


class Refused(Exception):
    """Slack says no. `code` is its word; `details` are the lines of `response_metadata.messages`."""

    def __init__(self, code: str, details: list[str] | None = None, **more: str) -> None:
        self.code = code
        self.details = details or []
        self.more = more
        super().__init__(f"{code}: {'; '.join(self.details)}" if self.details else code)
