"""The built-in Slack and a real slack_bolt app, with real signatures between them."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot.simulator.slack import FormRefused, Slack
from tests.simulator.slack_world import APP_TOKEN, TOKEN, SmallBot, client_of, make_slack, running, small_bot


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with running(make_slack()) as one:
        yield one


@pytest.fixture
async def bot(slack: Slack) -> AsyncIterator[SmallBot]:
    async with small_bot(slack) as one:
        yield one


async def test_a_command_is_answered_to_the_one_who_typed_it(slack: Slack, bot: SmallBot) -> None:
    """The text in the acknowledgement is an ephemeral message, and the command itself is seen by nobody."""
    done = await slack.say("/sim  hello  there ", by="U0ANNA", channel="C0OPS")

    assert done.ok
    assert done.reply is not None
    assert done.reply.text == "You said hello  there"
    assert [m.text for m in slack.seen(by="U0ANNA", channel="C0OPS")] == ["You said hello  there"]
    assert slack.seen(by="U0BEN", channel="C0OPS") == slack.messages("C0OPS") == []


async def test_a_command_has_slacks_keys(slack: Slack, bot: SmallBot) -> None:
    """A command carries the keys of Slack's documentation and no enterprise_id."""
    await slack.say("/sim", by="U0ANNA", channel="C0OPS")
    dm = slack.dm_channel("U0ANNA")
    await slack.say("/sim", by="U0ANNA", channel=dm)

    assert bot.heard[0].keys() == {
        "token", "team_id", "team_domain", "channel_id", "channel_name", "user_id", "user_name", "command", "text",
        "api_app_id", "is_enterprise_install", "response_url", "trigger_id",
    }  # fmt: skip
    assert bot.heard[0]["channel_name"] == "ops"
    assert bot.heard[1]["channel_name"] == "directmessage"


async def test_a_late_answer_shows_as_slacks_own_error(slack: Slack, bot: SmallBot) -> None:
    """When the acknowledgement is late the person reads operation_timeout, and nobody else does."""
    slack.ack_seconds = 0.05

    done = await slack.say("/sim slow", by="U0ANNA", channel="C0OPS")

    assert (done.status, done.trouble) == (0, "operation_timeout")
    assert done.reply is not None
    assert done.reply.words == "`/sim` failed with the error “operation_timeout”"
    assert slack.messages("C0OPS") == []


async def test_an_unknown_command_and_a_dead_bot_are_dispatch_failed(slack: Slack, bot: SmallBot) -> None:
    """Anything but 200 is dispatch_failed, and so is a bot that does not listen."""
    assert (await slack.say("/other", by="U0ANNA", channel="C0OPS")).trouble == "dispatch_failed"

    slack.events_url = "http://127.0.0.1:9/slack/events"
    done = await slack.say("/sim", by="U0ANNA", channel="C0OPS")

    assert (done.status, done.trouble) == (0, "dispatch_failed")


async def test_blocks_slack_would_refuse_are_refused_in_an_acknowledgement(slack: Slack, bot: SmallBot) -> None:
    """A body with blocks that Slack does not know is not shown."""
    done = await slack.say("/sim wrong", by="U0ANNA", channel="C0OPS")

    assert done.trouble == "invalid_command_response"


async def test_an_answer_through_the_response_url_may_be_for_all(slack: Slack, bot: SmallBot) -> None:
    """A response_type of in_channel is a message everybody reads."""
    await slack.say("/sim later", by="U0ANNA", channel="C0OPS")

    card = await slack.until(lambda: next(iter(slack.messages("C0OPS")), None))
    assert card.text == "here you are"
    assert card.bot


