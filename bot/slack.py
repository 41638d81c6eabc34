"""The one seam to Slack's Web API: what simops asks of Slack, with errors of ours.

https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BadInput, SlackError, StoreError

# The answer was lost on its way: the call may or may not have been done.
LOST = "answer_lost"
UNREACHABLE = "unreachable"
FOR_LATER = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
# https://docs.slack.dev/interactivity/handling-user-interaction: three seconds, one use.
TOO_LATE = frozenset({"expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged"})
# What marks a message as ours, so that it can be found again after a restart.
MARK = "simops_outbox"
# Of a file: it may take as long as it needs, but not stand still.
STILL_S = 30
PIECE = 1 << 16
AS_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True)
class Known:
    """A person as Slack knows them. `tz` is a name such as Europe/Berlin; `active` is false for who has left."""

    id: str
    name: str
    tz: str | None
    active: bool


@dataclass(frozen=True)
class Posted:
    """Where a message stands: its channel's id and its `ts`."""

    channel: str
    ts: str


@dataclass(frozen=True)
class File:
    """A file in Slack; `size` in bytes. `url` is where it is downloaded with the bot's token."""

    id: str
    name: str
    size: int
    mimetype: str
    url: str


class Slack:
    """Slack for the flows. Every method raises SlackError; nothing is tried twice here, since a post is not a read."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._direct: dict[str, str] = {}
        self._home = ""  # where this workspace is, as soon as Slack has said so

    async def me(self) -> Mapping[str, str]:
        """Who the token belongs to: `user_id`, `bot_id`, `team_id`, `team`."""
        data = await self._call(self._client.auth_test())
        self._home = str(data.get("url") or "")
        return {key: str(value) for key, value in data.items() if isinstance(value, str)}

    def link(self, channel: str, ts: str) -> str | None:
        """Where a message is opened; `None` before Slack has said where this workspace is (`me`).

        It is what https://docs.slack.dev/reference/methods/chat.getPermalink would say, without asking for each card.
        """
        return f"{self._home}archives/{channel}/p{ts.replace('.', '')}" if self._home else None

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

    async def whisper(self, channel: str, user: str, *, text: str, blocks: Sequence[Mapping[str, object]]) -> None:
        """Shows something in a channel to one person of it alone, for as long as their Slack is open."""
        await self._call(
            self._client.chat_postEphemeral(channel=channel, user=user, text=text, blocks=[dict(b) for b in blocks])
        )

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

    async def person(self, user: str) -> Known:
        """What Slack knows of a person; `code` is `user_not_found` for an id that nobody has."""
        found = (await self._call(self._client.users_info(user=user)))["user"]
        profile = found.get("profile") or {}
        name = profile.get("display_name") or found.get("real_name") or found.get("name") or user
        return Known(user, str(name), found.get("tz") or None, active=not found.get("deleted", False))

    async def upload(
        self, channel: str, *, name: str, title: str, path: Path, comment: str = "", thread_ts: str | None = None
    ) -> None:
        """Shares a file from disk in a channel or with a person; it is never whole in memory.

        `comment` stands beside it, and names nobody whatever it holds. Raises StoreError when the file cannot be read.
        https://docs.slack.dev/messaging/working-with-files#upload
        """
        try:
            length = (await asyncio.to_thread(path.stat)).st_size
        except OSError as exc:
            raise StoreError(f"The file {name} cannot be read: {exc.strerror}.") from exc
        place = await self.direct(channel) if channel.startswith(("U", "W")) else channel
        made = await self._call(self._client.files_getUploadURLExternal(filename=name, length=length))
        await self._send_file(str(made["upload_url"]), path)
        await self._call(
            self._client.files_completeUploadExternal(
                files=[{"id": str(made["file_id"]), "title": title}],
                channel_id=place,
                initial_comment=comment.translate(AS_TEXT) or None,
                thread_ts=thread_ts,
            )
        )

    async def file(self, id: str) -> File:
        """A file that was shared where the bot is, or put into a modal of ours.

        https://docs.slack.dev/reference/methods/files.info
        """
        found = (await self._call(self._client.files_info(file=id)))["file"]
        url = str(found.get("url_private_download") or found.get("url_private") or "")
        name = str(found.get("name") or found.get("title") or id)
        return File(id, name, int(found.get("size") or 0), str(found.get("mimetype") or ""), url)

    async def download(self, file: File, to: Path, *, most_bytes: int) -> None:
        """Writes a file from Slack to disk, piece by piece. Raises BadInput where it is larger than `most_bytes`, and
        StoreError when it cannot be written.

        The token goes with it, so only ever to Slack: neither another address nor a redirect to one is followed.
        https://docs.slack.dev/messaging/working-with-files#getting-a-file-object-and-its-contents
        """
        if file.size > most_bytes:
            raise _too_large(file, most_bytes)
        if not self._is_slacks(file.url):
            raise SlackError(
                "This file is not kept by Slack, so it was not fetched. Upload it to Slack.", code="elsewhere"
            )
        try:
            async with self._session().get(
                file.url,
                headers={"Authorization": f"Bearer {self._client.token}"},
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=STILL_S, sock_read=STILL_S),
                allow_redirects=False,
            ) as answer:
                await self._write(answer, file, to, most_bytes)
        except aiohttp.ClientConnectorError as exc:
            raise SlackError("Slack cannot be reached.", code=UNREACHABLE, again=True) from exc
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise SlackError("The file did not come whole: the connection broke.", code=LOST, again=True) from exc
        except OSError as exc:
            raise StoreError(f"The file could not be written here: {exc.strerror}. Tell whoever runs the bot.") from exc

    async def _write(self, answer: aiohttp.ClientResponse, file: File, to: Path, most_bytes: int) -> None:
        if answer.status != 200:
            again = answer.status == 429 or answer.status >= 500
            text = f"Slack did not give the file (HTTP {answer.status})."
            raise SlackError(text, code=f"http_{answer.status}", again=again)
        # Who may not read it gets Slack's page for signing in, with 200.
        if answer.content_type == "text/html" and file.mimetype != "text/html":
            raise SlackError(
                "Slack did not give the file: it wants to be signed in to. The app lacks the scope files:read, or "
                "simops is not in the channel of the file.",
                code="missing_scope",
            )
        written = 0
        with to.open("wb") as out:
            async for piece in answer.content.iter_chunked(PIECE):
                written += len(piece)
                if written > most_bytes:
                    raise _too_large(file, most_bytes)
                out.write(piece)
        if file.size and written != file.size:
            raise SlackError("The file did not come whole. Try again.", code=LOST, again=True)

    def _is_slacks(self, url: str) -> bool:
        """Whether the token may go there: to Slack's own hosts by https, or where the configured API is."""
        there, api = urlsplit(url), urlsplit(self._client.base_url)
        if (there.scheme, there.netloc) == (api.scheme, api.netloc):
            return True
        host = (there.hostname or "").lower()
        return (
            there.scheme == "https"
            and there.port in (None, 443)
            and (host == "slack.com" or host.endswith(".slack.com"))
        )

    async def _send_file(self, url: str, path: Path) -> None:
        patience = aiohttp.ClientTimeout(total=None, sock_connect=STILL_S, sock_read=STILL_S)
        try:
            with path.open("rb") as content:
                async with self._session().post(url, data=content, timeout=patience) as answer:
                    status = answer.status
        except aiohttp.ClientConnectorError as exc:
            raise SlackError("Slack cannot be reached.", code=UNREACHABLE, again=True) from exc
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise SlackError("Slack did not take the file: the connection broke.", code=LOST, again=True) from exc
        except OSError as exc:
            raise StoreError(f"The file {path.name} cannot be read: {exc.strerror}.") from exc
        if status != 200:
            again = status == 429 or status >= 500
            raise SlackError(f"Slack did not take the file (HTTP {status}).", code=f"http_{status}", again=again)

    def _session(self) -> aiohttp.ClientSession:
        """The one session that all calls share."""
        if self._client.session is None:
            raise AssertionError("the client was made without a session")
        return self._client.session

    async def open_modal(self, *, trigger: str, view: Mapping[str, object]) -> None:
        """Opens a modal for whoever just pressed; the trigger is good for three seconds."""
        await self._with_trigger(self._client.views_open(trigger_id=trigger, view=dict(view)))

    async def push_modal(self, *, trigger: str, view: Mapping[str, object]) -> None:
        """Opens a modal on top of the one in which somebody just pressed; three are the most."""
        await self._with_trigger(self._client.views_push(trigger_id=trigger, view=dict(view)))

    async def update_modal(self, id: str, *, view: Mapping[str, object]) -> None:
        """Shows something else in a modal that is open; `code` is `not_found` when it is not open any more."""
        await self._call(self._client.views_update(view_id=id, view=dict(view)))

    async def _with_trigger(self, call: Awaitable[Any]) -> None:
        try:
            await self._call(call)
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


def _too_large(file: File, most_bytes: int) -> BadInput:
    has = f"{file.size / 2**20:,.0f} MB" if file.size > most_bytes else "more than that"
    return BadInput(f"A list may have {most_bytes / 2**20:,.0f} MB, and this file has {has}. Cut it into parts.")


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
    method = str(response.api_url or "").rpartition("/")[2] or None
    code = "ratelimited" if response.status_code == 429 else code
    return SlackError(text, code=code, again=again, retry_after=wait, method=method)
