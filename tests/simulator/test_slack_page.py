"""The protocol of the page: what one person sees in their stream, and what they do."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.simulator.slack import Slack
from tests.simulator.slack_world import SmallBot, client_of, make_slack, running, small_bot, text

Json = dict[str, Any]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with running(make_slack()) as one:
        yield one


@pytest.fixture
async def bot(slack: Slack) -> AsyncIterator[SmallBot]:
    async with small_bot(slack) as one:
        yield one


@pytest.fixture
async def browser(slack: Slack) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=slack.origin) as one:
        yield one


class Stream:
    """One person's stream, event by event; `text` is every byte that came."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.text = ""

    async def next(self) -> tuple[str, Json]:
        """The next event."""
        async with asyncio.timeout(3):
            lines = []
            while (line := (await self.answer.content.readline()).decode()) != "\n":
                self.text += line
                lines.append(line.strip())
        event, data = lines
        return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    async def until(self, event: str) -> Json:
        """The next event of this name."""
        while True:
            name, data = await self.next()
            if name == event:
                return data


@asynccontextmanager
async def stream_of(browser: aiohttp.ClientSession, user: str) -> AsyncIterator[Stream]:
    async with browser.get("/stream", params={"as": user}) as answer:
        assert answer.content_type == "text/event-stream"
        yield Stream(answer)


async def do(browser: aiohttp.ClientSession, what: str, **body: Any) -> Json:
    async with browser.post(f"/do/{what}", json=body) as answer:
        return dict(await answer.json())


async def test_the_snapshot_holds_what_one_person_may_see(slack: Slack, browser: aiohttp.ClientSession) -> None:
    """Channels of others, their direct conversations and their ephemeral messages are not in it."""
    client = client_of(slack)
    await client.chat_postMessage(channel="C0OPS", text="for ops")
    await client.chat_postMessage(channel="C0ALL", text="for all")
    await client.chat_postMessage(channel="U0ANNA", text="for anna")
    await client.chat_postEphemeral(channel="C0ALL", user="U0ANNA", text="whispered")

    async with stream_of(browser, "U0CLEO") as stream:
        name, cleo = await stream.next()
        assert name == "snapshot"
        assert [c["id"] for c in cleo["channels"]] == ["C0ALL"]
        assert cleo["channels"][0] == {
            "id": "C0ALL", "name": "all", "private": False, "archived": False, "member_count": 4
        }  # fmt: skip
        assert [m["text"] for m in cleo["messages"]["C0ALL"]] == ["for all"]
        assert cleo["dms"] == [{"id": "D0CLEO", "name": "simops"}]
        assert cleo["bot"] == {"id": "U0SIMOPS", "name": "simops"}
        assert {p["id"] for p in cleo["people"]} == {"U0ANNA", "U0BEN", "U0CLEO"}
        assert "whispered" not in stream.text
        assert "for anna" not in stream.text
        assert "for ops" not in stream.text
    async with stream_of(browser, "U0ANNA") as stream:
        _, anna = await stream.next()
        assert [(m["text"], m["ephemeral"]) for m in anna["messages"]["C0ALL"]] == [
            ("for all", False),
            ("whispered", True),
        ]
        assert [m["text"] for m in anna["messages"]["D0ANNA"]] == ["for anna"]


async def test_changes_come_as_events_to_those_who_may_see_them(slack: Slack, browser: aiohttp.ClientSession) -> None:
    """A new, changed and deleted message comes to its channel; a whisper only to its person."""
    client = client_of(slack)
    async with stream_of(browser, "U0ANNA") as anna, stream_of(browser, "U0CLEO") as cleo:
        await anna.next()
        await cleo.next()
        posted = await client.chat_postMessage(channel="C0OPS", text="secret of ops")
        await client.chat_postEphemeral(channel="C0ALL", user="U0ANNA", text="whispered")
        await client.chat_postMessage(channel="U0ANNA", text="for anna")
        await client.chat_update(channel="C0OPS", ts=posted["ts"], text="changed")
        await client.chat_postMessage(channel="C0OPS", text="answer", thread_ts=posted["ts"])
        await client.chat_delete(channel="C0OPS", ts=posted["ts"])
        await client.chat_postMessage(channel="C0ALL", text="the end")

        seen = [await anna.next() for _ in range(8)]
        assert [(n, d.get("message", d).get("text")) for n, d in seen] == [
            ("message", "secret of ops"),
            ("message", "whispered"),
            ("message", "for anna"),
            ("message", "changed"),
            ("message", "answer"),
            ("message", "changed"),
            ("deleted", None),
            ("message", "the end"),
        ]
        assert seen[1][1]["message"]["ephemeral"]
        assert seen[3][1]["message"]["edited"]
        assert seen[5][1]["message"]["reply_count"] == 1

        name, last = await cleo.next()
        assert (name, last["message"]["text"]) == ("message", "the end")
        for word in ("secret", "whispered", "for anna", "changed", "answer", posted["ts"]):
            assert word not in cleo.text


