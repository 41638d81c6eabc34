"""The one seam to Slack's Web API: what simops asks of Slack, with errors of ours.

https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SlackError

# The answer was lost on its way: the call may or may not have been done.
LOST = "answer_lost"
UNREACHABLE = "unreachable"
FOR_LATER = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
# https://docs.slack.dev/interactivity/handling-user-interaction: three seconds, one use.
TOO_LATE = frozenset({"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged"})
# What marks a message as ours, so that it can be found again after a restart.
MARK = "simops_outbox"


@dataclass(frozen=True)
class Posted:
    """Where a message stands: its channel's id and its `ts`."""

    channel: str
    ts: str


class Slack:
    """Slack for the flows. Every method raises SlackError; nothing is tried twice here, since a post is not a read."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._direct: dict[str, str] = {}

    async def me(self) -> Mapping[str, str]:
        """Who the token belongs to: `user_id`, `bot_id`, `team_id`, `team`."""
        data = await self._call(self._client.auth_test())
        return {key: str(value) for key, value in data.items() if isinstance(value, str)}

    async def scopes(self) -> frozenset[str] | None:
        """What the token may do, as Slack says beside its answers; `None` when it does not say."""
        answer = await self._answer(self._client.auth_test())
        said = next((v for k, v in answer.headers.items() if k.lower() == "x-oauth-scopes"), None)
        return None if said is None else frozenset(word.strip() for word in str(said).split(",") if word.strip())

    async def ask_for_socket(self) -> None:
        """Asks, as an app token may, where a socket could be opened. None is."""
        await self._call(self._client.api_call("apps.connections.open"))

    async def post(
        self,
        channel: str,
        *,
        text: str,
        blocks: Sequence[Mapping[str, object]] = (),
        thread_ts: str | None = None,
        mark: str | None = None,
    ) -> Posted:
        """Posts a message and says where it stands; `mark` is what `find` knows it by again."""
        metadata = None if mark is None else {"event_type": MARK, "event_payload": {"id": mark}}
        data = await self._call(
            self._client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=[dict(b) for b in blocks] or None,
                thread_ts=thread_ts,
                metadata=metadata,
                # Without blocks this is the plain form of a message: its text may come from outside, and stays text.
                mrkdwn=bool(blocks),
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return Posted(str(data["channel"]), str(data["ts"]))

    async def edit(self, at: Posted, *, text: str, blocks: Sequence[Mapping[str, object]]) -> Posted:
        """Shows something else in the place of a message of ours."""
        await self._call(
            self._client.chat_update(channel=at.channel, ts=at.ts, text=text, blocks=[dict(b) for b in blocks])
        )
        return at

    async def find(self, channel: str, *, mark: str, thread_ts: str | None = None) -> Posted | None:
        """Where the message with this mark stands, among the newest ones of the channel or thread."""
        if thread_ts is None:
            call = self._client.conversations_history(channel=channel, limit=50, include_all_metadata=True)
        else:
            call = self._client.conversations_replies(
                channel=channel, ts=thread_ts, limit=200, include_all_metadata=True
            )
        for message in (await self._call(call)).get("messages", []):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == MARK and metadata.get("event_payload", {}).get("id") == mark:
                return Posted(channel, str(message["ts"]))
        return None

    async def direct(self, user: str) -> str:
        """The id of the direct conversation with a person."""
        if user not in self._direct:
            data = await self._call(self._client.conversations_open(users=user))
            self._direct[user] = str(data["channel"]["id"])
        return self._direct[user]

    async def members(self, channel: str) -> AsyncIterator[str]:
        """The ids of who is in a channel, page by page."""
        cursor: str | None = None
        while cursor != "":
            call = self._client.conversations_members(channel=channel, limit=1000, cursor=cursor)
            data = await self._call(call)
            for user in data["members"]:
                yield str(user)
            cursor = (data.get("response_metadata") or {}).get("next_cursor") or ""

    async def group(self, group: str) -> frozenset[str]:
        """The ids of who is in a user group now."""
        data = await self._call(self._client.usergroups_users_list(usergroup=group))
        return frozenset(str(user) for user in data["users"])

    async def channel(self, channel: str) -> Mapping[str, Any]:
        """What Slack says of a channel. Any: Slack's own shape, read by `simops check` alone."""
        data = await self._call(self._client.conversations_info(channel=channel))
        return dict(data["channel"])

    async def open_modal(self, *, trigger: str, view: Mapping[str, object]) -> None:
        """Opens a modal for whoever just pressed; the trigger is good for three seconds."""
        try:
            await self._call(self._client.views_open(trigger_id=trigger, view=dict(view)))
        except SlackError as problem:
            if problem.code not in TOO_LATE:
                raise
            raise SlackError(
                "The form could not be opened in time; press the button again.", code=problem.code
            ) from None

    async def show_home(self, *, user: str, view: Mapping[str, object]) -> None:
        """Draws a person's App Home."""
        await self._call(self._client.views_publish(user_id=user, view=dict(view)))

    async def _call(self, call: Awaitable[Any]) -> dict[str, Any]:
        """What Slack's answer says. Any: slack_sdk types neither its methods nor its answers."""
        return dict((await self._answer(call)).data)

    async def _answer(self, call: Awaitable[Any]) -> Any:  # Any: as above
        """Slack's answer with its headers."""
        try:
            return await call
        except SlackApiError as exc:
            raise _refused(exc) from exc
        except aiohttp.ClientConnectorError as exc:
            raise SlackError("Slack cannot be reached.", code=UNREACHABLE, again=True) from exc
        except (aiohttp.ClientError, TimeoutError, SlackClientError, json.JSONDecodeError) as exc:
            raise SlackError("Slack's answer was lost.", code=LOST, again=True) from exc


def _refused(exc: SlackApiError) -> SlackError:
    """Slack's no as an error of ours, with its own word and the time it asks us to wait."""
    response = exc.response
    data = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error") or f"http_{response.status_code}")
    said = "; ".join(str(m) for m in (data.get("response_metadata") or {}).get("messages", []))
    after = next((v for k, v in (response.headers or {}).items() if k.lower() == "retry-after"), None)
    again = response.status_code == 429 or response.status_code >= 500 or code in FOR_LATER
    wait = float(after) if after is not None and re.fullmatch("[0-9]{1,6}", str(after)) is not None else None
    text = f"Slack says {code}" + (f": {said}" if said else "") + "."
    return SlackError(text, code="ratelimited" if response.status_code == 429 else code, again=again, retry_after=wait)
