"""Files in the built-in Slack: who is told of them, who may read them, and what they claim to be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator.slack import Slack
from tests.simulator.slack_world import TOKEN, SmallBot, client_of, make_slack, running, small_bot


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with running(make_slack()) as one:
        one.events.add("file_shared")
        yield one


@pytest.fixture
async def bot(slack: Slack) -> AsyncIterator[SmallBot]:
    async with small_bot(slack) as one:
        yield one


@pytest.fixture
def client(slack: Slack) -> AsyncWebClient:
    return client_of(slack)


async def fetched(url: str, *, token: str = TOKEN) -> bytes:
    """What comes back from a file's address."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return await answer.read()


async def test_the_bot_is_told_of_a_file(slack: Slack, bot: SmallBot) -> None:
    """A file in a channel where the bot is comes as an event with Slack's keys, and stands in the channel."""
    file = await slack.share(name="sims.csv", content=b"ICCID\n1\n", by="U0ANNA", channel="C0OPS", text="here")

    assert slack.last_event is not None
    event = slack.last_event["event"]
    assert event.pop("event_ts")
    assert event == {
        "type": "file_shared", "channel_id": "C0OPS", "file_id": file.id, "user_id": "U0ANNA", "file": {"id": file.id}
    }  # fmt: skip
    [message] = slack.messages("C0OPS")
    assert (message.user, message.text, message.files) == ("U0ANNA", "here", (file,))


@pytest.mark.parametrize("channel", ["C0OUT", "C0OPS"])
async def test_who_is_not_told(slack: Slack, bot: SmallBot, channel: str) -> None:
    """Nothing is told of a file where the bot is not, nor to one that has not asked for these events."""
    if channel == "C0OPS":
        slack.events.discard("file_shared")

    await slack.share(name="sims.csv", content=b"1", by="U0ANNA", channel=channel)

    assert slack.last_event is None


async def test_the_bot_is_told_of_its_own_files(slack: Slack, bot: SmallBot, client: AsyncWebClient) -> None:
    """Slack makes no difference between files of people and of bots."""
    await client.files_upload_v2(channel="C0OPS", filename="report.csv", content="1")

    told = await slack.until(lambda: slack.last_event)

    assert (told["event"]["user_id"], told["event"]["channel_id"]) == (slack.bot_user_id, "C0OPS")


async def test_what_the_bot_may_read(slack: Slack, bot: SmallBot, client: AsyncWebClient) -> None:
    """A file nobody shared, and one where the bot is not, are not there for it; one in its channel is."""
    hidden = slack.upload(name="a.csv", content=b"a", by="U0ANNA")
    elsewhere = await slack.share(name="b.csv", content=b"b", by="U0ANNA", channel="C0OUT")
    seen = await slack.share(name="c.xlsx", content=b"\x00\xff", by="U0ANNA", channel="C0OPS")

    for file in (hidden, elsewhere):
        with pytest.raises(SlackApiError, match="file_not_found"):
            await client.files_info(file=file.id)
        assert b"Sign in" in await fetched(slack.drawn.file(file)["url_private_download"])
    told = (await client.files_info(file=seen.id))["file"]
    assert await fetched(told["url_private_download"]) == b"\x00\xff"
    assert b"Sign in" in await fetched(told["url_private_download"], token="xoxb-another")
    slack.scopes = frozenset(slack.scopes - {"files:read"})
    assert b"Sign in" in await fetched(told["url_private_download"])
    assert slack.fetched == [seen.id]


async def test_a_size_that_is_claimed(slack: Slack, bot: SmallBot, client: AsyncWebClient) -> None:
    """A file can say that it has another size than it has."""
    file = await slack.share(name="huge.csv", content=b"1", by="U0ANNA", channel="C0OPS", claimed=200 << 20)

    assert (await client.files_info(file=file.id))["file"]["size"] == 200 << 20
    assert slack.messages("C0OPS")[0].files[0].size == 200 << 20


async def test_where_nobody_can_share(slack: Slack) -> None:
    """One cannot share where one is not, nor without an account."""
    for by, channel in (("U0CLEO", "C0OPS"), ("U0DORA", "C0OPS"), ("U0ANNA", "C0OLD")):
        with pytest.raises(LookupError):
            await slack.share(name="a.csv", content=b"a", by=by, channel=channel)
    assert slack.space.files == {}
