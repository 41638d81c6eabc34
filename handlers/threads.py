"""WRITTEN: what people write in the thread under a card of ours."""

from __future__ import annotations

import html
from dataclasses import dataclass

from bot.flows.approvals import Approvals
from bot.flows.sms import Sms
from handlers.listening import Body, Listening
from handlers.switchboard import Switchboard

# What Slack calls a message that is nothing but a message, whatever hangs on it.
PLAIN = (None, "file_share", "thread_broadcast", "me_message")
EDITED = "message_changed"


@dataclass(frozen=True)
class Threads:
    """The listener for messages: https://docs.slack.dev/reference/events/message"""

    approvals: Approvals
    sms: Sms

    def register(self, app: Switchboard, listening: Listening) -> None:
        """Lets Bolt bring what was written in threads here; everything else is let go at once."""
        app.event("message")(listening.kept(self.written, wanted=is_reply))

    async def written(self, body: Body) -> None:
        """Keeps it with the request it was written under, or asks whether it is to go as an SMS, where it was written
        under the card of one of those."""
        event = body["event"]
        said = said_in(event)
        ts = str(said["ts"])
        edited = said.get("edited") or {}
        channel, thread, by = str(event["channel"]), str(said["thread_ts"]), str(said["user"])
        text = str(said.get("text") or "")
        await self.approvals.commenting.heard(
            channel=channel,
            thread=thread,
            by=by,
            text=html.unescape(text),
            # Each wording is kept: what was answered to must not change behind the answer.
            ts=f"{ts} edited {edited['ts']}" if event.get("subtype") == EDITED and edited else ts,
        )
        await self.sms.replying.heard(channel=channel, thread=thread, by=by, text=text, ts=ts)


def is_reply(body: Body) -> bool:
    """Whether a person wrote this in a thread, or wrote it anew."""
    event = body.get("event") or {}
    said = said_in(event)
    if event.get("subtype") not in (*PLAIN, EDITED) or said.get("bot_id") or not said.get("user"):
        return False
    return bool(said.get("thread_ts")) and said["thread_ts"] != said.get("ts")


def said_in(event: Body) -> Body:
    """The message itself: of an edited one Slack sends the new wording inside."""
    inner = event.get("message") if event.get("subtype") == EDITED else event
    return inner if isinstance(inner, dict) else {}
