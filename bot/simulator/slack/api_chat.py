"""The Web API's messages, reactions and files: what each method does, or Slack's word why not."""

from __future__ import annotations

from collections.abc import Callable

from bot.simulator.slack.asked import Asked
from bot.simulator.slack.drawn import Drawn
from bot.simulator.slack.limits import check_message
from bot.simulator.slack.shapes import Channel, File, Json, Message, Refused
from bot.simulator.slack.trouble import Trouble
from bot.simulator.slack.workspace import Workspace


class ChatMethods:
    """chat.*, reactions.* and files.* on one workspace."""

    def __init__(self, space: Workspace, drawn: Drawn, trouble: Trouble) -> None:
        self.space = space
        self.drawn = drawn
        self.trouble = trouble
        self.shared: Callable[[File, Channel], None] = _nothing  # what follows when the bot has shared a file
        self.uploads: dict[str, tuple[str, int]] = {}
        self.uploaded: dict[str, bytes] = {}

    def place(self, asked: Asked, key: str = "channel", *, post: bool = True) -> Channel:
        """The conversation the bot may write in (or look at); raises Refused with Slack's word why not."""
        channel = self._named(asked.needed(key))
        if channel is None or (channel.private and not channel.bot_in):
            raise Refused("channel_not_found")
        if not channel.bot_in:
            raise Refused("not_in_channel")
        if post and channel.archived:
            raise Refused("is_archived")
        return channel

    def _named(self, name: str) -> Channel | None:
        person = self.space.people.get(name)
        if person is not None:
            return None if person.deactivated else self.space.directs[name]
        return self.space.channel(name)

    def post_message(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/chat.postMessage"""
        channel = self.place(asked)
        message = self._write(asked, channel)
        return {"channel": channel.id, "ts": message.ts, "message": self.drawn.message(message)}

    def post_ephemeral(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
        channel = self.place(asked)
        user = asked.needed("user")
        if user not in channel.members:
            raise Refused("user_not_in_channel")
        return {"message_ts": self._write(asked, channel, ephemeral_to=user).ts}

    def _write(self, asked: Asked, channel: Channel, *, ephemeral_to: str | None = None) -> Message:
        self.trouble.check_known(asked.thing("blocks"))
        check_message(text=asked.text("text"), blocks=asked.thing("blocks"), attachments=asked.thing("attachments"))
        metadata = asked.thing("metadata")
        return self.space.post(
            channel=channel.id,
            user=self.space.ids.bot_user_id,
            text=asked.text("text"),
            blocks=asked.things("blocks"),
            attachments=asked.things("attachments"),
            thread_ts=asked.text("thread_ts") or None,
            ephemeral_to=ephemeral_to,
            metadata=metadata if isinstance(metadata, dict) else None,
        )

    def _own(self, asked: Asked, *, refusal: str) -> Message:
        # Not with a person's id, as in chat.postMessage: chat.update wants the id of the direct conversation.
        channel = self.space.channel(asked.needed("channel"))
        if channel is None:
            raise Refused("channel_not_found")
        message = self.space.find(channel.id, asked.needed("ts"))
        if message is None or message.ephemeral_to is not None:
            raise Refused("message_not_found")
        if not message.bot:
            raise Refused(refusal)
        if channel.archived:
            raise Refused("is_archived")
        return message

    def update(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/chat.update: a text without blocks takes the blocks away."""
        message = self._own(asked, refusal="cant_update_message")
        if asked.thing("text") is None and asked.thing("blocks") is None and asked.thing("attachments") is None:
            raise Refused("no_text")
        text = asked.text("text", message.text)
        kept_blocks = list(message.blocks) if asked.thing("text") is None else []
        blocks = kept_blocks if asked.thing("blocks") is None else asked.thing("blocks")
        kept_attachments = asked.thing("attachments") is None
        attachments = list(message.attachments) if kept_attachments else asked.thing("attachments")
        self.trouble.check_known(blocks)
        check_message(text=text, blocks=blocks, attachments=attachments, most=4000)
        new = self.space.edit(message, text=text, blocks=_list(blocks), attachments=_list(attachments))
        return {"channel": new.channel, "ts": new.ts, "text": new.text, "message": self.drawn.message(new)}

    def delete(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/chat.delete"""
        message = self._own(asked, refusal="cant_delete_message")
        self.space.remove(message)
        return {"channel": message.channel, "ts": message.ts}

    def permalink(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/chat.getPermalink"""
        channel = self.place(asked, post=False)
        ts = asked.needed("message_ts")
        if self.space.find(channel.id, ts) is None:
            raise Refused("message_not_found")
        return {"channel": channel.id, "permalink": f"{self.drawn.origin}/archives/{channel.id}/p{ts.replace('.', '')}"}

    def react(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/reactions.add"""
        channel = self.place(asked)
        message = self.space.find(channel.id, asked.needed("timestamp"))
        if message is None or message.ephemeral_to is not None:
            raise Refused("message_not_found")
        name = asked.needed("name").strip(":")
        if (name, self.space.ids.bot_user_id) in message.reactions:
            raise Refused("already_reacted")
        self.space.react(message, name=name, user=self.space.ids.bot_user_id)
        return {}

    def upload_url(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/files.getUploadURLExternal"""
        length = asked.number("length", 0)
        if length <= 0:
            raise Refused("invalid_arguments", ["must be greater than 0 [json-pointer:/length]"])
        ticket = self.space.new_id("F0UP")
        self.uploads[ticket] = (asked.needed("filename"), length)
        return {"upload_url": f"{self.drawn.origin}/upload/{ticket}", "file_id": ticket}

    def upload(self, ticket: str, content: bytes) -> bool:
        """Takes the content of an announced file; false when it was not announced or has another length."""
        if ticket not in self.uploads or len(content) != self.uploads[ticket][1]:
            return False
        self.uploaded[ticket] = content
        return True

    def complete_upload(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/files.completeUploadExternal"""
        named = asked.thing("channel_id") or asked.thing("channels")
        channel = self.place(Asked({"channel": named})) if named else None
        wanted = asked.things("files")
        if not wanted or any(f.get("id") not in self.uploaded for f in wanted):
            raise Refused("file_not_found")
        thread_ts = asked.text("thread_ts") or None
        if channel is not None and thread_ts is not None and self.space.find(channel.id, thread_ts) is None:
            raise Refused("thread_not_found")
        files = [self._finish(str(f["id"]), f.get("title")) for f in wanted]
        if channel is not None:
            self.space.post(
                channel=channel.id,
                user=self.space.ids.bot_user_id,
                text=asked.text("initial_comment"),
                thread_ts=thread_ts,
                files=files,
            )
            for file in files:
                self.shared(file, channel)
        return {"files": [self.drawn.file(f) for f in files]}

    def _finish(self, ticket: str, title: str | None) -> File:
        name, _ = self.uploads.pop(ticket)
        content = self.uploaded.pop(ticket)
        return self.space.keep_file(name=name, content=content, user=self.space.ids.bot_user_id, title=title)

    def file_info(self, asked: Asked) -> Json:
        """https://docs.slack.dev/reference/methods/files.info"""
        file = self.space.file_for_bot(asked.needed("file"))
        if file is None:
            raise Refused("file_not_found")
        return {"file": self.drawn.file(file)}


def _nothing(_file: File, _channel: Channel) -> None:
    """Nobody wants to know."""


def _list(things: object) -> list[Json]:
    return things if isinstance(things, list) else []