async def test_people_talk_and_type_commands(slack: Slack, bot: SmallBot, browser: aiohttp.ClientSession) -> None:
    """Words are posted, a command is answered; what cannot be done is said in a sentence."""
    async with stream_of(browser, "U0ANNA") as stream:
        await stream.next()
        assert await do(browser, "say", **{"as": "U0ANNA"}, channel="C0OPS", text="hi") == {"ok": True}
        said = (await stream.until("message"))["message"]
        assert (said["username"], said["text"], said["bot_id"]) == ("anna", "hi", None)
        assert await do(browser, "say", **{"as": "U0ANNA"}, channel="C0OPS", text="/sim x") == {"ok": True}
        answer = (await stream.until("message"))["message"]
        assert (answer["username"], answer["text"], answer["bot_id"]) == ("simops", "You said x", "B0SIMOPS")

    assert not (await do(browser, "say", **{"as": "U0CLEO"}, channel="C0OPS", text="x"))["ok"]
    assert not (await do(browser, "say", **{"as": "U0NONE"}, channel="C0OPS", text="x"))["ok"]
    in_thread = await do(browser, "say", **{"as": "U0ANNA"}, channel="C0OPS", text="/sim", thread_ts=said["ts"])
    assert in_thread == {"ok": False, "error": "/sim is not supported in threads. Sorry!"}


async def test_a_card_is_pressed_and_a_form_filled(slack: Slack, bot: SmallBot, browser: aiohttp.ClientSession) -> None:
    """Buttons, type-aheads and forms go to the bot, errors of a form come back by block."""
    who = {"as": "U0ANNA"}
    async with stream_of(browser, "U0ANNA") as stream:
        await stream.next()
        await do(browser, "say", **who, channel="C0OPS", text="/sim card")
        card = (await stream.until("message"))["message"]
        actions = card["blocks"][1]
        press = {"channel": "C0OPS", "ts": card["ts"], "block_id": actions["block_id"], "action_id": "approve"}
        assert await do(browser, "act", **who, **press) == {"ok": True}
        assert (await stream.until("message"))["message"]["text"] == "done"
        again = await do(browser, "act", **who, **press)
        assert (again["ok"], "no “approve” here" in again["error"]) == (False, True)

        await do(browser, "say", **who, channel="C0OPS", text="/sim form")
        view = (await stream.until("modal"))["view"]
        offered = await do(
            browser, "suggest", **who, view_id=view["id"], block_id="plan", action_id="plan_choice", query="iot"
        )
        assert offered["options"][0]["value"] == "plan-iot"
        empty = await do(browser, "submit", **who, view_id=view["id"], values={"reason": {"typed": None}})
        assert empty == {"ok": False, "errors": {"reason": "Please complete this required field."}}
        bad = await do(browser, "submit", **who, view_id=view["id"], values={"reason": {"typed": "bad"}})
        assert bad == {"ok": False, "errors": {"reason": "Say more."}}
        values = {"reason": {"typed": "good"}, "plan": {"plan_choice": "plan-iot"}}
        assert await do(browser, "submit", **who, view_id=view["id"], values=values) == {"ok": True}
        assert (await stream.until("modal"))["view"] is None
    sent = bot.heard[-1]["view"]["state"]["values"]
    assert sent["plan"]["plan_choice"]["selected_option"]["text"]["text"] == "Plan iot"


async def test_shortcuts_are_offered_and_started(slack: Slack, bot: SmallBot, browser: aiohttp.ClientSession) -> None:
    """The page is told the shortcuts; each starts with or without a message, as it is meant to."""
    slack.shortcuts = [{"name": "Note", "type": "global", "callback_id": "note", "description": "Notes it"}]
    await slack.say("look", by="U0ANNA", channel="C0OPS")
    who = {"as": "U0BEN"}
    async with stream_of(browser, "U0BEN") as stream:
        _, seen = await stream.next()
    assert seen["shortcuts"] == slack.shortcuts

    assert await do(browser, "shortcut", **who, callback_id="note") == {"ok": True}
    ts = slack.messages("C0OPS")[0].ts
    assert await do(browser, "shortcut", **who, callback_id="note", channel="C0OPS", ts=ts) == {"ok": True}
    assert [h["type"] for h in bot.heard] == ["shortcut", "message_action"]

    for wrong in ({"callback_id": "nothing"}, {"callback_id": "note", "channel": "C0OPS", "ts": "1.2"}):
        answer = await do(browser, "shortcut", **who, **wrong)
        assert (answer["ok"], bool(answer["error"])) == (False, True)
    assert len(bot.heard) == 2


async def test_nobody_presses_for_others(slack: Slack, browser: aiohttp.ClientSession) -> None:
    """An ephemeral message of somebody else, and a channel one is not in, cannot be pressed."""
    await client_of(slack).chat_postEphemeral(channel="C0OPS", user="U0ANNA", text="x", blocks=[text("x")])
    ts = slack.seen(by="U0ANNA", channel="C0OPS")[0].ts
    where = {"channel": "C0OPS", "ts": ts, "block_id": "b", "action_id": "a"}

    for other in ("U0BEN", "U0CLEO"):
        answer = await do(browser, "act", **{"as": other}, **where)
        assert (answer["ok"], "cannot see" in answer["error"]) == (False, True)


