"""The Web API's conversations, people, groups and the bot itself."""

from __future__ import annotations

from bot.simulator.slack.asked import Asked
from bot.simulator.slack.drawn import Drawn
from bot.simulator.slack.shapes import Channel, Json, Message, Refused
from bot.simulator.slack.workspace import Workspace


class PeopleMethods:
    """conversations.*, users.*, usergroups.*, auth, bots and team on one workspace."""

    def __init__(self, space: Workspace, drawn: Drawn) -> None:
        self.space = space
        self.drawn = drawn

    def api_test(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/api.test"""
        if asked.text("error"):
            raise Refused(asked.text("error"))
        return {"args": {k: v for k, v in asked.args.items() if k != "token"}}

    def auth_test(self, _asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/auth.test"""
        ids = self.space.ids
        return {
            "url": f"{self.drawn.origin}/",
            "team": ids.team_domain,
            "user": ids.bot_name,
            "team_id": ids.team_id,
            "user_id": ids.bot_user_id,
            "bot_id": ids.bot_id,
            "is_enterprise_install": False,
        }

    def bot_info(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/bots.info"""
        ids = self.space.ids
        if asked.text("bot", ids.bot_id) != ids.bot_id:
            raise Refused("bot_not_found")
        bot = {"id": ids.bot_id, "deleted": False, "name": ids.bot_name}
        return {"bot": bot | {"app_id": ids.app_id, "user_id": ids.bot_user_id, "icons": {}}}

    def team_info(self, _asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/team.info"""
        ids = self.space.ids
        return {"team": {"id": ids.team_id, "name": ids.team_domain, "domain": ids.team_domain}}

    def _visible(self, asked: Asked) -> Channel:
        channel = self.space.channel(asked.needed("channel"))
        if channel is None or (channel.private and not channel.bot_in):
            raise Refused("channel_not_found")
        return channel

    def open(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/conversations.open, for one person."""
        if asked.text("channel"):
            return {"channel": {"id": self._visible(asked).id}}
        users = [u.strip() for u in _comma(asked.thing("users")) if u.strip()]
        if not users:
            raise Refused("users_list_not_supplied")
        if len(users) > 1:
            raise Refused("method_not_supported_for_channel_type")
        person = self.space.people.get(users[0])
        if person is None:
            raise Refused("user_not_found")
        if person.deactivated:
            raise Refused("user_disabled")
        return {"channel": {"id": self.space.directs[person.id].id}}

    def info(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/conversations.info"""
        return {"channel": self.drawn.channel(self._visible(asked))}

    def list(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/conversations.list"""
        wanted = set(asked.text("types", "public_channel").replace(" ", "").split(","))
        every = (*self.space.channels.values(), *self.space.directs.values())
        shown = [c for c in every if _kind(c) in wanted and (c.bot_in or not c.private)]
        if asked.flag("exclude_archived"):
            shown = [c for c in shown if not c.archived]
        return asked.page([self.drawn.channel(c) for c in shown], key="channels")

    def own(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/users.conversations, for the bot."""
        page = self.list(Asked({**asked.args, "limit": 1000, "cursor": ""}))
        inside = [c for c in page["channels"] if c.get("is_member", True)]
        return asked.page(inside, key="channels")

    def join(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/conversations.join"""
        channel = self._visible(asked)
        if channel.archived:
            raise Refused("is_archived")
        if channel.private:
            raise Refused("method_not_supported_for_channel_type")
        channel.bot_in = True
        return {"channel": self.drawn.channel(channel)}

    def members(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/conversations.members"""
        channel = self._visible(asked)
        bot = [self.space.ids.bot_user_id] if channel.bot_in else []
        return asked.page([*sorted(channel.members), *bot], key="members")

    def history(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/conversations.history: newest first, without answers in threads."""
        channel = self._inside(asked)
        shown = [m for m in self.space.said(channel.id) if m.thread_ts is None or m.thread_ts == m.ts]
        shown = [m for m in shown if _within(m, asked)]
        page = asked.page([self.drawn.message(m) for m in reversed(shown)], key="messages")
        return page | {"has_more": bool(page["response_metadata"]["next_cursor"])}

    def replies(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/conversations.replies: the parent and its answers."""
        channel = self._inside(asked)
        parent = self.space.find(channel.id, asked.needed("ts"))
        if parent is None or parent.ephemeral_to is not None:
            raise Refused("thread_not_found")
        thread = [parent, *(m for m in self.space.replies(parent) if _within(m, asked))]
        page = asked.page([self.drawn.message(m) for m in thread], key="messages")
        return page | {"has_more": bool(page["response_metadata"]["next_cursor"])}

    def _inside(self, asked: Asked) -> Channel:
        channel = self._visible(asked)
        if not channel.bot_in:
            raise Refused("not_in_channel")
        return channel

    def user_info(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/users.info"""
        user = asked.needed("user")
        found = next((a for a in self.drawn.accounts() if a["id"] == user), None)
        if found is None:
            raise Refused("user_not_found")
        return {"user": found}

    def users(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/users.list"""
        return asked.page(self.drawn.accounts(), key="members")

    def groups(self, _asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/usergroups.list"""
        groups = [
            {"id": g, "team_id": self.space.ids.team_id, "name": g, "handle": g.lower(), "user_count": len(users)}
            for g, users in self.space.groups.items()
        ]
        return {"usergroups": groups}

    def group_users(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/usergroups.users.list"""
        users = self.space.groups.get(asked.needed("usergroup"))
        if users is None:
            raise Refused("no_such_subteam")
        return {"users": list(users)}


def _comma(value: object) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else str(value or "").split(",")


def _kind(channel: Channel) -> str:
    if channel.direct:
        return "im"
    return "private_channel" if channel.private else "public_channel"


def _within(message: Message, asked: Asked) -> bool:
    oldest, latest = asked.text("oldest"), asked.text("latest")
    at, edge = float(message.ts), asked.flag("inclusive")
    after = not oldest or at > float(oldest) or (edge and at == float(oldest))
    return after and (not latest or at < float(latest) or (edge and at == float(latest)))
