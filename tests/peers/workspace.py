"""A Slack nobody here wrote (`emulate`), as its own API shows it, and what people do in it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from bot.rules.manifest import SCOPES
from bot.simulator.slack.sending import Ack, Line
from tests.peers.programs import EMULATE, NODE, free_port, running
from tests.peers.relay import Relay, relaying
from tests.schemas import misfits

T = TypeVar("T")
Json = dict[str, Any]

TOKEN, ADMIN_TOKEN = "xoxb-test-not-a-secret", "xoxp-test-not-a-secret"
SIGNING_SECRET = "signing-test-not-a-secret"
APP, BOT, BOT_USER = "A0SIMOPS00", "B0SIMOPS00", "U0SIMOPS00"
OPERATOR, APPROVER, STRANGER, ADMIN = "omar", "ana", "stan", "adi"
APPROVALS, ALERTS = "sim-approvals", "sim-alerts"
SEEN_WITHIN_S = 15.0

# JSON is YAML too, and `emulate` reads YAML.
SEED = {
    "slack": {
        "strict_scopes": True,
        "users": [{"name": name} for name in (OPERATOR, APPROVER, STRANGER, ADMIN)],
        "channels": [{"name": APPROVALS, "is_private": True}, {"name": ALERTS}],
        "oauth_apps": [
            {
                "client_id": "1.2",
                "client_secret": "x",
                "app_id": APP,
                "name": "simops",
                "redirect_uris": [],
                "scopes": sorted(SCOPES),
                "bot_id": BOT,
                "bot_user_id": BOT_USER,
                "bot_name": "simops",
            }
        ],
        "tokens": [
            # What the manifest asks for and nothing else: a call that needs more is refused.
            {"token": TOKEN, "type": "bot", "user_id": BOT_USER, "app_id": APP, "bot_id": BOT, "bot_user_id": BOT_USER}
            | {"scopes": sorted(SCOPES)},
            {"token": ADMIN_TOKEN, "user": ADMIN},
        ],
    }
}


@dataclass
class Workspace:
    """The Slack, seen by its own API, and the hands of its people: requests signed as Slack signs them."""

    origin: str
    relay: Relay
    session: aiohttp.ClientSession
    folder: Path
    line: Line = field(init=False)
    users: dict[str, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.line = Line(signing_secret=SIGNING_SECRET, events_url=None)

    async def api(self, method: str, token: str = ADMIN_TOKEN, **arguments: Any) -> Json:
        """What Slack says to this call; one that is refused fails the test."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.session.post(f"{self.origin}/api/{method}", data=arguments, headers=headers) as response:
            said: Json = await response.json()
        assert said["ok"], (method, said)
        return said

    async def learn(self) -> None:
        """Learns the ids of people and channels, invites the bot, and takes the operator out of the approvals."""
        self.users = {user["name"]: user["id"] for user in (await self.api("users.list"))["members"]}
        listed = await self.api("conversations.list", types="public_channel,private_channel")
        self.channels = {channel["name"]: channel["id"] for channel in listed["channels"]}
        for name in (APPROVALS, ALERTS):
            await self.api("conversations.invite", channel=self.channels[name], users=BOT_USER)
        # Who does not see the card is told directly.
        await self.api("conversations.kick", channel=self.channels[APPROVALS], user=self.users[OPERATOR])

    # --- what is seen ---

    async def messages(self, channel: str) -> list[Json]:
        """What the bot has said in a channel, in no thread, as it stands now, the oldest first."""
        said = await self.api("conversations.history", channel=self.channels[channel])
        cards = [m for m in said["messages"] if m["user"] == BOT_USER and m.get("thread_ts") in (None, m["ts"])]
        return sorted(cards, key=lambda m: str(m["ts"]))

    async def thread(self, channel: str, card: Json) -> list[Json]:
        """What stands under a card."""
        said = await self.api("conversations.replies", channel=self.channels[channel], ts=card["ts"])
        return [m for m in said["messages"] if m["ts"] != card["ts"]]

    async def told(self, user: str) -> list[Json]:
        """What the bot has told this person directly."""
        direct = await self.api("conversations.open", token=TOKEN, users=self.users[user])
        said = await self.api("conversations.history", token=TOKEN, channel=direct["channel"]["id"])
        return [m for m in said["messages"] if m["user"] == BOT_USER]

    async def until(self, look: Callable[[], Any], holds: Callable[[Any], bool] = bool) -> Any:
        """What is seen as soon as it holds."""
        seen = None
        try:
            async with asyncio.timeout(SEEN_WITHIN_S):
                while not holds(seen := await look()):  # noqa: ASYNC110 - another process tells of nothing
                    await asyncio.sleep(0.05)
        except TimeoutError:
            log = (self.folder / "bot.log").read_text("utf-8", "replace")[-3000:]
            raise AssertionError(f"Not seen in time; what is seen: {seen}\nThe bot says:\n{log}") from None
        return seen

    async def answer(self) -> Json:
        """The next thing that comes to a `response_url`."""

        async def look() -> list[Json]:
            return list(self.relay.answers)

        await self.until(look)
        return self.relay.answers.pop(0)

    # --- what people do ---

    async def say(self, text: str, *, by: str) -> Json:
        """Types `/sim …`; what the person reads, at once or when it comes."""
        fields = {
            "token": "verification-token-of-old",
            "command": "/sim",
            "text": text,
            "response_url": f"{self.relay.origin}/response",
            "trigger_id": await self._trigger(by),
            "user_id": self.users[by],
            "user_name": by,
            "team_id": "T000000001",
            "team_domain": "emulate",
            "channel_id": self.channels["general"],
            "channel_name": "general",
            "api_app_id": APP,
            "is_enterprise_install": "false",
        }
        assert misfits("SlashCommand", fields) == []
        ack = await self.line.command(fields)
        assert ack.status == 200, ack
        said: Json = json.loads(ack.body)
        return said if "One moment" not in said["text"] else await self.answer()

    async def press(self, channel: str, card: Json, button: str, *, by: str) -> None:
        """Presses the button with these words on a message of the bot's."""
        block, pressed = _button(card, button)
        payload = {
            "type": "block_actions",
            **self._who(by),
            "trigger_id": await self._trigger(by),
            "response_url": f"{self.relay.origin}/response",
            "container": {
                "type": "message",
                "message_ts": card["ts"],
                "channel_id": self.channels[channel],
                "is_ephemeral": False,
            },
            "channel": {"id": self.channels[channel], "name": channel},
            "message": card,
            "state": {"values": {}},
            "actions": [
                {k: pressed[k] for k in ("type", "action_id", "text", "value")}
                | {"block_id": block["block_id"], "action_ts": f"{time.time():.6f}"}
            ],
        }
        assert misfits("BlockButtonAction", payload) == []
        self._acknowledged(await self.line.interaction(payload))

    async def submit(self, view: Json, values: Json, *, by: str) -> str:
        """Sends a modal with what was filled in, by block and action; what the bot says to it."""
        filled = {block: {action: {"type": "plain_text_input", "value": v}} for (block, action), v in values.items()}
        payload = {
            "type": "view_submission",
            **self._who(by),
            "trigger_id": await self._trigger(by),
            "view": {**view, "state": {"values": filled}},
            "response_urls": [],
        }
        return self._acknowledged(await self.line.interaction(payload))

    async def open_home(self, *, by: str) -> None:
        """Looks at the bot's Home tab."""
        stamp = f"{time.time():.6f}"
        event = {"type": "app_home_opened", "user": self.users[by], "channel": "D0", "tab": "home", "event_ts": stamp}
        ack = await self.line.event(
            {
                "token": "verification-token-of-old",
                "team_id": "T000000001",
                "api_app_id": APP,
                "type": "event_callback",
                "event": event,
                "event_id": f"Ev{stamp}",
                "event_time": int(time.time()),
                "authorizations": [{"team_id": "T000000001", "user_id": BOT_USER, "is_bot": True}],
            }
        )
        self._acknowledged(ack)

    async def _trigger(self, by: str) -> str:
        said = await self.api("views.generateTriggerId", token=TOKEN, user_id=self.users[by])
        return str(said["trigger_id"])

    def _who(self, by: str) -> Json:
        return {
            "user": {"id": self.users[by], "username": by, "name": by, "team_id": "T000000001"},
            "team": {"id": "T000000001", "domain": "emulate"},
            "api_app_id": APP,
            "token": "verification-token-of-old",
        }

    @staticmethod
    def _acknowledged(ack: Ack) -> str:
        assert ack.status == 200, ack
        assert ack.took < 3
        return ack.body


def _button(card: Json, words: str) -> tuple[Json, Json]:
    for block in card["blocks"]:
        for element in block.get("elements", []):
            if element["type"] == "button" and element["text"]["text"] == words:
                return block, element
    raise AssertionError(f"No button {words!r} on {card['text']!r}")


def buttons(card: Json) -> list[str]:
    """The words on the buttons of a message, in order."""
    rows = [block["elements"] for block in card.get("blocks", []) if block["type"] == "actions"]
    return [str(element["text"]["text"]) for row in rows for element in row]


@asynccontextmanager
async def workspace(folder: Path) -> AsyncIterator[Workspace]:
    """`emulate` on a free port, with our people and channels in it, and the relay in front of it."""
    seed, port = folder / "seed.yaml", free_port()
    seed.write_text(json.dumps(SEED), "utf-8")
    command = (NODE, EMULATE, "start", "--service", "slack", "--port", str(port), "--seed", seed)
    origin = f"http://127.0.0.1:{port}"
    async with (
        running(*command, port=port, log=folder / "emulate.log"),
        relaying(origin) as relay,
        aiohttp.ClientSession() as session,
    ):
        made = Workspace(origin, relay, session, folder)
        await made.learn()
        yield made
        await made.line.close()