async def test_home_is_opened_and_forms_closed(slack: Slack, bot: SmallBot, browser: aiohttp.ClientSession) -> None:
    """Home is drawn when it is opened; Cancel closes a form and tells the bot."""
    async with stream_of(browser, "U0BEN") as stream:
        await stream.next()
        assert await do(browser, "home", **{"as": "U0BEN"}) == {"ok": True}
        assert (await stream.until("home"))["view"]["blocks"][0]["text"]["text"] == "Welcome"
        await do(browser, "say", **{"as": "U0BEN"}, channel="C0OPS", text="/sim form")
        view = (await stream.until("modal"))["view"]
        assert await do(browser, "close", **{"as": "U0BEN"}, view_id=view["id"]) == {"ok": True}
        assert (await stream.until("modal"))["view"] is None
    assert bot.heard[-1]["type"] == "view_closed"


async def test_files_go_up_and_come_down(slack: Slack, browser: aiohttp.ClientSession) -> None:
    """A file is shown in the channel and downloaded, never opened as a page of ours."""
    hostile = "<script>alert(1)</script>"
    packed = base64.b64encode(hostile.encode()).decode()
    kept = await do(browser, "file", **{"as": "U0ANNA"}, channel="C0OPS", name="a.html", content=packed)
    assert kept["ok"]
    async with stream_of(browser, "U0BEN") as stream:
        _, seen = await stream.next()
    file = seen["messages"]["C0OPS"][0]["files"][0]
    assert file.keys() == {"id", "name", "mimetype", "size", "url"}
    async with browser.get(file["url"]) as answer:
        assert await answer.text() == hostile
        assert answer.headers["Content-Disposition"] == "attachment"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    for_form = await do(browser, "file", **{"as": "U0ANNA"}, channel="", name="b.xlsx", content="UEs=")
    assert slack.space.files[for_form["file"]["id"]].content == b"PK"
    assert len(slack.messages("C0OPS")) == 1


async def test_other_sites_and_other_names_are_kept_out(slack: Slack, browser: aiohttp.ClientSession) -> None:
    """A form of another site, a foreign Origin and a foreign name for this address do nothing."""
    body = {"as": "U0ANNA", "channel": "C0OPS", "text": "x"}
    async with browser.post("/do/say", data=json.dumps(body), headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 415
    async with browser.post("/do/say", json=body, headers={"Origin": "http://evil.example"}) as answer:
        assert answer.status == 403
    for path in ("/stream", "/do/world", "/"):
        async with browser.get(path, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
    async with browser.post("/do/say", json=body, headers={"Host": "evil.example"}) as answer:
        assert answer.status == 421
    address = slack.answers.new_url(channel="C0OPS", user="U0ANNA").removeprefix(slack.origin)
    for path in (address, "/upload/F0UP", "/api/chat.postMessage"):
        for headers, status in (({"Origin": "http://evil.example"}, 403), ({"Host": "evil.example"}, 421)):
            async with browser.post(path, json={"text": "x", "response_type": "in_channel"}, headers=headers) as answer:
                assert answer.status == status, path
    async with browser.get("/files-pri/F0/x", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 421
    assert slack.messages("C0OPS") == []
    async with browser.post("/do/say", json=body, headers={"Origin": slack.origin}) as answer:
        assert answer.status == 200
    assert len(slack.messages("C0OPS")) == 1


async def test_the_page_is_served_with_a_policy_and_nothing_beside_it(browser: aiohttp.ClientSession) -> None:
    """The page may load its own parts only; no path leads out of its folder."""
    async with browser.get("/") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
    for path in ("/page/%2e%2e/clock.py", "/page/..%2fclock.py", "/page/nothing.js", "/files/F0/x"):
        async with browser.get(path) as answer:
            assert answer.status == 404


class SmallWorld:
    """A world with one switch."""

    def __init__(self) -> None:
        self.lit = False

    def controls(self) -> list[Json]:
        return [{"id": "light", "label": "Light", "fields": []}]

    def state(self) -> Json:
        return {"lit": self.lit}

    async def play(self, id: str, fields: dict[str, str]) -> str:
        if id != "light":
            raise LookupError(f"There is no {id}.")
        self.lit = fields["on"] == "yes"
        return "The light is on."


async def test_the_world_is_played_with(slack: Slack, browser: aiohttp.ClientSession) -> None:
    """Controls and state come from the world; what was played is said, and everybody sees the new state."""
    assert (await do(browser, "world", id="light", fields={}))["ok"] is False
    slack.world = SmallWorld()
    async with browser.get("/do/world") as answer:
        assert (await answer.json())["controls"][0]["id"] == "light"
    async with stream_of(browser, "U0CLEO") as stream:
        assert (await stream.next())[1]["world"] == {"lit": False}
        assert await do(browser, "world", id="light", fields={"on": "yes"}) == {"ok": True, "said": "The light is on."}
        assert await stream.until("world") == {"lit": True}
        slack.world_changed()
        assert await stream.until("world") == {"lit": True}
    assert await do(browser, "world", id="dark", fields={}) == {"ok": False, "error": "There is no dark."}