async def test_a_button_is_pressed_and_its_card_replaced(slack: Slack, bot: SmallBot) -> None:
    """A click carries Slack's keys, and the answer with replace_original changes the card for everybody."""
    await slack.say("/sim card", by="U0ANNA", channel="C0OPS")
    card = await slack.until(lambda: next(iter(slack.messages("C0OPS")), None))

    assert card.buttons == ["Approve"]
    assert (await slack.press(card, "Approve", by="U0BEN")).ok

    await slack.until(lambda: slack.messages("C0OPS")[0].edited)
    assert slack.messages("C0OPS")[0].words == "done"
    click = bot.heard[-1]
    assert click["actions"][0]["value"] == "7"
    assert click["container"] == {
        "type": "message", "message_ts": card.ts, "channel_id": "C0OPS", "is_ephemeral": False
    }  # fmt: skip
    assert {"user", "api_app_id", "token", "trigger_id", "team", "enterprise", "channel", "message", "state"} < set(
        click
    )


async def test_a_button_that_is_not_there_is_a_lookup_error_that_names_what_is(slack: Slack, bot: SmallBot) -> None:
    """A test that presses what is not there is told what is; a card that changed can be pressed as it was."""
    await slack.say("/sim card", by="U0ANNA", channel="C0OPS")
    card = await slack.until(lambda: next(iter(slack.messages("C0OPS")), None))

    with pytest.raises(LookupError, match=r"no button “Deny” here; there is: Approve \(approve\)"):
        await slack.press(card, "Deny", by="U0BEN")
    with pytest.raises(LookupError, match="cannot see"):
        await slack.press(card, "Approve", by="U0CLEO")

    await slack.press(card, "approve", by="U0BEN")
    await slack.until(lambda: slack.messages("C0OPS")[0].edited)
    with pytest.raises(LookupError, match="there is: no button"):
        await slack.press(card, "Approve", by="U0BEN")
    assert (await slack.press(card, "Approve", by="U0BEN", stale=True)).ok


async def test_who_has_left_does_nothing(slack: Slack, bot: SmallBot) -> None:
    """A deactivated account neither writes nor presses."""
    slack.channels["C0OPS"].members.add("U0DORA")
    await slack.say("hello", by="U0ANNA", channel="C0OPS")

    for doing in (
        slack.say("/sim", by="U0DORA", channel="C0OPS"),
        slack.press(slack.messages("C0OPS")[0], "Approve", by="U0DORA"),
        slack.open_home(by="U0DORA"),
        slack.global_shortcut("note", by="U0DORA"),
    ):
        with pytest.raises(LookupError, match="U0DORA has no account here"):
            await doing


async def open_form(slack: Slack) -> None:
    await slack.say("/sim form", by="U0ANNA", channel="C0OPS")
    await slack.until(lambda: slack.modal("U0ANNA"))


async def test_a_form_is_filled_and_sent(slack: Slack, bot: SmallBot) -> None:
    """A form is filled by label or id, the bot reads the values, and an empty answer closes it."""
    await open_form(slack)
    offered = await slack.type_ahead(None, "plan_choice", "iot", by="U0ANNA")
    assert [o["value"] for o in offered] == ["plan-iot"]

    done = await slack.submit(by="U0ANNA", values={"Reason": "because", "plan_choice": "Plan iot"})

    assert done.ok
    assert done.errors is None
    assert slack.modal("U0ANNA") is None
    values = bot.heard[-1]["view"]["state"]["values"]
    assert values["reason"]["typed"] == {"type": "plain_text_input", "value": "because"}
    assert values["plan"]["plan_choice"]["selected_option"]["value"] == "plan-iot"


async def test_a_form_that_slack_would_not_send_is_not_sent(slack: Slack, bot: SmallBot) -> None:
    """Required inputs and lengths are Slack's own business; the bot hears nothing."""
    await open_form(slack)
    before = len(bot.heard)

    with pytest.raises(FormRefused, match="Reason: Please complete this required field"):
        await slack.submit(by="U0ANNA", values={})
    with pytest.raises(FormRefused, match="no more than 20"):
        await slack.submit(by="U0ANNA", values={"reason": "x" * 21})
    with pytest.raises(LookupError, match="there is: reason/typed, plan/plan_choice"):
        await slack.submit(by="U0ANNA", values={"colour": "red"})
    assert len(bot.heard) == before


