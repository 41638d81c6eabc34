"""The Web API of the built-in Slack, as slack_sdk sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator.clock import HeldClock
from bot.simulator.slack import Slack
from tests.simulator.slack_world import START, button, client_of, make_slack, running, text


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(START)


@pytest.fixture
async def slack(clock: HeldClock) -> AsyncIterator[Slack]:
    async with running(make_slack(clock=clock)) as one:
        yield one


@pytest.fixture
def client(slack: Slack) -> AsyncWebClient:
    return client_of(slack)


async def refused(client: AsyncWebClient, method: str, **args: Any) -> str:
    """Slack's word for why this call is refused."""
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=args)
    return str(caught.value.response["error"])


async def test_the_token_is_looked_at(slack: Slack, client: AsyncWebClient) -> None:
    """Without a token, with a wrong one, and with the wrong kind of one, nothing is done."""
    assert (await client.auth_test())["user_id"] == slack.bot_user_id
    assert await refused(client_of(slack, "xoxb-test-other"), "auth.test") == "invalid_auth"
    assert await refused(client_of(slack, "xapp-test-app"), "auth.test") == "not_allowed_token_type"
    assert await refused(client_of(slack, ""), "auth.test") == "not_authed"
    assert await refused(client, "apps.connections.open") == "not_allowed_token_type"
    assert await refused(client, "chat.sing") == "unknown_method"
    form = {"token": "xoxb-test-bot"}
    async with aiohttp.ClientSession() as session, session.post(slack.api_url + "auth.test", data=form) as answer:
        assert (await answer.json())["ok"]


async def test_a_message_is_posted_changed_and_deleted(slack: Slack, client: AsyncWebClient) -> None:
    """What was posted is seen as it stands: with blocks, edited, gone."""
    posted = await client.chat_postMessage(channel="C0OPS", text="one", blocks=[text("*one*")])
    before = slack.messages("C0OPS")[0]
    await client.chat_update(channel="C0OPS", ts=posted["ts"], text="two")

    now = slack.messages("C0OPS")[0]
    assert (before.text, before.words, now.words, now.edited, now.ts) == ("one", "*one*", "two", True, posted["ts"])
    assert now.blocks == ()

    await client.chat_delete(channel="C0OPS", ts=posted["ts"])
    assert slack.messages("C0OPS") == []
    assert slack.count("chat.postMessage") == 1


async def test_what_an_update_does_not_name(slack: Slack, client: AsyncWebClient) -> None:
    """A text alone takes the blocks away, blocks alone keep the text, and a person's id is no channel here."""
    posted = await client.chat_postMessage(channel="U0BEN", text="one", blocks=[text("block")])
    where = {"channel": posted["channel"], "ts": posted["ts"]}

    await client.api_call("chat.update", json=where | {"blocks": [text("new")]})
    assert (slack.dm("U0BEN")[0].text, slack.dm("U0BEN")[0].words) == ("one", "new")
    await client.api_call("chat.update", json=where | {"text": "two"})
    assert (slack.dm("U0BEN")[0].text, slack.dm("U0BEN")[0].words) == ("two", "two")
    assert await refused(client, "chat.update", channel="U0BEN", ts=posted["ts"], text="x") == "channel_not_found"
    assert await refused(client, "chat.update", **where, text="x" * 4001) == "msg_too_long"
    assert await refused(client, "chat.update", **where) == "no_text"


async def test_ts_are_unique_and_increase_while_the_clock_stands(slack: Slack, client: AsyncWebClient) -> None:
    """Two messages of one moment have two ids, in their order."""
    first, second = [(await client.chat_postMessage(channel="C0OPS", text=t))["ts"] for t in "ab"]

    assert float(first) < float(second)
    assert abs(float(second) - START.timestamp()) < 0.001


