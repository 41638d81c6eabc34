"""How Slack writes people, channels, messages and files in its answers."""

from __future__ import annotations

from bot.simulator.slack.shapes import SLACKBOT, Channel, File, Json, Message, Person
from bot.simulator.slack.workspace import Workspace


class Drawn:
    """Slack's JSON of the things of one workspace. `origin` is where its files are fetched."""

    def __init__(self, space: Workspace, *, origin: str) -> None:
        self.space = space
        self.origin = origin

    def message(self, message: Message) -> Json:
        """A message as history and interactions show it."""
        ids = self.space.ids
        drawn: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
        if message.bot:
            profile = {"id": ids.bot_id, "app_id": ids.app_id, "name": ids.bot_name, "team_id": ids.team_id}
            drawn |= {"bot_id": ids.bot_id, "app_id": ids.app_id, "bot_profile": profile}
        drawn |= {"team": ids.team_id, "blocks": list(message.blocks)}
        replies = self.space.replies(message)
        if message.thread_ts is not None or replies:
            drawn["thread_ts"] = message.thread_ts or message.ts
        if replies:
            drawn |= {"reply_count": len(replies), "latest_reply": replies[-1].ts}
        return drawn | self._rare(message)

    def _rare(self, message: Message) -> Json:
        drawn: Json = {}
        if message.edited:
            drawn["edited"] = {"user": message.user, "ts": message.ts}
        if message.attachments:
            drawn["attachments"] = list(message.attachments)
        if message.files:
            drawn["files"] = [self.file(f) for f in message.files]
        if message.metadata is not None:
            drawn["metadata"] = message.metadata
        names = dict.fromkeys(name for name, _ in message.reactions)
        if names:
            who = {name: [u for n, u in message.reactions if n == name] for name in names}
            drawn["reactions"] = [{"name": n, "users": users, "count": len(users)} for n, users in who.items()]
        return drawn

    def file(self, file: File) -> Json:
        """A file; `url_private` wants the bot's token."""
        return {
            "id": file.id,
            "name": file.name,
            "title": file.title,
            "mimetype": file.mimetype,
            "filetype": file.name.rpartition(".")[2],
            "size": file.size,
            "user": file.user,
            "url_private": f"{self.origin}/files-pri/{file.id}/{file.name}",
            "url_private_download": f"{self.origin}/files-pri/{file.id}/download/{file.name}",
            "permalink": f"{self.origin}/files/{file.id}/{file.name}",
        }

    def channel(self, channel: Channel) -> Json:
        """A conversation, as the bot sees it."""
        if channel.direct:
            user = next(iter(channel.members))
            return {"id": channel.id, "is_im": True, "user": user, "is_archived": False, "is_open": True}
        return {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": not channel.private,
            "is_group": channel.private,
            "is_im": False,
            "is_mpim": False,
            "is_private": channel.private,
            "is_archived": channel.archived,
            "is_member": channel.bot_in,
            "is_shared": False,
            "is_ext_shared": False,
            "context_team_id": self.space.ids.team_id,
            "num_members": len(channel.members) + channel.bot_in,
        }

    def person(self, person: Person) -> Json:
        """A person's account."""
        return {
            "id": person.id,
            "team_id": self.space.ids.team_id,
            "name": person.name,
            "real_name": person.real_name,
            "deleted": person.deactivated,
            "tz": person.tz,
            "is_bot": False,
            "is_app_user": False,
            "profile": {
                "real_name": person.real_name,
                "display_name": person.name,
                "real_name_normalized": person.real_name,
                "display_name_normalized": person.name,
                "team": self.space.ids.team_id,
            },
        }

    def accounts(self) -> list[Json]:
        """All accounts: people, the bot, and Slackbot."""
        ids = self.space.ids
        bot = self.person(Person(ids.bot_user_id, ids.bot_name, ids.bot_name)) | {"is_bot": True}
        bot["profile"] |= {"bot_id": ids.bot_id, "api_app_id": ids.app_id}
        slackbot = self.person(Person(SLACKBOT, "slackbot", "Slackbot"))
        return [*(self.person(p) for p in self.space.people.values()), bot, slackbot]