async def test_the_errors_of_a_form_are_shown_and_it_stays(slack: Slack, bot: SmallBot) -> None:
    """Errors by block id come back; errors for an input that is not there are Slack's trouble."""
    await open_form(slack)

    done = await slack.submit(by="U0ANNA", values={"reason": "bad"})
    assert done.errors == {"reason": "Say more."}
    assert slack.modal("U0ANNA") is not None

    done = await slack.submit(by="U0ANNA", values={"reason": "lost"})
    assert done.trouble is not None
    assert "no input block nowhere" in done.trouble


async def test_forms_are_stacked_cleared_and_closed(slack: Slack, bot: SmallBot) -> None:
    """A pushed form lies on top, Cancel takes it away and tells the bot, clear takes all."""
    await open_form(slack)
    await slack.submit(by="U0ANNA", values={"reason": "next"})
    second = slack.modal("U0ANNA")
    assert second is not None
    assert second["title"]["text"] == "Second"
    assert second["previous_view_id"] == second["root_view_id"] != second["id"]

    await slack.close_modal(by="U0ANNA")
    assert bot.heard[-1]["type"] == "view_closed"
    assert slack.modal("U0ANNA")["title"]["text"] == "Order"  # type: ignore[index]  # it is open

    await slack.submit(by="U0ANNA", values={"reason": "clear"})
    assert slack.modal("U0ANNA") is None


async def test_a_trigger_is_good_for_three_seconds_and_one_use(slack: Slack, bot: SmallBot) -> None:
    """A trigger_id is refused when it was used, and when three seconds of the clock have passed."""
    await open_form(slack)
    used = bot.heard[-1]["trigger_id"]
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []}
    client = client_of(slack)

    async def refusal(trigger: str) -> str:
        answer = await client.api_call("api.test")
        assert answer["ok"]
        with pytest.raises(Exception, match="The server responded") as caught:
            await client.views_open(trigger_id=trigger, view=view)
        return str(caught.value.response["error"])  # type: ignore[attr-defined]  # SlackApiError

    assert await refusal(used) == "exchanged_trigger_id"
    await slack.say("/sim", by="U0ANNA", channel="C0OPS")
    await slack.space.clock.advance(3.01)  # type: ignore[attr-defined]  # a HeldClock
    assert await refusal(bot.heard[-1]["trigger_id"]) == "expired_trigger_id"
    assert await refusal("1.2.3") == "invalid_trigger_id"

    await slack.say("/sim", by="U0ANNA", channel="C0OPS")
    await slack.space.clock.advance(2.99)  # type: ignore[attr-defined]  # a HeldClock
    assert (await client.views_open(trigger_id=bot.heard[-1]["trigger_id"], view=view))["ok"]


async def test_the_home_tab_is_drawn_when_it_is_opened(slack: Slack, bot: SmallBot) -> None:
    """Opening Home tells the bot and gives back what it published."""
    home = await slack.open_home(by="U0BEN")

    assert home is not None
    assert home["blocks"][0]["text"]["text"] == "Welcome"
    assert slack.home("U0ANNA") is None


async def test_an_event_is_delivered_again_with_its_number(slack: Slack, bot: SmallBot) -> None:
    """A second delivery has the same event_id and says which retry it is."""
    await slack.say("hello @simops <b>", by="U0ANNA", channel="C0OPS")
    await slack.redeliver()

    first, second = [h for h in bot.heard if h["type"] == "event_callback"]
    assert first == second
    assert first["event"]["type"] == "app_mention"
    assert first["event"]["text"] == "hello <@U0SIMOPS> &lt;b&gt;"
    assert slack.last_request is not None
    assert slack.last_request.headers["X-Slack-Retry-Num"] == "1"