@pytest.mark.parametrize(
    ("method", "args", "code"),
    [
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "G0TOP", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0OUT", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0OLD", "text": "x"}, "is_archived"),
        ("chat.postMessage", {"channel": "U0DORA", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0OPS"}, "no_text"),
        ("chat.postMessage", {"channel": "C0OPS", "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C0OPS", "text": "x", "thread_ts": "1.2"}, "thread_not_found"),
        ("chat.postMessage", {"channel": "C0OPS", "text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ("chat.update", {"channel": "C0OPS", "ts": "1.2", "text": "x"}, "message_not_found"),
        ("chat.delete", {"channel": "C0OPS", "ts": "1.2"}, "message_not_found"),
        ("chat.postEphemeral", {"channel": "C0OPS", "user": "U0CLEO", "text": "x"}, "user_not_in_channel"),
        ("conversations.open", {"users": "U0NONE"}, "user_not_found"),
        ("conversations.open", {"users": "U0DORA"}, "user_disabled"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("conversations.info", {"channel": "G0TOP"}, "channel_not_found"),
        ("conversations.history", {"channel": "C0OUT"}, "not_in_channel"),
        ("conversations.members", {"channel": "C0OPS", "cursor": "x"}, "invalid_cursor"),
        ("users.info", {"user": "U0NONE"}, "user_not_found"),
        ("usergroups.users.list", {"usergroup": "S0NONE"}, "no_such_subteam"),
        ("views.publish", {"user_id": "U0ANNA", "view": {"type": "modal"}}, "invalid_arguments"),
        ("views.update", {"view_id": "V0", "view": {"type": "modal"}}, "not_found"),
        ("files.completeUploadExternal", {"files": [{"id": "F0"}]}, "file_not_found"),
        ("reactions.add", {"channel": "C0OPS", "timestamp": "1.2", "name": "eyes"}, "message_not_found"),
    ],
)
async def test_refusals_have_slacks_words(client: AsyncWebClient, method: str, args: dict[str, Any], code: str) -> None:
    """Each thing Slack refuses is refused with its own word."""
    assert await refused(client, method, **args) == code


async def test_blocks_that_are_too_large_are_named(slack: Slack, client: AsyncWebClient) -> None:
    """invalid_blocks says where and why, and nothing is posted."""
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(
            channel="C0OPS", text="x", blocks=[{"type": "actions", "elements": [button("x" * 76, "a")]}]
        )

    assert caught.value.response["error"] == "invalid_blocks"
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"
    ]
    assert slack.messages("C0OPS") == []
    assert slack.calls[-1].error == "invalid_blocks"


async def test_only_our_own_lasting_messages_are_changed(slack: Slack, client: AsyncWebClient) -> None:
    """A person's message and an ephemeral one are out of reach of chat.update."""
    await slack.say("mine", by="U0ANNA", channel="C0OPS")
    theirs = slack.messages("C0OPS")[0].ts
    ephemeral = (await client.chat_postEphemeral(channel="C0OPS", user="U0ANNA", text="psst"))["message_ts"]

    assert await refused(client, "chat.update", channel="C0OPS", ts=theirs, text="x") == "cant_update_message"
    assert await refused(client, "chat.delete", channel="C0OPS", ts=theirs) == "cant_delete_message"
    assert await refused(client, "chat.update", channel="C0OPS", ts=ephemeral, text="x") == "message_not_found"
    assert [m.text for m in slack.seen(by="U0ANNA", channel="C0OPS")] == ["mine", "psst"]
    assert [m.text for m in slack.seen(by="U0BEN", channel="C0OPS")] == ["mine"]
    assert slack.seen(by="U0CLEO", channel="C0OPS") == []


async def test_a_user_id_leads_to_the_direct_conversation(slack: Slack, client: AsyncWebClient) -> None:
    """Posting to a person is posting to the conversation that conversations.open names."""
    opened = (await client.conversations_open(users="U0BEN"))["channel"]["id"]
    posted = await client.chat_postMessage(channel="U0BEN", text="hello")

    assert posted["channel"] == opened == slack.dm_channel("U0BEN")
    assert [m.text for m in slack.dm("U0BEN")] == ["hello"]
    assert slack.dm("U0ANNA") == []


async def test_lists_come_in_pages(client: AsyncWebClient) -> None:
    """Members, users and history are read with cursors, each entry once."""
    for n in range(5):
        await client.chat_postMessage(channel="C0ALL", text=str(n))

    members = [
        m async for page in await client.conversations_members(channel="C0ALL", limit=3) for m in page["members"]
    ]
    users = [u["id"] async for page in await client.users_list(limit=2) for u in page["members"]]
    said = [
        m["text"]
        async for page in await client.conversations_history(channel="C0ALL", limit=2)
        for m in page["messages"]
    ]

    assert members == ["U0ANNA", "U0BEN", "U0CLEO", "U0SIMOPS"]
    assert len(users) == len(set(users)) == 6
    assert said == ["4", "3", "2", "1", "0"]


async def test_what_the_bot_can_find_out(client: AsyncWebClient) -> None:
    """Channels, people, groups, the bot and the team are told as Slack tells them."""
    listed = (await client.conversations_list(types="public_channel,private_channel"))["channels"]
    assert {c["name"]: c["is_member"] for c in listed} == {"ops": True, "all": True, "out": False, "old": True}
    assert (await client.conversations_info(channel="C0OPS"))["channel"]["name"] == "ops"
    assert (await client.users_info(user="U0ANNA"))["user"]["tz"] == "Europe/Berlin"
    assert (await client.users_info(user="U0DORA"))["user"]["deleted"] is True
    assert (await client.usergroups_users_list(usergroup="S0OPS"))["users"] == ["U0ANNA", "U0BEN"]
    assert (await client.usergroups_list())["usergroups"][0]["id"] == "S0OPS"
    assert (await client.bots_info())["bot"]["name"] == "simops"
    assert (await client.team_info())["team"]["id"] == "T0SIMOPS"


async def test_threads(slack: Slack, client: AsyncWebClient) -> None:
    """Answers stand in the thread, and the parent counts them."""
    parent = (await client.chat_postMessage(channel="C0OPS", text="parent"))["ts"]
    await client.chat_postMessage(channel="C0OPS", text="answer", thread_ts=parent)

    replies = (await client.conversations_replies(channel="C0OPS", ts=parent))["messages"]
    assert [m["text"] for m in replies] == ["parent", "answer"]
    assert replies[0]["reply_count"] == 1
    assert [m.text for m in slack.thread(slack.messages("C0OPS")[0])] == ["answer"]
    assert len((await client.conversations_history(channel="C0OPS"))["messages"]) == 1
    link = await client.chat_getPermalink(channel="C0OPS", message_ts=parent)
    assert link["permalink"].endswith(f"/archives/C0OPS/p{parent.replace('.', '')}")
    await client.reactions_add(channel="C0OPS", timestamp=parent, name="eyes")
    assert await refused(client, "reactions.add", channel="C0OPS", timestamp=parent, name="eyes") == "already_reacted"


async def test_a_file_is_uploaded_and_fetched(slack: Slack, client: AsyncWebClient) -> None:
    """files_upload_v2 puts a file into the channel; its private address wants the token."""
    done = await client.files_upload_v2(channel="C0OPS", filename="sims.csv", content="a,b\n", initial_comment="here")

    message = slack.messages("C0OPS")[0]
    assert (message.text, message.words) == ("here", "here\nsims.csv")
    assert message.files[0].content == b"a,b\n"
    url = done["file"]["url_private_download"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Authorization": "Bearer xoxb-test-bot"}) as answer:
            assert await answer.text() == "a,b\n"
        async with session.get(url) as answer:
            assert "Sign in" in await answer.text()
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await client.files_upload_v2(channel="C0OUT", filename="a.csv", content="a")


async def test_scopes_that_are_missing_are_named(slack: Slack, client: AsyncWebClient) -> None:
    """A method without its scope is refused, naming what it needs, and every answer tells what the token may."""
    slack.scopes = frozenset({"commands"})
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0OPS", text="x")

    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "chat:write"
    assert (await client.auth_test()).headers["X-OAuth-Scopes"] == "commands"


async def test_slack_is_busy_as_often_as_it_is_told(slack: Slack, client: AsyncWebClient) -> None:
    """429 with Retry-After, for one method or any, and then all is well."""
    slack.busy(times=1, retry_after=7, method="chat.postMessage")
    await client.auth_test()
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0OPS", text="x")

    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    assert (await client.chat_postMessage(channel="C0OPS", text="x"))["ok"]
    assert len(slack.messages("C0OPS")) == 1


async def test_slack_is_down_until_it_is_up(slack: Slack, client: AsyncWebClient) -> None:
    """While it is down nothing is done."""
    slack.down = True
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C0OPS", text="x")
    slack.down = False

    assert slack.messages("C0OPS") == []
    assert (await client.chat_postMessage(channel="C0OPS", text="x"))["ok"]


async def test_a_refusal_is_planned(slack: Slack, client: AsyncWebClient) -> None:
    """Any word of Slack's can be made to come."""
    slack.refuse("chat.postMessage", "restricted_action", times=2)

    assert await refused(client, "chat.postMessage", channel="C0OPS", text="x") == "restricted_action"
    assert await refused(client, "chat.postMessage", channel="C0OPS", text="x") == "restricted_action"
    assert (await client.chat_postMessage(channel="C0OPS", text="x"))["ok"]


async def test_an_answer_is_lost_after_the_deed(slack: Slack, client: AsyncWebClient) -> None:
    """The connection breaks, and the message stands all the same."""
    slack.lose_next("chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C0OPS", text="x")

    assert len(slack.messages("C0OPS")) == 1
    assert (await client.auth_test())["ok"]


async def test_one_message_a_second_over_a_burst_of_five(
    slack: Slack, client: AsyncWebClient, clock: HeldClock
) -> None:
    """With the rate enforced the sixth message of a moment is refused, a second later one goes through."""
    slack.strict_rate = True
    for n in range(5):
        await client.chat_postMessage(channel="C0OPS", text=str(n))
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client.chat_postMessage(channel="C0OPS", text="5")
    assert (await client.chat_postMessage(channel="C0ALL", text="elsewhere"))["ok"]

    await clock.advance(1)
    assert (await client.chat_postMessage(channel="C0OPS", text="6"))["ok"]
    with pytest.raises(SlackApiError, match="ratelimited"):
        await client.chat_postMessage(channel="C0OPS", text="7")


async def post(url: str, body: dict[str, Any]) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
        return answer.status, await answer.text()


async def test_a_response_url_is_good_for_five_uses(slack: Slack) -> None:
    """The sixth answer is refused; a refused answer uses nothing up."""
    url = slack.answers.new_url(channel="C0OPS", user="U0ANNA")
    assert (await post(url, {"text": ""}))[0] == 400
    assert (await post(url, {"blocks": [{"type": "nonsense"}]}))[0] == 400
    for n in range(5):
        assert await post(url, {"text": str(n)}) == (200, "ok")

    status, answer = await post(url, {"text": "6"})
    assert status == 404
    assert "used_url" in answer
    assert [m.text for m in slack.seen(by="U0ANNA", channel="C0OPS")] == ["0", "1", "2", "3", "4"]
    assert slack.messages("C0OPS") == []


async def test_a_response_url_is_good_for_thirty_minutes(slack: Slack, clock: HeldClock) -> None:
    """After thirty minutes of the clock it is expired."""
    url = slack.answers.new_url(channel="C0OPS", user="U0ANNA")
    await clock.advance(30 * 60)
    assert (await post(url, {"text": "just in time"}))[0] == 200
    await clock.advance(1)
    status, answer = await post(url, {"text": "late"})
    assert (status, "expired_url" in answer) == (404, True)
    assert (await post(slack.origin + "/response/unknown", {"text": "x"}))[0] == 404


async def test_an_ephemeral_message_is_replaced_and_deleted_by_its_response_url(
    slack: Slack, client: AsyncWebClient
) -> None:
    """What nobody can change through the API can be changed by answering a click on it, and stays ephemeral."""
    await client.chat_postEphemeral(channel="C0OPS", user="U0ANNA", text="first")
    card = slack.seen(by="U0ANNA", channel="C0OPS")[0]
    url = slack.answers.new_url(channel="C0OPS", user="U0ANNA", source=card)

    await post(url, {"text": "second", "replace_original": True, "response_type": "in_channel"})
    assert [m.text for m in slack.seen(by="U0ANNA", channel="C0OPS")] == ["second"]
    assert slack.messages("C0OPS") == []

    await post(url, {"delete_original": True})
    assert slack.seen(by="U0ANNA", channel="C0OPS") == []


async def test_a_workspace_without_some_blocks(slack: Slack, client: AsyncWebClient) -> None:
    """A type that the workspace has not got is refused with invalid_blocks wherever messages come in, by its place."""
    blocks = [text("x"), {"type": "data_table", "caption": "x", "rows": [[{"type": "raw_text", "text": "x"}]] * 2}]
    posted = await client.chat_postMessage(channel="C0OPS", text="x", blocks=blocks)
    url = slack.answers.new_url(channel="C0OPS", user="U0ANNA")
    slack.unknown_blocks.add("data_table")

    asked: list[tuple[str, dict[str, Any]]] = [
        ("chat.postMessage", {}),
        ("chat.postEphemeral", {"user": "U0ANNA"}),
        ("chat.update", {"ts": posted["ts"]}),
    ]
    for method, more in asked:
        with pytest.raises(SlackApiError, match="unsupported type: data_table") as no:
            await client.api_call(method, json={"channel": "C0OPS", "text": "x", "blocks": blocks, **more})
        assert no.value.response["error"] == "invalid_blocks"
    status, answer = await post(url, {"text": "x", "blocks": blocks})
    assert (status, "invalid_blocks" in answer) == (400, True)

    assert await post(url, {"text": "x", "blocks": blocks[:1]}) == (200, "ok")
    slack.unknown_blocks.clear()
    assert (await client.chat_update(channel="C0OPS", ts=posted["ts"], text="x", blocks=blocks))["ok"]


async def test_views_are_updated_under_their_id_and_hash(slack: Slack, client: AsyncWebClient) -> None:
    """A Home tab keeps its id when it is published anew, and an old hash is refused."""
    first = (await client.views_publish(user_id="U0ANNA", view={"type": "home", "blocks": [text("one")]}))["view"]
    second = (await client.views_publish(user_id="U0ANNA", view={"type": "home", "blocks": [text("two")]}))["view"]

    assert first["id"] == second["id"]
    assert first["hash"] != second["hash"]
    view = {"type": "home", "blocks": []}
    assert await refused(client, "views.update", view_id=first["id"], hash=first["hash"], view=view) == "hash_conflict"
    assert (await client.views_update(view_id=first["id"], hash=second["hash"], view=view))["ok"]
    assert slack.home("U0ANNA")["blocks"] == []  # type: ignore[index]  # it was published


async def test_a_bot_that_is_thrown_out_is_not_in_the_channel(slack: Slack, client: AsyncWebClient) -> None:
    """Invited it may write, thrown out it may not, archived nobody may."""
    await slack.invite("C0OUT")
    assert (await client.chat_postMessage(channel="C0OUT", text="x"))["ok"]
    slack.expel("C0OUT")
    assert await refused(client, "chat.postMessage", channel="C0OUT", text="x") == "not_in_channel"
    slack.archive("C0OPS")
    assert await refused(client, "chat.postMessage", channel="C0OPS", text="x") == "is_archived"
