"""What Slack sends to the bot, key by key. https://docs.slack.dev/reference/interaction-payloads"""

from __future__ import annotations

from bot.simulator.slack.drawn import Drawn
from bot.simulator.slack.elements import state_of
from bot.simulator.slack.shapes import Channel, Json, Message
from bot.simulator.slack.words import Block
from bot.simulator.slack.workspace import Workspace

# Slack's old verification token; the signature has taken its place, and it is sent still.
TOKEN = "verification-token-of-old"  # noqa: S105 - a secret no more


class Payloads:
    """The payloads of one workspace."""

    def __init__(self, space: Workspace, drawn: Drawn) -> None:
        self.space = space
        self.drawn = drawn

    def command(self, *, command: str, text: str, by: str, channel: Channel, response_url: str) -> Json:
        """A slash command, as form fields."""
        ids = self.space.ids
        named = "directmessage" if channel.direct else "privategroup" if channel.private else channel.name
        return {
            "token": TOKEN,
            "team_id": ids.team_id,
            "team_domain": ids.team_domain,
            "channel_id": channel.id,
            "channel_name": named,
            "user_id": by,
            "user_name": self.space.name_of(by),
            "command": command,
            "text": text,
            "api_app_id": ids.app_id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": self.space.new_trigger(by),
        }

    def base(self, kind: str, *, by: str) -> Json:
        """What all interactions have in common."""
        ids, name = self.space.ids, self.space.name_of(by)
        return {
            "type": kind,
            "user": {"id": by, "username": name, "name": name, "team_id": ids.team_id},
            "api_app_id": ids.app_id,
            "token": TOKEN,
            "team": {"id": ids.team_id, "domain": ids.team_domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def from_message(self, message: Message, *, by: str) -> Json:
        """Where something was done in a message. Of an ephemeral one Slack tells the place and not the words."""
        ephemeral = message.ephemeral_to is not None
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": ephemeral,
        }
        if message.thread_ts is not None:
            container["thread_ts"] = message.thread_ts
        where: Json = {"container": container, "channel": self._channel(message.channel)}
        if not ephemeral:
            where["message"] = self.drawn.message(message)
        return where | {"state": state_of(message.blocks, self.space.choices.get((by, message.place), {}))}

    def _channel(self, channel_id: str) -> Json:
        channel = self.space.channel(channel_id)
        if channel is None or channel.direct:
            return {"id": channel_id, "name": "directmessage"}
        return {"id": channel_id, "name": "privategroup" if channel.private else channel.name}

    def from_view(self, view: Json, *, by: str) -> Json:
        """Where something was done in a modal or a Home tab."""
        return {"container": {"type": "view", "view_id": view["id"]}, "view": self.view(view, by=by)}

    def view(self, view: Json, *, by: str) -> Json:
        """The view with what this person has filled in."""
        return view | {"state": state_of(view["blocks"], self.space.choices.get((by, view["id"]), {}))}

    def action(self, block: Block, element: Block, state: Json) -> Json:
        """One entry of `actions`."""
        said = {k: element[k] for k in ("text", "value", "style") if k in element and element["type"] == "button"}
        at = self.space.new_ts()
        names = {"action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"]}
        return {**names, **said, **state, "action_ts": at}

    def shortcut(self, callback_id: str, *, by: str) -> Json:
        """A global shortcut."""
        return self.base("shortcut", by=by) | {
            "callback_id": callback_id,
            "trigger_id": self.space.new_trigger(by),
            "action_ts": self.space.new_ts(),
        }

    def message_action(self, callback_id: str, message: Message, *, by: str, response_url: str) -> Json:
        """A message shortcut."""
        return self.base("message_action", by=by) | {
            "callback_id": callback_id,
            "trigger_id": self.space.new_trigger(by),
            "action_ts": self.space.new_ts(),
            "response_url": response_url,
            "message_ts": message.ts,
            "channel": self._channel(message.channel),
            "message": self.drawn.message(message),
        }

    def event(self, event: Json, *, event_id: str | None = None) -> Json:
        """An event in its envelope."""
        ids = self.space.ids
        authorization = {"enterprise_id": None, "team_id": ids.team_id, "user_id": ids.bot_user_id}
        return {
            "token": TOKEN,
            "team_id": ids.team_id,
            "api_app_id": ids.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": event_id or self.space.new_id("Ev0"),
            "event_time": int(self.space.now().timestamp()),
            "authorizations": [authorization | {"is_bot": True, "is_enterprise_install": False}],
            "is_ext_shared_channel": False,
        }