async def test_shortcuts_reach_the_bot(slack: Slack, bot: SmallBot) -> None:
    """Global and message shortcuts carry their callback_id; the second its message too."""
    await slack.say("look", by="U0ANNA", channel="C0OPS")

    assert (await slack.global_shortcut("note", by="U0ANNA")).ok
    assert (await slack.message_shortcut("note", slack.messages("C0OPS")[0], by="U0BEN")).ok

    assert [h["type"] for h in bot.heard] == ["shortcut", "message_action"]
    assert bot.heard[1]["message"]["text"] == "look"


async def test_a_shortcut_of_a_message_is_answered_beside_it(slack: Slack, bot: SmallBot) -> None:
    """The answer is for the one who started it, stands in the message's thread, and never takes its place."""
    await slack.say("look", by="U0ANNA", channel="C0OPS")
    [root] = slack.messages("C0OPS")
    await slack.say("8949212600000000142", by="U0ANNA", channel="C0OPS", thread_ts=root.ts)

    for message in (root, slack.thread(root)[0]):
        assert (await slack.message_shortcut("beside", message, by="U0BEN")).ok

    found = await slack.until(
        lambda: [m for m in slack.seen(by="U0BEN", channel="C0OPS") if m.ephemeral_to == "U0BEN"][1:]
    )
    assert [m.text for m in slack.messages("C0OPS")] == ["look", "8949212600000000142"]
    assert found[0].text == "Found: 1 SIM"
    assert {m.thread_ts for m in slack.seen(by="U0BEN", channel="C0OPS") if m.ephemeral_to} == {None, root.ts}
    assert slack.seen(by="U0ANNA", channel="C0OPS") == slack.messages("C0OPS")
    assert bot.heard[-1]["message"]["text"] == "8949212600000000142"
    assert {"callback_id", "trigger_id", "response_url", "message_ts", "channel", "message"} <= bot.heard[-1].keys()


async def test_what_one_person_alone_sees_has_no_shortcuts(slack: Slack, bot: SmallBot) -> None:
    """Slack offers no shortcuts on an ephemeral message."""
    done = await slack.say("/sim", by="U0ANNA", channel="C0OPS")
    assert done.reply is not None

    with pytest.raises(LookupError, match="shortcuts are for those that stay"):
        await slack.message_shortcut("beside", done.reply, by="U0ANNA")
    assert bot.heard[-1].get("type") is None


async def test_a_page_turns_in_an_ephemeral_answer(slack: Slack, bot: SmallBot) -> None:
    """A press on an ephemeral answer to a command may change it in its place, and it stays for that one person."""
    card = (await slack.say("/sim menu", by="U0ANNA", channel="C0OPS")).reply
    assert card is not None

    assert (await slack.press(card, "Next", by="U0ANNA")).ok

    await slack.until(lambda: slack.seen(by="U0ANNA", channel="C0OPS")[0].text == "Page 2")
    [now] = slack.seen(by="U0ANNA", channel="C0OPS")
    assert (now.ts, now.ephemeral_to, now.blocks) == (card.ts, "U0ANNA", ())
    assert slack.messages("C0OPS") == []
    assert bot.heard[-1]["container"]["is_ephemeral"] is True
    assert "message" not in bot.heard[-1]


async def test_a_menu_in_a_message_searches(slack: Slack, bot: SmallBot) -> None:
    """What is typed goes to the bot with Slack's keys, what it offers can be chosen, and the choice is an action."""
    card = (await slack.say("/sim menu", by="U0ANNA", channel="C0OPS")).reply
    assert card is not None

    offered = await slack.type_ahead(card, "sim_choice", "acm", by="U0ANNA")
    asked = bot.heard[-1]
    assert [option["value"] for option in offered] == ["7", "8"]
    assert (asked["type"], asked["action_id"], asked["block_id"], asked["value"]) == (
        "block_suggestion", "sim_choice", "menu", "acm"
    )  # fmt: skip
    assert {"container", "channel", "user", "team", "api_app_id", "token"} <= asked.keys()
    assert "trigger_id" not in asked

    assert (await slack.choose(card, "sim_choice", "8", by="U0ANNA")).ok
    [chosen] = bot.heard[-1]["actions"]
    assert chosen["selected_option"]["value"] == "8"
    assert chosen["type"] == "external_select"
    with pytest.raises(LookupError, match="there is: SIM 7 like acm"):
        await slack.choose(card, "sim_choice", "9", by="U0ANNA")


async def test_options_that_slack_does_not_take_are_none(slack: Slack, bot: SmallBot) -> None:
    """An answer with an option over Slack's limits offers nothing at all."""
    card = (await slack.say("/sim menu", by="U0ANNA", channel="C0OPS")).reply
    assert card is not None

    assert await slack.type_ahead(card, "sim_choice", "wrong", by="U0ANNA") == []


async def test_a_file_in_a_form(slack: Slack, bot: SmallBot) -> None:
    """A file put into a form comes as Slack names files, and whoever holds the token can fetch it."""
    await slack.say("/sim files", by="U0ANNA", channel="C0OPS")
    await slack.until(lambda: slack.modal("U0ANNA"))
    with pytest.raises(FormRefused, match="List: Please complete"):
        await slack.submit(by="U0ANNA", values={})
    kept = slack.upload(name="sims.csv", content=b"ICCID\n1\n", by="U0ANNA")

    assert (await slack.submit(by="U0ANNA", values={"list": [kept.id]})).ok

    [file] = bot.heard[-1]["view"]["state"]["values"]["list"]["csv"]["files"]
    assert (file["name"], file["size"]) == ("sims.csv", 8)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession() as session:
        async with session.get(file["url_private_download"], headers=headers) as answer:
            assert await answer.text() == "ICCID\n1\n"
        async with session.get(file["url_private_download"]) as answer:
            assert "Sign in" in await answer.text()


async def test_forged_old_and_replayed_requests_can_be_sent(slack: Slack, bot: SmallBot) -> None:
    """The bot refuses another secret and an old timestamp; the same bytes again it cannot tell from new ones."""
    body = b"command=%2Fsim&text=x&user_id=U0ANNA&team_id=T0SIMOPS&trigger_id=1&channel_id=C0OPS"
    form = "application/x-www-form-urlencoded"

    assert (await slack.deliver(body, content_type=form))[0] == 200
    assert (await slack.replay())[0] == 200
    assert (await slack.deliver(body, content_type=form, secret="another"))[0] == 401
    assert (await slack.deliver(body, content_type=form, timestamp=int(time.time()) - 301))[0] == 401


async def test_the_check_of_an_address_is_answered(slack: Slack, bot: SmallBot) -> None:
    """Slack's url_verification gets its challenge back."""
    body = json.dumps({"type": "url_verification", "token": "x", "challenge": "abc"}).encode()

    status, answer = await slack.deliver(body, content_type="application/json")

    assert (status, json.loads(answer)) == (200, {"challenge": "abc"})


async def test_a_bot_in_socket_mode_is_served_through_its_socket(slack: Slack, bot: SmallBot) -> None:
    """With a socket open, commands and clicks go through it, and nothing goes by HTTP."""
    slack.events_url = None
    handler = AsyncSocketModeHandler(bot.app, APP_TOKEN, web_client=client_of(slack, APP_TOKEN))
    await handler.connect_async()
    try:
        done = await slack.say("/sim through the wire", by="U0ANNA", channel="C0OPS")
        assert done.reply is not None
        assert done.reply.text == "You said through the wire"
        await slack.say("/sim card", by="U0ANNA", channel="C0OPS")
        card = await slack.until(lambda: next(iter(slack.messages("C0OPS")), None))
        assert (await slack.press(card, "Approve", by="U0BEN")).ok
    finally:
        await handler.close_async()
